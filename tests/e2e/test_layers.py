"""Layers as they really are: whiteouts, links, names, sparse files, duplicates, inheritance."""
import gzip
import subprocess
import tarfile

import pytest

import images
from conftest import packages

OS = images.DEBIAN
STATUS = "var/lib/dpkg/status"


def image(*layers):
    """An OCI layout in a tar, and the digests of its layers."""
    layout = images.OciLayout()
    stored = [gzip.compress(content, 1, mtime=0) for content in layers]
    layout.add(layout.manifest(list(layers), stored))
    return images.tar_of(layout.members()), [images.sha256(content) for content in stored]


@pytest.fixture
def look(scan, write):
    """look(layers…) gives the scanned target of an image of these layers, and the digests of the layers."""
    def run(*layers):
        content, digests = image(*layers)
        result = scan(write("image.tar", content), options=["--list-packages"])
        assert result.targets, result.errors
        target = result.targets[0]
        target["status"] = result.status
        target["messages"] = result.errors
        return target, digests

    return run


def base():
    return images.debian(("one", "1-1"), ("two", "2-1"))


def test_database_replaced_above_counts_alone_and_packages_keep_their_layer(look):
    upper = images.layer((STATUS, images.status(("two", "2-1"), ("three", "3-1"))))
    target, digests = look(base(), images.layer(("x", "")), upper)
    assert packages(target) == [("three", "3-1"), ("two", "2-1")]
    assert {p["name"]: p["layer"] for p in target["packages"]} == {"two": digests[0], "three": digests[2]}


def test_a_new_version_comes_from_the_layer_that_brought_it(look):
    target, digests = look(base(), images.layer((STATUS, images.status(("one", "1-2"), ("two", "2-1")))))
    assert {p["name"]: p["layer"] for p in target["packages"]} == {"one": digests[1], "two": digests[0]}


@pytest.mark.parametrize("name", ["var/lib/dpkg/.wh.status", "var/lib/.wh.dpkg", "var/.wh.lib", ".wh.var",
                                  "var/lib/dpkg/.wh..wh..opq", "var/lib/.wh..wh..opq", ".wh..wh..opq"])
def test_whiteout_hides_the_database(look, name):
    target, _ = look(base(), images.layer((name, "")))
    assert target["packages"] == []
    assert target["status"] == 3


@pytest.mark.parametrize("name", ["var/lib/dpkg/.wh.status-old", "var/lib/.wh.apt", "srv/.wh..wh..opq", "var/lib/dpkg/.wh..wh.plnk"])
def test_other_whiteouts_do_not(look, name):
    target, _ = look(base(), images.layer((name, "")))
    assert packages(target) == [("one", "1-1"), ("two", "2-1")]


@pytest.mark.parametrize("first", [True, False])
def test_whiteout_hides_lower_layers_only(look, first):
    new = (STATUS, images.status(("new", "1-1")))
    opaque = ("var/lib/dpkg/.wh..wh..opq", "")
    target, _ = look(base(), images.layer(*([opaque, new] if first else [new, opaque])))
    assert packages(target) == [("new", "1-1")]


def test_directory_replaced_by_a_file(look):
    target, _ = look(base(), images.layer(("var/lib", "a file")))
    assert target["packages"] == []


def test_layers_without_a_database_inherit(look):
    target, _ = look(base(), images.layer(("etc/motd", "hello")), images.Layer().bytes(), b"\0" * 1024)
    assert packages(target) == [("one", "1-1"), ("two", "2-1")]


def test_empty_layers_alone(look):
    target, _ = look(images.Layer().bytes(), b"\0" * 10240)
    assert target["status"] == 3 and target["packages"] == []


@pytest.mark.parametrize("prefix", ["./", "/", "", ".//", "./x/../"])
def test_prefixes_of_names(look, prefix):
    target, _ = look(images.layer((prefix + OS[0], OS[1]), (prefix + STATUS, images.status(("one", "1-1")))))
    assert packages(target) == [("one", "1-1")]
    assert target["distribution"]["namespace"] == "debian:12"


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_around_the_wanted_ones(look, format):
    made = images.Layer(format)
    long = "/".join(["d" * 90] * 2) + "/f" if format == tarfile.USTAR_FORMAT else "d/" * 200 + "file" + "ä" * 200
    made.file(long, "x" * 700).file(*OS).file(long + "2", "y").file(STATUS, images.status(("one", "1-1"))).file(long + "3")
    target, _ = look(made.bytes())
    assert packages(target) == [("one", "1-1")]


def test_of_duplicate_entries_the_last_counts(look):
    target, _ = look(images.layer(OS, (STATUS, images.status(("old", "1-1"))), (STATUS, images.status(("new", "1-1")))))
    assert packages(target) == [("new", "1-1")]


def test_sparse_database(look, tmp_path):
    """GNU tar stores the hole between two packages as a hole."""
    path = tmp_path / "root/var/lib/dpkg/status"
    path.parent.mkdir(parents=True)
    with open(path, "wb") as f:
        f.write(images.status(("one", "1-1")).encode())
    (tmp_path / "root/usr/lib").mkdir(parents=True)
    (tmp_path / "root" / OS[0]).write_text(OS[1])
    with open(tmp_path / "root/srv", "wb") as f:
        f.seek(40_000_000)
        f.write(b"end")
    for form in ("gnu", "posix"):
        out = subprocess.run(["tar", "--sparse", "--format", form, "-C", tmp_path / "root", "-c", "srv", "usr", "var"],
                             stdout=subprocess.PIPE, check=True).stdout
        assert len(out) < 1_000_000
        target, _ = look(out)
        assert packages(target) == [("one", "1-1")]


# --- links -----------------------------------------------------------------------------------------------------------


def os_release(target):
    return target.get("distribution", {}).get("namespace")


def with_links(*links, files=(), content=OS[1]):
    made = images.Layer()
    for name, target in links:
        made.symlink(name, target)
    for name in files:
        made.file(name, content)
    made.file(STATUS, images.status(("one", "1-1")))
    return made.bytes()


@pytest.mark.parametrize("target", ["../usr/lib/os-release", "/usr/lib/os-release", "../../../usr/lib/os-release", "//usr//lib/./os-release"])
def test_os_release_is_a_link(look, target):
    found, _ = look(with_links(("etc/os-release", target), files=["usr/lib/os-release"]))
    assert os_release(found) == "debian:12"


def test_link_that_dangles_in_its_layer(look):
    found, _ = look(with_links(files=["usr/lib/os-release"]), with_links(("etc/os-release", "../usr/lib/os-release")))
    assert os_release(found) == "debian:12"
    found, _ = look(with_links(("etc/os-release", "../usr/lib/os-release")), images.layer(OS))
    assert os_release(found) == "debian:12"


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("compress", [False, True])
def test_link_to_an_unusual_place(scan, write, order, compress):
    link = with_links(("etc/os-release", "/opt/vendor/release"))
    file = images.layer(("opt/vendor/release", OS[1]))
    content = images.tar_of(images.docker_archive([link, file] if order else [file, link]))
    result = scan(write("image", gzip.compress(content) if compress else content))
    assert os_release(result.targets[0]) == "debian:12"
    assert not result.targets[0].get("errors")


def test_link_to_an_unusual_place_in_the_same_layer(look):
    found, _ = look(with_links(("etc/os-release", "/opt/vendor/release"), files=["opt/vendor/release"]))
    assert os_release(found) == "debian:12"
    found, _ = look(with_links(("etc/os-release", "a"), ("etc/a", "b"), ("etc/b", "/opt/c"), files=["opt/c"]))
    assert os_release(found) == "debian:12"


def test_links_in_a_circle(look):
    found, _ = look(with_links(("etc/os-release", "os-release"), ("usr/lib/os-release", "../../etc/os-release")))
    assert os_release(found) is None and found["status"] == 3


def test_link_to_nothing(look):
    found, _ = look(with_links(("etc/os-release", "/nowhere/at/all"), files=["usr/lib/os-release"]))
    assert os_release(found) == "debian:12" and not found.get("errors")


def test_directory_of_the_database_is_a_link(look):
    made = images.Layer().file(*OS).symlink("var/lib/dpkg", "../../usr/lib/dpkg-db")
    made.file("usr/lib/dpkg-db/status", images.status(("one", "1-1")))
    found, _ = look(made.bytes())
    assert packages(found) == [("one", "1-1")]
    assert found["packages"][0]["database"] == "usr/lib/dpkg-db/status"


def test_lib_is_a_link_to_usr_lib(look):
    apk = "P:musl\nV:1.2.4-r2\nA:x86_64\no:musl\n\n"
    made = images.Layer().symlink("lib", "usr/lib").file(*images.ALPINE).file("usr/lib/apk/db/installed", apk)
    found, _ = look(made.bytes())
    assert packages(found) == [("musl", "1.2.4-r2")]


@pytest.mark.parametrize("first", ["usr/lib/os-release", "opt/unusual"])
def test_hard_links(look, first):
    made = images.Layer().file(first, OS[1]).hardlink("etc/os-release", first)
    made.file("x/status", images.status(("one", "1-1"))).hardlink(STATUS, "x/status")
    found, _ = look(made.bytes())
    assert os_release(found) == "debian:12"
    assert packages(found) == [("one", "1-1")]


def test_link_replaced_by_a_directory_above(look):
    lower = images.Layer().file(*OS).symlink("var/lib/dpkg", "/elsewhere").file("elsewhere/status", images.status(("old", "1-1")))
    upper = images.Layer().directory("var/lib/dpkg").file(STATUS, images.status(("new", "1-1")))
    found, _ = look(lower.bytes(), upper.bytes())
    assert packages(found) == [("new", "1-1")]


def test_two_package_managers_side_by_side(look):
    apk = "P:musl\nV:1.2.4-r2\n\n"
    found, _ = look(base(), images.layer(("lib/apk/db/installed", apk)))
    assert ("musl", "1.2.4-r2") in packages(found) and ("one", "1-1") in packages(found)
    assert [n["reason"] for n in found["not_evaluated"] if n["name"] == "musl"] == ["apk package in debian:12"]


def test_apk_del_in_an_upper_layer(scan, shared_data):
    result = scan(shared_data / "images/archives/alpine-3.18.9-apk-del-2layers.oci.tar", options=["--list-packages"])
    assert result.targets[0]["distribution"]["namespace"] == "alpine:v3.18"
    assert result.status == 3


@pytest.mark.parametrize("name,count", [("distroless-like-static-bookworm.layer.tar.gz", 4),
                                        ("debian-bookworm-minbase.layer.tar.gz", 88)])
def test_real_debian_layers(scan, shared_data, name, count):
    result = scan(shared_data / "images/layers" / name, options=["--list-packages"])
    assert result.status == 0, result.errors
    assert result.targets[0]["distribution"]["namespace"] == "debian:12"
    assert len(result.targets[0]["packages"]) == count


def test_an_image_cannot_change_what_a_shared_layer_means(scan, write):
    """A link of one image must not decide how a layer is read that another one shares and finds in the cache."""
    shared = images.layer(images.DEBIAN, ("var/lib/dpkg/status.d/one", "Package: one\nVersion: 1-1\n"),
                          ("var/lib/dpkg/status.d/two", "Package: two\nVersion: 2-1\n"))
    evil = images.Layer().symlink("var/lib/dpkg/status", "status.d").bytes()
    for layers in ([shared, evil], [shared]):
        result = scan(write("image.tar.gz", gzip.compress(images.tar_of(images.docker_archive(layers)))), options=["--list-packages"])
        assert packages(result.targets[0]) == [("one", "1-1"), ("two", "2-1")]


def test_layers_cached_for_other_images_are_searched_again(scan, tmp_path):
    """What one layer was searched for says nothing of what another one was."""
    holder = images.layer(images.DEBIAN, ("opt/dpkg/status", images.status(("one", "1-1"))))
    link = images.Layer().symlink("var/lib/dpkg/status", "/opt/dpkg/status").bytes()
    elsewhere = images.Layer().symlink("etc/lsb-release", "/opt/lsb").bytes()
    for number, layers in enumerate(([holder, link], [elsewhere, link], [elsewhere, holder], [holder, elsewhere, link])):
        layout = images.OciLayout()
        layout.add(layout.manifest(layers))
        target = scan(layout.write(tmp_path / f"layout{number}"), options=["--list-packages"]).targets[0]
        assert packages(target) == ([("one", "1-1")] if holder in layers and link in layers else [])


@pytest.mark.parametrize("hard", [False, True])
def test_linked_entries_of_a_folder_of_databases(look, hard):
    made = images.Layer().file(*OS).file("opt/p", "Package: one\nVersion: 1-1\n")
    (made.hardlink if hard else made.symlink)("var/lib/dpkg/status.d/one", "opt/p" if hard else "/opt/p")
    made.file("var/lib/dpkg/status.d/two", "Package: two\nVersion: 2-1\n")
    found, _ = look(made.bytes())
    assert packages(found) == [("one", "1-1"), ("two", "2-1")]
