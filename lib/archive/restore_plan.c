/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first walk: makes folders, with no rights for others until all is in them, and says which chunk is wanted where.
 * A batch that is full is begun, and the one before it over, before the walk goes on, in the midst of a large file too,
 * so memory is bounded by the batch. Invariant: whatever existed in the target is not touched, unless it is to be
 * updated.
 */
#include "archive/restore.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* Makes room for one more. */
static int grow(void **v, size_t n, size_t *cap, size_t size, hz_error **err)
{
	size_t more = *cap ? *cap * 2 : 256;
	void *p;

	if (n < *cap)
		return 0;
	p = realloc(*v, more * size);
	if (!p)
		return err_nomem(err);
	*v = p;
	*cap = more;
	return 0;
}
#define GROW(v, n, cap, err) grow((void **)&(v), n, &(cap), sizeof(*(v)), err)

/* ---- files ---- */

struct restore_file *restore_file_new(struct restore *r, struct restore_dir *dir, const struct restore_item *it,
	struct restore_link *link, hz_error **err)
{
	size_t name_len = it->e->name_len;
	struct restore_file *f = calloc(1, sizeof(*f) + it->len + name_len + 1);

	if (!f) {
		(void)err_nomem(err);
		return NULL;
	}
	f->dir = restore_dir_ref(dir);
	f->link = link;
	f->tag = r->tag;
	f->n = it->n;
	f->size = it->e->size;
	f->mode = it->e->mode;
	f->first_flags = it->e->inode_flags & entry_flags_first();
	f->has_xattrs = it->e->n_xattrs > 0;
	f->slot.fd = -1;
	f->sparse = restore_content_is_sparse(it->e);
	f->len = it->len;
	memcpy(f->bytes, it->bytes, it->len);
	memcpy(f->bytes + it->len, it->e->name, name_len);
	f->name = (char *)f->bytes + it->len;
	return f;
}

/* The first batches are small, so that the workers soon have something to do; but from afar no pack should be read for
 * two of them. */
static bool is_full(const struct restore *r)
{
	const struct restore_batch *b = r->batch;
	unsigned early = r->batches_begun < 3 && !r->reader->repo.store->remote ? 3 - r->batches_begun : 0;
	size_t limit = restore_limits.batch_bytes >> early;

	return b->bytes + b->n_wants * (sizeof(*b->wants) + sizeof(struct restore_placed)) +
		b->n_pieces * sizeof(*b->pieces) >=
		limit;
}

static int add_want(struct restore *r, struct restore_file *f, const struct chunk_ref *chunk,
	const struct restore_content *c, hz_error **err)
{
	struct restore_batch *b = r->batch;
	struct restore_want w = { .id = chunk->id, .len = chunk->len, .file = f, .off = c->pieces[0].off };
	int rc;

	rc = GROW(b->wants, b->n_wants, b->cap_wants, err);
	if (c->n_pieces > 1) {
		w.off = b->n_pieces;
		w.n_pieces = (uint32_t)c->n_pieces;
	}
	for (size_t i = 0; rc == 0 && i < w.n_pieces; i++) {
		rc = GROW(b->pieces, b->n_pieces, b->cap_pieces, err);
		if (rc == 0)
			b->pieces[b->n_pieces++] = c->pieces[i];
	}
	if (rc < 0)
		return rc;
	b->wants[b->n_wants++] = w;
	f->n_wants++;
	(void)__atomic_add_fetch(&f->wants, 1, __ATOMIC_RELAXED);
	f->data += chunk->len;
	return 0;
}

static int add_content(struct restore *r, struct restore_file *f, const struct entry *e, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	struct restore_content c;
	struct chunk_ref chunk;
	int rc = restore_content_open(&c, e, reader_get_node, &r->nodes, err);

	if (rc < 0)
		return rc;
	while ((rc = restore_content_next(&c, &chunk, &why)) > 0) {
		rc = add_want(r, f, &chunk, &c, &why);
		if (rc < 0)
			break;
		if (!is_full(r))
			continue;
		rc = restore_data_begin(r, err);
		if (rc < 0) {
			restore_content_release(&c);
			return rc;
		}
	}
	restore_content_release(&c);
	if (restore_is_damage(rc)) {
		restore_file_damaged(r, f, hz_error_message(why));
		return 0;
	}
	if (rc < 0 && err && !*err)
		*err = TAKE(why);
	return rc;
}

static void set_old(struct restore_file *f, const struct source_stat *old)
{
	f->replaces = true;
	f->old = S_ISREG(old->sig.mode);
	f->shared = old->nlink > 1;
	f->old_ino = old->sig.ino;
	f->old_dev = makedev((unsigned)(old->sig.dev >> 32), (unsigned)(old->sig.dev & UINT32_MAX));
}

int restore_plan_file(struct restore *r, struct restore_dir *dir, const struct restore_item *it,
	struct restore_link *link, const struct source_stat *old, hz_error **err)
{
	struct restore_file *f = restore_file_new(r, dir, it, link, err);
	struct restore_batch *b;
	int rc;

	if (!f)
		return HZ_E_NOMEM;
	if (old)
		set_old(f, old);
	f->wants = 1;
	r->open = f;
	rc = add_content(r, f, it->e, err);
	b = r->batch;
	if (rc == 0)
		rc = restore_batch_add(b, f, err);
	if (rc < 0)
		return rc;
	r->open = NULL;
	/* Of one that is begun the workers read it. */
	if (!f->begun)
		f->alone = f->n_wants <= 1;
	/* Of what was begun already the workers may have done all. */
	if (__atomic_sub_fetch(&f->wants, 1, __ATOMIC_ACQ_REL) == 0)
		rc = restore_batch_idle(b, f, err);
	return rc == 0 && is_full(r) ? restore_data_begin(r, err) : rc;
}

/* ---- what becomes of entries ---- */

int restore_outcome(struct restore *r, const struct entry *e, uint64_t n, enum restore_state state, hz_error **err)
{
	bool made = state == RESTORE_MADE || state == RESTORE_SHORT;

	r->result.meta_short += state == RESTORE_SHORT;
	r->result.left_existing += state == RESTORE_LEFT;
	r->result.failed_target += state == RESTORE_FAILED;
	r->result.failed_damage += state == RESTORE_DAMAGED;
	if (made && S_ISREG(e->mode))
		r->result.files++;
	else if (made)
		r->result.others++;
	return restore_state_set(r, n, state, err);
}

int restore_left(struct restore *r, const struct restore_dir *dir, const char *name, uint64_t n, hz_error **err)
{
	restore_event(r, HZ_EVENT_META, dir, name, "exists and is left as it is");
	return restore_outcome(r, NULL, n, RESTORE_LEFT, err);
}

static int plan_regular(struct restore *r, struct restore_dir *dir, const struct restore_item *it, hz_error **err)
{
	char name[ENTRY_NAME_MAX + 1] = "";
	struct restore_link *link = NULL;
	enum restore_place place;
	struct source_stat old;
	bool is_first = true;
	int rc = 0;

	if (it->e->has_hardlink)
		rc = restore_link_of(r, it->e, &link, &is_first, err);
	/* The other names are linked when all content is there. */
	if (rc < 0 || !is_first)
		return rc;
	memcpy(name, it->e->name, it->e->name_len);
	rc = restore_look(r, dir, name, &old, &place, err);
	if (rc < 0)
		return rc;
	if (place == RESTORE_TAKEN && link)
		link->state = RESTORE_LEFT;
	if (place == RESTORE_TAKEN)
		return restore_left(r, dir, name, it->n, err);
	return restore_plan_file(r, dir, it, link, place == RESTORE_OLD ? &old : NULL, err);
}

static int plan_leaf(
	struct restore *r, const struct restore_frame *parent, const struct restore_item *it, hz_error **err)
{
	return S_ISREG(it->e->mode) ? plan_regular(r, parent->dir, it, err) : 0;
}

/* ---- folders ---- */

/* Its flags or rights may forbid changes in it. It gets those of the snapshot when all is there. */
static void open_up(struct restore *r, int parent, const char *name)
{
	AUTO_FD int fd = restore_open_folder(&r->dirs, parent, name, O_RDONLY);
	struct stat st;

	if (fd < 0 && errno == EACCES && vfs()->fchmodat(parent, name, 0700) == 0)
		fd = restore_open_folder(&r->dirs, parent, name, O_RDONLY);
	if (fd < 0)
		return;
	(void)restore_unlock(fd);
	if (vfs()->fstat(fd, &st) == 0 && (st.st_mode & S_IRWXU) != S_IRWXU)
		(void)vfs()->fchmod(fd, (st.st_mode & 07777u) | S_IRWXU);
}

static int plan_root(struct restore *r, struct restore_frame *f, const struct entry *e, hz_error **err)
{
	int rc = restore_target_make(r, err);

	if (rc < 0)
		return rc;
	/* It gets its rights when all is there. */
	if (r->target_made && !(e->flags & ENTRY_SYNTHETIC) && vfs()->fchmod(r->target, 0700) < 0)
		return err_errno(err, "target %s", r->opts.target);
	f->dir = restore_dir_new(NULL, "", 0);
	if (!f->dir)
		return err_nomem(err);
	f->dir->existed = !r->target_fresh;
	f->dir->plain = restore_target_is_plain(r);
	f->dir->closed = r->target_made && !(e->flags & ENTRY_SYNTHETIC);
	if (f->dir->existed && r->updates)
		open_up(r, r->target, ".");
	return restore_state_set(r, f->n, r->target_fresh ? RESTORE_MADE : RESTORE_USED, err);
}

/* The state that the folder has then; *errnum says why it is none that is used. */
static enum restore_state make_folder(struct restore *r, struct restore_dir *dir, mode_t mode, int *errnum)
{
	enum restore_state state = RESTORE_MADE;
	int parent = -1, fd;

	*errnum = restore_dir_get(&r->dirs, dir->parent, &parent);
	if (*errnum)
		return RESTORE_FAILED;
	if (vfs()->mkdirat(parent, dir->name, mode) < 0) {
		*errnum = errno;
		state = RESTORE_FAILED;
	}
	if (*errnum == EEXIST) {
		fd = restore_open_folder(&r->dirs, parent, dir->name, O_PATH);
		state = fd >= 0 ? RESTORE_USED : errno == ENOTDIR || errno == ELOOP ? RESTORE_LEFT : RESTORE_FAILED;
		*errnum = fd >= 0 ? 0 : errno;
		fd_close(&fd);
	}
	if (state == RESTORE_LEFT && r->updates) {
		*errnum = restore_make_way(r, dir->parent, dir->name);
		if (*errnum == 0)
			*errnum = vfs()->mkdirat(parent, dir->name, mode) < 0 ? errno : 0;
		state = *errnum ? RESTORE_FAILED : RESTORE_MADE;
	}
	if (state == RESTORE_USED && r->updates)
		open_up(r, parent, dir->name);
	restore_dir_put(&r->dirs, dir->parent);
	dir->existed = state == RESTORE_USED;
	return state;
}

static int plan_enter(struct restore *r, struct restore_frame *f, const struct restore_frame *parent,
	const struct entry *e, hz_error **err)
{
	enum restore_state state;
	int errnum = 0, rc = 0;

	if (!parent)
		return plan_root(r, f, e, err);
	f->dir = restore_dir_new(parent->dir, e->name, e->name_len);
	if (!f->dir)
		return err_nomem(err);
	state = make_folder(r, f->dir, e->flags & ENTRY_SYNTHETIC ? 0777 : 0700, &errnum);
	r->result.dirs += state == RESTORE_MADE;
	r->result.left_existing += state == RESTORE_LEFT;
	r->result.failed_target += state == RESTORE_FAILED;
	f->skip = state != RESTORE_MADE && state != RESTORE_USED;
	if (state == RESTORE_MADE) {
		f->dir->plain = parent->dir->plain;
		f->dir->closed = parent->dir->closed || !(e->flags & ENTRY_SYNTHETIC);
	}
	if (state == RESTORE_LEFT)
		restore_event(r, HZ_EVENT_META, f->dir, NULL,
			"exists, is no folder and is left as it is; nothing of the folder is restored");
	if (state == RESTORE_FAILED)
		rc = restore_target_failed(r, f->dir, NULL, "folder, and all that is in it", errnum, err);
	return rc < 0 ? rc : restore_state_set(r, f->n, state, err);
}

const struct restore_visitor restore_planner = { plan_enter, plan_leaf, NULL };
