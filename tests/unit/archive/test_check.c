/* SPDX-License-Identifier: BSD-2-Clause */
/* test-timeout: 600 */
/* What a check counts of a whole repository, by each key, and what is no damage. */
#include "checked.h"
#include <limits.h>

/* ---- what is whole ---- */

static void a_whole_repository_is_whole(void **state)
{
	struct events v;
	hz_check_result r = check_as(HZ_ROLE_READER, HZ_NEED_READ, HZ_CHECK_READ_DATA, &v);

	(void)state;
	assert_found(&r, 0, 0);
	assert_int_equal(v.damage + v.paths, 0);
	assert_int_equal(r.looked_at, HZ_LOOKED_STRUCTURE | HZ_LOOKED_TREES | HZ_LOOKED_CHECKSUMS | HZ_LOOKED_CONTENT);
	assert_int_equal(r.snapshots, 2);
	assert_int_equal(r.snapshots_hurt, 0);
	assert_int_equal(r.dead_packs, 0);
	size_t objects = 0, packs = 0;

	for (size_t i = 0; store_folders[i]; i++) {
		struct names *l = names_of(b->f.store, store_folders[i]);

		objects += l->n;
		if (strcmp(store_folders[i], "packs") == 0)
			packs = l->n;
		free(l);
	}
	assert_int_equal(r.objects, objects + 1);
	assert_int_equal(r.packs, packs);
	/* As many chunks by the runs as in the packs. */
	assert_int_equal(r.chunks, check(0).chunks);
	assert_true(r.chunks > 300);
}

static void each_key_looks_at_what_it_opens(void **state)
{
	const struct {
		uint32_t role, need, looked;
	} all[] = { { HZ_ROLE_READER, HZ_NEED_READ, HZ_LOOKED_STRUCTURE | HZ_LOOKED_TREES },
		{ HZ_ROLE_LISTER, HZ_NEED_LIST, HZ_LOOKED_STRUCTURE | HZ_LOOKED_TREES },
		{ HZ_ROLE_WRITER, HZ_NEED_NOTHING, HZ_LOOKED_STRUCTURE }, { 0, HZ_NEED_NOTHING, 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct events v;
		hz_check_result r = check_as(all[i].role, all[i].need, 0, &v);

		assert_found(&r, 0, 0);
		assert_int_equal(r.looked_at, all[i].looked);
		assert_true(r.packs > 0);
		assert_int_equal(r.snapshots, 2);
		assert_int_equal(r.snapshots_hurt + r.dead_packs, 0);
		/* What was not looked at is said. */
		assert_int_equal(v.notes > 0, all[i].role == 0);
	}
}

static void content_needs_a_reader(void **state)
{
	const hz_check_options newer = { .size = sizeof(newer), .flags = 0x80 };
	const hz_check_options too_much = { .size = sizeof(too_much), .data_permille = 1001 };
	const hz_check_options both = { .size = sizeof(both), .data_permille = 1, .data_packs = 1 };
	const hz_check_options contrary = { .size = sizeof(contrary), .flags = HZ_CHECK_PRESENCE | HZ_CHECK_READ_DATA };
	hz_reader *r = backups_reader(b, HZ_ROLE_LISTER, HZ_NEED_LIST);
	hz_error *err = NULL;

	(void)state;
	assert_fails(hz_check(r, &read_data, NULL, NULL, &err), HZ_E_AUTH, &err);
	assert_fails(hz_check(r, &newer, NULL, NULL, &err), HZ_E_UNSUPPORTED, &err);
	assert_fails(hz_check(r, &too_much, NULL, NULL, &err), HZ_E_INVAL, &err);
	assert_fails(hz_check(r, &both, NULL, NULL, &err), HZ_E_INVAL, &err);
	assert_fails(hz_check(r, &contrary, NULL, NULL, &err), HZ_E_INVAL, &err);
	assert_ok(hz_check(r, NULL, NULL, NULL, &err), &err);
	hz_reader_close(r);
}

/* A part by number: so many whole packs, or all and no part. */
static void a_part_may_be_a_number_of_packs(void **state)
{
	hz_reader *r = backups_reader(b, HZ_ROLE_READER, HZ_NEED_READ);
	hz_check_options o = { .size = sizeof(o), .flags = HZ_CHECK_READ_DATA, .data_packs = 1, .seed = 7 };
	hz_check_result one = HZ_CHECK_RESULT_INIT, all = HZ_CHECK_RESULT_INIT;
	hz_error *err = NULL;

	(void)state;
	assert_ok(hz_check(r, &o, NULL, &one, &err), &err);
	assert_int_equal(one.sample_packs, 1);
	assert_int_equal(one.sample_of_packs, one.packs);
	assert_int_equal(one.seed, 7);
	assert_int_equal(one.looked_at & (HZ_LOOKED_CHECKSUMS | HZ_LOOKED_CONTENT), 0);
	o.data_packs = one.packs;
	assert_ok(hz_check(r, &o, NULL, &all, &err), &err);
	assert_int_equal(all.seed + all.sample_packs, 0);
	assert_true(all.bytes_read > one.bytes_read);
	assert_true(all.looked_at & HZ_LOOKED_CONTENT);
	hz_reader_close(r);
}

/* Damage in any pack is found by one round of turns, and by one of its runs alone, unless chance finds it in each. */
static void each_pack_has_its_turn(void **state)
{
	hz_check_options o = {
		.size = sizeof(o), .flags = HZ_CHECK_READ_DATA | HZ_CHECK_TURN, .data_packs = 1, .seed = 7
	};
	hz_reader *r = backups_reader(b, HZ_ROLE_READER, HZ_NEED_READ);
	struct names *packs = names_of(b->f.store, "packs");
	size_t by_chance = 0;

	(void)state;
	assert_true(packs->n > 1);
	for (size_t i = 0; i < packs->n; i++) {
		AUTO_FREE char *path = hzt_path(b->location, packs->v[i].s);
		size_t runs = 0, found = 0, read = 0, end;
		struct stat st;

		assert_int_equal(stat(path, &st), 0);
		/* In its parity: that is read with the whole of the pack only, its lists always. */
		end = (size_t)st.st_size - 100;
		fixture_damage(b->f.store, packs->v[i].s, end, 1);
		for (o.turn_from = 0x80000000u; read < packs->n; runs++) {
			hz_check_result one = HZ_CHECK_RESULT_INIT;
			hz_error *err = NULL;

			assert_ok(hz_check(r, &o, NULL, &one, &err), &err);
			assert_true(one.turn_packs > 0);
			read += one.turn_packs;
			found += one.damaged;
			o.turn_from = one.turn_next;
		}
		assert_true(found == 1 || found == runs);
		by_chance += found == runs;
		fixture_damage(b->f.store, packs->v[i].s, end, 1);
	}
	assert_int_equal(by_chance, 1);
	free(packs);
	hz_reader_close(r);
}

static void a_turn_is_remembered(void **state)
{
	hz_reader *r = backups_reader(b, HZ_ROLE_READER, HZ_NEED_READ);
	const hz_check_options no_part = { .size = sizeof(no_part), .flags = HZ_CHECK_READ_DATA | HZ_CHECK_TURN };
	char folder[PATH_MAX], path[PATH_MAX + 16];
	uint32_t at = 5;
	hz_error *err = NULL;

	(void)state;
	assert_fails(hz_check(r, &no_part, NULL, NULL, &err), HZ_E_INVAL, &err);
	assert_fails(hz_turn_get(r, 3, &at, &err), HZ_E_INVAL, &err);
	assert_fails(hz_turn_put(r, 0, 1, &err), HZ_E_INVAL, &err);
	assert_ok(hz_turn_get(r, HZ_TURN_PACKS, &at, &err), &err);
	assert_int_equal(at, 0);
	assert_ok(hz_turn_put(r, HZ_TURN_PACKS, 0xfedcba98u, &err), &err);
	assert_ok(hz_turn_put(r, HZ_TURN_FILES, 7, &err), &err);
	assert_ok(hz_turn_get(r, HZ_TURN_PACKS, &at, &err), &err);
	assert_int_equal(at, 0xfedcba98u);
	assert_ok(hz_turn_get(r, HZ_TURN_FILES, &at, &err), &err);
	assert_int_equal(at, 7);
	/* Damaged or cut, it begins anew. */
	(void)snprintf(folder, sizeof(folder), "%s/%s", b->state, hz_reader_repo_id(r));
	(void)snprintf(path, sizeof(path), "%s/turn.files", folder);
	assert_int_equal(truncate(path, 11), 0);
	assert_ok(hz_turn_get(r, HZ_TURN_FILES, &at, &err), &err);
	assert_int_equal(at, 0);
	hzt_put(path, "twelve bytes", 12);
	at = 1;
	assert_ok(hz_turn_get(r, HZ_TURN_FILES, &at, &err), &err);
	assert_int_equal(at, 0);
	/* A folder in its place can neither be read nor replaced. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(hz_turn_put(r, HZ_TURN_FILES, 7, &err) < 0);
	hz_error_free(err);
	assert_int_equal(rmdir(path), 0);
	hz_reader_close(r);
}

static void presence_reads_no_folders(void **state)
{
	struct events v;
	hz_check_result r = check_as(HZ_ROLE_READER, HZ_NEED_READ, HZ_CHECK_PRESENCE, &v);

	(void)state;
	assert_found(&r, 0, 0);
	assert_int_equal(r.looked_at, HZ_LOOKED_STRUCTURE);
	assert_true(r.packs > 0);
}

static void a_check_can_be_repeated_and_leaves_the_reader_usable(void **state)
{
	hz_reader *r = backups_reader(b, HZ_ROLE_READER, HZ_NEED_READ);
	char id[HZ_ID_HEX];
	hz_error *err = NULL;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		hz_check_result res = HZ_CHECK_RESULT_INIT;

		assert_ok(hz_check(r, &read_data, NULL, &res, &err), &err);
		assert_found(&res, 0, 0);
		assert_ok(hz_snapshot_find(id, r, "latest", NULL, NULL, &err), &err);
		assert_string_equal(id, b->id[1]);
	}
	hz_reader_close(r);
}

static int stop(void *user, const hz_progress *p)
{
	(void)p;
	return ++*(unsigned *)user >= 2;
}

static void a_check_can_be_cancelled(void **state)
{
	hz_reader *r = backups_reader(b, HZ_ROLE_READER, HZ_NEED_READ);
	hz_check_result res = HZ_CHECK_RESULT_INIT;
	unsigned calls = 0;
	hz_job *job = NULL;
	hz_error *err = NULL;

	(void)state;
	assert_ok(hz_job_new(&job, &err), &err);
	hz_job_on_progress(job, stop, &calls);
	assert_fails(hz_check(r, &read_data, job, &res, &err), HZ_E_CANCELED, &err);
	assert_int_equal(res.damaged, 0);
	hz_job_free(job);
	hz_reader_close(r);
}

/* ---- what no commit names ---- */

static void what_dead_sessions_left_is_no_damage(void **state)
{
	struct session s = fixture_session(&b->f, b->f.writer);
	struct uid pack = { { 1, 2, 3 } };
	struct run_pack packs[] = { { .uid = { { 7 } }, .size = 65536 } };
	struct run_entry entries[] = { { .pack = 0 } };
	struct run_ref ref;
	struct buf object = BUF_INIT;
	hz_check_result r;
	hz_error *err = NULL;

	(void)state;
	/* A pack that is rubbish, a run that names a pack that is not there, a session without its copy. */
	fixture_replace(b->f.store, name_pack(&pack).s, "rubbish", 7);
	assert_ok(run_build(&object, &ref, &b->f.repo, &s.id, &b->f.writer->key_id, b->f.writer->sign_seed, &b->f.keys,
			  packs, 1, entries, 1, &err),
		&err);
	fixture_replace(b->f.store, name_run(&ref.uid).s, object.data, object.len);
	fixture_remove(b->f.store, name_copy(name_session(&s.id).s).s);
	r = check(HZ_CHECK_READ_DATA);
	assert_found(&r, 0, 0);
	assert_int_equal(r.dead_packs, 1);
	fixture_damage(b->f.store, name_run(&ref.uid).s, 0, 5);
	r = check(HZ_CHECK_READ_DATA);
	assert_found(&r, 0, 0);
	fixture_damage(b->f.store, name_session(&s.id).s, 0, 3);
	r = check(HZ_CHECK_READ_DATA);
	assert_found(&r, 0, 0);
	fixture_remove(b->f.store, name_session(&s.id).s);
	fixture_remove(b->f.store, name_run(&ref.uid).s);
	fixture_remove(b->f.store, name_pack(&pack).s);
	buf_release(&object);
	session_release(&s);
}

static void objects_of_another_repository_are_noted_and_left_alone(void **state)
{
	struct fixture other;
	struct session s;
	uint8_t *data = NULL;
	size_t len = 0;
	struct events v;
	hz_check_result r;

	(void)state;
	fixture_new(&other, SUITE_SODIUM);
	s = fixture_session(&other, other.writer);
	struct name name = name_session(&s.id);

	assert_ok(store_get_all(other.store, name.s, 1 << 20, &data, &len, NULL), NULL);
	fixture_replace(b->f.store, name.s, data, len);
	r = check_as(HZ_ROLE_READER, HZ_NEED_READ, 0, &v);
	assert_found(&r, 0, 0);
	fixture_remove(b->f.store, name.s);
	free(data);
	session_release(&s);
	fixture_free(&other);
}

/* ---- what the admin log says ---- */

static void forgotten_snapshots_are_not_walked_and_final_packs_not_missed(void **state)
{
	struct buf items = BUF_INIT, t = BUF_INIT;
	struct enc e = enc_to(&t);
	static const struct id none;
	struct names *packs = names_of(b->f.store, "packs");
	struct id ids[2];
	hz_check_result r;

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		assert_true(hex_decode(ids[i].b, ID_LEN, b->id[i], ID_HEX_LEN));
	if (id_cmp(&ids[0], &ids[1]) > 0) {
		struct id tmp = ids[0];

		ids[0] = ids[1];
		ids[1] = tmp;
	}
	enc_u8(&e, 1);
	enc_var(&e, 2);
	enc_bytes(&e, ids, sizeof(ids));
	enc_bytes(&e, none.b, ID_LEN);
	enc_u32(&e, 0);
	enc_blob(&e, "", 0);
	assert_int_equal(section_put(&items, ITEM_TOMBSTONE, t.data, t.len), 0);
	t.len = 0;
	enc_u64(&e, 1);
	enc_bytes(&e, none.b, ID_LEN);
	enc_var(&e, packs->n);
	for (size_t i = 0; i < packs->n; i++) {
		struct uid u;

		assert_true(name_parse_uid(&u, packs->v[i].s, "packs/"));
		enc_bytes(&e, u.b, UID_LEN);
	}
	assert_int_equal(section_put(&items, ITEM_FINAL, t.data, t.len), 0);
	fixture_append(&b->f, &items);
	r = check(HZ_CHECK_READ_DATA);
	assert_found(&r, 0, 0);
	assert_int_equal(r.snapshots, 0);
	assert_int_equal(r.packs, 0);
	for (size_t i = 0; i < packs->n; i++)
		fixture_remove(b->f.store, packs->v[i].s);
	r = check(HZ_CHECK_READ_DATA);
	assert_found(&r, 0, 0);
	buf_release(&t);
	free(packs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_repository_is_whole),
		cmocka_unit_test(each_key_looks_at_what_it_opens),
		cmocka_unit_test(content_needs_a_reader),
		cmocka_unit_test(a_part_may_be_a_number_of_packs),
		cmocka_unit_test(each_pack_has_its_turn),
		cmocka_unit_test(a_turn_is_remembered),
		cmocka_unit_test(presence_reads_no_folders),
		cmocka_unit_test(a_check_can_be_repeated_and_leaves_the_reader_usable),
		cmocka_unit_test(a_check_can_be_cancelled),
		cmocka_unit_test(what_dead_sessions_left_is_no_damage),
		cmocka_unit_test(objects_of_another_repository_are_noted_and_left_alone),
		/* The last: it forgets everything. */
		cmocka_unit_test(forgotten_snapshots_are_not_walked_and_final_packs_not_missed),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
