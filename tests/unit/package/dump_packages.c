/*
 * dump-packages PATH_IN_IMAGE FILE [COMPANION]: reads a package database with the driver of its
 * path and prints name, version, architecture, source, source version, module and vendor of each
 * package, a line each, separated by tabs. For tests that compare with other tools.
 */
#include <fcntl.h>

#include "base/base.h"

#include "package/package.h"

static int load(const char *name, struct buf *out, struct err *err)
{
	_cleanup_close_ int fd = io_open(name, O_RDONLY, 0, err);

	return fd < 0 ? fd : io_read_to_end(fd, out, name, err);
}

static void print(const struct package *p)
{
	printf("%" PRIstr "\t%" PRIstr "\t%" PRIstr "\t%" PRIstr "\t%" PRIstr "\t%" PRIstr
	       "\t%" PRIstr "\n",
		STR_ARG(p->name), STR_ARG(p->version), STR_ARG(p->arch), STR_ARG(p->source),
		STR_ARG(p->source_version), STR_ARG(p->module), STR_ARG(p->vendor));
}

static int dump(const char *path, const char *file, const char *companion, struct err *err)
{
	const struct package_db_driver *driver = package_db_driver_for(str_of(path));
	_cleanup_buf_ struct buf main_bytes = BUF_INIT(LIMIT_WANTED_FILE);
	_cleanup_buf_ struct buf companion_bytes = BUF_INIT(LIMIT_WANTED_FILE);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_(package_list_fini) struct package_list list;

	package_list_init(&list);
	if (!driver)
		return err_set(err, ERR_USAGE, "%s: no driver reads this path", path);
	int r = load(file, &main_bytes, err);
	if (r == 0 && companion)
		r = load(companion, &companion_bytes, err);
	struct package_db_content content = { .path = str_of(path),
		.main = buf_span(&main_bytes),
		.companion = buf_span(&companion_bytes) };
	if (r == 0)
		r = driver->parse(&content, &a, &list, err);
	if (r < 0)
		return r;
	vec_for_each(p, &list.items)
		print(p);
	return 0;
}

int main(int argc, char **argv)
{
	_cleanup_err_ struct err err = ERR_INIT;

	if (argc < 3 || argc > 4) {
		fputs("usage: dump-packages PATH_IN_IMAGE FILE [COMPANION]\n", stderr);
		return 2;
	}
	if (dump(argv[1], argv[2], argc > 3 ? argv[3] : NULL, &err) < 0) {
		fprintf(stderr, "%s\n", err_msg(&err));
		return 1;
	}
	return 0;
}
