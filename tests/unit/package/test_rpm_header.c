/*
 * Headers of rpm packages.
 */
#include "rpm_test.h"

enum { STRING = 6, INT32 = 4, BINARY = 7, STRINGS = 8, I18N = 9 };

/* Builds a header: entries and their data in the order of the calls. */
struct builder {
	struct buf index;
	struct buf data;
	uint32_t entries;
};

static void add(struct builder *b, uint32_t tag, uint32_t type, uint32_t count, struct str value)
{
	buf_append_u32(&b->index, tag);
	buf_append_u32(&b->index, type);
	buf_append_u32(&b->index, (uint32_t)b->data.n);
	buf_append_u32(&b->index, count);
	buf_append_str(&b->data, value);
	b->entries++;
}

static void add_text(struct builder *b, uint32_t tag, const char *text)
{
	add(b, tag, STRING, 1, str_n(text, strlen(text) + 1));
}

static void add_number(struct builder *b, uint32_t tag, uint32_t value)
{
	uint8_t bytes[4];

	put_be32(bytes, value);
	add(b, tag, INT32, 1, str_n((const char *)bytes, 4));
}

/* An entry that points wherever it likes. */
static void add_raw(struct builder *b, uint32_t tag, uint32_t type, uint32_t offset, uint32_t count)
{
	buf_append_u32(&b->index, tag);
	buf_append_u32(&b->index, type);
	buf_append_u32(&b->index, offset);
	buf_append_u32(&b->index, count);
	b->entries++;
}

static struct builder builder_new(void)
{
	return (struct builder){ .index = BUF_INIT(MIB), .data = BUF_INIT(MIB) };
}

static struct builder builder_with_nvr(void)
{
	struct builder b = builder_new();

	add_text(&b, 1000, "bash");
	add_text(&b, 1001, "5.1.8");
	add_text(&b, 1002, "6.el9");
	return b;
}

/* Parses what was built, from a copy of its own size, and frees the builder. */
static int finish(struct builder *b, struct arena *a, struct package_list *list, struct err *err)
{
	struct buf blob = BUF_INIT(4 * MIB);

	buf_append_u32(&blob, b->entries);
	buf_append_u32(&blob, (uint32_t)b->data.n);
	buf_append_str(&blob, buf_str(&b->index));
	buf_append_str(&blob, buf_str(&b->data));
	uint8_t *copy = xmalloc(blob.n);
	memcpy(copy, blob.p, blob.n);
	int r = rpm_header_append(span_n(copy, blob.n), a, list, err);
	free(copy);
	buf_fini(&blob);
	buf_fini(&b->index);
	buf_fini(&b->data);
	return r;
}

static struct arena arena;
static struct package_list list;
static struct err err;

static int setup(void **state UNUSED)
{
	arena_init(&arena);
	package_list_init(&list);
	return 0;
}

static int teardown(void **state UNUSED)
{
	package_list_fini(&list);
	arena_fini(&arena);
	err_clear(&err);
	return 0;
}

static void test_all_fields_are_read(void **state UNUSED)
{
	struct builder b = builder_with_nvr();

	add_number(&b, 1003, 2);
	add_text(&b, 1011, "Red Hat, Inc.");
	add_text(&b, 1022, "x86_64");
	add_text(&b, 1044, "bash-src-5.1.9-7.el9.src.rpm");
	add_text(&b, 5096, "shells:1:2020:abc");
	assert_ok(finish(&b, &arena, &list, &err), &err);
	assert_int_equal(list.items.n, 1);
	const struct package *p = &list.items.v[0];
	assert_str(p->name, "bash");
	assert_str(p->version, "2:5.1.8-6.el9");
	assert_str(p->arch, "x86_64");
	assert_str(p->source, "bash-src");
	assert_str(p->source_version, "2:5.1.9-7.el9");
	assert_str(p->module, "shells:1:2020:abc");
	assert_str(p->vendor, "Red Hat, Inc.");
}

static void test_absent_fields_are_empty(void **state UNUSED)
{
	struct builder b = builder_with_nvr();

	assert_ok(finish(&b, &arena, &list, &err), &err);
	const struct package *p = &list.items.v[0];
	assert_str(p->version, "5.1.8-6.el9");
	assert_str(p->arch, "");
	assert_str(p->source, "");
	assert_str(p->source_version, "");
	assert_str(p->module, "");
	assert_str(p->vendor, "");
}

static void test_epoch_zero_is_left_out(void **state UNUSED)
{
	struct builder b = builder_with_nvr();

	add_number(&b, 1003, 0);
	add_text(&b, 1044, "bash-5.1.8-6.el9.src.rpm");
	assert_ok(finish(&b, &arena, &list, &err), &err);
	assert_str(list.items.v[0].version, "5.1.8-6.el9");
	assert_str(list.items.v[0].source_version, "5.1.8-6.el9");
}

static void test_source_rpm_names(void **state UNUSED)
{
	static const struct {
		const char *file, *name, *version;
	} cases[] = {
		{ "a-1-2.src.rpm", "a", "1-2" },
		{ "a-b-c-1.0-2.el9.nosrc.rpm", "a-b-c", "1.0-2.el9" },
		{ "java-11-openjdk-11.0.1-2.src.rpm", "java-11-openjdk", "11.0.1-2" },
		{ "(none)", "", "" },
		{ "", "", "" },
		{ ".rpm", "", "" },
		{ "a.src.rpm", "", "" },
		{ "a-1.src.rpm", "", "" },
		{ "-1-2.src.rpm", "", "" },
		{ "a-1-2.src", "", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct builder b = builder_with_nvr();
		add_text(&b, 1044, cases[i].file);
		assert_ok(finish(&b, &arena, &list, &err), &err);
		assert_str(list.items.v[i].source, cases[i].name);
		assert_str(list.items.v[i].source_version, cases[i].version);
	}
}

static void test_imported_keys_are_left_out(void **state UNUSED)
{
	struct builder b = builder_new();

	add_text(&b, 1000, "gpg-pubkey");
	add_text(&b, 1001, "8483c65d");
	add_text(&b, 1002, "5ccc5b19");
	assert_ok(finish(&b, &arena, &list, &err), &err);
	assert_int_equal(list.items.n, 0);
}

static void test_entries_behind_the_region_win(void **state UNUSED)
{
	struct builder b = builder_new();

	add_raw(&b, 63, BINARY, 0, 16);
	add_text(&b, 1000, "bash");
	add_text(&b, 1001, "5");
	add_text(&b, 1002, "6");
	add_text(&b, 1011, "from the package");
	put_be32((uint8_t *)b.index.p + 8, (uint32_t)b.data.n);
	buf_append_u32(&b.data, 63);
	buf_append_u32(&b.data, BINARY);
	buf_append_u32(&b.data, (uint32_t) - (5 * 16));
	buf_append_u32(&b.data, 16);
	add_text(&b, 1011, "from the installation");
	assert_ok(finish(&b, &arena, &list, &err), &err);
	assert_str(list.items.v[0].vendor, "from the installation");
}

static void test_lists_of_strings_give_their_first(void **state UNUSED)
{
	struct builder b = builder_with_nvr();

	add(&b, 1011, I18N, 2, STR("first\0second\0"));
	add(&b, 1022, STRINGS, 1, STR("noarch\0"));
	assert_ok(finish(&b, &arena, &list, &err), &err);
	assert_str(list.items.v[0].vendor, "first");
	assert_str(list.items.v[0].arch, "noarch");
}

static void test_missing_name_version_or_release_is_damage(void **state UNUSED)
{
	static const char *const missing[] = { "name", "version", "release" };

	for (uint32_t i = 0; i < 3; i++) {
		struct builder b = builder_new();
		for (uint32_t k = 0; k < 3; k++)
			if (k != i)
				add_text(&b, 1000 + k, "1");
		assert_fails(finish(&b, &arena, &list, &err), &err, ERR_INPUT, missing[i]);
	}
}

static void test_bad_entries_are_refused(void **state UNUSED)
{
	static const struct {
		uint32_t tag, type, offset, count;
		const char *message;
	} cases[] = {
		{ 1004, 10, 0, 1, "unknown type 10" },
		{ 1004, UINT32_MAX, 0, 1, "unknown type" },
		{ 1004, STRING, 17, 1, "outside" },
		{ 1004, STRING, UINT32_MAX, 1, "outside" },
		{ 1004, INT32, 0, 5, "outside" },
		{ 1004, INT32, 0, UINT32_MAX, "outside" },
		{ 1004, 5, 8, 2, "outside" },
		{ 1004, BINARY, 1, 17, "outside" },
		{ 1000, INT32, 0, 1, "name is not a string" },
		{ 1000, STRING, 0, 2, "name is not a string" },
		{ 1000, STRINGS, 0, 0, "name is not a string" },
		{ 1003, STRING, 0, 1, "epoch is not a number" },
		{ 1003, INT32, 0, 2, "epoch is not a number" },
		{ 63, STRING, 0, 16, "region 63 is malformed" },
		{ 63, BINARY, 0, 15, "region 63 is malformed" },
		{ 63, BINARY, 1, 16, "region 63 has a malformed trailer" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct builder b = builder_new();
		add_raw(&b, cases[i].tag, cases[i].type, cases[i].offset, cases[i].count);
		add_text(&b, 1000, "bash");
		add_text(&b, 1001, "5.1.8");
		add_text(&b, 1002, "6.el9");
		assert_int_equal(b.data.n, 17);
		assert_fails(finish(&b, &arena, &list, &err), &err, ERR_INPUT, cases[i].message);
	}
}

/* A small header that makes a big package. */
static void test_overlapping_texts_are_refused(void **state UNUSED)
{
	struct builder b = builder_new();

	add_text(&b, 1000, "a text of some length");
	add_raw(&b, 1001, STRING, 0, 1);
	add_raw(&b, 1002, STRING, 0, 1);
	assert_fails(finish(&b, &arena, &list, &err), &err, ERR_INPUT, "texts overlap");
}

static void test_unterminated_text_is_refused(void **state UNUSED)
{
	struct builder b = builder_with_nvr();

	add(&b, 1022, STRING, 1, STR("x86_64"));
	assert_fails(
		finish(&b, &arena, &list, &err), &err, ERR_INPUT, "architecture is not terminated");
}

static void test_overlong_text_is_too_large(void **state UNUSED)
{
	for (size_t extra = 0; extra < 2; extra++) {
		struct builder b = builder_with_nvr();
		size_t n = LIMIT_PACKAGE_FIELD + extra;
		char *text = xcalloc(n + 1, 1);

		memset(text, 'x', n);
		add_text(&b, 1011, text);
		if (extra)
			assert_fails(finish(&b, &arena, &list, &err), &err, ERR_TOO_LARGE,
				"vendor exceeds 4096 bytes");
		else
			assert_ok(finish(&b, &arena, &list, &err), &err);
		free(text);
	}
}

static void test_wrong_sizes_are_refused(void **state UNUSED)
{
	static const struct {
		const char *bytes;
		size_t n;
	} cases[] = {
		{ "", 0 },
		{ "\0\0\0\1\0\0\0", 7 },
		{ "\0\0\0\0\0\0\0\0", 8 },
		{ "\0\0\0\1\0\0\0\0", 8 },
		{ "\0\1\0\0\0\0\0\0", 8 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff", 8 },
		{ "\0\0\0\1\0\0\0\0\0\0\3\xe8\0\0\0\6\0\0\0\0\0\0\0\1x", 25 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_fails(
			rpm_header_append(span_n(cases[i].bytes, cases[i].n), &arena, &list, &err),
			&err, ERR_INPUT, "header");
}

static void test_number_of_packages_is_limited(void **state UNUSED)
{
	struct builder b = builder_with_nvr();
	struct package none = { .arch = STR_NULL };

	while (list.items.n < LIMIT_PACKAGES)
		vec_push(&list.items, none);
	assert_fails(finish(&b, &arena, &list, &err), &err, ERR_TOO_LARGE, "200000 packages");
}

int main(void)
{
#define HEADER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		HEADER_TEST(test_all_fields_are_read),
		HEADER_TEST(test_absent_fields_are_empty),
		HEADER_TEST(test_epoch_zero_is_left_out),
		HEADER_TEST(test_source_rpm_names),
		HEADER_TEST(test_imported_keys_are_left_out),
		HEADER_TEST(test_entries_behind_the_region_win),
		HEADER_TEST(test_lists_of_strings_give_their_first),
		HEADER_TEST(test_missing_name_version_or_release_is_damage),
		HEADER_TEST(test_bad_entries_are_refused),
		HEADER_TEST(test_overlapping_texts_are_refused),
		HEADER_TEST(test_unterminated_text_is_refused),
		HEADER_TEST(test_overlong_text_is_too_large),
		HEADER_TEST(test_wrong_sizes_are_refused),
		HEADER_TEST(test_number_of_packages_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
