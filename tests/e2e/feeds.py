"""What the tests of data sources have in common: updating from a sample, and reading the database behind clair's back."""
import sqlite3
import subprocess

# As severities and states are stored.
UNKNOWN, NEGLIGIBLE, LOW, MEDIUM, HIGH, CRITICAL = range(6)
AFFECTED, FIXED, DEFERRED, WILL_NOT_FIX, END_OF_LIFE, FIXED_IN_PRO = range(6)

QUERY = """SELECT n.name, v.name, p.name, f.introduced_version, f.fixed_version, f.state, f.severity, v.severity, v.cves
	FROM vulnerability v JOIN namespace n ON n.id = v.namespace_id
	JOIN fix f ON f.vulnerability_id = v.id JOIN package p ON p.id = f.package_id
	WHERE v.deleted_at IS NULL"""


def update(clair, database, source, location, *options):
    """Returns what clair said."""
    run = subprocess.run([clair, "update", "--db", database, "--from", f"{source}={location}", *options, source],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    assert run.returncode == 0, run.stdout
    return run.stdout


def rows(database, where=""):
    """{(namespace, name, package, introduced): (fixed version, state, severity of the fix, of the advisory, CVEs)}"""
    connection = sqlite3.connect(database)
    found = connection.execute(QUERY + where).fetchall()
    connection.close()
    return {row[:4]: (*row[4:8], tuple(row[8].split())) for row in found}


def differences(got, want):
    return {k: (got.get(k), want.get(k)) for k in got.keys() | want.keys() if got.get(k) != want.get(k)}


def scan(clair, database, target):
    """The report as JSON text: what is found in an image or layer."""
    run = subprocess.run([clair, "scan", "--db", database, "--format", "json", target], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, encoding="utf-8")
    assert run.returncode in (0, 1), run.stderr
    return run.stdout
