/*
 * What the readers of NVD's forms share: an entry as it is collected, and what is made of it.
 */
#ifndef FEED_FORMAT_NVD_PRIV_H
#define FEED_FORMAT_NVD_PRIV_H

#include "base/base.h"

#include "codec/codec.h"
#include "feed/format/nvd.h"

/* A number of at most two decimals, in hundredths. */
typedef uint32_t nvd_score;
#define NVD_NO_SCORE UINT32_MAX

/* A text of bounded size. */
struct nvd_text {
	size_t n;
	char p[248];
};

/* Which of the vectors, by their major version. */
enum nvd_cvss { NVD_CVSS2, NVD_CVSS3, NVD_CVSS4, NVD_CVSS_COUNT };

/* One rating. */
struct nvd_metric {
	bool present;
	bool primary;    /* NVD's own, or adopted by it */
	unsigned minor;  /* 1 for CVSS 3.1 */
	nvd_score score; /* the others are NVD_NO_SCORE when missing */
	nvd_score exploitability;
	nvd_score impact;
	struct nvd_text vector;
};

struct nvd_entry {
	struct nvd_text name;
	struct nvd_text published;
	bool rejected;
	struct nvd_metric metrics[NVD_CVSS_COUNT];
	const char *problem; /* why it is to be skipped; static */
};

void nvd_metric_init(struct nvd_metric *m);
void nvd_entry_init(struct nvd_entry *e);

/* false, and *out untouched, for a text that is too long, or is not of printable ASCII without
 * quotes and backslashes. */
bool nvd_text_set(struct nvd_text *out, struct str s) MUST_CHECK;

static inline struct str nvd_text_str(const struct nvd_text *t)
{
	return str_n(t->p, t->n);
}

/* "7.5", "10", "0.0": NVD_NO_SCORE for anything else, and beyond 10. */
nvd_score nvd_score_parse(struct str s);

/* The marker that the description of a rejected CVE starts with. */
bool nvd_is_reject(struct str description);

/* Takes a rating that was read to its end, unless the entry has a better one. */
void nvd_entry_rate(struct nvd_entry *e, enum nvd_cvss version, const struct nvd_metric *m);

/* Puts it, or notes why it is skipped. */
int nvd_entry_put(const struct nvd_entry *e, struct feed_sink *sink, struct err *err) MUST_CHECK;

int nvd_parse_json(struct stream *in, struct nvd_document *doc, struct feed_sink *sink,
	struct err *err) MUST_CHECK;
int nvd_parse_xml(struct stream *in, struct nvd_document *doc, struct feed_sink *sink,
	struct err *err) MUST_CHECK;

#endif
