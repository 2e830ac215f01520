/*
 * Inside report: the formats, and the grid that tables are laid out with.
 */
#ifndef REPORT_REPORT_PRIV_H
#define REPORT_REPORT_PRIV_H

#include "report/report.h"

void report_write_table(const struct report *r, const struct report_options *o, struct buf *out);
void report_write_json(const struct report *r, const struct report_options *o, struct buf *out);

/* A table in the making: columns first, then cells row by row. */
enum { GRID_COLUMNS_MAX = 12 };

enum grid_flags {
	GRID_KEEP = 1 << 0,  /* never cut */
	GRID_RIGHT = 1 << 1, /* numbers: aligned at the right */
};

struct grid_column {
	const char *header;
	unsigned flags;
	size_t width; /* of the widest cell, then of the column as it is written */
};

struct grid_cell {
	struct str text; /* clean; in the arena */
	size_t width;
	const char *color; /* parameters of an SGR sequence ("38;5;203"), or NULL; not owned */
};

struct grid {
	struct arena arena;
	struct grid_column columns[GRID_COLUMNS_MAX];
	size_t n_columns;
	VEC_OF(struct grid_cell) cells;
	bool limited; /* there is a width to keep to */
};

void grid_init(struct grid *g);
void grid_fini(struct grid *g);
void grid_add_column(struct grid *g, const char *header, unsigned flags);
/* The next cell; the text is copied and cleaned. */
void grid_add(struct grid *g, struct str text);
void grid_add_colored(struct grid *g, struct str text, const char *color);
void grid_add_u64(struct grid *g, uint64_t v);

/*
 * Writes the header and all rows, two spaces between columns, none at the end of a line. Where a
 * width (columns of the terminal; 0: unlimited) is exceeded, the widest columns are cut, with "…"
 * for the rest; columns that may not be cut can still make a line too long. Without a
 * width nothing is cut, but a cell longer than any real one shifts the rest of its line. Colours
 * only if color.
 */
void grid_write(struct grid *g, size_t width, bool color, struct buf *out);

#endif
