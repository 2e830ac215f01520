/*
 * Everything into a file, see dump.h.
 */
#include "store/dump_priv.h"

struct writer {
	struct store_visitor visitor;
	struct zstd_writer *zstd;
	struct digest_ctx *digest;
	struct buf content;
	struct dump_counts counts;
};

static int write_bytes(struct writer *w, struct span bytes, struct err *err)
{
	digest_update(w->digest, bytes.p, bytes.n);
	return zstd_writer_add(w->zstd, bytes, err);
}

/* Writes what is in w->content. */
static int write_record(struct writer *w, enum dump_kind kind, struct err *err)
{
	uint8_t head[DUMP_HEAD_BYTES] = { (uint8_t)kind };
	int r = buf_check(&w->content, "a record", err);

	if (r < 0)
		return r;
	put_be32(head + 1, (uint32_t)w->content.n);
	r = write_bytes(w, span_n(head, sizeof(head)), err);
	return r < 0 ? r : write_bytes(w, buf_span(&w->content), err);
}

static int write_source(struct store_visitor *v, const struct source_state *s, struct err *err)
{
	struct writer *w = (struct writer *)v;
	struct buf *b = &w->content;

	w->counts.sources++;
	buf_clear(b);
	buf_append_lstr(b, s->name);
	buf_append_lstr(b, s->location);
	buf_append_lstr(b, s->etag);
	buf_append_lstr(b, s->last_modified);
	buf_append_lstr(b, s->digest);
	buf_append_lstr(b, s->documents);
	buf_append_u64(b, (uint64_t)s->updated_at);
	buf_append_u64(b, (uint64_t)s->checked_at);
	return write_record(w, DUMP_SOURCE, err);
}

static void append_fix(struct buf *b, const struct advisory_fix *f)
{
	buf_append_lstr(b, f->package);
	buf_append_lstr(b, f->introduced);
	buf_append_lstr(b, f->fixed_version);
	buf_append_u8(b, (uint8_t)f->state);
	buf_append_u8(b, (uint8_t)f->severity);
	buf_append_lstr(b, f->arches);
}

static int write_advisory(struct store_visitor *v, const struct advisory *a, struct err *err)
{
	struct writer *w = (struct writer *)v;
	struct buf *b = &w->content;

	w->counts.advisories++;
	buf_clear(b);
	buf_append_lstr(b, a->name_space);
	buf_append_lstr(b, a->scheme);
	buf_append_lstr(b, a->name);
	buf_append_u8(b, (uint8_t)a->severity);
	buf_append_lstr(b, a->link);
	buf_append_lstr(b, a->description);
	buf_append_lstr(b, a->metadata);
	buf_append_u32(b, (uint32_t)a->n_cves);
	for (size_t i = 0; i < a->n_cves; i++)
		buf_append_lstr(b, a->cves[i]);
	buf_append_u32(b, (uint32_t)a->n_fixes);
	for (size_t i = 0; i < a->n_fixes; i++)
		append_fix(b, &a->fixes[i]);
	return write_record(w, DUMP_ADVISORY, err);
}

static int write_cve(struct store_visitor *v, const struct cve_record *c, struct err *err)
{
	struct writer *w = (struct writer *)v;

	w->counts.cves++;
	buf_clear(&w->content);
	buf_append_lstr(&w->content, c->name);
	buf_append_u8(&w->content, (uint8_t)c->severity);
	buf_append_lstr(&w->content, c->metadata);
	return write_record(w, DUMP_CVE, err);
}

static int write_head(struct writer *w, struct err *err)
{
	buf_append(&w->content, DUMP_MAGIC, strlen(DUMP_MAGIC));
	buf_append_u32(&w->content, DUMP_VERSION);
	return write_bytes(w, buf_span(&w->content), err);
}

static int write_end(struct writer *w, struct err *err)
{
	buf_clear(&w->content);
	buf_append_u64(&w->content, w->counts.sources);
	buf_append_u64(&w->content, w->counts.advisories);
	buf_append_u64(&w->content, w->counts.cves);
	int r = write_record(w, DUMP_END, err);
	if (r < 0)
		return r;
	struct digest d = digest_final(w->digest);
	r = zstd_writer_add(w->zstd, span_n(d.bytes, sizeof(d.bytes)), err);
	return r < 0 ? r : zstd_writer_end(w->zstd, err);
}

int store_export(
	struct store *s, int fd, const char *what, struct dump_counts *counts, struct err *err)
{
	_cleanup_(zstd_writer_freep) struct zstd_writer *zstd = zstd_writer_new(fd, what);
	_cleanup_(digest_freep) struct digest_ctx *digest = digest_new();
	struct writer w = {
		.visitor = { .source = write_source, .advisory = write_advisory, .cve = write_cve },
		.zstd = zstd,
		.digest = digest,
		.content = BUF_INIT(LIMIT_ADVISORY_RECORD),
	};
	int r = write_head(&w, err);

	if (r == 0)
		r = store_visit(s, &w.visitor, err);
	if (r == 0)
		r = write_end(&w, err);
	buf_fini(&w.content);
	*counts = w.counts;
	return r;
}
