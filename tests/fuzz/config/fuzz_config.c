/*
 * Configurations: either errors are told, each with a place in the text, or every value is in its
 * range. No message holds what no terminal should get.
 */
#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_text(const char *text)
{
	check(!text || text[0]);
}

static void check_config(const struct config *c)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;

	check(c->database.type < CONFIG_DATABASE_COUNT);
	check(c->database.type != CONFIG_PGSQL || c->database.source);
	check(c->database.connections >= 1 && c->database.connections <= 1000);
	check(c->api.timeout_ms > 0 && c->api.timeout_ms <= INT64_MAX / 1000000 + 1);
	check(c->api.port == 0 || c->api.port != c->api.health_port);
	check(!c->api.cert_file == !c->api.key_file);
	check(!c->api.ca_file || c->api.cert_file);
	check(!c->notifier.http.cert_file == !c->notifier.http.key_file);
	check(c->notifier.attempts >= 1 && c->notifier.attempts <= 1000);
	check(c->notifier.enabled == (c->notifier.http.endpoint != NULL));
	check(!c->api.pagination_key_generated);
	check_text(c->database.source);
	check_text(c->database.path);
	check_text(c->api.address);
	check_text(c->notifier.http.endpoint);
	check_text(c->notifier.http.proxy);
	check(c->layer_sources.limited || c->layer_sources.local_paths.n == 0);
	vec_for_each(path, &c->layer_sources.local_paths)
		check(path->p[0] == '/' && strlen(path->p) == path->n);
	check(config_database_label(&a, c, "/default.db").n > 0);
}

static void check_problems(const struct config_problems *problems, size_t lines)
{
	struct config_place last = { 0 };
	size_t errors = 0;

	vec_for_each(p, &problems->list) {
		_cleanup_buf_ struct buf line = BUF_INIT(64 * KIB);

		check(p->message.n > 0 && p->place.line <= lines);
		check(p->place.line > last.line ||
			(p->place.line == last.line && p->place.column >= last.column));
		last = p->place;
		errors += p->is_error;
		config_problem_format(&line, p, "config.yaml");
		for (size_t i = 0; i < line.n; i++)
			check((unsigned char)line.p[i] >= ' ' && line.p[i] != 0x7f);
	}
	check(errors <= problems->errors);
	check(problems->list.n <= problems->errors + problems->warnings);
}

/* Each of these may end a line of YAML 1.1, in UTF-16 too; one more for the last. */
static size_t count_lines(const uint8_t *data, size_t n)
{
	size_t lines = 2;

	for (size_t i = 0; i < n; i++)
		lines += data[i] == '\n' || data[i] == '\r' || data[i] == 0x85 || data[i] == 0xa8 ||
			 data[i] == 0xa9 || data[i] == 0x28 || data[i] == 0x29;
	return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_config_problems_ struct config_problems problems = CONFIG_PROBLEMS_INIT;
	_cleanup_err_ struct err err = ERR_INIT;
	struct config c;

	int r = config_parse(span_n(data, n), "config.yaml", &c, &problems, &err);
	check((r < 0) == (problems.errors > 0));
	check(r >= 0 || (r == -ERR_INPUT && err.code == ERR_INPUT));
	check_problems(&problems, count_lines(data, n));
	if (r < 0)
		return 0;
	check_config(&c);
	config_fini(&c);
	return 0;
}
