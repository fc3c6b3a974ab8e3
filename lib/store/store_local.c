/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A store in a folder: objects are the files <location>/<folder>/<name>, top-level ones <location>/<name>. Files come
 * to be by newfile only: whole, durable, never replacing. Nothing is kept open but the location itself, so that a store
 * that others prune, move or repair at the same time is seen as it is.
 */
#include "base/newfile.h"
#include "store/disk.h"
#include "store/store_backend.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY)
#define TEMP_TRIES   8
#define LONG_READ    ((size_t)1 << 20)

struct store_local {
	struct store s;
	char *location;
	int root;
	uint64_t random;      /* of this opening: makes temporary names unlike those of other processes */
	atomic_ulong serial;  /* and this unlike each other */
	atomic_uint made;     /* a bit per folder known to be durable in its parent */
	pthread_mutex_t head; /* held by who reads much, where the disk turns */
};

static struct store_local *local_of(struct store *s)
{
	return (struct store_local *)(void *)s;
}

static void local_close(struct store *s)
{
	struct store_local *l = local_of(s);

	fd_close(&l->root);
	(void)pthread_mutex_destroy(&l->head);
	free(l->location);
	free(l);
}

/* Makes sure that the folder is there and that no power cut takes it away with what is put into it. Threads that come
 * at the same time each do all of it: none may go on before the flush. */
static int make_folder(struct store_local *l, int index, hz_error **err)
{
	unsigned bit = 1u << index;

	if (atomic_load(&l->made) & bit)
		return 0;
	if (vfs()->mkdirat(l->root, store_folders[index], 0700) < 0 && errno != EEXIST)
		return err_errno(err, "make folder");
	if (vfs()->fsync(l->root) < 0)
		return err_errno_as(err, HZ_E_IO, "flush %s", l->location);
	atomic_fetch_or(&l->made, bit);
	return 0;
}

/* The folder's part of a name as a string; "." for a top-level name. The rest is *leaf. */
static void split(const char *name, char folder[STORE_NAME_MAX], const char **leaf)
{
	const char *slash = strchr(name, '/');

	if (!slash) {
		memcpy(folder, ".", 2);
		*leaf = name;
		return;
	}
	memcpy(folder, name, (size_t)(slash - name));
	folder[slash - name] = '\0';
	*leaf = slash + 1;
}

/* A new file under a temporary name of our own in the folder. */
static int create_temp(struct newfile **f, struct store_local *l, int dirfd, const char *leaf, hz_error **err)
{
	for (int i = 0; i < TEMP_TRIES; i++) {
		AUTO(hz_error_free) hz_error *why = NULL;
		char temp[128];
		int rc;

		(void)snprintf(temp, sizeof(temp), ".tmp.%s.%s.%016llx%08lx", l->s.owner, l->s.session,
			(unsigned long long)l->random, atomic_fetch_add(&l->serial, 1) & 0xffffffffu);
		rc = newfile_create(f, dirfd, leaf, temp, 0600, &why);
		/* Taken, but that is not the object's name: to the caller EXISTS would mean another thing. */
		if (rc == HZ_E_EXISTS)
			continue;
		if (err && !*err)
			*err = TAKE(why);
		return rc;
	}
	return err_set(err, HZ_E_IO, "no temporary name is free");
}

static int local_put(struct store *s, const char *name, const struct iovec *iov, size_t n, hz_error **err)
{
	struct store_local *l = local_of(s);
	AUTO_FD int dirfd = -1; /* outlives f, which needs it */
	AUTO(newfile_discard) struct newfile *f = NULL;
	char folder[STORE_NAME_MAX];
	const char *leaf;
	int rc = 0;

	split(name, folder, &leaf);
	if (store_folder_index(folder) >= 0)
		rc = make_folder(l, store_folder_index(folder), err);
	if (rc < 0)
		return rc;
	dirfd = vfs()->openat(l->root, folder, FOLDER_FLAGS, 0);
	if (dirfd < 0)
		return err_errno_as(err, HZ_E_IO, "open folder");
	rc = create_temp(&f, l, dirfd, leaf, err);
	if (rc == 0)
		rc = newfile_write(f, iov, n, err);
	if (rc == 0)
		rc = newfile_commit(TAKE(f), NEWFILE_KEEP, err);
	return rc;
}

/* O_NONBLOCK: a pipe under an object's name must not hold us up. */
static int open_object(const struct store_local *l, const char *name)
{
	return vfs()->openat(l->root, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
}

static uint64_t local_place(struct store *s, const char *name)
{
	AUTO_FD int fd = open_object(local_of(s), name);
	uint64_t physical = 0;
	struct stat st;

	if (fd < 0 || vfs()->extent_start(fd, &physical) == 0)
		return physical;
	/* Inodes are mostly given out in the order in which room is. */
	return vfs()->fstat(fd, &st) < 0 ? 0 : st.st_ino;
}

static int read_at(int fd, uint64_t off, void *buf, size_t len, hz_error **err)
{
	uint8_t *p = buf;

	while (len > 0) {
		ssize_t got = vfs()->pread(fd, p, len, (off_t)off);

		if (got < 0)
			return err_errno_as(err, HZ_E_IO, "read");
		if (got == 0)
			return err_set(
				err, HZ_E_CORRUPT, "ends at %llu, before what was asked for", (unsigned long long)off);
		p += got;
		len -= (size_t)got;
		off += (uint64_t)got;
	}
	return 0;
}

/* A disk that turns reads one object to its end before it turns to another. */
static int local_get(struct store *s, const char *name, uint64_t off, void *buf, size_t len, hz_error **err)
{
	struct store_local *l = local_of(s);
	bool turns = s->rotational && len >= LONG_READ;
	AUTO_FD int fd = open_object(l, name);
	int rc;

	if (fd < 0)
		return err_errno(err, "open");
	if (off > INT64_MAX || len > INT64_MAX - off)
		return err_set(err, HZ_E_INVAL, "no object is that long");
	if (turns)
		(void)pthread_mutex_lock(&l->head);
	rc = read_at(fd, off, buf, len, err);
	if (turns)
		(void)pthread_mutex_unlock(&l->head);
	return rc;
}

static int size_at(int dirfd, const char *path, uint64_t *size, bool *regular)
{
	struct statx st;

	if (vfs()->statx(dirfd, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_SIZE, &st) < 0)
		return -1;
	*regular = S_ISREG(st.stx_mode);
	*size = st.stx_size;
	return 0;
}

static int local_size(struct store *s, const char *name, uint64_t *size, hz_error **err)
{
	uint64_t found;
	bool regular;

	if (size_at(local_of(s)->root, name, &found, &regular) < 0)
		return err_errno(err, "stat");
	if (!regular)
		return err_set(err, HZ_E_CORRUPT, "is no regular file");
	*size = found;
	return 0;
}

struct listing {
	const char *folder; /* "" */
	int dirfd;
	store_list_fn fn;
	void *user;
	hz_error **err;
};

/* What vanished since the folder was read is not there: somebody prunes. */
static int list_one(void *user, const char *leaf, uint64_t ino, unsigned char d_type)
{
	const struct listing *li = user;
	char name[STORE_NAME_MAX];
	uint64_t size;
	bool regular;

	(void)ino;
	(void)d_type;
	if (*li->folder ? !store_leaf_is_valid(leaf) : (strchr(leaf, '/') || !store_name_is_valid(leaf)))
		return 0;
	if (size_at(li->dirfd, leaf, &size, &regular) < 0)
		return errno == ENOENT ? 0 : err_errno_as(li->err, HZ_E_IO, "%s/%s: stat", li->folder, leaf);
	if (!regular)
		return 0;
	(void)snprintf(name, sizeof(name), "%s%s%s", li->folder, *li->folder ? "/" : "", leaf);
	return li->fn(li->user, name, size);
}

static int local_list(struct store *s, const char *folder, store_list_fn fn, void *user, hz_error **err)
{
	const char *path = *folder ? folder : ".";
	AUTO_FD int fd = vfs()->openat(local_of(s)->root, path, FOLDER_FLAGS, 0);
	struct listing li = { folder, fd, fn, user, err };

	if (fd < 0) {
		/* Nothing was put into it yet. */
		if (errno == ENOENT && *folder)
			return 0;
		return err_errno_as(err, HZ_E_IO, "%s: open folder %s", s->location, folder);
	}
	return vfs_readdir(fd, list_one, &li, err);
}

static int local_remove(struct store *s, const char *name, hz_error **err)
{
	struct store_local *l = local_of(s);
	char folder[STORE_NAME_MAX];
	AUTO_FD int dirfd = -1;
	const char *leaf;

	split(name, folder, &leaf);
	dirfd = vfs()->openat(l->root, folder, FOLDER_FLAGS, 0);
	if (dirfd < 0)
		return err_errno(err, "open folder");
	if (vfs()->unlinkat(dirfd, leaf, 0) < 0)
		return err_errno(err, "remove");
	return vfs()->fsync(dirfd) < 0 ? err_errno_as(err, HZ_E_IO, "flush the folder") : 0;
}

static int local_sync(struct store *s, const char *folder, hz_error **err)
{
	AUTO_FD int fd = vfs()->openat(local_of(s)->root, folder, FOLDER_FLAGS, 0);

	if (fd < 0)
		return errno == ENOENT ? 0 : err_errno_as(err, HZ_E_IO, "open folder");
	return vfs()->fsync(fd) < 0 ? err_errno_as(err, HZ_E_IO, "flush the folder") : 0;
}

static int local_space(struct store *s, uint64_t *free_bytes, uint64_t *total_bytes, hz_error **err)
{
	return vfs()->statvfs(local_of(s)->root, free_bytes, total_bytes) < 0 ? err_errno(err, "ask for free space")
									      : 0;
}

struct sweeping {
	int dirfd;
	const char *owner;
	bool (*is_live)(void *user, const char *session);
	void *user;
	hz_error **err;
};

/* The session in a temporary name of owner, or false. */
static bool session_of(char *out, size_t size, const char *leaf, const char *owner)
{
	size_t owner_len = strlen(owner), len;

	if (strncmp(leaf, ".tmp.", 5) != 0)
		return false;
	leaf += 5;
	if (strncmp(leaf, owner, owner_len) != 0 || leaf[owner_len] != '.')
		return false;
	leaf += owner_len + 1;
	len = strcspn(leaf, ".");
	if (len == 0 || len >= size || leaf[len] != '.')
		return false;
	memcpy(out, leaf, len);
	out[len] = '\0';
	return true;
}

static int sweep_one(void *user, const char *leaf, uint64_t ino, unsigned char d_type)
{
	const struct sweeping *sw = user;
	char session[sizeof(((struct store *)NULL)->session)];

	(void)ino;
	(void)d_type;
	if (!session_of(session, sizeof(session), leaf, sw->owner) || sw->is_live(sw->user, session))
		return 0;
	if (vfs()->unlinkat(sw->dirfd, leaf, 0) < 0 && errno != ENOENT)
		return err_errno_as(sw->err, HZ_E_IO, "remove %s", leaf);
	return 0;
}

static int local_sweep(struct store *s, const char *owner, bool (*is_live)(void *user, const char *session), void *user,
	hz_error **err)
{
	int rc = 0;

	for (int i = -1; rc == 0 && (i < 0 || store_folders[i]); i++) {
		const char *folder = i < 0 ? "." : store_folders[i];
		AUTO_FD int fd = vfs()->openat(local_of(s)->root, folder, FOLDER_FLAGS, 0);
		struct sweeping sw = { fd, owner, is_live, user, err };

		if (fd < 0 && errno == ENOENT)
			continue;
		rc = fd < 0 ? err_errno_as(err, HZ_E_IO, "open folder %s", folder)
			    : vfs_readdir(fd, sweep_one, &sw, err);
	}
	return rc;
}

static const struct store_ops local_ops = {
	.put = local_put,
	.get = local_get,
	.size = local_size,
	.list = local_list,
	.remove = local_remove,
	.sync = local_sync,
	.space = local_space,
	.sweep = local_sweep,
	.place = local_place,
	.close = local_close,
};

/* Puts an empty file twice under one name: the second time must be refused. */
static int probe(struct store_local *l, hz_error **err)
{
	AUTO(hz_error_free) hz_error *second = NULL;
	char name[64];
	int rc;

	(void)snprintf(name, sizeof(name), ".tmp.-.-.probe%016llx", (unsigned long long)l->random);
	rc = newfile_put(l->root, name, "", 0, 0600, NEWFILE_KEEP, err);
	if (rc == 0) {
		rc = newfile_put(l->root, name, "", 0, 0600, NEWFILE_KEEP, &second);
		(void)vfs()->unlinkat(l->root, name, 0);
		if (rc == HZ_E_EXISTS)
			return 0;
		if (rc == 0)
			rc = err_set(err, HZ_E_UNSUPPORTED, "a file was replaced that must not be");
		else if (err && !*err)
			*err = TAKE(second);
	}
	if (rc == HZ_E_UNSUPPORTED)
		err_hint(err,
			"the file system knows neither renameat2(RENAME_NOREPLACE) nor link(2): use another one for "
			"the store");
	return err_wrap(err, rc, "%s", l->location);
}

static int create(struct store_local *l, hz_error **err)
{
	int rc = vfs_mkdirs(&l->root, l->location, 0700, err);

	for (int i = 0; rc == 0 && store_folders[i]; i++) {
		rc = make_folder(l, i, err);
		if (rc < 0)
			err_wrap(err, rc, "%s/%s", l->location, store_folders[i]);
	}
	return rc < 0 ? rc : probe(l, err);
}

static int open_existing(struct store_local *l, hz_error **err)
{
	int rc;

	l->root = vfs()->openat(AT_FDCWD, l->location, FOLDER_FLAGS, 0);
	if (l->root >= 0)
		return 0;
	rc = err_errno(err, "open %s", l->location);
	if (rc == HZ_E_NOTFOUND)
		err_hint(err, "check the path or that the disk is mounted; hozen-backup init makes a new repository");
	return rc;
}

int store_local_open(struct store **ret, const char *location, enum store_mode mode, hz_error **err)
{
	AUTO(store_close) struct store *s = NULL;
	struct store_local *l = calloc(1, sizeof(*l));
	int rc;

	if (!l)
		return err_nomem(err);
	s = &l->s;
	s->ops = &local_ops;
	memcpy(s->owner, "-", 2);
	memcpy(s->session, "-", 2);
	l->root = -1;
	(void)pthread_mutex_init(&l->head, NULL);
	l->location = strdup(location);
	if (!l->location)
		return err_nomem(err);
	s->location = s->path = l->location;
	if (getrandom(&l->random, sizeof(l->random), 0) != (ssize_t)sizeof(l->random))
		return err_errno(err, "random number");
	rc = mode == STORE_CREATE ? create(l, err) : open_existing(l, err);
	if (rc < 0)
		return rc;
	s->rotational = disk_is_rotational(l->root);
	*ret = TAKE(s);
	return 0;
}
