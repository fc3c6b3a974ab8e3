/* SPDX-License-Identifier: BSD-2-Clause */
/* The hash table and the sorted set of ids, each against an array that is searched from end to end. */
#include "support/hzt.h"
#include "archive/admin.h"
#include "archive/idmap.h"

#define IDS 900u

/* Ids that share their first bytes, which are what the table hashes, collide. */
static struct id make_id(unsigned i, bool colliding)
{
	struct hzt_random r = { i };
	struct id id;

	hzt_random_fill(&r, id.b, sizeof(id.b));
	if (colliding)
		memset(id.b, 0x3F, 8);
	return id;
}

static void an_empty_map_has_nothing(void **state)
{
	struct idmap m = { 0 };
	struct id id = make_id(1, false);
	uint32_t value = 77;

	(void)state;
	assert_false(idmap_get(&m, &id, &value));
	assert_false(idmap_get(&m, &id, NULL));
	assert_int_equal(value, 77);
	idmap_release(&m);
}

static void the_first_value_of_an_id_stays(void **state)
{
	struct idmap m = { 0 };
	struct id id = make_id(1, false);
	uint32_t value = 0;

	(void)state;
	assert_int_equal(idmap_add(&m, &id, 0, NULL), 1);
	assert_int_equal(idmap_add(&m, &id, 5, NULL), 0);
	assert_int_equal(idmap_add(&m, &id, 6, &value), 0);
	assert_int_equal(value, 0);
	value = 9;
	assert_true(idmap_get(&m, &id, &value));
	assert_int_equal(value, 0);
	assert_true(idmap_get(&m, &id, NULL));
	assert_int_equal(m.n, 1);
	idmap_release(&m);
	assert_int_equal(m.cap, 0);
	assert_false(idmap_get(&m, &id, NULL));
}

static void map_against_model(bool colliding)
{
	struct hzt_random r = { 4711 };
	struct idmap m = { 0 };
	bool there[IDS] = { false };
	uint32_t value[IDS], got;
	size_t n = 0;

	for (unsigned i = 0; i < 6 * IDS; i++) {
		unsigned k = (unsigned)hzt_random_below(&r, IDS);
		uint32_t v = (uint32_t)hzt_random_below(&r, 1u << 31);
		struct id id = make_id(k, colliding);

		assert_int_equal(idmap_get(&m, &id, &got), there[k]);
		if (there[k])
			assert_int_equal(got, value[k]);
		assert_int_equal(idmap_add(&m, &id, v, &got), !there[k]);
		if (there[k]) {
			assert_int_equal(got, value[k]);
		} else {
			there[k] = true;
			value[k] = v;
			n++;
		}
		assert_int_equal(m.n, n);
		assert_true(m.n * 4 <= m.cap * 3);
		assert_true(id_eq(&idmap_slot(&m, &id)->id, &id));
	}
	for (unsigned k = 0; k < IDS; k++) {
		struct id id = make_id(k, colliding);

		assert_int_equal(idmap_get(&m, &id, &got), there[k]);
		if (there[k])
			assert_int_equal(got, value[k]);
		else
			assert_int_equal(idmap_slot(&m, &id)->value, 0);
	}
	assert_true(n > IDS / 2);
	idmap_release(&m);
}

static void random_ids_are_found_again(void **state)
{
	(void)state;
	map_against_model(false);
}

static void colliding_ids_are_found_again(void **state)
{
	(void)state;
	map_against_model(true);
}

/* ---- the set ---- */

static void check_order(const struct id_set *s)
{
	for (size_t i = 1; i < s->n; i++)
		assert_true(id_cmp(&s->v[i - 1], &s->v[i]) < 0);
}

static void a_set_holds_what_was_added_and_not_deleted(void **state)
{
	struct hzt_random r = { 99 };
	struct id_set s = { 0 };
	bool there[200] = { false };
	size_t n = 0;

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		unsigned k = (unsigned)hzt_random_below(&r, ARRAY_LEN(there));
		struct id id = make_id(k, k % 2);

		assert_int_equal(id_set_has(&s, &id), there[k]);
		if (hzt_random_below(&r, 2)) {
			assert_int_equal(id_set_add(&s, &id), 0);
			n += !there[k];
			there[k] = true;
		} else {
			id_set_del(&s, &id);
			n -= there[k];
			there[k] = false;
		}
		assert_int_equal(s.n, n);
		check_order(&s);
	}
	for (unsigned k = 0; k < ARRAY_LEN(there); k++) {
		struct id id = make_id(k, k % 2);

		assert_int_equal(id_set_has(&s, &id), there[k]);
	}
	free(s.v);
}

static void an_empty_set_has_nothing_to_delete(void **state)
{
	struct id_set s = { 0 };
	struct id id = make_id(3, false);

	(void)state;
	id_set_del(&s, &id);
	assert_false(id_set_has(&s, &id));
	assert_int_equal(id_set_add(&s, &id), 0);
	id_set_del(&s, &id);
	assert_int_equal(s.n, 0);
	assert_false(id_set_has(&s, &id));
	free(s.v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_map_has_nothing),
		cmocka_unit_test(the_first_value_of_an_id_stays),
		cmocka_unit_test(random_ids_are_found_again),
		cmocka_unit_test(colliding_ids_are_found_again),
		cmocka_unit_test(a_set_holds_what_was_added_and_not_deleted),
		cmocka_unit_test(an_empty_set_has_nothing_to_delete),
	};

	return cmocka_run_group_tests_name("archive/idmap", tests, NULL, NULL);
}
