"""`clair db export` and `import`: all that feeds have said, into a file and back."""
import functools
import hashlib
import http.server
import json
import signal
import sqlite3
import struct
import subprocess
import threading
import time

import pytest


@pytest.fixture
def run(clair, tmp_path):
    def call(*arguments, status=0):
        done = subprocess.run([clair, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert done.returncode == status, done.stderr
        return done.stdout if status == 0 else done.stderr
    return call


def tracker(n, version="1.0"):
    """n CVEs in two packages, some fixed, of two releases."""
    return json.dumps({
        package: {
            f"CVE-2024-{i:04}": {
                "description": f"A flaw in {package} – number {i}.",
                "releases": {
                    release: {"status": "resolved", "fixed_version": f"{version}-{i}", "repositories": {}, "urgency": "low"}
                    if i % 3 else {"status": "open", "repositories": {}, "urgency": "high", "nodsa": "", "nodsa_reason": "ignored"}
                    for release in ("bookworm", "bullseye")}}
            for i in range(1, n + 1)}
        for package in ("zlib", "bash")})


@pytest.fixture
def filled(run, tmp_path):
    """A database, its location as an argument."""
    (tmp_path / "feed.json").write_text(tracker(50))
    run("update", "--db", tmp_path / "a.db", "--from", f"debian={tmp_path / 'feed.json'}", "debian")
    return tmp_path / "a.db"


def rows(path):
    """What is current, as a reading of the tables that knows nothing of the file's form."""
    with sqlite3.connect(path) as db:
        return sorted(db.execute(
            "SELECT s.name, n.name, v.name, v.severity, v.link, t.body, v.metadata, v.cves, p.name, x.introduced_version,"
            " x.fixed_version, x.state, x.severity, x.arches, v.content_hash FROM vulnerability v JOIN source s ON s.id = v.source_id"
            " JOIN namespace n ON n.id = v.namespace_id LEFT JOIN text t ON t.id = v.description_id"
            " JOIN fix x ON x.vulnerability_id = v.id JOIN package p ON p.id = x.package_id WHERE v.deleted_at IS NULL"))


def unpacked(path):
    return subprocess.run(["zstd", "-dc", str(path)], stdout=subprocess.PIPE, check=True).stdout


def packed(path, content):
    path.write_bytes(subprocess.run(["zstd", "-c"], input=content, stdout=subprocess.PIPE, check=True).stdout)
    return path


def test_there_and_back(run, filled, tmp_path):
    assert "exported 100 advisories" in run("db", "export", tmp_path / "a", "--db", filled)
    run("db", "import", tmp_path / "a", "--db", tmp_path / "b.db")
    assert rows(tmp_path / "b.db") == rows(filled) != []
    run("db", "export", tmp_path / "b", "--db", tmp_path / "b.db")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert not (tmp_path / "a.partial").exists()


def test_to_postgresql_and_back(run, filled, postgres, tmp_path):
    url = postgres.database()
    run("db", "export", tmp_path / "a", "--db", filled)
    run("db", "import", tmp_path / "a", "--db", url)
    run("db", "export", tmp_path / "b", "--db", url)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    run("db", "import", tmp_path / "b", "--db", tmp_path / "c.db")
    assert rows(tmp_path / "c.db") == rows(filled)


def text(value):
    return struct.pack(">I", len(value)) + value


def record(kind, content):
    return kind + text(content)


# What the Debian tracker has none of.
VENDOR = record(b"A", text(b"rocky:9") + text(b"rpm") + text(b"RLSA-2024:1") + b"\0" + text(b"https://example.org/1")
                + text(b"Words.") + text(b'{"x":1}') + struct.pack(">I", 2) + text(b"CVE-2024-0001") + text(b"CVE-2024-0002")
                + struct.pack(">I", 2) + text(b"bash") + text(b"") + text(b"5.1-2") + b"\1\0" + text(b"aarch64 x86_64")
                + text(b"bash") + text(b"5.2-1") + text(b"") + b"\3\4" + text(b""))
CVES = [record(b"C", text(b"CVE-2024-0001") + b"\5" + text(b'{"CVSSv3":{"Score":9.8}}')),
        record(b"C", text(b"RLSA-2024:1") + b"\2" + text(b"{}"))]


def second_source(content, name=b"zz-second"):
    """The file's content with its source once more under another name, with what a vendor says, and records of CVEs."""
    head, records, at, counts = content[:12], [], 12, None
    while counts is None:
        kind, n = content[at:at + 1], struct.unpack(">I", content[at + 1:at + 5])[0]
        if kind == b"E":
            counts = struct.unpack(">3Q", content[at + 5:at + 29])
        else:
            records.append(content[at:at + 5 + n])
        at += 5 + n
    source = records[0][5:]
    rest = source[4 + struct.unpack(">I", source[:4])[0]:]
    source = record(b"S", text(name) + rest)
    out = b"".join([head, *records, source, *records[1:], VENDOR, *CVES])
    out += record(b"E", struct.pack(">3Q", 2 * counts[0], 2 * counts[1] + 1, len(CVES)))
    return out + hashlib.sha256(out).digest()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_several_sources(run, filled, kind, request, tmp_path):
    db = tmp_path / "b.db" if kind == "sqlite" else request.getfixturevalue("postgres").database()
    run("db", "export", tmp_path / "a", "--db", filled)
    content = second_source(unpacked(tmp_path / "a"))
    for _ in range(2):
        run("db", "import", packed(tmp_path / "two", content), "--db", db)
        run("db", "export", tmp_path / "b", "--db", db)
        assert unpacked(tmp_path / "b") == content


def test_import_changes_what_differs_and_other_sources_stay(run, filled, tmp_path):
    run("db", "export", tmp_path / "a", "--db", filled)
    packed(tmp_path / "two", second_source(unpacked(tmp_path / "a")))
    run("db", "import", tmp_path / "two", "--db", tmp_path / "b.db")
    (tmp_path / "feed.json").write_text(tracker(40, "2.0"))
    run("update", "--accept-shrinking", "--db", filled, "--from", f"debian={tmp_path / 'feed.json'}", "debian")
    before = rows(tmp_path / "b.db")
    run("db", "export", tmp_path / "new", "--db", filled)
    run("db", "import", tmp_path / "new", "--db", tmp_path / "b.db")
    after = rows(tmp_path / "b.db")
    assert [row for row in after if row[0] == "debian"] == rows(filled)
    assert [row for row in after if row[0] != "debian"] == [row for row in before if row[0] != "debian"] != []


def damages(content):
    yield "cut off", content[:-40]
    yield "without its digest", content[:-32]
    yield "a byte differs", content[:500] + bytes([content[500] ^ 1]) + content[501:]
    yield "more behind the end", content + b"x"
    yield "empty", b""
    yield "another file", b"{}" * 100
    yield "another source's order", second_source(content, b"aa")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_bad_file_changes_nothing(run, filled, kind, request, tmp_path):
    db = tmp_path / "b.db" if kind == "sqlite" else request.getfixturevalue("postgres").database()
    run("db", "export", tmp_path / "a", "--db", filled)
    run("db", "import", tmp_path / "a", "--db", db)
    (tmp_path / "feed.json").write_text(tracker(60, "3.0"))
    run("update", "--db", filled, "--from", f"debian={tmp_path / 'feed.json'}", "debian")
    run("db", "export", tmp_path / "new", "--db", filled)
    content = unpacked(tmp_path / "new")
    for what, bad in damages(content):
        message = run("db", "import", packed(tmp_path / "bad", bad), "--db", db, status=2)
        assert "bad" in message, what
    newer = content[:8] + struct.pack(">I", 2) + content[12:]
    assert "version 2" in run("db", "import", packed(tmp_path / "bad", newer), "--db", db, status=2)
    raw = (tmp_path / "new").read_bytes()
    (tmp_path / "bad").write_bytes(raw[:len(raw) // 2])
    run("db", "import", tmp_path / "bad", "--db", db, status=2)
    run("db", "import", tmp_path / "missing", "--db", db, status=2)
    run("db", "export", tmp_path / "b", "--db", db)
    assert (tmp_path / "b").read_bytes() == (tmp_path / "a").read_bytes()


def test_killed_at_any_moment(clair, run, filled, tmp_path):
    """The old state or the new one, of all sources."""
    run("db", "export", tmp_path / "a", "--db", filled)
    old = second_source(unpacked(tmp_path / "a"))
    (tmp_path / "feed.json").write_text(tracker(1500, "2.0"))
    run("update", "--db", filled, "--from", f"debian={tmp_path / 'feed.json'}", "debian")
    run("db", "export", tmp_path / "new", "--db", filled)
    new = second_source(unpacked(tmp_path / "new"))
    packed(tmp_path / "old", old)
    packed(tmp_path / "new", new)
    start = time.monotonic()
    run("db", "import", tmp_path / "new", "--db", tmp_path / "timed.db")
    took = time.monotonic() - start
    run("db", "import", tmp_path / "old", "--db", tmp_path / "b.db")
    for step in range(8):
        import_ = subprocess.Popen([clair, "db", "import", str(tmp_path / "new"), "--db", str(tmp_path / "b.db")],
                                   stdout=subprocess.DEVNULL)
        try:
            import_.wait(took * (step + 1) / 9)
        except subprocess.TimeoutExpired:
            import_.send_signal(signal.SIGKILL)
            import_.wait()
        run("db", "export", tmp_path / "b", "--db", tmp_path / "b.db")
        assert unpacked(tmp_path / "b") in (old, new)


def test_from_a_url(run, filled, tmp_path):
    run("db", "export", tmp_path / "a", "--db", filled)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        run("db", "import", f"{url}/a", "--db", tmp_path / "b.db")
        assert "404" in run("db", "import", f"{url}/missing", "--db", tmp_path / "b.db", status=2)
        server.shutdown()
    assert rows(tmp_path / "b.db") == rows(filled)


def test_no_words_about_edits_and_failures(run, tmp_path):
    assert "expected" in run("db", "export", status=2)
    run("db", "export", tmp_path / "x", "--db", tmp_path / "missing.db", status=2)
    assert not (tmp_path / "x").exists() and not (tmp_path / "missing.db").exists()
