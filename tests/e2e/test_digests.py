"""Digests are checked, and the cache holds nothing that was not."""
import gzip
import json
import os
import sqlite3
import time

import jsonschema
import pytest

import images
from conftest import ROOT, findings

BASE = images.debian(("libalpha1", "1.0-1", "alpha"))
OTHER = images.debian(("beta", "1:1-1"))
EXPECTED = [("CVE-2024-0001", "libalpha1"), ("CVE-2024-0002", "libalpha1")]


def packed(content):
    return gzip.compress(content, 1, mtime=0)


def layout(tmp_path, *layers):
    made = images.OciLayout()
    made.add(made.manifest(list(layers)))
    return made.write(tmp_path / "layout"), made


def blob(directory, digest):
    return directory / "blobs/sha256" / digest[7:]


def cached(database):
    with sqlite3.connect(database) as db:
        return db.execute("SELECT count(*) FROM layer_facts").fetchone()[0]


def swap(directory, content):
    """Puts another layer of the same size in the place of the first."""
    path = blob(directory, images.sha256(packed(BASE)))
    assert len(content) <= path.stat().st_size
    path.write_bytes(content + b"\0" * (path.stat().st_size - len(content)))


def test_layer_that_was_exchanged(scan, tmp_path):
    directory, _ = layout(tmp_path, BASE)
    swap(directory, packed(images.debian(("x", "1"))))
    result = scan(directory)
    assert result.status == 2
    assert "digest mismatch" in result.errors and images.sha256(packed(BASE)) in result.errors
    assert "digest mismatch" in result.targets[0]["errors"][0]["message"]
    assert result.targets[0]["vulnerabilities"] == []
    jsonschema.validate(result.json, json.loads((ROOT / "docs/report.schema.json").read_text()))
    table = scan(directory, fmt=None).out
    assert f"Incomplete: layer {images.sha256(packed(BASE))[7:19]}: digest mismatch" in table


def test_damaged_layer(scan, tmp_path):
    directory, _ = layout(tmp_path, BASE)
    path = blob(directory, images.sha256(packed(BASE)))
    content = bytearray(path.read_bytes())
    for at in (20, len(content) // 2, len(content) - 6):
        broken = bytearray(content)
        broken[at] ^= 0x10
        path.write_bytes(broken)
        assert scan(directory).status == 2


def test_layer_of_another_size(scan, tmp_path):
    directory, _ = layout(tmp_path, BASE)
    blob(directory, images.sha256(packed(BASE))).write_bytes(packed(BASE) + b"x")
    result = scan(directory)
    assert result.status == 2 and "its manifest says" in result.errors


@pytest.mark.parametrize("which", ["manifest", "config"])
def test_tampered_documents(scan, tmp_path, which):
    directory, made = layout(tmp_path, BASE)
    digest = made.manifests[0]["digest"]
    if which == "config":
        digest = json.loads(blob(directory, digest).read_text())["config"]["digest"]
    path = blob(directory, digest)
    path.write_text(path.read_text() + " ")
    result = scan(directory)
    assert result.status == 2 and digest[7:] in result.errors


@pytest.mark.parametrize("outer", [lambda c: c, gzip.compress])
def test_diff_id_of_a_compressed_layer(scan, write, outer):
    members = images.docker_archive([BASE], [packed(OTHER)], diff_ids=[images.sha256(BASE)])
    result = scan(write("image", outer(images.tar_of(members))))
    assert result.status == 2 and "uncompressed content" in result.errors


def test_diff_id_of_a_plain_layer_is_checked_when_asked_for(scan, write):
    path = write("image.tar", images.tar_of(images.docker_archive([OTHER], diff_ids=[images.sha256(BASE)])))
    assert scan(path).status == 0
    result = scan(path, options=["--verify"])
    assert result.status == 2 and "digest mismatch" in result.errors
    good = write("good.tar", images.tar_of(images.docker_archive([BASE])))
    assert findings(scan(good, options=["--verify"]).targets[0]) == EXPECTED


def test_plain_layer_of_a_compressed_archive_is_checked(scan, write):
    members = images.docker_archive([OTHER], diff_ids=[images.sha256(BASE)])
    assert scan(write("image", gzip.compress(images.tar_of(members)))).status == 2


def test_known_layer_is_answered_from_the_cache(scan, tmp_path, database):
    directory, _ = layout(tmp_path, BASE)
    assert findings(scan(directory).targets[0]) == EXPECTED
    assert cached(database) == 1
    swap(directory, b"nonsense")
    # Whoever runs the image checks the digest that it claims, too.
    assert findings(scan(directory).targets[0]) == EXPECTED
    assert scan(directory, options=["--verify"]).status == 2


def test_layer_with_a_wrong_digest_does_not_enter_the_cache(scan, tmp_path, database):
    directory, _ = layout(tmp_path, BASE)
    swap(directory, packed(images.debian(("x", "1"))))
    assert scan(directory).status == 2
    assert cached(database) == 0


def test_unchecked_layer_does_not_enter_the_cache(scan, write, database):
    path = write("image.tar", images.tar_of(images.docker_archive([BASE])))
    assert scan(path).status == 0 and cached(database) == 0
    assert scan(path, options=["--verify"]).status == 0 and cached(database) == 1


def settled(path):
    """A file that was changed a while ago, as the cache of file stamps wants it."""
    os.utime(path, (1_600_000_000, 1_600_000_000))
    deadline = time.time() + 5
    while time.time() - os.stat(path).st_ctime < 0.1 and time.time() < deadline:
        os.stat(path)
    return path


def test_layer_file_is_remembered_until_it_changes(scan, write, database):
    path = settled(write("layer.tar.gz", packed(BASE)))
    first = scan(path)
    assert findings(first.targets[0]) == EXPECTED
    assert first.targets[0]["digest"] == images.sha256(packed(BASE))
    with sqlite3.connect(database) as db:
        assert db.execute("SELECT count(*) FROM file_digest").fetchone()[0] == 1
    assert scan(path).json == first.json
    # The same name, size and modification time, other content.
    size = path.stat().st_size
    other = packed(images.debian(("x", "1")))
    path.write_bytes(other + b"\0" * (size - len(other)))
    settled(path)
    assert findings(scan(path).targets[0]) == []




def test_damaged_cache_is_no_damage(scan, tmp_path, database):
    directory, _ = layout(tmp_path, BASE)
    assert scan(directory).status == 0
    with sqlite3.connect(database) as db:
        db.execute("UPDATE layer_facts SET facts = x'00'")
    assert findings(scan(directory).targets[0]) == EXPECTED


def test_cache_of_another_engine_is_not_used(scan, tmp_path, database):
    directory, _ = layout(tmp_path, BASE)
    assert scan(directory).status == 0
    with sqlite3.connect(database) as db:
        db.execute("UPDATE layer_facts SET engine_version = engine_version + 1, facts = x'00'")
    assert findings(scan(directory).targets[0]) == EXPECTED
