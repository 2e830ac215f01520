"""`clair update` from an HTTP server that answers as each test wants."""
import gzip
import http.server
import json
import lzma
import os
import sqlite3
import subprocess
import threading

import pytest


def feed(*cves, package="zlib"):
    release = {"status": "open", "repositories": {}, "urgency": "low"}
    return json.dumps({package: {cve: {"releases": {"bookworm": release}} for cve in cves}}).encode()


OLD = feed("CVE-2024-0001", "CVE-2024-0002", "CVE-2024-0003")
NEW = feed("CVE-2024-0002", "CVE-2024-0003", "CVE-2024-0004")


class Server(http.server.ThreadingHTTPServer):
    """Hands each request to `answer`, which a test sets, and keeps the requests."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests = []
        self.answer = None
        self.released = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}/tracker/data/json"

    def handle_error(self, request, client_address):
        pass  # clients that go away are what some tests are about


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.requests.append(self)
        self.server.answer(self)

    def reply(self, body=b"", status=200, length=None, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 304:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        self.close_connection = self.close_connection or length is not None

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    s = Server()
    thread = threading.Thread(target=s.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield s
    s.released.set()
    s.shutdown()
    thread.join()
    s.server_close()


class Database:
    def __init__(self, clair, path):
        self.clair, self.path = clair, path

    def update(self, location, *options, **environment):
        env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        return subprocess.run(
            [self.clair, "update", "--db", self.path, "--from", f"debian={location}", *options],
            env=env | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30)

    def rows(self, query):
        if not self.path.exists():
            return []
        with sqlite3.connect(self.path) as db:
            db.row_factory = sqlite3.Row
            return db.execute(query).fetchall()

    def names(self):
        return [r["name"] for r in self.rows("SELECT name FROM vulnerability WHERE deleted_at IS NULL ORDER BY name")]

    def source(self):
        """What is known of the data, not of attempts that failed."""
        row = dict(self.rows("SELECT * FROM source WHERE name = 'debian'")[0])
        return {k: v for k, v in row.items() if k not in ("failed_at", "error")}


@pytest.fixture
def database(clair, tmp_path):
    return Database(clair, tmp_path / "clair.db")


def succeed(result):
    assert result.returncode == 0, result.stdout
    return result.stdout


def fail(result, *words):
    assert result.returncode > 0, result.stdout
    for word in words:
        assert word in result.stdout
    return result.stdout


CVES_OLD = ["CVE-2024-0001", "CVE-2024-0002", "CVE-2024-0003"]
CVES_NEW = ["CVE-2024-0002", "CVE-2024-0003", "CVE-2024-0004"]


def conditional(body, **validators):
    """An answer of a server that knows its validators."""
    def answer(h):
        etag, modified = validators.get("ETag"), validators.get("Last_Modified")
        if (etag and h.headers["If-None-Match"] == etag) or (modified and h.headers["If-Modified-Since"] == modified):
            h.reply(status=304, **validators)
        else:
            h.reply(body, **validators)
    return answer


@pytest.mark.parametrize("validators", [
    {"ETag": '"v1"'}, {"ETag": 'W/"v1"'}, {"Last_Modified": "Fri, 14 Jul 2023 01:02:03 GMT"},
    {"ETag": '"v1"', "Last_Modified": "Fri, 14 Jul 2023 01:02:03 GMT"}])
def test_unchanged_feed_is_not_sent_again(server, database, validators):
    server.answer = conditional(OLD, **validators)
    succeed(database.update(server.url))
    before = database.source()
    assert (before["etag"], before["last_modified"]) == (validators.get("ETag", ""), validators.get("Last_Modified", ""))
    sent = []
    server.answer = lambda h: (sent.append(h), conditional(OLD, **validators)(h))
    succeed(database.update(server.url))
    headers = sent[0].headers
    assert headers["If-None-Match"] == validators.get("ETag")
    assert headers["If-Modified-Since"] == validators.get("Last_Modified")
    after = database.source()
    assert after["checked_at"] >= before["checked_at"]
    assert {**after, "checked_at": 0} == {**before, "checked_at": 0}
    assert database.names() == CVES_OLD


def test_same_content_without_validators_is_not_written_again(server, database):
    server.answer = lambda h: h.reply(OLD)
    succeed(database.update(server.url))
    ids = [tuple(r) for r in database.rows("SELECT id, created_at FROM vulnerability")]
    before = database.source()
    succeed(database.update(server.url))
    assert [tuple(r) for r in database.rows("SELECT id, created_at FROM vulnerability")] == ids
    assert database.source()["updated_at"] == before["updated_at"]


def test_changed_content_replaces_the_old(server, database):
    server.answer = conditional(OLD, ETag='"v1"')
    succeed(database.update(server.url))
    server.answer = conditional(NEW, ETag='"v2"')
    succeed(database.update(server.url))
    assert database.names() == CVES_NEW
    assert database.source()["etag"] == '"v2"'


def test_validators_are_not_sent_to_another_location(server, database):
    server.answer = conditional(OLD, ETag='"v1"')
    succeed(database.update(server.url))
    server.answer = conditional(NEW, ETag='"v1"')
    succeed(database.update(server.url + "?other"))
    assert database.names() == CVES_NEW


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress])
@pytest.mark.parametrize("content_type", ["application/json", "text/html", "nonsense"])
def test_compression_goes_by_content(server, database, compress, content_type):
    server.answer = lambda h: h.reply(compress(OLD), Content_Type=content_type)
    succeed(database.update(server.url))
    assert database.names() == CVES_OLD


@pytest.mark.parametrize("body", [OLD, lzma.compress(OLD), gzip.compress(OLD)])
def test_content_encoding_is_taken_off(server, database, body):
    def answer(h):
        assert h.headers["Accept-Encoding"] == "gzip"
        h.reply(gzip.compress(body), Content_Encoding="gzip")
    server.answer = answer
    succeed(database.update(server.url))
    assert database.names() == CVES_OLD


def test_redirect_is_followed(server, database):
    server.answer = lambda h: h.reply(OLD) if h.path == "/new" else h.reply(b"moved", status=301, Location="/new")
    succeed(database.update(server.url))
    assert database.names() == CVES_OLD
    assert database.source()["location"] == server.url


def half(body):
    return body[:len(body) // 2]


FAILURES = {
    "truncated": (lambda h: h.reply(half(NEW), length=len(NEW)), []),
    "truncated gzip": (lambda h: h.reply(half(gzip.compress(NEW))), []),
    "truncated xz": (lambda h: h.reply(half(lzma.compress(NEW))), []),
    "garbage behind gzip": (lambda h: h.reply(gzip.compress(NEW) + b"garbage"), []),
    "half a document": (lambda h: h.reply(half(NEW)), ["line 1, column"]),
    "no JSON": (lambda h: h.reply(b"<html>down for maintenance</html>"), ["line 1, column 1"]),
    "another JSON": (lambda h: h.reply(b'[{"a": 1}]'), ["expected object"]),
    "empty": (lambda h: h.reply(b""), []),
    "nothing in it": (lambda h: h.reply(b"{}"), ["no advisories"]),
    "shrunk": (lambda h: h.reply(feed("CVE-2024-0009")), ["fewer than half"]),
    "404": (lambda h: h.reply(b"no", status=404), ["404"]),
    "500": (lambda h: h.reply(NEW, status=500), ["500"]),
    "304 unasked": (lambda h: h.reply(status=304), ["304"]),
    "redirect loop": (lambda h: h.reply(status=302, Location=h.path), ["redirects"]),
    "redirect to a file": (lambda h: h.reply(status=302, Location="file:///etc/passwd"), []),
}


@pytest.mark.parametrize("name", FAILURES)
def test_failure_leaves_the_database_as_it_was(server, database, name):
    server.answer = lambda h: h.reply(OLD)
    succeed(database.update(server.url))
    before = database.source()
    server.answer, words = FAILURES[name]
    fail(database.update(server.url), "debian", server.url, *words)
    assert database.names() == CVES_OLD
    assert database.source() == before
    server.answer = lambda h: h.reply(NEW)
    succeed(database.update(server.url))
    assert database.names() == CVES_NEW


@pytest.mark.parametrize("sent", [b"", half(NEW)])
def test_stalled_server_is_cut_off(server, database, sent):
    def answer(h):
        h.reply(sent, length=len(NEW))
        server.released.wait(30)
    server.answer = answer
    fail(database.update(server.url, CLAIR_HTTP_STALL_S="1"), server.url, "stopped sending")
    assert database.names() == []


def test_connection_refused(server, database):
    server.server_close()
    fail(database.update(server.url), server.url)


def test_credentials_are_neither_kept_nor_shown(server, database):
    url = server.url.replace("http://", "http://user:secret@")
    server.answer = lambda h: h.reply(OLD if h.headers["Authorization"] else b"")
    output = succeed(database.update(url))
    server.answer = lambda h: h.reply(b"no", status=403)
    output += fail(database.update(url), server.url)
    assert "secret" not in output
    assert database.source()["location"] == server.url
    assert b"secret" not in database.path.read_bytes()


def test_file_by_path_and_by_url(database, tmp_path):
    path = tmp_path / "feed with space.json"
    path.write_bytes(OLD)
    succeed(database.update(path))
    before = database.source()
    succeed(database.update("file://" + str(path).replace(" ", "%20")))
    assert database.source()["updated_at"] == before["updated_at"]
    path.write_bytes(NEW)
    succeed(database.update(path))
    assert database.names() == CVES_NEW


def test_missing_file(database, tmp_path):
    fail(database.update(tmp_path / "missing"), "debian", str(tmp_path / "missing"))


def test_odd_records_are_told_of_and_skipped(server, database):
    odd = json.loads(OLD)
    odd["zlib"]["CVE-2024-0001"] = []
    odd["zlib"]["CVE-2024-0002"]["releases"]["bookworm"] |= {"status": "resolved", "fixed_version": "no version"}
    server.answer = lambda h: h.reply(json.dumps(odd).encode())
    succeed(database.update(server.url))
    assert database.names() == ["CVE-2024-0003"]


def test_feed_is_read_again_when_another_reader_read_it(clair, tmp_path):
    """What an older version of the program made of a feed says nothing about what this one makes of it."""
    feed, database = tmp_path / "feed.json", tmp_path / "clair.db"
    feed.write_text(json.dumps({"a": {"CVE-2024-1": {"description": "x", "releases": {"bookworm": {"status": "open", "urgency": "low"}}}}}))
    argv = [clair, "update", "--db", database, "--from", f"debian={feed}"]
    assert "1 new" in subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert "up to date" in subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    with sqlite3.connect(database) as db:
        db.execute("UPDATE source SET digest = replace(digest, ';reader=', ';reader=9')")
    assert "up to date" not in subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert "up to date" in subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def test_database_path_with_doubled_slashes(clair, tmp_path):
    feed = tmp_path / "feed.json"
    feed.write_text(json.dumps({"a": {"CVE-2024-1": {"releases": {"bookworm": {"status": "open", "urgency": "low"}}}}}))
    subprocess.run([clair, "update", "--db", f"/{tmp_path}//clair.db", "--from", f"debian={feed}"], check=True)
    assert (tmp_path / "clair.db").exists()
