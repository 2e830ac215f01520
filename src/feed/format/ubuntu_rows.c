/*
 * What rows come to, for a package in a release:
 *
 *   released (V)                 fixed in V; of versions that only Ubuntu Pro gets (…esm…), there
 *   needed, active, pending      affected
 *   deferred                     affected, deferred
 *   ignored (end of life, …)     affected, end of life
 *   ignored (…)                  affected, will not be fixed
 *   needs-triage                 nothing: nobody has looked whether it is affected
 *   not-affected, DNE            nothing
 *
 * Rows of Expanded Security Maintenance (esm-infra/RELEASE, esm-apps/RELEASE, RELEASE/esm) speak of
 * the same source as those of the release: a fix there is one in Pro as long as the release has
 * none; and where the release's own row says only that its time is over, what ESM found holds. Rows
 * of other products (FIPS, real-time, ROS, snaps, phones) are about other builds: left out, as are
 * upstream, and devel, whose release the file does not name.
 */
#include "feed/format/ubuntu_rows.h"

#include "base/base.h"
#include "base/utf8.h"
#include "distro/distro.h"
#include "feed/sink.h"
#include "version/version.h"

#define NAME_SHOWN 100

enum status {
	STATUS_NONE, /* no row */
	STATUS_RELEASED,
	STATUS_NEEDED,
	STATUS_DEFERRED,
	STATUS_TRIAGE,
	STATUS_NOT_AFFECTED,
	STATUS_DNE,
	STATUS_IGNORED,
	STATUS_OVER,        /* its time is over; nothing tells what it was before */
	STATUS_OVER_NEEDED, /* the same, and it was affected */
	STATUS_OVER_TRIAGE, /* the same, and nobody had looked */
	STATUS_UNKNOWN
};

struct row {
	enum status status;
	struct str version; /* of STATUS_RELEASED */
};

/* A package in a release. */
struct entry {
	const char *release; /* "22.04"; static, one pointer a release */
	struct str package;
	struct row plain;
	struct row pro;
	size_t order;
};

struct priority {
	struct str package; /* or "package_release" */
	enum severity severity;
};

struct ubuntu_rows {
	struct feed_sink *sink;
	struct arena noted; /* codenames that were noted as unknown */
	struct str unknown[16];
	size_t n_unknown;
	/* The file at hand: */
	struct arena arena;
	struct str cve;
	enum severity severity;
	VEC_OF(struct priority) priorities;
	VEC_OF(struct entry *) entries;
	struct map by_key; /* "release package" → struct entry */
	struct buf description;
};

/* --- words ----------------------------------------------------------------------------------- */

enum severity ubuntu_severity(struct str priority)
{
	static const struct {
		struct str word;
		enum severity severity;
	} words[] = {
		{ STR_INIT("negligible"), SEVERITY_NEGLIGIBLE },
		{ STR_INIT("low"), SEVERITY_LOW },
		{ STR_INIT("medium"), SEVERITY_MEDIUM },
		{ STR_INIT("high"), SEVERITY_HIGH },
		{ STR_INIT("critical"), SEVERITY_CRITICAL },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_eq_nocase(priority, words[i].word))
			return words[i].severity;
	}
	return SEVERITY_UNKNOWN;
}

bool ubuntu_is_kernel(struct str package)
{
	/* Programs and firmware whose names begin like those of kernels. */
	static const struct str others[] = {
		STR_INIT("linux-atm"),
		STR_INIT("linux-firmware"),
		STR_INIT("linux-ftpd"),
		STR_INIT("linux-igd"),
		STR_INIT("linux-user-chroot"),
	};

	if (str_eq(package, STR("linux")))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		if (str_starts(package, others[i]))
			return false;
	}
	return str_starts(package, STR("linux-"));
}

static bool contains(struct str s, const char *const *words)
{
	for (size_t i = 0; words[i]; i++) {
		if (str_find(s, str_of(words[i])) >= 0)
			return true;
	}
	return false;
}

/* Of "ignored", by what stands behind it: "(end of life, was needed)". */
static enum status status_of_ignored(struct str why)
{
	static const char *const over[] = { "end of life", "end-of-life", "end of standard support",
		"end of ESM support", "end of support", "end of kernel support",
		"out of standard support", "out of support", "EOL", NULL };
	static const char *const triage[] = { "was needs-triage", NULL };
	static const char *const fine[] = { "was not-affected", "was DNE", NULL };
	static const char *const affected[] = { "was needed", "was deferred", "was pending",
		"was ignored", "was active", NULL };
	bool is_over = contains(why, over);

	if (contains(why, fine))
		return STATUS_NOT_AFFECTED;
	if (contains(why, triage))
		return is_over ? STATUS_OVER_TRIAGE : STATUS_TRIAGE;
	if (!is_over)
		return STATUS_IGNORED;
	return contains(why, affected) ? STATUS_OVER_NEEDED : STATUS_OVER;
}

static enum status status_of(struct str word, struct str why)
{
	static const struct {
		struct str word;
		enum status status;
	} words[] = {
		{ STR_INIT("DNE"), STATUS_DNE },
		{ STR_INIT("not-affected"), STATUS_NOT_AFFECTED },
		{ STR_INIT("released"), STATUS_RELEASED },
		{ STR_INIT("needed"), STATUS_NEEDED },
		{ STR_INIT("active"), STATUS_NEEDED },
		{ STR_INIT("in-progress"), STATUS_NEEDED },
		{ STR_INIT("pending"), STATUS_NEEDED },
		{ STR_INIT("deferred"), STATUS_DEFERRED },
		{ STR_INIT("needs-triage"), STATUS_TRIAGE },
	};

	if (str_eq_nocase(word, STR("ignored")))
		return status_of_ignored(why);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_eq_nocase(word, words[i].word))
			return words[i].status;
	}
	return STATUS_UNKNOWN;
}

/* --- rows ------------------------------------------------------------------------------------ */

static void note_unknown_codename(struct ubuntu_rows *t, struct str codename)
{
	codename = str_head(codename, NAME_SHOWN);
	for (size_t i = 0; i < t->n_unknown; i++) {
		if (str_eq(t->unknown[i], codename))
			return;
	}
	if (t->n_unknown == ARRAY_LEN(t->unknown))
		return;
	t->unknown[t->n_unknown++] = arena_str(&t->noted, codename);
	feed_note(t->sink, "%" PRIstr ": release %" PRIstr ": unknown codename", STR_ARG(t->cve),
		STR_ARG(codename));
}

/* The version of the release that a row is about, and whether it is one of ESM; NULL for rows of
 * something else. */
static const char *release_of_row(struct ubuntu_rows *t, struct str word, bool *pro)
{
	static const struct str others[] = { STR_INIT("upstream"), STR_INIT("devel"),
		STR_INIT("product"), STR_INIT("snap"), STR_INIT("Patches"), STR_INIT("Priority"),
		STR_INIT("Tags"), STR_INIT("Assigned-to") };
	struct str first, second;

	*pro = str_cut(word, '/', &first, &second);
	if (*pro) {
		bool legacy_form = str_eq(second, STR("esm"));

		if (!legacy_form && !str_starts(first, STR("esm-")))
			return NULL;
		return distro_ubuntu_version(legacy_form ? first : second);
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		if (str_eq(word, others[i]))
			return NULL;
	}
	const char *version = distro_ubuntu_version(word);
	if (!version)
		note_unknown_codename(t, word);
	return version;
}

static struct entry *entry_of(struct ubuntu_rows *t, const char *release, struct str package)
{
	struct str key = arena_printf(&t->arena, "%s %" PRIstr, release, STR_ARG(package));
	struct entry *e = map_get(&t->by_key, key);

	if (e)
		return e;
	e = arena_alloc(&t->arena, sizeof(*e));
	*e = (struct entry){
		.release = release, .package = arena_str(&t->arena, package), .order = t->entries.n
	};
	map_set(&t->by_key, key, e);
	vec_push(&t->entries, e);
	return e;
}

/* Of several rows of ESM (infra, apps, legacy) a fix counts, then the first that says something. */
static void merge_pro(struct row *pro, const struct row *row)
{
	if (pro->status == STATUS_NONE || pro->status == STATUS_DNE ||
		(row->status == STATUS_RELEASED && pro->status != STATUS_RELEASED))
		*pro = *row;
}

/* What a row says; false when it makes no sense, which is noted. */
static bool read_status(struct ubuntu_rows *t, struct str release, struct str package,
	struct str status, struct str why, struct row *row)
{
	release = str_head(release, NAME_SHOWN);
	package = str_head(package, NAME_SHOWN);
	*row = (struct row){ .status = status_of(status, why) };
	if (row->status == STATUS_UNKNOWN) {
		feed_note(t->sink,
			"%" PRIstr ": %" PRIstr "_%" PRIstr ": unknown status \"%" PRIstr "\"",
			STR_ARG(t->cve), STR_ARG(release), STR_ARG(package),
			STR_ARG(str_head(status, NAME_SHOWN)));
		return false;
	}
	if (row->status != STATUS_RELEASED)
		return true;
	row->version = why;
	if (version_is_valid(version_scheme_by_name(STR("dpkg")), why))
		return true;
	feed_note(t->sink,
		"%" PRIstr ": %" PRIstr "_%" PRIstr ": released in \"%" PRIstr
		"\", which is no version",
		STR_ARG(t->cve), STR_ARG(release), STR_ARG(package),
		STR_ARG(str_head(why, NAME_SHOWN)));
	return false;
}

void ubuntu_rows_add(struct ubuntu_rows *t, struct str word, struct str package, struct str status,
	struct str why)
{
	struct row row;
	bool pro;
	const char *release = release_of_row(t, word, &pro);

	if (!release || ubuntu_is_kernel(package) || t->arena.used_bytes > LIMIT_ADVISORY_RECORD)
		return;
	if (!feed_is_word(package)) {
		feed_note(t->sink, "%" PRIstr ": malformed name of a package", STR_ARG(t->cve));
		return;
	}
	if (!read_status(t, word, package, status, why, &row))
		return;
	row.version = arena_str(&t->arena, row.version);
	struct entry *e = entry_of(t, release, package);
	if (pro)
		merge_pro(&e->pro, &row);
	else
		e->plain = row;
}

void ubuntu_rows_describe(struct ubuntu_rows *t, struct str line)
{
	struct buf *out = &t->description;

	line = str_trim(line);
	if (line.n == 0 || out->n + line.n > LIMIT_ADVISORY_TEXT / 4)
		return;
	if (out->n)
		buf_append_char(out, ' ');
	while (line.n) {
		size_t n = utf8_check(line.p, line.n);

		if (n == 0)
			buf_append_str(out, STR("\xEF\xBF\xBD"));
		else if (line.p[0] == '\0')
			buf_append_char(out, ' ');
		else
			buf_append(out, line.p, n);
		line = str_skip(line, n ? n : 1);
	}
}

void ubuntu_rows_set_severity(struct ubuntu_rows *t, enum severity severity)
{
	t->severity = severity;
}

void ubuntu_rows_add_priority(struct ubuntu_rows *t, struct str package, enum severity severity)
{
	if (t->arena.used_bytes < LIMIT_ADVISORY_RECORD)
		vec_push(
			&t->priorities, (struct priority){ .package = arena_str(&t->arena, package),
						.severity = severity });
}

/* --- advisories ------------------------------------------------------------------------------ */

/* The most particular priority: of the package in the release, of the package, of the CVE. */
static enum severity severity_in(struct ubuntu_rows *t, const struct entry *e)
{
	enum severity severity = t->severity;
	bool exact = false;

	vec_for_each(p, &t->priorities) {
		struct str package, release;
		bool of_release = str_rcut(p->package, '_', &package, &release);

		if (!str_eq(of_release ? package : p->package, e->package) ||
			(of_release && distro_ubuntu_version(release) != e->release) ||
			(exact && !of_release))
			continue;
		severity = p->severity;
		exact |= of_release;
	}
	return severity;
}

static bool is_of_pro(struct str version)
{
	return str_find(version, STR("+esm")) >= 0 || str_find(version, STR("~esm")) >= 0;
}

/* Whether a row of ESM found that the package is affected. */
static bool found_affected(const struct row *row)
{
	return row->status == STATUS_NEEDED || row->status == STATUS_DEFERRED ||
	       row->status == STATUS_OVER_NEEDED;
}

/* Without a fix: the state, or false for nothing. */
static bool state_without_fix(const struct entry *e, enum fix_state *state)
{
	const struct row *row = e->plain.status == STATUS_NONE ? &e->pro : &e->plain;
	bool fine = e->pro.status == STATUS_NOT_AFFECTED;
	bool affected = found_affected(&e->pro);

	*state = FIX_STATE_END_OF_LIFE;
	switch (row->status) {
	case STATUS_NEEDED:
		*state = FIX_STATE_AFFECTED;
		return true;
	case STATUS_DEFERRED:
		*state = FIX_STATE_DEFERRED;
		return true;
	case STATUS_IGNORED:
		*state = FIX_STATE_WILL_NOT_FIX;
		return !fine;
	case STATUS_TRIAGE:
		*state = FIX_STATE_AFFECTED;
		return affected;
	case STATUS_OVER_TRIAGE:
		return affected;
	case STATUS_OVER:
		return !fine && e->pro.status != STATUS_TRIAGE &&
		       e->pro.status != STATUS_OVER_TRIAGE;
	case STATUS_OVER_NEEDED:
		return !fine;
	case STATUS_NONE:
	case STATUS_RELEASED:
	case STATUS_NOT_AFFECTED:
	case STATUS_DNE:
	case STATUS_UNKNOWN:
		return false;
	}
	return false;
}

/* What the rows of a package in a release come to; false for nothing. */
static bool decide(struct ubuntu_rows *t, const struct entry *e, struct advisory_fix *fix)
{
	*fix = (struct advisory_fix){ .package = e->package, .severity = severity_in(t, e) };
	if (e->plain.status == STATUS_RELEASED) {
		fix->fixed_version = e->plain.version;
		fix->state = is_of_pro(e->plain.version) ? FIX_STATE_FIXED_IN_PRO : FIX_STATE_FIXED;
		return true;
	}
	if (e->plain.status == STATUS_NOT_AFFECTED)
		return false;
	if (e->pro.status == STATUS_RELEASED) {
		fix->fixed_version = e->pro.version;
		fix->state = FIX_STATE_FIXED_IN_PRO;
		return true;
	}
	return state_without_fix(e, &fix->state);
}

static int by_release(const void *a, const void *b)
{
	const struct entry *x = *(const struct entry *const *)a,
			   *y = *(const struct entry *const *)b;
	int order = strcmp(x->release, y->release);

	return order ? order : x->order < y->order ? -1 : 1;
}

static int put_release(struct ubuntu_rows *t, const char *release, const struct advisory_fix *fixes,
	size_t n, struct err *err)
{
	_cleanup_err_ struct err refused = ERR_INIT;
	struct advisory advisory = {
		.name_space = arena_printf(&t->arena, "ubuntu:%s", release),
		.scheme = STR("dpkg"),
		.name = t->cve,
		.severity = t->severity,
		.link = arena_printf(&t->arena,
			"http://people.ubuntu.com/~ubuntu-security/cve/%" PRIstr, STR_ARG(t->cve)),
		.description = buf_str(&t->description),
		.fixes = fixes,
		.n_fixes = n,
	};
	int r = n ? t->sink->put(t->sink, &advisory, &refused) : 0;

	/* What cannot be stored was noted. */
	return r < 0 && r != -ERR_INPUT ? err_move(err, &refused) : 0;
}

int ubuntu_rows_put(struct ubuntu_rows *t, struct err *err)
{
	VEC_OF(struct advisory_fix) fixes = VEC_INIT;
	struct advisory_fix fix;
	int r = 0;

	if (t->entries.n)
		qsort(t->entries.v, t->entries.n, sizeof(struct entry *), by_release);
	for (size_t i = 0; i < t->entries.n && r == 0; i++) {
		const struct entry *e = t->entries.v[i];

		if (decide(t, e, &fix))
			vec_push(&fixes, fix);
		if (i + 1 < t->entries.n && strcmp(t->entries.v[i + 1]->release, e->release) == 0)
			continue;
		r = put_release(t, e->release, fixes.v, fixes.n, err);
		vec_clear(&fixes);
	}
	vec_fini(&fixes);
	return r;
}

/* --- the whole ------------------------------------------------------------------------------- */

void ubuntu_rows_begin(struct ubuntu_rows *t, struct str cve)
{
	arena_fini(&t->arena);
	map_fini(&t->by_key);
	map_init(&t->by_key);
	buf_clear(&t->description);
	vec_clear(&t->priorities);
	vec_clear(&t->entries);
	t->cve = arena_str(&t->arena, cve);
	t->severity = SEVERITY_UNKNOWN;
}

struct ubuntu_rows *ubuntu_rows_new(struct feed_sink *sink)
{
	struct ubuntu_rows *t = xcalloc(1, sizeof(*t));

	t->sink = sink;
	buf_init(&t->description, LIMIT_ADVISORY_TEXT);
	map_init(&t->by_key);
	return t;
}

void ubuntu_rows_free(struct ubuntu_rows *t)
{
	if (!t)
		return;
	arena_fini(&t->noted);
	arena_fini(&t->arena);
	map_fini(&t->by_key);
	buf_fini(&t->description);
	vec_fini(&t->priorities);
	vec_fini(&t->entries);
	free(t);
}
