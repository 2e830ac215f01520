/*
 * String views, see str.h.
 */
#include "base/base.h"

bool str_eq_nocase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (ascii_to_lower(a.p[i]) != ascii_to_lower(b.p[i]))
			return false;
	}
	return true;
}

int str_cmp(struct str a, struct str b)
{
	size_t n = min_size(a.n, b.n);
	int r = n ? memcmp(a.p, b.p, n) : 0;

	if (r)
		return r;
	return a.n < b.n ? -1 : a.n > b.n;
}

bool str_skip_prefix(struct str *s, struct str prefix)
{
	if (!str_starts(*s, prefix))
		return false;
	*s = str_skip(*s, prefix.n);
	return true;
}

struct str str_trim(struct str s)
{
	while (s.n && ascii_is_space(s.p[0]))
		s = str_skip(s, 1);
	while (s.n && ascii_is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool str_cut(struct str s, char c, struct str *head, struct str *tail)
{
	ptrdiff_t at = str_find_char(s, c);

	if (head)
		*head = at < 0 ? s : str_head(s, (size_t)at);
	if (tail)
		*tail = at < 0 ? STR_NULL : str_skip(s, (size_t)at + 1);
	return at >= 0;
}

bool str_rcut(struct str s, char c, struct str *head, struct str *tail)
{
	const char *at = s.n ? memrchr(s.p, c, s.n) : NULL;

	if (head)
		*head = at ? str_n(s.p, (size_t)(at - s.p)) : STR_NULL;
	if (tail)
		*tail = at ? str_skip(s, (size_t)(at - s.p) + 1) : s;
	return at != NULL;
}

ptrdiff_t str_find_char(struct str s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

	return at ? at - s.p : -1;
}

ptrdiff_t str_find(struct str s, struct str needle)
{
	if (needle.n == 0)
		return 0;
	const char *at = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
	return at ? at - s.p : -1;
}

bool str_next_line(struct str *rest, struct str *line)
{
	if (rest->n == 0)
		return false;
	(void)str_cut(*rest, '\n', line, rest);
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

bool str_next_word(struct str *rest, struct str *word)
{
	size_t i = 0;

	while (rest->n && ascii_is_space(rest->p[0]))
		*rest = str_skip(*rest, 1);
	while (i < rest->n && !ascii_is_space(rest->p[i]))
		i++;
	if (i == 0)
		return false;
	*word = str_head(*rest, i);
	*rest = str_skip(*rest, i);
	return true;
}
