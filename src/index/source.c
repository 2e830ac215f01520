/*
 * Where a layer's bytes come from: a download, or a file. A download goes into the worker while it
 * comes in; a plain tar in a file is given to the worker as it is, which seeks over what nobody
 * wants.
 */
#include "index/index_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

/* --- headers
 * ------------------------------------------------------------------------------------------- */

/* Those of one connection (RFC 9110, 7.6.1, and its predecessors), and those that this client sets
 * itself. */
static const char *const dropped_headers[] = { "Accept-Encoding", "Connection", "Content-Length",
	"Host", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE",
	"Trailer", "Transfer-Encoding", "Upgrade" };

static struct str lowered(struct buf *b, struct str s)
{
	buf_clear(b);
	for (size_t i = 0; i < s.n; i++)
		buf_append_char(b, ascii_to_lower(s.p[i]));
	return buf_str(b);
}

/* Lowered names of those that are not sent: the usual ones, and what Connection lists. */
static void find_dropped(
	const struct index_header *in, size_t n, struct buf *scratch, struct map *out)
{
	for (size_t i = 0; i < ARRAY_LEN(dropped_headers); i++)
		map_set(out, lowered(scratch, str_of(dropped_headers[i])), out);
	for (size_t i = 0; i < n; i++) {
		struct str list = in[i].value, word;

		if (!str_eq_nocase(in[i].name, STR("Connection")))
			continue;
		while (list.n) {
			(void)str_cut(list, ',', &word, &list);
			map_set(out, lowered(scratch, str_trim(word)), out);
		}
	}
}

void layer_headers(const struct index_header *in, size_t n, struct http_header_vec *out)
{
	_cleanup_map_ struct map dropped = MAP_INIT;
	_cleanup_buf_ struct buf scratch = BUF_INIT(SIZE_MAX / 2);

	find_dropped(in, n, &scratch, &dropped);
	for (size_t i = 0; i < n; i++) {
		if (!map_has(&dropped, lowered(&scratch, in[i].name)))
			vec_push(out,
				(struct http_header){ .name = in[i].name, .value = in[i].value });
	}
}

/* --- downloads
 * ------------------------------------------------------------------------------------------- */

/* Whatever comes: who mistypes a URL has his token in it all the same. */
struct str layer_path_clean(struct arena *a, struct str path)
{
	bool is_file = str_find_char(path, '?') < 0 && str_find(path, STR("//")) < 0;

	return is_file ? path : url_without_secrets(a, path);
}

static int open_url(const struct index_shared *s, const struct index_request *r, struct arena *a,
	struct layer_source *out, struct err *err)
{
	struct http_header_vec kept = VEC_INIT;
	struct http_response response;

	layer_headers(r->headers, r->n_headers, &kept);
	/* As the original, redirects may lead out of TLS: the storage behind a registry may have
	 * none. */
	const struct http_get_options o = { .url = arena_cstr(a, r->path),
		.max_bytes = LIMIT_LAYER_DOWNLOAD,
		.headers = kept.v,
		.header_count = kept.n,
		.any_success = true,
		.insecure_tls = s->insecure_tls,
		.may_leave_tls = true,
		.hide_query = true,
		.stall_s = s->stall_s,
		.total_s = LIMIT_LAYER_TIME_S,
		.cancel = &s->cancel };
	int code = http_get(&o, a, &response, &out->http, err);
	if (code == 0)
		out->size = response.content_length;
	vec_fini(&kept);
	return code;
}

/* --- files
 * ------------------------------------------------------------------------------------------- */

/* Whether an absolute path without links lies at or below one of the allowed ones. */
static bool is_allowed(const struct index_shared *s, const char *resolved)
{
	vec_for_each(it, &s->local_paths) {
		_cleanup_free_ char *allowed = realpath(it->p, NULL);
		struct str rest = str_of(resolved);

		if (!allowed)
			continue;
		if (strcmp(allowed, "/") == 0)
			return true;
		if (str_skip_prefix(&rest, str_of(allowed)) && (rest.n == 0 || rest.p[0] == '/'))
			return true;
	}
	return false;
}

/*
 * Where the file is that was opened, whatever links its path goes through and whatever becomes of
 * them meanwhile.
 */
static int check_allowed(const struct index_shared *s, const char *self, struct err *err)
{
	char resolved[PATH_MAX];
	ssize_t n = readlink(self, resolved, sizeof(resolved) - 1);

	if (n < 0)
		return err_set_errno(err, ERR_IO, errno, "find out which file it is");
	resolved[n] = '\0';
	return is_allowed(s, resolved)
		       ? 0
		       : err_set(err, ERR_NOT_FOUND, "it is not in a folder for layers");
}

/* Devices and FIFOs are told apart before they are opened: that alone can have effects. */
static int open_regular(
	const struct index_shared *s, const char *path, uint64_t *size, struct err *err)
{
	char self[64];
	struct stat st;
	_cleanup_close_ int handle = io_open(path, O_PATH, 0, err);

	if (handle < 0)
		return handle;
	if (fstat(handle, &st) < 0)
		return err_set_errno(err, ERR_IO, errno, "look at the file");
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", handle);
	int r = s->local_limited ? check_allowed(s, self, err) : 0;
	if (r < 0)
		return r;
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_NOT_FOUND, "it is no regular file");
	*size = (uint64_t)st.st_size;
	return io_open(self, O_RDONLY | O_NOCTTY | O_NONBLOCK, 0, err);
}

static int open_file(const struct index_shared *s, struct str path, struct arena *a,
	struct layer_source *out, struct err *err)
{
	if (s->local_limited && s->local_paths.n == 0)
		return err_set(err, ERR_NOT_FOUND, "layers are not read from files here");
	_cleanup_err_ struct err why = ERR_INIT;
	struct str shown = layer_path_clean(a, path);
	int fd = open_regular(s, arena_cstr(a, path), &out->size, &why);
	if (fd < 0 && !str_eq(shown, path))
		return err_set(err, why.code, "%" PRIstr ": it cannot be opened", STR_ARG(shown));
	if (fd < 0)
		return err_move(err, &why);
	out->fd = fd;
	return 0;
}

int layer_source_open(const struct index_shared *s, const struct index_request *r, struct arena *a,
	struct layer_source *out, struct err *err)
{
	*out = (struct layer_source){ .fd = -1, .size = UINT64_MAX };
	if (memchr(r->path.p, '\0', r->path.n))
		return err_set(err, ERR_NOT_FOUND, "a path with a NUL byte");
	return url_is_http(r->path) ? open_url(s, r, a, out, err)
				    : open_file(s, r->path, a, out, err);
}

void layer_source_close(struct layer_source *s)
{
	if (s->http)
		http_close(take_ptr(s->http));
	cleanup_close(&s->fd);
	s->fd = -1;
}

/* --- reading
 * ------------------------------------------------------------------------------------------- */

/* 1 when a file is plain, 0 when it is compressed (or empty). */
static int is_plain(const struct layer_source *source, struct err *err)
{
	uint8_t head[8];
	ssize_t n = io_pread_full(source->fd, head, sizeof(head), 0, "the layer", err);

	return n < 0 ? (int)n
		     : n > 0 && compression_detect(span_n(head, (size_t)n)) == COMPRESSION_NONE;
}

int layer_source_analyze(struct layer_source *source, const struct index_shared *s,
	const struct wanted_extras *extras, struct str root, struct layer_facts *out,
	struct err *err)
{
	const struct analyze_layer_options o = {
		.extras = extras, .root = root, .size = source->size, .cancel = &s->cancel
	};
	struct stream_fd file;
	int plain = source->http ? 0 : is_plain(source, err);

	if (plain < 0)
		return plain;
	if (plain)
		return analyze_layer_range(source->fd, 0, &o, out, err);
	if (!source->http)
		stream_fd_init_range(&file, source->fd, 0, source->size, "the layer");
	return analyze_layer_stream(source->http ? source->http : &file.stream, &o, out, NULL, err);
}
