/* SPDX-License-Identifier: BSD-2-Clause */
/* Exporting key files (docs/format/keys.md). The file is complete before the log says that it exists, and gets its name
 * after. */
#include "archive/repo.h"
#include "crypto/suite.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct exporting {
	struct repo repo;
	struct bundle *b;
	struct writer_info w;
	struct buf group; /* a new group's object */
	struct uid group_uid;
	struct id group_hash;
	struct newfile *file;
	int dirfd;
};

static int copy_public(struct bundle *b, const struct repo *r, uint32_t role)
{
	const struct bundle *k = r->key;

	b->role = (uint8_t)role;
	b->suite = k->suite;
	b->repo = k->repo;
	b->roots = k->roots;
	b->head_n = r->log.n - 1;
	b->head = r->log.hashes[r->log.n - 1];
	b->epoch = admin_recipients(&r->log)->epoch;
	memcpy(b->meta_pub, admin_recipients(&r->log)->meta, BOX_PUB_LEN);
	memcpy(b->data_pub, admin_recipients(&r->log)->data, BOX_PUB_LEN);
	return 0;
}

/* By id, unique prefix of it, or name. */
static int find_writer(const struct repo *r, const char *who, const struct writer_info **ret, hz_error **err)
{
	const struct writer_info *found = NULL;
	size_t len = strlen(who);

	for (size_t i = 0; i < r->log.n_writers; i++) {
		const struct writer_info *w = &r->log.writers[i];
		AUTO_FREE char *name = NULL;
		int rc = item_open_name(
			&name, r->log.repo.suite, &r->log.repo.id, r->key->meta_sec, w->name, w->name_len, err);

		if (rc < 0)
			return rc;
		if (strcmp(name, who) != 0 && (len < 4 || strncmp(uid_hex(&w->id).s, who, len) != 0))
			continue;
		if (found)
			return err_set(err, HZ_E_INVAL, "more than one writer is called \"%s\"", who);
		found = w;
	}
	*ret = found;
	if (!found) {
		err_set(err, HZ_E_NOTFOUND, "no writer \"%s\"", who);
		err_hint(err, "'hozen-backup key list' shows writers");
	}
	return found ? 0 : HZ_E_NOTFOUND;
}

static int new_writer(struct exporting *x, const char *join, hz_error **err)
{
	struct bundle *b = x->b;
	const struct writer_info *other = NULL;
	int rc = sign_keypair(&b->sign_seed, x->w.pub, err);

	if (rc == 0)
		rc = box_keypair(&b->box, x->w.box, err);
	if (rc < 0)
		return rc;
	x->w.id = signer_id(b->suite, x->w.pub);
	b->key_id = x->w.id;
	if (join) {
		rc = find_writer(&x->repo, join, &other, err);
		if (rc == 0)
			rc = group_open_secret(
				&b->group_secret, x->repo.store, &x->repo.log, x->repo.key, &other->group, err);
		if (rc == 0)
			x->w.group = other->group;
	} else {
		random_bytes(x->w.group.b, UID_LEN);
		rc = secret_random(&b->group_secret, KEY_LEN, err);
		if (rc == 0)
			rc = group_build(&x->group, &x->group_uid, &x->group_hash, &x->repo.log.repo,
				admin_recipients(&x->repo.log), &x->w.group, b->group_secret, x->repo.key->sign_seed,
				err);
	}
	b->group = x->w.group;
	return rc;
}

static int new_reading_key(struct exporting *x, uint32_t role, hz_error **err)
{
	int rc = secret_dup(&x->b->meta_sec, x->repo.key->meta_sec, err);

	if (rc == 0 && role == HZ_ROLE_READER)
		rc = secret_dup(&x->b->data_sec, x->repo.key->data_sec, err);
	random_bytes(x->b->key_id.b, UID_LEN);
	return rc;
}

static int append(struct exporting *x, const hz_key_export_options *o, const char *host, hz_error **err)
{
	AUTO_IN(buf_release) struct buf items = BUF_INIT;
	const struct repo_header *h = &x->repo.log.repo;
	const struct recipients *r = admin_recipients(&x->repo.log);
	const struct secret *seed = x->repo.key->sign_seed;
	const char *name = o->name ? o->name : host;
	int rc = 0;

	if (o->role != HZ_ROLE_WRITER)
		rc = item_issued(&items, (uint8_t)o->role, &x->b->key_id, h->suite, &h->id, r, name, err);
	else
		rc = item_writer(&items, &x->w, h->suite, &h->id, r, name, err);
	if (rc == 0 && x->group.len) {
		rc = signed_put(x->repo.store, name_group(&x->group_uid).s, &x->group, true, err);
		if (rc == 0)
			rc = item_key(&items, KEY_GROUP, &x->group_uid, &x->group_hash, err);
	}
	/* Of the host that this runs on, whoever the new key is for. */
	if (rc == 0)
		rc = item_evidence(&items, o->evidence_key, &x->repo.log, r, host, err);
	if (rc == 0)
		rc = admin_log_append(&x->repo.log, x->repo.store, &items, &seed, 1, err);
	return rc;
}

static int export(struct exporting *x, const hz_key_export_options *o, hz_error **err)
{
	char host[256] = "";
	int rc = bundle_new(&x->b, err);

	(void)gethostname(host, sizeof(host) - 1);
	if (rc == 0)
		rc = copy_public(x->b, &x->repo, o->role);
	if (rc == 0)
		rc = o->role == HZ_ROLE_WRITER ? new_writer(x, o->join, err) : new_reading_key(x, o->role, err);
	if (rc == 0)
		rc = keyfile_prepare(&x->file, &x->dirfd, o->out, x->b, err);
	if (rc == 0)
		rc = append(x, o, host, err);
	if (rc == 0)
		rc = keyfile_commit(TAKE(x->file), x->dirfd, o->out, x->b, err);
	return rc;
}

int hz_key_export(
	const hz_repo_options *repo, const hz_key_export_options *opts, hz_key_export_result *result, hz_error **err)
{
	struct exporting x = { .group = BUF_INIT, .dirfd = -1 };
	hz_key_export_options o;
	int rc = options_copy(&o, sizeof(o), opts, "hz_key_export_options", err);

	if (rc < 0)
		return rc;
	if (!o.out || (o.role != HZ_ROLE_WRITER && o.role != HZ_ROLE_LISTER && o.role != HZ_ROLE_READER))
		return err_set(err, HZ_E_INVAL, "key export: a role (writer, lister, reader) and a file are needed");
	if (o.join && o.role != HZ_ROLE_WRITER)
		return err_set(err, HZ_E_INVAL, "key export: only a writer joins a group");
	rc = repo_open(&x.repo, repo, HZ_NEED_ADMIN, NULL, err);
	if (rc < 0)
		return rc;
	rc = export(&x, &o, err);
	if (rc == 0 && result) {
		hz_key_export_result out = { .size = sizeof(out), .role = o.role };

		hex_encode(out.key_id, x.b->key_id.b, UID_LEN);
		*result = out;
	}
	newfile_discard(x.file);
	fd_close(&x.dirfd);
	buf_release(&x.group);
	bundle_free(x.b);
	repo_release(&x.repo);
	return rc;
}
