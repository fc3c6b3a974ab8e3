/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checking an erased medium against its record: is it that medium, and does it hold what the record says was left on
 *it. NIST SP 800-88 Rev. 1, 4.7 (verification by others than those who erased, with another tool): places and expected
 *bytes are computed by code that has nothing in common with the code that erased but docs/erase/. ISO/IEC 27001 Annex
 *A 8.10.
 *
 *	hz_media_result res = HZ_MEDIA_RESULT_INIT;
 *	hz_error *err = NULL;
 *
 *	if (hz_media_check("/dev/sdb", "record.json", NULL, NULL, NULL, NULL, &res, &err) == 0)
 *		printf("%llu findings\n", (unsigned long long)res.findings);
 *
 * Reads only. One thread at a time for each call.
 */
#ifndef HOZEN_MEDIACHECK_H
#define HOZEN_MEDIACHECK_H

#include "hozen/error.h"
#include "hozen/evidence.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a finding is. */
enum {
	HZ_MEDIA_IDENTITY = 1,  /* another medium than the record's, or of another size: nothing was read from it */
	HZ_MEDIA_CONTENT = 2,   /* sectors that are not what the record says was written */
	HZ_MEDIA_UNREADABLE = 3 /* sectors that cannot be read, and that the record does not name */
};
typedef struct hz_media_finding {
	uint32_t size;
	uint32_t kind;       /* HZ_MEDIA_* */
	uint64_t lba, count; /* logical sectors; 0: not of sectors */
	const char *message; /* one line */
} hz_media_finding;
typedef void (*hz_media_finding_fn)(void *user, const hz_media_finding *finding);

#define HZ_MEDIA_FULL 1u /* read every sector, not the samples */
typedef struct hz_media_options {
	uint32_t size;
	uint32_t flags; /* HZ_MEDIA_* above */
	/* done and total in bytes; another value than 0 stops: HZ_E_CANCELED. NULL: none. */
	int (*progress)(void *user, uint64_t done, uint64_t total);
} hz_media_options;
#define HZ_MEDIA_OPTIONS_INIT                  \
	{                                      \
		sizeof(hz_media_options), 0, 0 \
	}

typedef struct hz_media_result {
	uint32_t size;
	uint32_t signer;      /* of the record: HZ_SIGNER_* */
	uint32_t same_medium; /* 1: serial, WWN and size are the record's */
	uint32_t comparable;  /* 1: the record says what should stand on the medium; 0: an erasure that leaves no known
				 value, nothing was read */
	uint32_t named;       /* 1: by a serial or WWN; 0: the medium has neither, only its size was compared */
	uint32_t full;        /* 1: every sector was read */
	uint32_t certified;   /* 1: the record is a certificate; 0: of a failure, whatever the medium holds */
	uint32_t reserved;
	uint64_t sectors;  /* of the medium */
	uint64_t replayed; /* compared at the places of the record's seed */
	uint64_t drawn;    /* compared at places drawn now, or all of them */
	uint64_t mismatched, unreadable;
	uint64_t excepted; /* sectors looked at that the record names as not written, whatever they hold */
	uint64_t findings;
	char record[HZ_UUID_TEXT];
	char method[64], level[16];
	char serial[64]; /* of the medium */
	char seed[65];   /* of the new places, hex; empty: none were drawn */
} hz_media_result;
#define HZ_MEDIA_RESULT_INIT                                                                          \
	{                                                                                             \
		sizeof(hz_media_result), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "", "", "", "", "" \
	}

/* device: a block device, opened for reading only. report: a record of the kind "sanitize" with its signature beside it
 * (as in hz_report_check). fn may be NULL; at most 1000 findings of sectors are handed out, all are counted. 0 also
 * with findings. HZ_E_CORRUPT: the signature is not one of the record, or the record is none; nothing was read then.
 * HZ_E_INVAL: a record of another kind, or no block device; HZ_E_NOTFOUND: a file or the device is missing, or it went
 * away; HZ_E_IO: the device reads nothing at all; HZ_E_CANCELED. Since: 0.1 */
HZ_API int hz_media_check(const char *device, const char *report, const hz_trust *trust, const hz_media_options *opts,
	hz_media_finding_fn fn, void *user, hz_media_result *result, hz_error **err);

#ifdef __cplusplus
}
#endif
#endif
