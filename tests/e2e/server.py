"""The server under test: its configuration, its process, its log; and the servers it talks to (layers, webhook)."""
import copy
import http.server
import json
import os
import pathlib
import queue
import subprocess
import tempfile
import threading
import time

import pytest

import raw_http
from ports import free_ports

BACKENDS = ["sqlite", "postgresql"]
ORIGINAL = os.environ.get("CLAIR_ORIGINAL") == "1"  # $CLAIR is Clair v2.0.7: it is the tests that are being tested
ours_only = pytest.mark.skipif(ORIGINAL, reason="the original does not do this")
PAGINATION_KEY = "XxoPtCUzrUv4JV5dS+yQ+MdW7yLEJnRMwigVY/bpgtQ="


def yaml_text(value, indent=0):
    """Nested mappings and scalars as block YAML. Scalars are written as JSON, which YAML reads alike."""
    lines = []
    for key, item in value.items():
        if isinstance(item, dict) and item:
            lines.append(" " * indent + f"{key}:\n" + yaml_text(item, indent + 2))
        else:
            lines.append(" " * indent + f"{key}: {json.dumps(item)}\n")
    return "".join(lines)


def merge(base, changes):
    """`changes` over `base`, mapping by mapping; a key changed to None is left out."""
    merged = copy.deepcopy(base)
    for key, value in changes.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = merge(merged.get(key) or {}, value)
        else:
            merged[key] = value
    return merged


class Server(raw_http.Client):
    """A running server. Requests to the API are methods of it, requests to the health port of `.health`."""

    def __init__(self, program, config, directory, arguments=(), tls=None):
        super().__init__(config["api"]["port"], tls)
        self.health = raw_http.Client(config["api"]["healthport"])
        self.config = config
        self.directory = pathlib.Path(directory)
        self.config_path = self.directory / "config.yaml"
        self.config_path.write_text(yaml_text({"clair": config}))
        self.command = [os.path.abspath(program), "-config", str(self.config_path), "-log-level", "debug", *arguments]
        self.process = None

    def start(self, env=None, ready=True):
        with open(self.directory / "stdout", "ab") as out, open(self.directory / "stderr", "ab") as errors:
            self.process = subprocess.Popen(self.command, cwd=self.directory, env=env, stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=errors)
        if ready:
            self.wait_ready()
        return self

    def wait_ready(self, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"exited with {self.process.returncode}: {self.output()}"
            try:
                if self.health.get("/health").status == 200:
                    self.connect()
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise AssertionError("not healthy: " + self.output())

    def connect(self):
        """Fails with OSError while nobody listens on the API's port."""
        if not self.tls:
            self.get("/")

    def post_layer(self, name, url, parent=None):
        return self.post("/v1/layers", {"Layer": {"Name": name, "Path": url, "ParentName": parent, "Format": "Docker"}})

    def stop(self):
        """SIGTERM; a server ends well."""
        self.process.terminate()
        try:
            assert self.process.wait(5 if ORIGINAL else 60) == 0, self.output()
        except subprocess.TimeoutExpired:
            if not ORIGINAL:  # which at times waits for connections that are long gone
                raise
            self.kill()
        assert "Sanitizer" not in self.errors, self.errors

    def kill(self):
        self.process.kill()
        self.process.wait(60)

    @property
    def errors(self):
        return (self.directory / "stderr").read_text(errors="replace")

    def output(self):
        return (self.directory / "stdout").read_text(errors="replace") + self.errors

    @property
    def log(self):
        """What it wrote to stdout so far, a JSON object each line."""
        lines = (self.directory / "stdout").read_text(errors="replace").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


def wait_until(condition, seconds=60):
    """For what happens by itself, soon."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def default_config(database):
    """As in the documents of Quay: what the original reads, ours reads. Only `all` it does not know, and does not need."""
    port, health = free_ports(2)
    return {"database": database,
            "api": {"port": port, "healthport": health, "timeout": "900s", "paginationkey": PAGINATION_KEY},
            "updater": {"interval": "0s"},
            "notifier": {"attempts": 3, "renotifyinterval": "2h", "all": True}}


# What the service keeps up to date when its configuration does not say.
DEFAULT_SOURCES = ["debian", "ubuntu", "rhel", "oracle", "alpine", "nvd"]


def only_sources(**urls):
    """updater.sources with these, from these places, and nothing from the network."""
    return {name: {"enabled": False} for name in DEFAULT_SOURCES} | {name: {"enabled": True, "url": str(url)} for name, url in urls.items()}


class Services:
    """Starts HTTP servers in threads, for as long as a test lasts."""

    class Http(http.server.ThreadingHTTPServer):
        def handle_error(self, request, client_address):
            pass  # clients that go away are what some tests are about

    def __init__(self, handler, tls=None):
        self.http = self.Http(("127.0.0.1", 0), handler)
        if tls:
            self.http.socket = tls.wrap_socket(self.http.socket, server_side=True)
        self.http.owner = self
        self.port = self.http.server_port
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


class LayerServer(Services):
    """Serves bytes by name: add(name, content, …) makes `url/name`.

    status: answer this instead of 200; location: where to (with status=302); headers: only to requests that have these;
    cut: close after so many bytes of the body; gate: a threading.Event to wait for before answering.
    """

    def __init__(self, tls=None):
        self.files = {}
        self.requests = []  # of (path, headers)
        super().__init__(LayerHandler, tls)

    def add(self, name, content=b"", **how):
        self.files["/" + name] = (content, how)
        return f"{self.url}/{name}"

    def paths(self):
        return [path for path, _ in self.requests]


class LayerHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        owner = self.server.owner
        owner.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        content, how = owner.files.get(self.path.split("?")[0], (b"not found\n", {"status": 404}))
        if how.get("gate"):
            how["gate"].wait(60)
        if any(self.headers.get(name) != value for name, value in how.get("headers", {}).items()):
            content, how = b"unauthorized\n", {"status": 401}
        self.send_response(how.get("status", 200))
        if "location" in how:
            self.send_header("Location", how["location"])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:how.get("cut", len(content))])
        self.close_connection = "cut" in how

    def log_message(self, *args):
        pass


class Webhook(Services):
    """Takes notifications in; `answer` is the status they get, `before` is called with the body before that."""

    def __init__(self, answer=200, tls=None):
        self.answer = answer
        self.before = lambda body: None
        self.posted = queue.Queue()  # of (path, headers, body)
        super().__init__(WebhookHandler, tls)

    def next(self, timeout=60):
        return self.posted.get(timeout=timeout)


class WebhookHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        owner = self.server.owner
        owner.before(body)
        self.send_response(owner.answer)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.wfile.flush()
        owner.posted.put((self.path, list(self.headers.items()), body))

    def log_message(self, *args):
        pass


class Factory:
    """factory("sqlite", api={"timeout": "1s"}) starts a server with a database of its own; all end with the test."""

    def __init__(self, program, postgres):
        self.program = program
        self.postgres = postgres  # a function: the cluster is started by who first needs it
        self.servers = []
        self.directories = []

    def database(self, backend, directory):
        if backend == "sqlite":
            return {"type": "sqlite", "options": {"path": f"{directory}/server.db"}}
        return {"type": "pgsql", "options": {"source": self.postgres().database(), "cachesize": 16384}}

    def __call__(self, backend, start=True, arguments=(), env=None, tls=None, database=None, **changes):
        """`database` shares that of another server: server.config["database"]."""
        directory = tempfile.TemporaryDirectory(prefix="clair-server-")
        self.directories.append(directory)
        config = merge(default_config(database or self.database(backend, directory.name)), changes)
        made = Server(self.program, config, directory.name, arguments, tls)
        self.servers.append(made)
        return made.start(env) if start else made

    def close(self):
        """Stops what still runs; the first server that did not end well fails the test."""
        try:
            for one in self.servers:
                if one.process and one.process.poll() is None:
                    one.stop()
        finally:
            for one in self.servers:
                if one.process and one.process.poll() is None:
                    one.kill()
            for directory in self.directories:
                directory.cleanup()
