"""What the end-to-end tests share: the program and the test material."""
import os
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def clair():
    """The program under test: $CLAIR, or the one in build/."""
    path = pathlib.Path(os.environ.get("CLAIR", ROOT / "build" / "clair"))
    assert path.exists(), f"{path} is missing: build it, or set CLAIR"
    return str(path.resolve())


@pytest.fixture(scope="session")
def shared_data():
    """Large test material: $CLAIR_SHARED_DATA, or ../shared/data. Under CI it has to be there."""
    path = pathlib.Path(os.environ.get("CLAIR_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{path} is missing")
    return path
