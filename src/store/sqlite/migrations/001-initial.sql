-- What distributions say about vulnerabilities, and what is known about layers and files.
-- Times are seconds since 1970. "deleted" rows are history: superseded or withdrawn advisories,
-- which a notification may still have to show; nothing that matching reads holds them.

CREATE TABLE namespace (
	id             INTEGER PRIMARY KEY,
	name           TEXT NOT NULL UNIQUE,            -- debian:12
	version_format TEXT NOT NULL                    -- dpkg
) STRICT;

CREATE TABLE package (
	id           INTEGER PRIMARY KEY,
	namespace_id INTEGER NOT NULL REFERENCES namespace,
	name         TEXT NOT NULL,
	UNIQUE (namespace_id, name)
) STRICT;

-- Descriptions, each once: releases share them.
CREATE TABLE text (
	id   INTEGER PRIMARY KEY,
	hash BLOB NOT NULL UNIQUE,                      -- first half of the SHA-256 of body
	body TEXT NOT NULL
) STRICT;

CREATE TABLE source (
	id            INTEGER PRIMARY KEY,
	name          TEXT NOT NULL UNIQUE,             -- debian
	location      TEXT NOT NULL,
	etag          TEXT NOT NULL,
	last_modified TEXT NOT NULL,
	digest        TEXT NOT NULL,
	updated_at    INTEGER NOT NULL,
	checked_at    INTEGER NOT NULL,
	advisories    INTEGER NOT NULL                  -- current rows of vulnerability
) STRICT;

CREATE TABLE vulnerability (
	id             INTEGER PRIMARY KEY,
	namespace_id   INTEGER NOT NULL REFERENCES namespace,
	source_id      INTEGER NOT NULL REFERENCES source,
	name           TEXT NOT NULL,                   -- CVE-2023-1234
	severity       INTEGER NOT NULL,                -- enum severity
	link           TEXT NOT NULL,
	description_id INTEGER REFERENCES text,
	metadata       TEXT NOT NULL,                   -- JSON or empty
	content_hash   BLOB NOT NULL,                   -- of all that an advisory says
	created_at     INTEGER NOT NULL,
	deleted_at     INTEGER
) STRICT;

CREATE UNIQUE INDEX vulnerability_current ON vulnerability (source_id, namespace_id, name)
	WHERE deleted_at IS NULL;
CREATE INDEX vulnerability_deleted ON vulnerability (source_id, deleted_at)
	WHERE deleted_at IS NOT NULL;
CREATE INDEX vulnerability_description ON vulnerability (description_id)
	WHERE description_id IS NOT NULL;

-- Versions from introduced up to, without, fixed are affected. Keys order as the versions do
-- (src/version); all versions: the least key; unfixed: the greatest. The rows lie in the order of
-- matching, which reads one range of them, from the installed version's key on: fixed_key leads,
-- because most fixes are older than what is installed, and introduced_key is mostly the least. So
-- this table holds the fixes of current vulnerabilities only.
CREATE TABLE fix (
	package_id         INTEGER NOT NULL REFERENCES package,
	fixed_key          BLOB NOT NULL,
	introduced_key     BLOB NOT NULL,
	vulnerability_id   INTEGER NOT NULL REFERENCES vulnerability,
	introduced_version TEXT NOT NULL,
	fixed_version      TEXT NOT NULL,
	state              INTEGER NOT NULL,            -- enum fix_state
	severity           INTEGER NOT NULL,            -- enum severity
	PRIMARY KEY (package_id, fixed_key, introduced_key, vulnerability_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX fix_vulnerability ON fix (vulnerability_id);

-- The fixes of deleted vulnerabilities.
CREATE TABLE deleted_fix (
	vulnerability_id   INTEGER NOT NULL REFERENCES vulnerability ON DELETE CASCADE,
	package_id         INTEGER NOT NULL REFERENCES package,
	introduced_key     BLOB NOT NULL,
	introduced_version TEXT NOT NULL,
	fixed_key          BLOB NOT NULL,
	fixed_version      TEXT NOT NULL,
	state              INTEGER NOT NULL,
	severity           INTEGER NOT NULL,
	PRIMARY KEY (vulnerability_id, package_id, introduced_key)
) STRICT, WITHOUT ROWID;

-- Caches: ids ascend in the order of storing, so that the oldest can be dropped.
CREATE TABLE layer_facts (
	id             INTEGER PRIMARY KEY,
	digest         BLOB NOT NULL UNIQUE,
	engine_version INTEGER NOT NULL,
	size           INTEGER NOT NULL,
	facts          BLOB NOT NULL
) STRICT;
CREATE INDEX layer_facts_size ON layer_facts (size);

CREATE TABLE file_digest (
	id       INTEGER PRIMARY KEY,
	device   INTEGER NOT NULL,
	inode    INTEGER NOT NULL,
	size     INTEGER NOT NULL,
	mtime_ns INTEGER NOT NULL,
	ctime_ns INTEGER NOT NULL,
	digest   BLOB NOT NULL,
	UNIQUE (device, inode)
) STRICT;

CREATE TABLE keyvalue (
	key   TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
