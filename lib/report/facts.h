/* SPDX-License-Identifier: BSD-2-Clause */
/* What records and repositories say, as the evaluation of a policy wants it. */
#ifndef REPORT_FACTS_H
#define REPORT_FACTS_H

#include "report/policy.h"

/* More are refused: what cannot be looked at whole is not looked at. */
#define FACTS_MAX 4000000u

/* A snapshot that was made, by a record, or is there, by its repository. */
struct fact_copy {
	char repository[HZ_UID_HEX], snapshot[HZ_ID_HEX];
	char *host;
	struct policy_list paths; /* none: the record does not say */
	int64_t time;             /* of its beginning: what is newer is not in it */
	bool complete;
	bool in_repository;
	bool is_protected; /* the store keeps what is there from the host that wrote it; of records only */
	char record[HZ_UUID_TEXT], sha256[HZ_ID_HEX];
};

enum fact_level { LEVEL_CHECK = 1, LEVEL_SAMPLE = 2, LEVEL_READ = 4, LEVEL_DRILL = 8, LEVEL_FULL_DRILL = 16 };

/* Something that was proved, or was found to be damaged. */
struct fact_proof {
	char repository[HZ_UID_HEX], snapshot[HZ_ID_HEX];
	char *host;
	struct policy_list paths;
	int64_t time;
	unsigned levels; /* bits */
	bool damage;
	double seconds; /* of a drill: to restore all */
	char record[HZ_UUID_TEXT], sha256[HZ_ID_HEX];
};

struct fact_key {
	char repository[HZ_UID_HEX];
	char *what; /* "writer web1" */
	int64_t time;
};

struct hz_facts {
	char (*opened)[HZ_UID_HEX];
	size_t n_opened;
	struct fact_copy *copies;
	size_t n_copies;
	struct fact_proof *proofs;
	size_t n_proofs;
	struct fact_key *keys;
	size_t n_keys;
	uint64_t untrusted;
};
DEFINE_AUTO(hz_facts, hz_facts_free)

bool facts_has_opened(const hz_facts *f, const char *repository);
/* The paths of a snapshot, from wherever they are known; NULL: nowhere. */
const struct policy_list *facts_paths_of(const hz_facts *f, const char *snapshot);

#endif
