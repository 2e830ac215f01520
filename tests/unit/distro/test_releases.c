/*
 * What each release file says: the cases of tests/data/distro/releases.tsv, which also explains
 * their form; and that no piece of such a file does harm.
 */
#include "../test.h"

#include "distro/distro.h"

enum { COLUMNS = 6 };

struct test_case {
	struct str column[COLUMNS]; /* path, content (unescaped), id, version, namespace, scheme */
	unsigned line;
};

struct cases {
	struct arena arena;
	VEC_OF(struct test_case) items;
};

static struct str unescape(struct arena *a, struct str s)
{
	char *out = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		uint8_t byte = (uint8_t)s.p[i];

		if (byte == '\\' && i + 1 < s.n) {
			char c = s.p[++i];

			byte = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : (uint8_t)c;
			if (c == 'x') {
				assert_true(parse_hex(str_head(str_skip(s, i + 1), 2), &byte, 1));
				i += 2;
			}
		}
		out[n++] = (char)byte;
	}
	return str_n(out, n);
}

static int read_cases(void **state)
{
	struct cases *cases = xcalloc(1, sizeof(*cases));
	size_t n;
	char *text = test_read_data("distro/releases.tsv", &n);
	struct str rest = str_n(text, n), line;

	for (unsigned number = 1; str_next_line(&rest, &line); number++) {
		struct test_case c = { .line = number };

		if (line.n == 0 || line.p[0] == '#')
			continue;
		line = arena_str(&cases->arena, line);
		for (int i = 0; i < COLUMNS; i++) {
			(void)str_cut(line, '\t', &c.column[i], &line);
			if (i > 1 && str_eq(c.column[i], STR("-")))
				c.column[i] = STR_NULL;
		}
		c.column[1] = unescape(&cases->arena, c.column[1]);
		vec_push(&cases->items, c);
	}
	free(text);
	*state = cases;
	return 0;
}

static int free_cases(void **state)
{
	struct cases *cases = *state;

	vec_fini(&cases->items);
	arena_fini(&cases->arena);
	free(cases);
	return 0;
}

static void check(const struct test_case *c, const char *what, struct str got, struct str expected)
{
	if (!str_eq(got, expected))
		fail_msg("releases.tsv:%u: %s is \"%" PRIstr "\", expected \"%" PRIstr "\"",
			c->line, what, STR_ARG(got), STR_ARG(expected));
}

static void test_every_case_names_its_release(void **state)
{
	struct cases *cases = *state;

	assert_true(cases->items.n > 700);
	vec_for_each(c, &cases->items) {
		struct arena _cleanup_arena_ a = ARENA_INIT;
		struct release_file f;

		distro_read_file(c->column[0], c->column[1], &a, &f);
		check(c, "the path", f.path, c->column[0]);
		check(c, "the id", f.distro.id, c->column[2]);
		check(c, "the version", f.distro.version, c->column[3]);
		check(c, "the namespace", f.distro.name_space, c->column[4]);
		check(c, "the scheme", f.distro.scheme, c->column[5]);
		if (f.found != (c->column[2].n > 0))
			fail_msg("releases.tsv:%u: found is %d", c->line, f.found);
	}
}

static void test_every_path_has_cases(void **state)
{
	struct cases *cases = *state;
	const char *path;

	for (size_t i = 0; (path = distro_release_path_at(i)); i++) {
		size_t named = 0;

		vec_for_each(c, &cases->items)
			named += str_eq(c->column[0], str_of(path)) && c->column[2].n;
		if (!named)
			fail_msg("releases.tsv names no release by %s", path);
	}
}

/* In memory of its own size, so that a sanitizer sees a byte read too far. */
static void read_piece(const struct test_case *c, size_t from, size_t n)
{
	struct arena _cleanup_arena_ a = ARENA_INIT;
	struct release_file f;
	char *piece = xmalloc(n ? n : 1);

	memcpy(piece, c->column[1].p + from, n);
	distro_read_file(c->column[0], str_n(piece, n), &a, &f);
	free(piece);
	if (f.found && (f.distro.id.n == 0 || f.distro.name_space.n == 0))
		fail_msg("releases.tsv:%u: a release without a name", c->line);
	/* Views must not lie in the content. */
	if (f.found)
		assert_int_equal(f.distro.id.p[f.distro.id.n], '\0');
}

static void test_pieces_of_a_file_are_read_or_passed_over(void **state)
{
	struct cases *cases = *state;

	vec_for_each(c, &cases->items) {
		for (size_t cut = 0; cut <= c->column[1].n; cut++) {
			read_piece(c, 0, cut);
			read_piece(c, cut, c->column[1].n - cut);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_case_names_its_release),
		cmocka_unit_test(test_every_path_has_cases),
		cmocka_unit_test(test_pieces_of_a_file_are_read_or_passed_over),
	};

	return cmocka_run_group_tests(tests, read_cases, free_cases);
}
