/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The journal: what a pack holds, durable before the pack is put, so that a dead session's packs are not stored twice.
 * A record is le32 length, the payload, and CRC-64 of both; a torn end is ignored.
 */
#include "archive/state.h"
#include "archive/object.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define RECORD_MAX ((uint64_t)256 << 20)

struct journal {
	int fd;
	struct uid session;
	int failed; /* errno of the first failure */
};

struct journal_name {
	char s[64];
};

static struct journal_name name_of(const struct uid *session)
{
	struct journal_name n;

	(void)snprintf(n.s, sizeof(n.s), "journal.%s", uid_hex(session).s);
	return n;
}

int journal_new(struct journal **ret, const struct state *s, const struct uid *session, hz_error **err)
{
	struct journal *j = calloc(1, sizeof(*j));

	if (!j)
		return err_nomem(err);
	j->session = *session;
	j->fd = vfs()->openat(s->dirfd, name_of(session).s, O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0600);
	if (j->fd < 0 || vfs()->fsync(s->dirfd) < 0) {
		int rc = err_errno(err, "state %s: journal", s->path);

		journal_close(j);
		return rc;
	}
	*ret = j;
	return 0;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	fd_close(&j->fd);
	free(j);
}

int journal_add(struct journal *j, const struct pack_done *p, hz_error **err)
{
	uint8_t head[4 + UID_LEN + 4 + ID_LEN + 4], crc[8];
	const size_t len = p->n_ids * ID_LEN;

	put_le32(head, (uint32_t)(sizeof(head) - 4 + len));
	memcpy(head + 4, p->uid.b, UID_LEN);
	put_le32(head + 4 + UID_LEN, p->size);
	memcpy(head + 8 + UID_LEN, p->hash.b, ID_LEN);
	put_le32(head + 8 + UID_LEN + ID_LEN, (uint32_t)p->n_ids);
	put_le64(crc, crc64_xz(crc64_xz(0, head, sizeof(head)), p->ids, len));
	/* What stands behind a torn record would not be found again. */
	if (j->failed) {
		errno = j->failed;
		return err_errno(err, "journal %s: given up after a failure", uid_hex(&j->session).s);
	}
	if (vfs_write_all(j->fd, head, sizeof(head)) < 0 || vfs_write_all(j->fd, p->ids, len) < 0 ||
		vfs_write_all(j->fd, crc, sizeof(crc)) < 0 || vfs()->fsync(j->fd) < 0) {
		j->failed = errno;
		return err_errno(err, "journal %s", uid_hex(&j->session).s);
	}
	return 0;
}

int journal_remove(const struct state *s, const struct uid *session, hz_error **err)
{
	if (vfs()->unlinkat(s->dirfd, name_of(session).s, 0) < 0 && errno != ENOENT)
		return err_errno(err, "state %s: journal", s->path);
	return 0;
}

struct dead_search {
	const struct state *s;
	struct uid *v;
	size_t n;
};

/* "session.<id>.lock" */
static bool name_parse_lock(struct uid *u, const char *name)
{
	static const char prefix[] = "session.", suffix[] = ".lock";
	size_t p = sizeof(prefix) - 1;

	return strncmp(name, prefix, p) == 0 && strlen(name) == p + UID_HEX_LEN + sizeof(suffix) - 1 &&
		hex_decode(u->b, UID_LEN, name + p, UID_HEX_LEN) && strcmp(name + p + UID_HEX_LEN, suffix) == 0;
}

/* A session that was killed before it had a journal left its lock and nothing else. It is removed while it is held, so
 * that who is about to take it finds it gone and makes it anew. */
static void sweep_lock(const struct state *s, const struct uid *session)
{
	AUTO_FD int lock = -1;

	if (state_lock_session(&lock, s, session, NULL) < 0)
		return;
	AUTO_FD int journal = vfs()->openat(s->dirfd, name_of(session).s, O_RDONLY | O_NOFOLLOW, 0);

	if (journal < 0 && errno == ENOENT)
		state_forget_session(s, session);
}

static int see(void *user, const char *name, uint64_t ino, unsigned char type)
{
	struct dead_search *d = user;
	struct uid u;

	(void)ino;
	(void)type;
	if (name_parse_lock(&u, name)) {
		sweep_lock(d->s, &u);
		return 0;
	}
	if (!name_parse_uid(&u, name, "journal.") || state_session_is_live(d->s, &u))
		return 0;
	struct uid *v = realloc(d->v, (d->n + 1) * sizeof(*v));

	if (!v)
		return HZ_E_NOMEM;
	d->v = v;
	d->v[d->n++] = u;
	return 0;
}

int journal_each_dead(const struct state *s, int (*fn)(void *user, const struct uid *session, hz_error **err),
	void *user, hz_error **err)
{
	struct dead_search d = { .s = s };
	AUTO_FD int fd = vfs()->openat(s->dirfd, ".", O_RDONLY | O_DIRECTORY, 0);
	int rc;

	if (fd < 0)
		return err_errno(err, "state %s", s->path);
	rc = vfs_readdir(fd, see, &d, err);
	if (rc == HZ_E_NOMEM)
		(void)err_nomem(err);
	for (size_t i = 0; rc == 0 && i < d.n; i++)
		rc = fn(user, &d.v[i], err);
	free(d.v);
	return rc;
}

/* One record's payload; what does not decode counts as a torn end. 1: handed on. */
static int take_record(struct dec d, journal_fn fn, void *user, hz_error **err)
{
	AUTO_FREE struct id *ids = NULL;
	struct run_pack pack;
	uint32_t n;
	int rc;

	dec_copy(&d, pack.uid.b, UID_LEN);
	pack.size = dec_u32(&d);
	dec_copy(&d, pack.hash.b, ID_LEN);
	n = dec_u32(&d);
	if (d.bad || dec_left(&d) != (size_t)n * ID_LEN)
		return 0;
	ids = malloc(((size_t)n + 1) * sizeof(*ids));
	if (!ids)
		return err_nomem(err);
	dec_copy(&d, ids, (size_t)n * ID_LEN);
	rc = fn(user, &pack, ids, n, err);
	return rc < 0 ? rc : 1;
}

/* The record at *at, whole and with the right sum, into b. 1, 0: there is none, <0. */
static int next_record(struct buf *b, int fd, uint64_t size, uint64_t *at, const struct state *s, hz_error **err)
{
	uint8_t head[4], *room;
	uint64_t len;

	if (size - *at < 12)
		return 0;
	if (vfs_pread_all(fd, head, sizeof(head), *at) < 0)
		return err_errno(err, "state %s: journal", s->path);
	len = 4 + (uint64_t)get_le32(head) + 8;
	if (len > size - *at || len > RECORD_MAX)
		return 0;
	buf_reset(b);
	room = buf_extend(b, (size_t)len);
	if (!room)
		return err_nomem(err);
	if (vfs_pread_all(fd, room, (size_t)len, *at) < 0)
		return err_errno(err, "state %s: journal", s->path);
	*at += len;
	return crc64_xz(0, room, (size_t)len - 8) == get_le64(room + len - 8);
}

int journal_each_pack(const struct state *s, const struct uid *session, journal_fn fn, void *user, hz_error **err)
{
	AUTO_FD int fd = vfs()->openat(s->dirfd, name_of(session).s, O_RDONLY | O_NOFOLLOW, 0);
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	uint64_t at = 0;
	struct stat st;
	int rc = 1;

	if (fd < 0 || vfs()->fstat(fd, &st) < 0)
		return err_errno(err, "state %s: journal", s->path);
	/* One record at a time: the journal of a first backup of very many files is larger than memory should be. */
	while (rc > 0) {
		rc = next_record(&b, fd, (uint64_t)st.st_size, &at, s, err);
		if (rc > 0)
			rc = take_record(dec_of(b.data + 4, b.len - 12), fn, user, err);
	}
	return rc;
}

/* ---- all at once ---- */

void journal_content_release(struct journal_content *c)
{
	free(c->packs);
	free(c->ids);
	*c = (struct journal_content){ 0 };
}

static int collect(void *user, const struct run_pack *pack, const struct id *ids, size_t n, hz_error **err)
{
	struct journal_content *c = user;
	struct journal_pack *p = realloc(c->packs, (c->n_packs + 1) * sizeof(*p));
	struct id *v = realloc(c->ids, (c->n_ids + n + 1) * sizeof(*v));

	c->packs = p ? p : c->packs;
	c->ids = v ? v : c->ids;
	if (!p || !v)
		return err_nomem(err);
	p[c->n_packs++] = (struct journal_pack){ *pack, c->n_ids, n };
	if (n > 0)
		memcpy(v + c->n_ids, ids, n * sizeof(*v));
	c->n_ids += n;
	return 0;
}

int journal_read(struct journal_content *c, const struct state *s, const struct uid *session, hz_error **err)
{
	int rc;

	*c = (struct journal_content){ 0 };
	rc = journal_each_pack(s, session, collect, c, err);
	if (rc < 0)
		journal_content_release(c);
	return rc;
}
