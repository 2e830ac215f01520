/*
 * Members of gzip files by zlib, where ISA-L is missing, and in tests to compare the two. zlib
 * inflates the bare deflate data; the trailer (CRC-32 and length, RFC 1952 2.3.1) is verified here.
 */
#include "base/base.h"

#include <zlib.h>

#include "codec/decompress_priv.h"

enum { TRAILER_SIZE = 8 };

struct zlib_inflater {
	z_stream z;
	bool in_trailer;
	uint8_t trailer[TRAILER_SIZE];
	size_t trailer_n;
	uint32_t crc;
	uint32_t length; /* modulo 2^32 */
};

static void zlib_free(void *state)
{
	struct zlib_inflater *d = state;

	if (!d)
		return;
	(void)inflateEnd(&d->z);
	free(d);
}

static void *zlib_new(void)
{
	struct zlib_inflater *d = xcalloc(1, sizeof(*d));

	if (inflateInit2(&d->z, -MAX_WBITS) != Z_OK) {
		zlib_free(d);
		return NULL;
	}
	return d;
}

static void zlib_reset(void *state)
{
	struct zlib_inflater *d = state;

	(void)inflateReset(&d->z);
	d->in_trailer = false;
	d->trailer_n = 0;
	d->crc = 0;
	d->length = 0;
}

static int read_trailer(struct zlib_inflater *d, struct decode_io *io, struct err *err)
{
	size_t some = min_size(TRAILER_SIZE - d->trailer_n, io->in_n);

	if (some)
		memcpy(d->trailer + d->trailer_n, io->in, some);
	d->trailer_n += some;
	decode_io_consume(io, some);
	if (d->trailer_n < TRAILER_SIZE)
		return 0;
	if (get_le32(d->trailer) != d->crc || get_le32(d->trailer + 4) != d->length)
		return err_set(err, ERR_INPUT, "wrong checksum or length");
	return 1;
}

static int zlib_inflate(void *state, struct decode_io *io, struct err *err)
{
	struct zlib_inflater *d = state;

	if (d->in_trailer)
		return read_trailer(d, io, err);
	uInt in_n = (uInt)min_size(io->in_n, UINT32_MAX / 2);
	uInt out_n = (uInt)min_size(io->out_n, UINT32_MAX / 2);
	uint8_t *out = io->out;

	/* The library does not write to its input, it only lacks the const. */
	d->z.next_in = (uint8_t *)(uintptr_t)io->in;
	d->z.avail_in = in_n;
	d->z.next_out = out;
	d->z.avail_out = out_n;
	int r = inflate(&d->z, Z_NO_FLUSH);

	if (r == Z_MEM_ERROR)
		return err_set(err, ERR_TOO_LARGE, "out of memory");
	if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
		return err_set(err, ERR_INPUT, "damaged: %s", d->z.msg ? d->z.msg : "unknown");
	decode_io_consume(io, in_n - d->z.avail_in);
	decode_io_produce(io, out_n - d->z.avail_out);
	d->crc = (uint32_t)crc32_z(d->crc, out, out_n - d->z.avail_out);
	d->length += out_n - d->z.avail_out;
	d->in_trailer = r == Z_STREAM_END;
	return d->in_trailer ? read_trailer(d, io, err) : 0;
}

static uint32_t zlib_crc32(uint32_t crc, const uint8_t *p, size_t n)
{
	return (uint32_t)crc32_z(crc, p, n);
}

static const struct inflater inflater_zlib = {
	.create = zlib_new,
	.free = zlib_free,
	.reset = zlib_reset,
	.inflate = zlib_inflate,
	.crc32 = zlib_crc32,
};

static void *gunzip_zlib_new(void)
{
	return gunzip_new(&inflater_zlib);
}

const struct decoder decoder_gunzip_zlib = {
	.kind = COMPRESSION_GZIP,
	.create = gunzip_zlib_new,
	.free = gunzip_free,
	.decode = gunzip_decode,
};
