"""The cases of the server: posts and GETs of layers, memory, idle connections, and an update meanwhile."""
import contextlib
import functools
import json
import lzma
import resource
import shutil
import socket
import statistics
import sys
import threading
import time
import urllib.parse

from data import Data
from server import Client, Files, Server, load, postgres

CASES = "post,get,server_memory,idle,meanwhile"


def quantile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * q))]


def open_maybe_xz(path):
    raw = open(path, "rb").read()
    return lzma.decompress(raw) if raw.startswith(b"\xfd7zXZ") else raw


class ServerCases:
    """Mixed into Bench. The cases share one server for each kind of database, filled once."""

    def start_server_cases(self, arguments):
        self.original = Client(arguments.original) if arguments.original else None
        self.original_url = arguments.original
        self.seconds = arguments.seconds
        self.n_layers = arguments.layers
        self.backends = arguments.backends.split(",")
        self.cleanup = contextlib.ExitStack()
        self.servers = {}
        self.unique = f"{time.time_ns():x}"
        self.count = 0

    def name(self):
        """One that no layer has had, not in the original either."""
        self.count += 1
        return f"bench-{self.unique}-{self.count}"

    @functools.cached_property
    def cluster(self):
        """A PostgreSQL of our own, with fsync off; None when it is not installed."""
        programs = postgres.find_programs()
        if not programs:
            return None
        cluster = postgres.Postgres(programs)
        self.cleanup.callback(cluster.stop)
        cluster.start()
        return cluster

    @functools.cached_property
    def files(self):
        directory = self.work / "files"
        directory.mkdir()
        return Files(directory)

    @functools.cached_property
    def data(self):
        return Data()

    @functools.cached_property
    def trackers(self):
        """Ours alone, ours and the real one, and that with 50 changes: paths."""
        real = json.loads(open_maybe_xz(self.tracker))
        small, full, changed = (self.work / f"tracker-{name}.json" for name in ("small", "full", "changed"))
        small.write_text(json.dumps(self.data.tracker))
        full.write_text(json.dumps(real | self.data.tracker))
        for name in self.data.names[:50]:
            for cve in self.data.tracker[name].values():
                cve["description"] += " It has changed."
        changed.write_text(json.dumps(real | self.data.tracker))
        return {"small": small, "full": full, "changed": changed}

    def new_server(self, backend):
        server = Server(self.work / f"server-{self.name()}", self.cluster if backend == "postgresql" else None)
        self.cleanup.callback(server.stop)
        return server

    def filled_server(self, backend, tracker="full"):
        """With advisories and layers: `server.names` are those of 400 packages, `server.large` one of 1,500."""
        if (backend, tracker) in self.servers:
            return self.servers[backend, tracker]
        server = self.servers[backend, tracker] = self.new_server(backend)
        server.update(self.trackers[tracker])
        client = Client(server.url)
        server.names = [self.name() for _ in range(self.n_layers if tracker == "full" else 200)]
        layer = self.work / "small.tar"
        start = time.monotonic()
        for seed, name in enumerate(server.names):
            layer.write_bytes(self.data.layer(seed))
            client.post_layer(name, str(layer))
        print(f"{backend}: {len(server.names)} layers posted one after the other, "
              f"{(time.monotonic() - start) / len(server.names) * 1e3:.1f} ms each")
        layer.write_bytes(self.data.layer(0, self.data.LARGE_PACKAGES))
        server.large = self.name()
        client.post_layer(server.large, str(layer))
        return server

    def have_backends(self):
        for backend in self.backends:
            if backend == "postgresql" and not self.cluster:
                print("postgresql is not installed")
            else:
                yield backend

    # --- posts

    def case_post(self):
        """A real layer under new names, over HTTP and from a file."""
        shutil.copyfile(self.layer, self.files.directory / "layer")
        places = {"HTTP": f"{self.files.url}/layer", "file": self.layer}
        clients = {backend: Client(self.new_server(backend).url) for backend in self.have_backends()}
        if self.original:
            clients["original"] = self.original
        times = {}
        for turn in range(self.measure.runs + 1):
            for who, client in clients.items():
                for where, path in places.items():
                    # What one leaves to be done in the background must not take the next one's time.
                    time.sleep(0.3)
                    took = client.post_layer(self.name(), path)
                    if turn:
                        times.setdefault((who, where), []).append(took)
        medians = {key: statistics.median(values) for key, values in times.items()}
        print("POST of the gzip layer:")
        for (who, where), took in medians.items():
            print(f"  {f'{who}, by {where}':<58} {took:8.2f} ms  (least {min(times[who, where]):.0f})")
        if self.original:
            for (who, where), took in medians.items():
                if who != "original":
                    self.verdict(f"{who}, by {where}, times faster", medians["original", where] / took, 4, at_least=True)

    # --- GETs

    def fill_original(self):
        """The same advisories and one layer, by its API."""
        for vulnerability in self.data.vulnerabilities():
            self.original("POST", "/v1/namespaces/debian:12/vulnerabilities", vulnerability)
        layer = self.work / "small.tar"
        layer.write_bytes(self.data.layer(0))
        name = self.name()
        self.original.post_layer(name, str(layer))
        return name

    def case_get(self):
        """What a layer's vulnerabilities are, 16 connections: one layer, one with a large answer, and many in turn."""
        runs = {}
        for backend in self.have_backends():
            server = self.filled_server(backend)
            for what, names in (("one layer", server.names[:1]), ("one large layer", [server.large]),
                                (f"{len(server.names)} layers", server.names)):
                for gzip in (False, True):
                    runs[backend, what, gzip] = (server.url, names, gzip)
        if self.original:
            name = self.fill_original()
            for gzip in (False, True):
                runs["original", "one layer", gzip] = (self.original_url, [name], gzip)
        results = {key: [] for key in runs}
        for _ in range(3):
            for key, (url, names, gzip) in runs.items():
                results[key].append(load(url, names, self.seconds, gzip))
                if key[1] == "one layer" and key[0] != "original":
                    results.setdefault((*key[:2], gzip, "paced"), []).append(load(url, names, self.seconds, gzip, pause=10))
        medians = {key: {figure: statistics.median(one[figure] for one in values) for figure in values[0]}
                   for key, values in results.items()}
        print("GET ?vulnerabilities, 16 connections:")
        for (who, what, gzip, *paced), m in medians.items():
            name = f"{who}, {what}" + (", gzip" if gzip else "") + (", with pauses of 10 ms" if paced else "")
            print(f"  {name:<56} {m['requests']:8.0f}/s  {m['bytes'] / 1e3:6.0f} kB  "
                  f"p50 {m['p50']:6.2f} ms  p99 {m['p99']:7.2f} ms")
        self.judge_gets(medians)

    def judge_gets(self, medians):
        for (who, what, gzip, *paced), m in medians.items():
            if who == "original":
                continue
            label = f"{who}, {what}" + (", gzip" if gzip else "")
            if what == "one layer":
                self.verdict(f"{label}, p99 at {m['requests']:.0f}/s", m["p99"], 15 if who == "sqlite" else 25, " ms")
            if paced:
                continue
            if "large" in what:
                self.verdict(f"{label}, requests", m["requests"], 200, " /s", at_least=True)
            elif self.original and ("original", what, gzip) in medians:
                self.verdict(f"{label}, times the original's", m["requests"] / medians["original", what, gzip]["requests"], 10,
                             at_least=True)
            elif what == "one layer":
                self.verdict(f"{label}, requests", m["requests"], 1200, " /s", at_least=True)

    # --- memory

    def case_server_memory(self):
        """After indexing 1,000 different layers, and some real ones."""
        for backend in self.have_backends():
            server = self.new_server(backend)
            server.update(self.trackers["full"])
            print(f"memory of the server with {backend}:")
            self.show_memory(server, "idle")
            client = Client(server.url)
            layer = self.work / "small.tar"
            names = []
            for seed in range(1000):
                layer.write_bytes(self.data.layer(seed))
                names.append(self.name())
                client.post_layer(names[-1], str(layer))
            for _ in range(3):
                client.post_layer(self.name(), self.layer)
            self.verdict("after indexing 1,000 layers", self.show_memory(server, "after indexing 1,000 layers"), 64, " MiB")
            load(server.url, names, self.seconds)
            self.show_memory(server, "after answers for all of them, as many as are kept")
            server.stop()

    @staticmethod
    def show_memory(server, when):
        own, everything = server.memory()
        print(f"  {when:<58} {own:8.2f} MiB, with what starts workers {everything:.2f}")
        return everything

    def case_idle(self):
        """10,000 connections that have asked something once, or nothing yet."""
        wanted = 10000
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < wanted + 1000:
            print(f"idle connections: the limit of open files, {hard}, allows no {wanted}")
            return
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        backend = next(iter(self.have_backends()))
        server = self.filled_server(backend)
        load(server.url, server.names[:1], 1)
        before = server.memory()[1]
        address = urllib.parse.urlsplit(server.url)
        print(f"{wanted} idle connections, {backend}:")
        connections = []
        for i in range(wanted):
            connections.append(socket.create_connection((address.hostname, address.port), timeout=60))
            if i % 2:
                connections[-1].sendall(f"GET /v1/layers/{server.names[0]} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        for i in range(1, wanted, 2):
            if not connections[i].recv(65536).startswith(b"HTTP/1.1 200"):
                sys.exit("bench: a connection among many was not answered")
        self.verdict("memory, more", server.memory()[1] - before, 100, " MiB")
        # New connections come behind all of these.
        result = load(server.url, server.names[:1], self.seconds)
        print(f"  meanwhile {result['requests']:.0f} GETs/s, p99 {result['p99']:.2f} ms")
        for connection in connections:
            connection.close()

    # --- an update meanwhile

    def case_meanwhile(self):
        """GETs and posts, without and with an update that takes long: a first one, and one in which little has changed."""
        for backend in self.have_backends():
            server = self.filled_server(backend, "small")
            print(f"{backend}, 4 connections that GET layers in turn, and posts one after the other:")
            for what, update in (("no update", None), ("a feed for the first time", "full"), ("the feed again, 50 changes", "changed")):
                self.under_load(server, what, update)

    def under_load(self, server, what, update):
        """GETs by wrk, posts by a thread, the update in the middle, and some more while it lasts."""
        posts, done, took = [], threading.Event(), []

        def post():
            client = Client(server.url)
            number = 0
            while not done.is_set():
                number += 1
                layer = self.work / "meanwhile.tar"
                layer.write_bytes(self.data.layer(f"{what}{number}"))
                posts.append(client.post_layer(self.name(), str(layer)))

        def run_update():
            time.sleep(0.5)
            took.append(server.update(self.trackers[update]))

        threads = [threading.Thread(target=post)] + ([threading.Thread(target=run_update)] if update else [])
        for thread in threads:
            thread.start()
        result = load(server.url, server.names, max(4, self.seconds), connections=4)
        done.set()
        for thread in threads:
            thread.join()
        print(f"  {what:<30} GET {result['requests']:6.0f}/s p99 {result['p99']:7.2f} ms, most {result['max']:7.1f}; "
              f"post p50 {quantile(posts, 0.5):6.1f} ms, most {max(posts):7.1f}"
              + (f"; the update took {took[0]:.2f} s" if took else ""))
