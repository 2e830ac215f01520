/*
 * What is made of an entry of NVD: which of its ratings count, the severity, the metadata.
 */
#include "feed/format/nvd_priv.h"

/* A CVE's metadata: three ratings of at most some 300 bytes. */
#define METADATA_MAX 4096
/* No name is near it. */
#define NAME_SHOWN 100

void nvd_metric_init(struct nvd_metric *m)
{
	m->present = m->primary = false;
	m->minor = 0;
	m->score = m->exploitability = m->impact = NVD_NO_SCORE;
	m->vector.n = 0;
}

void nvd_entry_init(struct nvd_entry *e)
{
	e->name.n = e->published.n = 0;
	e->rejected = false;
	e->problem = NULL;
	for (size_t i = 0; i < NVD_CVSS_COUNT; i++)
		nvd_metric_init(&e->metrics[i]);
}

bool nvd_text_set(struct nvd_text *out, struct str s)
{
	if (s.n > sizeof(out->p))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7f || s.p[i] == '"' || s.p[i] == '\\')
			return false;
	}
	if (s.n > 0)
		memcpy(out->p, s.p, s.n);
	out->n = s.n;
	return true;
}

nvd_score nvd_score_parse(struct str s)
{
	struct str whole, decimals;
	uint32_t value, hundredths = 0;

	(void)str_cut(s, '.', &whole, &decimals);
	if (whole.n > 2 || !parse_u32(whole, &value) || (whole.n < s.n && decimals.n == 0))
		return NVD_NO_SCORE;
	for (size_t i = 0; i < decimals.n; i++) {
		if (!ascii_is_digit(decimals.p[i]))
			return NVD_NO_SCORE;
		if (i < 2)
			hundredths += (uint32_t)(decimals.p[i] - '0') * (i == 0 ? 10 : 1);
	}
	value = value * 100 + hundredths;
	return value <= 1000 ? value : NVD_NO_SCORE;
}

bool nvd_is_reject(struct str description)
{
	return str_starts(description, STR("** REJECT **")) ||
	       str_starts(description, STR("Rejected reason:"));
}

/* Old feeds put parentheses around CVSS 2. */
static void strip_parentheses(struct nvd_text *vector)
{
	size_t n = vector->n;

	if (n < 2 || vector->p[0] != '(' || vector->p[n - 1] != ')')
		return;
	memmove(vector->p, vector->p + 1, n - 2);
	vector->n = n - 2;
}

void nvd_entry_rate(struct nvd_entry *e, enum nvd_cvss version, const struct nvd_metric *m)
{
	struct nvd_metric *best = &e->metrics[version];

	if (m->score == NVD_NO_SCORE)
		return;
	if (best->present && best->primary && !m->primary)
		return;
	if (best->present && best->primary == m->primary && best->minor >= m->minor)
		return;
	*best = *m;
	best->present = true;
	strip_parentheses(&best->vector);
}

/* --- severity ------------------------------------------------------------------------------- */

/* The scale by which the server has always rated CVSS 2; its bounds belong to the level above. */
static enum severity severity_of_cvss2(nvd_score score)
{
	if (score < 100)
		return SEVERITY_NEGLIGIBLE;
	if (score < 390)
		return SEVERITY_LOW;
	if (score < 690)
		return SEVERITY_MEDIUM;
	return score < 890 ? SEVERITY_HIGH : SEVERITY_CRITICAL;
}

/* The qualitative scale of CVSS 3 and 4
 * (https://www.first.org/cvss/v3.1/specification-document, section 5). */
static enum severity severity_of_cvss3(nvd_score score)
{
	if (score == 0)
		return SEVERITY_NEGLIGIBLE;
	if (score < 400)
		return SEVERITY_LOW;
	if (score < 700)
		return SEVERITY_MEDIUM;
	return score < 900 ? SEVERITY_HIGH : SEVERITY_CRITICAL;
}

/* CVSS 3 is what is gone by today; CVSS 2 where there is nothing newer. */
static enum severity severity_of(const struct nvd_entry *e)
{
	const struct nvd_metric *m = e->metrics;

	if (m[NVD_CVSS3].present)
		return severity_of_cvss3(m[NVD_CVSS3].score);
	if (m[NVD_CVSS4].present)
		return severity_of_cvss3(m[NVD_CVSS4].score);
	if (m[NVD_CVSS2].present)
		return severity_of_cvss2(m[NVD_CVSS2].score);
	return SEVERITY_UNKNOWN;
}

/* --- metadata ------------------------------------------------------------------------------- */

/* The shortest form: 7.5, 10, 0. */
static void write_score(struct json_writer *w, const char *key, nvd_score score)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u.%02u", score / 100, score % 100);

	while (n > 0 && text[n - 1] == '0')
		n--;
	if (n > 0 && text[n - 1] == '.')
		n--;
	json_key(w, key);
	json_raw(w, str_n(text, (size_t)n));
}

static void write_metric(struct json_writer *w, enum nvd_cvss version, const struct nvd_entry *e)
{
	static const char *const keys[] = { "CVSSv2", "CVSSv3", "CVSSv4" };
	const struct nvd_metric *m = &e->metrics[version];

	if (!m->present)
		return;
	json_key(w, keys[version]);
	json_object_begin(w);
	if (version == NVD_CVSS2)
		json_member_nonempty(w, "PublishedDateTime", nvd_text_str(&e->published));
	json_member(w, "Vectors", nvd_text_str(&m->vector));
	write_score(w, "Score", m->score);
	if (version == NVD_CVSS3 && m->exploitability != NVD_NO_SCORE)
		write_score(w, "ExploitabilityScore", m->exploitability);
	if (version == NVD_CVSS3 && m->impact != NVD_NO_SCORE)
		write_score(w, "ImpactScore", m->impact);
	json_object_end(w);
}

static void write_metadata(const struct nvd_entry *e, struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out, 0);
	json_object_begin(&w);
	if (!e->metrics[NVD_CVSS2].present)
		json_member_nonempty(&w, "PublishedDateTime", nvd_text_str(&e->published));
	for (enum nvd_cvss v = NVD_CVSS2; v < NVD_CVSS_COUNT; v++)
		write_metric(&w, v, e);
	json_object_end(&w);
}

static bool is_rated(const struct nvd_entry *e)
{
	return !e->rejected && (e->metrics[NVD_CVSS2].present || e->metrics[NVD_CVSS3].present ||
				       e->metrics[NVD_CVSS4].present);
}

static void note(const struct nvd_entry *e, struct feed_sink *sink, const char *problem)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "%" PRIstr ": %s",
		STR_ARG(e->name.n ? str_head(nvd_text_str(&e->name), NAME_SHOWN) : STR("an entry")),
		problem);
	sink->note(sink, text);
}

int nvd_entry_put(const struct nvd_entry *e, struct feed_sink *sink, struct err *err)
{
	_cleanup_err_ struct err refused = ERR_INIT;
	char space[METADATA_MAX];
	struct buf metadata = { .p = space, .cap = sizeof(space), .max = sizeof(space) - 1 };
	struct cve_record record = { .name = nvd_text_str(&e->name) };
	const char *problem = e->problem;

	if (!problem && e->name.n == 0)
		problem = "no name";
	if (!problem && (!str_starts(record.name, STR("CVE-")) || record.name.n < 9))
		problem = "no name of a CVE";
	if (problem) {
		note(e, sink, problem);
		return 0;
	}
	if (is_rated(e)) {
		write_metadata(e, &metadata);
		record.severity = severity_of(e);
		record.metadata = buf_str(&metadata);
	}
	int r = sink->put_cve(sink, &record, &refused);
	if (r < 0 && r != -ERR_INPUT)
		return err_move(err, &refused);
	return 0;
}
