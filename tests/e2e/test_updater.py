"""The updater of the service: when it updates, what it leaves behind, and what becomes a notification."""
import json
import sqlite3
import threading
import time

import images
from server import only_sources, ours_only, wait_until

pytestmark = ours_only  # the original's sources cannot be told to be elsewhere


class Tracker:
    """A Debian tracker in a file: {package: {CVE: fixed version in stretch, or None}}."""

    def __init__(self, path):
        self.path = path
        self.write({"curl": {"CVE-2020-0001": "8"}})

    def write(self, packages):
        def release(fixed):
            return {"status": "resolved", "fixed_version": fixed, "urgency": "high"} if fixed else {"status": "open", "urgency": "high"}

        document = {name: {cve: {"releases": {"stretch": release(fixed)}} for cve, fixed in cves.items()}
                    for name, cves in packages.items()}
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(document))
        new.rename(self.path)  # whole at any moment

    def config(self, interval="1s"):
        return {"interval": interval, "sources": only_sources(debian=self.path)}


def events(server, name):
    return [line for line in server.log if line["Event"] == name]


def vulnerability(server, name):
    return server.get(f"/v1/namespaces/debian:9/vulnerabilities/{name}?fixedIn")


def last_update(server, postgres=None):
    """updater/last, read as others read it: by SQL."""
    options = server.config["database"]["options"]
    statement = "SELECT value FROM keyvalue WHERE key='updater/last'"
    if server.config["database"]["type"] == "sqlite":
        rows = sqlite3.connect(options["path"]).execute(statement).fetchall()
        return rows[0][0] if rows else ""
    rows = postgres.sql(statement, options["source"])
    return rows[0][0] if rows else ""


def test_updates_at_the_start_and_again(server, backend, postgres, tmp_path):
    tracker = Tracker(tmp_path / "tracker.json")
    before = int(time.time())
    running = server(backend, updater=tracker.config())
    wait_until(lambda: vulnerability(running, "CVE-2020-0001").status == 200)
    wait_until(lambda: last_update(running, postgres) != "")
    assert before <= int(last_update(running, postgres)) <= int(time.time())
    tracker.write({"curl": {"CVE-2020-0001": "8", "CVE-2020-0002": None}})
    wait_until(lambda: vulnerability(running, "CVE-2020-0002").status == 200)
    result = events(running, "finished fetching")[0]
    assert result["updater name"] == "debian" and (result["advisories"], result["new"], result["notifications"]) == (1, 1, 0)
    metrics = running.get("/v1/metrics").text
    assert 'clair_updater_advisories{source="debian"} 2\n' in metrics
    assert "clair_updater_errors_total 0\n" in metrics


def test_waits_for_the_interval_of_an_earlier_update(server, backend, postgres, tmp_path):
    """Also of one by another instance, or before a restart."""
    tracker = Tracker(tmp_path / "tracker.json")
    first = server(backend, updater=tracker.config("1h"))
    wait_until(lambda: events(first, "update finished"))
    first.stop()
    again = server(backend, updater=tracker.config("1h"), database=first.config["database"])
    again.get("/v1/namespaces")
    wait_until(lambda: events(again, "updater service started"))
    assert vulnerability(again, "CVE-2020-0001").status == 200
    again.stop()
    assert not events(again, "updating vulnerabilities")


def test_failure_keeps_the_old_data_and_the_old_time(server, backend, postgres, tmp_path):
    tracker = Tracker(tmp_path / "tracker.json")
    running = server(backend, updater=tracker.config())
    wait_until(lambda: last_update(running, postgres) != "")
    tracker.path.write_text('{"curl": {"CVE-2020-0001": ')
    wait_until(lambda: events(running, "an error occured when fetching update"))
    time_of_failure = last_update(running, postgres)
    assert vulnerability(running, "CVE-2020-0001").status == 200
    assert str(tracker.path) in events(running, "an error occured when fetching update")[0]["error"]
    metrics = running.get("/v1/metrics").text
    assert "clair_updater_errors_total 0\n" not in metrics
    tracker.write({"curl": {"CVE-2020-0001": "9"}})
    wait_until(lambda: vulnerability(running, "CVE-2020-0001").json["Vulnerability"]["FixedIn"][0]["Version"] == "9")
    wait_until(lambda: int(last_update(running, postgres)) > int(time_of_failure))


def test_changes_notify_but_the_first_update_does_not(server, backend, layer_server, webhook, tmp_path):
    tracker = Tracker(tmp_path / "tracker.json")
    running = server(backend, updater=tracker.config(), notifier={"all": None, "http": {"endpoint": webhook.url}})
    url = layer_server.add("base.tar", images.debian_9(("curl", "7.52.1-5")))
    assert running.post_layer("base", url).status == 201
    wait_until(lambda: events(running, "update finished"))
    # One that touches the layer, and one that touches nothing.
    tracker.write({"curl": {"CVE-2020-0001": "8", "CVE-2020-0002": None}, "wget": {"CVE-2020-0003": None}})
    name = json.loads(webhook.next()[2])["Notification"]["Name"]
    notification = running.get(f"/v1/notifications/{name}?limit=10").json["Notification"]
    assert "Old" not in notification
    assert notification["New"]["Vulnerability"]["Name"] == "CVE-2020-0002"
    assert notification["New"]["LayersIntroducingVulnerability"] == ["base"]
    tracker.write({"curl": {"CVE-2020-0001": "7.1", "CVE-2020-0002": None}, "wget": {"CVE-2020-0003": None}})
    name = json.loads(webhook.next()[2])["Notification"]["Name"]
    notification = running.get(f"/v1/notifications/{name}?limit=10").json["Notification"]
    assert notification["Old"]["LayersIntroducingVulnerability"] == ["base"]
    assert "LayersIntroducingVulnerability" not in notification["New"]
    assert [line["notifications"] for line in events(running, "finished fetching") if not line["up to date"]][:3] == [0, 1, 1]
    assert webhook.posted.empty()


def test_several_instances_update_once(server, postgres, layer_server, webhook, tmp_path):
    """Of four, one at a time; a change is one notification, whoever made it."""
    tracker = Tracker(tmp_path / "tracker.json")
    made = dict(updater=tracker.config(), notifier={"http": {"endpoint": webhook.url}})
    instances = [server("postgresql", **made)]
    instances += [server("postgresql", database=instances[0].config["database"], **made) for _ in range(3)]
    url = layer_server.add("base.tar", images.debian_9(("curl", "7.52.1-5")))
    assert instances[1].post_layer("base", url).status == 201
    wait_until(lambda: any(events(one, "update finished") for one in instances))
    names = []
    for number in range(2, 7):
        tracker.write({"curl": {f"CVE-2020-000{i}": "8" for i in range(1, number + 1)}})
        names.append(json.loads(webhook.next()[2])["Notification"]["Name"])
        if number == 4:
            updating = max(instances, key=lambda one: len(events(one, "update finished")))
            updating.kill()
            # Its lock may be held for as long as 10 minutes: that of a dead instance is taken over when it has expired.
            postgres.sql("UPDATE lock SET until = 1 WHERE name = 'updater'", updating.config["database"]["options"]["source"])
            instances.remove(updating)
    assert len(set(names)) == 5 and webhook.posted.empty()
    listed = instances[0].get("/v1/namespaces/debian:9/vulnerabilities?limit=100").json["Vulnerabilities"]
    assert sorted(one["Name"] for one in listed) == [f"CVE-2020-000{i}" for i in range(1, 7)]


def test_stops_in_the_middle_of_a_download(server, layer_server, tmp_path):
    """And releases its lock."""
    gate = threading.Event()
    layer_server.add("tracker.json", b"{}", gate=gate)
    running = server("sqlite", updater={"interval": "1h", "sources": only_sources(debian=layer_server.url + "/tracker.json")})
    wait_until(lambda: layer_server.requests)
    start = time.monotonic()
    running.stop()
    assert time.monotonic() - start < 10
    gate.set()
    locks = sqlite3.connect(running.config["database"]["options"]["path"]).execute("SELECT name FROM lock").fetchall()
    assert locks == []


def test_disabled_source_and_disabled_updater(server, backend, tmp_path):
    tracker = Tracker(tmp_path / "tracker.json")
    config = tracker.config()
    config["sources"]["debian"]["enabled"] = False
    running = server(backend, updater=config)
    wait_until(lambda: events(running, "update finished"))
    assert vulnerability(running, "CVE-2020-0001").status == 404
    off = server(backend, updater=tracker.config("0s"))
    wait_until(lambda: events(off, "updater service is disabled."))
