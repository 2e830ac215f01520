"""The Ubuntu feed, read a second time by other means: what the tracker's files say against what is in the database."""
import bz2
import collections
import json
import lzma
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import tarfile
import xml.etree.ElementTree

import pytest

import images
import server as server_module

DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "feed" / "ubuntu"
SNAPSHOTS = ["snap-20200618", "snap-20210306", "snap-20220817", "snap-20240216"]
RELEASES = dict(zip(
    "warty hoary breezy dapper edgy feisty gutsy hardy intrepid jaunty karmic lucid maverick natty oneiric precise quantal raring "
    "saucy trusty utopic vivid wily xenial yakkety zesty artful bionic cosmic disco eoan focal groovy hirsute impish jammy kinetic "
    "lunar mantic noble".split(),
    "4.10 5.04 5.10 6.06 6.10 7.04 7.10 8.04 8.10 9.04 9.10 10.04 10.10 11.04 11.10 12.04 12.10 13.04 13.10 14.04 14.10 15.04 15.10 "
    "16.04 16.10 17.04 17.10 18.04 18.10 19.04 19.10 20.04 20.10 21.04 21.10 22.04 22.10 23.04 23.10 24.04".split()))
SEVERITIES = ["untriaged", "negligible", "low", "medium", "high", "critical"]
AFFECTED, FIXED, DEFERRED, WILL_NOT_FIX, END_OF_LIFE, FIXED_IN_PRO = range(6)
KERNEL = re.compile(r"linux(-(?!firmware|ftpd).*)?$")
OVER = re.compile("end of (life|standard support|kernel support|ESM support|support)|out of (standard )?support|end-of-life|EOL")


def understand(status, why):
    """One row: what it says, and whether it was affected when its time was over (None: it is not said)."""
    if status == "ignored":
        if "was not-affected" in why or "was DNE" in why:
            return "not-affected", None
        was = None if "was " not in why else "was needs-triage" not in why
        if OVER.search(why):
            return "over", was
        return ("needs-triage", None) if was is False else ("ignored", None)
    return {"active": "needed", "pending": "needed"}.get(status, status), None


def decide(plain, pro):
    """(fixed version, state) of a package in a release, or None."""
    (status, was, note), (esm, esm_was, esm_note) = plain, pro
    if status == "released":
        return note, FIXED_IN_PRO if "esm" in note else FIXED
    if status == "not-affected":
        return None
    if esm == "released":
        return esm_note, FIXED_IN_PRO
    affected = esm in ("needed", "deferred") or (esm == "over" and esm_was)
    if status is None:
        status, was = esm, esm_was
    if status == "over":
        if was is False:
            return ("", END_OF_LIFE) if affected else None
        if esm == "not-affected" or (was is None and (esm == "needs-triage" or (esm == "over" and esm_was is False))):
            return None
        return "", END_OF_LIFE
    if status == "ignored":
        return None if esm == "not-affected" else ("", WILL_NOT_FIX)
    if status == "needs-triage":
        return ("", AFFECTED) if affected else None
    return {"needed": ("", AFFECTED), "deferred": ("", DEFERRED)}.get(status)


def expected(tracker):
    """{(namespace, CVE, package): (fixed version, state, severity)} of a directory."""
    rows = {}
    for path in [*tracker.glob("active/CVE-*"), *tracker.glob("retired/CVE-*")]:
        text = path.read_text(encoding="utf-8", errors="replace")
        priorities = {m[1]: m[2] for m in re.finditer(r"^Priority(_\S+)?:[ \t]*(\w+)", text, re.M)}
        table = collections.defaultdict(lambda: {"plain": (None, None, ""), "pro": (None, None, "")})
        for m in re.finditer(r"^([^\s:_]+)_([^\s:]+):[ \t]*([\w-]+)[ \t]*(.*)$", text, re.M):
            word, package, status, why = m[1], m[2], m[3], m[4].strip("() \t")
            kind = "pro" if word.startswith("esm-") or word.endswith("/esm") else "plain"
            if status == "released":
                why = why.split(")")[0].strip()
            codename = re.sub("/esm$|^esm-[a-z]+/", "", word)
            if codename not in RELEASES or KERNEL.match(package) or (status == "released" and not re.fullmatch("[0-9A-Za-z.+~:_-]+", why)):
                continue
            status, was = understand(status, why)
            before = table[codename, package][kind][0]
            if kind == "plain" or before in (None, "DNE") or (status == "released" and before != "released"):
                table[codename, package][kind] = status, was, why
        for (codename, package), row in table.items():
            result = decide(row["plain"], row["pro"])
            word = priorities.get(f"_{package}_{codename}", priorities.get(f"_{package}", priorities.get(None, "untriaged")))
            if result:
                rows["ubuntu:" + RELEASES[codename], path.name, package] = *result, SEVERITIES.index(word)
    return rows


QUERY = """SELECT n.name, v.name, p.name, f.fixed_version, f.state, f.severity
	FROM vulnerability v JOIN namespace n ON n.id = v.namespace_id
	JOIN fix f ON f.vulnerability_id = v.id JOIN package p ON p.id = f.package_id WHERE v.deleted_at IS NULL"""
TEXTS = """SELECT n.name, v.name, v.severity, v.link, ifnull(t.body, '') FROM vulnerability v
	JOIN namespace n ON n.id = v.namespace_id LEFT JOIN text t ON t.id = v.description_id WHERE v.deleted_at IS NULL"""


def read(db):
    return {row[:3]: row[3:] for row in sqlite3.connect(db).execute(QUERY)}


def check(db, tracker):
    got, want = read(db), expected(tracker)
    assert {k: (got.get(k), want.get(k)) for k in got.keys() | want.keys() if got.get(k) != want.get(k)} == {}
    return len(want)


class Tracker:
    """A repository with the four snapshots, of which one is its newest commit."""

    def __init__(self, top, stream):
        self.top, self.git = top, top / "tracker.git"
        subprocess.run(["git", "init", "-q", "--bare", self.git], check=True)
        with lzma.open(stream) as f, subprocess.Popen(["git", "-C", self.git, "fast-import", "--quiet"], stdin=subprocess.PIPE) as p:
            shutil.copyfileobj(f, p.stdin)
            p.stdin.close()
        assert p.returncode == 0
        subprocess.run(["git", "-C", self.git, "symbolic-ref", "HEAD", "refs/heads/master"], check=True)

    def set(self, snapshot):
        subprocess.run(["git", "-C", self.git, "update-ref", "refs/heads/master", snapshot], check=True)

    def tar(self, snapshot, suffix=""):
        path = self.top / f"{snapshot}.tar{suffix}"
        archive = subprocess.run(["git", "-C", self.git, "archive", "--prefix=tracker/", snapshot], check=True, capture_output=True).stdout
        path.write_bytes(lzma.compress(archive) if suffix == ".xz" else archive)
        return path

    def tree(self, snapshot):
        path = self.top / snapshot
        if not path.exists():
            with tarfile.open(self.tar(snapshot)) as tar:
                tar.extractall(path)
        return path / "tracker"


def tracker_of(which, request, tmp_path):
    if which == "small":
        return Tracker(tmp_path, DATA / "cve-tracker-4snapshots.fast-export.xz")
    return Tracker(tmp_path, request.getfixturevalue("shared_data") / "feeds/ubuntu/cve-tracker-4snapshots.fast-export.xz")


@pytest.fixture
def tracker(tmp_path):
    return Tracker(tmp_path, DATA / "cve-tracker-4snapshots.fast-export.xz")


@pytest.fixture
def update(clair, tmp_path):
    """update(location, db) → what it says."""
    def run(location, db, *more):
        env = {**os.environ, "CLAIR_CACHE_DIR": str(tmp_path / "cache")}
        done = subprocess.run([clair, "update", "ubuntu", "--from", f"ubuntu={location}", "--db", db, *more], env=env, text=True,
                              capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr
    return run


def test_every_form_of_the_tracker_comes_to_the_same(update, tracker, tmp_path):
    last = SNAPSHOTS[-1]
    forms = {
        "bare repository": tracker.git, "URL": f"git+file://{tracker.git}", "directory": tracker.tree(last), "tar": tracker.tar(last),
        "tar.xz": tracker.tar(last, ".xz"),
    }
    rows, texts = None, None
    for name, location in forms.items():
        db = tmp_path / f"{name}.db"
        update(location, db)
        assert check(db, tracker.tree(last)) > 1000
        rows, texts = rows or read(db), texts or set(sqlite3.connect(db).execute(TEXTS))
        assert read(db) == rows and set(sqlite3.connect(db).execute(TEXTS)) == texts, name
        assert "up to date" in update(location, db), name


@pytest.mark.parametrize("which", ["small", pytest.param("full", marks=pytest.mark.whole)])
def test_snapshots_one_after_the_other_come_to_what_the_last_alone_does(update, which, request, tmp_path):
    tracker = tracker_of(which, request, tmp_path)
    one_by_one, alone = tmp_path / "one_by_one.db", tmp_path / "alone.db"
    before = {}
    for snapshot in SNAPSHOTS:
        tracker.set(snapshot)
        said = update(f"git+file://{tracker.git}", one_by_one)
        check(one_by_one, tracker.tree(snapshot))
        # What it says was written is what differs, no more.
        now = collections.defaultdict(set)
        for (name_space, cve, package), row in read(one_by_one).items():
            now[name_space, cve].add((package, *row))
        new, gone = len(now.keys() - before.keys()), len(before.keys() - now.keys())
        assert f"{len(now)} advisories ({new} new, " in said and f"{gone} removed)" in said
        before = dict(now)
    update(f"git+file://{tracker.git}", alone)
    assert read(one_by_one) == read(alone)
    assert set(sqlite3.connect(one_by_one).execute(TEXTS)) == set(sqlite3.connect(alone).execute(TEXTS))


@server_module.ours_only  # the original's sources cannot be told to be elsewhere
def test_notifications_are_those_that_the_differences_call_for(server, backend, tracker):
    """With one for every difference, also of what no stored layer has."""
    tracker.set(SNAPSHOTS[2])
    sources = server_module.only_sources(ubuntu=tracker.git)
    running = server(backend, updater={"interval": "1s", "sources": sources}, notifier={"all": True})
    updates = []
    for snapshot in SNAPSHOTS[2:]:
        tracker.set(snapshot)
        server_module.wait_until(lambda: any(e not in updates for e in finished(running)))
        updates = finished(running)
    before, after = (advisories(tracker.tree(snapshot)) for snapshot in SNAPSHOTS[2:])
    changed = [k for k in before.keys() | after.keys() if before.get(k) != after.get(k)]
    assert len(changed) > 100
    assert [e["notifications"] for e in updates] == [0, len(changed)]


def finished(server):
    """The updates that wrote something."""
    return [line for line in server.log if line["Event"] == "finished fetching" and line["new"] + line["changed"] + line["removed"]]


def advisories(tree):
    """{(namespace, CVE): all that is said of it}"""
    found = collections.defaultdict(set)
    for (name_space, cve, package), row in expected(tree).items():
        found[name_space, cve].add((package, *row))
    for name_space, cve in found:
        path = next(p for folder in ("active", "retired") if (p := tree / folder / cve).exists())
        text = path.read_text(encoding="utf-8", errors="replace")
        description = re.search(r"^Description:((?:[ \t]*.*\n)*?)(?=\S)", text, re.M)[1].split()
        found[name_space, cve].add((re.search(r"^Priority:[ \t]*(\w+)", text, re.M)[1], *description))
    return found


def test_a_commit_that_touches_no_cve_is_nothing_to_write(update, tracker, tmp_path):
    db = tmp_path / "db"
    update(tracker.git, db)
    subprocess.run(["sh", "-ec", f"""cd {tmp_path}; git clone -q tracker.git work; cd work; echo x >>README
        git -c user.name=a -c user.email=a@b commit -qam more; git push -q"""], check=True)
    assert "up to date" in update(tracker.git, db)
    subprocess.run(["sh", "-ec", f"""cd {tmp_path}/work; git rm -q active/CVE-2023-0286
        git -c user.name=a -c user.email=a@b commit -qm less; git push -q"""], check=True)
    removed = sum(1 for k in {k[:2] for k in read(db)} if k[1] == "CVE-2023-0286")
    assert removed > 5
    assert f"(0 new, 0 changed, {removed} removed)" in update(tracker.git, db)


def test_what_is_no_tracker_is_refused(clair, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("text")
    (tmp_path / "notice.json").write_text('{"id": "USN-5614-1"}')
    with tarfile.open(tmp_path / "others.tar", "w") as tar:
        tar.add(tmp_path / "text", "vex/cve/2024/CVE-2024-1.json")
    for location, why in (("empty", "neither a tracker"), ("text", "Unrecognized archive format"), ("missing", "No such file"),
                          ("notice.json", '"USN-5614-1" is not of a CVE'), ("others.tar", "neither files of a tracker")):
        done = subprocess.run([clair, "update", "ubuntu", "--from", f"ubuntu={tmp_path / location}", "--db", tmp_path / "db"], text=True,
                              capture_output=True, check=False)
        assert done.returncode == 2 and why in done.stderr, done.stderr


UBUNTU = ("etc/os-release", 'ID=ubuntu\nVERSION_ID="16.04"\nPRETTY_NAME="Ubuntu 16.04.7 LTS"\n')


def test_findings_in_an_image(clair, update, tracker, tmp_path):
    """By source package; a fix of Pro is told from one of the archive."""
    db = tmp_path / "db"
    update(tracker.git, db)
    layer = images.layer(UBUNTU, ("var/lib/dpkg/status", images.status(("libssl1.0.0", "1.0.2g-1ubuntu4.20", "openssl"))))
    (tmp_path / "image.tar").write_bytes(images.tar_of(images.docker_archive([layer])))
    done = subprocess.run([clair, "scan", "--db", db, "--format", "json", tmp_path / "image.tar"], capture_output=True, text=True, check=False)
    assert '"CVE-2023-0286"' in done.stdout and '"1.0.2g-1ubuntu4.20+esm6"' in done.stdout and '"fixed_in_pro"' in done.stdout, done


def oval_expected(path):
    """{(namespace, CVE, package): (fixed version, state, severity)} of a document, by its comments."""
    codename = path.name.split(".")[2]
    ns = {"o": "http://oval.mitre.org/XMLSchema/oval-definitions-5"}
    rows = {}
    for d in xml.etree.ElementTree.fromstring(bz2.decompress(path.read_bytes())).iterfind(".//o:definition[@class='vulnerability']", ns):
        cve = d.find(".//o:reference[@source='CVE']", ns).get("ref_id")
        severity = SEVERITIES.index(d.find(".//o:severity", ns).text.lower())
        for criterion in d.iterfind(".//o:criterion", ns):
            comment = criterion.get("comment")
            package, note = re.match(r"[^\s:]+", comment)[0], re.search(r"\(note: '(.*)'\)", comment)
            note = note[1] if note else ""
            if KERNEL.match(package):
                continue
            for words, row in {
                "vulnerable but has been fixed": (note, FIXED_IN_PRO if "esm" in note else FIXED),
                "affected and needs fixing": ("", AFFECTED), "made to defer": ("", DEFERRED), "pending publication": ("", AFFECTED),
                "made to ignore": ("", END_OF_LIFE if OVER.search(note) else WILL_NOT_FIX),
            }.items():
                if words in comment:
                    rows["ubuntu:" + RELEASES[codename], cve, package] = *row, severity
    return rows


@pytest.mark.parametrize("form", ["directory", "page", "document"])
def test_oval_of_the_releases(update, tmp_path, layer_server, form):
    documents = sorted(DATA.glob("*.cve.oval.xml.bz2"))
    want = {k: v for document in documents for k, v in oval_expected(document).items()}
    db = tmp_path / "db"
    location = DATA
    if form == "page":
        for document in documents:
            layer_server.add(f"oval/{document.name}", document.read_bytes())
        page = "".join(f'<a href="{d.name}">{d.name}</a><a href="oci.{d.name}">x</a><a href="com.ubuntu.fips_jammy.cve.oval.xml.bz2">x</a>' for d in documents)
        location = layer_server.add("oval/", page.encode())
    if form == "document":
        for document in documents:
            update(document, db)
    else:
        update(location, db)
        assert "up to date" in update(location, db)
    got = read(db)
    assert {k: (got.get(k), want.get(k)) for k in got.keys() | want.keys() if got.get(k) != want.get(k)} == {}
    assert len(want) > 60


def osv_expected(records):
    """{(namespace, CVE, package): (fixed version, state, severity)} of a directory of OSV records."""
    rows = {}
    for path in records.rglob("UBUNTU-CVE-*.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        plain, pro = {}, {}
        for affected in [] if "withdrawn" in record else record["affected"]:
            package, (one,) = affected["package"], affected["ranges"]
            m = re.fullmatch(r"Ubuntu:(Pro:)?([\d.]+)(:LTS)?", package["ecosystem"])
            if m and not KERNEL.match(package["name"]):
                fixed = [event["fixed"] for event in one["events"] if "fixed" in event]
                (pro if m[1] else plain)["ubuntu:" + m[2], package["name"]] = fixed[0] if fixed else ""
        words = [s["score"] for s in record["severity"] if s["type"] == "Ubuntu"]
        words += [a.get("ecosystem_specific", {}).get("ubuntu_priority") for a in record["affected"]]
        for name_space, package in plain.keys() | pro.keys():
            here, there = plain.get((name_space, package)), pro.get((name_space, package))
            row = (here, FIXED) if here else (there, FIXED_IN_PRO) if there else ("", AFFECTED)
            rows[name_space, path.stem.removeprefix("UBUNTU-"), package] = *row, SEVERITIES.index(words[0])
    return rows


@pytest.fixture
def osv_records(tmp_path):
    with tarfile.open(DATA / "osv-all.tar.xz") as tar:
        tar.extractall(tmp_path / "records")
    return tmp_path / "records"


@pytest.mark.parametrize("form", ["tar.xz", "directory", "URL", "records"])
def test_osv_records(update, tmp_path, layer_server, osv_records, form):
    want = osv_expected(osv_records)
    db = tmp_path / "db"
    locations = [DATA / "osv-all.tar.xz"]
    if form == "directory":
        locations = [osv_records]
    if form == "URL":
        locations = [layer_server.add("osv/osv-all.tar.xz", locations[0].read_bytes()).rsplit("/", 1)[0]]
    if form == "records":
        locations = sorted(osv_records.rglob("UBUNTU-CVE-*.json"))
    for location in locations:
        update(location, db)
    got = read(db)
    assert {k: (got.get(k), want.get(k)) for k in got.keys() | want.keys() if got.get(k) != want.get(k)} == {}
    # By hand: a fix of Pro only, one that both have, none.
    assert got["ubuntu:18.04", "CVE-2022-24823", "netty"] == ("1:4.1.7-4ubuntu0.1+esm3", FIXED_IN_PRO, SEVERITIES.index("low"))
    assert got["ubuntu:16.04", "CVE-2014-9913", "unzip"] == ("6.0-20ubuntu1.1", FIXED, SEVERITIES.index("negligible"))
    assert got["ubuntu:16.04", "CVE-2016-20013", "glibc"] == ("", AFFECTED, SEVERITIES.index("negligible"))
    assert len(want) > 40 and not [k for k in got if k[1] == "CVE-2014-2901"]
    assert "up to date" in update(locations[-1], db)


def test_a_record_that_is_damaged_is_skipped(update, tmp_path, osv_records):
    want = osv_expected(osv_records)
    path = osv_records / "osv/cve/2014/UBUNTU-CVE-2014-9913.json"
    path.write_bytes(path.read_bytes()[:-10])
    said = update(osv_records, tmp_path / "db")
    assert read(tmp_path / "db") == {k: v for k, v in want.items() if k[1] != "CVE-2014-9913"}
    assert "UBUNTU-CVE-2014-9913.json" in said
