/* SPDX-License-Identifier: BSD-2-Clause */
/* What records and repositories say, as the evaluation of a policy wants it. */
#ifndef REPORT_FACTS_H
#define REPORT_FACTS_H

#include "report/policy.h"

/* More are refused: what cannot be looked at whole is not looked at. */
#define FACTS_MAX 4000000u

/* What a look into a snapshot's tree gives. */
enum fact_found { FOUND_NOT, FOUND_THERE, FOUND_UNKNOWN, FOUND_COUNT };

/* A snapshot that was made, by a record, or is there, by its repository. */
struct fact_copy {
	char repository[HZ_UID_HEX], snapshot[HZ_ID_HEX];
	char *host;
	struct policy_list paths; /* as they were given; none: the record does not say */
	int64_t time;             /* of its beginning: what is newer is not in it */
	bool complete;
	bool in_repository;
	bool is_protected; /* the store keeps what is there from the host that wrote it; of records only */
	bool excludes;     /* the record names something that was left out */
	/* Of records: what could not be read, absolute; *_cut: there was more than the record holds. */
	struct policy_list failed;
	bool failed_cut;
	struct policy_list looked[FOUND_COUNT]; /* of repositories: paths that were looked for in the tree */
	char record[HZ_UUID_TEXT], sha256[HZ_ID_HEX];
};

/* RESTORED: a drill that restored and read back what it restored; DRILL: files were compared with the source, too. */
enum fact_level {
	LEVEL_CHECK = 1,
	LEVEL_SAMPLE = 2,
	LEVEL_READ = 4,
	LEVEL_DRILL = 8,
	LEVEL_FULL_DRILL = 16,
	LEVEL_RESTORED = 32,
	LEVEL_RESTORE = 64 /* the command restore */
};

/* Something that was proved, or was found to be damaged. */
struct fact_proof {
	char repository[HZ_UID_HEX], snapshot[HZ_ID_HEX];
	char kind[8];              /* "check", "verify", "drill", "restore" */
	char *host;                /* "": the record does not say */
	struct policy_list paths;  /* none: the same */
	struct policy_list absent; /* of paths those that the snapshot does not have */
	int64_t time;
	unsigned levels; /* bits */
	bool damage;
	double seconds; /* of a drill: to restore all */
	char record[HZ_UUID_TEXT], sha256[HZ_ID_HEX];
};

/* Which repository stands at a place, as a host names it. */
struct fact_place {
	char *host, *location;
	char repository[HZ_UID_HEX];
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
	struct fact_place *places;
	size_t n_places;
	char (*known)[HZ_UID_HEX]; /* repositories that any record names */
	size_t n_known;
	uint64_t untrusted;
};
DEFINE_AUTO(hz_facts, hz_facts_free)

/* Adds a zeroed element to a list of the facts; NULL: memory is out, or there are too many. */
void *facts_add(void *list, size_t *n, size_t size, hz_error **err);
bool facts_list_add(struct policy_list *l, const char *text);
bool facts_has_opened(const hz_facts *f, const char *repository);
/* The paths of a snapshot, from wherever they are known; NULL: nowhere. */
const struct policy_list *facts_paths_of(const hz_facts *f, const char *snapshot);
/* What a proof is about, from its record or from what is known of its snapshot; NULL: nowhere. */
const struct policy_list *facts_paths_of_proof(const hz_facts *f, const struct fact_proof *p);
/* Of damage: does it speak against this path of this host, for all that is known? */
bool facts_damage_hits(const hz_facts *f, const struct fact_proof *p, const char *host, const char *path);
/* Was it looked for in the tree of this copy? */
bool facts_looked(const struct fact_copy *c, const char *path, enum fact_found *found);

#endif
