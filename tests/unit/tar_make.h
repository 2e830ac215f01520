/*
 * Small layers for tests: a text with one entry a line becomes a ustar archive.
 *
 *   f PATH CONTENT      a file; "\n" and "\t" in the content are a newline and a tab
 *   d PATH              a directory
 *   l PATH TARGET       a symbolic link
 *   h PATH TARGET       a hard link
 *   p PATH              a FIFO
 */
#ifndef TESTS_UNIT_TAR_MAKE_H
#define TESTS_UNIT_TAR_MAKE_H

#include "base/base.h"

enum { TAR_BLOCK = 512 };

static inline void tar_put_octal(char *to, size_t n, uint64_t v)
{
	for (size_t i = n - 1; i-- > 0; v >>= 3)
		to[i] = (char)('0' + (v & 7));
}

/* A header with this size, which need not be that of the content. */
static inline void tar_put_header(
	struct buf *out, char type, struct str path, struct str link, uint64_t size)
{
	char h[TAR_BLOCK] = { 0 };
	uint64_t sum = 0;

	assert(path.n <= 100 && link.n <= 100);
	memcpy(h, path.p, path.n);
	if (link.n)
		memcpy(h + 157, link.p, link.n);
	tar_put_octal(h + 100, 8, 0644);
	tar_put_octal(h + 108, 8, 0);
	tar_put_octal(h + 116, 8, 0);
	tar_put_octal(h + 124, 12, size);
	tar_put_octal(h + 136, 12, 0);
	memset(h + 148, ' ', 8);
	h[156] = type;
	memcpy(h + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += (uint8_t)h[i];
	tar_put_octal(h + 148, 7, sum);
	buf_append(out, h, sizeof(h));
}

static inline void tar_put_file(struct buf *out, struct str path, struct str content)
{
	static const char zeros[TAR_BLOCK];

	tar_put_header(out, '0', path, STR_NULL, content.n);
	buf_append_str(out, content);
	buf_append(out, zeros, (TAR_BLOCK - content.n % TAR_BLOCK) % TAR_BLOCK);
}

static inline void tar_end(struct buf *out)
{
	static const char zeros[2 * TAR_BLOCK];

	buf_append(out, zeros, sizeof(zeros));
}

static inline void tar_put_escaped(struct buf *out, struct str path, struct str text)
{
	_cleanup_buf_ struct buf content = BUF_INIT(MIB);

	for (size_t i = 0; i < text.n; i++) {
		bool escape = text.p[i] == '\\' && i + 1 < text.n;

		if (escape)
			i++;
		buf_append_char(&content, !escape ? text.p[i] : text.p[i] == 'n' ? '\n' : '\t');
	}
	tar_put_file(out, path, buf_str(&content));
}

static inline void tar_make(struct buf *out, const char *entries)
{
	struct str rest = str_of(entries), line, type, path, more;

	while (str_next_line(&rest, &line)) {
		if (line.n == 0)
			continue;
		(void)str_cut(line, ' ', &type, &more);
		(void)str_cut(more, ' ', &path, &more);
		switch (type.p[0]) {
		case 'f':
			tar_put_escaped(out, path, more);
			break;
		case 'd':
			tar_put_header(out, '5', path, STR_NULL, 0);
			break;
		case 'l':
			tar_put_header(out, '2', path, more, 0);
			break;
		case 'h':
			tar_put_header(out, '1', path, more, 0);
			break;
		default:
			tar_put_header(out, '6', path, STR_NULL, 0);
		}
	}
	tar_end(out);
}

#endif
