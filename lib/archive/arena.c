/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that is given back all at once: a chain of blocks, the newest first, each filled from its start. Invariant:
 * what was handed out never moves.
 */
#include "archive/entry.h"

#define LEN_MAX   ((size_t)1 << 30) /* nothing of an entry comes near */
#define ALIGN     16u
#define BLOCK_LEN ((64u << 10) - 64u)
#define FIRST_LEN (1024u - 64u) /* each block is as long as two of the one before it, up to BLOCK_LEN */

struct block {
	struct block *next;
	size_t len, cap;
	_Alignas(ALIGN) uint8_t data[];
};

struct arena {
	struct block *head;
	size_t used;
};

int arena_new(struct arena **ret, hz_error **err)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (!a)
		return err_nomem(err);
	*ret = a;
	return 0;
}

static struct block *block_new(const struct block *before, size_t len)
{
	size_t cap = before ? before->cap * 2 : FIRST_LEN;
	struct block *b;

	if (cap > BLOCK_LEN)
		cap = BLOCK_LEN;
	if (cap < len)
		cap = len;
	b = malloc(sizeof(*b) + cap);
	if (!b)
		return NULL;
	b->next = NULL;
	b->len = 0;
	b->cap = cap;
	return b;
}

void *arena_alloc(struct arena *a, size_t len)
{
	struct block *b = a->head;
	void *p;

	if (len > LEN_MAX)
		return NULL;
	/* No two allocations share an address, those of length 0 neither. */
	len = len ? (len + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
	if (!b || b->cap - b->len < len) {
		b = block_new(b, len);
		if (!b)
			return NULL;
		b->next = a->head;
		a->head = b;
	}
	p = b->data + b->len;
	b->len += len;
	a->used += len;
	return p;
}

void *arena_copy(struct arena *a, const void *data, size_t len)
{
	void *p = arena_alloc(a, len);

	if (p && len)
		memcpy(p, data, len);
	return p;
}

static void blocks_free(struct block *b)
{
	while (b) {
		struct block *next = b->next;

		free(b);
		b = next;
	}
}

void arena_reset(struct arena *a)
{
	a->used = 0;
	if (!a->head)
		return;
	blocks_free(a->head->next);
	a->head->next = NULL;
	a->head->len = 0;
	/* A block of one huge item is not worth keeping. */
	if (a->head->cap > BLOCK_LEN)
		blocks_free(TAKE(a->head));
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	blocks_free(a->head);
	free(a);
}
