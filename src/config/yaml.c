/*
 * YAML 1.1 by libyaml's events, made into a tree. Anchors, aliases and merge keys
 * (https://yaml.org/type/merge.html) are resolved here: an alias is the node itself, so that
 * nothing is copied and nothing can grow but by merging, which counts against the limit of nodes.
 * An anchor is known once its node is complete; so no node can hold itself.
 */
#include "config/config_priv.h"

#include <yaml.h>

struct frame {
	struct node *node;
	struct node_entry **tail;
	struct node *key; /* of a mapping, while its value is awaited */
	struct str anchor;
};

struct builder {
	yaml_parser_t parser;
	struct span text;
	struct arena *arena;
	struct config_problems *problems;
	struct map anchors; /* of struct node * */
	struct frame stack[LIMIT_CONFIG_DEPTH];
	size_t depth;
	size_t nodes;
	size_t documents;
	struct node *root;
};

static struct config_place place_of(yaml_mark_t mark)
{
	return (struct config_place){ .line = (unsigned)mark.line + 1,
		.column = (unsigned)mark.column + 1 };
}

static struct str str_of_yaml(const yaml_char_t *s)
{
	return str_of((const char *)s);
}

/* --- syntax errors ---------------------------------------------------------------------------- */

/* One character off the front; bytes that are none count as one each. */
static struct str take_character(struct str *text)
{
	size_t length = utf8_check(text->p, text->n);
	struct str c = str_head(*text, length ? length : 1);

	*text = str_skip(*text, c.n);
	return c;
}

/*
 * The rest of the text from a place on, empty behind its end. Before it, in the same line: the last
 * character, and the column of the last brace that opens (0: none).
 */
static struct str text_at(
	struct str text, struct config_place place, struct str *last, unsigned *brace)
{
	struct str line;

	*last = STR_NULL;
	*brace = 0;
	for (unsigned n = 1; n < place.line; n++) {
		if (!str_next_line(&text, &line))
			return STR_NULL;
	}
	for (unsigned column = 1; text.n && column < place.column; column++) {
		*last = take_character(&text);
		if (str_eq(*last, STR("{")))
			*brace = column;
	}
	return text;
}

/*
 * "{ NAME }/path": documentation writes placeholders so. The error comes behind the brace that
 * closes; true when it does, and *open is the place of the other one.
 */
static bool is_after_placeholder(
	struct str text, struct config_place place, struct config_place *open)
{
	struct str last;

	*open = place;
	(void)text_at(text, place, &last, &open->column);
	return str_eq(last, STR("}")) && open->column > 0;
}

/* Bytes that are no text at all come without a mark. */
static struct config_place place_of_offset(struct str text, size_t offset)
{
	struct config_place place = { .line = 1, .column = 1 };

	text = str_head(text, offset);
	while (text.n) {
		place.column++;
		if (str_eq(take_character(&text), STR("\n")))
			place = (struct config_place){ .line = place.line + 1, .column = 1 };
	}
	return place;
}

static void note_bad_token(struct builder *b, struct config_place place)
{
	unsigned brace;
	struct str last, rest = text_at(str_from_span(b->text), place, &last, &brace);

	if (str_starts(rest, STR("\t")))
		problem_error(b->problems, place, "YAML: a tab cannot indent, only spaces can");
	else
		problem_error(b->problems, place,
			"YAML: a value cannot begin with \"%c\" unless it is put in quotes",
			rest.n && rest.p[0] > ' ' && rest.p[0] < 0x7f ? rest.p[0] : '?');
}

static void note_syntax_error(struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	struct config_place place = place_of(p->problem_mark), open;
	const char *problem = p->problem ? p->problem : "not readable";

	if (p->error == YAML_MEMORY_ERROR)
		abort();
	if (p->error == YAML_READER_ERROR)
		problem_error(b->problems,
			place_of_offset(str_from_span(b->text), p->problem_offset), "YAML: %s",
			problem);
	else if (is_after_placeholder(str_from_span(b->text), place, &open))
		problem_error(b->problems, open,
			"YAML: text follows the brace that closes a value: braces mark a placeholder, "
			"to be replaced together with them (a value that begins with a brace needs quotes)");
	else if (strcmp(problem, "found character that cannot start any token") == 0)
		note_bad_token(b, place);
	else if (p->context && p->context_mark.line != p->problem_mark.line)
		problem_error(b->problems, place, "YAML: %s, %s that begins in line %zu", problem,
			p->context, p->context_mark.line + 1);
	else
		problem_error(b->problems, place, "YAML: %s", problem);
}

/* --- building --------------------------------------------------------------------------------- */

static bool count_node(struct builder *b, struct config_place place)
{
	if (++b->nodes <= LIMIT_CONFIG_NODES)
		return true;
	problem_error(b->problems, place, "more than %d keys and values", LIMIT_CONFIG_NODES);
	return false;
}

static void append_entry(struct builder *b, struct frame *f, struct node *key, struct node *value)
{
	struct node_entry *e = arena_alloc(b->arena, sizeof(*e));

	*e = (struct node_entry){ .key = key, .value = value };
	*f->tail = e;
	f->tail = &e->next;
}

/* Puts a node where it belongs: into what is open, as key, value or element. */
static bool add_node(struct builder *b, struct node *node, struct config_place place)
{
	if (!count_node(b, place))
		return false;
	if (b->depth == 0) {
		b->root = node;
		return true;
	}
	struct frame *f = &b->stack[b->depth - 1];
	if (f->node->kind == NODE_MAP && !f->key) {
		f->key = node;
		return true;
	}
	append_entry(b, f, f->key, node);
	f->key = NULL;
	return true;
}

static void set_anchor(struct builder *b, struct str anchor, struct node *node)
{
	if (anchor.n)
		map_set(&b->anchors, anchor, node);
}

/* What a tag makes of a scalar; the tags of YAML's own schema only. */
static void apply_scalar_tag(struct builder *b, struct node *node, struct str tag)
{
	static const struct {
		struct str tag;
		enum node_kind kind;
	} tags[] = {
		{ STR_INIT(YAML_STR_TAG), NODE_TEXT },
		{ STR_INIT(YAML_INT_TAG), NODE_NUMBER },
		{ STR_INIT(YAML_FLOAT_TAG), NODE_NUMBER },
		{ STR_INIT(YAML_BOOL_TAG), NODE_BOOL },
		{ STR_INIT(YAML_NULL_TAG), NODE_NULL },
		{ STR_INIT("!"), NODE_TEXT },
	};

	for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
		if (!str_eq(tag, tags[i].tag))
			continue;
		if (tags[i].kind != NODE_TEXT && scalar_kind(node->text) != tags[i].kind)
			problem_error(b->problems, node->place,
				"YAML: the value is not what its tag says");
		node->kind = tags[i].kind;
		return;
	}
	problem_error(b->problems, node->place, "YAML: a tag that is not known here");
}

static bool add_scalar(struct builder *b, const yaml_event_t *e)
{
	struct node *node = arena_alloc(b->arena, sizeof(*node));
	const char *value = (const char *)e->data.scalar.value;

	node->place = place_of(e->start_mark);
	node->text = arena_str(b->arena, str_n(value, e->data.scalar.length));
	node->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	node->kind = node->quoted ? NODE_TEXT : scalar_kind(node->text);
	if (e->data.scalar.tag)
		apply_scalar_tag(b, node, str_of_yaml(e->data.scalar.tag));
	set_anchor(b, str_of_yaml(e->data.scalar.anchor), node);
	return add_node(b, node, node->place);
}

static bool add_alias(struct builder *b, const yaml_event_t *e)
{
	struct config_place place = place_of(e->start_mark);
	struct node *node = map_get(&b->anchors, str_of_yaml(e->data.alias.anchor));

	if (node)
		return add_node(b, node, place);
	problem_error(b->problems, place, "YAML: an alias without an anchor before it");
	return false;
}

static bool open_collection(struct builder *b, enum node_kind kind, bool flow,
	const yaml_char_t *tag, const yaml_char_t *anchor, struct config_place place)
{
	struct node *node = arena_alloc(b->arena, sizeof(*node));
	struct str usual = kind == NODE_MAP ? STR(YAML_MAP_TAG) : STR(YAML_SEQ_TAG);

	*node = (struct node){ .kind = kind, .flow = flow, .place = place };
	if (tag && !str_eq(str_of_yaml(tag), usual) && !str_eq(str_of_yaml(tag), STR("!")))
		problem_error(b->problems, place, "YAML: a tag that is not known here");
	if (!add_node(b, node, place))
		return false;
	if (b->depth == ARRAY_LEN(b->stack)) {
		problem_error(b->problems, place, "nested more than %d deep", LIMIT_CONFIG_DEPTH);
		return false;
	}
	b->stack[b->depth++] = (struct frame){ .node = node,
		.tail = &node->entries,
		.anchor = arena_str(b->arena, str_of_yaml(anchor)) };
	return true;
}

/* --- mappings that are complete --------------------------------------------------------------- */

static bool is_merge(const struct node *key)
{
	return !key->quoted && str_eq(key->text, STR("<<"));
}

static bool merge_map(struct builder *b, struct frame *f, struct map *seen,
	const struct node_entry *merge, const struct node *from)
{
	if (from->kind != NODE_MAP) {
		problem_error(b->problems, merge->key->place,
			"YAML: \"<<\" takes a mapping, or a list of mappings");
		return true;
	}
	for (struct node_entry *e = from->entries; e; e = e->next) {
		if (map_has(seen, e->key->text))
			continue;
		if (!count_node(b, merge->key->place))
			return false;
		map_set(seen, e->key->text, e->key);
		append_entry(b, f, e->key, e->value);
	}
	return true;
}

static bool merge_all(
	struct builder *b, struct frame *f, struct map *seen, const struct node_entry *merge)
{
	const struct node *from = merge->value;

	if (from->kind != NODE_LIST)
		return merge_map(b, f, seen, merge, from);
	for (const struct node_entry *e = from->entries; e; e = e->next) {
		if (!merge_map(b, f, seen, merge, e->value))
			return false;
	}
	return true;
}

/* Whether an entry stays in its mapping; notes why it cannot. */
static bool keep_entry(struct builder *b, struct map *seen, const struct node_entry *e)
{
	if (e->key->kind == NODE_MAP || e->key->kind == NODE_LIST) {
		problem_error(b->problems, e->key->place, "YAML: a key has to be a single value");
		return false;
	}
	const struct node *first = map_get(seen, e->key->text);
	if (first) {
		problem_error(b->problems, e->key->place,
			"YAML: the same key stands in line %u already", first->place.line);
		return false;
	}
	map_set(seen, e->key->text, e->key);
	return true;
}

/* Keys are made unique, and merge keys are replaced by what they name. */
static bool finish_map(struct builder *b, struct frame *f)
{
	_cleanup_map_ struct map seen = MAP_INIT;
	struct node_entry *e = f->node->entries, *merges = NULL, **merge_tail = &merges, *next;
	bool ok = true;

	f->node->entries = NULL;
	f->tail = &f->node->entries;
	for (; e; e = next) {
		next = e->next;
		e->next = NULL;
		if (is_merge(e->key)) {
			*merge_tail = e;
			merge_tail = &e->next;
		} else if (keep_entry(b, &seen, e)) {
			*f->tail = e;
			f->tail = &e->next;
		}
	}
	for (e = merges; e && ok; e = e->next)
		ok = merge_all(b, f, &seen, e);
	return ok;
}

static bool close_collection(struct builder *b)
{
	struct frame *f = &b->stack[--b->depth];

	if (f->node->kind == NODE_MAP && !finish_map(b, f))
		return false;
	set_anchor(b, f->anchor, f->node);
	return true;
}

/* --- events ----------------------------------------------------------------------------------- */

static bool start_document(struct builder *b, const yaml_event_t *e)
{
	if (b->documents++ == 0)
		return true;
	problem_error(b->problems, place_of(e->start_mark),
		"YAML: another document begins here; a configuration is one");
	return false;
}

static bool take_event(struct builder *b, const yaml_event_t *e)
{
	struct config_place place = place_of(e->start_mark);

	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		return start_document(b, e);
	case YAML_SCALAR_EVENT:
		return add_scalar(b, e);
	case YAML_ALIAS_EVENT:
		return add_alias(b, e);
	case YAML_MAPPING_START_EVENT:
		return open_collection(b, NODE_MAP,
			e->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE,
			e->data.mapping_start.tag, e->data.mapping_start.anchor, place);
	case YAML_SEQUENCE_START_EVENT:
		return open_collection(b, NODE_LIST,
			e->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE,
			e->data.sequence_start.tag, e->data.sequence_start.anchor, place);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		return close_collection(b);
	default:
		return true;
	}
}

static bool build(struct builder *b)
{
	yaml_event_t e;
	bool ok = true, end = false;

	while (ok && !end) {
		if (!yaml_parser_parse(&b->parser, &e)) {
			note_syntax_error(b);
			return false;
		}
		end = e.type == YAML_STREAM_END_EVENT;
		ok = take_event(b, &e);
		yaml_event_delete(&e);
	}
	return ok;
}

bool yaml_read(
	struct span text, struct arena *a, struct config_problems *problems, struct node **root)
{
	struct builder b = { .text = text, .arena = a, .problems = problems, .anchors = MAP_INIT };

	if (text.n > LIMIT_CONFIG) {
		problem_error(problems, (struct config_place){ 0 }, "%zu bytes, at most %d", text.n,
			(int)LIMIT_CONFIG);
		return false;
	}
	if (!yaml_parser_initialize(&b.parser))
		abort();
	/* libyaml wants a pointer, even to nothing. */
	yaml_parser_set_input_string(&b.parser, text.n ? text.p : (const uint8_t *)"", text.n);
	bool ok = build(&b);
	yaml_parser_delete(&b.parser);
	map_fini(&b.anchors);
	*root = ok ? b.root : NULL;
	return ok;
}
