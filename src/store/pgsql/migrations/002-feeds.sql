-- Migration 003 of the SQLite driver; see there.

ALTER TABLE source
	ADD COLUMN documents text NOT NULL DEFAULT '',
	ADD COLUMN failed_at bigint NOT NULL DEFAULT 0,
	ADD COLUMN error     text NOT NULL DEFAULT '';

ALTER TABLE vulnerability ADD COLUMN cves text NOT NULL DEFAULT '';

ALTER TABLE fix ADD COLUMN arches text NOT NULL DEFAULT '';
ALTER TABLE deleted_fix ADD COLUMN arches text NOT NULL DEFAULT '';

CREATE TABLE cve (
	name     text COLLATE "C" PRIMARY KEY,
	severity smallint NOT NULL,
	metadata text NOT NULL,
	hash     bytea NOT NULL
);
