/*
 * Calling git(1), and the mirrors that it keeps.
 */
#include "feed/git_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/base.h"
#include "codec/codec.h"

/* The refs of a mirror: what was fetched, and what was read last. */
#define REF_TIP   "refs/clair/tip"
#define REF_KNOWN "refs/clair/known"
extern char **environ;

/* --- calling git ----------------------------------------------------------------------------- */

/* Settings that hold whatever a repository's own configuration says. */
static const char *const settings[][2] = {
	{ "core.hooksPath", "/dev/null" },
	{ "core.fsmonitor", "false" },
	{ "credential.interactive", "false" },
	{ "fetch.recurseSubmodules", "false" },
	{ "gc.autoDetach", "false" },
	{ "gc.pruneExpire", "now" },
	{ "http.lowSpeedLimit", "1000" },
	{ "http.lowSpeedTime", "60" },
};

/* Variables of git that say how the user reaches servers; others would redirect it elsewhere. */
static bool is_passed_on(struct str variable)
{
	static const struct str wanted[] = {
		STR_INIT("GIT_SSL_"),
		STR_INIT("GIT_SSH"),
		STR_INIT("GIT_HTTP_"),
		STR_INIT("GIT_PROXY_"),
		STR_INIT("GIT_ASKPASS="),
		STR_INIT("GIT_EXEC_PATH="),
		STR_INIT("GIT_CONFIG_GLOBAL="),
		STR_INIT("GIT_CONFIG_SYSTEM="),
		STR_INIT("GIT_CONFIG_NOSYSTEM="),
	};

	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		if (str_starts(variable, wanted[i]))
			return true;
	}
	return !str_starts(variable, STR("GIT_")) && !str_starts(variable, STR("LC_ALL=")) &&
	       !str_starts(variable, STR("SSH_ASKPASS="));
}

DEFINE_VEC(strings, const char *);

static void push_setting(
	struct arena *a, struct strings *env, size_t i, const char *key, const char *value)
{
	vec_push(env, arena_printf(a, "GIT_CONFIG_KEY_%zu=%s", i, key).p);
	vec_push(env, arena_printf(a, "GIT_CONFIG_VALUE_%zu=%s", i, value).p);
}

/* What git is to find in its environment. A repository on this machine must not lead it to another
 * one: no protocol is allowed. */
static void make_environment(const struct git *g, struct arena *a, struct strings *env)
{
	size_t n = ARRAY_LEN(settings);

	for (char **e = environ; e && *e; e++) {
		if (is_passed_on(str_of(*e)))
			vec_push(env, *e);
	}
	vec_push(env, arena_printf(a, "GIT_DIR=%s", g->dir).p);
	vec_push(env, "LC_ALL=C");
	vec_push(env, "GIT_TERMINAL_PROMPT=0");
	vec_push(env, "GIT_OPTIONAL_LOCKS=0");
	vec_push(env, "GIT_NO_REPLACE_OBJECTS=1");
	vec_push(env, "GIT_NO_LAZY_FETCH=1");
	vec_push(
		env, g->url ? "GIT_ALLOW_PROTOCOL=https:http:git:file:ssh" : "GIT_ALLOW_PROTOCOL=");
	for (size_t i = 0; i < n; i++)
		push_setting(a, env, i, settings[i][0], settings[i][1]);
	/* Not as an argument, which everybody could read: it may have credentials. */
	if (g->url)
		push_setting(a, env, n++, "remote.origin.url", g->url);
	vec_push(env, arena_printf(a, "GIT_CONFIG_COUNT=%zu", n).p);
	vec_push(env, NULL);
}

int git_run(const struct git *g, const char *const *args, int in_fd,
	int (*take)(void *ctx, struct stream *out, struct err *err), void *ctx, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_(process_killp) struct process *p = NULL;
	const char *argv[GIT_ARGS_MAX + 2] = { "git" };
	struct strings env = VEC_INIT;

	for (size_t i = 0; args[i] && i < GIT_ARGS_MAX; i++)
		argv[i + 1] = args[i];
	make_environment(g, &a, &env);
	struct process_options o = {
		.argv = argv,
		.env = env.v,
		.stdin_fd = in_fd,
		.max_file_bytes = LIMIT_GIT_PACK,
		.silence_ms = LIMIT_GIT_SILENCE_S * UINT64_C(1000),
		.total_ms = LIMIT_DOWNLOAD_S * UINT64_C(1000),
		.is_cancelled = g->o ? g->o->is_cancelled : NULL,
		.ctx = g->o ? g->o->ctx : NULL,
	};
	int r = process_start(&o, &p, err);
	if (r == 0 && take)
		r = take(ctx, process_stdout(p), err);
	if (r == 0)
		r = process_finish(take_ptr(p), err);
	process_kill(take_ptr(p));
	vec_fini(&env);
	return r;
}

bool git_is_object_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_is_digit(s.p[i]) && (s.p[i] < 'a' || s.p[i] > 'f'))
			return false;
	}
	return s.n == GIT_OBJECT_MIN || s.n == GIT_OBJECT_MAX;
}

static int take_line(void *ctx, struct stream *out, struct err *err)
{
	struct buf *line = ctx;
	char chunk[512];
	ssize_t n;

	while ((n = stream_read(out, chunk, sizeof(chunk), err)) > 0)
		buf_append(line, chunk, (size_t)n);
	return (int)n;
}

/* The name of an object, which is all that a call of git says, or its first word; in memory of g.
 */
static int ask_name(
	struct git *g, const char *const *args, const char *what, struct str *out, struct err *err)
{
	_cleanup_buf_ struct buf line = BUF_INIT(4096);
	struct str rest, word = STR_NULL;
	int r = git_run(g, args, -1, take_line, &line, err);

	if (r < 0)
		return r;
	rest = buf_str(&line);
	(void)str_next_word(&rest, &word);
	if (!git_is_object_name(word))
		return err_set(err, ERR_INPUT, "git: %s: no commit", what);
	*out = arena_str(&g->arena, word);
	return 0;
}

bool git_has_commit(struct git *g, struct str commit)
{
	_cleanup_err_ struct err ignored = ERR_INIT;
	struct str object = arena_printf(&g->arena, "%" PRIstr "^{tree}", STR_ARG(commit));

	return git_is_object_name(commit) &&
	       git_run(g, (const char *const[]){ "cat-file", "-e", object.p, NULL }, -1, NULL, NULL,
		       &ignored) == 0;
}

/* --- repositories ---------------------------------------------------------------------------- */

static bool exists(const char *dir, const char *name)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;

	return access(arena_printf(&a, "%s/%s", dir, name).p, F_OK) == 0;
}

bool git_is_repository(const char *path)
{
	return exists(path, ".git") || (exists(path, "HEAD") && exists(path, "objects"));
}

bool git_is_remote(const char *location)
{
	static const struct str schemes[] = {
		STR_INIT("git://"),
		STR_INIT("ssh://"),
		STR_INIT("git+"),
	};
	struct str s = str_of(location), host, path;

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		if (str_starts(s, schemes[i]))
			return true;
	}
	if (str_find(s, STR("://")) > 0)
		return str_ends(s, STR(".git")) || str_ends(s, STR(".git/"));
	return str_cut(s, ':', &host, &path) && str_find_char(host, '@') > 0 &&
	       str_find_char(host, '/') < 0;
}

static struct git *git_new(const struct git_options *o)
{
	struct git *g = xcalloc(1, sizeof(*g));

	g->o = o;
	g->lock_fd = -1;
	return g;
}

void git_close(struct git *g)
{
	if (!g)
		return;
	cleanup_close(&g->lock_fd);
	arena_fini(&g->arena);
	free(g);
}

struct str git_commit(const struct git *g)
{
	return g->commit;
}

int git_open(const char *path, const struct git_options *o, struct git **out, struct err *err)
{
	_cleanup_(git_closep) struct git *g = git_new(o);

	if (!git_is_repository(path))
		return err_set(err, ERR_NOT_FOUND, "%s: no git repository", path);
	g->dir = exists(path, ".git") ? arena_printf(&g->arena, "%s/.git", path).p
				      : arena_cstr(&g->arena, str_of(path));
	int r = ask_name(g, (const char *const[]){ "rev-parse", "--verify", "HEAD^{commit}", NULL },
		"HEAD", &g->commit, err);
	if (r < 0)
		return err_wrap(err, "%s", path);
	*out = take_ptr(g);
	return 0;
}

/* --- mirrors --------------------------------------------------------------------------------- */

static int cache_directory(struct arena *a, const char **out, struct err *err)
{
	const char *own = getenv("CLAIR_CACHE_DIR"), *cache = getenv("XDG_CACHE_HOME"),
		   *home = getenv("HOME");

	if (own && own[0] == '/')
		*out = arena_printf(a, "%s/git", own).p;
	else if (geteuid() == 0)
		*out = "/var/cache/clair/git";
	else if (cache && cache[0] == '/')
		*out = arena_printf(a, "%s/clair/git", cache).p;
	else if (home && home[0] == '/')
		*out = arena_printf(a, "%s/.cache/clair/git", home).p;
	else
		return err_set(err, ERR_USAGE, "no place for a cache: set $CLAIR_CACHE_DIR");
	return io_mkdirs(*out, err);
}

/* A name that tells people what it is, and is different for each URL. */
static struct str mirror_name(struct arena *a, struct str url)
{
	char digest[DIGEST_TEXT_SIZE];
	struct digest d;
	struct digest_ctx *ctx = digest_new();

	digest_update(ctx, url.p, url.n);
	d = digest_final(ctx);
	digest_free(ctx);
	digest_format(&d, digest);
	while (str_ends(url, STR("/")))
		url.n--;
	struct str name = arena_str(a, str_head(path_basename(url), 60));
	char *c = arena_cstr(a, name);
	for (size_t i = 0; i < name.n; i++) {
		if (!ascii_is_digit(c[i]) && !ascii_is_alpha(c[i]) && c[i] != '-')
			c[i] = '_';
	}
	/* Behind "sha256:". */
	return arena_printf(a, "%s-%.16s", c, strchr(digest, ':') + 1);
}

static int lock_mirror(struct git *g, const char *path, struct err *err)
{
	g->lock_fd = io_open(path, O_RDWR | O_CREAT, 0644, err);
	if (g->lock_fd < 0)
		return g->lock_fd;
	if (flock(g->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return err_set(err, ERR_BUSY, "%s: another process uses the mirror", path);
	return err_set_errno(err, ERR_IO, errno, "%s", path);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st, (void)type, (void)where;
	return remove(path);
}

static int remove_tree(const char *path, struct err *err)
{
	if (nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
		return err_set_errno(err, ERR_IO, errno, "%s", path);
	return 0;
}

/* Fetches the newest commit; servers that are mere files cannot leave out those before it. */
static int fetch(struct git *g, struct err *err)
{
	static const char *const shallow[] = { "fetch", "--progress", "--no-tags",
		"--no-write-fetch-head", "--depth=1", "origin", "+HEAD:" REF_TIP, NULL };
	static const char *const whole[] = { "fetch", "--progress", "--no-tags",
		"--no-write-fetch-head", "origin", "+HEAD:" REF_TIP, NULL };
	_cleanup_err_ struct err first = ERR_INIT;
	int r = git_run(g, shallow, -1, NULL, NULL, &first);

	if (r == -ERR_CANCELLED || r == -ERR_NOT_FOUND)
		return err_move(err, &first);
	if (r < 0)
		r = git_run(g, whole, -1, NULL, NULL, err);
	if (r < 0)
		return r;
	return ask_name(g, (const char *const[]){ "rev-parse", "--verify", REF_TIP, NULL },
		"the mirror", &g->commit, err);
}

static int init(struct git *g, struct err *err)
{
	int r = remove_tree(g->dir, err);

	if (r < 0)
		return r;
	return git_run(g, (const char *const[]){ "init", "--quiet", "--bare", "--template=", NULL },
		-1, NULL, NULL, err);
}

/* Makes the mirror anew beside the one that there may be, and puts it in its place. */
static int remake(struct git *g, struct err *err)
{
	const char *dir = g->dir;

	g->dir = arena_printf(&g->arena, "%s.new", dir).p;
	int r = init(g, err);
	if (r == 0)
		r = fetch(g, err);
	if (r == 0)
		r = remove_tree(dir, err);
	if (r == 0 && rename(g->dir, dir) < 0)
		r = err_set_errno(err, ERR_IO, errno, "%s", dir);
	if (r == 0 && unlink(g->broken) < 0 && errno != ENOENT)
		r = err_set_errno(err, ERR_IO, errno, "%s", g->broken);
	g->dir = dir;
	return r;
}

/* Brings a mirror that exists to the commit that the remote repository has. */
static int refresh(struct git *g, struct str known, struct str remote, struct err *err)
{
	struct str ref = arena_str(&g->arena, known);
	int r = 0;

	if (git_has_commit(g, known))
		r = git_run(g, (const char *const[]){ "update-ref", REF_KNOWN, ref.p, NULL }, -1,
			NULL, NULL, err);
	if (r < 0)
		return r;
	if (ask_name(g, (const char *const[]){ "rev-parse", "--verify", REF_TIP, NULL },
		    "the mirror", &g->commit, err) == 0 &&
		str_eq(g->commit, remote) && git_has_commit(g, remote))
		return 0;
	err_clear(err);
	return fetch(g, err);
}

static int update_mirror(struct git *g, struct str known, struct err *err)
{
	static const char *const ask[] = { "ls-remote", "origin", "HEAD", NULL };
	_cleanup_err_ struct err first = ERR_INIT;
	const char *dir = g->dir;
	struct str remote;

	/* In no repository: what the remote one says does not depend on the state of the mirror. */
	g->dir = "/dev/null";
	int r = ask_name(g, ask, "the remote repository's HEAD", &remote, err);
	g->dir = dir;
	if (r < 0)
		return r;
	if (access(g->broken, F_OK) == 0 || !git_is_repository(g->dir))
		return remake(g, err);
	r = refresh(g, known, remote, &first);
	if (r == 0)
		return 0;
	if (r == -ERR_CANCELLED)
		return err_move(err, &first);
	return remake(g, err);
}

int git_mirror(const char *url, struct str known, const struct git_options *o, struct git **out,
	struct err *err)
{
	_cleanup_(git_closep) struct git *g = git_new(o);
	const char *cache = NULL;
	int r = cache_directory(&g->arena, &cache, err);

	if (r < 0)
		return r;
	g->url = str_starts(str_of(url), STR("git+")) ? url + 4 : url;
	struct str name = mirror_name(&g->arena, str_of(g->url));
	g->dir = arena_printf(&g->arena, "%s/%s.git", cache, name.p).p;
	g->broken = arena_printf(&g->arena, "%s/%s.broken", cache, name.p).p;
	r = lock_mirror(g, arena_printf(&g->arena, "%s/%s.lock", cache, name.p).p, err);
	if (r == 0)
		r = update_mirror(g, known, err);
	if (r < 0)
		return r;
	*out = take_ptr(g);
	return 0;
}
