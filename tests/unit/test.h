/*
 * What every unit test includes: cmocka with the headers it wants in front of it, and checks that
 * print both values when they fail.
 */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef skip /* also the name of a member of struct stream */

#include "base/base.h"

/* Compares a view with a literal or C string. */
#define assert_str(view, expected)                                \
	do {                                                      \
		struct str view_ = (view);                        \
		struct buf got_ = BUF_INIT(SIZE_MAX / 2);         \
		buf_append_str(&got_, view_);                     \
		assert_string_equal(buf_cstr(&got_), (expected)); \
		buf_fini(&got_);                                  \
	} while (0)

/* A call that has to succeed: prints the error when it does not. */
#define assert_ok(call, err)                                     \
	do {                                                     \
		if ((call) < 0)                                  \
			fail_msg("%s: %s", #call, err_msg(err)); \
	} while (0)

/* A call that has to fail with a code and a message that contains a text; clears the error. */
#define assert_fails(call, err, expected_code, text)                                      \
	do {                                                                              \
		int result_ = (call);                                                     \
		if (result_ >= 0)                                                         \
			fail_msg("%s succeeded", #call);                                  \
		assert_int_equal((err)->code, (expected_code));                           \
		if (!strstr(err_msg(err), (text)))                                        \
			fail_msg("\"%s\" does not contain \"%s\"", err_msg(err), (text)); \
		err_clear(err);                                                           \
	} while (0)

/*
 * The bytes of a file below tests/data, heap, NUL-terminated behind *n bytes; fails the test when
 * it cannot be read. The folder is $CLAIR_TEST_DATA, which the build sets.
 */
static inline char *test_read_data(const char *name, size_t *n)
{
	const char *dir = getenv("CLAIR_TEST_DATA");
	char *path = NULL;
	struct buf content = BUF_INIT(512 * MIB);
	struct err err = ERR_INIT;

	if (!dir || asprintf(&path, "%s/%s", dir, name) < 0)
		fail_msg("CLAIR_TEST_DATA is not set");
	int fd = io_open(path, 0, 0, &err);
	if (fd < 0 || io_read_to_end(fd, &content, path, &err) < 0)
		fail_msg("%s", err_msg(&err));
	(void)close(fd);
	free(path);
	*n = content.n;
	(void)buf_cstr(&content);
	return content.p;
}

#endif
