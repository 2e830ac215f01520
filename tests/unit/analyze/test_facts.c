/*
 * The byte form of facts.
 */
#include "../test.h"

#include "../tar_make.h"
#include "analyze/analyze.h"
#include "facts_text.h"

static const char *const layer =
	"f etc/os-release ID=debian\\nVERSION_ID=12\\n\n"
	"f etc/debian_version \n"
	"f var/lib/dpkg/status Package: a\\nStatus: install ok installed\\nVersion: "
	"1\\nArchitecture: all\\nSource: s (2)\\nMaintainer: m\\n\\nPackage: b\\nStatus: install ok "
	"installed\\nVersion: 3\\nArchitecture: amd64\\n\n"
	"f var/lib/rpm/Packages damaged\n"
	"l var/lib/rpm/rpmdb.sqlite x\n"
	"d var/lib\n"
	"f .wh.opt \n"
	"f var/.wh.lib \n"
	"f usr/.wh..wh..opq \n";

/* Facts of every kind, and extras. */
static void make(struct layer_facts *facts)
{
	_cleanup_buf_ struct buf tar = BUF_INIT(MIB);
	struct stream_mem in;
	struct err err = ERR_INIT;

	layer_facts_init(facts);
	vec_push(&facts->extras.items,
		(struct wanted_extra){ .path = STR("opt/s"), .like = STR("var/lib/dpkg/status") });
	tar_make(&tar, layer);
	stream_mem_init(&in, buf_span(&tar), 0);
	const struct analyze_layer_options o = { .extras = &facts->extras };
	assert_ok(analyze_tar(&in.stream, &o, facts, &err), &err);
}

static void encode(const struct layer_facts *facts, struct buf *out)
{
	struct err err = ERR_INIT;

	assert_ok(layer_facts_encode(facts, out, &err), &err);
}

static void make_encoded(struct buf *out)
{
	struct layer_facts facts;

	make(&facts);
	encode(&facts, out);
	layer_facts_fini(&facts);
}

static void test_facts_come_back_as_they_were(void **state UNUSED)
{
	_cleanup_buf_ struct buf encoded = BUF_INIT(MIB), again = BUF_INIT(MIB);
	_cleanup_buf_ struct buf before = BUF_INIT(MIB), after = BUF_INIT(MIB);
	struct layer_facts facts, decoded;
	struct err err = ERR_INIT;
	unsigned kinds = 0;

	make(&facts);
	vec_for_each(f, &facts.facts)
		kinds |= 1U << f->kind;
	assert_int_equal(kinds, (1U << FACT_KIND_COUNT) - 1);
	encode(&facts, &encoded);
	layer_facts_init(&decoded);
	assert_ok(layer_facts_decode(buf_span(&encoded), &decoded, &err), &err);
	assert_true(layer_facts_cover(&decoded, &facts.extras));
	facts_text(&facts, &before);
	facts_text(&decoded, &after);
	assert_string_equal(buf_cstr(&after), buf_cstr(&before));
	encode(&decoded, &again);
	assert_int_equal(again.n, encoded.n);
	assert_memory_equal(again.p, encoded.p, encoded.n);
	layer_facts_fini(&facts);
	layer_facts_fini(&decoded);
}

static void test_every_cut_is_an_error(void **state UNUSED)
{
	_cleanup_buf_ struct buf encoded = BUF_INIT(MIB);

	make_encoded(&encoded);
	buf_append_char(&encoded, 0);
	for (size_t n = 0; n <= encoded.n; n++) {
		struct layer_facts facts;
		struct err err = ERR_INIT;

		layer_facts_init(&facts);
		if (n == encoded.n - 1)
			assert_ok(layer_facts_decode(span_n(encoded.p, n), &facts, &err), &err);
		else
			assert_fails(layer_facts_decode(span_n(encoded.p, n), &facts, &err), &err,
				ERR_INPUT, "");
		layer_facts_fini(&facts);
	}
}

static void test_every_changed_byte_is_an_error_or_another_fact(void **state UNUSED)
{
	_cleanup_buf_ struct buf encoded = BUF_INIT(MIB), again = BUF_INIT(MIB);
	size_t accepted = 0;

	make_encoded(&encoded);
	for (size_t i = 0; i < encoded.n * 8; i++) {
		struct layer_facts facts;
		struct err err = ERR_INIT;

		encoded.p[i / 8] ^= (char)(1 << i % 8);
		layer_facts_init(&facts);
		if (layer_facts_decode(buf_span(&encoded), &facts, &err) == 0) {
			buf_clear(&again);
			encode(&facts, &again);
			assert_int_equal(again.n, encoded.n);
			assert_memory_equal(again.p, encoded.p, encoded.n);
			accepted++;
		} else {
			assert_int_equal(err.code, ERR_INPUT);
		}
		err_clear(&err);
		layer_facts_fini(&facts);
		encoded.p[i / 8] ^= (char)(1 << i % 8);
	}
	assert_true(accepted > 0);
}

static void put_str(struct buf *b, struct str s)
{
	buf_append_u32(b, (uint32_t)s.n);
	buf_append_str(b, s);
}

static void assert_small_error(const struct buf *b)
{
	struct layer_facts facts;
	struct err err = ERR_INIT;

	layer_facts_init(&facts);
	assert_fails(layer_facts_decode(buf_span(b), &facts, &err), &err, ERR_INPUT, "");
	assert_true(facts.arena.used_bytes < 1000);
	assert_true(facts.facts.cap < 100 && facts.extras.items.cap < 100);
	layer_facts_fini(&facts);
}

static void test_counts_that_lie_take_no_memory(void **state UNUSED)
{
	_cleanup_buf_ struct buf b = BUF_INIT(64 * MIB);
	const struct str magic = STR("clair facts 1\n");

	buf_append_str(&b, magic);
	buf_append_u32(&b, UINT32_MAX);
	assert_small_error(&b);
	buf_clear(&b);
	buf_append_str(&b, magic);
	buf_append_u32(&b, 0);
	buf_append_u32(&b, UINT32_MAX);
	assert_small_error(&b);
	buf_clear(&b);
	buf_append_str(&b, magic);
	buf_append_u32(&b, 0);
	buf_append_u32(&b, 1);
	buf_append_u8(&b, FACT_DATABASE);
	put_str(&b, STR("var/lib/dpkg/status"));
	put_str(&b, STR("dpkg"));
	put_str(&b, STR_NULL);
	size_t before_count = b.n;
	buf_append_u32(&b, UINT32_MAX);
	assert_small_error(&b);
	/* Also when there is something behind the count. */
	for (size_t i = 0; i < 30 * MIB; i += 4)
		buf_append_u32(&b, 0);
	assert_small_error(&b);
	b.n = before_count;
	buf_append_u32(&b, LIMIT_PACKAGES + 1);
	assert_small_error(&b);
	b.n = magic.n + 4;
	buf_append_u32(&b, LIMIT_WANTED_FILES + 1);
	for (size_t i = 0; i < 30 * MIB; i += 4)
		buf_append_u32(&b, 0);
	assert_small_error(&b);
}

static void test_unknown_words_are_errors(void **state UNUSED)
{
	static const struct {
		uint8_t kind;
		const char *driver, *text;
	} bad[] = { { FACT_KIND_COUNT, "", "unknown kind 6" }, { 255, "", "unknown kind 255" },
		{ FACT_DATABASE, "pacman", "unknown kind of database" } };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		_cleanup_buf_ struct buf b = BUF_INIT(1000);
		struct layer_facts facts;
		struct err err = ERR_INIT;

		buf_append_str(&b, STR("clair facts 1\n"));
		buf_append_u32(&b, 0);
		buf_append_u32(&b, 1);
		buf_append_u8(&b, bad[i].kind);
		put_str(&b, STR("path"));
		put_str(&b, str_of(bad[i].driver));
		layer_facts_init(&facts);
		assert_fails(layer_facts_decode(buf_span(&b), &facts, &err), &err, ERR_INPUT,
			bad[i].text);
		layer_facts_fini(&facts);
	}
}

static void test_facts_beyond_the_maximum_are_an_error(void **state UNUSED)
{
	_cleanup_buf_ struct buf small = BUF_INIT(100);
	struct layer_facts facts;
	struct err err = ERR_INIT;

	make(&facts);
	assert_fails(layer_facts_encode(&facts, &small, &err), &err, ERR_TOO_LARGE,
		"facts of a layer: more than 100 bytes");
	layer_facts_fini(&facts);
}

static void test_extras_are_covered_by_path_and_kind(void **state UNUSED)
{
	struct wanted_extras other = { .items = VEC_INIT };
	struct layer_facts facts;

	make(&facts);
	assert_true(layer_facts_cover(&facts, &other));
	vec_push(&other.items,
		(struct wanted_extra){ .path = STR("opt/s"), .like = STR("var/lib/dpkg/status") });
	assert_true(layer_facts_cover(&facts, &other));
	other.items.v[0].like = STR("etc/os-release");
	assert_false(layer_facts_cover(&facts, &other));
	vec_fini(&other.items);
	layer_facts_fini(&facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts_come_back_as_they_were),
		cmocka_unit_test(test_every_cut_is_an_error),
		cmocka_unit_test(test_every_changed_byte_is_an_error_or_another_fact),
		cmocka_unit_test(test_counts_that_lie_take_no_memory),
		cmocka_unit_test(test_unknown_words_are_errors),
		cmocka_unit_test(test_facts_beyond_the_maximum_are_an_error),
		cmocka_unit_test(test_extras_are_covered_by_path_and_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
