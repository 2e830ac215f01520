"""Amazon's advisories, read a second time by other means: what updateinfo.xml says against what is in the database."""
import gzip
import hashlib
import os
import pathlib
import re
import xml.etree.ElementTree as ET

import pytest

import rpm_feeds
from rpm_feeds import FIXED

DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "feed" / "amazon"
RELEASES_1 = ["amzn:2016.09", "amzn:2017.03", "amzn:2017.09", "amzn:2018.03"]


def namespaces(id):
    for year in ("2023", "2022"):
        if id.startswith("ALAS" + year):
            return ["amzn:" + year]
    return RELEASES_1 if id.startswith("ALAS-") else ["amzn:2"]


def introduced(id, version, epoch):
    topic = re.fullmatch(r"ALAS2?(?!022|023)(.*)-\d{4}-\d+", id)
    numbers = [n for n in re.findall(r"\d+(?:\.\d+)*", topic[1] if topic else "") if (version + ".").startswith(n + ".")]
    return epoch + max(numbers, key=len) if numbers else ""


def expected(*documents):
    rows = {}
    for document in documents:
        for update in ET.fromstring(document).iter("update"):
            id = update.findtext("id")
            severity = rpm_feeds.severity(update.findtext("severity"))
            cves = frozenset(r.get("id") for r in update.iter("reference") if r.get("type") == "cve")
            packages = {}
            for p in update.iter("package"):
                epoch = "" if p.get("epoch") == "0" else p.get("epoch") + ":"
                evr = f"{epoch}{p.get('version')}-{p.get('release')}"
                start = introduced(id, p.get("version"), epoch)
                assert packages.setdefault(p.get("name"), (start, evr, set()))[1] == evr
                packages[p.get("name")][2].add(p.get("arch"))
            for name, (start, evr, arches) in packages.items():
                arches = frozenset() if "noarch" in arches else frozenset(arches)
                for namespace in namespaces(id):
                    rows[namespace, id, name] = (start, evr, FIXED, severity, arches, cves)
    return rows


@pytest.fixture
def documents():
    return {p.name: p.read_bytes() for p in DATA.glob("updateinfo*.xml")}


def test_database_says_what_updateinfo_says(clair, tmp_path, documents):
    rpm_feeds.update(clair, tmp_path / "db", "amazon", DATA)
    want = expected(*documents.values())
    assert len(want) == 100
    rpm_feeds.assert_same(rpm_feeds.rows(tmp_path / "db"), want)


def test_one_compressed_file(clair, tmp_path, documents):
    document = documents["updateinfo-2023.xml"]
    (tmp_path / "updateinfo.xml.gz").write_bytes(gzip.compress(document))
    rpm_feeds.update(clair, tmp_path / "db", "amazon", tmp_path / "updateinfo.xml.gz")
    rpm_feeds.assert_same(rpm_feeds.rows(tmp_path / "db"), expected(document))


def repository(root, folder, document, name="updateinfo.xml.gz"):
    """A repository as createrepo makes it; without a document, one that has no updateinfo."""
    place = root / folder / "repodata"
    place.mkdir(parents=True, exist_ok=True)
    data = ""
    if document is not None:
        packed = gzip.compress(document, mtime=0)
        (place / name).write_bytes(packed)
        data = f"""<data type="updateinfo"><checksum type="sha256">{hashlib.sha256(packed).hexdigest()}</checksum>
            <location href="repodata/{name}"/></data>"""
    (place / "repomd.xml").write_text(
        f"""<repomd xmlns="http://linux.duke.edu/metadata/repo"><data type="primary"><location href="x"/></data>{data}</repomd>""")


@pytest.fixture
def tree(tmp_path, documents):
    """A mirror of the servers: some repositories behind mirror.list, some where mirror.list would be."""
    root = tmp_path / "mirror"
    folder = root / "2/core/latest/x86_64"
    folder.mkdir(parents=True)
    (folder / "mirror.list").write_text("\nhttps://cdn.amazonlinux.com/2/core/2.0/x86_64/abcdef\n")
    repository(root, "2/core/2.0/x86_64/abcdef", documents["updateinfo-2.xml"])
    (root / "2/extras-catalog.json").write_text(
        '{"motd": "", "topics": [{"n": "emacs", "inst": ["emacs"]}, {"n": "../x"}, {"n": "kernel-5.15"}, {"n": "gone"}]}')
    repository(root, "2/extras/emacs/latest/x86_64", None)
    repository(root, "2/extras/kernel-5.15/latest/x86_64", documents["updateinfo-2-kernel-5.15.xml"])
    repository(root, "al2023/core/mirrors/latest/x86_64", documents["updateinfo-2023.xml"])
    repository(root, "al2023/kernel-livepatch/mirrors/latest/x86_64", documents["updateinfo-2023-livepatch.xml"])
    return root


TREE = ["updateinfo-2.xml", "updateinfo-2-kernel-5.15.xml", "updateinfo-2023.xml", "updateinfo-2023-livepatch.xml"]


def test_mirror_as_a_directory(clair, tmp_path, tree, documents):
    rpm_feeds.update(clair, tmp_path / "db", "amazon", tree)
    rpm_feeds.assert_same(rpm_feeds.rows(tmp_path / "db"), expected(*(documents[n] for n in TREE)))


def test_mirror_over_http_is_read_again_only_where_it_changed(clair, tmp_path, tree, documents):
    done = {}
    with rpm_feeds.serve(tree) as (url, requests):
        for run in ("first", "second", "third"):
            if run == "third":
                repository(tree, "al2023/core/mirrors/latest/x86_64", documents["updateinfo-2023.xml"].replace(b"3.amzn2023.0.2", b"4.amzn2023"))
            requests.clear()
            rpm_feeds.update(clair, tmp_path / "db", "amazon", url)
            done[run] = [r for r in requests if "updateinfo" in r]
    assert len(done["first"]) == 4
    assert done["second"] == []
    assert len(done["third"]) == 2 and all(r.startswith("/al2023/") for r in done["third"])
    changed = documents["updateinfo-2023.xml"].replace(b"3.amzn2023.0.2", b"4.amzn2023")
    want = expected(*(documents[n] for n in TREE if n != "updateinfo-2023.xml"), changed)
    rpm_feeds.assert_same(rpm_feeds.rows(tmp_path / "db"), want)


def test_wrong_checksum_changes_nothing(clair, tmp_path, tree, documents):
    rpm_feeds.update(clair, tmp_path / "db", "amazon", tree)
    before = rpm_feeds.rows(tmp_path / "db")
    repomd = tree / "2/extras/kernel-5.15/latest/x86_64/repodata/repomd.xml"
    repomd.write_text(re.sub('sha256">.', 'sha256">0', repomd.read_text().replace('sha256">0', 'sha256">1')))
    done = rpm_feeds.update(clair, tmp_path / "db", "amazon", tree, check=False, capture_output=True, text=True)
    assert done.returncode != 0
    assert "not the SHA-256 that repomd.xml names" in done.stderr
    rpm_feeds.assert_same(rpm_feeds.rows(tmp_path / "db"), before)


def test_repositories_that_a_server_forbids(clair, tmp_path, tree, documents):
    """What is not there may look forbidden; what was there before must not vanish so."""
    forbidden = ["/2018.03/", "/al2022/", "/al2023/nvidia/", "/2/extras/gone/", "/2/extras/kernel-5.15/"]
    environment = {**os.environ, "CLAIR_HTTP_RETRY_MS": "1"}
    with rpm_feeds.serve(tree, forbidden) as (url, _):
        rpm_feeds.update(clair, tmp_path / "db", "amazon", url, env=environment)
        rpm_feeds.assert_same(rpm_feeds.rows(tmp_path / "db"), expected(*(documents[n] for n in TREE if "kernel" not in n)))
        forbidden.pop()
        rpm_feeds.update(clair, tmp_path / "db", "amazon", url, env=environment)
        want = expected(*(documents[n] for n in TREE))
        rpm_feeds.assert_same(rpm_feeds.rows(tmp_path / "db"), want)
        forbidden.append("/2/extras/kernel-5.15/")
        assert rpm_feeds.update(clair, tmp_path / "db", "amazon", url, check=False, env=environment).returncode != 0
        rpm_feeds.assert_same(rpm_feeds.rows(tmp_path / "db"), want)


def test_directory_without_any_is_an_error(clair, tmp_path):
    (tmp_path / "empty").mkdir()
    done = rpm_feeds.update(clair, tmp_path / "db", "amazon", tmp_path / "empty", check=False, capture_output=True, text=True)
    assert done.returncode != 0 and "no repository of Amazon Linux" in done.stderr


UPDATE = """<updates><update type="security"><id>ALAS2023-2024-{number}</id><severity>low</severity><references/><pkglist><collection>
    <package name="{name}" epoch="0" version="{version}" release="1" arch="{arch}"/></collection></pkglist></update></updates>"""


def test_findings_in_a_real_image(clair, scan, tmp_path, shared_data):
    layer = shared_data / "images/layers/amazonlinux-2023-real-sqlite.layer.tar.gz"
    target = scan(layer, options=["--list-packages"]).targets[0]
    package = next(p for p in target["packages"] if p["name"] == "bash")
    cases = {1: ("999", package["arch"]), 2: ("0.1", package["arch"]), 3: ("999", "riscv64")}
    folder = tmp_path / "feed"
    folder.mkdir()
    for number, (version, arch) in cases.items():
        (folder / f"updateinfo-{number}.xml").write_text(UPDATE.format(number=number, name="bash", version=version, arch=arch))
    rpm_feeds.update(clair, tmp_path / "db", "amazon", folder)
    assert [v["id"] for v in scan(layer, db=tmp_path / "db").targets[0]["vulnerabilities"]] == ["ALAS2023-2024-1"]
