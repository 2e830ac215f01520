#!/usr/bin/python3
"""A client that wants to be served at once, until standard input ends: quick.py URL HEALTHURL.

Prints a JSON object: for each path the milliseconds that each request took, and what went wrong.
"""
import json
import pathlib
import select
import ssl
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import raw_http  # noqa: E402


def client(url):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return raw_http.Client(int(url.split(":")[-1]), context if url.startswith("https:") else None)


def ask(asked, path, result):
    start = time.monotonic()
    try:
        status = asked.get(path, timeout=30).status
        if status != 200:
            result["wrong"].append(f"{path}: {status}")
    except (OSError, raw_http.http.client.HTTPException) as e:
        result["wrong"].append(f"{path}: {e!r}")
    result["took"].setdefault(path, []).append(round((time.monotonic() - start) * 1000, 1))


def main():
    api, health = client(sys.argv[1]), client(sys.argv[2])
    result = {"took": {}, "wrong": []}
    while not select.select([0], [], [], 0.1)[0]:
        ask(api, "/v1/namespaces", result)
        ask(health, "/health", result)
    print(json.dumps(result))


main()
