/*
 * Reading of OVAL documents, see oval.h. Elements go by their local names: the schemas' names of
 * tests, objects and states are told apart by their ends.
 */
#include "feed/format/oval_priv.h"

static void strings_init(struct oval_strings *s, struct arena *arena)
{
	*s = (struct oval_strings){ .arena = arena };
	map_init(&s->indexes);
	vec_push(&s->strings, STR_NULL);
}

static void strings_fini(struct oval_strings *s)
{
	map_fini(&s->indexes);
	vec_fini(&s->strings);
}

uint32_t oval_intern(struct oval_strings *s, struct str text)
{
	if (text.n == 0)
		return 0;
	uintptr_t known = (uintptr_t)map_get(&s->indexes, text);
	if (known)
		return (uint32_t)known;
	uint32_t index = (uint32_t)s->strings.n;
	vec_push(&s->strings, arena_str(s->arena, text));
	map_set(&s->indexes, text, (void *)(uintptr_t)index);
	return index;
}

struct str oval_keep(struct oval_parser *p, struct str text)
{
	/* First the index: making it may move the list. */
	uint32_t i = oval_intern(&p->doc->strings, text);

	return p->doc->strings.strings.v[i];
}

/* What is kept of a document has to fit in memory; everything of size is in the arena or a list. */
static int check_size(const struct oval_parser *p, struct err *err)
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

int oval_read_kept(struct oval_parser *p, struct str *out, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str text;
	int r = xml_read_str(p->xml, &a, &text, err);

	if (r == 0)
		*out = oval_keep(p, text);
	return r;
}

/* --- metadata */

static int read_affected(struct oval_parser *p, struct err *err)
{
	struct xml_event e;
	struct str text;
	int r;

	while ((r = xml_next_child(p->xml, &e, err)) > 0) {
		if (!str_eq(e.name, STR("platform"))) {
			r = xml_skip(p->xml, err);
		} else {
			r = oval_read_kept(p, &text, err);
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

static int read_cve(struct oval_parser *p, const struct xml_event *e, struct err *err)
{
	struct oval_cve cve = {
		.impact = oval_keep(p, attr_of(e, "impact", "priority")),
		.cvss2 = oval_keep(p, xml_attr(e, STR("cvss2"))),
		.cvss3 = oval_keep(p, attr_of(e, "cvss3", "cvss_vector")),
		.url = oval_keep(p, xml_attr(e, STR("href"))),
	};

	if (!cve.impact.n)
		cve.impact = oval_keep(p, xml_attr(e, STR("severity")));
	int r = oval_read_kept(p, &cve.id, err);
	if (r == 0 && cve.id.n)
		vec_push(&p->cves, cve);
	return r;
}

static int read_resolution(struct oval_parser *p, const struct xml_event *e, struct err *err)
{
	struct oval_resolution resolution = { .state = oval_keep(p, xml_attr(e, STR("state"))) };
	struct xml_event child;
	int r;

	while ((r = xml_next_child(p->xml, &child, err)) > 0) {
		if (str_eq(child.name, STR("component"))) {
			r = oval_read_kept(p, &resolution.component, err);
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
static int read_advisory_list(struct oval_parser *p, struct err *err)
{
	struct xml_event e;
	struct str text;
	int r;

	while ((r = xml_next_child(p->xml, &e, err)) > 0) {
		if (str_eq(e.name, STR("resolution"))) {
			r = read_resolution(p, &e, err);
		} else if (str_eq(e.name, STR("cpe"))) {
			r = oval_read_kept(p, &text, err);
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

static int read_advisory(struct oval_parser *p, struct oval_definition *d, struct err *err)
{
	struct xml_event e;
	int r;

	while ((r = xml_next_child(p->xml, &e, err)) > 0) {
		if (str_eq(e.name, STR("severity"))) {
			r = oval_read_kept(p, &d->severity, err);
		} else if (str_eq(e.name, STR("cve"))) {
			r = read_cve(p, &e, err);
		} else if (str_starts(e.name, STR("affected"))) {
			r = read_advisory_list(p, err);
		} else {
			if (str_eq(e.name, STR("issued")))
				d->issued = oval_keep(p, xml_attr(&e, STR("date")));
			else if (str_eq(e.name, STR("updated")))
				d->updated = oval_keep(p, xml_attr(&e, STR("date")));
			r = xml_skip(p->xml, err);
		}
		if (r < 0)
			return r;
	}
	return r;
}

static int read_metadata(struct oval_parser *p, struct oval_definition *d, struct err *err)
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
			r = oval_read_kept(p, &d->severity, err);
		} else if (str_eq(e.name, STR("affected"))) {
			r = read_affected(p, err);
		} else if (str_eq(e.name, STR("advisory"))) {
			r = read_advisory(p, d, err);
		} else {
			if (str_eq(e.name, STR("reference"))) {
				struct oval_reference ref = {
					.source = oval_keep(p, xml_attr(&e, STR("source"))),
					.id = oval_keep(p, xml_attr(&e, STR("ref_id"))),
					.url = oval_keep(p, xml_attr(&e, STR("ref_url"))),
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

static struct oval_kept_node node_of(struct oval_parser *p, const struct xml_event *e)
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
		node.ref = OVAL_ENTRY(&doc->tests, &doc->test_ids, xml_attr(e, STR("test_ref")));
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
static int read_criteria(struct oval_parser *p, const struct xml_event *root, struct err *err)
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

static int read_definition(struct oval_parser *p, const struct xml_event *begin, struct err *err)
{
	struct oval_kept_definition kd = { .first_node = (uint32_t)p->doc->nodes.n };
	struct oval_definition *d = &kd.d;
	struct xml_event e;
	bool has_criteria = false;
	int r;

	d->id = oval_keep(p, xml_attr(begin, STR("id")));
	d->class = oval_keep(p, xml_attr(begin, STR("class")));
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

/* --- the document */

typedef int (*read_fn)(struct oval_parser *p, const struct xml_event *begin, struct err *err);

static read_fn section_of(struct str name)
{
	static const struct {
		struct str name;
		read_fn read;
	} sections[] = {
		{ STR_INIT("definitions"), read_definition },
		{ STR_INIT("tests"), oval_read_test },
		{ STR_INIT("objects"), oval_read_object },
		{ STR_INIT("states"), oval_read_state },
		{ STR_INIT("variables"), oval_read_variable },
	};

	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		if (str_eq(name, sections[i].name))
			return sections[i].read;
	}
	return NULL;
}

static int read_section(struct oval_parser *p, read_fn read, struct err *err)
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

static int read_document(struct oval_parser *p, struct err *err)
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
	(void)OVAL_ENTRY(&doc->tests, &doc->test_ids, STR_NULL);
	(void)OVAL_ENTRY(&doc->objects, &doc->object_ids, STR_NULL);
	(void)OVAL_ENTRY(&doc->states, &doc->state_ids, STR_NULL);
	(void)OVAL_ENTRY(&doc->variables, &doc->variable_ids, STR_NULL);
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
	struct oval_parser p = { .doc = &doc };

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
