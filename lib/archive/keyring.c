/* SPDX-License-Identifier: BSD-2-Clause */
/* Slots and group keys (docs/format/keys.md): every object is checked against the hash that the admin log names before
 * it is used. */
#include "archive/keyring.h"
#include "crypto/suite.h"
#include <string.h>

static const uint16_t known_slot[] = { 1, 2, 3, 4, TAG_SIGNATURES };
static const uint16_t known_group[] = { 1, 2, 3, 4, 5, TAG_SIGNATURES };

void group_release(struct group *g)
{
	secret_free(g->content);
	secret_free(g->metadata);
	secret_free(g->index);
	wipe(g, sizeof(*g));
}

int group_from_secret(
	struct group *g, unsigned suite, const struct uid *id, const struct secret *group_secret, hz_error **err)
{
	int rc;

	*g = (struct group){ .id = *id };
	rc = kdf(&g->content, KEY_LEN, suite, group_secret, "content id", NULL, 0, err);
	if (rc == 0)
		rc = kdf(&g->metadata, KEY_LEN, suite, group_secret, "metadata id", NULL, 0, err);
	if (rc == 0)
		rc = kdf(&g->index, KEY_LEN, suite, group_secret, "index", NULL, 0, err);
	for (uint8_t i = 0; rc == 0 && i < 4; i++) {
		struct iovec part = { &i, 1 };

		rc = kdf_raw(g->table + 512u * i, 512, suite, group_secret, "chunker", &part, 1, err);
	}
	if (rc < 0)
		group_release(g);
	return rc;
}

/* ---- group objects ---- */

static size_t group_context(
	struct iovec ctx[3], uint8_t epoch_le[4], const struct uid *repo, const struct uid *group, uint32_t epoch)
{
	put_le32(epoch_le, epoch);
	ctx[0] = (struct iovec){ (void *)repo->b, UID_LEN };
	ctx[1] = (struct iovec){ (void *)group->b, UID_LEN };
	ctx[2] = (struct iovec){ epoch_le, 4 };
	return 3;
}

static int group_sections(struct buf *out, const struct uid *uid, const struct repo_header *repo,
	const struct recipients *r, const struct uid *group, const struct secret *group_secret, hz_error **err)
{
	struct group g = { 0 };
	uint8_t epoch[4], head[1 + UID_LEN], who[UID_LEN + 4], meta[2 * KEY_LEN + SEAL_OVERHEAD],
		data[KEY_LEN + SEAL_OVERHEAD];
	struct iovec ctx[3];
	size_t n = group_context(ctx, epoch, &repo->id, group, r->epoch);
	AUTO(secret_free) struct secret *both = NULL;
	int rc = group_from_secret(&g, repo->suite, group, group_secret, err);

	if (rc == 0)
		rc = secret_new(&both, 2 * KEY_LEN, err);
	if (rc == 0) {
		memcpy(secret_data(both), secret_bytes(g.index), KEY_LEN);
		memcpy(secret_data(both) + KEY_LEN, secret_bytes(g.metadata), KEY_LEN);
		rc = seal_make(
			meta, repo->suite, r->meta, "group metadata", ctx, n, secret_bytes(both), 2 * KEY_LEN, err);
	}
	if (rc == 0)
		rc = seal_make(
			data, repo->suite, r->data, "group data", ctx, n, secret_bytes(group_secret), KEY_LEN, err);
	group_release(&g);
	if (rc < 0)
		return rc;
	head[0] = KEY_GROUP;
	memcpy(head + 1, uid->b, UID_LEN);
	memcpy(who, group->b, UID_LEN);
	put_le32(who + UID_LEN, r->epoch);
	if (section_put(out, 1, head, sizeof(head)) < 0 || section_put(out, 2, who, sizeof(who)) < 0 ||
		section_put(out, 3, meta, sizeof(meta)) < 0 || section_put(out, 4, data, sizeof(data)) < 0 ||
		section_put(out, 5, "\0", 1) < 0)
		return err_nomem(err);
	return 0;
}

int group_build(struct buf *out, struct uid *uid, struct id *hash, const struct repo_header *repo,
	const struct recipients *r, const struct uid *group, const struct secret *group_secret,
	const struct secret *root_seed, hz_error **err)
{
	AUTO_IN(buf_release) struct buf sections = BUF_INIT;
	struct name nm;
	int rc;

	random_bytes(uid->b, UID_LEN);
	nm = name_group(uid);
	rc = group_sections(&sections, uid, repo, r, group, group_secret, err);
	if (rc < 0)
		return rc;

	struct signed_parts p = { .type = OBJECT_KEYS,
		.suite = repo->suite,
		.repo = repo->id,
		.name = nm.s,
		.signed_sections = &sections,
		.seeds = &root_seed,
		.n_seeds = 1 };

	return signed_build(out, hash, &p, err);
}

/* Loads the keys/ object that the log names and checks hash, kind and uid. */
static int load_key_object(struct signed_object *so, struct store *st, const struct admin_log *log,
	const struct key_info *k, const struct damage_sink *sink, hz_error **err)
{
	struct name nm = k->kind == KEY_SLOT ? name_slot(&k->uid) : name_group(&k->uid);
	const uint16_t *known = k->kind == KEY_SLOT ? known_slot : known_group;
	size_t n = k->kind == KEY_SLOT ? ARRAY_LEN(known_slot) : ARRAY_LEN(known_group);
	int rc = signed_load(so, st, nm.s, OBJECT_KEYS, &log->repo.id, true, known, n, sink, err);
	struct dec d;
	struct uid uid;
	struct id hash;

	if (rc < 0)
		return rc;
	hash = signed_hash(so);
	d = section_dec(so->s, so->n, 1);
	uint8_t kind = dec_u8(&d);

	dec_copy(&d, uid.b, UID_LEN);
	if (!dec_done(&d) || kind != k->kind || !uid_eq(&uid, &k->uid) || !id_eq(&hash, &k->hash)) {
		signed_release(so);
		return err_set(err, HZ_E_CORRUPT, "%s: not the object that the admin log names", nm.s);
	}
	return 0;
}

static int group_open(struct group *g, const struct signed_object *so, const struct bundle *key, hz_error **err)
{
	unsigned suite = so->obj.header.suite;
	AUTO(secret_free) struct secret *plain = NULL;
	struct dec d = section_dec(so->s, so->n, 2);
	const struct section *meta = section_find(so->s, so->n, 3), *data = section_find(so->s, so->n, 4);
	uint8_t epoch_le[4];
	struct iovec ctx[3];
	struct uid id;
	uint32_t epoch;
	size_t n;
	int rc;

	dec_copy(&d, id.b, UID_LEN);
	epoch = dec_u32(&d);
	if (!dec_done(&d) || !meta || !data)
		return err_set(err, HZ_E_CORRUPT, "%s: malformed", so->obj.header.name);
	n = group_context(ctx, epoch_le, &so->obj.header.repo, &id, epoch);
	if (key->data_sec) {
		rc = seal_open(&plain, suite, key->data_sec, "group data", ctx, n, data->data, data->len, err);
		if (rc == 0 && secret_len(plain) != KEY_LEN)
			rc = err_set(err, HZ_E_CORRUPT, "%s: malformed", so->obj.header.name);
		return rc < 0 ? rc : group_from_secret(g, suite, &id, plain, err);
	}
	rc = seal_open(&plain, suite, key->meta_sec, "group metadata", ctx, n, meta->data, meta->len, err);
	if (rc == 0 && secret_len(plain) != 2 * KEY_LEN)
		rc = err_set(err, HZ_E_CORRUPT, "%s: malformed", so->obj.header.name);
	if (rc < 0)
		return rc;
	*g = (struct group){ .id = id };
	rc = secret_from(&g->index, secret_bytes(plain), KEY_LEN, err);
	if (rc == 0)
		rc = secret_from(&g->metadata, secret_bytes(plain) + KEY_LEN, KEY_LEN, err);
	if (rc < 0)
		group_release(g);
	return rc;
}

int groups_load(struct group **groups, size_t *n, struct store *st, const struct admin_log *log,
	const struct bundle *key, const struct damage_sink *sink, hz_error **err)
{
	struct group *v = calloc(log->n_keys + 1, sizeof(*v));
	size_t count = 0;

	if (!v)
		return err_nomem(err);
	for (size_t i = 0; i < log->n_keys; i++) {
		const struct key_info *k = &log->keys[i];
		struct signed_object so = SIGNED_INIT;
		AUTO(hz_error_free) hz_error *e = NULL;
		int rc;

		if (k->kind != KEY_GROUP || k->ended)
			continue;
		rc = load_key_object(&so, st, log, k, sink, &e);
		if (rc == 0)
			rc = group_open(&v[count], &so, key, &e);
		signed_release(&so);
		if (rc < 0 && !signed_is_verdict(rc)) {
			/* Not the object's fault: nothing may be said of it. */
			for (size_t j = 0; j < count; j++)
				group_release(&v[j]);
			free(v);
			if (err && !*err)
				*err = TAKE(e);
			return rc;
		}
		if (rc == 0)
			count++;
		else if (sink && sink->fn)
			sink->fn(sink->user, name_group(&k->uid).s, hz_error_message(e), false);
	}
	*groups = v;
	*n = count;
	return 0;
}

int group_open_secret(struct secret **ret, struct store *st, const struct admin_log *log, const struct bundle *key,
	const struct uid *group, hz_error **err)
{
	for (size_t i = 0; i < log->n_keys; i++) {
		const struct key_info *k = &log->keys[i];
		struct signed_object so = SIGNED_INIT;
		int rc;

		if (k->kind != KEY_GROUP || k->ended)
			continue;
		rc = load_key_object(&so, st, log, k, NULL, err);
		if (rc < 0)
			return rc;
		struct dec d = section_dec(so.s, so.n, 2);
		const struct section *data = section_find(so.s, so.n, 4);
		struct uid id;
		uint8_t epoch_le[4];
		struct iovec ctx[3];

		dec_copy(&d, id.b, UID_LEN);
		uint32_t epoch = dec_u32(&d);

		if (!dec_done(&d) || !data || !uid_eq(&id, group)) {
			signed_release(&so);
			continue;
		}
		rc = seal_open(ret, log->repo.suite, key->data_sec, "group data", ctx,
			group_context(ctx, epoch_le, &log->repo.id, &id, epoch), data->data, data->len, err);
		signed_release(&so);
		return rc;
	}
	return err_set(err, HZ_E_NOTFOUND, "group %s: its key object is not in the admin log", uid_hex(group).s);
}

/* ---- slots ---- */

static void slot_context(struct iovec ctx[2], const struct uid *repo, const struct buf *sections)
{
	ctx[0] = (struct iovec){ (void *)repo->b, UID_LEN };
	ctx[1] = (struct iovec){ sections->data, sections->len };
}

static int slot_sections(
	struct buf *out, const struct uid *uid, const struct bundle *b, const struct secret *passphrase, hz_error **err)
{
	AUTO_IN(buf_release) struct buf t = BUF_INIT;
	AUTO_IN(buf_release) struct buf wrapped = BUF_INIT;
	AUTO(secret_free) struct secret *kek = NULL;
	AUTO(secret_free) struct secret *plain = NULL;
	struct enc e = enc_to(&t);
	uint8_t salt[ARGON_SALT_LEN];
	struct iovec ctx[2];
	uint8_t *room;
	bool bad;
	int rc;

	random_bytes(salt, sizeof(salt));
	enc_u8(&e, KEY_SLOT);
	enc_bytes(&e, uid->b, UID_LEN);
	bad = section_put(out, 1, t.data, t.len) < 0;
	t.len = 0;
	enc_u8(&e, b->role);
	enc_u8(&e, 1);
	enc_bytes(&e, b->key_id.b, UID_LEN);
	enc_u32(&e, b->epoch);
	bad = bad || section_put(out, 2, t.data, t.len) < 0;
	t.len = 0;
	enc_u8(&e, 1);
	enc_u32(&e, ARGON_MEM_DEFAULT);
	enc_u32(&e, ARGON_PASS_DEFAULT);
	enc_bytes(&e, salt, sizeof(salt));
	bad = bad || e.bad || section_put(out, 3, t.data, t.len) < 0;
	if (bad)
		return err_nomem(err);
	slot_context(ctx, &b->repo, out);
	rc = argon_derive(&kek, salt, ARGON_MEM_DEFAULT, ARGON_PASS_DEFAULT, passphrase, err);
	if (rc == 0)
		rc = bundle_encode(&plain, b, err);
	if (rc < 0)
		return rc;
	room = buf_extend(&wrapped, secret_len(plain) + WRAP_OVERHEAD);
	if (!room)
		return err_nomem(err);
	rc = wrap_make(room, b->suite, kek, "slot", ctx, 2, secret_bytes(plain), secret_len(plain), err);
	if (rc == 0 && section_put(out, 4, wrapped.data, wrapped.len) < 0)
		rc = err_nomem(err);
	return rc;
}

int slot_build(struct buf *out, struct uid *uid, struct id *hash, const struct bundle *b,
	const struct secret *passphrase, const struct secret *root_seed, hz_error **err)
{
	AUTO_IN(buf_release) struct buf sections = BUF_INIT;
	struct name nm;
	int rc;

	random_bytes(uid->b, UID_LEN);
	nm = name_slot(uid);
	rc = slot_sections(&sections, uid, b, passphrase, err);
	if (rc < 0)
		return rc;

	struct signed_parts p = { .type = OBJECT_KEYS,
		.suite = b->suite,
		.repo = b->repo,
		.name = nm.s,
		.signed_sections = &sections,
		.seeds = &root_seed,
		.n_seeds = 1 };

	return signed_build(out, hash, &p, err);
}

static int slot_decode(
	struct slot_info *info, uint8_t salt[ARGON_SALT_LEN], const struct signed_object *so, hz_error **err)
{
	struct dec d = section_dec(so->s, so->n, 2), l = section_dec(so->s, so->n, 3);
	uint8_t lock, kdf_kind;
	uint32_t epoch;

	info->role = dec_u8(&d);
	lock = dec_u8(&d);
	dec_copy(&d, info->key_id.b, UID_LEN);
	epoch = dec_u32(&d);
	(void)epoch;
	kdf_kind = dec_u8(&l);
	info->mem_kib = dec_u32(&l);
	info->passes = dec_u32(&l);
	dec_copy(&l, salt, ARGON_SALT_LEN);
	if (!dec_done(&d) || !section_find(so->s, so->n, 4))
		return err_set(err, HZ_E_CORRUPT, "%s: malformed", so->obj.header.name);
	if (lock != 1 || kdf_kind != 1)
		return err_set(
			err, HZ_E_UNSUPPORTED, "%s: this version opens passphrase slots only", so->obj.header.name);
	return dec_done(&l) ? 0 : err_set(err, HZ_E_CORRUPT, "%s: malformed", so->obj.header.name);
}

int slot_open(struct bundle **ret, struct slot_info *info, struct store *st, const struct admin_log *log,
	const struct key_info *k, const struct secret *pass, const struct damage_sink *sink, hz_error **err)
{
	struct signed_object so = SIGNED_INIT;
	AUTO(secret_free) struct secret *kek = NULL;
	AUTO(secret_free) struct secret *plain = NULL;
	AUTO(bundle_free) struct bundle *b = NULL;
	uint8_t salt[ARGON_SALT_LEN];
	int rc = load_key_object(&so, st, log, k, sink, err);

	*info = (struct slot_info){ .uid = k->uid };
	if (rc == 0)
		rc = slot_decode(info, salt, &so, err);
	if (rc == 0 && pass)
		rc = argon_derive(&kek, salt, info->mem_kib, info->passes, pass, err);
	if (rc == 0 && pass) {
		const struct section *w = section_find(so.s, so.n, 4);
		struct buf head = { (uint8_t *)(uintptr_t)so.obj.body, (size_t)(w->data - 6 - so.obj.body), 0, 0 };
		struct iovec ctx[2];

		slot_context(ctx, &log->repo.id, &head);
		rc = wrap_open(&plain, log->repo.suite, kek, "slot", ctx, 2, w->data, w->len, err);
		if (rc == 0)
			rc = bundle_decode(
				&b, secret_bytes(plain), secret_len(plain), log->repo.suite, &log->repo.id, err);
	}
	signed_release(&so);
	if (rc == 0 && pass)
		*ret = TAKE(b);
	return rc;
}

int bundle_check(const struct bundle *b, const struct admin_log *log, hz_error **err)
{
	const struct repo_header *r = &log->repo;

	if (!uid_eq(&b->repo, &r->id)) {
		err_set(err, HZ_E_AUTH, "the key is of repository %s, this is %s", uid_hex(&b->repo).s,
			uid_hex(&r->id).s);
		err_hint(err, "give the key file of this repository with --key-file, or the right --repo");
		return HZ_E_AUTH;
	}
	if (b->suite != r->suite || b->roots.n != r->roots.n ||
		memcmp(b->roots.pub, r->roots.pub, (size_t)r->roots.n * SIGN_PUB_LEN) != 0)
		return err_set(err, HZ_E_CORRUPT,
			"the repository has other root keys than the key knows: the store was swapped");
	if (!admin_has_hash(log, b->head_n, &b->head)) {
		err_set(err, HZ_E_CORRUPT,
			"the admin log does not contain entry %llu that the key knows: the store was rolled back or "
			"swapped",
			(unsigned long long)b->head_n);
		err_hint(err, "restore the store's admin/ folder, or find out who changed it; nothing was written");
		return HZ_E_CORRUPT;
	}
	return 0;
}
