"""The server as a process: it starts, answers on two ports, waits for work in progress, and ends when told to."""
import os
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest

import images
import raw_http
from server import ORIGINAL, ours_only, wait_until

LAYER = images.debian_9(("curl", "7.52.1-5"))


def test_starts_answers_and_stops(server, backend):
    running = server(backend)
    answer = running.health.get("/health")
    assert (answer.status, answer.reason, answer.body) == (200, "OK", b"")
    assert answer.header("Server") == "clair" and answer.header("Content-Length") == "0"
    assert running.get("/v1/namespaces").json == {"Namespaces": None}
    running.stop()
    for port in (running.port, running.health.port):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


def test_interrupt_ends_it_as_well(server, backend):
    running = server(backend)
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(60) == 0


def test_options_with_two_dashes(server, backend):
    running = server(backend, start=False)
    running.command = [running.command[0], f"--config={running.config_path}", "--log-level=info"]
    running.start()
    running.stop()


def test_the_level_decides_what_is_logged(server, backend, layer_server):
    running = server(backend)
    running.post_layer("base", layer_server.add("base.tar", LAYER))
    assert any(line["Level"] == "debug" for line in running.log)
    quiet = server(backend, start=False)
    quiet.command = [*quiet.command[:3], "-log-level", "error"]
    quiet.start()
    quiet.post_layer("base", layer_server.add("base.tar", LAYER))
    quiet.stop()
    assert quiet.log == []


def test_lines_of_the_log(server, backend):
    """A JSON object each line; a request has who, what and how it went, its status as text."""
    running = server(backend)
    running.get("/v1/layers/a%2Cb?features")
    running.stop()
    for line in running.log:
        assert {"Event", "Level", "Location", "Time"} <= set(line), line
        assert time.strptime(line["Time"].split(".")[0], "%Y-%m-%d %H:%M:%S") and len(line["Time"].split(".")[1]) == 6
    events = [line["Event"] for line in running.log]
    assert "starting main API" in events and "starting health API" in events
    ports = {line["Event"]: line.get("port") for line in running.log}
    assert ports["starting main API"] == running.port and ports["starting health API"] == running.health.port
    request = [line for line in running.log if line["Event"] == "Handled HTTP request"][-1]
    assert (request["method"], request["status"]) == ("GET", "404")
    assert request["request uri"].split("?")[0] == "/v1/layers/a%2Cb"
    assert request["remote addr"].startswith("127.0.0.1:") and request["elapsed time"] > 0


@pytest.mark.parametrize("text", ["clair: [", "clair:\n  api:\n    paginationkey: short\n",
                                  "clair:\n  database:\n    type: nothing\n    options: {source: x}\n"],
                         ids=["not-yaml", "bad-key", "no-such-database"])
def test_refuses_to_start(server, text):
    broken = server("sqlite", start=False)
    broken.config_path.write_text(text)
    done = subprocess.run(broken.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60, check=False)
    assert done.returncode not in (0, -signal.SIGSEGV, -signal.SIGABRT)
    assert done.stdout + done.stderr


def test_refuses_to_start_without_a_configuration(clair, tmp_path):
    done = subprocess.run([clair, "-config", tmp_path / "missing.yaml"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode not in (0, -signal.SIGSEGV, -signal.SIGABRT)
    assert b"missing.yaml" in done.stdout + done.stderr


def test_refuses_a_port_that_is_taken(server, backend):
    first = server(backend)
    second = server(backend, start=False, api={"port": first.port})
    second.start(ready=False)
    assert second.process.wait(60) != 0


def test_keeps_its_data(server, backend, layer_server):
    first = server(backend)
    url = layer_server.add("base.tar", LAYER)
    assert first.post_layer("base", url).status == 201
    before = first.get("/v1/layers/base?features").body
    first.stop()
    second = server(backend, database=first.config["database"])
    assert second.get("/v1/layers/base?features").body == before
    assert second.post_layer("base", url).status == 201
    assert len(layer_server.requests) == 1


def test_keeps_its_data_when_killed(server, backend, layer_server):
    first = server(backend)
    gate = threading.Event()
    first.post_layer("done", layer_server.add("base.tar", LAYER))
    slow = layer_server.add("slow.tar", LAYER, gate=gate)
    thread = threading.Thread(target=attempt, args=(first, "slow", slow))
    thread.start()
    wait_until(lambda: "/slow.tar" in layer_server.paths())
    first.kill()
    thread.join()
    gate.set()
    second = server(backend, database=first.config["database"])
    assert second.get("/v1/layers/done?features").json["Layer"]["Features"][0]["Name"] == "curl"
    assert second.get("/v1/layers/slow").status == 404
    assert second.post_layer("slow", slow).status == 201


def attempt(server, name, url):
    """A post to a server that may go away."""
    try:
        server.post_layer(name, url)
    except (OSError, EOFError, ValueError):
        pass
    except raw_http.http.client.HTTPException:
        pass


def test_a_request_that_takes_too_long(server, backend, layer_server):
    """It is told so, and the work is done all the same."""
    running = server(backend, api={"timeout": "1s"})
    gate = threading.Event()
    answer = running.post_layer("slow", layer_server.add("slow.tar", LAYER, gate=gate))
    gate.set()
    assert (answer.status, answer.reason) == (503, "Service Unavailable")
    assert answer.text == '{"Error":{"Message":"Clair failed to respond within the configured timeout window.","Type":"Timeout"}}'
    wait_until(lambda: running.get("/v1/layers/slow").status == 200)


def test_health_follows_the_database(server, postgres):
    running = server("postgresql")
    postgres.pause()
    try:
        answer = running.get("/v1/namespaces")
        assert answer.status == 500
        assert ORIGINAL or answer.json == {"Error": {"Message": "database: an error occured when querying the backend"}}
        wait_until(lambda: running.health.get("/health").status == 500)
        answer = running.health.get("/health")
        assert (answer.status, answer.reason, answer.body) == (500, "Internal Server Error", b"")
        assert answer.header("Server") == "clair"
    finally:
        postgres.resume()
    wait_until(lambda: running.health.get("/health").status == 200)
    wait_until(lambda: running.get("/v1/namespaces").status == 200)


@ours_only  # the original is older than SCRAM
@pytest.mark.parametrize("user, sslmode", [("scram", "disable"), ("tls", "require"), ("tls", "verify-full")])
def test_ways_to_log_in(server, postgres, user, sslmode):
    """With a password, over TLS, and over TLS with a certificate that is checked."""
    more = {"sslrootcert": postgres.ca} if sslmode == "verify-full" else {}
    url = postgres.database(user=user, sslmode=sslmode, **more)
    running = server("postgresql", database={"type": "pgsql", "options": {"source": url, "cachesize": 16384}})
    assert running.get("/v1/namespaces").status == 200


def test_a_source_of_keys_and_values(server, postgres):
    """As the documents for Kubernetes have it."""
    name = postgres.database().split("/")[-1].split("?")[0]
    source = f"host=127.0.0.1 port={postgres.port} dbname={name} user=postgres sslmode=disable"
    running = server("postgresql", database={"type": "pgsql", "options": {"source": source}})
    assert running.get("/v1/namespaces").status == 200


@ours_only
@pytest.mark.parametrize("connections", [1, 1000])
def test_any_number_of_connections_that_the_configuration_takes(server, postgres, layer_server, connections):
    database = {"type": "pgsql", "options": {"source": postgres.database(), "connections": connections}}
    running = server("postgresql", database=database)
    assert running.post_layer("base", layer_server.add("base.tar", LAYER)).status == 201
    assert running.get("/v1/layers/base?vulnerabilities").status == 200


def tls(certificates, client=None):
    context = ssl.create_default_context(cafile=str(certificates / "ca.crt"))
    if client:
        context.load_cert_chain(certificates / f"{client}.crt", certificates / f"{client}.key")
    return context


def test_tls(server, backend, certificates, layer_server):
    """The API speaks TLS, health stays plain."""
    running = server(backend, tls=tls(certificates), api={"certfile": str(certificates / "server.crt"),
                                                          "keyfile": str(certificates / "server.key")})
    assert running.health.get("/health").status == 200
    wait_until(lambda: answers(running))
    assert running.post_layer("base", layer_server.add("base.tar", LAYER)).status == 201
    assert running.get("/v1/layers/base").json["Layer"]["NamespaceName"] == "debian:9"


def answers(server):
    try:
        return server.get("/v1/namespaces").status == 200
    except ConnectionRefusedError:
        return False


def test_tls_with_client_certificates(server, backend, certificates):
    """Required and checked when there is a CA for them."""
    files = {"certfile": str(certificates / "server.crt"), "keyfile": str(certificates / "server.key"),
             "cafile": str(certificates / "ca.crt")}
    running = server(backend, tls=tls(certificates, "client"), api=files)
    wait_until(lambda: answers(running))
    for stranger in (None, "another"):
        with pytest.raises((ssl.SSLError, OSError, raw_http.http.client.HTTPException)):
            raw_http.Client(running.port, tls(certificates, stranger)).get("/v1/namespaces")


def test_work_in_progress_is_finished_at_the_end(server, backend, layer_server):
    """Whoever asked before SIGTERM is answered."""
    running = server(backend)
    gate = threading.Event()
    url = layer_server.add("slow.tar", LAYER, gate=gate)
    answers_seen = []
    thread = threading.Thread(target=lambda: answers_seen.append(running.post_layer("slow", url)))
    thread.start()
    wait_until(lambda: "/slow.tar" in layer_server.paths())
    running.process.terminate()
    gate.set()
    thread.join(60)
    assert running.process.wait(60) == 0
    assert [answer.status for answer in answers_seen] == [201]


def test_many_at_once(server, backend, layer_server):
    """The same layer from many sides at once, and many layers on one parent."""
    running = server(backend)
    url = layer_server.add("base.tar", LAYER)
    assert running.post_layer("base", url).status == 201
    results = []

    def work(number):
        body = {"Layer": {"Name": f"layer{number % 8}", "Path": url, "ParentName": "base", "Format": "Docker"}}
        results.append((running.post("/v1/layers", body).status, running.get("/v1/layers/base?vulnerabilities").status))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results == [(201, 200)] * 32
    assert all(running.get(f"/v1/layers/layer{i}").json["Layer"]["ParentName"] == "base" for i in range(8))


def test_several_requests_on_one_connection(server, backend):
    running = server(backend)
    connection = raw_http.http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
    for path, status in (("/v1/namespaces", 200), ("/v1/layers/x", 404), ("/nope", 404), ("/v1/layers", 405),
                         ("/v1/metrics", 200)):
        connection.request("GET", path)
        response = connection.getresponse()
        assert (response.status, bool(response.read())) == (status, True)
    connection.request("POST", "/v1/layers", body=iter([b'{"Lay', b'er":{}}']))  # in chunks
    assert connection.getresponse().read() == b'{"Error":{"Message":"could not process a layer which does not have a name"}}\n'
    connection.close()


def test_requests_sent_without_waiting(server, backend):
    running = server(backend)
    data = raw_http.request_bytes("GET", "/v1/namespaces", "x")
    data += raw_http.request_bytes("GET", "/v1/layers/x", "x", {"Connection": "close"})
    with socket.create_connection(("127.0.0.1", running.port), timeout=60) as connection:
        connection.sendall(data)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.count(b"HTTP/1.1 ") == 2
    assert received.index(b"HTTP/1.1 200 OK") < received.index(b"HTTP/1.1 404 Not Found")


def test_expect_continue(server, backend):
    """As curl asks before it sends a body of some size."""
    running = server(backend)
    head = raw_http.request_bytes("POST", "/v1/layers", "x", {"Expect": "100-continue", "Content-Length": "2",
                                                              "Connection": "close"})
    with socket.create_connection(("127.0.0.1", running.port), timeout=60) as connection:
        connection.sendall(head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(b"{}")
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.startswith(b"HTTP/1.1 400 Bad Request") and b"failed to provide layer" in received


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="counts open files in /proc")
def test_connections_that_end_leave_nothing_open(server, backend):
    running = server(backend)
    count = lambda: len(os.listdir(f"/proc/{running.process.pid}/fd"))
    running.get("/v1/namespaces")
    before = count()
    for _ in range(50):
        running.get("/v1/namespaces")
        with socket.create_connection(("127.0.0.1", running.port)):
            pass
    wait_until(lambda: count() <= before + 5)


@ours_only
def test_status_of_a_server_database_hides_the_password(clair, postgres):
    """Whoever looks over the shoulder of "clair db status" does not see it."""
    url = postgres.database(user="scram")
    assert "p%40ss" in url
    made = subprocess.run([clair, "update", "--db", url, "--from", "debian=/nonexistent"], capture_output=True, text=True, check=False)
    done = subprocess.run([clair, "db", "status", "--db", url], capture_output=True, text=True, check=False)
    assert done.returncode == 0, made.stderr + done.stderr
    assert done.stdout.startswith("database postgresql://") and "p%40ss" not in done.stdout + done.stderr + made.stderr
