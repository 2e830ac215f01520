-- What the service keeps: layers by name, what changed, and who does what at the moment.

-- Facts of layers in their byte form, each once: the same layer is posted under many names.
CREATE TABLE layer_content (
	id    INTEGER PRIMARY KEY,
	hash  BLOB NOT NULL UNIQUE,                     -- first half of the SHA-256 of facts
	facts BLOB NOT NULL
) STRICT;

-- Ids are never used twice: notifications page by them.
CREATE TABLE layer (
	id             INTEGER PRIMARY KEY AUTOINCREMENT,
	name           TEXT NOT NULL UNIQUE,
	parent_id      INTEGER REFERENCES layer ON DELETE CASCADE,
	namespace_id   INTEGER REFERENCES namespace,
	engine_version INTEGER NOT NULL,
	content_id     INTEGER NOT NULL REFERENCES layer_content,
	-- The ancestor whose rows in layer_feature are this layer's features; NULL: its own.
	features_of    INTEGER REFERENCES layer ON DELETE CASCADE,
	created_at     INTEGER NOT NULL
) STRICT;

CREATE INDEX layer_parent ON layer (parent_id);
CREATE INDEX layer_features_of ON layer (features_of);
CREATE INDEX layer_content_id ON layer (content_id);

-- A package in a version, as layers show it (name, version), and what advisories are matched by.
CREATE TABLE feature (
	id           INTEGER PRIMARY KEY,
	namespace_id INTEGER NOT NULL REFERENCES namespace,
	name         TEXT NOT NULL,
	version      TEXT NOT NULL,
	package_id   INTEGER NOT NULL REFERENCES package, -- of the same namespace
	key          BLOB NOT NULL,                     -- empty: cannot be compared
	UNIQUE (namespace_id, name, version, package_id, key)
) STRICT;

CREATE INDEX feature_package ON feature (package_id, key);

-- added_by: the layer itself or an ancestor.
CREATE TABLE layer_feature (
	layer_id   INTEGER NOT NULL REFERENCES layer ON DELETE CASCADE,
	feature_id INTEGER NOT NULL REFERENCES feature,
	added_by   INTEGER NOT NULL REFERENCES layer ON DELETE CASCADE,
	PRIMARY KEY (layer_id, feature_id)
) STRICT, WITHOUT ROWID;

-- Which layers introduce a feature.
CREATE INDEX layer_feature_introduced ON layer_feature (feature_id, layer_id, added_by) WHERE added_by = layer_id;
CREATE INDEX layer_feature_added_by ON layer_feature (added_by);

-- The vulnerabilities before (NULL: new) and after (NULL: deleted) a change, kept as long as the row.
CREATE TABLE notification (
	id               INTEGER PRIMARY KEY,
	name             TEXT NOT NULL UNIQUE,          -- a UUID
	created_at       INTEGER NOT NULL,
	notified_at      INTEGER,
	deleted_at       INTEGER,
	vulnerability_old INTEGER REFERENCES vulnerability ON DELETE CASCADE,
	vulnerability_new INTEGER REFERENCES vulnerability ON DELETE CASCADE
) STRICT;

CREATE INDEX notification_open ON notification (id, notified_at) WHERE deleted_at IS NULL;
CREATE INDEX notification_deleted ON notification (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX notification_old ON notification (vulnerability_old);
CREATE INDEX notification_new ON notification (vulnerability_new);

CREATE TABLE lock (
	name  TEXT PRIMARY KEY,
	owner TEXT NOT NULL,
	until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row: what cached answers depend on.
CREATE TABLE generation (
	id    INTEGER PRIMARY KEY CHECK (id = 1),
	value INTEGER NOT NULL
) STRICT;
INSERT INTO generation VALUES (1, 1);

CREATE INDEX vulnerability_by_name ON vulnerability (namespace_id, name) WHERE deleted_at IS NULL;
CREATE INDEX vulnerability_by_namespace ON vulnerability (namespace_id, id) WHERE deleted_at IS NULL;
