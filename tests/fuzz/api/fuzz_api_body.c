/*
 * Bodies of requests: what is accepted becomes strict JSON that says the same when it is done
 * again, and that the binder takes or refuses with a message. What the strict reader accepts as it
 * is, is accepted. Values written in Go's form stay as they are when they are written again.
 */
#include "base/base.h"

#include "api/decode.h"
#include "api/json_body.h"
#include "api/json_tree.h"

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void check_failure(int r, struct err *err)
{
	CHECK((r < 0) == (err->code != ERR_NONE));
	CHECK(r >= 0 || err->code == ERR_INPUT || err->code == ERR_TOO_LARGE);
	err_clear(err);
}

static void decode_all(struct span body)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	struct layer_body *layer;
	struct vulnerability_body *vulnerability;
	struct feature_body *feature;

	check_failure(decode_layer(body, &a, &layer, &err), &err);
	check_failure(decode_vulnerability(body, &a, &vulnerability, &err), &err);
	check_failure(decode_feature(body, &a, &feature, &err), &err);
}

/* The document in Go's form; false when it holds a number that has none. */
static bool rewrite(struct str text, struct buf *out)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct json_node *root = NULL;

	CHECK(json_tree_read(span_from_str(text), &a, &root, NULL) == 0);
	return json_tree_write(root, out, NULL) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_buf_ struct buf strict = BUF_INIT(JSON_BODY_STRICT_MAX);
	_cleanup_buf_ struct buf again = BUF_INIT(JSON_BODY_STRICT_MAX);
	_cleanup_buf_ struct buf form = BUF_INIT(GIB), form_again = BUF_INIT(GIB);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str body = str_n((const char *)data, n);
	struct json_node *root;
	struct err err = ERR_INIT;
	int r = json_body_normalize(body, &strict, &err);

	check_failure(r, &err);
	decode_all(span_n(data, n));
	if (r < 0) {
		CHECK(n > LIMIT_HTTP_BODY || json_tree_read(span_n(data, n), &a, &root, NULL) < 0);
		return 0;
	}
	CHECK(json_body_normalize(buf_str(&strict), &again, NULL) == 0);
	CHECK(str_eq(buf_str(&strict), buf_str(&again)));
	if (rewrite(buf_str(&strict), &form)) {
		CHECK(rewrite(buf_str(&form), &form_again));
		CHECK(str_eq(buf_str(&form), buf_str(&form_again)));
	}
	return 0;
}
