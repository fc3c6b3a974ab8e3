/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second walk: what has no content of its own comes when all content is there, then each folder's attributes when
 * all in it is there. Invariant: a hard link is made only to what this restore made, and that is compared by inode.
 */
#include "archive/restore.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static bool is_made(enum restore_state s)
{
	return s == RESTORE_MADE || s == RESTORE_SHORT;
}

/* ---- hard links ---- */

/* One that was there and is kept may have flags that forbid another name; they are set again at the end. */
static int link_name(const struct restore_link *link, int from, int to, const char *name)
{
	AUTO_FD int fd = -1;

	if (vfs()->linkat(from, link->name, to, name, 0) == 0)
		return 0;
	if (errno != EPERM || !link->inode_flags)
		return errno;
	fd = restore_open_name(from, link->name);
	(void)restore_unlock(fd);
	return vfs()->linkat(from, link->name, to, name, 0) < 0 ? errno : 0;
}

/* Under a temporary name, for what stands under the final one to be replaced. */
static int link_over(struct restore *r, const struct restore_link *link, int from, int to, const char *name)
{
	struct source_stat st;
	char temp[RESTORE_TEMP_LEN];
	int rc;

	(void)snprintf(
		temp, sizeof(temp), ".hozen-%s-%08x.part", r->tag, __atomic_add_fetch(&r->temp, 1, __ATOMIC_RELAXED));
	rc = link_name(link, from, to, temp);
	if (rc)
		return rc;
	rc = source_stat(&st, to, temp);
	if (rc == 0 && st.sig.ino != link->ino)
		rc = ESTALE;
	if (rc == 0)
		rc = restore_replace(to, temp, name);
	if (rc)
		(void)vfs()->unlinkat(to, temp, 0);
	return rc;
}

/* 0 or an errno; ESTALE: what stands under the first name is not what we made. */
static int make_link(struct restore *r, const struct restore_link *link, struct restore_dir *dir, const char *name,
	enum restore_place place)
{
	struct source_stat st;
	int from = -1, to = -1;
	int rc = restore_dir_get(&r->dirs, link->dir, &from);

	if (rc)
		return rc;
	rc = restore_dir_get(&r->dirs, dir, &to);
	if (rc == 0 && place == RESTORE_OLD) {
		rc = link_over(r, link, from, to, name);
		restore_dir_put(&r->dirs, dir);
	} else if (rc == 0) {
		rc = link_name(link, from, to, name);
		if (rc == 0)
			rc = source_stat(&st, to, name);
		if (rc == 0 && st.sig.ino != link->ino) {
			(void)vfs()->unlinkat(to, name, 0);
			rc = ESTALE;
		}
		restore_dir_put(&r->dirs, dir);
	}
	restore_dir_put(&r->dirs, link->dir);
	return rc;
}

void restore_link_locks(struct restore *r)
{
	for (size_t i = 0; i < r->n_links; i++) {
		const struct restore_link *l = r->link[i];
		AUTO_FD int fd = -1;
		struct stat st;
		int dir = -1, rc;

		if (!l->inode_flags || !is_made(l->state))
			continue;
		rc = restore_dir_get(&r->dirs, l->dir, &dir);
		if (rc == 0) {
			fd = restore_open_name(dir, l->name);
			rc = fd < 0 || vfs()->fstat(fd, &st) < 0 ? errno : st.st_ino != l->ino ? ESTALE : 0;
			restore_dir_put(&r->dirs, l->dir);
		}
		if (rc == 0)
			rc = restore_lock(fd, l->inode_flags);
		if (rc == 0)
			continue;
		restore_event(r, HZ_EVENT_META, l->dir, l->name, "could not be set: inode flags: %s", strerror(rc));
		r->result.meta_short++;
	}
}

/* ---- what has no content ---- */

static int make_node(const struct entry *e, int dir, const char *name)
{
	const mode_t type = e->mode & S_IFMT;
	char target[ENTRY_LINK_MAX + 1];

	if (type == S_IFLNK) {
		memcpy(target, e->link, e->link_len);
		target[e->link_len] = '\0';
		return vfs()->symlinkat(target, dir, name) < 0 ? errno : 0;
	}
	return vfs()->mknodat(dir, name, type | 0600, makedev(e->rdev_major, e->rdev_minor)) < 0 ? errno : 0;
}

static bool is_device(const struct entry *e)
{
	return S_ISCHR(e->mode) || S_ISBLK(e->mode);
}

static int special_failed(struct restore *r, struct restore_dir *dir, const char *name, const struct restore_item *it,
	int errnum, hz_error **err)
{
	int rc;

	if (errnum == EEXIST)
		return restore_left(r, dir, name, it->n, err);
	if (is_device(it->e) && errnum == EPERM) {
		restore_event(r, HZ_EVENT_META, dir, name, "a device, which only root may make");
		r->result.meta_short++;
		return restore_state_set(r, it->n, RESTORE_FAILED, err);
	}
	rc = restore_target_failed(r, dir, name, "create", errnum, err);
	return rc < 0 ? rc : restore_outcome(r, it->e, it->n, RESTORE_FAILED, err);
}

/* New under a temporary name, which then becomes the final one. */
static int make_over(struct restore *r, const struct entry *e, int dir, const char *name, struct restore_shorts *shorts)
{
	char temp[RESTORE_TEMP_LEN];
	int rc;

	(void)snprintf(
		temp, sizeof(temp), ".hozen-%s-%08x.part", r->tag, __atomic_add_fetch(&r->temp, 1, __ATOMIC_RELAXED));
	rc = make_node(e, dir, temp);
	if (rc)
		return rc;
	entry_apply(e, dir, temp, -1, ENTRY_INHERITS, restore_short, shorts);
	rc = restore_replace(dir, temp, name);
	if (rc)
		(void)vfs()->unlinkat(dir, temp, 0);
	return rc;
}

static void is_other(void *user, const char *what, int errnum)
{
	bool *other = user;

	(void)errnum;
	*other = *other || strcmp(what, "type") == 0 || strcmp(what, "link target") == 0 || strcmp(what, "device") == 0;
}

/* What stands there is the same but for attributes, as a rule. */
static int update_special(
	struct restore *r, const struct restore_item *it, int dir, const char *name, struct restore_shorts *shorts)
{
	bool other = false;

	entry_compare(it->e, dir, name, is_other, &other);
	if (other)
		return make_over(r, it->e, dir, name, shorts);
	entry_apply(it->e, dir, name, -1, ENTRY_OLD, restore_short, shorts);
	return 0;
}

static int make_special(struct restore *r, struct restore_dir *dir, const char *name, const struct restore_item *it,
	struct restore_link *link, bool is_copy, hz_error **err)
{
	struct restore_shorts shorts = { .len = 0 };
	enum restore_state state;
	enum restore_place place;
	struct source_stat st;
	int fd = -1, rc = restore_look(r, dir, name, &st, &place, err);

	if (rc < 0)
		return rc;
	if (place == RESTORE_TAKEN)
		return special_failed(r, dir, name, it, EEXIST, err);
	rc = restore_dir_get(&r->dirs, dir, &fd);
	if (rc)
		return special_failed(r, dir, name, it, rc, err);
	if (place == RESTORE_OLD && st.nlink > 1)
		rc = make_over(r, it->e, fd, name, &shorts);
	else if (place == RESTORE_OLD)
		rc = update_special(r, it, fd, name, &shorts);
	else {
		rc = make_node(it->e, fd, name);
		if (rc == 0)
			entry_apply(it->e, fd, name, -1, ENTRY_INHERITS, restore_short, &shorts);
	}
	if (rc == 0 && link && source_stat(&st, fd, name) == 0)
		link->ino = st.sig.ino;
	restore_dir_put(&r->dirs, dir);
	if (rc)
		return special_failed(r, dir, name, it, rc, err);
	state = restore_shorts_tell(r, &shorts, dir, name);
	rc = restore_outcome(r, it->e, it->n, is_copy ? RESTORE_SHORT : state, err);
	return rc == 0 && link ? restore_link_set(r, link, dir, name, state, err) : rc;
}

/* A further name of a file whose first name was not made, or cannot be linked to. */
static int make_copy(struct restore *r, struct restore_dir *dir, const char *name, const struct restore_item *it,
	struct restore_link *link, bool is_copy, hz_error **err)
{
	enum restore_place place;
	struct source_stat old;
	int rc;

	if (!S_ISREG(it->e->mode))
		return make_special(r, dir, name, it, link, is_copy, err);
	rc = restore_look(r, dir, name, &old, &place, err);
	if (rc < 0)
		return rc;
	if (place == RESTORE_TAKEN)
		return restore_left(r, dir, name, it->n, err);
	rc = restore_plan_file(r, dir, it, link, place == RESTORE_OLD ? &old : NULL, err);
	/* At once, for the next names wait for it. */
	if (rc == 0)
		rc = restore_data_run(r, err);
	if (rc == 0 && is_copy && restore_state_get(r, it->n) == RESTORE_MADE) {
		r->result.meta_short++;
		rc = restore_state_set(r, it->n, RESTORE_SHORT, err);
	}
	return rc;
}

static int finish_linked(
	struct restore *r, struct restore_dir *dir, const char *name, const struct restore_item *it, hz_error **err)
{
	struct restore_link *link = NULL;
	enum restore_place place;
	struct source_stat old;
	bool is_first = false, is_there;
	int rc = restore_link_of(r, it->e, &link, &is_first, err);

	if (rc < 0)
		return rc;
	if (link->type != (it->e->mode & S_IFMT) || link->state == RESTORE_DAMAGED) {
		restore_event(r, HZ_EVENT_DAMAGE, dir, name, "not restored: another name of %s",
			link->state == RESTORE_DAMAGED ? "a file whose content is damaged"
						       : "what is of another type than this");
		return restore_outcome(r, it->e, it->n, RESTORE_DAMAGED, err);
	}
	if (!is_made(link->state))
		return make_copy(r, dir, name, it, link, false, err);
	rc = restore_look(r, dir, name, &old, &place, err);
	if (rc < 0)
		return rc;
	is_there = place == RESTORE_OLD && old.sig.ino == link->ino;
	rc = place == RESTORE_TAKEN ? EEXIST : is_there ? 0 : make_link(r, link, dir, name, place);
	if (rc == 0)
		return restore_outcome(r, it->e, it->n, RESTORE_MADE, err);
	if (rc == EEXIST)
		return restore_left(r, dir, name, it->n, err);
	if (restore_errno_is_fatal(rc))
		return restore_target_failed(r, dir, name, "hard link", rc, err);
	restore_event(
		r, HZ_EVENT_META, dir, name, "becomes a copy: it cannot be linked to its other name: %s", strerror(rc));
	return make_copy(r, dir, name, it, link, true, err);
}

static int finish_leaf(
	struct restore *r, const struct restore_frame *parent, const struct restore_item *it, hz_error **err)
{
	char name[ENTRY_NAME_MAX + 1] = "";

	/* The first walk has dealt with it. */
	if (restore_state_get(r, it->n) != RESTORE_NONE)
		return 0;
	memcpy(name, it->e->name, it->e->name_len);
	if (it->e->has_hardlink)
		return finish_linked(r, parent->dir, name, it, err);
	return S_ISREG(it->e->mode) ? 0 : make_special(r, parent->dir, name, it, NULL, false, err);
}

/* ---- folders ---- */

static int finish_enter(struct restore *r, struct restore_frame *f, const struct restore_frame *parent,
	const struct entry *e, hz_error **err)
{
	enum restore_state state = restore_state_get(r, f->n);

	f->skip = !is_made(state) && state != RESTORE_USED;
	if (f->skip)
		return 0;
	f->dir = restore_dir_new(parent ? parent->dir : NULL, e->name, parent ? e->name_len : 0);
	if (!f->dir)
		return err_nomem(err);
	f->dir->existed = state == RESTORE_USED;
	return 0;
}

/* Opened for more than passing through: by O_PATH no rights can be set. */
static int open_for_attrs(struct restore *r, struct restore_dir *dir, int *fd)
{
	int parent = -1, rc;

	rc = restore_dir_get(&r->dirs, dir->parent, &parent);
	if (rc)
		return rc;
	*fd = restore_open_folder(&r->dirs, parent, dir->name, O_RDONLY);
	rc = *fd < 0 ? errno : 0;
	restore_dir_put(&r->dirs, dir->parent);
	return rc;
}

static int finish_leave(struct restore *r, struct restore_frame *f, const struct restore_frame *parent,
	const struct entry *e, hz_error **err)
{
	struct restore_shorts shorts = { .len = 0 };
	enum restore_state state = restore_state_get(r, f->n);
	const bool used = state == RESTORE_USED;
	AUTO_FD int opened = -1;
	struct entry all = *e;
	int rc = 0;

	if (used && r->updates && (r->deletes || r->resumes))
		rc = restore_remove_extra(r, f, e, err);
	if (rc < 0)
		return rc;
	if ((state != RESTORE_MADE && !(used && r->updates)) || (e->flags & ENTRY_SYNTHETIC))
		return 0;
	if (parent) {
		rc = open_for_attrs(r, f->dir, &opened);
	} else {
		/* The journal is still to be removed from it. */
		r->root_locks = e->inode_flags & RESTORE_LOCKS;
		r->root_mtime = (struct timespec){ e->mtime_sec, e->mtime_nsec };
		r->root_done = true;
		all.inode_flags &= ~RESTORE_LOCKS;
	}
	if (rc)
		restore_short(&shorts, "attributes", rc);
	else
		entry_apply(&all, -1, NULL, parent ? opened : r->target, used ? ENTRY_OLD : ENTRY_INHERITS,
			restore_short, &shorts);
	state = restore_shorts_tell(r, &shorts, f->dir, NULL);
	r->result.meta_short += state == RESTORE_SHORT;
	return restore_state_set(r, f->n, state, err);
}

const struct restore_visitor restore_finisher = { finish_enter, finish_leaf, finish_leave };
