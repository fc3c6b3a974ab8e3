/* SPDX-License-Identifier: BSD-2-Clause */
#include "runs.h"

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

struct seen {
	const struct made_run *m;
	size_t n;
};

/* run_build leaves the entries sorted: they must come in that order. */
static int see(void *user, const struct run_entry *e, hz_error **err)
{
	struct seen *s = user;

	(void)err;
	assert_true(s->n < s->m->n);
	assert_true(id_eq(&s->m->entries[s->n].id, &e->id));
	assert_int_equal(s->m->entries[s->n].pack, e->pack);
	s->n++;
	return 0;
}

static int load(
	struct fixture *f, const struct made_run *m, struct run *r, bool open, struct seen *seen, hz_error **err)
{
	*seen = (struct seen){ m, 0 };
	return run_load(r, f->store, &m->ref.uid, &f->log, open ? &f->keys : NULL, open, see, seen, NULL, err);
}

static void runs_of_all_sizes_come_back(void **state)
{
	static const size_t sizes[] = { 0, 1, RUN_ENTRIES - 1, RUN_ENTRIES, RUN_ENTRIES + 1, 1000, 5000 };
	static const uint32_t packs[] = { 1, RUN_PACKS - 1, RUN_PACKS, RUN_PACKS + 1, 200 };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		for (size_t k = 0; k < ARRAY_LEN(packs); k++) {
			struct made_run m = made_run_new(f, i, sizes[i], packs[k]);
			struct seen seen;
			struct run r;
			hz_error *err = NULL;

			assert_ok(load(f, &m, &r, true, &seen, &err), &err);
			assert_int_equal(seen.n, m.n);
			assert_true(id_eq(&r.hash, &m.ref.hash) && r.n_entries == m.n && r.n_packs == m.n_packs);
			assert_true(uid_eq(&r.signer, &f->writer->key_id) && uid_eq(&r.group, &f->keys.id) &&
				r.n_supersedes == 0);
			for (uint32_t p = 0; p < r.n_packs; p++) {
				assert_true(uid_eq(&r.packs[p].uid, &m.packs[p].uid) &&
					id_eq(&r.packs[p].hash, &m.packs[p].hash));
				assert_int_equal(r.packs[p].size, m.packs[p].size);
			}
			run_release(&r);
			made_run_free(&m);
		}
	}
}

static void without_packs_a_run_is_empty(void **state)
{
	struct fixture *f = *state;
	struct made_run m = made_run_new(f, 1, 0, 0);
	struct seen seen;
	struct run r;
	hz_error *err = NULL;

	assert_ok(load(f, &m, &r, true, &seen, &err), &err);
	assert_true(r.n_packs == 0 && r.n_entries == 0 && seen.n == 0);
	run_release(&r);
	made_run_free(&m);
}

static void single_pages_give_the_same_entries(void **state)
{
	struct fixture *f = *state;
	struct made_run m = made_run_new(f, 3, 1000, 100);
	uint8_t page[RUN_PLAIN];
	struct seen seen;
	struct run r;
	hz_error *err = NULL;
	size_t at = 0;

	assert_ok(load(f, &m, &r, true, &seen, &err), &err);
	for (unsigned round = 0; round < 2; round++) {
		at = 0;
		for (uint32_t p = 0; p < r.entry_pages; p++) {
			assert_ok(run_read_page(&r, r.aead, f->store, r.first_page + p, page, &err), &err);
			for (unsigned i = 0; i < run_entries_on(&r, p); i++, at++) {
				struct run_entry e = run_entry_at(page, i);

				assert_true(id_eq(&e.id, &m.entries[at].id) && e.pack == m.entries[at].pack);
			}
		}
		assert_int_equal(at, m.n);
		/* And once more through parity, the page's own blocks being damaged. */
		fixture_damage(f->store, name_run(&r.uid).s, r.body_off + (size_t)r.first_page * RUN_PAGE + 100, 2);
	}
	fixture_damage(f->store, name_run(&r.uid).s, 7 * 4096, 4);
	assert_fails(run_read_page(&r, r.aead, f->store, r.first_page + 5, page, &err), HZ_E_CORRUPT, &err);
	run_release(&r);
	made_run_free(&m);
}

static void without_the_groups_key_only_the_clear_part_opens(void **state)
{
	struct fixture *f = *state;
	struct made_run m = made_run_new(f, 4, 10, 2);
	struct seen seen;
	struct run r;
	hz_error *err = NULL;

	assert_ok(load(f, &m, &r, false, &seen, &err), &err);
	assert_true(id_eq(&r.hash, &m.ref.hash));
	assert_null(r.aead);
	assert_int_equal(seen.n + r.n_packs, 0);
	run_release(&r);
	made_run_free(&m);
}

static void ids_in_several_packs_keep_them_all(void **state)
{
	struct fixture *f = *state;
	struct made_run m = { .n = 4, .n_packs = 3 };
	struct seen seen;
	struct run r;
	hz_error *err = NULL;

	m.packs = calloc(3, sizeof(*m.packs));
	m.entries = calloc(4, sizeof(*m.entries));
	for (uint8_t i = 0; i < 3; i++)
		m.packs[i].uid.b[0] = (uint8_t)(9 - i);
	for (uint32_t i = 0; i < 3; i++)
		m.entries[i].pack = i;
	m.entries[3].id.b[0] = 1;
	made_run_put(f, &m, f->writer, &f->keys);
	/* Packs were sorted by name, and the entries follow them. */
	assert_int_equal(m.packs[0].uid.b[0], 7);
	assert_ok(load(f, &m, &r, true, &seen, &err), &err);
	assert_int_equal(seen.n, 4);
	run_release(&r);
	made_run_free(&m);
}

static void a_run_signed_by_a_stranger_is_refused(void **state)
{
	struct fixture *f = *state;
	struct made_run m = made_run_new(f, 5, 10, 2);
	struct bundle *stranger = fixture_bundle(f, HZ_ROLE_WRITER);
	uint8_t pub[SIGN_PUB_LEN];
	struct seen seen;
	struct run r;
	hz_error *err = NULL;

	assert_ok(sign_keypair(&stranger->sign_seed, pub, &err), &err);
	stranger->key_id = signer_id(1, pub);
	made_run_put(f, &m, stranger, &f->keys);
	assert_fails(load(f, &m, &r, true, &seen, &err), HZ_E_CORRUPT, &err);
	stranger->key_id = f->writer->key_id;
	made_run_put(f, &m, stranger, &f->keys);
	assert_fails(load(f, &m, &r, true, &seen, &err), HZ_E_CORRUPT, &err);
	bundle_free(stranger);
	made_run_free(&m);
}

static void pages_of_another_group_do_not_open(void **state)
{
	struct fixture *f = *state;
	struct made_run m = made_run_new(f, 6, 10, 2);
	struct secret *secret = NULL;
	struct group other;
	struct seen seen;
	struct run r;
	hz_error *err = NULL;

	assert_ok(secret_random(&secret, KEY_LEN, &err), &err);
	assert_ok(group_from_secret(&other, 1, &f->keys.id, secret, &err), &err);
	made_run_put(f, &m, f->writer, &other);
	assert_fails(load(f, &m, &r, true, &seen, &err), HZ_E_CORRUPT, &err);
	group_release(&other);
	secret_free(secret);
	made_run_free(&m);
}

static void pages_that_were_changed_are_refused_by_their_hash(void **state)
{
	struct fixture *f = *state;
	struct made_run m = made_run_new(f, 7, 10, 2);
	struct name name = name_run(&m.ref.uid);
	struct object_header h = { .type = OBJECT_RUN, .suite = 1, .repo = f->repo.id };
	struct object o = OBJECT_INIT;
	struct buf forged = BUF_INIT;
	uint8_t *data = NULL;
	size_t len = 0;
	struct seen seen;
	struct run r;
	hz_error *err = NULL;

	assert_ok(store_get_all(f->store, name.s, 1 << 20, &data, &len, &err), &err);
	assert_ok(object_decode(&o, name.s, data, len, &err), &err);
	o.stream.data[OBJECT_HEADER + o.header.length - 1] ^= 1;
	(void)snprintf(h.name, sizeof(h.name), "%.80s", name.s);
	assert_ok(object_encode(&forged, &h, o.body, (size_t)o.header.length, true, &err), &err);
	fixture_replace(f->store, name.s, forged.data, forged.len);
	assert_fails(load(f, &m, &r, true, &seen, &err), HZ_E_CORRUPT, &err);
	object_release(&o);
	buf_release(&forged);
	free(data);
	made_run_free(&m);
}

static int stop(void *user, const struct run_entry *e, hz_error **err)
{
	(void)user;
	(void)e;
	return err_set(err, HZ_E_CANCELED, "enough");
}

static void who_looks_at_entries_can_stop(void **state)
{
	struct fixture *f = *state;
	struct made_run m = made_run_new(f, 8, 10, 2);
	struct run r;
	hz_error *err = NULL;

	assert_fails(
		run_load(&r, f->store, &m.ref.uid, &f->log, &f->keys, 1, stop, NULL, NULL, &err), HZ_E_CANCELED, &err);
	made_run_free(&m);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(runs_of_all_sizes_come_back),
		T(without_packs_a_run_is_empty),
		T(single_pages_give_the_same_entries),
		T(without_the_groups_key_only_the_clear_part_opens),
		T(ids_in_several_packs_keep_them_all),
		T(a_run_signed_by_a_stranger_is_refused),
		T(pages_of_another_group_do_not_open),
		T(pages_that_were_changed_are_refused_by_their_hash),
		T(who_looks_at_entries_can_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
