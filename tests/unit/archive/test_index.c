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
		int64_t number = index_pack_number(ix, &m->packs[i].uid);

		assert_true(number >= 0);
		struct run_pack p = index_pack(ix, (uint32_t)number);

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
		assert_int_equal(index_packs(ix), 98);
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
	/* A pack that two runs name is one. */
	struct made_run again = m[0];

	made_run_put(f, &again, f->writer, &f->keys);
	struct told told;
	struct index *ix = load(f, &(struct index_options){ .memory_entries = 0 }, &told);

	assert_int_equal(index_packs(ix), 9);
	assert_holds(ix, &m[1], 3);
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
		T(a_run_is_added_while_others_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
