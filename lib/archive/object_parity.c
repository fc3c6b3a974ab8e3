/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reed-Solomon parity of the container, two blocks a stripe, in GF(2^8) with polynomial 11D (docs/format/container.md).
 * P is the sum of the data blocks, Q the sum of 2^position times each, so any two blocks of a stripe follow from the
 * others. Knows nothing of checksums: the caller says which blocks are bad.
 */
#include "archive/object_parity.h"
#include <assert.h>
#include <isa-l/erasure_code.h>
#include <string.h>

struct object_layout object_layout_of(
	uint32_t n, uint8_t *data, size_t data_stride, uint8_t *parity, size_t parity_stride)
{
	struct object_layout l = { .n = n, .data = data, .data_stride = data_stride, .parity = parity };

	assert(n >= OBJECT_BLOCKS_MIN && n <= OBJECT_BLOCKS_MAX);
	l.parity_stride = parity_stride;
	l.data_blocks = object_data_blocks(n);
	l.stripes = (n - l.data_blocks) / 2;
	return l;
}

uint8_t *object_layout_block(const struct object_layout *l, uint32_t i)
{
	return i < l->data_blocks ? l->data + i * l->data_stride : l->parity + (i - l->data_blocks) * l->parity_stride;
}

static uint32_t stripe_len(const struct object_layout *l, uint32_t stripe)
{
	return (l->data_blocks - stripe + l->stripes - 1) / l->stripes;
}

static uint8_t power_of_2(uint32_t e)
{
	uint8_t g = 1;

	while (e-- > 0)
		g = gf_mul(g, 2);
	return g;
}

static void prepare(struct object_parity *e, uint32_t k)
{
	uint8_t rows[OBJECT_STRIPE * 2];
	uint8_t g = 1;

	if (e->k == k)
		return;
	assert(k > 0 && k <= OBJECT_STRIPE);
	for (uint32_t i = 0; i < k; i++, g = gf_mul(g, 2)) {
		rows[i] = 1;
		rows[k + i] = g;
	}
	ec_init_tables((int)k, 2, rows, e->tables);
	e->k = k;
}

static void encode_into(struct object_parity *e, const struct object_layout *l, uint32_t stripe, uint8_t *p, uint8_t *q)
{
	uint8_t *in[OBJECT_STRIPE];
	uint8_t *out[2] = { p, q };
	uint32_t k = stripe_len(l, stripe);

	prepare(e, k);
	for (uint32_t i = 0; i < k; i++)
		in[i] = l->data + (stripe + (size_t)i * l->stripes) * l->data_stride;
	ec_encode_data(OBJECT_PAYLOAD, (int)k, 2, e->tables, in, out);
}

static uint8_t *block_p(const struct object_layout *l, uint32_t stripe)
{
	return object_layout_block(
		l, l->data_blocks + (stripe + l->stripes - l->data_blocks % l->stripes) % l->stripes);
}

static uint8_t *block_q(const struct object_layout *l, uint32_t stripe)
{
	return block_p(l, stripe) + l->stripes * l->parity_stride;
}

void object_parity_encode(struct object_parity *e, const struct object_layout *l, uint32_t stripe)
{
	encode_into(e, l, stripe, block_p(l, stripe), block_q(l, stripe));
}

static void add(uint8_t *to, const uint8_t *what)
{
	for (size_t i = 0; i < OBJECT_PAYLOAD; i++)
		to[i] ^= what[i];
}

/* out = ca * a + cb * b; out must be neither, for the library takes the last bytes twice. */
static void combine(uint8_t *out, uint8_t ca, uint8_t *a, uint8_t cb, uint8_t *b)
{
	uint8_t rows[2] = { ca, cb }, tables[2 * 32];
	uint8_t *in[2] = { a, b };

	ec_init_tables(2, 1, rows, tables);
	ec_encode_data(OBJECT_PAYLOAD, 2, 1, tables, in, &out);
}

/* What is missing in a stripe. */
struct loss {
	uint32_t data[2]; /* positions */
	uint32_t n_data;
	bool p, q;
};

static bool loss_of(struct loss *loss, const struct object_layout *l, uint32_t stripe, const bool *bad)
{
	uint32_t b = stripe, i = 0;

	*loss = (struct loss){ 0 };
	for (; b < l->data_blocks; b += l->stripes, i++) {
		if (!bad[b])
			continue;
		if (loss->n_data == 2)
			return false;
		loss->data[loss->n_data++] = i;
	}
	loss->p = bad[b];
	loss->q = bad[b + l->stripes];
	return loss->n_data + loss->p + loss->q <= 2;
}

/* The missing data blocks count as zero in the syndromes a = P + P', b = Q + Q'; with x and y the missing positions,
 * Dx + Dy = a and 2^x Dx + 2^y Dy = b. */
static void mend_data(struct object_parity *e, const struct object_layout *l, uint32_t stripe, const struct loss *loss)
{
	uint8_t a[OBJECT_PAYLOAD], b[OBJECT_PAYLOAD];
	uint8_t *d[2] = { NULL, NULL }, g[2] = { 0, 0 };

	for (uint32_t i = 0; i < loss->n_data; i++) {
		d[i] = object_layout_block(l, stripe + loss->data[i] * l->stripes);
		g[i] = power_of_2(loss->data[i]);
		memset(d[i], 0, OBJECT_PAYLOAD);
	}
	encode_into(e, l, stripe, a, b);
	add(a, block_p(l, stripe));
	add(b, block_q(l, stripe));
	if (loss->n_data == 2) {
		uint8_t f = gf_inv(g[0] ^ g[1]);

		combine(d[0], gf_mul(f, g[1]), a, f, b);
		combine(d[1], gf_mul(f, g[0]), a, f, b);
	} else if (loss->p) {
		combine(d[0], 0, a, gf_inv(g[0]), b);
	} else {
		combine(d[0], 1, a, 0, b);
	}
}

bool object_parity_mend(struct object_parity *e, const struct object_layout *l, uint32_t stripe, const bool *bad)
{
	uint8_t p[OBJECT_PAYLOAD], q[OBJECT_PAYLOAD];
	uint8_t *stored_p = block_p(l, stripe);
	uint8_t *stored_q = block_q(l, stripe);
	struct loss loss;

	if (!loss_of(&loss, l, stripe, bad))
		return false;
	if (loss.n_data > 0)
		mend_data(e, l, stripe, &loss);
	encode_into(e, l, stripe, p, q);
	if (loss.p)
		memcpy(stored_p, p, OBJECT_PAYLOAD);
	if (loss.q)
		memcpy(stored_q, q, OBJECT_PAYLOAD);
	return memcmp(stored_p, p, OBJECT_PAYLOAD) == 0 && memcmp(stored_q, q, OBJECT_PAYLOAD) == 0;
}
