/*
 * bzip2 by libbz2 (https://sourceware.org/bzip2/manual/manual.html), which verifies the checksums
 * of blocks and stream. Streams may follow one another, as parallel compressors write them;
 * anything else behind a stream is an error.
 */
#include "base/base.h"

#include <bzlib.h>

#include "codec/decompress_priv.h"

struct bunzip2 {
	bz_stream z;
	bool open;    /* z is initialized, a stream has begun */
	bool between; /* a stream is complete, so that the input may end here */
};

static void *bunzip2_new(void)
{
	return xcalloc(1, sizeof(struct bunzip2));
}

static void bunzip2_free(void *state)
{
	struct bunzip2 *d = state;

	if (d->open)
		(void)BZ2_bzDecompressEnd(&d->z);
	free(d);
}

static int start_stream(struct bunzip2 *d, struct err *err)
{
	d->z = (bz_stream){ 0 };
	if (BZ2_bzDecompressInit(&d->z, 0, 0) != BZ_OK)
		return err_set(err, ERR_TOO_LARGE, "out of memory");
	d->open = true;
	return 0;
}

static void end_stream(struct bunzip2 *d)
{
	(void)BZ2_bzDecompressEnd(&d->z);
	d->open = false;
	d->between = true;
}

static int bunzip2_failure(const struct bunzip2 *d, int code, struct err *err)
{
	switch (code) {
	case BZ_MEM_ERROR:
		return err_set(err, ERR_TOO_LARGE, "out of memory");
	case BZ_DATA_ERROR_MAGIC:
		return err_set(err, ERR_INPUT, "%s",
			d->between ? "something else behind the end" : "no stream header");
	default:
		return err_set(err, ERR_INPUT, "damaged");
	}
}

/* One call of the library; 1 at the end of a stream. */
static int bunzip2_some(struct bunzip2 *d, struct decode_io *io, struct err *err)
{
	unsigned in_n = (unsigned)min_size(io->in_n, UINT32_MAX / 2);
	unsigned out_n = (unsigned)min_size(io->out_n, UINT32_MAX / 2);

	/* The library does not write to its input, it only lacks the const. */
	d->z.next_in = (char *)(uintptr_t)io->in;
	d->z.avail_in = in_n;
	d->z.next_out = (char *)io->out;
	d->z.avail_out = out_n;
	int r = BZ2_bzDecompress(&d->z);

	decode_io_consume(io, in_n - d->z.avail_in);
	decode_io_produce(io, out_n - d->z.avail_out);
	if (r != BZ_OK && r != BZ_STREAM_END)
		return bunzip2_failure(d, r, err);
	return r == BZ_STREAM_END;
}

static int bunzip2_decode(void *state, struct decode_io *io, struct err *err)
{
	struct bunzip2 *d = state;
	int r = 1;

	while (r == 1) {
		if (!d->open && io->in_n == 0)
			return d->between && io->in_end;
		if (!d->open && start_stream(d, err) < 0)
			return -ERR_TOO_LARGE;
		r = bunzip2_some(d, io, err);
		if (r == 1)
			end_stream(d);
	}
	return r;
}

const struct decoder decoder_bunzip2 = {
	.kind = COMPRESSION_BZIP2,
	.create = bunzip2_new,
	.free = bunzip2_free,
	.decode = bunzip2_decode,
};
