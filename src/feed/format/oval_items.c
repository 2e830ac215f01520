/*
 * Reading what criteria refer to: tests, and the objects, states and variables that these name.
 */
#include "feed/format/oval_priv.h"

static int read_index(struct oval_parser *p, uint32_t *out, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str text;
	int r = xml_read_str(p->xml, &a, &text, err);

	if (r == 0)
		*out = oval_intern(&p->doc->strings, text);
	return r;
}

int oval_read_test(struct oval_parser *p, const struct xml_event *begin, struct err *err)
{
	struct oval_document *doc = p->doc;
	struct oval_kept_test test = {
		.kind = str_eq(begin->name, STR("rpminfo_test"))    ? OVAL_TEST_RPM
			: str_eq(begin->name, STR("dpkginfo_test")) ? OVAL_TEST_DPKG
								    : OVAL_TEST_OTHER,
		.none = str_eq(xml_attr(begin, STR("check")), STR("none satisfy")) ||
			str_eq(xml_attr(begin, STR("check_existence")), STR("none_exist")),
		.element = oval_intern(&doc->strings, begin->name),
		.comment = oval_intern(&doc->strings, xml_attr(begin, STR("comment"))),
	};
	uint32_t at = OVAL_ENTRY(&doc->tests, &doc->test_ids, xml_attr(begin, STR("id")));
	struct xml_event e;
	int r;

	while ((r = xml_next_child(p->xml, &e, err)) > 0) {
		if (str_eq(e.name, STR("object"))) {
			test.object = OVAL_ENTRY(
				&doc->objects, &doc->object_ids, xml_attr(&e, STR("object_ref")));
		} else if (str_eq(e.name, STR("state"))) {
			uint32_t state = OVAL_ENTRY(
				&doc->states, &doc->state_ids, xml_attr(&e, STR("state_ref")));
			*(test.state ? &test.arch_state : &test.state) = state;
		}
		r = xml_skip(p->xml, err);
		if (r < 0)
			return r;
	}
	if (r == 0 && at)
		doc->tests.v[at] = test;
	return r;
}

static bool is_pattern(const struct xml_event *e)
{
	return str_eq(xml_attr(e, STR("operation")), STR("pattern match"));
}

int oval_read_object(struct oval_parser *p, const struct xml_event *begin, struct err *err)
{
	struct oval_document *doc = p->doc;
	struct oval_kept_object object = { .name = 0 };
	uint32_t at = OVAL_ENTRY(&doc->objects, &doc->object_ids, xml_attr(begin, STR("id")));
	struct xml_event e;
	int r;

	while ((r = xml_next_child(p->xml, &e, err)) > 0) {
		struct str variable = xml_attr(&e, STR("var_ref"));

		if (variable.n)
			object.variable = OVAL_ENTRY(&doc->variables, &doc->variable_ids, variable);
		if (str_eq(e.name, STR("name")) || str_eq(e.name, STR("filepath"))) {
			object.is_pattern = is_pattern(&e);
			r = read_index(p, &object.name, err);
		} else {
			r = xml_skip(p->xml, err);
		}
		if (r < 0)
			return r;
	}
	if (r == 0 && at)
		doc->objects.v[at] = object;
	return r;
}

static enum oval_operation operation_of(const struct xml_event *e)
{
	static const char *const names[] = {
		[OVAL_EQUALS] = "equals",
		[OVAL_NOT_EQUAL] = "not equal",
		[OVAL_LESS] = "less than",
		[OVAL_LESS_OR_EQUAL] = "less than or equal",
		[OVAL_GREATER] = "greater than",
		[OVAL_GREATER_OR_EQUAL] = "greater than or equal",
		[OVAL_PATTERN] = "pattern match",
	};
	struct str word = xml_attr(e, STR("operation"));

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_eq(word, str_of(names[i])))
			return (enum oval_operation)i;
	}
	return word.n ? OVAL_OTHER_OPERATION : OVAL_EQUALS;
}

int oval_read_state(struct oval_parser *p, const struct xml_event *begin, struct err *err)
{
	struct oval_document *doc = p->doc;
	struct oval_kept_state state = { .evr = 0 };
	uint32_t at = OVAL_ENTRY(&doc->states, &doc->state_ids, xml_attr(begin, STR("id")));
	struct xml_event e;
	int r;

	while ((r = xml_next_child(p->xml, &e, err)) > 0) {
		uint8_t operation = (uint8_t)operation_of(&e);
		uint32_t *to = &state.text;
		uint32_t text = 0;

		if (str_eq(e.name, STR("evr"))) {
			to = &state.evr;
			state.evr_operation = operation;
		} else if (str_eq(e.name, STR("version"))) {
			to = &state.version;
			state.version_operation = operation;
		} else if (str_eq(e.name, STR("arch"))) {
			to = &state.arch;
			state.arch_operation = operation;
		} else if (str_eq(e.name, STR("signature_keyid"))) {
			to = &state.key;
		}
		r = read_index(p, &text, err);
		if (r < 0)
			return r;
		if (!*to)
			*to = text;
	}
	if (r == 0 && at)
		doc->states.v[at] = state;
	return r;
}

int oval_read_variable(struct oval_parser *p, const struct xml_event *begin, struct err *err)
{
	struct oval_document *doc = p->doc;
	uint32_t at = OVAL_ENTRY(&doc->variables, &doc->variable_ids, xml_attr(begin, STR("id")));
	struct xml_event e;
	struct str text;
	int r;

	while ((r = xml_next_child(p->xml, &e, err)) > 0) {
		if (str_eq(e.name, STR("value"))) {
			r = oval_read_kept(p, &text, err);
			if (r == 0 && at)
				vec_push(&doc->variables.v[at], text);
		} else {
			r = xml_skip(p->xml, err);
		}
		if (r < 0)
			return r;
	}
	return r;
}
