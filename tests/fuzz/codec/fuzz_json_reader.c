/*
 * Any bytes, whole and in small pieces, give the same tokens, or the same failure; what is accepted
 * comes back the same when it is written and read again.
 */
#include "base/base.h"
#include "codec/json_reader.h"
#include "codec/json_writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

/* Hands a token on to the writer. */
static void write_token(struct json_writer *w, const struct json_token *t)
{
	switch (t->type) {
	case JSON_OBJECT_BEGIN:
		json_object_begin(w);
		break;
	case JSON_OBJECT_END:
		json_object_end(w);
		break;
	case JSON_ARRAY_BEGIN:
		json_array_begin(w);
		break;
	case JSON_ARRAY_END:
		json_array_end(w);
		break;
	case JSON_KEY:
		json_key_str(w, t->text);
		break;
	case JSON_STRING:
		json_string(w, t->text);
		break;
	case JSON_NULL:
		json_null(w);
		break;
	case JSON_NUMBER:
		json_raw(w, t->text);
		break;
	default:
		json_bool(w, t->type == JSON_TRUE);
		break;
	}
}

/* The tokens, each with its length, and the failure into *out; what was read, into *copy. */
static int read_document(
	struct span document, size_t chunk, unsigned flags, struct buf *out, struct buf *copy)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct json_writer w;
	struct stream_mem in;
	struct json_token t;
	int rc;

	stream_mem_init(&in, document, chunk);
	json_writer_init(&w, copy, flags);
	_cleanup_(json_reader_freep) struct json_reader *r = json_reader_new(&in.stream);
	while ((rc = json_next(r, &t, &err)) > 0) {
		buf_append_u8(out, (uint8_t)t.type);
		buf_append_u64(out, t.text.n);
		buf_append_str(out, t.text);
		write_token(&w, &t);
	}
	if (rc < 0)
		buf_append_str(out, str_of(err_msg(&err)));
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t chunks[] = { 1, 2, 7, 16 };
	struct span document = span_n(data, size);
	_cleanup_buf_ struct buf tokens = BUF_INIT(GIB);
	_cleanup_buf_ struct buf copy = BUF_INIT(GIB);
	int rc = read_document(document, 0, 0, &tokens, &copy);

	for (size_t i = 0; i < ARRAY_LEN(chunks); i++) {
		_cleanup_buf_ struct buf again = BUF_INIT(GIB);
		_cleanup_buf_ struct buf ignored = BUF_INIT(GIB);

		CHECK(read_document(document, chunks[i], 0, &again, &ignored) == rc);
		CHECK(str_eq(buf_str(&again), buf_str(&tokens)));
	}
	for (unsigned flags = 0; rc == 0 && flags < 4; flags++) {
		_cleanup_buf_ struct buf written = BUF_INIT(GIB);
		_cleanup_buf_ struct buf again = BUF_INIT(GIB);
		_cleanup_buf_ struct buf ignored = BUF_INIT(GIB);

		CHECK(read_document(document, 0, flags, &again, &written) == 0);
		buf_clear(&again);
		CHECK(read_document(buf_span(&written), 0, 0, &again, &ignored) == 0);
		CHECK(str_eq(buf_str(&again), buf_str(&tokens)));
	}
	return 0;
}
