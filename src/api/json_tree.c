/*
 * JSON trees, see json_tree.h. Nesting is bounded by LIMIT_JSON_DEPTH, which the stacks rely on.
 */
#include "api/json_tree.h"

#include <errno.h>
#include <math.h>

struct open_node {
	struct json_node *node;
	struct json_node **tail;
};

int json_tree_read(struct span text, struct arena *a, struct json_node **out, struct err *err)
{
	struct json_node *root = NULL;
	struct open_node open[LIMIT_JSON_DEPTH + 1] = { { .node = NULL, .tail = &root } };
	size_t depth = 0;
	struct str key = STR_NULL;
	struct json_token t;
	struct stream_mem in;
	int r;

	stream_mem_init(&in, text, 0);
	_cleanup_(json_reader_freep) struct json_reader *reader = json_reader_new(&in.stream);
	while ((r = json_next(reader, &t, err)) > 0) {
		if (t.type == JSON_OBJECT_END || t.type == JSON_ARRAY_END) {
			depth--;
			continue;
		}
		if (t.type == JSON_KEY) {
			key = arena_str(a, t.text);
			continue;
		}
		struct json_node *node = arena_alloc(a, sizeof(*node));
		*node = (struct json_node){ .type = t.type, .key = key };
		if (t.type == JSON_STRING || t.type == JSON_NUMBER)
			node->text = arena_str(a, t.text);
		key = STR_NULL;
		assert(open[depth].tail);
		*open[depth].tail = node;
		open[depth].tail = &node->next;
		if (open[depth].node)
			open[depth].node->n++;
		if (t.type == JSON_OBJECT_BEGIN || t.type == JSON_ARRAY_BEGIN)
			open[++depth] = (struct open_node){ .node = node, .tail = &node->first };
	}
	if (r == 0)
		*out = root;
	return r;
}

/* --- Go's form */

/* Digits without point, and where it goes: 0.DIGITS × 10^point. */
static void append_decimal(struct buf *out, const char *digits, int n, int point)
{
	if (point <= 0) {
		buf_append_str(out, STR("0."));
		for (int i = point; i < 0; i++)
			buf_append_char(out, '0');
		buf_append(out, digits, (size_t)n);
		return;
	}
	for (int i = 0; i < n || i < point; i++) {
		if (i == point)
			buf_append_char(out, '.');
		buf_append_char(out, i < n ? digits[i] : '0');
	}
}

bool json_go_number(struct str text, struct buf *out)
{
	_cleanup_buf_ struct buf copy = BUF_INIT(LIMIT_JSON_TOKEN + 1);
	char form[40], digits[40] = "";
	int n = 0;

	buf_append_str(&copy, text);
	double v = strtod(buf_cstr(&copy), NULL);
	if (!isfinite(v))
		return false;
	if (v == 0) {
		buf_append_str(out, signbit(v) ? STR("-0") : STR("0"));
		return true;
	}
	/* The fewest digits that give the same number again. */
	for (int precision = 0; precision <= 17; precision++) {
		(void)snprintf(form, sizeof(form), "%.*e", precision, fabs(v));
		if (strtod(form, NULL) == fabs(v))
			break;
	}
	const char *e = strchr(form, 'e');
	for (const char *c = form; c < e; c++) {
		if (ascii_is_digit(*c))
			digits[n++] = *c;
	}
	uint32_t exponent = 0;
	if (!parse_u32(str_of(e + 2), &exponent))
		return false;
	int scale = e[1] == '-' ? -(int)exponent : (int)exponent;
	if (v < 0)
		buf_append_char(out, '-');
	if (scale >= -6 && scale < 21) {
		append_decimal(out, digits, n, scale + 1);
		return true;
	}
	buf_append_char(out, digits[0]);
	if (n > 1) {
		buf_append_char(out, '.');
		buf_append(out, digits + 1, (size_t)n - 1);
	}
	/* Go's form has two digits of a positive exponent at least, and takes the zero off a
	 * negative one. */
	buf_printf(out, scale < 0 ? "e%d" : "e%+03d", scale);
	return true;
}

struct placed_node {
	struct json_node *node;
	size_t place;
};

/* By key, then by place: qsort() is not stable. */
static int compare_placed(const void *a, const void *b)
{
	const struct placed_node *x = a, *y = b;
	int r = str_cmp(x->node->key, y->node->key);

	return r ? r : x->place < y->place ? -1 : x->place > y->place;
}

void json_tree_sort(struct json_node *object)
{
	struct json_node **tail = &object->first;

	if (object->n < 2)
		return;
	_cleanup_free_ struct placed_node *all = xcalloc(object->n, sizeof(*all));
	size_t n = 0;
	for (struct json_node *c = object->first; c; c = c->next, n++)
		all[n] = (struct placed_node){ .node = c, .place = n };
	qsort(all, n, sizeof(*all), compare_placed);
	object->n = 0;
	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n && str_eq(all[i].node->key, all[i + 1].node->key))
			continue;
		*tail = all[i].node;
		tail = &all[i].node->next;
		object->n++;
	}
	*tail = NULL;
}

static int write_scalar(struct json_writer *w, const struct json_node *node, struct err *err)
{
	_cleanup_buf_ struct buf number = BUF_INIT(64);

	switch (node->type) {
	case JSON_STRING:
		json_string(w, node->text);
		return 0;
	case JSON_NUMBER:
		if (!json_go_number(node->text, &number))
			return err_set(err, ERR_INPUT, "number %" PRIstr,
				STR_ARG(str_head(node->text, 64)));
		json_raw(w, buf_str(&number));
		return 0;
	case JSON_TRUE:
	case JSON_FALSE:
		json_bool(w, node->type == JSON_TRUE);
		return 0;
	default:
		json_null(w);
		return 0;
	}
}

static bool is_container(const struct json_node *node)
{
	return node->type == JSON_OBJECT_BEGIN || node->type == JSON_ARRAY_BEGIN;
}

int json_tree_write(struct json_node *root, struct buf *out, struct err *err)
{
	struct json_node *up[LIMIT_JSON_DEPTH + 1];
	size_t depth = 0;
	struct json_writer w;
	struct json_node *node = root;

	json_writer_init(&w, out, JSON_WRITER_HTML_ESCAPE);
	for (;;) {
		if (depth && up[depth - 1]->type == JSON_OBJECT_BEGIN && node)
			json_key_str(&w, node->key);
		if (node && is_container(node)) {
			if (node->type == JSON_OBJECT_BEGIN) {
				json_tree_sort(node);
				json_object_begin(&w);
			} else {
				json_array_begin(&w);
			}
			up[depth++] = node;
			node = node->first;
			continue;
		}
		int r = node ? write_scalar(&w, node, err) : 0;
		if (r < 0)
			return r;
		/* What ends here: this node, and every container whose last child it is. */
		node = node ? node->next : NULL;
		while (!node && depth) {
			struct json_node *ended = up[--depth];

			if (ended->type == JSON_OBJECT_BEGIN)
				json_object_end(&w);
			else
				json_array_end(&w);
			node = depth ? ended->next : NULL;
		}
		if (!node)
			return 0;
	}
}
