/* SPDX-License-Identifier: BSD-2-Clause */
/* See merkle.h. A list of n leaves is a row of full subtrees, one for each bit of n. */
#include "report/merkle.h"
#include "crypto/digest.h"

static struct id node(const struct id *left, const struct id *right)
{
	uint8_t prefix = 1;
	const struct iovec parts[] = { { &prefix, 1 }, { (void *)(uintptr_t)left->b, ID_LEN },
		{ (void *)(uintptr_t)right->b, ID_LEN } };

	return suite_hash(SUITE_NIST, parts, 3);
}

struct id merkle_leaf(const void *data, size_t len)
{
	uint8_t prefix = 0;
	const struct iovec parts[] = { { &prefix, 1 }, { (void *)(uintptr_t)data, len } };

	return suite_hash(SUITE_NIST, parts, 2);
}

void merkle_add(struct merkle *m, const struct id *leaf)
{
	unsigned top = (unsigned)__builtin_popcountll(m->n);
	struct id h = *leaf;

	for (uint64_t n = m->n; n & 1; n >>= 1)
		h = node(&m->right[--top], &h);
	m->right[top] = h;
	m->n++;
}

struct id merkle_root(const struct merkle *m)
{
	unsigned top = (unsigned)__builtin_popcountll(m->n);
	struct id h;

	if (top == 0)
		return sha256("", 0);
	h = m->right[--top];
	while (top > 0)
		h = node(&m->right[--top], &h);
	return h;
}

/* How many leaves of n are in the left subtree: the largest power of two below n. */
static uint64_t left_of(uint64_t n)
{
	return (uint64_t)1 << (63 - __builtin_clzll(n - 1));
}

static struct id root_of(const struct id *leaves, uint64_t n)
{
	struct merkle m = { .n = 0 };

	for (uint64_t i = 0; i < n; i++)
		merkle_add(&m, &leaves[i]);
	return merkle_root(&m);
}

size_t merkle_prove(struct id proof[MERKLE_DEPTH], const struct id *leaves, uint64_t n, uint64_t at)
{
	struct id up[MERKLE_DEPTH];
	size_t len = 0;

	/* From the root down; the path is told from the leaf up. */
	while (n > 1) {
		uint64_t k = left_of(n);

		if (at < k) {
			up[len++] = root_of(leaves + k, n - k);
			n = k;
		} else {
			up[len++] = root_of(leaves, k);
			leaves += k;
			at -= k;
			n -= k;
		}
	}
	for (size_t i = 0; i < len; i++)
		proof[i] = up[len - 1 - i];
	return len;
}

bool merkle_proof_is_good(
	const struct id *proof, size_t len, const struct id *leaf, uint64_t at, uint64_t n, const struct id *root)
{
	uint64_t last = n - 1;
	struct id h = *leaf;

	if (at >= n)
		return false;
	/* RFC 9162, 2.1.3.2. */
	for (size_t i = 0; i < len; i++) {
		if (last == 0)
			return false;
		if (at & 1 || at == last) {
			h = node(&proof[i], &h);
			while (!(at & 1) && at != 0) {
				at >>= 1;
				last >>= 1;
			}
		} else {
			h = node(&h, &proof[i]);
		}
		at >>= 1;
		last >>= 1;
	}
	return last == 0 && id_eq(&h, root);
}
