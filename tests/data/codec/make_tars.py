#!/usr/bin/env python3
"""Makes the archives of this folder and, for each, the list of what Python's tarfile finds in it.

A line of NAME.list: type, size, offset of the body (-1 for a sparse file), SHA-256 of the body,
path, link; tab-separated, names as raw bytes. Archives are cut behind the end-of-archive marker.
"""
import hashlib
import io
import os
import subprocess
import tarfile
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FORMATS = {'ustar': tarfile.USTAR_FORMAT, 'gnu': tarfile.GNU_FORMAT, 'pax': tarfile.PAX_FORMAT}


def write(name, data):
    with open(os.path.join(HERE, name), 'wb') as f:
        f.write(data)


def kind(m):
    for test, name in ((m.isreg, 'file'), (m.isdir, 'dir'), (m.issym, 'symlink'), (m.islnk, 'hardlink')):
        if test():
            return name
    return 'other'


def listing(data):
    lines = []
    with tarfile.open(fileobj=io.BytesIO(data), encoding='utf-8', errors='surrogateescape') as t:
        for m in t:
            body = t.extractfile(m).read() if m.isreg() else b''
            path, link = (os.fsencode(n) for n in (m.name, m.linkname))
            offset = -1 if m.sparse is not None else m.offset_data
            lines.append(b'%s\t%d\t%d\t%s\t%s\t%s\n' % (kind(m).encode(), len(body), offset,
                         hashlib.sha256(body).hexdigest().encode(), path, link))
    return b''.join(lines)


def store(name, data, end=True):
    data = data.rstrip(b'\0')
    data += bytes(-len(data) % 512) + (bytes(1024) if end else b'')
    write(name + '.tar', data)
    write(name + '.list', listing(data))


def members(fmt):
    long_name = 'd' * 99 + '/' + 'f' * 80
    names = ['plain', './dotted', '/absolute', 'plain', 'caf\u00e9', 'raw\udcff\udcfe', long_name]
    if fmt != tarfile.USTAR_FORMAT:
        names += ['n' * 300, 'v/' * 200 + '\u00fc', 'x' * 101, 'q' * 600 + '\udcff']
    for i, name in enumerate(names):
        yield name, tarfile.REGTYPE, '', b'body %d of %s\n' % (i, os.fsencode(name)[:20]) * (i * 9 % 50)
    yield 'empty', tarfile.REGTYPE, '', b''
    yield 'old', tarfile.AREGTYPE, '', b'old'
    yield 'contiguous', tarfile.CONTTYPE, '', b'cont'
    yield 'dir', tarfile.DIRTYPE, '', b''
    yield 'link', tarfile.SYMTYPE, '../target\udcff', b''
    yield 'hard', tarfile.LNKTYPE, 'plain', b''
    if fmt != tarfile.USTAR_FORMAT:
        yield 'longlink', tarfile.SYMTYPE, 'l/' * 150, b''
    yield 'fifo', tarfile.FIFOTYPE, '', b''
    yield 'char', tarfile.CHRTYPE, '', b''


def make_members():
    for name, fmt in FORMATS.items():
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode='w', format=fmt, encoding='utf-8', errors='surrogateescape') as t:
            for path, typeflag, link, body in members(fmt):
                m = tarfile.TarInfo(path)
                m.type, m.linkname, m.size = typeflag, link, len(body)
                t.addfile(m, io.BytesIO(body))
        store(name, out.getvalue())


def make_sparse():
    variants = {'sparse-gnu': ['--format=gnu']}
    for version in ('0.0', '0.1', '1.0'):
        variants['sparse-pax-' + version] = ['--format=posix', '--sparse-version=' + version]
    with tempfile.TemporaryDirectory() as d:
        with open(d + '/sparse', 'wb') as f:
            for i in range(0, 24, 2):
                f.seek(i * 65536)
                f.write(b'%03d' % i * 100)
            f.truncate(40 * 65536)
        with open(d + '/hole', 'wb') as f:
            f.truncate(300000)
        with open(d + '/after', 'wb') as f:
            f.write(b'after')
        for name, options in variants.items():
            data = subprocess.run(['tar', '-C', d, '-b1', '-Scf', '-', '--owner=0', '--group=0', '--mtime=@0', *options,
                                   'sparse', 'hole', 'after'], check=True, stdout=subprocess.PIPE).stdout
            store(name, data)


def make_v7():
    with tempfile.TemporaryDirectory() as d:
        os.mkdir(d + '/dir')
        for name in ('dir/file', 'other'):
            with open(d + '/' + name, 'wb') as f:
                f.write(name.encode() * 100)
        os.symlink('file', d + '/dir/link')
        data = subprocess.run(['tar', '-C', d, '-b1', '-cf', '-', '--format=v7', '--sort=name', '--owner=0', '--group=0',
                               '--mtime=@0', 'dir', 'other'], check=True, stdout=subprocess.PIPE).stdout
        store('v7', data)
        store('without-end', data, end=False)


make_members()
make_sparse()
make_v7()
