"""The server that is measured, its database, the files it fetches, and clients."""
import http.client
import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading
import time
import urllib.parse

from measure import CLAIR, ROOT, descendants, memory_of

sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import ports  # noqa: E402
import postgres  # noqa: E402

GET_LUA = ROOT / "bench" / "get.lua"


class Client:
    """One connection to the API."""

    def __init__(self, url):
        self.http = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=300)

    def __call__(self, method, path, body=None):
        self.http.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
        answer = self.http.getresponse()
        return answer.status, answer.read()

    def post_layer(self, name, path):
        """Milliseconds."""
        start = time.perf_counter()
        status, answer = self("POST", "/v1/layers", {"Layer": {"Name": name, "Path": path, "Format": "Docker"}})
        if status != 201:
            sys.exit(f"bench: POST /v1/layers: {status} {answer[:300]}")
        return (time.perf_counter() - start) * 1e3


class Server:
    """`clair serve` with a database of its own, in a directory, on free ports."""

    def __init__(self, directory, cluster=None):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir()
        port, health = ports.free_ports(2)
        self.url = f"http://127.0.0.1:{port}"
        self.database = cluster.database() if cluster else str(self.directory / "server.db")
        options = {"source": self.database} if cluster else {"path": self.database}
        # YAML takes JSON.
        (self.directory / "config.yaml").write_text(json.dumps({"clair": {
            "database": {"type": "pgsql" if cluster else "sqlite", "options": options},
            "api": {"port": port, "healthport": health}, "updater": {"interval": "0s"}}}))
        with open(self.directory / "log", "wb") as log:
            self.process = subprocess.Popen([CLAIR, "-config", str(self.directory / "config.yaml")], stdout=log, stderr=log)
        self.wait(health)

    def wait(self, health):
        while True:
            if self.process.poll() is not None:
                sys.exit(f"bench: the server has ended: {(self.directory / 'log').read_text()[-500:]}")
            try:
                if Client(f"http://127.0.0.1:{health}")("GET", "/health")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)

    def update(self, tracker):
        """Brings the server's database up to date: seconds."""
        start = time.perf_counter()
        subprocess.run([CLAIR, "update", "-q", "--db", self.database, "--from", f"debian={tracker}", "debian"], check=True,
                       stdout=subprocess.DEVNULL)
        return time.perf_counter() - start

    def memory(self):
        """Proportional set sizes in MiB: of the server itself, and of all its processes."""
        return memory_of(self.process.pid) / 1024, sum(map(memory_of, descendants(self.process.pid))) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


class Files(http.server.ThreadingHTTPServer):
    """Serves a directory as http://127.0.0.1:…/NAME."""

    daemon_threads = True

    def __init__(self, directory):
        super().__init__(("127.0.0.1", 0), FileHandler)
        self.directory = directory
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class FileHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(self.server.directory / pathlib.Path(self.path).name, "rb") as f:
            self.send_response(200)
            self.send_header("Content-Length", str(os.fstat(f.fileno()).st_size))
            self.end_headers()
            self.wfile.flush()
            self.connection.sendfile(f)

    def log_message(self, *args):
        pass


def load(url, names, seconds, gzip=False, connections=16, pause=0, query="?vulnerabilities"):
    """wrk: GETs of layers, one after the other: {"requests": a second, "p50", "p99", "max": ms, "bytes": of an answer}."""
    environment = dict(os.environ, LAYERS=" ".join(names), QUERY=query, GZIP="1" if gzip else "",
                       PAUSE=str(pause))
    done = subprocess.run(["wrk", "-t", "2", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "60", "-s", str(GET_LUA),
                           url], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    result = json.loads(done.stdout.strip().splitlines()[-1])
    if result["errors"]:
        sys.exit(f"bench: {result['errors']} requests failed\n{done.stdout}")
    return result
