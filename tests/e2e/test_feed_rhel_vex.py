"""Red Hat's VEX documents, read a second time by other means, and from a repository over HTTP."""
import http.server
import io
import json
import pathlib
import re
import sqlite3
import subprocess
import tarfile
import threading
import urllib.parse

import pytest

DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "feed"
SAMPLE = DATA / "vex-sample.tar.xz"
SEVERITIES = {"low": 2, "moderate": 3, "important": 4, "critical": 5}
AFFECTED, FIXED, DEFERRED, WILL_NOT_FIX, END_OF_LIFE = range(5)
STATES = {"Fix deferred": DEFERRED, "Will not fix": WILL_NOT_FIX, "Out of support scope": END_OF_LIFE}
QUERY = """SELECT n.name, v.name, p.name, f.fixed_version, f.state, f.severity, f.arches
    FROM vulnerability v JOIN namespace n ON n.id = v.namespace_id
    JOIN fix f ON f.vulnerability_id = v.id JOIN package p ON p.id = f.package_id WHERE v.deleted_at IS NULL"""


def products(tree):
    """{product id: (release, whether of an extended stream, package URL)}"""
    helper = {}

    def walk(branches):
        for branch in branches:
            if "product" in branch:
                helper[branch["product"]["product_id"]] = branch["product"].get("product_identification_helper", {})
            walk(branch.get("branches", []))

    walk(tree["branches"])
    found = {}
    for relation in tree.get("relationships", []):
        platform = helper.get(relation["relates_to_product_reference"], {}).get("cpe", "")
        component = relation["product_reference"]
        match = re.match(r"cpe:/[oa]:redhat:(enterprise_linux|rhel_extras|rhel_(?:eus|aus|tus|e4s|els)):(\d+)", platform)
        if match:
            url = helper.get(component, {}).get("purl") or f"pkg:rpm/redhat/{component}?arch=src"
            extended = match[1] not in ("enterprise_linux", "rhel_extras")
            found[relation["full_product_name"]["product_id"]] = (match[2], extended, url)
    return found


def split(url):
    """name, version with its epoch, architecture"""
    path, _, query = url.partition("?")
    query = dict(urllib.parse.parse_qsl(query))
    name, _, version = urllib.parse.unquote(path.removeprefix("pkg:rpm/redhat/")).partition("@")
    return name, f"{query.get('epoch', '0')}:{version}", query.get("arch", "")


def expected(document):
    """{(namespace, CVE, package, fixed version): (state, severity, architectures)}. No fix in the sample supersedes
    another one of the same minor release, and no module is in it."""
    rows = {}
    tree = products(document["product_tree"])
    for vulnerability in document["vulnerabilities"]:
        cve = vulnerability["cve"]
        severity = {i: SEVERITIES[t["details"].lower()] for t in vulnerability["threats"] for i in t["product_ids"]}
        states = {i: STATES.get(r["details"], AFFECTED) for r in vulnerability.get("remediations", [])
                  if r["category"] in ("no_fix_planned", "none_available") for i in r["product_ids"]}
        plain, extended, unfixed = {}, {}, {}
        for product in vulnerability["product_status"].get("fixed", []):
            if product not in tree:
                continue
            release, other_stream, url = tree[product]
            name, version, arch = split(url)
            if arch == "src" or re.search("-debug(info|source)|-debuginfo-common", name):
                continue
            fixes = (extended if other_stream else plain).setdefault((release, name), {})
            fixes.setdefault(version, (FIXED, severity[product], set()))[2].add(arch)
        for product in vulnerability["product_status"].get("known_affected", []):
            if product not in tree or tree[product][1]:
                continue
            name, _, arch = split(tree[product][2])
            assert arch == "src"
            for form in (name, "src::" + name):
                unfixed[tree[product][0], form] = {"": (states.get(product, AFFECTED), severity[product], set())}
        for (release, name), fixes in {**extended, **unfixed, **plain}.items():
            for version, (state, level, arches) in fixes.items():
                words = "" if "noarch" in arches else " ".join(sorted(arches))
                for distribution in ("rhel", "centos"):
                    rows[f"{distribution}:{release}", cve, name, version] = (state, level, words)
    return rows


def documents():
    with tarfile.open(SAMPLE) as archive:
        return {m.name: archive.extractfile(m).read() for m in archive if m.isfile()}


def rows(db):
    return {row[:4]: row[4:] for row in sqlite3.connect(db).execute(QUERY)}


def update(clair, db, source):
    return subprocess.run([clair, "update", "--db", db, "--from", f"rhel={source}"], check=True,
                          capture_output=True, text=True)


def test_database_says_what_the_documents_say(clair, tmp_path):
    update(clair, tmp_path / "db", SAMPLE)
    want = {}
    for text in documents().values():
        want |= expected(json.loads(text))
    assert len(want) > 300
    got = rows(tmp_path / "db")
    assert {k: (got.get(k), want.get(k)) for k in got.keys() | want.keys() if got.get(k) != want.get(k)} == {}


def test_directory_and_archive_say_the_same(clair, tmp_path):
    with tarfile.open(SAMPLE) as archive:
        archive.extractall(tmp_path / "vex")
    update(clair, tmp_path / "a", SAMPLE)
    update(clair, tmp_path / "b", tmp_path / "vex")
    assert rows(tmp_path / "a") == rows(tmp_path / "b")


class Repository:
    """A repository over HTTP, with validators; .paths is what was asked for."""

    def __init__(self, files):
        self.files, self.paths = files, []
        repository = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                path = self.path.removeprefix("/vex/")
                body = repository.files.get(path)
                tag = f'"{hash(body)}"'
                status = 404 if body is None else 304 if self.headers.get("If-None-Match") == tag else 200
                repository.paths.append((path, status))
                self.send_response(status)
                self.send_header("ETag", tag)
                self.send_header("Content-Length", str(len(body)) if status == 200 else "0")
                self.end_headers()
                if status == 200:
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/vex/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def repository():
    archive = io.BytesIO()
    sample = documents()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, text in sample.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    made = Repository({
        "archive_latest.txt": b"csaf_vex_2024-02-01.tar.zst",
        "csaf_vex_2024-02-01.tar.zst": subprocess.run(["zstd", "-c"], input=archive.getvalue(), check=True,
                                                      capture_output=True).stdout,
        "changes.csv": b'"2023/cve-2023-0045.json","2024-01-31T10:00:00+00:00"\n',
        "deletions.csv": b"",
    })
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_repository_is_read_once_and_then_what_changes(clair, tmp_path, repository):
    db = tmp_path / "db"
    update(clair, tmp_path / "reference", SAMPLE)
    reference = rows(tmp_path / "reference")
    update(clair, db, repository.url)
    assert rows(db) == reference
    repository.paths.clear()
    update(clair, db, repository.url)
    assert sorted(repository.paths) == [("changes.csv", 304), ("deletions.csv", 304)]
    changed = json.loads(documents()["2023/cve-2023-0045.json"])
    changed["vulnerabilities"][0]["product_status"].pop("known_affected")
    repository.files |= {
        "changes.csv": b'"2023/cve-2023-0045.json","2024-02-03T10:00:00+00:00"\n',
        "2023/cve-2023-0045.json": json.dumps(changed).encode(),
        "deletions.csv": b'"2023/cve-2023-0049.json","2024-02-03T10:00:00+00:00"\n',
    }
    repository.paths.clear()
    update(clair, db, repository.url)
    assert sorted(path for path, _ in repository.paths) == ["2023/cve-2023-0045.json", "changes.csv", "deletions.csv"]
    gone = ("CVE-2023-0045", "CVE-2023-0049")
    assert rows(db) == {key: row for key, row in reference.items() if key[1] not in gone}
    assert any(key[1] in gone for key in reference)


def test_findings_of_a_real_package_list(clair, tmp_path, shared_data):
    """CentOS 8: the headers of an unfixed kernel, what is built from vim, and libtiff."""
    update(clair, tmp_path / "db", SAMPLE)
    layer = shared_data / "images/layers/centos-8-modular.layer.tar.gz"
    done = subprocess.run([clair, "scan", "--db", tmp_path / "db", "--format", "json", f"layer:{layer}"],
                          capture_output=True, text=True, check=False)
    found = {}
    for target in json.loads(done.stdout)["targets"]:
        for v in target["vulnerabilities"]:
            found.setdefault(v["id"], []).append(v["package"])
    assert {cve: sorted(names) for cve, names in found.items()} == {
        "CVE-2023-0045": ["kernel-headers"],
        "CVE-2023-0049": ["vim-filesystem", "vim-minimal"],
        "CVE-2023-6228": ["libtiff"],
        "CVE-2023-6240": ["kernel-headers"],
    }
