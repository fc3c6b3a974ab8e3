/* SPDX-License-Identifier: BSD-2-Clause */
/* What is written at an address: a stream of crypto/stream.h, or a pattern that begins at address 0. */
#include "sanitize/engine.h"
#include <string.h>

#define TABLE ((size_t)16 << 10)

struct filler {
	struct stream *stream; /* NULL: pattern */
	uint8_t *table;        /* the pattern, as often as whole ones fit */
	size_t table_len, period;
};

static int table_of(struct filler *g, const struct fill *f, hz_error **err)
{
	if (f->pattern_len == 0 || f->pattern_len > PATTERN_MAX)
		return err_set(err, HZ_E_INVAL, "a pattern has 1 to %d bytes", PATTERN_MAX);
	g->period = f->pattern_len;
	g->table_len = TABLE / g->period * g->period;
	g->table = malloc(g->table_len);
	if (!g->table)
		return err_nomem(err);
	for (size_t i = 0; i < g->table_len; i += g->period)
		memcpy(g->table + i, f->pattern, g->period);
	return 0;
}

int filler_new(struct filler **ret, const struct fill *f, hz_error **err)
{
	AUTO(filler_free) struct filler *g = calloc(1, sizeof(*g));
	int rc;

	if (!g)
		return err_nomem(err);
	if (f->kind == FILL_BYTES)
		rc = table_of(g, f, err);
	else if (f->kind == FILL_STREAM && f->key)
		rc = stream_new(&g->stream, f->cipher ? f->cipher : stream_default(), f->key, err);
	else
		rc = err_set(err, HZ_E_INVAL, "nothing to fill with");
	if (rc == 0)
		*ret = TAKE(g);
	return rc;
}

int filler_make(struct filler *g, void *out, size_t len, uint64_t off)
{
	uint8_t *at = out;

	if (g->stream)
		return stream_make(g->stream, out, len, off);
	while (len > 0) {
		size_t phase = (size_t)(off % g->table_len), n = g->table_len - phase;

		n = n < len ? n : len;
		memcpy(at, g->table + phase, n);
		at += n, off += n, len -= n;
	}
	return 0;
}

bool filler_repeats(const struct filler *g, size_t step)
{
	return !g->stream && step % g->period == 0;
}

void filler_free(struct filler *g)
{
	if (!g)
		return;
	stream_free(g->stream);
	free(g->table);
	free(g);
}
