/* SPDX-License-Identifier: BSD-2-Clause */
/* Marks: packs that a prune may delete, or that repair found lost (docs/format/session.md). */
#include "archive/session.h"
#include "crypto/suite.h"
#include <string.h>

#define TAG_MARK  0x0001u
#define TAG_PACKS 0x0002u

static const uint16_t known[] = { TAG_MARK, TAG_PACKS, TAG_SIGNATURES };

void mark_release(struct mark *m)
{
	free(m->packs);
	m->packs = NULL;
	m->n_packs = 0;
}

static int decode(
	struct mark *m, const struct signed_object *so, uint64_t n, const struct admin_log *log, hz_error **err)
{
	struct dec d = section_dec(so->s, so->n, TAG_MARK);
	struct uid ids[SIGNERS_MAX];
	const uint8_t *pub;
	size_t n_ids = 0;
	uint64_t count;
	bool bad;
	int rc;

	m->hash = signed_hash(so);
	m->n = dec_u64(&d);
	m->kind = dec_u8(&d);
	m->admin_n = dec_u64(&d);
	dec_copy(&d, m->admin_head.b, ID_LEN);
	bad = !dec_done(&d) || m->n != n || m->kind < 1 || m->kind > 2;
	d = section_dec(so->s, so->n, TAG_PACKS);
	count = dec_count(&d, UID_LEN);
	m->packs = calloc((size_t)count + 1, UID_LEN);
	if (!m->packs)
		return err_nomem(err);
	dec_copy(&d, m->packs, (size_t)count * UID_LEN);
	m->n_packs = (size_t)count;
	bad = bad || !dec_done(&d);
	for (size_t i = 1; i < m->n_packs; i++)
		bad = bad || uid_cmp(&m->packs[i - 1], &m->packs[i]) >= 0;
	if (bad)
		return err_set(err, HZ_E_CORRUPT, "%s: malformed", so->obj.header.name);
	rc = signed_signers(ids, &n_ids, so, err);
	if (rc < 0)
		return rc;
	pub = n_ids == 1 && !admin_writer(log, &ids[0]) ? admin_signer(log, &ids[0]) : NULL;
	if (!pub)
		return err_set(err, HZ_E_CORRUPT, "%s: bad signature", so->obj.header.name);
	return signed_check_only(so, pub, err);
}

int mark_load(struct mark *m, struct store *st, uint64_t n, unsigned attempt, const struct admin_log *log,
	const struct damage_sink *sink, hz_error **err)
{
	struct signed_object so = SIGNED_INIT;
	struct name nm = name_mark(n, attempt);
	int rc;

	*m = (struct mark){ 0 };
	rc = signed_load(&so, st, nm.s, OBJECT_MARK, &log->repo.id, true, known, ARRAY_LEN(known), sink, err);
	if (rc == 0)
		rc = decode(m, &so, n, log, err);
	signed_release(&so);
	if (rc < 0)
		mark_release(m);
	return rc;
}

int mark_build(struct buf *out, struct mark *m, unsigned attempt, const struct repo_header *repo,
	const struct secret *seed, hz_error **err)
{
	AUTO_IN(buf_release) struct buf sections = BUF_INIT;
	AUTO_IN(buf_release) struct buf t = BUF_INIT;
	struct name nm = name_mark(m->n, attempt);
	struct enc e = enc_to(&t);
	bool bad;

	enc_u64(&e, m->n);
	enc_u8(&e, m->kind);
	enc_u64(&e, m->admin_n);
	enc_bytes(&e, m->admin_head.b, ID_LEN);
	bad = e.bad || section_put(&sections, TAG_MARK, t.data, t.len) < 0;
	t.len = 0;
	enc_var(&e, m->n_packs);
	enc_bytes(&e, m->packs, m->n_packs * UID_LEN);
	bad = bad || e.bad || section_put(&sections, TAG_PACKS, t.data, t.len) < 0;
	if (bad)
		return err_nomem(err);

	struct signed_parts p = { .type = OBJECT_MARK,
		.suite = repo->suite,
		.repo = repo->id,
		.name = nm.s,
		.signed_sections = &sections,
		.seeds = &seed,
		.n_seeds = 1 };

	return signed_build(out, &m->hash, &p, err);
}
