"""What went wrong, and how often; what is expected while a server stops."""
import collections
import sys
import threading


class Stopped(Exception):
    """The server is being stopped and did not answer."""


class Failures:
    SHOWN = 40

    def __init__(self):
        self.lock = threading.Lock()
        self.seen = []
        self.stopping = False  # connections may end, and 503 be answered
        self.answers = collections.Counter()  # by (what was done, status)

    def add(self, text):
        with self.lock:
            self.seen.append(text)
            if len(self.seen) <= self.SHOWN:
                print(f"WRONG: {text[:2000]}", file=sys.stderr, flush=True)

    def unless(self, condition, text):
        if not condition:
            self.add(text)
        return condition

    def connection(self, error):
        """A connection ended, or there was none."""
        if not self.stopping:
            self.add(f"connection: {error!r}")
        else:
            raise Stopped from error

    def count(self, what, status):
        with self.lock:
            self.answers[what, status] += 1
