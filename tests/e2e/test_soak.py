"""A few seconds of tests/soak/run, which is there for hours."""
import pathlib
import subprocess
import sys

from server import ours_only

RUN = pathlib.Path(__file__).resolve().parent.parent / "soak" / "run"


@ours_only
def test_a_little_of_everything(clair, backend, request):
    if backend == "postgresql":
        request.getfixturevalue("postgres")  # or the test is skipped
    done = subprocess.run([sys.executable, RUN, "--binary", clair, "--backend", backend, "--seconds", "3", "--slow", "100",
                           "--workers", "4"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout
