"""Reads what an update left in the database, and runs updates and scans for the feeds of rpm distributions."""
import contextlib
import http.server
import sqlite3
import subprocess
import threading
import xml.etree.ElementTree as ET

UNKNOWN, NEGLIGIBLE, LOW, MEDIUM, HIGH, CRITICAL = range(6)
AFFECTED, FIXED = range(2)
SEVERITIES = {"low": LOW, "moderate": MEDIUM, "medium": MEDIUM, "important": HIGH, "high": HIGH, "critical": CRITICAL}

QUERY = """SELECT n.name, v.name, p.name, f.introduced_version, f.fixed_version, f.state, f.severity, f.arches, v.cves
	FROM vulnerability v JOIN namespace n ON n.id = v.namespace_id
	JOIN fix f ON f.vulnerability_id = v.id JOIN package p ON p.id = f.package_id WHERE v.deleted_at IS NULL"""


def update(clair, db, source, location, check=True, **more):
    return subprocess.run([clair, "update", source, "--db", db, "--from", f"{source}={location}"], check=check, **more)


def rows(db):
    """{(namespace, name, package): (introduced, fixed, state, severity, architectures, CVEs)}"""
    got = {}
    for row in sqlite3.connect(db).execute(QUERY):
        key = row[:3]
        assert key not in got, key
        got[key] = (*row[3:7], frozenset(row[7].split()), frozenset(row[8].split()))
    return got


def assert_same(got, want):
    different = {k: (got.get(k), want.get(k)) for k in got.keys() | want.keys() if got.get(k) != want.get(k)}
    assert not different, different


def without_epoch_0(evr):
    return evr.removeprefix("0:")


def severity(word):
    return SEVERITIES.get(word.lower(), UNKNOWN)


@contextlib.contextmanager
def serve(folder, forbidden=()):
    """An HTTP server of a folder: its URL, and the paths that it was asked for. 403 for what begins with a forbidden one."""
    requests = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, *arguments):
            pass

        def do_GET(self):
            requests.append(self.path)
            if self.path.startswith(tuple(forbidden)):
                self.send_error(403)
            else:
                super().do_GET()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", requests
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Oval:
    """An OVAL document: definitions, and what their criteria refer to."""

    def __init__(self, document):
        self.root = ET.fromstring(document)
        for e in self.root.iter():
            e.tag = e.tag.rpartition("}")[2]
        self.by_id = {e.get("id"): e for e in self.root.iter() if e.get("id")}

    def definitions(self):
        return self.root.iter("definition")

    def test(self, criterion):
        """(name, state) of a criterion; a state is {child's name: (text, operation)}"""
        test = self.by_id.get(criterion.get("test_ref"))
        if test is None:
            return None, {}
        name = self.by_id[test.find("object").get("object_ref")].findtext("name")
        state = test.find("state")
        children = [] if state is None else self.by_id[state.get("state_ref")]
        return name, {c.tag: (c.text, c.get("operation")) for c in children}
