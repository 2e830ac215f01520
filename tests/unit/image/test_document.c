/*
 * Manifests, indexes, configurations and docker save's manifest.json.
 */
#include "../test.h"

#include "image/image_priv.h"

#define D1 "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define D2 "sha256:2222222222222222222222222222222222222222222222222222222222222222"

static void put(struct buf *out, const char *what, struct str value)
{
	if (value.n)
		buf_printf(out, " %s=%" PRIstr, what, STR_ARG(value));
}

static void put_platform(struct buf *out, const struct platform *p)
{
	put(out, "os", p->os);
	put(out, "arch", p->architecture);
	put(out, "variant", p->variant);
}

static void put_descriptor(struct buf *out, const char *what, const struct descriptor *d)
{
	buf_printf(out, "%s", what);
	put(out, "type", d->media_type);
	put(out, "digest", d->digest);
	if (d->size)
		buf_printf(out, " size=%" PRIu64, d->size);
	put_platform(out, &d->platform);
	put(out, "ref", d->ref_name);
	buf_append_char(out, '\n');
}

/* What a document says, one thing a line; "" for nothing. */
static void document_text(const struct document *d, struct buf *out)
{
	const struct descriptor *c = &d->config;
	size_t before = out->n;

	put(out, "type", d->media_type);
	put_platform(out, &d->platform);
	if (out->n > before)
		buf_append_char(out, '\n');
	if (c->digest.n || c->media_type.n || c->size)
		put_descriptor(out, "config", c);
	vec_for_each(m, &d->manifests)
		put_descriptor(out, "manifest", m);
	vec_for_each(l, &d->layers)
		put_descriptor(out, "layer", l);
	vec_for_each(id, &d->diff_ids)
		buf_printf(out, "diff_id %" PRIstr "\n", STR_ARG(*id));
	if (d->is_docker_manifest)
		buf_printf(out, "docker\n");
	vec_for_each(image, &d->docker_images) {
		buf_printf(out, "image %" PRIstr, STR_ARG(image->config));
		vec_for_each(tag, &image->tags)
			put(out, "tag", *tag);
		vec_for_each(layer, &image->layers)
			put(out, "layer", *layer);
		buf_append_char(out, '\n');
	}
}

static const struct {
	const char *json, *text;
} good[] = {
	{ "{}", "" },
	{ " [ ] ", "docker\n" },
	{ "{\"schemaVersion\":2,\"mediaType\":\"m\",\"config\":{\"mediaType\":\"c\",\"digest\":\"" D1
	  "\",\"size\":7},\"layers\":[{\"mediaType\":\"l\",\"digest\":\"" D2
	  "\",\"size\":9,\"urls\":[\"x\"],\"annotations\":{\"a\":\"b\"}}],\"annotations\":{}}",
		" type=m\nconfig type=c digest=" D1 " size=7\nlayer type=l digest=" D2
		" size=9\n" },
	{ "{\"manifests\":[{\"digest\":\"" D1
	  "\",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\",\"os.features\":[]},"
	  "\"annotations\":{\"io.containerd.image.name\":\"long\",\"org.opencontainers.image.ref.name\":\"short\"}},"
	  "{\"digest\":\"" D2 "\",\"annotations\":{\"io.containerd.image.name\":\"n\"}}]}",
		"manifest digest=" D1 " os=linux arch=arm variant=v7 ref=short\nmanifest digest=" D2
		" ref=n\n" },
	{ "{\"manifests\":[{\"annotations\":{\"org.opencontainers.image.ref.name\":\"short\","
	  "\"io.containerd.image.name\":\"long\"}}]}",
		"manifest ref=short\n" },
	/* A configuration: "config" means something else there. */
	{ "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Env\":[\"A=B\"],\"Labels\":{\"x\":{}}},"
	  "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" D1 "\",\"" D2
	  "\"]},\"history\":[{\"a\":1}]}",
		" os=linux arch=amd64\ndiff_id " D1 "\ndiff_id " D2 "\n" },
	{ "[{\"Config\":\"c.json\",\"RepoTags\":[\"a:1\",\"a:2\"],\"Layers\":[\"l/layer.tar\",\"m/layer.tar\"]}]",
		"docker\nimage c.json tag=a:1 tag=a:2 layer=l/layer.tar layer=m/layer.tar\n" },
	{ "[{\"Config\":\"c\",\"RepoTags\":null,\"Layers\":null,\"LayerSources\":{\"" D1
	  "\":{}}},{\"Config\":\"d\"},{}]",
		"docker\nimage c\nimage d\nimage \n" },
	/* null is absence. */
	{ "{\"config\":null,\"layers\":null,\"manifests\":null,\"rootfs\":null}", "" },
	{ "{\"manifests\":[{\"platform\":null,\"annotations\":null}]}", "manifest\n" },
	{ "{\"rootfs\":{\"diff_ids\":null}}", "" },
	/* What other documents call by the same name. */
	{ "{\"config\":[1,{\"a\":2}],\"rootfs\":\"x\"}", "" },
	{ "{\"unknown\":[[[]],{\"layers\":[1]}],\"x\":null,\"y\":-1e5,\"z\":true}", "" },
	/* The last of a name counts, in lists too. */
	{ "{\"layers\":[{\"digest\":\"" D1 "\"}],\"layers\":[{\"digest\":\"" D2 "\"}]}",
		"layer digest=" D2 "\n" },
	{ "{\"layers\":[{\"digest\":\"" D1 "\"}],\"layers\":null}", "" },
	{ "{\"rootfs\":{\"diff_ids\":[\"a\"],\"diff_ids\":[\"b\"]}}", "diff_id b\n" },
	{ "[{\"Config\":\"a\",\"Config\":\"b\",\"Layers\":[\"x\"],\"Layers\":[\"y\"]}]",
		"docker\nimage b layer=y\n" },
	{ "{\"mediaType\":\"a\",\"mediaType\":\"b\"}", " type=b\n" },
};

static int parse(struct str json, size_t chunk, struct document *d, struct err *err)
{
	struct stream_mem in;

	document_init(d);
	stream_mem_init(&in, span_from_str(json), chunk);
	return document_parse(&in.stream, d, err);
}

static void test_documents_are_read_in_any_pieces(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		for (size_t chunk = 0; chunk < 4; chunk++) {
			_cleanup_buf_ struct buf text = BUF_INIT(MIB);
			struct err err = ERR_INIT;
			struct document d;

			assert_ok(parse(str_of(good[i].json), chunk, &d, &err), &err);
			document_text(&d, &text);
			if (!str_eq(buf_str(&text), str_of(good[i].text)))
				fail_msg("%s:\n%s\ninstead of\n%s", good[i].json, buf_cstr(&text),
					good[i].text);
			document_fini(&d);
		}
	}
}

static void test_every_cut_is_an_error(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct str json = str_trim(str_of(good[i].json));

		for (size_t n = 0; n < json.n; n++) {
			struct err err = ERR_INIT;
			struct document d;

			assert_fails(parse(str_head(json, n), 0, &d, &err), &err, ERR_INPUT, "");
			document_fini(&d);
		}
	}
}

static void test_what_is_no_document_is_an_error(void **state UNUSED)
{
	static const struct {
		const char *json, *text;
	} bad[] = {
		{ "null", "expected an object or a list" },
		{ "\"x\"", "expected an object or a list" },
		{ "{} {}", "" },
		{ "[1]", "expected an image" },
		{ "[[]]", "expected an image" },
		{ "[null]", "expected an image" },
		{ "{\"layers\":{}}", "expected a list of descriptors" },
		{ "{\"layers\":\"x\"}", "expected a list of descriptors" },
		{ "{\"layers\":[1]}", "expected a descriptor" },
		{ "{\"manifests\":[null]}", "expected a descriptor" },
		{ "{\"layers\":[{\"size\":-1}]}", "" },
		{ "{\"layers\":[{\"size\":1.5}]}", "" },
		{ "{\"layers\":[{\"digest\":5}]}", "" },
		{ "{\"mediaType\":[]}", "" },
		{ "{\"rootfs\":{\"diff_ids\":[5]}}", "expected a string" },
		{ "{\"rootfs\":{\"diff_ids\":\"x\"}}", "expected a list of strings" },
		{ "[{\"Layers\":[null]}]", "expected a string" },
		{ "[{\"RepoTags\":{}}]", "expected a list of strings" },
		{ "[{\"Config\":{}}]", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = ERR_INIT;
		struct document d;

		assert_fails(parse(str_of(bad[i].json), 0, &d, &err), &err, ERR_INPUT, bad[i].text);
		document_fini(&d);
	}
}

static void encode(const char *json, struct buf *out)
{
	struct err err = ERR_INIT;
	struct document d;

	assert_ok(parse(str_of(json), 0, &d, &err), &err);
	document_encode(&d, out);
	document_fini(&d);
}

static void test_byte_form_comes_back_and_is_strict(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		_cleanup_buf_ struct buf encoded = BUF_INIT(MIB), text = BUF_INIT(MIB);
		struct err err = ERR_INIT;
		struct document d;

		encode(good[i].json, &encoded);
		for (size_t n = 0; n < encoded.n; n++) {
			document_init(&d);
			assert_fails(document_decode(span_n(encoded.p, n), &d, &err), &err,
				ERR_INPUT, "nonsense");
			document_fini(&d);
		}
		document_init(&d);
		assert_ok(document_decode(buf_span(&encoded), &d, &err), &err);
		document_text(&d, &text);
		assert_str(buf_str(&text), good[i].text);
		document_fini(&d);
		buf_append_char(&encoded, 0);
		document_init(&d);
		assert_fails(
			document_decode(buf_span(&encoded), &d, &err), &err, ERR_INPUT, "nonsense");
		document_fini(&d);
	}
}

static void flip_bits(struct buf *encoded)
{
	_cleanup_buf_ struct buf again = BUF_INIT(MIB);
	size_t accepted = 0;

	for (size_t i = 0; i < encoded->n * 8; i++) {
		struct err err = ERR_INIT;
		struct document d;

		encoded->p[i / 8] ^= (char)(1 << i % 8);
		document_init(&d);
		if (document_decode(buf_span(encoded), &d, &err) == 0) {
			buf_clear(&again);
			document_encode(&d, &again);
			assert_int_equal(again.n, encoded->n);
			assert_memory_equal(again.p, encoded->p, encoded->n);
			accepted++;
		}
		err_clear(&err);
		document_fini(&d);
		encoded->p[i / 8] ^= (char)(1 << i % 8);
	}
	assert_true(accepted > 0 && accepted < encoded->n * 8);
}

static void test_changed_byte_form_is_an_error_or_another_document(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		_cleanup_buf_ struct buf encoded = BUF_INIT(MIB);

		encode(good[i].json, &encoded);
		flip_bits(&encoded);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_documents_are_read_in_any_pieces),
		cmocka_unit_test(test_every_cut_is_an_error),
		cmocka_unit_test(test_what_is_no_document_is_an_error),
		cmocka_unit_test(test_byte_form_comes_back_and_is_strict),
		cmocka_unit_test(test_changed_byte_form_is_an_error_or_another_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
