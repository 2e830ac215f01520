/*
 * Zip archives: the chunks in which one comes make no difference, nor whether bodies are read.
 */
#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

struct outcome {
	int code;
	size_t members;
	uint64_t bytes;
};

static struct outcome run(const uint8_t *data, size_t size, size_t chunk, bool read_bodies)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct stream_mem m;
	struct outcome o = { .code = 0 };
	struct str path;

	stream_mem_init(&m, span_n(data, size), chunk);
	_cleanup_(zip_closep) struct zip_reader *z = zip_open(&m.stream, 16 * MIB);
	while ((o.code = zip_next(z, &path, &err)) > 0) {
		uint64_t n = 0;

		CHECK(path.n <= LIMIT_PATH);
		o.members++;
		if (read_bodies)
			o.code = stream_drain(zip_body(z), &n, &err);
		if (o.code < 0)
			break;
		o.bytes += n;
	}
	CHECK((o.code < 0) == (err.code != ERR_NONE) && o.code <= 0);
	CHECK(o.bytes <= 16 * MIB);
	return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole = run(data, size, 0, true), pieces = run(data, size, 1, true);
	struct outcome passed_over = run(data, size, 0, false);

	CHECK(whole.code == pieces.code && whole.members == pieces.members &&
		whole.bytes == pieces.bytes);
	CHECK(whole.code == passed_over.code && whole.members == passed_over.members);
	return 0;
}
