/*
 * The byte form of facts: what is accepted is written the same, and any facts make a view.
 */
#include "base/base.h"

#include "view/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_buf_ struct buf again = BUF_INIT(LIMIT_FACTS);
	struct err err = ERR_INIT;
	struct layer_facts facts;
	struct view view;

	layer_facts_init(&facts);
	if (layer_facts_decode(span_n(data, n), &facts, &err) == 0) {
		const struct layer_facts *const chain[] = { &facts, &facts };

		assert(layer_facts_encode(&facts, &again, NULL) == 0);
		assert(str_eq(buf_str(&again), str_n((const char *)data, n)));
		assert(layer_facts_cover(&facts, &facts.extras));
		view_build(chain, 2, &view);
		vec_for_each(p, &view.packages)
			assert(p->layer < 2);
		view_fini(&view);
	} else {
		assert(err.code == ERR_INPUT && err.msg);
	}
	err_clear(&err);
	layer_facts_fini(&facts);
	return 0;
}
