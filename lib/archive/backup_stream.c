/* SPDX-License-Identifier: BSD-2-Clause */
/* Backing up what is no path: standard input, what a command prints, or the tree in a tar. Nothing is committed unless
 * all of it was read and the command ended well. */
#include "archive/backup.h"
#include "archive/stream.h"
#include "archive/stream_tar.h"
#include "base/input.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define READ_LEN (256u << 10)
#define WALK_FLAGS \
	(HZ_BACKUP_ONE_FILE_SYSTEM | HZ_BACKUP_EXCLUDE_CACHES | HZ_BACKUP_EXCLUDE_NODUMP | HZ_BACKUP_READ_SPECIAL)
#define DEFAULT_NAME "stdin"

/* ---- what is asked for ---- */

static int check_options(const struct backup *b, hz_error **err)
{
	const hz_backup_options *o = &b->o;

	if (o->n_paths > 0 || (o->command && (o->tar || !o->stream_name)))
		return err_set(err, HZ_E_INVAL, "paths, standard input, a command and a tar exclude each other");
	if (o->command && !o->command[0])
		return err_set(err, HZ_E_INVAL, "the command is empty");
	if (o->n_exclude_if_present > 0 || (o->flags & WALK_FLAGS) || (o->n_excludes > 0 && !o->tar))
		return err_set(err, HZ_E_INVAL, "an option for the files of a folder, and there is no folder");
	return 0;
}

/* The absolute path that stands for the source: it tells sources apart, and snapshots shows it. */
static int source_path(char **path, const struct backup *b, hz_error **err)
{
	const bool is_file = b->o.tar && strcmp(b->o.tar, "-") != 0;

	*path = NULL;
	if (!b->o.stream_name && is_file) {
		*path = realpath(b->o.tar, NULL);
		if (!*path)
			return err_errno_as(err, errno == ENOENT ? HZ_E_NOTFOUND : HZ_E_IO, "%s", b->o.tar);
		return 0;
	}
	if (asprintf(path, "/%s", b->o.stream_name ? b->o.stream_name : DEFAULT_NAME) < 0) {
		*path = NULL;
		return err_nomem(err);
	}
	return 0;
}

int backup_stream_sources(struct backup *b, hz_error **err)
{
	AUTO_FREE char *path = NULL;
	const char *v;
	int rc = check_options(b, err);

	if (rc == 0)
		rc = source_path(&path, b, err);
	if (rc < 0)
		return rc;
	v = path;
	rc = sources_new(&b->sources, &v, 1, "/", err);
	if (rc == 0 && !b->sources->root.child)
		rc = err_set(err, HZ_E_INVAL, "'%s' is no name of a file", b->o.stream_name);
	for (const struct source_node *n = b->sources ? b->sources->root.child : NULL; rc == 0 && n; n = n->child) {
		if (strlen(n->name) > ENTRY_NAME_MAX)
			rc = err_set(err, HZ_E_INVAL, "a name is longer than %u bytes", ENTRY_NAME_MAX);
	}
	return rc;
}

/* ---- reading ---- */

static int store_all(struct stream *s, int fd, const char *name, hz_error **err)
{
	AUTO_FREE uint8_t *data = malloc(READ_LEN);
	uint64_t off = 0;

	if (!data)
		return err_nomem(err);
	for (;;) {
		ssize_t n = input_read(fd, data, READ_LEN, stream_is_stopped, s, err);
		int rc = n > 0 ? stream_data(s, off, data, (size_t)n, err) : err_wrap(err, (int)n, "%s", name);

		if (n <= 0 || rc < 0)
			return n == 0 ? stream_end(s, off, err) : rc;
		off += (uint64_t)n;
	}
}

static int store_file(struct backup *b, struct stream *s, int fd, const char *name, hz_error **err)
{
	struct owner_names *names = stream_owner_names(s);
	struct entry e = { .mode = S_IFREG | 0600,
		.uid = geteuid(),
		.gid = getegid(),
		.mtime_sec = b->start.sec,
		.mtime_nsec = b->start.nsec };
	int rc;

	e.user = owner_names_user(names, e.uid);
	e.group = owner_names_group(names, e.gid);
	rc = stream_add(s, b->sources->absolute[0], &e, err);
	return rc == 1 ? store_all(s, fd, name, err) : rc;
}

static int from_command(struct backup *b, struct stream *s, hz_error **err)
{
	AUTO_IN(command_release) struct command c = COMMAND_INIT;
	int rc = command_start(&c, b->o.command, err);

	if (rc == 0)
		rc = store_file(b, s, c.out, b->o.command[0], err);
	if (rc == 0)
		rc = err_wrap(err, command_wait(&c, stream_is_stopped, s, err), "%s", b->o.command[0]);
	return rc;
}

static int from_tar(struct backup *b, struct stream *s, hz_error **err)
{
	AUTO_FD int fd = -1;

	if (strcmp(b->o.tar, "-") == 0)
		return stream_tar_read(s, STDIN_FILENO, "standard input", err);
	fd = vfs()->openat(AT_FDCWD, b->o.tar, O_RDONLY, 0);
	if (fd < 0)
		return err_errno_as(err, HZ_E_IO, "%s", b->o.tar);
	return stream_tar_read(s, fd, b->o.tar, err);
}

static int read_stream(void *user, struct stream *s, hz_error **err)
{
	struct backup *b = user;

	if (b->o.tar)
		return from_tar(b, s, err);
	if (b->o.command)
		return from_command(b, s, err);
	return store_file(b, s, STDIN_FILENO, "standard input", err);
}

int backup_stream_scan(struct backup *b, const struct scan_options *so, struct scan_result *r, hz_error **err)
{
	return stream_run(so, r, read_stream, b, err);
}
