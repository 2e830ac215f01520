#include "base/base.h"

#include "feed/format/repomd.h"

static int read_checksum(struct xml_reader *xml, struct arena *a, struct repomd_document *doc,
	struct str type, struct err *err)
{
	bool sha256 = str_eq(type, STR("sha256"));
	struct str text;
	int r = xml_read_str(xml, a, &text, err);

	if (r < 0 || !sha256)
		return r;
	if (!parse_hex(text, doc->digest.bytes, DIGEST_BYTES))
		return err_set(err, ERR_INPUT, "a malformed checksum");
	doc->has_digest = true;
	return 0;
}

static int read_data(
	struct xml_reader *xml, struct arena *a, struct repomd_document *doc, struct err *err)
{
	struct xml_event e;
	int r;

	*doc = (struct repomd_document){ .has_digest = false };
	while ((r = xml_next_child(xml, &e, err)) > 0) {
		if (str_eq(e.name, STR("checksum"))) {
			r = read_checksum(xml, a, doc, xml_attr(&e, STR("type")), err);
		} else {
			if (str_eq(e.name, STR("location")))
				doc->location = arena_str(a, xml_attr(&e, STR("href")));
			r = xml_skip(xml, err);
		}
		if (r < 0)
			return r;
	}
	return r;
}

/* A relative path that stays below where it starts. */
static bool is_inside(struct str location)
{
	struct str head;
	bool more = true;

	if (location.n == 0 || location.n > LIMIT_PATH || str_starts(location, STR("/")) ||
		str_find(location, STR("://")) >= 0)
		return false;
	while (more) {
		more = str_cut(location, '/', &head, &location);
		if (str_eq(head, STR("..")))
			return false;
	}
	return true;
}

int repomd_find(struct stream *in, struct str type, struct arena *a, struct repomd_document *out,
	struct err *err)
{
	_cleanup_(xml_reader_freep) struct xml_reader *xml = xml_reader_new(in);
	struct repomd_document doc;
	struct xml_event e;
	bool found = false;
	int r = xml_enter_root(xml, STR("repomd"), &e, err);

	while (r >= 0 && (r = xml_next_child(xml, &e, err)) > 0) {
		bool wanted = str_eq(e.name, STR("data")) &&
			      str_eq(xml_attr(&e, STR("type")), type) && !found;

		r = wanted ? read_data(xml, a, &doc, err) : xml_skip(xml, err);
		found = found || (wanted && r >= 0);
	}
	if (r == 0)
		r = xml_end(xml, err);
	if (r < 0 || !found)
		return r;
	if (!is_inside(doc.location))
		return err_set(err, ERR_INPUT, "\"%.100s\" is no place in a repository",
			doc.location.p ? doc.location.p : "");
	*out = doc;
	return 1;
}
