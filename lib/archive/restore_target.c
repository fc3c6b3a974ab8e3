/* SPDX-License-Identifier: BSD-2-Clause */
/* The folder that is restored into: looked at before anything is read, made when the first thing is to be put into it.
 */
#include "archive/restore.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

static int any_name(void *user, const char *name, uint64_t ino, unsigned char type)
{
	(void)user, (void)name, (void)ino, (void)type;
	return 1;
}

int restore_target_look(struct restore *r, hz_error **err)
{
	int rc;

	r->target = vfs()->openat(AT_FDCWD, r->opts.target, O_RDONLY | O_DIRECTORY, 0);
	if (r->target < 0 && errno == ENOENT) {
		r->target_fresh = true;
		return 0;
	}
	if (r->target < 0)
		return err_errno(err, "target %s", r->opts.target);
	rc = vfs_readdir(r->target, any_name, NULL, err);
	if (rc < 0)
		return err_wrap(err, rc, "target %s", r->opts.target);
	r->target_fresh = rc == 0;
	r->dirs.root = r->target;
	return 0;
}

int restore_target_check(struct restore *r, hz_error **err)
{
	if (r->target_fresh || r->updates || (r->opts.flags & HZ_RESTORE_INTO_EXISTING))
		return 0;
	err_set(err, HZ_E_REFUSED, "target %s is not empty", r->opts.target);
	err_hint(err,
		"give an empty or missing folder; or --into-existing, which leaves what exists as it is; or --update, "
		"which makes it as the snapshot has it");
	return HZ_E_REFUSED;
}

int restore_target_make(struct restore *r, hz_error **err)
{
	if (r->target < 0) {
		int rc = vfs_mkdirs(&r->target, r->opts.target, 0777, err);

		if (rc < 0)
			return err_wrap(err, rc, "target");
		r->target_made = true;
	}
	r->dirs.root = r->target;
	r->flushes = !vfs()->syncfs_reaches(r->target);
	return restore_journal_begin(r, err);
}

bool restore_target_is_plain(const struct restore *r)
{
	struct entry e = { .mode = S_IFDIR };
	struct source_stat st;
	struct arena *a = NULL;
	const char *what = NULL;
	bool plain;

	if (source_stat_fd(&st, r->target) != 0 || arena_new(&a, NULL) < 0)
		return false;
	plain = entry_read(&e, a, NULL, &st, r->target, ".", r->target, &what) == 0 && e.inode_flags == 0;
	for (uint32_t i = 0; i < e.n_xattrs; i++)
		plain = plain && strcmp(e.xattrs[i].name, "system.posix_acl_default") != 0;
	arena_free(a);
	return plain;
}
