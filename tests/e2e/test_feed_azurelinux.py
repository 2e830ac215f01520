"""Azure Linux's OVAL, read a second time by other means: what the documents say against what is in the database."""
import io
import pathlib
import tarfile

import pytest

import images
import rpm_feeds
from rpm_feeds import AFFECTED, FIXED

DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "feed" / "azurelinux"
NAMESPACES = {"azurelinux-3.0-oval.xml": "azurelinux:3.0", "cbl-mariner-1.0-oval.xml": "mariner:1.0",
              "cbl-mariner-2.0-oval.xml": "mariner:2.0"}


def expected(documents):
    rows = {}
    for name, document in documents.items():
        oval = rpm_feeds.Oval(document)
        for definition in oval.definitions():
            metadata = definition.find("metadata")
            if metadata.findtext("patchable") == "Not Applicable":
                continue
            (criterion,) = definition.iter("criterion")
            package, state = oval.test(criterion)
            evr, operation = state["evr"]
            fixed = rpm_feeds.without_epoch_0(evr.replace(" ", "")) if operation == "less than" else ""
            key = NAMESPACES[name], metadata.find("reference").get("ref_id"), package
            # Of two definitions the later one counts.
            rows[key] = ("", fixed, FIXED if fixed else AFFECTED, rpm_feeds.severity(metadata.findtext("severity")),
                         frozenset(), frozenset())
    return rows


@pytest.fixture
def everything(shared_data):
    """The three documents as Microsoft publishes them."""
    with tarfile.open(next(shared_data.glob("feeds/others/azurelinux-*.tar.xz"))) as tar:
        return {pathlib.Path(m.name).name: tar.extractfile(m).read() for m in tar if pathlib.Path(m.name).name in NAMESPACES}


@pytest.mark.parametrize("which", ["sample", pytest.param("full", marks=pytest.mark.whole)])
def test_database_says_what_oval_says(clair, tmp_path, request, which):
    documents = {p.name: p.read_bytes() for p in DATA.glob("*.xml")}
    if which == "full":
        documents = request.getfixturevalue("everything")
    folder = tmp_path / "oval"
    folder.mkdir()
    for name, document in documents.items():
        (folder / name).write_bytes(document)
    rpm_feeds.update(clair, tmp_path / "db", "azurelinux", folder)
    want = expected(documents)
    assert len(want) > (5000 if which == "full" else 4)
    rpm_feeds.assert_same(rpm_feeds.rows(tmp_path / "db"), want)


def test_server_with_some_of_the_documents(clair, tmp_path):
    with rpm_feeds.serve(DATA) as (url, _):
        rpm_feeds.update(clair, tmp_path / "db", "azurelinux", url)
    rpm_feeds.assert_same(rpm_feeds.rows(tmp_path / "db"), expected({p.name: p.read_bytes() for p in DATA.glob("*.xml")}))


def test_name_that_does_not_tell_the_release(clair, tmp_path):
    (tmp_path / "oval.xml").write_bytes((DATA / "azurelinux-3.0-oval.xml").read_bytes())
    done = rpm_feeds.update(clair, tmp_path / "db", "azurelinux", tmp_path / "oval.xml", check=False, capture_output=True, text=True)
    assert done.returncode != 0 and "the name has to tell the release" in done.stderr


def test_findings_by_source_package_in_a_real_database(clair, scan, tmp_path, shared_data, everything):
    with tarfile.open(shared_data / "pkgdbs/rpm.tar.xz") as tar:
        database = tar.extractfile("rpm/go-rpmdb-cbl-mariner-2.0-rpmdb.sqlite").read()
    release = ("etc/os-release", 'ID=mariner\nVERSION_ID="2.0"\n')
    layer = tmp_path / "layer.tar"
    layer.write_bytes(images.layer(release, ("var/lib/rpm/rpmdb.sqlite", database)))
    (tmp_path / "cbl-mariner-2.0-oval.xml").write_bytes(everything["cbl-mariner-2.0-oval.xml"])
    rpm_feeds.update(clair, tmp_path / "db", "azurelinux", tmp_path / "cbl-mariner-2.0-oval.xml")
    target = scan(layer, db=tmp_path / "db", options=["--list-packages"]).targets[0]
    found = {(v["id"], v["package"]) for v in target["vulnerabilities"]}
    sources = {p["name"]: p["source"] for p in target["packages"]}
    affected = {(name, package) for _, name, package in expected({"cbl-mariner-2.0-oval.xml": everything["cbl-mariner-2.0-oval.xml"]})}
    assert found and all((id, sources[package]) in affected for id, package in found)
    # A binary package that is not called as its source.
    assert any(sources[package] != package for _, package in found)
