/*
 * A file of everything, read; see dump.h. A record at a time is in memory.
 */
#include "store/dump_priv.h"

struct dump_reader {
	struct stream *in;
	struct store_visitor *visitor;
	struct digest_ctx *digest;
	struct buf content;
	struct buf last_source;
	struct dump_counts counts;
};

static int damaged(const char *what, struct err *err)
{
	return err_set(err, ERR_INPUT, "the file is damaged: %s", what);
}

/* All n bytes, which count for the digest. */
static int read_bytes(struct dump_reader *d, void *p, size_t n, struct err *err)
{
	ssize_t r = stream_read_full(d->in, p, n, err);

	if (r < 0)
		return (int)r;
	if ((size_t)r < n)
		return err_set(err, ERR_INPUT, "the file is cut off");
	digest_update(d->digest, p, n);
	return 0;
}

static int read_head(struct dump_reader *d, struct err *err)
{
	uint8_t head[sizeof(DUMP_MAGIC) - 1 + 4];
	ssize_t r = stream_read_full(d->in, head, sizeof(head), err);

	if (r < 0)
		return (int)r;
	if ((size_t)r < sizeof(head) || memcmp(head, DUMP_MAGIC, sizeof(DUMP_MAGIC) - 1) != 0)
		return err_set(err, ERR_INPUT, "no file that \"clair db export\" has made");
	digest_update(d->digest, head, sizeof(head));
	uint32_t version = get_be32(head + sizeof(DUMP_MAGIC) - 1);
	if (version != DUMP_VERSION)
		return err_set(err, version > DUMP_VERSION ? ERR_UNSUPPORTED : ERR_INPUT,
			"the file has version %" PRIu32 ", this clair reads version %d", version,
			DUMP_VERSION);
	return 0;
}

static int read_source(struct dump_reader *d, struct reader *in, struct err *err)
{
	struct source_state s = { .name = reader_lstr(in) };

	s.location = reader_lstr(in);
	s.etag = reader_lstr(in);
	s.last_modified = reader_lstr(in);
	s.digest = reader_lstr(in);
	s.documents = reader_lstr(in);
	s.updated_at = (int64_t)reader_be64(in);
	s.checked_at = (int64_t)reader_be64(in);
	if (!reader_ok(in) || in->n > 0 || !store_is_name(s.name) || s.updated_at <= 0)
		return damaged("a source", err);
	if (d->counts.cves > 0 ||
		(d->counts.sources > 0 && str_cmp(buf_str(&d->last_source), s.name) >= 0))
		return damaged("the order of sources", err);
	buf_clear(&d->last_source);
	buf_append_str(&d->last_source, s.name);
	d->counts.sources++;
	return d->visitor->source(d->visitor, &s, err);
}

static void read_fix(struct reader *in, struct advisory_fix *f)
{
	f->package = reader_lstr(in);
	f->introduced = reader_lstr(in);
	f->fixed_version = reader_lstr(in);
	f->state = (enum fix_state)reader_u8(in);
	f->severity = (enum severity)reader_u8(in);
	f->arches = reader_lstr(in);
}

/* How many things follow, of at least `least` bytes each. */
static size_t read_count(struct reader *in, size_t least)
{
	size_t n = reader_be32(in);

	if (n > in->n / least)
		in->failed = true;
	return in->failed ? 0 : n;
}

static int read_advisory(struct dump_reader *d, struct reader *in, struct err *err)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct advisory a = { .name_space = reader_lstr(in) };

	a.scheme = reader_lstr(in);
	a.name = reader_lstr(in);
	a.severity = (enum severity)reader_u8(in);
	a.link = reader_lstr(in);
	a.description = reader_lstr(in);
	a.metadata = reader_lstr(in);
	a.n_cves = read_count(in, 4);
	struct str *cves = arena_alloc(&arena, (a.n_cves + 1) * sizeof(*cves));
	for (size_t i = 0; i < a.n_cves; i++)
		cves[i] = reader_lstr(in);
	a.n_fixes = read_count(in, 4 * 4 + 2);
	struct advisory_fix *fixes = arena_alloc(&arena, (a.n_fixes + 1) * sizeof(*fixes));
	for (size_t i = 0; i < a.n_fixes; i++)
		read_fix(in, &fixes[i]);
	a.cves = cves;
	a.fixes = fixes;
	if (!reader_ok(in) || in->n > 0 || d->counts.sources == 0 || d->counts.cves > 0)
		return damaged("an advisory", err);
	d->counts.advisories++;
	return d->visitor->advisory(d->visitor, &a, err);
}

static int read_cve(struct dump_reader *d, struct reader *in, struct err *err)
{
	struct cve_record c = { .name = reader_lstr(in) };

	c.severity = (enum severity)reader_u8(in);
	c.metadata = reader_lstr(in);
	if (!reader_ok(in) || in->n > 0 || d->counts.sources == 0)
		return damaged("a CVE", err);
	d->counts.cves++;
	return d->visitor->cve(d->visitor, &c, err);
}

static int read_end(struct dump_reader *d, struct reader *in, struct err *err)
{
	uint8_t stored[DIGEST_BYTES], rest;
	uint64_t sources = reader_be64(in), advisories = reader_be64(in), cves = reader_be64(in);
	struct digest digest = digest_final(d->digest);

	if (!reader_ok(in) || in->n > 0 || sources != d->counts.sources ||
		advisories != d->counts.advisories || cves != d->counts.cves)
		return damaged("it holds more or less than it says", err);
	int r = read_bytes(d, stored, sizeof(stored), err);
	if (r < 0)
		return r;
	if (memcmp(stored, digest.bytes, sizeof(stored)) != 0)
		return damaged("its SHA-256 is another one", err);
	ssize_t n = stream_read_full(d->in, &rest, 1, err);
	return n > 0 ? damaged("something stands behind the end", err) : (int)n;
}

/* 1: there is more; 0: that was the end. */
static int read_record(struct dump_reader *d, struct err *err)
{
	uint8_t head[DUMP_HEAD_BYTES];
	int r = read_bytes(d, head, sizeof(head), err);

	if (r < 0)
		return r;
	size_t n = get_be32(head + 1);
	buf_clear(&d->content);
	void *p = n <= LIMIT_ADVISORY_RECORD ? buf_reserve(&d->content, n) : NULL;
	if (n > 0 && !p)
		return damaged("a record is too large", err);
	if (n > 0 && (r = read_bytes(d, p, n, err)) < 0)
		return r;
	buf_commit(&d->content, n);
	struct reader in = reader_of(buf_span(&d->content));
	switch (head[0]) {
	case DUMP_SOURCE:
		r = read_source(d, &in, err);
		break;
	case DUMP_ADVISORY:
		r = read_advisory(d, &in, err);
		break;
	case DUMP_CVE:
		r = read_cve(d, &in, err);
		break;
	case DUMP_END:
		return read_end(d, &in, err);
	default:
		return damaged("an unknown kind of record", err);
	}
	return r < 0 ? r : 1;
}

int dump_read(
	struct stream *in, struct store_visitor *v, struct dump_counts *counts, struct err *err)
{
	_cleanup_(digest_freep) struct digest_ctx *digest = digest_new();
	struct dump_reader d = { .in = in,
		.visitor = v,
		.digest = digest,
		.content = BUF_INIT(LIMIT_ADVISORY_RECORD),
		.last_source = BUF_INIT(LIMIT_PACKAGE_FIELD) };
	int r = read_head(&d, err);

	if (r == 0) {
		do
			r = read_record(&d, err);
		while (r > 0);
	}
	buf_fini(&d.content);
	buf_fini(&d.last_source);
	*counts = d.counts;
	return r;
}
