/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sanitization of parts of a medium: files that are overwritten where they lie and removed, and the free space of a
 *file system. NIST SP 800-88 knows clear and purge of whole media only: what is done here reaches neither, and what it
 *does not reach is found out, said and put on record (docs/erase/files.md). ISO/IEC 27001 Annex A 8.10.
 *
 *	const char *paths[] = { "/srv/old/salaries.ods" };
 *	hz_shred_options o = HZ_SHRED_OPTIONS_INIT;
 *	hz_shred_result r = HZ_SHRED_RESULT_INIT;
 *	hz_json *summary = hz_json_new("shred_summary");
 *	hz_error *err = NULL;
 *
 *	if (hz_shred_files(paths, 1, &o, NULL, summary, &r, &err) == 0 && r.removed == 1 && r.missed == 0)
 *		puts("gone, as far as this medium shows");
 *	hz_json_free(summary);
 *	hz_error_free(err);
 *
 * One call at a time works on one file; several threads may work on different ones.
 */
#ifndef HOZEN_SHRED_H
#define HOZEN_SHRED_H

#include "hozen/evidence.h"
#include "hozen/job.h"
#include "hozen/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What overwriting does not reach, as bits. */
#define HZ_MISSED_COW      1u    /* the file system writes to new places: copy on write, or a log */
#define HZ_MISSED_SHARED   2u    /* blocks belonged to a snapshot or another file too */
#define HZ_MISSED_MOVED    4u    /* after it the file lay somewhere else: the old blocks have their content */
#define HZ_MISSED_INLINE   8u    /* content lay among metadata, of which the journal has copies */
#define HZ_MISSED_JOURNAL  16u   /* the file system writes data to its journal too */
#define HZ_MISSED_SNAPSHOT 32u   /* the device beneath has snapshots, or space that is given out as needed */
#define HZ_MISSED_FLASH    64u   /* the device does not turn: flash translation keeps old blocks */
#define HZ_MISSED_NETWORK  128u  /* what the server does with old blocks is not known */
#define HZ_MISSED_SWAP     256u  /* it lay in memory, and memory goes to swap */
#define HZ_MISSED_UNKNOWN  512u  /* the file system, or the device beneath it, could not be found out */
#define HZ_MISSED_CACHED   1024u /* it could not be read back past the cache */
#define HZ_MISSED_RESERVED 2048u /* free space: blocks that nobody but the system may use */
#define HZ_MISSED_LEFT     4096u /* free space: what was to be left free, or was freed meanwhile */
/* "copy_on_write", and a sentence for people in the language of the process; of one bit; NULL for what is none. */
HZ_API const char *hz_missed_name(uint32_t bit);
HZ_API const char *hz_missed_text(uint32_t bit);

#define HZ_SHRED_RECURSIVE 1u /* folders, with all that is in them */
#define HZ_SHRED_OPEN_TOO  2u /* also what another process has open: it may write on. It is in the record */

typedef struct hz_shred_options {
	uint32_t size;
	uint32_t flags;          /* HZ_SHRED_* */
	uint64_t leave;          /* free space: bytes that stay free all the time */
	hz_progress_fn progress; /* at most ten times a second; non-zero stops: HZ_E_CANCELED. NULL: none */
	hz_event_fn event;       /* what is refused or fails, one each, with its reasons. NULL: none */
	void *user;
} hz_shred_options;
#define HZ_SHRED_OPTIONS_INIT                           \
	{                                               \
		sizeof(hz_shred_options), 0, 0, 0, 0, 0 \
	}

typedef struct hz_shred_result {
	uint32_t size;
	uint32_t missed;                      /* HZ_MISSED_*, of everything together */
	uint64_t removed, folders, links;     /* files, overwritten and read back; folders and symbolic links */
	uint64_t bytes;                       /* overwritten and found again */
	uint64_t refused, failed, mismatched; /* stand where they stood; mismatched: other data was read back */
	uint64_t left_bytes;                  /* free space: that the file system still calls free at its fullest */
} hz_shred_result;
#define HZ_SHRED_RESULT_INIT                                       \
	{                                                          \
		sizeof(hz_shred_result), 0, 0, 0, 0, 0, 0, 0, 0, 0 \
	}

/*
 * Overwrites each file in place with a keyed stream, makes that durable, reads it back and compares, then takes its
 * name, length and entry away. Refused, each with every reason: what is no regular file (a symbolic link is not
 * followed; a folder needs HZ_SHRED_RECURSIVE), several names (hard links), immutable or append-only, open in another
 * process. Below a folder nothing is followed and no other file system is entered.
 *
 * 0: it came to its end, and the result says what was refused, failed, or was found changed; these stand where they
 * stood. HZ_E_CANCELED: stopped in between; a file that was being overwritten is named by an event. HZ_E_INVAL,
 * HZ_E_NOMEM, HZ_E_IO (no /proc): nothing was touched. summary: filled by docs/schemas/shred_summary-v1.json, always.
 * rec may be NULL; what it does not say goes there. Since: 0.1
 */
HZ_API int hz_shred_files(const char *const *paths, size_t n, const hz_shred_options *opts, hz_record *rec,
	hz_json *summary, hz_shred_result *result, hz_error **err);

/*
 * Fills the free space of the file system that a folder lies on with files that have no name, makes that durable, reads
 * it back, and frees it; whatever ends the process frees it too. Other programs may meet a full file system meanwhile:
 * opts->leave keeps some free. 0: done; mismatched: 1 when something else was read back. HZ_E_NOTFOUND: no such folder.
 * HZ_E_UNSUPPORTED: memory, or a network, not a medium. HZ_E_CANCELED, HZ_E_IO, HZ_E_NOMEM: all is free again, nothing
 * is claimed. Since: 0.1
 */
HZ_API int hz_shred_free_space(const char *folder, const hz_shred_options *opts, hz_record *rec, hz_json *summary,
	hz_shred_result *result, hz_error **err);

#ifdef __cplusplus
}
#endif
#endif
