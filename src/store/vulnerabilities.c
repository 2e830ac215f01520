/*
 * The public functions for namespaces and vulnerabilities: what cannot be in any database is not
 * asked for, and not put into one.
 */
#include "store/store_priv.h"

size_t vulnerability_text_bytes(const struct stored_vulnerability *v)
{
	return v->name.n + v->link.n + v->description.n + v->metadata.n;
}

int store_namespace_list(
	struct store *s, struct arena *a, struct stored_namespace **out, size_t *n, struct err *err)
{
	return s->driver->namespace_list(s, a, out, n, err);
}

int store_namespace_get(struct store *s, struct str name, struct arena *a,
	struct stored_namespace *out, struct err *err)
{
	return store_is_name(name) ? s->driver->namespace_get(s, name, a, out, err) : 0;
}

int store_vulnerability_get(struct store *s, struct str name_space, struct str name,
	struct arena *a, struct stored_vulnerability *out, struct err *err)
{
	if (!store_is_name(name_space) || !store_is_name(name))
		return 0;
	return s->driver->vulnerability_get(s, name_space, name, a, out, err);
}

/* NOLINTNEXTLINE(readability-function-size): where a page begins, and where the next */
int store_vulnerability_list(struct store *s, struct str name_space, int64_t start_id, size_t limit,
	struct arena *a, struct stored_vulnerability **out, size_t *n, int64_t *next_id,
	struct err *err)
{
	if (!store_is_name(name_space))
		return 0;
	/* One more is read, to know where to go on. */
	return s->driver->vulnerability_list(
		s, name_space, start_id, min_size(limit, INT64_MAX - 1), a, out, n, next_id, err);
}

static int check_not_affected(const struct str *packages, size_t n, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = store_check_name("package", packages[i], err);
	return r;
}

int store_vulnerability_put(struct store *s, const struct advisory *a,
	const struct str *not_affected, size_t n_not_affected, unsigned flags,
	enum store_notify notify, struct err *err)
{
	int r = store_check_writable(s, err);

	if (r < 0 || (r = store_check_name("namespace", a->name_space, err)) < 0 ||
		(r = store_check_name("name", a->name, err)) < 0 ||
		(r = check_not_affected(not_affected, n_not_affected, err)) < 0)
		return r;
	return s->driver->vulnerability_put(s, a, not_affected, n_not_affected, flags, notify, err);
}

int store_vulnerability_delete(struct store *s, struct str name_space, struct str name,
	enum store_notify notify, struct err *err)
{
	int r = store_check_writable(s, err);

	if (r == 0 && (!store_is_name(name_space) || !store_is_name(name)))
		r = err_set(err, ERR_NOT_FOUND, "there is no such vulnerability");
	return r < 0 ? r : s->driver->vulnerability_delete(s, name_space, name, notify, err);
}
