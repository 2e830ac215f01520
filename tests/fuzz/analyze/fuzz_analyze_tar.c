/*
 * A layer: the same facts whatever pieces it comes in, which come back from their byte form.
 */
#include "base/base.h"

#include "analyze/analyze.h"

static const struct analyze_layer_options no_options;

/* Whether the layer could be read; its facts, encoded. */
static bool analyze(const uint8_t *data, size_t n, size_t chunk, struct buf *encoded)
{
	struct err err = ERR_INIT;
	struct layer_facts facts;
	struct stream_mem in;

	layer_facts_init(&facts);
	stream_mem_init(&in, span_n(data, n), chunk);
	int r = analyze_tar(&in.stream, &no_options, &facts, &err);
	assert((r < 0) == (err.code != ERR_NONE));
	vec_for_each(f, &facts.facts) {
		_cleanup_arena_ struct arena scratch = ARENA_INIT;

		assert(str_eq(path_normalize(&scratch, f->path), f->path));
		assert(str_eq(path_normalize(&scratch, f->target), f->target));
	}
	if (r == 0)
		assert(layer_facts_encode(&facts, encoded, NULL) == 0);
	err_clear(&err);
	layer_facts_fini(&facts);
	return r == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_buf_ struct buf whole = BUF_INIT(LIMIT_FACTS), bytewise = BUF_INIT(LIMIT_FACTS),
				 again = BUF_INIT(LIMIT_FACTS);
	struct layer_facts facts;
	bool good = analyze(data, n, 0, &whole);

	assert(analyze(data, n, 1, &bytewise) == good);
	assert(str_eq(buf_str(&whole), buf_str(&bytewise)));
	if (!good)
		return 0;
	layer_facts_init(&facts);
	assert(layer_facts_decode(buf_span(&whole), &facts, NULL) == 0);
	assert(layer_facts_encode(&facts, &again, NULL) == 0);
	assert(str_eq(buf_str(&whole), buf_str(&again)));
	layer_facts_fini(&facts);
	return 0;
}
