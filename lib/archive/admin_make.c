/* SPDX-License-Identifier: BSD-2-Clause */
/* Encoding the items that this version appends (docs/format/admin.md). Names are sealed: the store shows none. */
#include "archive/admin.h"
#include "report/sshsig.h"
#include <string.h>

#define SEAL_LABEL   "admin"
#define NAME_LEN_MAX 1024u

static int finish(struct buf *out, uint16_t tag, struct buf *t, const struct enc *e, hz_error **err)
{
	int rc = e->bad || section_put(out, tag, t->data, t->len) < 0 ? err_nomem(err) : 0;

	buf_release(t);
	return rc;
}

int item_signers(struct buf *out, const struct roots *r, const uint8_t threshold[CLASS_COUNT], hz_error **err)
{
	struct buf t = BUF_INIT;
	struct enc e = enc_to(&t);

	enc_u8(&e, r->n);
	enc_bytes(&e, r->pub, (size_t)r->n * SIGN_PUB_LEN);
	enc_u8(&e, CLASS_COUNT);
	enc_bytes(&e, threshold, CLASS_COUNT);
	return finish(out, ITEM_SIGNERS, &t, &e, err);
}

int item_recipients(struct buf *out, const struct recipients *r, hz_error **err)
{
	struct buf t = BUF_INIT;
	struct enc e = enc_to(&t);

	enc_u32(&e, r->epoch);
	enc_bytes(&e, r->meta, BOX_PUB_LEN);
	enc_bytes(&e, r->data, BOX_PUB_LEN);
	return finish(out, ITEM_RECIPIENTS, &t, &e, err);
}

static int put_name(struct enc *e, unsigned suite, const struct uid *repo, const struct recipients *r, const char *name,
	hz_error **err)
{
	struct iovec ctx = { (void *)repo->b, UID_LEN };
	uint8_t sealed[NAME_LEN_MAX + SEAL_OVERHEAD];
	size_t len = name ? strnlen(name, NAME_LEN_MAX) : 0;
	int rc;

	if (len == 0) {
		enc_blob(e, "", 0);
		return 0;
	}
	rc = seal_make(sealed, suite, r->meta, SEAL_LABEL, &ctx, 1, name, len, err);
	if (rc == 0)
		enc_blob(e, sealed, len + SEAL_OVERHEAD);
	return rc;
}

int item_writer(struct buf *out, const struct writer_info *w, unsigned suite, const struct uid *repo,
	const struct recipients *r, const char *name, hz_error **err)
{
	struct buf t = BUF_INIT;
	struct enc e = enc_to(&t);
	int rc;

	enc_bytes(&e, w->id.b, UID_LEN);
	enc_bytes(&e, w->pub, SIGN_PUB_LEN);
	enc_bytes(&e, w->box, BOX_PUB_LEN);
	enc_bytes(&e, w->group.b, UID_LEN);
	rc = put_name(&e, suite, repo, r, name, err);
	if (rc < 0) {
		buf_release(&t);
		return rc;
	}
	return finish(out, ITEM_WRITER, &t, &e, err);
}

int item_key(struct buf *out, enum key_kind kind, const struct uid *uid, const struct id *hash, hz_error **err)
{
	struct buf t = BUF_INIT;
	struct enc e = enc_to(&t);

	enc_u8(&e, (uint8_t)kind);
	enc_bytes(&e, uid->b, UID_LEN);
	enc_bytes(&e, hash->b, ID_LEN);
	return finish(out, ITEM_KEY, &t, &e, err);
}

int item_issued(struct buf *out, uint8_t role, const struct uid *uid, unsigned suite, const struct uid *repo,
	const struct recipients *r, const char *name, hz_error **err)
{
	struct buf t = BUF_INIT;
	struct enc e = enc_to(&t);
	int rc;

	enc_u8(&e, role);
	enc_bytes(&e, uid->b, UID_LEN);
	rc = put_name(&e, suite, repo, r, name, err);
	if (rc < 0) {
		buf_release(&t);
		return rc;
	}
	return finish(out, ITEM_ISSUED, &t, &e, err);
}

int evidence_key_parse(uint8_t pub[SIGN_PUB_LEN], const char *text, hz_error **err)
{
	const char *key = strchr(text, ' ');

	if (!key || !ssh_key_parse(pub, key + 1, strcspn(key + 1, " \n")))
		return err_set(err, HZ_E_INVAL, "evidence key: '%.80s' is no Ed25519 key as OpenSSH writes it", text);
	return 0;
}

int item_evidence(struct buf *out, const char *text, const struct admin_log *log, const struct recipients *r,
	const char *name, hz_error **err)
{
	struct buf t = BUF_INIT;
	struct enc e = enc_to(&t);
	uint8_t pub[SIGN_PUB_LEN];
	int rc = text ? evidence_key_parse(pub, text, err) : 0;

	if (rc < 0 || !text || admin_evidence(log, pub))
		return rc;
	enc_bytes(&e, pub, SIGN_PUB_LEN);
	rc = put_name(&e, log->repo.suite, &log->repo.id, r, name, err);
	if (rc < 0) {
		buf_release(&t);
		return rc;
	}
	return finish(out, ITEM_EVIDENCE, &t, &e, err);
}

int item_open_name(char **name, unsigned suite, const struct uid *repo, const struct secret *meta_sec,
	const uint8_t *blob, size_t len, hz_error **err)
{
	struct iovec ctx = { (void *)repo->b, UID_LEN };
	AUTO(secret_free) struct secret *plain = NULL;
	char *s;

	if (len > 0 && meta_sec)
		(void)seal_open(&plain, suite, meta_sec, SEAL_LABEL, &ctx, 1, blob, len, NULL);
	s = calloc(1, (plain ? secret_len(plain) : 0) + 1);
	if (!s)
		return err_nomem(err);
	if (plain)
		memcpy(s, secret_bytes(plain), secret_len(plain));
	*name = s;
	return 0;
}
