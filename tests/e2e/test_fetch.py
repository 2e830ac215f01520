"""Downloads that go on after a failure, come from a mirror, or need a password."""
import base64
import sqlite3
import subprocess

import pytest

from test_update import Database, NEW, OLD, server  # noqa: F401 (the fixture)

FAST = {"CLAIR_HTTP_RETRY_MS": "10"}


@pytest.fixture
def database(clair, tmp_path):
    return Database(clair, tmp_path / "db")


def cut_at(n, body, **headers):
    """Sends n bytes of the body and closes the connection."""
    return lambda request: request.reply(body[:n], length=len(body), **headers)


def in_turn(*answers):
    """One answer for each request; the last for all that follow."""
    left = list(answers)
    return lambda request: (left.pop(0) if len(left) > 1 else left[0])(request)


def rest_of(body, **headers):
    """What was asked for of a body, as a server that knows ranges."""
    def answer(request):
        start = int(request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        request.reply(body[start:], 206, Content_Range=f"bytes {start}-{len(body) - 1}/{len(body)}", **headers)
    return answer


def names(database):
    with sqlite3.connect(database.path) as db:
        return sorted(name for name, in db.execute("SELECT name FROM vulnerability WHERE deleted_at IS NULL"))


def test_broken_download_is_continued(server, database):
    server.answer = in_turn(cut_at(100, OLD, ETag='"1"'), rest_of(OLD, ETag='"1"'))
    done = database.update(server.url, **FAST)
    assert done.returncode == 0, done.stdout
    assert server.requests[1].headers["Range"] == "bytes=100-"
    assert server.requests[1].headers["If-Range"] == '"1"'
    assert names(database) == ["CVE-2024-0001", "CVE-2024-0002", "CVE-2024-0003"]
    # What is remembered is the whole.
    server.answer = lambda request: request.reply(status=304)
    assert "up to date" in database.update(server.url, **FAST).stdout


def test_download_may_break_many_times_as_long_as_it_gets_on(server, database):
    body = OLD
    pieces = [cut_at(20, body, ETag='"1"')]
    for start in range(20, len(body) - 20, 20):
        pieces.append(lambda request, start=start: request.reply(
            body[start:start + 20], 206, length=len(body) - start, ETag='"1"', Content_Range=f"bytes {start}-{len(body) - 1}/{len(body)}"))
    server.answer = in_turn(*pieces, rest_of(body, ETag='"1"'))
    done = database.update(server.url, **FAST)
    assert done.returncode == 0, done.stdout
    assert len(server.requests) == len(pieces) + 1 > 5


def test_server_without_ranges_sends_it_all_again(server, database):
    server.answer = in_turn(cut_at(100, OLD, Last_Modified="Mon, 01 Jan 2024 00:00:00 GMT"),
                            lambda request: request.reply(OLD, Last_Modified="Mon, 01 Jan 2024 00:00:00 GMT"))
    done = database.update(server.url, **FAST)
    assert done.returncode == 0, done.stdout
    assert names(database) == ["CVE-2024-0001", "CVE-2024-0002", "CVE-2024-0003"]


@pytest.mark.parametrize("second, message", [
    (lambda request: request.reply(NEW, ETag='"2"'), "it changed while it was downloaded"),
    (lambda request: request.reply(OLD[90:], 206, Content_Range=f"bytes 90-{len(OLD) - 1}/{len(OLD)}"), "another range"),
    (lambda request: request.reply(b"gone", 404), "404"),
])
def test_another_content_is_not_mixed_in(server, database, second, message):
    server.answer = in_turn(cut_at(100, OLD, ETag='"1"'), second)
    done = database.update(server.url, **FAST)
    assert done.returncode == 2
    assert message in done.stdout
    assert names(database) == []


def test_download_that_cannot_be_continued_safely_fails(server, database):
    server.answer = cut_at(100, OLD)
    assert database.update(server.url, **FAST).returncode == 2
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_busy_server_is_asked_again(server, database, status):
    server.answer = in_turn(lambda request: request.reply(b"", status), lambda request: request.reply(OLD))
    assert database.update(server.url, **FAST).returncode == 0
    assert len(server.requests) == 2


@pytest.mark.parametrize("status, times", [(503, 4), (403, 1), (404, 1)])
def test_server_that_refuses_is_given_up(server, database, status, times):
    server.answer = lambda request: request.reply(b"", status)
    done = database.update(server.url, **FAST)
    assert done.returncode == 2
    assert str(status) in done.stdout
    assert len(server.requests) == times


def test_mirror_stands_in_front_of_every_url(server, database):
    server.answer = lambda request: request.reply(OLD)
    mirror = server.url.removesuffix("/tracker/data/json") + "/feeds/"
    done = database.update("https://publisher.example/a/b.json?c", "--mirror", mirror, **FAST)
    assert done.returncode == 0, done.stdout
    assert server.requests[0].path == "/feeds/publisher.example/a/b.json?c"
    with sqlite3.connect(database.path) as db:
        assert db.execute("SELECT location FROM source WHERE name = 'debian'").fetchone() == ("https://publisher.example/a/b.json?c",)


def test_credentials_come_from_a_file(server, database, tmp_path):
    server.answer = lambda request: request.reply(OLD)
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password s3cret\n")
    assert database.update(server.url, "--credentials", tmp_path / "netrc", **FAST).returncode == 0
    assert server.requests[0].headers["Authorization"] == "Basic " + base64.b64encode(b"me:s3cret").decode()
    done = database.update(server.url, "--credentials", tmp_path / "missing", **FAST)
    assert done.returncode == 2
    assert "credentials" in done.stdout and "missing" in done.stdout


def test_sources_are_updated_at_once_and_fail_alone(clair, server, database, tmp_path):
    """One source that fails does not keep another from being written."""
    server.answer = lambda request: request.reply(OLD)
    done = database.update(server.url, "--from", "ubuntu=/nonexistent/tracker", "debian", "ubuntu", **FAST)
    assert done.returncode == 2
    assert "debian: 3 advisories" in done.stdout
    assert "ubuntu: /nonexistent/tracker" in done.stdout
    assert names(database) == ["CVE-2024-0001", "CVE-2024-0002", "CVE-2024-0003"]


def test_failure_is_remembered_until_the_next_success(clair, server, database):
    def status():
        return subprocess.run([clair, "db", "status", "--db", database.path], stdout=subprocess.PIPE, text=True, check=True).stdout

    server.answer = lambda request: request.reply(b"", 403)
    assert database.update(server.url, **FAST).returncode == 2
    assert "never" in status() and "status 403" in status()
    server.answer = lambda request: request.reply(OLD)
    assert database.update(server.url, **FAST).returncode == 0
    assert "failed" not in status()
    server.answer = lambda request: request.reply(b"<html>")
    assert database.update(server.url, **FAST).returncode == 2
    assert "line 1" in status() and names(database) == ["CVE-2024-0001", "CVE-2024-0002", "CVE-2024-0003"]
