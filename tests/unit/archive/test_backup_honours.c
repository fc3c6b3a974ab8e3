/* SPDX-License-Identifier: BSD-2-Clause */
/* What a backup must look at before it refers to anything: marks, final lists, tombstones, evictions. No tool of this
 * version makes them, so they are made here with the library's own encoders. */
#include "backups.h"
#include "hozen/check.h"
#include "hozen/restore.h"
#include <ftw.h>
#include <time.h>

static struct backups *b;
static hz_backup_result last;
static struct events seen;

static int set_up(void **state)
{
	(void)state;
	b = backups_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	backups_free(b);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static void forget_cache(void)
{
	(void)nftw(b->cache, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Another backup of the source; job may be NULL. */
static int back_up_with(hz_job *job, hz_error **err)
{
	hz_repo_options o = backups_options(b, HZ_ROLE_WRITER);
	hz_backup_options opts = HZ_BACKUP_OPTIONS_INIT;
	const char *paths[] = { b->source };

	opts.paths = paths;
	opts.n_paths = 1;
	opts.host = "testhost";
	last = (hz_backup_result)HZ_BACKUP_RESULT_INIT;
	return hz_backup(&o, &opts, job, &last, err);
}

static void back_up(void)
{
	hz_job *job = backups_job(&seen);
	hz_error *err = NULL;

	assert_ok(back_up_with(job, &err), &err);
	hz_job_free(job);
	assert_true(last.complete);
}

static void put_mark(uint64_t n, uint8_t kind, struct uid *packs, size_t n_packs, struct id *hash, bool only_copy)
{
	struct mark m = { .n = n,
		.kind = kind,
		.packs = packs,
		.n_packs = n_packs,
		.admin_n = b->f.log.n - 1,
		.admin_head = b->f.log.hashes[b->f.log.n - 1] };
	struct buf object = BUF_INIT;
	hz_error *err = NULL;

	assert_ok(mark_build(&object, &m, 0, &b->f.repo, b->f.root, &err), &err);
	assert_ok(signed_put(b->f.store, name_mark(n, 0).s, &object, true, &err), &err);
	if (only_copy)
		fixture_remove(b->f.store, name_mark(n, 0).s);
	if (hash)
		*hash = m.hash;
	buf_release(&object);
}

static void put_final(uint64_t mark, const struct id *hash, const struct uid *packs, size_t n)
{
	struct buf item = BUF_INIT, items = BUF_INIT;
	struct enc e = enc_to(&item);

	enc_u64(&e, mark);
	enc_bytes(&e, hash->b, ID_LEN);
	enc_var(&e, n);
	enc_bytes(&e, packs, n * UID_LEN);
	assert_int_equal(section_put(&items, ITEM_FINAL, item.data, item.len), 0);
	fixture_append(&b->f, &items);
	buf_release(&item);
}

/* Packs that are there, ascending. */
static size_t all_packs(struct uid v[64])
{
	struct names *l = names_of(b->f.store, "packs");
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += name_parse_uid(&v[n], l->v[i].s, "packs/");
	free(l);
	assert_in_range(n, 1, 63);
	return n;
}

/* The newest snapshot is whole, whatever became of the others: with those packs gone it restores. */
static void restores_without(const struct uid *packs, size_t n)
{
	hz_restore_options o = HZ_RESTORE_OPTIONS_INIT;
	hz_restore_result res = HZ_RESTORE_RESULT_INIT;
	char *target = hzt_path(b->dir, "restored");
	hz_error *err = NULL;

	for (size_t i = 0; i < n; i++)
		fixture_remove(b->f.store, name_pack(&packs[i]).s);
	hz_reader *r = backups_reader(b, HZ_ROLE_READER, HZ_NEED_READ);

	o.target = target;
	o.flags = HZ_RESTORE_VERIFY;
	assert_ok(hz_restore(r, last.snapshot_id, &o, NULL, &res, &err), &err);
	assert_int_equal(res.failed_damage, 0);
	assert_int_equal(res.verify_mismatch, 0);
	assert_int_equal(res.files, last.total_files);
	hz_reader_close(r);
	free(target);
}

static uint64_t damage_found(void)
{
	hz_reader *r = backups_reader(b, HZ_ROLE_READER, HZ_NEED_READ);
	const hz_check_options deep = { .size = sizeof(deep), .flags = HZ_CHECK_READ_DATA };
	hz_check_result res = HZ_CHECK_RESULT_INIT;
	hz_error *err = NULL;

	assert_ok(hz_check(r, &deep, NULL, &res, &err), &err);
	hz_reader_close(r);
	return res.damaged;
}

/* The session that a snapshot came from. */
static struct session session_of(const char *id)
{
	struct names *l = names_of(b->f.store, "commits");
	struct session s = { .epoch = 0 };
	bool found = false;

	for (size_t i = 0; i < l->n && !found; i++) {
		struct uid u;
		unsigned attempt;
		struct commit c;

		if (!name_parse_commit(&u, &attempt, l->v[i].s))
			continue;
		assert_ok(session_load(&s, b->f.store, &u, &b->f.log, b->f.reader, NULL, NULL), NULL);
		assert_ok(commit_load(&c, NULL, b->f.store, &u, attempt, &b->f.log, NULL, NULL, NULL), NULL);
		found = strcmp(id_hex(&c.hash).s, id) == 0;
		commit_release(&c);
		if (!found)
			session_release(&s);
	}
	free(l);
	assert_true(found);
	return s;
}

static struct id base_of(const char *id)
{
	struct session s = session_of(id);
	struct id base = s.base;

	session_release(&s);
	return base;
}

/* ---- marks and final lists ---- */

static void without_any_mark_nothing_is_stored_again(void **state)
{
	(void)state;
	forget_cache();
	back_up();
	assert_int_equal(last.chunks_new, 0);
	assert_true(last.chunks_known > 0);
	assert_true(last.files_read_bytes > 1u << 20);
	assert_int_equal(last.alarm, 0);
}

static void chunks_of_a_marked_pack_are_stored_again(void **state)
{
	struct uid packs[64];
	size_t n = all_packs(packs);

	(void)state;
	put_mark(0, 1, packs, n, NULL, false);
	forget_cache();
	back_up();
	assert_true(last.chunks_new > 0);
	assert_true(last.data_added_bytes > 3u << 20);
	assert_int_equal(last.alarm, 0);
	restores_without(packs, n);
}

static void a_mark_counts_when_only_its_copy_is_left(void **state)
{
	struct uid packs[64];
	size_t n = all_packs(packs);

	(void)state;
	put_mark(0, 1, packs, n, NULL, true);
	forget_cache();
	back_up();
	assert_true(last.data_added_bytes > 3u << 20);
	restores_without(packs, n);
}

static void a_finished_mark_marks_nothing(void **state)
{
	struct uid packs[64];
	size_t n = all_packs(packs);
	struct id hash;

	(void)state;
	put_mark(0, 1, packs, n, &hash, false);
	put_final(0, &hash, NULL, 0);
	forget_cache();
	back_up();
	assert_int_equal(last.chunks_new, 0);
}

static void a_final_list_of_another_mark_finishes_nothing(void **state)
{
	struct uid packs[64];
	size_t n = all_packs(packs);
	struct id hash;

	(void)state;
	put_mark(0, 1, packs, n, &hash, false);
	hash.b[0] ^= 1;
	put_final(0, &hash, NULL, 0);
	forget_cache();
	back_up();
	assert_true(last.data_added_bytes > 3u << 20);
}

static void chunks_of_a_pack_in_a_final_list_are_stored_again(void **state)
{
	struct uid packs[64];
	size_t n = all_packs(packs);
	struct id hash;

	(void)state;
	put_mark(0, 1, packs, n, &hash, false);
	put_final(0, &hash, packs, n);
	forget_cache();
	back_up();
	assert_true(last.data_added_bytes > 3u << 20);
	restores_without(packs, n);
}

static void a_mark_that_cannot_be_read_stops_the_backup(void **state)
{
	struct uid packs[64];
	size_t n = all_packs(packs);
	hz_error *err = NULL;

	(void)state;
	put_mark(0, 1, packs, n, NULL, false);
	fixture_damage(b->f.store, name_mark(0, 0).s, 50, 3);
	fixture_damage(b->f.store, "sessions/mark.0000000000.0.copy", 50, 3);
	assert_fails(back_up_with(NULL, &err), HZ_E_CORRUPT, &err);
	assert_string_equal(last.snapshot_id, "");
}

static void lost_packs_are_told_once_and_what_they_held_is_stored_again(void **state)
{
	struct uid packs[64];
	size_t n = all_packs(packs);

	(void)state;
	put_mark(0, 2, packs, n, NULL, false);
	for (size_t i = 0; i < n; i++)
		fixture_remove(b->f.store, name_pack(&packs[i]).s);
	/* With the cache: what is in it must be looked up. */
	back_up();
	assert_int_equal(last.alarm, HZ_ALARM_LOST_PACKS);
	assert_true(last.data_added_bytes > 3u << 20);
	restores_without(NULL, 0);
	back_up();
	assert_int_equal(last.alarm, 0);
	assert_int_equal(last.chunks_new, 0);
}

/* ---- tombstones ---- */

static void put_tombstone(const char *id)
{
	struct buf item = BUF_INIT, items = BUF_INIT;
	struct enc e = enc_to(&item);
	struct id commit, none = { { 0 } };

	assert_true(hex_decode(commit.b, ID_LEN, id, ID_HEX_LEN));
	enc_u8(&e, 1);
	enc_var(&e, 1);
	enc_bytes(&e, commit.b, ID_LEN);
	enc_bytes(&e, none.b, ID_LEN);
	enc_u32(&e, 30);
	enc_var(&e, 0);
	assert_int_equal(section_put(&items, ITEM_TOMBSTONE, item.data, item.len), 0);
	fixture_append(&b->f, &items);
	buf_release(&item);
}

static void the_last_commit_is_the_base(void **state)
{
	(void)state;
	back_up();
	struct id base = base_of(last.snapshot_id);

	assert_string_equal(id_hex(&base).s, b->id[1]);
}

static void a_commit_under_a_tombstone_is_no_base(void **state)
{
	(void)state;
	put_tombstone(b->id[1]);
	back_up();
	struct id base = base_of(last.snapshot_id);

	assert_true(id_is_zero(&base));
	assert_int_equal(last.alarm, 0);
	assert_int_equal(last.chunks_new, 0);
	/* Nor is it listed. */
	hz_reader *r = backups_reader(b, HZ_ROLE_LISTER, HZ_NEED_LIST);
	char id[HZ_ID_HEX];
	hz_error *err = NULL;

	assert_fails(hz_snapshot_find(id, r, b->id[1], NULL, NULL, &err), HZ_E_NOTFOUND, &err);
	assert_ok(hz_snapshot_find(id, r, "latest", NULL, NULL, &err), &err);
	assert_string_equal(id, last.snapshot_id);
	hz_reader_close(r);
	assert_int_equal(damage_found(), 0);
}

/* ---- evictions ---- */

struct evictor {
	const struct secret *seed;
	struct uid signer;
	unsigned times; /* how often */
	struct names *before;
};

static bool is_new(const struct evictor *v, const char *name)
{
	for (size_t i = 0; i < v->before->n; i++) {
		if (strcmp(v->before->v[i].s, name) == 0)
			return false;
	}
	return true;
}

static void evict(struct evictor *v, const struct uid *session)
{
	struct commit c = { .kind = COMMIT_EVICTED, .session = *session, .signer = v->signer };
	struct buf object = BUF_INIT;
	struct session s;
	hz_error *err = NULL;

	assert_ok(session_load(&s, b->f.store, session, &b->f.log, NULL, NULL, &err), &err);
	c.session_hash = s.part_hash;
	assert_ok(commit_build(&object, &c, &b->f.repo, &s, v->seed, NULL, &err), &err);
	struct iovec iov = { object.data, object.len };

	assert_ok(store_put(b->f.store, name_commit(session, 0).s, &iov, 1, &err), &err);
	buf_release(&object);
	session_release(&s);
}

/* On the thread of the call, at the end of the scan: the session that was not there before is evicted. */
static int on_progress(void *user, const hz_progress *p)
{
	struct evictor *v = user;
	struct names *now;

	if (p->phase != HZ_PHASE_FINISH || v->times == 0)
		return 0;
	now = names_of(b->f.store, "sessions");
	for (size_t i = 0; i < now->n; i++) {
		struct uid u;

		if (!name_parse_uid(&u, now->v[i].s, "sessions/") || !is_new(v, now->v[i].s))
			continue;
		v->times--;
		evict(v, &u);
		/* Progress is shown ten times a second: the next try must not end before it is due again. */
		(void)nanosleep(&(struct timespec){ 0, 120000000 }, NULL);
	}
	free(v->before);
	v->before = now;
	return 0;
}

static int back_up_evicted(struct evictor *v, hz_error **err)
{
	hz_job *job = backups_job(&seen);
	int rc;

	v->before = names_of(b->f.store, "sessions");
	hz_job_on_progress(job, on_progress, v);
	rc = back_up_with(job, err);
	hz_job_free(job);
	free(v->before);
	return rc;
}

static struct evictor root_evictor(unsigned times)
{
	return (struct evictor){
		.seed = b->f.root, .signer = signer_id(b->f.repo.suite, b->f.repo.roots.pub[0]), .times = times
	};
}

static void an_evicted_session_is_begun_anew(void **state)
{
	struct evictor v = root_evictor(1);
	hz_error *err = NULL;

	(void)state;
	source_file(b, "after", 2000000, 77);
	assert_ok(back_up_evicted(&v, &err), &err);
	assert_int_equal(v.times, 0);
	assert_non_null(strstr(seen.text, "anew"));
	assert_true(last.complete);
	assert_int_equal(last.alarm, 0);
	/* What the evicted one had stored is used. */
	assert_true(last.stored_bytes < 1000000);
	assert_int_equal(damage_found(), 0);
	restores_without(NULL, 0);
	back_up();
	assert_int_equal(last.alarm, 0);
	assert_int_equal(last.chunks_new, 0);
}

static void packs_of_an_evicted_session_that_are_marked_are_stored_again(void **state)
{
	struct evictor v = root_evictor(5);
	struct uid packs[64], more[64];
	size_t n = all_packs(packs), n_more;
	hz_error *err = NULL;

	(void)state;
	source_file(b, "after", 2000000, 77);
	assert_fails(back_up_evicted(&v, &err), HZ_E_BUSY, &err);
	n_more = all_packs(more);
	assert_true(n_more > n);
	put_mark(0, 1, more, n_more, NULL, false);
	forget_cache();
	back_up();
	assert_true(last.data_added_bytes > 5000000);
	restores_without(more, n_more);
}

static void a_session_that_is_evicted_each_time_gives_up(void **state)
{
	struct evictor v = root_evictor(1000);
	hz_error *err = NULL;

	(void)state;
	assert_fails(back_up_evicted(&v, &err), HZ_E_BUSY, &err);
	assert_string_equal(last.snapshot_id, "");
	assert_int_equal(damage_found(), 0);
	back_up();
	assert_int_equal(last.alarm, 0);
}

static void an_attester_may_evict(void **state)
{
	struct buf item = BUF_INIT, items = BUF_INIT;
	struct enc e = enc_to(&item);
	struct secret *seed = NULL;
	uint8_t pub[SIGN_PUB_LEN];
	hz_error *err = NULL;

	(void)state;
	assert_ok(sign_keypair(&seed, pub, &err), &err);
	enc_u8(&e, HZ_ROLE_ATTESTER);
	enc_bytes(&e, pub, sizeof(pub));
	enc_var(&e, 0);
	assert_int_equal(section_put(&items, ITEM_AGENT, item.data, item.len), 0);
	fixture_append(&b->f, &items);
	struct evictor v = { .seed = seed, .signer = signer_id(b->f.repo.suite, pub), .times = 1 };

	assert_ok(back_up_evicted(&v, &err), &err);
	assert_int_equal(v.times, 0);
	assert_non_null(strstr(seen.text, "anew"));
	assert_int_equal(damage_found(), 0);
	buf_release(&item);
	secret_free(seed);
}

/* A stranger, or another writer, cannot: what it put is passed over, and found by check. */
static void nobody_else_evicts(void **state)
{
	struct secret *seed = NULL;
	uint8_t pub[SIGN_PUB_LEN];
	hz_error *err = NULL;

	(void)state;
	assert_ok(sign_keypair(&seed, pub, &err), &err);
	struct evictor v = { .seed = seed, .signer = signer_id(b->f.repo.suite, pub), .times = 1 };

	assert_ok(back_up_evicted(&v, &err), &err);
	assert_int_equal(v.times, 0);
	assert_null(strstr(seen.text, "anew"));
	assert_true(last.complete);
	restores_without(NULL, 0);
	assert_true(damage_found() > 0);
	back_up();
	assert_int_equal(last.alarm, 0);
	secret_free(seed);
}

/* ---- names of snapshots ---- */

#define MANY 4096

struct prefixed {
	struct session session;
	struct commit commit;
	struct commit_body *body;
	struct buf object;
};

static void prefixed_build(struct prefixed *p, struct commit_body *body)
{
	const struct id none = { { 0 } };
	hz_error *err = NULL;

	if (!p->body) {
		assert_ok(session_create(&p->session, &p->object, &b->f.log, b->f.writer, &none, &err), &err);
		assert_ok(signed_put(b->f.store, name_session(&p->session.id).s, &p->object, true, &err), &err);
		p->commit = (struct commit){ .kind = COMMIT_SNAPSHOT,
			.signer = b->f.writer->key_id,
			.number = 9,
			.session = p->session.id,
			.session_hash = p->session.part_hash };
		p->body = body;
	}
	buf_reset(&p->object);
	assert_ok(commit_build(&p->object, &p->commit, &b->f.repo, &p->session, b->f.writer->sign_seed, body, &err),
		&err);
}

static void prefixed_put(struct prefixed *p)
{
	struct iovec iov = { p->object.data, p->object.len };
	hz_error *err = NULL;

	assert_ok(store_put(b->f.store, name_commit(&p->session.id, 0).s, &iov, 1, &err), &err);
	session_release(&p->session);
	buf_release(&p->object);
}

static unsigned prefix_of(const struct id *id)
{
	return (unsigned)id->b[0] << 8 | id->b[1];
}

/* Ids cannot be chosen: some hundred commits of one session are built, then of another until it shares four digits with
 * one of them, which is built once more; a body has a random name, so a commit cannot be built twice. So all are kept.
 */
static void a_prefix_of_two_snapshots_is_ambiguous(void **state)
{
	struct buf *kept = calloc(1u << 16, sizeof(*kept));
	struct prefixed one = { .object = BUF_INIT }, two = { .object = BUF_INIT };
	struct session s = session_of(b->id[1]);
	struct commit old;
	struct commit_body body;
	char id[HZ_ID_HEX], four[5];
	hz_error *err = NULL;

	(void)state;
	assert_ok(commit_load(&old, &body, b->f.store, &s.id, 0, &b->f.log, &s, NULL, &err), &err);
	for (unsigned i = 0; i < 300; i++) {
		prefixed_build(&one, &body);
		struct buf *k = &kept[prefix_of(&one.commit.hash)];

		buf_reset(k);
		assert_int_equal(buf_append(k, one.object.data, one.object.len), 0);
	}
	for (unsigned i = 0; i < MANY && (!two.body || kept[prefix_of(&two.commit.hash)].len == 0); i++)
		prefixed_build(&two, &body);
	unsigned prefix = prefix_of(&two.commit.hash);

	assert_true(kept[prefix].len > 0);
	buf_reset(&one.object);
	assert_int_equal(buf_append(&one.object, kept[prefix].data, kept[prefix].len), 0);
	prefixed_put(&one);
	prefixed_put(&two);
	(void)snprintf(four, sizeof(four), "%04x", prefix);
	hz_reader *r = backups_reader(b, HZ_ROLE_LISTER, HZ_NEED_LIST);

	assert_fails(hz_snapshot_find(id, r, four, NULL, NULL, &err), HZ_E_INVAL, &err);
	assert_ok(hz_snapshot_find(id, r, id_hex(&two.commit.hash).s, NULL, NULL, &err), &err);
	hz_reader_close(r);
	for (unsigned i = 0; i < 1u << 16; i++)
		buf_release(&kept[i]);
	free(kept);
	commit_release(&old);
	commit_body_release(&body);
	session_release(&s);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(without_any_mark_nothing_is_stored_again),
		T(chunks_of_a_marked_pack_are_stored_again),
		T(a_mark_counts_when_only_its_copy_is_left),
		T(a_finished_mark_marks_nothing),
		T(a_final_list_of_another_mark_finishes_nothing),
		T(chunks_of_a_pack_in_a_final_list_are_stored_again),
		T(a_mark_that_cannot_be_read_stops_the_backup),
		T(lost_packs_are_told_once_and_what_they_held_is_stored_again),
		T(the_last_commit_is_the_base),
		T(a_commit_under_a_tombstone_is_no_base),
		T(an_evicted_session_is_begun_anew),
		T(packs_of_an_evicted_session_that_are_marked_are_stored_again),
		T(a_session_that_is_evicted_each_time_gives_up),
		T(an_attester_may_evict),
		T(nobody_else_evicts),
		T(a_prefix_of_two_snapshots_is_ambiguous),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
