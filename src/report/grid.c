/*
 * Lays out a table for a terminal, see report_priv.h. Widths are counted in code points, which is
 * right for the ASCII that identifiers and versions are made of; cells are never cut inside of one.
 */
#include "report/report_priv.h"

enum {
	PAD_MAX = 160, /* one absurdly long cell must not pad all others to its length */
	GAP = 2,       /* spaces between columns */
	CUT_MIN = 8,   /* no column is cut to less, nor to less than its header */
};

void grid_init(struct grid *g)
{
	*g = (struct grid){ .arena = ARENA_INIT, .cells = VEC_INIT };
}

void grid_fini(struct grid *g)
{
	vec_fini(&g->cells);
	arena_fini(&g->arena);
}

void grid_add_column(struct grid *g, const char *header, unsigned flags)
{
	assert(g->n_columns < GRID_COLUMNS_MAX && g->cells.n == 0);
	g->columns[g->n_columns++] =
		(struct grid_column){ .header = header, .flags = flags, .width = strlen(header) };
}

void grid_add_colored(struct grid *g, struct str text, const char *color)
{
	struct grid_column *column = &g->columns[g->cells.n % g->n_columns];
	_cleanup_buf_ struct buf clean = BUF_INIT(SIZE_MAX / 2);
	size_t width = text_append_clean(&clean, text);

	column->width = max_size(column->width, min_size(width, PAD_MAX));
	vec_push(&g->cells, (struct grid_cell){ .text = arena_str(&g->arena, buf_str(&clean)),
				    .width = width,
				    .color = color });
}

void grid_add(struct grid *g, struct str text)
{
	grid_add_colored(g, text, NULL);
}

void grid_add_u64(struct grid *g, uint64_t v)
{
	grid_add(g, arena_printf(&g->arena, "%" PRIu64, v));
}

static bool may_shrink(const struct grid_column *c)
{
	return !(c->flags & GRID_KEEP) && c->width > max_size(CUT_MIN, strlen(c->header));
}

/* Narrows the widest columns, a step at a time, until the table fits or none may be narrowed. */
static void fit(struct grid *g, size_t width)
{
	size_t total = GAP * (g->n_columns - 1);

	for (size_t i = 0; i < g->n_columns; i++)
		total += g->columns[i].width;
	for (; total > width; total--) {
		struct grid_column *widest = NULL;

		for (size_t i = 0; i < g->n_columns; i++) {
			struct grid_column *c = &g->columns[i];

			if (may_shrink(c) && (!widest || c->width > widest->width))
				widest = c;
		}
		if (!widest)
			return;
		widest->width--;
	}
}

static void append_spaces(struct buf *out, size_t n)
{
	void *to = n ? buf_reserve(out, n) : NULL;

	if (!to)
		return;
	memset(to, ' ', n);
	buf_commit(out, n);
}

/* The text, or as much of it as fits with a "…" behind it. */
static void append_cut(struct buf *out, struct str text, size_t width)
{
	size_t i = 0;

	for (size_t n = 1; n < width && i < text.n; n++)
		i += utf8_check(text.p + i, text.n - i);
	buf_append(out, text.p, i);
	buf_append_str(out, STR("\xE2\x80\xA6"));
}

/* One cell of a line that is written up to *written; spaces are put in front of text only, so that
 * none end up at the end of a line. A cell that is too long and may not be cut shifts what follows.
 */
static void write_cell(const struct grid_column *c, const struct grid_cell *cell, size_t start,
	size_t *written, bool cut, bool color, struct buf *out)
{
	size_t width = cut ? min_size(cell->width, c->width) : cell->width;

	if (width == 0)
		return;
	if ((c->flags & GRID_RIGHT) && c->width > width)
		start += c->width - width;
	if (*written)
		start = max_size(start, *written + GAP);
	append_spaces(out, start - *written);
	if (color && cell->color)
		buf_printf(out, "\x1b[%sm", cell->color);
	if (cell->width > width)
		append_cut(out, cell->text, width);
	else
		buf_append_str(out, cell->text);
	if (color && cell->color)
		buf_append_str(out, STR("\x1b[0m"));
	*written = start + width;
}

static void write_row(
	const struct grid *g, const struct grid_cell *cells, bool color, struct buf *out)
{
	size_t start = 0;
	size_t written = 0;

	for (size_t i = 0; i < g->n_columns; i++) {
		bool cut = g->limited && !(g->columns[i].flags & GRID_KEEP);

		write_cell(&g->columns[i], &cells[i], start, &written, cut, color, out);
		start += g->columns[i].width + GAP;
	}
	buf_append_char(out, '\n');
}

void grid_write(struct grid *g, size_t width, bool color, struct buf *out)
{
	struct grid_cell header[GRID_COLUMNS_MAX];

	assert(g->n_columns > 0 && g->cells.n % g->n_columns == 0);
	g->limited = width > 0;
	if (g->limited)
		fit(g, width);
	for (size_t i = 0; i < g->n_columns; i++) {
		struct str text = str_of(g->columns[i].header);

		header[i] = (struct grid_cell){ .text = text, .width = text.n };
	}
	write_row(g, header, false, out);
	for (size_t i = 0; i < g->cells.n; i += g->n_columns)
		write_row(g, g->cells.v + i, color, out);
}
