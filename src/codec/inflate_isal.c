/*
 * Members of gzip files by ISA-L (https://github.com/intel/isa-l, igzip_lib.h), about twice as fast
 * as zlib. It verifies the trailer itself (ISAL_GZIP_NO_HDR_VER), as what it has read ahead may
 * reach into an input buffer of before.
 */
#include "base/base.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include "codec/decompress_priv.h"

static void isal_reset(void *state)
{
	struct inflate_state *z = state;

	isal_inflate_reset(z);
	z->crc_flag = ISAL_GZIP_NO_HDR_VER;
}

static void *isal_new(void)
{
	/* Zeroed: what a damaged stream makes it refer to must not be what was in memory before. */
	struct inflate_state *z = calloc(1, sizeof(*z));

	if (!z)
		return NULL;
	isal_inflate_init(z);
	isal_reset(z);
	return z;
}

static int isal_failure(int code, struct err *err)
{
	switch (code) {
	case ISAL_INCORRECT_CHECKSUM:
		return err_set(err, ERR_INPUT, "wrong checksum or length");
	case ISAL_INVALID_LOOKBACK:
		return err_set(err, ERR_INPUT, "damaged: a distance reaches too far back");
	default:
		return err_set(err, ERR_INPUT, "damaged");
	}
}

static int isal_inflate_some(void *state, struct decode_io *io, struct err *err)
{
	struct inflate_state *z = state;
	uint32_t in_n = (uint32_t)min_size(io->in_n, UINT32_MAX / 2);
	uint32_t out_n = (uint32_t)min_size(io->out_n, UINT32_MAX / 2);

	/* The library does not write to its input, it only lacks the const. */
	z->next_in = (uint8_t *)(uintptr_t)io->in;
	z->avail_in = in_n;
	z->next_out = io->out;
	z->avail_out = out_n;
	int r = isal_inflate(z);

	if (r != ISAL_DECOMP_OK)
		return isal_failure(r, err);
	decode_io_consume(io, in_n - z->avail_in);
	decode_io_produce(io, out_n - z->avail_out);
	return z->block_state == ISAL_BLOCK_FINISH;
}

static uint32_t isal_crc32(uint32_t crc, const uint8_t *p, size_t n)
{
	return crc32_gzip_refl(crc, p, n);
}

static const struct inflater inflater_isal = {
	.create = isal_new,
	.free = free,
	.reset = isal_reset,
	.inflate = isal_inflate_some,
	.crc32 = isal_crc32,
};

static void *gunzip_isal_new(void)
{
	return gunzip_new(&inflater_isal);
}

const struct decoder decoder_gunzip_isal = {
	.kind = COMPRESSION_GZIP,
	.create = gunzip_isal_new,
	.free = gunzip_free,
	.decode = gunzip_decode,
};
