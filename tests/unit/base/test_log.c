/*
 * Messages on standard error: one clean line each, from the set level on.
 */
#include "../test.h"

#include <sys/mman.h>

/* Standard error goes to a file meanwhile. */
static int saved_fd, file_fd;

static int redirect(void **state UNUSED)
{
	saved_fd = dup(STDERR_FILENO);
	file_fd = memfd_create("stderr", MFD_CLOEXEC);
	return saved_fd < 0 || file_fd < 0 || dup2(file_fd, STDERR_FILENO) < 0 ? -1 : 0;
}

static int restore(void **state UNUSED)
{
	log_set_level(LOG_INFO);
	int r = dup2(saved_fd, STDERR_FILENO);
	(void)close(saved_fd);
	(void)close(file_fd);
	return r < 0 ? -1 : 0;
}

static const char *written(void)
{
	static char text[1024];
	ssize_t n = pread(file_fd, text, sizeof(text) - 1, 0);

	assert_true(n >= 0);
	text[n] = '\0';
	return text;
}

static void test_a_message_is_a_line_with_its_level(void **state UNUSED)
{
	log_info("told %d", 1);
	log_warning("warned");
	log_error("failed");
	assert_string_equal(
		written(), "clair: told 1\nclair: warning: warned\nclair: error: failed\n");
}

static void test_what_is_below_the_level_is_not_written(void **state UNUSED)
{
	log_debug("unseen");
	log_set_level(LOG_ERROR);
	log_warning("unseen");
	log_error("seen");
	assert_string_equal(written(), "clair: error: seen\n");
}

static void test_foreign_text_does_not_act_on_the_terminal(void **state UNUSED)
{
	log_error("%s", "a\x1b]0;x\x07\nclair: b");
	assert_string_equal(written(), "clair: error: a\xEF\xBF\xBD]0;x\xEF\xBF\xBD\xEF\xBF\xBD"
				       "clair: b\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_a_message_is_a_line_with_its_level, redirect, restore),
		cmocka_unit_test_setup_teardown(
			test_what_is_below_the_level_is_not_written, redirect, restore),
		cmocka_unit_test_setup_teardown(
			test_foreign_text_does_not_act_on_the_terminal, redirect, restore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
