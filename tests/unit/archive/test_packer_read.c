/* SPDX-License-Identifier: BSD-2-Clause */
/* Who can read a pack, and what is said of damaged ones and of tables that are wrong. */
#include "packed.h"

/* ---- who reads, and damage ---- */

static void a_lister_opens_metadata_only(void **state)
{
	struct fixture f;
	struct filling x;
	hz_error *err = NULL;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	begin(&x, &f, false);
	struct id meta = add_one(&x, PACK_META, 500, 1), data = add_one(&x, PACK_DATA, 900, 2);

	assert_ok(packer_finish(x.p, &err), &err);
	struct pack *p = open_pack(&x, &x.done[0].uid, f.lister, false);

	assert_non_null(pack_find(p, PACK_META, &meta));
	assert_null(pack_find(p, PACK_DATA, &data));
	assert_null(pack_find(p, PACK_META, &data));
	assert_false(p->t[PACK_DATA].loaded);
	/* Nor does the metadata key open the data table. */
	uint8_t key[KEY_LEN];

	assert_ok(session_pack_key(key, 1, &x.s, PACK_META, &x.done[0].uid, &err), &err);
	assert_fails(pack_open_table(p, PACK_DATA, key, &err), HZ_E_CORRUPT, &err);
	/* Frames that are not in its table, as those of another pack of this name would be. */
	struct buf out = BUF_INIT;

	assert_ok(pack_read_frame(p, PACK_META, 0, &out, &err), &err);
	assert_fails(pack_read_frame(p, PACK_META, p->t[PACK_META].n_frames, &out, &err), HZ_E_CORRUPT, &err);
	assert_fails(pack_read_frame(p, PACK_DATA, 0, &out, &err), HZ_E_CORRUPT, &err);
	buf_release(&out);
	pack_close(p);
	end(&x);
	fixture_free(&f);
}

static void damage_is_mended_while_reading(void **state)
{
	struct fixture f;
	struct filling x;
	hz_error *err = NULL;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	begin(&x, &f, false);
	add_one(&x, PACK_DATA, 20000, 1);
	add_one(&x, PACK_META, 5000, 2);
	assert_ok(packer_finish(x.p, &err), &err);
	struct name name = name_pack(&x.done[0].uid);

	for (size_t at = 0; at < 65536; at += 8192) {
		fixture_damage(f.store, name.s, at + 7, 2);
		for (unsigned whole = 0; whole < 2; whole++) {
			struct pack *p = open_pack(&x, &x.done[0].uid, f.reader, whole);

			check_member(p, &x.v[0]);
			check_member(p, &x.v[1]);
			assert_ok(pack_check_rest(p, &err), &err);
			assert_int_equal(whole ? p->health.bad_blocks : 2, 2);
			pack_close(p);
		}
		fixture_damage(f.store, name.s, at + 7, 2);
	}
	fixture_damage(f.store, name.s, 0, 3);
	struct pack *p = NULL;

	assert_fails(pack_open(&p, f.store, &f.repo, &x.done[0].uid, false, &err), HZ_E_CORRUPT, &err);
	assert_fails(pack_open(&p, f.store, &f.repo, &x.done[0].uid, true, &err), HZ_E_CORRUPT, &err);
	end(&x);
	fixture_free(&f);
}

static void packs_cut_off_missing_or_of_others_are_told(void **state)
{
	struct fixture f, other;
	struct filling x;
	struct pack *p = NULL;
	uint8_t *data = NULL;
	size_t len = 0;
	hz_error *err = NULL;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	fixture_new(&other, SUITE_SODIUM);
	begin(&x, &f, false);
	add_one(&x, PACK_DATA, 20000, 1);
	assert_ok(packer_finish(x.p, &err), &err);
	struct uid uid = x.done[0].uid, no = { { 1 } };
	struct name name = name_pack(&uid);

	assert_fails(pack_open(&p, f.store, &f.repo, &no, false, &err), HZ_E_NOTFOUND, &err);
	assert_ok(store_get_all(f.store, name.s, 1 << 20, &data, &len, &err), &err);
	fixture_replace(other.store, name.s, data, len);
	assert_fails(pack_open(&p, other.store, &other.repo, &uid, false, &err), HZ_E_CORRUPT, &err);
	/* Two blocks may be missing at the end, three may not. */
	fixture_replace(f.store, name.s, data, len - 8192);
	p = open_pack(&x, &uid, f.reader, false);
	check_member(p, &x.v[0]);
	pack_close(TAKE(p));
	fixture_replace(f.store, name.s, data, len - 8193);
	assert_fails(pack_open(&p, f.store, &f.repo, &uid, false, &err), HZ_E_CORRUPT, &err);
	/* Under another name it is nothing. */
	fixture_replace(f.store, name_pack(&no).s, data, len);
	assert_fails(pack_open(&p, f.store, &f.repo, &no, false, &err), HZ_E_CORRUPT, &err);
	free(data);
	end(&x);
	fixture_free(&f);
	fixture_free(&other);
}

/* ---- tables ---- */

struct frame_spec {
	uint32_t off, stored, raw, members;
	uint8_t method;
	uint16_t writer;
};

static int decode(
	const struct frame_spec *v, uint32_t n, uint32_t said, uint32_t member_len, size_t cut, enum pack_role role)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	struct enc e = enc_to(&b);
	struct pack_table t = { 0 };
	static const uint8_t id[ID_LEN];
	int rc;

	enc_u16(&e, 1);
	enc_bytes(&e, id, UID_LEN);
	enc_u32(&e, said);
	for (uint32_t i = 0; i < n; i++) {
		enc_u32(&e, v[i].off);
		enc_u32(&e, v[i].stored);
		enc_u32(&e, v[i].raw);
		enc_u8(&e, v[i].method);
		enc_u16(&e, v[i].writer);
		enc_u32(&e, v[i].members);
	}
	for (uint32_t i = 0; i < n; i++) {
		/* Of millions the rest is missing, which is no less wrong than they are, and takes no time. */
		for (uint32_t k = 0; k < v[i].members && k <= PACK_MEMBERS_MAX; k++) {
			enc_bytes(&e, id, ID_LEN);
			enc_u32(&e, member_len);
		}
	}
	rc = pack_table_decode(&t, b.data, b.len - cut, role, 10000, NULL);
	pack_table_release(&t);
	return rc;
}

static void malformed_tables_are_refused(void **state)
{
	const struct frame_spec good[] = { { 352, 116, 100, 2, METHOD_RAW, 0 }, { 500, 60, 100, 2, METHOD_ZSTD, 0 },
		{ 600, 30, 14, 0, METHOD_PAD, 0 } };
	struct frame_spec bad[3];

	(void)state;
	assert_int_equal(decode(good, 3, 3, 50, 0, PACK_DATA), 0);
	assert_int_equal(decode(good, 2, 2, 50, 0, PACK_META), 0);
	assert_int_equal(decode(good, 3, 3, 50, 0, PACK_META), HZ_E_CORRUPT); /* no pad there */
	assert_int_equal(decode(good, 3, 3, 49, 0, PACK_DATA), HZ_E_CORRUPT);
	assert_int_equal(decode(good, 3, 3, 51, 0, PACK_DATA), HZ_E_CORRUPT);
	assert_int_equal(decode(good, 3, 2, 50, 0, PACK_DATA), HZ_E_CORRUPT);
	assert_int_equal(decode(good, 3, 4, 50, 0, PACK_DATA), HZ_E_CORRUPT);
	assert_int_equal(decode(good, 3, 0xFFFFFFFF, 50, 0, PACK_DATA), HZ_E_CORRUPT);
	for (size_t cut = 1; cut < 60; cut++)
		assert_int_equal(decode(good, 3, 3, 50, cut, PACK_DATA), HZ_E_CORRUPT);
#define BAD(change)                                                                  \
	do {                                                                         \
		memcpy(bad, good, sizeof(bad));                                      \
		change;                                                              \
		assert_int_equal(decode(bad, 3, 3, 50, 0, PACK_DATA), HZ_E_CORRUPT); \
	} while (0)
	BAD(bad[0].off = 351);
	BAD(bad[1].off = 467);
	BAD(bad[2].stored = 9401; bad[2].raw = 9385);
	BAD(bad[2].off = 0xFFFFFFF0);
	BAD(bad[0].raw = 101);
	BAD(bad[1].stored = TAG_LEN);
	BAD(bad[1].raw = FRAME_RAW_MAX + 1);
	BAD(bad[1].method = 3);
	BAD(bad[1].writer = 1);
	BAD(bad[2].members = 1);
	BAD(bad[0].members = 0);
	BAD(bad[0].members = PACK_MEMBERS_MAX + 1);
	BAD(bad[0].members = 0xFFFFFF);
#undef BAD
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lister_opens_metadata_only),
		cmocka_unit_test(damage_is_mended_while_reading),
		cmocka_unit_test(packs_cut_off_missing_or_of_others_are_told),
		cmocka_unit_test(malformed_tables_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
