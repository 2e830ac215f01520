/*
 * Release files of an image, ended by NUL: of each a line with its path, then its text. What they
 * name is made of harmless words, the same each time, and the same in whichever order the
 * files come.
 */
#include "base/base.h"

#include "distro/distro.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { FILES = 6 };

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool is_word(struct str s, bool may_be_empty)
{
	if (s.n == 0)
		return may_be_empty;
	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_is_lower(s.p[i]) && !ascii_is_digit(s.p[i]) &&
			(i == 0 || (s.p[i] != '.' && s.p[i] != '_' && s.p[i] != '-')))
			return false;
	}
	return s.n <= LIMIT_RELEASE_WORD;
}

static void check_distro(const struct distro *d)
{
	struct str family, release;

	check(is_word(d->id, false) && is_word(d->version, true));
	check(str_cut(d->name_space, ':', &family, &release));
	check(is_word(family, false) && is_word(release, false));
	check(d->scheme.n == 0 || str_eq(d->scheme, STR("dpkg")) || str_eq(d->scheme, STR("rpm")) ||
		str_eq(d->scheme, STR("apk")));
	check(d->name.n <= LIMIT_RELEASE_NAME);
	for (size_t i = 0; i < d->name.n; i++) {
		unsigned char c = (unsigned char)d->name.p[i];

		check(c >= ' ' && c != 0x7f);
		check(c != 0xc2 || i + 1 == d->name.n || (unsigned char)d->name.p[i + 1] < 0x80 ||
			(unsigned char)d->name.p[i + 1] >= 0xa0);
	}
}

static bool same(const struct distro *a, const struct distro *b)
{
	return str_eq(a->id, b->id) && str_eq(a->version, b->version) &&
	       str_eq(a->name_space, b->name_space) && str_eq(a->name, b->name) &&
	       str_eq(a->scheme, b->scheme);
}

static void read_twice(struct str path, struct str text, struct arena *a, struct release_file *out)
{
	struct release_file again;

	distro_read_file(path, text, a, out);
	distro_read_file(path, text, a, &again);
	check(str_eq(out->path, path) && out->found == again.found);
	if (!out->found)
		return;
	check(distro_is_release_path(path));
	check(same(&out->distro, &again.distro));
	check_distro(&out->distro);
}

static bool is_there(const struct release_file *files, size_t n, struct str path)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(files[i].path, path))
			return true;
	}
	return false;
}

static void check_choice(struct release_file *files, size_t n)
{
	struct release_file backwards[FILES];
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		backwards[n - 1 - i] = files[i];
		any = any || files[i].found;
	}
	const struct distro *d = distro_choose(files, n);
	const struct distro *other = distro_choose(backwards, n);
	check(!d == !other && (any || !d));
	if (d)
		check(same(d, other));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a = ARENA_INIT;
	struct release_file files[FILES];
	struct str rest = str_n((const char *)data, n), path, text;
	size_t count = 0;

	while (rest.n && count < FILES) {
		(void)str_cut(rest, '\0', &text, &rest);
		if (str_next_line(&text, &path) && !is_there(files, count, path))
			read_twice(path, text, &a, &files[count++]);
	}
	check_choice(files, count);
	arena_fini(&a);
	return 0;
}
