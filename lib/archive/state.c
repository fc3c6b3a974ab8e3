/* SPDX-License-Identifier: BSD-2-Clause */
/* The writer's memory of its heads, and its locks: see state.h. Every change is durable before the step that relies on
 * it. */
#include "archive/state.h"
#include "archive/object.h"
#include "base/lockfile.h"
#include "base/newfile.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define HEADS_FILE "heads"
#define HEADS_MAX  (1u << 20)
#define PAST_FILE  "past"
#define PAST_MAX   (1u << 26)

static int set_decode(struct id_set *set, struct dec *d)
{
	uint64_t n = dec_count(d, ID_LEN);
	struct id id;

	for (uint64_t i = 0; i < n; i++) {
		dec_copy(d, id.b, ID_LEN);
		if (id_set_add(set, &id) < 0)
			return -1;
	}
	return 0;
}

static int load(struct state *s, hz_error **err)
{
	AUTO_FREE uint8_t *data = NULL;
	AUTO(hz_error_free) hz_error *e = NULL;
	size_t len = 0;
	int rc = vfs_read_file(&data, &len, s->dirfd, HEADS_FILE, HEADS_MAX, false, &e);

	s->heads.n = s->pending.n = 0;
	s->existed = false;
	if (rc == HZ_E_NOTFOUND)
		return 0;
	if (rc < 0) {
		if (err && !*err)
			*err = TAKE(e);
		return err_wrap(err, rc, "state %s", s->path);
	}
	if (len < 8 || crc64_xz(0, data, len - 8) != get_le64(data + len - 8)) {
		/* A lost memory is said and costs no backup. */
		return 0;
	}
	struct dec d = dec_of(data, len - 8);

	if (set_decode(&s->heads, &d) < 0 || set_decode(&s->pending, &d) < 0)
		return err_nomem(err);
	s->existed = dec_done(&d);
	if (!s->existed)
		s->heads.n = s->pending.n = 0; /* of another form: nothing in it is believed */
	return 0;
}

static int save(const struct state *s, hz_error **err)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	struct enc e = enc_to(&b);

	enc_var(&e, s->heads.n);
	enc_bytes(&e, s->heads.v, s->heads.n * ID_LEN);
	enc_var(&e, s->pending.n);
	enc_bytes(&e, s->pending.v, s->pending.n * ID_LEN);
	enc_u64(&e, crc64_xz(0, b.data, b.len));
	if (e.bad)
		return err_nomem(err);
	int rc = newfile_put(s->dirfd, HEADS_FILE, b.data, b.len, 0600, NEWFILE_REPLACE, err);

	return rc < 0 ? err_wrap(err, rc, "state %s", s->path) : 0;
}

int state_open(struct state *s, const char *state_dir, const struct uid *writer, hz_error **err)
{
	int rc;

	*s = (struct state){ .dirfd = -1 };
	if (asprintf(&s->path, "%s/%s", state_dir, uid_hex(writer).s) < 0) {
		s->path = NULL;
		return err_nomem(err);
	}
	rc = vfs_mkdirs(&s->dirfd, s->path, 0700, err);
	if (rc == 0)
		rc = load(s, err);
	if (rc < 0)
		state_close(s);
	return rc;
}

void state_close(struct state *s)
{
	fd_close(&s->dirfd);
	free(s->path);
	free(s->heads.v);
	free(s->pending.v);
	*s = (struct state){ .dirfd = -1 };
}

int state_refresh(struct state *s, hz_error **err)
{
	AUTO_FD int lock = -1;
	int rc = lockfile_take(&lock, s->dirfd, "lock", true, err);

	return rc < 0 ? rc : load(s, err);
}

int state_add_pending(struct state *s, const struct id *commit, hz_error **err)
{
	AUTO_FD int lock = -1;
	int rc = lockfile_take(&lock, s->dirfd, "lock", true, err);

	if (rc == 0)
		rc = load(s, err);
	if (rc == 0 && id_set_add(&s->pending, commit) < 0)
		rc = err_nomem(err);
	return rc < 0 ? rc : save(s, err);
}

bool state_was_head(const struct state *s, const struct id *commit)
{
	AUTO_FREE uint8_t *data = NULL;
	size_t len = 0;

	if (vfs_read_file(&data, &len, s->dirfd, PAST_FILE, PAST_MAX, false, NULL) < 0)
		return false;
	for (size_t i = 0; i + ID_LEN <= len; i += ID_LEN) {
		if (memcmp(data + i, commit->b, ID_LEN) == 0)
			return true;
	}
	return false;
}

/* Those of ids that this host knows as its own. A torn end is cut off first: records have no borders of their own. */
static int past_add(struct state *s, const struct id *ids, size_t n, hz_error **err)
{
	AUTO_FD int fd = vfs()->openat(s->dirfd, PAST_FILE, O_WRONLY | O_CREAT | O_APPEND, 0600);
	struct stat st;
	int failed = fd < 0 || vfs()->fstat(fd, &st) < 0;

	if (!failed && st.st_size % ID_LEN)
		failed = vfs()->ftruncate(fd, st.st_size - st.st_size % ID_LEN) < 0;
	for (size_t i = 0; !failed && i < n; i++) {
		if (id_set_has(&s->heads, &ids[i]) || id_set_has(&s->pending, &ids[i]))
			failed = vfs_write_all(fd, ids[i].b, ID_LEN) < 0;
	}
	if (failed || vfs()->fsync(fd) < 0)
		return err_errno(err, "state %s: %s", s->path, PAST_FILE);
	return 0;
}

int state_committed(struct state *s, const struct id *commit, const struct id *parents, size_t n, hz_error **err)
{
	AUTO_FD int lock = -1;
	int rc = lockfile_take(&lock, s->dirfd, "lock", true, err);

	if (rc == 0)
		rc = load(s, err);
	if (rc == 0 && n > 0)
		rc = past_add(s, parents, n, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++) {
		id_set_del(&s->heads, &parents[i]);
		id_set_del(&s->pending, &parents[i]);
	}
	id_set_del(&s->pending, commit);
	if (id_set_add(&s->heads, commit) < 0)
		return err_nomem(err);
	return save(s, err);
}

int state_adopt(struct state *s, const struct id *heads, size_t n, hz_error **err)
{
	AUTO_FD int lock = -1;
	int rc = lockfile_take(&lock, s->dirfd, "lock", true, err);

	if (rc == 0)
		rc = load(s, err);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		id_set_del(&s->pending, &heads[i]);
		if (id_set_add(&s->heads, &heads[i]) < 0)
			rc = err_nomem(err);
	}
	return rc < 0 ? rc : save(s, err);
}

/* ---- locks ---- */

struct lock_name {
	char s[96];
};

static struct lock_name session_lock_name(const struct uid *session)
{
	struct lock_name n;

	(void)snprintf(n.s, sizeof(n.s), "session.%s.lock", uid_hex(session).s);
	return n;
}

int state_lock_session(int *fd, const struct state *s, const struct uid *session, hz_error **err)
{
	return lockfile_take(fd, s->dirfd, session_lock_name(session).s, false, err);
}

int state_lock_source(int *fd, const struct state *s, const struct id *source, hz_error **err)
{
	struct lock_name n;

	(void)snprintf(n.s, sizeof(n.s), "source.%.32s.lock", id_hex(source).s);
	return lockfile_take(fd, s->dirfd, n.s, false, err);
}

bool state_session_is_live(const struct state *s, const struct uid *session)
{
	return lockfile_is_held(s->dirfd, session_lock_name(session).s);
}

void state_forget_session(const struct state *s, const struct uid *session)
{
	(void)vfs()->unlinkat(s->dirfd, session_lock_name(session).s, 0);
}
