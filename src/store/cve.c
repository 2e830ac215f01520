/*
 * What is known of a CVE whatever the distribution, and how it completes what a distribution says
 * of the vulnerability of that name.
 */
#include "store/store_priv.h"

struct content_hash cve_hash(const struct cve_record *c)
{
	_cleanup_buf_ struct buf content = BUF_INIT(2 * LIMIT_ADVISORY_TEXT);

	buf_append_u8(&content, (uint8_t)c->severity);
	buf_append_str(&content, c->metadata);
	return content_hash_of(buf_span(&content));
}

int cve_check(const struct cve_record *c, struct err *err)
{
	struct str object = str_trim(c->metadata);
	int r = store_check_name("a CVE's name", c->name, err);

	if (r == 0)
		r = store_check_text("metadata", c->metadata, LIMIT_ADVISORY_TEXT, err);
	if (r < 0)
		return r;
	if (object.n > 0 && (!str_starts(object, STR("{")) || !str_ends(object, STR("}"))))
		return err_set(
			err, ERR_INPUT, "%" PRIstr ": its metadata is no object", STR_ARG(c->name));
	if ((unsigned)c->severity >= SEVERITY_COUNT)
		return err_set(err, ERR_INPUT, "%" PRIstr ": severity %u", STR_ARG(c->name),
			(unsigned)c->severity);
	return 0;
}

/* Whether an object has this key, or is none. */
static bool has_key(struct str object, struct str key)
{
	struct stream_mem in;
	struct json_token token;
	struct str name;
	bool found = false;
	int r;

	if (str_find(object, key) < 0 && str_find_char(object, '\\') < 0)
		return false;
	stream_mem_init(&in, span_from_str(object), 0);
	struct json_reader *reader = json_reader_new(&in.stream);
	r = json_expect(reader, JSON_OBJECT_BEGIN, &token, NULL);
	while (r >= 0 && !found && (r = json_next_key(reader, NULL, &name, NULL)) > 0) {
		found = str_eq(name, key);
		if (!found)
			r = json_skip_value(reader, NULL);
	}
	json_reader_free(reader);
	return found || r < 0;
}

struct str cve_merge_metadata(struct str metadata, struct str nvd, struct arena *a)
{
	struct str rest = str_trim(metadata);

	if (nvd.n == 0 ||
		(rest.n > 0 && (!str_starts(rest, STR("{")) || has_key(rest, STR("NVD")))))
		return metadata;
	rest = str_trim(str_skip(rest, 1));
	if (rest.n == 0 || str_eq(rest, STR("}")))
		return arena_printf(a, "{\"NVD\":%" PRIstr "}", STR_ARG(nvd));
	return arena_printf(a, "{\"NVD\":%" PRIstr ",%" PRIstr, STR_ARG(nvd), STR_ARG(rest));
}

int64_t cve_merge_severity(int64_t severity, int64_t of_cve)
{
	return severity == SEVERITY_UNKNOWN && of_cve > 0 && of_cve < SEVERITY_COUNT ? of_cve
										     : severity;
}

void stored_vulnerability_add_cve(
	struct stored_vulnerability *v, const struct cve_of_row *c, struct arena *a)
{
	v->severity = (enum severity)cve_merge_severity(v->severity, c->severity);
	v->metadata = cve_merge_metadata(v->metadata, c->metadata, a);
}
