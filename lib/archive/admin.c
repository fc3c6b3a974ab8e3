/* SPDX-License-Identifier: BSD-2-Clause */
/* The admin log as a chain (docs/format/admin.md, names.md): each entry verifies against the state before it. */
#include "archive/admin.h"
#include "archive/listing.h"
#include "base/clock.h"
#include "crypto/suite.h"
#include <stdio.h>
#include <string.h>

#define TAG_ENTRY 0x0001u
#define TAG_ITEMS 0x0002u

static const uint16_t known_entry[] = { TAG_ENTRY, TAG_ITEMS, TAG_SIGNATURES };
static const uint16_t known_repo[] = { 1, 2, 3, TAG_SIGNATURES };

void admin_log_release(struct admin_log *log)
{
	for (size_t i = 0; i < log->n_writers; i++)
		free(log->writers[i].name);
	for (size_t i = 0; i < log->n_keys; i++)
		free(log->keys[i].name);
	for (size_t i = 0; i < log->n_evidence; i++)
		free(log->evidence[i].name);
	for (size_t i = 0; i < log->n_finals; i++)
		free(log->finals[i].packs);
	free(log->hashes);
	free(log->past_roots);
	free(log->recipients);
	free(log->writers);
	free(log->agents);
	free(log->keys);
	free(log->evidence);
	free(log->finals);
	free(log->tombstones.v);
	free(log->losses.v);
	*log = (struct admin_log){ .repo = log->repo };
}

/* ---- repo ---- */

static int decode_repo(struct repo_header *h, const struct signed_object *so, hz_error **err)
{
	struct dec d = section_dec(so->s, so->n, 1);
	struct uid ids[SIGNERS_MAX];
	size_t n_ids = 0;
	uint16_t version = dec_u16(&d);
	uint64_t compat = dec_u64(&d), read_only = dec_u64(&d), incompat = dec_u64(&d);

	(void)compat;
	h->created = dec_i64(&d);
	h->chunker = dec_u8(&d);
	h->pack_log2 = dec_u8(&d);
	h->read_only = read_only;
	if (!d.bad && (version != 1 || incompat != 0)) {
		err_set(err, HZ_E_TOONEW, "repo: format version %u, features %llx", version,
			(unsigned long long)incompat);
		err_hint(err, "a newer version of hozen made this repository; use that version");
		return HZ_E_TOONEW;
	}
	bool bad = !dec_done(&d) || h->pack_log2 < 16 || h->pack_log2 > 26;

	d = section_dec(so->s, so->n, 2);
	h->roots.n = dec_u8(&d);
	if (h->roots.n < 1 || h->roots.n > ROOTS_MAX)
		d.bad = true;
	else
		dec_copy(&d, h->roots.pub, (size_t)h->roots.n * SIGN_PUB_LEN);
	bad = bad || !dec_done(&d);
	d = section_dec(so->s, so->n, 3);
	dec_copy(&d, h->admin0.b, ID_LEN);
	bad = bad || !dec_done(&d) || id_is_zero(&h->admin0);
	bad = bad || signed_signers(ids, &n_ids, so, NULL) < 0 || n_ids != h->roots.n;
	for (unsigned i = 0; !bad && i < h->roots.n; i++) {
		int rc = signed_check(so, h->roots.pub[i], err);

		if (rc < 0)
			return rc;
	}
	if (bad)
		return err_set(err, HZ_E_CORRUPT, "repo: malformed");
	h->id = so->obj.header.repo;
	h->suite = so->obj.header.suite;
	return 0;
}

struct copy_search {
	struct name found;
	unsigned n, commits;
};

static int see_copy(void *user, const char *name, uint64_t size)
{
	struct copy_search *c = user;
	struct uid u;

	(void)size;
	if (name_parse_uid(&u, name, "admin/repo.")) {
		(void)snprintf(c->found.s, sizeof(c->found.s), "%s", name);
		c->n++;
	}
	return 0;
}

static int see_commit(void *user, const char *name, uint64_t size)
{
	struct copy_search *c = user;

	(void)name;
	(void)size;
	c->commits++;
	return 0;
}

/* `repo` is gone or beyond repair: its copy stands in admin/. Without commits it is the remains of a dead init. */
static int load_copy(struct signed_object *so, struct store *st, hz_error **err)
{
	struct copy_search c = { .n = 0 };
	AUTO_FREE uint8_t *data = NULL;
	size_t len = 0;
	int rc = store_list(st, "commits", see_commit, &c, err);

	if (rc == 0)
		rc = store_list(st, "admin", see_copy, &c, err);
	if (rc < 0)
		return rc;
	if (c.commits == 0)
		return HZ_E_NOTFOUND;
	if (c.n != 1)
		return err_set(
			err, HZ_E_CORRUPT, "repo: missing, and so is its copy in admin/, but there are snapshots");
	rc = store_get_all(st, c.found.s, 1 << 20, &data, &len, err);
	if (rc == 0)
		rc = signed_parse(so, "repo", data, len, OBJECT_REPO, NULL, known_repo, ARRAY_LEN(known_repo), err);
	return rc;
}

int repo_header_load(struct repo_header *h, struct store *st, const struct damage_sink *sink, hz_error **err)
{
	struct signed_object so = SIGNED_INIT;
	AUTO(hz_error_free) hz_error *first = NULL;
	int rc = signed_load(
		&so, st, "repo", OBJECT_REPO, NULL, false, known_repo, ARRAY_LEN(known_repo), sink, &first);

	if (rc == HZ_E_NOTFOUND || rc == HZ_E_CORRUPT) {
		AUTO(hz_error_free) hz_error *second = NULL;
		int rc2 = load_copy(&so, st, &second);

		if (rc2 == 0) {
			if (sink && sink->fn)
				sink->fn(sink->user, "repo", "missing or damaged; its copy is whole", true);
			rc = 0;
		} else if (rc == HZ_E_NOTFOUND && rc2 != HZ_E_NOTFOUND) {
			/* What is in it can be had back with the header only: not to be taken for an empty place. */
			if (err && !*err)
				*err = TAKE(second);
			err_hint(err, "get `repo` or its copy back from a copy of the repository");
			return rc2;
		} else if (rc == HZ_E_NOTFOUND) {
			err_set(err, HZ_E_NOTFOUND, "%s: not a hozen repository", st->location);
			err_hint(err,
				"check the path and that its disk is mounted; 'hozen-backup init' makes a repository");
			return HZ_E_NOTFOUND;
		}
	}
	if (rc == 0)
		rc = decode_repo(h, &so, err);
	else if (err && !*err)
		*err = TAKE(first);
	signed_release(&so);
	return rc;
}

int repo_header_build(
	struct buf *out, const struct repo_header *h, const struct secret *const *seeds, size_t n, hz_error **err)
{
	AUTO_IN(buf_release) struct buf body = BUF_INIT;
	AUTO_IN(buf_release) struct buf t = BUF_INIT;
	struct enc e = enc_to(&t);
	bool bad;

	enc_u16(&e, 1);
	enc_u64(&e, 0);
	enc_u64(&e, 0);
	enc_u64(&e, 0);
	enc_i64(&e, h->created);
	enc_u8(&e, h->chunker);
	enc_u8(&e, h->pack_log2);
	bad = e.bad || section_put(&body, 1, t.data, t.len) < 0;
	t.len = 0;
	enc_u8(&e, h->roots.n);
	enc_bytes(&e, h->roots.pub, (size_t)h->roots.n * SIGN_PUB_LEN);
	bad = bad || e.bad || section_put(&body, 2, t.data, t.len) < 0 ||
		section_put(&body, 3, h->admin0.b, ID_LEN) < 0;
	if (bad)
		return err_nomem(err);

	struct signed_parts p = { .type = OBJECT_REPO,
		.suite = h->suite,
		.repo = h->id,
		.name = "repo",
		.signed_sections = &body,
		.seeds = seeds,
		.n_seeds = n };

	return signed_build(out, NULL, &p, err);
}

/* ---- the chain ---- */

static const struct id zero_id;

static const struct id *head_of(const struct admin_log *log)
{
	return log->n ? &log->hashes[log->n - 1] : &zero_id;
}

static int push_hash(struct admin_log *log, const struct id *hash, hz_error **err)
{
	struct id *v = realloc(log->hashes, (log->n + 1) * sizeof(*v));

	if (!v)
		return err_nomem(err);
	log->hashes = v;
	log->hashes[log->n++] = *hash;
	return 0;
}

/* Every signature must be good and by a known signer, so that nothing unverified stands in a valid entry. */
static int check_signers(
	struct uid *ids, size_t *n, const struct admin_log *log, const struct signed_object *so, hz_error **err)
{
	int rc = signed_signers(ids, n, so, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < *n; i++) {
		const uint8_t *pub = NULL;

		if (log->n > 0)
			pub = admin_signer(log, &ids[i]);
		for (unsigned k = 0; log->n == 0 && k < log->repo.roots.n; k++) {
			struct uid u = signer_id(log->repo.suite, log->repo.roots.pub[k]);

			if (uid_eq(&u, &ids[i]))
				pub = log->repo.roots.pub[k];
		}
		if (!pub)
			return err_set(err, HZ_E_CORRUPT, "%s: bad signature", so->obj.header.name);
		rc = signed_check(so, pub, err);
		if (rc < 0)
			return rc;
	}
	if (log->n == 0 && *n != log->repo.roots.n)
		return err_set(err, HZ_E_CORRUPT, "%s: not signed by all root keys", so->obj.header.name);
	return 0;
}

static int take_entry(struct admin_log *log, const struct signed_object *so, hz_error **err)
{
	struct dec d = section_dec(so->s, so->n, TAG_ENTRY);
	uint64_t n = dec_u64(&d);
	const struct section *items = section_find(so->s, so->n, TAG_ITEMS);
	struct uid ids[SIGNERS_MAX];
	size_t n_ids = 0;
	struct id prev;
	int64_t time;
	int rc;

	dec_copy(&d, prev.b, ID_LEN);
	time = dec_i64(&d);
	if (dec_u32(&d) > 999999999 || dec_u8(&d) > 1 || !dec_done(&d) || !items || n != log->n)
		return err_set(err, HZ_E_CORRUPT, "%s: malformed", so->obj.header.name);
	if (!id_eq(&prev, head_of(log)))
		return err_set(err, HZ_E_CORRUPT, "%s: does not follow entry %llu", so->obj.header.name,
			(unsigned long long)(n ? n - 1 : 0));
	rc = check_signers(ids, &n_ids, log, so, err);
	if (rc == 0)
		rc = admin_apply(log, items->data, items->len, ids, n_ids, time, err);
	if (rc < 0)
		return err_wrap(err, rc, "admin log");
	log->last_time = time;
	struct id hash = signed_hash(so);

	return push_hash(log, &hash, err);
}

/* Loads the entry that stands at position n. HZ_E_NOTFOUND: the end of the log; *attempt is then the first free try.
 * Objects of another repository do not count (names.md). */
static int load_entry(struct signed_object *so, struct admin_log *log, struct store *st, unsigned *attempt,
	const struct damage_sink *sink, hz_error **err)
{
	for (unsigned t = 0; t < NAME_TRIES_MAX; t++) {
		struct name nm = name_admin(log->n, t);
		AUTO(hz_error_free) hz_error *e = NULL;
		int rc = signed_load(
			so, st, nm.s, OBJECT_ADMIN, &log->repo.id, true, known_entry, ARRAY_LEN(known_entry), sink, &e);

		*attempt = t;
		if (rc == HZ_E_REFUSED)
			continue;
		if (rc == 0 && log->n == 0 && !id_is_zero(&log->repo.admin0)) {
			struct id hash = signed_hash(so);

			if (!id_eq(&hash, &log->repo.admin0)) {
				signed_release(so);
				continue;
			}
		}
		if (rc < 0 && rc != HZ_E_NOTFOUND && err && !*err)
			*err = TAKE(e);
		return rc;
	}
	return err_set(err, HZ_E_CORRUPT, "admin log: more than %u objects under entry %llu", NAME_TRIES_MAX,
		(unsigned long long)log->n);
}

/* An entry further on than the end that was found: the one between is lost, and decisions with it. 1: it came
 * meanwhile. */
static int check_end(struct admin_log *log, struct store *st, hz_error **err)
{
	struct listing l;
	unsigned attempt;
	int rc = listing_load(&l, st, "admin", listed_admin, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < l.n; i++) {
		struct signed_object so = SIGNED_INIT;

		if (l.v[i].number <= log->n)
			continue;
		/* What another repository left there does not count. */
		rc = signed_load(&so, st, name_admin(l.v[i].number, l.v[i].attempt).s, OBJECT_ADMIN, &log->repo.id,
			true, known_entry, ARRAY_LEN(known_entry), NULL, NULL);
		signed_release(&so);
		if (rc < 0) {
			rc = 0;
			continue;
		}
		rc = load_entry(&so, log, st, &attempt, NULL, NULL) == 0;
		signed_release(&so);
		if (rc == 1)
			break;
		rc = err_set(err, HZ_E_CORRUPT, "admin log: entry %llu is missing, and later ones are there",
			(unsigned long long)log->n);
		err_hint(err, "bring the store's admin/ folder back from a copy; nothing was written");
	}
	listing_release(&l);
	return rc;
}

static int load_entries(struct admin_log *log, struct store *st, const struct damage_sink *sink, hz_error **err)
{
	int rc = 0;

	while (rc == 0) {
		struct signed_object so = SIGNED_INIT;

		rc = load_entry(&so, log, st, &log->next_try, sink, err);
		if (rc == 0) {
			log->head_try = log->next_try;
			rc = take_entry(log, &so, err);
		}
		signed_release(&so);
	}
	return rc;
}

int admin_log_load(struct admin_log *log, struct store *st, const struct damage_sink *sink, hz_error **err)
{
	int rc;

	do {
		rc = load_entries(log, st, sink, err);
		if (rc == HZ_E_NOTFOUND && log->n > 0)
			rc = check_end(log, st, err);
		else if (rc == HZ_E_NOTFOUND)
			rc = err_set(err, HZ_E_CORRUPT, "admin log: its first entry is missing");
	} while (rc == 1);
	if (rc < 0)
		admin_log_release(log);
	return rc;
}

int admin_log_begin(struct admin_log *log, const struct repo_header *h, struct store *st, hz_error **err)
{
	struct signed_object so = SIGNED_INIT;
	int rc;

	*log = (struct admin_log){ .repo = *h };
	rc = load_entry(&so, log, st, &log->next_try, NULL, err);
	signed_release(&so);
	return rc == HZ_E_NOTFOUND ? 0 : rc == 0 ? err_set(err, HZ_E_INTERNAL, "repository id drawn twice") : rc;
}

static int entry_sections(
	struct buf *out, const struct admin_log *log, const struct buf *items, struct walltime now, hz_error **err)
{
	AUTO_IN(buf_release) struct buf t = BUF_INIT;
	struct enc e = enc_to(&t);

	enc_u64(&e, log->n);
	enc_bytes(&e, head_of(log)->b, ID_LEN);
	enc_i64(&e, now.sec);
	enc_u32(&e, now.nsec);
	enc_u8(&e, now.synchronized);
	if (e.bad || section_put(out, TAG_ENTRY, t.data, t.len) < 0 ||
		section_put(out, TAG_ITEMS, items->data, items->len) < 0)
		return err_nomem(err);
	return 0;
}

/* Builds the entry for the next try, puts it, and takes it in through the same door as everybody's. */
static int put_entry(struct admin_log *log, struct store *st, const struct buf *sections,
	const struct secret *const *seeds, size_t n, hz_error **err)
{
	AUTO_IN(buf_release) struct buf object = BUF_INIT;
	struct signed_object so = SIGNED_INIT;
	struct name nm = name_admin(log->n, log->next_try);
	struct signed_parts p = { .type = OBJECT_ADMIN,
		.suite = log->repo.suite,
		.repo = log->repo.id,
		.name = nm.s,
		.signed_sections = sections,
		.seeds = seeds,
		.n_seeds = n };
	int rc = signed_build(&object, NULL, &p, err);

	if (rc == 0)
		rc = signed_put(st, nm.s, &object, true, err);
	if (rc == 0)
		rc = signed_parse(&so, nm.s, object.data, object.len, OBJECT_ADMIN, &log->repo.id, known_entry,
			ARRAY_LEN(known_entry), err);
	if (rc == 0)
		rc = take_entry(log, &so, err);
	signed_release(&so);
	return rc;
}

/* The try is taken: 0 and a higher one when another repository's objects stand there (a dead init's), else who took it
 * was faster. */
static int skip_taken(struct admin_log *log, struct store *st, hz_error **err)
{
	struct signed_object so = SIGNED_INIT;
	unsigned taken = log->next_try;
	int rc = load_entry(&so, log, st, &log->next_try, NULL, err);

	signed_release(&so);
	if (rc == HZ_E_NOTFOUND && log->next_try > taken)
		return 0;
	if (rc < 0 && rc != HZ_E_NOTFOUND)
		return rc;
	err_set(err, HZ_E_BUSY, "%s: somebody else appended to the admin log", name_admin(log->n, taken).s);
	err_hint(err, "run the command again");
	return HZ_E_BUSY;
}

int admin_log_append(struct admin_log *log, struct store *st, const struct buf *items,
	const struct secret *const *seeds, size_t n, hz_error **err)
{
	AUTO_IN(buf_release) struct buf sections = BUF_INIT;
	struct name before = name_admin(log->n ? log->n - 1 : 0, log->head_try);
	int rc = entry_sections(&sections, log, items, clock_wall(), err);

	/* The new entry refers to the one before: make sure that both of its names stand. */
	if (rc == 0 && log->n > 0)
		rc = signed_ensure_copy(st, before.s, err);
	while (rc == 0) {
		AUTO(hz_error_free) hz_error *e = NULL;

		rc = put_entry(log, st, &sections, seeds, n, &e);
		if (rc == 0) {
			log->head_try = log->next_try;
			log->next_try = 0;
			break;
		}
		if (rc == HZ_E_EXISTS)
			rc = skip_taken(log, st, err);
		else if (err && !*err)
			*err = TAKE(e);
	}
	return rc;
}

bool admin_has_hash(const struct admin_log *log, uint64_t n, const struct id *hash)
{
	return n < log->n && id_eq(&log->hashes[n], hash);
}
