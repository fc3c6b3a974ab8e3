/* SPDX-License-Identifier: BSD-2-Clause */
/* Sealed copies of evidence (docs/format/audit.md): the object, and what is in it. */
#ifndef ARCHIVE_AUDIT_H
#define ARCHIVE_AUDIT_H

#include "archive/session.h"
#include "report/log_copy.h"

#define AUDIT_RAW_MAX ((size_t)16 << 20)
/* A writer ends an object behind this. */
#define AUDIT_RAW_FULL ((size_t)4 << 20)

struct audit_entry {
	const uint8_t *line; /* LOG_LINE_LEN */
	struct bytes record, sig;
};
struct audit {
	struct uid id, signer;
	uint32_t epoch;
	uint64_t first, n;
	/* Of one that was opened: */
	bool open;
	uint8_t log[SIGN_PUB_LEN];
	struct checkpoint head;
	struct bytes note; /* the checkpoint as it stands */
	struct audit_entry *entries;
	struct buf raw;
};
void audit_release(struct audit *a);

/* ---- writing ---- */

/* Appends one entry; record and sig of no bytes: they were not there. */
int audit_add(struct buf *entries, const uint8_t line[LOG_LINE_LEN], const struct buf *record, const struct buf *sig,
	hz_error **err);
/* a: first, n, log and note are inputs; id, epoch and signer are set. */
int audit_build(struct buf *out, struct audit *a, const struct buf *entries, const struct admin_log *log,
	const struct bundle *writer, hz_error **err);

/* ---- reading ---- */

/* Verifies the signature by a writer or agent of the log; opens it when key (NULL: none) has the metadata secret. */
int audit_load(struct audit *a, struct store *st, const struct uid *id, const struct admin_log *log,
	const struct bundle *key, const struct damage_sink *sink, hz_error **err);
/* From what was decrypted: at most AUDIT_RAW_MAX bytes are decompressed. raw is emptied first. */
int audit_unpack(struct buf *raw, const uint8_t *plain, size_t len, hz_error **err);
/* n and first are set. Sets log, head, note and entries, which point into raw; raw is moved in. */
int audit_decode(struct audit *a, struct buf *raw, hz_error **err);

#endif
