/* SPDX-License-Identifier: BSD-2-Clause */
/* Commit objects: the signed clear part and the sealed body's container (docs/format/session.md). The body's own
 * fields: commit_body.c. */
#include "archive/session.h"
#include "crypto/suite.h"
#include <string.h>

enum { C_COMMIT = 0x0001, C_PARENTS, C_RUNS, C_BODY, C_EVIDENCE = 0x8005, C_CIPHER = 0x4002 };
#define RUNS_MAX 65535u

static const uint16_t known[] = { C_COMMIT, C_PARENTS, C_RUNS, C_BODY, C_EVIDENCE, TAG_SIGNATURES, C_CIPHER };

void commit_release(struct commit *c)
{
	free(c->parents);
	free(c->runs);
	c->parents = NULL;
	c->runs = NULL;
	c->n_parents = c->n_runs = 0;
}

#define BODY_AD_LEN (2 + UID_LEN * 3)

static int body_aead(struct aead **a, uint8_t ad[BODY_AD_LEN], const struct repo_header *repo, const struct session *s,
	const struct uid *body, hz_error **err)
{
	struct iovec part = { (void *)body->b, UID_LEN };
	uint8_t key[KEY_LEN];
	int rc;

	if (!s->key[PACK_META])
		return err_set(err, HZ_E_AUTH, "session %s: its metadata key is not ours to open", uid_hex(&s->id).s);
	rc = kdf_raw(key, KEY_LEN, repo->suite, s->key[PACK_META], "commit body", &part, 1, err);
	if (rc == 0)
		rc = aead_new(a, repo->suite, key, err);
	wipe(key, sizeof(key));
	ad[0] = OBJECT_COMMIT;
	ad[1] = (uint8_t)repo->suite;
	memcpy(ad + 2, repo->id.b, UID_LEN);
	memcpy(ad + 2 + UID_LEN, s->id.b, UID_LEN);
	memcpy(ad + 2 + 2 * UID_LEN, body->b, UID_LEN);
	return rc;
}

static int seal_body(struct buf *out, struct commit *c, const struct repo_header *repo, const struct session *s,
	const struct commit_body *body, hz_error **err)
{
	AUTO_IN(buf_release) struct buf plain = BUF_INIT;
	AUTO(aead_free) struct aead *a = NULL;
	uint8_t ad[BODY_AD_LEN], nonce[NONCE_LEN] = { 0 };
	uint8_t *room;
	int rc;

	random_bytes(c->body.b, UID_LEN);
	rc = commit_body_encode(&plain, body, err);
	if (rc == 0)
		rc = body_aead(&a, ad, repo, s, &c->body, err);
	if (rc < 0)
		return rc;
	if (section_head(out, C_CIPHER, plain.len + TAG_LEN) < 0 || !(room = buf_extend(out, plain.len + TAG_LEN)))
		return err_nomem(err);
	if (aead_seal(a, room, nonce, ad, sizeof(ad), plain.data, plain.len) < 0)
		return err_set(err, HZ_E_INTERNAL, "commit: cannot be encrypted");
	c->body_hash = suite_hash1(repo->suite, room, plain.len + TAG_LEN);
	return 0;
}

static int cmp_id(const void *a, const void *b)
{
	return memcmp(a, b, ID_LEN);
}

static int cmp_run(const void *a, const void *b)
{
	return memcmp(a, b, UID_LEN);
}

static int clear_sections(struct buf *out, struct commit *c, hz_error **err)
{
	AUTO_IN(buf_release) struct buf t = BUF_INIT;
	struct enc e = enc_to(&t);
	bool bad;

	enc_u8(&e, c->kind);
	enc_bytes(&e, c->session.b, UID_LEN);
	enc_bytes(&e, c->signer.b, UID_LEN);
	enc_u64(&e, c->number);
	enc_bytes(&e, c->session_hash.b, ID_LEN);
	bad = e.bad || section_put(out, C_COMMIT, t.data, t.len) < 0;
	t.len = 0;
	if (c->n_parents > 1)
		qsort(c->parents, c->n_parents, ID_LEN, cmp_id);
	enc_u8(&e, (uint8_t)c->n_parents);
	enc_bytes(&e, c->parents ? c->parents->b : (const uint8_t *)"", c->n_parents * ID_LEN);
	bad = bad || e.bad || section_put(out, C_PARENTS, t.data, t.len) < 0;
	if (c->kind <= COMMIT_PLAIN) {
		t.len = 0;
		if (c->n_runs > 1)
			qsort(c->runs, c->n_runs, sizeof(*c->runs), cmp_run);
		enc_u16(&e, (uint16_t)c->n_runs);
		for (size_t i = 0; i < c->n_runs; i++) {
			enc_bytes(&e, c->runs[i].uid.b, UID_LEN);
			enc_bytes(&e, c->runs[i].hash.b, ID_LEN);
		}
		bad = bad || e.bad || section_put(out, C_RUNS, t.data, t.len) < 0;
	}
	if (c->kind == COMMIT_SNAPSHOT) {
		t.len = 0;
		enc_bytes(&e, c->body.b, UID_LEN);
		enc_bytes(&e, c->body_hash.b, ID_LEN);
		bad = bad || e.bad || section_put(out, C_BODY, t.data, t.len) < 0;
	}
	if (c->has_evidence)
		bad = bad || section_put(out, C_EVIDENCE, c->evidence, SIGN_PUB_LEN) < 0;
	return bad ? err_nomem(err) : 0;
}

int commit_build(struct buf *out, struct commit *c, const struct repo_header *repo, const struct session *s,
	const struct secret *seed, const struct commit_body *body, hz_error **err)
{
	AUTO_IN(buf_release) struct buf sections = BUF_INIT;
	AUTO_IN(buf_release) struct buf cipher = BUF_INIT;
	struct name nm = name_commit(&c->session, c->attempt);
	int rc = 0;

	if (c->n_parents > 255 || c->n_runs > RUNS_MAX)
		return err_set(err, HZ_E_UNSUPPORTED, "commit: too many parents or runs");
	if (body)
		rc = seal_body(&cipher, c, repo, s, body, err);
	if (rc == 0)
		rc = clear_sections(&sections, c, err);
	if (rc < 0)
		return rc;

	struct signed_parts p = { .type = OBJECT_COMMIT,
		.suite = repo->suite,
		.repo = repo->id,
		.name = nm.s,
		.signed_sections = &sections,
		.seeds = &seed,
		.n_seeds = 1,
		.unsigned_sections = &cipher,
		.padded = true };

	return signed_build(out, &c->hash, &p, err);
}

static int decode_lists(struct commit *c, const struct signed_object *so, bool *bad, hz_error **err)
{
	struct dec d = section_dec(so->s, so->n, C_PARENTS);

	c->n_parents = dec_u8(&d);
	if (d.bad || dec_left(&d) != c->n_parents * ID_LEN) {
		*bad = true;
		return 0;
	}
	c->parents = calloc(c->n_parents + 1, ID_LEN);
	if (!c->parents)
		return err_nomem(err);
	dec_copy(&d, c->parents, c->n_parents * ID_LEN);
	for (size_t i = 1; i < c->n_parents; i++)
		*bad = *bad || id_cmp(&c->parents[i - 1], &c->parents[i]) >= 0;
	if (c->kind > COMMIT_PLAIN) {
		*bad = *bad || c->n_parents || section_find(so->s, so->n, C_RUNS) ||
			section_find(so->s, so->n, C_BODY) || section_find(so->s, so->n, C_CIPHER) || c->has_evidence;
		return 0;
	}
	d = section_dec(so->s, so->n, C_RUNS);
	c->n_runs = dec_u16(&d);
	if (d.bad || dec_left(&d) != c->n_runs * (UID_LEN + ID_LEN)) {
		*bad = true;
		return 0;
	}
	c->runs = calloc(c->n_runs + 1, sizeof(*c->runs));
	if (!c->runs)
		return err_nomem(err);
	for (size_t i = 0; i < c->n_runs; i++) {
		dec_copy(&d, c->runs[i].uid.b, UID_LEN);
		dec_copy(&d, c->runs[i].hash.b, ID_LEN);
		*bad = *bad || (i > 0 && uid_cmp(&c->runs[i - 1].uid, &c->runs[i].uid) >= 0);
	}
	return 0;
}

static int decode_clear(struct commit *c, const struct signed_object *so, const struct uid *session, hz_error **err)
{
	struct dec d = section_dec(so->s, so->n, C_COMMIT);
	bool bad;
	int rc;

	c->kind = dec_u8(&d);
	dec_copy(&d, c->session.b, UID_LEN);
	dec_copy(&d, c->signer.b, UID_LEN);
	c->number = dec_u64(&d);
	dec_copy(&d, c->session_hash.b, ID_LEN);
	c->hash = signed_hash(so);
	bad = !dec_done(&d) || c->kind < COMMIT_SNAPSHOT || c->kind > COMMIT_EVICTED || !uid_eq(&c->session, session);
	c->has_evidence = section_find(so->s, so->n, C_EVIDENCE);
	if (c->has_evidence) {
		d = section_dec(so->s, so->n, C_EVIDENCE);
		dec_copy(&d, c->evidence, SIGN_PUB_LEN);
		bad = bad || !dec_done(&d);
	}
	rc = decode_lists(c, so, &bad, err);
	if (rc == 0 && !bad && c->kind == COMMIT_SNAPSHOT) {
		d = section_dec(so->s, so->n, C_BODY);
		dec_copy(&d, c->body.b, UID_LEN);
		dec_copy(&d, c->body_hash.b, ID_LEN);
		const struct section *cipher = section_find(so->s, so->n, C_CIPHER);

		bad = !dec_done(&d) || !cipher;
		if (!bad) {
			struct id h = suite_hash1(so->obj.header.suite, cipher->data, cipher->len);

			bad = !id_eq(&h, &c->body_hash);
		}
	}
	if (rc == 0 && bad)
		rc = err_set(err, HZ_E_CORRUPT, "%s: malformed", so->obj.header.name);
	return rc;
}

/* Kinds 1 to 3 by a writer of the log, 4 by an agent or a root key. */
static int check_signature(
	const struct commit *c, const struct signed_object *so, const struct admin_log *log, hz_error **err)
{
	const struct writer_info *w = admin_writer(log, &c->signer);
	const uint8_t *pub = NULL;
	int rc;

	if (c->kind != COMMIT_EVICTED && w)
		pub = w->pub;
	else if (c->kind != COMMIT_SNAPSHOT && c->kind != COMMIT_ABANDONED && !w)
		pub = admin_signer(log, &c->signer);
	rc = pub ? signed_check_only(so, pub, err)
		 : err_set(err, HZ_E_CORRUPT, "%s: bad signature", so->obj.header.name);
	if (rc == HZ_E_CORRUPT)
		err_hint(err, "the object was changed or forged; find out who can write to the store");
	return rc;
}

static int open_body(struct commit_body *body, const struct commit *c, const struct signed_object *so,
	const struct repo_header *repo, const struct session *s, hz_error **err)
{
	const struct section *cipher = section_find(so->s, so->n, C_CIPHER);
	AUTO_IN(buf_release) struct buf plain = BUF_INIT;
	AUTO(aead_free) struct aead *a = NULL;
	uint8_t ad[BODY_AD_LEN], nonce[NONCE_LEN] = { 0 };
	uint8_t *room;
	int rc;

	if (cipher->len < TAG_LEN)
		return err_set(err, HZ_E_CORRUPT, "%s: body too short", so->obj.header.name);
	rc = body_aead(&a, ad, repo, s, &c->body, err);
	if (rc < 0)
		return rc;
	room = buf_extend(&plain, cipher->len - TAG_LEN);
	if (!room)
		return err_nomem(err);
	if (aead_open(a, room, nonce, ad, sizeof(ad), cipher->data, cipher->len) < 0)
		return err_set(err, HZ_E_CORRUPT, "%s: body does not decrypt", so->obj.header.name);
	return commit_body_decode(body, &plain, err);
}

static int load_attempt(struct commit *c, struct commit_body *body, struct store *st, const struct uid *session,
	unsigned attempt, const struct admin_log *log, const struct session *s, const struct damage_sink *sink,
	hz_error **err)
{
	struct signed_object so = SIGNED_INIT;
	struct name nm = name_commit(session, attempt);
	int rc = signed_load(&so, st, nm.s, OBJECT_COMMIT, &log->repo.id, false, known, ARRAY_LEN(known), sink, err);

	if (rc < 0)
		return rc;
	c->attempt = attempt;
	c->damaged = so.obj.health.bad_blocks > 0;
	rc = decode_clear(c, &so, session, err);
	if (rc == 0)
		rc = check_signature(c, &so, log, err);
	if (rc == 0 && s && c->kind != COMMIT_EVICTED &&
		(!id_eq(&s->part_hash, &c->session_hash) || !uid_eq(&s->writer, &c->signer)))
		rc = err_set(err, HZ_E_CORRUPT, "%s: belongs to another session", nm.s);
	if (rc == 0 && body && s && s->key[PACK_META] && c->kind == COMMIT_SNAPSHOT)
		rc = open_body(body, c, &so, &log->repo, s, err);
	signed_release(&so);
	return rc;
}

int commit_load(struct commit *c, struct commit_body *body, struct store *st, const struct uid *session,
	unsigned attempt, const struct admin_log *log, const struct session *s, const struct damage_sink *sink,
	hz_error **err)
{
	int rc;

	*c = (struct commit){ 0 };
	if (body)
		*body = (struct commit_body){ .raw = BUF_INIT };
	rc = load_attempt(c, body, st, session, attempt, log, s, sink, err);
	if (rc < 0)
		commit_release(c);
	return rc;
}
