/*
 * clair compare-versions: the order of versions, for scripts and for checking this program against
 * the distributions' tools.
 */
#include "base/base.h"

#include "cmd/cmd_priv.h"
#include "version/version.h"

enum { INPUT_SIZE = 128 * 1024, OUTPUT_SIZE = 64 * 1024 };

/* Two versions, a tab and a line end: no longer line can be a pair. */
_Static_assert(INPUT_SIZE >= 2 * LIMIT_VERSION + 3, "a pair fits into the input buffer");

struct pairs {
	const struct version_scheme *scheme;
	struct stream_fd in;
	char *input; /* INPUT_SIZE bytes, of which the first n wait for the rest of their line */
	size_t n;
	bool skipping; /* the line does not fit and was answered: drop it up to its end */
	struct buf output;
	struct buf key_a;
	struct buf key_b;
};

static char order_to_char(int order)
{
	return order < 0 ? '<' : order > 0 ? '>' : '=';
}

static char answer(struct pairs *p, struct str line)
{
	struct str a, b;

	if (!str_cut(line, '\t', &a, &b) || str_find_char(b, '\t') >= 0)
		return '?';
	if (version_key(p->scheme, a, &p->key_a, NULL) < 0 ||
		version_key(p->scheme, b, &p->key_b, NULL) < 0)
		return '?';
	return order_to_char(str_cmp(buf_str(&p->key_a), buf_str(&p->key_b)));
}

static int flush(struct pairs *p, struct err *err)
{
	int r = io_write_all(STDOUT_FILENO, p->output.p, p->output.n, "standard output", err);

	buf_clear(&p->output);
	return r;
}

static int put_answer(struct pairs *p, char c, struct err *err)
{
	const char text[] = { c, '\n' };

	buf_append(&p->output, text, sizeof(text));
	return p->output.n + sizeof(text) > OUTPUT_SIZE ? flush(p, err) : 0;
}

/* Answers the complete lines of the buffer and keeps the rest. */
static int answer_lines(struct pairs *p, struct err *err)
{
	const char *end = memrchr(p->input, '\n', p->n);
	struct str lines = str_n(p->input, end ? (size_t)(end - p->input) + 1 : 0), line;
	size_t done = lines.n;

	if (p->skipping && done) {
		(void)str_next_line(&lines, &line);
		p->skipping = false;
	}
	while (str_next_line(&lines, &line)) {
		int r = put_answer(p, answer(p, line), err);

		if (r < 0)
			return r;
	}
	p->n -= done;
	memmove(p->input, p->input + done, p->n);
	return 0;
}

/* A full buffer without a line end. */
static int skip_long_line(struct pairs *p, struct err *err)
{
	int r = p->skipping ? 0 : put_answer(p, '?', err);

	p->skipping = true;
	p->n = 0;
	return r;
}

static int answer_stream(struct pairs *p, struct err *err)
{
	ssize_t got;
	int r = 0;

	while ((got = stream_read(&p->in.stream, p->input + p->n, INPUT_SIZE - p->n, err)) > 0) {
		p->n += (size_t)got;
		r = answer_lines(p, err);
		if (r >= 0 && p->n == INPUT_SIZE)
			r = skip_long_line(p, err);
		if (r >= 0)
			r = flush(p, err);
		if (r < 0)
			return r;
	}
	if (got < 0)
		return (int)got;
	struct str last = str_n(p->input, p->skipping ? 0 : p->n), line;
	if (str_next_line(&last, &line))
		r = put_answer(p, answer(p, line), err);
	return r < 0 ? r : flush(p, err);
}

static int answer_standard_input(const struct version_scheme *scheme, struct err *err)
{
	struct pairs p = {
		.scheme = scheme,
		.input = xmalloc(INPUT_SIZE),
		.output = BUF_INIT(OUTPUT_SIZE),
		.key_a = BUF_INIT(VERSION_KEY_MAX),
		.key_b = BUF_INIT(VERSION_KEY_MAX),
	};

	stream_fd_init(&p.in, STDIN_FILENO, "standard input");
	int r = answer_stream(&p, err);
	free(p.input);
	buf_fini(&p.output);
	buf_fini(&p.key_a);
	buf_fini(&p.key_b);
	return r;
}

static int answer_pair(
	const struct version_scheme *scheme, const char *a, const char *b, struct err *err)
{
	int order;
	int r = version_compare(scheme, str_of(a), str_of(b), &order, err);

	if (r < 0)
		return r;
	const char text[] = { order_to_char(order), '\n' };
	return io_write_all(STDOUT_FILENO, text, sizeof(text), "standard output", err);
}

static int take(
	void *ctx UNUSED, int id UNUSED, const char *argument UNUSED, struct err *err UNUSED)
{
	return 0;
}

/* The scheme and no or two versions. */
static int compare(const struct command *command, int n, char **arguments)
{
	_cleanup_err_ struct err err = ERR_INIT;

	if (n != 1 && n != 3)
		return cmd_usage(command, "expected SCHEME, or SCHEME A B");
	const struct version_scheme *scheme = version_scheme_by_name(str_of(arguments[0]));
	if (!scheme)
		return cmd_usage(command,
			"there is no version scheme \"%s\", only dpkg, rpm and apk", arguments[0]);
	int r = n == 1 ? answer_standard_input(scheme, &err)
		       : answer_pair(scheme, arguments[1], arguments[2], &err);
	return r < 0 ? cmd_fail(&err) : CMD_OK;
}

static int run(const struct command *command, int argc, char **argv)
{
	int first = cmd_parse_options(command, argc, argv, take, NULL);

	if (first < 0)
		return first == CMD_OPTIONS_HELP ? cmd_finish_output(CMD_OK) : CMD_FAILURE;
	return compare(command, argc - first, argv + first);
}

static const char *const description[] = {
	"Prints how version A stands to version B in SCHEME (dpkg, rpm or apk): <, = or >.",
	"Without A and B, reads pairs from standard input, one a line with a tab between the two, and answers each by a line, "
	"\"?\" when either is no version. For A and B on the command line that is an error (2). Answers do not wait for input that has not come.",
	NULL,
};

static const struct cmd_term examples[] = {
	{ "clair compare-versions dpkg 1.0~rc1-1 1.0-1", "prints <" },
	{ "clair compare-versions rpm <pairs.tsv", "one answer for each line of the file" },
	{ 0 },
};

const struct command cmd_compare_versions = { .name = "compare-versions",
	.arguments = "SCHEME [A B]",
	.summary = "tell the order of versions, as the distributions' tools do",
	.description = description,
	.examples = examples,
	.run = run };
