/* SPDX-License-Identifier: BSD-2-Clause */
/* Finishing a pack (docs/format/pack.md): tables behind the frames, the pad to the end, roots and header in front,
 * checksums and parity, then journal, put, index. */
#include "archive/packer_internal.h"
#include <string.h>

#define PAD_MIN  (TAG_LEN + 1u)
#define IDS_MANY (64u << 10) /* what is made of them when the pack is put takes megabytes */

void open_pack_free(struct open_pack *o)
{
	if (!o)
		return;
	for (int r = PACK_META; r <= PACK_DATA; r++) {
		free(o->r[r].frames);
		free(o->r[r].ids);
		free(o->r[r].lens);
	}
	free(o->stream);
	wipe(o->key, sizeof(o->key));
	free(o);
}

void open_pack_reset(struct open_pack *o)
{
	struct open_pack kept = { .stream = o->stream };

	for (enum pack_role r = PACK_META; r <= PACK_DATA; r++) {
		kept.r[r] = o->r[r];
		kept.r[r].n = kept.r[r].n_members = 0;
	}
	wipe(o->key, sizeof(o->key));
	*o = kept;
}

static uint64_t table_size(const struct role_list *r, uint64_t more_frames, uint64_t more_members)
{
	return PACK_TABLE_HEAD + (r->n + more_frames) * FRAME_ENTRY + (r->n_members + more_members) * MEMBER_ENTRY +
		TAG_LEN;
}

uint64_t open_pack_need(const struct open_pack *o, enum pack_role role, uint64_t len, uint64_t members)
{
	uint64_t n = o->used + (len ? len + TAG_LEN : 0);

	for (enum pack_role r = PACK_META; r <= PACK_DATA; r++) {
		bool here = r == role && len > 0;

		if (o->r[r].n || here || r == PACK_DATA)
			n += table_size(&o->r[r], (here ? 1u : 0u) + (r == PACK_DATA ? 1u : 0u), here ? members : 0);
	}
	return n;
}

static int members_reserve(struct role_list *r, size_t n, hz_error **err)
{
	uint32_t cap = r->cap_members + r->cap_members / 4 + (uint32_t)n + 256;
	struct id *ids;
	uint32_t *lens;

	if (r->n_members + n <= r->cap_members)
		return 0;
	ids = realloc(r->ids, cap * sizeof(*ids));
	if (!ids)
		return err_nomem(err);
	r->ids = ids;
	lens = realloc(r->lens, cap * sizeof(*lens));
	if (!lens)
		return err_nomem(err);
	r->lens = lens;
	r->cap_members = cap;
	return 0;
}

int role_list_add(
	struct role_list *r, const struct pack_frame *f, const struct frame_member *m, size_t n, hz_error **err)
{
	int rc = members_reserve(r, n, err);

	if (rc < 0)
		return rc;
	if (r->n == r->cap) {
		uint32_t cap = r->cap ? r->cap * 2 : 64;
		struct pack_frame *v = realloc(r->frames, cap * sizeof(*v));

		if (!v)
			return err_nomem(err);
		r->frames = v;
		r->cap = cap;
	}
	r->frames[r->n++] = *f;
	for (size_t i = 0; i < n; i++, r->n_members++) {
		r->ids[r->n_members] = m[i].id;
		r->lens[r->n_members] = m[i].len;
	}
	return 0;
}

int packer_seal(uint8_t *out, struct aead *a, const struct packer *p, const struct uid *pack, enum pack_role role,
	enum pack_space space, uint64_t counter, const void *data, size_t len, hz_error **err)
{
	uint8_t nonce[NONCE_LEN], ad[FRAME_AD_LEN];

	frame_nonce(nonce, space, counter);
	frame_ad(ad, p->repo->suite, &p->repo->id, &p->session->writer, pack, role, space, counter);
	if (aead_seal(a, out, nonce, ad, sizeof(ad), data, len) < 0)
		return err_set(err, HZ_E_INTERNAL, "pack %s: cannot be encrypted", uid_hex(pack).s);
	return 0;
}

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
		enc_bytes(&e, r->ids[i].b, ID_LEN);
		enc_u32(&e, r->lens[i]);
	}
	return e.bad ? err_set(err, HZ_E_INTERNAL, "a pack's table is longer than it should be") : 0;
}

/* Put together and encrypted where it belongs: of very small chunks a table takes half of the pack. */
static int seal_table(
	struct packer *p, struct open_pack *o, enum pack_role role, uint32_t at, struct aead *a, hz_error **err)
{
	struct role_list *r = &o->r[role];
	size_t room = (size_t)table_size(r, 0, 0) - TAG_LEN;
	/* Borrowed: with no room beyond it is never moved. */
	struct buf t = { .data = o->stream + at, .cap = room, .max = room };
	uint8_t root[64] = { 0 };
	int rc = 0;

	if (r->n) {
		rc = encode_table(&t, p, r, err);
		if (rc == 0)
			rc = packer_seal(t.data, a, p, &o->uid, role, SPACE_TABLE, 0, t.data, t.len, err);
		put_le32(root, at);
		put_le32(root + 4, (uint32_t)(t.len + TAG_LEN));
		put_le32(root + 8, r->n);
		put_le32(root + 12, r->n_members);
	}
	if (rc == 0)
		rc = packer_seal(o->stream + (role == PACK_DATA ? 192 : 272), a, p, &o->uid, role, SPACE_ROOT, 0, root,
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

		rc = role_list_add(&o->r[PACK_DATA], &pad, NULL, 0, err);
		memset(o->stream + pad_at, 0, left);
		if (rc == 0)
			rc = packer_seal(o->stream + pad_at, a[PACK_DATA], p, &o->uid, PACK_DATA, SPACE_FRAME,
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

static int put_pack(struct packer *p, struct open_pack *o, struct pack_done *done, const struct name *name,
	const struct iovec *iov, size_t n, hz_error **err)
{
	int rc;

	(void)pthread_mutex_lock(&p->put_lock);
	/* While this one waited or was finished another may have failed. */
	rc = packer_failed(p);
	if (rc == 0)
		rc = p->hooks.before_put(p->hooks.user, done, err);
	(void)pthread_mutex_unlock(&p->put_lock);
	if (rc == 0)
		rc = packer_failed(p);
	if (rc == 0)
		rc = store_put(p->store, name->s, iov, n, err);
	if (rc < 0)
		return rc;
	(void)__atomic_add_fetch(&p->stored, done->size, __ATOMIC_RELAXED);
	if (done->n_ids > IDS_MANY)
		free(TAKE(o->stream));
	(void)pthread_mutex_lock(&p->put_lock);
	rc = p->hooks.after_put(p->hooks.user, done, err);
	(void)pthread_mutex_unlock(&p->put_lock);
	return rc;
}

/* The ids of both roles in one list, which is the data's. */
static int join_ids(struct open_pack *o, hz_error **err)
{
	struct role_list *data = &o->r[PACK_DATA], *meta = &o->r[PACK_META];
	int rc = members_reserve(data, meta->n_members, err);

	if (rc == 0 && meta->n_members > 0)
		memcpy(data->ids + data->n_members, meta->ids, meta->n_members * sizeof(*meta->ids));
	return rc;
}

static int protect_and_put(struct packer *p, struct open_pack *o, uint32_t blocks, hz_error **err)
{
	struct name name = name_pack(&o->uid);
	size_t parity = (size_t)(blocks - object_data_blocks(blocks)) * OBJECT_PAYLOAD;
	AUTO_FREE uint8_t *extra = malloc(parity + (size_t)blocks * 8);
	AUTO_FREE struct iovec *iov = malloc((size_t)blocks * 2 * sizeof(*iov));
	size_t n_ids = (size_t)o->r[PACK_META].n_members + o->r[PACK_DATA].n_members;
	struct pack_done done = {
		.uid = o->uid, .size = blocks * OBJECT_BLOCK, .n_ids = n_ids, .raw_bytes = o->raw_bytes
	};
	int rc = join_ids(o, err);

	if (rc < 0)
		return rc;
	if (!extra || !iov)
		return err_nomem(err);
	done.ids = o->r[PACK_DATA].ids;
	object_protect(name.s, blocks, o->stream, extra, extra + parity);
	object_iov(iov, blocks, o->stream, extra, extra + parity);
	done.hash = suite_hash1(p->repo->suite, extra + parity, (size_t)blocks * 8);
	return put_pack(p, o, &done, &name, iov, (size_t)blocks * 2, err);
}

/* Consumes o. */
int packer_finish_pack(struct packer *p, struct open_pack *o, hz_error **err)
{
	/* Only what is open at the end is a session's last pack and may be small. */
	uint32_t blocks = o->closed ? (1u << p->repo->pack_log2) / OBJECT_BLOCK
				    : object_blocks_padded(open_pack_need(o, PACK_DATA, 0, 0));
	struct name name = name_pack(&o->uid);
	int rc = 0;

	/* Its table would name a frame that is not there; a later session would take the journal's word for it. */
	if (o->failed)
		rc = err_set(err, HZ_E_INTERNAL, "%s: given up, for one of its frames could not be encrypted", name.s);
	if (rc == 0)
		rc = fill_rest(p, o, blocks, err);
	if (rc == 0) {
		fill_head(p, o, blocks, &name);
		if (p->store)
			rc = protect_and_put(p, o, blocks, err);
		else
			(void)__atomic_add_fetch(&p->stored, (uint64_t)blocks * OBJECT_BLOCK, __ATOMIC_RELAXED);
	}
	(void)pthread_mutex_lock(&p->lock);
	if (!p->spare && o->place == PACK_DATA) {
		open_pack_reset(o);
		p->spare = TAKE(o);
	}
	(void)pthread_mutex_unlock(&p->lock);
	open_pack_free(o);
	return rc;
}
