#include "base/base.h"

#include "feed/format/json_value.h"

/* What is left of a value of which the first token was read. */
static int skip_rest(struct json_reader *json, enum json_type type, struct err *err)
{
	if (type != JSON_OBJECT_BEGIN && type != JSON_ARRAY_BEGIN)
		return 0;
	int r = json_skip_container(json, err);
	return r < 0 ? r : 0;
}

int json_value_text(struct json_reader *json, struct str *out, struct err *err)
{
	struct json_token t;
	int r = json_next(json, &t, err);

	*out = STR_NULL;
	if (r < 0)
		return r;
	if (t.type == JSON_STRING)
		*out = t.text;
	if (t.type == JSON_STRING || t.type == JSON_NULL)
		return 1;
	return skip_rest(json, t.type, err);
}

int json_value_enter(struct json_reader *json, enum json_type type, struct err *err)
{
	struct json_token t;
	int r = json_next(json, &t, err);

	if (r < 0)
		return r;
	return t.type == type ? 1 : skip_rest(json, t.type, err);
}

int json_value_element(
	struct json_reader *json, enum json_type type, struct str *text, bool *odd, struct err *err)
{
	struct json_token t;
	int r;

	while ((r = json_next(json, &t, err)) > 0 && t.type != JSON_ARRAY_END) {
		if (t.type == type) {
			if (text)
				*text = t.text;
			return 1;
		}
		*odd = true;
		r = skip_rest(json, t.type, err);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : 0;
}

int json_value_of_key(struct stream *in, struct str wanted, json_value_read_fn read,
	struct arena *a, struct str_vec *out, struct err *err)
{
	_cleanup_(json_reader_freep) struct json_reader *json = json_reader_new(in);
	struct json_token t;
	struct str key;
	int r = json_expect(json, JSON_OBJECT_BEGIN, &t, err);

	if (r < 0)
		return r;
	while ((r = json_next_key(json, NULL, &key, err)) > 0) {
		r = str_eq(key, wanted) ? read(json, a, out, err) : json_skip_value(json, err);
		if (r < 0)
			return r;
	}
	/* Nothing may follow: 0, or the reader fails. */
	return r < 0 ? r : json_next(json, &t, err);
}
