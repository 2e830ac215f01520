"""One client of many: does one thing after the other, and compares what it is told with what it knows."""
import http.client
import json
import random
import socket
import struct
import threading
import time

import catalogue
import raw_http
from failures import Stopped

SEVERITIES = ["Unknown", "Negligible", "Low", "Medium", "High", "Critical"]
NAMESPACES = ["debian:9", "debian:12"]
QUARRELLED = ["CVE-2024-0000", "CVE-2024-0001", "CVE-quarrel-0", "CVE-quarrel-1"]


class Shared:
    """What all workers have in common."""

    def __init__(self, failures, layers, files, blobs):
        self.failures = failures
        self.layers = layers
        self.files = files  # the layer server
        self.blobs = blobs
        self.owned = {}  # (namespace, name) of vulnerabilities → None or {"severity", "fixes"}, each of one worker only
        self.uncertain = set()  # of those whose last edit was not answered
        self.ended = threading.Event()


class Worker(threading.Thread):
    def __init__(self, number, shared, clients):
        super().__init__(daemon=True)
        self.number = number
        self.shared = shared
        self.failures = shared.failures
        self.clients = clients
        self.rng = random.Random(f"{number}-{time.time()}")
        self.count = 0

    def run(self):
        actions, weights = zip(*ACTIONS)
        while not self.shared.ended.is_set():
            try:
                self.rng.choices(actions, weights)[0](self)
            except Stopped:
                time.sleep(0.02)
            except Exception as e:  # noqa: BLE001: whatever it is, it is to be seen, and the others go on
                self.failures.add(f"{type(e).__name__}: {e}")
            time.sleep(self.rng.random() * 0.02)

    # --- asking

    @property
    def client(self):
        """To any of the instances."""
        return self.rng.choice(self.clients)

    def ask(self, method, path, body=None, accept=(), what=None, headers=()):
        """The answer; a status that is not in `accept` is wrong, 503 while the server stops is Stopped."""
        try:
            answer = self.client.request(method, path, body, headers, timeout=120)
        except (OSError, http.client.HTTPException) as e:
            if self.failures.stopping:
                raise Stopped from e
            raise RuntimeError(f"{method} {path}: {e!r}") from e
        self.failures.count(what or f"{method} {path.split('?')[0].rstrip('0123456789')}"[:60], answer.status)
        if answer.status == 503 and self.failures.stopping:
            raise Stopped
        if accept:
            self.failures.unless(answer.status in accept, f"{method} {path}: {answer.status} {answer.text[:300]}, not {accept}")
        return answer

    def post(self, name, path, parent=None, accept=(201,), form="Docker", what="POST layer"):
        layer = {"Name": name, "Path": path, "ParentName": parent, "Format": form,
                 "Headers": {"Authorization": "Bearer secret"}}
        return self.ask("POST", "/v1/layers", {"Layer": layer}, accept, what)

    def url(self, name, how=""):
        return f"{self.shared.files.url}/{name}{how and '?' + how}"

    # --- layers

    def post_layer(self, layer, how="", accept=(201,)):
        answer = self.post(layer.name, self.url(layer.blob.name, how), layer.parent and layer.parent.name, accept)
        return answer.status == 201

    def post_new(self, how=""):
        layer = self.shared.layers.invent(self.rng)
        if self.post_layer(layer, how):
            self.shared.layers.add(layer)
            self.check_layer(layer)

    def post_slow(self):
        self.post_new("slow")

    def post_known(self):
        layer = self.shared.layers.any(self.rng)
        if layer:
            self.post_layer(layer)

    def post_twice(self):
        """A new one from two sides at once."""
        layer = self.shared.layers.invent(self.rng)
        results = []

        def other():
            try:
                results.append(self.post_layer(layer))
            except Stopped:
                pass
            except RuntimeError as e:
                self.failures.add(str(e))

        thread = threading.Thread(target=other)
        thread.start()
        try:
            if self.post_layer(layer):
                self.shared.layers.add(layer)
        finally:
            thread.join()

    def check_layer(self, layer, query="features"):
        gzip = self.rng.random() < 0.5
        answer = self.ask("GET", f"/v1/layers/{layer.name}?{query}", accept=(200,), what=f"GET layer {query}",
                          headers={"Accept-Encoding": "gzip"} if gzip else {})
        if answer.status == 200:
            found = answer.json["Layer"]
            same = (catalogue.features(answer) == layer.expected() and found["NamespaceName"] == layer.namespace
                    and found.get("ParentName") == (layer.parent and layer.parent.name))
            self.failures.unless(same, f"layer {layer.name}: {answer.text[:1500]}, not {layer.expected()}")
        return answer

    def read(self):
        layer = self.shared.layers.any(self.rng)
        if layer:
            self.check_layer(layer, self.rng.choice(["features", "vulnerabilities", "vulnerabilities"]))

    def read_often(self):
        """Several on one connection."""
        layer = self.shared.layers.any(self.rng)
        if not layer:
            return
        client = self.client
        if client.tls:
            connection = http.client.HTTPSConnection("127.0.0.1", client.port, timeout=120, context=client.tls)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=120)
        try:
            for path in (f"/v1/layers/{layer.name}?vulnerabilities", "/v1/namespaces", f"/v1/layers/{layer.name}",
                         "/v1/layers/missing", f"/v1/layers/{layer.name}?vulnerabilities"):
                connection.request("GET", path)
                answer = connection.getresponse()
                answer.read()
                self.failures.unless(answer.status in (200, 404, 503 if self.failures.stopping else 200),
                                     f"{path}: {answer.status}")
        except (OSError, http.client.HTTPException) as e:
            self.failures.connection(e)
        finally:
            connection.close()

    def broken(self):
        """What cannot be read, and what cannot be had."""
        name = f"broken-{self.number}-{self.rng.randrange(20)}"
        path, accept = self.rng.choice([
            (self.url("garbage"), (422,)), (self.url("truncated.gz"), (422,)), (self.url("truncated.tar"), (422,)),
            (self.url("no-namespace"), (422,)), (self.url("missing"), (400,)), (self.url("debian-9-0", "cut"), (400, 422)),
            (self.url("debian-9-1", "silent"), (400,)), (self.url("debian-9-1", "around"), (400,)),
            ("http://127.0.0.1:1/", (400,)), ("/nowhere/layer.tar", (400,)), ("ftp://x/", (400,)), ("http://[", (400,))])
        self.post(name, path, accept=accept, what="POST broken layer")

    def huge(self):
        """Far more than it looks: is read, or refused."""
        path, accept = self.rng.choice([(self.url("large.gz"), (201,)), (self.url("bomb.gz"), (422,))])
        self.post(f"huge-{self.number}-{self.rng.randrange(1000)}", path, accept=accept, what="POST huge layer")

    def refused(self):
        """Requests that make no sense."""
        long = "x" * 200
        method, path, body, accept = self.rng.choice([
            ("POST", "/v1/layers", b"{", (400,)), ("POST", "/v1/layers", b"", (400,)), ("POST", "/v1/layers", {}, (400,)),
            ("POST", "/v1/layers", b"x" * (3 << 20), (400,)),
            ("POST", "/v1/layers", {"Layer": {"Name": "a", "Path": "/x", "Format": "zip"}}, (400,)),
            ("POST", "/v1/layers", {"Layer": {"Name": "orphan", "Path": self.url("bare-0"), "ParentName": "missing",
                                              "Format": "Docker"}}, (400,)),
            ("POST", "/v1/layers", {"Layer": {"Name": long, "Path": self.url("debian-9-0"), "Format": "Docker"}}, (400,)),
            ("GET", "/v1/layers/missing", None, (404,)), ("DELETE", "/v1/layers/missing", None, (404,)),
            ("GET", f"/v1/layers/{long}%00%ff?features", None, (400, 404)), ("PATCH", "/v1/layers", None, (405,)),
            ("GET", "/nothing", None, (404,)), ("GET", "/v1/notifications/missing?limit=1", None, (404,)),
            ("GET", "/v1/namespaces/debian:9/vulnerabilities?limit=5&page=nonsense", None, (400,)),
            ("GET", "/v1/namespaces/no:1/vulnerabilities?limit=5", None, (404,)),
            ("POST", "/v1/namespaces/debian:9/vulnerabilities", {"Vulnerability": {"Name": "x", "Severity": "Bad"}}, (400,)),
        ])
        self.ask(method, path, body, accept, what="refused")

    def family(self):
        """A layer and its descendants, gone with it."""
        self.count += 1
        blobs = self.shared.blobs
        root = catalogue.Layer(f"family-{self.number}-{self.count}-{time.monotonic_ns()}", self.rng.choice(blobs["debian:9"]))
        child = catalogue.Layer(root.name + "-child", self.rng.choice(blobs["any"] + blobs["bare"]), root)
        if self.post_layer(root) and self.post_layer(child):
            self.check_layer(child, "vulnerabilities")
        self.ask("DELETE", f"/v1/layers/{root.name}", accept=(200,), what="DELETE layer")
        for layer in (root, child):
            self.ask("GET", f"/v1/layers/{layer.name}", accept=(404,), what="GET deleted layer")

    def quarrel(self):
        """Many post and delete these at once: whatever is there is right."""
        blobs = self.shared.blobs
        number = self.rng.randrange(4)
        root = catalogue.Layer(f"quarrel-{number}", blobs["debian:9"][number % 3])
        child = catalogue.Layer(f"quarrel-{number}-child", blobs["any"][number], root)
        what = self.rng.randrange(4)
        if what == 0:
            self.post_layer(root)
        elif what == 1:
            self.post_layer(child, accept=(201, 400))
        elif what == 2:
            self.ask("DELETE", f"/v1/layers/{self.rng.choice([root, child]).name}", accept=(200, 404), what="DELETE layer")
        else:
            layer = self.rng.choice([root, child])
            answer = self.ask("GET", f"/v1/layers/{layer.name}?vulnerabilities", accept=(200, 404), what="GET quarrel")
            if answer.status == 200:
                self.failures.unless(catalogue.features(answer) == layer.expected(), f"{layer.name}: {answer.text[:1000]}")

    # --- vulnerabilities

    def mine(self):
        """One of this worker's own."""
        return self.rng.choice(NAMESPACES), f"CVE-own-{self.number}-{self.rng.randrange(8)}"

    def edit(self):
        """Inserts, changes, deletes; and looks whether it is so."""
        key = self.mine()
        if key in self.shared.uncertain:
            self.look(key)
        now = self.shared.owned.get(key)
        self.shared.uncertain.add(key)
        change = self.rng.choice([self.put, self.put, self.delete, self.put_fix, self.delete_fix])
        self.shared.owned[key] = change(key, now)
        self.shared.uncertain.discard(key)
        self.check_vulnerability(key)

    def look(self, key):
        """What became of an edit that was not answered, in a server that has since been stopped."""
        answer = self.ask("GET", f"/v1/namespaces/{key[0]}/vulnerabilities/{key[1]}?fixedIn", accept=(200, 404),
                          what="GET vulnerability")
        found = answer.json.get("Vulnerability")
        self.shared.owned[key] = found and {"severity": found["Severity"], "fixes": fixes_of(found)}

    def put(self, key, now):
        namespace, name = key
        fixes = {p: self.rng.choice([None, *range(30)]) for p in self.rng.sample(catalogue.PACKAGES, self.rng.randrange(1, 5))}
        severity = self.rng.choice(SEVERITIES)
        fields = {"Name": name, "NamespaceName": namespace, "Severity": severity, "Description": "x" * self.rng.randrange(3000),
                  "Link": f"http://x/{name}", "FixedIn": [entry(namespace, p, n) for p, n in fixes.items()]}
        self.ask("POST", f"/v1/namespaces/{namespace}/vulnerabilities", {"Vulnerability": fields}, (201,), "POST vulnerability")
        return {"severity": severity, "fixes": {**(now["fixes"] if now else {}), **fixes}}

    def delete(self, key, now):
        self.ask("DELETE", f"/v1/namespaces/{key[0]}/vulnerabilities/{key[1]}", accept=(200 if now else 404,),
                 what="DELETE vulnerability")

    def put_fix(self, key, now):
        package, n = self.rng.choice(catalogue.PACKAGES), self.rng.randrange(30)
        self.ask("PUT", f"/v1/namespaces/{key[0]}/vulnerabilities/{key[1]}/fixes/{package}",
                 {"Feature": entry(key[0], package, n)}, (200 if now else 404,), "PUT fix")
        return now and {**now, "fixes": {**now["fixes"], package: n}}

    def delete_fix(self, key, now):
        there = sorted(now["fixes"]) if now else []
        package = self.rng.choice(there or catalogue.PACKAGES)
        self.ask("DELETE", f"/v1/namespaces/{key[0]}/vulnerabilities/{key[1]}/fixes/{package}",
                 accept=(200 if there else 404,), what="DELETE fix")
        return now and {**now, "fixes": {p: n for p, n in now["fixes"].items() if p != package}}

    def check_vulnerability(self, key):
        now = self.shared.owned[key]
        answer = self.ask("GET", f"/v1/namespaces/{key[0]}/vulnerabilities/{key[1]}?fixedIn", accept=(200 if now else 404,),
                          what="GET vulnerability")
        if now and answer.status == 200:
            found = answer.json["Vulnerability"]
            fixes = {f["Name"]: f["Version"] for f in found.get("FixedIn", [])}
            expected = {p: version(n) for p, n in now["fixes"].items()}
            self.failures.unless(fixes == expected and found["Severity"] == now["severity"], f"{key}: {answer.text}, not {now}")
        layer = self.shared.layers.any(self.rng)
        if not layer or layer.namespace != key[0]:
            return
        for feature in self.check_layer(layer, "vulnerabilities").json.get("Layer", {}).get("Features", []):
            listed = key[1] in [v["Name"] for v in feature.get("Vulnerabilities", [])]
            affected = bool(now) and affects(now["fixes"], feature["Name"], layer.features[feature["Name"]][0])
            self.failures.unless(listed == affected, f"{key} {now} in {layer.name}: {feature}")

    def quarrel_about_vulnerability(self):
        """Many edit these at once, and a feed has some of them."""
        namespace = self.rng.choice(NAMESPACES)
        name = self.rng.choice(QUARRELLED)
        path = f"/v1/namespaces/{namespace}/vulnerabilities"
        package, n = self.rng.choice(catalogue.PACKAGES[:5]), self.rng.randrange(30)
        fields = {"Name": name, "NamespaceName": namespace, "Severity": self.rng.choice(SEVERITIES)}
        method, path, body, accept = self.rng.choice([
            ("POST", path, {"Vulnerability": {**fields, "FixedIn": [entry(namespace, package, n)]}}, (201,)),
            ("PUT", f"{path}/{name}", {"Vulnerability": fields}, (200, 404)), ("DELETE", f"{path}/{name}", None, (200, 404)),
            ("PUT", f"{path}/{name}/fixes/{package}", {"Feature": entry(namespace, package, n)}, (200, 404)),
            ("DELETE", f"{path}/{name}/fixes/{package}", None, (200, 404)),
            ("GET", f"{path}/{name}/fixes", None, (200, 404)), ("GET", f"{path}/{name}?fixedIn", None, (200, 404))])
        self.ask(method, path, body, accept, what=f"{method} quarrelled vulnerability")

    def pages(self):
        namespace, page = self.rng.choice(NAMESPACES), ""
        limit = self.rng.choice([3, 50, 1000])
        for _ in range(8):
            answer = self.ask("GET", f"/v1/namespaces/{namespace}/vulnerabilities?limit={limit}{page and '&page=' + page}",
                              accept=(200, 404), what="GET pages", headers={"Accept-Encoding": "gzip"})
            page = answer.json.get("NextPage")
            if not page:
                break

    def others(self):
        path = self.rng.choice(["/v1/namespaces", "/v1/metrics"])
        self.ask("GET", path, accept=(200,))

    # --- clients that do not wait

    def hang_up(self):
        """Anywhere within a request, or before its answer."""
        layer = self.shared.layers.invent(self.rng, "hurried")
        known = self.shared.layers.any(self.rng)
        posted = {"Layer": {"Name": layer.name, "Path": self.url(layer.blob.name, self.rng.choice(["", "slow"])),
                            "ParentName": layer.parent and layer.parent.name, "Format": "Docker"}}
        method, path, body = self.rng.choice([
            ("POST", "/v1/layers", json.dumps(posted).encode()),
            ("GET", f"/v1/layers/{known.name if known else 'x'}?vulnerabilities", None),
            ("GET", "/v1/namespaces/debian:9/vulnerabilities?limit=1000", None)])
        data = raw_http.request_bytes(method, path, "x", {"Accept-Encoding": "gzip"}, body) * self.rng.choice([1, 1, 3])
        if self.rng.random() < 0.4:
            data = data[:self.rng.randrange(len(data))]
        client = self.client
        try:
            with socket.create_connection(("127.0.0.1", client.port), timeout=60) as plain:
                connection = client.tls.wrap_socket(plain) if client.tls and self.rng.random() < 0.8 else plain
                connection.sendall(data)
                if self.rng.random() < 0.5:
                    time.sleep(self.rng.random() * 0.1)
                if self.rng.random() < 0.5:  # RST instead of FIN
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except (ConnectionResetError, BrokenPipeError):
            pass
        except OSError as e:
            self.failures.connection(e)


def version(n):
    return "None" if n is None else f"1.{n}"


def entry(namespace, package, n):
    return {"Name": package, "NamespaceName": namespace, "VersionFormat": "dpkg", "Version": version(n)}


def fixes_of(vulnerability):
    """{package: N or None}."""
    listed = {f["Name"]: f["Version"] for f in vulnerability.get("FixedIn", [])}
    return {name: None if text == "None" else int(text.split(".")[1]) for name, text in listed.items()}


def affects(fixes, package, n):
    return package in fixes and (fixes[package] is None or n < fixes[package])


ACTIONS = [
    (Worker.post_new, 14), (Worker.post_slow, 1), (Worker.post_known, 8), (Worker.post_twice, 4), (Worker.broken, 6),
    (Worker.huge, 0.4), (Worker.refused, 8), (Worker.family, 4), (Worker.quarrel, 8), (Worker.read, 25), (Worker.read_often, 4),
    (Worker.edit, 16), (Worker.quarrel_about_vulnerability, 8), (Worker.pages, 4), (Worker.others, 2), (Worker.hang_up, 10),
]
