/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening the folder, its key, and a command's place in it: see folder.h. */
#include "report/folder.h"
#include "base/lockfile.h"
#include "base/newfile.h"
#include "base/places.h"
#include "report/sshsig.h"
#include "report/trust.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define KEY_FILE "signing.key"
/* Room that a record has for sure, also on a disk that fills up. */
#define ROOM     ((off_t)256 << 10)
#define SIG_ROOM ((off_t)4096)
#define NAME_LEN 64

int folder_path(char **path, const char *given, const char *state_dir, hz_error **err)
{
	AUTO_FREE char *base = NULL;
	int rc = 0;

	if (given) {
		*path = strdup(given);
		return *path ? 0 : err_nomem(err);
	}
	rc = place_state_base(&base, state_dir, err);
	if (rc == 0 && asprintf(path, "%s/evidence", base) < 0) {
		*path = NULL;
		rc = err_nomem(err);
	}
	return rc;
}

/* ---- the key ---- */

static int put_text(int dir, const char *name, const char *text, hz_error **err)
{
	return newfile_put(dir, name, text, strlen(text), 0600, NEWFILE_REPLACE, err);
}

/* This host believes its own key. */
static int pin(const char *state_dir, const char *line, hz_error **err)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	AUTO(hz_error_free) hz_error *why = NULL;
	AUTO_FREE char *base = NULL;
	AUTO_FREE uint8_t *old = NULL;
	AUTO_FD int dir = -1, lock = -1;
	size_t len = 0;
	int rc = place_state_base(&base, state_dir, err);

	if (rc == 0)
		rc = vfs_mkdirs(&dir, base, 0700, err);
	if (rc == 0)
		rc = lockfile_take(&lock, dir, TRUST_PINS ".lock", true, err);
	if (rc < 0)
		return rc;
	rc = vfs_read_file(&old, &len, dir, TRUST_PINS, TRUST_FILE_MAX, false, &why);
	if (rc < 0 && rc != HZ_E_NOTFOUND)
		return err_copy(err, why);
	if (buf_append(&b, old ? old : (const uint8_t *)"", rc < 0 ? 0 : len) < 0 ||
		buf_append(&b, line, strlen(line)) < 0)
		return err_nomem(err);
	return newfile_put(dir, TRUST_PINS, b.data, b.len, 0600, NEWFILE_REPLACE, err);
}

/* The public half, for people and for ssh-keygen. */
static int publish_key(const struct folder *f, const char *state_dir, hz_error **err)
{
	char key[SSH_KEY_LINE_LEN], line[SSH_KEY_LINE_LEN + 64];
	int rc;

	ssh_key_line(key, f->pub);
	(void)snprintf(line, sizeof(line), "hozen namespaces=\"%s\" %s\n", RECORD_NAMESPACE, key);
	rc = put_text(f->dir, "allowed_signers", line, err);
	if (rc == 0)
		rc = pin(state_dir, line, err);
	(void)snprintf(line, sizeof(line), "%s hozen\n", key);
	return rc < 0 ? rc : put_text(f->dir, "signing.pub", line, err);
}

static int make_key(struct folder *f, const char *state_dir, hz_error **err)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	int rc = sign_keypair(&f->seed, f->pub, err);

	if (rc == 0)
		rc = publish_key(f, state_dir, err);
	if (rc == 0)
		rc = checkpoint_make(&b, &f->head, f->seed, err);
	if (rc == 0)
		rc = newfile_put(f->dir, "checkpoint", b.data, b.len, 0600, NEWFILE_REPLACE, err);
	/* Last: with it the folder is complete. */
	if (rc == 0)
		rc = newfile_put(f->dir, KEY_FILE, secret_bytes(f->seed), SIGN_SEC_LEN, 0600, NEWFILE_KEEP, err);
	f->key_is_new = rc == 0;
	return rc;
}

/* The lock is held: two first commands make one key. */
static int load_key(struct folder *f, const char *state_dir, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	uint8_t *seed = NULL;
	struct merkle none = { .n = 0 };
	size_t len = 0;
	int rc = vfs_read_file(&seed, &len, f->dir, KEY_FILE, 4096, true, &why);

	f->head.root = merkle_root(&none);
	if (rc == HZ_E_NOTFOUND)
		return make_key(f, state_dir, err);
	if (rc < 0)
		return err_copy(err, why);
	if (len != SIGN_SEC_LEN)
		rc = err_set(err, HZ_E_CORRUPT, "%s has %zu bytes instead of %d", KEY_FILE, len, SIGN_SEC_LEN);
	if (rc == 0)
		rc = secret_from(&f->seed, seed, len, err);
	wipe(seed, len);
	free(seed);
	return rc < 0 ? rc : sign_public(f->pub, f->seed, err);
}

int folder_open(struct folder *f, const char *given, const char *state_dir, hz_error **err)
{
	AUTO_FREE char *sub = NULL;
	AUTO_FD int lock = -1;
	int rc;

	*f = (struct folder){ .dir = -1, .pending = -1, .records = -1 };
	rc = crypto_init(err);
	if (rc == 0)
		rc = folder_path(&f->path, given, state_dir, err);
	if (rc == 0)
		rc = vfs_mkdirs(&f->dir, f->path, 0700, err);
	if (rc == 0 && asprintf(&sub, "%s/records", f->path) < 0)
		return err_nomem(err);
	if (rc == 0)
		rc = vfs_mkdirs(&f->records, sub, 0700, err);
	free(TAKE(sub));
	if (rc == 0 && asprintf(&sub, "%s/pending", f->path) < 0)
		return err_nomem(err);
	if (rc == 0)
		rc = vfs_mkdirs(&f->pending, sub, 0700, err);
	if (rc == 0)
		rc = lockfile_take(&lock, f->dir, "lock", true, err);
	if (rc == 0)
		rc = load_key(f, state_dir, err);
	return err_wrap(err, rc, "evidence %s", f->path ? f->path : "");
}

void folder_close(struct folder *f)
{
	fd_close(&f->dir);
	fd_close(&f->pending);
	fd_close(&f->records);
	secret_free(TAKE(f->seed));
	free(TAKE(f->path));
}

/* ---- a command's place ---- */

static void name_of(char out[NAME_LEN], const char *uuid, const char *suffix)
{
	(void)snprintf(out, NAME_LEN, "%s.%s", uuid, suffix);
}

/* Room that is there when the disk is full. File systems that cannot promise it do not. */
static int make_room(const struct folder *f, const char *uuid, const char *suffix, off_t len, hz_error **err)
{
	char name[NAME_LEN];
	AUTO_FD int fd = -1;

	name_of(name, uuid, suffix);
	fd = vfs()->openat(f->pending, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_errno(err, "pending %s", name);
	/* On a disk that is full by now the record will find room or not. */
	if (vfs()->fallocate(fd, 0, 0, len) < 0 && errno != EOPNOTSUPP && errno != ENOSYS && errno != ENOSPC &&
		errno != EDQUOT)
		return err_errno(err, "room for pending %s", name);
	return 0;
}

static int begin(struct folder *f, const char *uuid, const char *text, size_t len, int *lock, hz_error **err)
{
	char name[NAME_LEN], temp[NAME_LEN];
	int fd, rc;

	/* Locked before it has its name: nobody takes it for one of a dead process. */
	name_of(temp, uuid, "tmp");
	name_of(name, uuid, "begun");
	fd = vfs()->openat(f->pending, temp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_errno(err, "pending %s", temp);
	*lock = fd;
	rc = make_room(f, uuid, "room", ROOM, err);
	if (rc == 0)
		rc = make_room(f, uuid, "sigroom", SIG_ROOM, err);
	if (rc == 0 && (!lockfile_try(fd) || vfs_write_all(fd, text, len) < 0 || vfs()->fsync(fd) < 0))
		rc = err_errno(err, "pending %s", temp);
	if (rc == 0 && vfs()->renameat2(f->pending, temp, f->pending, name, RENAME_NOREPLACE) < 0)
		rc = err_errno(err, "pending %s", name);
	if (rc == 0 && vfs()->fsync(f->pending) < 0)
		rc = err_errno(err, "flush pending");
	return rc;
}

int folder_begin(struct folder *f, const char *uuid, const char *text, size_t len, int *lock, hz_error **err)
{
	static const char *const suffixes[] = { "tmp", "room", "sigroom", "begun" };
	int rc = begin(f, uuid, text, len, lock, err);

	for (size_t i = 0; rc < 0 && i < ARRAY_LEN(suffixes); i++) {
		char name[NAME_LEN];

		name_of(name, uuid, suffixes[i]);
		(void)vfs()->unlinkat(f->pending, name, 0);
	}
	return rc;
}

int folder_finish(struct folder *f, const char *uuid, const char *text, size_t len, hz_error **err)
{
	char room[NAME_LEN], name[NAME_LEN];
	AUTO_FD int fd = -1;

	name_of(room, uuid, "room");
	name_of(name, uuid, "json");
	fd = vfs()->openat(f->pending, room, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);
	if (fd < 0 || vfs_write_all(fd, text, len) < 0 || vfs()->ftruncate(fd, (off_t)len) < 0 || vfs()->fsync(fd) < 0)
		return err_errno(err, "pending %s", room);
	if (vfs()->renameat2(f->pending, room, f->pending, name, 0) < 0)
		return err_errno(err, "pending %s", name);
	if (vfs()->fsync(f->pending) < 0)
		return err_errno(err, "flush pending");
	name_of(name, uuid, "begun");
	(void)vfs()->unlinkat(f->pending, name, 0);
	return 0;
}
