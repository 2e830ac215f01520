#!/usr/bin/env python3
"""Cuts a small sample out of the Debian security tracker's JSON: whole CVE records, as they stand.

usage: make-sample.py TRACKER.json[.xz|.gz] DPKG-STATUS CVE-LIST OUT.json

Kept are bookworm, trixie and sid, and of them
 - what is open in bookworm, or was fixed there by an update (a +deb12u version), of any package;
 - the other records of the source packages in DPKG-STATUS, the latest of each package first,
   round after round, until the sample has its size.

Records of CVE-LIST, in the form of the tracker's data/CVE/list, come first and replace those of the
same package and CVE. Whether a release has a fix is decided as the tracker does it: a line for the
release rules, else the version in the release, known from TRACKER.json, is compared with the fixed
version of the plain line.
"""
import gzip
import json
import lzma
import re
import subprocess
import sys

RELEASES = ("bookworm", "trixie", "sid")
LIMIT_BYTES = 380 * 1024
NO_DSA_REASONS = {"no-dsa": "", "ignored": "ignored", "postponed": "postponed"}
URGENCIES = ("unimportant", "low", "medium", "high")
LINE = re.compile(
    r"(?:\[(?P<release>[a-z]+)\] )?- (?P<package>\S+) "
    r"(?:<(?P<kind>[a-z-]+)>|(?P<version>\S+))(?: \((?P<remark>.*)\))?"
)


def load(path):
    opener = {"xz": lzma.open, "gz": gzip.open}.get(path.rsplit(".", 1)[-1], open)
    with opener(path, "rt", encoding="utf-8") as f:
        return json.load(f)


def source_packages(status_path):
    names = set()
    with open(status_path, encoding="utf-8") as f:
        for stanza in f.read().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in stanza.split("\n") if re.match(r"\S+: ", line))
            if "Package" in fields:
                names.add(fields.get("Source", fields["Package"]).split(" ")[0])
    return names


def cut(record):
    return dict(record, releases={r: v for r, v in record["releases"].items() if r in RELEASES})


def is_finding(record):
    bookworm = record["releases"].get("bookworm", {})
    return bookworm.get("status") == "open" or "+deb12u" in bookworm.get("fixed_version", "")


def cve_number(name):
    return tuple(int(n) for n in name.split("-")[1:])


def choose(tracker, installed):
    """All candidates (package, CVE), the most wanted first."""
    rounds = []
    for package, records in tracker.items():
        cves = sorted((c for c in records if re.fullmatch(r"CVE-\d+-\d+", c)), key=cve_number, reverse=True)
        for place, cve in enumerate(cves):
            if is_finding(records[cve]):
                rounds.append((-1, package, cve))
            elif package in installed and cut(records[cve])["releases"]:
                rounds.append((place, package, cve))
    return [(package, cve) for _, package, cve in sorted(rounds)]


def read_cve_list(path):
    """Yields (CVE, description, lines), a line being the groups of LINE."""
    with open(path, encoding="utf-8") as f:
        text = re.sub(r"^#.*\n", "", f.read(), flags=re.M)
    for record in filter(None, re.split(r"^(?=CVE-)", text, flags=re.M)):
        head, *lines = record.rstrip("\n").split("\n")
        cve, description = head.split(" ", 1)
        yield cve, description, [LINE.fullmatch(line.strip()).groupdict() for line in lines]


def is_less(a, b):
    status = subprocess.run(["dpkg", "--compare-versions", a, "lt", b], check=False).returncode
    return status == 0


def versions_of(tracker, package):
    """Release -> the newest version in its repositories."""
    versions = {}
    for record in tracker[package].values():
        for release, entry in record["releases"].items():
            for version in entry["repositories"].values():
                if is_less(versions.get(release, "0"), version):
                    versions[release] = version
    return versions


def urgency_of(line):
    words = re.split(r"; *", line["remark"] or "")
    return next((word for word in words if word in URGENCIES), "not yet assigned")


def release_entry(plain, own, version):
    """The release's entry: plain is the line without a release, own the release's line or None."""
    line = own or plain
    entry = {"status": "open", "urgency": urgency_of(plain)}
    if line["kind"] == "not-affected":
        entry.update(status="resolved", fixed_version="0")
    elif line["kind"] in NO_DSA_REASONS:
        entry.update(nodsa=line["remark"] or "", nodsa_reason=NO_DSA_REASONS[line["kind"]])
    elif line["kind"] == "end-of-life":
        entry.update(urgency="end-of-life")
    elif line["kind"] == "undetermined":
        entry.update(status="undetermined")
    elif line["version"] and not is_less(version, line["version"]):
        entry.update(status="resolved", fixed_version=line["version"])
    elif line["kind"] not in ("unfixed", "removed", None):
        raise ValueError(f"unknown kind {line['kind']}")
    return entry


def records_of_cve_list(tracker, path):
    """Yields (package, CVE, record)."""
    for cve, description, lines in read_cve_list(path):
        for plain in lines:
            package = plain["package"]
            if plain["release"] or package not in tracker:
                continue
            own = {line["release"]: line for line in lines if line["package"] == package}
            versions = versions_of(tracker, package)
            releases = {
                r: release_entry(plain, own.get(r), versions[r]) for r in RELEASES if r in versions
            }
            yield package, cve, {"description": description, "releases": releases}


def main():
    tracker_path, status_path, list_path, out_path = sys.argv[1:]
    tracker = load(tracker_path)
    sample, size = {}, 0
    for package, cve, record in records_of_cve_list(tracker, list_path):
        sample.setdefault(package, {})[cve] = record
        size += len(json.dumps({cve: record}, indent=1)) + 32
    for package, cve in choose(tracker, source_packages(status_path)):
        if cve in sample.get(package, {}):
            continue
        record = cut(tracker[package][cve])
        size += len(json.dumps({cve: record}, indent=1)) + 32
        if size > LIMIT_BYTES:
            break
        sample.setdefault(package, {})[cve] = record
    with open(out_path, "w", encoding="utf-8") as f:
        json.dump(sample, f, indent=1, sort_keys=True)
        f.write("\n")


if __name__ == "__main__":
    main()
