/* SPDX-License-Identifier: BSD-2-Clause */
/* Growable bytes with a hard maximum. A failed growth leaves the contents as they were. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>
#include "base/auto.h"

struct buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	size_t max; /* 0: BUF_MAX_DEFAULT */
};

#define BUF_MAX_DEFAULT ((size_t)1 << 30)
#define BUF_INIT              \
	{                     \
		NULL, 0, 0, 0 \
	}

/* 0, or -1 when memory is out or max would be passed. */
int buf_reserve(struct buf *b, size_t more);
int buf_append(struct buf *b, const void *data, size_t len);
int buf_append_zero(struct buf *b, size_t len);
/* Appends len bytes and returns where they are to be written, or NULL. */
uint8_t *buf_extend(struct buf *b, size_t len);
/* Keeps the memory. */
void buf_reset(struct buf *b);
/* Frees the contents; the struct may be used again. */
void buf_release(struct buf *b);
/* Hands out the contents (to be freed with free()) and empties b. */
uint8_t *buf_take(struct buf *b, size_t *len);

#endif
