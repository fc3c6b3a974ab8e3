/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Little-endian reader and writer for all stored structures (docs/format/encoding.md).
 * Reader: bounded and sticky: past the end or on a bad value it returns zeros and sets bad, so a decoder checks once at
 * its end with dec_done(). Nothing is ever read outside [p, end). Lengths are compared with what is left before use.
 * Writer: appends to a struct buf; a failed allocation is sticky in bad.
 */
#ifndef BASE_CODEC_H
#define BASE_CODEC_H

#include "base/buf.h"
#include <stdbool.h>
#include <string.h>

struct dec {
	const uint8_t *p;
	const uint8_t *end;
	bool bad;
};

static inline struct dec dec_of(const void *data, size_t len)
{
	/* NULL with len 0 is nothing to read; no arithmetic is done on NULL. */
	const uint8_t *p = data ? (const uint8_t *)data : (const uint8_t *)"";
	struct dec d = { p, p + (data ? len : 0), false };
	return d;
}
static inline size_t dec_left(const struct dec *d)
{
	return d->bad ? 0 : (size_t)(d->end - d->p);
}
uint8_t dec_u8(struct dec *d);
uint16_t dec_u16(struct dec *d);
uint32_t dec_u32(struct dec *d);
uint64_t dec_u64(struct dec *d);
int64_t dec_i64(struct dec *d);
/* LEB128, at most ten bytes, shortest form only; anything else is bad. */
uint64_t dec_var(struct dec *d);
/* Zigzag over dec_var. */
int64_t dec_svar(struct dec *d);
/* Borrowed pointer to len bytes, or NULL and bad. len 0 gives a non-NULL pointer. */
const uint8_t *dec_bytes(struct dec *d, size_t len);
/* dec_var length, then the bytes; longer than max is bad. */
const uint8_t *dec_blob(struct dec *d, size_t max, size_t *len);
/* Copies len bytes out, or zeros. */
void dec_copy(struct dec *d, void *out, size_t len);
/* A count of items that take at least min_each bytes each: bad when that many cannot follow. */
uint64_t dec_count(struct dec *d, size_t min_each);
/* A reader for the next len bytes, which are skipped in d. */
struct dec dec_sub(struct dec *d, size_t len);
/* True when everything was good and nothing is left. */
bool dec_done(const struct dec *d);

struct enc {
	struct buf *b;
	bool bad;
};

static inline struct enc enc_to(struct buf *b)
{
	struct enc e = { b, false };
	return e;
}
void enc_u8(struct enc *e, uint8_t v);
void enc_u16(struct enc *e, uint16_t v);
void enc_u32(struct enc *e, uint32_t v);
void enc_u64(struct enc *e, uint64_t v);
void enc_i64(struct enc *e, int64_t v);
void enc_var(struct enc *e, uint64_t v);
void enc_svar(struct enc *e, int64_t v);
void enc_bytes(struct enc *e, const void *data, size_t len);
void enc_blob(struct enc *e, const void *data, size_t len);

static inline void put_le32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v, p[1] = (uint8_t)(v >> 8), p[2] = (uint8_t)(v >> 16), p[3] = (uint8_t)(v >> 24);
}
static inline void put_le64(uint8_t *p, uint64_t v)
{
	put_le32(p, (uint32_t)v), put_le32(p + 4, (uint32_t)(v >> 32));
}
static inline uint32_t get_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline uint64_t get_le64(const uint8_t *p)
{
	return (uint64_t)get_le32(p) | (uint64_t)get_le32(p + 4) << 32;
}
static inline uint64_t get_be64(const uint8_t *p)
{
	return __builtin_bswap64(get_le64(p));
}

#endif
