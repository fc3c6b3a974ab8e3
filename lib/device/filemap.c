/* SPDX-License-Identifier: BSD-2-Clause */
/* See filemap.h. */
#include "device/filemap.h"
#include "base/vfs.h"
#include "hozen/shred.h"
#include <errno.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <string.h>

#define AT_ONCE 128u
#define ANSWER  (sizeof(struct fiemap) + AT_ONCE * sizeof(struct fiemap_extent))

void filemap_release(struct filemap *m)
{
	free(m->at);
	m->at = NULL;
	m->n = m->cap = 0;
}

static int add(struct filemap *m, const struct fiemap_extent *e, hz_error **err)
{
	if (m->n == FILEMAP_MAX) {
		m->truncated = true;
		return 0;
	}
	if (m->n == m->cap) {
		size_t cap = m->cap ? 2 * m->cap : 16;
		struct file_extent *at = reallocarray(m->at, cap, sizeof(*at));

		if (!at)
			return err_nomem(err);
		m->at = at;
		m->cap = cap;
	}
	m->at[m->n++] = (struct file_extent){ e->fe_logical, e->fe_physical, e->fe_length };
	return 0;
}

static int take(struct filemap *m, const struct fiemap_extent *e, hz_error **err)
{
	if (e->fe_flags & FIEMAP_EXTENT_SHARED)
		m->missed |= HZ_MISSED_SHARED;
	if (e->fe_flags & (FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_DATA_TAIL))
		m->missed |= HZ_MISSED_INLINE;
	if (e->fe_flags & FIEMAP_EXTENT_ENCODED)
		m->missed |= HZ_MISSED_COW;
	/* Of an unwritten one nothing of the file is in its blocks; one without a place has none yet. */
	if (e->fe_flags &
		(FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_DELALLOC | FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_DATA_TAIL |
			FIEMAP_EXTENT_UNWRITTEN | FIEMAP_EXTENT_ENCODED))
		return 0;
	return add(m, e, err);
}

/* map: ANSWER bytes. */
static int read_all(struct filemap *m, int fd, struct fiemap *map, hz_error **err)
{
	uint64_t from = 0;
	int rc = 0;

	for (bool last = false; !last && rc == 0;) {
		memset(map, 0, ANSWER);
		map->fm_start = from;
		map->fm_length = FIEMAP_MAX_OFFSET - from;
		map->fm_extent_count = AT_ONCE;
		if (vfs()->ioctl(fd, FS_IOC_FIEMAP, map) < 0) {
			if (errno == EOPNOTSUPP || errno == ENOTTY || errno == EINVAL || errno == ENOSYS)
				return 0;
			return err_errno_as(err, HZ_E_IO, "where the file lies");
		}
		m->known = true;
		if (map->fm_mapped_extents == 0 || map->fm_mapped_extents > AT_ONCE)
			return 0;
		for (uint32_t i = 0; i < map->fm_mapped_extents && rc == 0; i++) {
			const struct fiemap_extent *e = &map->fm_extents[i];

			last = (e->fe_flags & FIEMAP_EXTENT_LAST) || e->fe_logical + e->fe_length <= from;
			from = e->fe_logical + e->fe_length;
			rc = take(m, e, err);
		}
	}
	return rc;
}

int filemap_read(struct filemap *m, int fd, hz_error **err)
{
	AUTO_FREE struct fiemap *map = malloc(ANSWER);

	return map ? read_all(m, fd, map, err) : err_nomem(err);
}

/* The extent of m that has the offset, searched from *i on. */
static const struct file_extent *with_offset(const struct filemap *m, uint64_t logical, size_t *i)
{
	while (*i < m->n && m->at[*i].logical + m->at[*i].len <= logical)
		(*i)++;
	return *i < m->n && m->at[*i].logical <= logical ? &m->at[*i] : NULL;
}

bool filemap_holds(const struct filemap *before, const struct filemap *after)
{
	size_t j = 0;

	for (size_t i = 0; i < before->n; i++) {
		const struct file_extent *b = &before->at[i];

		for (uint64_t at = b->logical; at < b->logical + b->len;) {
			const struct file_extent *a = with_offset(after, at, &j);

			if (!a)
				/* Not looked at is not moved; but then nobody may claim that it was looked at. */
				return false;
			if (a->physical - a->logical != b->physical - b->logical)
				return false;
			at = a->logical + a->len;
		}
	}
	return true;
}

uint32_t filemap_flags_missed(int fd)
{
	unsigned flags;

	return vfs()->getflags(fd, &flags) == 0 && (flags & FS_JOURNAL_DATA_FL) ? HZ_MISSED_JOURNAL : 0;
}
