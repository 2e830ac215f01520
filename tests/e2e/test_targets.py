"""What can be scanned: every form of an image, recognised by content or forced."""
import gzip
import subprocess

import pytest

import images
from conftest import findings, packages

BASE = images.debian(("libalpha1", "1.0-1", "alpha"), ("other", "9-1"))
TOP = images.layer(("srv/data", "x" * 3000))
EXPECTED = [("CVE-2024-0001", "libalpha1"), ("CVE-2024-0002", "libalpha1")]
WITH_PACKAGES = ["--list-packages"]


def check(result):
    assert result.status == 0, result.errors
    assert findings(result.targets[0]) == EXPECTED
    assert result.targets[0]["distribution"]["namespace"] == "debian:12"


@pytest.mark.parametrize("compression", images.COMPRESS)
@pytest.mark.parametrize("modern", [False, True])
def test_docker_archive(scan, write, compression, modern):
    archive = images.tar_of(images.docker_archive([BASE, TOP], modern=modern))
    result = scan(write("image.data", images.COMPRESS[compression](archive)))
    check(result)
    assert result.targets[0]["layers"] == [images.sha256(BASE), images.sha256(TOP)]
    assert result.targets[0]["vulnerabilities"][0]["layer"] == images.sha256(BASE)


@pytest.mark.parametrize("outer", ["plain", "gzip"])
@pytest.mark.parametrize("inner", ["gzip", "zstd", "xz", "bzip2"])
def test_docker_archive_of_compressed_layers(scan, write, outer, inner):
    stored = [images.COMPRESS[inner](content) for content in (BASE, TOP)]
    archive = images.tar_of(images.docker_archive([BASE, TOP], stored))
    check(scan(write("image", images.COMPRESS[outer](archive))))


def test_docker_archive_with_layers_that_are_links(scan, write):
    members = images.docker_archive([BASE, TOP])
    name = members[0][0]
    moved = [("f" * 64 + "/layer.tar", members[0][1]), (name, ("link", "../" + "f" * 64 + "/layer.tar")), *members[1:]]
    archive = images.tar_of(moved)
    check(scan(write("image.tar", archive)))
    check(scan(write("image.tar.gz", gzip.compress(archive))))


def test_docker_archive_of_several_images(scan, write):
    import json

    other = images.debian(("beta", "1:1-1"))
    one, two = images.docker_archive([BASE], tags=["app:1"]), images.docker_archive([other], tags=["db:2"])
    manifest = json.loads(one[-1][1]) + json.loads(two[-1][1])
    for compress in (lambda c: c, gzip.compress):
        path = write("images.tar", compress(images.tar_of([*one[:-1], *two[:-1], ("manifest.json", json.dumps(manifest))])))
        both = scan(path)
        assert [findings(t) for t in both.targets] == [EXPECTED, [("CVE-2024-0003", "beta")]]
        assert "app:1" in both.targets[0]["target"] and "db:2" in both.targets[1]["target"]
    path = write("plain.tar", images.tar_of([*one[:-1], *two[:-1], ("manifest.json", json.dumps(manifest))]))
    chosen = scan(f"{path}:db:2")
    assert [findings(t) for t in chosen.targets] == [[("CVE-2024-0003", "beta")]]
    missing = scan(f"{path}:none")
    assert missing.status == 2 and "none" in missing.errors


@pytest.mark.parametrize("kind", ["gzip", "zstd", "plain"])
@pytest.mark.parametrize("form", ["directory", "tar", "tar.gz", "tar.zst"])
def test_oci_layout(scan, write, tmp_path, kind, form):
    layout = images.OciLayout()
    stored = [images.COMPRESS[kind](content) for content in (BASE, TOP)]
    media = {"gzip": "layer.v1.tar+gzip", "zstd": "layer.v1.tar+zstd", "plain": "layer.v1.tar"}[kind]
    layout.add(layout.manifest([BASE, TOP], stored, media_type=media))
    if form == "directory":
        target = layout.write(tmp_path / "layout")
    else:
        content = images.tar_of(layout.members())
        target = write("layout", {"tar": lambda c: c, "tar.gz": gzip.compress, "tar.zst": images.zstd}[form](content))
    result = scan(target)
    check(result)
    assert result.targets[0]["digest"] == layout.manifests[0]["digest"]
    assert result.targets[0]["layers"] == [images.sha256(content) for content in stored]


@pytest.mark.parametrize("compress", [lambda c: c, gzip.compress])
def test_layout_packed_together_with_its_directory(scan, write, compress):
    layout = images.OciLayout()
    layout.add(layout.manifest([BASE, TOP]))
    made = images.Layer().directory("layout").directory("layout/blobs")
    for name, content in layout.members():
        made.file(f"layout/{name}", content)
    check(scan(write("layout.tar", compress(made.bytes()))))


def several_platforms(nested):
    layout = images.OciLayout()
    amd64 = layout.manifest([BASE], architecture="amd64")
    arm64 = layout.manifest([images.debian(("beta", "1:1-1"))], architecture="arm64")
    attestation = layout.manifest([TOP], architecture="unknown")
    described = [(amd64, "linux/amd64"), (arm64, "linux/arm64/v8"), (attestation, "unknown/unknown")]
    if nested:
        return layout.add(layout.index(described))
    for descriptor, platform in described:
        layout.add(descriptor, platform=platform)
    return layout


@pytest.mark.parametrize("nested", [False, True])
def test_platform_is_chosen(scan, tmp_path, nested):
    target = several_platforms(nested).write(tmp_path / "layout")
    check(scan(target, options=["--platform", "linux/amd64"]))
    arm = scan(target, options=["--platform", "arm64"])
    assert findings(arm.targets[0]) == [("CVE-2024-0003", "beta")]
    none = scan(target, options=["--platform", "linux/s390x"])
    assert none.status == 2
    assert "linux/s390x" in none.errors and "linux/amd64" in none.errors and "linux/arm64/v8" in none.errors


def test_platform_of_this_machine_is_the_default(scan, tmp_path):
    machine = subprocess.run(["uname", "-m"], capture_output=True, text=True, check=True).stdout.strip()
    if machine not in ("x86_64", "aarch64"):
        pytest.skip("the image has no such platform")
    result = scan(several_platforms(True).write(tmp_path / "layout"))
    assert findings(result.targets[0]) == (EXPECTED if machine == "x86_64" else [("CVE-2024-0003", "beta")])


def test_the_only_platform_is_taken_unless_another_is_asked_for(scan, tmp_path):
    layout = images.OciLayout()
    layout.add(layout.manifest([BASE], architecture="s390x"), platform="linux/s390x")
    target = layout.write(tmp_path / "layout")
    check(scan(target))
    assert scan(target, options=["--platform", "linux/amd64"]).status == 2


def test_platform_of_a_docker_archive_is_checked_when_asked_for(scan, write):
    path = write("image.tar", images.tar_of(images.docker_archive([BASE])))
    check(scan(path, options=["--platform", "linux/amd64"]))
    result = scan(path, options=["--platform", "linux/arm64"])
    assert result.status == 2 and "linux/amd64" in result.errors


def test_tags_of_an_oci_index(scan, tmp_path):
    layout = images.OciLayout()
    layout.add(layout.manifest([BASE]), tag="one").add(layout.manifest([images.debian(("beta", "1:1-1"))]), tag="two")
    target = layout.write(tmp_path / "layout")
    assert len(scan(target).targets) == 2
    assert findings(scan(f"{target}:two").targets[0]) == [("CVE-2024-0003", "beta")]
    check(scan(f"oci-layout:{target}:one"))
    assert scan(f"{target}:three").status == 2


@pytest.mark.parametrize("compression", images.COMPRESS)
@pytest.mark.parametrize("name", ["layer.tar.gz", "layer.xz", "data"])
def test_layer_is_recognised_by_content(scan, write, compression, name):
    check(scan(write(name, images.COMPRESS[compression](BASE))))


def test_concatenated_gzip_members_are_one_layer(scan, write):
    half = len(BASE) // 2
    check(scan(write("layer", gzip.compress(BASE[:half]) + gzip.compress(BASE[half:]))))


def root_directory(path):
    (path / "var/lib/dpkg").mkdir(parents=True)
    (path / "usr/lib").mkdir(parents=True)
    (path / "etc").mkdir()
    (path / "usr/lib/os-release").write_text(images.DEBIAN[1])
    (path / "etc/os-release").symlink_to("../usr/lib/os-release")
    (path / "var/lib/dpkg/status").write_text(images.status(("libalpha1", "1.0-1", "alpha"), ("other", "9-1")))
    return path


def test_directory(scan, tmp_path):
    check(scan(root_directory(tmp_path / "root")))
    check(scan(f"dir:{tmp_path / 'root'}"))


def test_links_of_a_directory_do_not_lead_out_of_it(scan, tmp_path):
    root = root_directory(tmp_path / "root")
    secret = tmp_path / "status"
    secret.write_text(images.status(("outside", "1-1")))
    (root / "var/lib/dpkg/status").unlink()
    (root / "var/lib/dpkg/status").symlink_to(secret)
    result = scan(root, options=WITH_PACKAGES)
    assert result.status == 3 and result.targets[0]["packages"] == []
    # What is absolute starts at the root of the directory.
    (root / "other").write_text(images.status(("inside", "1-1")))
    (root / "var/lib/dpkg/status").unlink()
    (root / "var/lib/dpkg/status").symlink_to("/other")
    assert packages(scan(root, options=WITH_PACKAGES).targets[0]) == [("inside", "1-1")]


def test_the_root_of_this_machine(scan):
    expected = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n"], capture_output=True, text=True,
                              check=True).stdout
    names = {line.split()[1] for line in expected.splitlines() if line.startswith("installed ")}
    result = scan("/", options=WITH_PACKAGES)
    assert {p["name"] for p in result.targets[0]["packages"]} == names


def test_forced_kinds(scan, write, tmp_path):
    archive = write("a.tar", images.tar_of(images.docker_archive([BASE])))
    plain = write("l.tar", BASE)
    check(scan(f"docker-archive:{archive}"))
    check(scan(f"layer:{plain}"))
    assert scan(f"layer:{archive}").status == 3
    for wrong in (f"docker-archive:{plain}", f"oci-layout:{plain}", f"oci-layout:{archive}", f"dir:{plain}",
                  f"docker-archive:{tmp_path}", "dir:/does/not/exist"):
        result = scan(wrong)
        assert result.status == 2, wrong
        assert wrong in result.errors


def test_layer_that_looks_like_an_archive_at_first(scan, write):
    content = images.layer(("index.json", "{}"), images.DEBIAN,
                           ("var/lib/dpkg/status", images.status(("libalpha1", "1.0-1", "alpha"))))
    for compress in (lambda c: c, gzip.compress):
        path = write("layer", compress(content))
        result = scan(f"layer:{path}")
        assert findings(result.targets[0]) == EXPECTED


def test_several_targets_of_which_one_is_broken(scan, write):
    good, broken = write("good", BASE), write("broken", b"\x1f\x8b" + b"no gzip at all" * 10)
    result = scan(good, broken, "missing", good)
    assert result.status == 2
    assert [findings(t) for t in result.targets if t["target"] == str(good)] == [EXPECTED, EXPECTED]
    assert str(broken) in result.errors and "missing" in result.errors


def test_images_of_other_tools(scan, write, tmp_path):
    """skopeo writes both forms from one image."""
    layout = images.OciLayout()
    layout.add(layout.manifest([BASE, TOP]), tag="t")
    source = layout.write(tmp_path / "layout")
    for target in ("docker-archive:copy.tar:app:1", "oci-archive:copy.oci:t", "oci:copy:t"):
        subprocess.run(["skopeo", "--insecure-policy", "copy", "-q", f"oci:{source}:t", target], cwd=tmp_path, check=True)
        check(scan(tmp_path / target.split(":")[1]))


def test_nameless_images_of_a_layout_are_all_scanned(scan, tmp_path):
    layout = images.OciLayout()
    layout.add(layout.manifest([images.debian(("other", "1-1"))])).add(layout.manifest([BASE]))
    result = scan(layout.write(tmp_path / "layout"), options=["--fail-on", "unknown"])
    assert [findings(t) for t in result.targets] == [[], EXPECTED] and result.status == 1


def test_platform_that_is_said_goes_before_one_that_is_not(scan, tmp_path):
    layout = images.OciLayout()
    silent, said = layout.manifest([images.debian(("other", "1-1"))]), layout.manifest([BASE])
    layout.add(layout.index([(silent, None), (said, "linux/amd64")]))
    check(scan(layout.write(tmp_path / "layout"), options=["--platform", "linux/amd64"]))


def test_tag_of_something_without_tags(scan, write, tmp_path):
    path = write("layer.tar", BASE)
    for target in (f"{path}:none", f"{root_directory(tmp_path / 'root')}:none"):
        result = scan(target)
        assert result.status == 2 and "has no tags" in result.errors


def test_more_targets_than_descriptors(scan, write):
    import resource

    path = write("layer.tar", BASE)
    result = scan(*[path] * 200, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
    assert result.status == 0 and len(result.targets) == 200
