/*
 * Reading repositories of git: made here, in a directory that is removed in the end.
 */
#include "../test.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/process.h"
#include "feed/git.h"

static char *top; /* working trees, and the cache */

/* A command line for the shell, with $TOP. */
static void shell(const char *command)
{
	const char *const argv[] = { "sh", "-c", command, NULL };
	struct process_options o = { .argv = argv,
		.env = (const char *const *)environ,
		.stdin_fd = -1,
		.silence_ms = 60000,
		.total_ms = 60000 };
	struct process *p;
	_cleanup_err_ struct err err = ERR_INIT;

	assert_ok(process_start(&o, &p, &err), &err);
	if (process_finish(p, &err) < 0)
		fail_msg("%s: %s", command, err_msg(&err));
}

static int make_top(void **state)
{
	static char name[] = "/tmp/clair-git-XXXXXX";
	_cleanup_free_ char *cache = NULL;

	(void)state;
	top = mkdtemp(name);
	assert_non_null(top);
	assert_true(asprintf(&cache, "%s/cache", top) > 0);
	assert_int_equal(setenv("TOP", top, 1), 0);
	assert_int_equal(setenv("CLAIR_CACHE_DIR", cache, 1), 0);
	assert_int_equal(setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1), 0);
	assert_int_equal(setenv("GIT_AUTHOR_NAME", "a", 1), 0);
	assert_int_equal(setenv("GIT_AUTHOR_EMAIL", "a@b", 1), 0);
	assert_int_equal(setenv("GIT_COMMITTER_NAME", "a", 1), 0);
	assert_int_equal(setenv("GIT_COMMITTER_EMAIL", "a@b", 1), 0);
	return 0;
}

static int remove_top(void **state)
{
	(void)state;
	shell("rm -rf \"$TOP\"");
	return 0;
}

/* A fresh repository with one commit, and no cache. */
static int setup(void **state)
{
	(void)state;
	shell("rm -rf \"$TOP\"/*; git init -q \"$TOP/r\"; cd \"$TOP/r\"; mkdir a b; "
	      "echo one >a/1; printf 'two\\n\\nlines' >a/2; echo other >b/1; ln -s 1 a/link; "
	      "git add .; git commit -qm first");
	return 0;
}

static void commit_second(void)
{
	shell("cd \"$TOP/r\"; git rm -q a/1; echo changed >a/2; echo new >'a/a name'; echo x >b/2; "
	      "git add .; git commit -qm second");
}

static int append(void *ctx, const struct git_file *file, struct str content, struct err *err)
{
	(void)err;
	buf_printf(ctx, "%" PRIstr "=%" PRIstr ";", STR_ARG(file->path), STR_ARG(content));
	return 0;
}

/* What has changed since `from` below a/, with contents, "-path;" for what was deleted. */
static int read_changes(struct git *g, struct str from, struct buf *out, struct err *err)
{
	static const char *const paths[] = { "a", NULL };
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct git_files files = VEC_INIT;
	int r = git_list(g, from, paths, &arena, &files, err);

	vec_for_each(file, &files) {
		if (file->object.n == 0)
			buf_printf(out, "-%" PRIstr ";", STR_ARG(file->path));
	}
	if (r == 0)
		r = git_read(g, &files, append, out, err);
	vec_fini(&files);
	return r;
}

static const char *url(struct arena *a)
{
	return arena_printf(a, "file://%s/r", top).p;
}

static const char *path(struct arena *a, const char *name)
{
	return arena_printf(a, "%s/%s", top, name).p;
}

static void a_repository_here_is_read_as_it_is(void **state)
{
	_cleanup_(git_closep) struct git *g = NULL;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT(1 * MIB);
	_cleanup_err_ struct err err = ERR_INIT;

	(void)state;
	/* What it has not committed does not count. */
	shell("echo more >\"$TOP/r/a/3\"");
	assert_true(git_is_repository(path(&a, "r")));
	assert_true(git_is_repository(path(&a, "r/.git")));
	assert_false(git_is_repository(path(&a, "r/a")));
	assert_ok(git_open(path(&a, "r"), NULL, &g, &err), &err);
	assert_int_equal(git_commit(g).n, 40);
	assert_ok(read_changes(g, STR_NULL, &out, &err), &err);
	assert_str(buf_str(&out), "a/1=one\n;a/2=two\n\nlines;");
}

static void a_mirror_follows_and_tells_what_changed(void **state)
{
	_cleanup_(git_closep) struct git *g = NULL;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT(1 * MIB);
	_cleanup_err_ struct err err = ERR_INIT;

	(void)state;
	assert_ok(git_mirror(url(&a), STR_NULL, NULL, &g, &err), &err);
	assert_ok(read_changes(g, STR_NULL, &out, &err), &err);
	assert_str(buf_str(&out), "a/1=one\n;a/2=two\n\nlines;");
	struct str first = arena_str(&a, git_commit(g));
	git_close(take_ptr(g));

	commit_second();
	/* Two fetches on: what was read last stays known. */
	assert_ok(git_mirror(url(&a), first, NULL, &g, &err), &err);
	git_close(take_ptr(g));
	shell("cd \"$TOP/r\"; echo again >a/2; git commit -qam third");
	assert_ok(git_mirror(url(&a), first, NULL, &g, &err), &err);
	buf_clear(&out);
	assert_int_equal(read_changes(g, first, &out, &err), 0);
	assert_str(buf_str(&out), "-a/1;a/2=again\n;a/a name=new\n;");
	/* A commit that nobody has. */
	buf_clear(&out);
	assert_int_equal(
		read_changes(g, STR("0123456789012345678901234567890123456789"), &out, &err), 1);
	assert_int_equal(read_changes(g, STR("--output=x"), &out, &err), 1);
}

static void a_rewritten_history_is_followed(void **state)
{
	_cleanup_(git_closep) struct git *g = NULL;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT(1 * MIB);
	_cleanup_err_ struct err err = ERR_INIT;

	(void)state;
	assert_ok(git_mirror(url(&a), STR_NULL, NULL, &g, &err), &err);
	struct str first = arena_str(&a, git_commit(g));
	git_close(take_ptr(g));
	shell("cd \"$TOP/r\"; git checkout -q --orphan other; echo 1 >a/1; git add .; "
	      "git commit -qm anew");
	assert_ok(git_mirror(url(&a), first, NULL, &g, &err), &err);
	assert_ok(read_changes(g, first, &out, &err), &err);
	assert_str(buf_str(&out), "a/1=1\n;");
}

static void check_whole_after(const char *damage, struct str known)
{
	_cleanup_(git_closep) struct git *g = NULL;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT(1 * MIB);
	_cleanup_err_ struct err err = ERR_INIT;

	shell(damage);
	assert_ok(git_mirror(url(&a), known, NULL, &g, &err), &err);
	assert_ok(read_changes(g, STR_NULL, &out, &err), &err);
	assert_str(buf_str(&out), "a/1=one\n;a/2=two\n\nlines;");
}

static void a_damaged_mirror_is_made_anew(void **state)
{
	(void)state;
	check_whole_after("true", STR_NULL);
	check_whole_after("rm -rf \"$CLAIR_CACHE_DIR\"/git/*.git/objects", STR_NULL);
	check_whole_after("echo x >\"$(echo \"$CLAIR_CACHE_DIR\"/git/*.git)/HEAD\"", STR_NULL);
	check_whole_after("echo x >\"$(echo \"$CLAIR_CACHE_DIR\"/git/*.git)/shallow.lock\"; "
			  "cd \"$TOP/r\"; git commit -q --allow-empty -m more",
		STR_NULL);
	check_whole_after("rm -rf \"$CLAIR_CACHE_DIR\"/git/*.git; "
			  "mkdir \"$CLAIR_CACHE_DIR\"/git/left.git.new",
		STR_NULL);
}

static void damage_found_while_reading_is_repaired_the_next_time(void **state)
{
	_cleanup_(git_closep) struct git *g = NULL;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT(1 * MIB);
	_cleanup_err_ struct err err = ERR_INIT;

	(void)state;
	assert_ok(git_mirror(url(&a), STR_NULL, NULL, &g, &err), &err);
	git_close(take_ptr(g));
	/* The content of a file is gone, its commit is not. */
	shell("cd \"$CLAIR_CACHE_DIR\"/git/*.git; mv objects/pack old; mkdir objects/pack; "
	      "for p in old/*.pack; do git unpack-objects -q <$p; done; rm -rf old; "
	      "n=$(git rev-parse refs/clair/tip:a/2); "
	      "rm -f objects/$(echo $n | cut -c1-2)/$(echo $n | cut -c3-)");
	assert_ok(git_mirror(url(&a), STR_NULL, NULL, &g, &err), &err);
	assert_fails(read_changes(g, STR_NULL, &out, &err), &err, ERR_INPUT, "is not there");
	git_close(take_ptr(g));
	check_whole_after("true", STR_NULL);
}

static void what_cannot_be_reached_is_said_and_leaves_the_mirror(void **state)
{
	_cleanup_(git_closep) struct git *g = NULL;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_err_ struct err err = ERR_INIT;

	(void)state;
	assert_fails(git_mirror(path(&a, "none"), STR_NULL, NULL, &g, &err), &err, ERR_UPSTREAM,
		"does not appear to be a git repository");
	assert_fails(git_mirror("ext::sh -c true", STR_NULL, NULL, &g, &err), &err, ERR_UPSTREAM,
		"transport 'ext' not allowed");
	assert_fails(git_mirror("--upload-pack=touch", STR_NULL, NULL, &g, &err), &err,
		ERR_UPSTREAM, "git: ");
	assert_fails(git_open(path(&a, "r/a"), NULL, &g, &err), &err, ERR_NOT_FOUND,
		"no git repository");
	check_whole_after("true", STR_NULL);
	shell("mv \"$TOP/r\" \"$TOP/away\"");
	assert_fails(git_mirror(url(&a), STR_NULL, NULL, &g, &err), &err, ERR_UPSTREAM, "git: ");
	/* Unharmed: it needs no fetch when the same is back. */
	check_whole_after("mv \"$TOP/away\" \"$TOP/r\"", STR_NULL);
}

static void hooks_and_settings_of_a_repository_run_nothing(void **state)
{
	_cleanup_(git_closep) struct git *g = NULL;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT(1 * MIB);
	_cleanup_err_ struct err err = ERR_INIT;

	(void)state;
	/* A promised object that is missing would be fetched by a program of its choice. */
	shell("cd \"$TOP/r\"; printf '#!/bin/sh\\ntouch $TOP/ran\\n' >\"$TOP/run\"; "
	      "chmod +x \"$TOP/run\"; git config core.fsmonitor \"$TOP/run\"; "
	      "git config core.repositoryformatversion 1; git config extensions.partialclone o; "
	      "git config remote.o.promisor true; git config remote.o.url \"file://$TOP/r\"; "
	      "git config remote.o.uploadpack \"$TOP/run\"; "
	      "n=$(git rev-parse HEAD:a/2); "
	      "rm -f .git/objects/$(echo $n | cut -c1-2)/$(echo $n | cut -c3-)");
	assert_ok(git_open(path(&a, "r"), NULL, &g, &err), &err);
	assert_true(read_changes(g, STR_NULL, &out, &err) < 0);
	assert_int_equal(access(path(&a, "ran"), F_OK), -1);
}

static void the_mirror_is_for_one_at_a_time(void **state)
{
	_cleanup_(git_closep) struct git *g = NULL, *other = NULL;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_err_ struct err err = ERR_INIT;

	(void)state;
	assert_ok(git_mirror(url(&a), STR_NULL, NULL, &g, &err), &err);
	assert_fails(git_mirror(url(&a), STR_NULL, NULL, &other, &err), &err, ERR_BUSY,
		"another process uses the mirror");
}

static void credentials_are_not_kept(void **state)
{
	_cleanup_(git_closep) struct git *g = NULL;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_err_ struct err err = ERR_INIT;

	(void)state;
	assert_ok(git_mirror(arena_printf(&a, "git+file://user:secret@%s/r", top).p, STR_NULL, NULL,
			  &g, &err),
		&err);
	shell("! grep -r secret \"$CLAIR_CACHE_DIR\"");
}

static bool yes(void *ctx)
{
	(void)ctx;
	return true;
}

static void cancelling_ends_it(void **state)
{
	struct git_options o = { .is_cancelled = yes };
	_cleanup_(git_closep) struct git *g = NULL;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_err_ struct err err = ERR_INIT;

	(void)state;
	assert_fails(git_mirror(url(&a), STR_NULL, &o, &g, &err), &err, ERR_CANCELLED, "cancelled");
}

static void a_missing_git_is_said(void **state)
{
	_cleanup_free_ char *old = xstrdup(getenv("PATH"));
	_cleanup_(git_closep) struct git *g = NULL;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_err_ struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
	int r = git_open(path(&a, "r"), NULL, &g, &err);
	assert_int_equal(setenv("PATH", old, 1), 0);
	assert_fails(r, &err, ERR_NOT_FOUND, "git: no such program");
}

static void locations_tell_remote_repositories(void **state)
{
	(void)state;
	assert_true(git_is_remote("git://host/x"));
	assert_true(git_is_remote("ssh://host/x"));
	assert_true(git_is_remote("git+https://host/x"));
	assert_true(git_is_remote("https://host/x.git"));
	assert_true(git_is_remote("user@host:x"));
	assert_false(git_is_remote("https://host/x.tar"));
	assert_false(git_is_remote("/path/x.git"));
	assert_false(git_is_remote("./user@host:x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_repository_here_is_read_as_it_is, setup),
		cmocka_unit_test_setup(a_mirror_follows_and_tells_what_changed, setup),
		cmocka_unit_test_setup(a_rewritten_history_is_followed, setup),
		cmocka_unit_test_setup(a_damaged_mirror_is_made_anew, setup),
		cmocka_unit_test_setup(damage_found_while_reading_is_repaired_the_next_time, setup),
		cmocka_unit_test_setup(what_cannot_be_reached_is_said_and_leaves_the_mirror, setup),
		cmocka_unit_test_setup(hooks_and_settings_of_a_repository_run_nothing, setup),
		cmocka_unit_test_setup(the_mirror_is_for_one_at_a_time, setup),
		cmocka_unit_test_setup(credentials_are_not_kept, setup),
		cmocka_unit_test_setup(cancelling_ends_it, setup),
		cmocka_unit_test_setup(a_missing_git_is_said, setup),
		cmocka_unit_test(locations_tell_remote_repositories),
	};

	return cmocka_run_group_tests(tests, make_top, remove_top);
}
