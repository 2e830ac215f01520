"""Fernet tokens (https://github.com/fernet/spec), made and opened with openssl and Python's own HMAC."""
import base64
import hashlib
import hmac
import os
import struct
import subprocess
import time


def aes(direction, data, key, iv):
    command = ["openssl", "enc", direction, "-aes-128-cbc", "-K", key.hex(), "-iv", iv.hex()]
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout


def seal(message, key, age=0):
    """A token made `age` seconds ago."""
    raw, iv = base64.b64decode(key), os.urandom(16)
    body = b"\x80" + struct.pack(">Q", int(time.time()) - age) + iv + aes("-e", message, raw[16:], iv)
    return base64.urlsafe_b64encode(body + hmac.digest(raw[:16], body, hashlib.sha256)).decode()


def unseal(token, key):
    """What a token says, and the time it was made."""
    raw, sealed = base64.b64decode(key), base64.urlsafe_b64decode(token)
    body, signature = sealed[:-32], sealed[-32:]
    assert body[0] == 0x80 and hmac.compare_digest(signature, hmac.digest(raw[:16], body, hashlib.sha256))
    return aes("-d", body[25:], raw[16:], body[9:25]), struct.unpack(">Q", body[1:9])[0]
