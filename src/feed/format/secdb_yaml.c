/*
 * A security database as YAML, by the events of libyaml. Of the document's structure this is what
 * counts, by the keys that lead to it:
 *
 *   distroversion: TEXT
 *   packages: [ { pkg: { name: TEXT, secfixes: { VERSION: [ ID, … ] } } } ]
 */
#include "base/base.h"

#include <yaml.h>

#include "feed/format/secdb_priv.h"

/* Nesting of the structure above is 7; what is nested deeper is of no use. */
#define DEPTH 16

/* Where a value stands. */
enum place {
	PLACE_OTHER,
	PLACE_TOP,      /* the document */
	PLACE_RELEASE,  /* the value of distroversion */
	PLACE_PACKAGES, /* the list */
	PLACE_ELEMENT,  /* one of it */
	PLACE_PACKAGE,  /* the value of pkg */
	PLACE_NAME,
	PLACE_FIXES,
	PLACE_IDS, /* the value of a version */
	PLACE_ID,
};

struct level {
	enum place place;
	bool is_map;
	bool has_key;     /* of a mapping: its value follows */
	enum place value; /* where that value stands */
};

struct parser {
	yaml_parser_t yaml;
	struct stream *in;
	struct err failure; /* what in reported */
	struct secdb_collector *c;
	struct level levels[DEPTH];
	size_t depth;
	struct str version; /* whose ids are read */
	bool has_packages;
};

static int read_input(void *data, unsigned char *buffer, size_t size, size_t *size_read)
{
	struct parser *p = data;
	ssize_t n = stream_read(p->in, buffer, size, &p->failure);

	*size_read = n < 0 ? 0 : (size_t)n;
	return n >= 0;
}

/* Where the value of a key stands that is in a mapping at this place. */
static enum place place_of_key(struct parser *p, enum place map, struct str key)
{
	switch (map) {
	case PLACE_TOP:
		if (str_eq(key, STR("packages"))) {
			p->has_packages = true;
			return PLACE_PACKAGES;
		}
		return str_eq(key, STR("distroversion")) ? PLACE_RELEASE : PLACE_OTHER;
	case PLACE_ELEMENT:
		return str_eq(key, STR("pkg")) ? PLACE_PACKAGE : PLACE_OTHER;
	case PLACE_PACKAGE:
		if (str_eq(key, STR("name")))
			return PLACE_NAME;
		return str_eq(key, STR("secfixes")) ? PLACE_FIXES : PLACE_OTHER;
	case PLACE_FIXES:
		p->version = secdb_version(p->c, key);
		return PLACE_IDS;
	default:
		return PLACE_OTHER;
	}
}

/* Where the next value stands, which it takes. */
static enum place next_place(struct parser *p)
{
	struct level *l;

	if (p->depth == 0)
		return PLACE_TOP;
	l = &p->levels[p->depth - 1];
	if (l->is_map) {
		l->has_key = false;
		return l->value;
	}
	if (l->place == PLACE_PACKAGES)
		return PLACE_ELEMENT;
	return l->place == PLACE_IDS ? PLACE_ID : PLACE_OTHER;
}

static void take_scalar(struct parser *p, const yaml_event_t *e)
{
	struct str text = str_n((const char *)e->data.scalar.value, e->data.scalar.length);
	struct level *l = p->depth ? &p->levels[p->depth - 1] : NULL;

	if (l && l->is_map && !l->has_key) {
		l->has_key = true;
		l->value = place_of_key(p, l->place, text);
		return;
	}
	switch (next_place(p)) {
	case PLACE_RELEASE:
		secdb_set_release(p->c, text);
		break;
	case PLACE_NAME:
		secdb_set_name(p->c, text);
		break;
	case PLACE_ID:
		secdb_add_fix(p->c, p->version, text);
		break;
	default:
		break;
	}
}

static int begin(struct parser *p, bool is_map, struct err *err)
{
	struct level *l = p->depth ? &p->levels[p->depth - 1] : NULL;

	if (p->depth == DEPTH)
		return err_set(err, ERR_INPUT, "YAML: nested more than %d deep", DEPTH);
	if (l && l->is_map && !l->has_key)
		return err_set(err, ERR_INPUT, "YAML: a key is no text");
	enum place place = next_place(p);

	/* A list where a mapping should be, and the other way round, is of no use. */
	if (is_map == (place == PLACE_PACKAGES || place == PLACE_IDS))
		place = PLACE_OTHER;
	if (place == PLACE_ELEMENT)
		secdb_begin_package(p->c);
	p->levels[p->depth++] = (struct level){ .place = place, .is_map = is_map };
	return 0;
}

static int end(struct parser *p, struct err *err)
{
	enum place place = p->levels[--p->depth].place;

	return place == PLACE_ELEMENT ? secdb_end_package(p->c, err) : 0;
}

static int take_event(struct parser *p, const yaml_event_t *e, struct err *err)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		take_scalar(p, e);
		return 0;
	case YAML_ALIAS_EVENT:
		return err_set(err, ERR_INPUT, "YAML: line %zu: an alias", e->start_mark.line + 1);
	case YAML_MAPPING_START_EVENT:
		return begin(p, true, err);
	case YAML_SEQUENCE_START_EVENT:
		return begin(p, false, err);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		return end(p, err);
	default:
		return 0;
	}
}

static int fail(struct parser *p, struct err *err)
{
	if (p->failure.code != ERR_NONE)
		return err_move(err, &p->failure);
	if (p->yaml.error == YAML_MEMORY_ERROR)
		abort();
	return err_set(err, ERR_INPUT, "YAML: line %zu, column %zu: %s",
		p->yaml.problem_mark.line + 1, p->yaml.problem_mark.column + 1,
		p->yaml.problem ? p->yaml.problem : "not readable");
}

static int parse_events(struct parser *p, struct err *err)
{
	yaml_event_t e;
	bool at_end = false;

	while (!at_end) {
		if (!yaml_parser_parse(&p->yaml, &e))
			return fail(p, err);
		at_end = e.type == YAML_STREAM_END_EVENT;
		int r = take_event(p, &e, err);
		yaml_event_delete(&e);
		if (r < 0)
			return r;
	}
	if (!p->has_packages)
		return err_set(err, ERR_INPUT, "secdb: it has no \"packages\"");
	return 0;
}

int secdb_parse_yaml(struct stream *in, struct secdb_collector *c, struct err *err)
{
	struct parser p = { .in = in, .c = c, .failure = ERR_INIT };

	if (!yaml_parser_initialize(&p.yaml))
		abort();
	yaml_parser_set_input(&p.yaml, read_input, &p);
	int r = parse_events(&p, err);
	yaml_parser_delete(&p.yaml);
	err_clear(&p.failure);
	return r;
}
