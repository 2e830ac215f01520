"""Images that mean harm: each gives a clear error, and the next target is scanned."""
import ctypes
import gzip
import io
import json
import lzma
import os
import random
import subprocess
import tarfile
import zlib

import pytest

import images
from conftest import findings

GOOD = images.debian(("libalpha1", "1.0-1", "alpha"))
EXPECTED = [("CVE-2024-0001", "libalpha1"), ("CVE-2024-0002", "libalpha1")]


@pytest.fixture
def refuses(scan, write):
    """refuses(content, text…): an error that names the target and says so, while the next target is scanned."""
    def run(content, *texts, options=()):
        path, good = write("hostile", content), write("good", GOOD)
        result = scan(path, good, options=options)
        assert result.status == 2, result.errors
        assert str(path) in result.errors
        for text in texts:
            assert text in result.errors
        assert findings(result.targets[-1]) == EXPECTED
        return result

    return run


def zeros_gzip(size):
    """size zero bytes as gzip, without ever holding them."""
    packer = zlib.compressobj(9, wbits=31)
    out = io.BytesIO()
    block = bytes(1 << 20)
    for _ in range(size >> 20):
        out.write(packer.compress(block))
    out.write(packer.flush())
    return out.getvalue()


def zeros_xz(size):
    packer = lzma.LZMACompressor(preset=1)
    block = bytes(1 << 20)
    return b"".join([*(packer.compress(block) for _ in range(size >> 20)), packer.flush()])


@pytest.fixture(scope="module")
def gibibyte():
    return zeros_gzip(1 << 30)


def test_bomb_of_zeros(refuses, gibibyte):
    refuses(gibibyte, "decompression bomb")


def test_bomb_of_zeros_in_xz_and_zstd(refuses):
    refuses(zeros_xz(1 << 30), "decompression bomb")
    zeros = subprocess.Popen(["head", "-c", str(1 << 30), "/dev/zero"], stdout=subprocess.PIPE)
    packed = subprocess.run(["zstd", "-q", "-c"], stdin=zeros.stdout, stdout=subprocess.PIPE, check=True).stdout
    zeros.wait()
    refuses(packed, "decompression bomb")


def test_nested_bomb(refuses, gibibyte):
    members = images.docker_archive([GOOD], [gibibyte])
    refuses(gzip.compress(images.tar_of(members)), "decompression bomb")
    refuses(images.tar_of(members), "decompression bomb")
    # A bomb of a bomb is no archive.
    refuses(gzip.compress(gibibyte))


def huge_file(name, claimed, body=b""):
    """A tar whose one file claims a size."""
    info = tarfile.TarInfo(name)
    info.size = claimed
    return info.tobuf(tarfile.GNU_FORMAT) + body + b"\0" * (-len(body) % 512)


def test_database_that_is_a_bomb(refuses, gibibyte):
    head = huge_file("var/lib/dpkg/status", 1 << 30)
    refuses(gzip.compress(head) + gibibyte + gzip.compress(b"\0" * 1024), "var/lib/dpkg/status", "too big")


@pytest.mark.parametrize("name", ["var/lib/dpkg/status", "usr/lib/os-release", "srv/data"])
@pytest.mark.parametrize("compress", [False, True])
def test_tar_that_claims_eight_exbibytes(refuses, name, compress):
    content = huge_file("x", 0) + huge_file(name, (1 << 63) - 1, b"only this")
    refuses(gzip.compress(content) if compress else content)


def test_huge_archive_member(refuses):
    refuses(huge_file("manifest.json", 1 << 62, b"[]"))


def test_garbage(refuses):
    generator = random.Random(1)
    for size in (1, 511, 512, 100_000):
        refuses(b"\x01" + generator.randbytes(size))
    refuses(b"\x1f\x8b\x08\0" + generator.randbytes(5000))
    refuses(b"\xfd7zXZ\0" + generator.randbytes(5000))
    refuses(b"BZh9" + generator.randbytes(5000))
    refuses(b"\x28\xb5\x2f\xfd" + generator.randbytes(5000))


def test_empty_file(refuses):
    refuses(b"", "empty")


@pytest.mark.parametrize("form", ["layer", "docker", "oci"])
@pytest.mark.parametrize("compression", ["plain", "gzip", "xz", "zstd", "bzip2"])
def test_truncated_at_many_places(scan, write, form, compression):
    """What is left never passes as clean, and never brings more than an error."""
    layout = images.OciLayout()
    layout.add(layout.manifest([GOOD]))
    content = {"layer": GOOD, "docker": images.tar_of(images.docker_archive([GOOD])),
               "oci": images.tar_of(layout.members())}[form]
    content = images.COMPRESS[compression](content)
    for i in range(1, 12):
        path = write("cut", content[:len(content) * i // 12])
        result = scan(path)
        # A plain tar that ends between two entries is a shorter one.
        if compression == "plain" and result.status in (0, 3):
            continue
        assert result.status == 2, (i, result.errors)
        assert str(path) in result.errors


def test_manifest_bombs(refuses):
    members = dict(images.docker_archive([GOOD]))
    for manifest, text in ((b"[" * 100_000, "manifest.json"), (b"{" * 10, "manifest.json"), (b"[" + b" " * 10_000_000 + b"]", "manifest"),
                           (b"\xff\xfe", "manifest.json"), (b"[]", "no images"), (b'[{"Config":"none.json","Layers":[]}]', "none.json"),
                           (b'[{"Config":1}]', "manifest.json"), (b'[null]', "manifest.json")):
        members["manifest.json"] = manifest
        refuses(images.tar_of(members.items()), text)
        refuses(gzip.compress(images.tar_of(members.items())))


def test_paths_out_of_the_archive_are_not_followed(refuses, tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_bytes(images.config([GOOD]))
    manifest = [{"Config": f"../../../../../{secret}", "RepoTags": [], "Layers": []}]
    refuses(images.tar_of([("manifest.json", json.dumps(manifest))]), "secret.json")
    layout = images.OciLayout()
    layout.add({"mediaType": "x", "digest": "sha256:../../../secret.json", "size": 1})
    refuses(images.tar_of(layout.members()))


def test_more_members_than_anybody_needs(refuses):
    made = images.Layer(tarfile.USTAR_FORMAT).file("manifest.json", "[]")
    for i in range(70_000):
        made.file(f"blobs/sha256/{i:064x}")
    refuses(made.bytes(), "more than 65536 members")


def test_very_many_entries_of_a_layer(scan, write):
    made = images.Layer(tarfile.USTAR_FORMAT).file(*images.DEBIAN)
    for i in range(100_000):
        made.entry(f"srv/{i}", tarfile.REGTYPE)
    made.file("var/lib/dpkg/status", images.status(("libalpha1", "1.0-1", "alpha")))
    assert findings(scan(write("layer", made.bytes())).targets[0]) == EXPECTED


@pytest.mark.parametrize("path,content,text", [
    ("var/lib/rpm/Packages", b"no database", "Packages"),
    ("var/lib/rpm/rpmdb.sqlite", b"SQLite format 3\0" + b"\xff" * 5000, "rpmdb.sqlite"),
    ("var/lib/rpm/Packages.db", b"RpmP" + b"\xff" * 5000, "Packages.db"),
    ("var/lib/dpkg/status", b"Package a\n" * 3, "status"),
    ("var/lib/dpkg/status", b"\0" * 4096, "status"),
])
def test_corrupt_databases(refuses, path, content, text):
    result = refuses(images.layer(images.DEBIAN, (path, content)), text)
    assert text in result.targets[0]["errors"][0]["message"]


def test_corrupt_database_that_was_replaced_does_no_harm(scan, write):
    layers = [images.layer(images.DEBIAN, ("var/lib/dpkg/status", b"\0" * 100)),
              images.layer(("var/lib/dpkg/status", images.status(("libalpha1", "1.0-1", "alpha"))))]
    result = scan(write("image", images.tar_of(images.docker_archive(layers))))
    assert result.status == 0 and findings(result.targets[0]) == EXPECTED


def test_other_layers_are_scanned_when_one_is_broken(scan, tmp_path):
    layout = images.OciLayout()
    broken = gzip.compress(images.layer(("srv/x", "y" * 9999)), mtime=0)
    layout.add(layout.manifest([GOOD, images.layer(("srv/x", "y"))], [gzip.compress(GOOD, mtime=0), broken]))
    directory = layout.write(tmp_path / "layout")
    path = directory / "blobs/sha256" / images.sha256(broken)[7:]
    path.write_bytes(broken[:40] + bytes(len(broken) - 40))
    result = scan(directory)
    assert result.status == 2 and images.sha256(broken) in result.errors
    assert findings(result.targets[0]) == EXPECTED


def test_edge_cases_of_other_projects(scan, shared_data):
    for path in sorted((shared_data / "images/edge-cases").glob("*.tar")):
        result = scan(path)
        assert result.status in (2, 3), path
        assert str(path) in result.errors


# --- the sandbox ------------------------------------------------------------------------------------------------------


def without_seccomp():
    """Installs a filter, in the child before it becomes the program, under which seccomp cannot be had (prctl and
    seccomp(2) fail with EINVAL, as in a kernel without it)."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    allow, einval = 0x7FFF0000, 0x00050000 | 22

    class Argument(ctypes.Structure):
        _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]

    library.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(Argument)]
    library.seccomp_load.argtypes = [ctypes.c_void_p]

    def install():
        context = library.seccomp_init(allow)
        # prctl(PR_SET_SECCOMP, …); 4 is SCMP_CMP_EQ.
        library.seccomp_rule_add_array(context, einval, library.seccomp_syscall_resolve_name(b"prctl"), 1,
                                       (Argument * 1)(Argument(0, 4, 22, 0)))
        library.seccomp_rule_add_array(context, einval, library.seccomp_syscall_resolve_name(b"seccomp"), 0, None)
        if library.seccomp_load(context) != 0:
            os._exit(99)

    return install


def test_sandbox_can_be_required(scan, write):
    assert scan(write("good", GOOD), env={"CLAIR_SANDBOX": "require"}).status == 0


def test_kernel_that_refuses_the_sandbox(scan, write):
    good = write("good", GOOD)
    result = scan(good, write("other", GOOD), preexec_fn=without_seccomp())
    assert result.status == 0 and findings(result.targets[0]) == EXPECTED
    assert result.errors.count("without a system call filter") == 1
    required = scan(good, env={"CLAIR_SANDBOX": "require"}, preexec_fn=without_seccomp())
    assert required.status == 2 and "CLAIR_SANDBOX" in required.errors


def test_nonsense_in_the_environment(scan, write):
    result = scan(write("good", GOOD), env={"CLAIR_SANDBOX": "maybe"}, fmt=None)
    assert result.status == 2 and "CLAIR_SANDBOX" in result.errors


def test_one_large_layer_in_very_many_images(scan, write):
    """What a target makes the program remember has a limit, however often it names a layer."""
    many = "".join(images.stanza(f"p{i:06}", "1-1") for i in range(20_000))
    content = images.layer(images.DEBIAN, ("var/lib/dpkg/status", many))
    members = dict(images.docker_archive([content]))
    members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) * 80)
    result = scan(write("image", images.tar_of(members.items())), options=["-o", "/dev/null"])
    assert result.status == 2
    assert "512 MiB" in result.errors


def test_foreign_text_does_not_drive_the_terminal_through_messages(scan, write):
    evil = "var/lib/dpkg/status.d/e\x1b]0;owned\x07vil\nclair: fine"
    result = scan(write("layer", images.layer(images.DEBIAN, (evil, "no stanza"))))
    assert result.status == 2
    assert "\x1b" not in result.errors and "\x07" not in result.errors and len(result.errors.splitlines()) == 1


def test_image_with_too_many_matches_does_not_hide_the_others(scan, write):
    many = images.debian(*[(f"p{i}", "1.0-1", "alpha") for i in range(110_000)])
    one, two = images.docker_archive([many], tags=["a:1"]), images.docker_archive([GOOD], tags=["b:1"])
    manifest = json.loads(one[-1][1]) + json.loads(two[-1][1])
    result = scan(write("images.tar", images.tar_of([*one[:-1], *two[:-1], ("manifest.json", json.dumps(manifest))])))
    assert result.status == 2 and "200000 matches" in result.errors and "a:1" in result.errors
    assert findings(result.targets[1]) == EXPECTED
