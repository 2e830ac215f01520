"""What real clients of the API send, and what they need of the answers: one class of requests for each.

Bodies, headers, order of calls and the fields that are read are those of the clients' own code.
"""
import hashlib
import json
import socket
import threading
import time
import urllib.parse

import pytest

import images
import raw_http
from server import wait_until

GO = {"User-Agent": "Go-http-client/1.1", "Accept-Encoding": "gzip"}
GO_JSON = {**GO, "Content-Type": "application/json"}
REQUESTS = {"User-Agent": "python-requests/2.22.0", "Accept-Encoding": "gzip, deflate", "Accept": "*/*",
            "Connection": "keep-alive"}
RUBY = {"Accept-Encoding": "gzip;q=1.0,deflate;q=0.6,identity;q=0.3", "Accept": "*/*", "User-Agent": "Ruby",
        "Content-Type": "application/x-www-form-urlencoded"}
SEVERITIES = ["Unknown", "Negligible", "Low", "Medium", "High", "Critical", "Defcon1"]

BASE = [("curl", "7.52.1-5"), ("libssl1.1", "1.1.0f-3", "openssl")]


def status(*packages):
    return ("var/lib/dpkg/status", images.status(*packages))


class Image:
    """Three layers: a system with packages, one more package, and something without any; served as a registry does."""

    def __init__(self, layer_server, token=None):
        contents = [images.debian_9(*BASE), images.layer(status(*BASE, ("bash", "4.4-5"))),
                    images.layer(("app/run", "#!/bin/sh\n"))]
        self.digests = [images.sha256(content) for content in contents]
        how = {"headers": {"Authorization": token}} if token else {}
        self.urls = [layer_server.add(f"v2/app/blobs/{digest}", content, **how)
                     for digest, content in zip(self.digests, contents)]

    def chain(self, names):
        """(name, URL, name of the parent or "") from the lowest layer up."""
        return list(zip(names, self.urls, ["", *names]))


VULNERABILITIES = [
    {"Name": "CVE-2018-0001", "Severity": "High", "Description": "bad",
     "Link": "https://security-tracker.debian.org/tracker/CVE-2018-0001",
     "Metadata": {"NVD": {"CVSSv2": {"Score": 7.5, "Vectors": "AV:N/AC:L/Au:N/C:P/I:P/A:N"}}},
     "FixedIn": [{"Name": "curl", "Version": "7.52.1-5+deb9u16"}]},
    {"Name": "CVE-2018-0002", "Severity": "Low", "Link": "https://security-tracker.debian.org/tracker/CVE-2018-0002",
     "FixedIn": [{"Name": "openssl", "Version": "None"}]},
    {"Name": "CVE-2018-0003", "Severity": "Medium", "Link": "https://security-tracker.debian.org/tracker/CVE-2018-0003",
     "FixedIn": [{"Name": "bash", "Version": "5"}]},
]


def add_vulnerability(server, fields, namespace="debian:9"):
    fixes = [{"NamespaceName": namespace, "VersionFormat": "dpkg", **fix} for fix in fields["FixedIn"]]
    body = {"Vulnerability": {"NamespaceName": namespace, **fields, "FixedIn": fixes}}
    answer = server.post(f"/v1/namespaces/{namespace}/vulnerabilities", body)
    assert answer.status == 201, answer.text


def add_namespace(server, layer_server):
    """A namespace exists, with its version format, once a layer with it was seen."""
    url = layer_server.add("namespace.tar", images.layer(images.DEBIAN_9))
    assert server.post_layer("namespace", url).status == 201


@pytest.fixture
def running(server, backend, layer_server, webhook):
    """A server that knows VULNERABILITIES."""
    made = server(backend, notifier={"http": {"endpoint": f"{webhook.url}/notify"}})
    add_namespace(made, layer_server)
    for fields in VULNERABILITIES:
        add_vulnerability(made, fields)
    return made


@pytest.fixture
def image(layer_server):
    return Image(layer_server)


def go_layer(name="", path="", parent="", fmt="Docker", headers=None, **more):
    """A layer as a Go struct with omitempty is written."""
    fields = {"Name": name, "Path": path, "Headers": headers, "ParentName": parent, "Format": fmt, **more}
    return {"Layer": {key: value for key, value in fields.items() if value}}


def found(layer):
    return {(f["Name"], v["Name"], v.get("FixedBy")) for f in layer.get("Features", []) for v in f.get("Vulnerabilities", [])}


ALL = {("curl", "CVE-2018-0001", "7.52.1-5+deb9u16"), ("openssl", "CVE-2018-0002", None), ("bash", "CVE-2018-0003", "5")}


def test_klar(running, image):
    """Names of 128 characters; null features, an empty parent and an empty Authorization; 201 or nothing."""
    config = hashlib.sha256(b"config").hexdigest()
    names = [config + digest.split(":")[1] for digest in image.digests]
    assert {len(name) for name in names} == {128}
    for name, url, parent in image.chain(names):
        body = {"Layer": {"Name": name, "Path": url, "ParentName": parent, "Format": "Docker", "Features": None,
                          "Headers": {"Authorization": ""}}}
        assert running.post("/v1/layers", body, headers=GO_JSON).status == 201
    answer = running.get(f"/v1/layers/{names[-1]}?vulnerabilities", headers=GO)
    assert answer.status == 200 and answer.header("Content-Encoding") == "gzip"
    assert found(answer.json["Layer"]) == ALL
    assert all(v["Severity"] in SEVERITIES for f in answer.json["Layer"]["Features"] for v in f.get("Vulnerabilities", []))
    assert {f["AddedBy"] for f in answer.json["Layer"]["Features"]} == set(names[:2])


def test_klar_reads_an_error_as_json(running):
    answer = running.post("/v1/layers", go_layer("x", "http://127.0.0.1:1/x"), headers=GO_JSON)
    assert answer.status == 400 and answer.json == {"Error": {"Message": "could not find layer"}}


def test_reg(running, image):
    """Digests as names; both flags with values; an Error in the envelope is what counts; many ways to say deleted."""
    for name, url, parent in image.chain(image.digests):
        answer = running.post("/v1/layers", go_layer(name, url, parent, headers={"Authorization": "Bearer x"}), headers=GO_JSON)
        assert answer.status < 500 and "Error" not in answer.json
    answer = running.get(f"/v1/layers/{image.digests[-1]}?features=true&vulnerabilities=true", headers=GO)
    assert found(answer.json["Layer"]) == ALL
    assert running.delete(f"/v1/layers/{image.digests[-1]}", headers=GO).status in (200, 202, 404)


def test_clairctl(running, image, layer_server):
    """Health first; after a 422 the chain begins anew; every layer is read; deleting from the top down."""
    assert running.health.get("/health", headers=GO).status == 200
    broken = layer_server.add("broken", b"x" * 1024)
    assert running.post("/v1/layers", go_layer("sha256:broken", broken), headers=GO_JSON).status == 422
    for name, url, parent in image.chain(image.digests):
        answer = running.post("/v1/layers", go_layer(name, url, parent, headers={"Authorization": ""}), headers=GO_JSON)
        assert answer.status == 201
    counts = [len(found(running.get(f"/v1/layers/{name}?vulnerabilities", headers=GO).json["Layer"])) for name in image.digests]
    assert counts == [2, 3, 3]
    assert running.get("/v1/versions", headers=GO).status == 404
    for name in reversed(image.digests):
        answer = running.delete(f"/v1/layers/{name}", headers=GO)
        assert (answer.status, answer.body) == (200, b"")


def test_clair_scanner(running, image):
    """Directories of docker save as names, uncompressed layers, answers read into the original's own types."""
    names = [hashlib.sha256(digest.encode()).hexdigest() for digest in image.digests]
    for name, url, parent in image.chain(names):
        assert running.post("/v1/layers", go_layer(name, url, parent), headers=GO_JSON).status in (200, 201)
    layer = running.get(f"/v1/layers/{names[-1]}?vulnerabilities", headers=GO).json["Layer"]
    assert found(layer) == ALL
    assert isinstance(layer["IndexedByVersion"], int)


def test_analyze_local_images(running, write):
    """A path of this machine instead of a URL."""
    path = write("layer.tar", images.debian_9(*BASE))
    assert running.post("/v1/layers", go_layer("local", str(path)), headers=GO_JSON).status == 201
    layer = running.get("/v1/layers/local?vulnerabilities", headers=GO).json["Layer"]
    assert {f["AddedBy"] for f in layer["Features"]} == {"local"}


def test_yair(running, image):
    """Deletes the last layer first, puts the colon of a digest into the path, needs four fields of every vulnerability."""
    last = image.digests[-1]
    assert running.delete(f"/v1/layers/{last}", headers=REQUESTS).status == 404
    for name, url, parent in image.chain(image.digests):
        body = {"Layer": {"Name": name, "Path": url, "Headers": {"Authorization": "Bearer x"}, "Format": "Docker"}}
        if parent:
            body["Layer"]["ParentName"] = parent
        assert 200 <= running.post("/v1/layers", body, headers={**REQUESTS, "Content-Type": "application/json"}).status < 400
    layer = running.get(f"/v1/layers/{last}?features&vulnerabilities", headers=REQUESTS).json["Layer"]
    for feature in layer["Features"]:
        for vulnerability in feature.get("Vulnerabilities", []):
            assert all(vulnerability[field] for field in ("Link", "NamespaceName", "Severity", "Name"))


def test_paclair(running, layer_server):
    """Knows a layer that is not there by the reason phrase; sends several headers for the registry."""
    image = Image(layer_server, token="Bearer abc")
    short = hashlib.sha256("".join(image.digests).encode()).hexdigest()[:12]
    names = [f"{digest}_{short}" for digest in image.digests]
    headers = {**REQUESTS, "Content-Type": "application/json"}
    answer = running.get(f"/v1/layers/{names[-1]}?features&vulnerabilities", headers=REQUESTS)
    assert (answer.status, answer.reason) == (404, "Not Found")
    for name, url, parent in image.chain(names):
        fields = {"Name": name, "Path": url, "Format": "Docker",
                  "Headers": {"Authorization": "Bearer abc", "X-Registry": "Value with: colon", "Accept": "*/*"}}
        if parent:
            fields["ParentName"] = parent
        assert running.post("/v1/layers", {"Layer": fields}, headers=headers).status == 201
    seen = [headers for path, headers in layer_server.requests if "/blobs/" in path]
    assert len(seen) == 3
    assert {(h["authorization"], h["x-registry"], h["accept"]) for h in seen} == {("Bearer abc", "Value with: colon", "*/*")}
    layer = running.get(f"/v1/layers/{names[-1]}?features&vulnerabilities", headers=REQUESTS).json["Layer"]
    scores = [v["Metadata"]["NVD"]["CVSSv2"]["Score"] for f in layer["Features"] for v in f.get("Vulnerabilities", [])
              if "Metadata" in v]
    assert scores == [7.5]
    for name in reversed(names):
        answer = running.delete(f"/v1/layers/{name}", headers=REQUESTS)
        assert (answer.status, answer.reason) == (200, "OK")


def test_harbor(running, layer_server, backend, request):
    """A Connection header for the registry among the others; exactly 201 and 200; the time of the update read by SQL."""
    image = Image(layer_server, token="Bearer abc")
    names, chain = [], ""
    for digest in image.digests:
        chain += f"{digest}-"
        names.append(hashlib.sha256(chain.encode()).hexdigest())
    for name, url, parent in image.chain(names):
        body = go_layer(name, url, parent, headers={"Connection": "close", "Authorization": "Bearer abc"})
        assert running.post("/v1/layers", body, headers=GO_JSON).status == 201
    answer = running.get(f"/v1/layers/{names[-1]}?features&vulnerabilities", headers=GO)
    assert answer.status == 200 and found(answer.json["Layer"]) == ALL
    if backend == "postgresql":
        url = running.config["database"]["options"]["source"]
        assert request.getfixturevalue("postgres").sql("SELECT value FROM keyvalue WHERE key='updater/last'", url) == []


def test_portus(running, image):
    """A form's content type, members that are not used, and flags that say false but count."""
    for name, url, parent in image.chain(image.digests):
        body = {"Layer": {"Name": name, "NamespaceName": "", "Path": url, "Headers": {}, "ParentName": parent, "Format": "Docker",
                          "IndexedByVersion": 0, "Features": []}}
        answer = running.post("/v1/layers", body, headers=RUBY)
        assert answer.status == 201 and answer.json["Layer"]["Name"] == name
    answer = running.get(f"/v1/layers/{image.digests[-1]}?features=false&vulnerabilities=true", headers=RUBY)
    assert found(answer.json["Layer"]) == ALL
    assert running.health.get("/health", headers=RUBY).status == 200


# Quay 3.0 to 3.3. Every call has Connection: close.
QUAY = {"User-Agent": "python-requests/2.22.0", "Accept-Encoding": "gzip, deflate", "Accept": "*/*", "Connection": "close"}
STORAGE = "5b1ed5bd-5b7a-4b5f-8ac7-0c2f54d0f8ba"


def quay_id(digest):
    return f"{digest.split(':')[1]}.{STORAGE}"


def quay_post(server, name, url, parent=None, token=None):
    fields = {"Name": name, "Path": url, "Format": "Docker"}
    if token:
        fields["Headers"] = {"Authorization": token}
    if parent:
        fields["ParentName"] = parent
    return server.post("/v1/layers", {"Layer": fields}, headers={**QUAY, "Content-Type": "application/json"})


def test_quay_pings_the_metrics(running):
    answer = running.get("/v1/metrics", headers=QUAY)
    assert answer.status == 200 and answer.header("Connection") == "close"
    assert 'clair_api_response_duration_milliseconds_count{code="201",route="v1/postVulnerability"} 3' in answer.text


def test_quay_indexes(running, layer_server):
    """Its own ids, parents first; the engine version that it wants is 3; the registry's token is passed on."""
    image = Image(layer_server, token="Bearer eyJhbGciOi")
    for name, url, parent in image.chain([quay_id(digest) for digest in image.digests]):
        answer = quay_post(running, name, url, parent, token="Bearer eyJhbGciOi")
        assert 200 <= answer.status < 300 and answer.json["Layer"]["IndexedByVersion"] == 3
        assert answer.header("Connection") == "close"


def test_quay_reads(running, image):
    """Whatever it reads of a feature has to be there; FixedBy only where there is one."""
    names = [quay_id(digest) for digest in image.digests]
    for name, url, parent in image.chain(names):
        assert quay_post(running, name, url, parent).status == 201
    layer = running.get(f"/v1/layers/{names[-1]}?vulnerabilities=True", headers=QUAY).json["Layer"]
    assert (layer["Name"], layer["ParentName"]) == (names[2], names[1])
    assert (layer["NamespaceName"], layer["IndexedByVersion"]) == ("debian:9", 3)
    for feature in layer["Features"]:
        assert all(feature[field] for field in ("Name", "VersionFormat", "NamespaceName", "AddedBy", "Version"))
        assert feature["AddedBy"].split(".")[0] in [digest.split(":")[1] for digest in image.digests]
        for vulnerability in feature.get("Vulnerabilities", []):
            assert vulnerability["Severity"] in SEVERITIES and vulnerability["Name"] and vulnerability["Link"]
            assert vulnerability.get("FixedBy") != ""
    assert found(layer) == ALL
    only = running.get(f"/v1/layers/{names[-1]}?features=True", headers=QUAY).json["Layer"]
    assert len(only["Features"]) == 3 and found(only) == set()
    assert running.get(f"/v1/layers/{quay_id('sha256:' + '0' * 64)}?vulnerabilities=True", headers=QUAY).status == 404


def test_quay_posts_missing_parents_again(running, image):
    names = [quay_id(digest) for digest in image.digests]
    answer = quay_post(running, names[1], image.urls[1], names[0])
    assert answer.status == 400
    assert answer.json["Error"]["Message"] == "worker: parent layer is unknown, it must be processed first"
    assert quay_post(running, names[0], image.urls[0]).status == 201
    assert quay_post(running, names[1], image.urls[1], names[0]).status == 201


def test_quay_gives_up_on_what_cannot_be_read(running, layer_server):
    """422 and 400 with a message in JSON are final; anything else would be tried for ever."""
    broken = layer_server.add("broken", b"x" * 1024)
    answer = quay_post(running, "broken", broken)
    assert answer.status == 422 and answer.json["Error"]["Message"]
    answer = quay_post(running, "gone", f"{layer_server.url}/gone")
    assert answer.status == 400 and answer.json["Error"]["Message"] == "could not find layer"


def test_quay_hangs_up_before_the_layer_is_done(running, layer_server, backend):
    """It waits ten seconds; the work goes on, and its next post finds it done."""
    gate = threading.Event()
    url = layer_server.add("slow.tar", images.debian_9(*BASE), gate=gate)
    body = json.dumps({"Layer": {"Name": "slow", "Path": url, "Format": "Docker"}}).encode()
    data = raw_http.request_bytes("POST", "/v1/layers", f"127.0.0.1:{running.port}", QUAY, body)
    with socket.create_connection(("127.0.0.1", running.port)) as connection:
        connection.sendall(data)
        wait_until(lambda: "/slow.tar" in layer_server.paths())
    gate.set()
    wait_until(lambda: running.get("/v1/layers/slow", headers=QUAY).status == 200)
    fetched = layer_server.paths().count("/slow.tar")
    assert quay_post(running, "slow", url).status == 201
    assert layer_server.paths().count("/slow.tar") == fetched == 1


def test_quay_collects_garbage(running, image):
    names = [quay_id(digest) for digest in image.digests]
    for name, url, parent in image.chain(names):
        quay_post(running, name, url, parent)
    assert running.delete(f"/v1/layers/{names[0]}", headers=QUAY).status == 200
    assert [running.get(f"/v1/layers/{name}?features=True", headers=QUAY).status for name in names] == [404] * 3
    assert running.delete(f"/v1/layers/{names[0]}", headers=QUAY).status == 404


def quay_pages(server, name, limit):
    """Follows NextPage as the notification worker does, holding each page to what the worker asserts."""
    page, pages = None, []
    while True:
        query = {"limit": limit, **({"page": page} if page else {})}
        answer = server.get(f"/v1/notifications/{name}?{urllib.parse.urlencode(query)}", headers=QUAY)
        assert answer.status == 200, answer.text
        notification = answer.json["Notification"]
        for side in ("Old", "New"):
            ordered = notification.get(side, {}).get("OrderedLayersIntroducingVulnerability", [])
            plain = notification.get(side, {}).get("LayersIntroducingVulnerability", [])
            assert len(ordered) <= limit and [entry["LayerName"] for entry in ordered] == plain
            assert [entry["Index"] for entry in ordered] == sorted({entry["Index"] for entry in ordered})
        pages.append(notification)
        page = notification.get("NextPage")
        if not page:
            return pages


def entries(page, side):
    return [(e["Index"], e["LayerName"]) for e in page.get(side, {}).get("OrderedLayersIntroducingVulnerability", [])]


def newly_affected(pages, limit):
    """The layers that New has and Old has not, told while the pages come in: both are in the same order."""
    old, new, told = [], [], []
    for page in pages:
        old += entries(page, "Old")
        new += entries(page, "New")
        old_ended = len(entries(page, "Old")) < limit
        while new and (old or old_ended):
            if old and old[0] < new[0]:
                old.pop(0)
            elif old and old[0] == new[0]:
                old.pop(0)
                new.pop(0)
            else:
                told.append(new.pop(0)[1])
    return told


def curl_layer(layer_server, name, version):
    return layer_server.add(name, images.debian_9(("curl", version)))


@pytest.mark.parametrize("limit", [1, 2, 3, 1000])
def test_quay_pages_a_notification(server, backend, layer_server, webhook, limit):
    """An advisory that gets worse: those are told that were not affected before, on whatever pages they come."""
    running = server(backend, notifier={"http": {"endpoint": f"{webhook.url}/secscan/notify"}})
    versions = {f"layer{i}.{STORAGE}": "7.52" if i % 3 == 0 else "7.55" for i in range(8)}
    for name, version in versions.items():
        assert quay_post(running, name, curl_layer(layer_server, name, version)).status == 201
    fields = {"Name": "CVE-2018-0001", "Severity": "Medium", "Link": "https://example.org",
              "FixedIn": [{"Name": "curl", "Version": "7.53"}]}
    add_vulnerability(running, fields)
    first = posted(webhook)
    pages = quay_pages(running, first, limit)
    assert all("Old" not in page for page in pages)
    assert [name for page in pages for _, name in entries(page, "New")] == [n for n, v in versions.items() if v == "7.52"]

    add_vulnerability(running, {**fields, "FixedIn": [{"Name": "curl", "Version": "7.60"}]})
    pages = quay_pages(running, posted(webhook), limit)
    assert newly_affected(pages, limit) == [name for name, version in versions.items() if version == "7.55"]
    assert [name for page in pages for _, name in entries(page, "New")] == list(versions)
    assert {page["Old"]["Vulnerability"]["FixedIn"][0]["Version"] for page in pages} == {"7.53"}
    assert {page["New"]["Vulnerability"]["Severity"] for page in pages} == {"Medium"}


def posted(webhook):
    """The name of the next notification, whose form is the one that is known."""
    path, headers, body = webhook.next()
    assert path == "/secscan/notify" and dict(headers)["Content-Type"] == "application/json"
    assert body == go_bytes({"Notification": {"Name": json.loads(body)["Notification"]["Name"]}})
    return json.loads(body)["Notification"]["Name"]


def go_bytes(value):
    return json.dumps(value, separators=(",", ":")).encode()


def test_quay_ends_a_notification(running, webhook):
    """After the last page it is deleted; one that is not there is deleted all the same."""
    name = json.loads(webhook.next()[2])["Notification"]["Name"]
    assert running.get(f"/v1/notifications/{name}?limit=1000", headers=QUAY).json["Notification"]["Name"] == name
    answer = running.delete(f"/v1/notifications/{name}", headers=QUAY)
    assert (answer.status, answer.body) == (200, b"")
    assert running.get(f"/v1/notifications/{name}?limit=1000", headers=QUAY).json["Notification"]["Deleted"].isdecimal()
    assert running.delete("/v1/notifications/d1f3a1b2-0000-4000-8000-000000000000", headers=QUAY).status == 404


def test_a_webhook_may_read_and_delete_before_it_answers(server, backend, layer_server, webhook):
    """clair-sqs does: nothing about a notification may be locked while it is being sent."""
    running = server(backend, notifier={"http": {"endpoint": f"{webhook.url}/notify"}})
    add_namespace(running, layer_server)
    seen = []

    def handle(body):
        name = json.loads(body)["Notification"]["Name"]
        answer = running.get(f"/v1/notifications/{name}?limit=10", headers=GO)
        seen.append((answer.status, running.delete(f"/v1/notifications/{name}", headers=GO).status))

    webhook.before = handle
    for fields in VULNERABILITIES[:2]:
        add_vulnerability(running, fields)
        webhook.next()
    assert seen == [(200, 200), (200, 200)]
