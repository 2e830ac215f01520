/*
 * Notifications: read in pages, and marked as read. A page is named by a token that the client got
 * with the one before.
 */
#include "api/api_priv.h"

/* The page that is asked for, and the token that names it. */
static int wanted_page(
	struct call *c, struct notification_page *page, struct buf *token, struct err *err)
{
	struct str given;

	if (!http_query_get(c->r->query, STR("page"), &c->r->arena, &given)) {
		*page = (struct notification_page){ .old_id = 0, .new_id = 0 };
		return token_write_page(&c->api->key, *page, token, err);
	}
	buf_append_str(token, given);
	return token_read_page(&c->api->key, given, page, err);
}

/* limit -1: no layers, and no page after this one. */
static int answer_notification(struct call *c, const struct stored_notification *n, int64_t limit,
	const struct buf *page, struct notification_page next, struct err *err)
{
	_cleanup_buf_ struct buf json = BUF_INIT(LIMIT_API_ANSWER);
	_cleanup_buf_ struct buf next_token = BUF_INIT(LIMIT_FERNET_TOKEN);

	if (limit >= 0 && (next.old_id != -1 || next.new_id != -1) &&
		token_write_page(&c->api->key, next, &next_token, err) < 0)
		return store_failure(err);
	render_notification(n, limit, buf_str(page), buf_str(&next_token), &json);
	if (buf_check(&json, "the answer", err) < 0)
		return store_failure(err);
	return call_answer(c, 200, &json);
}

int notification_get(struct call *c, struct err *err)
{
	_cleanup_loan_ struct store_loan loan = STORE_LOAN_INIT;
	_cleanup_buf_ struct buf token = BUF_INIT(LIMIT_FERNET_TOKEN);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct stored_notification found;
	struct notification_page page, next;
	int64_t limit;
	int r = query_limit(c, &limit, err);

	if (r < 0 || (r = wanted_page(c, &page, &token, err)) < 0)
		return r;
	if (limit < -1)
		return call_refuse(c, 400, "limit value should not be less than zero");
	size_t layers = limit < 0 ? 0 : min_size((size_t)limit, LIMIT_API_PAGE_LAYERS);
	if ((r = store_loan_take(&loan, c->api->o.stores, err)) < 0)
		return r;
	r = store_notification_get(loan.store, c->params[0], layers, page, &a, &found, &next, err);
	store_loan_give(&loan);
	if (r < 0)
		return store_failure(err);
	if (r == 0)
		return call_refuse_not_found(c);
	return answer_notification(c, &found, limit, &token, next, err);
}

int notification_delete(struct call *c, struct err *err)
{
	_cleanup_loan_ struct store_loan loan = STORE_LOAN_INIT;
	int r = store_loan_take(&loan, c->api->o.stores, err);

	if (r < 0)
		return r;
	if (store_notification_delete(loan.store, c->params[0], err) < 0)
		return store_failure(err);
	return call_answer_empty(c);
}
