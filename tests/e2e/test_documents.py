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


def test_every_limit_is_in_the_document():
    header = (ROOT / "src/base/limits.h").read_text()
    document = (ROOT / "docs/limits.md").read_text()
    limits = re.findall(r"#define (LIMIT_\w+)", header)
    assert len(limits) > 40
    assert [name for name in limits if f"| `{name}` |" not in document] == []


def help_of(clair, command):
    return subprocess.run([clair, command, "--help"], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_documents_have_the_options_that_they_are_given(clair, path):
    for line in re.findall(r"(?:^    |`|&& )(clair (?:scan|update|db|serve|compare-versions|check-config)\b[^`#\n]*)", path.read_text(), re.M):
        words = line.split()
        text = help_of(clair, words[1])
        for option in words[2:]:
            if option.startswith("-") and not option.startswith("-o"):
                assert re.search(rf"^  (?:-\w, |    ){re.escape(option)}\b", text, re.M), line


def test_variables_of_the_environment_are_in_the_help(clair):
    read = {name for path in ROOT.glob("src/**/*.c") for name in re.findall(r"getenv\(\"(\w+)\"\)", path.read_text())}
    told = "".join(help_of(clair, command) for command in ("scan", "update", "db", "serve"))
    assert "CLAIR_SANDBOX" in read
    # REQUEST_METHOD: there, HTTP_PROXY is what a client of a CGI program sent.
    assert [name for name in sorted(read - {"HOME", "REQUEST_METHOD"}) if name not in told] == []


def test_the_server_document_names_every_metric():
    document = (ROOT / "docs/server.md").read_text()
    sources = (ROOT / "src/base/metrics_table.c").read_text() + (ROOT / "src/base/metrics_process.c").read_text()
    names = re.findall(r'"((?:clair|process)_[a-z_]+)"', sources)
    assert len(names) > 15
    assert [name for name in names if name not in document] == []


def test_the_configuration_document_has_every_key():
    document = (ROOT / "docs/configuration.md").read_text()
    keys = re.findall(r'\.name = "(clair\.[a-z_.]+)"(?! \})', (ROOT / "src/config/keys.c").read_text())
    leaves = [key for key in keys if not any(other.startswith(key + ".") for other in keys) and not key.endswith(".")]
    assert len(leaves) > 25
    assert [key for key in leaves if f"`{key}`" not in document] == []


def test_the_api_document_has_every_route():
    document = (ROOT / "docs/api.md").read_text()
    told = {(method, re.sub(r"NS|NAME|PACKAGE", "*", path)) for method, path in re.findall(r"^\| `([A-Z]+) /v1/([\w/]+)", document, re.M)}
    assert told == set(re.findall(r'\{ "([A-Z]+)", "([^"]+)"', (ROOT / "src/api/router.c").read_text()))


def test_every_command_has_a_manual_page(clair):
    overview = subprocess.run([clair, "--help"], capture_output=True, text=True, check=True).stdout
    commands = set(re.findall(r"^  ([a-z-]+)  ", overview, re.M)) - {"help", "version"}
    assert set(re.search(r"for c in ([a-z -]+);", (ROOT / "Makefile").read_text())[1].split()) == commands
    assert all(f"clair-{command}(1)" in (ROOT / "CHANGELOG.md").read_text() for command in commands)


def test_architecture_shows_the_folders_in_the_order_that_is_checked():
    order = re.search(r"^ORDER = \[\n(.*?)^\]", (ROOT / "tools/check-layers").read_text(), re.M | re.S)[1]
    text = (ROOT / "docs/architecture.md").read_text()
    shown = re.search(r"\n((?:    [a-z][^\n]*\n)+)", text.split("## Folders")[1])[1]
    folders = [re.findall(r"[a-z]+", re.split(r"\s{4,}", line.strip())[0]) for line in shown.splitlines()]
    assert folders == [re.findall(r"[a-z]+", line) for line in order.splitlines()]
    assert {name for line in folders for name in line} == {path.name for path in (ROOT / "src").iterdir() if path.is_dir()}
    for name in (name for line in folders for name in line):
        assert (ROOT / "src" / name / "README.md").exists()


def test_readme_names_every_command(clair):
    readme = (ROOT / "README.md").read_text()
    overview = subprocess.run([clair, "--help"], capture_output=True, text=True, check=True).stdout
    for command in re.findall(r"^  ([a-z-]+)  ", overview, re.M):
        assert command in ("help", "version") or f"clair {command}" in readme


def test_sample_in_the_report_document_fits_the_schema():
    jsonschema = pytest.importorskip("jsonschema")
    example = re.search(r"```json\n(.*?)```", (ROOT / "docs/report.md").read_text(), re.S)[1]
    jsonschema.validate(json.loads(example), json.loads((ROOT / "docs/report.schema.json").read_text()))
