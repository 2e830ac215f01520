/*
 * Whole reads and writes on file descriptors, restarted after signals.
 */
#ifndef BASE_IO_H
#define BASE_IO_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

/* Reads up to n bytes, less only at the end of the file. The count, or a negative code; `what`
 * names it. */
ssize_t io_read_full(int fd, void *p, size_t n, const char *what, struct err *err) MUST_CHECK;
/* The same at an offset, the descriptor's position untouched. */
ssize_t io_pread_full(
	int fd, void *p, size_t n, uint64_t offset, const char *what, struct err *err) MUST_CHECK;
int io_write_all(int fd, const void *p, size_t n, const char *what, struct err *err) MUST_CHECK;

/* Appends everything up to the end of the file; -ERR_TOO_LARGE beyond out->max. */
int io_read_to_end(int fd, struct buf *out, const char *what, struct err *err) MUST_CHECK;

/* open(2) with O_CLOEXEC; the descriptor, or -ERR_NOT_FOUND or -ERR_IO naming the path. */
int io_open(const char *path, int flags, mode_t mode, struct err *err) MUST_CHECK;

/*
 * Makes sure that descriptors 0, 1 and 2 are taken, so that no file opened later becomes somebody's
 * standard output. What was closed cannot be written to either afterwards.
 */
int io_reserve_standard(struct err *err) MUST_CHECK;

/* mkdir -p with mode 0755 for each missing part. */
int io_mkdirs(const char *path, struct err *err) MUST_CHECK;

#endif
