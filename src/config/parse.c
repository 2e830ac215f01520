/*
 * From the tree to the configuration: sections are walked by the table of keys, then what keys mean
 * together is looked at.
 */
#include "config/config_priv.h"

enum { SHOWN_VALUE_MAX = 40, SHOWN_NAME_MAX = 64 };

struct walk {
	struct config *config;
	struct config_problems *problems;
	struct arena arena;                 /* the tree, names */
	const struct node *nested_notifier; /* the one below "updater" */
	struct config_place nested_place;   /* of its key */
	bool type_is_wrong; /* of the database: it is not known which one is meant */
};

/* --- what is shown of the file -----------------------------------------------------------------
 */

/* A key is shown when it looks like one; else it may be a value in the wrong place. */
static bool is_name(struct str key)
{
	for (size_t i = 0; i < key.n; i++) {
		char c = key.p[i];

		if (!ascii_is_alpha(c) && !ascii_is_digit(c) && c != '_' && c != '-' && c != '.')
			return false;
	}
	return key.n > 0 && key.n <= SHOWN_NAME_MAX;
}

/* At most so many bytes, whole characters. */
static struct str shorten(struct arena *a, struct str s)
{
	size_t n = 0, length;

	if (s.n <= SHOWN_VALUE_MAX)
		return s;
	while (n < SHOWN_VALUE_MAX) {
		length = utf8_check(s.p + n, s.n - n);
		n += length ? length : 1;
	}
	return arena_printf(a, "%" PRIstr "…", STR_ARG(str_head(s, n)));
}

static struct str describe(struct arena *a, const struct node *node, bool secret)
{
	switch (node->kind) {
	case NODE_NULL:
		return STR("nothing");
	case NODE_LIST:
		return STR("a list");
	case NODE_MAP:
		return STR("a mapping");
	case NODE_NUMBER:
		if (secret)
			return STR("a number");
		return arena_printf(a, "the number %" PRIstr, STR_ARG(shorten(a, node->text)));
	case NODE_BOOL:
		if (secret)
			return STR("a truth value");
		return arena_printf(a, "the truth value %" PRIstr, STR_ARG(node->text));
	case NODE_TEXT:
	default:
		if (secret)
			return STR("something else");
		return arena_printf(a, "the text \"%" PRIstr "\"%s",
			STR_ARG(shorten(a, node->text)), node->quoted ? ", in quotes" : "");
	}
}

/* --- one key -----------------------------------------------------------------------------------
 */

static void note_origin(struct walk *w, const char *key, struct config_place place)
{
	vec_push(&w->config->origins, (struct config_origin){ .key = key, .place = place });
}

/* "{ VALUE }" where a value belongs: documentation writes what is to be filled in so. */
static const struct node *without_braces(
	struct walk *w, const struct config_key *key, const struct node *node)
{
	const struct node_entry *e = node->entries;

	if (node->kind != NODE_MAP || !node->flow || !e || e->next || e->value->kind != NODE_NULL ||
		e->value->text.n)
		return node;
	problem_warning(w->problems, node->place,
		"%s: the braces around the value are taken for part of a placeholder and left out",
		key->name);
	return e->key;
}

static void note_wrong_value(
	struct walk *w, const struct config_key *key, struct config_place place, const char *found)
{
	problem_error(
		w->problems, place, "%s: expected %s, found %s", key->name, key->expected, found);
}

/* Text may be empty; of other types a key without value has its default. */
static bool is_text(const struct config_key *key)
{
	return key->take == take_text || key->take == take_address || key->take == take_http_url ||
	       key->take == take_proxy_url || key->take == take_pagination_key;
}

static void note_empty(struct walk *w, const struct config_key *key, const struct node *node)
{
	if (!is_text(key))
		problem_warning(w->problems, node->place,
			"%s: without a value, so the default is used", key->name);
}

/* Whether a value that is not null holds anything. */
static bool is_filled(const struct node *node)
{
	return node->kind == NODE_LIST || node->kind == NODE_MAP || node->text.n > 0;
}

static void read_value(struct walk *w, const struct config_key *key, const struct node *node)
{
	void *out = (char *)w->config + key->offset;

	if (!key->list)
		node = without_braces(w, key, node);
	if (node->kind == NODE_NULL) {
		note_empty(w, key, node);
		return;
	}
	struct taking t = { .config = w->config, .key = key, .node = node, .place = node->place };
	bool scalar = node->kind != NODE_LIST && node->kind != NODE_MAP;
	if (is_filled(node))
		note_origin(w, key->name, node->place);
	if ((scalar || key->list) && key->take(&t, out))
		return;
	struct str found = describe(&w->arena, node, key->secret);
	note_wrong_value(w, key, t.place, t.found ? t.found : arena_cstr(&w->arena, found));
	if (key->take == take_database_type)
		w->type_is_wrong = true;
}

static void note_unused(struct walk *w, const struct config_key *key, const struct node *node)
{
	if (node->kind != NODE_NULL)
		problem_warning(w->problems, node->place, "%s: has no effect here", key->name);
}

/* --- sections ----------------------------------------------------------------------------------
 */

static void note_unknown(struct walk *w, struct str section, const struct node *key)
{
	const char *meant = key_suggest(&w->arena, section, key->text);
	struct str inside = arena_printf(&w->arena, "clair.%" PRIstr, STR_ARG(key->text));
	const char *dot = section.n ? "." : "";

	if (!is_name(key->text))
		problem_warning(w->problems, key->place,
			"%" PRIstr "%sa key that is not known has no effect", STR_ARG(section),
			section.n ? ": " : "");
	else if (meant)
		problem_warning(w->problems, key->place,
			"%" PRIstr "%s%" PRIstr ": not known, so without effect; is \"%s\" meant?",
			STR_ARG(section), dot, STR_ARG(key->text), meant);
	else if (section.n == 0 && key_find(inside))
		problem_warning(w->problems, key->place,
			"%" PRIstr ": without effect here; it belongs below \"clair\"",
			STR_ARG(key->text));
	else
		problem_warning(w->problems, key->place,
			"%" PRIstr "%s%" PRIstr ": not known, so without effect", STR_ARG(section),
			dot, STR_ARG(key->text));
}

static void read_section(struct walk *w, const struct config_key *section, const struct node *node);

static void read_entry(struct walk *w, struct str section, const struct node_entry *e)
{
	struct str name = section.n ? arena_printf(&w->arena, "%" PRIstr ".%" PRIstr,
					      STR_ARG(section), STR_ARG(e->key->text))
				    : e->key->text;
	const struct config_key *key = key_find(name);

	if (str_eq(name, STR("clair.updater.notifier"))) {
		w->nested_notifier = e->value;
		w->nested_place = e->key->place;
	} else if (!key) {
		note_unknown(w, section, e->key);
	} else if (key->unused) {
		note_unused(w, key, e->value);
	} else if (key->take) {
		read_value(w, key, e->value);
	} else if (!key->skipped) {
		note_origin(w, key->name, e->key->place);
		read_section(w, key, e->value);
	}
}

/* As deep as the names of the table. */
static void read_section(struct walk *w, const struct config_key *section, const struct node *node)
{
	if (node->kind == NODE_NULL)
		return;
	if (node->kind != NODE_MAP) {
		problem_error(w->problems, node->place,
			"%s: expected a mapping of keys to values, found %" PRIstr, section->name,
			STR_ARG(describe(&w->arena, node, true)));
		return;
	}
	for (const struct node_entry *e = node->entries; e; e = e->next)
		read_entry(w, str_of(section->name), e);
}

static bool has(const struct walk *w, const char *key)
{
	return config_place_of(w->config, key).line > 0;
}

static void read_nested_notifier(struct walk *w)
{
	if (!w->nested_notifier)
		return;
	if (has(w, "clair.notifier")) {
		problem_warning(w->problems, w->nested_place,
			"clair.updater.notifier: without effect, because there is clair.notifier");
		return;
	}
	problem_warning(w->problems, w->nested_place,
		"clair.updater.notifier: belongs beside \"updater\", not below it; it is read as "
		"clair.notifier");
	note_origin(w, "clair.notifier", w->nested_place);
	read_section(w, key_find(STR("clair.notifier")), w->nested_notifier);
}

static void read_root(struct walk *w, const struct node *root)
{
	if (root && root->kind != NODE_NULL && root->kind != NODE_MAP) {
		problem_error(w->problems, root->place,
			"expected a mapping with the key \"clair\", found %" PRIstr,
			STR_ARG(describe(&w->arena, root, true)));
		return;
	}
	for (const struct node_entry *e = root ? root->entries : NULL; e; e = e->next)
		read_entry(w, STR_NULL, e);
	read_nested_notifier(w);
	if (!has(w, "clair"))
		problem_warning(w->problems, (struct config_place){ 0 },
			"there is no key \"clair\"; the defaults are used");
}

/* --- what keys mean together -------------------------------------------------------------------
 */

/* The place of the first of these keys that is there. */
static struct config_place place_near(const struct walk *w, const char *const *keys)
{
	struct config_place place = { 0 };

	for (; *keys && place.line == 0; keys++)
		place = config_place_of(w->config, *keys);
	return place;
}

static void check_postgresql(struct walk *w)
{
	static const char *const near[] = { "clair.database.options.source",
		"clair.database.options", "clair.database.type", NULL };
	const char *source = w->config->database.source;

	if (!source && !has(w, "clair.database.options.source"))
		problem_error(w->problems, place_near(w, near),
			"clair.database.options.source: missing, but PostgreSQL needs it");
	else if (source && !source_is_valid(str_of(source)))
		problem_error(w->problems, place_near(w, near),
			"clair.database.options.source: expected a PostgreSQL connection string "
			"(postgresql://… or key=value …), found something else");
	if (w->config->database.path)
		problem_warning(w->problems,
			config_place_of(w->config, "clair.database.options.path"),
			"clair.database.options.path: has no effect on PostgreSQL");
}

static void check_sqlite(struct walk *w)
{
	static const char key[] = "clair.database.options.source";

	if (has(w, key))
		problem_warning(w->problems, config_place_of(w->config, key),
			"%s: has no effect on SQLite", key);
}

/* Without a type: what the options are for. */
static void check_database(struct walk *w)
{
	struct config *c = w->config;

	if (w->type_is_wrong)
		return;
	if (!has(w, "clair.database.type") && has(w, "clair.database.options.source"))
		c->database.type = CONFIG_PGSQL;
	else if (!has(w, "clair.database") && has(w, "clair"))
		problem_warning(w->problems, config_place_of(c, "clair"),
			"clair.database: missing; the embedded database is used");
	if (c->database.type == CONFIG_PGSQL)
		check_postgresql(w);
	else
		check_sqlite(w);
}

static void check_pagination_key(struct walk *w)
{
	static const char *const near[] = { "clair.api.paginationkey", "clair.api", "clair", NULL };

	/* Several instances can share PostgreSQL only. */
	if (!has(w, near[0]) && w->config->database.type == CONFIG_PGSQL)
		problem_warning(w->problems, place_near(w, near),
			"clair.api.paginationkey: none, so each start makes up another one; "
			"instances that work together need the same");
}

static void check_ports(struct walk *w)
{
	static const char *const near[] = { "clair.api.healthport", "clair.api.port", NULL };
	const struct config *c = w->config;

	if (c->api.port && c->api.port == c->api.health_port)
		problem_error(w->problems, place_near(w, near),
			"clair.api.healthport: expected another port than clair.api.port, found %u "
			"for both",
			c->api.port);
}

/* A certificate and its key come together. */
static void check_pair(struct walk *w, const char *cert, const char *key)
{
	if (has(w, cert) && !has(w, key))
		problem_error(w->problems, config_place_of(w->config, cert),
			"%s: a certificate needs its key, %s", cert, key);
	if (has(w, key) && !has(w, cert))
		problem_error(w->problems, config_place_of(w->config, key),
			"%s: a key needs its certificate, %s", key, cert);
}

static void check_tls(struct walk *w)
{
	check_pair(w, "clair.api.certfile", "clair.api.keyfile");
	check_pair(w, "clair.notifier.http.certfile", "clair.notifier.http.keyfile");
	if (has(w, "clair.api.cafile") && !has(w, "clair.api.certfile") &&
		!has(w, "clair.api.keyfile"))
		problem_error(w->problems, config_place_of(w->config, "clair.api.cafile"),
			"clair.api.cafile: asking for client certificates needs TLS: "
			"clair.api.certfile and clair.api.keyfile");
}

static void check_together(struct walk *w)
{
	check_database(w);
	check_pagination_key(w);
	check_ports(w);
	check_tls(w);
	w->config->notifier.enabled = w->config->notifier.http.endpoint != NULL;
}

void config_read(struct span text, struct config *out, struct config_problems *problems)
{
	struct walk w = { .config = out, .problems = problems, .arena = ARENA_INIT };
	struct node *root;

	config_defaults(out);
	if (yaml_read(text, &w.arena, problems, &root)) {
		read_root(&w, root);
		check_together(&w);
	}
	arena_fini(&w.arena);
	problems_sort(problems);
}

int config_parse(struct span text, const char *name, struct config *out,
	struct config_problems *problems, struct err *err)
{
	struct config c;

	config_read(text, &c, problems);
	int result = problems_to_err(problems, name, err);
	if (result < 0)
		config_fini(&c);
	else
		*out = c;
	return result;
}
