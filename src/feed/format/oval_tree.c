/*
 * Giving out the definitions of an OVAL document, see oval.h: references resolved, a definition at
 * a time.
 */
#include "feed/format/oval_priv.h"

static struct str string_of(const struct oval_document *doc, uint32_t i)
{
	return doc->strings.strings.v[i];
}

static void resolve_state(
	const struct oval_document *doc, const struct oval_kept_state *state, struct oval_test *out)
{
	if (state->evr) {
		out->evr = string_of(doc, state->evr);
		out->evr_operation = (enum oval_operation)state->evr_operation;
	}
	if (state->version) {
		out->version = string_of(doc, state->version);
		out->version_operation = (enum oval_operation)state->version_operation;
	}
	if (state->arch) {
		out->arch = string_of(doc, state->arch);
		out->arch_operation = (enum oval_operation)state->arch_operation;
	}
	if (state->key)
		out->key = string_of(doc, state->key);
	if (state->text)
		out->text = string_of(doc, state->text);
}

static void resolve_test(const struct oval_document *doc, const struct oval_kept_test *test,
	struct arena *a, struct oval_test *out)
{
	const struct oval_kept_object *object = &doc->objects.v[test->object];
	const struct str_vec *values = &doc->variables.v[object->variable];
	/* A test that was never read has no element. */
	*out = (struct oval_test){
		.kind = test->element ? (enum oval_test_kind)test->kind : OVAL_TEST_MISSING,
		.element = string_of(doc, test->element),
		.comment = string_of(doc, test->comment),
		.none = test->none,
		.has_state = test->state != 0,
		.name_is_pattern = object->is_pattern,
	};

	if (object->variable) {
		out->names = values->v;
		out->n_names = values->n;
	} else if (object->name) {
		struct str *name = arena_alloc(a, sizeof(*name));

		*name = string_of(doc, object->name);
		out->names = name;
		out->n_names = 1;
	}
	if (test->arch_state)
		resolve_state(doc, &doc->states.v[test->arch_state], out);
	if (test->state)
		resolve_state(doc, &doc->states.v[test->state], out);
}

static void resolve_nodes(const struct oval_document *doc, const struct oval_kept_definition *kd,
	struct arena *a, struct oval_node *out)
{
	for (size_t i = 0; i < kd->d.n_nodes; i++) {
		const struct oval_kept_node *node = &doc->nodes.v[kd->first_node + i];
		struct oval_node *to = &out[i];

		to->kind = (enum oval_node_kind)node->kind;
		to->negate = node->negate;
		to->comment = string_of(doc, node->comment);
		to->parent = node->parent ? &out[node->parent - kd->first_node] : NULL;
		to->child = node->child ? &out[node->child - kd->first_node] : NULL;
		to->next = node->next ? &out[node->next - kd->first_node] : NULL;
		if (node->kind == OVAL_NODE_TEST) {
			struct oval_test *test = arena_alloc(a, sizeof(*test));

			resolve_test(doc, &doc->tests.v[node->ref], a, test);
			to->test = test;
		} else if (node->kind == OVAL_NODE_DEFINITION) {
			to->definition = string_of(doc, node->ref);
		}
	}
}

int oval_give(const struct oval_document *doc, oval_put_fn put, void *ctx, struct err *err)
{
	for (size_t i = 0; i < doc->definitions.n; i++) {
		const struct oval_kept_definition *kd = &doc->definitions.v[i];
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct oval_definition d = kd->d;

		if (d.n_nodes) {
			struct oval_node *nodes = arena_alloc(&a, d.n_nodes * sizeof(*nodes));

			resolve_nodes(doc, kd, &a, nodes);
			d.nodes = nodes;
		}
		int r = put(ctx, &d, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool has_only_tests(const struct oval_node *node)
{
	for (const struct oval_node *c = node->child; c; c = c->next) {
		if (c->kind != OVAL_NODE_TEST)
			return false;
	}
	return true;
}

/* The next sibling of the branch that is a test, or an OR of tests; going up where there is none.
 */
static const struct oval_node *next_sibling(struct oval_context *c)
{
	while (true) {
		const struct oval_node *parent = c->branch->parent;

		if (!parent)
			return NULL;
		if (parent->kind == OVAL_NODE_AND && !parent->negate) {
			const struct oval_node *s = c->sibling ? c->sibling->next : parent->child;

			for (; s; s = s->next) {
				if (s != c->branch &&
					(s->kind == OVAL_NODE_TEST ||
						(s->kind == OVAL_NODE_OR && !s->negate &&
							has_only_tests(s)))) {
					c->sibling = s;
					return s;
				}
			}
		}
		c->branch = parent;
		c->sibling = NULL;
	}
}

const struct oval_node *oval_context_next(struct oval_context *c, const struct oval_node *leaf)
{
	if (!c->branch)
		c->branch = leaf;
	if (c->alternative) {
		c->alternative = c->alternative->next;
		if (c->alternative)
			return c->alternative;
	}
	while (true) {
		const struct oval_node *s = next_sibling(c);

		if (!s || s->kind == OVAL_NODE_TEST)
			return s;
		c->alternative = s->child;
		if (c->alternative)
			return c->alternative;
	}
}

bool oval_module_of(struct str comment, struct str *module)
{
	struct str s = comment;

	if (!str_skip_prefix(&s, STR("Module ")) || !str_ends(s, STR(" is enabled")))
		return false;
	s = str_head(s, s.n - (sizeof(" is enabled") - 1));
	if (str_find_char(s, ':') <= 0 || str_find_char(s, ' ') >= 0)
		return false;
	*module = s;
	return true;
}
