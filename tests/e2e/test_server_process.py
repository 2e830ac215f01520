"""The server as a process: it starts, answers on two ports, and ends when told to."""


def test_starts_answers_and_stops(server, backend):
    running = server(backend)
    answer = running.health.get("/health")
    assert (answer.status, answer.reason, answer.body) == (200, "OK", b"")
    assert answer.header("Server") == "clair" and answer.header("Content-Length") == "0"
    assert running.get("/v1/namespaces").json == {"Namespaces": None}
    running.stop()
