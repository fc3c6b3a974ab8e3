/* SPDX-License-Identifier: BSD-2-Clause */
/* A log that is copied to another place, and one that is put together again from copies of its parts. */
#ifndef REPORT_LOG_COPY_H
#define REPORT_LOG_COPY_H

#include "base/buf.h"
#include "report/checkpoint.h"
#include "report/logfile.h"
#include "report/sshsig.h"

/* What LOG_MAX has room for. */
#define LOG_ENTRIES_MAX ((uint64_t)(LOG_MAX / LOG_LINE_LEN))

/* ---- reading ---- */

struct log_source {
	int dir, records, pending;
	uint8_t pub[SIGN_PUB_LEN]; /* whose log it is */
	struct log_text log;
	struct checkpoint head;
	uint8_t *note; /* the checkpoint as it stands */
	size_t note_len;
};
/* Opens a folder (NULL: the default place); no lock is needed, a log only grows. HZ_E_NOTFOUND: there is none.
 * HZ_E_CORRUPT: its entries are not those of the checkpoint. Released by the caller in any case. */
int log_source_open(struct log_source *s, const char *folder, const char *state_dir, hz_error **err);
void log_source_release(struct log_source *s);
/* Root of the first n entries, at most log.n. */
struct id log_source_root(const struct log_source *s, uint64_t n);
/* The two files of entry i into text and sig, emptied first. 1: both; 0: they are missing, or not what the entry says.
 * HZ_E_IO, HZ_E_NOMEM. */
int log_source_record(struct log_source *s, uint64_t i, struct buf *text, struct buf *sig, hz_error **err);

/* ---- putting together. Nothing is flushed: that is done once, by whose folder it is. ---- */

struct log_rebuild;
/* Makes the folder <hex of the public key's SHA-256> in parent, a folder of evidence. HZ_E_EXISTS: it is there. */
int log_rebuild_new(struct log_rebuild **ret, int parent, const uint8_t pub[SIGN_PUB_LEN], hz_error **err);
void log_rebuild_free(struct log_rebuild *b);
DEFINE_AUTO(struct log_rebuild, log_rebuild_free)
const uint8_t *log_rebuild_pub(const struct log_rebuild *b);
/* The log's own checkpoint, verified; the highest is kept. */
int log_rebuild_head(struct log_rebuild *b, const struct checkpoint *c, const void *note, size_t len, hz_error **err);
/* Entry i as a copy under a checkpoint of head entries has it, and its files (len 0: the copy has none). */
int log_rebuild_entry(struct log_rebuild *b, uint64_t i, uint64_t head, const uint8_t line[LOG_LINE_LEN],
	const void *text, size_t len, const void *sig, size_t sig_len, hz_error **err);
/* Writes the log. Entries that no copy has become lines of dashes; where copies differ the one with the lowest
 * checkpoint counts. */
struct log_rebuilt {
	uint64_t entries, missing, contradictions;
};
int log_rebuild_end(struct log_rebuild *b, struct log_rebuilt *r, hz_error **err);

#endif
