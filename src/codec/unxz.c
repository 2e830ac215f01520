/*
 * xz (https://tukaani.org/xz/xz-file-format.txt) by liblzma, which treats concatenated streams and
 * the padding between them itself, verifies the checks, and keeps to a memory limit.
 */
#include "base/base.h"

#include <lzma.h>

#include "codec/decompress_priv.h"

static void unxz_free(void *state)
{
	lzma_stream *z = state;

	lzma_end(z);
	free(z);
}

static void *unxz_new(void)
{
	lzma_stream *z = xcalloc(1, sizeof(*z));

	/* A check that cannot be verified is reported, not ignored. */
	if (lzma_stream_decoder(z, LIMIT_XZ_MEMORY,
		    LZMA_CONCATENATED | LZMA_TELL_UNSUPPORTED_CHECK) != LZMA_OK) {
		unxz_free(z);
		return NULL;
	}
	return z;
}

static int unxz_failure(lzma_ret code, struct err *err)
{
	switch (code) {
	case LZMA_MEM_ERROR:
		return err_set(err, ERR_TOO_LARGE, "out of memory");
	case LZMA_MEMLIMIT_ERROR:
		return err_set(err, ERR_TOO_LARGE, "needs more than %" PRIu64 " MiB of memory",
			LIMIT_XZ_MEMORY / MIB);
	case LZMA_UNSUPPORTED_CHECK:
	case LZMA_OPTIONS_ERROR:
		return err_set(err, ERR_INPUT, "uses a check or filter that is not known");
	case LZMA_FORMAT_ERROR:
		return err_set(
			err, ERR_INPUT, "no stream header, or something else behind the end");
	default:
		return err_set(err, ERR_INPUT, "damaged");
	}
}

static int unxz_decode(void *state, struct decode_io *io, struct err *err)
{
	lzma_stream *z = state;

	z->next_in = io->in;
	z->avail_in = io->in_n;
	z->next_out = io->out;
	z->avail_out = io->out_n;
	lzma_ret r = lzma_code(z, io->in_end ? LZMA_FINISH : LZMA_RUN);

	decode_io_consume(io, io->in_n - z->avail_in);
	decode_io_produce(io, io->out_n - z->avail_out);
	if (r == LZMA_STREAM_END)
		return 1;
	/* LZMA_BUF_ERROR: no progress, which the caller sees. */
	return r == LZMA_OK || r == LZMA_BUF_ERROR ? 0 : unxz_failure(r, err);
}

const struct decoder decoder_unxz = {
	.kind = COMPRESSION_XZ,
	.create = unxz_new,
	.free = unxz_free,
	.decode = unxz_decode,
};
