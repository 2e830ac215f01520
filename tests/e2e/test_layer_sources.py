"""Where layers come from: servers whose certificate nobody knows, proxies, files that may be read."""
import ssl
import threading

import images
import server as server_module
from server import ours_only

LAYER = images.debian_9(("curl", "7.52.1-5"))
NOT_FOUND = {"Error": {"Message": "could not find layer"}}


def tls_server(certificates):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates / "server.crt", certificates / "server.key")
    return server_module.LayerServer(tls=context)


def test_certificate_of_a_stranger(server, certificates):
    """Is refused, unless the server was started with -insecure-tls."""
    layers = tls_server(certificates)
    try:
        url = layers.add("layer.tar", LAYER)
        answer = server("sqlite").post_layer("a", url)
        assert (answer.status, answer.json) == (400, NOT_FOUND)
        assert layers.requests == []
        assert server("sqlite", arguments=("-insecure-tls",)).post_layer("a", url).status == 201
    finally:
        layers.close()


@ours_only
def test_files_only_where_they_may_be_read(server, tmp_path):
    """Whatever the path looks like."""
    allowed, other = tmp_path / "allowed", tmp_path / "other"
    for directory in (allowed, other):
        directory.mkdir()
        (directory / "layer.tar").write_bytes(LAYER)
    (allowed / "out").symlink_to(other / "layer.tar")
    (tmp_path / "allowed-not").mkdir()
    (tmp_path / "allowed-not" / "layer.tar").write_bytes(LAYER)
    limited = server("sqlite", layer_sources={"local_paths": [str(allowed)]})
    assert limited.post_layer("good", str(allowed / "layer.tar")).status == 201
    for number, path in enumerate([other / "layer.tar", allowed / ".." / "other" / "layer.tar", allowed / "out",
                                   tmp_path / "allowed-not" / "layer.tar", "/etc/passwd", "file:///etc/passwd"]):
        answer = limited.post_layer(f"bad{number}", str(path))
        assert (answer.status, answer.json) == (400, NOT_FOUND), path
    none = server("sqlite", layer_sources={"local_paths": []})
    assert none.post_layer("a", str(allowed / "layer.tar")).status == 400
    assert server("sqlite").post_layer("a", str(other / "layer.tar")).status == 201


@ours_only
def test_queue_that_is_full_says_when_to_come_back(server, layer_server):
    """Memory does not grow with posts that wait; the ones before are finished."""
    gate = threading.Event()
    running = server("sqlite")
    layer_server.add("slow.tar", LAYER, gate=gate)
    answers = []

    def post(number):
        answers.append(running.post_layer(f"layer-{number}", f"{layer_server.url}/slow.tar?n={number}"))

    threads = [threading.Thread(target=post, args=(number,)) for number in range(1200)]
    try:
        for thread in threads:
            thread.start()
        server_module.wait_until(lambda: any(answer.status == 503 for answer in answers))
    finally:
        gate.set()
        for thread in threads:
            thread.join()
    refused = [answer for answer in answers if answer.status == 503]
    assert int(dict(refused[0].headers)["Retry-After"]) > 0 and "Message" in refused[0].json["Error"]
    assert {answer.status for answer in answers} == {201, 503}
    assert running.get("/v1/namespaces").status == 200
