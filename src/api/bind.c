/*
 * The binder, see bind.h. What is nested is bound in the order of the document, with a stack of
 * what is open instead of recursion: json_tree_read() has bounded its depth.
 */
#include "api/bind.h"

#include "api/decode.h"

/* The form of every list of structs. */
struct object_list {
	void *v;
	size_t n;
};

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
	if (target)
		*target = merge_headers(b->arena, *target, list);
}

static void bind_metadata(struct binder *b, struct json_node *node, struct str *target)
{
	_cleanup_buf_ struct buf text = BUF_INIT(8 * LIMIT_HTTP_BODY);
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

int bind_document(const struct object_type *type, struct json_node *root, struct arena *a,
	void *target, struct err *err)
{
	struct binder b = { .arena = a, .err = err, .path = BUF_INIT(4 * KIB) };

	if (root->type == JSON_OBJECT_BEGIN)
		push(&b, type, root, false, target);
	else if (root->type != JSON_NULL)
		refuse_type(&b, root, "", type->go_name);
	bind_all(&b);
	buf_fini(&b.path);
	return b.failed ? -(int)ERR_INPUT : 0;
}
