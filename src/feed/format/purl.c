#include "feed/format/purl.h"

/* A copy with %XX decoded. A stray percent sign stays, and what would decode to NUL. */
static struct str decode(struct str s, struct arena *a)
{
	if (str_find_char(s, '%') < 0)
		return arena_str(a, s);
	char *out = arena_cstr(a, s);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		uint8_t byte = 0;

		if (s.p[i] == '%' && s.n - i > 2 && parse_hex(str_n(s.p + i + 1, 2), &byte, 1) &&
			byte != 0) {
			out[n++] = (char)byte;
			i += 2;
		} else {
			out[n++] = s.p[i];
		}
	}
	out[n] = '\0';
	return str_n(out, n);
}

bool purl_parse(struct str text, struct arena *a, struct purl *out)
{
	struct purl p = { .type = STR_NULL };
	struct str rest = text, path, name, name_space;

	if (!str_skip_prefix(&rest, STR("pkg:")))
		return false;
	(void)str_cut(rest, '#', &rest, NULL);
	(void)str_cut(rest, '?', &rest, &p.qualifiers);
	if (!str_cut(rest, '/', &p.type, &path) || p.type.n == 0)
		return false;
	if (str_rcut(path, '@', &rest, &name))
		p.version = decode(name, a);
	else
		rest = path;
	if (str_rcut(rest, '/', &name_space, &name))
		p.name_space = decode(name_space, a);
	else
		name = rest;
	p.name = decode(name, a);
	if (p.name.n == 0)
		return false;
	*out = p;
	return true;
}

struct str purl_qualifier(const struct purl *p, struct str key, struct arena *a)
{
	struct str rest = p->qualifiers, pair, k, v;

	while (rest.n) {
		(void)str_cut(rest, '&', &pair, &rest);
		if (str_cut(pair, '=', &k, &v) && str_eq(k, key))
			return decode(v, a);
	}
	return STR_NULL;
}
