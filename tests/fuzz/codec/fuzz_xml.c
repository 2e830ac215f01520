/*
 * Any bytes, whole and in small pieces, give the same events and the same end; walks end, too.
 */
#include "base/base.h"
#include "codec/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void append_event(struct buf *out, const struct xml_event *e)
{
	buf_append_u8(out, (uint8_t)e->type);
	buf_append_lstr(out, e->name);
	buf_append_lstr(out, e->text);
	for (size_t i = 0; i < e->n_attrs; i++) {
		buf_append_lstr(out, e->attrs[i].name);
		buf_append_lstr(out, e->attrs[i].value);
	}
}

static int read_document(struct span document, size_t chunk, struct buf *out)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct stream_mem in;
	struct xml_event e;
	int rc;

	stream_mem_init(&in, document, chunk);
	_cleanup_(xml_reader_freep) struct xml_reader *r = xml_reader_new(&in.stream);
	while ((rc = xml_next(r, &e, &err)) > 0)
		append_event(out, &e);
	return rc;
}

static int walk_document(struct span document)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct stream_mem in;
	struct xml_event e;
	struct str text;
	int rc;

	stream_mem_init(&in, document, 0);
	_cleanup_(xml_reader_freep) struct xml_reader *r = xml_reader_new(&in.stream);
	rc = xml_next(r, &e, NULL);
	for (size_t i = 0; rc > 0 && (rc = xml_next_child(r, &e, NULL)) > 0; i++)
		rc = i % 2 ? xml_skip(r, NULL) : xml_read_str(r, &arena, &text, NULL);
	return rc < 0 ? rc : xml_end(r, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t chunks[] = { 1, 3, 16 };
	struct span document = span_n(data, size);
	_cleanup_buf_ struct buf events = BUF_INIT(GIB);
	int rc = read_document(document, 0, &events);

	for (size_t i = 0; i < ARRAY_LEN(chunks); i++) {
		_cleanup_buf_ struct buf again = BUF_INIT(GIB);

		CHECK(read_document(document, chunks[i], &again) == rc);
		CHECK(rc < 0 || str_eq(buf_str(&again), buf_str(&events)));
	}
	(void)walk_document(document);
	return 0;
}
