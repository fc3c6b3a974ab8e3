/* SPDX-License-Identifier: BSD-2-Clause */
/* Items of the admin log: what each does to the state and who may make it (the table in docs/format/admin.md). */
#include "archive/admin.h"
#include <errno.h>
#include <string.h>

#define LIST_MAX  ((size_t)1 << 26)
#define BLOB_MAX  65536u
#define SEAL_NAME "admin"

/* One more zeroed element at the end of a growing array, or NULL. */
static void *grow(void *array, size_t *n, size_t each)
{
	void **p = array;
	uint8_t *v = realloc(*p, (*n + 1) * each);

	if (!v)
		return NULL;
	*p = v;
	memset(v + *n * each, 0, each);
	return v + (*n)++ * each;
}

static uint8_t *blob_copy(struct dec *d, size_t *len)
{
	const uint8_t *p = dec_blob(d, BLOB_MAX, len);
	uint8_t *c = p ? malloc(*len + 1) : NULL;

	if (c)
		memcpy(c, p, *len);
	else
		d->bad = true;
	return c;
}

/* ---- applying ---- */

static bool apply_signers(struct admin_log *log, struct dec *d)
{
	struct roots r = { .n = dec_u8(d) };
	uint8_t classes;

	if (r.n < 1 || r.n > ROOTS_MAX)
		return false;
	dec_copy(d, r.pub, (size_t)r.n * SIGN_PUB_LEN);
	classes = dec_u8(d);
	if (classes != CLASS_COUNT)
		return false;
	for (unsigned i = 1; i < r.n; i++) {
		if (memcmp(r.pub[i - 1], r.pub[i], SIGN_PUB_LEN) >= 0)
			return false;
	}
	for (unsigned i = 0; i < CLASS_COUNT; i++) {
		uint8_t t = dec_u8(d);

		if (t < 1 || t > r.n)
			return false;
		log->threshold[i] = t;
	}
	if (log->n == 0 &&
		(r.n != log->repo.roots.n || memcmp(r.pub, log->repo.roots.pub, (size_t)r.n * SIGN_PUB_LEN) != 0))
		return false;
	for (unsigned i = 0; i < log->roots.n; i++) {
		uint8_t *past = grow(&log->past_roots, &log->n_past, SIGN_PUB_LEN);

		if (!past)
			return false;
		memcpy(past, log->roots.pub[i], SIGN_PUB_LEN);
	}
	log->roots = r;
	return true;
}

static bool apply_recipients(struct admin_log *log, struct dec *d)
{
	struct recipients *r = grow(&log->recipients, &log->n_recipients, sizeof(*r));

	if (!r)
		return false;
	r->epoch = dec_u32(d);
	dec_copy(d, r->meta, BOX_PUB_LEN);
	dec_copy(d, r->data, BOX_PUB_LEN);
	return r->epoch == log->n_recipients;
}

static bool apply_writer(struct admin_log *log, struct dec *d, int64_t time)
{
	struct writer_info *w;
	struct uid id, want;

	dec_copy(d, id.b, UID_LEN);
	if (admin_writer(log, &id))
		return false;
	w = grow(&log->writers, &log->n_writers, sizeof(*w));
	if (!w)
		return false;
	w->id = id;
	dec_copy(d, w->pub, SIGN_PUB_LEN);
	dec_copy(d, w->box, BOX_PUB_LEN);
	dec_copy(d, w->group.b, UID_LEN);
	w->name = blob_copy(d, &w->name_len);
	w->time = time;
	want = signer_id(log->repo.suite, w->pub);
	return uid_eq(&want, &id);
}

static bool apply_cut(struct admin_log *log, struct dec *d)
{
	struct uid id;

	dec_copy(d, id.b, UID_LEN);
	for (size_t i = 0; i < log->n_writers; i++) {
		if (uid_eq(&log->writers[i].id, &id)) {
			log->writers[i].is_cut = true;
			dec_copy(d, log->writers[i].cut.b, ID_LEN);
			return true;
		}
	}
	return false;
}

static bool apply_agent(struct admin_log *log, struct dec *d)
{
	struct agent_info *a = grow(&log->agents, &log->n_agents, sizeof(*a));
	size_t len;

	if (!a)
		return false;
	a->role = dec_u8(d);
	dec_copy(d, a->pub, SIGN_PUB_LEN);
	(void)dec_blob(d, BLOB_MAX, &len);
	a->id = signer_id(log->repo.suite, a->pub);
	return a->role == HZ_ROLE_KEEPER || a->role == HZ_ROLE_ATTESTER;
}

static bool apply_agent_end(struct admin_log *log, struct dec *d)
{
	struct uid id;

	dec_copy(d, id.b, UID_LEN);
	for (size_t i = 0; i < log->n_agents; i++) {
		if (uid_eq(&log->agents[i].id, &id) && !log->agents[i].ended) {
			log->agents[i].ended = true;
			return true;
		}
	}
	return false;
}

static bool apply_key(struct admin_log *log, struct dec *d, bool issued, int64_t time)
{
	struct key_info *k = grow(&log->keys, &log->n_keys, sizeof(*k));

	if (!k)
		return false;
	k->time = time;
	if (issued) {
		k->role = dec_u8(d);
		dec_copy(d, k->uid.b, UID_LEN);
		k->name = blob_copy(d, &k->name_len);
		return k->role == HZ_ROLE_LISTER || k->role == HZ_ROLE_READER || k->role == HZ_ROLE_ADMIN;
	}
	k->kind = dec_u8(d);
	dec_copy(d, k->uid.b, UID_LEN);
	dec_copy(d, k->hash.b, ID_LEN);
	return k->kind >= KEY_SLOT && k->kind <= KEY_TABLE;
}

static bool apply_evidence(struct admin_log *log, struct dec *d, int64_t time)
{
	struct evidence_key *k = grow(&log->evidence, &log->n_evidence, sizeof(*k));

	if (!k)
		return false;
	dec_copy(d, k->pub, SIGN_PUB_LEN);
	k->name = blob_copy(d, &k->name_len);
	k->time = time;
	return true;
}

static bool apply_key_end(struct admin_log *log, struct dec *d)
{
	struct uid id;
	bool found = false;

	dec_copy(d, id.b, UID_LEN);
	for (size_t i = 0; i < log->n_keys; i++) {
		if (log->keys[i].kind != 0 && uid_eq(&log->keys[i].uid, &id))
			found = log->keys[i].ended = true;
	}
	return found;
}

/* var count and that many ascending ids, each added to or taken from set (NULL: only checked). */
static bool apply_ids(struct dec *d, struct id_set *set, bool del)
{
	uint64_t n = dec_count(d, ID_LEN);
	struct id last = { { 0 } }, id;

	for (uint64_t i = 0; i < n && !d->bad; i++) {
		dec_copy(d, id.b, ID_LEN);
		if (i > 0 && id_cmp(&last, &id) >= 0)
			return false;
		last = id;
		if (set && del)
			id_set_del(set, &id);
		else if (set && id_set_add(set, &id) < 0)
			return false;
	}
	return n > 0;
}

static bool apply_tombstone(struct admin_log *log, struct dec *d, uint8_t *by)
{
	size_t len;

	*by = dec_u8(d);
	if (*by < 1 || *by > 2 || !apply_ids(d, &log->tombstones, false))
		return false;
	(void)dec_bytes(d, ID_LEN);
	(void)dec_u32(d);
	(void)dec_blob(d, BLOB_MAX, &len);
	return true;
}

static bool apply_final(struct admin_log *log, struct dec *d)
{
	struct final_list *f = grow(&log->finals, &log->n_finals, sizeof(*f));
	uint64_t n;

	if (!f)
		return false;
	f->mark = dec_u64(d);
	dec_copy(d, f->mark_hash.b, ID_LEN);
	n = dec_count(d, UID_LEN);
	f->packs = d->bad || n > LIST_MAX ? NULL : calloc((size_t)n + 1, UID_LEN);
	if (!f->packs)
		return false;
	dec_copy(d, f->packs, (size_t)n * UID_LEN);
	f->n = (size_t)n;
	for (size_t i = 1; i < f->n; i++) {
		if (uid_cmp(&f->packs[i - 1], &f->packs[i]) >= 0)
			return false;
	}
	return true;
}

static bool skip_blob(struct dec *d, size_t fixed)
{
	size_t len;

	(void)dec_bytes(d, fixed);
	(void)dec_blob(d, BLOB_MAX, &len);
	return true;
}

static bool apply_item(struct admin_log *log, uint16_t tag, struct dec *d, int64_t time, uint8_t *by)
{
	size_t len;
	uint8_t what;

	switch (tag) {
	case ITEM_SIGNERS:
		return apply_signers(log, d);
	case ITEM_RECIPIENTS:
		return apply_recipients(log, d);
	case ITEM_WRITER:
		return apply_writer(log, d, time);
	case ITEM_CUT:
		return apply_cut(log, d);
	case ITEM_AGENT:
		return apply_agent(log, d);
	case ITEM_AGENT_END:
		return apply_agent_end(log, d);
	case ITEM_KEY:
	case ITEM_ISSUED:
		return apply_key(log, d, tag == ITEM_ISSUED, time);
	case ITEM_KEY_END:
		return apply_key_end(log, d);
	case ITEM_POLICY:
		return skip_blob(d, ID_LEN);
	case ITEM_HOLD:
		(void)dec_bytes(d, UID_LEN);
		what = dec_u8(d);
		/* A hold of everything names nothing. */
		if (what < 1 || what > 3 || (what == 3 ? dec_var(d) != 0 : !apply_ids(d, NULL, false)))
			return false;
		(void)dec_blob(d, BLOB_MAX, &len);
		return true;
	case ITEM_HOLD_END:
		return skip_blob(d, UID_LEN);
	case ITEM_TOMBSTONE:
		return apply_tombstone(log, d, by);
	case ITEM_UNDELETE:
		return apply_ids(d, &log->tombstones, true);
	case ITEM_FINAL:
		return apply_final(log, d);
	case ITEM_FINAL_END:
		(void)dec_u64(d);
		return true;
	case ITEM_LOSS:
		if (!apply_ids(d, &log->losses, false))
			return false;
		(void)dec_blob(d, BLOB_MAX, &len);
		return true;
	case ITEM_ROLLBACK:
		(void)dec_bytes(d, 8 + 2 * ID_LEN);
		return true;
	case ITEM_EVIDENCE:
		return apply_evidence(log, d, time);
	default:
		return false;
	}
}

/* ---- who may ---- */

static enum admin_class class_of(uint16_t tag)
{
	switch (tag) {
	case ITEM_SIGNERS:
	case ITEM_ROLLBACK:
		return CLASS_SIGNERS;
	case ITEM_POLICY:
		return CLASS_POLICY;
	case ITEM_HOLD:
		return CLASS_HOLD;
	case ITEM_HOLD_END:
		return CLASS_HOLD_END;
	case ITEM_TOMBSTONE:
	case ITEM_UNDELETE:
	case ITEM_FINAL:
	case ITEM_FINAL_END:
	case ITEM_LOSS:
		return CLASS_FORGET;
	default:
		return CLASS_KEYS;
	}
}

/* Powers as they were before the entry. */
struct powers {
	unsigned roots;
	bool keeper, attester;
	uint8_t threshold[CLASS_COUNT];
};

static struct powers powers_of(const struct admin_log *log, const struct uid *signers, size_t n)
{
	struct powers p = { 0 };

	memcpy(p.threshold, log->threshold, sizeof(p.threshold));
	for (size_t i = 0; i < n; i++) {
		const struct agent_info *a = admin_agent(log, &signers[i]);

		if (log->n == 0 || admin_is_root(log, &signers[i]))
			p.roots++;
		else if (a && a->role == HZ_ROLE_KEEPER)
			p.keeper = true;
		else if (a)
			p.attester = true;
	}
	return p;
}

static bool may(const struct powers *p, uint16_t tag, uint8_t by)
{
	if (p->roots > 0 && p->roots >= p->threshold[class_of(tag)])
		return true;
	switch (tag) {
	case ITEM_HOLD:
	case ITEM_FINAL:
	case ITEM_FINAL_END:
		return p->keeper || p->attester;
	case ITEM_TOMBSTONE:
		return p->keeper && by == 2;
	default:
		return false;
	}
}

int admin_apply(struct admin_log *log, const uint8_t *items, size_t len, const struct uid *signers, size_t n,
	int64_t time, hz_error **err)
{
	struct powers p = powers_of(log, signers, n);
	struct dec d = dec_of(items, len);
	uint16_t last = 0;

	if (len == 0 && log->n == 0)
		return err_set(err, HZ_E_CORRUPT, "entry 0: empty");
	while (dec_left(&d) > 0) {
		uint16_t tag = dec_u16(&d);
		uint32_t ilen = dec_u32(&d);
		struct dec item = dec_sub(&d, ilen);
		uint8_t by = 0;

		if (d.bad || (tag & 0x7FFFu) < last || tag == 0)
			return err_set(err, HZ_E_CORRUPT, "entry %llu: malformed item", (unsigned long long)log->n);
		last = tag & 0x7FFFu;
		if ((tag & SECTION_IGNORABLE) && tag != ITEM_EVIDENCE)
			continue;
		if (tag > ITEM_ROLLBACK && tag != ITEM_EVIDENCE) {
			err_set(err, HZ_E_TOONEW, "entry %llu: unknown item %04x", (unsigned long long)log->n,
				(unsigned)tag);
			err_hint(err, "a newer version of hozen wrote it; use that version");
			return HZ_E_TOONEW;
		}
		errno = 0;
		if (!apply_item(log, tag, &item, time, &by) || !dec_done(&item)) {
			/* Memory that is out must not pass for damage; nothing else in there sets errno. */
			return errno == ENOMEM ? err_nomem(err)
					       : err_set(err, HZ_E_CORRUPT, "entry %llu: malformed item %04x",
							 (unsigned long long)log->n, (unsigned)tag);
		}
		if (!may(&p, tag, by))
			return err_set(err, HZ_E_CORRUPT, "entry %llu: its signers may not make item %04x",
				(unsigned long long)log->n, (unsigned)tag);
	}
	if (d.bad)
		return err_set(err, HZ_E_CORRUPT, "entry %llu: malformed item", (unsigned long long)log->n);
	/* An entry without items, or with such as are skipped, is not for writers either. */
	if (p.roots == 0 && !p.keeper && !p.attester)
		return err_set(err, HZ_E_CORRUPT, "entry %llu: its signers may make none", (unsigned long long)log->n);
	return 0;
}
