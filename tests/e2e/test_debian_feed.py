"""The Debian feed, read a second time by other means: what the tracker's JSON says against what is in the database."""
import json
import lzma
import pathlib
import sqlite3
import subprocess

import pytest

SAMPLE = pathlib.Path(__file__).resolve().parents[2] / "sample" / "debian-tracker-sample.json"
VERSIONS = {"sid": "unstable", "trixie": "13", "bookworm": "12", "bullseye": "11", "buster": "10"}
UNKNOWN, NEGLIGIBLE, LOW, MEDIUM, HIGH = range(5)
SEVERITIES = {"unimportant": NEGLIGIBLE, "end-of-life": NEGLIGIBLE, "low": LOW, "medium": MEDIUM, "high": HIGH}
AFFECTED, FIXED, DEFERRED, WILL_NOT_FIX, END_OF_LIFE = range(5)


def state(release):
    if release["status"] == "resolved":
        return FIXED
    if release.get("urgency") == "end-of-life":
        return END_OF_LIFE
    return {"postponed": DEFERRED, "ignored": WILL_NOT_FIX}.get(release.get("nodsa_reason"), AFFECTED)


def expected(tracker):
    """{(namespace, CVE, package): (fixed version, state, severity, description)}"""
    rows = {}
    for package, records in tracker.items():
        for cve, record in records.items():
            for codename, release in record["releases"].items():
                if not cve.startswith("CVE-") or release["status"] == "undetermined":
                    continue
                if release.get("fixed_version") == "0":
                    continue
                fixed = release["fixed_version"] if release["status"] == "resolved" else ""
                severity = SEVERITIES.get(release.get("urgency", "").rstrip("*"), UNKNOWN)
                key = "debian:" + VERSIONS[codename], cve, package
                rows[key] = (fixed, state(release), severity, record.get("description", ""))
    return rows


QUERY = """SELECT n.name, v.name, p.name, f.fixed_version, f.state, f.severity, ifnull(t.body, '')
	FROM vulnerability v JOIN namespace n ON n.id = v.namespace_id
	JOIN fix f ON f.vulnerability_id = v.id JOIN package p ON p.id = f.package_id
	LEFT JOIN text t ON t.id = v.description_id WHERE v.deleted_at IS NULL"""


@pytest.mark.parametrize("which", ["sample", "full"])
def test_database_says_what_the_tracker_says(clair, tmp_path, request, which):
    feed = SAMPLE
    if which == "full":
        feed = request.getfixturevalue("shared_data") / "feeds/debian/tracker-20230714.json.xz"
    subprocess.run([clair, "update", "--db", tmp_path / "db", "--from", f"debian={feed}"], check=True)
    with (lzma.open if feed.suffix == ".xz" else open)(feed, "rt", encoding="utf-8") as f:
        tracker = json.load(f)
    got = {row[:3]: row[3:] for row in sqlite3.connect(tmp_path / "db").execute(QUERY)}
    want = expected(tracker)
    assert len(want) > 1000
    assert {k: (got.get(k), want.get(k)) for k in got.keys() | want.keys() if got.get(k) != want.get(k)} == {}
