/*
 * Advisories in the form in which drivers stage and compare them. A put becomes a record of bytes;
 * the records of one (namespace, name) are folded into one, whose canonical bytes are what the
 * content hash is of. Strings stand behind a 32-bit big-endian length:
 *
 *   severity u8 | link | metadata | description hash | [CVEs, separated by spaces] | count u32 |
 *   count × { package | introduced key | introduced | fixed key | fixed | state u8 | severity u8 |
 *             [architectures] }
 *
 * CVEs and architectures are there when the severity before them says WITH_MORE, so that what has
 * none keeps the hash it had before there were any. Records never leave the machine: they live in
 * staging, not in the database.
 */
#include "store/store_priv.h"
#include "version/version.h"

/* In the byte of a severity. */
enum { WITH_MORE = 0x80 };

struct content_hash content_hash_of(struct span content)
{
	struct digest digest = digest_of(content);
	struct content_hash h;

	_Static_assert(
		(int)CONTENT_HASH_BYTES <= (int)DIGEST_BYTES, "the hash is a part of the digest");
	memcpy(h.bytes, digest.bytes, CONTENT_HASH_BYTES);
	return h;
}

void advisory_record_fini(struct advisory_record *r)
{
	vec_fini(&r->fixes);
	vec_fini(&r->cves);
}

static int check_advisory(const struct advisory *a, struct err *err)
{
	int r;

	if ((r = store_check_name("namespace", a->name_space, err)) < 0 ||
		(r = store_check_name("name", a->name, err)) < 0 ||
		(r = store_check_text("link", a->link, LIMIT_ADVISORY_TEXT, err)) < 0 ||
		(r = store_check_text("description", a->description, LIMIT_ADVISORY_TEXT, err)) <
			0 ||
		(r = store_check_text("metadata", a->metadata, LIMIT_ADVISORY_TEXT, err)) < 0)
		return r;
	if ((unsigned)a->severity >= SEVERITY_COUNT)
		return err_set(err, ERR_INPUT, "severity %u", (unsigned)a->severity);
	return 0;
}

static void append_lstr(struct buf *out, struct str s)
{
	buf_append_u32(out, (uint32_t)s.n);
	buf_append_str(out, s);
}

static void append_severity(struct buf *out, enum severity severity, bool with_more)
{
	buf_append_u8(out, (uint8_t)(severity | (with_more ? WITH_MORE : 0U)));
}

/* The key of a version, or `otherwise` for none, behind its length. */
static int append_key(const struct version_scheme *scheme, struct str version,
	struct span otherwise, struct buf *key, struct buf *out, struct err *err)
{
	if (version.n == 0) {
		append_lstr(out, str_from_span(otherwise));
		return 0;
	}
	if (!store_is_text(version))
		return err_set(err, ERR_INPUT, "version is not UTF-8 text");
	if (!scheme)
		return err_set(err, ERR_INPUT, "the version %" PRIstr " is in no known scheme",
			STR_ARG(version));
	int r = version_key(scheme, version, key, err);
	if (r < 0)
		return r;
	append_lstr(out, buf_str(key));
	return 0;
}

/* Whether it is one word. */
static bool is_word(struct str s)
{
	struct str word, rest = s;

	return str_next_word(&rest, &word) && str_eq(word, s);
}

static int encode_cves(const struct advisory *a, struct buf *out, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT(LIMIT_ADVISORY_TEXT);

	for (size_t i = 0; i < a->n_cves; i++) {
		int r = store_check_name("CVE", a->cves[i], err);

		if (r == 0 && !is_word(a->cves[i]))
			r = err_set(err, ERR_INPUT, "CVE \"%" PRIstr "\"", STR_ARG(a->cves[i]));
		if (r < 0)
			return r;
		if (text.n > 0)
			buf_append_char(&text, ' ');
		buf_append_str(&text, a->cves[i]);
	}
	if (text.overflowed)
		return err_set(err, ERR_INPUT, "CVEs of more than %zu bytes", text.max);
	append_lstr(out, buf_str(&text));
	return 0;
}

static int encode_fix(const struct version_scheme *scheme, const struct advisory_fix *f,
	struct buf *key, struct buf *out, struct err *err)
{
	int r = store_check_name("package", f->package, err);

	if (r == 0)
		r = store_check_text("architectures", f->arches, LIMIT_PACKAGE_FIELD, err);
	if (r < 0)
		return r;
	if ((unsigned)f->state >= FIX_STATE_COUNT || (unsigned)f->severity >= SEVERITY_COUNT)
		return err_set(err, ERR_INPUT, "state %u, severity %u", (unsigned)f->state,
			(unsigned)f->severity);
	append_lstr(out, f->package);
	if ((r = append_key(scheme, f->introduced, version_key_min(), key, out, err)) < 0)
		return r;
	append_lstr(out, f->introduced);
	if ((r = append_key(scheme, f->fixed_version, version_key_max(), key, out, err)) < 0)
		return r;
	append_lstr(out, f->fixed_version);
	buf_append_u8(out, (uint8_t)f->state);
	append_severity(out, f->severity, f->arches.n > 0);
	if (f->arches.n > 0)
		append_lstr(out, f->arches);
	return 0;
}

int advisory_encode(const struct advisory *a, const struct content_hash *description_hash,
	struct buf *out, struct err *err)
{
	const struct version_scheme *scheme = version_scheme_by_name(a->scheme);
	_cleanup_buf_ struct buf key = BUF_INIT(8 * LIMIT_VERSION);
	int r = check_advisory(a, err);

	if (r == 0 && !scheme && a->scheme.n > 0)
		r = err_set(err, ERR_INPUT, "unknown version scheme \"%" PRIstr "\"",
			STR_ARG(a->scheme));
	if (r < 0)
		return err_wrap(err, "advisory %" PRIstr, STR_ARG(a->name));
	buf_clear(out);
	append_severity(out, a->severity, a->n_cves > 0);
	append_lstr(out, a->link);
	append_lstr(out, a->metadata);
	append_lstr(out,
		description_hash ? str_from_span(content_hash_span(description_hash)) : STR_NULL);
	if (a->n_cves && (r = encode_cves(a, out, err)) < 0)
		return err_wrap(err, "advisory %" PRIstr, STR_ARG(a->name));
	buf_append_u32(out, (uint32_t)a->n_fixes);
	for (size_t i = 0; i < a->n_fixes; i++) {
		r = encode_fix(scheme, &a->fixes[i], &key, out, err);
		if (r < 0)
			return err_wrap(err, "advisory %" PRIstr ", package %" PRIstr,
				STR_ARG(a->name), STR_ARG(a->fixes[i].package));
	}
	if (out->overflowed)
		return err_set(err, ERR_INPUT, "advisory %" PRIstr ": larger than %zu bytes",
			STR_ARG(a->name), out->max);
	return 0;
}

static void fold_fixes(struct reader *in, struct advisory_record *out)
{
	uint32_t count = reader_be32(in);

	for (uint32_t i = 0; i < count && reader_ok(in); i++) {
		struct fix_record f = { .order = out->fixes.n };

		f.package = reader_lstr(in);
		f.introduced_key = span_from_str(reader_lstr(in));
		f.introduced = reader_lstr(in);
		f.fixed_key = span_from_str(reader_lstr(in));
		f.fixed_version = reader_lstr(in);
		f.state = (enum fix_state)reader_u8(in);
		uint8_t severity = reader_u8(in);
		f.severity = (enum severity)(severity & ~WITH_MORE);
		if (severity & WITH_MORE)
			f.arches = reader_lstr(in);
		if (reader_ok(in))
			vec_push(&out->fixes, f);
	}
}

static void fold_cves(struct reader *in, struct advisory_record *out)
{
	struct str text = reader_lstr(in), word;

	while (str_next_word(&text, &word))
		vec_push(&out->cves, word);
}

static void fold_record(struct reader *in, struct advisory_record *out)
{
	uint8_t first = reader_u8(in);
	enum severity severity = (enum severity)(first & ~WITH_MORE);
	struct str link = reader_lstr(in);
	struct str metadata = reader_lstr(in);
	struct span description_hash = span_from_str(reader_lstr(in));

	if (severity > out->severity)
		out->severity = severity;
	if (out->link.n == 0)
		out->link = link;
	if (out->metadata.n == 0)
		out->metadata = metadata;
	if (out->description_hash.n == 0)
		out->description_hash = description_hash;
	if (first & WITH_MORE)
		fold_cves(in, out);
	fold_fixes(in, out);
}

static int cmp_fix_place(const struct fix_record *a, const struct fix_record *b)
{
	int c = str_cmp(a->package, b->package);

	if (c == 0)
		c = str_cmp(str_from_span(a->introduced_key), str_from_span(b->introduced_key));
	return c ? c : str_cmp(a->arches, b->arches);
}

static int cmp_fix(const void *va, const void *vb)
{
	const struct fix_record *a = va, *b = vb;
	int c = cmp_fix_place(a, b);

	return c ? c : a->order < b->order ? -1 : a->order > b->order;
}

static void sort_fixes(struct advisory_record *r)
{
	struct fix_record *v = r->fixes.v;
	size_t n = 0;

	if (r->fixes.n < 2)
		return;
	qsort(v, r->fixes.n, sizeof(*v), cmp_fix);
	for (size_t i = 0; i < r->fixes.n; i++) {
		if (n > 0 && cmp_fix_place(&v[n - 1], &v[i]) == 0)
			v[n - 1] = v[i];
		else
			v[n++] = v[i];
	}
	r->fixes.n = n;
}

static int cmp_words(const void *va, const void *vb)
{
	return str_cmp(*(const struct str *)va, *(const struct str *)vb);
}

static void sort_cves(struct advisory_record *r)
{
	struct str *v = r->cves.v;
	size_t n = 0;

	if (r->cves.n < 2)
		return;
	qsort(v, r->cves.n, sizeof(*v), cmp_words);
	for (size_t i = 0; i < r->cves.n; i++) {
		if (n == 0 || !str_eq(v[n - 1], v[i]))
			v[n++] = v[i];
	}
	r->cves.n = n;
}

void advisory_append_cves(const struct advisory_record *r, struct buf *out)
{
	for (size_t i = 0; i < r->cves.n; i++) {
		if (i > 0)
			buf_append_char(out, ' ');
		buf_append_str(out, r->cves.v[i]);
	}
}

const struct str *store_words(struct str text, struct arena *a, size_t *n)
{
	struct str rest = text, word, *words;
	size_t count = 0, i = 0;

	while (str_next_word(&rest, &word))
		count++;
	*n = count;
	if (count == 0)
		return NULL;
	words = arena_alloc(a, count * sizeof(*words));
	for (rest = text; i < count && str_next_word(&rest, &word); i++)
		words[i] = word;
	return words;
}

static void encode_record(const struct advisory_record *r, struct buf *out)
{
	size_t cves = r->cves.n; /* with a space between two, and the bytes of each */

	append_severity(out, r->severity, cves > 0);
	append_lstr(out, r->link);
	append_lstr(out, r->metadata);
	append_lstr(out, str_from_span(r->description_hash));
	if (cves) {
		for (size_t i = 0; i < r->cves.n; i++)
			cves += r->cves.v[i].n;
		buf_append_u32(out, (uint32_t)cves - 1);
		advisory_append_cves(r, out);
	}
	buf_append_u32(out, (uint32_t)r->fixes.n);
	for (size_t i = 0; i < r->fixes.n; i++) {
		const struct fix_record *f = &r->fixes.v[i];

		append_lstr(out, f->package);
		append_lstr(out, str_from_span(f->introduced_key));
		append_lstr(out, f->introduced);
		append_lstr(out, str_from_span(f->fixed_key));
		append_lstr(out, f->fixed_version);
		buf_append_u8(out, (uint8_t)f->state);
		append_severity(out, f->severity, f->arches.n > 0);
		if (f->arches.n > 0)
			append_lstr(out, f->arches);
	}
}

int advisory_canonical(const struct advisory_record *r, struct buf *out, struct err *err)
{
	buf_clear(out);
	encode_record(r, out);
	return buf_check(out, "advisory", err);
}

int advisory_fold(
	struct span puts, struct advisory_record *out, struct buf *canonical, struct err *err)
{
	struct reader in = reader_of(puts);

	out->severity = SEVERITY_UNKNOWN;
	out->link = out->metadata = STR_NULL;
	out->description_hash = span_n(NULL, 0);
	vec_clear(&out->cves);
	vec_clear(&out->fixes);
	while (in.n > 0 && reader_ok(&in))
		fold_record(&in, out);
	if (!reader_ok(&in))
		return err_set(err, ERR_INTERNAL, "a staged advisory is damaged");
	sort_cves(out);
	sort_fixes(out);
	return advisory_canonical(out, canonical, err);
}
