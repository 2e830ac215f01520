/*
 * The table of schemes, and what all have in common: the class byte in front of a key, the limit on
 * length, and messages that name the version at fault.
 */
#include "version/version_priv.h"

enum { CLASS_MIN = 0x00, CLASS_VERSION = 0x01, CLASS_MAX = 0xff };

static const struct version_scheme *const schemes[] = { &version_dpkg, &version_rpm, &version_apk };

const struct version_scheme *version_scheme_by_name(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		if (str_eq(name, str_of(schemes[i]->name)))
			return schemes[i];
	}
	return NULL;
}

const struct version_scheme *version_scheme_at(size_t i)
{
	return i < ARRAY_LEN(schemes) ? schemes[i] : NULL;
}

enum { SHOWN_SIZE = 81 };

/* v fit for a message: cut, and without bytes that a terminal might obey. */
static const char *shown(struct str v, char out[static SHOWN_SIZE])
{
	size_t n = min_size(v.n, SHOWN_SIZE - 1);

	for (size_t i = 0; i < n; i++)
		out[i] = v.p[i] >= ' ' && v.p[i] <= '~' ? v.p[i] : '?';
	out[n] = '\0';
	return out;
}

int version_key(const struct version_scheme *s, struct str v, struct buf *out, struct err *err)
{
	char text[SHOWN_SIZE];
	int r;

	buf_clear(out);
	if (v.n > LIMIT_VERSION)
		return err_set(err, ERR_INPUT,
			"\"%s...\" is no %s version: it has %zu bytes, more than %" PRIu64,
			shown(v, text), s->name, v.n, LIMIT_VERSION);
	buf_append_u8(out, CLASS_VERSION);
	r = s->append_key(v, out, err);
	if (r < 0 && err)
		return err_wrap(err, "\"%s\" is no %s version", shown(v, text), s->name);
	if (r < 0)
		return r;
	return buf_check(out, "version key", err);
}

bool version_is_valid(const struct version_scheme *s, struct str v)
{
	_cleanup_buf_ struct buf key = BUF_INIT(VERSION_KEY_MAX);

	return version_key(s, v, &key, NULL) >= 0;
}

struct span version_key_min(void)
{
	static const uint8_t key[] = { CLASS_MIN };

	return span_n(key, sizeof(key));
}

struct span version_key_max(void)
{
	static const uint8_t key[] = { CLASS_MAX };

	return span_n(key, sizeof(key));
}

int version_compare(
	const struct version_scheme *s, struct str a, struct str b, int *out, struct err *err)
{
	_cleanup_buf_ struct buf left = BUF_INIT(VERSION_KEY_MAX);
	_cleanup_buf_ struct buf right = BUF_INIT(VERSION_KEY_MAX);
	int r = version_key(s, a, &left, err);

	if (r >= 0)
		r = version_key(s, b, &right, err);
	if (r < 0)
		return r;
	int order = str_cmp(buf_str(&left), buf_str(&right));
	*out = (order > 0) - (order < 0);
	return 0;
}
