/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A page as a list of blocks: what it says and in which order, and nothing of how it looks. Text, HTML and PDF are
 * drawn from the same list, so that the three cannot tell different things. Texts are UTF-8 without control characters
 * and without marks that turn the direction of writing: doc_text makes them so, whatever a record has.
 *
 * Adding cannot fail visibly: when memory is out `failed` is set, and what follows does nothing.
 */
#ifndef VIEW_DOC_H
#define VIEW_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/auto.h"
#include "view/lang.h"

/* How a state looks: each has a colour, a shape, and a word beside it. */
enum view_look {
	LOOK_PLAIN,   /* no state */
	LOOK_GOOD,    /* shown by a record */
	LOOK_WARN,    /* with exceptions */
	LOOK_BAD,     /* failed, missed, damaged */
	LOOK_UNKNOWN, /* no record shows it */
	LOOK_INFO,    /* neither good nor bad */
	LOOK_OTHER,   /* a further state of a strip */
	LOOK_COUNT
};

enum view_kind {
	BLOCK_HEADING,  /* text; level 1 or 2; starts_page */
	BLOCK_STATUS,   /* look, text, more: the one headline */
	BLOCK_PARA,     /* text; level 1: small print */
	BLOCK_CARD,     /* look, text, more: what follows belongs to one thing, until BLOCK_CARD_END */
	BLOCK_CARD_END, /* - */
	BLOCK_FACTS,    /* cells in pairs: a name, a value; short ones side by side */
	BLOCK_FIELDS,   /* the same, one below the other */
	BLOCK_TABLE,    /* cells by rows, the first one is the head */
	BLOCK_STRIP,    /* segments over [0, total), their legend in cells, from and to in text and more */
	BLOCK_CHART,    /* text: of what; points, and a limit */
	BLOCK_SIGN      /* cells: what people write beside, and sign */
};

struct view_cell {
	const char *text;
	enum view_look look;
	bool mono; /* an identifier: is not translated, may be broken anywhere */
};

/* [from, to) of a strip: a night of thirty, a range of blocks of a medium. */
struct view_segment {
	uint64_t from, to;
	enum view_look look;
	const char *text; /* what it is, for who points at it; may be NULL */
};

struct view_point {
	double value;
	enum view_look look;
	const char *text, *label; /* the value, and of what */
};

#define DOC_COLUMNS 8
struct view_block {
	enum view_kind kind;
	enum view_look look;
	int level;
	bool starts_page;
	const char *text, *more;
	uint32_t columns, widths[DOC_COLUMNS]; /* of a table; widths: shares */
	struct view_cell *cells;
	size_t n_cells;
	struct view_segment *segments;
	size_t n_segments;
	uint64_t total;
	bool counted; /* a strip of equal cells, which are drawn apart */
	struct view_point *points;
	size_t n_points;
	double limit; /* 0: none */
	const char *limit_text;
};

struct view_doc {
	struct view_lang lang;
	const char *title;
	/* What a page is bound to: printed on every page, and in its QR code. */
	const char *seal_name, *seal, *qr;
	const char *place; /* of the foot: where it comes from */
	int64_t time;      /* seconds: for the metadata */
	struct view_block **blocks;
	size_t n_blocks;
	void **owned;
	size_t n_owned;
	bool failed;
};

void doc_init(struct view_doc *d, const struct view_lang *lang);
void doc_release(struct view_doc *d);

/* Texts that live as long as d; never NULL. */
const char *doc_text(struct view_doc *d, const char *text);
const char *doc_format(struct view_doc *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Texts that are given to these are copied; NULL is an empty one. What they give is d's, and never NULL. */
struct view_block *doc_block(struct view_doc *d, enum view_kind kind, enum view_look look, const char *text);
struct view_block *doc_heading(struct view_doc *d, int level, const char *text);
void doc_para(struct view_doc *d, const char *text);
void doc_small(struct view_doc *d, const char *text);
void doc_cell(struct view_doc *d, struct view_block *b, const char *text, enum view_look look);
void doc_mono(struct view_doc *d, struct view_block *b, const char *text);
/* A name and a value. An empty value is left out. */
void doc_field(struct view_doc *d, struct view_block *b, const char *name, const char *value);
void doc_field_look(struct view_doc *d, struct view_block *b, const char *name, const char *value, enum view_look look);
void doc_field_mono(struct view_doc *d, struct view_block *b, const char *name, const char *value);
/* heads: columns texts; widths: their shares of the width. */
struct view_block *doc_table(struct view_doc *d, uint32_t columns, const uint32_t *widths, const char *const *heads);
struct view_block *doc_strip(struct view_doc *d, uint64_t total, bool counted, const char *from, const char *to);
void doc_segment(
	struct view_doc *d, struct view_block *b, uint64_t from, uint64_t to, enum view_look look, const char *text);
/* What a look means in this strip, and how many there are. */
void doc_legend(struct view_doc *d, struct view_block *b, enum view_look look, const char *text);
/* text: of what; may be empty. */
struct view_block *doc_chart(struct view_doc *d, const char *text, double limit, const char *limit_text);
void doc_point(struct view_doc *d, struct view_block *b, double value, enum view_look look, const char *text,
	const char *label);

/* The strip in n equal parts, for who has no more room: each gets the look that matters most of those that reach into
 * it, however small. LOOK_PLAIN where there is none. */
void strip_parts(const struct view_block *b, enum view_look *looks, size_t n);

#endif
