/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One entry of a folder: everything Linux keeps of a file (docs/format/tree.md). In memory, its encoding, and its two
 * ends: entry_read collects the attributes of a file, entry_apply sets them on a restored one.
 */
#ifndef ARCHIVE_ENTRY_H
#define ARCHIVE_ENTRY_H

#include "base/buf.h"
#include "base/error.h"
#include "base/id.h"
#include "base/vfs.h"
#include <stdbool.h>

#define ENTRY_NAME_MAX       255u
#define ENTRY_LINK_MAX       4096u
#define ENTRY_OWNER_MAX      255u
#define ENTRY_XATTRS_MAX     (1u << 20) /* all names and values of one file */
#define ENTRY_MAX            (2u << 20) /* one encoded entry */
#define ENTRY_INLINE_CHUNKS  16u        /* more chunks go into a list node of their own */
#define ENTRY_INLINE_EXTENTS 16u

struct chunk_ref {
	struct id id;
	uint32_t len;
};
struct extent {
	uint64_t off, len;
};
struct xattr {
	const char *name; /* with its namespace, NUL-terminated */
	const uint8_t *value;
	uint32_t len;
};
/* Where a list that is split into nodes begins: the id of its root node and that node's level (0: a leaf). */
struct list_ref {
	struct id root;
	uint8_t level;
};

enum entry_flag {
	ENTRY_CHANGED = 1u,   /* the file changed while it was read, every time it was tried */
	ENTRY_SYNTHETIC = 2u, /* a folder that has no attributes of its own: only the way to what was asked for */
	ENTRY_PARTIAL = 4u    /* a folder whose list may lack entries: not read, not asked for, or not entered */
};

/* Pointers are borrowed: from the arena that entry_read or entry_decode filled, or from the encoded bytes. */
struct entry {
	const uint8_t *name;
	uint32_t name_len;
	uint32_t mode; /* as st_mode: type and permission bits */
	uint32_t uid, gid;
	const char *user, *group; /* NUL-terminated; "" when the system has no name; NULL counts as "" */
	int64_t mtime_sec;
	uint32_t mtime_nsec;
	bool has_btime;
	int64_t btime_sec;
	uint32_t btime_nsec;
	uint64_t size; /* of a regular file */
	uint32_t rdev_major, rdev_minor;
	const uint8_t *link; /* of a symlink */
	uint32_t link_len;
	bool has_hardlink;
	struct id hardlink;         /* keyed hash that the names of one inode share */
	uint32_t inode_flags;       /* FS_*_FL that can be set again, see entry_flags_mask */
	const struct xattr *xattrs; /* sorted by name */
	uint32_t n_xattrs;
	uint32_t flags; /* enum entry_flag */

	/* Content of a regular file: the chunks of its data extents put together. */
	const struct chunk_ref *chunks;
	uint32_t n_chunks;
	bool has_chunk_list; /* instead of chunks */
	struct list_ref chunk_list;
	/* Data extents of a file with holes, ascending, not touching; without them all of it is data, with none of them
	 * nothing is. One that covers the whole file is taken for none being said. */
	bool has_extents;
	const struct extent *extents;
	uint32_t n_extents;
	bool has_extent_list; /* instead of extents: has_extents is false then */
	struct list_ref extent_list;

	/* Of a folder: its list of entries. An empty folder has none (has_tree false). */
	bool has_tree;
	struct list_ref tree;
};

/* Memory that lives as long as the entries that point into it. */
struct arena;
int arena_new(struct arena **ret, hz_error **err);
/* Aligned to 16; NULL when memory is out. */
void *arena_alloc(struct arena *a, size_t len);
void *arena_copy(struct arena *a, const void *data, size_t len);
/* Forgets what is in it, keeps one block. */
void arena_reset(struct arena *a);
size_t arena_used(const struct arena *a);
void arena_free(struct arena *a);
DEFINE_AUTO(struct arena, arena_free)

/* Appends the entry: canonical, fields by ascending tag, defaults left out. HZ_E_NOMEM, or HZ_E_INVAL for what the
 * decoder would refuse. */
int entry_encode(struct buf *out, const struct entry *e, hz_error **err);
/* Decodes one entry that fills data exactly; strings point into data where they can, the rest into a. HZ_E_CORRUPT: not
 * canonical or out of bounds (name empty, ".", "..", with / or NUL; unsorted xattrs or extents; extents beyond size; a
 * type with fields that it cannot have). HZ_E_TOONEW: an unknown field that must not be ignored, or an unknown flag.
 * That the chunks sum up to the data is not looked at. */
int entry_decode(struct entry *e, struct arena *a, const uint8_t *data, size_t len, hz_error **err);

/* What the change check compares, and what the host's cache keeps. */
struct stat_sig {
	uint64_t size, ino;
	int64_t mtime_sec, ctime_sec;
	uint32_t mtime_nsec, ctime_nsec;
	uint32_t mode, uid, gid;
	uint64_t dev; /* major << 32 | minor */
};

/* The outside of one file, from one statx by (dirfd, name), never following a symlink. */
struct source_stat {
	struct stat_sig sig;
	uint32_t nlink;
	uint32_t rdev_major, rdev_minor;
	bool has_btime;
	int64_t btime_sec;
	uint32_t btime_nsec;
	bool is_mount_root;
	bool is_nodump;
	bool shows_flags; /* one of the inode flags that statx knows: compressed, immutable, append only, nodump */
};
/* 0 or an errno. */
int source_stat(struct source_stat *st, int dirfd, const char *name);
/* The same of an open descriptor. */
int source_stat_fd(struct source_stat *st, int fd);
bool stat_sig_equal(const struct stat_sig *a, const struct stat_sig *b);

/* Fills everything but name, content, extents, hardlink and tree from st and from the file itself: owner names (cached
 * in names), xattrs of all namespaces (ACLs and capabilities are such), inode flags, link target. fd is an open
 * descriptor of a regular file or folder, or -1: then the name is used. 0 or an errno of the first thing that could not
 * be read; *what then names it ("xattr user.x"), and the entry is filled as far as possible (a symlink without its
 * target cannot be encoded). ENOMEM comes before all others. EOPNOTSUPP of a file system without xattrs or flags is no
 * failure. names may be NULL: then there are none. */
struct owner_names;
int owner_names_new(struct owner_names **ret, hz_error **err); /* thread-safe cache of getpwuid_r, getgrgid_r */
void owner_names_free(struct owner_names *n);
DEFINE_AUTO(struct owner_names, owner_names_free)
/* Names out of the cache, "" for none; valid until it is freed. */
const char *owner_names_user(struct owner_names *n, uint32_t uid);
const char *owner_names_group(struct owner_names *n, uint32_t gid);
int entry_read(struct entry *e, struct arena *a, struct owner_names *names, const struct source_stat *st, int dirfd,
	const char *name, int fd, const char **what);

/* Inode flags that are worth keeping and can be set by chattr: append, immutable, nodump, noatime, sync, dirsync,
 * nocow, compr, nocomp, notail, topdir, journal data, projinherit, dax, secrm, unrm; casefold is not. */
uint32_t entry_flags_mask(void);

/*
 * Sets attributes on what was restored, in the order in which none undoes another: owner, xattrs (after owner: chown
 * takes capabilities away; before mode: user.* needs the write permission that mode may take), mode (after owner: chown
 * clears setuid), times, and last inode flags (immutable). An ACL that was inherited and that the entry does not have
 * is taken away; of what was there before, other extra xattrs too. Of a synthetic folder nothing is set. fd: open
 * descriptor of a regular file or folder, or -1 for
 * a name that is a symlink, device, FIFO or socket in dirfd. Owners by number. As an ordinary user a foreign owner is
 * reported once per file and setuid/setgid bits are not given to a file that could not get its owner. Each shortfall is
 * told through fn ("owner", "mode", "xattr user.x", "xattrs", "times", "inode flags") with an errno, "nanoseconds of
 * times" when the file system has coarser ones; the rest is done all the same. "attributes" (it cannot be looked at)
 * and "type" (something else stands there): nothing was done.
 */
typedef void (*entry_short_fn)(void *user, const char *what, int errnum);
enum entry_found {
	ENTRY_INHERITS, /* just made, where it may have inherited ACLs and inode flags */
	ENTRY_PLAIN,    /* just made, where nothing is inherited: no need to look */
	ENTRY_OLD       /* it was there before */
};
void entry_apply(const struct entry *e, int dirfd, const char *name, int fd, enum entry_found found, entry_short_fn fn,
	void *user);

/* Inode flags that say how content is to lie: Btrfs takes them for empty files only, so they are set on a file that was
 * just made, before its content. What cannot be set is told by entry_apply, in the end. */
uint32_t entry_flags_first(void);
void entry_apply_first(int fd, uint32_t inode_flags);

/* Compares what stands at (dirfd, name) with e in everything that entry_apply sets and that this system can keep; calls
 * fn with each difference ("mode", "owner", "mtime", "xattr user.x", "inode flags", "type", "link target", "device",
 * "missing") and errnum 0; with an errno for what could not be looked at. Of a synthetic folder only the type is
 * compared. */
void entry_compare(const struct entry *e, int dirfd, const char *name, entry_short_fn fn, void *user);

#endif
