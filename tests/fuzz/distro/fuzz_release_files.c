/*
 * Release files: the first byte chooses the path, the rest is the content. What comes out is fit
 * for terminals and queries.
 */
#include "distro/distro.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_word(struct str s)
{
	if (s.n > LIMIT_RELEASE_WORD)
		abort();
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!ascii_is_lower(c) && !ascii_is_digit(c) && c != '.' && c != '_' && c != '-')
			abort();
	}
}

static void check(const struct distro *d)
{
	struct str id, version;

	check_word(d->id);
	check_word(d->version);
	if (d->id.n == 0 || !str_cut(d->name_space, ':', &id, &version) || id.n == 0)
		abort();
	check_word(id);
	check_word(version);
	for (size_t i = 0; i < d->name.n; i++) {
		if ((unsigned char)d->name.p[i] < ' ' || d->name.p[i] == 0x7f)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a = ARENA_INIT;
	struct release_file file;
	size_t paths = 0;

	if (n == 0)
		return 0;
	while (distro_release_path_at(paths))
		paths++;
	distro_read_file(str_of(distro_release_path_at(data[0] % paths)),
		str_n((const char *)data + 1, n - 1), &a, &file);
	if (file.found) {
		check(&file.distro);
		const struct distro *chosen = distro_choose(&file, 1);
		if (chosen)
			check(chosen);
	}
	arena_fini(&a);
	return 0;
}
