#!/usr/bin/env python3
"""Writes the small databases in this folder and the seeds of the rpm fuzz targets: the real ones
are too large to be cut at every byte. Run it to change them; the write-ahead log comes from SQLite
itself and has other salts each time."""

import os
import shutil
import sqlite3
import struct
import sys
import tempfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(HERE, "../../../fuzz/corpus")


def header(name, version, release, arch="x86_64", source=None, epoch=None, vendor=None, module=None,
           padding=0):
    """An rpm header with an immutable region, and an installation time behind it."""
    data = b""
    entries = []

    def add(tag, kind, count, value, align=1):
        nonlocal data
        data += b"\0" * (-len(data) % align)
        entries.append((tag, kind, len(data), count))
        data += value

    for tag, text in ((1000, name), (1001, version), (1002, release), (1011, vendor), (1022, arch),
                      (1044, source), (5096, module)):
        if text is not None:
            add(tag, 6, 1, text.encode() + b"\0")
    if epoch is not None:
        add(1003, 4, 1, struct.pack(">I", epoch), 4)
    if padding:
        add(1117, 7, padding, bytes(i % 251 for i in range(padding)))
    region = len(entries) + 1
    entries.insert(0, (63, 7, len(data), 16))
    data += struct.pack(">IIiI", 63, 7, -16 * region, 16)
    add(1008, 4, 1, struct.pack(">I", 1600000000), 4)
    return (struct.pack(">II", len(entries), len(data))
            + b"".join(struct.pack(">4I", *e) for e in entries) + data)


A = header("alpha", "1.0", "1.el9", source="alpha-src-1.0-1.el9.src.rpm", vendor="Example")
B = header("beta", "2:3", "2", "noarch", epoch=0)
C = header("gamma", "3.1", "4.el9", source="gamma-3.1-4.el9.src.rpm", epoch=1,
           module="gamma:3:20200101:abcdef", padding=900)
KEY = header("gpg-pubkey", "deadbeef", "5f0", arch=None)


def bdb(headers, order, page_size=512, version=9, page_type=13):
    """A hash of one bucket page for each two headers: big ones in overflow pages."""
    pages = [b""]

    def page(number, next_page, entries, data_bytes, kind, body):
        p = (bytes(8) + struct.pack(order + "IIIHHBB", number, 0, next_page, entries, data_bytes, 0,
                                    kind) + body)
        return p + bytes(page_size - len(p))

    items = [(0, struct.pack(order + "I", len(headers)))] + list(enumerate(headers, 1))
    buckets = [items[0::2], items[1::2]]
    pages += [b"", b""]
    for bucket, content in enumerate(buckets):
        offset, index, stack = page_size, [], b""
        for number, value in content:
            pieces = [b"\1" + struct.pack(order + "I", number)]
            if len(value) < page_size // 4:
                pieces.append(b"\1" + value)
            else:
                pieces.append(b"\3\0\0\0" + struct.pack(order + "II", len(pages), len(value)))
                room = page_size - 26
                chunks = [value[i:i + room] for i in range(0, len(value), room)]
                for i, chunk in enumerate(chunks):
                    n = len(pages)
                    follow = n + 1 if i + 1 < len(chunks) else 0
                    pages.append(page(n, follow, 1, len(chunk), 7, chunk))
            for piece in pieces:
                offset -= len(piece)
                index.append(offset)
                stack = piece + stack
        body = struct.pack(order + "%dH" % len(index), *index)
        body += bytes(page_size - 26 - len(body) - len(stack)) + stack
        pages[1 + bucket] = page(1 + bucket, 0, len(index), offset, page_type, body)
    meta = bytes(8) + struct.pack(order + "4IBBBB", 0, 0x061561, version, page_size, 0, 8, 0, 0)
    meta += struct.pack(order + "6I", 0, len(pages) - 1, 0, 0, 0, 0) + bytes(20)
    meta += struct.pack(order + "6I", 1, 1, 0, 0, len(items), 0x5E688DD1)
    meta += struct.pack(order + "32I", 1, 1, *([0] * 30))
    pages[0] = meta + bytes(page_size - len(meta))
    return b"".join(pages)


def ndb(headers):
    slots, blobs, block = b"", b"", 256
    for number, value in enumerate(headers, 1):
        blob = struct.pack("<4sIII", b"BlbS", number, 1, len(value)) + value
        blob += bytes(-(len(blob) + 12) % 16)
        blob += struct.pack("<II4s", zlib.adler32(blob), len(value), b"BlbE")
        slots += struct.pack("<4sIII", b"Slot", number, block, len(blob) // 16)
        block += len(blob) // 16
        blobs += blob
    head = struct.pack("<4s7I", b"RpmP", 0, 1, 1, len(headers) + 1, 0, 0, 0)
    empty = struct.pack("<4sIII", b"Slot", 0, 0, 0)
    slots += empty * ((4096 - 32 - len(slots)) // 16)
    return head + slots + blobs


def connect(path):
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA page_size = 512")
    return db


CREATE = ("CREATE TABLE IF NOT EXISTS 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,"
          "blob BLOB NOT NULL)")


def insert(db, *headers):
    for value in headers:
        db.execute("INSERT INTO Packages (blob) VALUES (?)", (value,))


def names(db):
    found = []
    for (blob,) in db.execute("SELECT blob FROM Packages"):
        start = 8 + 16 * struct.unpack(">I", blob[:4])[0]
        found.append(blob[start:blob.index(b"\0", start)].decode())
    return ",".join(found)


def sqlite_plain(folder):
    path = os.path.join(folder, "plain")
    db = connect(path)
    db.execute(CREATE)
    insert(db, A, B, C, KEY)
    db.close()
    with open(path, "rb") as f:
        return f.read()


def sqlite_log(folder, checkpoint_first):
    """A database and its log as a crash leaves them, and what is in it after so many bytes of the
    log: "bytes<TAB>names" a line."""
    path = os.path.join(folder, "log%d" % checkpoint_first)
    db = connect(path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA wal_autocheckpoint = 0")
    if checkpoint_first:
        db.execute(CREATE)
        insert(db, A, B)
        # Leaves an older generation of frames, which the next ones overwrite in part.
        insert(db, *[C] * 6)
        db.execute("DELETE FROM Packages WHERE hnum > 2")
        db.execute("PRAGMA wal_checkpoint(RESTART)")
        states = [(0, names(db))]
    else:
        states = []

    def commit(*statements):
        db.execute("BEGIN")
        for statement, *args in statements:
            db.execute(statement, args)
        db.execute("COMMIT")
        states.append((used_bytes(path + "-wal"), names(db)))

    if not checkpoint_first:
        commit((CREATE,))
    commit(("INSERT INTO Packages (blob) VALUES (?)", C))
    commit(("DELETE FROM Packages WHERE hnum = 1",), ("INSERT INTO Packages (blob) VALUES (?)", KEY))
    commit(("INSERT INTO Packages (blob) VALUES (?)", A))
    # A transaction that spills into the log and is never committed.
    db.execute("PRAGMA cache_size = 2")
    db.execute("BEGIN")
    insert(db, *[B] * 12)
    with open(path, "rb") as main, open(path + "-wal", "rb") as log:
        result = main.read(), log.read()
    db.execute("ROLLBACK")
    db.close()
    return result + ("".join("%d\t%s\n" % s for s in states),)


def used_bytes(path):
    """Up to the end of the frames of this generation."""
    with open(path, "rb") as f:
        log = f.read()
    frame = 24 + struct.unpack(">I", log[8:12])[0]
    end = 32
    while end + frame <= len(log) and log[end + 8:end + 16] == log[16:24]:
        end += frame
    return end


def write(folder, name, content):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as f:
        f.write(content if isinstance(content, bytes) else content.encode())


def main():
    temporary = tempfile.mkdtemp()
    headers = [A, B, C, KEY]
    small = {
        "small-le.bdb": bdb(headers, "<"),
        "small-be.bdb": bdb(headers, ">"),
        "small-v8.bdb": bdb(headers, "<", version=8, page_type=2),
        "small.ndb": ndb(headers),
        "small.sqlite": sqlite_plain(temporary),
    }
    for name, content in small.items():
        write(HERE, name, content)
    for name, checkpoint in (("wal", True), ("wal-fresh", False)):
        content = sqlite_log(temporary, checkpoint)
        for suffix, part in zip((".sqlite", ".sqlite-wal", ".states.tsv"), content):
            write(HERE, name + suffix, part)
    for name, value in (("alpha", A), ("beta", B), ("gamma", C), ("key", KEY)):
        write(os.path.join(CORPUS, "rpm_header"), name, value)
    for name, content in small.items():
        kind = name.rsplit(".", 1)[1]
        if kind != "sqlite":
            write(os.path.join(CORPUS, "rpm_" + kind), name, content)
    # The fuzz target takes the length of the database in front of it and its log.
    seeds = os.path.join(CORPUS, "rpm_sqlite")
    write(seeds, "small", struct.pack(">I", len(small["small.sqlite"])) + small["small.sqlite"])
    for name in ("wal", "wal-fresh"):
        parts = [open(os.path.join(HERE, name + s), "rb").read() for s in (".sqlite", ".sqlite-wal")]
        write(seeds, name, struct.pack(">I", len(parts[0])) + parts[0] + parts[1])
    shutil.rmtree(temporary)


if __name__ == "__main__":
    sys.exit(main())
