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

#define JOURNAL_MAX ((size_t)1 << 30)

struct journal {
	int fd;
	struct buf b;
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
	buf_release(&j->b);
	free(j);
}

int journal_add(struct journal *j, const struct pack_done *p, hz_error **err)
{
	struct enc e = enc_to(&j->b);

	buf_reset(&j->b);
	enc_u32(&e, (uint32_t)(UID_LEN + 4 + ID_LEN + 4 + p->n_ids * ID_LEN));
	enc_bytes(&e, p->uid.b, UID_LEN);
	enc_u32(&e, p->size);
	enc_bytes(&e, p->hash.b, ID_LEN);
	enc_u32(&e, (uint32_t)p->n_ids);
	enc_bytes(&e, p->ids, p->n_ids * ID_LEN);
	enc_u64(&e, crc64_xz(0, j->b.data, j->b.len));
	if (e.bad)
		return err_nomem(err);
	if (vfs_write_all(j->fd, j->b.data, j->b.len) < 0 || vfs()->fsync(j->fd) < 0)
		return err_errno(err, "journal");
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

static int see(void *user, const char *name, uint64_t ino, unsigned char type)
{
	struct dead_search *d = user;
	struct uid u;

	(void)ino;
	(void)type;
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

void journal_content_release(struct journal_content *c)
{
	free(c->packs);
	free(c->ids);
	*c = (struct journal_content){ 0 };
}

static int take_record(struct journal_content *c, struct dec *d, hz_error **err)
{
	struct journal_pack *v = realloc(c->packs, (c->n_packs + 1) * sizeof(*v));
	struct journal_pack *p;
	struct id *ids;

	if (!v)
		return err_nomem(err);
	c->packs = v;
	p = &v[c->n_packs];
	dec_copy(d, p->pack.uid.b, UID_LEN);
	p->pack.size = dec_u32(d);
	dec_copy(d, p->pack.hash.b, ID_LEN);
	p->n = dec_u32(d);
	p->first = c->n_ids;
	if (d->bad || dec_left(d) != p->n * ID_LEN)
		return 0;
	ids = realloc(c->ids, (c->n_ids + p->n + 1) * sizeof(*ids));
	if (!ids)
		return err_nomem(err);
	c->ids = ids;
	dec_copy(d, ids + c->n_ids, p->n * ID_LEN);
	c->n_ids += p->n;
	c->n_packs++;
	return 0;
}

int journal_read(struct journal_content *c, const struct state *s, const struct uid *session, hz_error **err)
{
	AUTO_FREE uint8_t *data = NULL;
	size_t len = 0;
	int rc = vfs_read_file(&data, &len, s->dirfd, name_of(session).s, JOURNAL_MAX, false, err);
	struct dec d = dec_of(data, len);

	*c = (struct journal_content){ 0 };
	while (rc == 0 && dec_left(&d) > 0) {
		const uint8_t *start = d.p;
		uint32_t n = dec_u32(&d);
		struct dec record = dec_sub(&d, n);
		uint64_t sum = dec_u64(&d);

		if (d.bad || crc64_xz(0, start, 4 + (size_t)n) != sum)
			break;
		rc = take_record(c, &record, err);
	}
	if (rc < 0)
		journal_content_release(c);
	return rc;
}
