"""What is slow, or hangs, keeps nobody else waiting."""
import os
import socket

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
