/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a session (docs/format/session.md): its hash is remembered as pending, the commit is put, then memory,
 * cache and the journals follow. */
#include "archive/backup.h"
#include <string.h>

static struct bytes text(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static struct bytes *texts(const char *const *v, size_t n)
{
	struct bytes *b = calloc(n + 1, sizeof(*b));

	for (size_t i = 0; b && i < n; i++)
		b[i] = text(v[i]);
	return b;
}

static int fill_body(struct backup *b, struct commit_body *body, const struct scan_result *scan, hz_error **err)
{
	const struct ingest_stats *st = ingest_stats(b->ingest);
	const struct scan_counts *c = &scan->counts;

	body->paths = texts((const char *const *)b->sources->absolute, b->sources->n);
	body->tags = texts(b->o.tags, b->o.n_tags);
	if (!body->paths || !body->tags)
		return err_nomem(err);
	body->n_paths = b->sources->n;
	body->n_tags = b->o.n_tags;
	body->start = b->start;
	body->end = clock_wall();
	body->duration_ns = clock_mono_ns() - b->began_ns;
	body->host = text(b->host);
	body->tool = text(b->o.tool ? b->o.tool : "libhozen " HOZEN_VERSION);
	body->counts[COUNT_FILES] = c->files_new + c->files_changed + c->files_same;
	body->counts[COUNT_DIRS] = c->dirs_new + c->dirs_changed + c->dirs_same;
	body->counts[COUNT_OTHERS] = c->others;
	body->counts[COUNT_BYTES] = c->total_bytes;
	body->counts[COUNT_NEW] = st->new_chunks;
	body->counts[COUNT_KNOWN] = st->known_chunks;
	body->counts[COUNT_NEW_BYTES] = st->new_bytes;
	body->counts[COUNT_STORED] = ingest_stored(b->ingest);
	body->counts[COUNT_ERRORS] = c->errors;
	body->complete = c->errors == 0;
	body->root = (struct bytes){ scan->root.data, scan->root.len };
	body->n_errors = c->errors;
	body->n_listed = scan->n_listed;
	body->errors = (struct bytes){ scan->errors.data, scan->errors.len };
	body->admin_n = b->repo.log.n - 1;
	body->admin_head = b->repo.log.hashes[b->repo.log.n - 1];
	body->source = b->source;
	body->others = (struct bytes){ (const uint8_t *)b->other_heads.v, b->other_heads.n * ID_LEN };
	return 0;
}

/* Something stands at our commit's name. 1: an eviction; 2: nothing that counts (names.md); 0: our own commit; or an
 * error. */
static int look_at_taken(struct backup *b, const struct commit *c, const char *name, hz_error **err)
{
	AUTO(hz_error_free) hz_error *e = NULL;
	struct commit there;
	/* Whoever evicts may be newer than the log that we know; only with all of it a bad signature is one. */
	int rc = backup_reload_log(b, err);

	if (rc < 0)
		return rc;
	rc = commit_load(&there, NULL, b->repo.store, &c->session, c->attempt, &b->repo.log, NULL, NULL, &e);
	if (rc == 0) {
		bool evicted = there.kind == COMMIT_EVICTED, ours = id_eq(&there.hash, &c->hash);

		commit_release(&there);
		if (evicted || ours)
			return evicted;
		err_set(err, HZ_E_CORRUPT, "%s: another commit stands there, signed with this host's key", name);
		err_hint(err, "the key was copied, or the host was cloned; nothing was committed");
		return HZ_E_CORRUPT;
	}
	if (rc == HZ_E_CORRUPT || rc == HZ_E_REFUSED)
		return 2;
	if (err && !*err)
		*err = TAKE(e);
	return rc;
}

/* Puts the commit under the first free try. 1: evicted. */
static int put_commit(
	struct backup *b, struct commit *c, const struct commit_body *body, uint64_t cache_record, hz_error **err)
{
	for (c->attempt = 0; c->attempt < NAME_TRIES_MAX; c->attempt++) {
		AUTO_IN(buf_release) struct buf object = BUF_INIT;
		AUTO(hz_error_free) hz_error *e = NULL;
		struct name nm = name_commit(&c->session, c->attempt);
		struct iovec iov;
		int rc = commit_build(&object, c, &b->repo.log.repo, &b->session, b->repo.key->sign_seed, body, err);

		if (rc == 0)
			rc = reserve_check(b->repo.store, object.len, err);
		if (rc == 0)
			rc = state_add_pending(&b->state, &c->hash, err);
		if (rc < 0)
			return rc;
		if (b->new_cache && cache_prepare(b->new_cache, &c->hash, cache_record, &e) < 0) {
			job_event(
				b->job, HZ_EVENT_NOTE, NULL, 0, "the next run will be slower: %s", hz_error_message(e));
			cache_discard(TAKE(b->new_cache));
		}
		iov = (struct iovec){ object.data, object.len };
		rc = store_put(b->repo.store, nm.s, &iov, 1, err);
		if (rc != HZ_E_EXISTS)
			return rc;
		err_clear(err);
		rc = look_at_taken(b, c, nm.s, err);
		if (rc != 2)
			return rc;
	}
	return err_set(err, HZ_E_CORRUPT, "session %s: objects that do not verify stand at all its commit's names",
		uid_hex(&c->session).s);
}

/* Dead sessions whose packs are now in this one's run: said to be abandoned, and forgotten. Failing costs only that it
 * is done again. */
static void bury_dead(struct backup *b)
{
	for (size_t i = 0; i < b->n_dead; i++) {
		AUTO_IN(buf_release) struct buf object = BUF_INIT;
		struct commit c = { .kind = COMMIT_ABANDONED, .session = b->dead[i].id, .signer = b->repo.key->key_id };
		struct session s;

		if (session_load(&s, b->repo.store, &b->dead[i].id, &b->repo.log, NULL, NULL, NULL) == 0) {
			struct iovec iov;

			c.session_hash = s.part_hash;
			if (commit_build(&object, &c, &b->repo.log.repo, &s, b->repo.key->sign_seed, NULL, NULL) == 0) {
				iov = (struct iovec){ object.data, object.len };
				(void)store_put(b->repo.store, name_commit(&c.session, 0).s, &iov, 1, NULL);
			}
			session_release(&s);
		}
		(void)journal_remove(&b->state, &b->dead[i].id, NULL);
		state_forget_session(&b->state, &b->dead[i].id);
	}
}

/* A key of evidence that the admin log does not know: this writer vouches for it, each time. */
static int endorse(const struct backup *b, struct commit *c, hz_error **err)
{
	int rc = b->o.evidence_key ? evidence_key_parse(c->evidence, b->o.evidence_key, err) : 0;

	c->has_evidence = rc == 0 && b->o.evidence_key && !admin_evidence(&b->repo.log, c->evidence);
	return rc;
}

int backup_session_commit(
	struct backup *b, struct scan_result *scan, const struct run_ref *runs, size_t n_runs, hz_error **err)
{
	struct commit_body body = { .raw = BUF_INIT };
	struct commit c = { .kind = COMMIT_SNAPSHOT,
		.session = b->session.id,
		.signer = b->session.writer,
		.number = b->number + 1,
		.session_hash = b->session.part_hash };
	int rc = fill_body(b, &body, scan, err);

	if (rc == 0)
		rc = endorse(b, &c, err);
	c.parents = calloc(b->n_heads + 1, sizeof(*c.parents));
	c.runs = calloc(n_runs + 1, sizeof(*c.runs));
	if (rc == 0 && (!c.parents || !c.runs))
		rc = err_nomem(err);
	if (rc == 0) {
		memcpy(c.parents, b->heads, b->n_heads * sizeof(*c.parents));
		if (n_runs > 0)
			memcpy(c.runs, runs, n_runs * sizeof(*runs));
		c.n_parents = b->n_heads;
		c.n_runs = n_runs;
		rc = signed_ensure_copy(b->repo.store, name_session(&b->session.id).s, err);
	}
	if (rc == 0)
		rc = put_commit(b, &c, &body, scan->cache_record, err);
	if (rc == 0) {
		AUTO(hz_error_free) hz_error *e = NULL;

		hex_encode(b->result->snapshot_id, c.hash.b, ID_LEN);
		/* The snapshot stands: what fails from here on is told, and mended by the next run. */
		if (state_committed(&b->state, &c.hash, c.parents, c.n_parents, &e) < 0 ||
			backup_lost_remember(b, &e) < 0 || journal_remove(&b->state, &b->session.id, &e) < 0 ||
			/* The alarm was given; the chain goes on from what is there. */
			state_committed(&b->state, &c.hash, b->missing.v, b->missing.n, &e) < 0)
			job_event(b->job, HZ_EVENT_NOTE, NULL, 0,
				"the backup is stored, but this host's memory could not be written: %s",
				hz_error_message(e));
		cache_commit(b->new_cache);
		cache_write_totals(b->new_cache, body.counts[COUNT_FILES], body.counts[COUNT_BYTES]);
		bury_dead(b);
		state_forget_session(&b->state, &b->session.id);
	}
	commit_release(&c);
	free(TAKE(body.paths));
	free(TAKE(body.tags));
	return rc;
}
