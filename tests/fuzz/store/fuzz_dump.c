/*
 * A file of everything, decompressed: whatever the bytes, the reader shows only what lies within
 * them, source by source, and the pieces in which they come make no difference. The digest at the
 * end is put right, so that more than its check is reached.
 */
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

struct counter {
	struct store_visitor visitor;
	struct dump_counts seen;
	uint64_t bytes;
};

static void touch(struct counter *c, struct str s)
{
	c->bytes += s.n;
	for (size_t i = 0; i < s.n; i += 64)
		c->bytes += (uint8_t)s.p[i] & 1;
}

static int count_source(
	struct store_visitor *v, const struct source_state *s, struct err *err UNUSED)
{
	struct counter *c = (struct counter *)v;

	CHECK(s->name.n > 0 && s->updated_at > 0);
	touch(c, s->name);
	touch(c, s->documents);
	c->seen.sources++;
	return 0;
}

static int count_advisory(struct store_visitor *v, const struct advisory *a, struct err *err UNUSED)
{
	struct counter *c = (struct counter *)v;

	CHECK(c->seen.sources > 0);
	touch(c, a->metadata);
	for (size_t i = 0; i < a->n_cves; i++)
		touch(c, a->cves[i]);
	for (size_t i = 0; i < a->n_fixes; i++)
		touch(c, a->fixes[i].arches);
	c->seen.advisories++;
	return 0;
}

static int count_cve(struct store_visitor *v, const struct cve_record *r, struct err *err UNUSED)
{
	struct counter *c = (struct counter *)v;

	touch(c, r->metadata);
	c->seen.cves++;
	return 0;
}

static int read_in_pieces(struct span bytes, size_t piece, struct counter *c)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct stream_mem in;
	struct dump_counts counts;

	*c = (struct counter){ .visitor = {
				       .source = count_source,
				       .advisory = count_advisory,
				       .cve = count_cve,
			       } };
	stream_mem_init(&in, bytes, piece);
	int r = dump_read(&in.stream, &c->visitor, &counts, &err);
	CHECK(r <= 0 && (r == 0 || *err_msg(&err)));
	CHECK(counts.sources == c->seen.sources && counts.advisories == c->seen.advisories &&
		counts.cves == c->seen.cves);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_buf_ struct buf b = BUF_INIT(64 * MIB);
	struct counter whole, pieces;

	buf_append(&b, data, size);
	struct digest d = digest_of(span_n(data, size));
	buf_append(&b, d.bytes, sizeof(d.bytes));
	int r = read_in_pieces(buf_span(&b), 0, &whole);
	CHECK(read_in_pieces(buf_span(&b), 3, &pieces) == r);
	CHECK(whole.bytes == pieces.bytes);
	return 0;
}
