/*
 * A security database as JSON. Alpine's is made by a Lua program, which knows no difference between
 * an empty object and an empty list: where one is meant, the other may stand.
 */
#include "base/base.h"

#include "feed/format/json_value.h"
#include "feed/format/secdb_priv.h"

static int read_ids(
	struct json_reader *json, struct secdb_collector *c, struct str version, struct err *err)
{
	struct str id;
	bool odd = false;
	int r = json_value_enter(json, JSON_ARRAY_BEGIN, err);

	if (r <= 0)
		return r;
	while ((r = json_value_element(json, JSON_STRING, &id, &odd, err)) > 0)
		secdb_add_fix(c, version, id);
	if (odd)
		secdb_set_problem(c, "an id is no string");
	return r;
}

static int read_fixes(struct json_reader *json, struct secdb_collector *c, struct err *err)
{
	struct str version;
	int r = json_value_enter(json, JSON_OBJECT_BEGIN, err);

	if (r <= 0)
		return r;
	while ((r = json_next_key(json, NULL, &version, err)) > 0) {
		r = read_ids(json, c, secdb_version(c, version), err);
		if (r < 0)
			return r;
	}
	return r;
}

static int read_name(struct json_reader *json, struct secdb_collector *c, struct err *err)
{
	struct str text;
	int r = json_value_text(json, &text, err);

	if (r > 0)
		secdb_set_name(c, text);
	return r < 0 ? r : 0;
}

/* What follows "pkg". */
static int read_package(struct json_reader *json, struct secdb_collector *c, struct err *err)
{
	struct str key;
	int r = json_value_enter(json, JSON_OBJECT_BEGIN, err);

	if (r == 0)
		secdb_set_problem(c, "no object");
	if (r <= 0)
		return r;
	while ((r = json_next_key(json, NULL, &key, err)) > 0) {
		if (str_eq(key, STR("name")))
			r = read_name(json, c, err);
		else if (str_eq(key, STR("secfixes")))
			r = read_fixes(json, c, err);
		else
			r = json_skip_value(json, err);
		if (r < 0)
			return r;
	}
	return r;
}

/* An element of "packages", whose beginning was read. */
static int read_element(struct json_reader *json, struct secdb_collector *c, struct err *err)
{
	struct str key;
	int r;

	secdb_begin_package(c);
	while ((r = json_next_key(json, NULL, &key, err)) > 0) {
		r = str_eq(key, STR("pkg")) ? read_package(json, c, err)
					    : json_skip_value(json, err);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : secdb_end_package(c, err);
}

static int read_packages(struct json_reader *json, struct secdb_collector *c, struct err *err)
{
	bool odd = false;
	int r = json_value_enter(json, JSON_ARRAY_BEGIN, err);

	if (r <= 0)
		return r;
	while ((r = json_value_element(json, JSON_OBJECT_BEGIN, NULL, &odd, err)) > 0) {
		r = read_element(json, c, err);
		if (r < 0)
			return r;
	}
	if (odd)
		c->sink->note(c->sink, "an element of \"packages\" is no object");
	return r;
}

static int read_member(
	struct json_reader *json, struct secdb_collector *c, struct str key, struct err *err)
{
	struct str text;

	if (str_eq(key, STR("packages")))
		return read_packages(json, c, err);
	if (!str_eq(key, STR("distroversion")))
		return json_skip_value(json, err);
	int r = json_value_text(json, &text, err);
	if (r > 0)
		secdb_set_release(c, text);
	return r < 0 ? r : 0;
}

int secdb_parse_json(struct stream *in, struct secdb_collector *c, struct err *err)
{
	_cleanup_(json_reader_freep) struct json_reader *json = json_reader_new(in);
	struct json_token t;
	struct str key;
	bool has_packages = false;
	int r = json_expect(json, JSON_OBJECT_BEGIN, &t, err);

	if (r < 0)
		return r;
	while ((r = json_next_key(json, NULL, &key, err)) > 0) {
		has_packages = has_packages || str_eq(key, STR("packages"));
		r = read_member(json, c, key, err);
		if (r < 0)
			return r;
	}
	/* Nothing may follow: 0, or the reader fails. */
	if (r == 0)
		r = json_next(json, &t, err);
	if (r == 0 && !has_packages)
		return err_set(err, ERR_INPUT, "secdb: it has no \"packages\"");
	return r;
}
