/*
 * What no driver should have to check: texts, names, schemes; and the names of notifications.
 */
#include <sys/random.h>

#include "base/utf8.h"
#include "store/store_priv.h"

static bool is_ascii(struct str s)
{
	size_t i = 0;
	uint64_t word;

	for (; i + sizeof(word) <= s.n; i += sizeof(word)) {
		memcpy(&word, s.p + i, sizeof(word));
		if (word & 0x8080808080808080U)
			return false;
	}
	for (; i < s.n; i++) {
		if ((uint8_t)s.p[i] & 0x80)
			return false;
	}
	return true;
}

bool store_is_text(struct str s)
{
	if (s.n == 0)
		return true;
	if (memchr(s.p, 0, s.n))
		return false;
	if (is_ascii(s))
		return true;
	for (size_t i = 0; i < s.n;) {
		size_t len = utf8_check(s.p + i, s.n - i);

		if (len == 0)
			return false;
		i += len;
	}
	return true;
}

static size_t count_characters(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((uint8_t)s.p[i] & 0xC0) != 0x80;
	return n;
}

bool store_is_layer_name(struct str s)
{
	return s.n > 0 && store_is_text(s) && count_characters(s) <= LIMIT_LAYER_NAME;
}

bool store_is_name(struct str s)
{
	return s.n > 0 && s.n <= LIMIT_PACKAGE_FIELD && store_is_text(s);
}

int store_check_writable(const struct store *s, struct err *err)
{
	if (s->read_only)
		return err_set(err, ERR_USAGE, "the database was opened for reading only");
	return 0;
}

int store_check_text(const char *what, struct str s, uint64_t limit, struct err *err)
{
	if (s.n > limit)
		return err_set(err, ERR_INPUT, "%s of %zu bytes", what, s.n);
	if (!store_is_text(s))
		return err_set(err, ERR_INPUT, "%s is not UTF-8 text", what);
	return 0;
}

int store_check_name(const char *what, struct str s, struct err *err)
{
	if (s.n == 0)
		return err_set(err, ERR_INPUT, "%s is empty", what);
	return store_check_text(what, s, LIMIT_PACKAGE_FIELD, err);
}

int store_merge_scheme(
	struct str name_space, struct str known, struct str given, struct str *out, struct err *err)
{
	if (known.n > 0 && given.n > 0 && !str_eq(known, given))
		return err_set(err, ERR_INPUT,
			"versions of %" PRIstr " are %" PRIstr "'s, not %" PRIstr "'s",
			STR_ARG(name_space), STR_ARG(known), STR_ARG(given));
	*out = known.n > 0 ? known : given;
	return 0;
}

int store_check_shrinking(const struct store_update *u, bool covers_names,
	const struct store_update_result *met, struct err *err)
{
	uint64_t before = met->changed + met->deleted + met->unchanged;
	uint64_t now = met->inserted + met->changed + met->unchanged;

	if (u->accepts_shrinking || covers_names || now >= before - before / 2)
		return 0;
	return err_set(err, ERR_INPUT,
		"holds %" PRIu64 " advisories, fewer than half of the %" PRIu64
		" of the last update: taken for damaged",
		now, before);
}

int store_uuid(char out[static STORE_UUID_SIZE], struct err *err)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t bytes[16];
	size_t n = 0;

	/* So few bytes come whole, or not at all. */
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return err_set(err, ERR_INTERNAL, "no random numbers");
	bytes[6] = (uint8_t)(0x40 | (bytes[6] & 0x0F));
	bytes[8] = (uint8_t)(0x80 | (bytes[8] & 0x3F));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out[n++] = '-';
		out[n++] = digits[bytes[i] >> 4];
		out[n++] = digits[bytes[i] & 0x0F];
	}
	out[n] = '\0';
	return 0;
}
