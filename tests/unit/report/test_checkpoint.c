/* SPDX-License-Identifier: BSD-2-Clause */
/* Checkpoints: what is made is taken, witnesses may add lines, no changed byte passes. */
#include "support/hzt.h"
#include "report/checkpoint.h"

struct fixture {
	struct secret *seed;
	uint8_t pub[SIGN_PUB_LEN];
	struct buf note;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct checkpoint c = { .size = 1234567 };

	assert_non_null(f);
	memset(c.root.b, 0x5a, ID_LEN);
	assert_int_equal(crypto_init(NULL), 0);
	assert_int_equal(sign_keypair(&f->seed, f->pub, NULL), 0);
	assert_int_equal(checkpoint_make(&f->note, &c, f->seed, NULL), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	secret_free(f->seed);
	buf_release(&f->note);
	free(f);
	return 0;
}

static int check(const struct fixture *f, const struct buf *b, struct checkpoint *c)
{
	return checkpoint_check(c, f->pub, (char *)b->data, b->len, NULL);
}

static void test_what_is_made_is_taken(void **state)
{
	struct fixture *f = *state;
	char origin[CHECKPOINT_ORIGIN];
	struct checkpoint c;

	assert_int_equal(check(f, &f->note, &c), 0);
	assert_int_equal(c.size, 1234567);
	assert_int_equal(c.root.b[31], 0x5a);
	checkpoint_origin(origin, f->pub);
	assert_string_equal(c.origin, origin);
	/* The note's text, an empty line, one signature line that begins with an em dash. */
	assert_int_equal(buf_append(&f->note, "", 1), 0);
	assert_non_null(strstr((char *)f->note.data, "\n\n\xe2\x80\x94 hozen.log/"));
}

static void test_another_key_is_refused(void **state)
{
	struct fixture *f = *state, other = { 0 };
	struct checkpoint c;

	assert_int_equal(sign_keypair(&other.seed, other.pub, NULL), 0);
	assert_int_equal(check(&other, &f->note, &c), HZ_E_CORRUPT);
	secret_free(other.seed);
}

static void test_a_witness_may_add_its_line(void **state)
{
	static const char witness[] = "\xe2\x80\x94 witness.example AAAAAAAA\n", junk[] = "more\n";
	struct fixture *f = *state;
	struct checkpoint c;

	assert_int_equal(buf_append(&f->note, witness, strlen(witness)), 0);
	assert_int_equal(check(f, &f->note, &c), 0);
	assert_int_equal(buf_append(&f->note, junk, strlen(junk)), 0);
	assert_int_equal(check(f, &f->note, &c), HZ_E_CORRUPT);
}

static void test_no_changed_byte_passes(void **state)
{
	struct fixture *f = *state;
	struct checkpoint c;

	for (size_t i = 0; i < f->note.len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			f->note.data[i] ^= (uint8_t)(1u << bit);
			assert_int_equal(check(f, &f->note, &c), HZ_E_CORRUPT);
			f->note.data[i] ^= (uint8_t)(1u << bit);
		}
	}
	for (size_t len = 0; len < f->note.len; len++) {
		struct buf cut = { .data = f->note.data, .len = len };

		assert_int_equal(check(f, &cut, &c), HZ_E_CORRUPT);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_what_is_made_is_taken),
		T(test_another_key_is_refused),
		T(test_a_witness_may_add_its_line),
		T(test_no_changed_byte_passes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
