/*
 * Values, by type: from a scalar of the tree (or a list) into a member of struct config. Each
 * stores and returns true, or returns false, and its caller says what was expected.
 */
#include <arpa/inet.h>

#include "codec/codec.h"
#include "config/config_priv.h"
#include "net/net.h"

static bool is_c_string(struct taking *t, const struct node *node)
{
	if (str_find_char(node->text, '\0') < 0)
		return true;
	t->found = "a NUL character";
	return false;
}

/* Any scalar is text: what stands in the file. */
bool take_text(struct taking *t, void *out)
{
	if (!is_c_string(t, t->node))
		return false;
	*(const char **)out = t->node->text.n ? arena_cstr(&t->config->arena, t->node->text) : NULL;
	return true;
}

bool take_address(struct taking *t, void *out)
{
	struct in6_addr parsed;
	const char *text = NULL;

	if (!take_text(t, &text))
		return false;
	if (text && inet_pton(AF_INET, text, &parsed) != 1 &&
		inet_pton(AF_INET6, text, &parsed) != 1)
		return false;
	*(const char **)out = text;
	return true;
}

/* A scheme, a host, and nothing that no URL has. */
static bool looks_like_url(struct str url)
{
	struct str rest = str_skip(url, (size_t)str_find(url, STR("://")) + 3);

	for (size_t i = 0; i < url.n; i++) {
		if ((unsigned char)url.p[i] <= ' ' || url.p[i] == 0x7f || url.p[i] == '\\')
			return false;
	}
	return rest.n > 0 && rest.p[0] != '/' && rest.p[0] != '?' && rest.p[0] != '#';
}

static bool take_url(struct taking *t, void *out, bool socks)
{
	struct str url = t->node->text;
	bool scheme = url_is_http(url) || (socks && str_starts(url, STR("socks5://")));

	if (url.n && !(scheme && looks_like_url(url))) {
		t->found = "something else";
		return false;
	}
	return take_text(t, out);
}

bool take_http_url(struct taking *t, void *out)
{
	return take_url(t, out, false);
}

bool take_proxy_url(struct taking *t, void *out)
{
	return take_url(t, out, true);
}

/* --- numbers ---------------------------------------------------------------------------------- */

static bool take_number(struct taking *t, uint64_t *out)
{
	uint64_t v;

	if (t->node->kind != NODE_NUMBER || !scalar_u64(t->node->text, &v) || v < t->key->min ||
		v > t->key->max)
		return false;
	*out = v;
	return true;
}

bool take_size(struct taking *t, void *out)
{
	return take_number(t, out);
}

bool take_count(struct taking *t, void *out)
{
	uint64_t v;

	if (!take_number(t, &v))
		return false;
	*(unsigned *)out = (unsigned)v;
	return true;
}

bool take_port(struct taking *t, void *out)
{
	uint64_t v;

	if (!take_number(t, &v))
		return false;
	*(uint16_t *)out = (uint16_t)v;
	return true;
}

bool take_bool(struct taking *t, void *out)
{
	if (t->node->kind != NODE_BOOL)
		return false;
	*(bool *)out = scalar_bool(t->node->text);
	return true;
}

/* A number without a unit would be nanoseconds, which nobody means. */
bool take_duration(struct taking *t, void *out)
{
	uint64_t number, ms;
	int64_t ns;

	if (t->node->kind == NODE_NUMBER) {
		if (!scalar_u64(t->node->text, &number) || number != 0)
			return false;
		ns = 0;
	} else if (t->node->kind != NODE_TEXT || !duration_parse(t->node->text, &ns) || ns < 0) {
		return false;
	}
	/* What is above 0 stays so. */
	ms = ((uint64_t)ns + 999999) / 1000000;
	if (ms < t->key->min)
		return false;
	*(uint64_t *)out = ms;
	return true;
}

/* --- others ----------------------------------------------------------------------------------- */

bool take_database_type(struct taking *t, void *out)
{
	static const struct str names[CONFIG_DATABASE_COUNT] = {
		[CONFIG_SQLITE] = STR_INIT("sqlite"),
		[CONFIG_PGSQL] = STR_INIT("pgsql"),
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!str_eq(t->node->text, names[i]))
			continue;
		*(enum config_database *)out = (enum config_database)i;
		return true;
	}
	return false;
}

/* As fernet-go reads keys: 64 characters are hexadecimal, others base64 of either alphabet. */
static bool decode_key(struct str text, struct buf *out)
{
	uint8_t bytes[CONFIG_PAGINATION_KEY_BYTES];

	if (text.n != 2 * sizeof(bytes))
		return base64_decode(text, BASE64_ANY_SLACK, out);
	if (!parse_hex(text, bytes, sizeof(bytes)))
		return false;
	buf_append(out, bytes, sizeof(bytes));
	explicit_bzero(bytes, sizeof(bytes));
	return true;
}

bool take_pagination_key(struct taking *t, void *out)
{
	_cleanup_buf_ struct buf key = BUF_INIT(LIMIT_CONFIG);
	bool ok = false;

	if (t->node->text.n == 0)
		return true;
	if (!decode_key(t->node->text, &key))
		t->found = "something else";
	else if (key.n != CONFIG_PAGINATION_KEY_BYTES)
		t->found = key.n < CONFIG_PAGINATION_KEY_BYTES ? "a shorter one" : "a longer one";
	else
		ok = true;
	if (ok)
		memcpy(out, key.p, CONFIG_PAGINATION_KEY_BYTES);
	if (key.n)
		explicit_bzero(key.p, key.n);
	return ok;
}

/* "." and ".." would make a prefix mean something else than it says. */
static bool is_plain_path(struct str path)
{
	struct str part;

	if (!str_starts(path, STR("/")))
		return false;
	while (path.n) {
		(void)str_cut(path, '/', &part, &path);
		if (str_eq(part, STR(".")) || str_eq(part, STR("..")))
			return false;
	}
	return true;
}

static bool take_local_path(struct taking *t, const struct node *node, struct str *out)
{
	t->place = node->place;
	if (node->kind == NODE_LIST || node->kind == NODE_MAP || node->kind == NODE_NULL) {
		t->found = "an element that is no path";
		return false;
	}
	if (!is_c_string(t, node))
		return false;
	if (!is_plain_path(node->text)) {
		t->found = "a path that does not begin with \"/\", or has parts \".\" or \"..\"";
		return false;
	}
	*out = arena_str(&t->config->arena, node->text);
	return true;
}

bool take_local_paths(struct taking *t, void *out UNUSED)
{
	struct config *c = t->config;
	size_t n = 0;

	if (t->node->kind != NODE_LIST)
		return false;
	for (const struct node_entry *e = t->node->entries; e; e = e->next)
		n++;
	struct str *paths = arena_alloc(&c->arena, (n + 1) * sizeof(*paths));
	n = 0;
	for (const struct node_entry *e = t->node->entries; e; e = e->next) {
		if (!take_local_path(t, e->value, &paths[n++]))
			return false;
	}
	c->layer_sources.limited = true;
	c->layer_sources.local_paths.v = paths;
	c->layer_sources.local_paths.n = n;
	return true;
}
