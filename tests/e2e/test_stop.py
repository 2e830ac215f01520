"""How the server ends while something it needs does not move."""
import contextlib
import os
import signal
import socket
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


@contextlib.contextmanager
def frozen(postgres, url):
    """The database's connections no longer answer: a machine that hangs, a network that swallows everything."""
    pids = [int(row[0]) for row in postgres.sql("SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                                                " AND pid <> pg_backend_pid()", url)]
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@ours_only
def test_a_database_that_hangs_does_not_keep_it(server, postgres):
    running = server("postgresql")
    assert running.get("/v1/namespaces").status == 200
    with frozen(postgres, running.config["database"]["options"]["source"]):
        edit = threading.Thread(target=attempt, args=(running, {}))
        edit.start()
        running.process.terminate()
        assert running.process.wait(30) in (0, 2), running.output()
        edit.join()
    assert "Sanitizer" not in running.errors, running.errors


@ours_only
def test_a_second_signal_ends_it_while_it_waits_for_the_database(server):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = f"host=127.0.0.1 port={silent.getsockname()[1]} dbname=x user=x"
        running = server("postgresql", start=False, database={"type": "pgsql", "options": {"source": source}})
        running.start(ready=False)
        with silent.accept()[0]:
            running.process.terminate()
            wait_until(lambda: any("gracefully stopping" in line["Event"] for line in running.log), 5)
            running.process.terminate()
            assert running.process.wait(5) == 2, running.output()


@ours_only
def test_the_download_of_an_update_is_broken_off(server, backend):
    """Its server takes the connection, and then says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        proxy = f"http://127.0.0.1:{silent.getsockname()[1]}"
        running = server(backend, start=False, updater={"interval": "1h"})
        running.start(env={**os.environ, "https_proxy": proxy, "http_proxy": proxy})
        with silent.accept()[0]:
            running.process.terminate()
            assert running.process.wait(5) == 0, running.output()
