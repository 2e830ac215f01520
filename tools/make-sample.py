#!/usr/bin/env python3
"""Cuts a small sample out of the Debian security tracker's JSON: whole CVE records, as they stand.

usage: make-sample.py TRACKER.json[.xz|.gz] DPKG-STATUS OUT.json

Kept are bookworm, trixie and sid, and of them
 - what is open in bookworm, or was fixed there by an update (a +deb12u version), of any package;
 - the other records of the source packages in DPKG-STATUS, the latest of each package first,
   round after round, until the sample has its size.
"""
import gzip
import json
import lzma
import re
import sys

RELEASES = ("bookworm", "trixie", "sid")
LIMIT_BYTES = 380 * 1024


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


def main():
    tracker_path, status_path, out_path = sys.argv[1:]
    tracker = load(tracker_path)
    sample, size = {}, 0
    for package, cve in choose(tracker, source_packages(status_path)):
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
