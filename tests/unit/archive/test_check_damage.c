/* SPDX-License-Identifier: BSD-2-Clause */
/* test-timeout: 600 */
/* Objects that are damaged, lost or others: a check names them, and says which can be mended. */
#include "checked.h"

/* ---- small objects ---- */

static const char *const small[] = { "admin", "keys", "sessions", "commits", "index" };

static bool has_twin(const char *name)
{
	return strncmp(name, "commits/", 8) != 0 && strncmp(name, "index/", 6) != 0;
}

static void one_damaged_small(const char *name)
{
	hz_check_result r;

	fixture_damage(b->f.store, name, 4000, 2);
	r = check(0);
	assert_found(&r, 1, 1);
	assert_int_equal(r.snapshots_hurt, 0);
	fixture_damage(b->f.store, name, 4000, 2);
}

static void damage_in_small_objects_is_found_and_mendable(void **state)
{
	(void)state;
	one_damaged_small("repo");
	for (size_t i = 0; i < ARRAY_LEN(small); i++) {
		struct names *l = names_of(b->f.store, small[i]);

		assert_true(l->n > 0);
		for (size_t k = 0; k < l->n; k++)
			one_damaged_small(l->v[k].s);
		free(l);
	}
}

static void one_lost_small(const char *name, bool removed)
{
	uint8_t *data = NULL;
	size_t len = 0;
	hz_check_result r;

	if (removed)
		data = take(name, &len);
	else
		fixture_damage(b->f.store, name, 4000, 3);
	r = check(0);
	if (has_twin(name)) {
		assert_found(&r, 1, 1);
		assert_int_equal(r.snapshots_hurt, 0);
	} else if (strncmp(name, "index/", 6) == 0) {
		/* The run, and what nothing names any more. */
		assert_true(r.damaged >= 1 && r.mendable == 0 && r.snapshots_hurt >= 1);
	} else if (!removed) {
		assert_found(&r, 1, 0);
		assert_true(r.snapshots_hurt >= 1);
	} else if (strstr(name, "commits/")) {
		/* The first is named by the second; that the newest is gone only a host's state can tell. */
		assert_true(r.damaged <= 1 && r.mendable == 0);
		assert_int_equal(r.snapshots, 1);
	}
	if (removed)
		give_back(name, data, len);
	else
		fixture_damage(b->f.store, name, 4000, 3);
}

static void lost_small_objects_are_found_and_copies_serve(void **state)
{
	(void)state;
	for (unsigned removed = 0; removed < 2; removed++) {
		one_lost_small("repo", removed);
		for (size_t i = 0; i < ARRAY_LEN(small); i++) {
			struct names *l = names_of(b->f.store, small[i]);

			for (size_t k = 0; k < l->n; k++)
				one_lost_small(l->v[k].s, removed);
			free(l);
		}
	}
}

static void a_missing_predecessor_is_found(void **state)
{
	hz_reader *r = backups_reader(b, HZ_ROLE_READER, HZ_NEED_READ);
	struct names *l = names_of(b->f.store, "commits");
	unsigned found = 0;

	(void)state;
	hz_reader_close(r);
	for (size_t i = 0; i < l->n; i++) {
		size_t len;
		uint8_t *data = take(l->v[i].s, &len);

		found += (unsigned)check(0).damaged;
		give_back(l->v[i].s, data, len);
	}
	assert_int_equal(found, 1);
	free(l);
}

static void a_copy_that_is_another_object_is_found(void **state)
{
	struct names *l = names_of(b->f.store, "sessions");
	struct session other = fixture_session(&b->f, b->f.writer);
	struct name victim = l->v[0], copy = name_copy(victim.s), from = name_session(&other.id);
	uint8_t *old, *data = NULL;
	size_t old_len, len = 0;
	struct object_header h = { .type = OBJECT_SESSION, .suite = SUITE_SODIUM, .repo = b->f.repo.id };
	struct object o = OBJECT_INIT;
	struct buf forged = BUF_INIT;
	hz_check_result r;
	hz_error *err = NULL;

	(void)state;
	if (name_is_copy(victim.s))
		fail();
	data = take(from.s, &len);
	assert_ok(object_decode(&o, from.s, data, len, &err), &err);
	(void)snprintf(h.name, sizeof(h.name), "%.80s", victim.s);
	assert_ok(object_encode(&forged, &h, o.body, (size_t)o.header.length, false, &err), &err);
	old = take(copy.s, &old_len);
	fixture_replace(b->f.store, copy.s, forged.data, forged.len);
	r = check(0);
	assert_found(&r, 1, 1);
	give_back(copy.s, old, old_len);
	fixture_remove(b->f.store, name_copy(from.s).s);
	object_release(&o);
	buf_release(&forged);
	session_release(&other);
	free(data);
	free(l);
}

static void a_lost_session_hurts_its_snapshot(void **state)
{
	struct names *l = names_of(b->f.store, "sessions");
	size_t len[2];
	uint8_t *data[2] = { take(l->v[0].s, &len[0]), take(l->v[1].s, &len[1]) };
	hz_check_result r;

	(void)state;
	assert_string_equal(name_copy(l->v[0].s).s, l->v[1].s);
	r = check(0);
	assert_true(r.damaged >= 2 && r.mendable == 0 && r.snapshots_hurt >= 1);
	give_back(l->v[0].s, data[0], len[0]);
	give_back(l->v[1].s, data[1], len[1]);
	free(l);
}

/* ---- packs ---- */

static void missing_packs_are_told_and_by_path_what_was_in_them(void **state)
{
	struct names *l = names_of(b->f.store, "packs");
	unsigned hurt_both = 0;

	(void)state;
	for (size_t i = 0; i < l->n; i++) {
		size_t len;
		uint8_t *data = take(l->v[i].s, &len);

		for (uint32_t role = HZ_ROLE_LISTER; role <= HZ_ROLE_READER; role++) {
			struct events v;
			hz_check_result r = check_as(role, HZ_NEED_LIST, 0, &v);

			assert_found(&r, 1, 0);
			assert_true(v.paths > 0);
			assert_true(r.snapshots_hurt >= 1);
			/* Of a pack that both name both are hurt, though what they share is looked at once. */
			hurt_both += r.snapshots_hurt == 2;
		}
		struct events v;
		hz_check_result r = check_as(HZ_ROLE_WRITER, HZ_NEED_NOTHING, 0, &v);

		assert_found(&r, 1, 0);
		give_back(l->v[i].s, data, len);
	}
	assert_true(hurt_both >= 2);
	free(l);
}

static void packs_of_another_size_are_found(void **state)
{
	struct names *l = names_of(b->f.store, "packs");

	(void)state;
	for (size_t i = 0; i < l->n; i++) {
		size_t len;
		uint8_t *data = take(l->v[i].s, &len), *longer = calloc(1, len + 100);
		hz_check_result r;

		memcpy(longer, data, len);
		fixture_replace(b->f.store, l->v[i].s, longer, len + 100);
		r = check(0);
		assert_found(&r, 1, 1);
		assert_int_equal(r.snapshots_hurt, 0);
		fixture_replace(b->f.store, l->v[i].s, data, len - 4096);
		r = check(0);
		assert_found(&r, 1, 1);
		r = check(HZ_CHECK_READ_DATA);
		assert_found(&r, 1, 1);
		assert_int_equal(r.snapshots_hurt, 0);
		fixture_replace(b->f.store, l->v[i].s, data, len / 2);
		r = check(0);
		assert_found(&r, 1, 0);
		assert_true(r.snapshots_hurt >= 1);
		free(longer);
		give_back(l->v[i].s, data, len);
	}
	free(l);
}

/* How many blocks in a row a pack of this size cannot lose. */
static unsigned too_many(uint64_t size)
{
	uint64_t n = size / 4096;

	return (unsigned)(2 * ((n + 41) / 42) + 1);
}

static void damaged_bytes_are_found_wherever_they_are(void **state)
{
	struct names *l = names_of(b->f.store, "packs");

	(void)state;
	for (size_t i = 0; i < l->n; i++) {
		uint64_t size = 0;

		assert_ok(store_size(b->f.store, l->v[i].s, &size, NULL), NULL);
		for (unsigned part = 0; part < 4; part++) {
			size_t at = (size_t)size / 4 * part + 77;
			hz_check_result r;

			fixture_damage(b->f.store, l->v[i].s, at, 1);
			r = check(HZ_CHECK_READ_DATA);
			assert_found(&r, 1, 1);
			assert_int_equal(r.snapshots_hurt, 0);
			fixture_damage(b->f.store, l->v[i].s, at, 1);
		}
		struct events v;
		hz_check_result r;

		fixture_damage(b->f.store, l->v[i].s, (size_t)size / 2, too_many(size));
		r = check_as(HZ_ROLE_READER, HZ_NEED_READ, HZ_CHECK_READ_DATA, &v);
		assert_found(&r, 1, 0);
		assert_true(r.snapshots_hurt >= 1);
		assert_true(v.paths > 0);
		fixture_damage(b->f.store, l->v[i].s, (size_t)size / 2, too_many(size));
	}
	free(l);
	hz_check_result r = check(HZ_CHECK_READ_DATA);

	assert_found(&r, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damage_in_small_objects_is_found_and_mendable),
		cmocka_unit_test(lost_small_objects_are_found_and_copies_serve),
		cmocka_unit_test(a_missing_predecessor_is_found),
		cmocka_unit_test(a_copy_that_is_another_object_is_found),
		cmocka_unit_test(a_lost_session_hurts_its_snapshot),
		cmocka_unit_test(missing_packs_are_told_and_by_path_what_was_in_them),
		cmocka_unit_test(packs_of_another_size_are_found),
		cmocka_unit_test(damaged_bytes_are_found_wherever_they_are),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
