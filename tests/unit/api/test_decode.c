/*
 * Bodies as structs, as Go's encoding/json fills them.
 */
#include "../test.h"

#include "api/decode.h"

struct fixture {
	struct arena arena;
	struct err err;
};

static int setup(void **state)
{
	*state = xcalloc(1, sizeof(struct fixture));
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_fini(&f->arena);
	err_clear(&f->err);
	free(f);
	return 0;
}

static struct layer_body *layer(struct fixture *f, const char *body)
{
	struct layer_body *out = NULL;

	assert_ok(decode_layer(span_from_str(str_of(body)), &f->arena, &out, &f->err), &f->err);
	return out;
}

static struct vulnerability_body *vulnerability(struct fixture *f, const char *body)
{
	struct vulnerability_body *out = NULL;

	assert_ok(decode_vulnerability(span_from_str(str_of(body)), &f->arena, &out, &f->err),
		&f->err);
	return out;
}

static void a_layer_is_read_with_its_headers_sorted(void **state)
{
	struct layer_body *l = layer(*state,
		"{\"Layer\":{\"Name\":\"a\",\"Path\":\"http://x/\",\"Headers\":{\"B\":\"2\","
		"\"A\":\"1\",\"C\":null,\"A\":\"3\"},\"ParentName\":\"p\",\"Format\":\"Docker\"}}");

	assert_str(l->name, "a");
	assert_str(l->path, "http://x/");
	assert_str(l->parent, "p");
	assert_str(l->format, "Docker");
	assert_int_equal(l->headers.n, 3);
	assert_str(l->headers.v[0].name, "A");
	assert_str(l->headers.v[0].value, "3");
	assert_str(l->headers.v[1].name, "B");
	assert_str(l->headers.v[2].name, "C");
	assert_str(l->headers.v[2].value, "");
}

static void names_of_fields_match_in_any_case_and_unknown_ones_are_ignored(void **state)
{
	struct layer_body *l = layer(*state,
		"{\"x\":[{\"Layer\":1}],\"LAYER\":{\"name\":\"a\",\"more\":{\"Name\":\"b\"},"
		"\"FORMAT\":\"f\"}}");

	assert_str(l->name, "a");
	assert_str(l->format, "f");
}

static void what_clients_send_beside_is_accepted(void **state)
{
	struct layer_body *l = layer(*state,
		"{\"Layer\":{\"Name\":\"a\",\"Features\":null,\"ParentName\":\"\","
		"\"NamespaceName\":\"\",\"IndexedByVersion\":0,\"Headers\":{\"Authorization\":"
		"\"\"}},\"Error\":null}");

	assert_str(l->name, "a");
	assert_int_equal(l->headers.n, 1);
	(void)layer(*state, "{\"Layer\":{\"Features\":[]}}");
}

static void null_is_as_absent(void **state)
{
	assert_null(layer(*state, "null"));
	assert_null(layer(*state, "{}"));
	assert_null(layer(*state, "{\"Layer\":null}"));
	assert_null(layer(*state, "{\"Layer\":{\"Name\":\"a\"},\"Layer\":null}"));
	assert_str(layer(*state, "{\"Layer\":{\"Name\":\"a\",\"Name\":null}}")->name, "a");
	assert_int_equal(
		layer(*state, "{\"Layer\":{\"Headers\":{\"a\":\"\"},\"Headers\":null}}")->headers.n,
		0);
}

static void of_two_the_last_counts_and_objects_merge(void **state)
{
	struct layer_body *l = layer(*state,
		"{\"Layer\":{\"Name\":\"a\",\"Path\":\"p\",\"Headers\":{\"a\":\"1\",\"b\":\"1\"}},"
		"\"layer\":{\"Name\":\"b\",\"Headers\":{\"b\":\"2\",\"c\":\"2\"}}}");

	assert_str(l->name, "b");
	assert_str(l->path, "p");
	assert_int_equal(l->headers.n, 3);
	assert_str(l->headers.v[0].value, "1");
	assert_str(l->headers.v[1].value, "2");
	assert_str(l->headers.v[2].value, "2");
}

static void a_vulnerability_is_read_with_its_fixes(void **state)
{
	struct vulnerability_body *v = vulnerability(*state,
		"{\"Vulnerability\":{\"Name\":\"CVE-1\",\"NamespaceName\":\"debian:9\","
		"\"Description\":\"d\",\"Link\":\"l\",\"Severity\":\"high\",\"FixedBy\":\"1\","
		"\"Metadata\":{\"b\":7.50,\"a\":\"<\"},\"FixedIn\":[{\"Name\":\"bash\","
		"\"NamespaceName\":\"debian:9\",\"VersionFormat\":\"dpkg\",\"Version\":\"1\","
		"\"AddedBy\":\"x\"},null,{\"Name\":\"zlib\",\"Vulnerabilities\":[{\"FixedIn\":"
		"[{\"Name\":\"deep\"}]}]}]}}");

	assert_str(v->name, "CVE-1");
	assert_str(v->severity, "high");
	assert_str(v->metadata, "{\"a\":\"\\u003c\",\"b\":7.5}");
	assert_int_equal(v->fixed_in.n, 3);
	assert_str(v->fixed_in.v[0].name, "bash");
	assert_str(v->fixed_in.v[0].added_by, "x");
	assert_str(v->fixed_in.v[1].name, "");
	assert_str(v->fixed_in.v[2].name, "zlib");
}

static void metadata_without_members_is_none(void **state)
{
	assert_str(vulnerability(*state, "{\"Vulnerability\":{\"Metadata\":{}}}")->metadata, "");
}

static void wrong_types_are_refused_in_the_words_of_go(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *body;
		const char *message;
	} layers[] = {
		{ "1", "json: cannot unmarshal number into Go value of type v1.LayerEnvelope" },
		{ "[]", "json: cannot unmarshal array into Go value of type v1.LayerEnvelope" },
		{ "{\"Layer\":\"x\"}", "json: cannot unmarshal string into Go struct field "
				       "LayerEnvelope.Layer of type v1.Layer" },
		{ "{\"Layer\":{\"Name\":1}}", "json: cannot unmarshal number into Go struct field "
					      "Layer.Layer.Name of type string" },
		{ "{\"Layer\":{\"Name\":true}}", "json: cannot unmarshal bool into Go struct field "
						 "Layer.Layer.Name of type string" },
		{ "{\"Layer\":{\"Headers\":{\"a\":{}}}}",
			"json: cannot unmarshal object into Go struct field Layer.Layer.Headers of "
			"type string" },
		{ "{\"Layer\":{\"Headers\":[]}}",
			"json: cannot unmarshal array into Go struct field Layer.Layer.Headers of "
			"type map[string]string" },
		{ "{\"Layer\":{\"IndexedByVersion\":1.5}}",
			"json: cannot unmarshal number 1.5 into Go struct field "
			"Layer.Layer.IndexedByVersion of type int" },
		{ "{\"Layer\":{\"Features\":{}}}",
			"json: cannot unmarshal object into Go struct field Layer.Layer.Features "
			"of type []v1.Feature" },
		{ "{\"Layer\":{\"Features\":[{\"Version\":1}],\"Name\":2}}",
			"json: cannot unmarshal number into Go struct field "
			"Feature.Layer.Features.Version of type string" },
		{ "{\"Error\":{\"Message\":1}}", "json: cannot unmarshal number into Go struct "
						 "field Error.Error.Message of type string" },
	};

	for (size_t i = 0; i < ARRAY_LEN(layers); i++) {
		struct layer_body *out = NULL;

		assert_true(decode_layer(span_from_str(str_of(layers[i].body)), &f->arena, &out,
				    &f->err) < 0);
		assert_string_equal(err_msg(&f->err), layers[i].message);
		assert_int_equal(f->err.code, ERR_INPUT);
	}
}

static void wrong_types_in_fixes_and_metadata_are_refused(void **state)
{
	struct fixture *f = *state;
	struct vulnerability_body *out = NULL;

	assert_fails(
		decode_vulnerability(span_from_str(STR("{\"Vulnerability\":{\"FixedIn\":[{},7]}}")),
			&f->arena, &out, &f->err),
		&f->err, ERR_INPUT,
		"json: cannot unmarshal number into Go struct field "
		"Vulnerability.Vulnerability.FixedIn of type v1.Feature");
	assert_fails(
		decode_vulnerability(span_from_str(STR("{\"Vulnerability\":{\"Metadata\":[]}}")),
			&f->arena, &out, &f->err),
		&f->err, ERR_INPUT, "of type map[string]interface {}");
	assert_fails(decode_vulnerability(
			     span_from_str(STR("{\"Vulnerability\":{\"Metadata\":{\"a\":1e999}}}")),
			     &f->arena, &out, &f->err),
		&f->err, ERR_INPUT, "json: cannot unmarshal number 1e999 into");
}

static void a_feature_is_read(void **state)
{
	struct fixture *f = *state;
	struct feature_body *out = NULL;

	assert_ok(decode_feature(span_from_str(STR("{\"Feature\":{\"Name\":\"a\",\"Version\":"
						   "\"None\"}}")),
			  &f->arena, &out, &f->err),
		&f->err);
	assert_str(out->name, "a");
	assert_str(out->version, "None");
	assert_ok(decode_feature(span_from_str(STR("{}")), &f->arena, &out, &f->err), &f->err);
	assert_null(out);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_layer_is_read_with_its_headers_sorted),
		T(names_of_fields_match_in_any_case_and_unknown_ones_are_ignored),
		T(what_clients_send_beside_is_accepted),
		T(null_is_as_absent),
		T(of_two_the_last_counts_and_objects_merge),
		T(a_vulnerability_is_read_with_its_fixes),
		T(metadata_without_members_is_none),
		T(wrong_types_are_refused_in_the_words_of_go),
		T(wrong_types_in_fixes_and_metadata_are_refused),
		T(a_feature_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
