/*
 * Edits of single vulnerabilities: the fixes of an edit are put among those that are there, package
 * by package; both are in the order of advisory_fold().
 */
#include "store/store_priv.h"

void edited_vulnerability_fini(struct edited_vulnerability *v)
{
	advisory_record_fini(&v->content);
	buf_fini(&v->record);
	buf_fini(&v->canonical);
}

/* The fixes of one package: fixes[from … to). */
struct fix_run {
	const struct fix_record *v;
	size_t n;
};

/* The next run at *from, which moves behind it; empty at the end. */
static struct fix_run next_run(const struct advisory_record *r, size_t *from)
{
	size_t start = *from, end = start;

	if (start == r->fixes.n)
		return (struct fix_run){ NULL, 0 };
	while (end < r->fixes.n && str_eq(r->fixes.v[end].package, r->fixes.v[start].package))
		end++;
	*from = end;
	return (struct fix_run){ r->fixes.v + start, end - start };
}

/*
 * Whether an edit only says again which versions are fixed. It may leave out from which version on
 * the package is affected; what else is known of the fix it does not know.
 */
static bool repeats(struct fix_run old, struct fix_run new)
{
	if (old.n != new.n)
		return false;
	for (size_t i = 0; i < old.n; i++) {
		if (!str_eq(old.v[i].fixed_version, new.v[i].fixed_version) ||
			(new.v[i].introduced.n > 0 &&
				!str_eq(old.v[i].introduced, new.v[i].introduced)))
			return false;
	}
	return true;
}

static bool is_removed(const struct vulnerability_edit *e, struct str package)
{
	for (size_t i = 0; i < e->n_not_affected; i++) {
		if (str_eq(e->not_affected[i], package))
			return true;
	}
	return false;
}

static void add_run(
	const struct vulnerability_edit *e, struct fix_run run, struct advisory_record *out)
{
	if (run.n == 0 || is_removed(e, run.v[0].package))
		return;
	for (size_t i = 0; i < run.n; i++)
		vec_push(&out->fixes, run.v[i]);
}

static int cmp_runs(struct fix_run a, struct fix_run b)
{
	if (a.n == 0 || b.n == 0)
		return (a.n == 0) - (b.n == 0);
	return str_cmp(a.v[0].package, b.v[0].package);
}

/* out's fixes become those of both, by package. */
static void merge_fixes(const struct vulnerability_edit *e, const struct advisory_record *old,
	const struct advisory_record *new, struct advisory_record *out)
{
	size_t old_at = 0, new_at = 0;
	struct fix_run a = next_run(old, &old_at), b = next_run(new, &new_at);

	while (a.n > 0 || b.n > 0) {
		int c = cmp_runs(a, b);

		add_run(e, c < 0 || (c == 0 && repeats(a, b)) ? a : b, out);
		if (c <= 0)
			a = next_run(old, &old_at);
		if (c >= 0)
			b = next_run(new, &new_at);
	}
}

static bool has_package(const struct advisory_record *r, struct str package)
{
	vec_for_each(f, &r->fixes) {
		if (str_eq(f->package, package))
			return true;
	}
	return false;
}

static int check_removed(
	const struct vulnerability_edit *e, const struct advisory_record *old, struct err *err)
{
	for (size_t i = 0; i < e->n_not_affected; i++) {
		if (!has_package(old, e->not_affected[i]))
			return err_set(err, ERR_NOT_FOUND,
				"vulnerability %" PRIstr " has no fix of package %" PRIstr,
				STR_ARG(e->a->name), STR_ARG(e->not_affected[i]));
	}
	return 0;
}

static int check(
	const struct vulnerability_edit *e, const struct advisory_record *old, struct err *err)
{
	if (!(e->flags & VULNERABILITY_FIXES_ONLY))
		return 0;
	if (!old)
		return err_set(err, ERR_NOT_FOUND,
			"there is no vulnerability %" PRIstr " of %" PRIstr, STR_ARG(e->a->name),
			STR_ARG(e->a->name_space));
	return check_removed(e, old, err);
}

/* What the edit says, as a record of its own. */
static int read_edit(const struct vulnerability_edit *e, const struct advisory_record *old,
	struct buf *record, struct buf *canonical, struct advisory_record *out, struct err *err)
{
	struct advisory a = *e->a;
	struct content_hash hash = content_hash_of(span_from_str(a.description));

	if (e->flags & VULNERABILITY_FIXES_ONLY) {
		a.severity = old->severity;
		a.link = old->link;
		a.metadata = old->metadata;
		a.description = STR_NULL;
	}
	int r = advisory_encode(&a, a.description.n > 0 ? &hash : NULL, record, err);
	if (r == 0)
		r = advisory_fold(buf_span(record), out, canonical, err);
	if (r == 0 && (e->flags & VULNERABILITY_FIXES_ONLY))
		out->description_hash = old->description_hash;
	return r;
}

/* Whether old says the same; a record that is too large cannot be what is there. */
static bool is_same(const struct advisory_record *old, const struct buf *canonical)
{
	_cleanup_buf_ struct buf was = BUF_INIT(LIMIT_ADVISORY_RECORD);

	return advisory_canonical(old, &was, NULL) == 0 &&
	       str_eq(buf_str(&was), buf_str(canonical));
}

int vulnerability_edit(const struct vulnerability_edit *e, const struct advisory_record *old,
	struct edited_vulnerability *out, struct err *err)
{
	static const struct advisory_record nothing = { .fixes = VEC_INIT };
	struct advisory_record edit = { .fixes = VEC_INIT };
	int r = check(e, old, err);

	if (r == 0)
		r = read_edit(e, old, &out->record, &out->canonical, &edit, err);
	if (r == 0) {
		out->content.severity = edit.severity;
		out->content.link = edit.link;
		out->content.metadata = edit.metadata;
		out->content.description_hash = edit.description_hash;
		out->new_description =
			edit.description_hash.n > 0 && !(e->flags & VULNERABILITY_FIXES_ONLY);
		vec_clear(&out->content.fixes);
		merge_fixes(e, old ? old : &nothing, &edit, &out->content);
		r = advisory_canonical(&out->content, &out->canonical, err);
	}
	if (r == 0) {
		out->changed = !old || !is_same(old, &out->canonical);
		out->hash = content_hash_of(buf_span(&out->canonical));
	}
	advisory_record_fini(&edit);
	return r;
}
