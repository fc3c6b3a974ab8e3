/* SPDX-License-Identifier: BSD-2-Clause */
/* Checking a repository. Read-only. Each damage found is an event of the job. */
#ifndef HOZEN_CHECK_H
#define HOZEN_CHECK_H

#include "hozen/repo.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HZ_CHECK_READ_DATA 1u /* every byte of every object, every chunk id; needs HZ_NEED_READ */
/* Only whether every object that is named is there and has its size; what names them is read. Not with
 * HZ_CHECK_READ_DATA. */
#define HZ_CHECK_PRESENCE 2u
/* With a part of the packs: a quarter as many again, rounded up, in the order of their ids from turn_from on and
 * around. What chance leaves out for years has its turn: from turn_next of the run before, each pack is read once in
 * packs / turn_packs runs. Those of the one part may be of the other too. */
#define HZ_CHECK_TURN 4u

typedef struct hz_check_options {
	uint32_t size;
	uint32_t flags; /* HZ_CHECK_* */
	/* With HZ_CHECK_READ_DATA: of 1000 packs so many, each as a whole, at least one; chosen by the seed, which
	 * chooses the same from the same packs. Everything but packs is read in any case. 0: all. */
	uint32_t data_permille;
	uint32_t turn_from; /* with HZ_CHECK_TURN: the first four bytes of an id, as a big-endian number */
	uint64_t seed;      /* 0: the library makes one; see the result */
	/* Instead of data_permille: so many packs, or all where there are no more. 0: as data_permille says. */
	uint64_t data_packs;
} hz_check_options;
#define HZ_CHECK_OPTIONS_INIT                           \
	{                                               \
		sizeof(hz_check_options), 0, 0, 0, 0, 0 \
	}

typedef struct hz_check_result {
	uint32_t size;
	uint32_t looked_at; /* HZ_LOOKED_* */
	uint64_t objects, snapshots, packs, chunks;
	uint64_t bytes_read;
	uint64_t damaged;        /* objects damaged, missing, or not what they should be, mendable ones too */
	uint64_t mendable;       /* of these: parity or the copy can mend it */
	uint64_t snapshots_hurt; /* snapshots that cannot be restored whole */
	uint64_t dead_packs;     /* of dead sessions; no damage */
	uint64_t duration_ns;
	/* Of a part only, else 0: then HZ_LOOKED_CHECKSUMS and HZ_LOOKED_CONTENT are not set. */
	uint64_t seed, sample_packs, sample_of_packs;
	/* Of HZ_CHECK_TURN. */
	uint64_t turn_packs;
	uint32_t turn_next, reserved;
} hz_check_result;
#define HZ_CHECK_RESULT_INIT                                                               \
	{                                                                                  \
		sizeof(hz_check_result), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 \
	}

#define HZ_LOOKED_STRUCTURE 1u /* admin log, keys, sessions, commits, signatures, chains, pack presence and size */
#define HZ_LOOKED_TREES     2u /* folders and file lists of every snapshot, each chunk in the index */
#define HZ_LOOKED_CHECKSUMS 4u /* every byte of every object against its checksum */
#define HZ_LOOKED_CONTENT   8u /* every frame decrypted, every chunk id recomputed */

/* opts may be NULL: nothing is read but small objects. HZ_E_INVAL: options that do not go together. 0 also when damage
 * was found: look at the result. HZ_E_TOONEW, after everything else was looked at: some objects were written by a newer
 * version. */
HZ_API int hz_check(hz_reader *r, const hz_check_options *opts, hz_job *job, hz_check_result *result, hz_error **err);

/* Where the turn of this repository's old data goes on, as this host remembers it in its state folder: 0 where nothing
 * is remembered, or what is there is damaged. HZ_E_IO, HZ_E_AUTH: it cannot be read or written; nothing else is lost by
 * that. HZ_E_INVAL: what is not HZ_TURN_*. Since: 0.1 */
#define HZ_TURN_PACKS 1u /* hz_check_options.turn_from */
#define HZ_TURN_FILES 2u /* the caller's own choice of files, for drills */
HZ_API int hz_turn_get(const hz_reader *reader, uint32_t what, uint32_t *at, hz_error **err);
HZ_API int hz_turn_put(const hz_reader *reader, uint32_t what, uint32_t at, hz_error **err);

#ifdef __cplusplus
}
#endif
#endif
