/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filling packs (docs/format/pack.md). A frame's place is reserved under the lock, its bytes are encrypted outside of
 * it, straight into the pack's memory. The thread that takes the last reference of a closed pack finishes and puts it.
 * Metadata frames wait until there are enough for a pack of their own; what is left at the end goes into the last data
 * pack.
 */
#include "archive/pack.h"
#include <limits.h>
#include <pthread.h>
#include <string.h>

#define META_HOLD (2u << 20)
#define PAD_MIN   (TAG_LEN + 1u)

struct role_list {
	struct pack_frame *frames;
	uint32_t n, cap;
	struct frame_member *members;
	uint32_t n_members, cap_members;
};

struct open_pack {
	struct uid uid;
	uint64_t serial;
	uint8_t *stream;
	uint32_t used; /* end of the last frame */
	unsigned pending;
	bool closed;
	uint8_t key[3][KEY_LEN];
	struct role_list r[3];
	uint64_t raw_bytes;
};

struct held_frame {
	struct held_frame *next;
	uint8_t *data;
	size_t len;
	uint32_t raw_len;
	enum frame_method method;
	struct frame_member *m;
	size_t n;
};

/* A worker's cipher for the pack that it used last. */
struct worker_aead {
	uint64_t serial;
	struct aead *a[3];
};

struct packer {
	struct store *store;
	const struct repo_header *repo;
	const struct session *session;
	struct packer_hooks hooks;
	unsigned workers;
	struct worker_aead *w;
	pthread_mutex_t lock;     /* everything below */
	pthread_mutex_t put_lock; /* one pack at a time through the hooks */
	struct open_pack *open[3];
	uint64_t serial;
	uint8_t *spare; /* one stream buffer kept for the next pack */
	struct held_frame *held, **held_tail;
	size_t held_bytes;
	uint64_t stored;
};

void frame_nonce(uint8_t nonce[NONCE_LEN], enum pack_space space, uint64_t counter)
{
	memset(nonce, 0, NONCE_LEN);
	nonce[0] = (uint8_t)space;
	put_le64(nonce + 4, counter);
}

void frame_ad(uint8_t ad[FRAME_AD_LEN], unsigned suite, const struct uid *repo, const struct uid *writer,
	const struct uid *pack, enum pack_role role, enum pack_space space, uint64_t counter)
{
	ad[0] = OBJECT_PACK;
	ad[1] = (uint8_t)suite;
	memcpy(ad + 2, repo->b, UID_LEN);
	memcpy(ad + 2 + UID_LEN, writer->b, UID_LEN);
	memcpy(ad + 2 + 2 * UID_LEN, pack->b, UID_LEN);
	ad[2 + 3 * UID_LEN] = (uint8_t)role;
	ad[3 + 3 * UID_LEN] = (uint8_t)space;
	put_le64(ad + 4 + 3 * UID_LEN, counter);
}

static uint32_t full_blocks(const struct packer *p)
{
	return (1u << p->repo->pack_log2) / OBJECT_BLOCK;
}

static size_t full_stream(const struct packer *p)
{
	return (size_t)object_data_blocks(full_blocks(p)) * OBJECT_PAYLOAD;
}

int packer_new(struct packer **ret, struct store *st, const struct repo_header *repo, const struct session *s,
	unsigned workers, const struct packer_hooks *hooks, hz_error **err)
{
	struct packer *p = calloc(1, sizeof(*p));

	if (!p)
		return err_nomem(err);
	p->w = calloc(workers + 1u, sizeof(*p->w));
	if (!p->w) {
		free(p);
		return err_nomem(err);
	}
	p->store = st;
	p->repo = repo;
	p->session = s;
	p->workers = workers;
	p->hooks = *hooks;
	p->held_tail = &p->held;
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_mutex_init(&p->put_lock, NULL);
	*ret = p;
	return 0;
}

static void open_pack_free(struct open_pack *o)
{
	if (!o)
		return;
	for (int r = PACK_META; r <= PACK_DATA; r++) {
		free(o->r[r].frames);
		free(o->r[r].members);
	}
	free(o->stream);
	wipe(o->key, sizeof(o->key));
	free(o);
}

static void held_free(struct held_frame *h)
{
	free(h->data);
	free(h->m);
	free(h);
}

void packer_free(struct packer *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i <= p->workers; i++) {
		aead_free(p->w[i].a[PACK_META]);
		aead_free(p->w[i].a[PACK_DATA]);
	}
	free(p->w);
	open_pack_free(p->open[PACK_META]);
	open_pack_free(p->open[PACK_DATA]);
	while (p->held) {
		struct held_frame *h = p->held;

		p->held = h->next;
		held_free(h);
	}
	free(p->spare);
	(void)pthread_mutex_destroy(&p->lock);
	(void)pthread_mutex_destroy(&p->put_lock);
	free(p);
}

uint64_t packer_stored(const struct packer *p)
{
	return __atomic_load_n(&p->stored, __ATOMIC_RELAXED);
}

static uint64_t table_size(const struct role_list *r, uint64_t more_frames, uint64_t more_members)
{
	return PACK_TABLE_HEAD + (r->n + more_frames) * FRAME_ENTRY + (r->n_members + more_members) * MEMBER_ENTRY +
		TAG_LEN;
}

/* Payload stream that the pack would need with one more frame (len 0: without), the pad's own entry included. */
static uint64_t need(const struct open_pack *o, enum pack_role role, uint64_t len, uint64_t members)
{
	uint64_t n = o->used + (len ? len + TAG_LEN : 0);

	for (enum pack_role r = PACK_META; r <= PACK_DATA; r++) {
		bool here = r == role && len > 0;

		if (o->r[r].n || here || r == PACK_DATA)
			n += table_size(&o->r[r], (here ? 1u : 0u) + (r == PACK_DATA ? 1u : 0u), here ? members : 0);
	}
	return n;
}

static int pack_new(struct packer *p, struct open_pack **ret, hz_error **err)
{
	struct open_pack *o = calloc(1, sizeof(*o));
	int rc = 0;

	if (!o)
		return err_nomem(err);
	random_bytes(o->uid.b, UID_LEN);
	o->used = PACK_FRAMES;
	o->serial = ++p->serial;
	o->stream = p->spare ? TAKE(p->spare) : malloc(full_stream(p));
	if (!o->stream)
		rc = err_nomem(err);
	for (enum pack_role r = PACK_META; rc == 0 && r <= PACK_DATA; r++)
		rc = session_pack_key(o->key[r], p->repo->suite, p->session, r, &o->uid, err);
	if (rc < 0) {
		open_pack_free(o);
		return rc;
	}
	*ret = o;
	return 0;
}

static int list_add(
	struct role_list *r, const struct pack_frame *f, const struct frame_member *m, size_t n, hz_error **err)
{
	if (r->n == r->cap) {
		uint32_t cap = r->cap ? r->cap * 2 : 64;
		struct pack_frame *v = realloc(r->frames, cap * sizeof(*v));

		if (!v)
			return err_nomem(err);
		r->frames = v;
		r->cap = cap;
	}
	if (r->n_members + n > r->cap_members) {
		uint32_t cap = (r->cap_members ? r->cap_members * 2 : 256) + (uint32_t)n;
		struct frame_member *v = realloc(r->members, cap * sizeof(*v));

		if (!v)
			return err_nomem(err);
		r->members = v;
		r->cap_members = cap;
	}
	r->frames[r->n++] = *f;
	if (n)
		memcpy(&r->members[r->n_members], m, n * sizeof(*m));
	r->n_members += (uint32_t)n;
	return 0;
}

static int seal_into(uint8_t *out, struct aead *a, const struct packer *p, const struct uid *pack, enum pack_role role,
	enum pack_space space, uint64_t counter, const void *data, size_t len, hz_error **err)
{
	uint8_t nonce[NONCE_LEN], ad[FRAME_AD_LEN];

	frame_nonce(nonce, space, counter);
	frame_ad(ad, p->repo->suite, &p->repo->id, &p->session->writer, pack, role, space, counter);
	if (aead_seal(a, out, nonce, ad, sizeof(ad), data, len) < 0)
		return err_set(err, HZ_E_INTERNAL, "pack %s: cannot be encrypted", uid_hex(pack).s);
	return 0;
}

static int worker_cipher(struct aead **ret, struct packer *p, unsigned worker, const struct open_pack *o,
	enum pack_role role, hz_error **err)
{
	struct worker_aead *w = &p->w[worker];

	if (w->serial != o->serial) {
		aead_free(w->a[PACK_META]);
		aead_free(w->a[PACK_DATA]);
		w->a[PACK_META] = w->a[PACK_DATA] = NULL;
		w->serial = o->serial;
	}
	if (!w->a[role]) {
		int rc = aead_new(&w->a[role], p->repo->suite, o->key[role], err);

		if (rc < 0)
			return rc;
	}
	*ret = w->a[role];
	return 0;
}

/* ---- finishing ---- */

static int encode_table(struct buf *t, const struct packer *p, const struct role_list *r, hz_error **err)
{
	struct enc e = enc_to(t);

	enc_u16(&e, 1);
	enc_bytes(&e, p->session->writer.b, UID_LEN);
	enc_u32(&e, r->n);
	for (uint32_t i = 0; i < r->n; i++) {
		const struct pack_frame *f = &r->frames[i];

		enc_u32(&e, f->off);
		enc_u32(&e, f->stored);
		enc_u32(&e, f->raw);
		enc_u8(&e, f->method);
		enc_u16(&e, 0);
		enc_u32(&e, f->members);
	}
	for (uint32_t i = 0; i < r->n_members; i++) {
		enc_bytes(&e, r->members[i].id.b, ID_LEN);
		enc_u32(&e, r->members[i].len);
	}
	return e.bad ? err_nomem(err) : 0;
}

static int seal_table(
	struct packer *p, struct open_pack *o, enum pack_role role, uint32_t at, struct aead *a, hz_error **err)
{
	AUTO_IN(buf_release) struct buf t = BUF_INIT;
	uint8_t root[64] = { 0 };
	struct role_list *r = &o->r[role];
	int rc = 0;

	if (r->n) {
		rc = encode_table(&t, p, r, err);
		if (rc == 0)
			rc = seal_into(o->stream + at, a, p, &o->uid, role, SPACE_TABLE, 0, t.data, t.len, err);
		put_le32(root, at);
		put_le32(root + 4, (uint32_t)(t.len + TAG_LEN));
		put_le32(root + 8, r->n);
		put_le32(root + 12, r->n_members);
	}
	if (rc == 0)
		rc = seal_into(o->stream + (role == PACK_DATA ? 192 : 272), a, p, &o->uid, role, SPACE_ROOT, 0, root,
			sizeof(root), err);
	return rc;
}

/* Tables behind the frames, the pad to the end, roots and header in front. */
static int fill_rest(struct packer *p, struct open_pack *o, uint32_t blocks, hz_error **err)
{
	uint32_t end = object_data_blocks(blocks) * OBJECT_PAYLOAD, at[3], pos = o->used;
	struct aead *a[3] = { NULL };
	uint32_t pad_at, left;
	int rc = 0;

	for (enum pack_role r = PACK_META; rc == 0 && r <= PACK_DATA; r++)
		rc = aead_new(&a[r], p->repo->suite, o->key[r], err);
	at[PACK_META] = pos;
	if (o->r[PACK_META].n)
		pos += (uint32_t)table_size(&o->r[PACK_META], 0, 0);
	at[PACK_DATA] = pos;
	/* With the pad's entry the table is a frame entry longer; without room for a pad the rest is zero. */
	pad_at = pos + (uint32_t)table_size(&o->r[PACK_DATA], 1, 0);
	left = end - pad_at;
	if (rc == 0 && left >= PAD_MIN) {
		struct pack_frame pad = { .off = pad_at, .stored = left, .raw = left - TAG_LEN, .method = METHOD_PAD };

		rc = list_add(&o->r[PACK_DATA], &pad, NULL, 0, err);
		memset(o->stream + pad_at, 0, left);
		if (rc == 0)
			rc = seal_into(o->stream + pad_at, a[PACK_DATA], p, &o->uid, PACK_DATA, SPACE_FRAME,
				o->r[PACK_DATA].n - 1, o->stream + pad_at, left - TAG_LEN, err);
	} else {
		/* Without any frame of data there is no data table either. */
		uint32_t from = o->r[PACK_DATA].n ? pad_at - FRAME_ENTRY : pos;

		memset(o->stream + from, 0, end - from);
	}
	for (enum pack_role r = PACK_META; rc == 0 && r <= PACK_DATA; r++)
		rc = seal_table(p, o, r, at[r], a[r], err);
	aead_free(a[PACK_META]);
	aead_free(a[PACK_DATA]);
	return rc;
}

static void fill_head(const struct packer *p, struct open_pack *o, uint32_t blocks, const struct name *name)
{
	struct object_header h = { .type = OBJECT_PACK,
		.suite = (uint8_t)p->repo->suite,
		.blocks = blocks,
		.repo = p->repo->id,
		.length = (uint64_t)object_data_blocks(blocks) * OBJECT_PAYLOAD - OBJECT_HEADER };

	memcpy(h.name, name->s, strnlen(name->s, OBJECT_NAME_MAX));
	object_header_encode(o->stream, &h);
	memcpy(o->stream + 128, o->uid.b, UID_LEN);
	memcpy(o->stream + 144, p->session->id.b, UID_LEN);
	memcpy(o->stream + 160, p->session->writer.b, UID_LEN);
	memset(o->stream + 176, 0, 16);
}

static int put_pack(struct packer *p, struct pack_done *done, const struct name *name, const struct iovec *iov,
	size_t n, hz_error **err)
{
	int rc;

	(void)pthread_mutex_lock(&p->put_lock);
	rc = p->hooks.before_put(p->hooks.user, done, err);
	(void)pthread_mutex_unlock(&p->put_lock);
	if (rc == 0)
		rc = store_put(p->store, name->s, iov, n, err);
	if (rc < 0)
		return rc;
	(void)__atomic_add_fetch(&p->stored, done->size, __ATOMIC_RELAXED);
	(void)pthread_mutex_lock(&p->put_lock);
	rc = p->hooks.after_put(p->hooks.user, done, err);
	(void)pthread_mutex_unlock(&p->put_lock);
	return rc;
}

static int protect_and_put(struct packer *p, struct open_pack *o, uint32_t blocks, hz_error **err)
{
	struct name name = name_pack(&o->uid);
	size_t parity = (size_t)(blocks - object_data_blocks(blocks)) * OBJECT_PAYLOAD;
	AUTO_FREE uint8_t *extra = malloc(parity + (size_t)blocks * 8);
	AUTO_FREE struct iovec *iov = malloc((size_t)blocks * 2 * sizeof(*iov));
	size_t n_ids = (size_t)o->r[PACK_META].n_members + o->r[PACK_DATA].n_members;
	AUTO_FREE struct id *ids = malloc((n_ids + 1) * sizeof(*ids));
	struct pack_done done = {
		.uid = o->uid, .size = blocks * OBJECT_BLOCK, .ids = ids, .n_ids = n_ids, .raw_bytes = o->raw_bytes
	};

	if (!extra || !iov || !ids)
		return err_nomem(err);
	n_ids = 0;
	for (enum pack_role r = PACK_META; r <= PACK_DATA; r++) {
		for (uint32_t i = 0; i < o->r[r].n_members; i++)
			ids[n_ids++] = o->r[r].members[i].id;
	}
	object_protect(name.s, blocks, o->stream, extra, extra + parity);
	object_iov(iov, blocks, o->stream, extra, extra + parity);
	done.hash = suite_hash1(p->repo->suite, extra + parity, (size_t)blocks * 8);
	return put_pack(p, &done, &name, iov, (size_t)blocks * 2, err);
}

/* Consumes o. */
static int finish_pack(struct packer *p, struct open_pack *o, hz_error **err)
{
	uint32_t blocks = object_blocks_padded(need(o, PACK_DATA, 0, 0));
	struct name name = name_pack(&o->uid);
	int rc = fill_rest(p, o, blocks, err);

	if (rc == 0) {
		fill_head(p, o, blocks, &name);
		if (p->store)
			rc = protect_and_put(p, o, blocks, err);
		else
			(void)__atomic_add_fetch(&p->stored, (uint64_t)blocks * OBJECT_BLOCK, __ATOMIC_RELAXED);
	}
	(void)pthread_mutex_lock(&p->lock);
	if (!p->spare)
		p->spare = TAKE(o->stream);
	(void)pthread_mutex_unlock(&p->lock);
	open_pack_free(o);
	return rc;
}

/* ---- adding ---- */

/* With the lock held: the open pack of the role with room for the frame. A full one is closed, and handed out in *full
 * when nobody works on it any more. */
static int reserve(struct packer *p, struct open_pack **ret, struct open_pack **full, enum pack_role place,
	enum pack_role role, const struct pack_frame *f, const struct frame_member *m, size_t n, uint32_t *index,
	hz_error **err)
{
	struct open_pack *o = p->open[place];
	struct pack_frame frame = *f;
	int rc = 0;

	*full = NULL;
	if (o && need(o, role, f->stored - TAG_LEN, n) > full_stream(p)) {
		o->closed = true;
		p->open[place] = NULL;
		if (o->pending == 0)
			*full = o;
		o = NULL;
	}
	if (!o) {
		rc = pack_new(p, &o, err);
		if (rc < 0)
			return rc;
		p->open[place] = o;
		if (need(o, role, f->stored - TAG_LEN, n) > full_stream(p))
			return err_set(err, HZ_E_INTERNAL, "a frame of %u bytes does not fit a pack", f->stored);
	}
	frame.off = o->used;
	rc = list_add(&o->r[role], &frame, m, n, err);
	if (rc < 0)
		return rc;
	*index = o->r[role].n - 1;
	o->used += f->stored;
	o->raw_bytes += f->raw;
	o->pending++;
	*ret = o;
	return 0;
}

static int add_to(struct packer *p, unsigned worker, enum pack_role place, enum pack_role role,
	enum frame_method method, const void *data, size_t len, uint32_t raw_len, const struct frame_member *m,
	size_t n, hz_error **err)
{
	struct pack_frame f = {
		.stored = (uint32_t)(len + TAG_LEN), .raw = raw_len, .method = (uint8_t)method, .members = (uint32_t)n
	};
	struct open_pack *o = NULL, *full = NULL, *done = NULL;
	struct aead *a = NULL;
	uint32_t index = 0;
	int rc;

	(void)pthread_mutex_lock(&p->lock);
	rc = reserve(p, &o, &full, place, role, &f, m, n, &index, err);
	uint8_t *at = rc == 0 ? o->stream + o->r[role].frames[index].off : NULL;

	(void)pthread_mutex_unlock(&p->lock);
	if (full) {
		int rc2 = finish_pack(p, full, err);

		rc = rc < 0 ? rc : rc2;
	}
	if (!o)
		return rc;
	if (rc == 0)
		rc = worker_cipher(&a, p, worker, o, role, err);
	if (rc == 0)
		rc = seal_into(at, a, p, &o->uid, role, SPACE_FRAME, index, data, len, err);
	(void)pthread_mutex_lock(&p->lock);
	if (--o->pending == 0 && o->closed)
		done = o;
	(void)pthread_mutex_unlock(&p->lock);
	if (done && rc == 0)
		return finish_pack(p, done, err);
	open_pack_free(done);
	return rc;
}

static int hold(struct packer *p, enum frame_method method, const void *data, size_t len, uint32_t raw_len,
	const struct frame_member *m, size_t n, hz_error **err)
{
	struct held_frame *h = calloc(1, sizeof(*h));

	if (!h)
		return err_nomem(err);
	h->data = malloc(len ? len : 1);
	h->m = malloc((n + 1) * sizeof(*m));
	if (!h->data || !h->m) {
		held_free(h);
		return err_nomem(err);
	}
	memcpy(h->data, data, len);
	memcpy(h->m, m, n * sizeof(*m));
	h->len = len;
	h->raw_len = raw_len;
	h->method = method;
	h->n = n;
	*p->held_tail = h;
	p->held_tail = &h->next;
	p->held_bytes += len + n * MEMBER_ENTRY;
	return 0;
}

static int release_held(
	struct packer *p, unsigned worker, struct held_frame *list, enum pack_role place, hz_error **err)
{
	int rc = 0;

	while (list) {
		struct held_frame *h = list;

		list = h->next;
		if (rc == 0)
			rc = add_to(
				p, worker, place, PACK_META, h->method, h->data, h->len, h->raw_len, h->m, h->n, err);
		held_free(h);
	}
	return rc;
}

int packer_add(struct packer *p, unsigned worker, enum pack_role role, enum frame_method method, const void *data,
	size_t len, uint32_t raw_len, const struct frame_member *m, size_t n, hz_error **err)
{
	struct held_frame *list = NULL;
	int rc;

	if (role == PACK_DATA)
		return add_to(p, worker, PACK_DATA, PACK_DATA, method, data, len, raw_len, m, n, err);
	(void)pthread_mutex_lock(&p->lock);
	rc = hold(p, method, data, len, raw_len, m, n, err);
	if (rc == 0 && p->held_bytes > META_HOLD) {
		list = TAKE(p->held);
		p->held_tail = &p->held;
		p->held_bytes = 0;
	}
	(void)pthread_mutex_unlock(&p->lock);
	return rc < 0 ? rc : release_held(p, worker, list, PACK_META, err);
}

int packer_finish(struct packer *p, hz_error **err)
{
	enum pack_role place = p->open[PACK_META] ? PACK_META : PACK_DATA;
	struct held_frame *list = TAKE(p->held);
	int rc;

	p->held_tail = &p->held;
	p->held_bytes = 0;
	rc = release_held(p, p->workers, list, place, err);
	for (enum pack_role r = PACK_META; r <= PACK_DATA; r++) {
		struct open_pack *o = TAKE(p->open[r]);

		if (rc == 0 && o)
			rc = finish_pack(p, o, err);
		else
			open_pack_free(o);
	}
	return rc;
}
