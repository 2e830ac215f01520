/*
 * The index of a yum repository: what is found lies in the repository.
 */
#include "base/base.h"

#include "feed/format/repomd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_err_ struct err err = ERR_INIT;
	struct repomd_document d;
	struct stream_mem m;

	stream_mem_init(&m, span_n(data, size), 7);
	int r = repomd_find(&m.stream, STR("updateinfo"), &a, &d, &err);
	CHECK((r < 0) == (err.code != ERR_NONE) && r <= 1);
	if (r > 0)
		CHECK(d.location.n > 0 && d.location.p[0] != '/' &&
			!str_starts(d.location, STR("../")));
	return 0;
}
