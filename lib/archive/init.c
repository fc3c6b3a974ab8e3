/* SPDX-License-Identifier: BSD-2-Clause */
/* Making a repository. Its order is that of docs/format/names.md: nothing is a repository before `repo` is put, and by
 * then everything that it needs is durable. */
#include "archive/repo.h"
#include "base/places.h"
#include "base/clock.h"
#include "crypto/suite.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PACK_LOG2      24
#define PASSPHRASE_MAX 4096u

struct making {
	struct repo_header repo;
	struct recipients recipients;
	struct secret *root_seed, *meta_sec, *data_sec, *group_secret;
	struct bundle *admin, *writer;
	struct admin_log log;
	struct store *store;
	struct secret *pass;
	struct newfile *keyfile;
	int keydir;
};

static void making_release(struct making *m)
{
	newfile_discard(m->keyfile);
	fd_close(&m->keydir);
	secret_free(m->root_seed);
	secret_free(m->meta_sec);
	secret_free(m->data_sec);
	secret_free(m->group_secret);
	secret_free(m->pass);
	bundle_free(m->admin);
	bundle_free(m->writer);
	admin_log_release(&m->log);
	store_close(m->store);
}

static int draw_keys(struct making *m, hz_error **err)
{
	int rc = sign_keypair(&m->root_seed, m->repo.roots.pub[0], err);

	m->repo.roots.n = 1;
	m->recipients.epoch = 1;
	if (rc == 0)
		rc = box_keypair(&m->meta_sec, m->recipients.meta, err);
	if (rc == 0)
		rc = box_keypair(&m->data_sec, m->recipients.data, err);
	if (rc == 0)
		rc = secret_random(&m->group_secret, KEY_LEN, err);
	return rc;
}

static void bundle_common(struct bundle *b, const struct making *m, uint8_t role)
{
	b->role = role;
	b->suite = m->repo.suite;
	b->repo = m->repo.id;
	b->epoch = m->recipients.epoch;
	b->roots = m->repo.roots;
	memcpy(b->meta_pub, m->recipients.meta, BOX_PUB_LEN);
	memcpy(b->data_pub, m->recipients.data, BOX_PUB_LEN);
}

static int make_bundles(struct making *m, struct writer_info *w, hz_error **err)
{
	int rc = bundle_new(&m->admin, err);

	if (rc == 0)
		rc = bundle_new(&m->writer, err);
	if (rc < 0)
		return rc;
	bundle_common(m->admin, m, HZ_ROLE_ADMIN);
	random_bytes(m->admin->key_id.b, UID_LEN);
	rc = secret_dup(&m->admin->sign_seed, m->root_seed, err);
	if (rc == 0)
		rc = secret_dup(&m->admin->meta_sec, m->meta_sec, err);
	if (rc == 0)
		rc = secret_dup(&m->admin->data_sec, m->data_sec, err);
	if (rc < 0)
		return rc;
	bundle_common(m->writer, m, HZ_ROLE_WRITER);
	random_bytes(w->group.b, UID_LEN);
	rc = sign_keypair(&m->writer->sign_seed, w->pub, err);
	if (rc == 0)
		rc = box_keypair(&m->writer->box, w->box, err);
	if (rc == 0)
		rc = secret_dup(&m->writer->group_secret, m->group_secret, err);
	w->id = signer_id(m->repo.suite, w->pub);
	m->writer->key_id = w->id;
	m->writer->group = w->group;
	return rc;
}

static int first_entry(struct making *m, hz_error **err)
{
	static const uint8_t threshold[CLASS_COUNT] = { 1, 1, 1, 1, 1, 1 };
	AUTO_IN(buf_release) struct buf items = BUF_INIT;
	const struct secret *seed = m->root_seed;
	int rc = admin_log_begin(&m->log, &m->repo, m->store, err);

	if (rc == 0)
		rc = item_signers(&items, &m->repo.roots, threshold, err);
	if (rc == 0)
		rc = item_recipients(&items, &m->recipients, err);
	if (rc == 0)
		rc = admin_log_append(&m->log, m->store, &items, &seed, 1, err);
	if (rc == 0) {
		m->repo.admin0 = m->log.hashes[0];
		m->log.repo.admin0 = m->repo.admin0;
		m->admin->head_n = 0;
		m->admin->head = m->repo.admin0;
	}
	return rc;
}

/* Group keys and slot, then the entry that names both and registers the writer. */
static int second_entry(
	struct making *m, const struct writer_info *w, const char *name, const char *evidence, hz_error **err)
{
	AUTO_IN(buf_release) struct buf items = BUF_INIT;
	AUTO_IN(buf_release) struct buf group = BUF_INIT;
	AUTO_IN(buf_release) struct buf slot = BUF_INIT;
	const struct secret *seed = m->root_seed;
	struct uid group_uid, slot_uid;
	struct id group_hash, slot_hash;
	int rc = group_build(
		&group, &group_uid, &group_hash, &m->repo, &m->recipients, &w->group, m->group_secret, seed, err);

	if (rc == 0)
		rc = slot_build(&slot, &slot_uid, &slot_hash, m->admin, m->pass, seed, err);
	if (rc == 0)
		rc = signed_put(m->store, name_group(&group_uid).s, &group, true, err);
	if (rc == 0)
		rc = signed_put(m->store, name_slot(&slot_uid).s, &slot, true, err);
	if (rc == 0)
		rc = item_writer(&items, w, m->repo.suite, &m->repo.id, &m->recipients, name, err);
	if (rc == 0)
		rc = item_key(&items, KEY_GROUP, &group_uid, &group_hash, err);
	if (rc == 0)
		rc = item_key(&items, KEY_SLOT, &slot_uid, &slot_hash, err);
	if (rc == 0)
		rc = item_evidence(&items, evidence, &m->log, &m->recipients, name, err);
	if (rc == 0)
		rc = admin_log_append(&m->log, m->store, &items, &seed, 1, err);
	if (rc == 0) {
		m->writer->head_n = 1;
		m->writer->head = m->log.hashes[1];
	}
	return rc;
}

static int put_repo(struct making *m, hz_error **err)
{
	AUTO_IN(buf_release) struct buf object = BUF_INIT;
	const struct secret *seed = m->root_seed;
	int rc = repo_header_build(&object, &m->repo, &seed, 1, err);
	struct iovec iov = { object.data, object.len };

	if (rc == 0)
		rc = store_put(m->store, name_repo_copy(&m->repo.id).s, &iov, 1, err);
	if (rc == 0)
		rc = store_put(m->store, "repo", &iov, 1, err);
	return rc;
}

/* A failure leaves no repository that opens, as far as the store still works. Under the name there may be another
 * init's, which was faster. */
static void take_back_repo(struct making *m)
{
	struct repo_header h = { .suite = 0 };

	if (repo_header_load(&h, m->store, NULL, NULL) < 0 || !uid_eq(&h.id, &m->repo.id))
		return;
	if (store_remove(m->store, "repo", NULL) == 0)
		(void)store_remove(m->store, name_repo_copy(&h.id).s, NULL);
}

/* Objects that a folder may hold already: a dead init's. */
static int see_any(void *user, const char *name, uint64_t size)
{
	(void)name;
	(void)size;
	*(bool *)user = true;
	return 0;
}

static int see_foreign(void *user, const char *name, uint64_t ino, unsigned char type)
{
	(void)ino;
	(void)type;
	if (strcmp(name, "lost+found") == 0 || strncmp(name, ".tmp.", 5) == 0 || strcmp(name, "repo") == 0)
		return 0;
	for (size_t i = 0; store_folders[i]; i++) {
		if (strcmp(name, store_folders[i]) == 0)
			return 0;
	}
	*(bool *)user = true;
	return 0;
}

static int check_place(const char *location, hz_error **err)
{
	AUTO_FD int fd = store_location_is_path(location) ? vfs()->openat(AT_FDCWD, location, O_RDONLY | O_DIRECTORY, 0)
							  : -1;
	bool foreign = false;
	int rc = 0;

	if (fd >= 0)
		rc = vfs_readdir(fd, see_foreign, &foreign, err);
	if (rc == 0 && foreign) {
		rc = err_set(err, HZ_E_REFUSED, "%s: the folder is not empty", location);
		err_hint(err, "give an empty or a new folder");
	}
	return rc;
}

static int check_free(struct making *m, const char *location, hz_error **err)
{
	bool commits = false;
	int rc = 0;

	if (store_has(m->store, "repo", &rc, err) || rc < 0) {
		if (rc == 0) {
			rc = err_set(err, HZ_E_EXISTS, "%s: there is a repository already", location);
			err_hint(err, "use it as it is, or give another folder; nothing was changed");
		}
		return rc;
	}
	rc = store_list(m->store, "commits", see_any, &commits, err);
	if (rc == 0 && commits) {
		rc = err_set(err, HZ_E_EXISTS, "%s: holds backups whose header `repo` is missing", location);
		err_hint(err, "it can still be read: its header has a copy. Use another folder for a new repository");
	}
	return rc;
}

static int ask_new(struct making *m, const hz_repo_options *o, hz_error **err)
{
	AUTO(secret_free) struct secret *room = NULL;
	size_t len = 0;
	int rc;

	if (!o->passphrase) {
		err_set(err, HZ_E_AUTH, "a new repository needs a passphrase");
		err_hint(err, "it opens the admin key; without it nothing can be restored when the key files are lost");
		return HZ_E_AUTH;
	}
	rc = secret_new(&room, PASSPHRASE_MAX, err);
	if (rc == 0)
		rc = o->passphrase(o->passphrase_user, 1, (char *)secret_data(room), PASSPHRASE_MAX, &len, err);
	if (rc == 0 && (len == 0 || len > PASSPHRASE_MAX))
		rc = err_set(err, HZ_E_AUTH, "the passphrase is empty");
	if (rc == HZ_E_AUTH)
		err_set(err, rc, "a new repository needs a passphrase, and none was given");
	return rc < 0 ? rc : secret_from(&m->pass, secret_bytes(room), len, err);
}

static int make(
	struct making *m, const hz_repo_options *o, const hz_init_options *opts, const char *keypath, hz_error **err)
{
	struct writer_info w = { .time = 0 };
	char host[256] = "";
	int rc = draw_keys(m, err);

	(void)gethostname(host, sizeof(host) - 1);
	if (rc == 0)
		rc = make_bundles(m, &w, err);
	/* A key file that cannot be written must be found out before anything is put. */
	if (rc == 0)
		rc = keyfile_prepare(&m->keyfile, &m->keydir, keypath, m->writer, err);
	newfile_discard(TAKE(m->keyfile));
	fd_close(&m->keydir);
	if (rc == 0)
		rc = ask_new(m, o, err);
	if (rc == 0)
		rc = store_open(&m->store, o->location, STORE_CREATE, err);
	if (rc == 0)
		rc = check_free(m, o->location, err);
	if (rc == 0)
		rc = first_entry(m, err);
	if (rc == 0)
		rc = second_entry(m, &w, opts->writer_name ? opts->writer_name : host, opts->evidence_key, err);
	if (rc == 0)
		rc = keyfile_prepare(&m->keyfile, &m->keydir, keypath, m->writer, err);
	if (rc < 0)
		return rc;
	rc = put_repo(m, err);
	if (rc == 0)
		rc = keyfile_commit(TAKE(m->keyfile), m->keydir, keypath, m->writer, err);
	if (rc < 0)
		take_back_repo(m);
	return rc;
}

/* An existing repository is told before the passphrase is asked for. */
static int look_first(const hz_repo_options *o, hz_error **err)
{
	struct making m = { .keydir = -1 };
	AUTO(hz_error_free) hz_error *e = NULL;
	int rc = 0;

	if (!o->location) {
		rc = err_set(err, HZ_E_INVAL, "no repository named");
		err_hint(err, "give --repo FOLDER or set HOZEN_REPO");
		return rc;
	}
	if (store_open(&m.store, o->location, STORE_EXISTING, &e) == 0)
		rc = check_free(&m, o->location, err);
	store_close(m.store);
	return rc < 0 ? rc : check_place(o->location, err);
}

int hz_init(
	const hz_repo_options *repo, const hz_init_options *init, hz_job *job, hz_init_result *result, hz_error **err)
{
	struct making m = { .keydir = -1 };
	AUTO_FREE char *keypath = NULL;
	hz_init_options opts;
	hz_repo_options o;
	int rc = crypto_init(err);

	(void)job;
	if (rc == 0)
		rc = options_copy(&o, sizeof(o), repo, "hz_repo_options", err);
	if (rc == 0)
		rc = options_copy(&opts, sizeof(opts), init, "hz_init_options", err);
	if (rc == 0 && (opts.suite > SUITE_NIST || opts.chunker > CHUNKER_FIXED))
		rc = err_set(err, HZ_E_INVAL, "no such suite or chunker profile");
	if (rc == 0)
		rc = look_first(&o, err);
	if (rc < 0)
		return rc;
	m.repo.suite = opts.suite ? opts.suite : suite_default();
	m.repo.chunker = (uint8_t)(opts.chunker ? opts.chunker : CHUNKER_DEFAULT);
	m.repo.pack_log2 = PACK_LOG2;
	m.repo.created = clock_wall().sec;
	random_bytes(m.repo.id.b, UID_LEN);
	if (o.key_file)
		rc = asprintf(&keypath, "%s", o.key_file) < 0 ? err_nomem(err) : 0;
	else
		rc = place_key(&keypath, &m.repo.id, err);
	if (rc == 0)
		rc = make(&m, &o, &opts, keypath, err);
	if (rc == 0 && result) {
		hz_init_result out = { .size = sizeof(out), .suite = m.repo.suite, .protects = m.store->protects };

		hex_encode(out.repo_id, m.repo.id.b, UID_LEN);
		hex_encode(out.writer_id, m.writer->key_id.b, UID_LEN);
		out.key_file = TAKE(keypath);
		*result = out;
	}
	making_release(&m);
	return rc;
}
