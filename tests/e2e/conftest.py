"""What the end-to-end tests share: the program, the test material, and ways to run a scan."""
import json
import os
import pathlib
import subprocess
import types

import pytest

import images
import postgres as postgres_module
import server as server_module

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def pytest_configure(config):
    config.addinivalue_line("markers", "whole: reads a whole archive of a publisher's, which takes minutes in a sanitized build")


@pytest.fixture(scope="session")
def clair():
    """The program: $CLAIR, or build/clair."""
    path = pathlib.Path(os.environ.get("CLAIR", ROOT / "build" / "clair"))
    if not path.exists():
        pytest.fail(f"{path} is missing; build it first")
    return str(path)


@pytest.fixture(scope="session")
def shared_data():
    """Test material that is not part of the repository: $CLAIR_SHARED_DATA, or ../shared/data."""
    path = pathlib.Path(os.environ.get("CLAIR_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{path} is missing")
    return path


@pytest.fixture(scope="session")
def postgres(request):
    """A PostgreSQL: postgres.database() makes a fresh database and returns its URL; .sql(statement, url), .pause(), .resume()."""
    programs = postgres_module.find_programs()
    if not programs:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("PostgreSQL is not installed")
    cluster = postgres_module.Postgres(programs)
    request.addfinalizer(cluster.stop)
    cluster.start()
    return cluster


@pytest.fixture(params=server_module.BACKENDS)
def backend(request):
    """Runs the test once for each kind of database."""
    return request.param


@pytest.fixture
def server(clair, request):
    """server(backend, …) starts a server; see server.Factory."""
    factory = server_module.Factory(clair, lambda: request.getfixturevalue("postgres"))
    yield factory
    factory.close()


@pytest.fixture
def layer_server():
    """layer_server.add("name", bytes) → URL; .requests; see server.LayerServer."""
    made = server_module.LayerServer()
    yield made
    made.close()


@pytest.fixture
def webhook():
    """webhook.url for notifier.http.endpoint; webhook.next() waits for what is posted there."""
    made = server_module.Webhook()
    yield made
    made.close()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """ca.crt, and server and client certificates that it signed; another.crt signed itself."""
    directory = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=True)

    for name in ("ca", "another"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout",
                f"{name}.key", "-out", f"{name}.crt")
    (directory / "ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    for name in ("server", "client"):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", "ext", "-out", f"{name}.crt")
    return directory


TRACKER = {
    "alpha": {"CVE-2024-0001": images.record(bookworm="1.0-2"), "CVE-2024-0002": images.record(bookworm=None)},
    "beta": {"CVE-2024-0003": images.record(bookworm={"status": "resolved", "fixed_version": "2:1.5-1", "urgency": "high"})},
    "gamma": {"CVE-2024-0004": images.record(bookworm={"urgency": "unimportant"}),
              "CVE-2024-0005": images.record(bookworm={"urgency": "medium", "nodsa": "Minor", "nodsa_reason": "ignored"}),
              "CVE-2024-0006": images.record(bookworm="0")},
}


@pytest.fixture(scope="session")
def tracker_database(clair, tmp_path_factory):
    """A database with TRACKER; use a copy (the fixture `database`)."""
    directory = tmp_path_factory.mktemp("tracker")
    (directory / "tracker.json").write_text(json.dumps(TRACKER))
    subprocess.run([clair, "update", "--db", directory / "clair.db", "--from", f"debian={directory / 'tracker.json'}"],
                   check=True, stdout=subprocess.DEVNULL)
    return directory / "clair.db"


@pytest.fixture
def database(tracker_database, tmp_path):
    path = tmp_path / "clair.db"
    path.write_bytes(tracker_database.read_bytes())
    return path


@pytest.fixture
def scan(clair, database):
    """scan(target, …, options=[…]) runs `clair scan --format json`; .json, .targets, .status, .errors."""
    def run(*targets, options=(), fmt="json", env=None, db=None, **kwargs):
        done = subprocess.run([clair, "scan", "--db", db or database, *(["--format", fmt] if fmt else []), *options, *targets],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", timeout=120,
                              stdin=subprocess.DEVNULL, check=False, env={**os.environ, **(env or {})}, **kwargs)
        assert "Sanitizer" not in done.stderr, done.stderr
        report = json.loads(done.stdout) if fmt == "json" and done.stdout else None
        return types.SimpleNamespace(status=done.returncode, out=done.stdout, errors=done.stderr, json=report,
                                     targets=report["targets"] if report else [])

    return run


@pytest.fixture
def write(tmp_path):
    """write(name, content) makes a file in the test's directory."""
    def make(name, content):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def packages(target):
    return sorted((p["name"], p["version"]) for p in target["packages"])


def findings(target):
    return [(v["id"], v["package"]) for v in target["vulnerabilities"]]
