/* SPDX-License-Identifier: BSD-2-Clause */
/* What threads put into packs comes back, and what shapes packs have. test-label: tsan */
#include "packed.h"
#include <zstd.h>

/* One frame of a few members; every second one compressed. */
static void add_frame(struct filling *x, unsigned worker, struct hzt_random *r, struct mac *data, struct mac *meta)
{
	enum pack_role role = hzt_random_below(r, 3) ? PACK_DATA : PACK_META;
	size_t n = 1 + hzt_random_below(r, 4), len = 0, max = x->chunk_max;
	struct frame_member m[4];
	uint8_t *raw = malloc(4 * max), *packed = malloc(ZSTD_compressBound(4 * max));
	bool compress = hzt_random_below(r, 2);
	size_t stored;
	hz_error *err = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t l = 1 + hzt_random_below(r, max - 1);

		hzt_random_fill(r, raw + len, l);
		if (compress)
			memset(raw + len + l / 2, 'a', l - l / 2);
		if (role == PACK_META)
			raw[len] = DOMAIN_TREE;
		m[i] = (struct frame_member){ mac_compute(role == PACK_META ? meta : data,
						      role == PACK_META ? DOMAIN_TREE : DOMAIN_DATA, raw + len, l),
			(uint32_t)l };
		expect(x, &m[i].id, role, raw + len, l);
		len += l;
	}
	stored = compress ? ZSTD_compress(packed, ZSTD_compressBound(len), raw, len, 1) : len;
	assert_false(ZSTD_isError(stored));
	assert_ok(packer_add(x->p, worker, role, compress ? METHOD_ZSTD : METHOD_RAW, compress ? packed : raw, stored,
			  (uint32_t)len, m, n, &err),
		&err);
	free(raw);
	free(packed);
}

struct worker {
	struct filling *x;
	unsigned number;
};

static void *fill(void *arg)
{
	struct worker *w = arg;
	struct hzt_random r = { 77 + w->number };
	struct mac *data = NULL, *meta = NULL;

	assert_ok(mac_dup(&data, w->x->data, NULL), NULL);
	assert_ok(mac_dup(&meta, w->x->meta, NULL), NULL);
	for (unsigned i = 0; i < w->x->per_thread; i++)
		add_frame(w->x, w->number, &r, data, meta);
	mac_free(data);
	mac_free(meta);
	return NULL;
}

static void run_threads(struct filling *x)
{
	pthread_t t[THREADS];
	struct worker w[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		w[i] = (struct worker){ x, i };
		assert_int_equal(pthread_create(&t[i], NULL, fill, &w[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		(void)pthread_join(t[i], NULL);
}

static void check_hashes(struct filling *x)
{
	for (unsigned d = 0; d < x->n_done; d++) {
		AUTO_IN(buf_release) struct buf sums = BUF_INIT;
		uint8_t *data = NULL;
		size_t len = 0;
		struct id hash;

		assert_ok(store_get_all(x->f->store, name_pack(&x->done[d].uid).s, 1 << 24, &data, &len, NULL), NULL);
		assert_int_equal(len, x->done[d].size);
		for (size_t at = OBJECT_PAYLOAD; at < len; at += OBJECT_BLOCK)
			assert_int_equal(buf_append(&sums, data + at, 8), 0);
		hash = suite_hash1(x->f->repo.suite, sums.data, sums.len);
		assert_true(id_eq(&hash, &x->done[d].hash));
		free(data);
	}
}

static void many_threads_fill_packs(struct fixture *f)
{
	struct filling x;
	uint64_t bytes = 0;
	hz_error *err = NULL;

	begin_with(&x, f, false, PUTS);
	run_threads(&x);
	assert_ok(packer_finish(x.p, &err), &err);
	assert_true(x.n_done > 20);
	assert_int_equal(x.before, x.n_done);
	for (unsigned d = 0; d < x.n_done; d++)
		bytes += x.done[d].size;
	assert_true(packer_stored(x.p) == bytes);
	check_hashes(&x);
	check_all(&x);
	end(&x);
}

static void what_many_threads_put_comes_back_in_both_suites(void **state)
{
	(void)state;
	for (unsigned suite = SUITE_SODIUM; suite <= SUITE_NIST; suite++) {
		struct fixture f;

		fixture_new(&f, suite);
		many_threads_fill_packs(&f);
		fixture_free(&f);
	}
}

/* ---- shapes ---- */

static bool has_pad(const struct pack *p)
{
	const struct pack_table *t = &p->t[PACK_DATA];

	return t->n_frames > 0 && t->frames[t->n_frames - 1].method == METHOD_PAD;
}

/* All lengths around those at which a pack of 64 KiB is full to the byte: with pad, without, and with data in it or
 * not. */
static void packs_are_whole_however_full_they_are(void **state)
{
	struct fixture f;
	unsigned with = 0, without = 0;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	for (unsigned shape = 0; shape < 2; shape++) {
		uint32_t room = object_data_blocks(16) * OBJECT_PAYLOAD - PACK_FRAMES,
			 table = PACK_TABLE_HEAD + FRAME_ENTRY + MEMBER_ENTRY + TAG_LEN;
		/* What the data table needs with its pad's entry, and the frame's tag; for metadata alone also a table
		 * of its own. */
		uint32_t full = room - TAG_LEN - table -
			(shape ? PACK_TABLE_HEAD + TAG_LEN + FRAME_ENTRY : FRAME_ENTRY);

		for (uint32_t less = 0; less < 40; less++) {
			struct filling x;
			hz_error *err = NULL;

			begin(&x, &f, false);
			add_one(&x, shape ? PACK_META : PACK_DATA, full - less, (uint8_t)(less + 1));
			assert_ok(packer_finish(x.p, &err), &err);
			assert_int_equal(x.n_done, 1);
			assert_int_equal(x.done[0].size, 65536);
			struct pack *p = open_pack(&x, &x.done[0].uid, f.reader, false);

			has_pad(p) ? with++ : without++;
			pack_close(p);
			check_all(&x);
			end(&x);
		}
	}
	/* Less than 17 bytes hold no pad: as many lengths of each shape. */
	assert_int_equal(without, 2 * 17);
	assert_int_equal(with, 2 * (40 - 17));
	fixture_free(&f);
}

static void metadata_waits_and_goes_into_the_last_pack(void **state)
{
	struct fixture f;
	struct filling x;
	hz_error *err = NULL;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	begin(&x, &f, false);
	struct id meta = add_one(&x, PACK_META, 500, 1), data = add_one(&x, PACK_DATA, 900, 2);

	assert_int_equal(x.n_done, 0);
	assert_ok(packer_finish(x.p, &err), &err);
	assert_int_equal(x.n_done, 1);
	struct pack *p = open_pack(&x, &x.done[0].uid, f.reader, false);

	assert_non_null(pack_find(p, PACK_META, &meta));
	assert_non_null(pack_find(p, PACK_DATA, &data));
	pack_close(p);
	end(&x);
	fixture_free(&f);
}

static void nothing_makes_no_pack(void **state)
{
	struct fixture f;
	struct filling x;
	hz_error *err = NULL;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	begin(&x, &f, false);
	assert_ok(packer_finish(x.p, &err), &err);
	assert_int_equal(x.n_done, 0);
	end(&x);
	fixture_free(&f);
}

static void a_dry_run_counts_and_puts_nothing(void **state)
{
	struct fixture f;
	struct filling x;
	hz_error *err = NULL;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	begin(&x, &f, true);
	for (unsigned i = 0; i < 20; i++)
		add_one(&x, PACK_DATA, 20000, (uint8_t)i);
	assert_ok(packer_finish(x.p, &err), &err);
	assert_int_equal(x.n_done, 0);
	assert_true(packer_stored(x.p) >= 400000);
	end(&x);
	fixture_free(&f);
}

static void a_frame_larger_than_a_pack_is_refused(void **state)
{
	struct fixture f;
	struct filling x;
	uint8_t *raw = calloc(1, 70000);
	struct frame_member m = { .len = 70000 };
	hz_error *err = NULL;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	begin(&x, &f, false);
	assert_fails(packer_add(x.p, 0, PACK_DATA, METHOD_RAW, raw, 70000, 70000, &m, 1, &err), HZ_E_INTERNAL, &err);
	end(&x);
	fixture_free(&f);
	free(raw);
}

/* Whatever room is left: of very small chunks the lists would take more memory than the pack. */
static void a_pack_has_no_more_members_than_it_may(void **state)
{
	enum { EACH = 16384 };
	static uint8_t raw[EACH];
	static struct frame_member m[EACH];
	struct fixture f;
	struct filling x;
	struct pack *p;
	hz_error *err = NULL;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	f.repo.pack_log2 = 24;
	begin(&x, &f, false);
	for (unsigned i = 0; i <= PACK_MEMBERS_MAX / EACH; i++) {
		for (unsigned k = 0; k < EACH; k++) {
			m[k] = (struct frame_member){ .len = 1 };
			put_le32(m[k].id.b, i * EACH + k);
		}
		assert_ok(packer_add(x.p, 0, PACK_DATA, METHOD_RAW, raw, EACH, EACH, m, EACH, &err), &err);
	}
	assert_ok(packer_finish(x.p, &err), &err);
	assert_int_equal(x.n_done, 2);
	assert_int_equal(x.done[0].n_ids, PACK_MEMBERS_MAX);
	assert_int_equal(x.done[0].size, 1u << 24);
	assert_int_equal(x.done[1].n_ids, EACH);
	p = open_pack(&x, &x.done[0].uid, f.reader, true);
	assert_int_equal(p->t[PACK_DATA].n_members, PACK_MEMBERS_MAX);
	for (uint32_t i = 0; i < PACK_MEMBERS_MAX; i++) {
		assert_int_equal(get_le32(p->t[PACK_DATA].members[i].id.b), i);
		assert_int_equal(p->t[PACK_DATA].members[i].len, 1);
	}
	pack_close(p);
	end(&x);
	fixture_free(&f);
}

static int refuse(void *user, const struct pack_done *p, hz_error **err)
{
	(void)user;
	(void)p;
	return err_set(err, HZ_E_NOSPACE, "no room for the record");
}

static void a_record_that_cannot_be_made_keeps_the_pack_back(void **state)
{
	struct fixture f;
	struct filling x;
	struct packer_hooks hooks = { .before_put = refuse, .after_put = after_put, .user = &x };
	hz_error *err = NULL;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	begin(&x, &f, false);
	packer_free(TAKE(x.p));
	assert_ok(packer_new(&x.p, f.store, &f.repo, &x.s, THREADS, PUTS, &hooks, &err), &err);
	add_one(&x, PACK_DATA, 100, 1);
	assert_fails(packer_finish(x.p, &err), HZ_E_NOSPACE, &err);
	assert_int_equal(x.n_done, 0);
	assert_true(packer_stored(x.p) == 0);
	end(&x);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_many_threads_put_comes_back_in_both_suites),
		cmocka_unit_test(packs_are_whole_however_full_they_are),
		cmocka_unit_test(metadata_waits_and_goes_into_the_last_pack),
		cmocka_unit_test(nothing_makes_no_pack),
		cmocka_unit_test(a_dry_run_counts_and_puts_nothing),
		cmocka_unit_test(a_frame_larger_than_a_pack_is_refused),
		cmocka_unit_test(a_pack_has_no_more_members_than_it_may),
		cmocka_unit_test(a_record_that_cannot_be_made_keeps_the_pack_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
