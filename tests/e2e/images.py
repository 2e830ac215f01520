"""Makes images for the tests: layers, docker save archives, OCI layouts, and a small tracker to match them with."""
import bz2
import copy
import gzip
import hashlib
import io
import json
import lzma
import subprocess
import tarfile

DEBIAN = ("usr/lib/os-release", 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')
DEBIAN_9 = ("etc/os-release", 'ID=debian\nVERSION_ID="9"\n')
ALPINE = ("etc/os-release", 'ID=alpine\nVERSION_ID=3.19.1\nPRETTY_NAME="Alpine Linux v3.19"\n')


def sha256(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def stanza(name, version, source=None, arch="amd64", status="install ok installed"):
    lines = [f"Package: {name}"]
    if status:
        lines.append(f"Status: {status}")
    if source:
        lines.append(f"Source: {source}")
    return "\n".join([*lines, f"Version: {version}", f"Architecture: {arch}", "Description: test", "", ""])


def status(*packages):
    """The content of var/lib/dpkg/status; a package is (name, version[, source])."""
    return "".join(stanza(*p) for p in packages)


def debian_9(*packages):
    """A layer with these packages, as status() takes them."""
    return layer(DEBIAN_9, ("var/lib/dpkg/status", status(*packages)))


class Layer:
    """Entries of a tar, in the order they are added."""

    def __init__(self, format=tarfile.PAX_FORMAT):
        self.buffer = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.buffer, mode="w", format=format)

    def file(self, name, content="", **fields):
        raw = content.encode() if isinstance(content, str) else content
        info = tarfile.TarInfo(name)
        info.size = len(raw)
        for key, value in fields.items():
            setattr(info, key, value)
        self.tar.addfile(info, io.BytesIO(raw))
        return self

    def entry(self, name, type, linkname=""):
        info = tarfile.TarInfo(name)
        info.type = type
        info.linkname = linkname
        self.tar.addfile(info)
        return self

    def directory(self, name):
        return self.entry(name, tarfile.DIRTYPE)

    def symlink(self, name, target):
        return self.entry(name, tarfile.SYMTYPE, target)

    def hardlink(self, name, target):
        return self.entry(name, tarfile.LNKTYPE, target)

    def bytes(self):
        self.tar.close()
        return self.buffer.getvalue()


def layer(*files, directories=()):
    made = Layer()
    for name in directories:
        made.directory(name)
    for name, content in files:
        made.file(name, content)
    return made.bytes()


def debian(*packages):
    return layer(DEBIAN, ("var/lib/dpkg/status", status(*packages)))


def zstd(content):
    return subprocess.run(["zstd", "-q", "-c"], input=content, stdout=subprocess.PIPE, check=True).stdout


COMPRESS = {"plain": lambda c: c, "gzip": lambda c: gzip.compress(c, 1), "bzip2": lambda c: bz2.compress(c, 1),
            "xz": lambda c: lzma.compress(c, preset=0), "zstd": zstd}


def tar_of(members):
    """A tar of (name, content) pairs; a content that is a ("link", target) pair is a symbolic link."""
    made = Layer(tarfile.USTAR_FORMAT)
    for name, content in members:
        if isinstance(content, tuple):
            made.symlink(name, content[1])
        else:
            made.file(name, content)
    return made.bytes()


def config(layers, architecture="amd64", diff_ids=None):
    return json.dumps({"architecture": architecture, "os": "linux", "rootfs": {
        "type": "layers", "diff_ids": diff_ids or [sha256(content) for content in layers]}}).encode()


def docker_archive(layers, stored=None, tags=("test:latest",), diff_ids=None, modern=False):
    """The members of a docker save archive; `stored` are the layers as they lie in it (compressed, say)."""
    stored = stored or layers
    conf = config(layers, diff_ids=diff_ids)
    conf_name = sha256(conf)[7:] + ".json"
    names, members = [], []
    for content, raw in zip(layers, stored):
        hexdigest = sha256(content)[7:]
        name = f"blobs/sha256/{sha256(raw)[7:]}" if modern else f"{hexdigest}/layer.tar"
        if name not in names:
            members.append((name, raw))
        names.append(name)
    manifest = [{"Config": conf_name, "RepoTags": list(tags), "Layers": names}]
    return [*members, (conf_name, conf), ("manifest.json", json.dumps(manifest))]


OCI = "application/vnd.oci.image."


class OciLayout:
    """Members of an OCI layout; images are added with platform and tag."""

    def __init__(self):
        self.blobs = {}
        self.manifests = []

    def blob(self, content, media_type):
        digest = sha256(content)
        self.blobs["blobs/sha256/" + digest[7:]] = content
        return {"mediaType": OCI + media_type, "digest": digest, "size": len(content)}

    def manifest(self, layers, stored=None, architecture="amd64", media_type="layer.v1.tar+gzip"):
        stored = stored or [gzip.compress(content, 1, mtime=0) for content in layers]
        document = {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json",
                    "config": self.blob(config(layers, architecture), "config.v1+json"),
                    "layers": [self.blob(content, media_type) for content in stored]}
        return self.blob(json.dumps(document).encode(), "manifest.v1+json")

    def add(self, descriptor, tag=None, platform=None):
        descriptor = copy.deepcopy(descriptor)
        if tag:
            descriptor["annotations"] = {"org.opencontainers.image.ref.name": tag}
        if platform:
            parts = platform.split("/")
            descriptor["platform"] = dict(zip(("os", "architecture", "variant"), parts))
        self.manifests.append(descriptor)
        return self

    def index(self, descriptors):
        """A nested index of [(descriptor, platform)]."""
        nested = OciLayout()
        for descriptor, platform in descriptors:
            nested.add(descriptor, platform=platform)
        return self.blob(json.dumps({"schemaVersion": 2, "manifests": nested.manifests}).encode(), "index.v1+json")

    def members(self):
        index = {"schemaVersion": 2, "manifests": self.manifests}
        return [*self.blobs.items(), ("index.json", json.dumps(index)), ("oci-layout", '{"imageLayoutVersion":"1.0.0"}')]

    def write(self, directory):
        for name, content in self.members():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return directory


def record(description="test", **releases):
    """A CVE of the tracker: release=fixed version, None for open, or a dictionary of members to set."""
    def release(value):
        if isinstance(value, dict):
            return {"status": "open", "urgency": "not yet assigned", **value}
        if value is None:
            return {"status": "open", "urgency": "not yet assigned"}
        return {"status": "resolved", "fixed_version": value, "urgency": "not yet assigned"}

    return {"description": description, "releases": {name: release(value) for name, value in releases.items()}}
