/* SPDX-License-Identifier: BSD-2-Clause */
/* See openfiles.h. */
#include "device/openfiles.h"
#include "base/vfs.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

void openfiles_release(struct openfiles *o)
{
	free(o->at);
	o->at = NULL;
	o->n = o->cap = 0;
}

static int add(struct openfiles *o, const struct open_file *f, hz_error **err)
{
	if (o->n == o->cap) {
		size_t cap = o->cap ? 2 * o->cap : 256;
		struct open_file *at = reallocarray(o->at, cap, sizeof(*at));

		if (!at)
			return err_nomem(err);
		o->at = at;
		o->cap = cap;
	}
	o->at[o->n++] = *f;
	return 0;
}

static int look_into(struct openfiles *o, const struct roots *r, const char *pid, hz_error **err)
{
	struct attr_names fds AUTO_NAMES = ATTR_NAMES_INIT;
	int rc = attr_names(&fds, r->proc, NULL, "%s/fd", pid);

	if (rc < 0) {
		/* It ended meanwhile: it has nothing open. */
		o->hidden += rc != HZ_E_NOTFOUND && errno != ENOENT && errno != ESRCH;
		return 0;
	}
	rc = 0;
	for (size_t i = 0; i < fds.n && rc == 0; i++) {
		struct open_file f = { .pid = (uint32_t)strtoul(pid, NULL, 10) };
		char path[ROOTS_PATH];
		struct statx st;

		(void)snprintf(path, sizeof(path), "%s/fd/%s", pid, fds.at[i]);
		/* Not asking a server: a dead one would hold us. */
		if (vfs()->statx(r->proc, path, AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO, &st) < 0 ||
			!S_ISREG(st.stx_mode))
			continue;
		f.device = makedev(st.stx_dev_major, st.stx_dev_minor);
		f.inode = st.stx_ino;
		rc = add(o, &f, err);
	}
	return rc;
}

static int compare(const void *pa, const void *pb)
{
	const struct open_file *a = pa, *b = pb;

	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	return (a->inode > b->inode) - (a->inode < b->inode);
}

int openfiles_read(struct openfiles *o, const struct roots *r, hz_error **err)
{
	struct attr_names pids AUTO_NAMES = ATTR_NAMES_INIT;
	char self[24];
	int rc;

	rc = r->proc < 0 ? HZ_E_IO : attr_names(&pids, r->proc, NULL, ".");
	if (rc == HZ_E_NOMEM)
		return err_nomem(err);
	if (rc < 0)
		return err_set(err, HZ_E_IO, "/proc cannot be read: who has a file open is not known");
	(void)snprintf(self, sizeof(self), "%d", (int)getpid());
	for (size_t i = 0; i < pids.n && rc == 0; i++)
		if (strspn(pids.at[i], "0123456789") == strlen(pids.at[i]) && strcmp(pids.at[i], self) != 0)
			rc = look_into(o, r, pids.at[i], err);
	if (rc == 0 && o->n > 0)
		qsort(o->at, o->n, sizeof(*o->at), compare);
	return rc;
}

uint32_t openfiles_find(const struct openfiles *o, uint64_t device, uint64_t inode)
{
	const struct open_file key = { .device = device, .inode = inode };
	const struct open_file *f = o->n > 0 ? bsearch(&key, o->at, o->n, sizeof(*o->at), compare) : NULL;

	return f ? f->pid : 0;
}
