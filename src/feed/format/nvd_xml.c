/*
 * NVD's XML 2.0, see nvd.h. Ratings are of CVSS 2, in words.
 */
#include "feed/format/nvd_priv.h"

struct parser {
	struct xml_reader *xml;
	struct feed_sink *sink;
	struct nvd_document *doc;
	struct nvd_entry entry;
	struct buf text;
};

/* The text of the element that was begun; none when it is far too long. */
static int read_text(struct parser *p, struct str *out, struct err *err)
{
	buf_clear(&p->text);
	int r = xml_read_text(p->xml, &p->text, err);
	*out = str_trim(buf_str(&p->text));
	return r;
}

/* The metrics of a vector, in its order. */
static const struct component {
	struct str element;
	const char *name;
} components[] = {
	{ STR_INIT("access-vector"), "AV" },
	{ STR_INIT("access-complexity"), "AC" },
	{ STR_INIT("authentication"), "Au" },
	{ STR_INIT("confidentiality-impact"), "C" },
	{ STR_INIT("integrity-impact"), "I" },
	{ STR_INIT("availability-impact"), "A" },
};

/* The letter of a value; NUL for a word that is none. Most are the word's first. */
static char letter_of(struct str word)
{
	static const struct str words[] = { STR_INIT("NETWORK"), STR_INIT("ADJACENT_NETWORK"),
		STR_INIT("LOCAL"), STR_INIT("HIGH"), STR_INIT("MEDIUM"), STR_INIT("LOW"),
		STR_INIT("NONE"), STR_INIT("SINGLE_INSTANCE"), STR_INIT("SINGLE"),
		STR_INIT("MULTIPLE_INSTANCES"), STR_INIT("MULTIPLE"), STR_INIT("PARTIAL"),
		STR_INIT("COMPLETE") };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_eq(word, words[i]))
			return words[i].p[0];
	}
	return '\0';
}

/* Writes "AV:N/AC:L/…" of those letters that are not NUL. */
static void write_vector(const char *letters, struct nvd_text *out)
{
	out->n = 0;
	for (size_t i = 0; i < ARRAY_LEN(components); i++) {
		if (!letters[i])
			continue;
		int n = snprintf(out->p + out->n, sizeof(out->p) - out->n, "%s%s:%c",
			out->n ? "/" : "", components[i].name, letters[i]);
		out->n += (size_t)n;
	}
}

/* cvss:base_metrics */
static int read_base_metrics(struct parser *p, struct err *err)
{
	char letters[ARRAY_LEN(components)] = { '\0' };
	struct xml_event e;
	struct nvd_metric m;
	struct str text;
	int r;

	nvd_metric_init(&m);
	m.primary = true;
	while ((r = xml_next_child(p->xml, &e, err)) > 0) {
		size_t i = 0;

		while (i < ARRAY_LEN(components) && !str_eq(e.name, components[i].element))
			i++;
		bool score = str_eq(e.name, STR("score"));
		r = i < ARRAY_LEN(components) || score ? read_text(p, &text, err)
						       : xml_skip(p->xml, err);
		if (r < 0)
			return r;
		if (score)
			m.score = nvd_score_parse(text);
		else if (i < ARRAY_LEN(components))
			letters[i] = letter_of(text);
	}
	if (r < 0)
		return r;
	write_vector(letters, &m.vector);
	nvd_entry_rate(&p->entry, NVD_CVSS2, &m);
	return 0;
}

static int read_cvss(struct parser *p, struct err *err)
{
	struct xml_event e;
	int r;

	while ((r = xml_next_child(p->xml, &e, err)) > 0) {
		r = str_eq(e.name, STR("base_metrics")) ? read_base_metrics(p, err)
							: xml_skip(p->xml, err);
		if (r < 0)
			return r;
	}
	return r;
}

static int read_entry(struct parser *p, struct err *err)
{
	struct xml_event e;
	struct str text;
	int r;

	while ((r = xml_next_child(p->xml, &e, err)) > 0) {
		if (str_eq(e.name, STR("cve-id"))) {
			r = read_text(p, &text, err);
			if (r >= 0 && !nvd_text_set(&p->entry.name, text))
				p->entry.problem = "the name is none";
		} else if (str_eq(e.name, STR("summary"))) {
			r = read_text(p, &text, err);
			p->entry.rejected |= r >= 0 && nvd_is_reject(text);
		} else if (str_eq(e.name, STR("cvss"))) {
			r = read_cvss(p, err);
		} else {
			r = xml_skip(p->xml, err);
		}
		if (r < 0)
			return r;
	}
	return r;
}

static void set_timestamp(struct parser *p, struct str date)
{
	if (date.n < sizeof(p->doc->timestamp))
		(void)snprintf(
			p->doc->timestamp, sizeof(p->doc->timestamp), "%" PRIstr, STR_ARG(date));
}

static int read_document(struct parser *p, struct err *err)
{
	struct xml_event e;
	int r = xml_enter_root(p->xml, STR("nvd"), &e, err);

	if (r < 0)
		return r;
	set_timestamp(p, xml_attr(&e, STR("pub_date")));
	while ((r = xml_next_child(p->xml, &e, err)) > 0) {
		if (!str_eq(e.name, STR("entry"))) {
			r = xml_skip(p->xml, err);
		} else {
			p->doc->entries++;
			nvd_entry_init(&p->entry);
			r = read_entry(p, err);
			if (r == 0)
				r = nvd_entry_put(&p->entry, p->sink, err);
		}
		if (r < 0)
			return r;
	}
	return r < 0 ? r : xml_end(p->xml, err);
}

int nvd_parse_xml(
	struct stream *in, struct nvd_document *doc, struct feed_sink *sink, struct err *err)
{
	_cleanup_(xml_reader_freep) struct xml_reader *xml = xml_reader_new(in);
	struct parser p = {
		.xml = xml, .sink = sink, .doc = doc, .text = BUF_INIT(LIMIT_ADVISORY_TEXT)
	};

	int r = read_document(&p, err);
	buf_fini(&p.text);
	return r;
}
