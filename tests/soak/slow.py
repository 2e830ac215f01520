#!/usr/bin/python3
"""Clients that keep a server busy with nothing, until standard input ends: slow.py PORT COUNT.

A third sends a request byte by byte, a third nothing at all or half a TLS or HTTP request, a third asks and does not read.
Whoever is thrown out comes back.
"""
import os
import random
import resource
import selectors
import socket
import sys
import time

HEAD = b"POST /v1/layers HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
ASK = b"GET /v1/namespaces/debian:9/vulnerabilities?limit=1000 HTTP/1.1\r\nHost: x\r\nAccept-Encoding: identity\r\n\r\n"


class Slow:
    def __init__(self, port, number):
        self.kind = number % 3
        self.sent = 0
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.setblocking(False)
        self.socket.connect_ex(("127.0.0.1", port))

    def step(self):
        """Sends a little. False when the connection has ended."""
        try:
            if self.kind == 0:
                data = HEAD[self.sent:self.sent + 1] or b"{"
                self.sent += self.socket.send(data)
            elif self.kind == 1 and not self.sent:
                self.sent += self.socket.send(random.choice([b"\x16\x03\x01\x02", b"GET /v1/layers/x?featu", b"\r\n"]))
            elif self.kind == 2 and self.sent < 40 * len(ASK):
                self.sent += self.socket.send(ASK * 8)
            if self.kind != 2:
                return self.socket.recv(4096) != b""
        except BlockingIOError:
            pass
        except OSError:
            return False
        return True


def main():
    port, count = int(sys.argv[1]), int(sys.argv[2])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(count + 200, hard), hard))
    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ)
    clients = []
    ended = 0
    while not selector.select(0):
        while len(clients) < count:
            clients.append(Slow(port, random.randrange(1000)))
        chosen = random.sample(range(count), max(1, count // 20))
        for i in chosen:
            if not clients[i].step():
                clients[i].socket.close()
                clients[i] = Slow(port, random.randrange(1000))
                ended += 1
        time.sleep(0.1)
        if os.getppid() == 1:
            break
    print(ended)


main()
