/*
 * Lists of changed documents: whatever the list, only paths below its place come out, and the
 * chunks in which it comes make no difference.
 */
#include "feed/rhel_vex_changes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static int run(struct vex_changes *c, const uint8_t *data, size_t size, size_t chunk)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct stream_mem m;

	stream_mem_init(&m, span_n(data, size), chunk);
	int r = vex_changes_read(&m.stream, size & 1, 1000000000, c, &err);
	CHECK((r < 0) == (err.code != ERR_NONE) && r <= 0);
	return r;
}

static void check_paths(const struct vex_changes *c)
{
	size_t at = 0;
	struct str path;
	void *value;

	while (map_next(&c->by_path, &at, &path, &value)) {
		const struct vex_change *change = value;

		CHECK(str_eq(path, change->path) && change->time >= 1000000000 &&
			change->time <= c->latest);
		CHECK(path.n < 64 && path.p[0] != '/' && str_find(path, STR("..")) < 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vex_changes whole = VEX_CHANGES_INIT, pieces = VEX_CHANGES_INIT;

	int r = run(&whole, data, size, 0);
	CHECK(run(&pieces, data, size, 3) == r);
	check_paths(&whole);
	if (r == 0)
		CHECK(whole.by_path.n == pieces.by_path.n && whole.latest == pieces.latest &&
			whole.malformed == pieces.malformed);
	vex_changes_fini(&whole);
	vex_changes_fini(&pieces);
	return 0;
}
