/* SPDX-License-Identifier: BSD-2-Clause */
/* Small files, and what is neither file nor folder. A file that changes while it is read is read again, a bounded
 * number of times. */
#include "archive/scan_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define GROUPS_WAITING 64u

/* ---- shared with large files ---- */

int file_open(const struct scan_dir *d, const struct scan_child *c)
{
	int flags = O_RDONLY | O_NONBLOCK | (c->is_special && c->node ? 0 : O_NOFOLLOW);
	int fd = vfs()->openat(dir_fd_of(d, c), c->name, flags | O_NOATIME, 0);

	return fd < 0 && errno == EPERM ? vfs()->openat(dir_fd_of(d, c), c->name, flags, 0) : fd;
}

/* A device's stat does not say how long it is. */
static int special_stat(struct source_stat *st, int fd)
{
	off_t end = vfs()->lseek(fd, 0, SEEK_END);

	if (end < 0)
		return errno;
	st->sig.size = (uint64_t)end;
	st->sig.mode = S_IFREG | (st->sig.mode & 0777);
	st->rdev_major = st->rdev_minor = 0;
	st->nlink = 1;
	return 0;
}

int file_stat(struct source_stat *st, const struct scan_child *c, int fd)
{
	int e = source_stat_fd(st, fd);

	if (e)
		return e;
	if (c->is_special && S_ISBLK(st->sig.mode))
		return special_stat(st, fd);
	return S_ISREG(st->sig.mode) ? 0 : ESTALE;
}

int file_extents(struct extent **x, size_t *n, bool *whole, int fd, uint64_t size)
{
	struct extent *v = NULL;
	size_t count = 0, cap = 0;
	off_t at = 0;

	*x = NULL;
	*n = 0;
	*whole = true;
	/* As a rule there are none, and one call says so. How much the file takes on its medium does not: space that
	 * was allocated ahead, attributes and lists of extents count too. */
	if (size == 0 || (uint64_t)vfs()->lseek(fd, 0, SEEK_HOLE) >= size)
		return 0;
	while ((uint64_t)at < size) {
		off_t data = vfs()->lseek(fd, at, SEEK_DATA), hole;

		if (data < 0 && errno == ENXIO)
			break;
		hole = data < 0 ? -1 : vfs()->lseek(fd, data, SEEK_HOLE);
		if (data < 0 || hole < 0) {
			int e = errno;

			free(v);
			/* A file system that does not know: all of it is data. */
			return e == EINVAL || e == EOPNOTSUPP ? 0 : e;
		}
		if ((uint64_t)data >= size)
			break;
		if ((uint64_t)hole > size)
			hole = (off_t)size;
		if (count == cap) {
			cap = cap ? cap * 2 : 16;
			struct extent *w = realloc(v, cap * sizeof(*w));

			if (!w) {
				free(v);
				return ENOMEM;
			}
			v = w;
		}
		v[count++] = (struct extent){ (uint64_t)data, (uint64_t)(hole - data) };
		at = hole;
	}
	if (count == 1 && v[0].off == 0 && v[0].len == size) {
		free(v);
		return 0;
	}
	*x = v;
	*n = count;
	*whole = false;
	return 0;
}

int child_set_entry(struct scan *s, unsigned worker, struct scan_child *c, const struct entry *e, hz_error **err)
{
	struct buf *b = &s->w[worker].encoded;
	int rc;

	buf_reset(b);
	rc = entry_encode(b, e, err);
	if (rc < 0)
		return err_wrap(err, rc, "%s", c->name);
	c->entry = malloc(b->len ? b->len : 1);
	if (!c->entry)
		return err_nomem(err);
	memcpy(c->entry, b->data, b->len);
	c->entry_len = (uint32_t)b->len;
	/* By the stat that the entry was made of, which is not always the first one. */
	if (is_racy(s, &c->st.sig))
		c->flags |= CACHE_RACY;
	return 0;
}

void entry_set_hardlink(
	struct scan *s, unsigned worker, struct entry *e, struct scan_dir *d, const struct scan_child *c)
{
	uint64_t fsid = 0;
	uint8_t key[36];

	if (c->st.nlink < 2)
		return;
	/* The file system's id is 0 for NFS and FUSE, and a snapshot has that of its origin: with it alone files of
	 * two mounts could be taken for one, and a restore would give both the content of the first. */
	if (vfs()->fsid(dir_fd_of(d, c), &fsid) < 0)
		fsid = 0;
	put_le64(key, fsid);
	put_le64(key + 8, c->st.sig.ino);
	put_le64(key + 16, (uint64_t)(c->st.has_btime ? c->st.btime_sec : 0));
	put_le32(key + 24, c->st.has_btime ? c->st.btime_nsec : 0);
	put_le64(key + 28, c->st.sig.dev);
	e->has_hardlink = true;
	e->hardlink = ingest_hardlink(s->o.ingest, worker, key, sizeof(key));
}

int entry_set_chunks(
	struct scan *s, unsigned worker, struct entry *e, const struct chunk_ref *refs, size_t n, hz_error **err)
{
	struct node_user u = { s, worker };
	AUTO(node_builder_free) struct node_builder *b = NULL;
	int rc;

	if (n <= ENTRY_INLINE_CHUNKS) {
		e->chunks = refs;
		e->n_chunks = (uint32_t)n;
		return 0;
	}
	rc = node_builder_new(&b, NODE_CHUNKS, scan_put_node, &u, err);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		uint8_t item[ID_LEN + 4];

		memcpy(item, refs[i].id.b, ID_LEN);
		put_le32(item + ID_LEN, refs[i].len);
		rc = node_builder_add(b, item, sizeof(item), refs[i].id.b, ID_LEN, err);
	}
	return rc < 0 ? rc : node_builder_finish(b, &e->has_chunk_list, &e->chunk_list, err);
}

int entry_set_extents(
	struct scan *s, unsigned worker, struct entry *e, const struct extent *x, size_t n, hz_error **err)
{
	struct node_user u = { s, worker };
	AUTO(node_builder_free) struct node_builder *b = NULL;
	AUTO_IN(buf_release) struct buf item = BUF_INIT;
	uint64_t end = 0;
	int rc;

	if (n <= ENTRY_INLINE_EXTENTS) {
		e->has_extents = true;
		e->extents = x;
		e->n_extents = (uint32_t)n;
		return 0;
	}
	rc = node_builder_new(&b, NODE_EXTENTS, scan_put_node, &u, err);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct enc enc = enc_to(&item);
		uint8_t key[16];

		buf_reset(&item);
		enc_var(&enc, x[i].off - end);
		enc_var(&enc, x[i].len);
		end = x[i].off + x[i].len;
		put_le64(key, x[i].off);
		put_le64(key + 8, x[i].len);
		rc = enc.bad ? err_nomem(err) : node_builder_add(b, item.data, item.len, key, sizeof(key), err);
	}
	return rc < 0 ? rc : node_builder_finish(b, &e->has_extent_list, &e->extent_list, err);
}

/* ---- small files ---- */

static void count_file(struct scan *s, const struct scan_child *c, uint64_t bytes)
{
	bump(c->cached ? &s->r->counts.files_changed : &s->r->counts.files_new, 1);
	bump(&s->r->counts.total_bytes, c->st.sig.size);
	bump(&s->r->counts.read_bytes, bytes);
}

/* Reads the data extents (or all of it) into b. 0 or an errno; ESTALE: shorter than its stat said. */
static int read_small(struct buf *b, int fd, uint64_t size, const struct extent *x, size_t n, bool whole)
{
	struct extent all = { 0, size };

	buf_reset(b);
	if (whole) {
		x = &all;
		n = size > 0;
	}
	for (size_t i = 0; i < n; i++) {
		uint8_t *at = buf_extend(b, x[i].len);
		uint64_t got = 0;

		if (!at)
			return ENOMEM;
		while (got < x[i].len) {
			ssize_t r = vfs()->pread(fd, at + got, x[i].len - got, (off_t)(x[i].off + got));

			if (r < 0)
				return errno;
			if (r == 0)
				return ESTALE;
			got += (uint64_t)r;
		}
	}
	return 0;
}

static void set_stat(struct entry *e, const struct source_stat *st)
{
	e->mtime_sec = st->sig.mtime_sec;
	e->mtime_nsec = st->sig.mtime_nsec;
	e->size = st->sig.size;
}

/* Content, attributes and entry of a small file that is open. */
static int store_small(struct scan *s, unsigned worker, struct scan_dir *d, struct scan_child *c, int fd,
	const struct extent *x, size_t n, bool whole, bool changed, hz_error **err)
{
	struct scan_worker *w = &s->w[worker];
	struct chunk_ref ref;
	const char *what = NULL;
	struct entry e = { .user = "" };
	int rc = 0, r;

	arena_reset(w->arena);
	r = entry_read(&e, w->arena, s->names, &c->st, dir_fd_of(d, c), c->name, fd, &what);
	if (r == ENOMEM)
		return err_nomem(err);
	if (r)
		scan_error(s, SOURCE_ATTRS, d, c->name, what ? what : "attributes", r);
	e.name = (const uint8_t *)c->name;
	e.name_len = c->name_len;
	set_stat(&e, &c->st);
	if (changed)
		e.flags |= ENTRY_CHANGED;
	entry_set_hardlink(s, worker, &e, d, c);
	if (w->data.len > 0) {
		rc = ingest_small(s->o.ingest, worker, w->data.data, w->data.len, &ref.id, err);
		ref.len = (uint32_t)w->data.len;
		e.chunks = &ref;
		e.n_chunks = 1;
	}
	if (rc == 0 && !whole)
		rc = entry_set_extents(s, worker, &e, x, n, err);
	if (rc == 0)
		rc = child_set_entry(s, worker, c, &e, err);
	if (rc == 0)
		count_file(s, c, w->data.len);
	return rc;
}

/* One try: 0 stored, 1 it changed meanwhile (st is the new state), <0 storage error; *skip: a source error was told. */
static int try_small(struct scan *s, unsigned worker, struct scan_dir *d, struct scan_child *c, int fd, bool last,
	bool *skip, hz_error **err)
{
	struct scan_worker *w = &s->w[worker];
	AUTO_FREE struct extent *x = NULL;
	struct source_stat now;
	bool whole = true;
	size_t n = 0;
	int e = file_extents(&x, &n, &whole, fd, c->st.sig.size);

	if (e == 0)
		e = read_small(&w->data, fd, c->st.sig.size, x, n, whole);
	if (e == ENOMEM)
		return err_nomem(err);
	if (e && e != ESTALE) {
		scan_error(s, SOURCE_UNREADABLE, d, c->name, "read", e);
		*skip = true;
		return 0;
	}
	int e2 = file_stat(&now, c, fd);

	if (e2) {
		scan_error(s, SOURCE_UNREADABLE, d, c->name, "stat", e2);
		*skip = true;
		return 0;
	}
	bool changed = e == ESTALE || !stat_sig_equal(&now.sig, &c->st.sig);

	if (changed && !last) {
		c->st = now;
		return 1;
	}
	if (changed && e == ESTALE) {
		/* What was got in the end is neither the old nor the new content: it is not kept. */
		scan_error(s, SOURCE_CHANGED, d, c->name, "shrank while it was read, every time it was tried", 0);
		*skip = true;
		return 0;
	}
	if (changed) {
		scan_error(s, SOURCE_CHANGED, d, c->name, "changed while it was read, every time it was tried", 0);
		c->flags |= CACHE_RACY;
	}
	return store_small(s, worker, d, c, fd, x, n, whole, changed, err);
}

static int read_file(struct scan *s, unsigned worker, struct scan_dir *d, uint32_t slot, bool *later, hz_error **err)
{
	struct scan_child *c = &d->children[slot];
	AUTO_FD int fd = file_open(d, c);
	bool skip = false;
	int e = fd < 0 ? errno : file_stat(&c->st, c, fd), rc = 1;

	if (e) {
		/* What vanished between listing and opening was deleted in time: no error of the source, and no entry.
		 */
		if (e != ENOENT || c->node)
			scan_error(s, SOURCE_UNREADABLE, d, c->name, "open", e);
		if (e != ENOENT)
			__atomic_store_n(&d->partial, true, __ATOMIC_RELAXED);
		return 0;
	}
	for (unsigned i = 0; rc == 1 && i < READ_TRIES && !skip; i++) {
		if (c->st.sig.size > SMALL_MAX) {
			*later = true;
			int large = fd;

			fd = -1;
			return large_start(s, worker, d, slot, large, err);
		}
		rc = try_small(s, worker, d, c, fd, i + 1 == READ_TRIES, &skip, err);
	}
	if (skip)
		__atomic_store_n(&d->partial, true, __ATOMIC_RELAXED);
	return rc < 0 ? rc : 0;
}

struct files_task {
	struct scan *s;
	struct scan_dir *d;
	uint32_t n;
	uint32_t slots[];
};

static int files_run(void *arg, unsigned worker, hz_error **err)
{
	struct files_task *t = arg;
	struct scan *s = t->s;
	struct scan_dir *d = t->d;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < t->n; i++) {
		bool later = false;

		rc = read_file(s, worker, d, t->slots[i], &later, err);
		if (rc == 0 && pool_stopped(s->o.pool))
			break;
	}
	free(t);
	dir_fd_release(d);
	int rc2 = dir_done(s, worker, d, rc < 0 ? NULL : err);

	return rc < 0 ? rc : rc2;
}

static void files_drop(void *arg)
{
	struct files_task *t = arg;

	/* The folder is not ended: the walk is stopped, and what it holds is dropped without a word. */
	dir_fd_release(t->d);
	dir_abandon(t->d);
	free(t);
}

int files_submit(struct scan *s, unsigned worker, struct scan_dir *d, const uint32_t *slots, uint32_t n, hz_error **err)
{
	struct files_task *t = malloc(sizeof(*t) + n * sizeof(*slots));

	if (!t)
		return err_nomem(err);
	t->s = s;
	t->d = d;
	t->n = n;
	memcpy(t->slots, slots, n * sizeof(*slots));
	(void)__atomic_add_fetch(&d->pending, 1, __ATOMIC_RELAXED);
	(void)__atomic_add_fetch(&d->fd_refs, 1, __ATOMIC_RELAXED);
	if (pool_try_submit(s->o.pool, CLASS_FILES, GROUPS_WAITING, files_run, files_drop, t))
		return 0;
	return files_run(t, worker, err);
}

int other_read(struct scan *s, unsigned worker, struct scan_dir *d, struct scan_child *c, hz_error **err)
{
	struct scan_worker *w = &s->w[worker];
	const char *what = NULL;
	struct entry e = { .user = "" };
	int r;

	arena_reset(w->arena);
	r = entry_read(&e, w->arena, s->names, &c->st, dir_fd_of(d, c), c->name, -1, &what);
	if (r == ENOMEM)
		return err_nomem(err);
	if (r == ENOENT && !c->node)
		return 0;
	if (r) {
		scan_error(s, SOURCE_ATTRS, d, c->name, what ? what : "attributes", r);
		if (S_ISLNK(c->st.sig.mode) && e.link_len == 0) {
			__atomic_store_n(&d->partial, true, __ATOMIC_RELAXED);
			return 0;
		}
	}
	e.name = (const uint8_t *)c->name;
	e.name_len = c->name_len;
	entry_set_hardlink(s, worker, &e, d, c);
	bump(&s->r->counts.others, 1);
	return child_set_entry(s, worker, c, &e, err);
}
