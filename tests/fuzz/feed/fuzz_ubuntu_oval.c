/*
 * Ubuntu's OVAL: whatever the document, what is put makes sense.
 */
#include "feed/format/ubuntu_oval.h"
#include "feed/sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static int check_put(
	struct feed_sink *sink UNUSED, const struct advisory *a, struct err *err UNUSED)
{
	CHECK(str_starts(a->name_space, STR("ubuntu:")) && str_starts(a->name, STR("CVE-")));
	CHECK(feed_is_word(a->name) && a->n_fixes > 0);
	for (size_t i = 0; i < a->n_fixes; i++)
		CHECK(feed_is_word(a->fixes[i].package));
	return 0;
}

static void check_note(struct feed_sink *sink UNUSED, const char *what)
{
	CHECK(strlen(what) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed_sink sink = { .put = check_put, .note = check_note };
	_cleanup_(ubuntu_rows_freep) struct ubuntu_rows *rows = ubuntu_rows_new(&sink);
	_cleanup_err_ struct err err = ERR_INIT;
	struct stream_mem m;

	stream_mem_init(&m, span_n(data, size), 0);
	int r = ubuntu_oval_parse(&m.stream, rows, &err);
	CHECK((r < 0) == (err.code != ERR_NONE) && r <= 0);
	return 0;
}
