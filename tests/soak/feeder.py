"""A data source that changes all the time, and updates from it by the server and beside it; some of these are killed."""
import json
import random
import subprocess
import threading
import time

import catalogue
import images
import server as server_module
import worker


class Feeder:
    """A tracker, which the updater of the server reads all the time; and `clair update` from it on the same database."""

    COUNT = 300

    def __init__(self, program, servers, env, failures):
        self.server = server = servers[0]
        self.env = env
        self.failures = failures
        self.ended = threading.Event()
        self.rng = random.Random(7)
        self.tracker = server.directory / "tracker.json"
        for one in servers:
            one.config["updater"] = {"interval": "2s", "sources": server_module.only_sources(debian=self.tracker)}
            one.config_path.write_text(server_module.yaml_text({"clair": one.config}))
        options = server.config["database"]["options"]
        database = options["path"] if "path" in options else "pgsql:" + options["source"]
        self.command = [program, "update", "--quiet", "--db", database, "--from", f"debian={self.tracker}", "debian"]
        self.content = {}  # CVE → (package, N or None)
        self.runs = self.killed = 0
        self.change()

    def change(self):
        """A tenth of it: new ones, others, some less."""
        for _ in range(self.COUNT if not self.content else self.COUNT // 10):
            name = f"CVE-2024-{self.rng.randrange(self.COUNT):04}"
            if self.rng.random() < 0.1 and len(self.content) > self.COUNT // 3:
                self.content.pop(name, None)
            else:
                self.content[name] = (self.rng.choice(catalogue.PACKAGES), self.rng.choice([None, *range(30)]))
        tracker = {}
        for name, (package, n) in self.content.items():
            fixed = None if n is None else f"1.{n}"
            record = images.record(f"{name} {self.rng.random() if self.rng.random() < 0.1 else ''}", bookworm=fixed)
            tracker.setdefault(package, {})[name] = record
        new = self.tracker.with_suffix(".new")
        new.write_text(json.dumps(tracker))
        new.rename(self.tracker)

    def update(self, may_die=True):
        self.change()
        process = subprocess.Popen(self.command, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        try:
            output, _ = process.communicate(timeout=self.rng.random() if may_die and self.rng.random() < 0.2 else 120)
            self.failures.unless(process.returncode == 0, f"clair update: {process.returncode} {output}")
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            self.killed += 1
            self.failures.unless(may_die, "clair update takes more than 120 s")
        self.runs += 1

    def run(self):
        self.ended.clear()
        while not self.ended.is_set():
            self.update()
            self.ended.wait(self.rng.random() * 4)

    def finish(self):
        """What the database has to hold of it in the end: {CVE: {package: N or None}}."""
        self.update(may_die=False)
        expected = {name: {package: n} for name, (package, n) in self.content.items() if name not in worker.QUARRELLED}
        # An update of the server that began before may have come last; the next one takes the tracker as it is.
        server_module.wait_until(lambda: all(self.holds(name, fixes) for name, fixes in expected.items()))
        return expected

    def holds(self, name, fixes):
        answer = self.server.get(f"/v1/namespaces/debian:12/vulnerabilities/{name}?fixedIn")
        return answer.status == 200 and worker.fixes_of(answer.json["Vulnerability"]) == fixes
