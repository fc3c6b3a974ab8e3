/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects of other repositories that lie in this one: nothing of ours depends on them, they are never removed, and
 * somebody should know of them (docs/format/names.md). */
#include "archive/check_internal.h"

struct looking {
	struct check *c;
	hz_error **err;
};

static int look(void *user, const char *name, uint64_t size)
{
	struct looking *l = user;
	struct check *c = l->c;
	struct uid u, whose;

	(void)size;
	/* What a run names is judged by what the run says of it. */
	if (name_parse_uid(&u, name, "packs/") && check_pack_number(c, &u) >= 0)
		return 0;
	if (signed_is_foreign(&whose, c->r->repo.store, name, &c->r->repo.log.repo.id))
		job_event(c->job, HZ_EVENT_NOTE, NULL, 0, "%s: belongs to another repository (%s); it is left alone",
			name, uid_hex(&whose).s);
	return check_tick(c, l->err);
}

int check_foreign(struct check *c, hz_error **err)
{
	struct looking l = { c, err };
	int rc = 0;

	for (size_t i = 0; rc == 0 && store_folders[i]; i++)
		rc = store_list(c->r->repo.store, store_folders[i], look, &l, err);
	return rc;
}
