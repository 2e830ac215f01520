/*
 * A PostgreSQL server of the test program's own: started at the first use in a folder of its own,
 * reached by a socket there, gone at the end of the program. Databases are schemas of one database.
 */
#ifndef TESTS_UNIT_STORE_PGSQL_SERVER_H
#define TESTS_UNIT_STORE_PGSQL_SERVER_H

#include <libpq-fe.h>

/* The location of a new, empty schema; heap. */
char *test_pgsql_new_location(void);
/* Drops the schema, and frees the location. */
void test_pgsql_remove_location(char *location);

/* The server, for what tests do behind the driver's back. */
void test_pgsql_start(void);
/* Ends it at once, without a word to those who are connected. */
void test_pgsql_kill(void);
/* Its folder, with the socket. */
const char *test_pgsql_folder(void);

/*
 * A standby that follows the server, in a folder of its own; it has all that the server had when
 * this returns. The folder with its socket.
 */
const char *test_pgsql_start_standby(void);
/* Makes it a primary. */
void test_pgsql_promote_standby(void);

/* A connection of the test's own to a location. */
PGconn *test_pgsql_connect(const char *location);
/* Runs SQL; the first column of the first row, heap, or NULL. */
char *test_pgsql_ask(PGconn *c, const char *sql);
/* The same on a connection of its own. */
char *test_pgsql_at(const char *location, const char *sql);

#endif
