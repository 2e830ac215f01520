/*
 * The list of what is wrong with a configuration, see config.h.
 */
#include "config/config_priv.h"

enum { MESSAGE_MAX = 1024 };

void config_problems_fini(struct config_problems *p)
{
	vec_fini(&p->list);
	arena_fini(&p->arena);
	p->errors = p->warnings = 0;
}

/* The message as it may be shown: it holds words of the file. */
static PRINTF_LIKE(2, 0) struct str clean(struct arena *a, const char *fmt, va_list ap)
{
	_cleanup_buf_ struct buf shown = BUF_INIT(4 * MESSAGE_MAX);
	char text[MESSAGE_MAX];
	int n = vsnprintf(text, sizeof(text), fmt, ap);

	if (n < 0)
		abort();
	(void)text_append_clean(&shown, str_n(text, min_size((size_t)n, sizeof(text) - 1)));
	return arena_str(a, buf_str(&shown));
}

static PRINTF_LIKE(4, 0) void add(struct config_problems *p, bool is_error,
	struct config_place place, const char *fmt, va_list ap)
{
	if (is_error)
		p->errors++;
	else
		p->warnings++;
	if (p->list.n >= LIMIT_CONFIG_PROBLEMS)
		return;
	vec_push(&p->list, (struct config_problem){ .is_error = is_error,
				   .place = place,
				   .message = clean(&p->arena, fmt, ap) });
}

void problem_error(struct config_problems *p, struct config_place place, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(p, true, place, fmt, ap);
	va_end(ap);
}

void problem_warning(struct config_problems *p, struct config_place place, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(p, false, place, fmt, ap);
	va_end(ap);
}

static bool is_behind(const struct config_problem *a, const struct config_problem *b)
{
	if (a->place.line != b->place.line)
		return a->place.line > b->place.line;
	return a->place.column > b->place.column;
}

/* By insertion: there are few, and mostly in order. */
void problems_sort(struct config_problems *p)
{
	for (size_t i = 1; i < p->list.n; i++) {
		struct config_problem moving = p->list.v[i];
		size_t at = i;

		for (; at > 0 && is_behind(&p->list.v[at - 1], &moving); at--)
			p->list.v[at] = p->list.v[at - 1];
		p->list.v[at] = moving;
	}
}

static void append_place(struct buf *out, const char *name, struct config_place place)
{
	(void)text_append_clean(out, str_of(name));
	if (place.line)
		buf_printf(out, ":%u:%u", place.line, place.column);
	buf_append_str(out, STR(": "));
}

void config_problem_format(struct buf *out, const struct config_problem *p, const char *name)
{
	append_place(out, name, p->place);
	buf_append_str(out, p->is_error ? STR("error: ") : STR("warning: "));
	buf_append_str(out, p->message);
}

static const struct config_problem *first_error(const struct config_problems *p)
{
	for (size_t i = 0; i < p->list.n; i++) {
		if (p->list.v[i].is_error)
			return &p->list.v[i];
	}
	return NULL;
}

int problems_to_err(const struct config_problems *p, const char *name, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT(64 * KIB);
	const struct config_problem *first = first_error(p);

	if (p->errors == 0)
		return 0;
	append_place(&text, name, first ? first->place : (struct config_place){ 0 });
	buf_append_str(&text, first ? first->message : STR("it cannot be used"));
	if (p->errors > 1)
		buf_printf(
			&text, " (and %zu more error%s)", p->errors - 1, p->errors == 2 ? "" : "s");
	return err_set(err, ERR_INPUT, "%s", buf_cstr(&text));
}
