/*
 * Targets of requests: what is decoded is never longer than what was sent, a query's keys are found
 * again, and encoding all of a path and decoding it gives it back.
 */
#include "base/base.h"

#include "net/net.h"

static void check_query(struct str query)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str rest = query, key, value, first;
	size_t total = 0;

	while (http_query_next(&rest, &a, &key, &value)) {
		total += key.n + value.n;
		assert(http_query_has(query, key));
		assert(http_query_get(query, key, &a, &first));
	}
	assert(total <= query.n);
	assert(rest.n == 0);
}

static void check_path(struct str path)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf encoded = BUF_INIT(SIZE_MAX / 2);
	struct str out;

	if (http_path_decode(&a, path, &out))
		assert(out.n <= path.n);
	for (size_t i = 0; i < path.n; i++)
		buf_printf(&encoded, "%%%02X", (unsigned char)path.p[i]);
	bool decoded = http_path_decode(&a, buf_str(&encoded), &out);
	assert(decoded && str_eq(out, path));
	(void)decoded;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str target = str_n((const char *)data, n);
	struct http_target t;

	/* Some hundred keys are as good as many; looking up each makes it quadratic. */
	if (n > 4096)
		return 0;
	if (http_target_parse(target, &t)) {
		assert(t.path.n + t.query.n <= n);
		check_query(t.query);
		check_path(t.path);
	}
	check_query(target);
	return 0;
}
