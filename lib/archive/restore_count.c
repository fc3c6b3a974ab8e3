/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk of a dry run: counts what would be restored, and says what would be removed. Changes nothing. */
#include "archive/restore.h"
#include <sys/stat.h>

static int count_enter(struct restore *r, struct restore_frame *f, const struct restore_frame *parent,
	const struct entry *e, hz_error **err)
{
	int fd = -1;

	(void)err, (void)e;
	r->result.dirs += parent != NULL;
	/* To say what would be removed, as far as the folder is there. */
	if (!r->deletes || r->target < 0 || (parent && !parent->dir))
		return 0;
	f->dir = restore_dir_new(parent ? parent->dir : NULL, e->name, parent ? e->name_len : 0);
	if (!f->dir)
		return err_nomem(err);
	f->dir->existed = restore_dir_get(&r->dirs, f->dir, &fd) == 0;
	if (f->dir->existed) {
		restore_dir_put(&r->dirs, f->dir);
		return 0;
	}
	restore_dir_unref(&r->dirs, TAKE(f->dir));
	return 0;
}

static int count_leave(struct restore *r, struct restore_frame *f, const struct restore_frame *parent,
	const struct entry *e, hz_error **err)
{
	(void)parent;
	return f->dir ? restore_remove_extra(r, f, e, err) : 0;
}

/* Holes are no content. */
static int count_content(struct restore *r, const struct entry *e, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	struct restore_content c;
	struct chunk_ref chunk;
	int rc;

	if (!restore_content_is_sparse(e)) {
		r->result.bytes += e->size;
		return 0;
	}
	rc = restore_content_open(&c, e, reader_get_node, &r->nodes, &why);
	while (rc == 0 && (rc = restore_content_next(&c, &chunk, &why)) > 0) {
		r->result.bytes += chunk.len;
		rc = 0;
	}
	restore_content_release(&c);
	if (rc < 0 && !restore_is_damage(rc) && err && !*err)
		*err = TAKE(why);
	return restore_is_damage(rc) ? 0 : rc;
}

static int count_leaf(
	struct restore *r, const struct restore_frame *parent, const struct restore_item *it, hz_error **err)
{
	struct restore_link *link = NULL;
	bool is_first = true;
	int rc = 0;

	(void)parent;
	if (!S_ISREG(it->e->mode)) {
		r->result.others++;
		return 0;
	}
	if (it->e->has_hardlink)
		rc = restore_link_of(r, it->e, &link, &is_first, err);
	r->result.files++;
	return rc == 0 && is_first ? count_content(r, it->e, err) : rc;
}

const struct restore_visitor restore_counter = { count_enter, count_leaf, count_leave };
