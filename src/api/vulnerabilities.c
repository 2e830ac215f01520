/*
 * Vulnerabilities of a namespace: listed in pages, shown, and edited.
 */
#include "api/api_priv.h"
#include "api/edit.h"

/* --- reading */

static int answer_page(struct call *c, const struct stored_vulnerability *list, size_t n,
	int64_t next_id, struct err *err)
{
	_cleanup_buf_ struct buf json = BUF_INIT(LIMIT_API_ANSWER);
	_cleanup_buf_ struct buf token = BUF_INIT(LIMIT_FERNET_TOKEN);

	if (next_id != -1 && token_write_id(&c->api->key, next_id, &token, err) < 0)
		return store_failure(err);
	render_vulnerabilities(list, n, buf_str(&token), &json);
	if (buf_check(&json, "the answer", err) < 0)
		return store_failure(err);
	return call_answer(c, 200, &json);
}

int vulnerabilities_get(struct call *c, struct err *err)
{
	_cleanup_loan_ struct store_loan loan = STORE_LOAN_INIT;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct stored_vulnerability *list = NULL;
	struct str page;
	size_t n = 0;
	int64_t limit, start_id = 0, next_id = -1;
	int r = query_limit(c, &limit, err);

	if (r < 0)
		return r;
	if (limit < 0)
		return call_refuse(c, 400, "limit value should not be less than zero");
	if (http_query_get(c->r->query, STR("page"), &c->r->arena, &page) &&
		(r = token_read_id(&c->api->key, page, &start_id, err)) < 0)
		return r;
	if ((r = store_loan_take(&loan, c->api->o.stores, err)) < 0)
		return r;
	r = store_vulnerability_list(loan.store, c->params[0], start_id,
		min_size((size_t)limit, LIMIT_API_PAGE_VULNERABILITIES), &a, &list, &n, &next_id,
		err);
	store_loan_give(&loan);
	if (r < 0)
		return store_failure(err);
	if (r == 0)
		return call_refuse_not_found(c);
	return answer_page(c, list, n, next_id, err);
}

int vulnerability_get(struct call *c, struct err *err)
{
	_cleanup_loan_ struct store_loan loan = STORE_LOAN_INIT;
	_cleanup_buf_ struct buf json = BUF_INIT(LIMIT_API_ANSWER);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct stored_vulnerability v;
	int r = store_loan_take(&loan, c->api->o.stores, err);

	if (r < 0)
		return r;
	r = store_vulnerability_get(loan.store, c->params[0], c->params[1], &a, &v, err);
	store_loan_give(&loan);
	if (r < 0)
		return store_failure(err);
	if (r == 0)
		return call_refuse_not_found(c);
	render_vulnerability(&v, http_query_has(c->r->query, STR("fixedIn")), &json);
	if (buf_check(&json, "the answer", err) < 0)
		return store_failure(err);
	return call_answer(c, 200, &json);
}

/* --- editing */

/* The scheme of a namespace whose versions do not tell it; empty when it is not known. */
static int find_scheme(
	struct store *s, struct str name_space, struct arena *a, struct str *out, struct err *err)
{
	struct stored_namespace found;
	int r = store_namespace_get(s, name_space, a, &found, err);

	if (r > 0)
		*out = found.scheme;
	return r < 0 ? store_failure(err) : 0;
}

/*
 * Stores what was sent, under that namespace and name: 0, or -ERR_INPUT with the message for the
 * client among others.
 */
static int put(struct call *c, const struct vulnerability_body *v, struct str name_space,
	struct str name, struct err *err)
{
	_cleanup_loan_ struct store_loan loan = STORE_LOAN_INIT;
	struct arena *a = &c->r->arena;
	struct fix_edit edit;
	enum severity severity;
	int r;

	if (!severity_from_str(v->severity, &severity))
		return err_set(err, ERR_INPUT, "failed to parse Severity from input");
	r = fix_edit_read(v->fixed_in.v, v->fixed_in.n, name_space, severity, a, &edit, err);
	if (r < 0)
		return r;
	if (name.n == 0 || name_space.n == 0)
		return err_set(err, ERR_INPUT,
			"insertVulnerability needs at least the Name and the Namespace");
	r = fix_edit_check_names(v->fixed_in.v, v->fixed_in.n, name_space, err);
	if (r < 0 || (r = store_loan_take(&loan, c->api->o.stores, err)) < 0)
		return r;
	if (edit.scheme.n == 0 &&
		(r = find_scheme(loan.store, name_space, a, &edit.scheme, err)) < 0)
		return r;
	const struct advisory advisory = {
		.name_space = name_space,
		.scheme = edit.scheme,
		.name = name,
		.severity = severity,
		.link = v->link,
		.description = v->description,
		.metadata = v->metadata,
		.fixes = edit.fixes,
		.n_fixes = edit.n_fixes,
	};
	r = store_vulnerability_put(loan.store, &advisory, edit.not_affected, edit.n_not_affected,
		0, c->api->o.notify, err);
	if (r < 0)
		return err->code == ERR_INPUT ? r : store_failure(err);
	if (r > 0 && c->api->o.edited)
		c->api->o.edited(c->api->o.edited_ctx);
	return 0;
}

static int answer_sent(struct call *c, unsigned status, const struct vulnerability_body *v)
{
	_cleanup_buf_ struct buf json = BUF_INIT(LIMIT_API_ANSWER);

	render_sent_vulnerability(v, &json);
	return call_answer(c, status, &json);
}

int vulnerability_post(struct call *c, struct err *err)
{
	struct vulnerability_body *v = NULL;
	int r = decode_vulnerability(c->r->body, &c->r->arena, &v, err);

	if (r < 0)
		return r;
	if (!v)
		return call_refuse(c, 400, "failed to provide vulnerability");
	/* The namespace of the URL does not matter. */
	r = put(c, v, v->name_space, v->name, err);
	return r < 0 ? r : answer_sent(c, 201, v);
}

int vulnerability_put(struct call *c, struct err *err)
{
	struct vulnerability_body *v = NULL;
	int r = decode_vulnerability(c->r->body, &c->r->arena, &v, err);

	if (r < 0)
		return r;
	if (!v)
		return call_refuse(c, 400, "failed to provide vulnerability");
	if (v->fixed_in.n)
		return call_refuse(c, 400, "Vulnerability.FixedIn must be empty");
	r = put(c, v, c->params[0], c->params[1], err);
	return r < 0 ? r : answer_sent(c, 200, v);
}

int vulnerability_delete(struct call *c, struct err *err)
{
	_cleanup_loan_ struct store_loan loan = STORE_LOAN_INIT;
	int r = store_loan_take(&loan, c->api->o.stores, err);

	if (r < 0)
		return r;
	if (store_vulnerability_delete(
		    loan.store, c->params[0], c->params[1], c->api->o.notify, err) < 0)
		return store_failure(err);
	if (c->api->o.edited)
		c->api->o.edited(c->api->o.edited_ctx);
	return call_answer_empty(c);
}
