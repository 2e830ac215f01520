"""Every dpkg and apk database of the test material, read by our readers and by somebody else.

dpkg's are compared with what dpkg-query says of the same file; of apk's, which no tool reads here,
with ten lines of Python. The material lies in $CLAIR_SHARED_DATA (../shared/data); without it the
tests are skipped, under CI they fail.
"""

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
APK = "lib/apk/db/installed"

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


def read_apk(database):
    rows, record = [], {}
    for line in database.read_text().splitlines() + [""]:
        if line:
            record[line[0]] = line[2:]
        elif record:
            name, version, arch = record["P"], record["V"], record["A"]
            origin = record.get("o") or name
            rows.append((name, version, arch, origin, version, "", record.get("m", "")))
            record = {}
    return rows


def kind_of(path):
    """Where our readers expect such a file, or None."""
    if path.suffix == ".status" or path.name == "status":
        return STATUS
    if path.parent.name == "status.d" and path.suffix != ".md5sums":
        return STATUS_D + path.name
    return APK if path.name.endswith("installed") and path.suffix in ("", ".installed") else None


@pytest.fixture(scope="module")
def material(shared_data, tmp_path_factory):
    """All databases, of the archives of databases, the layers, and our own samples."""
    require(DUMP.exists(), f"{DUMP} is not built")
    folder = tmp_path_factory.mktemp("material")
    archives = [shared_data / "pkgdbs" / "dpkg.tar.xz", shared_data / "pkgdbs" / "apk.tar.xz",
                *sorted((shared_data / "images" / "layers").iterdir())]
    for archive in archives:
        with tarfile.open(archive) as tar:
            for member in tar:
                path = pathlib.PurePosixPath(member.name.lstrip("/"))
                if member.isfile() and ".." not in path.parts and kind_of(path):
                    out = folder / archive.name / path
                    out.parent.mkdir(parents=True, exist_ok=True)
                    out.write_bytes(tar.extractfile(member).read())
    files = sorted(p for top in (folder, DATA) for p in top.rglob("*") if p.is_file())
    return [(kind, path) for path in files if (kind := kind_of(path))]


def test_material_is_complete(material):
    kinds = [kind for kind, _ in material]
    assert kinds.count(STATUS) >= 7
    assert kinds.count(APK) >= 12
    assert len([kind for kind in kinds if kind.startswith(STATUS_D)]) >= 4


def test_same_packages_as_dpkg(material, tmp_path):
    require(shutil.which("dpkg-query"), "dpkg-query is not installed")
    packages = 0
    for number, (kind, path) in enumerate(material):
        if kind == STATUS:
            theirs = query(path, tmp_path / str(number))
            assert theirs, path
            assert sorted(ours(kind, path)) == sorted(theirs), path
            packages += len(theirs)
    assert packages > 400


def test_same_packages_as_dpkg_in_files_of_their_own(material, tmp_path):
    """What distroless images keep lacks only a Status."""
    require(shutil.which("dpkg-query"), "dpkg-query is not installed")
    for number, (kind, path) in enumerate(material):
        if kind.startswith(STATUS_D):
            stanza = tmp_path / f"{number}.status"
            stanza.write_text("Status: install ok installed\n" + path.read_text())
            theirs = query(stanza, tmp_path / str(number))
            assert len(theirs) == 1, path
            assert ours(kind, path) == theirs, path


def stanza(name, status, version="1-1", arch="all", **fields):
    """A stanza with all that dpkg wants to see."""
    lines = [f"Package: {name}", f"Status: {status}", "Maintainer: M <m@x>",
             f"Architecture: {arch}", *(f"{k.replace('_', '-')}: {v}" for k, v in fields.items()),
             f"Version: {version}", "Description: short", " long", " .", " more"]
    return "\n".join(lines) + "\n\n"


def test_same_opinion_as_dpkg_of_states_and_versions(material, tmp_path):
    require(shutil.which("dpkg-query"), "dpkg-query is not installed")
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


def test_cut_databases_are_read_only_where_dpkg_reads_the_same(tmp_path):
    require(DUMP.exists(), f"{DUMP} is not built")
    require(shutil.which("dpkg-query"), "dpkg-query is not installed")
    lines = (DATA / "dpkg" / "ubuntu-xenial.status").read_bytes().splitlines(keepends=True)
    status = tmp_path / "status"
    read = 0
    for n in range(len(lines)):
        for cut in (0, 1):
            status.write_bytes(b"".join(lines[:n]) + lines[n][:cut])
            done = subprocess.run([DUMP, STATUS, status], capture_output=True, check=False)
            # dpkg wants to see the value of a field, whichever it is, before the end.
            if done.returncode == 0 and not status.read_bytes().endswith(b":\n"):
                theirs = query(status, tmp_path / f"{n}-{cut}")
                assert sorted(ours(STATUS, status)) == sorted(theirs), (n, cut)
                read += 1
    assert len(lines) / 2 < read < len(lines) * 2


def test_same_packages_as_listed_in_apk_databases(material):
    packages = 0
    for kind, path in material:
        if kind == APK:
            theirs = read_apk(path)
            assert theirs, path
            assert ours(kind, path) == theirs, path
            packages += len(theirs)
    assert packages > 100
