/*
 * The XML pull reader, see xml.h. expat calls back as it is given a piece of the input; what it
 * says is queued, and given out until the queue is empty. Texts are kept as offsets into one
 * buffer, which moves while it grows.
 */
#include "codec/xml.h"

#include <expat.h>

/* A piece of the input. */
#define XML_PIECE (32 * KIB)

struct slice {
	size_t at;
	size_t n;
};

struct queued_attr {
	struct slice name;
	struct slice value;
};

struct queued {
	enum xml_type type;
	struct slice text; /* or the name */
	size_t first_attr;
	size_t n_attrs;
};

struct xml_reader {
	struct stream *in;
	XML_Parser parser;
	uint64_t fed; /* bytes given to expat */
	bool ended;   /* all of the input was */
	unsigned depth;
	struct buf bytes; /* names, values and texts of the queue */
	struct buf text;  /* since the last tag */
	VEC_OF(struct queued) queue;
	VEC_OF(struct queued_attr) attrs;
	size_t next;                 /* in the queue */
	VEC_OF(struct xml_attr) out; /* those of the last event */
	struct err refused;          /* by a callback */
	struct err failure;          /* given out once the queue is empty */
};

static int fail_at(struct xml_reader *r, enum err_code code, const char *what, struct err *err)
{
	return err_set(err, code, "line %" PRIu64 ", column %" PRIu64 ": %s",
		(uint64_t)XML_GetCurrentLineNumber(r->parser),
		(uint64_t)XML_GetCurrentColumnNumber(r->parser) + 1, what);
}

/* From within a callback: the first refusal counts. */
static void refuse(struct xml_reader *r, enum err_code code, const char *what)
{
	if (!r->refused.code)
		(void)fail_at(r, code, what, &r->refused);
	(void)XML_StopParser(r->parser, XML_FALSE);
}

static struct slice keep(struct xml_reader *r, struct str s)
{
	struct slice kept = { .at = r->bytes.n, .n = s.n };

	buf_append_str(&r->bytes, s);
	if (r->bytes.overflowed)
		refuse(r, ERR_TOO_LARGE, "a piece says too much");
	return kept;
}

static struct str local_name(const char *name)
{
	const char *colon = strchr(name, ':');

	return str_of(colon ? colon + 1 : name);
}

static bool is_blank(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_is_space(s.p[i]))
			return false;
	}
	return true;
}

/* Queues the text that ends here, if there is any. */
static void flush_text(struct xml_reader *r)
{
	if (!is_blank(buf_str(&r->text))) {
		struct queued q = { .type = XML_TEXT, .text = keep(r, buf_str(&r->text)) };

		vec_push(&r->queue, q);
	}
	buf_clear(&r->text);
}

static void XMLCALL on_begin(void *ctx, const XML_Char *name, const XML_Char **attrs)
{
	struct xml_reader *r = ctx;

	/* What is called after a stop is what was left of the same tag. */
	if (r->refused.code)
		return;
	flush_text(r);
	if (++r->depth > LIMIT_XML_DEPTH) {
		refuse(r, ERR_TOO_LARGE, "elements are nested too deep");
		return;
	}
	struct queued q = {
		.type = XML_BEGIN, .text = keep(r, local_name(name)), .first_attr = r->attrs.n
	};
	for (; attrs[0]; attrs += 2) {
		struct str attr = str_of(attrs[0]);

		if (str_eq(attr, STR("xmlns")) || str_starts(attr, STR("xmlns:")))
			continue;
		struct queued_attr a = { .name = keep(r, local_name(attrs[0])),
			.value = keep(r, str_of(attrs[1])) };
		vec_push(&r->attrs, a);
		q.n_attrs++;
	}
	vec_push(&r->queue, q);
}

static void XMLCALL on_end(void *ctx, const XML_Char *name)
{
	struct xml_reader *r = ctx;

	if (r->refused.code)
		return;
	flush_text(r);
	r->depth--;
	struct queued q = { .type = XML_END, .text = keep(r, local_name(name)) };
	vec_push(&r->queue, q);
}

static void XMLCALL on_text(void *ctx, const XML_Char *p, int n)
{
	struct xml_reader *r = ctx;

	if (r->refused.code)
		return;
	buf_append(&r->text, p, (size_t)n);
	if (r->text.overflowed)
		refuse(r, ERR_TOO_LARGE, "a text is too long");
}

static void XMLCALL on_doctype(void *ctx, const XML_Char *name UNUSED,
	const XML_Char *system UNUSED, const XML_Char *public UNUSED, int has_subset UNUSED)
{
	refuse(ctx, ERR_INPUT, "a document type, which is not taken");
}

struct xml_reader *xml_reader_new(struct stream *in)
{
	struct xml_reader *r = xcalloc(1, sizeof(*r));

	r->in = in;
	buf_init(&r->bytes, (size_t)(2 * LIMIT_XML_TOKEN));
	buf_init(&r->text, (size_t)LIMIT_XML_TOKEN);
	r->parser = XML_ParserCreate(NULL);
	if (!r->parser)
		abort();
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, on_begin, on_end);
	XML_SetCharacterDataHandler(r->parser, on_text);
	XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
	return r;
}

void xml_reader_free(struct xml_reader *r)
{
	if (!r)
		return;
	XML_ParserFree(r->parser);
	buf_fini(&r->bytes);
	buf_fini(&r->text);
	vec_fini(&r->queue);
	vec_fini(&r->attrs);
	vec_fini(&r->out);
	err_clear(&r->refused);
	err_clear(&r->failure);
	free(r);
}

/* What expat did not take. */
static int fail_parse(struct xml_reader *r)
{
	enum XML_Error e = XML_GetErrorCode(r->parser);

	if (r->refused.code)
		return err_move(&r->failure, &r->refused);
	if (e == XML_ERROR_NO_MEMORY)
		abort();
	return fail_at(r, ERR_INPUT, XML_ErrorString(e), &r->failure);
}

/* Bytes of a token whose end has not come yet; expat keeps them. */
static uint64_t unfinished(const struct xml_reader *r)
{
	XML_Index at = XML_GetCurrentByteIndex(r->parser);

	return at < 0 || (uint64_t)at > r->fed ? 0 : r->fed - (uint64_t)at;
}

/* Gives expat the next piece; the queue is empty. */
static int feed(struct xml_reader *r)
{
	void *p = XML_GetBuffer(r->parser, (int)XML_PIECE);

	if (!p)
		abort();
	ssize_t n = stream_read(r->in, p, XML_PIECE, &r->failure);
	if (n < 0)
		return (int)n;
	buf_clear(&r->bytes);
	vec_clear(&r->queue);
	vec_clear(&r->attrs);
	r->next = 0;
	r->ended = n == 0;
	r->fed += (uint64_t)n;
	if (XML_ParseBuffer(r->parser, (int)n, n == 0) != XML_STATUS_OK)
		return fail_parse(r);
	if (unfinished(r) > LIMIT_XML_TOKEN)
		return fail_at(r, ERR_TOO_LARGE, "a tag or comment is too long", &r->failure);
	return 0;
}

static struct str view(const struct xml_reader *r, struct slice s)
{
	return s.n ? str_n(r->bytes.p + s.at, s.n) : STR("");
}

static void give(struct xml_reader *r, const struct queued *q, struct xml_event *out)
{
	vec_clear(&r->out);
	for (size_t i = q->first_attr; i < q->first_attr + q->n_attrs; i++) {
		struct xml_attr a = { .name = view(r, r->attrs.v[i].name),
			.value = view(r, r->attrs.v[i].value) };

		vec_push(&r->out, a);
	}
	*out = (struct xml_event){ .type = q->type, .attrs = r->out.v, .n_attrs = q->n_attrs };
	*(q->type == XML_TEXT ? &out->text : &out->name) = view(r, q->text);
}

int xml_next(struct xml_reader *r, struct xml_event *out, struct err *err)
{
	while (r->next == r->queue.n) {
		if (!r->failure.code && r->ended)
			return 0;
		if (r->failure.code)
			return err_set(err, r->failure.code, "%s", err_msg(&r->failure));
		/* What came before a failure is given out first. */
		(void)feed(r);
	}
	give(r, &r->queue.v[r->next++], out);
	return 1;
}

struct str xml_attr(const struct xml_event *e, struct str name)
{
	for (size_t i = 0; i < e->n_attrs; i++) {
		if (str_eq(e->attrs[i].name, name))
			return e->attrs[i].value;
	}
	return STR_NULL;
}

/* Makes a failure of the walk last. */
static int fail_walk(struct xml_reader *r, struct err *err)
{
	r->next = r->queue.n;
	return err_set(err, r->failure.code, "%s", err_msg(&r->failure));
}

/* The next event, of which there has to be one. */
static int must_next(struct xml_reader *r, struct xml_event *out, struct err *err)
{
	int rc = xml_next(r, out, err);

	if (rc != 0)
		return rc;
	(void)err_set(&r->failure, ERR_INPUT, "the document has ended");
	return fail_walk(r, err);
}

int xml_enter_root(struct xml_reader *r, struct str name, struct xml_event *out, struct err *err)
{
	int rc = must_next(r, out, err);

	if (rc < 0 || (out->type == XML_BEGIN && str_eq(out->name, name)))
		return rc;
	(void)err_set(&r->failure, ERR_INPUT, "expected element %" PRIstr ", found %" PRIstr,
		STR_ARG(name), STR_ARG(str_head(out->name, 100)));
	return fail_walk(r, err);
}

int xml_next_child(struct xml_reader *r, struct xml_event *out, struct err *err)
{
	int rc;

	do
		rc = must_next(r, out, err);
	while (rc > 0 && out->type == XML_TEXT);
	return rc < 0 ? rc : out->type == XML_BEGIN;
}

/* Reads to the end of an element, and appends its text unless out is NULL. */
static int read_element(struct xml_reader *r, struct buf *out, struct err *err)
{
	struct xml_event e;
	unsigned depth = 1;

	while (depth > 0) {
		int rc = must_next(r, &e, err);

		if (rc < 0)
			return rc;
		if (e.type == XML_BEGIN)
			depth++;
		else if (e.type == XML_END)
			depth--;
		else if (out)
			buf_append_str(out, e.text);
	}
	return 0;
}

int xml_skip(struct xml_reader *r, struct err *err)
{
	return read_element(r, NULL, err);
}

int xml_read_text(struct xml_reader *r, struct buf *out, struct err *err)
{
	return read_element(r, out, err);
}

int xml_read_str(struct xml_reader *r, struct arena *a, struct str *out, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT((size_t)LIMIT_XML_TOKEN);
	int rc = read_element(r, &text, err);

	if (rc == 0 && text.overflowed) {
		(void)err_set(&r->failure, ERR_TOO_LARGE, "a text is too long");
		rc = fail_walk(r, err);
	}
	if (rc < 0)
		return rc;
	*out = arena_str(a, str_trim(buf_str(&text)));
	return 0;
}

int xml_end(struct xml_reader *r, struct err *err)
{
	struct xml_event e;
	int rc = xml_next(r, &e, err);

	if (rc <= 0)
		return rc;
	(void)err_set(&r->failure, ERR_INPUT, "expected the end of the document");
	return fail_walk(r, err);
}
