/*
 * SQLite's write-ahead log (https://sqlite.org/fileformat2.html#walformat): a header, then frames,
 * each a page with a running checksum over everything before it. A frame that carries the size of
 * the database commits the frames up to it. Frames that a new generation of the log has not yet
 * overwritten have other salts; they and anything else that does not check end the log.
 *
 * SQLite itself would want shared memory and a writable file for it, so its recovery is done here.
 */
#include "base/base.h"

#include "package/rpm_priv.h"

enum {
	HEADER_SIZE = 32,
	HEADER_SUMMED_SIZE = 24,
	FRAME_HEADER_SIZE = 24,
	FRAME_SUMMED_SIZE = 8, /* page number, size after the commit; then the page */
	PAGE_SIZE_MIN = 512,
	PAGE_SIZE_MAX = 65536,
};

static const uint32_t MAGIC = 0x377f0682; /* its lowest bit: checksums read words big-endian */
static const uint32_t VERSION = 3007000;

struct checksum {
	uint32_t a;
	uint32_t b;
	bool big_endian;
};

/* n is a multiple of 8. */
static void checksum_add(struct checksum *c, const uint8_t *p, size_t n)
{
	uint32_t a = c->a;
	uint32_t b = c->b;

	for (size_t i = 0; i < n; i += 8) {
		a += (c->big_endian ? get_be32(p + i) : get_le32(p + i)) + b;
		b += (c->big_endian ? get_be32(p + i + 4) : get_le32(p + i + 4)) + a;
	}
	c->a = a;
	c->b = b;
}

static bool checksum_is(const struct checksum *c, const uint8_t *p)
{
	return c->a == get_be32(p) && c->b == get_be32(p + 4);
}

/* The page size, or 0 when this is no log: SQLite starts a new one then. */
static uint32_t read_header(struct span log, struct checksum *sum)
{
	if (log.n < HEADER_SIZE)
		return 0;

	const uint8_t *p = log.p;
	uint32_t size = get_be32(p + 8);
	if ((get_be32(p) & ~1U) != MAGIC || get_be32(p + 4) != VERSION || size < PAGE_SIZE_MIN ||
		size > PAGE_SIZE_MAX || (size & (size - 1)) != 0)
		return 0;
	*sum = (struct checksum){ .big_endian = get_be32(p) & 1 };
	checksum_add(sum, p, HEADER_SUMMED_SIZE);
	return checksum_is(sum, p + HEADER_SUMMED_SIZE) ? size : 0;
}

static const uint8_t *frame_at(const struct rpm_wal *w, size_t i)
{
	return w->log.p + HEADER_SIZE + i * (FRAME_HEADER_SIZE + (size_t)w->page_size);
}

static size_t frames_in_file(const struct rpm_wal *w)
{
	return (w->log.n - HEADER_SIZE) / (FRAME_HEADER_SIZE + (size_t)w->page_size);
}

/* How many frames are committed; sets page_count to what the last of them says. */
static size_t committed_frames(struct rpm_wal *w, struct checksum sum)
{
	const uint8_t *salts = w->log.p + 16;
	size_t count = frames_in_file(w);
	size_t committed = 0;

	for (size_t i = 0; i < count; i++) {
		const uint8_t *p = frame_at(w, i);
		uint32_t pages_after = get_be32(p + 4);

		checksum_add(&sum, p, FRAME_SUMMED_SIZE);
		checksum_add(&sum, p + FRAME_HEADER_SIZE, w->page_size);
		if (get_be32(p) == 0 || memcmp(p + 8, salts, 8) != 0 || !checksum_is(&sum, p + 16))
			break;
		if (pages_after != 0) {
			committed = i + 1;
			w->page_count = pages_after;
		}
	}
	return committed;
}

int rpm_wal_open(struct rpm_wal *w, struct span log, uint64_t main_bytes, struct err *err)
{
	struct checksum sum;
	struct rpm_wal opened = { .log = log };

	*w = opened;
	opened.page_size = read_header(log, &sum);
	if (opened.page_size == 0)
		return 0;

	size_t frames = committed_frames(&opened, sum);
	if (frames == 0)
		return 0;
	if (opened.page_count > main_bytes / opened.page_size + frames)
		return err_set(err, ERR_INPUT,
			"write-ahead log: a database of %" PRIu32 " pages out of %" PRIu64
			" in the file and %zu in the log",
			opened.page_count, main_bytes / opened.page_size, frames);
	opened.frames = xcalloc(opened.page_count, sizeof(*opened.frames));
	for (size_t i = 0; i < frames; i++) {
		uint32_t page = get_be32(frame_at(&opened, i));
		/* Pages beyond the end were cut off by a later commit. */
		if (page <= opened.page_count)
			opened.frames[page - 1] = (uint32_t)i + 1;
	}
	*w = opened;
	return 0;
}

void rpm_wal_close(struct rpm_wal *w)
{
	free(w->frames);
	*w = (struct rpm_wal){ .page_size = 0 };
}

const uint8_t *rpm_wal_page(const struct rpm_wal *w, uint32_t page)
{
	if (page == 0 || page > w->page_count || w->frames[page - 1] == 0)
		return NULL;
	return frame_at(w, w->frames[page - 1] - 1) + FRAME_HEADER_SIZE;
}
