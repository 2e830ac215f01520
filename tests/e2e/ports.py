"""TCP ports nobody listens on."""
import itertools
import os
import socket

# Below those that the kernel gives to outgoing connections, and each process of the test run from another place on, so
# that what is free now is still free when a server binds it.
FIRST, LAST = 12000, 31999
candidates = itertools.count(os.getpid() * 131)


def is_free(port):
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count):
    """All at once, so that they differ."""
    ports = (FIRST + n % (LAST - FIRST + 1) for n in candidates)
    return list(itertools.islice(filter(is_free, ports), count))
