/*
 * Recognising the form of an NVD document, and what lies around documents: ".meta" files and times.
 */
#include "feed/format/nvd_priv.h"

/* --- documents ------------------------------------------------------------------------------- */

/* A stream whose first bytes were read already. */
struct headed {
	struct stream stream;
	struct stream *in;
	struct str head;
};

static ssize_t headed_read(struct stream *stream, void *p, size_t n, struct err *err)
{
	struct headed *h = (struct headed *)stream;

	if (h->head.n == 0)
		return stream_read(h->in, p, n, err);
	if (n > h->head.n)
		n = h->head.n;
	memcpy(p, h->head.p, n);
	h->head = str_skip(h->head, n);
	return (ssize_t)n;
}

int nvd_parse(struct stream *in, struct nvd_document *doc, struct feed_sink *sink, struct err *err)
{
	struct nvd_document ignored;
	struct str start;
	char head[64];
	ssize_t n = stream_read_full(in, head, sizeof(head), err);

	if (n < 0)
		return (int)n;
	struct headed h = { .stream.read = headed_read, .in = in, .head = str_n(head, (size_t)n) };
	if (!doc)
		doc = &ignored;
	*doc = (struct nvd_document){ .entries = 0 };
	start = h.head;
	(void)str_skip_prefix(&start, STR("\xef\xbb\xbf"));
	return str_starts(str_trim(start), STR("<")) ? nvd_parse_xml(&h.stream, doc, sink, err)
						     : nvd_parse_json(&h.stream, doc, sink, err);
}

/* --- ".meta" --------------------------------------------------------------------------------- */

void nvd_meta_parse(struct str text, struct nvd_meta *out)
{
	struct str line, key, value;

	*out = (struct nvd_meta){ .has_digest = false };
	while (str_next_line(&text, &line)) {
		if (!str_cut(line, ':', &key, &value))
			continue;
		value = str_trim(value);
		if (str_eq(key, STR("sha256")))
			out->has_digest = parse_hex(value, out->digest.bytes, DIGEST_BYTES);
		else if (str_eq(key, STR("lastModifiedDate")) && value.n < sizeof(out->modified))
			(void)snprintf(
				out->modified, sizeof(out->modified), "%" PRIstr, STR_ARG(value));
	}
}

/* --- times ----------------------------------------------------------------------------------- */

/* Takes n digits and, when it is not NUL, the separator before them. */
static bool take(struct str *s, char separator, size_t n, int64_t *out)
{
	uint32_t value;

	if (separator && (s->n == 0 || s->p[0] != separator))
		return false;
	*s = str_skip(*s, separator ? 1 : 0);
	if (s->n < n || !parse_u32(str_head(*s, n), &value))
		return false;
	*s = str_skip(*s, n);
	*out = value;
	return true;
}

/* Days from 1970-01-01 in the Gregorian calendar; years start in March, so that a leap day is the
 * last of its year. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

/* "", "Z", "+01:00", "-04:00". */
static bool take_zone(struct str s, int64_t *seconds)
{
	int64_t hours, minutes;

	*seconds = 0;
	if (s.n == 0 || str_eq(s, STR("Z")))
		return true;
	char sign = s.p[0];
	if ((sign != '+' && sign != '-') || !take(&s, sign, 2, &hours) ||
		!take(&s, ':', 2, &minutes) || s.n > 0)
		return false;
	*seconds = (hours * 60 + minutes) * 60 * (sign == '-' ? -1 : 1);
	return true;
}

bool nvd_time_parse(struct str s, int64_t *out)
{
	int64_t year, month, day, hour, minute, second = 0, zone;

	if (!take(&s, '\0', 4, &year) || !take(&s, '-', 2, &month) || !take(&s, '-', 2, &day) ||
		!take(&s, 'T', 2, &hour) || !take(&s, ':', 2, &minute))
		return false;
	if (s.n > 0 && s.p[0] == ':' && !take(&s, ':', 2, &second))
		return false;
	if (s.n > 0 && s.p[0] == '.') {
		s = str_skip(s, 1);
		while (s.n > 0 && ascii_is_digit(s.p[0]))
			s = str_skip(s, 1);
	}
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 ||
		minute > 59 || second > 60 || !take_zone(s, &zone))
		return false;
	*out = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - zone;
	return true;
}
