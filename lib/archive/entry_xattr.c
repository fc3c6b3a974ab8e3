/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of a file's xattrs, and which of them entries keep; for reading, setting and comparing alike. */
#include "archive/entry_internal.h"
#include <errno.h>

#define LIST_FIRST 1024u

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* Others of system. are views of what is kept elsewhere, or belong to things that are no files. */
bool entry_xattr_is_kept(const char *name)
{
	/* XFS shows each ACL under a second name too; elsewhere that would be an attribute that means nothing. */
	if (strcmp(name, "trusted.SGI_ACL_FILE") == 0 || strcmp(name, "trusted.SGI_ACL_DEFAULT") == 0)
		return false;
	if (begins(name, "user.") || begins(name, "trusted.") || begins(name, "security."))
		return true;
	return strcmp(name, XATTR_ACL_ACCESS) == 0 || strcmp(name, XATTR_ACL_DEFAULT) == 0 ||
		strcmp(name, "system.nfs4_acl") == 0 || strcmp(name, "btrfs.compression") == 0;
}

bool entry_xattr_is_extra(const char *name)
{
	return begins(name, "user.") || begins(name, "system.") || strcmp(name, "security.capability") == 0;
}

bool entry_flags_unsupported(int errnum)
{
	return errnum == EOPNOTSUPP || errnum == ENOTTY || errnum == EINVAL || errnum == ENOSYS;
}

/* The list may grow between two calls, so what is too small becomes larger until the kernel's own limit. */
static int list_large(const struct entry_at *at, struct buf *names)
{
	for (size_t len = 4u * LIST_FIRST; len <= ENTRY_XATTR_LIST_MAX; len *= 4) {
		uint8_t *p;
		ssize_t n;

		buf_reset(names);
		p = buf_extend(names, len);
		if (!p)
			return ENOMEM;
		n = entry_at_xattr_list(at, (char *)p, len);
		if (n >= 0) {
			names->len = (size_t)n;
			return 0;
		}
		if (errno != ERANGE)
			return errno;
	}
	return E2BIG;
}

int entry_at_xattr_names(const struct entry_at *at, struct buf *names, bool *has_xattrs)
{
	char first[LIST_FIRST];
	ssize_t n = entry_at_xattr_list(at, first, sizeof(first));
	int rc = n < 0 ? errno : 0;

	if (has_xattrs)
		*has_xattrs = rc != EOPNOTSUPP;
	if (n == 0 || rc == EOPNOTSUPP)
		return 0;
	if (rc == ERANGE)
		rc = list_large(at, names);
	else if (rc == 0 && buf_append(names, first, (size_t)n) < 0)
		rc = ENOMEM;
	/* Whatever the list says, it ends. */
	if (rc == 0 && buf_append(names, "", 1) < 0)
		rc = ENOMEM;
	return rc;
}
