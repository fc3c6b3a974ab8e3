/* SPDX-License-Identifier: BSD-2-Clause */
/* test-label: tsan */
#include "runs.h"
#include "archive/index.h"
#include <pthread.h>

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	fixture_new(f, SUITE_SODIUM);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_free(*state);
	free(*state);
	return 0;
}

static struct index *load(struct fixture *f, const struct index_options *o, struct told *told)
{
	static struct damage_sink sink;
	struct index *ix = NULL;
	hz_error *err = NULL;

	*told = (struct told){ 0 };
	sink = (struct damage_sink){ told_fn, told };
	assert_ok(index_new(&ix, f->store, &f->log, &f->keys, o, &sink, &err), &err);
	assert_ok(index_load(ix, &err), &err);
	return ix;
}

/* Each id of the run is found in its pack, among at least so many. */
static void assert_holds(struct index *ix, const struct made_run *m, unsigned at_least)
{
	for (size_t i = 0; i < m->n; i++) {
		struct pack_ref refs[INDEX_CANDIDATES];
		const struct run_pack *want = &m->packs[m->entries[i].pack];
		unsigned n = 0, hits = 0;
		hz_error *err = NULL;

		assert_ok(index_find(ix, &m->entries[i].id, refs, &n, &err), &err);
		assert_true(n >= at_least);
		for (unsigned k = 0; k < n; k++) {
			if (!uid_eq(&refs[k].uid, &want->uid))
				continue;
			hits++;
			assert_int_equal(refs[k].size, want->size);
		}
		assert_int_equal(hits, 1);
	}
}

/* Packs by number; nobody may add runs meanwhile. */
static void assert_numbers(struct index *ix, const struct made_run *m)
{
	for (uint32_t i = 0; i < m->n_packs && m->n > 0; i++) {
		uint32_t number = UINT32_MAX;
		struct run_pack p;

		assert_int_equal(index_pack_number(ix, &m->packs[i].uid, &number, NULL), 1);
		assert_true(number < index_packs(ix));
		assert_ok(index_pack(ix, number, &p, NULL), NULL);
		assert_true(uid_eq(&p.uid, &m->packs[i].uid) && id_eq(&p.hash, &m->packs[i].hash));
	}
}

static void assert_holds_nothing_else(struct index *ix)
{
	unsigned found = 0;

	for (uint64_t i = 0; i < 3000; i++) {
		struct pack_ref refs[INDEX_CANDIDATES];
		struct id id = run_id_of(999, i);
		unsigned n = 0;
		hz_error *err = NULL;

		assert_ok(index_find(ix, &id, refs, &n, &err), &err);
		found += n;
	}
	assert_int_equal(found, 0);
}

static void all_ids_are_found_in_memory_and_on_disk(void **state)
{
	struct fixture *f = *state;
	struct made_run m[] = { made_run_new(f, 10, 3000, 90), made_run_new(f, 20, 1, 1), made_run_new(f, 30, 500, 7),
		made_run_new(f, 40, 0, 1) };
	/* All in memory; all on disk; small ones in memory, the large one on disk. */
	static const size_t memory[] = { 0, 1, 600 };

	for (size_t i = 0; i < ARRAY_LEN(memory); i++) {
		struct index_options o = { .memory_entries = memory[i] };
		struct told told;
		struct index *ix = load(f, &o, &told);

		assert_int_equal(told.lost + told.mended, 0);
		assert_int_equal(index_runs(ix), 4);
		assert_true(index_entries(ix) == 3501);
		assert_int_equal(index_packs(ix), 99);
		for (size_t k = 0; k < ARRAY_LEN(m); k++) {
			assert_holds(ix, &m[k], 1);
			assert_numbers(ix, &m[k]);
		}
		assert_holds_nothing_else(ix);
		index_free(ix);
	}
	for (size_t k = 0; k < ARRAY_LEN(m); k++)
		made_run_free(&m[k]);
}

static void assert_offers(struct index *ix, const struct made_run *m, unsigned want)
{
	for (size_t i = 0; i < m->n; i++) {
		struct pack_ref refs[INDEX_CANDIDATES];
		unsigned n = 0;

		assert_ok(index_find(ix, &m->entries[i].id, refs, &n, NULL), NULL);
		assert_int_equal(n, want);
	}
}

static void an_id_in_several_runs_offers_every_pack(void **state)
{
	struct fixture *f = *state;
	struct made_run m[INDEX_CANDIDATES + 4];
	static const size_t memory[] = { 0, 1, 25 };

	for (size_t i = 0; i < 3; i++)
		m[i] = made_run_new(f, 50, 20, 3);
	for (size_t i = 0; i < ARRAY_LEN(memory); i++) {
		struct index_options o = { .memory_entries = memory[i] };
		struct told told;
		struct index *ix = load(f, &o, &told);

		for (size_t k = 0; k < 3; k++)
			assert_holds(ix, &m[k], 3);
		index_free(ix);
	}
	/* A pack that two runs name is offered once. */
	struct made_run again = m[0];

	made_run_put(f, &again, f->writer, &f->keys);
	struct told told;
	struct index *ix = load(f, &(struct index_options){ .memory_entries = 0 }, &told);

	assert_int_equal(index_packs(ix), 12);
	assert_holds(ix, &m[1], 3);
	assert_offers(ix, &m[0], 3);
	index_free(ix);
	/* No more than there is room for. */
	for (size_t i = 3; i < ARRAY_LEN(m); i++)
		m[i] = made_run_new(f, 50, 20, 3);
	ix = load(f, &(struct index_options){ .memory_entries = 0 }, &told);
	struct pack_ref refs[INDEX_CANDIDATES];
	unsigned n = 0;

	assert_ok(index_find(ix, &m[0].entries[0].id, refs, &n, NULL), NULL);
	assert_int_equal(n, INDEX_CANDIDATES);
	index_free(ix);
	for (size_t i = 0; i < ARRAY_LEN(m); i++)
		made_run_free(&m[i]);
}

static bool is_gone(void *user, const struct uid *pack)
{
	return uid_eq(user, pack);
}

static void packs_that_are_gone_are_not_offered(void **state)
{
	struct fixture *f = *state;
	struct made_run m = made_run_new(f, 60, 30, 3);

	for (size_t memory = 0; memory < 2; memory++) {
		struct index_options o = { .memory_entries = memory, .is_gone = is_gone, .user = &m.packs[1].uid };
		struct told told;
		struct index *ix = load(f, &o, &told);

		for (size_t i = 0; i < m.n; i++) {
			struct pack_ref refs[INDEX_CANDIDATES];
			unsigned n = 9;

			assert_ok(index_find(ix, &m.entries[i].id, refs, &n, NULL), NULL);
			assert_int_equal(n, m.entries[i].pack == 1 ? 0 : 1);
		}
		index_free(ix);
	}
	made_run_free(&m);
}

static void only_packs_that_are_there_with_their_size_serve(void **state)
{
	struct fixture *f = *state;
	struct made_run m = {
		.n = 3, .n_packs = 3, .packs = calloc(3, sizeof(*m.packs)), .entries = calloc(3, sizeof(*m.entries))
	};
	uint8_t *bytes = calloc(1, 65536);
	struct told told;

	/* The first is there, the second has another size, the third is missing. */
	for (uint8_t i = 0; i < 3; i++) {
		m.packs[i].uid.b[0] = (uint8_t)(i + 1);
		m.packs[i].size = 65536;
		m.entries[i] = (struct run_entry){ run_id_of(71, i), i };
	}
	made_run_put(f, &m, f->writer, &f->keys);
	fixture_replace(f->store, name_pack(&m.packs[0].uid).s, bytes, 65536);
	fixture_replace(f->store, name_pack(&m.packs[1].uid).s, bytes, 65535);
	struct index *ix = load(f, &(struct index_options){ .memory_entries = 0 }, &told);

	for (size_t i = 0; i < 3; i++) {
		int has = index_has(ix, &m.entries[i].id, NULL);

		assert_int_equal(has, m.entries[i].pack == 0 ? 1 : 0);
		/* The answer is kept. */
		assert_int_equal(index_has(ix, &m.entries[i].id, NULL), has);
	}
	struct id no = run_id_of(1, 1);

	assert_int_equal(index_has(ix, &no, NULL), 0);
	index_free(ix);
	made_run_free(&m);
	free(bytes);
}

static void trust_says_whose_runs_count(void **state)
{
	struct fixture *f = *state;
	struct writer_info w;
	struct bundle *other = fixture_writer(f, &w, &f->keys.id, f->group_secret),
		      *attester = fixture_bundle(f, HZ_ROLE_ATTESTER);
	struct buf items = BUF_INIT, t = BUF_INIT;
	struct enc e = enc_to(&t);
	uint8_t pub[SIGN_PUB_LEN];
	struct made_run mine, theirs, attested;

	fixture_add_writer(f, &w, "second");
	assert_ok(sign_keypair(&attester->sign_seed, pub, NULL), NULL);
	attester->key_id = signer_id(1, pub);
	enc_u8(&e, HZ_ROLE_ATTESTER);
	enc_bytes(&e, pub, sizeof(pub));
	enc_blob(&e, "", 0);
	assert_int_equal(section_put(&items, ITEM_AGENT, t.data, t.len), 0);
	fixture_append(f, &items);
	mine = made_run_new(f, 80, 5, 1);
	theirs = made_run_new(f, 81, 5, 1);
	fixture_remove(f->store, name_run(&theirs.ref.uid).s);
	made_run_put(f, &theirs, other, &f->keys);
	attested = made_run_new(f, 82, 5, 1);
	fixture_remove(f->store, name_run(&attested.ref.uid).s);
	made_run_put(f, &attested, attester, &f->keys);
	for (enum index_trust trust = INDEX_ALL; trust <= INDEX_GROUP; trust++) {
		struct index_options o = { .trust = trust, .self = f->writer->key_id };
		struct told told;
		struct index *ix = load(f, &o, &told);
		struct pack_ref refs[INDEX_CANDIDATES];
		unsigned n = 9;

		assert_int_equal(told.lost, 0);
		assert_holds(ix, &mine, 1);
		assert_holds(ix, &attested, 1);
		assert_ok(index_find(ix, &theirs.entries[0].id, refs, &n, NULL), NULL);
		assert_int_equal(n, trust == INDEX_OWN ? 0 : 1);
		index_free(ix);
	}
	made_run_free(&mine);
	made_run_free(&theirs);
	made_run_free(&attested);
	bundle_free(other);
	bundle_free(attester);
	buf_release(&t);
}

static void runs_of_other_groups_are_left_out(void **state)
{
	struct fixture *f = *state;
	struct made_run m = made_run_new(f, 90, 5, 1), foreign = made_run_new(f, 91, 5, 1);
	struct group other;
	struct uid id = { { 5 } };
	struct told told;

	assert_ok(group_from_secret(&other, 1, &id, f->group_secret, NULL), NULL);
	fixture_remove(f->store, name_run(&foreign.ref.uid).s);
	made_run_put(f, &foreign, f->writer, &other);
	struct index *ix = load(f, &(struct index_options){ .memory_entries = 0 }, &told);

	assert_int_equal(index_runs(ix), 1);
	assert_int_equal(told.lost, 0);
	assert_holds(ix, &m, 1);
	index_free(ix);
	group_release(&other);
	made_run_free(&m);
	made_run_free(&foreign);
}

static void a_damaged_run_is_told_and_left_out(void **state)
{
	struct fixture *f = *state;
	struct made_run m = made_run_new(f, 100, 200, 2), bad = made_run_new(f, 101, 200, 2),
			mended = made_run_new(f, 102, 200, 2);
	struct told told;

	fixture_damage(f->store, name_run(&bad.ref.uid).s, 0, 3);
	fixture_damage(f->store, name_run(&mended.ref.uid).s, 0, 2);
	for (size_t memory = 0; memory < 2; memory++) {
		struct index *ix = load(f, &(struct index_options){ .memory_entries = memory }, &told);

		assert_int_equal(told.lost, 1);
		assert_int_equal(told.mended, 1);
		assert_int_equal(index_runs(ix), 2);
		assert_holds(ix, &m, 1);
		assert_holds(ix, &mended, 1);
		index_free(ix);
	}
	made_run_free(&m);
	made_run_free(&bad);
	made_run_free(&mended);
}

static void a_run_that_is_damaged_later_is_told_once_and_left_out(void **state)
{
	struct fixture *f = *state;
	struct made_run m = made_run_new(f, 130, 200, 2), bad = made_run_new(f, 131, 200, 2);
	struct told told;

	for (size_t memory = 0; memory < 2; memory++) {
		struct index *ix = load(f, &(struct index_options){ .memory_entries = memory }, &told);
		uint32_t number = 0;

		fixture_damage(f->store, name_run(&bad.ref.uid).s, 0, 3);
		assert_int_equal(told.lost, 0);
		assert_holds(ix, &m, 1);
		assert_offers(ix, &bad, 0);
		assert_int_equal(told.lost, 1);
		assert_int_equal(index_pack_number(ix, &bad.packs[0].uid, &number, NULL), 0);
		assert_int_equal(index_pack_number(ix, &m.packs[0].uid, &number, NULL), 1);
		index_free(ix);
		fixture_remove(f->store, name_run(&bad.ref.uid).s);
		made_run_put(f, &bad, f->writer, &f->keys);
		/* One that was removed is what a prune does: nobody needs to hear of it. */
		ix = load(f, &(struct index_options){ .memory_entries = memory }, &told);
		fixture_remove(f->store, name_run(&bad.ref.uid).s);
		assert_offers(ix, &bad, 0);
		assert_holds(ix, &m, 1);
		assert_int_equal(told.lost + told.mended, 0);
		index_free(ix);
		made_run_put(f, &bad, f->writer, &f->keys);
	}
	made_run_free(&m);
	made_run_free(&bad);
}

/* More runs, packs and pages than there are ciphers and slots of the cache: everybody is evicted by somebody. */
static void many_runs_are_looked_into_through_a_small_cache(void **state)
{
	struct fixture *f = *state;
	struct made_run m[260];
	static const size_t memory[] = { 0, 1 };

	for (size_t i = 0; i < ARRAY_LEN(m); i++)
		m[i] = made_run_new(f, 1000 + 2 * i, i == 7 ? 300 : 2, i == 7 ? 160 : 1);
	for (size_t i = 0; i < ARRAY_LEN(memory); i++) {
		struct index_options o = { .memory_entries = memory[i], .cache_pages = 3 };
		struct told told;
		struct index *ix = load(f, &o, &told);

		assert_int_equal(index_runs(ix), ARRAY_LEN(m));
		assert_int_equal(index_packs(ix), 160 + 259);
		for (size_t k = 0; k < ARRAY_LEN(m); k++) {
			assert_holds(ix, &m[k], 1);
			assert_numbers(ix, &m[k]);
		}
		index_free(ix);
	}
	for (size_t k = 0; k < ARRAY_LEN(m); k++)
		made_run_free(&m[k]);
}

static int count_pack(void *user, const struct run_pack *p, hz_error **err)
{
	size_t *n = user;

	(void)err;
	n[0]++;
	n[1] += p->size;
	return 0;
}

static void every_pack_is_told_for_each_run_that_names_it(void **state)
{
	struct fixture *f = *state;
	struct made_run m[2] = { made_run_new(f, 140, 500, 100), made_run_new(f, 142, 1, 1) }, again = m[1];
	struct told told;
	size_t want[2] = { 102, 2 * m[1].packs[0].size }, seen[2] = { 0, 0 };

	for (size_t i = 0; i < 100; i++)
		want[1] += m[0].packs[i].size;
	made_run_put(f, &again, f->writer, &f->keys);
	struct index *ix = load(f, &(struct index_options){ .memory_entries = 0 }, &told);

	assert_ok(index_each_pack(ix, count_pack, seen, NULL), NULL);
	assert_int_equal(seen[0], want[0]);
	assert_int_equal(seen[1], want[1]);
	struct uid none = { { 1 } };

	assert_int_equal(index_pack_number(ix, &none, NULL, NULL), 0);
	index_free(ix);
	made_run_free(&m[0]);
	made_run_free(&m[1]);
}

struct looking {
	struct index *ix;
	const struct made_run *m;
};

static void *look(void *arg)
{
	struct looking *l = arg;

	assert_holds(l->ix, l->m, 1);
	return NULL;
}

static void a_run_is_added_while_others_look(void **state)
{
	struct fixture *f = *state;

	for (size_t memory = 0; memory < 2; memory++) {
		struct made_run m = made_run_new(f, 110 + memory * 10, 1500, 30);
		struct told told;
		struct index *ix = load(f, &(struct index_options){ .memory_entries = memory }, &told);
		struct made_run later = made_run_new(f, 115 + memory * 10, 1500, 30);
		struct looking l = { ix, &m };
		pthread_t t[3];
		hz_error *err = NULL;

		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(pthread_create(&t[i], NULL, look, &l), 0);
		assert_ok(index_add_run(ix, &later.ref.uid, &err), &err);
		assert_holds(ix, &later, 1);
		for (unsigned i = 0; i < 3; i++)
			(void)pthread_join(t[i], NULL);
		index_free(ix);
		fixture_remove(f->store, name_run(&m.ref.uid).s);
		fixture_remove(f->store, name_run(&later.ref.uid).s);
		made_run_free(&m);
		made_run_free(&later);
	}
}

/* ---- loading by the first lookup ---- */

static struct {
	const struct store_ops *real;
	struct store_ops failing;
	uint32_t left; /* reads that succeed before all fail */
} faults;

static int failing_get(struct store *s, const char *name, uint64_t off, void *buf, size_t len, hz_error **err)
{
	if (strncmp(name, "index/", 6) == 0) {
		if (faults.left == 0)
			return err_set(err, HZ_E_IO, "%s: fails", name);
		faults.left--;
	}
	return faults.real->get(s, name, off, buf, len, err);
}

static void faults_begin(struct fixture *f)
{
	faults.real = f->store->ops;
	faults.failing = *faults.real;
	faults.failing.get = failing_get;
	f->store->ops = &faults.failing;
	faults.left = UINT32_MAX;
}

static void a_lookup_that_cannot_load_fails_and_the_next_goes_on(void **state)
{
	struct fixture *f = *state;
	struct made_run m[3], bad = made_run_new(f, 150, 1, 1);
	struct told told = { 0 };
	struct damage_sink sink = { told_fn, &told };
	struct pack_ref refs[INDEX_CANDIDATES];
	hz_error *err = NULL;

	/* The damaged one is the smallest and comes first. */
	fixture_damage(f->store, name_run(&bad.ref.uid).s, 0, 3);
	for (size_t i = 0; i < ARRAY_LEN(m); i++)
		m[i] = made_run_new(f, 160 + 2 * i, 3000, 3);
	faults_begin(f);
	for (size_t memory = 0; memory < 2; memory++) {
		struct index_options o = { .memory_entries = memory };
		struct index *ix = NULL;
		unsigned n = 9;

		told = (struct told){ 0 };
		assert_ok(index_new(&ix, f->store, &f->log, &f->keys, &o, &sink, &err), &err);
		assert_int_equal(index_runs(ix), 0);
		for (unsigned left = 0; left < 3; left++) {
			faults.left = left < 2 ? left : 1;
			assert_fails(index_find(ix, &m[0].entries[0].id, refs, &n, &err), HZ_E_IO, &err);
			assert_int_equal(index_has(ix, &m[0].entries[0].id, NULL), HZ_E_IO);
			assert_int_equal(index_pack_number(ix, &m[0].packs[0].uid, NULL, NULL), HZ_E_IO);
		}
		faults.left = UINT32_MAX;
		for (size_t i = 0; i < ARRAY_LEN(m); i++)
			assert_offers(ix, &m[i], 1);
		assert_int_equal(index_runs(ix), 3);
		assert_int_equal(told.lost, 1);
		index_free(ix);
	}
	f->store->ops = faults.real;
	for (size_t i = 0; i < ARRAY_LEN(m); i++)
		made_run_free(&m[i]);
	made_run_free(&bad);
}

static void only_runs_that_were_listed_at_the_beginning_count(void **state)
{
	struct fixture *f = *state;
	struct made_run before = made_run_new(f, 170, 50, 2), gone = made_run_new(f, 171, 50, 2);
	struct index_options o = { .memory_entries = 0 };
	struct index *ix = NULL;
	hz_error *err = NULL;

	assert_ok(index_new(&ix, f->store, &f->log, &f->keys, &o, NULL, &err), &err);
	struct made_run after = made_run_new(f, 172, 50, 2), own = made_run_new(f, 173, 50, 2);

	fixture_remove(f->store, name_run(&gone.ref.uid).s);
	assert_ok(index_add_run(ix, &own.ref.uid, &err), &err);
	assert_offers(ix, &before, 1);
	assert_offers(ix, &own, 1);
	assert_offers(ix, &after, 0);
	assert_offers(ix, &gone, 0);
	assert_int_equal(index_runs(ix), 2);
	index_free(ix);
	made_run_free(&before);
	made_run_free(&gone);
	made_run_free(&after);
	made_run_free(&own);
}

static void the_first_lookup_may_come_from_any_thread(void **state)
{
	struct fixture *f = *state;
	struct made_run m = made_run_new(f, 180, 500, 10);

	for (size_t memory = 0; memory < 2; memory++) {
		struct index_options o = { .memory_entries = memory };
		struct index *ix = NULL;
		pthread_t t[4];

		assert_ok(index_new(&ix, f->store, &f->log, &f->keys, &o, NULL, NULL), NULL);
		struct looking l = { ix, &m };

		for (unsigned i = 0; i < ARRAY_LEN(t); i++)
			assert_int_equal(pthread_create(&t[i], NULL, look, &l), 0);
		for (unsigned i = 0; i < ARRAY_LEN(t); i++)
			(void)pthread_join(t[i], NULL);
		assert_int_equal(index_runs(ix), 1);
		index_free(ix);
	}
	made_run_free(&m);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(all_ids_are_found_in_memory_and_on_disk),
		T(an_id_in_several_runs_offers_every_pack),
		T(packs_that_are_gone_are_not_offered),
		T(only_packs_that_are_there_with_their_size_serve),
		T(trust_says_whose_runs_count),
		T(runs_of_other_groups_are_left_out),
		T(a_damaged_run_is_told_and_left_out),
		T(a_run_that_is_damaged_later_is_told_once_and_left_out),
		T(many_runs_are_looked_into_through_a_small_cache),
		T(every_pack_is_told_for_each_run_that_names_it),
		T(a_run_is_added_while_others_look),
		T(a_lookup_that_cannot_load_fails_and_the_next_goes_on),
		T(only_runs_that_were_listed_at_the_beginning_count),
		T(the_first_lookup_may_come_from_any_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
