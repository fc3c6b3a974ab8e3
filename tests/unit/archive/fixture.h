/* SPDX-License-Identifier: BSD-2-Clause */
/* A small repository for tests: keys of every role, an admin log of two entries, one writer in one group. Everything
 * that fails ends the test. */
#ifndef UNIT_ARCHIVE_FIXTURE_H
#define UNIT_ARCHIVE_FIXTURE_H

#include "support/hzt.h"
#include "archive/keyring.h"
#include "archive/pack.h"
#include "archive/run.h"
#include "archive/session.h"

#define UNUSED __attribute__((unused))

struct fixture {
	struct store *store;
	struct repo_header repo;
	struct recipients recipients;
	struct secret *root, *group_secret;
	struct bundle *writer, *lister, *reader, *admin;
	struct uid group_object;
	struct admin_log log;
	struct group keys; /* of the writer's group */
};

static UNUSED struct bundle *fixture_bundle(const struct fixture *f, uint8_t role)
{
	struct bundle *b = NULL;

	assert_ok(bundle_new(&b, NULL), NULL);
	b->role = role;
	b->suite = f->repo.suite;
	b->repo = f->repo.id;
	b->epoch = f->recipients.epoch;
	b->roots = f->repo.roots;
	memcpy(b->meta_pub, f->recipients.meta, BOX_PUB_LEN);
	memcpy(b->data_pub, f->recipients.data, BOX_PUB_LEN);
	random_bytes(b->key_id.b, UID_LEN);
	return b;
}

/* A writer's bundle and what the admin log says of it. */
static UNUSED struct bundle *fixture_writer(
	const struct fixture *f, struct writer_info *w, const struct uid *group, const struct secret *group_secret)
{
	struct bundle *b = fixture_bundle(f, HZ_ROLE_WRITER);

	*w = (struct writer_info){ .group = *group };
	assert_ok(sign_keypair(&b->sign_seed, w->pub, NULL), NULL);
	assert_ok(box_keypair(&b->box, w->box, NULL), NULL);
	assert_ok(secret_dup(&b->group_secret, group_secret, NULL), NULL);
	w->id = signer_id(f->repo.suite, w->pub);
	b->key_id = w->id;
	b->group = *group;
	return b;
}

static UNUSED void fixture_append(struct fixture *f, struct buf *items)
{
	const struct secret *seed = f->root;
	hz_error *err = NULL;

	assert_ok(admin_log_append(&f->log, f->store, items, &seed, 1, &err), &err);
	buf_release(items);
}

static UNUSED void fixture_add_writer(struct fixture *f, const struct writer_info *w, const char *name)
{
	struct buf items = BUF_INIT;
	hz_error *err = NULL;

	assert_ok(item_writer(&items, w, f->repo.suite, &f->repo.id, &f->recipients, name, &err), &err);
	fixture_append(f, &items);
}

static UNUSED void fixture_log(struct fixture *f, const struct writer_info *w)
{
	static const uint8_t threshold[CLASS_COUNT] = { 1, 1, 1, 1, 1, 1 };
	struct buf items = BUF_INIT, object = BUF_INIT;
	const struct secret *seed = f->root;
	struct id hash;
	hz_error *err = NULL;

	assert_ok(admin_log_begin(&f->log, &f->repo, f->store, &err), &err);
	assert_ok(item_signers(&items, &f->repo.roots, threshold, &err), &err);
	assert_ok(item_recipients(&items, &f->recipients, &err), &err);
	fixture_append(f, &items);
	f->repo.admin0 = f->log.repo.admin0 = f->log.hashes[0];
	assert_ok(group_build(&object, &f->group_object, &hash, &f->repo, &f->recipients, &w->group, f->group_secret,
			  f->root, &err),
		&err);
	assert_ok(signed_put(f->store, name_group(&f->group_object).s, &object, true, &err), &err);
	assert_ok(item_writer(&items, w, f->repo.suite, &f->repo.id, &f->recipients, "first", &err), &err);
	assert_ok(item_key(&items, KEY_GROUP, &f->group_object, &hash, &err), &err);
	fixture_append(f, &items);
	buf_reset(&object);
	assert_ok(repo_header_build(&object, &f->repo, &seed, 1, &err), &err);
	struct iovec iov = { object.data, object.len };

	assert_ok(store_put(f->store, name_repo_copy(&f->repo.id).s, &iov, 1, &err), &err);
	assert_ok(store_put(f->store, "repo", &iov, 1, &err), &err);
	buf_release(&object);
}

static UNUSED void fixture_head(const struct fixture *f, struct bundle *b)
{
	b->head_n = f->log.n - 1;
	b->head = f->log.hashes[f->log.n - 1];
}

/* The store is the fixture's from now on. */
static UNUSED void fixture_make(
	struct fixture *f, struct store *store, unsigned suite, uint8_t chunker, uint8_t pack_log2)
{
	struct secret *meta = NULL, *data = NULL;
	struct writer_info w;
	struct uid group;
	hz_error *err = NULL;

	assert_ok(crypto_init(&err), &err);
	*f = (struct fixture){ .store = store,
		.repo = { .suite = suite, .chunker = chunker, .pack_log2 = pack_log2, .roots.n = 1 } };
	random_bytes(f->repo.id.b, UID_LEN);
	random_bytes(group.b, UID_LEN);
	f->recipients.epoch = 1;
	assert_ok(sign_keypair(&f->root, f->repo.roots.pub[0], &err), &err);
	assert_ok(box_keypair(&meta, f->recipients.meta, &err), &err);
	assert_ok(box_keypair(&data, f->recipients.data, &err), &err);
	assert_ok(secret_random(&f->group_secret, KEY_LEN, &err), &err);
	assert_ok(group_from_secret(&f->keys, suite, &group, f->group_secret, &err), &err);
	f->writer = fixture_writer(f, &w, &group, f->group_secret);
	f->lister = fixture_bundle(f, HZ_ROLE_LISTER);
	f->reader = fixture_bundle(f, HZ_ROLE_READER);
	f->admin = fixture_bundle(f, HZ_ROLE_ADMIN);
	f->lister->meta_sec = meta;
	assert_ok(secret_dup(&f->reader->meta_sec, meta, &err), &err);
	assert_ok(secret_dup(&f->admin->meta_sec, meta, &err), &err);
	f->reader->data_sec = data;
	assert_ok(secret_dup(&f->admin->data_sec, data, &err), &err);
	assert_ok(secret_dup(&f->admin->sign_seed, f->root, &err), &err);
	fixture_log(f, &w);
	fixture_head(f, f->writer);
	fixture_head(f, f->lister);
	fixture_head(f, f->reader);
	fixture_head(f, f->admin);
}

static UNUSED void fixture_new(struct fixture *f, unsigned suite)
{
	struct store *store = NULL;

	assert_ok(store_mem_new(&store, NULL), NULL);
	fixture_make(f, store, suite, 1, 16);
}

static UNUSED void fixture_free(struct fixture *f)
{
	admin_log_release(&f->log);
	group_release(&f->keys);
	secret_free(f->root);
	secret_free(f->group_secret);
	bundle_free(f->writer);
	bundle_free(f->lister);
	bundle_free(f->reader);
	bundle_free(f->admin);
	store_close(f->store);
}

/* dir/name, a key file of the bundle; its path, to be freed. */
static UNUSED char *fixture_key_file(const char *dir, const char *name, const struct bundle *b)
{
	char *path = hzt_path(dir, name);
	struct newfile *nf = NULL;
	int fd = -1;
	hz_error *err = NULL;

	assert_ok(keyfile_prepare(&nf, &fd, path, b, &err), &err);
	assert_ok(newfile_commit(nf, NEWFILE_KEEP, &err), &err);
	fd_close(&fd);
	return path;
}

/* Puts bytes under a name, in place of what is there. */
static UNUSED void fixture_replace(struct store *st, const char *name, const void *data, size_t len)
{
	struct iovec iov = { (void *)(uintptr_t)data, len };
	int rc = store_remove(st, name, NULL);

	assert_true(rc == 0 || rc == HZ_E_NOTFOUND);
	assert_ok(store_put(st, name, &iov, 1, NULL), NULL);
}

/* Flips bytes of so many blocks in a row, from a place on: one or two of a small object can be mended, three cannot. */
static UNUSED void fixture_damage(struct store *st, const char *name, size_t at, unsigned blocks)
{
	uint8_t *data = NULL;
	size_t len = 0;

	assert_ok(store_get_all(st, name, (size_t)1 << 30, &data, &len, NULL), NULL);
	for (unsigned i = 0; i < blocks; i++)
		data[(at + (size_t)i * 4096) % len] ^= 0x5A;
	fixture_replace(st, name, data, len);
	free(data);
}

static UNUSED void fixture_remove(struct store *st, const char *name)
{
	hz_error *err = NULL;

	assert_ok(store_remove(st, name, &err), &err);
}

static UNUSED bool fixture_has(struct store *st, const char *name)
{
	int rc;

	return store_has(st, name, &rc, NULL);
}

/* Counts what a loading tells. */
struct told {
	unsigned mended, lost;
};
static UNUSED void told_fn(void *user, const char *name, const char *what, bool mended)
{
	struct told *t = user;

	(void)name;
	(void)what;
	if (mended)
		t->mended++;
	else
		t->lost++;
}

static UNUSED struct session fixture_session(struct fixture *f, const struct bundle *writer)
{
	static const struct id none;
	struct buf object = BUF_INIT;
	struct session s;
	hz_error *err = NULL;

	assert_ok(session_create(&s, &object, &f->log, writer, &none, &err), &err);
	assert_ok(signed_put(f->store, name_session(&s.id).s, &object, true, &err), &err);
	buf_release(&object);
	return s;
}

#endif
