"""Replays what is written down in tests/data/api (form: the README there) against a running server."""
import gzip
import json
import pathlib
import re
import time

import images
import raw_http

DATA = pathlib.Path(__file__).resolve().parent.parent / "data" / "api"

PLACEHOLDERS = {
    "time": r"\d{10}",
    "int": r"\d+",
    "text": r'(?:[^"\\]|\\.)+',
    "token": r"[A-Za-z0-9_=-]+",
}

JSON_HEADERS = {"Content-Type": "application/json;charset=utf-8", "Server": "clair", "Content-Encoding": None, "Location": None}
TEXT_HEADERS = {"Content-Type": "text/plain; charset=utf-8", "Content-Encoding": None, "Location": None}
EMPTY_HEADERS = {"Content-Type": None, "Content-Length": "0", "Content-Encoding": None, "Location": None}


def load(name):
    return json.loads((DATA / name).read_text())


def cases():
    """(file, case) of every file but the layers."""
    return [(path.stem, case) for path in sorted(DATA.glob("*.json")) if path.stem != "layer-files"
            for case in load(path.name)["cases"]]


def go_json(value):
    """JSON as the original writes it: keys in the order given, no blanks, <, >, & and two line separators escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text + "\n"


def layer_bytes(spec):
    if "text" in spec:
        return plain_text(spec["text"])
    made = images.Layer()
    for name, content in spec["files"].items():
        made.file(name, content)
    raw = made.bytes()
    return gzip.compress(raw, mtime=0) if spec.get("gzip") else raw


def plain_text(text):
    """The bytes of a string; of a list of strings and [string, times] one after the other. \\udcXX is the byte XX."""
    parts = [text] if isinstance(text, str) else [p if isinstance(p, str) else p[0] * p[1] for p in text]
    return "".join(parts).encode("utf-8", "surrogateescape")


def serve_layers(layer_server):
    for name, spec in load("layer-files.json")["layers"].items():
        how = {key: spec[key] for key in ("status", "location", "headers", "cut") if key in spec}
        layer_server.add(name, layer_bytes(spec)[:spec.get("length")], **how)


def substitute(value, variables):
    """Puts the variables in, in every string of a JSON value."""
    if isinstance(value, str):
        return re.sub(r"\{\{(\w+)\}\}", lambda m: variables.get(m[1], m[0]), value)
    if isinstance(value, list):
        return [substitute(item, variables) for item in value]
    if isinstance(value, dict):
        return {substitute(key, variables): substitute(item, variables) for key, item in value.items()}
    return value


def pattern(text):
    """A regular expression of a text with placeholders; {{token:name}} is remembered as name."""
    made = ""
    for part in re.split(r'("\{\{int\}\}"|\{\{\w+(?::\w+)?\}\})', text):
        kind, _, name = part.strip('"').strip("{}").partition(":")
        if part.startswith(('{{', '"{{')) and kind in PLACEHOLDERS:
            made += f"(?P<{name}>{PLACEHOLDERS[kind]})" if name else PLACEHOLDERS[kind]
        else:
            made += re.escape(part)
    return made


def shuffled(value):
    """The same value with every list sorted, for answers without an order."""
    if isinstance(value, list):
        return sorted((shuffled(item) for item in value), key=json.dumps)
    if isinstance(value, dict):
        return {key: shuffled(item) for key, item in value.items()}
    return value


class Replay:
    """One server and what the steps so far have learned."""

    def __init__(self, server, layer_server, webhook, original=False):
        self.server = server
        self.webhook = webhook
        self.original = original  # it is the original that runs
        self.variables = {"layers": layer_server.url}

    def run(self, case):
        """Runs every step; a list of what was not as expected, as text."""
        wrong = []
        for number, step in enumerate(case["steps"], 1):
            if "webhook" in step:
                self.wait_webhook(step["webhook"])
                continue
            answer = self.send(step)
            expect = step.get("original", step["expect"]) if self.original else step["expect"]
            wrong += [f"{case['name']}, step {number}, {step['request'][:120]}: {what}" for what in self.compare(answer, expect)]
        return wrong

    def wait_webhook(self, variable):
        """Waits for a notification, and until it is marked as sent, which comes after its being sent."""
        name = json.loads(self.webhook.next()[2])["Notification"]["Name"]
        self.variables[variable] = name
        deadline = time.monotonic() + 30
        while "Notified" not in self.server.get(f"/v1/notifications/{name}?limit=1").json["Notification"]:
            assert time.monotonic() < deadline, f"notification {name} is never marked as sent"
            time.sleep(0.02)

    def body(self, step):
        if "text" in step:
            return plain_text(substitute(step["text"], self.variables))
        return json.dumps(substitute(step["body"], self.variables)).encode() if "body" in step else None

    def send(self, step):
        client = self.server.health if step.get("port") == "health" else self.server
        method, path = substitute(step["request"], self.variables).split(" ", 1)
        if "raw" in step:
            return raw_http.send(client.port, step["raw"].encode(), method)
        return client.request(method, path, self.body(step), step.get("headers", {}), step.get("version", "1.1"))

    def compare(self, answer, expect):
        expect = substitute(expect, self.variables)
        if answer.status not in (expect["status"] if isinstance(expect["status"], list) else [expect["status"]]):
            return [f"status {answer.status} {answer.body[:300]!r}, not {expect['status']}"]
        wrong = []
        if answer.reason != expect.get("reason", answer.reason):
            wrong.append(f"reason {answer.reason!r}, not {expect['reason']!r}")
        implied = JSON_HEADERS if "json" in expect else TEXT_HEADERS if "text" in expect else EMPTY_HEADERS
        if expect.get("any_body"):
            implied = {}
        for name, value in {**implied, **expect.get("headers", {})}.items():
            if answer.header(name) != value:
                wrong.append(f"{name}: {answer.header(name)!r}, not {value!r}")
        if "allow" in expect and sorted((answer.header("Allow") or "").replace(",", " ").split()) != sorted(expect["allow"]):
            wrong.append(f"Allow: {answer.header('Allow')!r}, not {expect['allow']}")
        return wrong + self.compare_body(answer, expect)

    def compare_body(self, answer, expect):
        text = answer.text
        if expect.get("any_body"):
            return []
        if expect.get("unordered"):
            equal = go_json(shuffled(answer.json)) == go_json(shuffled(expect["json"])) and go_json(answer.json) == text
            return [] if equal else [f"body {text!r}, not in any order {expect['json']}"]
        wanted = go_json(expect["json"]) if "json" in expect else expect.get("text", "")
        found = re.fullmatch(pattern(wanted), text)
        if not found:
            return [f"body {text!r}, not {wanted!r}"]
        self.variables.update(found.groupdict())
        return [] if ascending(text) else [f"layers not in ascending order: {text!r}"]


def ascending(text):
    """Whether each list of layers with an Index has it in ascending order."""
    for found in re.findall(r'"OrderedLayersIntroducingVulnerability":\[(.*?)\]', text):
        indexes = [int(number) for number in re.findall(r'"Index":(\d+)', found)]
        if any(a >= b for a, b in zip(indexes, indexes[1:])):
            return False
    return True
