/*
 * The tar reader: the entries and bodies do not depend on the pieces the archive comes in, nor the
 * entries on whether bodies are read; a body said to be in one piece is where it is said to be.
 */
#include "base/base.h"

#include "codec/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

enum { MAX_BODY = 64 * 1024 };

static void require(bool ok)
{
	if (!ok)
		abort();
}

static int skip(struct stream *s, uint64_t n, struct err *err)
{
	struct stream_mem *m = (struct stream_mem *)s;

	if (n > m->left.n)
		return err_set(err, ERR_INPUT, "the stream ends too early");
	m->left = span_n(m->left.p + n, m->left.n - n);
	return 0;
}

static void check_body(struct tar_reader *t, const struct tar_entry *e, struct span archive)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf body = BUF_INIT(MAX_BODY);
	int r = tar_read_body(t, &body, &err);

	if (r < 0) {
		require((int)err.code == -r && err.msg);
		require(r == -ERR_INPUT || r == -ERR_TOO_LARGE);
		return;
	}
	require(body.n == e->size && e->size <= MAX_BODY);
	/* Zeros behind what is stored: the archive claims more than there is. */
	while (body.n && body.p[body.n - 1] == '\0')
		body.n--;
	if (e->offset == UINT64_MAX || body.n == 0)
		return;
	require(e->offset <= archive.n && body.n <= archive.n - e->offset);
	require(memcmp(body.p, archive.p + e->offset, body.n) == 0);
}

static int walk(struct span archive, struct stream *s, bool with_bodies, struct buf *seen)
{
	_cleanup_(tar_closep) struct tar_reader *t = tar_open(s);
	_cleanup_err_ struct err err = ERR_INIT;
	struct tar_entry e;
	int r;

	while ((r = tar_next(t, &e, &err)) > 0) {
		require(e.path.n > 0 && e.path.n <= LIMIT_PATH && e.link.n <= LIMIT_PATH);
		buf_append_str(seen, e.path);
		buf_append_u8(seen, 0);
		buf_append_str(seen, e.link);
		buf_printf(seen, "%d %" PRIu64 " %" PRIu64, (int)e.type, e.size, e.offset);
		if (with_bodies)
			check_body(t, &e, archive);
	}
	if (r < 0) {
		require((int)err.code == -r && err.msg);
		require(r == -ERR_INPUT || r == -ERR_TOO_LARGE);
		require(tar_next(t, &e, &err) == r);
	}
	return r;
}

/* Puts the right checksums into what looks like a header, or hardly any would be looked at. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	size = LLVMFuzzerMutate(data, size, max_size);
	if (seed % 16 == 0)
		return size;
	for (size_t at = 0; at + 512 <= size; at += 512) {
		uint8_t *h = data + at;
		unsigned sum = 0;

		if (memcmp(h + 257, "ustar", 5) != 0)
			continue;
		memset(h + 148, ' ', 8);
		for (size_t i = 0; i < 512; i++)
			sum += h[i];
		(void)snprintf((char *)h + 148, 8, "%06o", sum & 0777777);
	}
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_buf_ struct buf seen_whole = BUF_INIT(64 * MIB);
	_cleanup_buf_ struct buf seen_pieces = BUF_INIT(64 * MIB);
	_cleanup_buf_ struct buf seen_skipped = BUF_INIT(64 * MIB);
	struct span archive = span_n(data, size);
	struct stream_mem in;

	stream_mem_init(&in, archive, 0);
	int whole = walk(archive, &in.stream, true, &seen_whole);

	stream_mem_init(&in, archive, 1 + size % 600);
	int pieces = walk(archive, &in.stream, true, &seen_pieces);

	stream_mem_init(&in, archive, 0);
	in.stream.skip = skip;
	int skipped = walk(archive, &in.stream, false, &seen_skipped);

	require(whole == pieces && str_eq(buf_str(&seen_whole), buf_str(&seen_pieces)));
	require((whole < 0) == (skipped < 0));
	return 0;
}
