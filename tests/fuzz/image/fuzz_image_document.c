/*
 * Manifests and configurations: the same whatever pieces they come in.
 */
#include "base/base.h"

#include "image/image_priv.h"

static void parse(const uint8_t *data, size_t n, size_t chunk, struct buf *text)
{
	struct err err = ERR_INIT;
	struct document d;
	struct stream_mem in;

	document_init(&d);
	stream_mem_init(&in, span_n(data, n), chunk);
	int r = document_parse(&in.stream, &d, &err);
	assert((r < 0) == (err.code != ERR_NONE));
	assert(r == 0 || (r < 0 && err.msg));
	if (r == 0)
		document_encode(&d, text);
	err_clear(&err);
	document_fini(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_buf_ struct buf whole = BUF_INIT(GIB), bytewise = BUF_INIT(GIB),
				 again = BUF_INIT(GIB);
	struct document d;

	parse(data, n, 0, &whole);
	parse(data, n, 1, &bytewise);
	assert(str_eq(buf_str(&whole), buf_str(&bytewise)));
	/* And as the answer of a worker: anything goes in, what is accepted comes out again. */
	document_init(&d);
	if (document_decode(span_n(data, n), &d, NULL) == 0) {
		document_encode(&d, &again);
		assert(str_eq(buf_str(&again), str_n((const char *)data, n)));
	}
	document_fini(&d);
	if (whole.n) {
		document_init(&d);
		assert(document_decode(buf_span(&whole), &d, NULL) == 0);
		document_fini(&d);
	}
	return 0;
}
