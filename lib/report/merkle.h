/* SPDX-License-Identifier: BSD-2-Clause */
/* The hash tree of RFC 6962, 2.1, over SHA-256: root of a growing list, and proofs. No memory is allocated. */
#ifndef REPORT_MERKLE_H
#define REPORT_MERKLE_H

#include "base/id.h"

#define MERKLE_DEPTH 64

struct merkle {
	struct id right[MERKLE_DEPTH]; /* roots of the full subtrees, the largest first */
	uint64_t n;                    /* leaves */
};

struct id merkle_leaf(const void *data, size_t len);
void merkle_add(struct merkle *m, const struct id *leaf);
/* Of all leaves that were added. */
struct id merkle_root(const struct merkle *m);

/* The audit path of leaf `at` among n: its hashes in proof, their number returned (at most MERKLE_DEPTH). */
size_t merkle_prove(struct id proof[MERKLE_DEPTH], const struct id *leaves, uint64_t n, uint64_t at);
/* Does the path lead from the leaf to the root of n leaves? */
bool merkle_proof_is_good(
	const struct id *proof, size_t len, const struct id *leaf, uint64_t at, uint64_t n, const struct id *root);

#endif
