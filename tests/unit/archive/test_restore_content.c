/* SPDX-License-Identifier: BSD-2-Clause */
/* Where chunks lie in a file: extents of data are filled in order, and what does not fit is damage. */
#include "support/hzt.h"
#include "archive/restore.h"
#include "base/codec.h"

#define MIB ((uint64_t)1 << 20)

/* Reads all of it; the pieces, put together over the chunks, go into out. */
static int read_all(
	const struct entry *e, node_get_fn get, void *user, struct restore_piece *out, size_t *n, hz_error **err)
{
	struct restore_content c;
	struct chunk_ref chunk;
	int rc = restore_content_open(&c, e, get, user, err);

	*n = 0;
	while (rc == 0 && (rc = restore_content_next(&c, &chunk, err)) > 0) {
		uint64_t sum = 0;

		for (size_t i = 0; i < c.n_pieces; i++) {
			out[(*n)++] = c.pieces[i];
			sum += c.pieces[i].len;
		}
		assert_int_equal(sum, chunk.len);
		rc = 0;
	}
	restore_content_release(&c);
	return rc;
}

static void expect(const struct entry *e, const struct restore_piece *want, size_t n_want)
{
	struct restore_piece got[64];
	hz_error *err = NULL;
	size_t n = 0;

	assert_ok(read_all(e, NULL, NULL, got, &n, &err), &err);
	assert_int_equal(n, n_want);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(got[i].off, want[i].off);
		assert_int_equal(got[i].len, want[i].len);
	}
}

static void expect_damage(const struct entry *e)
{
	struct restore_piece got[64];
	hz_error *err = NULL;
	size_t n = 0;

	assert_fails(read_all(e, NULL, NULL, got, &n, &err), HZ_E_CORRUPT, &err);
}

static void a_file_without_holes_is_filled_from_its_start(void **state)
{
	const struct chunk_ref chunks[] = { { .len = 1000 }, { .len = 1 }, { .len = 500 } };
	const struct entry e = { .size = 1501, .chunks = chunks, .n_chunks = 3 };
	const struct restore_piece want[] = { { 0, 1000 }, { 1000, 1 }, { 1001, 500 } };

	(void)state;
	expect(&e, want, 3);
}

static void an_empty_file_has_no_pieces(void **state)
{
	const struct entry e = { .size = 0 };

	(void)state;
	expect(&e, NULL, 0);
}

static void a_file_that_is_all_hole_has_no_pieces(void **state)
{
	const struct entry e = { .size = 5 * MIB, .has_extents = true };

	(void)state;
	assert_true(restore_content_is_sparse(&e));
	expect(&e, NULL, 0);
}

static void chunks_run_over_holes(void **state)
{
	const struct chunk_ref chunks[] = { { .len = 150 }, { .len = 250 } };
	const struct extent extents[] = { { 10, 100 }, { 1000, 100 }, { 5000, 200 } };
	const struct entry e = {
		.size = 9000, .chunks = chunks, .n_chunks = 2, .has_extents = true, .extents = extents, .n_extents = 3
	};
	const struct restore_piece want[] = { { 10, 100 }, { 1000, 50 }, { 1050, 50 }, { 5000, 200 } };

	(void)state;
	expect(&e, want, 4);
}

static void extents_run_over_chunks(void **state)
{
	const struct chunk_ref chunks[] = { { .len = 100 }, { .len = 100 }, { .len = 100 } };
	const struct extent extents[] = { { 4096, 250 }, { 8192, 50 } };
	const struct entry e = {
		.size = 8242, .chunks = chunks, .n_chunks = 3, .has_extents = true, .extents = extents, .n_extents = 2
	};
	const struct restore_piece want[] = { { 4096, 100 }, { 4196, 100 }, { 4296, 50 }, { 8192, 50 } };

	(void)state;
	expect(&e, want, 4);
}

static void chunks_and_extents_that_end_together_split_nothing(void **state)
{
	const struct chunk_ref chunks[] = { { .len = 100 }, { .len = 50 } };
	const struct extent extents[] = { { 0, 100 }, { 200, 50 } };
	const struct entry e = {
		.size = 250, .chunks = chunks, .n_chunks = 2, .has_extents = true, .extents = extents, .n_extents = 2
	};
	const struct restore_piece want[] = { { 0, 100 }, { 200, 50 } };

	(void)state;
	expect(&e, want, 2);
}

static void too_many_bytes_of_chunks_are_damage(void **state)
{
	const struct chunk_ref chunks[] = { { .len = 100 }, { .len = 1 } };
	const struct extent extents[] = { { 10, 100 } };
	struct entry e = { .size = 100, .chunks = chunks, .n_chunks = 2 };

	(void)state;
	expect_damage(&e);
	e.size = 500;
	e.has_extents = true;
	e.extents = extents;
	e.n_extents = 1;
	expect_damage(&e);
	e.n_extents = 0;
	expect_damage(&e);
	e.size = 0;
	e.has_extents = false;
	expect_damage(&e);
}

static void too_few_bytes_of_chunks_are_damage(void **state)
{
	const struct chunk_ref chunks[] = { { .len = 100 } };
	const struct extent extents[] = { { 10, 100 }, { 200, 1 } };
	struct entry e = { .size = 101, .chunks = chunks, .n_chunks = 1 };

	(void)state;
	expect_damage(&e);
	e.size = 500;
	e.has_extents = true;
	e.extents = extents;
	e.n_extents = 2;
	expect_damage(&e);
	e = (struct entry){ .size = 1 };
	expect_damage(&e);
}

static void a_chunk_longer_than_any_frame_is_damage(void **state)
{
	const struct chunk_ref chunks[] = { { .len = UINT32_MAX } };
	const struct entry e = { .size = UINT32_MAX, .chunks = chunks, .n_chunks = 1 };

	(void)state;
	expect_damage(&e);
}

/* One leaf of chunks and one of extents. */
struct leaves {
	struct buf chunks, extents;
};

static int get_leaf(void *user, enum node_kind kind, const struct id *id, uint8_t **data, size_t *len, hz_error **err)
{
	const struct leaves *l = user;
	const struct buf *b = kind == NODE_CHUNKS ? &l->chunks : &l->extents;

	(void)id;
	if (b->len == 0)
		return err_set(err, HZ_E_CORRUPT, "damaged");
	*data = malloc(b->len);
	assert_non_null(*data);
	memcpy(*data, b->data, b->len);
	*len = b->len;
	return 0;
}

static void leaf(struct buf *b, enum node_kind kind, unsigned n, const uint64_t *items)
{
	struct enc e = enc_to(b);
	const uint8_t id[ID_LEN] = { 0 };

	buf_reset(b);
	enc_u8(&e, (uint8_t)kind);
	enc_u8(&e, 0);
	enc_var(&e, n);
	for (unsigned i = 0; i < n; i++) {
		if (kind == NODE_CHUNKS) {
			enc_bytes(&e, id, ID_LEN);
			enc_u32(&e, (uint32_t)items[i]);
		} else {
			enc_var(&e, items[2 * i]);
			enc_var(&e, items[2 * i + 1]);
		}
	}
	assert_false(e.bad);
}

static void lists_of_nodes_are_read_side_by_side(void **state)
{
	const uint64_t chunks[] = { 150, 250 }, extents[] = { 10, 100, 890, 100, 3900, 200 };
	const struct restore_piece want[] = { { 10, 100 }, { 1000, 50 }, { 1050, 50 }, { 5000, 200 } };
	struct entry e = { .size = 5200, .has_chunk_list = true, .has_extent_list = true };
	struct leaves l = { .chunks = BUF_INIT };
	struct restore_piece got[8];
	hz_error *err = NULL;
	size_t n = 0;

	(void)state;
	leaf(&l.chunks, NODE_CHUNKS, 2, chunks);
	leaf(&l.extents, NODE_EXTENTS, 3, extents);
	assert_ok(read_all(&e, get_leaf, &l, got, &n, &err), &err);
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(got[i].off, want[i].off);
		assert_int_equal(got[i].len, want[i].len);
	}
	/* Beyond the end of the file, which an entry's own extents cannot be. */
	e.size = 5199;
	assert_fails(read_all(&e, get_leaf, &l, got, &n, &err), HZ_E_CORRUPT, &err);
	e.size = 5200;
	buf_reset(&l.extents);
	assert_fails(read_all(&e, get_leaf, &l, got, &n, &err), HZ_E_CORRUPT, &err);
	leaf(&l.extents, NODE_EXTENTS, 3, extents);
	buf_reset(&l.chunks);
	assert_fails(read_all(&e, get_leaf, &l, got, &n, &err), HZ_E_CORRUPT, &err);
	buf_release(&l.chunks);
	buf_release(&l.extents);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_without_holes_is_filled_from_its_start),
		cmocka_unit_test(an_empty_file_has_no_pieces),
		cmocka_unit_test(a_file_that_is_all_hole_has_no_pieces),
		cmocka_unit_test(chunks_run_over_holes),
		cmocka_unit_test(extents_run_over_chunks),
		cmocka_unit_test(chunks_and_extents_that_end_together_split_nothing),
		cmocka_unit_test(too_many_bytes_of_chunks_are_damage),
		cmocka_unit_test(too_few_bytes_of_chunks_are_damage),
		cmocka_unit_test(a_chunk_longer_than_any_frame_is_damage),
		cmocka_unit_test(lists_of_nodes_are_read_side_by_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
