"""Page tokens: what is in them, and that they are exchanged with other instances, which share the key."""
import json
import time

import pytest

import fernet
import images
from server import PAGINATION_KEY, ours_only

OTHER_KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
LIST = "/v1/namespaces/debian:9/vulnerabilities"


def fill(server, layer_server):
    """Two layers with curl, and two vulnerabilities of it."""
    url = layer_server.add("base.tar", images.debian_9(("curl", "7.52.1-5")))
    for name in ("a", "b"):
        assert server.post_layer(name, url).status == 201
    for name in ("CVE-1", "CVE-2"):
        fix = {"Name": "curl", "NamespaceName": "debian:9", "VersionFormat": "dpkg", "Version": "8"}
        body = {"Vulnerability": {"Name": name, "NamespaceName": "debian:9", "Severity": "High", "FixedIn": [fix]}}
        assert server.post(LIST, body).status == 201


@pytest.fixture
def running(server, backend, layer_server, webhook):
    made = server(backend, notifier={"http": {"endpoint": webhook.url}})
    fill(made, layer_server)
    return made


def names(answer):
    return [v["Name"] for v in answer.json["Vulnerabilities"]]


def test_a_token_of_a_list_is_the_number_that_comes_next(running):
    message, made = fernet.unseal(running.get(f"{LIST}?limit=1").json["NextPage"], PAGINATION_KEY)
    assert message.endswith(b"\n") and message[:-1].isdigit()
    assert abs(made - time.time()) < 60


def test_a_token_of_a_notification_has_both_sides(running, webhook):
    name = json.loads(webhook.next()[2])["Notification"]["Name"]
    notification = running.get(f"/v1/notifications/{name}?limit=1").json["Notification"]
    assert fernet.unseal(notification["Page"], PAGINATION_KEY)[0] == b'{"OldVulnerability":0,"NewVulnerability":0}\n'
    next_page = fernet.unseal(notification["NextPage"], PAGINATION_KEY)[0]
    index = json.loads(next_page)["NewVulnerability"]
    assert next_page == b'{"OldVulnerability":-1,"NewVulnerability":%d}\n' % index
    following = running.get(f"/v1/notifications/{name}?limit=1&page={notification['NextPage']}").json["Notification"]
    assert following["New"]["OrderedLayersIntroducingVulnerability"] == [{"Index": index, "LayerName": "b"}]


def test_tokens_made_elsewhere_are_taken(running):
    assert names(running.get(f"{LIST}?limit=5&page={fernet.seal(b'0', PAGINATION_KEY)}")) == ["CVE-1", "CVE-2"]
    assert running.get(f"{LIST}?limit=5&page={fernet.seal(b'1000000', PAGINATION_KEY)}").json == {"Vulnerabilities": None}
    assert names(running.get(f"{LIST}?limit=5&page={fernet.seal(b'0', PAGINATION_KEY, age=3500)}")) == ["CVE-1", "CVE-2"]


@pytest.mark.parametrize("token", [
    fernet.seal(b"0", PAGINATION_KEY, age=3700),
    fernet.seal(b"0", OTHER_KEY),
    fernet.seal(b"0", PAGINATION_KEY)[:-4],
    pytest.param(fernet.seal(b"0", PAGINATION_KEY)[:40], marks=ours_only),  # the original falls over those too short
    "A" + fernet.seal(b"0", PAGINATION_KEY)[1:],
    pytest.param("gAAAAAB", marks=ours_only), "%00", "=" * 64,
], ids=["expired", "another-key", "cut", "cut-short", "another-version", "no-body", "nul", "padding"])
def test_other_tokens_are_refused(running, token):
    answer = running.get(f"{LIST}?limit=1&page={token}")
    assert answer.status == 400
    assert answer.json == {"Error": {"Message": "invalid page format: invalid or expired pagination token"}}


@pytest.mark.parametrize("message", [b"", b"x", b'"1"', b"[1]", b"1.5", b"99999999999999999999"])
def test_tokens_that_say_nothing_sensible_are_refused(running, message):
    answer = running.get(f"{LIST}?limit=1&page={fernet.seal(message, PAGINATION_KEY)}")
    assert answer.status == 400 and answer.json["Error"]["Message"].startswith("invalid page format: ")


def test_a_key_made_at_the_start_works_for_this_instance(server, backend, layer_server):
    made = server(backend, api={"paginationkey": ""})
    fill(made, layer_server)
    token = made.get(f"{LIST}?limit=1").json["NextPage"]
    assert names(made.get(f"{LIST}?limit=1&page={token}")) == ["CVE-2"]
    assert made.get(f"{LIST}?limit=1&page={fernet.seal(b'0', PAGINATION_KEY)}").status == 400


def test_instances_with_the_same_key_take_each_others_tokens(server, layer_server):
    """On PostgreSQL, where they share a database."""
    first = server("postgresql")
    second = server("postgresql", database=first.config["database"])
    fill(first, layer_server)
    assert names(second.get(f"{LIST}?limit=1&page={first.get(f'{LIST}?limit=1').json['NextPage']}")) == ["CVE-2"]
