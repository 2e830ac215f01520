"""NVD as a source: each form against an independent reading, what is fetched, and what is refused."""
import gzip
import hashlib
import http.server
import json
import lzma
import os
import pathlib
import sqlite3
import subprocess
import threading
import urllib.parse

import pytest

import nvd_reading

DATA = pathlib.Path(__file__).resolve().parent.parent / "data" / "feed" / "nvd"
SEVERITIES = ["Unknown", "Negligible", "Low", "Medium", "High", "Critical", "Defcon1"]


def entry(name, score=7.5, status="Analyzed"):
    rating = {"type": "Primary", "cvssData": {"version": "3.1", "vectorString": "CVSS:3.1/AV:N", "baseScore": score}}
    return {"cve": {"id": name, "vulnStatus": status, "published": "2024-01-01T00:00:00.000", "metrics": {"cvssMetricV31": [rating]}}}


def page(entries, start=0, total=None, timestamp="2024-01-01T00:00:00.000"):
    return json.dumps({"resultsPerPage": len(entries), "startIndex": start, "totalResults": len(entries) if total is None else total,
                       "timestamp": timestamp, "vulnerabilities": entries}).encode()


def meta(body, modified="2024-01-10T03:00:00-05:00"):
    return f"lastModifiedDate:{modified}\r\nsize:{len(body)}\r\nsha256:{hashlib.sha256(body).hexdigest().upper()}\r\n".encode()


class Site(http.server.ThreadingHTTPServer):
    """Files by path; `answer` instead, when it is set, gets path and parameters."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.requests, self.answer = {}, [], None
        self.url = f"http://127.0.0.1:{self.server_port}"

    def publish(self, name, body, modified="2024-01-10T03:00:00-05:00", form="2.0", extension="json"):
        self.files[f"/nvdcve-{form}-{name}.{extension}.gz"] = gzip.compress(body, mtime=0)
        self.files[f"/nvdcve-{form}-{name}.meta"] = meta(body, modified)

    def fetched(self):
        """What was sent since the last call, without what was not there or had not changed."""
        out = [path for path, status in self.requests if status == 200]
        self.requests.clear()
        return out


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if self.server.answer:
            body = self.server.answer(url.path, dict(urllib.parse.parse_qsl(url.query)))
        else:
            body = self.server.files.get(url.path)
        status, etag = (200, f'"{hashlib.sha256(body).hexdigest()}"') if body is not None else (404, '""')
        if status == 200 and self.headers["If-None-Match"] == etag:
            status = 304
        self.server.requests.append((self.path, status))
        self.send_response(status)
        if status == 200:
            self.send_header("ETag", etag)
        if status != 304:
            self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        if status == 200:
            self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def site():
    s = Site()
    thread = threading.Thread(target=s.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield s
    s.shutdown()
    thread.join()
    s.server_close()


class Database:
    def __init__(self, clair, path):
        self.clair, self.path = clair, path

    def update(self, location):
        env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        return subprocess.run([self.clair, "update", "nvd", "--db", self.path, "--from", f"nvd={location}"],
                              env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)

    def records(self):
        with sqlite3.connect(self.path) as db:
            return {name: (SEVERITIES[severity], json.loads(metadata))
                    for name, severity, metadata in db.execute("SELECT name, severity, metadata FROM cve WHERE metadata <> ''")}

    def scores(self):
        return {name: metadata["CVSSv3"]["Score"] for name, (_, metadata) in self.records().items()}


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


@pytest.mark.parametrize("name, read", [
    ("nvdcve-2.0-modified.json", nvd_reading.json_20), ("nvdcve-1.1-2018.json", nvd_reading.json_11),
    ("nvdcve-2.0-modified.xml", nvd_reading.xml_20)])
@pytest.mark.parametrize("directory", [False, True])
def test_each_form_as_an_independent_reading(database, tmp_path, name, read, directory):
    body = lzma.decompress((DATA / f"{name}.xz").read_bytes())
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    (feeds / f"{name}.gz").write_bytes(gzip.compress(body))
    (feeds / f"{name.rpartition('.')[0]}.meta").write_bytes(meta(body))
    succeed(database.update(feeds if directory else feeds / f"{name}.gz"))
    assert database.records() == {cve: record for cve, record in read(body).items() if record}



def publish_all(site, score=5.0, **options):
    for year in range(2002, 2100):
        site.publish(str(year), page([entry(f"CVE-{year}-0001", score)]), **options)


def test_modified_feed_is_all_that_is_needed_within_a_week(site, database):
    publish_all(site)
    site.publish("modified", page([entry("CVE-2024-0001", 9.8)]), "2024-01-10T03:00:00-05:00")
    succeed(database.update(site.url))
    assert "/nvdcve-2.0-2002.json.gz" in site.fetched()
    assert database.scores()["CVE-2024-0001"] == 9.8 and database.scores()["CVE-2002-0001"] == 5.0
    # Nothing new: one request.
    assert "up to date" in succeed(database.update(site.url))
    assert site.fetched() == []
    # Years have changed, too, but the modified feed says it all.
    publish_all(site, 6.0)
    site.publish("modified", page([entry("CVE-2002-0001", 8.0)]), "2024-01-17T03:00:00-05:00")
    succeed(database.update(site.url))
    assert [path for path in site.fetched() if path.endswith(".gz")] == ["/nvdcve-2.0-modified.json.gz"]
    assert database.scores()["CVE-2002-0001"] == 8.0 and database.scores()["CVE-2024-0001"] == 9.8
    # More than a week later it does not.
    site.publish("modified", page([entry("CVE-2024-0001", 9.8)]), "2024-01-24T03:00:01-05:00")
    succeed(database.update(site.url))
    assert "/nvdcve-2.0-2002.json.gz" in site.fetched()
    assert database.scores()["CVE-2002-0001"] == 6.0 and database.scores()["CVE-2024-0001"] == 9.8


def test_only_years_that_have_changed_are_fetched(site, database):
    publish_all(site)
    site.publish("modified", page([]), "2024-01-10T03:00:00-05:00")
    succeed(database.update(site.url))
    site.fetched()
    site.publish("2017", page([entry("CVE-2017-0001", 9.9)]))
    site.publish("modified", page([]), "2024-02-10T03:00:00-05:00")
    succeed(database.update(site.url))
    assert [path for path in site.fetched() if path.endswith(".gz")] == ["/nvdcve-2.0-2017.json.gz"]
    assert database.scores()["CVE-2017-0001"] == 9.9


def test_without_metas_the_feeds_are_asked_for_themselves(site, database):
    site.publish("2003", page([entry("CVE-2003-0001")]))
    site.publish("2004", page([entry("CVE-2004-0001")]))
    for path in [path for path in site.files if path.endswith(".meta")]:
        del site.files[path]
    succeed(database.update(site.url + "/"))
    assert set(database.scores()) == {"CVE-2003-0001", "CVE-2004-0001"}
    site.fetched()
    site.publish("2004", page([entry("CVE-2004-0001", 1.0)]))
    del site.files["/nvdcve-2.0-2004.meta"]
    succeed(database.update(site.url + "/"))
    assert site.fetched() == ["/nvdcve-2.0-2004.json.gz"]
    assert database.scores()["CVE-2004-0001"] == 1.0


@pytest.mark.parametrize("form, extension, sample, read", [
    ("1.1", "json", "nvdcve-1.1-2018.json", nvd_reading.json_11), ("2.0", "xml", "nvdcve-2.0-modified.xml", nvd_reading.xml_20)])
def test_former_forms_below_a_url(site, database, form, extension, sample, read):
    body = lzma.decompress((DATA / f"{sample}.xz").read_bytes())
    site.publish("2018", body, form=form, extension=extension)
    succeed(database.update(site.url))
    assert database.records() == {cve: record for cve, record in read(body).items() if record}
    site.fetched()
    assert "up to date" in succeed(database.update(site.url))
    assert site.fetched() == []


def test_nothing_below_a_url(site, database):
    fail(database.update(site.url), "no feed of NVD")


def test_damaged_feed_is_refused_and_nothing_is_taken(site, database):
    site.publish("2003", page([entry("CVE-2003-0001")]))
    succeed(database.update(site.url))
    site.publish("2003", page([entry("CVE-2003-0001", 1.0)]))
    site.files["/nvdcve-2.0-2003.json.gz"] = gzip.compress(page([entry("CVE-2003-0001", 2.0)]))
    fail(database.update(site.url), "SHA-256")
    assert database.scores() == {"CVE-2003-0001": 7.5}


def test_directory_has_each_year_in_its_newest_form(database, tmp_path):
    old = lzma.decompress((DATA / "nvdcve-1.1-2018.json.xz").read_bytes())
    xml = lzma.decompress((DATA / "nvdcve-2.0-modified.xml.xz").read_bytes())
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    (feeds / "nvdcve-1.1-2018.json").write_bytes(old)
    (feeds / "nvdcve-2.0-2018.xml").write_bytes(xml)
    (feeds / "nvdcve-2.0-2018.meta").write_bytes(meta(xml))
    (feeds / "nvdcve-2.0-2019.json.xz").write_bytes(lzma.compress(page([entry("CVE-2019-0001", 1.0), entry("CVE-2019-0002", 2.0)])))
    (feeds / "nvdcve-2.0-modified.json").write_bytes(page([entry("CVE-2019-0001", 9.0)]))
    (feeds / "nvdcve-2.0-2019-part.json").write_bytes(b"no feed")
    (feeds / "README").write_bytes(b"no feed")
    succeed(database.update(feeds))
    records = database.records()
    assert set(nvd_reading.json_11(old)) >= set(records) - {"CVE-2019-0001", "CVE-2019-0002"}
    assert (records["CVE-2019-0001"][1]["CVSSv3"]["Score"], records["CVE-2019-0002"][1]["CVSSv3"]["Score"]) == (9.0, 2.0)
    # Only what has changed is read.
    (feeds / "nvdcve-2.0-modified.json").write_bytes(page([entry("CVE-2019-0001", 8.0)]))
    succeed(database.update(feeds))
    assert database.scores()["CVE-2019-0001"] == 8.0
    assert "up to date" in succeed(database.update(feeds))


def test_directory_of_pages(database, tmp_path):
    (tmp_path / "page1.json").write_bytes(page([entry("CVE-2024-0001")], 0, 2))
    (tmp_path / "page2.json").write_bytes(page([entry("CVE-2024-0002")], 1, 2))
    succeed(database.update(tmp_path))
    assert set(database.scores()) == {"CVE-2024-0001", "CVE-2024-0002"}


def test_rejected_cve_is_not_known_any_more(database, tmp_path):
    feed = tmp_path / "nvdcve-2.0-2024.json"
    feed.write_bytes(page([entry("CVE-2024-0001"), entry("CVE-2024-0002")]))
    succeed(database.update(feed))
    feed.write_bytes(page([entry("CVE-2024-0001", status="Rejected"), entry("CVE-2024-0002")]))
    succeed(database.update(feed))
    assert set(database.scores()) == {"CVE-2024-0002"}


def test_api_is_paged_and_then_asked_for_what_was_modified(site, database):
    everything = [entry(f"CVE-2024-{i:04}") for i in range(1, 6)]
    asked = []

    def answer(path, parameters):
        assert path == "/rest/json/cves/2.0"
        asked.append(parameters)
        start = int(parameters["startIndex"])
        if "lastModStartDate" in parameters:
            changed = [entry("CVE-2024-0003", 1.0)] if len(asked) == 4 else []
            return page(changed, start, timestamp="2026-01-01T00:00:00.000")
        return page(everything[start:start + 2], start, 5, "2023-12-01T10:00:00.000")

    site.answer = answer
    succeed(database.update(f"{site.url}/rest/json/cves/2.0"))
    assert [int(p["startIndex"]) for p in asked] == [0, 2, 4]
    assert len(database.scores()) == 5
    succeed(database.update(f"{site.url}/rest/json/cves/2.0"))
    spans = [(p["lastModStartDate"], p["lastModEndDate"]) for p in asked[3:]]
    assert spans[0] == ("2023-12-01T08:00:00.000", "2024-03-29T08:00:00.000")
    assert len(spans) > 5 and all(before[1] == after[0] for before, after in zip(spans, spans[1:]))
    assert database.scores()["CVE-2024-0003"] == 1.0 and len(database.scores()) == 5
    # From the time of the server's that it was last asked at.
    n = len(asked)
    succeed(database.update(f"{site.url}/rest/json/cves/2.0"))
    assert asked[n]["lastModStartDate"] == "2025-12-31T22:00:00.000"


@pytest.mark.parametrize("answer", [
    lambda start: page([entry("CVE-2024-0001")], 0, 5),                # the same page again and again
    lambda start: page([entry("CVE-2024-0001")] if start == 0 else [], start, 5),  # fewer than it says
    lambda start: b'{"message": "Forbidden"}',
])
def test_api_that_does_not_hold_what_it_says_is_refused(site, database, answer):
    site.answer = lambda path, parameters: answer(int(parameters["startIndex"]))
    fail(database.update(f"{site.url}/rest/json/cves/2.0/"))
    assert len(site.requests) <= 2
