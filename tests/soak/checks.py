"""What has to hold when the load is over: of the process, of the database, and of what the API says."""
import os
import pathlib
import re
import sqlite3
import statistics
import time

import catalogue
from worker import NAMESPACES, QUARRELLED, affects, fixes_of, version

# Each finds nothing. They are the same for both databases.
NONE = {
    "current vulnerabilities twice": "SELECT source_id, namespace_id, name FROM vulnerability WHERE deleted_at IS NULL"
                                     " GROUP BY source_id, namespace_id, name HAVING count(*) > 1",
    "fixes of deleted vulnerabilities": "SELECT f.vulnerability_id FROM fix f JOIN vulnerability v ON v.id = f.vulnerability_id"
                                        " WHERE v.deleted_at IS NOT NULL",
    "fixes without vulnerability": "SELECT vulnerability_id FROM fix"
                                   " WHERE vulnerability_id NOT IN (SELECT id FROM vulnerability)",
    "old fixes of current vulnerabilities": "SELECT f.vulnerability_id FROM deleted_fix f JOIN vulnerability v"
                                            " ON v.id = f.vulnerability_id WHERE v.deleted_at IS NULL",
    "old fixes without vulnerability": "SELECT vulnerability_id FROM deleted_fix"
                                       " WHERE vulnerability_id NOT IN (SELECT id FROM vulnerability)",
    "packages of another namespace": "SELECT f.package_id FROM fix f JOIN package p ON p.id = f.package_id JOIN vulnerability v"
                                     " ON v.id = f.vulnerability_id WHERE p.namespace_id <> v.namespace_id",
    "sources that miscount": "SELECT s.name, s.advisories FROM source s WHERE s.advisories <>"
                             " (SELECT count(*) FROM vulnerability v WHERE v.source_id = s.id AND v.deleted_at IS NULL)",
    "layers that borrow from who has borrowed": "SELECT l.name FROM layer l JOIN layer o ON o.id = l.features_of"
                                                " WHERE o.features_of IS NOT NULL",
    "borrowers with features": "SELECT l.name FROM layer l WHERE l.features_of IS NOT NULL"
                               " AND EXISTS (SELECT 1 FROM layer_feature f WHERE f.layer_id = l.id)",
    "facts that no layer has": "SELECT id FROM layer_content WHERE id NOT IN (SELECT content_id FROM layer)",
    "the updater's lock": "SELECT owner FROM lock WHERE name = 'updater'",
}
# What was given up is locked for a minute, so that others have their turn; nothing is for longer.
LOCKS = "SELECT name, owner, until FROM lock WHERE until > "
LOCK_SECONDS = 61


def run_sql(server, postgres, statement):
    database = server.config["database"]["options"]
    if "path" in database:
        with sqlite3.connect(database["path"], timeout=60) as connection:
            return connection.execute(statement).fetchall()
    return postgres.sql(statement, database["source"])


def check_database(server, postgres, failures):
    """No server runs."""
    for what, statement in NONE.items():
        rows = run_sql(server, postgres, statement)
        failures.unless(not rows, f"database: {what}: {rows[:5]}")
    rows = run_sql(server, postgres, f"{LOCKS}{int(time.time()) + LOCK_SECONDS}")
    failures.unless(not rows, f"database: locks: {rows[:5]}")
    if "path" in server.config["database"]["options"]:
        for pragma in ("integrity_check", "foreign_key_check"):
            rows = run_sql(server, postgres, f"PRAGMA {pragma}")
            failures.unless(rows in ([], [("ok",)]), f"database: {pragma}: {rows[:5]}")


def all_vulnerabilities(server, namespace, failures):
    """{name: vulnerability with its FixedIn}, page by page; none comes twice while nobody edits."""
    found, page = {}, ""
    path = f"/v1/namespaces/{namespace}/vulnerabilities"
    while page is not None:
        answer = server.get(f"{path}?limit=100{page and '&page=' + page}").json
        for entry in answer["Vulnerabilities"] or []:
            failures.unless(entry["Name"] not in found, f"listed twice: {namespace} {entry['Name']}")
            found[entry["Name"]] = server.get(f"{path}/{entry['Name']}?fixedIn").json["Vulnerability"]
        page = answer.get("NextPage")
    return found


def check_api(server, shared, tracker, failures):
    """Every layer that was posted is there; who is affected by what is as the vulnerabilities say; nobody else edits."""
    listed = {namespace: all_vulnerabilities(server, namespace, failures) for namespace in NAMESPACES}
    fixes = {namespace: {name: fixes_of(v) for name, v in listed[namespace].items()} for namespace in NAMESPACES}
    for (namespace, name), now in shared.owned.items():
        if (namespace, name) in shared.uncertain:
            continue
        found = listed[namespace].get(name)
        same = (found is not None and now is not None and found["Severity"] == now["severity"] and
                fixes[namespace][name] == now["fixes"]) or found is now is None
        failures.unless(same, f"{namespace} {name}: {found}, not {now}")
    for name, expected in tracker.items():
        failures.unless(fixes["debian:12"].get(name) == expected, f"{name}: {fixes['debian:12'].get(name)}, not {expected}")
    for number, layer in enumerate(shared.layers.known):
        check_layer(server, layer, fixes[layer.namespace], failures, also_plain=number % 10 == 0)


def check_layer(server, layer, fixes, failures, also_plain):
    answer = server.get(f"/v1/layers/{layer.name}?vulnerabilities", headers={"Accept-Encoding": "gzip"})
    if not failures.unless(answer.status == 200, f"layer {layer.name}: {answer.status}"):
        return
    failures.unless(catalogue.features(answer) == layer.expected(), f"layer {layer.name}: {answer.text[:1000]}")
    for feature in answer.json["Layer"].get("Features", []):
        package = feature["Name"]
        n = layer.features[package][0]
        # Of those that the API and a feed have both, one is shown and both count.
        found = sorted((v["Name"], v.get("FixedBy")) for v in feature.get("Vulnerabilities", []) if v["Name"] not in QUARRELLED)
        expected = sorted((name, f[package] is not None and version(f[package]) or None) for name, f in fixes.items()
                          if affects(f, package, n) and name not in QUARRELLED)
        failures.unless(found == expected, f"{layer.name} {package} 1.{n}: {found}, not {expected}")
    if also_plain:
        plain = server.get(f"/v1/layers/{layer.name}?vulnerabilities")
        failures.unless(plain.body.decode() == answer.text, f"layer {layer.name}: plain and gzip differ")


class Sample:
    """What a process holds at a moment."""

    def __init__(self, pid):
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        self.rss_kib = int(re.search(r"VmRSS:\s+(\d+)", status)[1])
        self.threads = int(re.search(r"Threads:\s+(\d+)", status)[1])
        self.fds = len(os.listdir(f"/proc/{pid}/fd"))
        self.children = len(children(pid))

    def __str__(self):
        return f"{self.rss_kib // 1024} MiB, {self.fds} descriptors, {self.threads} threads, {self.children} children"


def children(pid):
    """Processes below it, the workers of its zygote too."""
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                found += [int(child), *children(int(child))]
    except OSError:
        pass  # it has ended
    return found


def check_trend(samples, failures, slack_kib):
    """Of the memory in the last third of the time, and in the third before: the same, but for some."""
    third = len(samples) // 3
    before = statistics.median(s.rss_kib for s in samples[third:2 * third])
    after = statistics.median(s.rss_kib for s in samples[2 * third:])
    print(f"memory: {before / 1024:.0f} MiB, then {after / 1024:.0f} MiB")
    failures.unless(after < before * 1.1 + slack_kib, f"memory grows: {[s.rss_kib for s in samples]}")


def wait_quiet(server, baseline, failures, seconds=30):
    """Descriptors, threads and workers are back where they were before the load, but for kept connections to the database."""
    deadline = time.monotonic() + seconds
    while True:
        now = Sample(server.process.pid)
        # A connection of SQLite has three files, and the pool opens up to ten.
        quiet = now.fds <= baseline.fds + 40 and now.threads <= baseline.threads and now.children <= baseline.children
        if quiet or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    print(f"before the load: {baseline}\nafter it:        {now}")
    failures.unless(quiet, f"after the load: {now}, before it: {baseline}")
