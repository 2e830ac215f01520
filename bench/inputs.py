"""Finds or makes what is measured, in a directory that is kept for the next time."""
import gzip
import hashlib
import io
import json
import lzma
import os
import pathlib
import shutil
import subprocess
import tarfile

PLAIN_TAR_BYTES = 200_000_000
LAYERS = 4


def _made(path, make):
    """Makes path unless it is there; half of it is never left behind."""
    if not path.exists():
        print(f"making {path.name} …", flush=True)
        part = path.with_name(path.name + ".part")
        make(part)
        part.rename(path)
    return path


def _mmdebstrap(part):
    tar = part.with_suffix(".tar")
    as_root = [] if os.geteuid() == 0 else ["sudo"]
    subprocess.run([*as_root, "mmdebstrap", "--quiet", "--variant=minbase", "--format=tar", "bookworm", str(tar)],
                   check=True)
    with open(part, "wb") as out:
        subprocess.run(["gzip", "-6", "-c", str(tar)], stdout=out, check=True)
    tar.unlink(missing_ok=True)


def debian_layer(root, work):
    """A gzip layer of Debian: $CLAIR_BENCH_LAYER, that of the test material, or a new one by mmdebstrap."""
    named = os.environ.get("CLAIR_BENCH_LAYER")
    if named:
        return pathlib.Path(named)
    shared = root.parent / "shared/data/images/layers/debian-bookworm-minbase.layer.tar.gz"
    return shared if shared.exists() else _made(work / "debian.layer.tar.gz", _mmdebstrap)


def tracker(root, work):
    """The Debian security tracker's JSON, decompressed: $CLAIR_BENCH_TRACKER or that of the test material, else None."""
    named = os.environ.get("CLAIR_BENCH_TRACKER")
    if named:
        return pathlib.Path(named)
    found = sorted((root.parent / "shared/data/feeds/debian").glob("tracker-*.json.xz"))
    if not found:
        return None

    def make(part):
        with lzma.open(found[-1]) as source, open(part, "wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)

    return _made(work / "tracker.json", make)


def plain_layer(layer, work):
    def make(part):
        with gzip.open(layer) as source, open(part, "wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)

    return _made(work / "layer.tar", make)


def large_layer(plain, work):
    """The layer, and its files again under other names until it is large enough: sizes of files are real ones."""

    def make(part):
        with tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as out:
            copy = 0
            while out.offset < PLAIN_TAR_BYTES:
                with tarfile.open(plain) as source:
                    for member in source:
                        if copy:
                            member.name = f"copy{copy}/{member.name}"
                            member.pax_headers = {}
                        out.addfile(member, source.extractfile(member) if member.isreg() else None)
                        if out.offset >= PLAIN_TAR_BYTES:
                            break
                copy += 1

    return _made(work / "large.tar", make)


def compressed_layer(plain, work, name, argv):
    def make(part):
        with open(plain, "rb") as source, open(part, "wb") as out:
            subprocess.run(argv, stdin=source, stdout=out, check=True)

    return _made(work / name, make)


def _blob(directory, content, media_type):
    digest = hashlib.sha256(content).hexdigest()
    (directory / "blobs/sha256" / digest).write_bytes(content)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


def image_of_layers(layer, work):
    """An OCI layout with the layer several times, each with another time stamp in its gzip header, so that they are
    different ones."""
    vendor = "application/vnd.oci.image"

    def make(part):
        shutil.rmtree(part, ignore_errors=True)
        (part / "blobs/sha256").mkdir(parents=True)
        content = bytearray(layer.read_bytes())
        with gzip.open(io.BytesIO(content)) as f:
            diff_id = "sha256:" + hashlib.file_digest(f, "sha256").hexdigest()
        layers = []
        for i in range(LAYERS):
            content[4:8] = (i + 1).to_bytes(4, "little")
            layers.append(_blob(part, bytes(content), f"{vendor}.layer.v1.tar+gzip"))
        config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [diff_id] * LAYERS}}
        manifest = {"schemaVersion": 2, "mediaType": f"{vendor}.manifest.v1+json", "layers": layers,
                    "config": _blob(part, json.dumps(config).encode(), f"{vendor}.config.v1+json")}
        index = {"schemaVersion": 2, "manifests": [_blob(part, json.dumps(manifest).encode(), manifest["mediaType"])]}
        (part / "index.json").write_text(json.dumps(index), encoding="ascii")
        (part / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}', encoding="ascii")

    return _made(work / "image", make)
