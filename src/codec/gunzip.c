/*
 * The framing of gzip (RFC 1952): member headers with all their optional fields, one member after
 * the other, and padding with zeros behind the last one as tape tools and gzip know it. Anything
 * else behind a member is an error, as it is for container engines. What is between header and
 * next header is the work of an inflater.
 */
#include "base/base.h"

#include "codec/decompress_priv.h"

enum gunzip_flags {
	FLAG_HEADER_CRC = 1 << 1,
	FLAG_EXTRA = 1 << 2,
	FLAG_NAME = 1 << 3,
	FLAG_COMMENT = 1 << 4,
	FLAGS_RESERVED = 0xe0,
};

/* In the order of the format; a header field that is absent is passed over. */
enum gunzip_part {
	PART_FIXED,
	PART_EXTRA_LENGTH,
	PART_EXTRA,
	PART_NAME,
	PART_COMMENT,
	PART_HEADER_CRC,
	PART_BODY,
	PART_BETWEEN,
	PART_PADDING,
};

struct gunzip {
	const struct inflater *inflater;
	void *state;
	enum gunzip_part part;
	uint8_t flags;
	uint8_t field[10]; /* a header field of fixed size, as far as it has come */
	size_t field_n;
	size_t extra_left;
	uint32_t header_crc;
};

struct gunzip *gunzip_new(const struct inflater *inflater)
{
	struct gunzip *g = xcalloc(1, sizeof(*g));

	g->inflater = inflater;
	g->state = inflater->create();
	if (!g->state) {
		free(g);
		return NULL;
	}
	return g;
}

void gunzip_free(void *state)
{
	struct gunzip *g = state;

	if (!g)
		return;
	g->inflater->free(g->state);
	free(g);
}

/* Takes n bytes of the header, which count for its checksum unless they are it. */
static void take(struct gunzip *g, struct decode_io *io, size_t n)
{
	if (g->part != PART_HEADER_CRC)
		g->header_crc = g->inflater->crc32(g->header_crc, io->in, n);
	decode_io_consume(io, n);
}

/* Collects a field of n bytes; true when it is complete. */
static bool collect(struct gunzip *g, struct decode_io *io, size_t n)
{
	size_t some = min_size(n - g->field_n, io->in_n);

	if (some)
		memcpy(g->field + g->field_n, io->in, some);
	g->field_n += some;
	take(g, io, some);
	if (g->field_n < n)
		return false;
	g->field_n = 0;
	return true;
}

static int read_fixed(struct gunzip *g, struct decode_io *io, struct err *err)
{
	if (!collect(g, io, 10))
		return 0;
	g->flags = g->field[3];
	if (g->field[0] != 0x1f || g->field[1] != 0x8b)
		return err_set(err, ERR_INPUT, "no member header");
	if (g->field[2] != 8 || (g->flags & FLAGS_RESERVED))
		return err_set(err, ERR_INPUT, "unknown method or flags in a member header");
	g->part = PART_EXTRA_LENGTH;
	return 0;
}

static void read_extra_length(struct gunzip *g, struct decode_io *io)
{
	if (!collect(g, io, 2))
		return;
	g->extra_left = (size_t)(g->field[0] | g->field[1] << 8);
	g->part = PART_EXTRA;
}

static void read_extra(struct gunzip *g, struct decode_io *io)
{
	size_t some = min_size(g->extra_left, io->in_n);

	take(g, io, some);
	g->extra_left -= some;
	if (g->extra_left == 0)
		g->part = PART_NAME;
}

/* A name or comment ends with a NUL byte and may have any length. */
static void read_text(struct gunzip *g, struct decode_io *io)
{
	const uint8_t *nul = memchr(io->in, 0, io->in_n);

	take(g, io, nul ? (size_t)(nul - io->in) + 1 : io->in_n);
	if (nul)
		g->part++;
}

static int read_header_crc(struct gunzip *g, struct decode_io *io, struct err *err)
{
	if (!collect(g, io, 2))
		return 0;
	if ((uint32_t)(g->field[0] | g->field[1] << 8) != (g->header_crc & 0xffff))
		return err_set(err, ERR_INPUT, "wrong checksum of a member header");
	g->part = PART_BODY;
	return 0;
}

/* The header is complete at PART_BODY. Does one step of reading it. */
static int read_header(struct gunzip *g, struct decode_io *io, struct err *err)
{
	static const uint8_t flag_of_part[] = {
		[PART_EXTRA_LENGTH] = FLAG_EXTRA,
		[PART_EXTRA] = FLAG_EXTRA,
		[PART_NAME] = FLAG_NAME,
		[PART_COMMENT] = FLAG_COMMENT,
		[PART_HEADER_CRC] = FLAG_HEADER_CRC,
	};

	if (g->part == PART_FIXED)
		return read_fixed(g, io, err);
	if (!(g->flags & flag_of_part[g->part])) {
		g->part++;
		return 0;
	}
	if (g->part == PART_EXTRA_LENGTH)
		read_extra_length(g, io);
	else if (g->part == PART_EXTRA)
		read_extra(g, io);
	else if (g->part == PART_HEADER_CRC)
		return read_header_crc(g, io, err);
	else
		read_text(g, io);
	return 0;
}

static int read_body(struct gunzip *g, struct decode_io *io, struct err *err)
{
	if (io->out_n == 0)
		return 0;
	int r = g->inflater->inflate(g->state, io, err);

	if (r == 1)
		g->part = PART_BETWEEN;
	return r < 0 ? r : 0;
}

static void start_member(struct gunzip *g)
{
	g->inflater->reset(g->state);
	g->flags = 0;
	g->header_crc = 0;
	g->part = PART_FIXED;
}

/* Only zeros may follow, to the end of the input. */
static int read_padding(struct gunzip *g, struct decode_io *io, struct err *err)
{
	if (io->in_n)
		g->part = PART_PADDING;
	while (io->in_n && io->in[0] == 0)
		decode_io_consume(io, 1);
	if (io->in_n)
		return err_set(err, ERR_INPUT, "something else behind the end");
	return io->in_end;
}

/* One step of whatever part it is in; the result is that of decode. */
static int gunzip_step(struct gunzip *g, struct decode_io *io, struct err *err)
{
	if (g->part < PART_BODY)
		return read_header(g, io, err);
	if (g->part == PART_BODY)
		return read_body(g, io, err);
	if (g->part == PART_PADDING || io->in_n == 0 || io->in[0] != 0x1f)
		return read_padding(g, io, err);
	start_member(g);
	return 0;
}

int gunzip_decode(void *state, struct decode_io *io, struct err *err)
{
	struct gunzip *g = state;

	for (;;) {
		size_t left = io->in_n + io->out_n;
		enum gunzip_part part = g->part;
		int r = gunzip_step(g, io, err);

		if (r != 0)
			return r;
		if (g->part == part && io->in_n + io->out_n == left)
			return 0;
	}
}
