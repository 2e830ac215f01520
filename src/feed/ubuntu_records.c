#include "feed/ubuntu_records.h"

#include "base/base.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "feed/listing.h"

/* osv/cve/2024, and one to spare. */
#define DEPTH 4

struct walk {
	struct feed_session *session; /* NULL: to find one is all */
	struct ubuntu_rows *rows;
	struct digest_ctx *digest;
	bool found;
};

int ubuntu_record_read(struct feed_session *s, struct ubuntu_rows *rows, struct str path,
	struct str content, struct err *err)
{
	_cleanup_err_ struct err bad = ERR_INIT;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct feed_sink *sink = feed_sink(s);
	struct stream_mem m;

	stream_mem_init(&m, span_from_str(content), 0);
	int code = ubuntu_osv_parse(rows, &m.stream, NULL, &bad);

	if (code != -ERR_INPUT && code != -ERR_TOO_LARGE)
		return code < 0 ? err_move(err, &bad) : 0;
	sink->note(sink,
		arena_printf(&a, "%" PRIstr ": %s", STR_ARG(path_basename(path)), err_msg(&bad)).p);
	return 0;
}

static int read_file(struct walk *w, struct str path, struct err *err)
{
	_cleanup_buf_ struct buf content = BUF_INIT(LIMIT_GIT_FILE);
	_cleanup_close_ int fd = io_open(path.p, O_RDONLY | O_NONBLOCK, 0, err);
	int code = fd < 0 ? fd : io_read_to_end(fd, &content, path.p, err);

	if (code < 0)
		return code;
	digest_update(w->digest, path.p, path.n + 1);
	digest_update(w->digest, content.p, content.n);
	return ubuntu_record_read(w->session, w->rows, path, buf_str(&content), err);
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int walk(struct walk *w, const char *path, unsigned depth, struct err *err);

static int visit(struct walk *w, struct str path, unsigned depth, struct err *err)
{
	if (ubuntu_osv_cve(path).n == 0)
		return depth && is_directory(path.p) ? walk(w, path.p, depth - 1, err) : 0;
	w->found = true;
	if (!w->session)
		return 0;
	if (feed_is_cancelled(w->session))
		return err_set(err, ERR_CANCELLED, "cancelled");
	return read_file(w, path, err);
}

static int walk(struct walk *w, const char *path, unsigned depth, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str_vec names = VEC_INIT;
	int code = listing_of_directory(path, &a, &names, err);

	for (size_t i = 0; i < names.n && code == 0 && (w->session || !w->found); i++)
		code = visit(
			w, arena_printf(&a, "%s/%" PRIstr, path, STR_ARG(names.v[i])), depth, err);
	vec_fini(&names);
	return code;
}

bool ubuntu_records_are_in(const char *path)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct walk w = { .session = NULL };

	return walk(&w, path, DEPTH, &err) == 0 && w.found;
}

int ubuntu_records_read(struct feed_session *s, struct ubuntu_rows *rows, struct err *err)
{
	_cleanup_(digest_freep) struct digest_ctx *digest = digest_new();
	struct walk w = { .session = s, .rows = rows, .digest = digest };
	char text[DIGEST_TEXT_SIZE];
	int code = walk(&w, feed_location(s), DEPTH, err);

	if (code < 0)
		return code;
	struct digest d = digest_final(digest);
	digest_format(&d, text);
	feed_remember(s, STR("files"), str_of(text));
	return 0;
}
