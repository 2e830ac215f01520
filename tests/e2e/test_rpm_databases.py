"""Every rpm database of the test material, read by our readers and by rpm itself.

rpm reads SQLite and (read-only) Berkeley DB; what it does not read here, ndb, is compared with the
list that comes with the material. The material lies in $CLAIR_SHARED_DATA (../shared/data); without
it the tests are skipped, under CI they fail.
"""

import os
import pathlib
import shutil
import subprocess
import tarfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("CLAIR_SHARED_DATA", ROOT.parent / "shared" / "data"))
BUILD = pathlib.Path(os.environ.get("CLAIR", ROOT / "build-test" / "clair")).parent
DUMP = BUILD / "tests" / "unit" / "package" / "dump-packages"

# Where our readers expect a database of this kind, by the name of its file.
PATHS = {
    "Packages": "var/lib/rpm/Packages",
    "Packages.db": "usr/lib/sysimage/rpm/Packages.db",
    "rpmdb.sqlite": "var/lib/rpm/rpmdb.sqlite",
}
BACKENDS = {"Packages": "bdb_ro", "rpmdb.sqlite": "sqlite"}
QUERY = (
    "%{NAME}\t%|EPOCH?{%{EPOCH}}|\t%{VERSION}-%{RELEASE}\t%|ARCH?{%{ARCH}}|\t"
    "%|SOURCERPM?{%{SOURCERPM}}|\t%|MODULARITYLABEL?{%{MODULARITYLABEL}}|\t%|VENDOR?{%{VENDOR}}|\n"
)


def require(condition, what):
    if condition:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


def to_row(name, epoch, version_release, arch, source_rpm, module, vendor):
    """What our readers have to make of the fields that rpm prints."""
    prefix = f"{epoch}:" if epoch not in ("", "0", "(none)") else ""
    source = source_version = ""
    if source_rpm.endswith((".src.rpm", ".nosrc.rpm")):
        source, version, release = source_rpm.rsplit(".", 2)[0].rsplit("-", 2)
        source_version = f"{prefix}{version}-{release}"
    module = "" if module == "(none)" else module
    return (name, prefix + version_release, arch, source, source_version, module, vendor)


def ours(database):
    log = database.with_name(database.name + "-wal")
    command = [DUMP, PATHS[database.name], database] + ([log] if log.exists() else [])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return sorted(tuple(line.split("\t")) for line in done.stdout.splitlines())


def rpm(database, folder):
    """rpm's own answer; a copy, since it writes beside the database."""
    for part in database.parent.glob(database.name + "*"):
        shutil.copy(part, folder)
    done = subprocess.run(
        ["rpm", "-qa", "--dbpath", folder, "--define", f"_db_backend {BACKENDS[database.name]}",
         "--qf", QUERY],
        capture_output=True, text=True, check=True)
    rows = (to_row(*line.split("\t")) for line in done.stdout.splitlines())
    return sorted(row for row in rows if row[0] != "gpg-pubkey")


def expected(table, name_first):
    """A list that comes with the material, which has no vendor."""
    rows = []
    for line in table.read_text().splitlines():
        fields = (line.split("\t") + [""] * 7)[:7]
        if not name_first:
            fields[0], fields[1] = fields[1], fields[0]
        name, epoch, version, release, arch, source_rpm, module = fields
        if name != "gpg-pubkey":
            rows.append(to_row(name, epoch, f"{version}-{release}", arch, source_rpm, module, ""))
    return sorted(rows)


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    """Databases by a readable name."""
    require(DUMP.exists(), f"{DUMP} is not built")
    require((SHARED / "pkgdbs").is_dir(), f"no test material in {SHARED}")
    found = {}
    folder = tmp_path_factory.mktemp("material")
    archives = [SHARED / "pkgdbs" / "rpm.tar.xz", *sorted((SHARED / "images" / "layers").iterdir())]
    for archive in archives:
        target = folder / archive.name
        with tarfile.open(archive) as tar:
            for member in tar:
                path = pathlib.PurePosixPath(member.name)
                if not member.isfile() or ".." in path.parts or not wanted(path):
                    continue
                out = target / path.relative_to("/") if path.is_absolute() else target / path
                out.parent.mkdir(parents=True, exist_ok=True)
                out.write_bytes(tar.extractfile(member).read())
        for database in sorted(target.rglob("*")):
            plain = plain_name(database)
            if plain != database:
                plain.parent.mkdir()
                database = database.rename(plain)
            if database.name in PATHS:
                found[str(database.relative_to(folder))] = database
    return found


def wanted(path):
    name = path.name.removesuffix("-wal")
    return name in PATHS or name.endswith(".expected.tsv") or plain_name(path) != path


def plain_name(path):
    """Some lie as "prefix-rpmdb.sqlite", whose log would not be found: into a folder of theirs."""
    for name in PATHS:
        if path.name.endswith("-" + name):
            return path.with_suffix(".folder") / name
    return path


def test_material_is_complete(material):
    kinds = [database.name for database in material.values()]
    assert kinds.count("Packages") >= 10
    assert kinds.count("Packages.db") >= 6
    assert kinds.count("rpmdb.sqlite") >= 8


def test_every_database_is_read(material):
    """Those too that nothing here can be compared with."""
    for name, database in material.items():
        rows = ours(database)
        assert rows, name
        assert all(len(row) == 7 and row[0] and "-" in row[1] for row in rows), name


def test_same_packages_as_rpm(material, tmp_path):
    require(shutil.which("rpm"), "rpm is not installed")
    for number, (name, database) in enumerate(material.items()):
        if database.name in BACKENDS:
            folder = tmp_path / str(number)
            folder.mkdir()
            theirs = rpm(database, folder)
            assert theirs, name
            assert ours(database) == theirs, name


def test_same_packages_as_listed(material):
    compared = 0
    for name, database in material.items():
        table = database.parent.with_suffix(".expected.tsv")
        if table.exists():
            listed = expected(table, name_first="rpm-converted" in name)
            assert [row[:6] for row in ours(database)] == [row[:6] for row in listed], name
            compared += 1
    assert compared >= 15
