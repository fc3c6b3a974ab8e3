/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Groups of names of one inode. Invariants: all names of a group have the type of the first that was seen; whoever
 * links one to what another made asks for it, since the snapshot's writer may have written anything. And no two groups
 * have one inode, also where the target had them so.
 */
#include "archive/restore.h"
#include "base/codec.h"
#include <string.h>
#include <sys/stat.h>

int restore_link_of(struct restore *r, const struct entry *e, struct restore_link **link, bool *is_new, hz_error **err)
{
	uint32_t at = 0;
	int rc = idmap_add(&r->links, &e->hardlink, (uint32_t)r->n_links, &at);
	struct restore_link **v, *l;

	if (rc < 0)
		return err_nomem(err);
	*is_new = rc > 0;
	if (rc == 0) {
		*link = r->link[at];
		return 0;
	}
	l = calloc(1, sizeof(*l));
	v = l ? realloc(r->link, (r->n_links + 1) * sizeof(*v)) : NULL;
	if (!v) {
		free(l);
		return err_nomem(err);
	}
	l->type = e->mode & S_IFMT;
	r->link = v;
	*link = v[r->n_links++] = l;
	return 0;
}

int restore_link_set(struct restore *r, struct restore_link *link, struct restore_dir *dir, const char *name,
	enum restore_state state, hz_error **err)
{
	char *copy = strdup(name);

	if (!copy)
		return err_nomem(err);
	restore_dir_unref(&r->dirs, link->dir);
	free(link->name);
	link->dir = restore_dir_ref(dir);
	link->name = copy;
	link->state = state;
	return 0;
}

int restore_link_claim(struct restore *r, struct idmap *claimed, uint64_t dev, uint64_t ino)
{
	struct id id = { { 0 } };
	int rc;

	/* The map goes by the first bytes, which must be spread. */
	put_le64(id.b, (ino ^ dev << 32) * 0x9E3779B97F4A7C15u);
	put_le64(id.b + 8, ino);
	put_le64(id.b + 16, dev);
	(void)pthread_mutex_lock(&r->kept_lock);
	rc = idmap_add(claimed, &id, 0, NULL);
	(void)pthread_mutex_unlock(&r->kept_lock);
	return rc;
}
