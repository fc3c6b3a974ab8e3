/* SPDX-License-Identifier: BSD-2-Clause */
/* commit_body_decode: what it takes can be encoded, and decoded again to the same. */
#include "fuzz/signing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void look(const struct bytes *b)
{
	static volatile uint8_t sum;

	demand(b->p || b->len == 0);
	for (size_t i = 0; i < b->len; i++)
		sum = (uint8_t)(sum + b->p[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct commit_body b, again;
	struct buf raw = BUF_INIT, out = BUF_INIT, copy = BUF_INIT;

	demand(buf_append(&raw, data, len) == 0);
	if (commit_body_decode(&b, &raw, NULL) < 0) {
		buf_release(&raw);
		return 0;
	}
	look(&b.host), look(&b.tool), look(&b.root), look(&b.errors), look(&b.others);
	for (size_t i = 0; i < b.n_paths; i++)
		look(&b.paths[i]);
	for (size_t i = 0; i < b.n_tags; i++)
		look(&b.tags[i]);
	demand(commit_body_encode(&out, &b, NULL) == 0);
	demand(buf_append(&copy, out.data, out.len) == 0);
	demand(commit_body_decode(&again, &copy, NULL) == 0);
	demand(again.n_paths == b.n_paths && again.n_tags == b.n_tags && again.n_errors == b.n_errors &&
		again.duration_ns == b.duration_ns && memcmp(again.counts, b.counts, sizeof(b.counts)) == 0);
	commit_body_release(&again);
	commit_body_release(&b);
	buf_release(&out);
	buf_release(&copy);
	return 0;
}
