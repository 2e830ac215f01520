/*
 * OVAL documents, as Red Hat's and as Oracle's: whatever they say, only advisories that make sense
 * are put, trees hang together, and the chunks in which a document comes make no difference.
 */
#include "feed/format/oval.h"
#include "feed/oracle.h"
#include "feed/rhel_oval.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct counter {
	struct feed_sink sink;
	size_t puts;
	size_t notes;
};

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static int count_put(struct feed_sink *sink, const struct advisory *a, struct err *err UNUSED)
{
	((struct counter *)sink)->puts++;
	CHECK(a->name.n > 0 && a->name_space.n > 0 && str_eq(a->scheme, STR("rpm")));
	CHECK(a->severity < SEVERITY_COUNT && a->n_fixes > 0);
	for (size_t i = 0; i < a->n_fixes; i++) {
		const struct advisory_fix *fix = &a->fixes[i];

		CHECK(fix->package.n > 0 && fix->state < FIX_STATE_COUNT);
		CHECK((fix->state == FIX_STATE_FIXED) == (fix->fixed_version.n > 0));
	}
	return 0;
}

static void count_note(struct feed_sink *sink, const char *what)
{
	((struct counter *)sink)->notes++;
	CHECK(strlen(what) > 0);
}

static int walk(void *ctx, const struct oval_definition *d, struct err *err UNUSED)
{
	size_t *count = ctx;

	for (size_t i = 0; i < d->n_nodes; i++) {
		const struct oval_node *node = &d->nodes[i];
		struct oval_context c = { .branch = NULL };

		CHECK((node->kind == OVAL_NODE_TEST) == (node->test != NULL));
		CHECK((node->parent == NULL) == (i == 0));
		for (const struct oval_node *n = node->child; n; n = n->next)
			CHECK(n->parent == node && n > node);
		for (size_t k = 0; k < 100 && oval_context_next(&c, node); k++)
			(*count)++;
	}
	return 0;
}

static int run(struct counter *c, bool oracle, struct span document, size_t chunk)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct stream_mem m;

	*c = (struct counter){ .sink = { .put = count_put, .note = count_note } };
	stream_mem_init(&m, document, chunk);
	int r = oracle ? oracle_parse(&m.stream, false, &c->sink, &err)
		       : rhel_oval_parse(&m.stream, STR_NULL, false, &c->sink, &err);
	CHECK((r < 0) == (err.code != ERR_NONE) && r <= 0);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span document = span_n(data, size);
	struct counter whole, pieces;
	struct stream_mem m;
	size_t count = 0;

	for (int oracle = 0; oracle < 2; oracle++) {
		int r = run(&whole, oracle, document, 0);

		CHECK(run(&pieces, oracle, document, 3) == r);
		CHECK(whole.puts == pieces.puts && whole.notes == pieces.notes);
	}
	stream_mem_init(&m, document, 0);
	(void)!oval_read(&m.stream, walk, &count, NULL);
	return 0;
}
