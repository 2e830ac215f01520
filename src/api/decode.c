/*
 * Request bodies, see decode.h: a table for each type that the API knows, with its fields. Of a
 * type that is not read, what is in it is checked only.
 */
#include "api/decode.h"

#include "api/bind.h"
#include "api/json_body.h"

static const struct object_type unread_vulnerability_type;

static const struct object_type error_type = {
	.go_name = "Error",
	.fields =
		(const struct field[]){
			{ "Message", FIELD_STRING, NOWHERE, NULL },
			{ NULL, 0, 0, NULL },
		},
};

static const struct object_type feature_type = {
	.go_name = "Feature",
	.size = sizeof(struct feature_body),
	.fields =
		(const struct field[]){
			{ "Name", FIELD_STRING, offsetof(struct feature_body, name), NULL },
			{ "NamespaceName", FIELD_STRING, offsetof(struct feature_body, name_space),
				NULL },
			{ "VersionFormat", FIELD_STRING, offsetof(struct feature_body, format),
				NULL },
			{ "Version", FIELD_STRING, offsetof(struct feature_body, version), NULL },
			{ "Vulnerabilities", FIELD_ARRAY, NOWHERE, &unread_vulnerability_type },
			{ "AddedBy", FIELD_STRING, offsetof(struct feature_body, added_by), NULL },
			{ NULL, 0, 0, NULL },
		},
};

static const struct object_type unread_feature_type = {
	.go_name = "Feature",
	.fields =
		(const struct field[]){
			{ "Name", FIELD_STRING, NOWHERE, NULL },
			{ "NamespaceName", FIELD_STRING, NOWHERE, NULL },
			{ "VersionFormat", FIELD_STRING, NOWHERE, NULL },
			{ "Version", FIELD_STRING, NOWHERE, NULL },
			{ "Vulnerabilities", FIELD_ARRAY, NOWHERE, &unread_vulnerability_type },
			{ "AddedBy", FIELD_STRING, NOWHERE, NULL },
			{ NULL, 0, 0, NULL },
		},
};

static const struct object_type unread_vulnerability_type = {
	.go_name = "Vulnerability",
	.fields =
		(const struct field[]){
			{ "Name", FIELD_STRING, NOWHERE, NULL },
			{ "NamespaceName", FIELD_STRING, NOWHERE, NULL },
			{ "Description", FIELD_STRING, NOWHERE, NULL },
			{ "Link", FIELD_STRING, NOWHERE, NULL },
			{ "Severity", FIELD_STRING, NOWHERE, NULL },
			{ "Metadata", FIELD_METADATA, NOWHERE, NULL },
			{ "FixedBy", FIELD_STRING, NOWHERE, NULL },
			{ "FixedIn", FIELD_ARRAY, NOWHERE, &unread_feature_type },
			{ NULL, 0, 0, NULL },
		},
};

static const struct object_type vulnerability_type = {
	.go_name = "Vulnerability",
	.size = sizeof(struct vulnerability_body),
	.fields =
		(const struct field[]){
			{ "Name", FIELD_STRING, offsetof(struct vulnerability_body, name), NULL },
			{ "NamespaceName", FIELD_STRING,
				offsetof(struct vulnerability_body, name_space), NULL },
			{ "Description", FIELD_STRING,
				offsetof(struct vulnerability_body, description), NULL },
			{ "Link", FIELD_STRING, offsetof(struct vulnerability_body, link), NULL },
			{ "Severity", FIELD_STRING, offsetof(struct vulnerability_body, severity),
				NULL },
			{ "Metadata", FIELD_METADATA, offsetof(struct vulnerability_body, metadata),
				NULL },
			{ "FixedBy", FIELD_STRING, offsetof(struct vulnerability_body, fixed_by),
				NULL },
			{ "FixedIn", FIELD_ARRAY, offsetof(struct vulnerability_body, fixed_in),
				&feature_type },
			{ NULL, 0, 0, NULL },
		},
};

static const struct object_type layer_type = {
	.go_name = "Layer",
	.size = sizeof(struct layer_body),
	.fields =
		(const struct field[]){
			{ "Name", FIELD_STRING, offsetof(struct layer_body, name), NULL },
			{ "NamespaceName", FIELD_STRING, NOWHERE, NULL },
			{ "Path", FIELD_STRING, offsetof(struct layer_body, path), NULL },
			{ "Headers", FIELD_HEADERS, offsetof(struct layer_body, headers), NULL },
			{ "ParentName", FIELD_STRING, offsetof(struct layer_body, parent), NULL },
			{ "Format", FIELD_STRING, offsetof(struct layer_body, format), NULL },
			{ "IndexedByVersion", FIELD_INT, NOWHERE, NULL },
			{ "Features", FIELD_ARRAY, NOWHERE, &unread_feature_type },
			{ NULL, 0, 0, NULL },
		},
};

/* The envelopes: what is read is always the first member. */
struct envelope {
	void *content;
};

static const struct object_type layer_envelope = {
	.go_name = "LayerEnvelope",
	.size = sizeof(struct envelope),
	.fields =
		(const struct field[]){
			{ "Layer", FIELD_OBJECT, offsetof(struct envelope, content), &layer_type },
			{ "Error", FIELD_OBJECT, NOWHERE, &error_type },
			{ NULL, 0, 0, NULL },
		},
};

static const struct object_type vulnerability_envelope = {
	.go_name = "VulnerabilityEnvelope",
	.size = sizeof(struct envelope),
	.fields =
		(const struct field[]){
			{ "Vulnerability", FIELD_OBJECT, offsetof(struct envelope, content),
				&vulnerability_type },
			{ "Vulnerabilities", FIELD_ARRAY, NOWHERE, &unread_vulnerability_type },
			{ "NextPage", FIELD_STRING, NOWHERE, NULL },
			{ "Error", FIELD_OBJECT, NOWHERE, &error_type },
			{ NULL, 0, 0, NULL },
		},
};

static const struct object_type feature_envelope = {
	.go_name = "FeatureEnvelope",
	.size = sizeof(struct envelope),
	.fields =
		(const struct field[]){
			{ "Feature", FIELD_OBJECT, offsetof(struct envelope, content),
				&feature_type },
			{ "Features", FIELD_ARRAY, NOWHERE, &unread_feature_type },
			{ "Error", FIELD_OBJECT, NOWHERE, &error_type },
			{ NULL, 0, 0, NULL },
		},
};

static int decode_envelope(const struct object_type *type, struct span body, struct arena *a,
	void **out, struct err *err)
{
	_cleanup_buf_ struct buf strict = BUF_INIT(JSON_BODY_STRICT_MAX);
	struct envelope envelope = { .content = NULL };
	struct json_node *root = NULL;
	int r = json_body_normalize(str_from_span(body), &strict, err);

	if (r < 0 || (r = json_tree_read(buf_span(&strict), a, &root, err)) < 0 ||
		(r = bind_document(type, root, a, &envelope, err)) < 0)
		return r;
	*out = envelope.content;
	return 0;
}

int decode_layer(struct span body, struct arena *a, struct layer_body **out, struct err *err)
{
	void *content = NULL;
	int r = decode_envelope(&layer_envelope, body, a, &content, err);

	if (r == 0)
		*out = content;
	return r;
}

int decode_vulnerability(
	struct span body, struct arena *a, struct vulnerability_body **out, struct err *err)
{
	void *content = NULL;
	int r = decode_envelope(&vulnerability_envelope, body, a, &content, err);

	if (r == 0)
		*out = content;
	return r;
}

int decode_feature(struct span body, struct arena *a, struct feature_body **out, struct err *err)
{
	void *content = NULL;
	int r = decode_envelope(&feature_envelope, body, a, &content, err);

	if (r == 0)
		*out = content;
	return r;
}
