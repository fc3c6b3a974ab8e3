/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytes of a journal (docs/erase/journal.md): between who writes and who reads it. */
#ifndef SANITIZE_ERASE_JOURNAL_INTERNAL_H
#define SANITIZE_ERASE_JOURNAL_INTERNAL_H

#include "base/codec.h"
#include "sanitize/erase_journal.h"

#define JOURNAL_MAGIC     "hozen erase 1\n"
#define JOURNAL_MAGIC_LEN 14u
#define JOURNAL_SUM_LEN   8u
#define JOURNAL_HEAD_LEN  8u
#define JOURNAL_ENTRY_MAX ((size_t)2 << 20)

enum journal_entry {
	ENTRY_BEGIN = 1,
	ENTRY_STEP = 2,
	ENTRY_PASS = 3,
	ENTRY_DURABLE = 4,
	ENTRY_NOTE = 5,
	ENTRY_ENDED = 6,
	ENTRY_VERIFIED = 7,
	ENTRY_RESUMED = 8,
	ENTRY_FINISHED = 9,
	ENTRY_SUPERSEDED = 10
};

/* Of an entry: over the sum before it (zeros before the first), its length and its bytes. */
struct journal_sum {
	uint8_t b[JOURNAL_SUM_LEN];
};
/* Length, and the same with all bits the other way: a length that was damaged is not taken for a torn end. */
void journal_head(uint8_t head[JOURNAL_HEAD_LEN], size_t len);
struct journal_sum journal_sum(const struct journal_sum *before, const void *entry, size_t len);

#endif
