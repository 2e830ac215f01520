"""Red Hat's and Oracle's OVAL, read a second time by other means: what criteria say, against what is in the database; and what
lies at a server, read bit by bit."""
import bz2
import contextlib
import functools
import http.server
import lzma
import os
import pathlib
import re
import sqlite3
import subprocess
import tarfile
import threading
import xml.etree.ElementTree as ET

import pytest

SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "tests" / "data" / "feed" / "oval"
SEVERITIES = {"n/a": 1, "low": 2, "moderate": 3, "important": 4, "critical": 5}
AFFECTED, FIXED, DEFERRED, WILL_NOT_FIX, END_OF_LIFE = range(5)
STATES = {"Affected": AFFECTED, "Fix deferred": DEFERRED, "Will not fix": WILL_NOT_FIX, "Out of support scope": END_OF_LIFE}
QUERY = """SELECT n.name, v.name, p.name, f.fixed_version, f.state, f.severity, v.link, v.cves, f.arches
	FROM vulnerability v JOIN namespace n ON n.id = v.namespace_id
	JOIN fix f ON f.vulnerability_id = v.id JOIN package p ON p.id = f.package_id WHERE v.deleted_at IS NULL"""


def local(element):
    return element.tag.rsplit("}", 1)[-1]


def children(element, name):
    return [e for e in element if local(e) == name]


def text(element, path):
    for name in path.split("/"):
        found = children(element, name)
        if not found:
            return ""
        element = found[0]
    return (element.text or "").strip()


def facts(node, product):
    """What the direct tests of a node, and ORs of nothing but tests, say of release and module."""
    comments = [c.get("comment") for c in children(node, "criterion")]
    for alternatives in children(node, "criteria"):
        if alternatives.get("operator") == "OR" and not children(alternatives, "criteria"):
            comments += [c.get("comment") for c in alternatives]
    releases = {m[1] for c in comments if (m := re.fullmatch(rf"{product} (\d+)( Server| Client| Workstation| ComputeNode)? is installed", c))}
    modules = [m[1] for c in comments if (m := re.fullmatch(r"Module (\S+) is enabled", c))]
    return releases, modules[0] if modules else ""


def arch_of(node):
    return next((c.get("comment").split(" arch is ")[1] for c in children(node, "criterion") if " arch is " in c.get("comment")), "")


def walk(node, product, arches, releases=frozenset(), module="", arch=""):
    """(release, module, package, version or None, architecture) for each test of a package."""
    if node.get("operator", "AND") == "AND":
        more, own = facts(node, product)
        releases, module, arch = releases | more, own or module, arch_of(node) or arch
    for child in node:
        if child.get("negate") == "true":
            continue
        if local(child) == "criteria":
            yield from walk(child, product, arches, releases, module, arch)
            continue
        comment = child.get("comment") or ""
        own = arches.get(child.get("test_ref")) or arch
        if m := re.fullmatch(r"(\S+) is earlier than (\S+)", comment) or re.fullmatch(r"(\S+) is installed", comment):
            version = m[2] if m.re.groups == 2 else None
            yield from ((r, module, m[1], version, a) for r in releases for a in own.split("|"))


def arches_of_tests(root):
    states = {s.get("id"): text(s, "arch") for section in children(root, "states") for s in section}
    return {t.get("id"): states.get(s.get("state_ref")) for section in children(root, "tests") for t in section
            for s in children(t, "state")}


def later(a, b):
    def key(value):
        return [(1, int(w), "") if w.isdigit() else (0, 0, w) for w in re.findall(r"\d+|[a-zA-Z]+", value[0])]
    return key(a) > key(b)


def package_of(module, name, version):
    if module:
        return f"{module}::{name}"
    if ".ksplice" in (version or ""):
        return f"ksplice::{name}"
    return f"fips::{name}" if "_fips" in (version or "") else name


def state_of(definition, module, name):
    resolutions = [(r.get("state"), c.text) for a in definition.iter() if local(a) == "resolution"
                   for r in [a] for c in children(a, "component")]
    for state, component in resolutions:
        if component in (name, f"{module}/{name}"):
            return STATES.get(state)
    distinct = {state for state, _ in resolutions}
    return STATES.get(distinct.pop()) if len(distinct) == 1 else AFFECTED


def definitions(document):
    root = ET.fromstring(document)
    arches = arches_of_tests(root)
    return [(d, arches) for section in children(root, "definitions") for d in section]


def advisory_of(definition):
    meta = children(definition, "metadata")[0]
    title = text(meta, "title")
    references = [(r.get("source"), r.get("ref_id"), r.get("ref_url")) for r in children(meta, "reference")]
    cves = {text for e in meta.iter() if local(e) == "cve" for text in [(e.text or "").strip()]}
    cves |= {ref for source, ref, _ in references if source == "CVE"}
    return title, text(meta, "advisory/severity").lower(), references, {c for c in cves if c.startswith("CVE-")}


def rhel(documents):
    rows = {}
    for document in documents:
        for definition, arches in definitions(document):
            title, severity, references, cves = advisory_of(definition)
            unfixed = title.startswith("CVE-")
            if not unfixed and not title.startswith("RH"):
                continue
            name = title.split()[0] if unfixed else title.split(": ")[0]
            kind = "CVE" if unfixed else name[:4]
            link = next((url for source, _, url in references if source == kind), references[0][2] if references else "")
            severity = SEVERITIES.get(title.rsplit("(", 1)[-1].rstrip(")").lower(), SEVERITIES.get(severity, 0))
            for release, module, package, version, arch in walk(children(definition, "criteria")[0], "Red Hat Enterprise Linux", arches):
                state = FIXED if version else state_of(definition, module, package)
                if int(release) < 5 or (not version and not unfixed) or state is None:
                    continue
                value = (re.sub("^0:", "", version or ""), state, severity, link, "" if unfixed else cves)
                for space in "centos:", "rhel:":
                    key = space + release, name, package_of(module, package, version), arch
                    if key not in rows or later(value, rows[key]):
                        rows[key] = value
    return rows


def oracle(documents):
    rows = {}
    for document in documents:
        for definition, arches in definitions(document):
            title, severity, references, cves = advisory_of(definition)
            link = next(url for source, _, url in references if source == "elsa")
            for release, module, package, version, arch in walk(children(definition, "criteria")[0], "Oracle Linux", arches):
                if version:
                    key = "oracle:" + release, title.split(": ")[0], package_of(module, package, version), arch
                    value = re.sub("^0:", "", version), FIXED, SEVERITIES.get(severity, 0), link, cves
                    if key not in rows or later(value, rows[key]):
                        rows[key] = value
    return rows


def update(clair, db, source, location, *more):
    done = subprocess.run([clair, "update", source, "--db", db, "--from", f"{source}={location}", *more],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr + done.stdout


def stored(db):
    rows = {}
    for *key, version, state, severity, link, cves, arches in sqlite3.connect(db).execute(QUERY):
        for arch in arches.split(" "):
            rows[*key, arch] = version, state, severity, link, "" if key[1].startswith("CVE-") else set(cves.split())
    return rows


def assert_same(got, want, least):
    assert len(want) >= least
    differing = [(k, got.get(k), want.get(k)) for k in got.keys() | want.keys() if got.get(k) != want.get(k)]
    assert differing[:5] == []


READERS = {"rhel": rhel, "oracle": oracle}


@pytest.mark.parametrize("name", sorted(p.name for p in SAMPLES.glob("*.xml")))
def test_database_says_what_a_document_says(clair, tmp_path, name):
    source = "oracle" if name.startswith("oracle") else "rhel"
    want = READERS[source]([(SAMPLES / name).read_bytes()])
    update(clair, tmp_path / "db", source, SAMPLES / name, "--accept-shrinking")
    assert_same(stored(tmp_path / "db"), want, 1)


def unpack(path):
    if path.suffix == ".bz2":
        return bz2.decompress(path.read_bytes())
    return lzma.decompress(path.read_bytes())


def members(path):
    with tarfile.open(path) as tar:
        return {m.name.rsplit("/", 1)[-1]: tar.extractfile(m).read() for m in tar if m.isfile()}


@pytest.mark.whole
@pytest.mark.parametrize("source, name, least", [
    ("rhel", "redhat/rhsa-per-advisory.tar.xz", 80000),
    ("oracle", "oracle/elsa-per-advisory-derived.tar.xz", 40000)])
def test_database_says_what_an_archive_says(clair, tmp_path, shared_data, source, name, least):
    archive = shared_data / "feeds" / name
    documents = [d for n, d in members(archive).items() if n.endswith(".xml")]
    update(clair, tmp_path / "db", source, archive)
    want = READERS[source](documents)
    assert_same(stored(tmp_path / "db"), want, least)


@pytest.mark.whole
def test_streams_of_releases_make_one_source(clair, tmp_path, shared_data):
    names = ["rhel-7-including-unpatched.oval.xml.bz2", "rhel-8-including-unpatched.oval.xml.bz2", "com.redhat.rhsa-RHEL9.xml.xz"]
    (tmp_path / "feed").mkdir()
    for name in names:
        (tmp_path / "feed" / name).symlink_to(shared_data / "feeds/redhat" / name)
    update(clair, tmp_path / "db", "rhel", tmp_path / "feed")
    got = stored(tmp_path / "db")
    for name in names:
        release = re.search(r"\d+", name.replace("rhsa", ""))[0]
        documents = unpack(shared_data / "feeds/redhat" / name)
        assert_same({k: v for k, v in got.items() if k[0].endswith(":" + release)}, rhel([documents]), 5000)
    assert "up to date" in update(clair, tmp_path / "db", "rhel", tmp_path / "feed")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        self.server.asked.append(self.path)


@contextlib.contextmanager
def served(folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    server.asked = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()


def numbered(template, source, number):
    """The same advisory under another number."""
    old = {"rhel": "RHSA-2019:4191", "oracle": "ELSA-2015-1193"}[source]
    return template.replace(old.encode(), number.encode())


@pytest.mark.parametrize("source, sample, file, name", [
    ("rhel", "com.redhat.rhsa-20194191.xml", "com.redhat.rhsa-2020{:04}.xml", "RHSA-2020:{:04}"),
    ("oracle", "oracle-original-1.xml", "com.oracle.elsa-2016{:04}.xml", "ELSA-2016-{:04}")])
def test_a_server_is_asked_for_new_advisories_only(clair, tmp_path, source, sample, file, name):
    folder = tmp_path / "feed"
    folder.mkdir()
    template = (SAMPLES / sample).read_bytes()

    def publish(n):
        (folder / file.format(n)).write_bytes(numbered(template, source, name.format(n)))

    def names():
        return {key[1] for key in stored(tmp_path / "db")}

    for n in (1, 5):
        publish(n)
    with served(folder) as (server, url):
        update(clair, tmp_path / "db", source, url)
        assert names() == {name.format(1), name.format(5)}
        assert "up to date" in update(clair, tmp_path / "db", source, url)
        # Numbers are not given in order.
        publish(3)
        server.asked.clear()
        update(clair, tmp_path / "db", source, url)
        assert [p for p in server.asked if p.endswith(".xml")] == ["/" + file.format(3)]
        assert names() == {name.format(n) for n in (1, 3, 5)}


def test_years_of_oracle_are_read_when_they_change(clair, tmp_path):
    folder = tmp_path / "feed"
    folder.mkdir()
    template = (SAMPLES / "oracle-original-1.xml").read_bytes()
    for year in (2014, 2015):
        document = numbered(template, "oracle", f"ELSA-{year}-0001")
        (folder / f"com.oracle.elsa-{year}.xml.bz2").write_bytes(bz2.compress(document))
    with served(folder) as (_, url):
        update(clair, tmp_path / "db", "oracle", url)
        assert {k[1] for k in stored(tmp_path / "db")} == {"ELSA-2014-0001", "ELSA-2015-0001"}
        document = numbered(template, "oracle", "ELSA-2015-0002")
        (folder / "com.oracle.elsa-2015.xml.bz2").write_bytes(bz2.compress(document))
        os.utime(folder / "com.oracle.elsa-2015.xml.bz2", (1800000000, 1800000000))
        update(clair, tmp_path / "db", "oracle", url)
        assert "ELSA-2015-0002" in {k[1] for k in stored(tmp_path / "db")}
        assert "ELSA-2014-0001" in {k[1] for k in stored(tmp_path / "db")}


def test_a_damaged_document_changes_nothing(clair, tmp_path):
    folder = tmp_path / "feed"
    folder.mkdir()
    whole = (SAMPLES / "com.redhat.rhsa-20194191.xml").read_bytes()
    (folder / "com.redhat.rhsa-20194191.xml").write_bytes(whole)
    update(clair, tmp_path / "db", "rhel", folder)
    before = stored(tmp_path / "db")
    (folder / "com.redhat.rhsa-20194192.xml").write_bytes(whole[:-100])
    done = subprocess.run([clair, "update", "rhel", "--db", tmp_path / "db", "--from", f"rhel={folder}"], capture_output=True)
    assert done.returncode != 0
    assert b"20194192" in done.stderr
    assert stored(tmp_path / "db") == before
