"""How the server ends while something it needs does not move."""
import contextlib
import subprocess
import threading

from server import ours_only, wait_until

VULNERABILITY = {"Name": "CVE-1", "NamespaceName": "debian:9", "Severity": "Low", "FixedIn": [
    {"Name": "curl", "NamespaceName": "debian:9", "VersionFormat": "dpkg", "Version": "2"}]}
LIST = "/v1/namespaces/debian:9/vulnerabilities"


@contextlib.contextmanager
def locked(postgres, url):
    """Nobody else can read or write vulnerabilities."""
    with subprocess.Popen([postgres.programs / "psql", "-X", "-q", "-d", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as psql:
        psql.stdin.write("BEGIN; LOCK TABLE vulnerability IN ACCESS EXCLUSIVE MODE;\n\\echo locked\n")
        psql.stdin.flush()
        assert psql.stdout.readline() == "locked\n"
        yield
        psql.stdin.close()


def attempt(running, change):
    """The server may end before it answers."""
    with contextlib.suppress(OSError, EOFError, ValueError):
        running.post(LIST, {"Vulnerability": {**VULNERABILITY, **change}})


def waiting(postgres):
    return postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") != [["0"]]


@ours_only
def test_an_edit_that_ends_after_the_server_was_told_to(server, postgres):
    running = server("postgresql", notifier={"http": {"endpoint": "http://127.0.0.1:1/"}})
    source = running.config["database"]["options"]["source"]
    assert running.post(LIST, {"Vulnerability": VULNERABILITY}).status == 201
    with locked(postgres, source):
        edit = threading.Thread(target=attempt, args=(running, {"Severity": "High"}))
        edit.start()
        wait_until(lambda: waiting(postgres))
        running.process.terminate()
        wait_until(lambda: any(line["Event"] == "health API stopped" for line in running.log))
    edit.join()
    assert running.process.wait(60) == 0, running.output()
    assert "Sanitizer" not in running.errors, running.errors
    assert postgres.sql("SELECT count(*) FROM notification", source) == [["2"]]
