#include "base/base.h"

#include <dirent.h>
#include <errno.h>

#include "feed/listing.h"

static int compare(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void sort(struct str_vec *names)
{
	size_t n = 0;

	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), compare);
	for (size_t i = 0; i < names->n; i++) {
		if (n == 0 || !str_eq(names->v[n - 1], names->v[i]))
			names->v[n++] = names->v[i];
	}
	names->n = n;
}

int listing_of_directory(const char *path, struct arena *a, struct str_vec *out, struct err *err)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	size_t bytes = 0;

	if (!dir)
		return err_set_errno(
			err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "%s", path);
	while ((errno = 0, entry = readdir(dir)) != NULL && bytes <= LIMIT_LISTING) {
		if (entry->d_name[0] == '.')
			continue;
		vec_push(out, arena_str(a, str_of(entry->d_name)));
		bytes += strlen(entry->d_name);
	}
	int errno_value = errno;
	(void)closedir(dir);
	if (bytes > LIMIT_LISTING)
		return err_set(err, ERR_TOO_LARGE, "%s: names of more than %d MiB", path,
			(int)(LIMIT_LISTING / MIB));
	if (errno_value)
		return err_set_errno(err, ERR_IO, errno_value, "%s", path);
	sort(out);
	return 0;
}

static bool is_plain(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!ascii_is_alpha(c) && !ascii_is_digit(c) && !strchr("._-+", c))
			return false;
	}
	return name.n > 0 && name.p[0] != '.';
}

/* What stands behind href=, in quotes. */
static void add_link(struct str rest, struct arena *a, struct str_vec *out)
{
	struct str target;

	if (rest.n == 0 || (rest.p[0] != '"' && rest.p[0] != '\''))
		return;
	/* No further than a path may be long: a page of opening quotes is not read again for each.
	 */
	if (!str_cut(str_head(str_skip(rest, 1), LIMIT_PATH), rest.p[0], &target, NULL))
		return;
	(void)str_rcut(target, '/', NULL, &target);
	if (is_plain(target))
		vec_push(out, arena_str(a, target));
}

static int read_all(struct stream *in, struct buf *out, struct err *err)
{
	char piece[16 * KIB];
	ssize_t n;

	while ((n = stream_read(in, piece, sizeof(piece), err)) > 0)
		buf_append(out, piece, (size_t)n);
	return n < 0 ? (int)n : buf_check(out, "a listing", err);
}

int listing_of_page(struct stream *in, struct arena *a, struct str_vec *out, struct err *err)
{
	_cleanup_buf_ struct buf page = BUF_INIT(LIMIT_LISTING);
	int r = read_all(in, &page, err);
	struct str rest = buf_str(&page);
	ptrdiff_t at;

	if (r < 0)
		return r;
	while ((at = str_find(rest, STR("href="))) >= 0) {
		rest = str_skip(rest, (size_t)at + 5);
		add_link(rest, a, out);
	}
	sort(out);
	return 0;
}

bool listing_has(const struct str_vec *names, struct str name)
{
	for (size_t i = 0; i < names->n; i++) {
		if (str_eq(names->v[i], name))
			return true;
	}
	return false;
}

struct str listing_plain_name(struct str name)
{
	static const struct str suffixes[] = { STR_INIT(".gz"), STR_INIT(".bz2"), STR_INIT(".xz"),
		STR_INIT(".zst") };

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		if (str_ends(name, suffixes[i]))
			return str_head(name, name.n - suffixes[i].n);
	}
	return name;
}
