"""Sources of several documents, and everything that can go wrong with them: the old data stay, whole, and the next update completes."""
import contextlib
import gzip
import hashlib
import http.server
import json
import os
import resource
import signal
import sqlite3
import subprocess
import threading
import time
import zlib

import pytest

from server import wait_until

SOURCES = "alpine", "nvd", "photon"


def secdb(release, kind, version, count=1, padding=0):
    return json.dumps({"distroversion": release, "reponame": kind, "packages": [
        {"pkg": {"name": f"{kind}{i}{'-' * bool(padding)}{'x' * padding}", "secfixes": {f"{version}.{i}-r0": [f"CVE-2024-{i + 1:04}"]}}}
        for i in range(count)]}).encode()


def nvd(year, score, count=1, padding=0):
    return json.dumps({"vulnerabilities": [{"cve": {
        "id": f"CVE-{year}-{i + 1:04}", "vulnStatus": "Analyzed", "published": "2024-01-01T00:00:00.000", "metrics": {"cvssMetricV31": [
            {"type": "Primary", "cvssData": {"version": "3.1", "vectorString": "CVSS:3.1/AV:N" + "x" * padding, "baseScore": score}}]}}}
        for i in range(count)]}).encode()


def photon(version, count=1):
    return json.dumps([{"cve_id": f"CVE-2024-{i + 1:04}", "pkg": f"package{i}", "cve_score": 7.5, "aff_ver": f"all versions before {version}",
                        "res_ver": version, "status": "Fixed"} for i in range(count)]).encode()


def edition(number, count=1, padding=0):
    """What the sources say at a time: every document says something else in each edition."""
    files = {"/alpine/last-update": f"{number}\n".encode()}
    for release in "v3.2", "v3.3", "edge":
        for kind in "main", "community":
            files[f"/alpine/{release}/{kind}.json"] = secdb(release, kind, number, count, padding)
    for year in 2002, 2003, 2004:
        body = nvd(year, number, count, padding)
        files[f"/nvd/nvdcve-2.0-{year}.json.gz"] = gzip.compress(body, mtime=0)
        files[f"/nvd/nvdcve-2.0-{year}.meta"] = f"sha256:{hashlib.sha256(body).hexdigest().upper()}\r\n".encode()
    files["/photon/photon_versions.json"] = b'{"branches": ["4.0", "5.0"]}'
    for branch in "4.0", "5.0":
        files[f"/photon/cve_data_photon{branch}.json"] = photon(f"{number}.0-1.ph{branch[0]}", count)
    return files


OLD, NEW = edition(1), edition(2)


class Site(http.server.ThreadingHTTPServer):
    """Files by path; a fault, by path, answers instead."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.faults, self.sent = {}, {}, []
        self.before = lambda path: None  # called before a document is sent
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        pass  # clients that go away are what this is about


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.server.files.get(self.path)
        if body is None:
            self.reply(b"", 404)
        elif self.path in self.server.faults:
            self.server.faults[self.path](self, body)
        elif self.headers["If-None-Match"] == etag_of(body):
            self.reply(b"", 304)
        else:
            self.server.sent.append(self.path)
            self.server.before(self.path)
            self.reply(body, ETag=etag_of(body))

    def reply(self, body, status=200, length=None, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.close_connection or length is not None

    def log_message(self, *arguments):
        pass


def etag_of(body):
    return f'"{hashlib.sha256(body).hexdigest()}"'


@pytest.fixture
def site():
    s = Site()
    thread = threading.Thread(target=s.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield s
    s.shutdown()
    thread.join()
    s.server_close()


# What is said, without how and since when it is stored.
CONTENT = {
    "advisories": """SELECT s.name, n.name, v.name, v.severity, v.link, t.body, v.metadata, v.cves, p.name, f.introduced_version,
        f.fixed_version, f.state, f.severity, f.arches FROM vulnerability v JOIN source s ON s.id = v.source_id
        JOIN namespace n ON n.id = v.namespace_id LEFT JOIN text t ON t.id = v.description_id
        LEFT JOIN fix f ON f.vulnerability_id = v.id LEFT JOIN package p ON p.id = f.package_id WHERE v.deleted_at IS NULL""",
    "cves": "SELECT name, severity, metadata FROM cve",
    "sources": "SELECT name, location, digest, documents, advisories FROM source WHERE updated_at > 0",
}

# Everything; failures are noted, and names that nothing refers to may stay behind.
ALL = {table: f"SELECT * FROM {table}" for table in (
    "vulnerability", "fix", "deleted_fix", "cve", "text", "notification", "lock", "generation", "keyvalue", "layer", "feature")}
ALL["source"] = """SELECT id, name, location, etag, last_modified, digest, updated_at, checked_at, advisories, documents
    FROM source WHERE updated_at > 0"""


class Database:
    """Of either kind; `location` is for --db."""

    def __init__(self, clair, site, location, postgres):
        self.clair, self.site, self.location, self.postgres = clair, site, location, postgres
        self.backend = "postgresql" if postgres else "sqlite"

    def exists(self):
        """Whether there is a schema yet."""
        if self.postgres:
            return self.postgres.sql("SELECT to_regclass('cve') IS NOT NULL", self.location) == [["t"]]
        return os.path.exists(self.location) and self.query("SELECT name FROM sqlite_schema WHERE name = 'cve'") != []

    def query(self, sql):
        if self.postgres:
            return sorted(map(tuple, self.postgres.sql(sql, self.location)))
        with contextlib.closing(sqlite3.connect(self.location)) as db:
            return sorted(tuple(map(str, row)) for row in db.execute(sql))

    def all(self):
        return {name: self.query(sql) for name, sql in ALL.items()}

    def content(self):
        return {name: self.query(sql) for name, sql in CONTENT.items()}

    def of_sources(self):
        """The content, by source."""
        content = self.content()
        return {source: ([row for row in content["advisories"] if row[0] == source], content["cves"] if source == "nvd" else None,
                         [row for row in content["sources"] if row[0] == source]) for source in SOURCES}

    def start(self, *sources, **options):
        env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")} | {"CLAIR_HTTP_RETRY_MS": "1"}
        places = [word for source in sources or SOURCES
                  for word in ([source] if source.startswith("-") else ("--from", f"{source}={self.site.url}/{source}/"))]
        return subprocess.Popen([self.clair, "update", "--db", self.location, *places], env=env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)

    def update(self, *sources, **options):
        with self.start(*sources, **options) as process:
            output = process.communicate(timeout=60)[0]
        assert "Sanitizer" not in output, output
        return process.returncode, output

    def succeed(self, *sources):
        status, output = self.update(*sources)
        assert status == 0, output

    def fail(self, *sources, **options):
        status, output = self.update(*sources, **options)
        assert status == 2, output
        return output

    def status(self):
        return subprocess.run([self.clair, "db", "status", "--db", self.location], stdout=subprocess.PIPE, text=True, check=True).stdout

    def assert_sound(self):
        if not self.postgres:
            assert self.query("PRAGMA integrity_check") == [("ok",)] and self.query("PRAGMA foreign_key_check") == []


@pytest.fixture
def make(clair, site, tmp_path, request):
    """make(backend) makes an empty database."""
    made = []

    def database(backend):
        made.append(backend)
        postgres = request.getfixturevalue("postgres") if backend == "postgresql" else None
        return Database(clair, site, postgres.database() if postgres else str(tmp_path / f"{len(made)}.db"), postgres)

    return database


@pytest.fixture
def database(make, backend):
    return make(backend)


def fresh(make, database, files, *sources):
    """What a database says that never saw anything else."""
    other = make(database.backend)
    database.site.files, database.site.faults = files, {}
    other.succeed(*sources)
    return other.content()


FAULTS = {
    "500": lambda handler, body: handler.reply(b"", 500),
    "cut": lambda handler, body: handler.reply(body[:len(body) // 2], length=len(body)),
    "wrong": lambda handler, body: handler.reply(b"<html>down for maintenance</html>"),
    "404": lambda handler, body: handler.reply(b"", 404),
}


def does_no_harm(fault, path):
    """These only say whether others have changed; they are read when it is not known."""
    return path.endswith(("last-update", ".meta")) and fault in ("wrong", "404")


def may_be_missing(fault, path):
    """Branches come and go: what is not there stays as it was."""
    return fault == "404" and path.startswith("/photon/cve_data")


@pytest.mark.parametrize("source", SOURCES)
def test_document_that_fails_keeps_the_old(make, database, site, source):
    site.files = OLD
    database.succeed(source)
    before, paths = database.all(), [path for path in OLD if path.startswith(f"/{source}/")]
    # The reading is the same whatever it is written to.
    faults = ("cut",) if database.postgres else FAULTS
    site.files = NEW
    for path in paths:
        for fault in faults:
            if does_no_harm(fault, path) or may_be_missing(fault, path):
                continue
            site.faults = {path: FAULTS[fault]}
            output, name = database.fail(source), path.rpartition("/")[2]
            assert database.all() == before, (path, fault)
            assert name in output and name in database.status(), (path, fault, output)
    site.faults = {}
    database.succeed(source)
    after = database.content()
    assert "failed" not in database.status()
    assert after == fresh(make, database, NEW, source)


@pytest.mark.parametrize("missing", ["/alpine/v3.3/", "/nvd/nvdcve-2.0-2003.", "/photon/cve_data_photon5.0"])
def test_what_is_not_there_any_more_stays_as_it_was(make, site, missing):
    """A release, a year, a branch: the others are read."""
    database, source = make("sqlite"), missing.split("/")[1]
    site.files = OLD
    database.succeed(source)
    old = database.content()
    new = fresh(make, database, NEW, source)
    site.files = {path: body for path, body in NEW.items() if not path.startswith(missing)}
    database.succeed(source)
    mixed, kind = database.content(), "cves" if source == "nvd" else "advisories"
    part = {"/alpine/v3.3/": "alpine:v3.3", "/nvd/nvdcve-2.0-2003.": "CVE-2003", "/photon/cve_data_photon5.0": "photon:5.0"}[missing]

    def is_missing(row):
        return any(field.startswith(part) for field in row[:2])

    assert mixed[kind] == sorted([row for row in old[kind] if is_missing(row)] + [row for row in new[kind] if not is_missing(row)])
    # It may come back.
    site.files = {**edition(3), **{path: body for path, body in NEW.items() if path.startswith(missing)}}
    database.succeed(source)
    assert database.content()[kind] == fresh(make, database, site.files, source)[kind]


def test_repository_that_is_gone_for_good_is_accepted(make, site):
    database = make("sqlite")
    site.files = OLD
    database.succeed("alpine")
    site.files = {path: body for path, body in NEW.items() if path != "/alpine/edge/main.json"}
    assert "was there before" in database.fail("alpine")
    database.succeed("alpine", "--accept-shrinking")
    assert database.content()["advisories"] == fresh(make, database, site.files, "alpine")["advisories"]


@pytest.mark.parametrize("source", SOURCES)
def test_document_that_fails_keeps_a_new_database_empty(database, site, source):
    site.files = NEW
    path = [path for path in NEW if path.startswith(f"/{source}/")][-1]
    site.faults = {path: FAULTS["cut"]}
    database.fail(source)
    assert all(not rows for rows in database.content().values())
    assert "never" in database.status() and path.rpartition("/")[2] in database.status()


def test_fault_of_one_source_is_none_of_the_others(make, database, site):
    site.files = OLD
    database.succeed()
    old = database.of_sources()
    site.files, site.faults = NEW, {"/nvd/nvdcve-2.0-2003.json.gz": FAULTS["cut"]}
    database.fail()
    mixed = database.of_sources()
    site.faults = {}
    database.succeed()
    new = database.of_sources()
    assert mixed == {**new, "nvd": old["nvd"]} and new["nvd"] != old["nvd"]
    assert database.content() == fresh(make, database, NEW)


def test_no_message_shows_a_password(make, site):
    """Nor does the database keep it, whatever is missing there."""
    database = make("sqlite")
    site.url = site.url.replace("://", "://user:s3cret@")
    sources = "alma", "alpine", "amazon", "azurelinux", "debian", "nvd", "oracle", "photon", "rhel", "suse", "wolfi"
    output = database.fail(*sources)
    assert all(f"error: {source}: " in output for source in sources)
    assert "s3cret" not in output + database.status() and "user" not in output


def bomb(begin):
    """A gzip that never ends: `begin`, and a MiB of spaces again and again."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = deflate.compress(begin) + deflate.flush(zlib.Z_FULL_FLUSH)
    block = deflate.compress(b" " * (1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return head + block * 2000


@pytest.mark.parametrize("path", ["/alpine/v3.3/community.json", "/nvd/nvdcve-2.0-2003.json.gz", "/photon/cve_data_photon5.0.json"])
def test_decompression_bomb(make, site, path):
    database, source = make("sqlite"), path.split("/")[1]
    site.files = OLD
    database.succeed(source)
    before, body = database.all(), bomb(b"[" if source == "photon" else b"{")
    assert len(body) < 3 << 20
    site.files = {**NEW, path: body}
    start = time.monotonic()
    output = database.fail(source)
    assert time.monotonic() - start < 20
    assert "expands to more than 400 times its size" in output and "expands" in database.status(), output
    assert database.all() == before


def limited(size):
    """Files may not grow beyond: the write fails, as on a full disk."""
    def set_limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return {"preexec_fn": set_limit}


def test_no_space_for_the_database(make, site):
    database = make("sqlite")
    site.files = edition(1, 300)
    database.succeed()
    before, new = database.all(), edition(2, 300)
    site.files = new
    refused = 0
    for size in 0, 4 << 10, 40 << 10, 100 << 10:
        output = database.fail(**limited(size))
        assert "disk" in output or "I/O" in output or "full" in output or "too large" in output, output
        refused += database.all() == before
        database.assert_sound()
    assert refused >= 2
    database.succeed()
    database.assert_sound()
    assert database.content() == fresh(make, database, new)


def tracker(count, padding):
    return {"/debian/": json.dumps({"zlib": {f"CVE-2024-{i + 1:04}": {
        "description": f"{i}" + "x" * padding, "releases": {"bookworm": {"status": "open", "urgency": "low"}}} for i in range(count)}}).encode()}


def test_no_space_for_the_staging(make, database, site):
    """More than what it holds in memory."""
    site.files = tracker(2, 0)
    database.succeed("debian")
    before = database.all()
    site.files = tracker(5000, 4000)
    output = database.fail("debian", **limited(1 << 20))
    assert "temporary file" in output and "TMPDIR" in output and "TMPDIR" in database.status(), output
    assert database.all() == before
    database.assert_sound()
    site.files = tracker(3, 0)
    database.succeed("debian")
    assert database.content() == fresh(make, database, site.files, "debian")


def assert_no_mixture(database, old, new):
    now = database.of_sources()
    for source in SOURCES:
        assert now[source] in (old[source], new[source]), source
    database.assert_sound()
    return now


def nothing():
    return {source: ([], [] if source == "nvd" else None, []) for source in SOURCES}


@pytest.mark.parametrize("first", [True, False])
def test_killed_while_it_reads(make, database, site, first):
    """At each of some documents, before it is sent: no source that it belongs to is written."""
    site.files = OLD
    database.succeed() if not first else None
    old = nothing() if first else database.of_sources()
    site.files = NEW
    complete = make(database.backend)
    complete.succeed()
    new = complete.of_sources()
    for path in "/alpine/last-update", "/alpine/edge/community.json", "/nvd/nvdcve-2.0-2003.json.gz", "/photon/cve_data_photon5.0.json":
        process, started = None, threading.Event()

        def kill(asked):
            if asked == path:
                started.wait(30)
                process.kill()

        site.before = kill
        process = database.start()
        started.set()
        process.communicate(timeout=60)
        site.before = lambda asked: None
        assert process.returncode == -signal.SIGKILL
        source = path.split("/")[1]
        now = assert_no_mixture(database, old, new)
        assert now[source] == old[source]
        site.files = NEW
        # Others may be written already; they have to be old again for the next round.
        if now != old:
            database = renewed(make, database, first)
            old = nothing() if first else database.of_sources()
            site.files = NEW
    database.succeed()
    assert database.of_sources() == new


def renewed(make, database, first):
    other = make(database.backend)
    if not first:
        database.site.files = OLD
        other.succeed()
    return other


@pytest.mark.parametrize("first", [True, False])
def test_killed_at_any_moment(make, database, site, first):
    """Old or new, each source; and what was written is not lost by the next one that is killed."""
    olds, news = edition(1, 300), edition(2, 300)
    complete = make(database.backend)
    site.files = news
    start = time.monotonic()
    complete.succeed()
    took, new = time.monotonic() - start, complete.of_sources()
    old = nothing()
    if not first:
        site.files = olds
        database.succeed()
        old = database.of_sources()
        site.files = news
    for step in range(5):
        with database.start() as process:
            try:
                process.communicate(timeout=took * (step + 3) / 8)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
        if database.exists():
            assert_no_mixture(database, old, new)
    database.succeed()
    database.assert_sound()
    assert database.of_sources() == new


@contextlib.contextmanager
def locked(postgres, url, table):
    """Others cannot write the table; they wait."""
    with subprocess.Popen([postgres.programs / "psql", "-X", "-q", "-A", "-t", "-d", url], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as psql:
        psql.stdin.write(f"BEGIN; LOCK TABLE {table} IN EXCLUSIVE MODE; SELECT 'locked';\n")
        psql.stdin.flush()
        assert psql.stdout.readline() == "locked\n"
        yield
        with contextlib.suppress(BrokenPipeError):
            psql.stdin.close()


WAITING = "SELECT DISTINCT pid FROM pg_locks WHERE NOT granted"


@pytest.mark.parametrize("table, how", [("vulnerability", "terminate"), ("fix", "terminate"), ("source", "terminate"),
                                        ("fix", "crash"), ("source", "crash"), ("fix", "kill"), ("source", "kill")])
def test_postgresql_that_goes_away_while_it_writes(make, site, postgres, table, how):
    """In the middle of the transaction, before the first and after the last of it."""
    database = make("postgresql")
    site.files = OLD
    database.succeed("alpine")
    before = database.all()
    site.files = NEW
    with locked(postgres, database.location, table):
        with database.start("alpine") as process:
            wait_until(lambda: postgres.sql(WAITING) or process.poll() is not None)
            assert process.poll() is None, process.communicate()[0]
            if how == "kill":
                process.kill()
                process.wait(30)
                postgres.sql(f"SELECT pg_terminate_backend(pid) FROM ({WAITING}) w")
            elif how == "crash":
                postgres.pause()
            else:
                # As often as it tries again.
                def terminated():
                    postgres.sql(f"SELECT pg_terminate_backend(pid) FROM ({WAITING}) w")
                    return process.poll() is not None
                wait_until(terminated)
            output = process.communicate(timeout=60)[0]
    if how == "crash":
        postgres.resume()
    assert process.returncode == (-signal.SIGKILL if how == "kill" else 2), output
    assert how == "kill" or "alpine" in output, output
    assert database.all() == before
    database.succeed("alpine")
    assert database.content() == fresh(make, database, NEW, "alpine")


def test_postgresql_backend_that_goes_away_while_it_reads(make, site, postgres):
    """Nothing is lost with a connection that had nothing to do: either it is made again, or the old stays."""
    database = make("postgresql")
    site.files = OLD
    database.succeed("alpine")
    before = database.all()
    site.files = NEW
    name = database.query("SELECT current_database()")[0][0]

    def terminate(path):
        if path == "/alpine/edge/main.json":
            postgres.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()")

    site.before = terminate
    status, output = database.update("alpine")
    assert "/alpine/edge/main.json" in site.sent
    assert status == 0 or (status == 2 and database.all() == before), output
    site.before = lambda path: None
    database.succeed("alpine")
    assert database.content() == fresh(make, database, NEW, "alpine")
