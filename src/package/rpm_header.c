/*
 * The header of an rpm package as its databases store it (rpm's docs/manual/format_header.md, less
 * the magic): two big-endian counts, an index of 16-byte entries (tag, type, offset, count) and a
 * data store that the entries point into. The first entry may be a region, which marks how much of
 * the header came with the package; what was added at installation follows it and wins.
 *
 * Only a handful of tags is read. The bounds of all entries are checked, and the content of those
 * that are read.
 */
#include "base/base.h"

#include "package/rpm_priv.h"

enum {
	HEADER_INTRO_SIZE = 8,
	ENTRY_SIZE = 16,
	ENTRIES_MAX = 0xffff, /* rpm's own limit */
};

enum entry_type {
	TYPE_INT32 = 4,
	TYPE_STRING = 6,
	TYPE_BINARY = 7,
	TYPE_STRING_ARRAY = 8,
	TYPE_I18N_STRING = 9,
	TYPE_COUNT
};

enum {
	TAG_REGION_FIRST = 61, /* image, signatures, immutable */
	TAG_REGION_LAST = 63,
	TAG_EPOCH = 1003,
};

enum field {
	FIELD_NAME,
	FIELD_VERSION,
	FIELD_RELEASE,
	FIELD_VENDOR,
	FIELD_ARCH,
	FIELD_SOURCE_RPM,
	FIELD_MODULE,
	FIELD_COUNT
};

static const struct {
	uint32_t tag;
	const char *name;
	bool required;
} fields[FIELD_COUNT] = {
	[FIELD_NAME] = { 1000, "name", true },
	[FIELD_VERSION] = { 1001, "version", true },
	[FIELD_RELEASE] = { 1002, "release", true },
	[FIELD_VENDOR] = { 1011, "vendor", false },
	[FIELD_ARCH] = { 1022, "architecture", false },
	[FIELD_SOURCE_RPM] = { 1044, "source rpm", false },
	[FIELD_MODULE] = { 5096, "module label", false },
};

/* Bytes of one element; strings take at least their NUL. */
static const uint8_t element_sizes[TYPE_COUNT] = { 0, 1, 1, 2, 4, 8, 1, 1, 1, 1 };

struct entry {
	uint32_t tag;
	uint32_t type;
	uint32_t offset;
	uint32_t count;
};

struct header {
	struct span index;
	struct span data;
	struct str text[FIELD_COUNT]; /* views of data */
	uint32_t epoch;
};

static struct entry entry_at(const uint8_t *p)
{
	return (struct entry){
		.tag = get_be32(p),
		.type = get_be32(p + 4),
		.offset = get_be32(p + 8),
		.count = get_be32(p + 12),
	};
}

static bool is_region(const struct entry *e)
{
	return e->tag >= TAG_REGION_FIRST && e->tag <= TAG_REGION_LAST;
}

static int header_split(struct header *h, struct span blob, struct err *err)
{
	if (blob.n < HEADER_INTRO_SIZE)
		return err_set(err, ERR_INPUT, "header of %zu bytes", blob.n);

	uint32_t entries = get_be32(blob.p);
	uint32_t data_bytes = get_be32(blob.p + 4);
	size_t index_bytes = (size_t)entries * ENTRY_SIZE;
	if (entries == 0 || entries > ENTRIES_MAX)
		return err_set(err, ERR_INPUT, "header with %" PRIu32 " entries", entries);
	if (blob.n - HEADER_INTRO_SIZE != (uint64_t)index_bytes + data_bytes)
		return err_set(err, ERR_INPUT,
			"header of %zu bytes where %" PRIu32 " entries and %" PRIu32
			" bytes of data were announced",
			blob.n, entries, data_bytes);
	h->index = span_n(blob.p + HEADER_INTRO_SIZE, index_bytes);
	h->data = span_n(h->index.p + index_bytes, data_bytes);
	return 0;
}

/*
 * The region's data is an entry like its own, with the negative size of the region's index for an
 * offset. Offset 0 stands in headers that an old rpm upgraded and has no such trailer.
 */
static int region_check(const struct header *h, const struct entry *e, struct err *err)
{
	if (e->type != TYPE_BINARY || e->count != ENTRY_SIZE)
		return err_set(err, ERR_INPUT, "header region %" PRIu32 " is malformed", e->tag);
	if (e->offset == 0)
		return 0;

	struct entry trailer = entry_at(h->data.p + e->offset);
	uint32_t index_bytes = 0 - trailer.offset;
	if (!is_region(&trailer) || trailer.type != TYPE_BINARY || trailer.count != ENTRY_SIZE ||
		index_bytes % ENTRY_SIZE != 0 || index_bytes > h->index.n)
		return err_set(err, ERR_INPUT, "header region %" PRIu32 " has a malformed trailer",
			e->tag);
	return 0;
}

static int entry_check(const struct header *h, const struct entry *e, struct err *err)
{
	if (e->type >= TYPE_COUNT)
		return err_set(err, ERR_INPUT, "header tag %" PRIu32 " has unknown type %" PRIu32,
			e->tag, e->type);
	if (e->offset > h->data.n ||
		(uint64_t)e->count * element_sizes[e->type] > h->data.n - e->offset)
		return err_set(err, ERR_INPUT, "header tag %" PRIu32 " lies outside of the header",
			e->tag);
	return 0;
}

static int read_text(const struct header *h, const struct entry *e, const char *name,
	struct str *out, struct err *err)
{
	bool one = e->type == TYPE_STRING && e->count == 1;
	bool first_of_many =
		(e->type == TYPE_STRING_ARRAY || e->type == TYPE_I18N_STRING) && e->count >= 1;

	if (!one && !first_of_many)
		return err_set(err, ERR_INPUT, "header: %s is not a string", name);

	size_t left = h->data.n - e->offset;
	const uint8_t *p = h->data.p + e->offset;
	const uint8_t *end = memchr(p, '\0', min_size(left, LIMIT_PACKAGE_FIELD + 1));
	if (!end && left > LIMIT_PACKAGE_FIELD)
		return err_set(err, ERR_TOO_LARGE, "header: %s exceeds %" PRIu64 " bytes", name,
			LIMIT_PACKAGE_FIELD);
	if (!end)
		return err_set(err, ERR_INPUT, "header: %s is not terminated", name);
	*out = str_n((const char *)p, (size_t)(end - p));
	return 0;
}

static int read_entry(struct header *h, const struct entry *e, struct err *err)
{
	if (e->tag == TAG_EPOCH) {
		if (e->type != TYPE_INT32 || e->count != 1)
			return err_set(err, ERR_INPUT, "header: epoch is not a number");
		h->epoch = get_be32(h->data.p + e->offset);
		return 0;
	}
	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (fields[i].tag == e->tag)
			return read_text(h, e, fields[i].name, &h->text[i], err);
	return 0;
}

/* Texts do not share bytes: what is copied out of a header is never more than it has. */
static int check_fields(const struct header *h, struct err *err)
{
	size_t bytes = 0;

	for (size_t i = 0; i < FIELD_COUNT; i++) {
		if (fields[i].required && h->text[i].n == 0)
			return err_set(err, ERR_INPUT, "header without a %s", fields[i].name);
		bytes += h->text[i].n;
	}
	if (bytes > h->data.n)
		return err_set(err, ERR_INPUT, "header whose texts overlap");
	return 0;
}

static int header_read(struct header *h, struct err *err)
{
	for (size_t at = 0; at < h->index.n; at += ENTRY_SIZE) {
		struct entry e = entry_at(h->index.p + at);
		int r = entry_check(h, &e, err);

		if (r == 0)
			r = is_region(&e) ? region_check(h, &e, err) : read_entry(h, &e, err);
		if (r < 0)
			return r;
	}
	return check_fields(h, err);
}

/* "[E:]V-R", as rpm prints it. */
static struct str evr(struct arena *a, uint32_t epoch, struct str version, struct str release)
{
	if (epoch == 0)
		return arena_printf(a, "%" PRIstr "-%" PRIstr, STR_ARG(version), STR_ARG(release));
	return arena_printf(
		a, "%" PRIu32 ":%" PRIstr "-%" PRIstr, epoch, STR_ARG(version), STR_ARG(release));
}

/*
 * "name-version-release.src.rpm" or ".nosrc.rpm". Anything else says nothing about a source: both
 * fields stay empty. A source rpm has the epoch of its packages unless one sets its own, which the
 * file name does not tell.
 */
static void read_source_rpm(
	struct arena *a, struct str file, uint32_t epoch, struct str *name, struct str *version)
{
	struct str rest, nv, v, r;

	if (!str_ends(file, STR(".rpm")))
		return;
	rest = str_head(file, file.n - STR(".rpm").n);
	if (!str_rcut(rest, '.', &rest, NULL) || !str_rcut(rest, '-', &nv, &r) ||
		!str_rcut(nv, '-', &rest, &v) || rest.n == 0)
		return;
	*name = arena_str(a, rest);
	*version = evr(a, epoch, v, r);
}

static void to_package(const struct header *h, struct arena *a, struct package *out)
{
	*out = (struct package){
		.name = arena_str(a, h->text[FIELD_NAME]),
		.version = evr(a, h->epoch, h->text[FIELD_VERSION], h->text[FIELD_RELEASE]),
		.arch = arena_str(a, h->text[FIELD_ARCH]),
		.module = arena_str(a, h->text[FIELD_MODULE]),
		.vendor = arena_str(a, h->text[FIELD_VENDOR]),
	};
	read_source_rpm(a, h->text[FIELD_SOURCE_RPM], h->epoch, &out->source, &out->source_version);
}

int rpm_header_append(struct span blob, struct arena *a, struct package_list *out, struct err *err)
{
	struct header h = { .epoch = 0 };
	struct package p;
	int r = header_split(&h, blob, err);

	if (r == 0)
		r = header_read(&h, err);
	if (r < 0 || str_eq(h.text[FIELD_NAME], STR("gpg-pubkey")))
		return r;
	if (out->items.n >= LIMIT_PACKAGES)
		return err_set(err, ERR_TOO_LARGE, "more than %d packages", LIMIT_PACKAGES);
	to_package(&h, a, &p);
	vec_push(&out->items, p);
	return 0;
}
