/*
 * rpm's old database: the file Packages is a Berkeley DB hash (versions 8 to 10 of its layout, as
 * written by libdb 4.1 to 5.3; layout in libdb's src/dbinc/db_page.h and hash.h), in the byte order
 * of the machine that wrote it. Keys are 4-byte package numbers, values are rpm headers; number 0
 * holds rpm's counter.
 *
 * Page 0 describes the table. Bucket b starts at page b + spares[bits of b] and continues through
 * next-page links. A page's index counts down from its end: items lie key, value, key, value. A
 * value too big for its page lies in a chain of overflow pages. Each page may be used once: that
 * bounds every walk, whatever the links say.
 */
#include "base/base.h"

#include "package/package_priv.h"
#include "package/rpm_priv.h"

enum {
	HASH_MAGIC = 0x061561,
	BTREE_MAGIC = 0x053162,
	VERSION_MIN = 8,
	VERSION_MAX = 10,
	META_SIZE = 224, /* up to and with the spares */
	META_CHECKSUMS = 0x01,
	META_PARTITIONED = 0x02 | 0x04,
	PAGE_HEADER_SIZE = 26,
	PAGE_SIZE_MIN = 512,
	PAGE_SIZE_MAX = 65536,
	SPARES = 32,
	KEY_SIZE = 4,
	OFFPAGE_SIZE = 12,
};

enum page_type {
	PAGE_INVALID = 0,
	PAGE_HASH_UNSORTED = 2,
	PAGE_OVERFLOW = 7,
	PAGE_HASH_META = 8,
	PAGE_HASH = 13,
};

enum item_type { ITEM_INLINE = 1, ITEM_OFFPAGE = 3 };

struct bdb {
	struct span file;
	bool big_endian;
	uint32_t page_size;
	uint32_t page_count;
	uint32_t bucket_count;
	uint32_t spares[SPARES];
	uint8_t *used;    /* heap: for each page whether it was walked */
	struct buf value; /* the overflow value at hand */
	struct arena *arena;
	struct package_list *out;
};

/* One page of the file; content is page_size bytes. */
struct page {
	const uint8_t *p;
	uint32_t number;
	uint32_t own_number; /* as it says itself */
	uint32_t next;
	uint16_t entries;
	uint16_t extent; /* where the items begin; the bytes in use of an overflow page */
	uint8_t type;
};

static uint32_t get32(const struct bdb *db, const uint8_t *p)
{
	return db->big_endian ? get_be32(p) : get_le32(p);
}

static uint16_t get16(const struct bdb *db, const uint8_t *p)
{
	return db->big_endian ? get_be16(p) : get_le16(p);
}

static int check_magic(struct bdb *db, struct err *err)
{
	if (db->file.n < META_SIZE)
		return err_set(err, ERR_INPUT, "not a Berkeley DB: it has %zu bytes", db->file.n);

	const uint8_t *magic = db->file.p + 12;
	db->big_endian = get_be32(magic) == HASH_MAGIC || get_be32(magic) == BTREE_MAGIC;
	if (get32(db, magic) == BTREE_MAGIC)
		return err_set(err, ERR_UNSUPPORTED, "Berkeley DB is a b-tree, not a hash");
	if (get32(db, magic) != HASH_MAGIC)
		return err_set(err, ERR_INPUT, "not a Berkeley DB hash");
	return 0;
}

static int check_features(const struct bdb *db, struct err *err)
{
	const uint8_t *meta = db->file.p;
	uint32_t version = get32(db, meta + 16);

	if (version < VERSION_MIN || version > VERSION_MAX)
		return err_set(err, ERR_UNSUPPORTED,
			"Berkeley DB hash version %" PRIu32 " is not supported", version);
	if (meta[24] != 0)
		return err_set(err, ERR_UNSUPPORTED, "Berkeley DB is encrypted");
	if (meta[26] & META_CHECKSUMS)
		return err_set(err, ERR_UNSUPPORTED, "Berkeley DB has page checksums");
	if (meta[26] & META_PARTITIONED)
		return err_set(err, ERR_UNSUPPORTED, "Berkeley DB is partitioned");
	if (meta[25] != PAGE_HASH_META)
		return err_set(
			err, ERR_INPUT, "first page has type %u, not that of a hash", meta[25]);
	return 0;
}

static int read_geometry(struct bdb *db, struct err *err)
{
	const uint8_t *meta = db->file.p;
	uint32_t size = get32(db, meta + 20);
	uint32_t last_page = get32(db, meta + 32);
	uint32_t last_bucket = get32(db, meta + 72);

	if (size < PAGE_SIZE_MIN || size > PAGE_SIZE_MAX || (size & (size - 1)) != 0)
		return err_set(err, ERR_INPUT, "page size %" PRIu32 " is impossible", size);
	if (last_page >= db->file.n / size)
		return err_set(err, ERR_INPUT,
			"truncated: %zu bytes, but the last page is %" PRIu32 " of %" PRIu32
			" bytes each",
			db->file.n, last_page, size);
	if (last_bucket >= last_page)
		return err_set(err, ERR_INPUT,
			"last bucket is %" PRIu32 ", but the last page %" PRIu32, last_bucket,
			last_page);
	db->page_size = size;
	db->page_count = last_page + 1;
	db->bucket_count = last_bucket + 1;
	for (size_t i = 0; i < SPARES; i++)
		db->spares[i] = get32(db, meta + 96 + i * 4);
	return 0;
}

static int open_page(struct bdb *db, uint32_t number, struct page *page, struct err *err)
{
	if (number == 0 || number >= db->page_count)
		return err_set(err, ERR_INPUT, "page %" PRIu32 " of %" PRIu32 " is referred to",
			number, db->page_count);
	if (db->used[number])
		return err_set(err, ERR_INPUT, "page %" PRIu32 " is referred to twice", number);
	db->used[number] = 1;

	const uint8_t *p = db->file.p + (size_t)number * db->page_size;
	*page = (struct page){
		.p = p,
		.number = number,
		.own_number = get32(db, p + 8),
		.next = get32(db, p + 16),
		.entries = get16(db, p + 20),
		.extent = get16(db, p + 22),
		.type = p[25],
	};
	return 0;
}

static int wrong_page(const struct page *page, const char *wanted, struct err *err)
{
	return err_set(err, ERR_INPUT,
		"page %" PRIu32 " is not %s: it says that it is page %" PRIu32 " of type %u",
		page->number, wanted, page->own_number, page->type);
}

/* Collects the chain of overflow pages at `number` into db->value. */
static int read_overflow(struct bdb *db, uint32_t number, uint32_t length, struct err *err)
{
	struct page page;

	if (length > LIMIT_RPM_HEADER)
		return err_set(err, ERR_TOO_LARGE, "header of %" PRIu32 " bytes", length);
	buf_clear(&db->value);
	while (db->value.n < length) {
		int r = open_page(db, number, &page, err);
		if (r < 0)
			return r;
		if (page.type != PAGE_OVERFLOW || page.own_number != number)
			return wrong_page(&page, "an overflow page", err);
		if (page.extent > db->page_size - PAGE_HEADER_SIZE ||
			page.extent > length - db->value.n)
			return err_set(err, ERR_INPUT,
				"page %" PRIu32 " holds %u bytes of %" PRIu32, number, page.extent,
				length);
		buf_append(&db->value, page.p + PAGE_HEADER_SIZE, page.extent);
		number = page.next;
	}
	if (number != 0)
		return err_set(err, ERR_INPUT,
			"value of %" PRIu32 " bytes goes on at page %" PRIu32, length, number);
	return buf_check(&db->value, "header", err);
}

/* The bytes of item i, its type byte among them. */
static int item_at(const struct bdb *db, const struct page *page, unsigned i, struct span *item,
	struct err *err)
{
	const uint8_t *index = page->p + PAGE_HEADER_SIZE;
	uint32_t start = get16(db, index + 2 * (size_t)i);
	uint32_t end = i == 0 ? db->page_size : get16(db, index + 2 * (size_t)(i - 1));

	if (start < PAGE_HEADER_SIZE + 2U * page->entries || start >= end || end > db->page_size)
		return err_set(err, ERR_INPUT, "item %u spans bytes %" PRIu32 " to %" PRIu32, i,
			start, end);
	*item = span_n(page->p + start, end - start);
	return 0;
}

static int value_of(struct bdb *db, struct span item, struct span *value, struct err *err)
{
	if (item.p[0] == ITEM_INLINE) {
		*value = span_n(item.p + 1, item.n - 1);
		return 0;
	}
	if (item.p[0] != ITEM_OFFPAGE || item.n != OFFPAGE_SIZE)
		return err_set(err, ERR_INPUT, "value of type %u in %zu bytes", item.p[0], item.n);
	int r = read_overflow(db, get32(db, item.p + 4), get32(db, item.p + 8), err);
	if (r == 0)
		*value = buf_span(&db->value);
	return r;
}

/* What rpm stores under number 0, the last number given out. */
static int check_counter(struct span item, struct err *err)
{
	if (item.p[0] != ITEM_INLINE || item.n != 1 + KEY_SIZE)
		return err_set(err, ERR_INPUT, "package number 0 is not the counter");
	return 0;
}

static int read_pair(struct bdb *db, const struct page *page, unsigned i, struct err *err)
{
	struct span key, item, value;
	int r = item_at(db, page, i, &key, err);

	if (r == 0)
		r = item_at(db, page, i + 1, &item, err);
	if (r < 0)
		return r;
	if (key.p[0] != ITEM_INLINE || key.n != 1 + KEY_SIZE)
		return err_set(
			err, ERR_INPUT, "key %u has type %u and %zu bytes", i, key.p[0], key.n);

	uint32_t package = get32(db, key.p + 1);
	if (package == 0)
		return check_counter(item, err);
	r = value_of(db, item, &value, err);
	if (r == 0)
		r = rpm_header_append(value, db->arena, db->out, err);
	if (r < 0)
		return err_wrap(err, "package %" PRIu32, package);
	return 0;
}

/* A page that the table grew over but nothing was written to: libdb takes it for an empty bucket.
 */
static bool is_blank(const struct page *page)
{
	return page->type == PAGE_INVALID && page->own_number == 0 && page->entries == 0 &&
	       page->next == 0;
}

/* Items fill the page from its end on, without a gap to where it says that they begin. */
static int check_extent(const struct bdb *db, const struct page *page, struct err *err)
{
	uint32_t begin = db->page_size;

	if (page->entries)
		begin = get16(db, page->p + PAGE_HEADER_SIZE + 2 * ((size_t)page->entries - 1));
	/* 65536 does not fit */
	if ((uint16_t)begin != page->extent)
		return err_set(err, ERR_INPUT,
			"page %" PRIu32 ": items begin at byte %" PRIu32 ", not at %u",
			page->number, begin, page->extent);
	return 0;
}

static int read_hash_page(struct bdb *db, const struct page *page, struct err *err)
{
	if (is_blank(page))
		return 0;
	if ((page->type != PAGE_HASH && page->type != PAGE_HASH_UNSORTED) ||
		page->own_number != page->number)
		return wrong_page(page, "a hash page", err);
	if (page->entries % 2 != 0 || page->entries > (db->page_size - PAGE_HEADER_SIZE) / 2)
		return err_set(err, ERR_INPUT, "page %" PRIu32 " has %u items", page->number,
			page->entries);

	int r = check_extent(db, page, err);
	for (unsigned i = 0; r == 0 && i < page->entries; i += 2) {
		r = read_pair(db, page, i, err);
		if (r < 0)
			return err_wrap(err, "page %" PRIu32, page->number);
	}
	return r;
}

static uint32_t first_page(const struct bdb *db, uint32_t bucket)
{
	unsigned bits = 0;

	for (uint32_t b = bucket; b; b >>= 1)
		bits++;
	/* bucket_count is far below 2^31, see read_geometry() */
	return bucket + db->spares[bits];
}

static int read_bucket(struct bdb *db, uint32_t bucket, struct err *err)
{
	struct page page;

	for (uint32_t number = first_page(db, bucket);; number = page.next) {
		int r = open_page(db, number, &page, err);
		if (r == 0)
			r = read_hash_page(db, &page, err);
		if (r < 0)
			return err_wrap(err, "bucket %" PRIu32, bucket);
		if (page.next == 0)
			return 0;
	}
}

/* A page with items that no bucket leads to means that the table's description is damaged. */
static int check_unreached(const struct bdb *db, struct err *err)
{
	for (uint32_t i = 1; i < db->page_count; i++) {
		const uint8_t *p = db->file.p + (size_t)i * db->page_size;

		if (!db->used[i] && (p[25] == PAGE_HASH || p[25] == PAGE_HASH_UNSORTED) &&
			get16(db, p + 20) != 0)
			return err_set(err, ERR_INPUT, "page %" PRIu32 " belongs to no bucket", i);
	}
	return 0;
}

static int read_table(struct bdb *db, struct err *err)
{
	int r = check_magic(db, err);

	if (r == 0)
		r = check_features(db, err);
	if (r == 0)
		r = read_geometry(db, err);
	if (r < 0)
		return r;
	db->used = xcalloc(db->page_count, 1);
	for (uint32_t bucket = 0; r == 0 && bucket < db->bucket_count; bucket++)
		r = read_bucket(db, bucket, err);
	return r < 0 ? r : check_unreached(db, err);
}

static int bdb_parse(const struct package_db_content *in, struct arena *a, struct package_list *out,
	struct err *err)
{
	struct bdb db = { .file = in->main, .arena = a, .out = out };

	buf_init(&db.value, LIMIT_RPM_HEADER);
	int r = read_table(&db, err);
	buf_fini(&db.value);
	free(db.used);
	if (r < 0)
		return err_wrap(err, "%" PRIstr, STR_ARG(in->path));
	return 0;
}

static const char *const paths[] = {
	"var/lib/rpm/Packages",
	"usr/lib/sysimage/rpm/Packages",
	"usr/share/rpm/Packages",
	NULL,
};

const struct package_db_driver package_rpm_bdb = {
	.name = "rpm-bdb",
	.scheme = "rpm",
	.paths = paths,
	.rank = 1,
	.parse = bdb_parse,
};
