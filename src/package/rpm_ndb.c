/*
 * rpm's own database, "ndb" (Packages.db of SUSE; rpm's lib/backend/ndb/rpmpkg.c defines it). All
 * integers are little-endian. A header, then pages of 16-byte slots, each naming a package's number
 * and where its blob lies, in blocks of 16 bytes; then the blobs between a head and a tail that
 * carry magics, length and an Adler-32 sum (RFC 1950), which rpm computes but does not verify when
 * it reads: here it is. The index beside it (Index.db) is not needed.
 */
#include "base/base.h"

#include <zlib.h>

#include "package/package_priv.h"
#include "package/rpm_priv.h"

#define MAGIC(a, b, c, d) \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

static const uint32_t FILE_MAGIC = MAGIC('R', 'p', 'm', 'P');
static const uint32_t SLOT_MAGIC = MAGIC('S', 'l', 'o', 't');
static const uint32_t BLOB_START_MAGIC = MAGIC('B', 'l', 'b', 'S');
static const uint32_t BLOB_END_MAGIC = MAGIC('B', 'l', 'b', 'E');

enum {
	HEADER_SIZE = 32, /* lies where the first slots of the first page would */
	SLOT_PAGE_SIZE = 4096,
	SLOT_SIZE = 16,
	BLOCK_SIZE = 16,
	BLOB_HEAD_SIZE = 16, /* magic, package number, generation, length */
	BLOB_TAIL_SIZE = 12, /* sum of everything before, length, magic */
};

struct slot {
	uint32_t package;
	uint32_t first_block;
	uint32_t block_count;
};

struct ndb {
	struct span file;
	size_t slots_end;     /* bytes */
	uint64_t blocks_used; /* by the slots so far */
};

static int open_header(struct ndb *db, struct err *err)
{
	struct span f = db->file;

	if (f.n < HEADER_SIZE || get_le32(f.p) != FILE_MAGIC)
		return err_set(err, ERR_INPUT, "not an ndb package database");

	uint32_t version = get_le32(f.p + 4);
	uint32_t slot_pages = get_le32(f.p + 12);
	if (version != 0)
		return err_set(
			err, ERR_UNSUPPORTED, "ndb version %" PRIu32 " is not supported", version);
	if (slot_pages == 0 || slot_pages > f.n / SLOT_PAGE_SIZE || f.n % BLOCK_SIZE != 0)
		return err_set(err, ERR_INPUT,
			"ndb of %zu bytes is truncated: it has %" PRIu32 " pages of slots", f.n,
			slot_pages);
	db->slots_end = (size_t)slot_pages * SLOT_PAGE_SIZE;
	/* What follows is blobs or zeros: another slot means that the count of pages is damaged. */
	if (db->slots_end < f.n && get_le32(f.p + db->slots_end) == SLOT_MAGIC)
		return err_set(err, ERR_INPUT, "ndb has more than its %" PRIu32 " pages of slots",
			slot_pages);
	return 0;
}

static int blob_bounds(struct ndb *db, const struct slot *s, struct err *err)
{
	uint64_t file_blocks = db->file.n / BLOCK_SIZE;
	uint64_t end = (uint64_t)s->first_block + s->block_count;

	if (s->package == 0 || s->block_count < 2 || s->first_block < db->slots_end / BLOCK_SIZE ||
		end > file_blocks)
		return err_set(err, ERR_INPUT,
			"slot names blocks %" PRIu32 " to %" PRIu64 " of %" PRIu64, s->first_block,
			end, file_blocks);
	/* Blobs do not overlap; together they cannot take more than there is. */
	db->blocks_used += s->block_count;
	if (db->blocks_used > file_blocks)
		return err_set(err, ERR_INPUT, "slots overlap");
	return 0;
}

static int blob_content(
	const struct ndb *db, const struct slot *s, struct span *content, struct err *err)
{
	const uint8_t *p = db->file.p + (size_t)s->first_block * BLOCK_SIZE;
	size_t n = (size_t)s->block_count * BLOCK_SIZE;
	const uint8_t *tail = p + n - BLOB_TAIL_SIZE;
	uint32_t length = get_le32(p + 12);
	uint64_t whole = (uint64_t)length + BLOB_HEAD_SIZE + BLOB_TAIL_SIZE;

	if (get_le32(p) != BLOB_START_MAGIC || get_le32(p + 4) != s->package)
		return err_set(err, ERR_INPUT, "blob does not begin where its slot says");
	if ((whole + BLOCK_SIZE - 1) / BLOCK_SIZE != s->block_count)
		return err_set(err, ERR_INPUT, "blob of %" PRIu32 " bytes in %" PRIu32 " blocks",
			length, s->block_count);
	if (get_le32(tail + 4) != length || get_le32(tail + 8) != BLOB_END_MAGIC)
		return err_set(err, ERR_INPUT, "blob does not end where its slot says");
	if (length > LIMIT_RPM_HEADER)
		return err_set(err, ERR_TOO_LARGE, "header of %" PRIu32 " bytes", length);
	if (adler32_z(adler32_z(0, NULL, 0), p, n - BLOB_TAIL_SIZE) != get_le32(tail))
		return err_set(err, ERR_INPUT, "checksum of the blob is wrong");
	*content = span_n(p + BLOB_HEAD_SIZE, length);
	return 0;
}

static int read_slot(
	struct ndb *db, size_t at, struct arena *a, struct package_list *out, struct err *err)
{
	const uint8_t *p = db->file.p + at;
	struct slot s = { get_le32(p + 4), get_le32(p + 8), get_le32(p + 12) };
	struct span content;

	if (get_le32(p) != SLOT_MAGIC)
		return err_set(err, ERR_INPUT, "ndb slot at byte %zu is damaged", at);
	if (s.package == 0 && s.first_block == 0 && s.block_count == 0)
		return 0; /* free */

	int r = blob_bounds(db, &s, err);
	if (r == 0)
		r = blob_content(db, &s, &content, err);
	if (r == 0)
		r = rpm_header_append(content, a, out, err);
	if (r < 0)
		return err_wrap(err, "package %" PRIu32 " (slot at byte %zu)", s.package, at);
	return 0;
}

static int ndb_parse(const struct package_db_content *in, struct arena *a, struct package_list *out,
	struct err *err)
{
	struct ndb db = { .file = in->main };
	int r = open_header(&db, err);

	for (size_t at = HEADER_SIZE; r == 0 && at < db.slots_end; at += SLOT_SIZE)
		r = read_slot(&db, at, a, out, err);
	if (r < 0)
		return err_wrap(err, "%" PRIstr, STR_ARG(in->path));
	return 0;
}

static const char *const paths[] = {
	"var/lib/rpm/Packages.db",
	"usr/lib/sysimage/rpm/Packages.db",
	"usr/share/rpm/Packages.db",
	NULL,
};

const struct package_db_driver package_rpm_ndb = {
	.name = "rpm-ndb",
	.scheme = "rpm",
	.paths = paths,
	.rank = 2,
	.parse = ndb_parse,
};
