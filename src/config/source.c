/*
 * Connection strings of libpq
 * (https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING), as far as it takes to
 * tell what is none, and to show one without its secrets: only what is known to be harmless is
 * shown.
 */
#include "config/config_priv.h"

static bool skip_scheme(struct str *source)
{
	return str_skip_prefix(source, STR("postgresql://")) ||
	       str_skip_prefix(source, STR("postgres://"));
}

/* --- key=value pairs -------------------------------------------------------------------------- */

struct pair {
	struct str key;
	struct str value; /* as written, with quotes and backslashes */
};

static void skip_space(struct str *s)
{
	while (s->n && ascii_is_space(s->p[0]))
		*s = str_skip(*s, 1);
}

/* Up to the quote that ends it, or up to white space; a backslash takes what follows with it. */
static bool take_value(struct str *s, struct str *value)
{
	bool quoted = str_starts(*s, STR("'"));
	size_t n = quoted ? 1 : 0;

	while (n < s->n && (quoted ? s->p[n] != '\'' : !ascii_is_space(s->p[n])))
		n += s->p[n] == '\\' ? 2 : 1;
	if (n > s->n || (quoted && n == s->n))
		return false;
	n += quoted ? 1 : 0;
	*value = str_head(*s, n);
	*s = str_skip(*s, n);
	return true;
}

/* 1: a pair, 0: the end, -1: neither. */
static int next_pair(struct str *s, struct pair *out)
{
	size_t n = 0;

	skip_space(s);
	if (s->n == 0)
		return 0;
	while (n < s->n && (ascii_is_lower(s->p[n]) || s->p[n] == '_'))
		n++;
	out->key = str_head(*s, n);
	*s = str_skip(*s, n);
	skip_space(s);
	if (n == 0 || !str_skip_prefix(s, STR("=")))
		return -1;
	skip_space(s);
	return take_value(s, &out->value) ? 1 : -1;
}

bool source_is_valid(struct str source)
{
	struct pair pair;
	size_t pairs = 0;
	int r;

	if (skip_scheme(&source))
		return true;
	while ((r = next_pair(&source, &pair)) > 0)
		pairs++;
	return r == 0 && pairs > 0;
}

/* --- labels ----------------------------------------------------------------------------------- */

/*
 * Host, port and database. As for libpq, an "@" in front of the first "/" ends user and password;
 * with another one after that nobody can tell what is password, and nothing is shown.
 */
static void append_url_label(struct buf *out, struct str rest)
{
	struct str authority, shown = rest;

	(void)str_cut(rest, '/', &authority, NULL);
	ptrdiff_t at = str_find_char(authority, '@');
	if (at >= 0)
		shown = str_skip(rest, (size_t)at + 1);
	if (str_find_char(shown, '@') >= 0)
		shown = STR("…");
	(void)str_cut(shown, '?', &shown, NULL);
	(void)str_cut(shown, '#', &shown, NULL);
	buf_append_str(out, STR("postgresql://"));
	buf_append_str(out, shown);
}

static bool is_harmless(struct str key)
{
	static const struct str keys[] = { STR_INIT("host"), STR_INIT("hostaddr"), STR_INIT("port"),
		STR_INIT("dbname"), STR_INIT("user"), STR_INIT("service") };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (str_eq(key, keys[i]))
			return true;
	}
	return false;
}

/* A dbname may be a connection string of its own. */
static bool may_show(const struct pair *pair)
{
	return is_harmless(pair->key) && str_find_char(pair->value, '=') < 0 &&
	       str_find(pair->value, STR("://")) < 0;
}

static void append_pairs_label(struct buf *out, struct str source)
{
	struct pair pair;

	buf_append_str(out, STR("PostgreSQL"));
	while (next_pair(&source, &pair) > 0) {
		if (may_show(&pair))
			buf_printf(out, " %" PRIstr "=%" PRIstr, STR_ARG(pair.key),
				STR_ARG(pair.value));
	}
}

struct str config_database_label(struct arena *a, const struct config *c, const char *default_path)
{
	_cleanup_buf_ struct buf label = BUF_INIT(2 * LIMIT_CONFIG);
	struct str rest = str_of(c->database.source);

	if (c->database.type == CONFIG_SQLITE)
		buf_printf(&label, "SQLite %s", c->database.path ? c->database.path : default_path);
	else if (skip_scheme(&rest))
		append_url_label(&label, rest);
	else if (source_is_valid(rest))
		append_pairs_label(&label, rest);
	else
		buf_append_str(&label, STR("PostgreSQL"));
	return arena_str(a, buf_str(&label));
}
