/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may say what in the admin log, and what comes of it. */
#include "logged.h"

static void the_log_comes_back_as_it_was_made(void **state)
{
	struct fixture *f = *state;
	const struct writer_info *w;
	struct admin_log log;
	struct told told;
	char *name = NULL;
	hz_error *err = NULL;

	assert_ok(load(f, &log, &told, &err), &err);
	assert_int_equal(told.mended + told.lost, 0);
	assert_true(log.n == 2 && log.n_writers == 1 && log.n_keys == 1 && log.n_recipients == 1);
	for (uint64_t i = 0; i < log.n; i++)
		assert_true(admin_has_hash(&log, i, &f->log.hashes[i]));
	assert_false(admin_has_hash(&log, 2, &f->log.hashes[1]));
	assert_false(admin_has_hash(&log, 1, &f->log.hashes[0]));
	w = admin_writer(&log, &f->writer->key_id);
	assert_non_null(w);
	assert_true(uid_eq(&w->group, &f->writer->group));
	assert_non_null(admin_key(&log, &f->group_object));
	assert_true(admin_signer(&log, &f->writer->key_id) == w->pub);
	assert_ok(item_open_name(&name, 1, &f->repo.id, f->lister->meta_sec, w->name, w->name_len, &err), &err);
	assert_string_equal(name, "first");
	free(name);
	assert_ok(item_open_name(&name, 1, &f->repo.id, f->reader->data_sec, w->name, w->name_len, &err), &err);
	assert_string_equal(name, "");
	free(name);
	admin_log_release(&log);
}

static void of_two_that_append_one_is_told_so(void **state)
{
	struct fixture *f = *state;
	const struct secret *seed = f->root;
	struct admin_log other;
	struct told told;
	struct buf items = small_item(ITEM_POLICY);
	hz_error *err = NULL;

	assert_ok(load(f, &other, &told, &err), &err);
	assert_ok(admin_log_append(&f->log, f->store, &items, &seed, 1, &err), &err);
	assert_fails(admin_log_append(&other, f->store, &items, &seed, 1, &err), HZ_E_BUSY, &err);
	assert_true(other.n == 2);
	admin_log_release(&other);
	assert_ok(load(f, &other, &told, &err), &err);
	assert_ok(admin_log_append(&other, f->store, &items, &seed, 1, &err), &err);
	assert_true(other.n == 4);
	admin_log_release(&other);
	assert_ok(reload(f, &err), &err);
	buf_release(&items);
}

static void an_entry_of_a_stranger_stops_the_reader(void **state)
{
	struct fixture *f = *state;
	struct buf items = small_item(ITEM_POLICY);
	struct forged x = next_entry(f, &items);
	struct secret *seed = NULL;
	uint8_t pub[SIGN_PUB_LEN];
	hz_error *err = NULL;

	assert_ok(sign_keypair(&seed, pub, &err), &err);
	x.seeds[0] = seed;
	put(f, &x);
	assert_fails(reload(f, &err), HZ_E_CORRUPT, &err);
	buf_release(&items);
	secret_free(seed);
}

static void a_strangers_signature_beside_a_good_one_is_refused(void **state)
{
	struct fixture *f = *state;
	struct buf items = small_item(ITEM_POLICY);
	struct forged x = next_entry(f, &items);
	struct secret *seed = NULL;
	uint8_t pub[SIGN_PUB_LEN];
	hz_error *err = NULL;

	assert_ok(sign_keypair(&seed, pub, &err), &err);
	x.seeds[1] = seed;
	x.n_seeds = 2;
	put(f, &x);
	assert_fails(reload(f, &err), HZ_E_CORRUPT, &err);
	buf_release(&items);
	secret_free(seed);
}

static void a_writer_may_make_nothing(void **state)
{
	struct fixture *f = *state;
	struct buf items = small_item(ITEM_HOLD);

	assert_int_equal(append_by(f, &items, f->writer->sign_seed), HZ_E_CORRUPT);
}

static void an_entry_that_follows_another_is_refused(void **state)
{
	struct fixture *f = *state;
	struct buf items = small_item(ITEM_POLICY);
	struct forged x = next_entry(f, &items);
	hz_error *err = NULL;

	x.prev = f->log.hashes[0];
	put(f, &x);
	assert_fails(reload(f, &err), HZ_E_CORRUPT, &err);
	buf_release(&items);
}

static void an_unknown_item_is_a_newer_version(void **state)
{
	struct fixture *f = *state;
	struct buf items = BUF_INIT;
	struct forged x = next_entry(f, &items);
	hz_error *err = NULL;

	assert_int_equal(section_put(&items, 0x0100, "x", 1), 0);
	put(f, &x);
	assert_fails(reload(f, &err), HZ_E_TOONEW, &err);
	buf_release(&items);
}

static void an_ignorable_item_is_skipped(void **state)
{
	struct fixture *f = *state;
	struct buf items = BUF_INIT;
	struct forged x = next_entry(f, &items);
	struct admin_log log;
	struct told told;
	hz_error *err = NULL;

	assert_int_equal(section_put(&items, 0x8001, "x", 1), 0);
	assert_int_equal(section_put(&items, 0x8100, "x", 1), 0);
	put(f, &x);
	assert_ok(load(f, &log, &told, &err), &err);
	assert_true(log.n == 3);
	admin_log_release(&log);
	buf_release(&items);
}

static void a_key_of_evidence_is_registered_once(void **state)
{
	static const char text[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
	struct fixture *f = *state;
	struct buf items = BUF_INIT;
	struct admin_log log;
	struct told told;
	uint8_t pub[SIGN_PUB_LEN];
	char *name = NULL;
	hz_error *err = NULL;

	assert_fails(item_evidence(&items, "ssh-rsa AAAA", &f->log, &f->recipients, "host", &err), HZ_E_INVAL, &err);
	assert_ok(item_evidence(&items, NULL, &f->log, &f->recipients, "host", &err), &err);
	assert_int_equal(items.len, 0);
	assert_ok(item_evidence(&items, text, &f->log, &f->recipients, "host", &err), &err);
	fixture_append(f, &items);
	assert_ok(evidence_key_parse(pub, text, &err), &err);
	assert_int_equal(pub[31], 31);
	assert_ok(load(f, &log, &told, &err), &err);
	assert_int_equal(log.n_evidence, 1);
	assert_non_null(admin_evidence(&log, pub));
	assert_ok(item_open_name(&name, f->repo.suite, &f->repo.id, f->lister->meta_sec, log.evidence[0].name,
			  log.evidence[0].name_len, &err),
		&err);
	assert_string_equal(name, "host");
	free(name);
	items = (struct buf)BUF_INIT;
	assert_ok(item_evidence(&items, text, &log, &f->recipients, "host", &err), &err);
	assert_int_equal(items.len, 0);
	admin_log_release(&log);
	/* Short ones are damage, although older readers skip them. */
	struct forged x = next_entry(f, &items);

	assert_int_equal(section_put(&items, ITEM_EVIDENCE, pub, 31), 0);
	put(f, &x);
	assert_fails(reload(f, &err), HZ_E_CORRUPT, &err);
	buf_release(&items);
}

static void items_out_of_order_or_with_rests_are_refused(void **state)
{
	struct fixture *f = *state;
	struct buf a = small_item(ITEM_POLICY), b = small_item(ITEM_ISSUED), both = BUF_INIT, rest = BUF_INIT;
	struct uid self = signer_id(1, f->repo.roots.pub[0]);
	hz_error *err = NULL;

	assert_int_equal(buf_append(&both, a.data, a.len) + buf_append(&both, b.data, b.len), 0);
	assert_fails(admin_apply(&f->log, both.data, both.len, &self, 1, 0, &err), HZ_E_CORRUPT, &err);
	assert_int_equal(buf_append(&b, "x", 1), 0);
	put_le32(b.data + 2, (uint32_t)(b.len - 6));
	assert_fails(admin_apply(&f->log, b.data, b.len, &self, 1, 0, &err), HZ_E_CORRUPT, &err);
	for (size_t len = 1; len < a.len; len++)
		assert_fails(admin_apply(&f->log, a.data, len, &self, 1, 0, &err), HZ_E_CORRUPT, &err);
	buf_release(&a);
	buf_release(&b);
	buf_release(&both);
	buf_release(&rest);
}

static void agents_have_their_powers_and_no_more(void **state)
{
	struct fixture *f = *state;
	static const struct id some = { { 1 } };
	static const struct uid pack = { { 1 } };
	struct secret *seed[2] = { NULL, NULL };
	struct uid id[2];
	const struct {
		uint16_t tag;
		uint8_t by;
		bool keeper, attester;
	} all[] = { { ITEM_HOLD, 0, true, true }, { ITEM_FINAL, 0, true, true }, { ITEM_FINAL_END, 0, true, true },
		{ ITEM_TOMBSTONE, 2, true, false }, { ITEM_TOMBSTONE, 1, false, false },
		{ ITEM_UNDELETE, 0, false, false }, { ITEM_LOSS, 0, false, false }, { ITEM_POLICY, 0, false, false },
		{ ITEM_HOLD_END, 0, false, false }, { ITEM_ISSUED, 0, false, false } };

	for (unsigned a = 0; a < 2; a++) {
		struct buf items = agent_item(a ? HZ_ROLE_ATTESTER : HZ_ROLE_KEEPER, &seed[a], &id[a], 1);

		fixture_append(f, &items);
		assert_non_null(admin_agent(&f->log, &id[a]));
	}
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		for (unsigned a = 0; a < 2; a++) {
			uint16_t tag = all[i].tag;
			struct buf items = tag == ITEM_FINAL ? final_item(1, &pack, 1)
				: tag == ITEM_TOMBSTONE || tag == ITEM_UNDELETE || tag == ITEM_LOSS
				? ids_item(tag, all[i].by, &some, 1)
				: small_item(tag);
			bool may = a ? all[i].attester : all[i].keeper;
			uint64_t n = f->log.n;

			assert_int_equal(append_by(f, &items, seed[a]), may ? 0 : HZ_E_CORRUPT);
			if (!may)
				take_back(f, n);
		}
	}
	secret_free(seed[0]);
	secret_free(seed[1]);
}

static void an_agent_that_ended_may_nothing_more(void **state)
{
	struct fixture *f = *state;
	struct secret *seed = NULL;
	struct uid id;
	struct buf end = BUF_INIT;

	/* Named, ended, named anew, ended again: the second end counts as well. */
	for (unsigned round = 0; round < 2; round++) {
		struct buf items = agent_item(HZ_ROLE_KEEPER, &seed, &id, 1);

		fixture_append(f, &items);
		assert_non_null(admin_agent(&f->log, &id));
		assert_int_equal(section_put(&end, ITEM_AGENT_END, id.b, UID_LEN), 0);
		fixture_append(f, &end);
		assert_null(admin_agent(&f->log, &id));
		/* What it signed before stays verifiable. */
		assert_non_null(admin_signer(&f->log, &id));
	}
	struct buf hold = small_item(ITEM_HOLD);

	assert_int_equal(append_by(f, &hold, seed), HZ_E_CORRUPT);
	secret_free(seed);
}

static void final_lists_name_packs_that_are_gone(void **state)
{
	struct fixture *f = *state;
	const struct uid packs[] = { { { 1 } }, { { 2 } }, { { 9 } } }, wrong[] = { { { 2 } }, { { 1 } } },
			 no = { { 3 } };
	struct buf items = final_item(1, packs, 3), empty = final_item(2, packs, 0), bad = final_item(3, wrong, 2);

	fixture_append(f, &items);
	fixture_append(f, &empty);
	for (unsigned i = 0; i < 3; i++)
		assert_true(admin_pack_is_final(&f->log, &packs[i]));
	assert_false(admin_pack_is_final(&f->log, &no));
	assert_int_equal(append_by(f, &bad, f->root), HZ_E_CORRUPT);
}

static void tombstones_can_be_taken_back(void **state)
{
	struct fixture *f = *state;
	const struct id ids[] = { { { 1 } }, { { 2 } }, { { 3 } } }, wrong[] = { { { 2 } }, { { 2 } } };
	struct buf items = ids_item(ITEM_TOMBSTONE, 1, ids, 3), back = ids_item(ITEM_UNDELETE, 0, &ids[1], 1),
		   loss = ids_item(ITEM_LOSS, 0, &ids[0], 1), bad = ids_item(ITEM_TOMBSTONE, 1, wrong, 2);

	fixture_append(f, &items);
	fixture_append(f, &back);
	fixture_append(f, &loss);
	assert_true(id_set_has(&f->log.tombstones, &ids[0]));
	assert_false(id_set_has(&f->log.tombstones, &ids[1]));
	assert_true(id_set_has(&f->log.tombstones, &ids[2]));
	assert_true(id_set_has(&f->log.losses, &ids[0]));
	assert_false(id_set_has(&f->log.losses, &ids[2]));
	assert_int_equal(append_by(f, &bad, f->root), HZ_E_CORRUPT);
}

static void thresholds_need_that_many_roots(void **state)
{
	struct fixture *f = *state;
	static const uint8_t threshold[CLASS_COUNT] = { 1, 1, 1, 2, 1, 1 };
	static const struct id some = { { 1 } };
	struct roots roots = { .n = 2 };
	struct secret *second = NULL;
	struct buf items = BUF_INIT;
	struct told told;
	hz_error *err = NULL;

	memcpy(roots.pub[0], f->repo.roots.pub[0], SIGN_PUB_LEN);
	/* Root keys stand in order: draw until the second follows the first. */
	do {
		secret_free(second);
		assert_ok(sign_keypair(&second, roots.pub[1], &err), &err);
	} while (memcmp(roots.pub[0], roots.pub[1], SIGN_PUB_LEN) >= 0 && roots.pub[0][0] < 0xF0);
	if (memcmp(roots.pub[0], roots.pub[1], SIGN_PUB_LEN) >= 0) {
		uint8_t tmp[SIGN_PUB_LEN];

		memcpy(tmp, roots.pub[0], sizeof(tmp));
		memcpy(roots.pub[0], roots.pub[1], sizeof(tmp));
		memcpy(roots.pub[1], tmp, sizeof(tmp));
	}
	assert_ok(item_signers(&items, &roots, threshold, &err), &err);
	fixture_append(f, &items);
	items = ids_item(ITEM_TOMBSTONE, 1, &some, 1);
	uint64_t n = f->log.n;

	assert_int_equal(append_by(f, &items, f->root), HZ_E_CORRUPT);
	take_back(f, n);
	items = ids_item(ITEM_TOMBSTONE, 1, &some, 1);
	struct forged x = next_entry(f, &items);

	x.seeds[1] = second;
	x.n_seeds = 2;
	put(f, &x);
	admin_log_release(&f->log);
	assert_ok(load(f, &f->log, &told, &err), &err);
	assert_true(id_set_has(&f->log.tombstones, &some));
	buf_release(&items);
	secret_free(second);
}

static void malformed_items_are_refused(void **state)
{
	struct fixture *f = *state;
	static const uint8_t zero[CLASS_COUNT] = { 0, 1, 1, 1, 1, 1 }, two[CLASS_COUNT] = { 2, 1, 1, 1, 1, 1 };
	struct writer_info w = f->log.writers[0];
	struct recipients r = f->recipients;
	struct roots none = { .n = 0 };
	struct uid self = signer_id(1, f->repo.roots.pub[0]);
	hz_error *err = NULL;

#define REFUSED(make)                                                                                               \
	do {                                                                                                        \
		struct buf items_ = BUF_INIT;                                                                       \
		assert_ok(make, &err);                                                                              \
		assert_fails(admin_apply(&f->log, items_.data, items_.len, &self, 1, 0, &err), HZ_E_CORRUPT, &err); \
		buf_release(&items_);                                                                               \
	} while (0)
	/* Of what is not there. */
	REFUSED(section_put(&items_, ITEM_AGENT_END, self.b, UID_LEN));
	REFUSED(section_put(&items_, ITEM_KEY_END, self.b, UID_LEN));
	REFUSED(item_signers(&items_, &f->repo.roots, zero, &err));
	REFUSED(item_signers(&items_, &f->repo.roots, two, &err));
	REFUSED(item_signers(&items_, &none, two, &err));
	/* Epochs count up. */
	REFUSED(item_recipients(&items_, &r, &err));
	r.epoch = 9;
	REFUSED(item_recipients(&items_, &r, &err));
	/* Twice, and under an id that is not its key's. */
	REFUSED(item_writer(&items_, &w, 1, &f->repo.id, &f->recipients, "", &err));
	w.id.b[0] ^= 1;
	REFUSED(item_writer(&items_, &w, 1, &f->repo.id, &f->recipients, "", &err));
	REFUSED(item_key(&items_, 4, &self, &f->log.hashes[0], &err));
	REFUSED(item_issued(&items_, HZ_ROLE_WRITER, &self, 1, &f->repo.id, &f->recipients, "", &err));
#undef REFUSED
}

static void a_cut_marks_its_writer(void **state)
{
	struct fixture *f = *state;
	struct buf items = BUF_INIT, t = BUF_INIT;
	static const struct id at = { { 7 } };

	assert_int_equal(buf_append(&t, f->writer->key_id.b, UID_LEN) + buf_append(&t, at.b, ID_LEN), 0);
	item(&items, ITEM_CUT, &t);
	fixture_append(f, &items);
	assert_true(f->log.writers[0].is_cut);
	assert_true(id_eq(&f->log.writers[0].cut, &at));
	buf_release(&t);
}

static void a_key_object_that_ended_counts_no_more(void **state)
{
	struct fixture *f = *state;
	struct buf items = BUF_INIT;

	assert_int_equal(section_put(&items, ITEM_KEY_END, f->group_object.b, UID_LEN), 0);
	fixture_append(f, &items);
	assert_null(admin_key(&f->log, &f->group_object));
}

static void of_two_objects_under_two_tries_the_lower_counts(void **state)
{
	struct fixture *f = *state;
	struct buf a = small_item(ITEM_POLICY), b = small_item(ITEM_ISSUED);
	struct forged x = next_entry(f, &a), y = next_entry(f, &b);
	struct admin_log log;
	struct told told;
	hz_error *err = NULL;

	y.attempt = 1;
	put(f, &y);
	put(f, &x);
	assert_ok(load(f, &log, &told, &err), &err);
	assert_true(log.n == 3 && log.n_keys == 1);
	assert_int_equal(log.head_try, 0);
	admin_log_release(&log);
	buf_release(&a);
	buf_release(&b);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_log_comes_back_as_it_was_made),
		T(of_two_that_append_one_is_told_so),
		T(an_entry_of_a_stranger_stops_the_reader),
		T(a_strangers_signature_beside_a_good_one_is_refused),
		T(a_writer_may_make_nothing),
		T(an_entry_that_follows_another_is_refused),
		T(an_unknown_item_is_a_newer_version),
		T(an_ignorable_item_is_skipped),
		T(a_key_of_evidence_is_registered_once),
		T(items_out_of_order_or_with_rests_are_refused),
		T(agents_have_their_powers_and_no_more),
		T(an_agent_that_ended_may_nothing_more),
		T(final_lists_name_packs_that_are_gone),
		T(tombstones_can_be_taken_back),
		T(thresholds_need_that_many_roots),
		T(malformed_items_are_refused),
		T(a_cut_marks_its_writer),
		T(a_key_object_that_ended_counts_no_more),
		T(of_two_objects_under_two_tries_the_lower_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
