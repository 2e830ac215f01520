/*
 * zstd (RFC 8878) by libzstd: any number of frames, skippable ones among them, checksums verified
 * where a frame has one. The window is limited as the command-line tool does without --long.
 */
#include "base/base.h"

#include <zstd.h>
#include <zstd_errors.h>

#include "codec/decompress_priv.h"

struct unzstd {
	ZSTD_DCtx *z;
	bool between; /* a frame is complete, so that the input may end here */
};

static void unzstd_free(void *state)
{
	struct unzstd *d = state;

	(void)ZSTD_freeDCtx(d->z);
	free(d);
}

static void *unzstd_new(void)
{
	struct unzstd *d = xcalloc(1, sizeof(*d));

	d->z = ZSTD_createDCtx();
	if (!d->z || ZSTD_isError(ZSTD_DCtx_setParameter(
			     d->z, ZSTD_d_windowLogMax, LIMIT_ZSTD_WINDOW_LOG))) {
		unzstd_free(d);
		return NULL;
	}
	return d;
}

static int unzstd_failure(const struct unzstd *d, size_t code, struct err *err)
{
	switch (ZSTD_getErrorCode(code)) {
	case ZSTD_error_memory_allocation:
		return err_set(err, ERR_TOO_LARGE, "out of memory");
	case ZSTD_error_frameParameter_windowTooLarge:
		return err_set(err, ERR_TOO_LARGE, "needs a window of more than 2^%d bytes",
			LIMIT_ZSTD_WINDOW_LOG);
	case ZSTD_error_prefix_unknown:
		return err_set(err, ERR_INPUT, "%s",
			d->between ? "something else behind the end" : "no frame header");
	default:
		return err_set(err, ERR_INPUT, "damaged: %s", ZSTD_getErrorName(code));
	}
}

static int unzstd_decode(void *state, struct decode_io *io, struct err *err)
{
	struct unzstd *d = state;
	ZSTD_inBuffer in = { .src = io->in, .size = io->in_n };
	ZSTD_outBuffer out = { .dst = io->out, .size = io->out_n };

	if (in.size == 0 && d->between)
		return io->in_end;
	do {
		size_t r = ZSTD_decompressStream(d->z, &out, &in);

		if (ZSTD_isError(r))
			return unzstd_failure(d, r, err);
		d->between = r == 0;
	} while (d->between && in.pos < in.size && out.pos < out.size);
	decode_io_consume(io, in.pos);
	decode_io_produce(io, out.pos);
	return 0;
}

const struct decoder decoder_unzstd = {
	.kind = COMPRESSION_ZSTD,
	.create = unzstd_new,
	.free = unzstd_free,
	.decode = unzstd_decode,
};
