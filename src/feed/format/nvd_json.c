/*
 * NVD's JSON 2.0 and 1.1, see nvd.h. Members come in any order. Values of another type than they
 * should have make their entry one that is skipped, except for ratings: those are left out.
 */
#include "feed/format/json_value.h"
#include "feed/format/nvd_priv.h"

struct parser {
	struct json_reader *json;
	struct feed_sink *sink;
	struct nvd_document *doc;
	struct nvd_entry entry;
	bool is_nvd; /* it has the list of one form or the other */
};

/* --- values of any type ---------------------------------------------------------------------- */

/* The scalar that follows: 1, its text valid until the next call; 0 for null, an object or an
 * array, which is skipped. */
static int read_scalar(struct parser *p, struct json_token *t, struct err *err)
{
	int r = json_next(p->json, t, err);

	if (r < 0)
		return r;
	if (t->type == JSON_OBJECT_BEGIN || t->type == JSON_ARRAY_BEGIN) {
		r = json_skip_container(p->json, err);
		return r < 0 ? r : 0;
	}
	return t->type != JSON_NULL;
}

/* A string into out, which is emptied when it is something else: 1, or 0. */
static int read_text(struct parser *p, struct nvd_text *out, struct err *err)
{
	struct json_token t;
	int r = read_scalar(p, &t, err);

	out->n = 0;
	if (r <= 0)
		return r;
	return t.type == JSON_STRING && nvd_text_set(out, t.text);
}

static int read_score(struct parser *p, nvd_score *out, struct err *err)
{
	struct json_token t;
	int r = read_scalar(p, &t, err);

	*out = r > 0 && t.type == JSON_NUMBER ? nvd_score_parse(t.text) : NVD_NO_SCORE;
	return r < 0 ? r : 0;
}

/* As json_value_enter(), where anything but the container and null makes no sense. */
static int enter_or_complain(
	struct parser *p, enum json_type type, const char *problem, struct err *err)
{
	struct json_token t;
	int r = json_next(p->json, &t, err);

	if (r < 0 || t.type == JSON_NULL)
		return r < 0 ? r : 0;
	if (t.type == type)
		return 1;
	p->entry.problem = problem;
	if (t.type == JSON_OBJECT_BEGIN || t.type == JSON_ARRAY_BEGIN)
		r = json_skip_container(p->json, err);
	return r < 0 ? r : 0;
}

/* The next element of an array when it is an object: 1; 0 at the array's end. Others are skipped.
 */
static int next_object(struct parser *p, struct err *err)
{
	struct str text;
	bool odd;

	return json_value_element(p->json, JSON_OBJECT_BEGIN, &text, &odd, err);
}

/* --- ratings --------------------------------------------------------------------------------- */

/* "cvssData", "cvssV3", "cvssV2". */
static int read_cvss(struct parser *p, struct nvd_metric *m, struct err *err)
{
	struct nvd_text text;
	struct str key;
	int r = json_value_enter(p->json, JSON_OBJECT_BEGIN, err);

	if (r <= 0)
		return r;
	while ((r = json_next_key(p->json, NULL, &key, err)) > 0) {
		if (str_eq(key, STR("vectorString"))) {
			r = read_text(p, &m->vector, err);
		} else if (str_eq(key, STR("baseScore"))) {
			r = read_score(p, &m->score, err);
		} else if (str_eq(key, STR("version"))) {
			r = read_text(p, &text, err);
			if (r > 0 && text.n == 3 && ascii_is_digit(text.p[2]))
				m->minor = (unsigned)(text.p[2] - '0');
		} else {
			r = json_skip_value(p->json, err);
		}
		if (r < 0)
			return r;
	}
	return r;
}

/* An object that was begun: one of "cvssMetricV31", "baseMetricV3", "baseMetricV2". */
static int read_metric(struct parser *p, struct nvd_metric *m, struct err *err)
{
	struct nvd_text type;
	struct str key;
	int r;

	while ((r = json_next_key(p->json, NULL, &key, err)) > 0) {
		if (str_starts(key, STR("cvss"))) {
			r = read_cvss(p, m, err);
		} else if (str_eq(key, STR("type"))) {
			r = read_text(p, &type, err);
			m->primary = str_eq(nvd_text_str(&type), STR("Primary"));
		} else if (str_eq(key, STR("exploitabilityScore"))) {
			r = read_score(p, &m->exploitability, err);
		} else if (str_eq(key, STR("impactScore"))) {
			r = read_score(p, &m->impact, err);
		} else {
			r = json_skip_value(p->json, err);
		}
		if (r < 0)
			return r;
	}
	return r;
}

/* Which CVSS "cvssMetricV31" and "baseMetricV3" hold; false: none that we know. */
static bool version_of(struct str key, enum nvd_cvss *out)
{
	if (!str_skip_prefix(&key, STR("cvssMetricV")) &&
		!str_skip_prefix(&key, STR("baseMetricV")))
		return false;
	if (key.n == 0 || key.p[0] < '2' || key.p[0] > '4')
		return false;
	*out = (enum nvd_cvss)(key.p[0] - '2');
	return true;
}

/* 2.0: "metrics", lists of ratings. */
static int read_metrics(struct parser *p, struct err *err)
{
	struct nvd_metric m;
	enum nvd_cvss version;
	struct str key;
	int r = enter_or_complain(p, JSON_OBJECT_BEGIN, "\"metrics\" is no object", err);

	if (r <= 0)
		return r;
	while ((r = json_next_key(p->json, NULL, &key, err)) > 0) {
		if (!version_of(key, &version)) {
			r = json_skip_value(p->json, err);
			if (r < 0)
				return r;
			continue;
		}
		r = json_value_enter(p->json, JSON_ARRAY_BEGIN, err);
		while (r > 0 && (r = next_object(p, err)) > 0) {
			nvd_metric_init(&m);
			r = read_metric(p, &m, err);
			if (r < 0)
				return r;
			nvd_entry_rate(&p->entry, version, &m);
			r = 1;
		}
		if (r < 0)
			return r;
	}
	return r;
}

/* 1.1: "impact", one rating of each version. */
static int read_impact(struct parser *p, struct err *err)
{
	struct nvd_metric m;
	enum nvd_cvss version;
	struct str key;
	int r = enter_or_complain(p, JSON_OBJECT_BEGIN, "\"impact\" is no object", err);

	if (r <= 0)
		return r;
	while ((r = json_next_key(p->json, NULL, &key, err)) > 0) {
		if (!version_of(key, &version)) {
			r = json_skip_value(p->json, err);
		} else if ((r = json_value_enter(p->json, JSON_OBJECT_BEGIN, err)) > 0) {
			nvd_metric_init(&m);
			r = read_metric(p, &m, err);
			if (r == 0)
				nvd_entry_rate(&p->entry, version, &m);
		}
		if (r < 0)
			return r;
	}
	return r;
}

/* --- entries --------------------------------------------------------------------------------- */

static int read_name(struct parser *p, struct err *err)
{
	int r = read_text(p, &p->entry.name, err);

	if (r == 0)
		p->entry.problem = "the name is none";
	return r;
}

static int read_status(struct parser *p, struct err *err)
{
	struct json_token t;
	int r = read_scalar(p, &t, err);

	if (r > 0 && t.type == JSON_STRING)
		p->entry.rejected = str_eq(t.text, STR("Rejected"));
	return r;
}

/* 2.0: the object "cve". */
static int read_cve_2(struct parser *p, struct err *err)
{
	struct str key;
	int r = enter_or_complain(p, JSON_OBJECT_BEGIN, "\"cve\" is no object", err);

	if (r <= 0)
		return r;
	while ((r = json_next_key(p->json, NULL, &key, err)) > 0) {
		if (str_eq(key, STR("id")))
			r = read_name(p, err);
		else if (str_eq(key, STR("vulnStatus")))
			r = read_status(p, err);
		else if (str_eq(key, STR("published")))
			r = read_text(p, &p->entry.published, err);
		else if (str_eq(key, STR("metrics")))
			r = read_metrics(p, err);
		else
			r = json_skip_value(p->json, err);
		if (r < 0)
			return r;
	}
	return r;
}

static int read_entry_2(struct parser *p, struct err *err)
{
	struct str key;
	int r;

	while ((r = json_next_key(p->json, NULL, &key, err)) > 0) {
		r = str_eq(key, STR("cve")) ? read_cve_2(p, err) : json_skip_value(p->json, err);
		if (r < 0)
			return r;
	}
	return r;
}

/* 1.1: "CVE_data_meta". */
static int read_data_meta(struct parser *p, struct err *err)
{
	struct str key;
	int r = enter_or_complain(p, JSON_OBJECT_BEGIN, "\"CVE_data_meta\" is no object", err);

	if (r <= 0)
		return r;
	while ((r = json_next_key(p->json, NULL, &key, err)) > 0) {
		r = str_eq(key, STR("ID")) ? read_name(p, err) : json_skip_value(p->json, err);
		if (r < 0)
			return r;
	}
	return r;
}

/* 1.1: an element of "description_data". */
static int read_description(struct parser *p, struct err *err)
{
	struct json_token t;
	struct str key;
	int r;

	while ((r = json_next_key(p->json, NULL, &key, err)) > 0) {
		if (str_eq(key, STR("value"))) {
			r = read_scalar(p, &t, err);
			if (r > 0 && t.type == JSON_STRING)
				p->entry.rejected |= nvd_is_reject(t.text);
		} else {
			r = json_skip_value(p->json, err);
		}
		if (r < 0)
			return r;
	}
	return r;
}

/* 1.1: "description". */
static int read_descriptions(struct parser *p, struct err *err)
{
	struct str key;
	int r = json_value_enter(p->json, JSON_OBJECT_BEGIN, err);

	if (r <= 0)
		return r;
	while ((r = json_next_key(p->json, NULL, &key, err)) > 0) {
		if (!str_eq(key, STR("description_data"))) {
			r = json_skip_value(p->json, err);
		} else if ((r = json_value_enter(p->json, JSON_ARRAY_BEGIN, err)) > 0) {
			while ((r = next_object(p, err)) > 0) {
				r = read_description(p, err);
				if (r < 0)
					return r;
			}
		}
		if (r < 0)
			return r;
	}
	return r;
}

/* 1.1: the object "cve". */
static int read_cve_1(struct parser *p, struct err *err)
{
	struct str key;
	int r = enter_or_complain(p, JSON_OBJECT_BEGIN, "\"cve\" is no object", err);

	if (r <= 0)
		return r;
	while ((r = json_next_key(p->json, NULL, &key, err)) > 0) {
		if (str_eq(key, STR("CVE_data_meta")))
			r = read_data_meta(p, err);
		else if (str_eq(key, STR("description")))
			r = read_descriptions(p, err);
		else
			r = json_skip_value(p->json, err);
		if (r < 0)
			return r;
	}
	return r;
}

static int read_entry_1(struct parser *p, struct err *err)
{
	struct str key;
	int r;

	while ((r = json_next_key(p->json, NULL, &key, err)) > 0) {
		if (str_eq(key, STR("cve")))
			r = read_cve_1(p, err);
		else if (str_eq(key, STR("publishedDate")))
			r = read_text(p, &p->entry.published, err);
		else if (str_eq(key, STR("impact")))
			r = read_impact(p, err);
		else
			r = json_skip_value(p->json, err);
		if (r < 0)
			return r;
	}
	return r;
}

/* --- the document ---------------------------------------------------------------------------- */

static int read_entries(
	struct parser *p, int (*read_entry)(struct parser *p, struct err *err), struct err *err)
{
	struct json_token t;
	int r = json_expect(p->json, JSON_ARRAY_BEGIN, &t, err);

	if (r < 0)
		return r;
	p->is_nvd = true;
	while ((r = json_next(p->json, &t, err)) > 0 && t.type != JSON_ARRAY_END) {
		p->doc->entries++;
		nvd_entry_init(&p->entry);
		if (t.type == JSON_OBJECT_BEGIN)
			r = read_entry(p, err);
		else
			p->entry.problem = "no object";
		if (t.type == JSON_ARRAY_BEGIN)
			r = json_skip_container(p->json, err);
		if (r >= 0)
			r = nvd_entry_put(&p->entry, p->sink, err);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : 0;
}

static int read_timestamp(struct parser *p, struct err *err)
{
	struct nvd_text text;
	int r = read_text(p, &text, err);

	if (r > 0 && text.n < sizeof(p->doc->timestamp)) {
		memcpy(p->doc->timestamp, text.p, text.n);
		p->doc->timestamp[text.n] = '\0';
	}
	return r;
}

static int read_document(struct parser *p, struct err *err)
{
	struct json_token t;
	struct str key;
	int r = json_expect(p->json, JSON_OBJECT_BEGIN, &t, err);

	if (r < 0)
		return r;
	while ((r = json_next_key(p->json, NULL, &key, err)) > 0) {
		if (str_eq(key, STR("vulnerabilities")))
			r = read_entries(p, read_entry_2, err);
		else if (str_eq(key, STR("CVE_Items")))
			r = read_entries(p, read_entry_1, err);
		else if (str_eq(key, STR("startIndex")))
			r = json_read_u64(p->json, &p->doc->start_index, err);
		else if (str_eq(key, STR("totalResults")))
			r = json_read_u64(p->json, &p->doc->total_results, err);
		else if (str_eq(key, STR("timestamp")) || str_eq(key, STR("CVE_data_timestamp")))
			r = read_timestamp(p, err);
		else
			r = json_skip_value(p->json, err);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	/* Nothing may follow: 0, or the reader fails. */
	r = json_next(p->json, &t, err);
	if (r == 0 && !p->is_nvd)
		r = err_set(err, ERR_INPUT,
			"neither \"vulnerabilities\" nor \"CVE_Items\": not of NVD");
	return r;
}

int nvd_parse_json(
	struct stream *in, struct nvd_document *doc, struct feed_sink *sink, struct err *err)
{
	_cleanup_(json_reader_freep) struct json_reader *json = json_reader_new(in);
	struct parser p = { .json = json, .sink = sink, .doc = doc };

	return read_document(&p, err);
}
