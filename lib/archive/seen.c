/* SPDX-License-Identifier: BSD-2-Clause */
/* The cache of commits that were verified before: see seen.h. */
#include "archive/seen.h"
#include "archive/object.h"
#include "base/newfile.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define SEEN_FILE "commits"
#define SEEN_MAX  ((size_t)256 << 20)

static int cmp_seen(const void *a, const void *b)
{
	const struct seen_commit *x = a, *y = b;
	int c = uid_cmp(&x->session, &y->session);

	return c ? c : (x->attempt > y->attempt) - (x->attempt < y->attempt);
}

void seen_release(struct seen *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].parents);
	free(s->v);
	*s = (struct seen){ 0 };
}

int seen_add(struct seen *s, const struct seen_commit *c)
{
	struct seen_commit n = *c;

	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 64;
		struct seen_commit *v = realloc(s->v, cap * sizeof(*v));

		if (!v)
			return -1;
		s->v = v;
		s->cap = cap;
	}
	n.parents = malloc((c->n_parents + 1u) * ID_LEN);
	if (!n.parents)
		return -1;
	memcpy(n.parents, c->parents ? c->parents->b : (const uint8_t *)"", c->n_parents * ID_LEN);
	s->v[s->n++] = n;
	return 0;
}

const struct seen_commit *seen_find(const struct seen *s, const struct uid *session, unsigned attempt)
{
	struct seen_commit key = { .session = *session, .attempt = attempt };

	return s->sorted ? bsearch(&key, s->v, s->sorted, sizeof(key), cmp_seen) : NULL;
}

static int decode(struct seen *s, struct dec *d)
{
	while (dec_left(d) > 0) {
		struct seen_commit c;

		dec_copy(d, c.session.b, UID_LEN);
		c.attempt = dec_u32(d);
		c.kind = dec_u8(d);
		dec_copy(d, c.hash.b, ID_LEN);
		c.number = dec_u64(d);
		c.n_parents = dec_u8(d);
		c.parents = (struct id *)(uintptr_t)dec_bytes(d, c.n_parents * ID_LEN);
		if (d->bad)
			break;
		if (seen_add(s, &c) < 0)
			return HZ_E_NOMEM;
	}
	return 0;
}

static int folder(char **path, const char *cache_dir, const struct uid *writer)
{
	return asprintf(path, "%s/%s", cache_dir, uid_hex(writer).s) < 0 ? -1 : 0;
}

int seen_load(struct seen *s, const char *cache_dir, const struct uid *writer)
{
	AUTO_FREE uint8_t *data = NULL;
	AUTO_FREE char *path = NULL;
	AUTO_FD int fd = -1;
	size_t len = 0;
	int rc = 0;

	*s = (struct seen){ 0 };
	if (folder(&path, cache_dir, writer) < 0)
		return HZ_E_NOMEM;
	fd = vfs()->openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0 || vfs_read_file(&data, &len, fd, SEEN_FILE, SEEN_MAX, true, NULL) < 0)
		return 0;
	if (len >= 8 && crc64_xz(0, data, len - 8) == get_le64(data + len - 8)) {
		struct dec d = dec_of(data, len - 8);

		rc = decode(s, &d);
	}
	if (s->n > 1)
		qsort(s->v, s->n, sizeof(*s->v), cmp_seen);
	s->sorted = s->n;
	return rc;
}

void seen_save(struct seen *s, const char *cache_dir, const struct uid *writer)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	AUTO_FREE char *path = NULL;
	AUTO_FD int fd = -1;
	struct enc e = enc_to(&b);

	if (folder(&path, cache_dir, writer) < 0 || vfs_mkdirs(&fd, path, 0700, NULL) < 0)
		return;
	for (size_t i = 0; i < s->n; i++) {
		const struct seen_commit *c = &s->v[i];

		enc_bytes(&e, c->session.b, UID_LEN);
		enc_u32(&e, c->attempt);
		enc_u8(&e, c->kind);
		enc_bytes(&e, c->hash.b, ID_LEN);
		enc_u64(&e, c->number);
		enc_u8(&e, (uint8_t)c->n_parents);
		enc_bytes(&e, c->parents, c->n_parents * ID_LEN);
	}
	enc_u64(&e, crc64_xz(0, b.data, b.len));
	if (!e.bad)
		(void)newfile_put(fd, SEEN_FILE, b.data, b.len, 0600, NEWFILE_REPLACE, NULL);
}
