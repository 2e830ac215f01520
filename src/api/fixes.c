/*
 * Fixes: in which version of a package a vulnerability is gone. Edits of a vulnerability that is
 * there, with notifications as of any other edit.
 */
#include "api/api_priv.h"
#include "api/edit.h"

int fixes_get(struct call *c, struct err *err)
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
	render_fixes(&v, &json);
	if (buf_check(&json, "the answer", err) < 0)
		return store_failure(err);
	return call_answer(c, 200, &json);
}

static bool has_fix(const struct stored_vulnerability *v, struct str package)
{
	for (size_t i = 0; i < v->n_fixes; i++) {
		if (str_eq(v->fixes[i].package, package))
			return true;
	}
	return false;
}

/* The edit of a vulnerability's fixes. What is not there cannot be removed. */
static int put_fixes(struct call *c, struct store *s, const struct stored_vulnerability *v,
	const struct fix_edit *edit, struct err *err)
{
	const struct advisory advisory = {
		.name_space = c->params[0],
		.scheme = edit->scheme.n ? edit->scheme : v->scheme,
		.name = c->params[1],
		.severity = v->severity,
		.fixes = edit->fixes,
		.n_fixes = edit->n_fixes,
	};
	int r = store_vulnerability_put(s, &advisory, edit->not_affected, edit->n_not_affected,
		VULNERABILITY_FIXES_ONLY, c->api->o.notify, err);

	if (r < 0)
		return err->code == ERR_INPUT ? r : store_failure(err);
	if (r > 0 && c->api->o.edited)
		c->api->o.edited(c->api->o.edited_ctx);
	return 0;
}

static int put_feature(struct call *c, const struct feature_body *f, struct err *err)
{
	_cleanup_loan_ struct store_loan loan = STORE_LOAN_INIT;
	struct arena *a = &c->r->arena;
	struct stored_vulnerability v;
	struct fix_edit edit;
	int r = fix_edit_read(f, 1, c->params[0], SEVERITY_UNKNOWN, a, &edit, err);

	if (r < 0 || (r = fix_edit_check_names(f, 1, c->params[0], err)) < 0 ||
		(r = store_loan_take(&loan, c->api->o.stores, err)) < 0)
		return r;
	r = store_vulnerability_get(loan.store, c->params[0], c->params[1], a, &v, err);
	if (r < 0)
		return store_failure(err);
	if (r == 0)
		return err_set(err, ERR_NOT_FOUND, "no such vulnerability");
	for (size_t i = 0; i < edit.n_fixes; i++)
		edit.fixes[i].severity = v.severity;
	if (edit.n_not_affected && !has_fix(&v, f->name))
		return 0;
	return put_fixes(c, loan.store, &v, &edit, err);
}

int fix_put(struct call *c, struct err *err)
{
	_cleanup_buf_ struct buf json = BUF_INIT(LIMIT_API_ANSWER);
	struct feature_body *f = NULL;
	int r = decode_feature(c->r->body, &c->r->arena, &f, err);

	if (r < 0)
		return r;
	if (!f)
		return call_refuse(c, 400, "failed to provide feature");
	if (!str_eq(f->name, c->params[2]))
		return call_refuse(c, 400, "feature name in URL and JSON do not match");
	if ((r = put_feature(c, f, err)) < 0)
		return r;
	render_sent_feature(f, &json);
	return call_answer(c, 200, &json);
}

int fix_delete(struct call *c, struct err *err)
{
	_cleanup_loan_ struct store_loan loan = STORE_LOAN_INIT;
	struct stored_vulnerability v = { .scheme = STR_NULL };
	const struct fix_edit edit = { .not_affected = &c->params[2], .n_not_affected = 1 };
	int r = store_loan_take(&loan, c->api->o.stores, err);

	if (r < 0 || (r = put_fixes(c, loan.store, &v, &edit, err)) < 0)
		return r;
	return call_answer_empty(c);
}
