/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the files of the check. Order: small objects (check_objects.c), runs (check_runs.c), presence of packs
 * (check_packs.c), bytes of packs (check_data.c), trees (check_trees.c, check_nodes.c), which by then know which packs
 * and chunks are bad. Damage never ends the check; it is told, and counted once for each object.
 */
#ifndef ARCHIVE_CHECK_INTERNAL_H
#define ARCHIVE_CHECK_INTERNAL_H

#include "archive/idmap.h"
#include "archive/reader.h"
#include "hozen/check.h"

/* A pack as one run names it. All that name one stand together, in the order of runs, and the first stands for the
 * pack: only there the flags count. Its hash stays in the run, see check_pack_info. */
struct check_pack {
	struct uid uid;
	uint32_t size;
	uint32_t run, place;   /* which run, and where in it */
	bool expected;         /* false: a final list names it */
	bool listed, odd_size; /* odd_size: stored says which */
	bool present, bad;     /* bad: not all of it can be read */
};
/* What a run says a pack holds: how many ids, and their sum, whatever their order. */
struct claim {
	uint64_t sum[2];
	uint32_t n;
	bool differs; /* from the pack's tables */
};
struct check_run {
	struct uid uid;
	struct id hash;
	bool loaded;
	uint32_t group;       /* place in groups, where it opens */
	struct run run;       /* without packs and cipher */
	struct claim *claims; /* of its packs, when data is read */
};
struct superseded {
	struct id hash;
	struct uid signer;
};
struct stored_pack {
	struct uid uid;
	uint64_t size;
};
struct uid_list {
	struct uid *v; /* ascending once it is sorted */
	size_t n, cap;
};

/* A page of packs that was read, by the place of its run. */
#define CHECK_PAGES 256u
struct check_page {
	bool loaded;
	uint32_t run, page;
	uint8_t plain[RUN_PLAIN];
};

struct check {
	struct hz_reader *r;
	hz_job *job;
	hz_check_options opts;
	hz_check_result res;
	hz_progress progress;
	pthread_mutex_t lock; /* what is told, and bad_members */
	struct idmap told;    /* hash of a name to its place in lost */
	bool *lost;           /* no parity and no copy mends it */
	size_t n_told, cap_told;
	hz_error *newer; /* the first object that a newer version wrote: not looked at, and no damage */
	bool out_of_memory;

	struct group *groups; /* those that the key opens; borrowed but for a writer's own */
	size_t n_groups;
	struct uid_list committed;       /* sessions that ended in a commit, or in a damaged one */
	struct uid_list damaged_commits; /* sessions whose commit cannot be read */
	struct uid_list named;           /* runs that commits name */

	struct check_run *runs;
	size_t n_runs, cap_runs;
	size_t closed_runs; /* of groups that the key does not open */
	struct superseded *superseded;
	size_t n_superseded;
	struct check_pack *packs; /* ascending by uid, then run, once heads are there */
	size_t n_packs, cap_packs;
	uint32_t *heads; /* where the packs begin whose first two bytes are so, and the end */
	struct check_page *pages[CHECK_PAGES];
	pthread_mutex_t page_lock;
	struct stored_pack *stored; /* that no open run names, or with another size; ascending */
	size_t n_stored, cap_stored;
	struct uid_list strangers; /* packs of committed sessions whose runs do not open */
	struct idmap bad_members;  /* id and pack, see member_key */
};

/* Tells of damage to an object, once, and once more when it turns out to be beyond mending. Thread-safe. */
void check_damage(struct check *c, const char *name, bool mendable, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Was damage to the object told? */
bool check_is_told(struct check *c, const char *name);
/* What a failure with an object means: its damage, which is told (0), or the failure of the store, which is handed on
 * in err. */
int check_verdict(struct check *c, const char *name, int rc, hz_error **e, hz_error **err);
/* Between two objects: events, progress, and an end when it is asked for. */
int check_tick(struct check *c, hz_error **err);

int uid_list_add(struct uid_list *l, const struct uid *u, hz_error **err);
void uid_list_sort(struct uid_list *l); /* and takes out what stands twice */
bool uid_list_has(const struct uid_list *l, const struct uid *u);

int check_objects(struct check *c, hz_error **err);
/* After the packs: is every run there that a commit names? */
int check_named_runs(struct check *c, hz_error **err);
int check_runs(struct check *c, hz_error **err);
int check_packs(struct check *c, hz_error **err);
int check_data(struct check *c, hz_error **err);
int check_trees(struct check *c, hz_error **err);

/* Evidence; no other phase depends on it. */
int check_audit(struct check *c, hz_error **err);
/* After the packs: objects of other repositories are no damage, and are told. */
int check_foreign(struct check *c, hz_error **err);

/* One more zeroed element at the end of a growing array, or NULL. */
void *check_grow(void *array, size_t *n, size_t *cap, size_t each);
void check_runs_release(struct check *c);
/* Place of a pack that a run names (of the first that names it), or -1; after the runs. */
int64_t check_pack_number(const struct check *c, const struct uid *uid);
/* All that the run says of it; a damaged run is told, and *found false. Thread-safe. */
int check_pack_info(struct check *c, const struct check_pack *k, struct run_pack *info, bool *found, hz_error **err);
/* Of those that no open run names, or with another size. */
const struct stored_pack *check_stored(const struct check *c, const struct uid *uid);
/* A member of a pack that does not hold what its id says, or is not there. */
int check_bad_member(struct check *c, uint32_t pack, const struct id *id, hz_error **err);
/* 1: a pack that is there, and not known to be bad, holds the chunk; 0: none. */
int check_chunk(struct check *c, struct reader_group *g, const struct id *id, hz_error **err);
/* A sum of ids that does not depend on their order. */
void check_sum_id(uint64_t sum[2], const struct id *id);

#endif
