"""Security databases of Alpine and Wolfi, read a second time by other means, and found in images."""
import functools
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import tarfile
import threading

import pytest
import yaml

import feeds
import images

DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "feed"
VERSION = re.compile(r"[0-9]+(\.[0-9]+)*([a-z][0-9]*)?(_(alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*(~[0-9a-f]+)?(-r[0-9]+)?")
OTHER_ID = re.compile(r"(?!CVE)[A-Za-z][\w.]*-[\w.-]*[0-9][\w.-]*|(?!CVE)[A-Za-z][\w.]*[0-9][\w.]*-[\w.-]*", re.ASCII)


@pytest.fixture
def tree(tmp_path):
    """The databases of all releases, as the server has them."""
    with tarfile.open(DATA / "alpine/secdb-json-2024-12.tar.xz") as archive:
        archive.extractall(tmp_path / "secdb")
    return tmp_path / "secdb/json-newest"


def names_of(line):
    """The advisories that a line of ids is about."""
    line = line.split("(")[0]
    cves = [f"CVE-{year}-{number}" for year, number in re.findall(r"(?:^|\s)CVE[-_](\d{4})-(\d{4,})", line)]
    return set(cves) or set([word for word in line.split() if OTHER_ID.fullmatch(word)][:1])


@functools.cache
def later(clair, a, b):
    order = subprocess.run([clair, "compare-versions", "apk", a, b], check=True, stdout=subprocess.PIPE, encoding="utf-8")
    return a if order.stdout.strip() == ">" else b


def expected(clair, document, namespace):
    found = {}
    for package in document["packages"]:
        package = package["pkg"]
        for version, lines in (package["secfixes"] or {}).items():
            if not VERSION.fullmatch(str(version)):
                continue
            for name in set().union(*map(names_of, lines or [])):
                key = namespace, name, package["name"], ""
                found[key] = later(clair, found[key], version) if key in found else version
    return {key: (version, feeds.FIXED, feeds.UNKNOWN, feeds.UNKNOWN, ())
            for key, version in found.items() if version != "0"}


def expected_of_tree(tree, clair):
    want = {}
    for path in tree.glob("*/*.json"):
        want |= expected(clair, json.loads(path.read_text()), "alpine:" + path.parent.name)
    return want


def test_database_says_what_alpine_says(clair, tmp_path, tree):
    feeds.update(clair, tmp_path / "db", "alpine", tree)
    want = expected_of_tree(tree, clair)
    assert len({key[0] for key in want}) == 21 and len(want) > 70000
    assert feeds.differences(feeds.rows(tmp_path / "db"), want) == {}


def test_one_document_is_of_the_release_that_it_names(clair, tmp_path, tree):
    feeds.update(clair, tmp_path / "db", "alpine", tree / "v3.19/main.json")
    want = expected(clair, json.loads((tree / "v3.19/main.json").read_text()), "alpine:v3.19")
    assert feeds.differences(feeds.rows(tmp_path / "db"), want) == {}


class Quiet(http.server.SimpleHTTPRequestHandler):
    asked = []

    def log_request(self, code="-", size="-"):
        self.asked.append((self.path, int(code)))


@pytest.fixture
def address(tree):
    """The address of a server of the tree; what it was asked for is in Quiet.asked."""
    Quiet.asked = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=tree)) as s:
        thread = threading.Thread(target=s.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{s.server_address[1]}/"
        s.shutdown()
        thread.join()


def test_releases_of_a_server_are_found(clair, tmp_path, tree, address):
    (tree / "last-update").write_text("1\n")
    feeds.update(clair, tmp_path / "db", "alpine", address)
    assert feeds.differences(feeds.rows(tmp_path / "db"), expected_of_tree(tree, clair)) == {}
    assert ("/v3.22/main.json", 404) in Quiet.asked and ("/v3.24/main.json", 404) not in Quiet.asked


def test_server_without_change_is_asked_once(clair, tmp_path, tree, address):
    (tree / "last-update").write_text("1\n")
    feeds.update(clair, tmp_path / "db", "alpine", address)
    Quiet.asked.clear()
    assert "up to date" in feeds.update(clair, tmp_path / "db", "alpine", address)
    assert [path for path, _ in Quiet.asked] == ["/last-update"]


def test_only_the_release_that_changed_is_read(clair, tmp_path, tree, address):
    (tree / "last-update").write_text("1\n")
    feeds.update(clair, tmp_path / "db", "alpine", address)
    document = json.loads((tree / "edge/main.json").read_text())
    document["packages"] = document["packages"][1:] + [{"pkg": {"name": "new", "secfixes": {"1-r0": ["CVE-2099-0001"]}}}]
    (tree / "edge/main.json").write_text(json.dumps(document))
    (tree / "last-update").write_text("22\n")
    Quiet.asked.clear()
    feeds.update(clair, tmp_path / "db", "alpine", address)
    assert feeds.differences(feeds.rows(tmp_path / "db"), expected_of_tree(tree, clair)) == {}
    assert {path for path, code in Quiet.asked if code == 200} == {"/last-update", "/edge/main.json", "/edge/community.json"}


def test_server_with_nothing_is_no_source(clair, tmp_path, tree, address):
    run = subprocess.run([clair, "update", "--db", tmp_path / "db", "--from", f"alpine={address}empty/", "alpine"],
                         stderr=subprocess.PIPE, encoding="utf-8")
    assert run.returncode != 0 and "no release has a main.json there" in run.stderr


@pytest.fixture
def repository(shared_data, tmp_path):
    """The repository of before, bare."""
    with tarfile.open(shared_data / "feeds/alpine/alpine-secdb.git.tar.xz") as archive:
        archive.extractall(tmp_path / "git")
    path = tmp_path / "git/alpine-secdb.git"
    subprocess.run(["git", "config", "--global", "--add", "safe.directory", "*"], check=True,
                   env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
    return path


def expected_of_commit(repository, commit, clair):
    git = ["git", "-C", repository]
    want = {}
    for path in subprocess.run([*git, "ls-tree", "-r", "--name-only", commit], check=True, stdout=subprocess.PIPE,
                               encoding="utf-8").stdout.split():
        if path.endswith(".yaml"):
            text = subprocess.run([*git, "show", f"{commit}:{path}"], check=True, stdout=subprocess.PIPE).stdout
            # All scalars are texts: a version 1.10 is no number.
            want |= expected(clair, yaml.load(text, yaml.BaseLoader), "alpine:" + path.split("/")[0])
    return want


def test_repository_of_before_is_read_by_commits(clair, tmp_path, repository):
    git = ["git", "-C", repository]
    commits = subprocess.run([*git, "rev-list", "--first-parent", "--reverse", "HEAD"], check=True, stdout=subprocess.PIPE,
                             encoding="utf-8").stdout.split()
    # Those that only changed the program that made the files come to the same.
    for commit in (commits[len(commits) // 2], commits[-20], commits[-1]):
        subprocess.run([*git, "update-ref", "HEAD", commit], check=True)
        feeds.update(clair, tmp_path / "db", "alpine", repository)
        want = expected_of_commit(repository, commit, clair)
        assert len(want) > 1000
        assert feeds.differences(feeds.rows(tmp_path / "db"), want) == {}


def test_wolfi_says_what_it_says(clair, tmp_path):
    path = DATA / "wolfi/security.json"
    for source in "wolfi", "chainguard":
        feeds.update(clair, tmp_path / source, source, path)
        want = expected(clair, json.loads(path.read_text()), source + ":rolling")
        assert len(want) > 50
        assert feeds.differences(feeds.rows(tmp_path / source), want) == {}


def apk(name, version, origin):
    return f"P:{name}\nV:{version}\no:{origin}\nA:x86_64\n\n"


@pytest.mark.parametrize("release", ["3.19.1", "3.21.0_alpha20240807"])
def test_findings_are_of_the_origin(clair, tmp_path, tree, release):
    """busybox-binsh is made of busybox, in which 1.36.1-r27 fixed this one in edge, and 1.36.1-r17 in v3.19."""
    feeds.update(clair, tmp_path / "db", "alpine", tree)
    for version, found in ("1.36.1-r15", True), ("1.37.0-r30", False):
        layer = tmp_path / "layer.tar"
        layer.write_bytes(images.layer(("etc/alpine-release", release + "\n"),
                                       ("lib/apk/db/installed", apk("busybox-binsh", version, "busybox"))))
        assert ("CVE-2023-42363" in feeds.scan(clair, tmp_path / "db", layer)) == found
