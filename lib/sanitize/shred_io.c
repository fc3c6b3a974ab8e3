/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing the stream into a file and finding it again. */
#include "base/vfs.h"
#include "sanitize/shred.h"
#include <errno.h>
#include <string.h>

static uint64_t up(uint64_t n, uint64_t unit)
{
	return (n + unit - 1) / unit * unit;
}

uint64_t shred_base(struct shred *s, uint64_t len)
{
	uint64_t base = s->base;

	s->base += up(len, SHRED_PIECE);
	return base;
}

/* Made in whole blocks, for a stream is; the rest of the last one is not used. */
static int make(struct shred *s, uint8_t *out, size_t len, uint64_t at, hz_error **err)
{
	return filler_make(s->filler, out, up(len, SHRED_BLOCK), at) < 0
		? err_set(err, HZ_E_INTERNAL, "the data to write could not be made")
		: 0;
}

int shred_overwrite(struct shred *s, int fd, uint64_t off, uint64_t len, uint64_t base, hz_error **err)
{
	for (uint64_t at = 0; at < len;) {
		const size_t n = len - at < SHRED_PIECE ? (size_t)(len - at) : SHRED_PIECE;
		const struct iovec iov = { s->buf, n };
		int rc = make(s, s->buf, n, base + off + at, err);

		if (rc == 0 && vfs_pwritev_all(fd, &iov, 1, off + at) < 0)
			rc = err_errno(err, "write at %llu", (unsigned long long)(off + at));
		at += n;
		s->p.bytes_done += n;
		if (rc == 0)
			rc = shred_tick(s, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* A direct read that is refused is tried once more through the cache, which is said. */
static int read_piece(struct shred *s, int fd, size_t len, uint64_t off, bool *cached, hz_error **err)
{
	if (!*cached && vfs_pread_all(fd, s->buf, len, off) == 0)
		return 0;
	if (!*cached && errno != EINVAL)
		return err_errno(err, "read at %llu", (unsigned long long)off);
	*cached = true;
	(void)vfs()->past_cache(fd, false);
	return vfs_pread_all(fd, s->buf, len, off) < 0 ? err_errno(err, "read at %llu", (unsigned long long)off) : 0;
}

int shred_compare(struct shred *s, int fd, uint64_t off, uint64_t len, uint64_t base, bool *cached, hz_error **err)
{
	for (uint64_t at = 0; at < len;) {
		const size_t n = len - at < SHRED_PIECE ? (size_t)(len - at) : SHRED_PIECE;
		int rc = read_piece(s, fd, n, off + at, cached, err);

		if (rc == 0)
			rc = make(s, s->expect, n, base + off + at, err);
		if (rc == 0 && memcmp(s->buf, s->expect, n) != 0)
			return 1;
		at += n;
		s->p.bytes_done += n;
		if (rc == 0)
			rc = shred_tick(s, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}
