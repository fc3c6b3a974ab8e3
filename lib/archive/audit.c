/* SPDX-License-Identifier: BSD-2-Clause */
/* Audit objects: the signed clear part, and the key that is sealed to the metadata recipient (docs/format/audit.md).
 * What is inside: audit_body.c. */
#include "archive/audit_internal.h"
#include "crypto/suite.h"
#include <string.h>

enum { A_AUDIT = 0x0001, A_KEY = 0x4002, A_CIPHER = 0x4003 };
#define SEALED_LEN (KEY_LEN + SEAL_OVERHEAD)
#define AD_LEN     (2 + UID_LEN * 2)

static const uint16_t known[] = { A_AUDIT, TAG_SIGNATURES, A_KEY, A_CIPHER };

void audit_release(struct audit *a)
{
	free(TAKE(a->entries));
	buf_release(&a->raw);
}

static int body_aead(struct aead **ret, uint8_t ad[AD_LEN], unsigned suite, const struct uid *repo,
	const struct uid *id, const struct secret *key, hz_error **err)
{
	ad[0] = OBJECT_AUDIT;
	ad[1] = (uint8_t)suite;
	memcpy(ad + 2, repo->b, UID_LEN);
	memcpy(ad + 2 + UID_LEN, id->b, UID_LEN);
	if (secret_len(key) != KEY_LEN)
		return err_set(err, HZ_E_CORRUPT, "the sealed key has the wrong size");
	return aead_new(ret, suite, secret_bytes(key), err);
}

/* The hash that is signed: of both sections' values. */
static struct id sealed_hash(unsigned suite, const void *key, const void *cipher, size_t len)
{
	struct iovec iov[2] = { { (void *)(uintptr_t)key, SEALED_LEN }, { (void *)(uintptr_t)cipher, len } };

	return suite_hash(suite, iov, 2);
}

static int seal_body(struct buf *out, struct id *hash, const struct audit *a, const struct repo_header *repo,
	const struct recipients *r, const struct buf *plain, hz_error **err)
{
	const struct iovec ctx[2] = { { (void *)(uintptr_t)repo->id.b, UID_LEN },
		{ (void *)(uintptr_t)a->id.b, UID_LEN } };
	AUTO(secret_free) struct secret *key = NULL;
	AUTO(aead_free) struct aead *aead = NULL;
	uint8_t ad[AD_LEN], nonce[NONCE_LEN] = { 0 }, sealed[SEALED_LEN], *room = NULL;
	size_t len = plain->len + TAG_LEN;
	int rc = secret_random(&key, KEY_LEN, err);

	if (rc == 0)
		rc = seal_make(
			sealed, repo->suite, r->meta, "audit", ctx, ARRAY_LEN(ctx), secret_bytes(key), KEY_LEN, err);
	if (rc == 0)
		rc = body_aead(&aead, ad, repo->suite, &repo->id, &a->id, key, err);
	if (rc < 0)
		return rc;
	if (section_put(out, A_KEY, sealed, sizeof(sealed)) < 0 || section_head(out, A_CIPHER, len) < 0 ||
		!(room = buf_extend(out, len)))
		return err_nomem(err);
	if (aead_seal(aead, room, nonce, ad, sizeof(ad), plain->data, plain->len) < 0)
		return err_set(err, HZ_E_INTERNAL, "audit object: cannot be encrypted");
	*hash = sealed_hash(repo->suite, sealed, room, len);
	return 0;
}

static int clear_section(struct buf *out, const struct audit *a, const struct id *hash, hz_error **err)
{
	AUTO_IN(buf_release) struct buf t = BUF_INIT;
	struct enc e = enc_to(&t);

	enc_bytes(&e, a->id.b, UID_LEN);
	enc_u32(&e, a->epoch);
	enc_u64(&e, a->first);
	enc_u64(&e, a->n);
	enc_bytes(&e, hash->b, ID_LEN);
	return e.bad || section_put(out, A_AUDIT, t.data, t.len) < 0 ? err_nomem(err) : 0;
}

int audit_build(struct buf *out, struct audit *a, const struct buf *entries, const struct admin_log *log,
	const struct bundle *writer, hz_error **err)
{
	AUTO_IN(buf_release) struct buf plain = BUF_INIT, clear = BUF_INIT, sealed = BUF_INIT;
	const struct recipients *r = admin_recipients(log);
	const struct secret *seed = writer->sign_seed;
	struct name nm;
	struct id hash;
	int rc;

	random_bytes(a->id.b, UID_LEN);
	a->epoch = r->epoch;
	a->signer = writer->key_id;
	nm = name_audit(&a->id);
	rc = audit_pack(&plain, a, entries, err);
	if (rc == 0)
		rc = seal_body(&sealed, &hash, a, &log->repo, r, &plain, err);
	if (rc == 0)
		rc = clear_section(&clear, a, &hash, err);
	if (rc < 0)
		return rc;

	struct signed_parts p = { .type = OBJECT_AUDIT,
		.suite = log->repo.suite,
		.repo = log->repo.id,
		.name = nm.s,
		.signed_sections = &clear,
		.seeds = &seed,
		.n_seeds = 1,
		.unsigned_sections = &sealed };

	return signed_build(out, NULL, &p, err);
}

static int decode_clear(struct audit *a, const struct signed_object *so, const struct uid *id, hz_error **err)
{
	struct dec d = section_dec(so->s, so->n, A_AUDIT);
	const struct section *key = section_find(so->s, so->n, A_KEY), *cipher = section_find(so->s, so->n, A_CIPHER);
	struct id want, got;

	dec_copy(&d, a->id.b, UID_LEN);
	a->epoch = dec_u32(&d);
	a->first = dec_u64(&d);
	a->n = dec_u64(&d);
	dec_copy(&d, want.b, ID_LEN);
	if (!dec_done(&d) || !uid_eq(&a->id, id) || a->n == 0 || a->n > LOG_ENTRIES_MAX ||
		a->first > LOG_ENTRIES_MAX - a->n || !key || key->len != SEALED_LEN || !cipher || cipher->len < TAG_LEN)
		return err_set(err, HZ_E_CORRUPT, "%s: malformed", so->obj.header.name);
	got = sealed_hash(so->obj.header.suite, key->data, cipher->data, cipher->len);
	if (!id_eq(&got, &want))
		return err_set(err, HZ_E_CORRUPT, "%s: what is sealed is not what was signed", so->obj.header.name);
	return 0;
}

static const uint8_t *key_of(const struct admin_log *log, const struct uid *signer)
{
	const struct writer_info *w = admin_writer(log, signer);

	for (size_t i = 0; !w && i < log->n_agents; i++) {
		if (uid_eq(&log->agents[i].id, signer))
			return log->agents[i].pub;
	}
	return w ? w->pub : NULL;
}

/* By a writer of the log or an agent (ended ones too): neither a root key nor a stranger speaks for a host. */
static int check_signer(struct audit *a, const struct signed_object *so, const struct admin_log *log, hz_error **err)
{
	struct uid ids[SIGNERS_MAX];
	const uint8_t *pub = NULL;
	size_t n = 0;
	int rc = signed_signers(ids, &n, so, err);

	if (rc < 0)
		return rc;
	if (n == 1)
		pub = key_of(log, &ids[0]);
	if (!pub) {
		err_set(err, HZ_E_CORRUPT, "%s: not signed by a writer or agent of this repository",
			so->obj.header.name);
		err_hint(err, "the object was changed or forged; find out who can write to the store");
		return HZ_E_CORRUPT;
	}
	a->signer = ids[0];
	return signed_check_only(so, pub, err);
}

static int open_body(struct audit *a, const struct signed_object *so, const struct secret *meta_sec, hz_error **err)
{
	const struct object_header *h = &so->obj.header;
	const struct section *sealed = section_find(so->s, so->n, A_KEY),
			     *cipher = section_find(so->s, so->n, A_CIPHER);
	const struct iovec ctx[2] = { { (void *)(uintptr_t)h->repo.b, UID_LEN }, { a->id.b, UID_LEN } };
	AUTO_IN(buf_release) struct buf plain = BUF_INIT, raw = BUF_INIT;
	AUTO(secret_free) struct secret *key = NULL;
	AUTO(aead_free) struct aead *aead = NULL;
	uint8_t ad[AD_LEN], nonce[NONCE_LEN] = { 0 }, *room;
	int rc = seal_open(&key, h->suite, meta_sec, "audit", ctx, ARRAY_LEN(ctx), sealed->data, sealed->len, err);

	if (rc == HZ_E_AUTH) {
		err_clear(err);
		rc = err_set(err, HZ_E_CORRUPT, "its sealed key does not open: damaged, or sealed to older recipients");
	}
	if (rc == 0)
		rc = body_aead(&aead, ad, h->suite, &h->repo, &a->id, key, err);
	if (rc < 0)
		return rc;
	room = buf_extend(&plain, cipher->len - TAG_LEN);
	if (!room)
		return err_nomem(err);
	if (aead_open(aead, room, nonce, ad, sizeof(ad), cipher->data, cipher->len) < 0)
		return err_set(err, HZ_E_CORRUPT, "does not decrypt");
	rc = audit_unpack(&raw, plain.data, plain.len, err);
	if (rc == 0)
		rc = audit_decode(a, &raw, err);
	a->open = rc == 0;
	return rc;
}

int audit_load(struct audit *a, struct store *st, const struct uid *id, const struct admin_log *log,
	const struct bundle *key, const struct damage_sink *sink, hz_error **err)
{
	struct signed_object so = SIGNED_INIT;
	struct name nm = name_audit(id);
	int rc;

	*a = (struct audit){ .raw = BUF_INIT };
	rc = signed_load(&so, st, nm.s, OBJECT_AUDIT, &log->repo.id, false, known, ARRAY_LEN(known), sink, err);
	if (rc == 0)
		rc = decode_clear(a, &so, id, err);
	if (rc == 0)
		rc = check_signer(a, &so, log, err);
	if (rc == 0 && key && key->meta_sec)
		rc = err_wrap(err, open_body(a, &so, key->meta_sec, err), "%s", nm.s);
	signed_release(&so);
	if (rc < 0)
		audit_release(a);
	return rc;
}
