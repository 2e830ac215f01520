#include "feed/format/csaf_priv.h"
#include "feed/format/rpm_words.h"
#include "feed/sink.h"

/* --- walking ------------------------------------------------------------------------------- */

int csaf_begin(struct csaf_reader *r, enum json_type type, struct err *err)
{
	struct json_token t;

	return json_expect(r->json, type, &t, err);
}

/* The next element of an array of objects: 1 and inside it, 0 at the end of the array. */
static int csaf_next_object(struct csaf_reader *r, struct err *err)
{
	struct json_token t;
	int n = json_next(r->json, &t, err);

	if (n < 0 || t.type == JSON_ARRAY_END)
		return n < 0 ? n : 0;
	if (t.type == JSON_OBJECT_BEGIN)
		return 1;
	return err_set(
		err, ERR_INPUT, "an array holds a %s, not an object", json_type_to_str(t.type));
}

/* The string that follows, valid until the next call; null is an empty one. */
static int read_word(struct csaf_reader *r, struct str *out, struct err *err)
{
	struct json_token t;
	int n = json_next(r->json, &t, err);

	if (n < 0)
		return n;
	*out = t.type == JSON_STRING ? t.text : STR_NULL;
	if (t.type == JSON_STRING || t.type == JSON_NULL)
		return 0;
	return err_set(err, ERR_INPUT, "expected a string, found %s", json_type_to_str(t.type));
}

int csaf_too_much_text(struct err *err)
{
	return err_set(err, ERR_TOO_LARGE, "more than %" PRIu64 " MiB of product ids and texts",
		LIMIT_CSAF_TEXT / MIB);
}

/* A text for people: cut between characters at the limit; NUL has no place in it. */
static int read_text(struct csaf_reader *r, struct str *out, struct err *err)
{
	struct str text;
	int n = read_word(r, &text, err);

	if (n < 0)
		return n;
	text = feed_cut_text(text);
	if (r->texts.used_bytes + text.n > LIMIT_CSAF_TEXT)
		return csaf_too_much_text(err);
	char *copy = arena_cstr(&r->texts, text);

	for (size_t i = 0; i < text.n; i++) {
		if (copy[i] == '\0')
			copy[i] = ' ';
	}
	*out = str_n(copy, text.n);
	return 0;
}

int csaf_read_array(struct csaf_reader *r, int (*read_one)(struct csaf_reader *r, struct err *err),
	struct err *err)
{
	int n = csaf_begin(r, JSON_ARRAY_BEGIN, err);

	while (n >= 0 && (n = csaf_next_object(r, err)) > 0)
		n = read_one(r, err);
	return n;
}

/* --- vulnerabilities ----------------------------------------------------------------------- */

static unsigned char status_of(struct str word)
{
	static const struct {
		struct str word;
		unsigned char status;
	} words[] = {
		{ STR_INIT("fixed"), CSAF_FIXED },
		{ STR_INIT("first_fixed"), CSAF_FIXED },
		{ STR_INIT("known_affected"), CSAF_AFFECTED },
		{ STR_INIT("known_not_affected"), CSAF_NOT_AFFECTED },
		{ STR_INIT("under_investigation"), CSAF_INVESTIGATED },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_eq(word, words[i].word))
			return words[i].status;
	}
	return 0;
}

/* The array of product ids that follows into listed. */
static int read_listed(struct csaf_reader *r, struct err *err)
{
	struct json_token t;
	int n = csaf_begin(r, JSON_ARRAY_BEGIN, err);

	while (n >= 0 && (n = json_next(r->json, &t, err)) > 0 && t.type != JSON_ARRAY_END) {
		struct csaf_product *p;

		if (t.type != JSON_STRING)
			return err_set(err, ERR_INPUT, "a product id is a %s, not a string",
				json_type_to_str(t.type));
		n = csaf_find_product(r, t.text, &p, err);
		/* Each product once would do, but lists that repeat one end at some size, too. */
		if (n == 0 && r->listed.n == 4 * (size_t)LIMIT_CSAF_PRODUCTS)
			n = err_set(err, ERR_TOO_LARGE, "more than %d products",
				4 * LIMIT_CSAF_PRODUCTS);
		if (n == 0)
			vec_push(&r->listed, p);
	}
	return n < 0 ? n : 0;
}

static int read_statuses(struct csaf_reader *r, struct err *err)
{
	struct str key;
	int n = csaf_begin(r, JSON_OBJECT_BEGIN, err);

	while (n >= 0 && (n = json_next_key(r->json, NULL, &key, err)) > 0) {
		unsigned char status = status_of(key);

		vec_clear(&r->listed);
		n = status ? read_listed(r, err) : json_skip_value(r->json, err);
		vec_for_each(p, &r->listed)
			(*p)->status |= status;
	}
	return n;
}

/* A remediation, or a threat: the same members. */
enum kind {
	KIND_MISSING,
	KIND_OTHER,
	KIND_VENDOR_FIX,
	KIND_NONE_AVAILABLE,
	KIND_NO_FIX,
	KIND_IMPACT
};

static enum kind kind_of(struct str category)
{
	if (str_eq(category, STR("vendor_fix")))
		return KIND_VENDOR_FIX;
	if (str_eq(category, STR("none_available")))
		return KIND_NONE_AVAILABLE;
	if (str_eq(category, STR("no_fix_planned")))
		return KIND_NO_FIX;
	if (str_eq(category, STR("impact")))
		return KIND_IMPACT;
	return KIND_OTHER;
}

struct statement {
	enum kind kind;
	enum csaf_remedy unavailable, unplanned; /* what details make of the two categories */
	enum severity severity;
	struct str url;
	bool has_products;
};

static void set_details(struct statement *s, struct str details)
{
	s->severity = rpm_severity(details);
	s->unavailable = CSAF_REMEDY_NOT_YET;
	s->unplanned = CSAF_REMEDY_NOT_PLANNED;
	if (str_eq_nocase(details, STR("Fix deferred")))
		s->unavailable = CSAF_REMEDY_DEFERRED;
	else if (str_eq_nocase(details, STR("Under investigation")))
		s->unavailable = CSAF_REMEDY_INVESTIGATED;
	else if (str_eq_nocase(details, STR("Out of support scope")))
		s->unplanned = CSAF_REMEDY_OUT_OF_SUPPORT;
}

static int read_statement(struct csaf_reader *r, struct statement *s, struct err *err)
{
	struct str key, word;
	int n;

	*s = (struct statement){ .unavailable = CSAF_REMEDY_NOT_YET,
		.unplanned = CSAF_REMEDY_NOT_PLANNED };
	vec_clear(&r->listed);
	while ((n = json_next_key(r->json, NULL, &key, err)) > 0) {
		if (str_eq(key, STR("category"))) {
			n = read_word(r, &word, err);
			s->kind = n < 0 ? KIND_MISSING : kind_of(word);
		} else if (str_eq(key, STR("details"))) {
			n = read_word(r, &word, err);
			if (n == 0)
				set_details(s, word);
		} else if (str_eq(key, STR("url"))) {
			n = read_text(r, &s->url, err);
		} else if (str_eq(key, STR("product_ids")) && s->kind != KIND_OTHER) {
			s->has_products = true;
			n = read_listed(r, err);
		} else {
			n = json_skip_value(r->json, err);
		}
		if (n < 0)
			return n;
	}
	return n;
}

/* Inside a remediation. */
static int read_remediation(struct csaf_reader *r, struct err *err)
{
	struct statement s;
	int n = read_statement(r, &s, err);
	unsigned fix = 0;

	if (n < 0)
		return n;
	if (s.kind == KIND_VENDOR_FIX && s.url.n && r->fixes.n < LIMIT_CSAF_PRODUCTS) {
		vec_push(&r->fixes, s.url);
		fix = (unsigned)r->fixes.n;
	}
	vec_for_each(p, &r->listed) {
		if (fix)
			(*p)->fix = fix;
		if (s.kind == KIND_NONE_AVAILABLE)
			(*p)->remedy = (unsigned char)s.unavailable;
		else if (s.kind == KIND_NO_FIX)
			(*p)->remedy = (unsigned char)s.unplanned;
	}
	return 0;
}

/* Inside a threat. */
static int read_threat(struct csaf_reader *r, struct err *err)
{
	struct statement s;
	int n = read_statement(r, &s, err);

	if (n < 0 || s.kind != KIND_IMPACT)
		return n;
	if (!s.has_products)
		r->impact = s.severity;
	vec_for_each(p, &r->listed)
		(*p)->severity = (unsigned char)s.severity;
	return 0;
}

/* Inside a note. */
static int read_note(struct csaf_reader *r, struct err *err)
{
	struct str key, word, text = STR_NULL;
	struct str *to = NULL;
	int n;

	while ((n = json_next_key(r->json, NULL, &key, err)) > 0) {
		if (str_eq(key, STR("category"))) {
			n = read_word(r, &word, err);
			if (n == 0)
				to = str_eq(word, STR("description")) ? &r->description
				     : str_eq(word, STR("summary"))   ? &r->summary
								      : NULL;
		} else if (str_eq(key, STR("text"))) {
			n = read_text(r, &text, err);
		} else {
			n = json_skip_value(r->json, err);
		}
		if (n < 0)
			return n;
	}
	if (n == 0 && to)
		*to = text;
	return n;
}

static void forget_vulnerability(struct csaf_reader *r)
{
	for (struct csaf_product *p = r->products; p; p = p->next) {
		p->status = p->remedy = p->severity = 0;
		p->fix = 0;
	}
	arena_fini(&r->texts);
	vec_clear(&r->fixes);
	r->cve = r->title = r->summary = r->description = STR_NULL;
	r->impact = SEVERITY_UNKNOWN;
	r->pending = false;
}

/* Gives the vulnerability at hand, if there is one, to the handler. */
static int hand_over(struct csaf_reader *r, struct err *err)
{
	enum severity other = r->impact == SEVERITY_UNKNOWN ? r->aggregate : r->impact;
	struct csaf_vulnerability v = { .cve = r->cve,
		.description = r->description.n ? r->description
			       : r->summary.n   ? r->summary
						: r->title,
		.products = r->products,
		.fixes = r->fixes.v,
		.n_fixes = r->fixes.n };

	if (!r->pending)
		return 0;
	for (struct csaf_product *p = r->products; p; p = p->next) {
		if (p->severity == SEVERITY_UNKNOWN)
			p->severity = (unsigned char)other;
	}
	int n = r->handler->vulnerability(r->handler, &v, err);
	forget_vulnerability(r);
	return n;
}

/* Inside a vulnerability. */
static int read_vulnerability(struct csaf_reader *r, struct err *err)
{
	struct str key;
	int n;

	if (r->pending && !r->has_tree)
		return err_set(err, ERR_INPUT, "several vulnerabilities stand before the products");
	n = hand_over(r, err);
	r->pending = true;
	while (n >= 0 && (n = json_next_key(r->json, NULL, &key, err)) > 0) {
		if (str_eq(key, STR("cve")))
			n = read_text(r, &r->cve, err);
		else if (str_eq(key, STR("title")))
			n = read_text(r, &r->title, err);
		else if (str_eq(key, STR("notes")))
			n = csaf_read_array(r, read_note, err);
		else if (str_eq(key, STR("product_status")))
			n = read_statuses(r, err);
		else if (str_eq(key, STR("remediations")))
			n = csaf_read_array(r, read_remediation, err);
		else if (str_eq(key, STR("threats")))
			n = csaf_read_array(r, read_threat, err);
		else
			n = json_skip_value(r->json, err);
	}
	return n;
}

/* --- the document -------------------------------------------------------------------------- */

static int read_aggregate(struct csaf_reader *r, struct err *err)
{
	struct str key, word;
	int n = csaf_begin(r, JSON_OBJECT_BEGIN, err);

	while (n >= 0 && (n = json_next_key(r->json, NULL, &key, err)) > 0) {
		if (!str_eq(key, STR("text"))) {
			n = json_skip_value(r->json, err);
			continue;
		}
		n = read_word(r, &word, err);
		if (n == 0)
			r->aggregate = rpm_severity(word);
	}
	return n;
}

static int read_head(struct csaf_reader *r, struct err *err)
{
	struct str key;
	int n = csaf_begin(r, JSON_OBJECT_BEGIN, err);

	while (n >= 0 && (n = json_next_key(r->json, NULL, &key, err)) > 0)
		n = str_eq(key, STR("aggregate_severity")) ? read_aggregate(r, err)
							   : json_skip_value(r->json, err);
	return n;
}

static int read_document(struct csaf_reader *r, struct err *err)
{
	bool has_head = false;
	struct json_token t;
	struct str key;
	int n = csaf_begin(r, JSON_OBJECT_BEGIN, err);

	while (n >= 0 && (n = json_next_key(r->json, NULL, &key, err)) > 0) {
		if (str_eq(key, STR("document"))) {
			has_head = true;
			n = read_head(r, err);
		} else if (str_eq(key, STR("product_tree"))) {
			n = csaf_read_tree(r, err);
		} else if (str_eq(key, STR("vulnerabilities"))) {
			n = csaf_read_array(r, read_vulnerability, err);
		} else {
			n = json_skip_value(r->json, err);
		}
	}
	/* Nothing may follow: 0, or the reader fails. */
	n = n < 0 ? n : json_next(r->json, &t, err);
	if (n == 0 && !has_head)
		return err_set(err, ERR_INPUT, "it has no \"document\", as CSAF does");
	return n < 0 ? n : hand_over(r, err);
}

int csaf_read(struct stream *in, struct csaf_handler *handler, struct err *err)
{
	_cleanup_(json_reader_freep) struct json_reader *json = json_reader_new(in);
	struct csaf_reader r = { .json = json,
		.handler = handler,
		.by_id = MAP_INIT,
		.arena = ARENA_INIT,
		.texts = ARENA_INIT,
		.fixes = VEC_INIT,
		.listed = VEC_INIT };

	int n = read_document(&r, err);
	map_fini(&r.by_id);
	arena_fini(&r.arena);
	arena_fini(&r.texts);
	vec_fini(&r.fixes);
	vec_fini(&r.listed);
	return n;
}
