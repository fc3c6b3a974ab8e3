/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hz_audit_publish: what is new in the evidence folder goes to the store (docs/format/audit.md). How far a log was put
 * there stands in the state folder of the repository, in audit.<hash of the log's key>: u64 entries, id their root. It
 * is written after the put; when it is lost, or of other entries, all is put again, and readers take that.
 */
#include "archive/audit.h"
#include "archive/ingest.h"
#include "archive/repo.h"
#include "archive/state.h"
#include "crypto/digest.h"
#include "hozen/audit.h"
#include <stdio.h>
#include <string.h>

#define MARK_NAME (6 + ID_HEX_LEN + 1)

struct publishing {
	struct repo repo;
	struct state state; /* the writer's: its locks keep our temporary file from being swept */
	struct log_source log;
	int dir; /* state folder of the repository */
	char mark[MARK_NAME];
	struct buf text, sig, entries;
	hz_audit_result res;
};

static void release(struct publishing *p)
{
	buf_release(&p->text);
	buf_release(&p->sig);
	buf_release(&p->entries);
	log_source_release(&p->log);
	state_close(&p->state);
	fd_close(&p->dir);
	repo_release(&p->repo);
}

/* ---- how far it was put ---- */

static uint64_t read_mark(const struct publishing *p)
{
	AUTO_FREE uint8_t *data = NULL;
	struct id root, want;
	size_t len = 0;
	uint64_t n;

	if (vfs_read_file(&data, &len, p->dir, p->mark, 4096, false, NULL) < 0)
		return 0;
	struct dec d = dec_of(data, len);

	n = dec_u64(&d);
	dec_copy(&d, want.b, ID_LEN);
	if (!dec_done(&d) || n > p->log.head.size)
		return 0;
	root = log_source_root(&p->log, n);
	return id_eq(&root, &want) ? n : 0;
}

static int write_mark(const struct publishing *p, uint64_t n, hz_error **err)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	struct id root = log_source_root(&p->log, n);
	struct enc e = enc_to(&b);

	enc_u64(&e, n);
	enc_bytes(&e, root.b, ID_LEN);
	return e.bad ? err_nomem(err) : newfile_put(p->dir, p->mark, b.data, b.len, 0600, NEWFILE_REPLACE, err);
}

/* ---- one object ---- */

/* Entries from a->first on, as many as fit well. */
static int collect(struct publishing *p, struct audit *a, uint64_t *missing, hz_error **err)
{
	uint64_t i;
	int rc = 0;

	buf_reset(&p->entries);
	for (i = a->first; rc >= 0 && i < p->log.head.size && p->entries.len < AUDIT_RAW_FULL; i++) {
		rc = log_source_record(&p->log, i, &p->text, &p->sig, err);
		*missing += rc == 0;
		if (rc >= 0)
			rc = audit_add(&p->entries, p->log.log.data + i * LOG_LINE_LEN, &p->text, &p->sig, err);
	}
	a->n = i - a->first;
	return rc;
}

/* The temporary file is this session's, whose lock is held: when we die in the midst, the writer's next run removes
 * it. */
static int put(struct publishing *p, const struct audit *a, const struct buf *object, hz_error **err)
{
	struct store *st = p->repo.store;
	AUTO_FD int lock = -1;
	int rc = reserve_check(st, object->len, err);

	if (rc == 0)
		rc = state_lock_session(&lock, &p->state, &a->id, err);
	if (rc < 0)
		return rc;
	hex_encode(st->owner, p->repo.key->key_id.b, UID_LEN);
	hex_encode(st->session, a->id.b, UID_LEN);
	rc = signed_put(st, name_audit(&a->id).s, object, false, err);
	state_forget_session(&p->state, &a->id);
	return rc;
}

static int put_one(struct publishing *p, uint64_t *done, hz_error **err)
{
	struct audit a = { .first = *done, .note = { p->log.note, p->log.note_len } };
	AUTO_IN(buf_release) struct buf object = BUF_INIT;
	uint64_t missing = 0;
	int rc = collect(p, &a, &missing, err);

	memcpy(a.log, p->log.pub, SIGN_PUB_LEN);
	if (rc == 0)
		rc = audit_build(&object, &a, &p->entries, &p->repo.log, p->repo.key, err);
	if (rc == 0)
		rc = put(p, &a, &object, err);
	if (rc < 0)
		return rc;
	*done += a.n;
	p->res.objects++;
	p->res.entries += a.n;
	p->res.missing += missing;
	p->res.stored_bytes += object.len;
	return write_mark(p, *done, err);
}

/* ---- all ---- */

static int check_key(const struct repo *r, hz_error **err)
{
	const struct writer_info *w = admin_writer(&r->log, &r->key->key_id);

	if (!w || w->is_cut)
		return err_set(err, HZ_E_AUTH, "this writer key is not one of the admin log, or was revoked");
	return 0;
}

static int publish(struct publishing *p, hz_error **err)
{
	struct id hash = sha256(p->log.pub, SIGN_PUB_LEN);
	uint64_t done;
	int rc = check_key(&p->repo, err);

	(void)snprintf(p->mark, sizeof(p->mark), "audit.%s", id_hex(&hash).s);
	if (rc == 0)
		rc = vfs_mkdirs(&p->dir, p->repo.state_dir, 0700, err);
	if (rc == 0)
		rc = state_open(&p->state, p->repo.state_dir, &p->repo.key->key_id, err);
	if (rc < 0)
		return rc;
	done = read_mark(p);
	while (rc == 0 && done < p->log.head.size)
		rc = put_one(p, &done, err);
	return rc;
}

int hz_audit_publish(const hz_repo_options *repo, const char *folder, hz_audit_result *result, hz_error **err)
{
	struct publishing p = { .dir = -1, .state.dirfd = -1, .res = HZ_AUDIT_RESULT_INIT };
	hz_repo_options o;
	int rc = options_copy(&o, sizeof(o), repo, "hz_repo_options", err);

	p.log.dir = p.log.records = p.log.pending = -1;
	if (rc < 0)
		return rc;
	o.passphrase = NULL;
	o.size = sizeof(o);
	rc = repo_open(&p.repo, &o, HZ_NEED_WRITE, NULL, err);
	if (rc == 0)
		rc = log_source_open(&p.log, folder, o.state_dir, err);
	if (rc == 0)
		rc = publish(&p, err);
	release(&p);
	result_give(result, &p.res, sizeof(p.res));
	return rc;
}
