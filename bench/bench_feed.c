/*
 * How long a feed takes: bench-feed NAME FILE parses it alone; with a third argument, a database,
 * it brings that up to date, twice.
 */
#include "base/base.h"

#include <fcntl.h>

#include "feed/feed.h"

static size_t puts_done, notes_done;

static int count_put(
	struct feed_sink *sink UNUSED, const struct advisory *a UNUSED, struct err *err UNUSED)
{
	puts_done++;
	return 0;
}

static void count_note(struct feed_sink *sink UNUSED, const char *what UNUSED)
{
	notes_done++;
}

static int bench_parse(const struct feed_driver *d, const char *path, struct err *err)
{
	struct feed_sink sink = { .put = count_put, .note = count_note };
	_cleanup_(decompress_closep) struct stream *plain = NULL;
	_cleanup_close_ int fd = io_open(path, O_RDONLY, 0, err);
	uint64_t start = clock_monotonic_ms();
	struct stream_fd file;

	if (fd < 0)
		return fd;
	stream_fd_init(&file, fd, path);
	int r = decompress_open(&file.stream, LIMIT_FEED_UNCOMPRESSED, &plain, err);
	if (r == 0)
		r = d->parse(plain, &sink, err);
	if (r == 0)
		printf("parse: %zu advisories, %zu notes, %" PRIu64 " ms\n", puts_done, notes_done,
			clock_monotonic_ms() - start);
	return r;
}

static int bench_update(
	const struct feed_driver *d, const char *path, const char *database, struct err *err)
{
	_cleanup_(store_closep) struct store *s = NULL;
	int r = store_open(database, STORE_CREATE, &s, err);

	for (int i = 0; r == 0 && i < 2; i++) {
		struct feed_result result = { .up_to_date = false };
		uint64_t start = clock_monotonic_ms();

		r = feed_update(s, &(struct feed_update_options){ .driver = d, .location = path },
			&result, err);
		if (r == 0)
			printf("update: %" PRIu64 " advisories, %s, %" PRIu64 " ms\n",
				result.advisories, result.up_to_date ? "up to date" : "written",
				clock_monotonic_ms() - start);
		feed_result_fini(&result);
	}
	return r;
}

int main(int argc, char **argv)
{
	_cleanup_err_ struct err err = ERR_INIT;
	const struct feed_driver *d = argc > 2 ? feed_driver_by_name(str_of(argv[1])) : NULL;

	if (!d) {
		fprintf(stderr, "usage: bench-feed NAME FILE [DATABASE]\n");
		return 2;
	}
	int r = argc > 3 ? bench_update(d, argv[2], argv[3], &err) : bench_parse(d, argv[2], &err);
	if (r < 0)
		fprintf(stderr, "bench-feed: %s\n", err_msg(&err));
	return r < 0;
}
