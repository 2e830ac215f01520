"""The documents agree with the program and with each other."""
import json
import re
import subprocess

import pytest

from conftest import ROOT

DOCUMENTS = sorted(path for path in ROOT.glob("**/*.md") if "build" not in path.relative_to(ROOT).parts[0])


def test_limits_are_documented():
    done = subprocess.run([ROOT / "tools/limits-doc", "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_readme_names_every_command(clair):
    readme = (ROOT / "README.md").read_text()
    overview = subprocess.run([clair, "--help"], capture_output=True, text=True, check=True).stdout
    for command in re.findall(r"^  ([a-z-]+)  ", overview, re.M):
        assert command in ("help", "version") or f"clair {command}" in readme


def test_sample_in_the_report_document_fits_the_schema():
    jsonschema = pytest.importorskip("jsonschema")
    example = re.search(r"```json\n(.*?)```", (ROOT / "docs/report.md").read_text(), re.S)[1]
    jsonschema.validate(json.loads(example), json.loads((ROOT / "docs/report.schema.json").read_text()))
