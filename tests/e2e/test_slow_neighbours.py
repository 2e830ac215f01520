"""What is slow, or hangs, keeps nobody else waiting."""
import contextlib
import http.client
import json
import os
import socket

import images
from server import ours_only


@ours_only
def test_an_update_takes_no_connection_from_requests(server, postgres):
    """One connection is all that requests have; the server of the update's data never answers."""
    database = {"type": "pgsql", "options": {"source": postgres.database(), "connections": 1}}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        proxy = f"http://127.0.0.1:{silent.getsockname()[1]}"
        running = server("postgresql", start=False, database=database, updater={"interval": "1h"})
        running.start(env={**os.environ, "https_proxy": proxy, "http_proxy": proxy})
        with silent.accept()[0]:
            assert running.get("/v1/namespaces").status == 200
            running.stop()


@ours_only
def test_idle_connections_leave_descriptors_for_the_work(server, backend, layer_server):
    """As many as there may be, on both ports; one that is there already posts a layer."""
    running = server(backend, start=False)
    running.command = ["prlimit", "--nofile=256:256", *running.command]
    running.start()
    url = layer_server.add("base.tar", images.debian_9(("curl", "7.52.1-5")))
    with contextlib.ExitStack() as idle:
        kept = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
        kept.connect()
        for port in (running.port, running.health.port):
            for _ in range(200):
                idle.enter_context(socket.create_connection(("127.0.0.1", port)))
        kept.request("POST", "/v1/layers", json.dumps({"Layer": {"Name": "a", "Path": url, "Format": "Docker"}}))
        assert kept.getresponse().status == 201
        kept.close()
