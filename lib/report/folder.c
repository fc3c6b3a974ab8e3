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
#define HALFWAY  "making" /* while a key is made: the crash of one who pinned it loses no log */
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

/* A pin ends with the folder that its key was made for: whoever takes the folder away does not make it forgotten. */
static const char *pin_place(const struct folder *f)
{
	for (const char *p = f->path; *p; p++) {
		if ((unsigned char)*p < ' ')
			return "-";
	}
	return f->path;
}

/* Was a key made for this folder before? Text of pins; ends with NUL. */
static bool pinned_here(const struct folder *f, const char *pins, char out[SSH_FINGERPRINT_LEN])
{
	const char *place = pin_place(f);
	const size_t n = strlen(place);

	for (const char *line = pins, *end; *line; line = *end ? end + 1 : end) {
		const char *key = strstr(line, " ssh-ed25519 ");
		uint8_t pub[SIGN_PUB_LEN];
		size_t key_len;

		end = line + strcspn(line, "\n");
		if ((size_t)(end - line) <= n || memcmp(end - n, place, n) != 0 || end[-(ptrdiff_t)n - 1] != ' ' ||
			!key || key >= end)
			continue;
		key += strlen(" ssh-ed25519 ");
		key_len = strcspn(key, " \n");
		if (ssh_key_parse(pub, key, key_len)) {
			ssh_fingerprint(out, pub);
			return true;
		}
	}
	return false;
}

static int check_not_lost(const struct folder *f, const char *base, const char *pins, hz_error **err)
{
	char fingerprint[SSH_FINGERPRINT_LEN];
	AUTO_FD int halfway = -1;

	if (!pinned_here(f, pins, fingerprint))
		return 0;
	halfway = vfs()->openat(f->dir, HALFWAY, O_RDONLY | O_NOFOLLOW, 0);
	if (halfway >= 0)
		return 0;
	err_set(err, HZ_E_CORRUPT, "the log that was here, signed with %s, is gone", fingerprint);
	err_hint(err,
		"put the folder back from a copy ('hozen-verify log --repo DIR --save DIR' makes one); to begin "
		"another "
		"log on purpose, take its line out of %s/signers",
		base);
	return HZ_E_CORRUPT;
}

/* This host believes its own key. HZ_E_CORRUPT: it has believed another one that was made for this folder. */
static int pin(const struct folder *f, const char *state_dir, const char *line, hz_error **err)
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
	if (old) {
		old[len] = '\0';
		rc = check_not_lost(f, base, (const char *)old, err);
		if (rc < 0)
			return rc;
	}
	rc = put_text(f->dir, HALFWAY, "1\n", err);
	if (rc < 0)
		return rc;
	if (buf_append(&b, old ? old : (const uint8_t *)"", old ? len : 0) < 0 ||
		buf_append(&b, line, strlen(line)) < 0 || buf_append(&b, " ", 1) < 0 ||
		buf_append(&b, pin_place(f), strlen(pin_place(f))) < 0 || buf_append(&b, "\n", 1) < 0)
		return err_nomem(err);
	return newfile_put(dir, TRUST_PINS, b.data, b.len, 0600, NEWFILE_REPLACE, err);
}

/* The public half, for people and for ssh-keygen. */
static int publish_key(const struct folder *f, const char *state_dir, hz_error **err)
{
	char key[SSH_KEY_LINE_LEN], line[SSH_KEY_LINE_LEN + 64];
	int rc;

	ssh_key_line(key, f->pub);
	(void)snprintf(line, sizeof(line), "hozen namespaces=\"%s\" %s", RECORD_NAMESPACE, key);
	rc = pin(f, state_dir, line, err);
	(void)snprintf(line, sizeof(line), "hozen namespaces=\"%s\" %s\n", RECORD_NAMESPACE, key);
	if (rc == 0)
		rc = put_text(f->dir, "allowed_signers", line, err);
	(void)snprintf(line, sizeof(line), "%s hozen\n", key);
	return rc < 0 ? rc : put_text(f->dir, "signing.pub", line, err);
}

/* Where a log is there is a key, or it was taken away: another one would write over what the old one signed. */
static int check_fresh(const struct folder *f, hz_error **err)
{
	AUTO_FREE uint8_t *text = NULL;
	struct log_text log = { 0 };
	struct checkpoint c;
	size_t len;
	int rc = log_text_read(&log, f->dir, err);
	bool fresh = rc == 0 && log.n == 0;

	log_text_release(&log);
	if (rc == 0 && vfs_read_file(&text, &len, f->dir, "checkpoint", CHECKPOINT_MAX, false, NULL) == 0)
		fresh = fresh && checkpoint_parse(&c, (char *)text, len, NULL) == 0 && c.size == 0;
	if (rc < 0 || fresh)
		return rc;
	err_set(err, HZ_E_CORRUPT, "%s is gone, and there is a log that it has signed", KEY_FILE);
	err_hint(err,
		"put the key back from a copy; or keep the folder as it is, and name another with HOZEN_EVIDENCE_DIR");
	return HZ_E_CORRUPT;
}

static int make_key(struct folder *f, const char *state_dir, hz_error **err)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	int rc = check_fresh(f, err);

	if (rc == 0)
		rc = sign_keypair(&f->seed, f->pub, err);
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
	if (rc == 0 && vfs()->unlinkat(f->dir, HALFWAY, 0) < 0)
		rc = err_errno(err, "remove %s", HALFWAY);
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
