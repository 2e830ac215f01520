/*
 * Reading of OVAL documents, see oval.h. Elements go by their local names: the schemas' names of
 * tests, objects and states are told apart by their ends.
 */
#include "feed/format/oval_priv.h"

#include <sys/random.h>

struct parser {
	struct xml_reader *xml;
	struct oval_document *doc;
	/* Lists of the definition at hand. */
	struct str_vec platforms;
	struct str_vec cpes;
	VEC_OF(struct oval_reference) references;
	VEC_OF(struct oval_cve) cves;
	VEC_OF(struct oval_resolution) resolutions;
};

static void strings_init(struct oval_strings *s, struct arena *arena)
{
	*s = (struct oval_strings){ .arena = arena };
	if (getrandom(s->key, sizeof(s->key), 0) != (ssize_t)sizeof(s->key))
		abort();
	vec_push(&s->strings, STR_NULL);
}

static void strings_fini(struct oval_strings *s)
{
	free(s->slots);
	vec_fini(&s->strings);
}

static size_t slot_of(const struct oval_strings *s, struct str text)
{
	size_t at = (size_t)siphash(1, 3, s->key, text) & (s->cap - 1);

	while (s->slots[at] && !str_eq(s->strings.v[s->slots[at] - 1], text))
		at = (at + 1) & (s->cap - 1);
	return at;
}

static void strings_grow(struct oval_strings *s)
{
	free(s->slots);
	s->cap = s->cap ? s->cap * 2 : 256;
	s->slots = xcalloc(s->cap, sizeof(*s->slots));
	for (size_t i = 1; i < s->strings.n; i++)
		s->slots[slot_of(s, s->strings.v[i])] = (uint32_t)i + 1;
}

uint32_t oval_intern(struct oval_strings *s, struct str text)
{
	if (text.n == 0)
		return 0;
	if (s->strings.n * 4 >= s->cap * 3)
		strings_grow(s);
	size_t at = slot_of(s, text);
	if (!s->slots[at]) {
		vec_push(&s->strings, arena_str(s->arena, text));
		s->slots[at] = (uint32_t)s->strings.n;
	}
	return s->slots[at] - 1;
}

static struct str kept(struct parser *p, struct str text)
{
	/* First the index: making it may move the list. */
	uint32_t i = oval_intern(&p->doc->strings, text);

	return p->doc->strings.strings.v[i];
}

/* The entry of list that id stands for, made when it is new. Entries begin as zeroes. */
#define ENTRY(list, ids, id)                                \
	__extension__({                                     \
		uint32_t entry_ = oval_intern((ids), (id)); \
		__typeof__((list)->v[0]) zero_;             \
		memset(&zero_, 0, sizeof(zero_));           \
		while ((list)->n <= entry_)                 \
			vec_push((list), zero_);            \
		entry_;                                     \
	})

/* What is kept of a document has to fit in memory; everything of size is in the arena or a list. */
static int check_size(const struct parser *p, struct err *err)
{
	const struct oval_document *doc = p->doc;
	uint64_t n = doc->arena.used_bytes + doc->nodes.n * sizeof(doc->nodes.v[0]) +
		     doc->tests.n * sizeof(doc->tests.v[0]) +
		     doc->definitions.n * sizeof(doc->definitions.v[0]);

	if (n > LIMIT_OVAL)
		return err_set(err, ERR_TOO_LARGE,
			"definitions that need more than %" PRIu64 " MiB", LIMIT_OVAL / MIB);
	return 0;
}

static int read_kept(struct parser *p, struct str *out, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str text;
	int r = xml_read_str(p->xml, &a, &text, err);

	if (r == 0)
		*out = kept(p, text);
	return r;
}

static int read_index(struct parser *p, uint32_t *out, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str text;
	int r = xml_read_str(p->xml, &a, &text, err);

	if (r == 0)
		*out = oval_intern(&p->doc->strings, text);
	return r;
}

/* --- metadata */

static int read_affected(struct parser *p, struct err *err)
{
	struct xml_event e;
	struct str text;
	int r;

	while ((r = xml_next_child(p->xml, &e, err)) > 0) {
		if (!str_eq(e.name, STR("platform"))) {
			r = xml_skip(p->xml, err);
		} else {
			r = read_kept(p, &text, err);
			if (r == 0)
				vec_push(&p->platforms, text);
		}
		if (r < 0)
			return r;
	}
	return r;
}

static struct str attr_of(const struct xml_event *e, const char *a, const char *b)
{
	struct str value = xml_attr(e, str_of(a));

	return value.n ? value : xml_attr(e, str_of(b));
}

static int read_cve(struct parser *p, const struct xml_event *e, struct err *err)
{
	struct oval_cve cve = {
		.impact = kept(p, attr_of(e, "impact", "priority")),
		.cvss2 = kept(p, xml_attr(e, STR("cvss2"))),
		.cvss3 = kept(p, attr_of(e, "cvss3", "cvss_vector")),
		.url = kept(p, xml_attr(e, STR("href"))),
	};

	if (!cve.impact.n)
		cve.impact = kept(p, xml_attr(e, STR("severity")));
	int r = read_kept(p, &cve.id, err);
	if (r == 0 && cve.id.n)
		vec_push(&p->cves, cve);
	return r;
}

static int read_resolution(struct parser *p, const struct xml_event *e, struct err *err)
{
	struct oval_resolution resolution = { .state = kept(p, xml_attr(e, STR("state"))) };
	struct xml_event child;
	int r;

	while ((r = xml_next_child(p->xml, &child, err)) > 0) {
		if (str_eq(child.name, STR("component"))) {
			r = read_kept(p, &resolution.component, err);
			if (r == 0)
				vec_push(&p->resolutions, resolution);
		} else {
			r = xml_skip(p->xml, err);
		}
		if (r < 0)
			return r;
	}
	return r;
}

/* The children of <affected> or <affected_cpe_list> of an advisory. */
static int read_advisory_list(struct parser *p, struct err *err)
{
	struct xml_event e;
	struct str text;
	int r;

	while ((r = xml_next_child(p->xml, &e, err)) > 0) {
		if (str_eq(e.name, STR("resolution"))) {
			r = read_resolution(p, &e, err);
		} else if (str_eq(e.name, STR("cpe"))) {
			r = read_kept(p, &text, err);
			if (r == 0)
				vec_push(&p->cpes, text);
		} else {
			r = xml_skip(p->xml, err);
		}
		if (r < 0)
			return r;
	}
	return r;
}

static int read_advisory(struct parser *p, struct oval_definition *d, struct err *err)
{
	struct xml_event e;
	int r;

	while ((r = xml_next_child(p->xml, &e, err)) > 0) {
		if (str_eq(e.name, STR("severity"))) {
			r = read_kept(p, &d->severity, err);
		} else if (str_eq(e.name, STR("cve"))) {
			r = read_cve(p, &e, err);
		} else if (str_starts(e.name, STR("affected"))) {
			r = read_advisory_list(p, err);
		} else {
			if (str_eq(e.name, STR("issued")))
				d->issued = kept(p, xml_attr(&e, STR("date")));
			else if (str_eq(e.name, STR("updated")))
				d->updated = kept(p, xml_attr(&e, STR("date")));
			r = xml_skip(p->xml, err);
		}
		if (r < 0)
			return r;
	}
	return r;
}

static int read_metadata(struct parser *p, struct oval_definition *d, struct err *err)
{
	struct xml_event e;
	int r;

	while ((r = xml_next_child(p->xml, &e, err)) > 0) {
		if (str_eq(e.name, STR("title"))) {
			r = xml_read_str(p->xml, &p->doc->arena, &d->title, err);
		} else if (str_eq(e.name, STR("description"))) {
			r = xml_read_str(p->xml, &p->doc->arena, &d->description, err);
		} else if (str_eq(e.name, STR("severity"))) {
			/* Microsoft's, who has no advisory around it. */
			r = read_kept(p, &d->severity, err);
		} else if (str_eq(e.name, STR("affected"))) {
			r = read_affected(p, err);
		} else if (str_eq(e.name, STR("advisory"))) {
			r = read_advisory(p, d, err);
		} else {
			if (str_eq(e.name, STR("reference"))) {
				struct oval_reference ref = {
					.source = kept(p, xml_attr(&e, STR("source"))),
					.id = kept(p, xml_attr(&e, STR("ref_id"))),
					.url = kept(p, xml_attr(&e, STR("ref_url"))),
				};
				vec_push(&p->references, ref);
			}
			r = xml_skip(p->xml, err);
		}
		if (r < 0)
			return r;
	}
	return r;
}

/* --- criteria */

static enum oval_node_kind operator_of(struct str word)
{
	if (word.n == 0 || str_eq_nocase(word, STR("AND")))
		return OVAL_NODE_AND;
	return str_eq_nocase(word, STR("OR")) ? OVAL_NODE_OR : OVAL_NODE_OTHER;
}

static struct oval_kept_node node_of(struct parser *p, const struct xml_event *e)
{
	struct oval_document *doc = p->doc;
	struct oval_kept_node node = {
		.negate = str_eq(xml_attr(e, STR("negate")), STR("true")),
		.comment = oval_intern(&doc->strings, xml_attr(e, STR("comment"))),
	};

	if (str_eq(e->name, STR("criteria"))) {
		node.kind = (uint8_t)operator_of(xml_attr(e, STR("operator")));
	} else if (str_eq(e->name, STR("criterion"))) {
		node.kind = OVAL_NODE_TEST;
		node.ref = ENTRY(&doc->tests, &doc->test_ids, xml_attr(e, STR("test_ref")));
	} else {
		node.kind = OVAL_NODE_DEFINITION;
		node.ref = oval_intern(&doc->strings, xml_attr(e, STR("definition_ref")));
	}
	return node;
}

static bool is_node(struct str name)
{
	return str_eq(name, STR("criteria")) || str_eq(name, STR("criterion")) ||
	       str_eq(name, STR("extend_definition"));
}

/* The tree whose root element has begun. */
static int read_criteria(struct parser *p, const struct xml_event *root, struct err *err)
{
	struct oval_document *doc = p->doc;
	uint32_t parent = 0;
	uint32_t last[LIMIT_XML_DEPTH + 1] = { 0 }; /* the latest child at each depth */
	size_t depth = 0;
	struct xml_event e = *root;

	do {
		int r = 1;

		if (e.type == XML_END) {
			last[depth] = 0;
			depth--;
			parent = doc->nodes.v[last[depth]].parent;
		} else if (e.type == XML_BEGIN && !is_node(e.name)) {
			r = xml_skip(p->xml, err);
			if (r < 0)
				return r;
		} else if (e.type == XML_BEGIN) {
			uint32_t at = (uint32_t)doc->nodes.n;
			struct oval_kept_node node = node_of(p, &e);

			node.parent = parent;
			vec_push(&doc->nodes, node);
			if (last[depth])
				doc->nodes.v[last[depth]].next = at;
			else if (parent)
				doc->nodes.v[parent].child = at;
			last[depth] = at;
			parent = at;
			depth++;
		}
		if (depth == 0)
			return check_size(p, err);
		r = xml_next(p->xml, &e, err);
		if (r < 0)
			return r;
		assert(r > 0);
	} while (true);
}

#define KEEP_LIST(p, from, to, n_to)                                            \
	do {                                                                    \
		size_t size_ = (from)->n * sizeof((from)->v[0]);                \
		void *copy_ = arena_alloc(&(p)->doc->arena, size_ ? size_ : 1); \
		if (size_)                                                      \
			memcpy(copy_, (from)->v, size_);                        \
		*(to) = copy_;                                                  \
		*(n_to) = (from)->n;                                            \
		vec_clear(from);                                                \
	} while (0)

static int read_definition(struct parser *p, const struct xml_event *begin, struct err *err)
{
	struct oval_kept_definition kd = { .first_node = (uint32_t)p->doc->nodes.n };
	struct oval_definition *d = &kd.d;
	struct xml_event e;
	bool has_criteria = false;
	int r;

	d->id = kept(p, xml_attr(begin, STR("id")));
	d->class = kept(p, xml_attr(begin, STR("class")));
	while ((r = xml_next_child(p->xml, &e, err)) > 0) {
		if (str_eq(e.name, STR("metadata"))) {
			r = read_metadata(p, d, err);
		} else if (str_eq(e.name, STR("criteria")) && !has_criteria) {
			has_criteria = true;
			r = read_criteria(p, &e, err);
		} else {
			r = xml_skip(p->xml, err);
		}
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	d->n_nodes = p->doc->nodes.n - kd.first_node;
	KEEP_LIST(p, &p->platforms, &d->platforms, &d->n_platforms);
	KEEP_LIST(p, &p->cpes, &d->cpes, &d->n_cpes);
	KEEP_LIST(p, &p->references, &d->references, &d->n_references);
	KEEP_LIST(p, &p->cves, &d->cves, &d->n_cves);
	KEEP_LIST(p, &p->resolutions, &d->resolutions, &d->n_resolutions);
	vec_push(&p->doc->definitions, kd);
	return check_size(p, err);
}

/* --- what criteria refer to */

static int read_test(struct parser *p, const struct xml_event *begin, struct err *err)
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
	uint32_t at = ENTRY(&doc->tests, &doc->test_ids, xml_attr(begin, STR("id")));
	struct xml_event e;
	int r;

	while ((r = xml_next_child(p->xml, &e, err)) > 0) {
		if (str_eq(e.name, STR("object"))) {
			test.object = ENTRY(
				&doc->objects, &doc->object_ids, xml_attr(&e, STR("object_ref")));
		} else if (str_eq(e.name, STR("state"))) {
			uint32_t state = ENTRY(
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

static int read_object(struct parser *p, const struct xml_event *begin, struct err *err)
{
	struct oval_document *doc = p->doc;
	struct oval_kept_object object = { .name = 0 };
	uint32_t at = ENTRY(&doc->objects, &doc->object_ids, xml_attr(begin, STR("id")));
	struct xml_event e;
	int r;

	while ((r = xml_next_child(p->xml, &e, err)) > 0) {
		struct str variable = xml_attr(&e, STR("var_ref"));

		if (variable.n)
			object.variable = ENTRY(&doc->variables, &doc->variable_ids, variable);
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

static int read_state(struct parser *p, const struct xml_event *begin, struct err *err)
{
	struct oval_document *doc = p->doc;
	struct oval_kept_state state = { .evr = 0 };
	uint32_t at = ENTRY(&doc->states, &doc->state_ids, xml_attr(begin, STR("id")));
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

static int read_variable(struct parser *p, const struct xml_event *begin, struct err *err)
{
	struct oval_document *doc = p->doc;
	uint32_t at = ENTRY(&doc->variables, &doc->variable_ids, xml_attr(begin, STR("id")));
	struct xml_event e;
	struct str text;
	int r;

	while ((r = xml_next_child(p->xml, &e, err)) > 0) {
		if (str_eq(e.name, STR("value"))) {
			r = read_kept(p, &text, err);
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

/* --- the document */

typedef int (*read_fn)(struct parser *p, const struct xml_event *begin, struct err *err);

static read_fn section_of(struct str name)
{
	static const struct {
		struct str name;
		read_fn read;
	} sections[] = {
		{ STR_INIT("definitions"), read_definition },
		{ STR_INIT("tests"), read_test },
		{ STR_INIT("objects"), read_object },
		{ STR_INIT("states"), read_state },
		{ STR_INIT("variables"), read_variable },
	};

	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		if (str_eq(name, sections[i].name))
			return sections[i].read;
	}
	return NULL;
}

static int read_section(struct parser *p, read_fn read, struct err *err)
{
	struct xml_event e;
	int r;

	while ((r = xml_next_child(p->xml, &e, err)) > 0) {
		r = read(p, &e, err);
		if (r == 0)
			r = check_size(p, err);
		if (r < 0)
			return r;
	}
	return r;
}

static int read_document(struct parser *p, struct err *err)
{
	struct xml_event e;
	int r = xml_enter_root(p->xml, STR("oval_definitions"), &e, err);

	while (r >= 0 && (r = xml_next_child(p->xml, &e, err)) > 0) {
		read_fn read = section_of(e.name);

		r = read ? read_section(p, read, err) : xml_skip(p->xml, err);
	}
	return r < 0 ? r : xml_end(p->xml, err);
}

static void document_init(struct oval_document *doc)
{
	struct oval_kept_node none = { .kind = OVAL_NODE_OTHER };

	*doc = (struct oval_document){ .arena = ARENA_INIT };
	strings_init(&doc->strings, &doc->arena);
	strings_init(&doc->test_ids, &doc->arena);
	strings_init(&doc->object_ids, &doc->arena);
	strings_init(&doc->state_ids, &doc->arena);
	strings_init(&doc->variable_ids, &doc->arena);
	/* What an index of 0 stands for. */
	(void)ENTRY(&doc->tests, &doc->test_ids, STR_NULL);
	(void)ENTRY(&doc->objects, &doc->object_ids, STR_NULL);
	(void)ENTRY(&doc->states, &doc->state_ids, STR_NULL);
	(void)ENTRY(&doc->variables, &doc->variable_ids, STR_NULL);
	vec_push(&doc->nodes, none);
}

static void document_fini(struct oval_document *doc)
{
	vec_for_each(values, &doc->variables)
		vec_fini(values);
	vec_fini(&doc->variables);
	vec_fini(&doc->tests);
	vec_fini(&doc->objects);
	vec_fini(&doc->states);
	vec_fini(&doc->nodes);
	vec_fini(&doc->definitions);
	strings_fini(&doc->strings);
	strings_fini(&doc->test_ids);
	strings_fini(&doc->object_ids);
	strings_fini(&doc->state_ids);
	strings_fini(&doc->variable_ids);
	arena_fini(&doc->arena);
}

int oval_read(struct stream *in, oval_put_fn put, void *ctx, struct err *err)
{
	struct oval_document doc;
	struct parser p = { .doc = &doc };

	document_init(&doc);
	p.xml = xml_reader_new(in);
	int r = read_document(&p, err);
	xml_reader_free(p.xml);
	vec_fini(&p.platforms);
	vec_fini(&p.cpes);
	vec_fini(&p.references);
	vec_fini(&p.cves);
	vec_fini(&p.resolutions);
	if (r == 0)
		r = oval_give(&doc, put, ctx, err);
	document_fini(&doc);
	return r;
}
