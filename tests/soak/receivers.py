"""Whom the server talks to: layer servers that are slow or break off, and a webhook that is at times slow or dead."""
import http.server
import json
import random
import socket
import threading
import time

import server as server_module


class LayerServer(server_module.Services):
    """Serves blobs by name; the query says how: cut (breaks off half way), slow (takes some time), silent (says nothing
    for as long and hangs up)."""

    def __init__(self, seconds):
        self.files = {}
        self.seconds = seconds
        super().__init__(LayerHandler)

    def add(self, name, content):
        self.files["/" + name] = content
        return f"{self.url}/{name}"


class LayerHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path, _, how = self.path.partition("?")
        content = self.server.owner.files.get(path)
        if how == "silent":
            time.sleep(self.server.owner.seconds)
            self.close_connection = True
            return
        if how == "around":
            self.send_response(302)
            self.send_header("Location", self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(404 if content is None else 200)
        content = content or b"not found\n"
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if how == "cut":
            self.wfile.write(content[:len(content) // 2])
            self.close_connection = True
        elif how == "slow":
            self.trickle(content)
        else:
            self.wfile.write(content)

    def trickle(self, content):
        step = max(1, len(content) // 20)
        for start in range(0, len(content), step):
            self.wfile.write(content[start:start + step])
            self.wfile.flush()
            time.sleep(self.server.owner.seconds / 20)

    def log_message(self, *args):
        pass


class Webhook(server_module.Services):
    """Takes notifications in as Quay does: reads every page and deletes, mostly; `kind` makes it behave."""

    def __init__(self, client, failures):
        self.client = client  # a function: how to ask the server
        self.failures = failures
        self.kind = False
        self.read = set()
        self.lock = threading.Lock()
        self.counts = {}
        super().__init__(WebhookHandler)

    def choose(self):
        what = "read" if self.kind else random.choices(["read", "leave", "refuse", "slow", "hang up", "read first"],
                                                       [70, 5, 3, 1, 3, 18])[0]
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1
        return what

    def fetch(self, name):
        """Every page, then deletes it."""
        try:
            page = ""
            while page is not None:
                answer = self.client().get(f"/v1/notifications/{name}?limit=20{page and '&page=' + page}")
                if answer.status != 200:
                    self.failures.unless(answer.status in (404, 503), f"notification {name}: {answer.status} {answer.text}")
                    return
                found = answer.json["Notification"]
                self.failures.unless(found["Name"] == name and ("Old" in found or "New" in found), f"{found}")
                page = found.get("NextPage")
            status = self.client().delete(f"/v1/notifications/{name}").status
            self.failures.unless(status in (200, 404, 503), f"deleting notification {name}: {status}")
            with self.lock:
                self.read.add(name)
        except (OSError, server_module.raw_http.http.client.HTTPException) as e:
            self.failures.connection(e)


class WebhookHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        owner = self.server.owner
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        what = owner.choose()
        name = json.loads(body)["Notification"]["Name"]
        if what == "hang up":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        if what == "slow":
            time.sleep(6)
        if what == "read first":
            owner.fetch(name)
        self.send_response(500 if what == "refuse" else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.wfile.flush()
        if what == "read":
            owner.fetch(name)

    def log_message(self, *args):
        pass
