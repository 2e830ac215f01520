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
	static char text[8192];
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

static void test_fields_follow_the_message(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;

	(void)err_set(&err, ERR_INPUT, "was \"%s\"", "\\");
	log_event(LOG_WARNING, "tried", LOG_CSTR("name", "x"), LOG_I64("i", INT64_MIN),
		LOG_U64("u", UINT64_MAX), LOG_DOUBLE("d", 0.1), LOG_BOOL("b", true),
		LOG_CSTR("empty", ""), LOG_CSTR("several", "a=b c"), LOG_CSTR("bad", "a\nb"),
		LOG_ERR(&err));
	log_event(LOG_INFO, "done");
	assert_string_equal(written(),
		"clair: warning: tried name=x i=-9223372036854775808 u=18446744073709551615 d=0.1 "
		"b=true empty=\"\" several=\"a=b c\" bad=a\xEF\xBF\xBD"
		"b error=\"was \\\"\\\\\\\"\"\nclair: done\n");
}

static void test_fields_below_the_level_are_not_computed(void **state UNUSED)
{
	uint64_t n = 0;

	log_event(LOG_DEBUG, "unseen", LOG_U64("n", ++n));
	assert_int_equal(n, 0);
}

static void test_long_values_are_cut(void **state UNUSED)
{
	static char text[LIMIT_LOG_VALUE + 2];

	/* The last character would not fit whole. */
	memset(text, 'x', LIMIT_LOG_VALUE - 1);
	memcpy(text + LIMIT_LOG_VALUE - 1, "\xC3\xA4", 3);
	log_info("%s", text);
	const char *line = written();
	assert_int_equal(strlen(line), strlen("clair: ") + LIMIT_LOG_VALUE - 1 + 3 + 1);
	assert_string_equal(line + strlen(line) - 5, "x\xE2\x80\xA6\n");
}

static void test_levels_have_the_words_of_the_flag(void **state UNUSED)
{
	static const struct {
		const char *word;
		enum log_level level;
	} cases[] = { { "panic", LOG_PANIC }, { "fatal", LOG_FATAL }, { "error", LOG_ERROR },
		{ "warn", LOG_WARNING }, { "warning", LOG_WARNING }, { "info", LOG_INFO },
		{ "DEBUG", LOG_DEBUG } };
	enum log_level level = LOG_LEVEL_COUNT;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(log_level_from_str(str_of(cases[i].word), &level));
		assert_int_equal(level, cases[i].level);
	}
	assert_false(log_level_from_str(STR("trace"), &level));
	assert_false(log_level_from_str(STR(""), &level));
	assert_int_equal(level, LOG_DEBUG);
	log_set_level(LOG_PANIC);
	log_fatal("unseen");
	assert_string_equal(written(), "");
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
		cmocka_unit_test_setup_teardown(test_fields_follow_the_message, redirect, restore),
		cmocka_unit_test_setup_teardown(
			test_fields_below_the_level_are_not_computed, redirect, restore),
		cmocka_unit_test_setup_teardown(test_long_values_are_cut, redirect, restore),
		cmocka_unit_test_setup_teardown(
			test_levels_have_the_words_of_the_flag, redirect, restore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
