/* SPDX-License-Identifier: BSD-2-Clause */
/* hz_audit_fetch: evidence folders from the copies in the store (docs/format/audit.md, "Reading back"). */
#include "archive/audit.h"
#include "archive/listing.h"
#include "archive/reader.h"
#include "crypto/digest.h"
#include "hozen/audit.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct fetching {
	struct hz_reader *r;
	hz_job *job;
	const char *folder;
	int dir;
	struct listing names;
	struct log_rebuild **logs;
	size_t n;
};

static void release(struct fetching *f)
{
	for (size_t i = 0; i < f->n; i++)
		log_rebuild_free(f->logs[i]);
	free(f->logs);
	listing_release(&f->names);
	fd_close(&f->dir);
}

static int find_log(struct log_rebuild **ret, struct fetching *f, const uint8_t pub[SIGN_PUB_LEN], hz_error **err)
{
	struct log_rebuild **v;
	int rc;

	for (size_t i = 0; i < f->n; i++) {
		if (memcmp(log_rebuild_pub(f->logs[i]), pub, SIGN_PUB_LEN) == 0) {
			*ret = f->logs[i];
			return 0;
		}
	}
	v = realloc(f->logs, (f->n + 1) * sizeof(*v));
	if (!v)
		return err_nomem(err);
	f->logs = v;
	rc = log_rebuild_new(&v[f->n], f->dir, pub, err);
	if (rc == 0)
		*ret = v[f->n++];
	return rc;
}

static int take(struct fetching *f, const struct audit *a, hz_error **err)
{
	struct log_rebuild *b = NULL;
	int rc = find_log(&b, f, a->log, err);

	if (rc == 0)
		rc = log_rebuild_head(b, &a->head, a->note.p, a->note.len, err);
	for (uint64_t i = 0; rc == 0 && i < a->n; i++) {
		const struct audit_entry *e = &a->entries[i];

		rc = log_rebuild_entry(
			b, a->first + i, a->head.size, e->line, e->record.p, e->record.len, e->sig.p, e->sig.len, err);
	}
	return rc;
}

static int fetch_one(struct fetching *f, const struct uid *id, hz_error **err)
{
	struct repo *repo = &f->r->repo;
	AUTO(hz_error_free) hz_error *e = NULL;
	struct audit a;
	int rc = audit_load(&a, repo->store, id, &repo->log, repo->key, &repo->sink, &e);

	if (rc == 0) {
		rc = take(f, &a, err);
		audit_release(&a);
		return rc;
	}
	if (!signed_is_verdict(rc))
		return err_copy(err, e);
	/* Another repository's is nobody's loss, and removed since it was listed neither. */
	if (rc == HZ_E_REFUSED || rc == HZ_E_NOTFOUND)
		job_event(f->job, HZ_EVENT_NOTE, NULL, 0, "%s; it is left out", hz_error_message(e));
	else
		repo->sink.fn(repo->sink.user, name_audit(id).s, hz_error_message(e), false);
	return 0;
}

static int standing(uint32_t *by, struct hz_reader *r, const uint8_t pub[SIGN_PUB_LEN], hz_error **err)
{
	int rc = 0;

	*by = admin_evidence(&r->repo.log, pub) ? HZ_EVIDENCE_ADMIN_LOG : HZ_EVIDENCE_NOBODY;
	if (*by == HZ_EVIDENCE_NOBODY)
		rc = reader_load_snaps(r, err);
	for (size_t i = 0; rc == 0 && *by == HZ_EVIDENCE_NOBODY && i < r->n_snaps; i++) {
		const struct commit *c = &r->snaps[i].commit;

		if (r->snaps[i].valid && c->has_evidence && memcmp(c->evidence, pub, SIGN_PUB_LEN) == 0)
			*by = HZ_EVIDENCE_WRITER;
	}
	return rc;
}

static int tell(struct fetching *f, const struct log_rebuild *b, const struct log_rebuilt *r, hz_audit_log_fn fn,
	void *user, hz_error **err)
{
	AUTO_FREE char *path = NULL;
	hz_audit_log l = { .size = sizeof(l) };
	struct id hash = sha256(log_rebuild_pub(b), SIGN_PUB_LEN);
	int rc;

	if (asprintf(&path, "%s/%s", f->folder, id_hex(&hash).s) < 0) {
		path = NULL;
		return err_nomem(err);
	}
	rc = standing(&l.registered, f->r, log_rebuild_pub(b), err);
	if (rc < 0)
		return rc;
	checkpoint_origin(l.origin, log_rebuild_pub(b));
	ssh_fingerprint(l.fingerprint, log_rebuild_pub(b));
	l.folder = path;
	l.entries = r->entries;
	l.missing = r->missing;
	l.contradictions = r->contradictions;
	return fn ? fn(user, &l) : 0;
}

/* Nobody hears of a log before it is whole and flushed. One that cannot be written does not silence those before it. */
static int end(struct fetching *f, hz_audit_log_fn fn, void *user, hz_error **err)
{
	AUTO_FREE struct log_rebuilt *r = calloc(f->n + 1, sizeof(*r));
	int rc = 0, told = 0;
	size_t n = 0;

	if (!r)
		return err_nomem(err);
	while (rc == 0 && n < f->n) {
		rc = log_rebuild_end(f->logs[n], &r[n], err);
		n += rc == 0;
	}
	if (vfs()->syncfs(f->dir) < 0)
		return rc < 0 ? rc : err_errno(err, "flush %s", f->folder);
	for (size_t i = 0; told == 0 && i < n; i++)
		told = tell(f, f->logs[i], &r[i], fn, user, rc < 0 ? NULL : err);
	return rc < 0 ? rc : told;
}

static int fetch(struct fetching *f, hz_audit_log_fn fn, void *user, hz_error **err)
{
	int rc = vfs_mkdirs(&f->dir, f->folder, 0700, err);

	if (rc == 0)
		rc = listing_load(&f->names, f->r->repo.store, "audit", listed_audit, err);
	for (size_t i = 0; rc == 0 && i < f->names.n; i++) {
		rc = fetch_one(f, &f->names.v[i].uid, err);
		if (rc == 0)
			rc = job_check(f->job, err);
	}
	return rc == 0 ? end(f, fn, user, err) : rc;
}

int hz_audit_fetch(hz_reader *r, const char *folder, hz_audit_log_fn fn, void *user, hz_job *job, hz_error **err)
{
	struct fetching f = { .r = r, .job = job, .folder = folder, .dir = -1 };
	int rc;

	if (!(r->repo.can & HZ_NEED_LIST) || !r->repo.key || !r->repo.key->meta_sec)
		return err_set(err, HZ_E_AUTH, "reading evidence back needs a lister's key, or the passphrase");
	job_begin(job);
	r->repo.job = job;
	rc = fetch(&f, fn, user, err);
	(void)job_tick(job, NULL);
	r->repo.job = NULL;
	release(&f);
	return rc;
}
