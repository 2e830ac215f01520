-- What more sources say: parts of them, CVEs of advisories, architectures, records of CVEs.

ALTER TABLE source ADD COLUMN documents TEXT NOT NULL DEFAULT '';     -- what the feed remembers of each of its documents
ALTER TABLE source ADD COLUMN failed_at INTEGER NOT NULL DEFAULT 0;   -- 0: the last try succeeded
ALTER TABLE source ADD COLUMN error     TEXT NOT NULL DEFAULT '';     -- of the last try

ALTER TABLE vulnerability ADD COLUMN cves TEXT NOT NULL DEFAULT '';   -- that it is about, separated by spaces

-- Fixes may be for some architectures only (names separated by spaces; empty: for all). Columns of the keys come first, in
-- the order in which they are stored: SQLite 3.40 takes anything else for damage.
CREATE TABLE new_fix (
	package_id         INTEGER NOT NULL REFERENCES package,
	fixed_key          BLOB NOT NULL,
	introduced_key     BLOB NOT NULL,
	vulnerability_id   INTEGER NOT NULL REFERENCES vulnerability,
	arches             TEXT NOT NULL DEFAULT '',
	introduced_version TEXT NOT NULL,
	fixed_version      TEXT NOT NULL,
	state              INTEGER NOT NULL,
	severity           INTEGER NOT NULL,
	PRIMARY KEY (package_id, fixed_key, introduced_key, vulnerability_id, arches)
) STRICT, WITHOUT ROWID;
INSERT INTO new_fix SELECT package_id, fixed_key, introduced_key, vulnerability_id, '', introduced_version,
	fixed_version, state, severity FROM fix ORDER BY package_id, fixed_key, introduced_key, vulnerability_id;
DROP TABLE fix;
ALTER TABLE new_fix RENAME TO fix;
CREATE INDEX fix_vulnerability ON fix (vulnerability_id);

CREATE TABLE new_deleted_fix (
	vulnerability_id   INTEGER NOT NULL REFERENCES vulnerability ON DELETE CASCADE,
	package_id         INTEGER NOT NULL REFERENCES package,
	introduced_key     BLOB NOT NULL,
	arches             TEXT NOT NULL DEFAULT '',
	introduced_version TEXT NOT NULL,
	fixed_key          BLOB NOT NULL,
	fixed_version      TEXT NOT NULL,
	state              INTEGER NOT NULL,
	severity           INTEGER NOT NULL,
	PRIMARY KEY (vulnerability_id, package_id, introduced_key, arches)
) STRICT, WITHOUT ROWID;
INSERT INTO new_deleted_fix SELECT vulnerability_id, package_id, introduced_key, '', introduced_version,
	fixed_key, fixed_version, state, severity FROM deleted_fix;
DROP TABLE deleted_fix;
ALTER TABLE new_deleted_fix RENAME TO deleted_fix;

-- What is said of a CVE whatever the distribution.
CREATE TABLE cve (
	name     TEXT PRIMARY KEY,                      -- CVE-2023-1234
	severity INTEGER NOT NULL,
	metadata TEXT NOT NULL,                         -- a JSON object
	hash     BLOB NOT NULL                          -- of severity and metadata
) STRICT, WITHOUT ROWID;
