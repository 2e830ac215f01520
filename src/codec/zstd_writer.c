/*
 * zstd by libzstd, see zstd_writer.h.
 */
#include "base/base.h"

#include <zstd.h>

#include "codec/zstd_writer.h"

/* Better ones take much longer for some percent. */
enum { LEVEL = 9, PIECE = 128 * 1024 };

struct zstd_writer {
	ZSTD_CCtx *z;
	int fd;
	const char *what;
	char out[PIECE];
};

struct zstd_writer *zstd_writer_new(int fd, const char *what)
{
	struct zstd_writer *w = xcalloc(1, sizeof(*w));

	w->fd = fd;
	w->what = what;
	w->z = ZSTD_createCCtx();
	if (!w->z || ZSTD_isError(ZSTD_CCtx_setParameter(w->z, ZSTD_c_compressionLevel, LEVEL)) ||
		ZSTD_isError(ZSTD_CCtx_setParameter(w->z, ZSTD_c_checksumFlag, 1)))
		abort(); /* memory */
	return w;
}

void zstd_writer_free(struct zstd_writer *w)
{
	if (!w)
		return;
	(void)ZSTD_freeCCtx(w->z);
	free(w);
}

static int compress(
	struct zstd_writer *w, struct span bytes, ZSTD_EndDirective how, struct err *err)
{
	ZSTD_inBuffer in = { .src = bytes.p, .size = bytes.n };
	bool more = true;

	while (more) {
		ZSTD_outBuffer out = { .dst = w->out, .size = sizeof(w->out) };
		size_t left = ZSTD_compressStream2(w->z, &out, &in, how);

		if (ZSTD_isError(left))
			return err_set(err, ERR_INTERNAL, "%s: zstd: %s", w->what,
				ZSTD_getErrorName(left));
		int r = io_write_all(w->fd, w->out, out.pos, w->what, err);
		if (r < 0)
			return r;
		more = how == ZSTD_e_end ? left > 0 : in.pos < in.size;
	}
	return 0;
}

int zstd_writer_add(struct zstd_writer *w, struct span bytes, struct err *err)
{
	return compress(w, bytes, ZSTD_e_continue, err);
}

int zstd_writer_end(struct zstd_writer *w, struct err *err)
{
	return compress(w, span_n(NULL, 0), ZSTD_e_end, err);
}
