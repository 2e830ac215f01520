/*
 * What an update remembers for the next, see documents.h.
 */
#include "base/base.h"

#include "feed/documents.h"

/* In front of the names of documents. */
#define KEY_DOCUMENT STR("document ")

void documents_init(struct documents *d)
{
	*d = (struct documents){ .values = MAP_INIT, .arena = ARENA_INIT };
}

void documents_fini(struct documents *d)
{
	map_fini(&d->values);
	arena_fini(&d->arena);
}

/* s up to the first character that would be taken for an end. */
static struct str clean(struct str s)
{
	struct str line, rest;

	return str_cut(s, '\n', &line, &rest) ? line : s;
}

void documents_set(struct documents *d, struct str key, struct str value)
{
	struct str *copy = arena_alloc(&d->arena, sizeof(*copy));
	struct str head, rest;

	*copy = arena_str(&d->arena, clean(value));
	key = clean(key);
	if (str_cut(key, '\t', &head, &rest))
		key = head;
	map_set(&d->values, key, copy);
}

struct str documents_get(const struct documents *d, struct str key)
{
	const struct str *value = map_get(&d->values, key);

	return value ? *value : STR_NULL;
}

void documents_parse(struct documents *d, struct str text)
{
	struct str line, key, value;

	while (text.n > 0) {
		(void)str_cut(text, '\n', &line, &text);
		if (str_cut(line, '\t', &key, &value))
			documents_set(d, key, value);
	}
}

static int cmp_keys(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

int documents_format(const struct documents *d, struct buf *out, struct err *err)
{
	VEC_OF(struct str) keys = VEC_INIT;
	struct str key;
	void *value;
	size_t pos = 0;

	while (map_next(&d->values, &pos, &key, &value))
		vec_push(&keys, key);
	if (keys.n > 1)
		qsort(keys.v, keys.n, sizeof(*keys.v), cmp_keys);
	vec_for_each(k, &keys) {
		buf_printf(out, "%" PRIstr "\t%" PRIstr "\n", STR_ARG(*k),
			STR_ARG(documents_get(d, *k)));
	}
	vec_fini(&keys);
	return buf_check(out, "what it remembers of its documents", err);
}

static struct str key_of(struct arena *a, const char *name)
{
	return arena_printf(a, "%" PRIstr "%s", STR_ARG(KEY_DOCUMENT), name);
}

bool documents_find(const struct documents *d, const char *name, struct document_state *out)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str value = documents_get(d, key_of(&a, name));
	struct str rest;

	return str_cut(value, '\t', &out->etag, &rest) &&
	       str_cut(rest, '\t', &out->last_modified, &out->digest);
}

/* A header's value may hold anything but a line end. */
static struct str without_tabs(struct arena *a, struct str s)
{
	return s.n && memchr(s.p, '\t', s.n) ? STR_NULL : arena_str(a, s);
}

void documents_note(struct documents *d, const char *name, const struct document_state *state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str value = arena_printf(&a, "%" PRIstr "\t%" PRIstr "\t%" PRIstr,
		STR_ARG(without_tabs(&a, state->etag)),
		STR_ARG(without_tabs(&a, state->last_modified)), STR_ARG(state->digest));

	documents_set(d, key_of(&a, name), value);
}
