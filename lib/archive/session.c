/* SPDX-License-Identifier: BSD-2-Clause */
/* Session objects and the keys that follow from them (docs/format/session.md). */
#include "archive/session.h"
#include "crypto/suite.h"
#include <string.h>

#define TAG_SESSION 0x0001u
#define TAG_META    0x4002u
#define TAG_DATA    0x4003u
#define SEALED_LEN  (KEY_LEN + SEAL_OVERHEAD)

static const uint16_t known[] = { TAG_SESSION, TAG_SIGNATURES, TAG_META, TAG_DATA };

void session_release(struct session *s)
{
	secret_free(s->key[PACK_META]);
	secret_free(s->key[PACK_DATA]);
	s->key[PACK_META] = s->key[PACK_DATA] = NULL;
}

struct seal_ctx {
	uint8_t role, suite, epoch[4];
	struct iovec v[6];
};

static void seal_context(
	struct seal_ctx *c, const struct uid *repo, unsigned suite, const struct session *s, enum pack_role role)
{
	c->role = (uint8_t)role;
	c->suite = (uint8_t)suite;
	put_le32(c->epoch, s->epoch);
	c->v[0] = (struct iovec){ (void *)repo->b, UID_LEN };
	c->v[1] = (struct iovec){ (void *)s->id.b, UID_LEN };
	c->v[2] = (struct iovec){ (void *)s->writer.b, UID_LEN };
	c->v[3] = (struct iovec){ &c->role, 1 };
	c->v[4] = (struct iovec){ c->epoch, 4 };
	c->v[5] = (struct iovec){ &c->suite, 1 };
}

static int commitment(struct id *out, unsigned suite, const struct session *s, enum pack_role role, hz_error **err)
{
	uint8_t r = (uint8_t)role;
	struct iovec parts[2] = { { (void *)s->id.b, UID_LEN }, { &r, 1 } };

	return kdf_raw(out->b, ID_LEN, suite, s->key[role], "session commitment", parts, 2, err);
}

static int signed_section(struct buf *out, const struct session *s, const struct id commit[3], hz_error **err)
{
	AUTO_IN(buf_release) struct buf t = BUF_INIT;
	struct enc e = enc_to(&t);

	enc_bytes(&e, s->id.b, UID_LEN);
	enc_bytes(&e, s->writer.b, UID_LEN);
	enc_bytes(&e, s->group.b, UID_LEN);
	enc_u32(&e, s->epoch);
	enc_bytes(&e, s->base.b, ID_LEN);
	enc_bytes(&e, commit[PACK_META].b, ID_LEN);
	enc_bytes(&e, commit[PACK_DATA].b, ID_LEN);
	return e.bad || section_put(out, TAG_SESSION, t.data, t.len) < 0 ? err_nomem(err) : 0;
}

static int seal_keys(struct buf *out, const struct repo_header *repo, const struct session *s,
	const struct recipients *r, hz_error **err)
{
	for (enum pack_role role = PACK_META; role <= PACK_DATA; role++) {
		uint8_t sealed[SEALED_LEN];
		struct seal_ctx c;
		int rc;

		seal_context(&c, &repo->id, repo->suite, s, role);
		rc = seal_make(sealed, repo->suite, role == PACK_META ? r->meta : r->data, "session", c.v,
			ARRAY_LEN(c.v), secret_bytes(s->key[role]), KEY_LEN, err);
		if (rc < 0)
			return rc;
		if (section_put(out, role == PACK_META ? TAG_META : TAG_DATA, sealed, sizeof(sealed)) < 0)
			return err_nomem(err);
	}
	return 0;
}

int session_create(struct session *s, struct buf *out, const struct admin_log *log, const struct bundle *writer,
	const struct id *base, hz_error **err)
{
	AUTO_IN(buf_release) struct buf sections = BUF_INIT;
	AUTO_IN(buf_release) struct buf seals = BUF_INIT;
	AUTO_IN(buf_release) struct buf msg = BUF_INIT;
	const struct recipients *r = admin_recipients(log);
	const struct secret *seed = writer->sign_seed;
	struct id commit[3];
	struct name nm;
	int rc = 0;

	*s = (struct session){ .writer = writer->key_id, .group = writer->group, .epoch = r->epoch, .base = *base };
	random_bytes(s->id.b, UID_LEN);
	nm = name_session(&s->id);
	for (enum pack_role role = PACK_META; rc == 0 && role <= PACK_DATA; role++) {
		rc = secret_random(&s->key[role], KEY_LEN, err);
		if (rc == 0)
			rc = commitment(&commit[role], log->repo.suite, s, role, err);
	}
	if (rc == 0)
		rc = signed_section(&sections, s, commit, err);
	if (rc == 0)
		rc = seal_keys(&seals, &log->repo, s, r, err);
	if (rc == 0)
		rc = signed_message(
			&msg, OBJECT_SESSION, log->repo.suite, &log->repo.id, sections.data, sections.len, err);
	if (rc == 0) {
		struct signed_parts p = { .type = OBJECT_SESSION,
			.suite = log->repo.suite,
			.repo = log->repo.id,
			.name = nm.s,
			.signed_sections = &sections,
			.seeds = &seed,
			.n_seeds = 1,
			.unsigned_sections = &seals };

		s->part_hash = suite_hash1(log->repo.suite, msg.data, msg.len);
		rc = signed_build(out, NULL, &p, err);
	}
	if (rc < 0)
		session_release(s);
	return rc;
}

static int open_key(struct session *s, enum pack_role role, const struct signed_object *so, const struct secret *sec,
	const struct id *want, hz_error **err)
{
	const struct section *sealed = section_find(so->s, so->n, role == PACK_META ? TAG_META : TAG_DATA);
	unsigned suite = so->obj.header.suite;
	struct seal_ctx c;
	struct id got;
	int rc;

	if (!sealed)
		return err_set(err, HZ_E_CORRUPT, "%s: no sealed key", so->obj.header.name);
	seal_context(&c, &so->obj.header.repo, suite, s, role);
	rc = seal_open(&s->key[role], suite, sec, "session", c.v, ARRAY_LEN(c.v), sealed->data, sealed->len, err);
	if (rc == HZ_E_AUTH) {
		err_clear(err);
		rc = err_set(err, HZ_E_CORRUPT, "its sealed key does not open: damaged, or sealed to older recipients");
	}
	if (rc == 0 && secret_len(s->key[role]) != KEY_LEN)
		rc = err_set(err, HZ_E_CORRUPT, "sealed key has the wrong size");
	if (rc == 0)
		rc = commitment(&got, suite, s, role, err);
	if (rc == 0 && !id_eq(&got, want))
		rc = err_set(err, HZ_E_CORRUPT, "sealed key is not the one that its writer signed");
	return rc < 0 ? err_wrap(err, rc, "%s", so->obj.header.name) : 0;
}

static int decode(struct session *s, const struct signed_object *so, const struct uid *id, const struct admin_log *log,
	const struct bundle *key, hz_error **err)
{
	struct dec d = section_dec(so->s, so->n, TAG_SESSION);
	const struct writer_info *w;
	struct id want[3];
	int rc;

	dec_copy(&d, s->id.b, UID_LEN);
	dec_copy(&d, s->writer.b, UID_LEN);
	dec_copy(&d, s->group.b, UID_LEN);
	s->epoch = dec_u32(&d);
	dec_copy(&d, s->base.b, ID_LEN);
	dec_copy(&d, want[PACK_META].b, ID_LEN);
	dec_copy(&d, want[PACK_DATA].b, ID_LEN);
	if (!dec_done(&d) || !uid_eq(&s->id, id))
		return err_set(err, HZ_E_CORRUPT, "%s: malformed", so->obj.header.name);
	w = admin_writer(log, &s->writer);
	rc = w && uid_eq(&w->group, &s->group) ? signed_check_only(so, w->pub, NULL) : HZ_E_CORRUPT;
	if (rc == HZ_E_CORRUPT)
		return err_set(err, rc, "%s: not signed by a writer of this repository", so->obj.header.name);
	if (rc < 0)
		return err_nomem(err);
	rc = signed_part_hash(&s->part_hash, so, err);
	if (rc == 0 && key && key->meta_sec)
		rc = open_key(s, PACK_META, so, key->meta_sec, &want[PACK_META], err);
	if (rc == 0 && key && key->data_sec)
		rc = open_key(s, PACK_DATA, so, key->data_sec, &want[PACK_DATA], err);
	return rc;
}

int session_load(struct session *s, struct store *st, const struct uid *id, const struct admin_log *log,
	const struct bundle *key, const struct damage_sink *sink, hz_error **err)
{
	struct signed_object so = SIGNED_INIT;
	struct name nm = name_session(id);
	int rc;

	*s = (struct session){ 0 };
	rc = signed_load(&so, st, nm.s, OBJECT_SESSION, &log->repo.id, true, known, ARRAY_LEN(known), sink, err);
	if (rc == 0)
		rc = decode(s, &so, id, log, key, err);
	signed_release(&so);
	if (rc < 0)
		session_release(s);
	return rc;
}

int session_pack_key(uint8_t out[KEY_LEN], unsigned suite, const struct session *s, enum pack_role role,
	const struct uid *pack, hz_error **err)
{
	struct iovec part = { (void *)pack->b, UID_LEN };

	if (!s->key[role])
		return err_set(err, HZ_E_AUTH, "pack %s: its %s key is not ours to open", uid_hex(pack).s,
			role == PACK_META ? err_text("metadata") : err_text("data"));
	return kdf_raw(
		out, KEY_LEN, suite, s->key[role], role == PACK_META ? "pack metadata" : "pack data", &part, 1, err);
}
