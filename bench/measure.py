"""Times and memory of processes."""
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLAIR = os.environ.get("CLAIR", str(ROOT / "build" / "clair"))


class Measure:
    """Wall and processor time of commands, in milliseconds."""

    def __init__(self, runs):
        self.runs = runs

    @staticmethod
    def once(argv):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        status = subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode
        wall = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if status not in (0, 1, 3):
            sys.exit(f"bench: {' '.join(argv)} failed with status {status}")
        return wall * 1e3, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3

    def together(self, *commands):
        """Medians (wall, processor) of each command; they run in turn, so that noise meets all of them."""
        times = [[] for _ in commands]
        for argv in commands:
            self.once(argv)
        for _ in range(self.runs):
            for i, argv in enumerate(commands):
                times[i].append(self.once(argv))
        return [tuple(statistics.median(column) for column in zip(*t)) for t in times]


def descendants(pid):
    found = [pid]
    for p in found:
        try:
            for task in os.listdir(f"/proc/{p}/task"):
                found += map(int, pathlib.Path(f"/proc/{p}/task/{task}/children").read_text().split())
        except OSError:
            continue
    return found


def memory_of(pid):
    """The proportional set size of a process in KiB; 0 when it has gone. A worker shows that to nobody but root: to others
    the resident set size stands for it, which is more, as it counts shared pages whole."""
    for name, key in (("smaps_rollup", "Pss:"), ("status", "VmRSS:")):
        try:
            for line in pathlib.Path(f"/proc/{pid}/{name}").read_text().splitlines():
                if line.startswith(key):
                    return int(line.split()[1])
        except OSError:
            continue
    return 0


def peak_memory(argv, runs=3):
    """Largest sum of the proportional set sizes of a command and all its descendants in some runs, in MiB."""
    peak = 0
    for _ in range(runs):
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            peak = max(peak, sum(map(memory_of, descendants(process.pid))))
            time.sleep(0.001)
    return peak / 1024
