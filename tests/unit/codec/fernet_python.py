#!/usr/bin/python3
"""Fernet tokens against those of python3-cryptography, both ways: fernet_python.py TOOL. Skipped (77) without it."""
import subprocess
import sys
import time

try:
    from cryptography.fernet import Fernet
except ImportError:
    sys.exit(77)


def ours(*arguments):
    return subprocess.run([sys.argv[1], *arguments], capture_output=True, text=True)


for length in [0, 1, 15, 16, 17, 100, 1000]:
    key = Fernet.generate_key().decode()
    text = ("ä0123456789" * 100)[:length]
    theirs = Fernet(key.encode())
    token = ours("encrypt", key, text).stdout
    assert theirs.decrypt(token.encode(), ttl=60).decode() == text, token
    token = theirs.encrypt(text.encode()).decode()
    assert ours("decrypt", key, token).stdout == text, token
    # Not theirs, too old, not yet.
    assert ours("decrypt", Fernet.generate_key().decode(), token).returncode == 1
    for when, word in [(-62, "expired"), (120, "future")]:
        old = theirs.encrypt_at_time(text.encode(), int(time.time()) + when).decode()
        result = ours("decrypt", key, old)
        assert result.returncode == 1 and word in result.stderr, result
