/*
 * The data of a member are inflated by zlib, which tells exactly where they end: with a data
 * descriptor, nothing else does.
 */
#include "base/base.h"

#include <zlib.h>

#include "codec/zip.h"

#define SIGNATURE_MEMBER     0x04034b50u
#define SIGNATURE_DESCRIPTOR 0x08074b50u
/* What may follow the last member. */
#define SIGNATURE_DIRECTORY  0x02014b50u
#define SIGNATURE_EXTRA_DATA 0x08064b50u
#define SIGNATURE_END        0x06054b50u
#define SIGNATURE_END_64     0x06064b50u

#define FLAG_ENCRYPTED       (1u << 0)
#define FLAG_DESCRIPTOR      (1u << 3)

#define METHOD_STORED        0
#define METHOD_DEFLATED      8

#define EXTRA_ZIP64          1
#define SIZE_IN_ZIP64        UINT32_MAX

enum { BUFFER_SIZE = 64 * 1024, HEADER_SIZE = 26 };

struct zip_reader {
	struct stream body; /* first */
	struct stream *in;
	uint8_t *buffer; /* BUFFER_SIZE */
	size_t at, n;
	uint64_t bytes_in, bytes_out; /* of the whole archive */
	uint64_t max_bytes;
	struct err failure; /* what every call after a failure says again */
	bool ended;
	/* The current member. */
	struct buf path;
	bool in_member; /* its end was not reached yet */
	bool has_descriptor;
	bool is_zip64;
	uint16_t method;
	uint32_t crc, computed_crc;
	uint64_t packed_size, size; /* as the header or descriptor says */
	uint64_t packed_done, done;
	z_stream z;
	bool has_z;
	bool inflated; /* the deflate data ended */
};

static int fail_again(struct zip_reader *z, struct err *err)
{
	return err_set(err, z->failure.code, "%s", err_msg(&z->failure));
}

PRINTF_LIKE(3, 4)
static int fail(struct zip_reader *z, enum err_code code, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	return err_set(&z->failure, code, "zip: %s", text);
}

/* --- input ------------------------------------------------------------------------------------ */

/* More bytes behind what the buffer has; 1, 0 at the end of the input. */
static int fill(struct zip_reader *z)
{
	if (z->at == z->n)
		z->at = z->n = 0;
	ssize_t r = stream_read(z->in, z->buffer + z->n, BUFFER_SIZE - z->n, &z->failure);

	if (r < 0)
		return (int)r;
	z->n += (size_t)r;
	z->bytes_in += (uint64_t)r;
	return r > 0;
}

/* n bytes into p: 1, or a negative code. */
static int take(struct zip_reader *z, void *p, size_t n)
{
	size_t done = 0;

	while (done < n) {
		if (z->at == z->n) {
			int r = fill(z);
			if (r < 0)
				return r;
			if (r == 0)
				return fail(z, ERR_INPUT, "truncated");
		}
		size_t some = min_size(n - done, z->n - z->at);

		memcpy((uint8_t *)p + done, z->buffer + z->at, some);
		z->at += some;
		done += some;
	}
	return 1;
}

/* --- headers ---------------------------------------------------------------------------------- */

/* Sizes that the header has no room for. In that of a member, both have to be there. */
static void take_zip64(struct zip_reader *z, struct span extra)
{
	while (extra.n >= 4) {
		uint16_t id = get_le16(extra.p), n = get_le16(extra.p + 2);

		extra = span_n(extra.p + 4, extra.n - 4);
		if (n > extra.n)
			return;
		if (id == EXTRA_ZIP64) {
			z->is_zip64 = true;
			if (n >= 16 && z->size == SIZE_IN_ZIP64)
				z->size = get_le64(extra.p);
			if (n >= 16 && z->packed_size == SIZE_IN_ZIP64)
				z->packed_size = get_le64(extra.p + 8);
		}
		extra = span_n(extra.p + n, extra.n - n);
	}
}

/* The name and the extra field behind a header. */
static int take_names(struct zip_reader *z, uint16_t name_n, uint16_t extra_n)
{
	uint8_t extra[UINT16_MAX];

	buf_clear(&z->path);
	if (name_n > LIMIT_PATH)
		return fail(z, ERR_TOO_LARGE, "a name of more than %" PRIu64 " bytes", LIMIT_PATH);
	int r = name_n ? take(z, buf_reserve(&z->path, name_n), name_n) : 1;

	if (r > 0 && name_n)
		buf_commit(&z->path, name_n);
	if (r > 0 && extra_n)
		r = take(z, extra, extra_n);
	if (r > 0)
		take_zip64(z, span_n(extra, extra_n));
	return r;
}

static int check_member(struct zip_reader *z, uint16_t flags)
{
	if (flags & FLAG_ENCRYPTED)
		return fail(z, ERR_UNSUPPORTED, "an encrypted member");
	if (z->method != METHOD_STORED && z->method != METHOD_DEFLATED)
		return fail(z, ERR_UNSUPPORTED, "compression method %u", z->method);
	if (z->method == METHOD_STORED && z->has_descriptor)
		return fail(z, ERR_UNSUPPORTED, "a stored member that does not say its size");
	return 1;
}

static int begin_inflating(struct zip_reader *z)
{
	int code = z->has_z ? inflateReset(&z->z) : inflateInit2(&z->z, -MAX_WBITS);

	z->has_z = z->has_z || code == Z_OK;
	return code == Z_OK ? 1 : fail(z, ERR_TOO_LARGE, "out of memory");
}

static int begin_member(struct zip_reader *z)
{
	uint8_t h[HEADER_SIZE];
	int r = take(z, h, sizeof(h));

	if (r < 0)
		return r;
	uint16_t flags = get_le16(h + 2);

	z->method = get_le16(h + 4);
	z->crc = get_le32(h + 10);
	z->packed_size = get_le32(h + 14);
	z->size = get_le32(h + 18);
	z->has_descriptor = (flags & FLAG_DESCRIPTOR) != 0;
	z->is_zip64 = false;
	z->packed_done = z->done = 0;
	z->computed_crc = 0;
	z->inflated = false;
	r = take_names(z, get_le16(h + 22), get_le16(h + 24));
	if (r > 0)
		r = check_member(z, flags);
	if (r > 0 && z->method == METHOD_DEFLATED)
		r = begin_inflating(z);
	z->in_member = r > 0;
	return r;
}

/* Behind the data; the signature may be missing, which is old. */
static int take_descriptor(struct zip_reader *z)
{
	uint8_t d[20];
	size_t n = z->is_zip64 ? 20 : 12;
	int r = take(z, d, 4);

	if (r > 0 && get_le32(d) == SIGNATURE_DESCRIPTOR)
		r = take(z, d, 4);
	if (r > 0)
		r = take(z, d + 4, n - 4);
	if (r < 0)
		return r;
	z->crc = get_le32(d);
	z->packed_size = z->is_zip64 ? get_le64(d + 4) : get_le32(d + 4);
	z->size = z->is_zip64 ? get_le64(d + 12) : get_le32(d + 8);
	return 1;
}

/* What counts bytes in 32 bits has them modulo 2^32. */
static bool is_size(const struct zip_reader *z, uint64_t said, uint64_t counted)
{
	return z->has_descriptor && !z->is_zip64 ? (uint32_t)said == (uint32_t)counted
						 : said == counted;
}

static int end_member(struct zip_reader *z)
{
	z->in_member = false;
	if (z->has_descriptor) {
		int r = take_descriptor(z);
		if (r < 0)
			return r;
	}
	if (!is_size(z, z->packed_size, z->packed_done) || !is_size(z, z->size, z->done))
		return fail(z, ERR_INPUT, "%" PRIstr " has another size than it says",
			STR_ARG(str_head(buf_str(&z->path), 200)));
	if (z->crc != z->computed_crc)
		return fail(z, ERR_INPUT, "wrong checksum of %" PRIstr,
			STR_ARG(str_head(buf_str(&z->path), 200)));
	return 0;
}

/* --- bodies ----------------------------------------------------------------------------------- */

/* What may be taken of the buffer for the current member. */
static size_t input_available(const struct zip_reader *z)
{
	size_t n = z->n - z->at;
	uint64_t left = z->packed_size - z->packed_done;

	return z->has_descriptor || left > n ? n : (size_t)left;
}

static void consume(struct zip_reader *z, size_t n)
{
	z->at += n;
	z->packed_done += n;
}

static ssize_t read_stored(struct zip_reader *z, void *p, size_t n)
{
	n = min_size(n, input_available(z));
	memcpy(p, z->buffer + z->at, n);
	consume(z, n);
	return (ssize_t)n;
}

static ssize_t read_deflated(struct zip_reader *z, void *p, size_t n)
{
	uInt in_n = (uInt)input_available(z), out_n = (uInt)min_size(n, UINT32_MAX / 2);

	z->z.next_in = z->buffer + z->at;
	z->z.avail_in = in_n;
	z->z.next_out = p;
	z->z.avail_out = out_n;
	int code = inflate(&z->z, Z_NO_FLUSH);

	consume(z, in_n - z->z.avail_in);
	z->inflated = code == Z_STREAM_END;
	if (code == Z_MEM_ERROR)
		return fail(z, ERR_TOO_LARGE, "out of memory");
	if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
		return fail(z, ERR_INPUT, "damaged data of %" PRIstr,
			STR_ARG(str_head(buf_str(&z->path), 200)));
	return (ssize_t)(out_n - z->z.avail_out);
}

static int check_limits(struct zip_reader *z, size_t n)
{
	z->bytes_out += n;
	if (z->bytes_out > z->max_bytes)
		return fail(z, ERR_TOO_LARGE, "more than %" PRIu64 " bytes", z->max_bytes);
	if (z->bytes_out > LIMIT_EXPANSION_FREE &&
		(z->bytes_out - LIMIT_EXPANSION_FREE) / LIMIT_EXPANSION_RATIO > z->bytes_in)
		return fail(z, ERR_TOO_LARGE,
			"expands to more than %d times its size, as a decompression bomb does",
			LIMIT_EXPANSION_RATIO);
	return 0;
}

static bool is_at_end(const struct zip_reader *z)
{
	return z->method == METHOD_DEFLATED ? z->inflated : z->packed_done == z->packed_size;
}

/* More input, if the buffer is empty and the member goes on. */
static int refill(struct zip_reader *z)
{
	if (z->at < z->n || (!z->has_descriptor && z->packed_done == z->packed_size))
		return 0;
	int r = fill(z);

	return r == 0 ? fail(z, ERR_INPUT, "truncated") : r;
}

/* The next bytes of the member; 0 at its end. */
static ssize_t read_some(struct zip_reader *z, void *p, size_t n)
{
	while (!is_at_end(z)) {
		int r = refill(z);
		if (r < 0)
			return r;
		ssize_t got = z->method == METHOD_DEFLATED ? read_deflated(z, p, n)
							   : read_stored(z, p, n);
		if (got != 0)
			return got;
		if (!is_at_end(z) && !z->has_descriptor && z->packed_done == z->packed_size)
			return fail(z, ERR_INPUT, "data of %" PRIstr " are too short",
				STR_ARG(str_head(buf_str(&z->path), 200)));
	}
	return end_member(z);
}

static ssize_t body_read(struct stream *s, void *p, size_t n, struct err *err)
{
	struct zip_reader *z = (struct zip_reader *)s;

	if (z->failure.code != ERR_NONE)
		return fail_again(z, err);
	if (!z->in_member)
		return 0;
	ssize_t r = read_some(z, p, n);

	if (r > 0) {
		z->done += (uint64_t)r;
		z->computed_crc = (uint32_t)crc32(z->computed_crc, (const Bytef *)p, (uInt)r);
		if (check_limits(z, (size_t)r) < 0)
			r = -1;
	}
	return r < 0 ? fail_again(z, err) : r;
}

struct stream *zip_body(struct zip_reader *z)
{
	return &z->body;
}

/* --- members ---------------------------------------------------------------------------------- */

/* The signature of the next header: 1 for that of a member, 0 behind the last one. */
static int take_signature(struct zip_reader *z)
{
	uint8_t s[4];
	int r = take(z, s, sizeof(s));

	if (r < 0)
		return r;
	switch (get_le32(s)) {
	case SIGNATURE_MEMBER:
		return 1;
	case SIGNATURE_DIRECTORY:
	case SIGNATURE_EXTRA_DATA:
	case SIGNATURE_END:
	case SIGNATURE_END_64:
		z->ended = true;
		return 0;
	default:
		return fail(z, ERR_INPUT, "%s",
			z->bytes_out || z->path.n ? "damaged" : "no zip archive");
	}
}

int zip_next(struct zip_reader *z, struct str *path, struct err *err)
{
	int r = 0;

	if (z->failure.code != ERR_NONE)
		return fail_again(z, err);
	if (z->in_member)
		r = stream_drain(&z->body, NULL, err);
	if (r < 0)
		return r;
	if (z->ended)
		return 0;
	r = take_signature(z);
	if (r > 0)
		r = begin_member(z);
	if (r < 0)
		return fail_again(z, err);
	*path = buf_str(&z->path);
	return r;
}

struct zip_reader *zip_open(struct stream *in, uint64_t max_bytes)
{
	struct zip_reader *z = xcalloc(1, sizeof(*z));

	z->body.read = body_read;
	z->in = in;
	z->buffer = xmalloc(BUFFER_SIZE);
	z->max_bytes = max_bytes;
	buf_init(&z->path, LIMIT_PATH);
	return z;
}

void zip_close(struct zip_reader *z)
{
	if (!z)
		return;
	if (z->has_z)
		(void)inflateEnd(&z->z);
	buf_fini(&z->path);
	err_clear(&z->failure);
	free(z->buffer);
	free(z);
}
