/* SPDX-License-Identifier: BSD-2-Clause */
/* Growable bytes. Invariant: len <= cap <= the maximum, and a failed call changes nothing. */
#include "base/buf.h"
#include <string.h>

static size_t limit_of(const struct buf *b)
{
	return b->max ? b->max : BUF_MAX_DEFAULT;
}

int buf_reserve(struct buf *b, size_t more)
{
	size_t max = limit_of(b);
	size_t cap = b->cap;
	uint8_t *data;

	if (b->len > max || more > max - b->len)
		return -1;
	if (more <= cap - b->len)
		return 0;
	/* Doubling keeps appends linear; the last step stops at the maximum. */
	cap = cap > max / 2 ? max : cap * 2;
	if (cap < b->len + more)
		cap = b->len + more;
	if (cap < 64)
		cap = max < 64 ? max : 64;
	data = realloc(b->data, cap);
	if (!data)
		return -1;
	b->data = data;
	b->cap = cap;
	return 0;
}

uint8_t *buf_extend(struct buf *b, size_t len)
{
	uint8_t *at;

	/* At least one byte, so that an empty piece has an address too. */
	if (buf_reserve(b, len) < 0 || (!b->data && buf_reserve(b, 1) < 0))
		return NULL;
	at = b->data + b->len;
	b->len += len;
	return at;
}

int buf_append(struct buf *b, const void *data, size_t len)
{
	uint8_t *at;

	if (len == 0)
		return 0;
	at = buf_extend(b, len);
	if (!at)
		return -1;
	memcpy(at, data, len);
	return 0;
}

int buf_append_zero(struct buf *b, size_t len)
{
	uint8_t *at;

	if (len == 0)
		return 0;
	at = buf_extend(b, len);
	if (!at)
		return -1;
	memset(at, 0, len);
	return 0;
}

void buf_reset(struct buf *b)
{
	b->len = 0;
}

void buf_release(struct buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = b->cap = 0;
}

uint8_t *buf_take(struct buf *b, size_t *len)
{
	uint8_t *data = b->data;

	*len = b->len;
	b->data = NULL;
	b->len = b->cap = 0;
	return data;
}
