#include "feed/rhel_vex_changes.h"

/* --- times ----------------------------------------------------------------------------------- */

/* n digits off the front. */
static bool take(struct str *s, size_t n, int64_t *out)
{
	uint32_t v = 0;

	if (s->n < n || !parse_u32(str_head(*s, n), &v))
		return false;
	*out = v;
	*s = str_skip(*s, n);
	return true;
}

/* Days since 1970 in the Gregorian calendar: years begin in March, so that leap days end them. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return y * 365 + y / 4 - y / 100 + y / 400 + of_year - 719468;
}

/* "+02:00", "Z"; seconds to take off. */
static bool take_zone(struct str *s, int64_t *out)
{
	bool west = str_starts(*s, STR("-"));
	int64_t hours, minutes;

	*out = 0;
	if (str_skip_prefix(s, STR("Z")))
		return true;
	if (!west && !str_starts(*s, STR("+")))
		return false;
	*s = str_skip(*s, 1);
	if (!take(s, 2, &hours) || !str_skip_prefix(s, STR(":")) || !take(s, 2, &minutes))
		return false;
	*out = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
	return true;
}

bool vex_time(struct str text, int64_t *out)
{
	struct str s = text;
	int64_t year, month, day, hour, minute, second, zone;

	if (!take(&s, 4, &year) || !str_skip_prefix(&s, STR("-")) || !take(&s, 2, &month) ||
		!str_skip_prefix(&s, STR("-")) || !take(&s, 2, &day) || year < 1970 || month < 1 ||
		month > 12 || day < 1 || day > 31)
		return false;
	int64_t midnight = days_of(year, month, day) * 86400;
	if (s.n == 0) {
		*out = midnight;
		return true;
	}
	if (!str_skip_prefix(&s, STR("T")) || !take(&s, 2, &hour) ||
		!str_skip_prefix(&s, STR(":")) || !take(&s, 2, &minute) ||
		!str_skip_prefix(&s, STR(":")) || !take(&s, 2, &second))
		return false;
	if (str_skip_prefix(&s, STR("."))) {
		while (s.n && ascii_is_digit(s.p[0]))
			s = str_skip(s, 1);
	}
	if (!take_zone(&s, &zone) || s.n)
		return false;
	*out = midnight + hour * 3600 + minute * 60 + second - zone;
	return true;
}

/* --- paths ----------------------------------------------------------------------------------- */

struct str vex_cve_of(struct str path, struct arena *a)
{
	struct str name = path, year, number;

	(void)str_rcut(path, '/', NULL, &name);
	if (!str_ends(name, STR(".json")))
		return STR_NULL;
	name.n -= 5;
	struct str rest = name;
	if ((!str_skip_prefix(&rest, STR("cve-")) && !str_skip_prefix(&rest, STR("CVE-"))) ||
		!str_cut(rest, '-', &year, &number) || year.n != 4 || number.n == 0 ||
		number.n > 19)
		return STR_NULL;
	for (size_t i = 0; i < rest.n; i++) {
		if (!ascii_is_digit(rest.p[i]) && i != year.n)
			return STR_NULL;
	}
	return arena_printf(a, "CVE-%" PRIstr, STR_ARG(rest));
}

/* Whether a path leads to a document below the list's place, and nowhere else. */
static bool is_document(struct str path, struct arena *a)
{
	struct str folder;

	if (!str_cut(path, '/', &folder, NULL))
		return vex_cve_of(path, a).n > 0;
	for (size_t i = 0; i < folder.n; i++) {
		if (!ascii_is_digit(folder.p[i]))
			return false;
	}
	return folder.n == 4 && path.n < 64 && str_find_char(str_skip(path, 5), '/') < 0 &&
	       vex_cve_of(path, a).n > 0;
}

/* --- lists ----------------------------------------------------------------------------------- */

/* A field off a line, with or without quotes. */
static struct str take_field(struct str *line)
{
	struct str field;

	(void)str_cut(*line, ',', &field, line);
	field = str_trim(field);
	if (field.n >= 2 && str_starts(field, STR("\"")) && str_ends(field, STR("\"")))
		field = str_n(field.p + 1, field.n - 2);
	return field;
}

static int add_line(
	struct vex_changes *c, struct str line, bool deleted, int64_t since, struct err *err)
{
	_cleanup_arena_ struct arena scratch = ARENA_INIT;
	struct str path = take_field(&line);
	int64_t time;

	if (!is_document(path, &scratch) || !vex_time(take_field(&line), &time)) {
		c->malformed++;
		return 0;
	}
	if (time > c->latest)
		c->latest = time;
	if (time < since)
		return 1;
	struct vex_change *change = map_get(&c->by_path, path);
	if (!change) {
		if (c->by_path.n == LIMIT_CSAF_CHANGES)
			return err_set(
				err, ERR_TOO_LARGE, "more than %d changes", LIMIT_CSAF_CHANGES);
		change = arena_alloc(&c->arena, sizeof(*change));
		change->path = arena_str(&c->arena, path);
		change->time = time;
		change->deleted = deleted;
		map_set(&c->by_path, change->path, change);
	} else if (time > change->time) {
		change->time = time;
		change->deleted = deleted;
	}
	return 1;
}

/* The whole lines of what has been read; all of it at the end. */
static int add_lines(struct vex_changes *c, struct buf *text, bool end, bool deleted, int64_t since,
	size_t *good, struct err *err)
{
	struct str rest = buf_str(text), line;

	if (!end && !str_rcut(rest, '\n', &rest, NULL))
		return 0;
	size_t n = rest.n;
	while (str_next_line(&rest, &line)) {
		if (str_trim(line).n == 0)
			continue;
		int r = add_line(c, line, deleted, since, err);
		if (r < 0)
			return r;
		*good += (size_t)r;
	}
	buf_consume(text, end ? n : n + 1);
	return 0;
}

int vex_changes_read(
	struct stream *in, bool deleted, int64_t since, struct vex_changes *out, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT(128 * KIB);
	size_t good = 0, bad = out->malformed;
	ssize_t n;

	do {
		char chunk[32768];

		n = stream_read(in, chunk, sizeof(chunk), err);
		if (n < 0)
			return (int)n;
		buf_append(&text, chunk, (size_t)n);
		int r = buf_check(&text, "a line", err);
		if (r == 0)
			r = add_lines(out, &text, n == 0, deleted, since, &good, err);
		if (r < 0)
			return r;
	} while (n > 0);
	if (good == 0 && out->malformed > bad)
		return err_set(err, ERR_INPUT, "it is no list of documents");
	return 0;
}

void vex_changes_fini(struct vex_changes *c)
{
	map_fini(&c->by_path);
	arena_fini(&c->arena);
}
