"""Updates from all six sources of the original, with data of the publishers' size."""
import json
import os
import pathlib
import sqlite3
import statistics
import subprocess
import time

from measure import CLAIR, Measure, memory_of

# What Clair 2.0.7 took for the same data, from a local server, on two processors: 26 min 41 s, 249,044 vulnerabilities, 617 MB.
ORIGINAL_S = 26 * 60 + 41


def own_peak_memory(argv):
    """Largest proportional set size of the program itself, without git, in MiB."""
    peak = 0
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        peak = max(peak, memory_of(process.pid))
        time.sleep(0.005)
    return peak / 1024


class FeedCases:
    def feeds(self):
        """Where each source is, as files: prepared once from the archives of --feeds."""
        archives = pathlib.Path(self.feed_directory)
        there = {"debian": self.tracker}
        for name, archive in (("rhel", "redhat/rhsa-per-advisory.tar.xz"), ("oracle", "oracle/elsa-per-advisory-derived.tar.xz"),
                              ("alpine", "alpine/secdb-json-2024-12.tar.xz")):
            there[name] = str(self.work / name)
            (self.work / name).mkdir()
            subprocess.run(["tar", "-xf", archives / archive, "-C", there[name]], check=True)
            # The archive's only directory, if it has one.
            inner = list((self.work / name).iterdir())
            if len(inner) == 1 and inner[0].is_dir():
                there[name] = str(inner[0])
        there["nvd"] = str(self.work / "nvd")
        (self.work / "nvd").mkdir()
        for year in ("2012", "2014", "2015", "2016", "2017", "2018"):
            for suffix in (".xml.gz", ".meta"):
                (self.work / "nvd" / f"nvdcve-2.0-{year}{suffix}").write_bytes((archives / f"nvd/nvdcve-2.0-{year}{suffix}").read_bytes())
        tracker = self.work / "ubuntu.git"
        subprocess.run(["git", "init", "-q", "--bare", tracker], check=True)
        export = subprocess.Popen(["xz", "-dc", archives / "ubuntu/cve-tracker-4snapshots.fast-export.xz"], stdout=subprocess.PIPE)
        subprocess.run(["git", "-C", tracker, "fast-import", "--quiet"], stdin=export.stdout, check=True)
        export.wait()
        there["ubuntu"] = f"file://{tracker}"
        return there

    @staticmethod
    def update_command(database, there):
        return [CLAIR, "update", "-q", "--db", database] + [o for n, w in there.items() for o in ("--from", f"{n}={w}")]

    def case_feeds(self):
        """The six sources into an empty database, again with nothing new, and with one that has changed."""
        there = self.feeds()
        environment_cache = self.work / "cache"
        os.environ["XDG_CACHE_HOME"] = str(environment_cache)
        for backend in self.feed_backends():
            database = backend()
            argv = self.update_command(database, there)
            first = Measure.once(argv)
            again = statistics.median(Measure.once(argv)[0] for _ in range(3))
            print(f"six sources into {'PostgreSQL' if '://' in database else 'SQLite'}: {first[0] / 1e3:.1f} s "
                  f"(processor {first[1] / 1e3:.1f}), again {again:.0f} ms")
            self.verdict("times faster than Clair 2.0.7", ORIGINAL_S / (first[0] / 1e3), 20, at_least=True)
            self.verdict("nothing new", again / 1e3, 2, " s")
            self.changed_source(database, there)
            if "://" not in database:
                self.size_of(database)
                self.match(database)
        memory = self.work / "feeds-memory.db"
        os.environ["XDG_CACHE_HOME"] = str(self.work / "cache2")
        self.verdict("memory of the first update", own_peak_memory(self.update_command(str(memory), there)), 96, " MiB")

    def feed_backends(self):
        yield lambda: str(self.work / "feeds.db")
        if "postgresql" in self.backends and self.cluster:
            yield self.cluster.database

    def changed_source(self, database, there):
        """One advisory more in one source."""
        release = next(pathlib.Path(there["alpine"]).rglob("main.json"))
        text = release.read_text()
        release.write_text(text.replace('"secfixes":{', '"secfixes":{"0.0.1":["CVE-2099-10001"],', 1).replace(
            '"secfixes": {', '"secfixes": {"0.0.1": ["CVE-2099-10001"],', 1))
        print(f"  {'one document of one source changed':<58} {Measure.once(self.update_command(database, there))[0]:8.0f} ms")
        release.write_text(text)

    def match(self, database):
        program = pathlib.Path(CLAIR).parent / "bench" / "bench-match"
        done = subprocess.run([program, database, "debian:12", "500"], check=True, stdout=subprocess.PIPE, text=True)
        result = json.loads(done.stdout)
        print(f"  matching {result['packages']} packages: {result['findings']} findings")
        self.verdict("matching", result["ms"], 5, " ms")

    def size_of(self, database):
        with sqlite3.connect(database) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (advisories,) = db.execute("SELECT count(*) FROM vulnerability WHERE deleted_at IS NULL").fetchone()
        size = os.stat(database).st_size
        print(f"  {advisories} advisories in {size / 2**20:.1f} MiB: {size / 2**20 / advisories * 100_000:.1f} MiB for 100,000")
