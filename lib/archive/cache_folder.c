/* SPDX-License-Identifier: BSD-2-Clause */
/* The records of the writer's cache (cache.h): folders, read and written a slice at a time. Invariant: a record is
 * looked into only after its CRC was right, and even then nothing outside of it is read. */
#include "archive/cache_internal.h"
#include "archive/object.h"
#include <errno.h>

#define SIG_LEN    60u
#define CHILD_MIN  (1u + SIG_LEN + 1u + 8u + 1u)
#define CHILD_MAX  (2u + ENTRY_NAME_MAX + SIG_LEN + 1u + 8u + 4u + ENTRY_MAX)
#define SLICE_FULL (1u << 20)
#define RECORD_MAX (SLICE_FULL + CHILD_MAX + 64u)
#define HEAD_LEN   9u /* u32 length, u8 kind, u32 count */
#define WRITE_BUF  (1u << 20)
#define READ_FIRST 4096u

enum { KIND_SLICE = 1, KIND_LIST = 2 };

/* ---- reading ---- */

struct cache_slice {
	struct cache_slice *behind;
	uint8_t *data;
	uint32_t n;
	bool used;
	struct cache_child children[];
};

static void slice_free(struct cache_slice *s)
{
	if (s)
		free(s->data);
	free(s);
}

static void sig_decode(struct stat_sig *s, const uint8_t *p)
{
	s->size = get_le64(p);
	s->ino = get_le64(p + 8);
	s->mtime_sec = (int64_t)get_le64(p + 16);
	s->ctime_sec = (int64_t)get_le64(p + 24);
	s->mtime_nsec = get_le32(p + 32);
	s->ctime_nsec = get_le32(p + 36);
	s->mode = get_le32(p + 40);
	s->uid = get_le32(p + 44);
	s->gid = get_le32(p + 48);
	s->dev = get_le64(p + 52);
}

static void sig_encode(uint8_t *p, const struct stat_sig *s)
{
	put_le64(p, s->size);
	put_le64(p + 8, s->ino);
	put_le64(p + 16, (uint64_t)s->mtime_sec);
	put_le64(p + 24, (uint64_t)s->ctime_sec);
	put_le32(p + 32, s->mtime_nsec);
	put_le32(p + 36, s->ctime_nsec);
	put_le32(p + 40, s->mode);
	put_le32(p + 44, s->uid);
	put_le32(p + 48, s->gid);
	put_le64(p + 52, s->dev);
}

static void child_decode(struct cache_child *c, struct dec *r)
{
	size_t n;
	const uint8_t *p;

	c->name = dec_blob(r, ENTRY_NAME_MAX, &n);
	c->name_len = (uint32_t)n;
	p = dec_bytes(r, SIG_LEN + 1 + 8);
	if (p) {
		sig_decode(&c->sig, p);
		c->flags = p[SIG_LEN];
		c->record = get_le64(p + SIG_LEN + 1);
	}
	c->entry = dec_blob(r, ENTRY_MAX, &n);
	c->entry_len = (uint32_t)n;
}

/* The record's bytes from its length on. A small one, of a folder like most, is had with the first call. */
static int record_read(uint8_t **ret, size_t *len, const struct cache_reader *c, uint64_t record)
{
	AUTO_FREE uint8_t *data = NULL;
	uint8_t first[READ_FIRST];
	size_t n, got;

	if (record < CACHE_HEADER_LEN || record > c->size || c->size - record < HEAD_LEN + 8)
		return HZ_E_CORRUPT;
	got = c->size - record < READ_FIRST ? (size_t)(c->size - record) : READ_FIRST;
	if (vfs_pread_all(c->fd, first, got, record) < 0)
		return HZ_E_CORRUPT;
	n = (size_t)get_le32(first) + 12;
	if (n < HEAD_LEN + 8 || n > RECORD_MAX || n > c->size - record)
		return HZ_E_CORRUPT;
	data = malloc(n);
	if (!data)
		return HZ_E_NOMEM;
	if (got > n)
		got = n;
	memcpy(data, first, got);
	if (vfs_pread_all(c->fd, data + got, n - got, record + got) < 0 ||
		crc64_xz(0, data, n - 8) != get_le64(data + n - 8))
		return HZ_E_CORRUPT;
	*ret = TAKE(data);
	*len = n - 8;
	return 0;
}

/* Takes data when it is one. */
static int slice_decode(struct cache_slice **ret, uint8_t **data, size_t len)
{
	struct dec r = dec_of(*data + HEAD_LEN, len - HEAD_LEN);
	uint32_t n = get_le32(*data + 5);
	struct cache_slice *s;

	if ((*data)[4] != KIND_SLICE || n > (len - HEAD_LEN) / CHILD_MIN)
		return HZ_E_CORRUPT;
	s = malloc(sizeof(*s) + n * sizeof(s->children[0]));
	if (!s)
		return HZ_E_NOMEM;
	*s = (struct cache_slice){ .n = n };
	for (uint32_t i = 0; i < n && !r.bad; i++)
		child_decode(&s->children[i], &r);
	if (!dec_done(&r)) {
		free(s);
		return HZ_E_CORRUPT;
	}
	s->data = TAKE(*data);
	*ret = s;
	return 0;
}

/* The slice becomes the one in reading; the one before it is kept if anybody may borrow from it. */
static void slice_push(struct cache_folder *f, struct cache_slice *s)
{
	struct cache_slice *old = f->slice;

	if (old && !old->used) {
		s->behind = old->behind;
		slice_free(old);
		f->held--;
	} else {
		s->behind = old;
	}
	f->slice = s;
	f->held++;
	f->at = 0;
}

int cache_folder_open(struct cache_folder *f, const struct cache_reader *c, uint64_t record)
{
	AUTO_FREE uint8_t *data = NULL;
	struct cache_slice *s = NULL;
	size_t len;
	int rc;

	*f = (struct cache_folder){ .c = c };
	rc = record_read(&data, &len, c, record);
	if (rc < 0)
		return rc;
	if (data[4] == KIND_LIST && get_le32(data + 5) == (len - HEAD_LEN) / 8 && (len - HEAD_LEN) % 8 == 0) {
		f->n_list = get_le32(data + 5);
		f->list = TAKE(data);
		return 0;
	}
	rc = slice_decode(&s, &data, len);
	if (rc == 0)
		slice_push(f, s);
	return rc;
}

static bool next_slice(struct cache_folder *f)
{
	AUTO_FREE uint8_t *data = NULL;
	struct cache_slice *s = NULL;
	size_t len;

	if (f->failed || f->at_list == f->n_list)
		return false;
	if (record_read(&data, &len, f->c, get_le64(f->list + HEAD_LEN + (size_t)8 * f->at_list)) < 0 ||
		slice_decode(&s, &data, len) < 0) {
		f->failed = true;
		return false;
	}
	f->at_list++;
	slice_push(f, s);
	return true;
}

static const struct cache_child *peek(struct cache_folder *f)
{
	while (!f->slice || f->at == f->slice->n) {
		if (!next_slice(f))
			return NULL;
	}
	return &f->slice->children[f->at];
}

const struct cache_child *cache_folder_find(struct cache_folder *f, const char *name, size_t len)
{
	const struct cache_child *k;

	while ((k = peek(f))) {
		int r = memcmp(k->name, name, k->name_len < len ? k->name_len : len);

		if (r == 0)
			r = (k->name_len > len) - (k->name_len < len);
		if (r > 0)
			return NULL;
		f->at++;
		if (r == 0) {
			f->slice->used = true;
			return k;
		}
		f->gaps = true;
	}
	return NULL;
}

const struct cache_child *cache_folder_next(struct cache_folder *f)
{
	const struct cache_child *k = peek(f);

	if (k)
		f->at++;
	return k;
}

bool cache_folder_is_at_end(struct cache_folder *f)
{
	return !peek(f) && !f->failed;
}

static void free_behind(struct cache_folder *f)
{
	struct cache_slice *s = TAKE(f->slice->behind);

	while (s) {
		struct cache_slice *behind = s->behind;

		slice_free(s);
		f->held--;
		s = behind;
	}
}

void cache_folder_forget(struct cache_folder *f)
{
	if (!f->slice)
		return;
	free_behind(f);
	f->slice->used = false;
}

void cache_folder_close(struct cache_folder *f)
{
	if (f->slice)
		free_behind(f);
	slice_free(f->slice);
	free(f->list);
	*f = (struct cache_folder){ 0 };
}

/* ---- writing ---- */

static uint8_t *out_room(struct cache_out *o, size_t len)
{
	uint8_t *p = NULL;

	if (o->b.len > 0 || buf_append_zero(&o->b, HEAD_LEN) == 0)
		p = buf_extend(&o->b, len);
	if (p)
		o->n++;
	else
		o->bad = true;
	return p;
}

static uint8_t *put_var(uint8_t *p, uint32_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (uint8_t)(v | 0x80);
	*p++ = (uint8_t)v;
	return p;
}

static size_t var_len(uint32_t v)
{
	size_t n = 1;

	for (; v >= 0x80; v >>= 7)
		n++;
	return n;
}

void cache_out_add(struct cache_out *o, const struct cache_child *c)
{
	uint8_t *p = out_room(
		o, var_len(c->name_len) + c->name_len + SIG_LEN + 9 + var_len(c->entry_len) + c->entry_len);

	if (!p)
		return;
	p = put_var(p, c->name_len);
	memcpy(p, c->name, c->name_len);
	p += c->name_len;
	sig_encode(p, &c->sig);
	p[SIG_LEN] = c->flags;
	put_le64(p + SIG_LEN + 1, c->record);
	p = put_var(p + SIG_LEN + 9, c->entry_len);
	memcpy(p, c->entry, c->entry_len);
}

void cache_out_copy(struct cache_out *o, const struct cache_child *c)
{
	/* Shortest form only was read (dec_blob), so this is where its bytes begin. */
	const uint8_t *start = c->name - var_len(c->name_len);
	size_t len = (size_t)(c->entry + c->entry_len - start);
	uint8_t *p = out_room(o, len);

	if (p)
		memcpy(p, start, len);
}

bool cache_out_is_full(const struct cache_out *o)
{
	return o->b.len >= SLICE_FULL;
}

void cache_out_release(struct cache_out *o)
{
	buf_release(&o->b);
}

/* b: the record with room for its head. */
static uint64_t put_record(struct cache_writer *w, struct buf *b, uint8_t kind, uint32_t n, bool bad)
{
	uint8_t crc[8] = { 0 };
	uint64_t record;

	bad = bad || (b->len == 0 && buf_append_zero(b, HEAD_LEN) < 0);
	if (!bad) {
		put_le32(b->data, (uint32_t)b->len - 4);
		b->data[4] = kind;
		put_le32(b->data + 5, n);
		put_le64(crc, crc64_xz(0, b->data, b->len));
	}
	(void)pthread_mutex_lock(&w->lock);
	size_t start = w->b.len;

	if (!w->failed && (bad || buf_append(&w->b, b->data, b->len) < 0 || buf_append(&w->b, crc, 8) < 0))
		w->failed = ENOMEM;
	record = w->at + start;
	if (w->b.len >= WRITE_BUF)
		cache_flush(w);
	if (w->failed)
		record = 0;
	(void)pthread_mutex_unlock(&w->lock);
	return record;
}

static void add_place(struct cache_record *r, uint64_t place)
{
	uint8_t p[8];

	if (r->n++ == 0) {
		r->first = place;
		return;
	}
	/* The places of a list that no reader would take are not kept. */
	if (r->n == 2 && buf_append_zero(&r->list, HEAD_LEN) == 0) {
		put_le64(p, r->first);
		(void)buf_append(&r->list, p, 8);
	}
	put_le64(p, place);
	if (r->list.len < RECORD_MAX)
		(void)buf_append(&r->list, p, 8);
}

void cache_write_slice(struct cache_writer *w, struct cache_record *r, struct cache_out *o)
{
	if (o->n > 0 || o->bad)
		add_place(r, put_record(w, &o->b, KIND_SLICE, o->n, o->bad));
	buf_reset(&o->b);
	o->n = 0;
	o->bad = false;
}

uint64_t cache_write_folder(struct cache_writer *w, struct cache_record *r)
{
	uint64_t record = r->first;

	if (r->n == 0)
		record = put_record(w, &r->list, KIND_SLICE, 0, false);
	else if (r->n > 1 && r->list.len != HEAD_LEN + (size_t)8 * r->n)
		record = 0;
	else if (r->n > 1)
		record = put_record(w, &r->list, KIND_LIST, r->n, false);
	cache_record_release(r);
	return record;
}

void cache_record_release(struct cache_record *r)
{
	buf_release(&r->list);
	*r = (struct cache_record){ 0 };
}
