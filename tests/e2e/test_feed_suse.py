"""SUSE's OVAL, read a second time by other means: what the documents say against what is in the database."""
import functools
import os
import pathlib
import re
import shutil
import subprocess

import pytest

import rpm_feeds
from rpm_feeds import AFFECTED, FIXED

DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "feed" / "suse"


def namespace(product):
    rules = [
        (r"SUSE Linux Enterprise Server for SAP Applications (\d+)(?: SP(\d+))?.*", "sles_sap"),
        (r"SUSE Linux Enterprise Server (\d+(?:\.\d+)?)(?: SP(\d+))?(?:-.*)?", "sles"),
        (r"SUSE Linux Enterprise (?:Module for|Workstation Extension) .*?(\d+)(?: SP(\d+))?", "sles"),
        (r"SUSE Linux Enterprise Desktop (\d+)(?: SP(\d+))?", "sled"),
        (r"SUSE Linux Enterprise High Performance Computing (\d+)(?: SP(\d+))?(?:-.*)?", "sle_hpc"),
        (r"SUSE Linux Enterprise Micro ([\d.]+)()", "sle-micro"),
        (r"openSUSE Leap ([\d.]+)()", "opensuse-leap"),
    ]
    if product == "openSUSE Tumbleweed":
        return "opensuse-tumbleweed:rolling"
    for pattern, id in rules:
        if m := re.fullmatch(pattern, product):
            return f"{id}:{m[1]}" + (f".{m[2]}" if m[2] else "")
    assert re.match("SUSE Manager|SUSE Linux Enterprise Storage|SUSE Enterprise Storage|Open Enterprise|SUSE Linux Enterprise Real Time", product)
    return None


@functools.lru_cache(None)
def compare(a, b):
    done = subprocess.run(["rpm", "--eval", f"%{{lua:print(rpm.vercmp('{a}', '{b}'))}}"], capture_output=True, text=True, check=True)
    return int(done.stdout)


def walk(criteria, products, out):
    """[(products, criterion)]: groups of criteria that are about products count for those next to them."""
    here = list(products)
    for c in criteria:
        tests = list(c.iter("criterion")) if c.tag == "criteria" else [c]
        if all(t.get("comment").endswith(" is installed") and re.match("SUSE|openSUSE|Open Ent", t.get("comment")) for t in tests):
            here += [t.get("comment").removesuffix(" is installed") for t in tests]
    for c in criteria:
        if c.tag == "criteria":
            walk(c, here, out)
        else:
            out.append((here, c))


def expected(*documents):
    rows = {}
    for document in documents:
        oval = rpm_feeds.Oval(document)
        for definition in oval.definitions():
            metadata = definition.find("metadata")
            severity = rpm_feeds.severity(metadata.findtext("advisory/severity", ""))
            pairs = []
            walk(definition.findall("criteria"), [], pairs)
            for products, criterion in pairs:
                package, state = oval.test(criterion)
                evr, operation = state.get("evr", ("", ""))
                comment = criterion.get("comment")
                if operation != "less than" and not comment.endswith(" is affected"):
                    continue
                arches = frozenset(state["arch"][0].strip("()").split("|")) if "arch" in state else frozenset(["noarch"])
                fixed = rpm_feeds.without_epoch_0(evr)
                for key in {(namespace(p), metadata.findtext("title"), package) for p in products if namespace(p)}:
                    if key in rows:
                        old = rows[key]
                        arches |= old[4]
                        if not fixed or (old[1] and compare(old[1], fixed) < 0):
                            fixed = old[1]
                    rows[key] = ("", fixed, FIXED if fixed else AFFECTED, severity, arches, frozenset())
    return {k: (*v[:4], frozenset() if "noarch" in v[4] else v[4], v[5]) for k, v in rows.items()}


@pytest.mark.parametrize("path", sorted(DATA.glob("*.xml")), ids=lambda p: p.name)
def test_database_says_what_a_document_says(clair, tmp_path, path):
    want = expected(path.read_bytes())
    done = rpm_feeds.update(clair, tmp_path / "db", "suse", path, check=False)
    # One sample has nothing but packages that are not affected.
    assert (done.returncode == 0) == bool(want)
    if want:
        rpm_feeds.assert_same(rpm_feeds.rows(tmp_path / "db"), want)


CHOSEN = ["opensuse.leap.15.2.xml", "opensuse.tumbleweed.xml", "suse.linux.enterprise.16-affected.xml",
          "suse.linux.enterprise.micro.5-affected.xml", "suse.linux.enterprise.server.12.xml", "suse.linux.enterprise.server.15.xml"]
INDEX = """<html><a href="../">Up</a><a href="suse.linux.enterprise.16-patch.xml">p</a><a href="suse.storage.7.xml.gz">s</a>
    <a href="suse.linux.enterprise.12.xml">12</a><a href="suse.linux.enterprise.15-sp3.xml">15.3</a>"""


def test_folder_of_a_server(clair, tmp_path):
    folder = tmp_path / "oval"
    folder.mkdir()
    for name in CHOSEN:
        shutil.copy(DATA / name, folder)
    (folder / "index.html").write_text(INDEX + "".join(f'<a href="{n}">{n}</a>' for n in CHOSEN))
    with rpm_feeds.serve(folder) as (url, requests):
        rpm_feeds.update(clair, tmp_path / "db", "suse", url + "/")
        first, requests[:] = list(requests), []
        changed = folder / "opensuse.leap.15.2.xml"
        changed.write_text(changed.read_text().replace("lp152.4.3.1", "lp152.4.4.1"))
        os.utime(changed, (2000000000, 2000000000))
        rpm_feeds.update(clair, tmp_path / "db", "suse", url + "/")
    assert sorted(p.strip("/") for p in set(first)) == sorted(["", *CHOSEN])
    want = expected(*((folder / n).read_bytes() for n in CHOSEN))
    rpm_feeds.assert_same(rpm_feeds.rows(tmp_path / "db"), want)
    assert any(v[1].endswith("lp152.4.4.1") for v in want.values())


def test_affected_documents_are_preferred(clair, tmp_path):
    folder = tmp_path / "oval"
    folder.mkdir()
    document = (DATA / "suse.linux.enterprise.16-affected.xml").read_text()
    (folder / "suse.linux.enterprise.16-affected.xml").write_text(document)
    (folder / "suse.linux.enterprise.16.xml").write_text(document.replace("CVE-", "CVE-9"))
    (folder / "suse.linux.enterprise.16.0-affected.xml").write_text("no XML")
    rpm_feeds.update(clair, tmp_path / "db", "suse", folder)
    rpm_feeds.assert_same(rpm_feeds.rows(tmp_path / "db"), expected(document))


def test_findings_in_a_real_image(clair, scan, tmp_path, shared_data):
    layer = shared_data / "images/layers/sle-15-bci-real-ndb.layer.tar.gz"
    # The image's release, and a package that it has, in the place of others.
    document = (DATA / "suse.linux.enterprise.server.15.xml").read_text()
    for old, new in (("Server 15-LTSS is", "Server 15 SP3 is"), (">kernel-default<", ">bash<"), ("4.12.14-150.72.1", "4.4-999.1")):
        document = document.replace(old, new)
    (tmp_path / "oval.xml").write_text(document)
    rpm_feeds.update(clair, tmp_path / "db", "suse", tmp_path / "oval.xml")
    target = scan(layer, db=tmp_path / "db").targets[0]
    assert [(v["id"], v["package"], v["fixed_in"]) for v in target["vulnerabilities"]] == [("CVE-2021-29154", "bash", "4.4-999.1")]
