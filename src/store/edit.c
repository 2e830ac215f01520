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
 * the package is affected; what else is known of the fix (one that is not for everybody, too) it
 * does not know.
 */
static bool is_repeated(const struct fix_record *old, const struct fix_record *new)
{
	return str_eq(fix_public_version(old->state, old->fixed_version), new->fixed_version) &&
	       (new->introduced.n == 0 || str_eq(old->introduced, new->introduced));
}

/* Whether each of one has one of the other: there may be several, for architectures that an edit
 * does not know. */
static bool repeats(struct fix_run old, struct fix_run new)
{
	size_t found = 0;

	for (size_t i = 0; i < old.n; i++) {
		size_t k = 0;

		while (k < new.n && !is_repeated(&old.v[i], &new.v[k]))
			k++;
		if (k == new.n)
			return false;
	}
	for (size_t k = 0; k < new.n; k++) {
		for (size_t i = 0; i < old.n; i++) {
			if (is_repeated(&old.v[i], &new.v[k])) {
				found++;
				break;
			}
		}
	}
	return old.n > 0 && found == new.n;
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

/* An edit that names none does not know of them. */
static void set_cves(const struct advisory_record *edit, const struct advisory_record *old,
	struct advisory_record *out)
{
	const struct advisory_record *from = edit->cves.n > 0 || !old ? edit : old;

	vec_clear(&out->cves);
	for (size_t i = 0; i < from->cves.n; i++)
		vec_push(&out->cves, from->cves.v[i]);
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
		set_cves(&edit, old, &out->content);
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
