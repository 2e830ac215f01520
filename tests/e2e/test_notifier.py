"""The webhook: what is posted, what counts as success, and what happens otherwise."""
import json
import queue
import ssl
import time

import pytest

import images
import server as server_module
from server import ours_only, wait_until

LIST = "/v1/namespaces/debian:9/vulnerabilities"


def fill(server, layer_server, count=1):
    """A layer with curl, and vulnerabilities of it."""
    url = layer_server.add("base.tar", images.debian_9(("curl", "7.52.1-5")))
    assert server.post_layer("a", url).status == 201
    for number in range(count):
        fix = {"Name": "curl", "NamespaceName": "debian:9", "VersionFormat": "dpkg", "Version": "8"}
        body = {"Vulnerability": {"Name": f"CVE-{number}", "NamespaceName": "debian:9", "Severity": "High", "FixedIn": [fix]}}
        assert server.post(LIST, body).status == 201


def configured(webhook, **http):
    return {"http": {"endpoint": f"{webhook.url}/notify?x=y", **http}}


def name_in(posted):
    return json.loads(posted[2])["Notification"]["Name"]


def events(server):
    return [line["Event"] for line in server.log]


def notified(server, name):
    return "Notified" in server.get(f"/v1/notifications/{name}?limit=1").json["Notification"]


def test_what_is_posted(server, backend, layer_server, webhook):
    running = server(backend, notifier=configured(webhook))
    fill(running, layer_server)
    path, headers, body = webhook.next()
    headers = {name.lower(): value for name, value in headers}
    assert path == "/notify?x=y"
    assert headers["content-type"] == "application/json" and headers["content-length"] == str(len(body))
    assert headers["host"] == webhook.url.split("/")[2]
    name = json.loads(body)["Notification"]["Name"]
    assert body == b'{"Notification":{"Name":"%s"}}' % name.encode()
    assert len(name) == 36 and name == name.lower() and [len(part) for part in name.split("-")] == [8, 4, 4, 4, 12]
    wait_until(lambda: notified(running, name))
    assert {"notifier service started", "found and locked a notification", "successfully sent notification"} <= set(events(running))


@pytest.mark.parametrize("status", [200, 201])
def test_accepted(server, backend, layer_server, webhook, status):
    webhook.answer = status
    running = server(backend, notifier=configured(webhook))
    fill(running, layer_server)
    name = name_in(webhook.next())
    wait_until(lambda: notified(running, name))


@pytest.mark.parametrize("status", [202, 204, 302, 400, 500, 503])
def test_refused_and_tried_again(server, backend, layer_server, webhook, status):
    """Everything but 200 and 201; until it is accepted."""
    webhook.answer = status
    running = server(backend, notifier=configured(webhook))
    fill(running, layer_server)
    name = name_in(webhook.next())
    assert not notified(running, name)
    webhook.answer = 200
    assert name_in(webhook.next()) == name
    wait_until(lambda: notified(running, name))
    assert "could not send notification via notifier" in events(running)
    assert 'clair_notifier_backend_errors_total{backend="webhook"} 1\n' in running.get("/v1/metrics").text


def test_given_up_after_so_many_attempts(server, backend, layer_server, webhook):
    webhook.answer = 500
    running = server(backend, notifier={**configured(webhook), "attempts": 2})
    fill(running, layer_server)
    name = name_in(webhook.next())
    assert name_in(webhook.next()) == name
    wait_until(lambda: "giving up on sending notification : max attempts exceeded" in events(running))
    assert not notified(running, name)


def test_sent_again_until_it_is_deleted(server, backend, layer_server, webhook):
    """After the interval; the queue is looked at when a server starts."""
    how = {**configured(webhook), "renotifyinterval": "1s"}
    first = server(backend, notifier=how)
    fill(first, layer_server)
    name = name_in(webhook.next())
    wait_until(lambda: notified(first, name))
    first.stop()
    time.sleep(1.5)  # the interval, which is what this is about
    second = server(backend, notifier=how, database=first.config["database"])
    assert name_in(webhook.next()) == name
    wait_until(lambda: notified(second, name))
    assert second.delete(f"/v1/notifications/{name}").status == 200
    second.stop()
    drain(webhook)
    time.sleep(1.5)
    third = server(backend, notifier=how, database=first.config["database"])
    fill(third, layer_server, 2)  # one known, one new: that one comes, the deleted one does not
    assert name_in(webhook.next()) != name


def drain(webhook):
    while True:
        try:
            webhook.next(0)
        except queue.Empty:
            return


def test_made_while_nobody_was_notified(server, backend, layer_server, webhook):
    """A server without an endpoint keeps them for one that has it."""
    silent = server(backend)
    fill(silent, layer_server, 3)
    assert "notifier service is disabled" in events(silent)
    silent.stop()
    server(backend, notifier=configured(webhook), database=silent.config["database"])
    assert len({name_in(webhook.next()) for _ in range(3)}) == 3


def test_through_a_proxy(server, backend, layer_server, webhook):
    running = server(backend, notifier={"http": {"endpoint": "http://quay.invalid/secscan/notify", "proxy": webhook.url}})
    fill(running, layer_server)
    path, headers, _ = webhook.next()
    assert path == "http://quay.invalid/secscan/notify"
    assert dict(headers)["Host"] == "quay.invalid"


def test_over_tls(server, backend, layer_server, certificates):
    """The receiver's certificate is checked against a CA and for a name, and it sees ours."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificates / "ca.crt"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificates / "server.crt", certificates / "server.key")
    webhook = server_module.Webhook(tls=context)
    files = {"cafile": str(certificates / "ca.crt"), "certfile": str(certificates / "client.crt"),
             "keyfile": str(certificates / "client.key")}
    try:
        running = server(backend, notifier=configured(webhook, servername="localhost", **files))
        fill(running, layer_server)
        name = name_in(webhook.next())
        wait_until(lambda: notified(running, name))
    finally:
        webhook.close()


def test_over_tls_to_a_stranger(server, backend, layer_server, certificates):
    """A certificate of another CA is not trusted: nothing is posted."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates / "another.crt", certificates / "another.key")
    webhook = server_module.Webhook(tls=context)
    try:
        running = server(backend, notifier={**configured(webhook, cafile=str(certificates / "ca.crt")), "attempts": 2})
        fill(running, layer_server)
        wait_until(lambda: "giving up on sending notification : max attempts exceeded" in events(running))
        assert webhook.posted.empty()
    finally:
        webhook.close()


@ours_only
def test_of_what_no_layer_has(server, backend, layer_server, webhook):
    """Is not posted, unless that is wished for."""
    running = server(backend, notifier={**configured(webhook), "all": None})
    fill(running, layer_server, 0)
    fix = {"Name": "perl", "NamespaceName": "debian:9", "VersionFormat": "dpkg", "Version": "8"}
    for name, package in (("CVE-perl", "perl"), ("CVE-curl", "curl")):
        body = {"Vulnerability": {"Name": name, "NamespaceName": "debian:9", "Severity": "High",
                                  "FixedIn": [{**fix, "Name": package}]}}
        assert running.post(LIST, body).status == 201
    name = name_in(webhook.next())
    assert running.get(f"/v1/notifications/{name}?limit=1").json["Notification"]["New"]["Vulnerability"]["Name"] == "CVE-curl"


@ours_only
def test_configured_under_the_updater(server, backend, layer_server, webhook):
    """Where Quay's documents had it for a year."""
    running = server(backend, notifier=None, updater={"notifier": {"attempts": 3, "renotifyinterval": "1h",
                                                                   **configured(webhook)}})
    fill(running, layer_server)
    webhook.next()


def test_two_instances_send_each_once(server, layer_server, webhook):
    first = server("postgresql", notifier=configured(webhook))
    second = server("postgresql", notifier=configured(webhook), database=first.config["database"])
    fill(first, layer_server, 12)
    fill(second, layer_server, 20)
    names = [name_in(webhook.next()) for _ in range(20)]
    assert len(set(names)) == 20
    for name in names:
        wait_until(lambda name=name: notified(first, name))
    assert webhook.posted.empty()
