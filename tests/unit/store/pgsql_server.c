/*
 * The server of pgsql_server.h: initdb and postgres of the newest version below /usr/lib/postgresql
 * ($PG_BIN: another folder), which do not run as root: as the user postgres then.
 */
#include "pgsql_server.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../test.h"

static char folder[] = "/tmp/clair-pg-XXXXXX";
static char standby_folder[sizeof(folder) + 8];
static char bin[256];
static pid_t server, standby; /* 0: it does not run */
static pid_t owner;           /* the process that started it */
static unsigned schemas;

const char *test_pgsql_folder(void)
{
	return folder;
}

static void find_programs(void)
{
	const char *given = getenv("PG_BIN");
	glob_t g = { 0 };

	if (given)
		(void)snprintf(bin, sizeof(bin), "%s", given);
	else if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &g) == 0)
		(void)snprintf(bin, sizeof(bin), "%s", g.gl_pathv[g.gl_pathc - 1]);
	else
		fail_msg("there is no PostgreSQL below /usr/lib/postgresql");
	globfree(&g);
}

/* In the child: becomes postgres where it would be root. */
static void become_user(void)
{
	const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;

	if (geteuid() == 0 && (!user || setgroups(0, NULL) < 0 || setgid(user->pw_gid) < 0 ||
				      setuid(user->pw_uid) < 0))
		_exit(126);
	/* The end of the test program is the server's, too. */
	(void)prctl(PR_SET_PDEATHSIG, SIGINT);
}

static pid_t spawn(const char *program, const char *const *args)
{
	char path[512];
	const char *argv[32] = { path };
	size_t n = 1;

	(void)snprintf(path, sizeof(path), "%s/%s", bin, program);
	for (; args[n - 1]; n++)
		argv[n] = args[n - 1];
	pid_t pid = fork();
	if (pid == 0) {
		char log[sizeof(folder) + 16];

		become_user();
		(void)snprintf(log, sizeof(log), "%s/log", folder);
		int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
		if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0 || chdir(folder) < 0)
			_exit(125);
		(void)execv(path, (char *const *)(uintptr_t)argv);
		_exit(124);
	}
	assert_true(pid > 0);
	return pid;
}

static void run_tool(const char *tool, const char *option, const char *path)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)dup2(2, 1);
		(void)execlp(tool, tool, option, path, (char *)NULL);
		_exit(124);
	}
	(void)waitpid(pid, NULL, 0);
}

static void show_log(void)
{
	char log[sizeof(folder) + 16];

	(void)snprintf(log, sizeof(log), "%s/log", folder);
	run_tool("tail", "-n20", log);
}

static void wait_for(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		show_log();
		fail_msg("a program of PostgreSQL failed: %d", status);
	}
}

static void wait_until_ready(pid_t pid, const char *where)
{
	char conninfo[128];
	uint64_t deadline = clock_monotonic_ms() + 60000;
	int status;

	(void)snprintf(conninfo, sizeof(conninfo), "host=%s dbname=postgres user=clair", where);
	while (PQping(conninfo) != PQPING_OK) {
		if (waitpid(pid, &status, WNOHANG) == pid || clock_monotonic_ms() > deadline) {
			show_log();
			fail_msg("the server does not start");
		}
		(void)usleep(5000);
	}
}

static void stop(pid_t *pid, int signal_number)
{
	if (*pid > 0 && kill(*pid, signal_number) == 0)
		(void)waitpid(*pid, NULL, 0);
	*pid = 0;
}

void test_pgsql_kill(void)
{
	stop(&server, SIGQUIT); /* the server's processes end without finishing anything */
}

static void clean_up(void)
{
	if (getpid() != owner)
		return;
	stop(&standby, SIGQUIT);
	stop(&server, SIGQUIT);
	run_tool("rm", "-rf", folder);
}

static void make_server(void)
{
	const char *initdb[] = { "-D", "data", "-U", "clair", "-A", "trust", "-E", "UTF8",
		"--locale=C", "--no-sync", "--no-instructions", NULL };
	const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;

	find_programs();
	if (!mkdtemp(folder))
		fail_msg("no temporary folder");
	owner = getpid();
	(void)atexit(clean_up);
	if (user)
		assert_int_equal(chown(folder, user->pw_uid, user->pw_gid), 0);
	wait_for(spawn("initdb", initdb));
}

static pid_t start(const char *data, const char *where)
{
	const char *args[] = { "-D", data, "-k", where, "-c", "listen_addresses=", "-c",
		"fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=64MB", "-c",
		"autovacuum=off", "-c", "deadlock_timeout=50ms", NULL };
	pid_t pid = spawn("postgres", args);

	wait_until_ready(pid, where);
	return pid;
}

void test_pgsql_start(void)
{
	if (owner == 0)
		make_server();
	if (server == 0)
		server = start("data", folder);
}

const char *test_pgsql_start_standby(void)
{
	char conninfo[128], sql[128];
	const char *backup[] = { "-d", conninfo, "-D", "standby", "-R", "-c", "fast", "--no-sync",
		NULL };

	(void)snprintf(conninfo, sizeof(conninfo), "host=%s dbname=postgres user=clair", folder);
	wait_for(spawn("pg_basebackup", backup));
	/* Its socket lies in its data. */
	(void)snprintf(standby_folder, sizeof(standby_folder), "%s/standby", folder);
	standby = start("standby", standby_folder);
	_cleanup_free_ char *at = test_pgsql_at(conninfo, "SELECT pg_current_wal_lsn()");
	(void)snprintf(
		conninfo, sizeof(conninfo), "host=%s dbname=postgres user=clair", standby_folder);
	(void)snprintf(sql, sizeof(sql), "SELECT 1 WHERE pg_last_wal_replay_lsn() >= '%s'", at);
	char *there;
	while (!(there = test_pgsql_at(conninfo, sql)))
		(void)usleep(5000);
	free(there);
	return standby_folder;
}

void test_pgsql_promote_standby(void)
{
	char conninfo[128];

	(void)snprintf(
		conninfo, sizeof(conninfo), "host=%s dbname=postgres user=clair", standby_folder);
	free(test_pgsql_at(conninfo, "SELECT pg_promote()"));
}

PGconn *test_pgsql_connect(const char *location)
{
	PGconn *c = PQconnectdb(location);

	if (PQstatus(c) != CONNECTION_OK)
		fail_msg("%s", PQerrorMessage(c));
	return c;
}

char *test_pgsql_ask(PGconn *c, const char *sql)
{
	PGresult *r = PQexec(c, sql);
	ExecStatusType status = PQresultStatus(r);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(c));
	char *value = PQntuples(r) > 0 ? xstrdup(PQgetvalue(r, 0, 0)) : NULL;
	PQclear(r);
	return value;
}

char *test_pgsql_at(const char *location, const char *sql)
{
	PGconn *c = test_pgsql_connect(location);
	char *value = test_pgsql_ask(c, "SET client_min_messages = error");

	free(value);
	value = test_pgsql_ask(c, sql);
	PQfinish(c);
	return value;
}

char *test_pgsql_new_location(void)
{
	char sql[64], *location = NULL;

	test_pgsql_start();
	schemas++;
	if (asprintf(&location, "postgresql://clair@/postgres?host=%s&options=-csearch_path%%3Dt%u",
		    folder, schemas) < 0)
		fail_msg("memory");
	(void)snprintf(sql, sizeof(sql), "CREATE SCHEMA t%u", schemas);
	free(test_pgsql_at(location, sql));
	return location;
}

void test_pgsql_remove_location(char *location)
{
	char sql[64];
	const char *schema = strrchr(location, 't');

	assert_non_null(schema);
	(void)snprintf(sql, sizeof(sql), "DROP SCHEMA %s CASCADE", schema);
	free(test_pgsql_at(location, sql));
	free(location);
}
