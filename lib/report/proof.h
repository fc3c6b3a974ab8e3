/* SPDX-License-Identifier: BSD-2-Clause */
/* That a log has a record, for somebody who has neither the log nor its folder: C2SP tlog-proof. */
#ifndef REPORT_PROOF_H
#define REPORT_PROOF_H

#include "base/buf.h"
#include "base/error.h"
#include "report/merkle.h"

/* A header, an index, MERKLE_DEPTH hashes and a checkpoint; what stands in "extra" is not for us. */
#define PROOF_MAX ((size_t)16384)

struct proof {
	uint64_t index;
	struct id hashes[MERKLE_DEPTH];
	size_t n;
	const char *note; /* the checkpoint, within the text that was read */
	size_t note_len;
};
/* Appends the text. */
int proof_make(struct buf *out, const struct proof *p, hz_error **err);
/* HZ_E_CORRUPT: none. The checkpoint is not looked at. */
int proof_parse(struct proof *p, const char *text, size_t len, hz_error **err);

#endif
