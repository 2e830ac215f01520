/*
 * Page tokens, see token.h. A list of vulnerabilities goes on at an id, which stands alone; a
 * notification has one place for each side.
 */
#include "api/token.h"

#include "api/json_tree.h"

enum { TOKEN_TTL_S = 3600, TOKEN_PLAIN_MAX = 1024 };

static int write_token(
	const struct fernet_key *key, const struct buf *plain, struct buf *out, struct err *err)
{
	return fernet_encrypt(key, buf_span(plain), clock_wall_s(), out, err);
}

int token_write_id(const struct fernet_key *key, int64_t id, struct buf *out, struct err *err)
{
	_cleanup_buf_ struct buf plain = BUF_INIT(TOKEN_PLAIN_MAX);

	buf_printf(&plain, "%" PRId64 "\n", id);
	return write_token(key, &plain, out, err);
}

int token_write_page(const struct fernet_key *key, struct notification_page page, struct buf *out,
	struct err *err)
{
	_cleanup_buf_ struct buf plain = BUF_INIT(TOKEN_PLAIN_MAX);

	buf_printf(&plain, "{\"OldVulnerability\":%" PRId64 ",\"NewVulnerability\":%" PRId64 "}\n",
		page.old_id, page.new_id);
	return write_token(key, &plain, out, err);
}

/* The token's document, or -ERR_INPUT. */
static int read_token(const struct fernet_key *key, struct str token, struct arena *a,
	struct json_node **out, struct err *err)
{
	_cleanup_buf_ struct buf plain = BUF_INIT(TOKEN_PLAIN_MAX);

	if (fernet_decrypt(key, token, TOKEN_TTL_S, clock_wall_s(), &plain, NULL) < 0)
		return err_set(
			err, ERR_INPUT, "invalid page format: invalid or expired pagination token");
	int r = json_tree_read(buf_span(&plain), a, out, err);
	return r < 0 ? err_wrap(err, "invalid page format") : 0;
}

/* A whole number, ids and -1; false for everything else. */
static bool read_int(const struct json_node *node, int64_t *out)
{
	struct str digits = node->text;
	bool negative = str_skip_prefix(&digits, STR("-"));
	uint64_t v;

	if (node->type != JSON_NUMBER || !parse_u64(digits, &v) || v > INT64_MAX)
		return false;
	*out = negative ? -(int64_t)v : (int64_t)v;
	return true;
}

static int fail_type(const struct json_node *node, const char *type, struct err *err)
{
	return err_set(err, ERR_INPUT,
		"invalid page format: json: cannot unmarshal %s into Go value of type %s",
		json_type_to_str(node->type), type);
}

int token_read_id(const struct fernet_key *key, struct str token, int64_t *out, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct json_node *node;
	int r = read_token(key, token, &a, &node, err);

	if (r < 0)
		return r;
	return read_int(node, out) ? 0 : fail_type(node, "int", err);
}

int token_read_page(const struct fernet_key *key, struct str token, struct notification_page *out,
	struct err *err)
{
	static const char type[] = "database.VulnerabilityNotificationPageNumber";
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct notification_page page = { .old_id = 0, .new_id = 0 };
	struct json_node *node;
	int r = read_token(key, token, &a, &node, err);

	if (r < 0)
		return r;
	if (node->type != JSON_OBJECT_BEGIN)
		return fail_type(node, type, err);
	for (const struct json_node *n = node->first; n; n = n->next) {
		int64_t *side = str_eq_nocase(n->key, STR("OldVulnerability"))   ? &page.old_id
				: str_eq_nocase(n->key, STR("NewVulnerability")) ? &page.new_id
										 : NULL;
		if (side && !read_int(n, side))
			return fail_type(n, "int", err);
	}
	*out = page;
	return 0;
}
