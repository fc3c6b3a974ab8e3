/* SPDX-License-Identifier: BSD-2-Clause */
/* An opened repository: store, verified admin log, and the keys at hand. What every handle begins with. */
#ifndef ARCHIVE_REPO_H
#define ARCHIVE_REPO_H

#include "archive/budget.h"
#include "archive/job.h"
#include "archive/keyring.h"
#include "archive/session.h"
#include "base/options.h"
#include "hozen/repo.h"

struct repo {
	struct store *store;
	struct admin_log log;        /* log.repo: the header */
	struct bundle *key;          /* NULL: none */
	uint32_t can;                /* HZ_NEED_* */
	char *state_dir, *cache_dir; /* <base>/<repository id>; not made yet */
	unsigned workers;            /* budget.workers */
	struct budget budget;
	hz_job *job;              /* of the running call; may be NULL */
	struct damage_sink sink;  /* events of the job: mended ones are notes */
	uint32_t mended, damaged; /* counted by the sink; atomic */
	bool rolled_back;         /* the admin log is behind what this host has seen */
};

/* need: what must be possible with the keys that are found (HZ_E_AUTH otherwise). r is zeroed first; on failure it is
 * released. sink.user is r: it must not move afterwards. */
int repo_open(struct repo *r, const hz_repo_options *o, uint32_t need, hz_job *job, hz_error **err);
void repo_release(struct repo *r);

/* The admin head that this host has seen; kept in the state folder. */
int pins_check(struct repo *r, hz_error **err);
/* Writes the present head as seen; failing to is not fatal to a reader (a note). */
int pins_update(struct repo *r, hz_error **err);

#endif
