"""Layers that are posted, and what has to be known of them afterwards.

A layer's features follow from its blob and its parent by rules that are simple here: a blob with a package database
replaces the list of the parent, one without inherits it; a package that the parent has in the same version keeps who
added it. Versions are 1.N, so that who is affected can be worked out as well.
"""
import bz2
import gzip
import lzma
import random
import threading

import images

PACKAGES = [f"package{i}" for i in range(40)]
COMPRESS = [lambda c: c, lambda c: gzip.compress(c, 1), lambda c: bz2.compress(c, 1), lambda c: lzma.compress(c, preset=0)]


class Blob:
    """A layer file: its bytes, its packages ({name: N}, None when it has no database) and its namespace (or None)."""

    def __init__(self, name, content, packages, namespace):
        self.name = name
        self.content = content
        self.packages = packages
        self.namespace = namespace


def dpkg(packages, release, random_bytes):
    """A layer with these packages, and something that does not matter, of which there is much."""
    files = [("var/lib/dpkg/status", images.status(*((name, f"1.{n}") for name, n in packages.items())))]
    files += [("usr/bin/something", random_bytes)]
    return images.layer(*([release] if release else []), *files)


def make_blobs():
    """Two distributions with three bases each, and what lies on them."""
    rng = random.Random(1)
    blobs = {"debian:9": [], "debian:12": [], "any": [], "bare": []}
    for namespace, release in (("debian:9", images.DEBIAN_9), ("debian:12", images.DEBIAN)):
        for i in range(3):
            packages = {name: rng.randrange(30) for name in rng.sample(PACKAGES, 12 + 8 * i)}
            content = dpkg(packages, release, rng.randbytes(20000))
            blobs[namespace].append(Blob(f"{namespace.replace(':', '-')}-{i}", content, packages, namespace))
    for i in range(6):
        packages = {name: rng.randrange(30) for name in rng.sample(PACKAGES, 20)}
        blobs["any"].append(Blob(f"more-{i}", dpkg(packages, None, rng.randbytes(50000)), packages, None))
    for i in range(3):
        content = images.layer((f"srv/file{i}", rng.randbytes(30000)))
        blobs["bare"].append(Blob(f"bare-{i}", content, None, None))
    for number, blob in enumerate(b for group in blobs.values() for b in group):
        blob.content = COMPRESS[number % len(COMPRESS)](blob.content)
    return blobs


class Layer:
    """A layer by name, with the features that it has once it is indexed: {package: (N, added by)}."""

    def __init__(self, name, blob, parent=None):
        self.name = name
        self.blob = blob
        self.parent = parent
        self.namespace = blob.namespace or parent.namespace
        self.depth = parent.depth + 1 if parent else 0
        inherited = parent.features if parent else {}
        if blob.packages is None:
            self.features = inherited
        else:
            self.features = {p: inherited[p] if p in inherited and inherited[p][0] == n else (n, name)
                             for p, n in blob.packages.items()}

    def expected(self):
        return sorted((package, f"1.{n}", by) for package, (n, by) in self.features.items())


def features(answer):
    """What an answer says, in the same form."""
    return sorted((f["Name"], f["Version"], f["AddedBy"]) for f in answer.json["Layer"].get("Features", []))


class Layers:
    """Those that are there for good: they grow in number, and each has to be readable once it was answered with 201."""

    MOST = 4000

    def __init__(self, blobs):
        self.blobs = blobs
        self.lock = threading.Lock()
        self.known = []
        self.count = 0

    def invent(self, rng, prefix="kept"):
        """A new one, on nothing or on one that is known."""
        with self.lock:
            self.count += 1
            name = f"{prefix}-{self.count}"
            parent = rng.choice(self.known) if self.known and rng.random() < 0.8 else None
        if parent is None or parent.depth > 6:
            return Layer(name, rng.choice(self.blobs[rng.choice(["debian:9", "debian:12"])]))
        return Layer(name, rng.choice(self.blobs[rng.choice(["any", "bare", parent.namespace])]), parent)

    def add(self, layer):
        with self.lock:
            if len(self.known) < self.MOST:
                self.known.append(layer)

    def any(self, rng):
        with self.lock:
            return rng.choice(self.known) if self.known else None
