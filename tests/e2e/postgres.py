"""A PostgreSQL of our own for the tests: in a private directory, on a free port, gone afterwards."""
import glob
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import time
import urllib.parse

from ports import free_ports

PASSWORD = "p@ss w/rd?"  # every character that a URL has to escape

# Who may come in how, over TCP: postgres without a password, scram with one, tls with one and over TLS only.
HBA = """\
local all all trust
host replication postgres 127.0.0.1/32 trust
host all postgres 127.0.0.1/32 trust
host all scram 127.0.0.1/32 scram-sha-256
hostssl all tls 127.0.0.1/32 scram-sha-256
"""

CONF = """\
port = {port}
listen_addresses = '127.0.0.1'
unix_socket_directories = '{directory}'
fsync = off
full_page_writes = off
max_connections = 200
password_encryption = 'scram-sha-256'
ssl = on
ssl_cert_file = '{directory}/server.crt'
ssl_key_file = '{directory}/server.key'
"""


def find_programs():
    """The directory of initdb and postgres of the newest version, None when there is none."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[-2]))
    return pathlib.Path(found[-1]) if found else None


class Postgres:
    """initdb and postgres refuse to be run by root: then they run as the user postgres."""

    def __init__(self, programs):
        self.programs = programs
        self.directory = tempfile.mkdtemp(prefix="clair-postgres-")
        self.data = f"{self.directory}/data"
        self.ca = f"{self.directory}/server.crt"
        self.port = free_ports(1)[0]
        self.count = 0
        self.process = None
        self.as_user = {}
        if os.getuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.directory, user.pw_uid, user.pw_gid)
            os.chmod(self.directory, 0o755)
            self.as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def run(self, *command):
        done = subprocess.run([str(c) for c in command], cwd=self.directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, **self.as_user)
        assert done.returncode == 0, done.stdout

    def start(self):
        self.run(self.programs / "initdb", "--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale", "C",
                 "-D", self.data)
        self.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                 "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", f"{self.directory}/server.key", "-out", self.ca)
        self.write("postgresql.conf", CONF.format(port=self.port, directory=self.directory))
        self.write("pg_hba.conf", HBA)
        self.resume()
        for role in ("scram", "tls"):
            self.sql(f"CREATE ROLE {role} LOGIN SUPERUSER PASSWORD '{PASSWORD}'")

    def write(self, name, content):
        path = pathlib.Path(self.data) / name
        path.write_text(content)

    def resume(self):
        """Starts it, also after pause()."""
        with open(f"{self.directory}/log", "ab") as log:
            self.process = subprocess.Popen([self.programs / "postgres", "-D", self.data], cwd=self.directory,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self.as_user)
        deadline = time.monotonic() + 60
        while subprocess.run([self.programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)],
                             check=False).returncode:
            assert self.process.poll() is None and time.monotonic() < deadline, pathlib.Path(f"{self.directory}/log").read_text()
            time.sleep(0.05)

    def pause(self):
        """Stops it at once, as a failing machine would; the data stays."""
        self.process.send_signal(3)  # SIGQUIT: immediate shutdown
        self.process.wait(60)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.pause()
        shutil.rmtree(self.directory, ignore_errors=True)

    def standby(self):
        """A second cluster that follows this one; started, stopped by the caller."""
        other = Postgres(self.programs)
        other.run(self.programs / "pg_basebackup", "-h", "127.0.0.1", "-p", self.port, "-U", "postgres", "-D", other.data,
                  "-R", "-c", "fast")
        other.write("postgresql.conf", CONF.format(port=other.port, directory=self.directory).replace(
            f"unix_socket_directories = '{self.directory}'", f"unix_socket_directories = '{other.directory}'"))
        other.resume()
        return other

    def promote(self):
        """Makes a standby take over."""
        self.run(self.programs / "pg_ctl", "-D", self.data, "-w", "promote")

    def url(self, name, user="postgres", sslmode="disable", **parameters):
        login = user if user == "postgres" else f"{user}:{urllib.parse.quote(PASSWORD, safe='')}"
        query = urllib.parse.urlencode({"sslmode": sslmode, **parameters}, quote_via=urllib.parse.quote)
        return f"postgresql://{login}@127.0.0.1:{self.port}/{name}?{query}"

    def database(self, **how):
        """Makes a fresh database; its libpq URL. `how` as in url()."""
        self.count += 1
        name = f"clair{self.count}"
        self.sql(f"CREATE DATABASE {name}")
        return self.url(name, **how)

    def sql(self, statement, url=None):
        """Runs SQL with psql; the rows as lists of text."""
        done = subprocess.run([self.programs / "psql", "-X", "-q", "-A", "-t", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-d",
                               url or self.url("postgres"), "-c", statement],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return [line.split("\x1f") for line in done.stdout.splitlines()]
