/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast this processor does what a backup consists of, and what that allows at most. Works in memory, on data that
 * is made on the spot and always the same; needs no repository and no key.
 */
#ifndef HOZEN_BENCHMARK_H
#define HOZEN_BENCHMARK_H

#include "hozen/error.h"
#include "hozen/job.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hz_benchmark_options {
	uint32_t size;
	uint32_t row_ms;  /* how long each row is measured; 0: 100 */
	uint32_t workers; /* for what follows; 0: as many as there are processors */
	uint32_t reserved;
} hz_benchmark_options;
#define HZ_BENCHMARK_OPTIONS_INIT                     \
	{                                             \
		sizeof(hz_benchmark_options), 0, 0, 0 \
	}

enum {
	/* Measured, one thread, the median of several spans. */
	HZ_BENCHMARK_HASH = 1,       /* the keyed hash that names a chunk */
	HZ_BENCHMARK_SEAL = 2,       /* encrypting and authenticating */
	HZ_BENCHMARK_OPEN = 3,       /* the way back */
	HZ_BENCHMARK_CHUNKER = 4,    /* finding where chunks end */
	HZ_BENCHMARK_COMPRESS = 5,   /* zstd */
	HZ_BENCHMARK_DECOMPRESS = 6, /* zstd */
	HZ_BENCHMARK_PROTECT = 7,    /* checksums and parity of an object */
	HZ_BENCHMARK_READ = 8,       /* a copy, and its checksums compared: how restore reads */
	HZ_BENCHMARK_VERIFY = 9,     /* checksums and parity compared: how check reads */
	/* What follows: bytes of files, were there nothing else to do, and each worker as fast as one alone. */
	HZ_BENCHMARK_CREATE = 16,
	HZ_BENCHMARK_RESTORE = 17,
	HZ_BENCHMARK_CHECK = 18
};

typedef struct hz_benchmark_row {
	uint32_t size;
	uint32_t kind;             /* HZ_BENCHMARK_* */
	const char *name;          /* "hash", "seal", ...; static */
	uint32_t suite;            /* 1, 2; 0: the same in both */
	int32_t level;             /* of zstd; 0: no zstd */
	uint32_t workers;          /* 1 where it was measured */
	uint32_t stored_permille;  /* of zstd and what follows: what 1000 bytes become; else 0 */
	uint64_t message_bytes;    /* how much at a time */
	uint64_t bytes_per_second; /* of what goes in, or for the ways back, of what comes out */
} hz_benchmark_row;
/* Non-zero stops and is returned. row is valid during the call only. */
typedef int (*hz_benchmark_fn)(void *user, const hz_benchmark_row *row);

/* Calls fn with each row as soon as it is known: measured ones first. opts may be NULL. HZ_E_CANCELED by the job.
 * Since: 0.1 */
HZ_API int hz_benchmark_cpu(
	const hz_benchmark_options *opts, hz_job *job, hz_benchmark_fn fn, void *user, hz_error **err);

#ifdef __cplusplus
}
#endif
#endif
