/*
 * What the tests of configurations share: problems as text, one a line.
 */
#ifndef TESTS_UNIT_CONFIG_CHECK_H
#define TESTS_UNIT_CONFIG_CHECK_H

#include "../test.h"

#include "config/config_priv.h"

/* "3:5: error: …\n" for each. */
static inline void assert_problems(const struct config_problems *problems, const char *expected)
{
	_cleanup_buf_ struct buf got = BUF_INIT(MIB);

	vec_for_each(problem, &problems->list) {
		_cleanup_buf_ struct buf line = BUF_INIT(64 * KIB);
		struct str text;

		config_problem_format(&line, problem, "F");
		text = str_skip(buf_str(&line), problem->place.line ? 2 : 3);
		buf_append_str(&got, text);
		buf_append_char(&got, '\n');
	}
	assert_str(buf_str(&got), expected);
}

#endif
