/*
 * The public functions for layers: what cannot be in any database is not asked for, and not put
 * into one.
 */
#include "store/store_priv.h"
#include "version/version.h"

int store_layer_get(struct store *s, struct str name, struct arena *a, struct stored_layer *out,
	struct err *err)
{
	return store_is_layer_name(name) ? s->driver->layer_get(s, name, a, out, err) : 0;
}

int store_layer_chain(
	struct store *s, struct str name, struct arena *a, struct chain_link **out, struct err *err)
{
	return store_is_layer_name(name) ? s->driver->layer_chain(s, name, a, out, err) : 0;
}

static int check_scheme(struct str scheme, struct err *err)
{
	if (scheme.n > 0 && !version_scheme_by_name(scheme))
		return err_set(
			err, ERR_INPUT, "unknown version scheme \"%" PRIstr "\"", STR_ARG(scheme));
	return 0;
}

static int check_feature(const struct layer_feature *f, struct err *err)
{
	int r;

	if ((r = store_check_name("its namespace", f->name_space, err)) < 0 ||
		(r = check_scheme(f->scheme, err)) < 0 ||
		(r = store_check_name("its name", f->name, err)) < 0 ||
		(r = store_check_text("its version", f->version, LIMIT_PACKAGE_FIELD, err)) < 0 ||
		(r = store_check_name("its package", f->package, err)) < 0)
		return r;
	if (f->key.n > VERSION_KEY_MAX)
		return err_set(err, ERR_INPUT, "its version's key has %zu bytes", f->key.n);
	return 0;
}

static int check_features(const struct layer_put *put, struct err *err)
{
	if (put->inherits)
		return 0;
	if (put->n_features > LIMIT_PACKAGES)
		return err_set(err, ERR_TOO_LARGE, "more than %d packages", LIMIT_PACKAGES);
	for (size_t i = 0; i < put->n_features; i++) {
		if (check_feature(&put->features[i], err) < 0)
			return err_wrap(err, "feature %zu", i);
	}
	return 0;
}

static int check_put(const struct layer_put *put, struct err *err)
{
	int r;

	if ((r = store_check_text("namespace", put->name_space, LIMIT_PACKAGE_FIELD, err)) < 0 ||
		(r = check_scheme(put->scheme, err)) < 0)
		return r;
	if (put->facts.n > LIMIT_FACTS)
		return err_set(err, ERR_TOO_LARGE, "facts of %zu bytes", put->facts.n);
	/* Such a layer cannot be there. */
	if (put->parent.n > 0 && !store_is_layer_name(put->parent))
		return err_set(err, ERR_NOT_FOUND, "its parent is not there");
	return check_features(put, err);
}

int store_layer_put(struct store *s, const struct layer_put *put, struct err *err)
{
	int r = store_check_writable(s, err);

	if (r < 0)
		return r;
	if (!store_is_layer_name(put->name))
		return err_set(err, ERR_INPUT,
			"a layer's name is text of 1 to %d characters, not of %zu bytes",
			LIMIT_LAYER_NAME, put->name.n);
	if ((r = check_put(put, err)) == 0)
		r = s->driver->layer_put(s, put, err);
	return r < 0 ? err_wrap(err, "layer %" PRIstr, STR_ARG(put->name)) : r;
}

int store_layer_delete(struct store *s, struct str name, struct err *err)
{
	int r = store_check_writable(s, err);

	if (r == 0 && !store_is_layer_name(name))
		r = err_set(err, ERR_NOT_FOUND, "there is no such layer");
	return r < 0 ? r : s->driver->layer_delete(s, name, err);
}

int store_layer_state(struct store *s, struct str name, struct layer_state *out, struct err *err)
{
	return store_is_layer_name(name) ? s->driver->layer_state(s, name, out, err) : 0;
}

int store_layer_read(struct store *s, struct str name, enum layer_part part, struct arena *a,
	struct layer_view *out, struct err *err)
{
	*out = (struct layer_view){ .features = VEC_INIT, .matches = VEC_INIT };
	if (!store_is_layer_name(name))
		return 0;
	return s->driver->layer_read(s, name, part, a, out, err);
}
