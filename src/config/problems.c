/*
 * The list of what is wrong with a configuration, see config.h.
 */
#include "config/config_priv.h"

enum { MESSAGE_MAX = 4096 };

void config_problems_fini(struct config_problems *problems)
{
	vec_fini(&problems->list);
	arena_fini(&problems->arena);
	problems->errors = problems->warnings = 0;
}

/* Room in a list that is full: errors displace the last warnings. NULL: there is none. */
static struct config_problem *displace(struct config_problems *p, bool is_error)
{
	for (size_t i = p->list.n; is_error && i > 0; i--) {
		if (!p->list.v[i - 1].is_error)
			return &p->list.v[i - 1];
	}
	return NULL;
}

void problem_add(
	struct config_problems *p, bool is_error, struct config_place place, struct str message)
{
	_cleanup_buf_ struct buf shown = BUF_INIT(MESSAGE_MAX);

	if (is_error)
		p->errors++;
	else
		p->warnings++;
	bool full = p->list.n >= LIMIT_CONFIG_PROBLEMS;
	struct config_problem *place_in_list = full ? displace(p, is_error) : NULL;
	if (full && !place_in_list)
		return;
	/* What is longer is cut. */
	(void)text_append_clean(&shown, message);
	struct config_problem problem = { .is_error = is_error,
		.place = place,
		.message = arena_str(&p->arena, buf_str(&shown)) };
	if (place_in_list)
		*place_in_list = problem;
	else
		vec_push(&p->list, problem);
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
	assert(first); /* the list keeps errors before warnings */
	append_place(&text, name, first->place);
	buf_append_str(&text, first->message);
	if (p->errors > 1)
		buf_printf(
			&text, " (and %zu more error%s)", p->errors - 1, p->errors == 2 ? "" : "s");
	return err_set(err, ERR_INPUT, "%s", buf_cstr(&text));
}
