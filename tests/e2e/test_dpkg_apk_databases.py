"""Package databases of dpkg and apk against dpkg's own tool and an independent reading."""
import os
import pathlib
import subprocess
import tarfile

import pytest

from conftest import ROOT

BUILD = pathlib.Path(os.environ.get("CLAIR", ROOT / "build-test" / "clair")).parent
FORMAT = "${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\t${Maintainer}\n"


def unpack(shared_data, name, tmp_path):
    with tarfile.open(shared_data / f"pkgdbs/{name}.tar.xz") as tar:
        tar.extractall(tmp_path)
    return sorted(path for path in tmp_path.rglob("*") if path.is_file() and path.name not in ("os-release",))


def dump(path_in_image, file):
    """name, version, architecture, source, source version, vendor of each package."""
    out = subprocess.run([BUILD / "tests/unit/package/dump-packages", path_in_image, file], stdout=subprocess.PIPE, text=True,
                         check=True).stdout
    return sorted(tuple(line.split("\t")[:5] + line.split("\t")[6:]) for line in out.splitlines())


def dpkg_query(status, tmp_path):
    admin = tmp_path / "admin"
    (admin / "updates").mkdir(parents=True, exist_ok=True)
    (admin / "info").mkdir(exist_ok=True)
    (admin / "status").write_bytes(status)
    out = subprocess.run(["dpkg-query", "--admindir", admin, "-W", "-f", FORMAT], stdout=subprocess.PIPE, text=True, check=True,
                         env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout
    return sorted(tuple(line.split("\t")[1:]) for line in out.splitlines() if line.startswith("installed\t"))


def test_dpkg_databases_as_dpkg_query_says(shared_data, tmp_path):
    files = unpack(shared_data, "dpkg", tmp_path / "databases")
    assert len(files) == 4
    for path in files:
        expected = dpkg_query(path.read_bytes(), tmp_path)
        assert len(expected) > 80
        assert dump("var/lib/dpkg/status", path) == expected, path


def apk_records(text):
    """An independent reading: records of "letter:value" lines."""
    for record in text.split("\n\n"):
        fields = dict(line.split(":", 1) for line in reversed(record.splitlines()))
        if "P" in fields:
            yield (fields["P"], fields["V"], fields["A"], fields.get("o", fields["P"]), fields["V"], fields.get("m", ""))


def test_apk_databases(shared_data, tmp_path):
    files = unpack(shared_data, "apk", tmp_path)
    assert len(files) == 6
    for path in files:
        expected = sorted(apk_records(path.read_text()))
        assert len(expected) > 10
        assert dump("lib/apk/db/installed", path) == expected, path


def layers_with(shared_data, suffixes):
    return [path for path in sorted((shared_data / "images/layers").iterdir()) if path.name.endswith(suffixes)]


def test_packages_of_real_layers(scan, shared_data, tmp_path):
    """Every layer of the test material: what its own database's tool says of the file that Python takes out of it."""
    checked = 0
    for path in layers_with(shared_data, (".tar.gz", ".tar.xz")):
        with tarfile.open(path) as tar:
            names = {member.name.removeprefix("./"): member for member in tar if member.isreg()}
            status = names.get("var/lib/dpkg/status")
            installed = names.get("lib/apk/db/installed")
            if not status and not installed:
                continue
            content = tar.extractfile(status or installed).read()
        if status:
            expected = [row[:5] for row in dpkg_query(content, tmp_path)]
        else:
            expected = sorted(row[:5] for row in apk_records(content.decode()))
        target = scan(path, options=["--list-packages"]).targets[0]
        got = sorted((p["name"], p["version"], p["arch"], p["source"], p["source_version"]) for p in target["packages"])
        assert got == expected, path
        checked += 1
    assert checked >= 6


@pytest.mark.parametrize("name,namespace", [
    ("alpine-minirootfs-3.20.3-x86_64.tar.gz", "alpine:v3.20"), ("gliderlabs-alpine-3.4.tar.xz", "alpine:v3.4"),
    ("almalinux-8.9-s390x-micro-20231122-bdb-bigendian.tar.xz", "almalinux:8"),
    ("almalinux-9.3-aarch64-micro-20231124-sqlite.tar.xz", "almalinux:9"), ("centos-7-plain.layer.tar.gz", "centos:7"),
    ("sle-15-bci-real-ndb.layer.tar.gz", "sles:15.3"), ("amazonlinux-2023-real-sqlite.layer.tar.gz", "amzn:2023"),
    ("debian-bookworm-minbase.layer.tar.gz", "debian:12"), ("rhel-8.0-beta-real-bdb.layer.tar.gz", "centos:8"),
])
def test_distributions_of_real_layers(scan, shared_data, name, namespace):
    assert scan(shared_data / "images/layers" / name).targets[0]["distribution"]["namespace"] == namespace
