/* SPDX-License-Identifier: BSD-2-Clause */
/* What the admin log knows of keys, as a list in order of time. Names are sealed; a lister's key opens them. */
#include "archive/reader.h"
#include "report/sshsig.h"
#include <stdio.h>
#include <string.h>

enum key_source { FROM_ROOTS, FROM_WRITERS, FROM_KEYS, FROM_EVIDENCE, FROM_COMMITS };

/* One line, before it is put into words. */
struct line {
	int64_t time;
	enum key_source from;
	size_t i;
};

struct listing {
	struct hz_reader *r;
	hz_key_fn fn;
	void *user;
	struct uid self_signer; /* of the key in use, when it signs */
	bool signs;
};

static int cmp_line(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->i > y->i) - (x->i < y->i);
}

static bool is_self(const struct listing *l, const struct uid *key_id)
{
	return l->r->repo.key && uid_eq(&l->r->repo.key->key_id, key_id);
}

static int open_name(char **name, const struct listing *l, const uint8_t *blob, size_t len, hz_error **err)
{
	const struct repo *repo = &l->r->repo;

	return item_open_name(
		name, repo->log.repo.suite, &repo->log.repo.id, repo->key ? repo->key->meta_sec : NULL, blob, len, err);
}

static int show_root(const struct listing *l, size_t i, hz_key_info *k)
{
	const struct admin_log *log = &l->r->repo.log;
	struct uid id = signer_id(log->repo.suite, log->roots.pub[i]);
	struct uid_hex hex = uid_hex(&id);

	k->kind = "root";
	k->role = HZ_ROLE_ADMIN;
	k->id = hex.s;
	k->present = 1;
	k->self = l->signs && uid_eq(&id, &l->self_signer);
	return l->fn(l->user, k);
}

static int show_writer(const struct listing *l, size_t i, hz_key_info *k, hz_error **err)
{
	const struct writer_info *w = &l->r->repo.log.writers[i];
	struct uid_hex id = uid_hex(&w->id), group = uid_hex(&w->group);
	AUTO_FREE char *name = NULL;
	int rc = open_name(&name, l, w->name, w->name_len, err);

	if (rc < 0)
		return rc;
	k->kind = "writer";
	k->role = HZ_ROLE_WRITER;
	k->id = id.s;
	k->group = group.s;
	k->name = name;
	k->detail = w->is_cut ? "cut off" : "";
	k->present = 1;
	k->self = is_self(l, &w->id);
	return l->fn(l->user, k);
}

static int show_slot(const struct listing *l, const struct key_info *key, hz_key_info *k, hz_error **err)
{
	struct repo *repo = &l->r->repo;
	struct uid_hex id = uid_hex(&key->uid);
	AUTO(hz_error_free) hz_error *e = NULL;
	struct slot_info info = { .role = 0 };
	struct bundle *none = NULL;
	char detail[64] = "";
	int rc = slot_open(&none, &info, repo->store, &repo->log, key, NULL, &repo->sink, &e);

	if (rc == HZ_E_IO || rc == HZ_E_NOMEM) {
		if (err && !*err)
			*err = TAKE(e);
		return rc;
	}
	if (rc == 0)
		(void)snprintf(detail, sizeof(detail), "argon2id %u MiB, %u passes", info.mem_kib / 1024, info.passes);
	k->kind = "slot";
	k->role = info.role;
	k->id = id.s;
	k->detail = rc == 0              ? detail
		: rc == HZ_E_NOTFOUND    ? "missing"
		: rc == HZ_E_UNSUPPORTED ? "no passphrase"
					 : "damaged";
	k->present = rc != HZ_E_NOTFOUND;
	k->self = rc == 0 && is_self(l, &info.key_id);
	return l->fn(l->user, k);
}

static int show_file(const struct listing *l, const struct key_info *key, hz_key_info *k, hz_error **err)
{
	struct uid_hex id = uid_hex(&key->uid);
	AUTO_FREE char *name = NULL;
	int rc = open_name(&name, l, key->name, key->name_len, err);

	if (rc < 0)
		return rc;
	k->kind = "key-file";
	k->role = key->role;
	k->id = id.s;
	k->name = name;
	k->present = 1;
	k->self = is_self(l, &key->uid);
	return l->fn(l->user, k);
}

static int show_evidence(const struct listing *l, size_t i, hz_key_info *k, hz_error **err)
{
	const struct evidence_key *key = &l->r->repo.log.evidence[i];
	char fingerprint[SSH_FINGERPRINT_LEN];
	AUTO_FREE char *name = NULL;
	int rc = open_name(&name, l, key->name, key->name_len, err);

	if (rc < 0)
		return rc;
	ssh_fingerprint(fingerprint, key->pub);
	k->kind = "evidence";
	k->id = fingerprint;
	k->name = name;
	k->present = 1;
	return l->fn(l->user, k);
}

/* For which a writer vouches in a commit. */
static int show_endorsed(const struct listing *l, size_t i, hz_key_info *k, hz_error **err)
{
	const struct commit *c = &l->r->snaps[i].commit;
	const struct writer_info *w = admin_writer(&l->r->repo.log, &c->signer);
	char fingerprint[SSH_FINGERPRINT_LEN], detail[64];
	AUTO_FREE char *name = NULL;
	int rc = w ? open_name(&name, l, w->name, w->name_len, err) : 0;

	if (rc < 0)
		return rc;
	ssh_fingerprint(fingerprint, c->evidence);
	(void)snprintf(detail, sizeof(detail), "by writer %.8s", uid_hex(&c->signer).s);
	k->kind = "evidence";
	k->id = fingerprint;
	k->name = name ? name : "";
	k->detail = detail;
	k->present = 1;
	return l->fn(l->user, k);
}

static int show(const struct listing *l, const struct line *line, hz_error **err)
{
	hz_key_info k = { .size = sizeof(k), .id = "", .group = "", .name = "", .detail = "", .time_sec = line->time };
	const struct key_info *key = line->from == FROM_KEYS ? &l->r->repo.log.keys[line->i] : NULL;

	switch (line->from) {
	case FROM_ROOTS:
		return show_root(l, line->i, &k);
	case FROM_WRITERS:
		return show_writer(l, line->i, &k, err);
	case FROM_EVIDENCE:
		return show_evidence(l, line->i, &k, err);
	case FROM_COMMITS:
		return show_endorsed(l, line->i, &k, err);
	case FROM_KEYS:
	default:
		return key->kind == KEY_SLOT ? show_slot(l, key, &k, err) : show_file(l, key, &k, err);
	}
}

/* The first commit with each key that the admin log does not have. */
static size_t collect_endorsed(struct line *v, const struct hz_reader *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_snaps; i++) {
		const struct snap *s = &r->snaps[i];
		bool known = !s->valid || !s->commit.has_evidence || admin_evidence(&r->repo.log, s->commit.evidence);

		for (size_t k = 0; !known && k < n; k++)
			known = memcmp(r->snaps[v[k].i].commit.evidence, s->commit.evidence, SIGN_PUB_LEN) == 0;
		if (!known)
			v[n++] = (struct line){ s->has_body ? s->body.start.sec : 0, FROM_COMMITS, i };
	}
	return n;
}

static size_t collect(struct line *v, const struct hz_reader *r)
{
	const struct admin_log *log = &r->repo.log;
	size_t n = collect_endorsed(v, r);

	for (size_t i = 0; i < log->roots.n; i++)
		v[n++] = (struct line){ log->repo.created, FROM_ROOTS, i };
	for (size_t i = 0; i < log->n_writers; i++)
		v[n++] = (struct line){ log->writers[i].time, FROM_WRITERS, i };
	for (size_t i = 0; i < log->n_keys; i++) {
		const struct key_info *k = &log->keys[i];

		/* Group objects and key tables are no keys that anybody holds. */
		if (!k->ended && (k->kind == KEY_SLOT || k->kind == 0))
			v[n++] = (struct line){ k->time, FROM_KEYS, i };
	}
	for (size_t i = 0; i < log->n_evidence; i++)
		v[n++] = (struct line){ log->evidence[i].time, FROM_EVIDENCE, i };
	qsort(v, n, sizeof(*v), cmp_line);
	return n;
}

static int find_self(struct listing *l, hz_error **err)
{
	const struct bundle *key = l->r->repo.key;
	uint8_t pub[SIGN_PUB_LEN];
	int rc;

	if (!key || !key->sign_seed)
		return 0;
	rc = sign_public(pub, key->sign_seed, err);
	if (rc == 0) {
		l->self_signer = signer_id(l->r->repo.log.repo.suite, pub);
		l->signs = true;
	}
	return rc;
}

int hz_key_list(hz_reader *r, hz_key_fn fn, void *user, hz_error **err)
{
	const struct admin_log *log = &r->repo.log;
	AUTO_FREE struct line *v = NULL;
	struct listing l = { .r = r, .fn = fn, .user = user };
	size_t n;
	int rc = reader_load_snaps(r, err);

	if (rc == 0)
		rc = find_self(&l, err);
	if (rc < 0)
		return rc;
	v = calloc(log->roots.n + log->n_writers + log->n_keys + log->n_evidence + r->n_snaps + 1, sizeof(*v));
	if (!v)
		return err_nomem(err);
	n = collect(v, r);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = show(&l, &v[i], err);
	return rc;
}
