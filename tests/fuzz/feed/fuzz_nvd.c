/*
 * NVD's documents in any form: whatever the document, only records that make sense are put, and the
 * chunks in which it comes make no difference. The same bytes as a ".meta" and as a time.
 */
#include "codec/codec.h"
#include "feed/format/nvd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct counter {
	struct feed_sink sink;
	size_t puts;
	size_t notes;
};

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

/* The metadata are a JSON object. */
static void check_metadata(struct str metadata)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct json_token t;
	struct stream_mem m;

	stream_mem_init(&m, span_from_str(metadata), 0);
	_cleanup_(json_reader_freep) struct json_reader *json = json_reader_new(&m.stream);
	CHECK(json_expect(json, JSON_OBJECT_BEGIN, &t, &err) >= 0);
	CHECK(json_skip_container(json, &err) == 0);
	CHECK(json_next(json, &t, &err) == 0);
}

static int count_cve(struct feed_sink *sink, const struct cve_record *c, struct err *err UNUSED)
{
	((struct counter *)sink)->puts++;
	CHECK(str_starts(c->name, STR("CVE-")) && c->name.n < 256);
	CHECK(c->severity < SEVERITY_COUNT);
	CHECK((c->severity == SEVERITY_UNKNOWN) == (c->metadata.n == 0));
	if (c->metadata.n > 0)
		check_metadata(c->metadata);
	return 0;
}

static void count_note(struct feed_sink *sink, const char *what)
{
	((struct counter *)sink)->notes++;
	CHECK(strlen(what) > 0);
}

static int run(struct counter *c, const uint8_t *data, size_t size, size_t chunk)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct nvd_document doc;
	struct stream_mem m;

	*c = (struct counter){ .sink = { .put_cve = count_cve, .note = count_note } };
	stream_mem_init(&m, span_n(data, size), chunk);
	int r = nvd_parse(&m.stream, &doc, &c->sink, &err);
	CHECK((r < 0) == (err.code != ERR_NONE) && r <= 0);
	CHECK(r < 0 || doc.entries == c->puts + c->notes);
	CHECK(memchr(doc.timestamp, '\0', sizeof(doc.timestamp)));
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct counter whole, pieces;
	struct nvd_meta meta;
	int64_t seconds;

	int r = run(&whole, data, size, 0);
	CHECK(run(&pieces, data, size, 3) == r);
	CHECK(r < 0 || (whole.puts == pieces.puts && whole.notes == pieces.notes));
	nvd_meta_parse(str_n((const char *)data, size), &meta);
	CHECK(memchr(meta.modified, '\0', sizeof(meta.modified)));
	if (nvd_time_parse(str_n((const char *)data, size), &seconds))
		CHECK(seconds > -2 * 86400 && seconds < INT64_C(300000000000));
	return 0;
}
