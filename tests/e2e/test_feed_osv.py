"""Errata of AlmaLinux and Rocky Linux in OSV, read a second time by other means, and found in images."""
import functools
import json
import pathlib
import re
import sqlite3
import subprocess
import zipfile

import pytest

import feeds

DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "feed"
SEVERITIES = {"Critical": feeds.CRITICAL, "Important": feeds.HIGH, "Moderate": feeds.MEDIUM, "Low": feeds.LOW}


@functools.cache
def earlier(clair, a, b):
    order = subprocess.run([clair, "compare-versions", "rpm", a, b], check=True, stdout=subprocess.PIPE, encoding="utf-8")
    return a if order.stdout.strip() == "<" else b


def streams(summary):
    return re.findall(r"(?<!\S)([\w.+-]+:[\w.+-]*[\w+-])(?=[,.;)]*(?:\s|$))", summary)


def expected(clair, archive, ecosystem, namespace):
    found = {}
    for name in archive.namelist():
        record = json.loads(archive.read(name))
        cves = tuple(sorted({c for c in record.get("upstream", []) + record.get("related", []) if c.startswith("CVE-")}))
        if record["id"].startswith("RXSA") or not (cves or record["id"].startswith("ALSA")):
            continue
        severity = SEVERITIES.get(record["summary"].split(":")[0], feeds.UNKNOWN)
        for affected in record["affected"]:
            kind, release = affected["package"]["ecosystem"].split(":")
            assert kind == ecosystem
            for scope in affected["ranges"]:
                assert [list(event) for event in scope["events"]] == [["introduced"], ["fixed"]]
                fixed = scope["events"][1]["fixed"].removeprefix("0:")
                packages = [affected["package"]["name"]]
                if ".module" in fixed:
                    packages = [f"{stream}::{packages[0]}" for stream in streams(record["summary"])]
                for package in packages:
                    key = f"{namespace}:{release}", record["id"], package, ""
                    if key in found:
                        fixed = earlier(clair, fixed, found[key][0])
                    found[key] = fixed, feeds.FIXED, severity, severity, cves
    return found


def check(clair, database, source, path, ecosystem, namespace, least):
    said = feeds.update(clair, database, source, path)
    with zipfile.ZipFile(path) as archive:
        want = expected(clair, archive, ecosystem, namespace)
    assert len(want) >= least
    assert feeds.differences(feeds.rows(database), want) == {}
    return said


def test_alma_says_what_its_records_say(clair, tmp_path):
    said = check(clair, tmp_path / "db", "alma", DATA / "osv/almalinux.zip", "AlmaLinux", "almalinux", 600)
    assert "ALSA-2023:5989: it does not say of which module varnish is" in said


@pytest.mark.whole
def test_alma_in_full(clair, tmp_path, shared_data):
    check(clair, tmp_path / "db", "alma", shared_data / "feeds/osv/AlmaLinux/all.zip", "AlmaLinux", "almalinux", 40000)


def test_rocky_says_what_its_records_say(clair, tmp_path):
    check(clair, tmp_path / "db", "rocky", DATA / "osv/rocky.zip", "Rocky Linux", "rocky", 1)


def test_links_and_descriptions(clair, tmp_path):
    feeds.update(clair, tmp_path / "db", "alma", DATA / "osv/almalinux.zip")
    link, text = sqlite3.connect(tmp_path / "db").execute(
        "SELECT v.link, t.body FROM vulnerability v JOIN text t ON t.id = v.description_id WHERE v.name = 'ALSA-2022:0129'"
    ).fetchone()
    assert link == "https://errata.almalinux.org/8/ALSA-2022-0129.html"
    assert text.startswith("Mozilla Thunderbird is a standalone mail and newsgroup client.")


def test_archive_that_has_not_changed_is_not_read(clair, tmp_path):
    feeds.update(clair, tmp_path / "db", "alma", DATA / "osv/almalinux.zip")
    assert "up to date" in feeds.update(clair, tmp_path / "db", "alma", DATA / "osv/almalinux.zip")


def test_archive_cut_short_leaves_what_was_there(clair, tmp_path):
    whole = (DATA / "osv/almalinux.zip").read_bytes()
    path = tmp_path / "all.zip"
    path.write_bytes(whole)
    feeds.update(clair, tmp_path / "db", "alma", path)
    before = feeds.rows(tmp_path / "db")
    path.write_bytes(whole[: len(whole) // 2])
    run = subprocess.run([clair, "update", "--db", tmp_path / "db", "--from", f"alma={path}", "alma"], stderr=subprocess.PIPE,
                         encoding="utf-8")
    assert run.returncode != 0 and "truncated" in run.stderr
    assert feeds.rows(tmp_path / "db") == before


@pytest.mark.parametrize("layer, release", [("almalinux-8.9-s390x-micro-20231122-bdb-bigendian.tar.xz", "8"),
                                            ("almalinux-9.3-aarch64-micro-20231124-sqlite.tar.xz", "9")])
def test_findings_in_a_real_layer(clair, tmp_path, shared_data, layer, release):
    """For each package with findings, those are what the records say of the installed version, no more and no fewer."""
    archive = shared_data / "feeds/osv/AlmaLinux/all.zip"
    feeds.update(clair, tmp_path / "db", "alma", archive)
    report = json.loads(feeds.scan(clair, tmp_path / "db", shared_data / "images/layers" / layer))
    found = [(v["package"], v["installed"], v["id"]) for v in report["targets"][0]["vulnerabilities"]]
    installed = {package: version for package, version, _ in found}
    assert len(found) > 10 and "glibc" in installed
    with zipfile.ZipFile(archive) as records:
        want = [(package, installed[package], name)
                for (namespace, name, package, _), (fixed, *_) in expected(clair, records, "AlmaLinux", "almalinux").items()
                if namespace == f"almalinux:{release}" and package in installed
                and earlier(clair, installed[package], fixed) == installed[package] != fixed]
    assert sorted(found) == sorted(want)
