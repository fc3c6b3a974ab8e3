/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of entry and node share, and nobody else needs. */
#ifndef ARCHIVE_ENTRY_INTERNAL_H
#define ARCHIVE_ENTRY_INTERNAL_H

#include "archive/entry.h"

/* docs/format/tree.md, Entry. */
enum entry_tag {
	TAG_NAME = 1,
	TAG_MODE = 2,
	TAG_UID = 3,
	TAG_GID = 4,
	TAG_USER = 5,
	TAG_GROUP = 6,
	TAG_MTIME = 7,
	TAG_BTIME = 8,
	TAG_SIZE = 9,
	TAG_RDEV = 10,
	TAG_LINK = 11,
	TAG_HARDLINK = 12,
	TAG_INODE_FLAGS = 13,
	TAG_XATTRS = 14,
	TAG_FLAGS = 15,
	TAG_CHUNKS = 16,
	TAG_CHUNK_LIST = 17,
	TAG_EXTENTS = 18,
	TAG_EXTENT_LIST = 19,
	TAG_TREE = 20
};
#define TAG_MAY_IGNORE 0x80u

#define ENTRY_FLAGS_ALL      (ENTRY_CHANGED | ENTRY_SYNTHETIC | ENTRY_PARTIAL)
#define ENTRY_XATTR_NAME_MAX 255u
#define ENTRY_XATTR_LIST_MAX 65536u /* XATTR_LIST_MAX, XATTR_SIZE_MAX of the kernel */
#define ENTRY_PERM_BITS      07777u
#define ENTRY_NSEC           1000000000u

#define VAR_MAX 10

/* LEB128, as enc_var writes it; returns its length. */
static inline size_t entry_put_var(uint8_t *out, uint64_t v)
{
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		out[n++] = (uint8_t)(v | 0x80);
	out[n++] = (uint8_t)v;
	return n;
}

/* What is wrong with e by the rules of docs/format/tree.md, or NULL. */
const char *entry_check(const struct entry *e);
/* The extents say no more than their absence would. */
bool entry_extents_are_default(const struct entry *e);

/* Inode flags as FS_IOC_GETFLAGS numbers them; they are part of the format. */
enum inode_flag {
	INODE_SECRM = 0x1u,
	INODE_UNRM = 0x2u,
	INODE_COMPR = 0x4u,
	INODE_SYNC = 0x8u,
	INODE_IMMUTABLE = 0x10u,
	INODE_APPEND = 0x20u,
	INODE_NODUMP = 0x40u,
	INODE_NOATIME = 0x80u,
	INODE_NOCOMP = 0x400u,
	INODE_JOURNAL_DATA = 0x4000u,
	INODE_NOTAIL = 0x8000u,
	INODE_DIRSYNC = 0x10000u,
	INODE_TOPDIR = 0x20000u,
	INODE_NOCOW = 0x800000u,
	INODE_DAX = 0x2000000u,
	INODE_PROJINHERIT = 0x20000000u
};

#define XATTR_ACL_ACCESS  "system.posix_acl_access"
#define XATTR_ACL_DEFAULT "system.posix_acl_default"

/* A file by descriptor, or, with fd -1, by name. */
struct entry_at {
	int dirfd;
	const char *name;
	int fd;
};

static inline ssize_t entry_at_xattr_list(const struct entry_at *at, char *list, size_t len)
{
	return at->fd >= 0 ? vfs()->flistxattr(at->fd, list, len) : vfs()->llistxattr(at->dirfd, at->name, list, len);
}

static inline ssize_t entry_at_xattr_get(const struct entry_at *at, const char *attr, void *value, size_t len)
{
	return at->fd >= 0 ? vfs()->fgetxattr(at->fd, attr, value, len)
			   : vfs()->lgetxattr(at->dirfd, at->name, attr, value, len);
}

static inline int entry_at_xattr_set(const struct entry_at *at, const char *attr, const void *value, size_t len)
{
	return at->fd >= 0 ? vfs()->fsetxattr(at->fd, attr, value, len)
			   : vfs()->lsetxattr(at->dirfd, at->name, attr, value, len);
}

static inline int entry_at_xattr_remove(const struct entry_at *at, const char *attr)
{
	return at->fd >= 0 ? vfs()->fremovexattr(at->fd, attr) : vfs()->lremovexattr(at->dirfd, at->name, attr);
}

/* Is one that a file has and its entry has not too many? Others of security. and trusted. are labels that the system
 * gives by itself. */
bool entry_xattr_is_extra(const char *name);

/* All names of the file, each with its NUL; 0 or an errno. A file system without xattrs has none, and no failure;
 * has_xattrs (may be NULL) tells. */
int entry_at_xattr_names(const struct entry_at *at, struct buf *names, bool *has_xattrs);

/* Is it an xattr that entries keep? */
bool entry_xattr_is_kept(const char *name);

/* The errno of a file system or kind of file that has no inode flags. */
bool entry_flags_unsupported(int errnum);

#endif
