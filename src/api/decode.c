/*
 * Request bodies, see decode.h: a table for each type that the API knows, with its fields, and one
 * binder that walks the document along them. The first wrong type is what is told, as Go words it.
 */
#include "api/decode.h"

#include "api/json_body.h"
#include "api/json_tree.h"

enum field_kind {
	FIELD_STRING,
	FIELD_INT,
	FIELD_HEADERS,  /* map[string]string */
	FIELD_METADATA, /* map[string]interface {} */
	FIELD_OBJECT,   /* a pointer to a struct */
	FIELD_ARRAY,    /* of structs: a struct feature_list or its like */
};

/* A field whose value is looked at, but not kept. */
#define NOWHERE SIZE_MAX

struct object_type;

struct field {
	const char *name;
	enum field_kind kind;
	size_t offset; /* of the member, or NOWHERE */
	const struct object_type *type;
};

struct object_type {
	const char *go_name; /* in messages, without the package */
	size_t size;
	const struct field *fields; /* ends with one without a name */
};

/* The form of every list of structs. */
struct object_list {
	void *v;
	size_t n;
};

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

/* --- the binder */

/* An object that is being bound, or an array of objects. */
struct frame {
	const struct object_type *type;
	struct json_node *next; /* member or element that comes next */
	bool in_array;
	char *target;  /* the struct, or that of the next element; NULL: nothing is kept */
	size_t path_n; /* how much of the path led here */
};

struct binder {
	struct arena *arena;
	struct frame frames[LIMIT_JSON_DEPTH + 1];
	size_t depth;
	struct buf path; /* "Vulnerability.FixedIn.Name", for messages */
	struct err *err;
	bool failed; /* the first failure is told */
};

/* Notes that a value is not of the wanted type. */
static void refuse(struct binder *b, const char *what, const char *wanted)
{
	const char *owner = NULL;

	if (b->failed)
		return;
	b->failed = true;
	for (size_t i = 0; i < b->depth; i++) {
		if (!b->frames[i].in_array)
			owner = b->frames[i].type->go_name;
	}
	if (owner)
		(void)err_set(b->err, ERR_INPUT,
			"json: cannot unmarshal %s into Go struct field %s.%s of type %s", what,
			owner, buf_cstr(&b->path), wanted);
	else
		(void)err_set(b->err, ERR_INPUT,
			"json: cannot unmarshal %s into Go value of type %s", what, wanted);
}

static void refuse_node(struct binder *b, const struct json_node *node, const char *wanted)
{
	bool is_bool = node->type == JSON_TRUE || node->type == JSON_FALSE;

	refuse(b, is_bool ? "bool" : json_type_to_str(node->type), wanted);
}

static void bind_string(struct binder *b, const struct json_node *node, struct str *target)
{
	if (node->type != JSON_STRING)
		refuse_node(b, node, "string");
	else if (target)
		*target = node->text;
}

/* Nobody reads a number. */
static void bind_int(struct binder *b, const struct json_node *node)
{
	_cleanup_buf_ struct buf what = BUF_INIT(128);
	struct str digits = node->text;
	uint64_t v;

	if (node->type != JSON_NUMBER) {
		refuse_node(b, node, "int");
		return;
	}
	(void)str_skip_prefix(&digits, STR("-"));
	if (parse_u64(digits, &v) && v <= INT64_MAX)
		return;
	buf_printf(&what, "number %" PRIstr, STR_ARG(str_head(node->text, 64)));
	refuse(b, buf_cstr(&what), "int");
}

/* Two lists by name; where both have one, b's counts. */
static struct header_list merge_headers(
	struct arena *arena, struct header_list a, struct header_list b)
{
	struct header_list out = {
		.v = arena_alloc(arena, (a.n + b.n + 1) * sizeof(*out.v)),
		.n = 0,
	};
	size_t i = 0, j = 0;

	while (i < a.n || j < b.n) {
		int order = i == a.n ? 1 : j == b.n ? -1 : str_cmp(a.v[i].name, b.v[j].name);

		out.v[out.n++] = order < 0 ? a.v[i] : b.v[j];
		i += order <= 0;
		j += order >= 0;
	}
	return out;
}

static void bind_headers(struct binder *b, struct json_node *node, struct header_list *target)
{
	struct header_list list = { .v = NULL, .n = 0 };

	if (node->type != JSON_OBJECT_BEGIN) {
		refuse_node(b, node, "map[string]string");
		return;
	}
	json_tree_sort(node);
	list.v = arena_alloc(b->arena, (node->n + 1) * sizeof(*list.v));
	for (const struct json_node *n = node->first; n; n = n->next) {
		struct header_body *h = &list.v[list.n++];

		*h = (struct header_body){ .name = n->key, .value = STR_NULL };
		if (n->type != JSON_NULL)
			bind_string(b, n, &h->value);
	}
	*target = merge_headers(b->arena, *target, list);
}

static void bind_metadata(struct binder *b, struct json_node *node, struct str *target)
{
	_cleanup_buf_ struct buf text = BUF_INIT(8 * LIMIT_API_BODY);
	_cleanup_err_ struct err err = ERR_INIT;

	if (node->type != JSON_OBJECT_BEGIN) {
		refuse_node(b, node, "map[string]interface {}");
		return;
	}
	if (json_tree_write(node, &text, &err) < 0)
		refuse(b, err_msg(&err), "float64");
	else if (target)
		*target = node->n ? arena_str(b->arena, buf_str(&text)) : STR_NULL;
}

/* What lies in the container comes next. */
static void push(struct binder *b, const struct object_type *type, struct json_node *node,
	bool in_array, char *target)
{
	b->frames[b->depth++] = (struct frame){
		.type = type,
		.next = node->first,
		.in_array = in_array,
		.target = target,
		.path_n = b->path.n,
	};
}

static void refuse_type(
	struct binder *b, const struct json_node *node, const char *before, const char *name)
{
	_cleanup_buf_ struct buf wanted = BUF_INIT(128);

	buf_printf(&wanted, "%sv1.%s", before, name);
	refuse_node(b, node, buf_cstr(&wanted));
}

static void bind_object(
	struct binder *b, const struct object_type *type, struct json_node *node, void **target)
{
	if (node->type != JSON_OBJECT_BEGIN) {
		refuse_type(b, node, "", type->go_name);
		return;
	}
	if (target && !*target)
		*target = arena_alloc(b->arena, type->size);
	push(b, type, node, false, target ? *target : NULL);
}

static void bind_array(struct binder *b, const struct object_type *type, struct json_node *node,
	struct object_list *target)
{
	if (node->type != JSON_ARRAY_BEGIN) {
		refuse_type(b, node, "[]", type->go_name);
		return;
	}
	if (target)
		*target = (struct object_list){
			.v = arena_alloc(b->arena, (node->n + 1) * type->size),
			.n = node->n,
		};
	push(b, type, node, true, target ? target->v : NULL);
}

/* null: pointers and lists become empty, everything else stays. */
static void bind_null(const struct field *f, void *target)
{
	switch (f->kind) {
	case FIELD_OBJECT:
		*(void **)target = NULL;
		break;
	case FIELD_ARRAY:
		*(struct object_list *)target = (struct object_list){ .v = NULL, .n = 0 };
		break;
	case FIELD_HEADERS:
		*(struct header_list *)target = (struct header_list){ .v = NULL, .n = 0 };
		break;
	case FIELD_METADATA:
		*(struct str *)target = STR_NULL;
		break;
	case FIELD_STRING:
	case FIELD_INT:
	default:
		break;
	}
}

static void bind_field(
	struct binder *b, const struct field *f, struct json_node *node, void *target)
{
	if (node->type == JSON_NULL) {
		if (target)
			bind_null(f, target);
		return;
	}
	switch (f->kind) {
	case FIELD_STRING:
		bind_string(b, node, target);
		break;
	case FIELD_INT:
		bind_int(b, node);
		break;
	case FIELD_HEADERS:
		bind_headers(b, node, target);
		break;
	case FIELD_METADATA:
		bind_metadata(b, node, target);
		break;
	case FIELD_OBJECT:
		bind_object(b, f->type, node, target);
		break;
	case FIELD_ARRAY:
	default:
		bind_array(b, f->type, node, target);
		break;
	}
}

static const struct field *find_field(const struct object_type *type, struct str key)
{
	for (const struct field *f = type->fields; f->name; f++) {
		if (str_eq_nocase(str_of(f->name), key))
			return f;
	}
	return NULL;
}

static void bind_member(struct binder *b, struct frame *frame, struct json_node *node)
{
	const struct field *f = find_field(frame->type, node->key);

	if (!f)
		return;
	b->path.n = frame->path_n;
	buf_printf(&b->path, "%s%s", b->path.n ? "." : "", f->name);
	bool kept = frame->target && f->offset != NOWHERE;
	bind_field(b, f, node, kept ? frame->target + f->offset : NULL);
}

static void bind_element(struct binder *b, struct frame *frame, struct json_node *node)
{
	char *target = frame->target;

	b->path.n = frame->path_n;
	if (target)
		frame->target += frame->type->size;
	if (node->type == JSON_OBJECT_BEGIN)
		push(b, frame->type, node, false, target);
	else if (node->type != JSON_NULL)
		refuse_type(b, node, "", frame->type->go_name);
}

static void bind_all(struct binder *b)
{
	while (b->depth) {
		struct frame *frame = &b->frames[b->depth - 1];
		struct json_node *node = frame->next;

		if (!node) {
			b->depth--;
			continue;
		}
		frame->next = node->next;
		if (frame->in_array)
			bind_element(b, frame, node);
		else
			bind_member(b, frame, node);
	}
}

static int decode_envelope(const struct object_type *type, struct span body, struct arena *a,
	void **out, struct err *err)
{
	_cleanup_buf_ struct buf strict = BUF_INIT(JSON_BODY_STRICT_MAX);
	struct envelope envelope = { .content = NULL };
	struct binder b = { .arena = a, .err = err, .path = BUF_INIT(4 * KIB) };
	struct json_node *root = NULL;
	int r = json_body_normalize(str_from_span(body), &strict, err);

	if (r < 0 || (r = json_tree_read(buf_span(&strict), a, &root, err)) < 0)
		return r;
	if (root->type == JSON_OBJECT_BEGIN)
		push(&b, type, root, false, (char *)&envelope);
	else if (root->type != JSON_NULL)
		refuse_type(&b, root, "", type->go_name);
	bind_all(&b);
	buf_fini(&b.path);
	if (b.failed)
		return -(int)ERR_INPUT;
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
