"""Options, exit statuses, and what goes where."""
import json
import os
import pty
import re
import select
import subprocess
import time

import jsonschema
import pytest

import images
from conftest import ROOT, findings

ALL = images.debian(("libalpha1", "1.0-1", "alpha"), ("beta", "1:1-1"), ("gamma", "1-1"))
CLEAN = images.debian(("other", "1-1"))
SCHEMA = json.loads((ROOT / "docs/report.schema.json").read_text())


@pytest.fixture
def vulnerable(write):
    return write("layer.tar", ALL)


def test_findings_are_sorted_worst_first_and_fit_the_schema(scan, vulnerable):
    result = scan(vulnerable, options=["--list-packages"])
    assert result.status == 0
    got = [(v["id"], v["severity"], v["package"], v["installed"], v.get("fixed_in"), v["state"])
           for v in result.targets[0]["vulnerabilities"]]
    assert got == [
        ("CVE-2024-0003", "High", "beta", "1:1-1", "2:1.5-1", "fixed"),
        ("CVE-2024-0005", "Medium", "gamma", "1-1", None, "will_not_fix"),
        ("CVE-2024-0004", "Negligible", "gamma", "1-1", None, "affected"),
        ("CVE-2024-0001", "Unknown", "libalpha1", "1.0-1", "1.0-2", "fixed"),
        ("CVE-2024-0002", "Unknown", "libalpha1", "1.0-1", None, "affected"),
    ]
    jsonschema.validate(result.json, SCHEMA)


def test_report_on_standard_output_and_messages_on_standard_error(scan, vulnerable):
    table = scan(vulnerable, "missing.tar", fmt=None)
    assert table.status == 2
    assert "CVE-2024-0003" in table.out and "Total: 5" in table.out and "missing.tar" not in table.out
    assert "missing.tar" in table.errors and "CVE" not in table.errors
    assert "\x1b" not in table.out + table.errors and "\r" not in table.errors


def test_severity_shows_only_these_and_counts_all(scan, vulnerable):
    result = scan(vulnerable, options=["--severity", "high,Medium"])
    assert findings(result.targets[0]) == [("CVE-2024-0003", "beta"), ("CVE-2024-0005", "gamma")]
    assert result.targets[0]["summary"]["findings"] == 5 and result.targets[0]["summary"]["hidden"] == 3


def test_only_fixed(scan, vulnerable):
    result = scan(vulnerable, options=["--only-fixed"])
    assert findings(result.targets[0]) == [("CVE-2024-0003", "beta"), ("CVE-2024-0001", "libalpha1")]
    assert result.targets[0]["summary"]["fixable"] == 2


@pytest.mark.parametrize("options,status", [
    (["--fail-on", "high"], 1), (["--fail-on", "HIGH"], 1), (["--fail-on", "critical"], 0), (["--fail-on", "unknown"], 1),
    (["--fail-on", "medium", "--severity", "low"], 1), ([], 0),
])
def test_gate(scan, vulnerable, options, status):
    assert scan(vulnerable, options=options).status == status


def test_gate_with_only_fixed_counts_what_can_be_fixed(scan, write):
    path = write("layer", images.debian(("gamma", "1-1")))
    assert scan(path, options=["--fail-on", "medium"]).status == 1
    assert scan(path, options=["--fail-on", "medium", "--only-fixed"]).status == 0


def test_precedence_of_statuses(scan, write, vulnerable):
    unknown = write("alpine", images.layer(images.ALPINE, ("lib/apk/db/installed", "P:musl\nV:1-r0\n\n")))
    gate = ["--fail-on", "high"]
    assert scan(write("clean", CLEAN), options=gate).status == 0
    assert scan(vulnerable, write("clean", CLEAN), options=gate).status == 1
    assert scan(vulnerable, unknown, options=gate).status == 3
    assert scan(vulnerable, unknown, "missing", options=gate).status == 2


@pytest.mark.parametrize("content,reason", [
    (images.layer(images.ALPINE, ("lib/apk/db/installed", "P:musl\nV:1-r0\n\n")), "no data for alpine:v3.19"),
    (images.layer(("etc/os-release", "ID=rocky\nVERSION_ID=9.3\n"), ("var/lib/dpkg/status", images.status(("a", "1")))),
     "no data for rocky:9"),
    (images.layer(("var/lib/dpkg/status", images.status(("a", "1")))), "unknown distribution"),
    (images.layer(images.DEBIAN), "no package database"),
    (images.layer(("srv/x", "y")), "no known distribution and no packages"),
    (images.debian(("alpha", "not a version")), "version not comparable"),
], ids=["no data", "other scheme", "unknown", "no database", "nothing", "no version"])
def test_what_could_not_be_looked_at_never_passes_as_clean(scan, write, content, reason):
    path = write("layer", content)
    result = scan(path)
    assert result.status == 3
    assert reason in result.errors
    assert "nothing was evaluated" in scan(path, fmt=None).out


def test_packages_that_were_not_evaluated_are_counted_and_named(scan, write):
    path = write("layer", images.debian(("alpha", "1.0-1"), ("odd", "a b"), ("empty", "1:")))
    result = scan(path)
    assert result.status == 0
    assert [(n["name"], n["reason"]) for n in result.targets[0]["not_evaluated"]] == [
        ("odd", "version not comparable"), ("empty", "version not comparable")]
    assert "2 not evaluated: 2 version not comparable" in scan(path, fmt=None).out


def test_without_a_database(scan, vulnerable, tmp_path):
    result = scan(vulnerable, db=tmp_path / "none.db")
    assert result.status == 3
    assert "no database at" in result.errors and "clair update" in result.errors
    assert not (tmp_path / "none.db").exists()


def test_database_that_is_none(scan, vulnerable, write):
    result = scan(vulnerable, db=write("junk.db", "no database " * 1000))
    assert result.status == 2 and "junk.db" in result.errors


def test_output_to_a_file(scan, vulnerable, tmp_path):
    result = scan(vulnerable, options=["-o", str(tmp_path / "report.json")])
    assert result.out == ""
    assert len(json.loads((tmp_path / "report.json").read_text())["targets"][0]["vulnerabilities"]) == 5
    failed = scan(vulnerable, options=["-o", str(tmp_path / "no/such/directory")])
    assert failed.status == 2 and "no/such/directory" in failed.errors


def test_full_output_device(clair, vulnerable, database):
    with open("/dev/full", "w") as full:
        done = subprocess.run([clair, "scan", "--db", database, vulnerable], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2 and "standard output" in done.stderr


def test_closed_standard_descriptors(clair, vulnerable, database):
    before = database.read_bytes()
    for closing in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        done = subprocess.run(["sh", "-c", f'exec "$0" scan --db "$1" "$2" {closing}', clair, database, vulnerable],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == (2 if ">&-" in closing.replace("2>&-", "") else 0), (closing, done.stderr)
    assert database.read_bytes() == before


def test_quiet(scan, write):
    result = scan(write("alpine", images.layer(images.ALPINE)), options=["--quiet"])
    assert result.status == 3 and result.errors == ""


@pytest.mark.parametrize("options", [["--format", "xml"], ["--severity", "high,bad"], ["--fail-on", "often"], ["--nonsense"],
                                     ["--platform", "linux/"], ["--db"], ["--only-fixed=1"], ["-x"]])
def test_wrong_options(scan, vulnerable, options):
    result = scan(vulnerable, options=options, fmt=None)
    assert result.status == 2 and result.out == ""
    assert "clair scan --help" in result.errors


def test_no_target(clair):
    done = subprocess.run([clair, "scan"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "no TARGET" in done.stderr


def on_terminal(argv, env=None):
    """Runs with a pseudo-terminal as standard output and error: status and everything that was written."""
    try:
        pid, fd = pty.fork()
    except OSError as e:
        pytest.skip(f"there are no pseudo-terminals here: {e}")
    if pid == 0:
        os.environ.update({"TERM": "xterm", **(env or {})})
        os.execv(argv[0], argv)
    written, deadline = b"", time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if select.select([fd], [], [], 1)[0]:
                chunk = os.read(fd, 65536)
                if not chunk:
                    break
                written += chunk
        except OSError:
            break
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), written.decode(errors="replace")


def test_colours_on_a_terminal_unless_refused(clair, vulnerable, database):
    argv = [clair, "scan", "--db", str(database), str(vulnerable)]
    status, coloured = on_terminal(argv)
    assert status == 0 and "\x1b[" in coloured and "CVE-2024-0003" in coloured
    _, plain = on_terminal(argv, {"NO_COLOR": "1"})
    assert "\x1b[38" not in plain and "\x1b[1" not in plain and "CVE-2024-0003" in plain


def test_progress_on_a_terminal(clair, write, database):
    # Large enough for bzip2 to take a while.
    large = images.Layer().file(*images.DEBIAN).file("var/lib/dpkg/status", images.status(("alpha", "1-1")))
    for i in range(24):
        large.file(f"srv/{i}", os.urandom(1 << 20))
    path = write("large.bz2", images.COMPRESS["bzip2"](large.bytes()))
    argv = [clair, "scan", "--db", str(database), str(path)]
    _, shown = on_terminal(argv)
    assert "MiB/s" in shown and "layers [" in shown
    _, quiet = on_terminal([*argv, "--quiet"])
    assert "MiB/s" not in quiet


def test_hostile_names_do_not_reach_the_terminal(scan, write):
    evil = "\x1b]0;owned\x07\x1b[31m"
    path = write("layer", images.layer(("etc/os-release", f'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="x{evil}"\n'),
                                       ("var/lib/dpkg/status", images.status(("alpha", "1.0-1")))))
    result = scan(path, fmt=None)
    assert "\x1b" not in result.out + result.errors and "\x07" not in result.out


def test_an_error_names_the_database_once(scan, write):
    result = scan(write("layer", images.layer(images.DEBIAN, ("var/lib/dpkg/status", "no field"))))
    [error] = result.targets[0]["errors"]
    assert error["message"].count("var/lib/dpkg/status") == 1


@pytest.mark.parametrize("argv,text", [(["--version"], "clair "), (["version"], "clair "), (["--help"], "Commands:"),
                                       (["help"], "Commands:"), (["scan", "--help"], "Usage: clair scan"),
                                       (["help", "update"], "Usage: clair update"), (["db", "--help"], "Usage: clair db")])
def test_help_and_version(clair, argv, text):
    done = subprocess.run([clair, *argv], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and text in done.stdout and done.stderr == ""


@pytest.mark.parametrize("argv", [[], ["nonsense"], ["help", "nonsense"], ["db"], ["db", "nonsense"], ["update", "nonsense"],
                                  ["update", "--from", "debian"], ["update", "--from", "nonsense=x"]])
def test_wrong_commands(clair, argv):
    done = subprocess.run([clair, *argv], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stdout == "" and done.stderr


COMMANDS = ["scan", "update", "db", "compare-versions", "check-config"]


@pytest.mark.parametrize("command", [[], *([command] for command in COMMANDS)], ids=" ".join)
def test_manual_pages_have_no_errors(clair, command):
    page = subprocess.run([clair, "help", "--man", *command], capture_output=True, text=True, check=True).stdout
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=page, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stderr == ""
    assert page.startswith(".TH CLAIR") and ".SH EXAMPLES" in page and ".SH SEE ALSO" in page


@pytest.mark.parametrize("command", COMMANDS)
def test_manual_pages_say_what_the_help_says(clair, command):
    page = subprocess.run([clair, "help", "--man", command], capture_output=True, text=True, check=True).stdout
    words = page.replace("\\-", "-").replace("\\(ti", "~").replace("\\fB", "").replace("\\fR", "").split()
    help_text = subprocess.run([clair, command, "--help"], capture_output=True, text=True, check=True).stdout
    titles = re.findall(r"^([A-Z][a-z ]+):$", help_text, re.M)
    assert {"Options", "Exit status", "Examples"} <= set(titles)
    for title in titles:
        assert f".SH {title.upper()}\n" in page
    for option in re.findall(r"(?<![\w-])--[a-z-]+", help_text):
        assert option in words or option + ";" in words or option + ")" in words, option


def test_exit_statuses_are_those_of_the_command(clair):
    for command, statuses in {"scan": "0123", "update": "02", "db": "02", "compare-versions": "02",
                              "check-config": "02"}.items():
        text = subprocess.run([clair, command, "--help"], capture_output=True, text=True, check=True).stdout
        section = text.split("Exit status:\n")[1].split("\n\n")[0]
        assert re.findall(r"^  (\d)  ", section, re.M) == list(statuses), command


@pytest.mark.parametrize("command", ["", *COMMANDS, "help", "version"])
def test_help_fits_into_80_columns(clair, command):
    text = subprocess.run([clair, *command.split(), "--help"], capture_output=True, text=True, check=True).stdout
    assert [line for line in text.splitlines() if (len(line) > 80 and " " in line.strip()) or line.endswith(" ")] == []


def test_default_database(clair, tmp_path, vulnerable):
    if os.geteuid() == 0:
        pytest.skip("root's database is the system's")
    env = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data")}
    feed = tmp_path / "feed.json"
    feed.write_text(json.dumps({"alpha": {"CVE-2024-0001": images.record(bookworm="1.0-2")}}))
    subprocess.run([clair, "update", "--from", f"debian={feed}"], env=env, check=True, stdout=subprocess.DEVNULL)
    assert (tmp_path / "data/clair/clair.db").exists()
