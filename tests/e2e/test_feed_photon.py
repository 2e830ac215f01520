"""Photon's CVE data and OVAL, read a second time by other means."""
import json
import pathlib
import shutil
import tarfile

import pytest

import images
import rpm_feeds
from rpm_feeds import AFFECTED, CRITICAL, FIXED, HIGH, LOW, MEDIUM, UNKNOWN

DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "feed" / "photon"


def severity(score):
    steps = ((9, CRITICAL), (7, HIGH), (4, MEDIUM), (0.1, LOW))
    return next((s for least, s in steps if score is not None and score >= least), UNKNOWN)


def expected_of_json(branch, records):
    rows = {}
    for r in records:
        if not r["cve_id"].startswith("CVE-") or r.get("status") == "Not Affected":
            continue
        if r["res_ver"] == "NA" and r["aff_ver"] in ("", "NA"):
            continue
        fixed = "" if r["res_ver"] == "NA" else r["res_ver"]
        rows["photon:" + branch, r["cve_id"], r["pkg"]] = (
            "", fixed, FIXED if fixed else AFFECTED, severity(r["cve_score"]), frozenset(), frozenset())
    return rows


def expected_of_oval(branch, document):
    rows = {}
    oval = rpm_feeds.Oval(document)
    for definition in oval.definitions():
        metadata = definition.find("metadata")
        cves = frozenset(c.text for c in metadata.iter("cve"))
        for criterion in definition.iter("criterion"):
            package, state = oval.test(criterion)
            evr, operation = state.get("evr", ("", ""))
            if operation == "less than":
                rows["photon:" + branch, metadata.findtext("title").split()[0], package] = (
                    "", rpm_feeds.without_epoch_0(evr), FIXED, rpm_feeds.severity(metadata.findtext("advisory/severity")),
                    frozenset(), cves)
    return rows


def expected():
    rows = {}
    for branch in ("3.0", "4.0"):
        rows |= expected_of_json(branch, json.loads((DATA / f"cve_data_photon{branch}.json").read_text()))
    return rows


def test_database_says_what_the_data_say(clair, tmp_path):
    rpm_feeds.update(clair, tmp_path / "db", "photon", DATA)
    assert len(expected()) > 10
    rpm_feeds.assert_same(rpm_feeds.rows(tmp_path / "db"), expected())


def test_server_names_its_branches(clair, tmp_path):
    folder = tmp_path / "web"
    shutil.copytree(DATA, folder)
    (folder / "photon_versions.json").write_text('{"branches": ["1.0", "3.0", "4.0", "../x"]}')
    with rpm_feeds.serve(folder) as (url, requests):
        rpm_feeds.update(clair, tmp_path / "db", "photon", url)
        rpm_feeds.update(clair, tmp_path / "db", "photon", url)
    rpm_feeds.assert_same(rpm_feeds.rows(tmp_path / "db"), expected())
    assert "/cve_data_photon1.0.json" in requests


def test_branch_that_changes_leaves_the_other(clair, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    rpm_feeds.update(clair, tmp_path / "db", "photon", folder)
    records = json.loads((folder / "cve_data_photon4.0.json").read_text())
    records = [r for r in records if r["cve_id"] != "CVE-2023-38545"]
    (folder / "cve_data_photon4.0.json").write_text(json.dumps(records))
    rpm_feeds.update(clair, tmp_path / "db", "photon", folder)
    want = {k: v for k, v in expected().items() if k[1] != "CVE-2023-38545"}
    assert len(want) == len(expected()) - 1
    rpm_feeds.assert_same(rpm_feeds.rows(tmp_path / "db"), want)


def test_oval_is_read_where_there_is_nothing_else(clair, tmp_path, shared_data):
    with tarfile.open(next(shared_data.glob("feeds/others/azurelinux-*.tar.xz"))) as tar:
        oval = tar.extractfile("photon-oval/com.vmware.phsa-photon3.xml").read()
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(DATA / "cve_data_photon4.0.json", folder)
    (folder / "com.vmware.phsa-photon3.xml").write_bytes(oval)
    (folder / "com.vmware.phsa-photon4.xml").write_bytes(oval)
    rpm_feeds.update(clair, tmp_path / "db", "photon", folder)
    want = {k: v for k, v in expected().items() if k[0] == "photon:4.0"} | expected_of_oval("3.0", oval)
    assert len(want) > 700
    rpm_feeds.assert_same(rpm_feeds.rows(tmp_path / "db"), want)


@pytest.mark.parametrize("version,ids", [("8.0-1.ph4", ["CVE-2024-1"]), ("7.0-1.ph4", [])])
def test_findings_in_a_package_list(clair, scan, tmp_path, shared_data, version, ids):
    """The database is that of another distribution; what counts is what the image says that it is."""
    with tarfile.open(shared_data / "pkgdbs/rpm.tar.xz") as tar:
        database = tar.extractfile("rpm/go-rpmdb-cbl-mariner-2.0-rpmdb.sqlite").read()
    layer = tmp_path / "layer.tar"
    layer.write_bytes(images.layer(("etc/os-release", "ID=photon\nVERSION_ID=4.0\n"), ("var/lib/rpm/rpmdb.sqlite", database)))
    bash = next(p for p in scan(layer, options=["--list-packages"]).targets[0]["packages"] if p["name"] == "bash")
    version = "0.1-1.ph4" if not ids else "999-1.ph4"
    (tmp_path / "cve_data_photon4.0.json").write_text(json.dumps([
        {"cve_id": "CVE-2024-1", "pkg": bash["name"], "cve_score": 5, "aff_ver": "x", "res_ver": version, "status": "Fixed"}]))
    rpm_feeds.update(clair, tmp_path / "db", "photon", tmp_path / "cve_data_photon4.0.json")
    assert [v["id"] for v in scan(layer, db=tmp_path / "db").targets[0]["vulnerabilities"]] == ids
