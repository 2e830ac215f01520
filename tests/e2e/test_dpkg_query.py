"""dpkg's opinion of states, versions, sources and cut databases, and of the files of status.d."""

import os
import pathlib
import shutil
import subprocess
import tarfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CLAIR", ROOT / "build-test" / "clair")).parent
DUMP = BUILD / "tests" / "unit" / "package" / "dump-packages"
DATA = ROOT / "tests" / "data" / "package"

STATUS = "var/lib/dpkg/status"
STATUS_D = "var/lib/dpkg/status.d/"

QUERY = (
    "${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\t"
    "${source:Version}\t\t${Maintainer}\n"
)
WITHOUT_FILES = ("not-installed", "config-files")


def require(condition, what):
    if condition:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


def ours(path_in_image, database):
    """Rows of name, version, architecture, source, source version, module and vendor."""
    done = subprocess.run(
        [DUMP, path_in_image, database], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [tuple(line.split("\t")) for line in done.stdout.splitlines()]


def query(status, folder):
    """dpkg-query's answer, sorted by name, from a database folder made for it."""
    for name in ("info", "updates"):
        (folder / name).mkdir(parents=True)
    shutil.copy(status, folder / "status")
    done = subprocess.run(
        ["dpkg-query", f"--admindir={folder}", "-W", "-f", QUERY],
        capture_output=True, text=True, check=False)
    # 1: nothing to list
    assert done.returncode == 0 or (done.returncode == 1 and not done.stdout), done.stderr
    rows = (tuple(line.split("\t")) for line in done.stdout.splitlines())
    return [row[1:] for row in rows if row[0] not in WITHOUT_FILES]


@pytest.fixture(autouse=True)
def tools():
    require(DUMP.exists(), f"{DUMP} is not built")
    require(shutil.which("dpkg-query"), "dpkg-query is not installed")


def test_files_of_their_own(shared_data, tmp_path):
    """What distroless images keep lacks only a Status."""
    layer = shared_data / "images" / "layers" / "distroless-like-static-bookworm.layer.tar.gz"
    compared = 0
    with tarfile.open(layer) as tar:
        for member in tar:
            name = member.name.removeprefix("./")
            if not member.isfile() or not name.startswith(STATUS_D) or name.endswith(".md5sums"):
                continue
            text = tar.extractfile(member).read()
            alone, status = tmp_path / "alone", tmp_path / "status"
            alone.write_bytes(text)
            status.write_bytes(b"Status: install ok installed\n" + text)
            theirs = query(status, tmp_path / str(compared))
            assert len(theirs) == 1, name
            assert ours(name, alone) == theirs, name
            compared += 1
    assert compared >= 4


def stanza(name, status, version="1-1", arch="all", **fields):
    """A stanza with all that dpkg wants to see."""
    lines = [f"Package: {name}", f"Status: {status}", "Maintainer: M <m@x>",
             f"Architecture: {arch}", *(f"{k.replace('_', '-')}: {v}" for k, v in fields.items()),
             f"Version: {version}", "Description: short", " long", " .", " more"]
    return "\n".join(lines) + "\n\n"


def test_same_opinion_as_dpkg_of_states_and_versions(tmp_path):
    triggers = {"triggers-awaited": {"Triggers_Awaited": "a"},
                "triggers-pending": {"Triggers_Pending": "x"}}
    text = ""
    for want in ("install", "hold", "deinstall", "purge", "unknown"):
        for flag in ("ok", "reinstreq"):
            for state in ("installed", "unpacked", "half-configured", "half-installed",
                          "config-files", "not-installed", *triggers):
                text += stanza(f"p-{want}-{flag}-{state}", f"{want} {flag} {state}",
                               **triggers.get(state, {}))
    sources = ("s", "s (2-2)", "s (1:2-2)", "s (0:2-2)", "s (0:2:3-2)")
    versions = ("0:1-1", "00:1-1", "1:1-1", "0:1:1-1", "1.0~rc1+b2", "5")
    for i, source in enumerate(sources):
        for k, version in enumerate(versions):
            text += stanza(f"q-{i}-{k}", "install ok installed", version, "amd64", Source=source)
    for arch in ("amd64", "i386", "arm64"):
        text += stanza("multi", "install ok installed", "1-1", arch, Multi_Arch="same")
    status = tmp_path / "status"
    status.write_text(text)
    theirs = query(status, tmp_path / "admin")
    assert len(theirs) > 90
    assert sorted(ours(STATUS, status)) == sorted(theirs)


def test_cut_databases_have_the_packages_that_dpkg_reads(tmp_path):
    lines = (DATA / "dpkg" / "ubuntu-xenial.status").read_bytes().splitlines(keepends=True)
    status = tmp_path / "status"
    read = 0
    for n in range(len(lines)):
        for cut in (0, 1):
            status.write_bytes(b"".join(lines[:n]) + lines[n][:cut])
            done = subprocess.run([DUMP, STATUS, status], capture_output=True, check=False)
            if done.returncode:
                continue
            read += 1
            # What lost its version is kept to be told of. dpkg refuses it, or forgets it, and
            # wants to see the value of a field before the end.
            rows = ours(STATUS, status)
            if all(row[1] for row in rows) and not status.read_bytes().endswith(b":\n"):
                theirs = query(status, tmp_path / f"{n}-{cut}")
                assert sorted(rows) == sorted(theirs), (n, cut)
    # Those cut at the end of a line, which a blank line's first byte is too.
    assert read == len(lines) + lines.count(b"\n")
