/* SPDX-License-Identifier: BSD-2-Clause */
/* One file of a snapshot to a callback. Invariant: every byte that is given is right and in its place; what cannot be
 * had ends the stream. */
#include "archive/content.h"
#include "archive/tree.h"
#include "hozen/export.h"

struct catting {
	hz_data_fn fn;
	void *user;
};

static int give(void *user, const void *data, size_t len, hz_error **err)
{
	struct catting *c = user;

	(void)err;
	return c->fn(c->user, data, len);
}

static int is_file(const struct tree *t, const struct entry *e, const char *path, hz_error **err)
{
	if ((e->mode & S_IFMT) == S_IFREG)
		return 0;
	err_set(err, HZ_E_INVAL, "snapshot %.8s: %s is no regular file", id_hex(&t->snap->commit.hash).s,
		path && *path ? path : "the root");
	err_hint(err, "'hozen-backup ls' shows what it is; export and restore take everything");
	return HZ_E_INVAL;
}

static int cat_path(struct tree *t, const char *path, struct catting *to, hz_error **err)
{
	hz_progress p = { .phase = HZ_PHASE_DATA };
	struct content c = { &t->nodes, give, to, &p, false, 0 };
	struct entry e;
	int rc = tree_find(t, &e, path, err);

	if (rc == 0)
		rc = is_file(t, &e, path, err);
	if (rc < 0)
		return rc;
	p.bytes_total = e.size;
	rc = content_read(&c, &e, err);
	if (rc == HZ_E_CORRUPT || rc == HZ_E_NOTFOUND) {
		err_wrap(err, rc, "%s: damaged from byte %llu of %llu on", path, (unsigned long long)c.at,
			(unsigned long long)e.size);
		rc = HZ_E_CORRUPT;
	}
	return rc;
}

int hz_cat(hz_reader *r, const char *id, const char *path, hz_data_fn fn, void *user, hz_job *job, hz_error **err)
{
	AUTO_IN(tree_release) struct tree t = { 0 };
	struct catting to = { fn, user };
	int rc = content_need(r, err);

	if (rc < 0)
		return rc;
	job_begin(job);
	r->repo.job = job;
	rc = tree_open(&t, r, id, err);
	if (rc == 0)
		rc = cat_path(&t, path, &to, err);
	(void)job_tick(job, NULL);
	r->repo.job = NULL;
	return rc;
}
