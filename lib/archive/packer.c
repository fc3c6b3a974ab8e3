/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filling packs (docs/format/pack.md). A frame's place is reserved under the lock, its bytes are encrypted outside of
 * it, straight into the pack's memory. The thread that takes the last reference of a closed pack hands it over to be
 * finished and put (packer_put.c); a pack is closed only when there is room for one more under way, and who finds it
 * full waits for that, holding nothing. Metadata frames wait until there are enough for a pack of their own; what is
 * left at the end goes into the last data pack.
 */
#include "archive/packer_internal.h"
#include <limits.h>
#include <string.h>

#define META_HOLD (2u << 20)

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

/* Is there room for the frame and its members? */
static bool fits(const struct packer *p, const struct open_pack *o, enum pack_role role, const struct pack_frame *f)
{
	return open_pack_need(o, role, f->stored - TAG_LEN, f->members) <= full_stream(p) &&
		o->r[PACK_META].n_members + o->r[PACK_DATA].n_members + f->members <= PACK_MEMBERS_MAX;
}

int packer_new(struct packer **ret, struct store *st, const struct repo_header *repo, const struct session *s,
	unsigned workers, unsigned puts, const struct packer_hooks *hooks, hz_error **err)
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
	packer_puts_begin(p, puts);
	*ret = p;
	return 0;
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
	packer_puts_end(p);
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
	open_pack_free(p->spare);
	(void)pthread_mutex_destroy(&p->lock);
	(void)pthread_mutex_destroy(&p->put_lock);
	free(p);
}

uint64_t packer_stored(const struct packer *p)
{
	return __atomic_load_n(&p->stored, __ATOMIC_RELAXED);
}

static int pack_new(struct packer *p, struct open_pack **ret, enum pack_role place, hz_error **err)
{
	struct open_pack *o = place == PACK_DATA && p->spare ? TAKE(p->spare) : calloc(1, sizeof(*o));
	int rc = 0;

	if (!o)
		return err_nomem(err);
	random_bytes(o->uid.b, UID_LEN);
	o->packer = p;
	o->place = place;
	o->used = PACK_FRAMES;
	o->serial = ++p->serial;
	if (!o->stream)
		o->stream = malloc(full_stream(p));
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

/* ---- adding ---- */

/* With the lock held: closes the open pack of the role if the frame does not fit any more; *full is set when nobody
 * works on it. Others may go on with it while this thread waits until it may be closed. */
static int make_room(struct packer *p, struct open_pack **full, enum pack_role place, enum pack_role role,
	const struct pack_frame *f, hz_error **err)
{
	struct open_pack *o;

	while ((o = p->open[place]) && !fits(p, o, role, f)) {
		if (p->under_way >= p->puts) {
			int rc = packer_wait(p, p->puts - 1, err);

			/* Others were at work: whatever is open now has to be looked at. */
			if (rc < 0)
				return rc;
			continue;
		}
		o->closed = true;
		p->open[place] = NULL;
		p->under_way++;
		if (o->pending == 0)
			*full = o;
	}
	return 0;
}

/* With the lock held, which is given up while there is no room: a place for the frame in the open pack of the role. */
static int reserve(struct packer *p, struct open_pack **ret, struct open_pack **full, enum pack_role place,
	enum pack_role role, const struct pack_frame *f, const struct frame_member *m, size_t n, uint32_t *index,
	hz_error **err)
{
	struct pack_frame frame = *f;
	struct open_pack *o;
	int rc = packer_wait(p, UINT_MAX, err);

	if (rc == 0)
		rc = make_room(p, full, place, role, f, err);
	if (rc < 0)
		return rc;
	o = p->open[place];
	if (!o) {
		rc = pack_new(p, &o, place, err);
		if (rc < 0)
			return rc;
		p->open[place] = o;
		if (!fits(p, o, role, f))
			return err_set(err, HZ_E_INTERNAL, "a frame of %u bytes does not fit a pack", f->stored);
	}
	frame.off = o->used;
	rc = role_list_add(&o->r[role], &frame, m, n, err);
	if (rc < 0)
		return rc;
	*index = o->r[role].n - 1;
	o->used += f->stored;
	o->raw_bytes += f->raw;
	o->pending++;
	*ret = o;
	return 0;
}

/* Whatever went wrong before, what is counted as under way must come to an end. */
static int hand_over(struct packer *p, struct open_pack *o, int before, hz_error **err)
{
	int rc = packer_hand_over(p, o, err);

	return before < 0 ? before : rc;
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
	if (o) {
		/* First of all, and whatever else fails: what was reserved must not be put as it is. */
		rc = worker_cipher(&a, p, worker, o, role, err);
		if (rc == 0)
			rc = packer_seal(at, a, p, &o->uid, role, SPACE_FRAME, index, data, len, err);
		(void)pthread_mutex_lock(&p->lock);
		o->failed = o->failed || rc < 0;
		if (--o->pending == 0 && o->closed)
			done = o;
		(void)pthread_mutex_unlock(&p->lock);
	}
	if (full)
		rc = hand_over(p, full, rc, err);
	if (done)
		rc = hand_over(p, done, rc, err);
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
	rc = packer_wait(p, UINT_MAX, err);
	if (rc == 0)
		rc = hold(p, method, data, len, raw_len, m, n, err);
	if (rc == 0 && p->held_bytes > META_HOLD) {
		list = TAKE(p->held);
		p->held_tail = &p->held;
		p->held_bytes = 0;
	}
	(void)pthread_mutex_unlock(&p->lock);
	return rc < 0 ? rc : release_held(p, worker, list, PACK_META, err);
}

/* The last pack of a role, as full as it is. */
static int end_open(struct packer *p, enum pack_role role, int rc, hz_error **err)
{
	struct open_pack *o = TAKE(p->open[role]);

	if (!o || rc < 0) {
		open_pack_free(o);
		return rc;
	}
	(void)pthread_mutex_lock(&p->lock);
	rc = packer_wait(p, p->puts - 1, err);
	if (rc == 0)
		p->under_way++;
	(void)pthread_mutex_unlock(&p->lock);
	if (rc == 0)
		return packer_hand_over(p, o, err);
	open_pack_free(o);
	return rc;
}

int packer_finish(struct packer *p, hz_error **err)
{
	enum pack_role place = p->open[PACK_META] ? PACK_META : PACK_DATA;
	struct held_frame *list = TAKE(p->held);
	int rc, rc2;

	p->held_tail = &p->held;
	p->held_bytes = 0;
	rc = release_held(p, p->workers, list, place, err);
	for (enum pack_role r = PACK_META; r <= PACK_DATA; r++)
		rc = end_open(p, r, rc, err);
	rc2 = packer_wait_all(p, err);
	return rc < 0 ? rc : rc2;
}
