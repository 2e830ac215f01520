/*
 * Configurations from files: the file itself, the files it names, the pagination key that is made
 * up.
 */
#include "check.h"

#include <fcntl.h>
#include <sys/stat.h>

struct place {
	char dir[32];
	char path[64];
};

static void place_init(struct place *p)
{
	memcpy(p->dir, "/tmp/clair-config-XXXXXX", sizeof("/tmp/clair-config-XXXXXX"));
	assert_non_null(mkdtemp(p->dir));
	(void)snprintf(p->path, sizeof(p->path), "%s/config.yaml", p->dir);
}

static void place_fini(struct place *p)
{
	(void)unlink(p->path);
	assert_int_equal(rmdir(p->dir), 0);
}

#define _cleanup_place_ _cleanup_(place_fini)

static void write_config(const struct place *p, struct str text)
{
	_cleanup_err_ struct err err = ERR_INIT;
	int fd = io_open(p->path, O_WRONLY | O_CREAT | O_TRUNC, 0600, &err);

	assert_true(fd >= 0);
	assert_ok(io_write_all(fd, text.p, text.n, p->path, &err), &err);
	assert_int_equal(close(fd), 0);
}

static void test_a_key_is_made_up_when_there_is_none(void **state UNUSED)
{
	static const char *const texts[] = { "", "clair: {api: {paginationkey: }}",
		"clair: {api: {paginationkey: ''}}" };
	uint8_t keys[ARRAY_LEN(texts) * 2][CONFIG_PAGINATION_KEY_BYTES];
	_cleanup_place_ struct place p;

	place_init(&p);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		_cleanup_config_problems_ struct config_problems problems = CONFIG_PROBLEMS_INIT;
		_cleanup_err_ struct err err = ERR_INIT;
		_cleanup_config_ struct config c;

		write_config(&p, str_of(texts[i / 2]));
		assert_ok(config_load(p.path, &c, &problems, &err), &err);
		assert_true(c.api.pagination_key_generated);
		assert_string_equal(c.file, p.path);
		memcpy(keys[i], c.api.pagination_key, sizeof(keys[i]));
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(keys[i], keys[k], sizeof(keys[i]));
	}
}

static void test_a_key_of_the_file_is_kept(void **state UNUSED)
{
	_cleanup_config_problems_ struct config_problems problems = CONFIG_PROBLEMS_INIT;
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_config_ struct config c;
	_cleanup_place_ struct place p;

	place_init(&p);
	write_config(&p, STR("clair: {database: {type: sqlite}, api: {paginationkey: "
			     "XxoPtCUzrUv4JV5dS+yQ+MdW7yLEJnRMwigVY/bpgtQ=}}"));
	assert_ok(config_load(p.path, &c, &problems, &err), &err);
	assert_false(c.api.pagination_key_generated);
	assert_int_equal(c.api.pagination_key[31], 0xd4);
	assert_problems(&problems, "");
}

static void test_files_that_it_names_have_to_be_readable(void **state UNUSED)
{
	_cleanup_config_problems_ struct config_problems problems = CONFIG_PROBLEMS_INIT;
	struct err err = ERR_INIT;
	struct config c;
	_cleanup_place_ struct place p;

	place_init(&p);
	write_config(&p, STR("clair:\n"
			     "  database: {type: sqlite}\n"
			     "  api:\n"
			     "    certfile: /dev/null\n"
			     "    keyfile: /nonexistent/key\n"
			     "    cafile: /\n"
			     "    port: x\n"
			     "  notifier:\n"
			     "    http: {certfile: /no/c, keyfile: /no/k, cafile: /no/a}\n"));
	assert_fails(config_load(p.path, &c, &problems, &err), &err, ERR_INPUT,
		"config.yaml:5:14: clair.api.keyfile: /nonexistent/key: No such file or directory "
		"(and 5 more errors)");
	assert_problems(&problems,
		"5:14: error: clair.api.keyfile: /nonexistent/key: No such file or directory\n"
		"6:13: error: clair.api.cafile: /: it is a directory\n"
		"7:11: error: clair.api.port: expected a port (0 to 65535), found the text \"x\"\n"
		"9:22: error: clair.notifier.http.certfile: /no/c: No such file or directory\n"
		"9:38: error: clair.notifier.http.keyfile: /no/k: No such file or directory\n"
		"9:53: error: clair.notifier.http.cafile: /no/a: No such file or directory\n");
}

static void test_a_file_that_cannot_be_read_is_no_problem_in_the_list(void **state UNUSED)
{
	_cleanup_config_problems_ struct config_problems problems = CONFIG_PROBLEMS_INIT;
	_cleanup_buf_ struct buf large = BUF_INIT(MIB);
	struct err err = ERR_INIT;
	struct config c;
	_cleanup_place_ struct place p;

	place_init(&p);
	assert_fails(config_load(p.path, &c, &problems, &err), &err, ERR_NOT_FOUND, p.path);
	assert_fails(config_load(p.dir, &c, &problems, &err), &err, ERR_IO, p.dir);
	for (size_t i = 0; i <= LIMIT_CONFIG; i++)
		buf_append_char(&large, '#');
	write_config(&p, buf_str(&large));
	assert_fails(config_load(p.path, &c, &problems, &err), &err, ERR_TOO_LARGE,
		"more than 262144 bytes");
	assert_int_equal(problems.errors + problems.warnings, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_key_is_made_up_when_there_is_none),
		cmocka_unit_test(test_a_key_of_the_file_is_kept),
		cmocka_unit_test(test_files_that_it_names_have_to_be_readable),
		cmocka_unit_test(test_a_file_that_cannot_be_read_is_no_problem_in_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
