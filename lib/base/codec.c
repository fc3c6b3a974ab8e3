/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reader and writer of docs/format/encoding.md. Invariant: p never passes end, and once bad is set nothing is read or
 * written any more, so every value after the first mistake is zero.
 */
#include "base/codec.h"

#define VAR_MAX_BYTES 10

static uint64_t fixed(struct dec *d, unsigned len)
{
	uint64_t v = 0;

	if (dec_left(d) < len) {
		d->bad = true;
		return 0;
	}
	for (unsigned i = 0; i < len; i++)
		v |= (uint64_t)d->p[i] << (8 * i);
	d->p += len;
	return v;
}

uint8_t dec_u8(struct dec *d)
{
	return (uint8_t)fixed(d, 1);
}

uint16_t dec_u16(struct dec *d)
{
	return (uint16_t)fixed(d, 2);
}

uint32_t dec_u32(struct dec *d)
{
	return (uint32_t)fixed(d, 4);
}

uint64_t dec_u64(struct dec *d)
{
	return fixed(d, 8);
}

int64_t dec_i64(struct dec *d)
{
	return (int64_t)fixed(d, 8);
}

uint64_t dec_var(struct dec *d)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < VAR_MAX_BYTES; i++) {
		uint8_t byte = dec_u8(d);

		if (d->bad)
			return 0;
		/* The tenth byte has room for one bit; a last byte of zero adds nothing: not the shortest form. */
		if ((i == VAR_MAX_BYTES - 1 && byte > 1) || (i > 0 && byte == 0))
			break;
		v |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (!(byte & 0x80))
			return v;
	}
	d->bad = true;
	return 0;
}

int64_t dec_svar(struct dec *d)
{
	uint64_t z = dec_var(d);

	return (int64_t)((z >> 1) ^ (0 - (z & 1)));
}

const uint8_t *dec_bytes(struct dec *d, size_t len)
{
	const uint8_t *at = d->p;

	if (d->bad || len > dec_left(d)) {
		d->bad = true;
		return NULL;
	}
	d->p += len;
	return at;
}

const uint8_t *dec_blob(struct dec *d, size_t max, size_t *len)
{
	uint64_t n = dec_var(d);
	const uint8_t *at = NULL;

	if (n > max || n > dec_left(d))
		d->bad = true;
	else
		at = dec_bytes(d, (size_t)n);
	*len = at ? (size_t)n : 0;
	return at;
}

void dec_copy(struct dec *d, void *out, size_t len)
{
	const uint8_t *at = dec_bytes(d, len);

	if (len == 0)
		return;
	if (at)
		memcpy(out, at, len);
	else
		memset(out, 0, len);
}

uint64_t dec_count(struct dec *d, size_t min_each)
{
	uint64_t n = dec_var(d);

	if (n > dec_left(d) / (min_each ? min_each : 1)) {
		d->bad = true;
		return 0;
	}
	return n;
}

struct dec dec_sub(struct dec *d, size_t len)
{
	const uint8_t *at = dec_bytes(d, len);
	struct dec sub = dec_of(at, at ? len : 0);

	sub.bad = !at;
	return sub;
}

bool dec_done(const struct dec *d)
{
	return !d->bad && d->p == d->end;
}

static void put(struct enc *e, const void *data, size_t len)
{
	if (!e->bad && buf_append(e->b, data, len) < 0)
		e->bad = true;
}

static void put_fixed(struct enc *e, uint64_t v, unsigned len)
{
	uint8_t bytes[8];

	put_le64(bytes, v);
	put(e, bytes, len);
}

void enc_u8(struct enc *e, uint8_t v)
{
	put_fixed(e, v, 1);
}

void enc_u16(struct enc *e, uint16_t v)
{
	put_fixed(e, v, 2);
}

void enc_u32(struct enc *e, uint32_t v)
{
	put_fixed(e, v, 4);
}

void enc_u64(struct enc *e, uint64_t v)
{
	put_fixed(e, v, 8);
}

void enc_i64(struct enc *e, int64_t v)
{
	put_fixed(e, (uint64_t)v, 8);
}

void enc_var(struct enc *e, uint64_t v)
{
	uint8_t bytes[VAR_MAX_BYTES];
	unsigned n = 0;

	for (; v >= 0x80; v >>= 7)
		bytes[n++] = (uint8_t)(v | 0x80);
	bytes[n++] = (uint8_t)v;
	put(e, bytes, n);
}

void enc_svar(struct enc *e, int64_t v)
{
	enc_var(e, ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0));
}

void enc_bytes(struct enc *e, const void *data, size_t len)
{
	put(e, data, len);
}

void enc_blob(struct enc *e, const void *data, size_t len)
{
	enc_var(e, len);
	put(e, data, len);
}
