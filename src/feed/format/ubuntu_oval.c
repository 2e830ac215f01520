#include "feed/format/ubuntu_oval.h"

#include "base/base.h"
#include "distro/distro.h"
#include "feed/format/oval.h"
#include "feed/sink.h"

#define ID_PREFIX "oval:com.ubuntu."

struct str ubuntu_oval_codename(struct str name)
{
	struct str codename, rest;

	(void)str_skip_prefix(&name, STR("oci."));
	if (!str_skip_prefix(&name, STR("com.ubuntu.")) || !str_cut(name, '.', &codename, &rest) ||
		!str_starts(rest, STR("cve.oval.xml")) || !distro_ubuntu_version(codename))
		return STR_NULL;
	return codename;
}

/* What the comments say, and the tracker's word for it. */
static struct str status_of_comment(struct str comment)
{
	static const struct {
		struct str words;
		struct str status;
	} table[] = {
		{ STR_INIT("was vulnerable but has been fixed"), STR_INIT("released") },
		/* The version that the release came with is not affected. */
		{ STR_INIT("is related to the CVE in some way and has been fixed"),
			STR_INIT("not-affected") },
		{ STR_INIT("is not affected"), STR_INIT("not-affected") },
		{ STR_INIT("is affected and needs fixing"), STR_INIT("needed") },
		{ STR_INIT("is affected and may need fixing"), STR_INIT("needs-triage") },
		{ STR_INIT("decision has been made to defer"), STR_INIT("deferred") },
		{ STR_INIT("pending publication"), STR_INIT("pending") },
		{ STR_INIT("decision has been made to ignore"), STR_INIT("ignored") },
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (str_find(comment, table[i].words) >= 0)
			return table[i].status;
	}
	return STR_NULL;
}

/* What stands in "(note: '…')", or nothing. */
static struct str note_of_comment(struct str comment)
{
	ptrdiff_t at = str_find(comment, STR("(note: '"));
	struct str note = STR_NULL;

	if (at >= 0)
		(void)str_rcut(
			str_skip(comment, (size_t)at + STR("(note: '").n), '\'', &note, NULL);
	return note;
}

/*
 * The row that a criterion makes: "PACKAGE package in RELEASE …", or "PACKAGE: …" of the release
 * that the document is about.
 */
static void add_criterion(struct ubuntu_rows *rows, struct str codename, const struct oval_node *n)
{
	struct str comment = n->comment, package = STR_NULL, release = codename, word = STR_NULL;
	struct str status = status_of_comment(comment), why = note_of_comment(comment);

	if (status.n == 0)
		return;
	(void)str_next_word(&comment, &package);
	if (str_ends(package, STR(":"))) {
		package.n--;
	} else {
		if (!str_next_word(&comment, &word) || !str_eq(word, STR("package")) ||
			!str_next_word(&comment, &word) || !str_eq(word, STR("in")) ||
			!str_next_word(&comment, &release))
			return;
		while (str_ends(release, STR(",")))
			release.n--;
	}
	if (str_eq(status, STR("released")) && why.n == 0 && n->test)
		why = n->test->evr;
	ubuntu_rows_add(rows, release, package, status, why);
}

/* The description without the instructions that newer documents append. */
static void describe(struct ubuntu_rows *rows, struct str text)
{
	ptrdiff_t end = str_find(text, STR("Update Instructions:"));
	struct str line;

	if (end >= 0)
		text = str_head(text, (size_t)end);
	while (str_next_line(&text, &line))
		ubuntu_rows_describe(rows, line);
}

static struct str cve_of(const struct oval_definition *d)
{
	struct str title = d->title, word = STR_NULL;

	for (size_t i = 0; i < d->n_references; i++) {
		if (str_eq(d->references[i].source, STR("CVE")) &&
			str_starts(d->references[i].id, STR("CVE-")))
			return d->references[i].id;
	}
	(void)str_next_word(&title, &word);
	return str_starts(word, STR("CVE-")) ? word : STR_NULL;
}

/* The codename in "oval:com.ubuntu.jammy:def:1". */
static struct str codename_of(struct str id)
{
	struct str codename = STR_NULL;

	if (str_skip_prefix(&id, STR(ID_PREFIX)))
		(void)str_cut(id, ':', &codename, NULL);
	return codename;
}

static int put_definition(void *ctx, const struct oval_definition *d, struct err *err)
{
	struct ubuntu_rows *rows = ctx;
	struct str cve = cve_of(d), codename = codename_of(d->id);

	if (!str_eq(d->class, STR("vulnerability")) || cve.n == 0 || !feed_is_word(cve))
		return 0;
	ubuntu_rows_begin(rows, cve);
	ubuntu_rows_set_severity(rows, ubuntu_severity(d->severity));
	describe(rows, d->description);
	for (size_t i = 0; i < d->n_nodes; i++) {
		if (d->nodes[i].kind == OVAL_NODE_TEST)
			add_criterion(rows, codename, &d->nodes[i]);
	}
	return ubuntu_rows_put(rows, err);
}

int ubuntu_oval_parse(struct stream *in, struct ubuntu_rows *rows, struct err *err)
{
	return oval_read(in, put_definition, rows, err);
}
