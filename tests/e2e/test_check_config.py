"""clair check-config: what it says of configuration files, and its exit statuses."""
import re
import subprocess

import pytest

from conftest import ROOT

SAMPLES = ROOT / "tests/data/config"


@pytest.fixture
def check(clair):
    def run(*arguments, **kwargs):
        return subprocess.run([clair, "check-config", *arguments], capture_output=True, text=True, check=False, timeout=60, **kwargs)

    return run


def test_file_without_problems(check, write):
    path = write("config.yaml", "clair:\n  database:\n    type: sqlite\n")
    done = check(path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{path}: no problems\n", "")


@pytest.mark.parametrize("sample,warnings", [("quay-ha.yaml", 1), ("quay-single.yaml", 2)])
def test_samples_of_the_quay_manual_are_fine_with_warnings(check, sample, warnings):
    done = check(SAMPLES / sample)
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr, len(lines)) == (0, "", warnings + 1)
    assert all(re.match(rf"{re.escape(str(SAMPLES / sample))}:\d+:\d+: warning: clair\.", line) for line in lines[:-1])
    assert lines[-1] == f"{SAMPLES / sample}: {warnings} warning{'s' if warnings > 1 else ''}"


def test_samples_as_they_are_printed_are_explained(check, write):
    text = (SAMPLES / "quay-ha.yaml").read_text().replace("https://quay.mycompany.com/secscan", "{ QUAY_ENDPOINT }/secscan")
    done = check(write("config.yaml", text))
    assert done.returncode == 2 and "config.yaml:27:19: error: YAML: text follows the brace" in done.stdout


def test_everything_that_is_wrong_is_told_at_once(check, write):
    path = write("config.yaml", "clair:\n  database: {type: mysql}\n  api:\n    port: x\n    healthPort: 1\n"
                                "    certfile: /nonexistent/cert\n    keyfile: /nonexistent/key\n")
    done = check(path)
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.replace(str(path), "F").splitlines() == [
        'F:2:20: error: clair.database.type: expected "pgsql" or "sqlite", found the text "mysql"',
        'F:4:11: error: clair.api.port: expected a port (0 to 65535), found the text "x"',
        'F:5:5: warning: clair.api.healthPort: not known, so without effect; is "healthport" meant?',
        "F:6:15: error: clair.api.certfile: /nonexistent/cert: No such file or directory",
        "F:7:14: error: clair.api.keyfile: /nonexistent/key: No such file or directory",
        "F: 4 errors, 1 warning",
    ]


def test_files_that_are_there_are_fine(check, write, tmp_path):
    cert = write("cert.pem", "x")
    done = check(write("config.yaml", f"clair:\n  database: {{type: sqlite}}\n  api: {{certfile: {cert}, keyfile: {cert}}}\n"))
    assert done.returncode == 0, done.stdout


def test_many_problems_are_counted(check, write):
    done = check(write("config.yaml", "clair:\n" + "".join(f"  unknown{i}: 1\n" for i in range(500))))
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and len(lines) == 101 and lines[-1].endswith(": 501 warnings; the first 100 are listed")


@pytest.mark.parametrize("size,message", [(None, "No such file or directory"), (262145, "more than 262144 bytes")])
def test_file_that_cannot_be_read(check, tmp_path, size, message):
    path = tmp_path / "config.yaml"
    if size:
        path.write_bytes(b"#" * size)
    done = check(path)
    assert (done.returncode, done.stdout) == (2, "") and str(path) in done.stderr and message in done.stderr


def test_directory_and_pipe(check, tmp_path):
    assert check(tmp_path).returncode == 2
    done = check("/dev/stdin", input="clair: {database: {type: sqlite}}")
    assert (done.returncode, done.stdout) == (0, "/dev/stdin: no problems\n")


def test_names_are_shown_without_control_characters(check, tmp_path):
    path = tmp_path / "a\x1b[31m\n.yaml"
    path.write_text("clair: {x: 1}\n")
    done = check(path)
    assert done.returncode == 0 and "\x1b" not in done.stdout and len(done.stdout.splitlines()) == 3


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["--nonsense", "a"]])
def test_wrong_command_lines(check, arguments):
    done = check(*arguments)
    assert (done.returncode, done.stdout) == (2, "") and "check-config" in done.stderr


def test_output_that_cannot_be_written_is_a_failure(clair, write):
    path = write("config.yaml", "clair: {database: {type: sqlite}}")
    with open("/dev/full", "w", encoding="utf-8") as full:
        assert subprocess.run([clair, "check-config", path], stdout=full, stderr=subprocess.PIPE, check=False).returncode == 2


def test_the_document_has_every_key_and_its_example_is_right(check, write):
    document = (ROOT / "docs/configuration.md").read_text()
    table = (ROOT / "src/config/keys.c").read_text()
    names = [name for name in re.findall(r'\.name = "([a-z_.]+)"', table) if not name.endswith(".")]
    # Sources have the same keys each.
    members = re.findall(r"SOURCE_KEY\(source, index, (\w+)\)", table)
    sources = re.findall(r'SOURCE\("(\w+)"', table)
    assert len(members) == 3 and len(sources) == 14
    assert [name for name in sources if f"`{name}`" not in document] == []
    names = [name for name in names if name != "clair.updater.sources"] + [f"clair.updater.sources.SOURCE.{m}" for m in members]
    leaves = [name for name in names if not any(other.startswith(name + ".") for other in names) and name != "jwtproxy"]
    assert len(leaves) > 25
    assert [name for name in leaves if f"`{name}`" not in document] == []
    done = check(write("config.yaml", re.search(r"```yaml\n(.*?)```", document, re.S)[1]))
    assert done.returncode == 0 and "no problems" in done.stdout, done.stdout
