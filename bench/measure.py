"""Measures commands: wall time, processor time of all their processes, and the memory of all of them together."""
import os
import statistics
import subprocess
import time


def run_once(argv):
    """One run: (seconds of wall time, seconds of user and system time of the process and everything it waited for)."""
    start = time.perf_counter()
    p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    message = p.stderr.read()
    _, status, usage = os.wait4(p.pid, 0)
    wall = time.perf_counter() - start
    p.returncode = os.waitstatus_to_exitcode(status)
    p.stderr.close()
    if p.returncode != 0:
        raise SystemExit(f"bench: {' '.join(argv)}: exit status {p.returncode}\n{message.decode(errors='replace')}")
    return wall, usage.ru_utime + usage.ru_stime


class Series:
    """Runs of one command. before() is called before each, outside of what is measured."""

    def __init__(self, argv, before=None):
        self.argv = [str(a) for a in argv]
        self.before = before
        self.runs = []

    def run(self):
        if self.before:
            self.before()
        self.runs.append(run_once(self.argv))

    @property
    def wall(self):
        return statistics.median(r[0] for r in self.runs)

    @property
    def cpu(self):
        return statistics.median(r[1] for r in self.runs)


def interleave(series, n):
    """Each series n times, in turn, so that what disturbs the machine disturbs all of them; one round is for the
    caches and does not count."""
    for i in range(n + 1):
        for s in series:
            s.run()
            if i == 0:
                s.runs.clear()


# --- memory


def descendants(pid):
    found = [pid]
    for p in found:
        try:
            for task in os.listdir(f"/proc/{p}/task"):
                with open(f"/proc/{p}/task/{task}/children", encoding="ascii") as f:
                    found += [int(c) for c in f.read().split()]
        except OSError:
            pass
    return found


def memory_of(pid):
    """(PSS, RSS) in KiB; where the kernel does not tell the PSS of a worker to this user, its RSS stands for it."""
    values = {}
    for name in ("smaps_rollup", "status"):
        try:
            with open(f"/proc/{pid}/{name}", encoding="ascii", errors="replace") as f:
                for line in f:
                    key, _, rest = line.partition(":")
                    if key in ("Pss", "VmRSS"):
                        values[key] = int(rest.split()[0])
        except OSError:
            pass
    rss = values.get("VmRSS", 0)
    return values.get("Pss", rss), rss


def peak_memory(argv, before=None):
    """The largest sums that were seen over all processes of a run: (PSS, RSS) in KiB. PSS counts a page that several
    processes share once in all; RSS counts it for each of them, and is no more than an upper bound."""
    if before:
        before()
    peak_pss = peak_rss = 0
    with subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as p:
        while p.poll() is None:
            sums = [memory_of(pid) for pid in descendants(p.pid)]
            peak_pss = max(peak_pss, sum(s[0] for s in sums))
            peak_rss = max(peak_rss, sum(s[1] for s in sums))
            time.sleep(0.001)
    if p.returncode != 0:
        raise SystemExit(f"bench: {' '.join(map(str, argv))}: exit status {p.returncode}")
    return peak_pss, peak_rss
