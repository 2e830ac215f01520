/*
 * Any bytes as a key and as a string give a document that the reader accepts; valid UTF-8 comes
 * back as it was.
 */
#include "base/base.h"
#include "codec/json_reader.h"
#include "codec/json_writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_utf8(struct str s)
{
	while (s.n) {
		size_t n = utf8_check(s.p, s.n);

		if (n == 0)
			return false;
		s = str_skip(s, n);
	}
	return true;
}

/* What was written as text has to read as it, or as something with U+FFFD in it. */
static void check(struct str read, struct str text)
{
	if (is_utf8(text) ? !str_eq(read, text) : str_find(read, STR("\xEF\xBF\xBD")) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned flags = size ? data[0] & 3 : 0;
	struct str text = str_n((const char *)data, size);
	_cleanup_buf_ struct buf out = BUF_INIT(GIB);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct json_writer w;
	struct stream_mem in;
	struct json_token t;
	struct str key, value;

	json_writer_init(&w, &out, flags);
	json_object_begin(&w);
	json_key_str(&w, text);
	json_string(&w, text);
	json_object_end(&w);

	stream_mem_init(&in, buf_span(&out), 0);
	_cleanup_(json_reader_freep) struct json_reader *r = json_reader_new(&in.stream);
	if (json_expect(r, JSON_OBJECT_BEGIN, &t, NULL) < 0 ||
		json_next_key(r, &a, &key, NULL) != 1 ||
		json_read_string(r, &a, &value, NULL) < 0 ||
		json_expect(r, JSON_OBJECT_END, &t, NULL) < 0 || json_next(r, &t, NULL) != 0)
		abort();
	check(key, text);
	check(value, text);
	return 0;
}
