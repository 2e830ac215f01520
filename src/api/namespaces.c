/*
 * Namespaces: a list.
 */
#include "api/api_priv.h"

int namespaces_get(struct call *c, struct err *err)
{
	_cleanup_loan_ struct store_loan loan = STORE_LOAN_INIT;
	_cleanup_buf_ struct buf json = BUF_INIT(LIMIT_API_ANSWER);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct stored_namespace *list = NULL;
	size_t n = 0;
	int r = store_loan_take(&loan, c->api->o.stores, err);

	if (r < 0)
		return r;
	r = store_namespace_list(loan.store, &a, &list, &n, err);
	store_loan_give(&loan);
	if (r < 0)
		return store_failure(err);
	render_namespaces(list, n, &json);
	return call_answer(c, 200, &json);
}
