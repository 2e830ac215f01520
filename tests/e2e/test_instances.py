"""Several servers on one PostgreSQL, and a PostgreSQL that goes away."""
import concurrent.futures
import http.client
import os
import resource
import signal
import socket
import ssl
import threading
import time

import pytest

import images
import postgres as postgres_module
from server import ours_only, wait_until

NAMESPACE = "/v1/namespaces/debian:9/vulnerabilities"


def packages(number):
    return [(f"package{i}", f"1.{number}") for i in range(20)]


def vulnerability(server, number, version):
    fix = {"Name": f"package{number % 20}", "NamespaceName": "debian:9", "VersionFormat": "dpkg", "Version": version}
    fields = {"Name": f"CVE-{number}", "NamespaceName": "debian:9", "Severity": "High", "FixedIn": [fix]}
    return server.post(NAMESPACE, {"Vulnerability": fields})


def patiently(request, seconds=60):
    """Sends a request until it is answered with success: what a client does that retries."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = request()
            if answer.status in (200, 201):
                return answer
            said = answer.text
        except (OSError, http.client.HTTPException) as e:
            said = e
        assert time.monotonic() < deadline, said
        time.sleep(0.05)


def in_threads(work, count):
    """Runs work(0) … work(count - 1) at once; what they return."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def features(answer):
    return sorted((f["Name"], f["Version"], f["AddedBy"]) for f in answer.json["Layer"]["Features"])


def names(server, path, member):
    """Every name of a list, page by page."""
    found, page = [], ""
    while page is not None:
        answer = server.get(f"{path}?limit=7{page and '&page=' + page}").json
        found += [entry["Name"] for entry in answer[member] or []]
        page = answer.get("NextPage")
    return found


@pytest.fixture
def layers(layer_server):
    """URLs: a base, and ten layers on it."""
    urls = [layer_server.add("base.tar", images.debian_9(*packages(0)))]
    return urls + [layer_server.add(f"layer{i}.tar", images.layer(("var/lib/dpkg/status", images.status(*packages(i)))))
                   for i in range(1, 11)]


def test_the_same_and_related_layers_at_once(server, layers):
    first = server("postgresql")
    instances = [first, server("postgresql", database=first.config["database"])]
    assert in_threads(lambda i: instances[i % 2].post_layer("base", layers[0]).status, 8) == [201] * 8
    statuses = in_threads(lambda i: instances[i % 2].post_layer(f"layer{i // 4}", layers[1 + i // 4], "base").status, 40)
    assert statuses == [201] * 40
    for i in range(10):
        answers = [one.get(f"/v1/layers/layer{i}?features") for one in instances]
        assert features(answers[0]) == features(answers[1]) and len(features(answers[0])) == 20


@ours_only
def test_edits_at_once(server, layers):
    """Of the same vulnerability from many sides: one of them is what is there in the end, and it is there once."""
    first = server("postgresql")
    instances = [first, server("postgresql", database=first.config["database"])]
    assert first.post_layer("base", layers[0]).status == 201
    assert vulnerability(first, 0, "1.0").status == 201
    in_threads(lambda i: vulnerability(instances[i % 2], i % 5, f"{2 + i}"), 40)
    listed = names(first, NAMESPACE, "Vulnerabilities")
    assert sorted(listed) == sorted(set(listed))
    for feature in first.get("/v1/layers/base?vulnerabilities").json["Layer"]["Features"]:
        assert len(feature.get("Vulnerabilities", [])) <= 1
    for number in range(5):
        assert patiently(lambda number=number: vulnerability(first, number, "99")).status == 201
    known = {f["Name"]: f for f in first.get("/v1/layers/base?vulnerabilities").json["Layer"]["Features"]}
    assert [[v["FixedBy"] for v in known[f"package{i}"]["Vulnerabilities"]] for i in range(5)] == [["99"]] * 5


@pytest.mark.parametrize("delay", [0.0, 0.1, 0.3])
def test_one_is_killed(server, layers, delay):
    """In the midst of posts and edits; the others go on, and what clients repeat is there once."""
    first = server("postgresql")
    second = server("postgresql", database=first.config["database"])
    patiently(lambda: second.post_layer("base", layers[0]))

    def work(i):
        try:
            first.post_layer(f"layer{i}", layers[1 + i], "base")
            vulnerability(first, i, "1.0.1")
        except (OSError, http.client.HTTPException):
            pass
        patiently(lambda: second.post_layer(f"layer{i}", layers[1 + i], "base"))
        patiently(lambda: vulnerability(second, i, "1.0.1"))

    killer = threading.Timer(delay, first.kill)
    killer.start()
    in_threads(work, 10)
    killer.join()
    for i in range(10):
        layer = second.get(f"/v1/layers/layer{i}?features").json["Layer"]
        assert layer["ParentName"] == "base" and len({f["Name"] for f in layer["Features"]}) == len(layer["Features"]) == 20
    assert sorted(names(second, NAMESPACE, "Vulnerabilities")) == sorted(f"CVE-{i}" for i in range(10))
    affected = [f["Name"] for f in second.get("/v1/layers/base?vulnerabilities").json["Layer"]["Features"]
                if "Vulnerabilities" in f]
    assert sorted(affected) == sorted(f"package{i}" for i in range(10))


def test_the_database_restarts(server, postgres, layers):
    """Requests fail meanwhile, everything is there afterwards."""
    running = server("postgresql")
    assert running.post_layer("base", layers[0]).status == 201
    before = features(running.get("/v1/layers/base?features"))
    postgres.pause()
    try:
        assert running.post_layer("layer", layers[1], "base").status == 500
    finally:
        postgres.resume()
    assert patiently(lambda: running.post_layer("layer", layers[1], "base")).status == 201
    assert features(patiently(lambda: running.get("/v1/layers/base?features"))) == before


@ours_only
def test_the_database_comes_later(server, postgres):
    """Health says so until it is there."""
    running = server("postgresql", start=False)
    postgres.pause()
    try:
        running.start(ready=False)
        wait_until(lambda: health(running) == 500)
    finally:
        postgres.resume()
    running.wait_ready()
    assert running.get("/v1/namespaces").status == 200


def health(server):
    try:
        return server.health.get("/health").status
    except OSError:
        return None


@ours_only
def test_a_database_of_the_original_is_left_alone(server, postgres):
    running = server("postgresql", start=False)
    url = running.config["database"]["options"]["source"]
    tables = ["schema_migrations", "layer", "feature", "featureversion", "layer_diff_featureversion", "namespace", "lock",
              "vulnerability", "vulnerability_fixedin_feature", "vulnerability_affects_featureversion", "keyvalue",
              "vulnerability_notification"]
    for table in tables:
        postgres.sql(f"CREATE TABLE {table} (id integer, name text, version text)", url)
    running.start(ready=False)
    assert running.process.wait(60) != 0
    assert running.output()
    found = postgres.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", url)
    assert sorted(row[0] for row in found) == sorted(tables)


@ours_only
def test_the_standby_takes_over(server, layers):
    """Both PostgreSQL servers are in the connection string; the one that can be written to is used."""
    programs = postgres_module.find_programs()
    if not programs:
        pytest.skip("PostgreSQL is not installed")
    primary = postgres_module.Postgres(programs)
    standby = None
    try:
        primary.start()
        name = primary.database().split("/")[-1].split("?")[0]
        standby = primary.standby()
        source = (f"postgresql://postgres@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/{name}"
                  "?sslmode=disable&target_session_attrs=read-write&connect_timeout=5")
        running = server("postgresql", database={"type": "pgsql", "options": {"source": source}})
        assert running.post_layer("base", layers[0]).status == 201
        wait_until(lambda: standby.sql("SELECT pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()") == [["t"]]
                   and caught_up(primary, standby))
        primary.pause()
        standby.promote()
        assert patiently(lambda: running.post_layer("layer", layers[1], "base")).status == 201
        assert len(patiently(lambda: running.get("/v1/layers/base?features")).json["Layer"]["Features"]) == 20
        wait_until(lambda: health(running) == 200)
    finally:
        primary.stop()
        if standby:
            standby.stop()


def caught_up(primary, standby):
    at = primary.sql("SELECT pg_current_wal_lsn()")[0][0]
    return standby.sql(f"SELECT pg_last_wal_replay_lsn() >= '{at}'::pg_lsn") == [["t"]]


@ours_only
def test_two_posts_of_a_layer_are_one_download(server, backend, layer_server):
    running = server(backend)
    gate = threading.Event()
    url = layer_server.add("slow.tar", images.debian_9(*packages(0)), gate=gate)
    results = []
    threads = [threading.Thread(target=lambda: results.append(running.post_layer("slow", url).status)) for _ in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: layer_server.requests)
    time.sleep(0.2)  # whoever would fetch it a second time has begun to
    gate.set()
    for thread in threads:
        thread.join(60)
    assert results == [201] * 4 and layer_server.paths() == ["/slow.tar"]


@ours_only
def test_local_paths_can_be_forbidden(server, backend, write):
    path = str(write("layer.tar", images.debian_9(*packages(0))))
    assert server(backend).post_layer("local", path).status == 201
    running = server(backend, layer_sources={"local_paths": []})
    answer = running.post_layer("local", path)
    assert (answer.status, answer.json) == (400, {"Error": {"Message": "could not find layer"}})


def test_secrets_are_not_logged(server, backend, layer_server):
    """Neither what a layer is fetched with, nor the query of its URL."""
    running = server(backend)
    url = layer_server.add("base.tar", images.debian_9(*packages(0)))
    body = {"Layer": {"Name": "base", "Path": f"{url}?sig=sesame1&x=2", "Headers": {"Authorization": "Bearer sesame2"},
                      "Format": "Docker"}}
    assert running.post("/v1/layers", body, headers={"Authorization": "Bearer sesame3"}).status == 201
    body["Layer"].update(Name="other", Path=f"{layer_server.url}/missing?sig=sesame4")
    assert running.post("/v1/layers", body).status == 400
    running.stop()
    assert "sesame" not in running.output()


def test_slow_clients_keep_nobody_waiting(server, backend):
    """A thousand that never finish their request."""
    running = server(backend)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    slow = []
    try:
        for _ in range(1000):
            connection = socket.create_connection(("127.0.0.1", running.port), timeout=60)
            connection.sendall(b"POST /v1/layers HTTP/1.1\r\nHost: x\r\nContent-Le")
            slow.append(connection)
        assert running.get("/v1/namespaces", timeout=10).status == 200
        assert running.health.get("/health", timeout=10).status == 200
    finally:
        for connection in slow:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert running.get("/v1/namespaces").status == 200


@ours_only
def test_hangup_reads_the_certificates_again(server, backend, certificates, tmp_path):
    for name in ("server.crt", "server.key"):
        (tmp_path / name).write_bytes((certificates / name).read_bytes())
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    running = server(backend, tls=context, api={"certfile": str(tmp_path / "server.crt"),
                                                "keyfile": str(tmp_path / "server.key")})

    def shown():
        return ssl.get_server_certificate(("127.0.0.1", running.port))

    wait_until(lambda: listening(running.port))
    before = shown()
    for name in ("crt", "key"):
        (tmp_path / f"server.{name}").write_bytes((certificates / f"another.{name}").read_bytes())
    os.kill(running.process.pid, signal.SIGHUP)
    wait_until(lambda: shown() != before)
    assert running.get("/v1/namespaces").status == 200


def listening(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    except ConnectionRefusedError:
        return False
