/* SPDX-License-Identifier: BSD-2-Clause */
/* Sealed copies of evidence (docs/format/audit.md): each by itself. No snapshot depends on them; what they say of logs
 * is hozen-verify's to judge. */
#include "archive/audit.h"
#include "archive/check_internal.h"
#include "archive/listing.h"

static int check_one(struct check *c, const struct listed *l, hz_error **err)
{
	struct repo *repo = &c->r->repo;
	AUTO(hz_error_free) hz_error *e = NULL;
	struct audit a;
	int rc = audit_load(&a, repo->store, &l->uid, &repo->log, repo->key, &repo->sink, &e);

	/* Nothing names it: one that is gone again was never there. */
	if (rc == HZ_E_NOTFOUND || rc == HZ_E_REFUSED)
		return 0;
	c->res.objects++;
	c->res.bytes_read += l->size;
	if (rc == 0)
		audit_release(&a);
	else
		rc = check_verdict(c, name_audit(&l->uid).s, rc, &e, err);
	return rc < 0 ? rc : check_tick(c, err);
}

int check_audit(struct check *c, hz_error **err)
{
	struct listing l;
	int rc = listing_load(&l, c->r->repo.store, "audit", listed_audit, err);

	for (size_t i = 0; rc == 0 && i < l.n; i++)
		rc = check_one(c, &l.v[i], err);
	listing_release(&l);
	return rc;
}
