/* SPDX-License-Identifier: BSD-2-Clause */
/* The error object: what it keeps, and that reporting never fails. */
#include "support/hzt.h"
#include "base/error.h"
#include <errno.h>

static void set_returns_the_code_and_keeps_the_message(void **state)
{
	AUTO(hz_error_free) hz_error *err = NULL;

	(void)state;
	assert_int_equal(err_set(&err, HZ_E_BUSY, "pack %d", 7), HZ_E_BUSY);
	assert_int_equal(hz_error_code(err), HZ_E_BUSY);
	assert_int_equal(hz_error_errno(err), 0);
	assert_string_equal(hz_error_message(err), "pack 7");
	assert_null(hz_error_hint(err));
}

static void the_first_error_counts(void **state)
{
	AUTO(hz_error_free) hz_error *err = NULL;

	(void)state;
	err_set(&err, HZ_E_BUSY, "first");
	assert_int_equal(err_set(&err, HZ_E_IO, "second"), HZ_E_IO);
	errno = ENOENT;
	assert_int_equal(err_errno(&err, "third"), HZ_E_NOTFOUND);
	assert_int_equal(err_nomem(&err), HZ_E_NOMEM);
	assert_int_equal(hz_error_code(err), HZ_E_BUSY);
	assert_string_equal(hz_error_message(err), "first");
}

static void a_caller_without_interest_passes_null(void **state)
{
	(void)state;
	errno = EACCES;
	assert_int_equal(err_set(NULL, HZ_E_INVAL, "x"), HZ_E_INVAL);
	assert_int_equal(err_errno(NULL, "x"), HZ_E_IO);
	assert_int_equal(err_errno_as(NULL, HZ_E_AUTH, "x"), HZ_E_AUTH);
	assert_int_equal(err_wrap(NULL, HZ_E_IO, "x"), HZ_E_IO);
	assert_int_equal(err_nomem(NULL), HZ_E_NOMEM);
	err_hint(NULL, "x");
	err_clear(NULL);
	hz_error_free(NULL);
	assert_int_equal(hz_error_code(NULL), 0);
	assert_non_null(hz_error_message(NULL));
	assert_null(hz_error_hint(NULL));
	assert_int_equal(errno, EACCES);
}

static void errno_gives_code_text_and_number(void **state)
{
	static const struct {
		int errnum;
		int code;
	} known[] = { { ENOSPC, HZ_E_NOSPACE }, { EDQUOT, HZ_E_NOSPACE }, { ENOMEM, HZ_E_NOMEM },
		{ ENOENT, HZ_E_NOTFOUND }, { EEXIST, HZ_E_EXISTS }, { EINVAL, HZ_E_IO }, { EACCES, HZ_E_IO } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		AUTO(hz_error_free) hz_error *err = NULL;
		AUTO_FREE char *text = NULL;

		errno = known[i].errnum;
		assert_int_equal(err_errno(&err, "open %s", "f"), known[i].code);
		assert_int_equal(errno, known[i].errnum);
		assert_int_equal(hz_error_errno(err), known[i].errnum);
		assert_int_equal(err_code_of(known[i].errnum), known[i].code);
		assert_true(asprintf(&text, "open f: %s", strerror(known[i].errnum)) > 0);
		assert_string_equal(hz_error_message(err), text);
	}
}

static void a_chosen_code_keeps_the_errno(void **state)
{
	AUTO(hz_error_free) hz_error *err = NULL;

	(void)state;
	errno = ENOSPC;
	assert_int_equal(err_errno_as(&err, HZ_E_IO, "flush"), HZ_E_IO);
	assert_int_equal(hz_error_code(err), HZ_E_IO);
	assert_int_equal(hz_error_errno(err), ENOSPC);
}

static void wrapping_puts_the_outer_circumstance_first(void **state)
{
	AUTO(hz_error_free) hz_error *err = NULL;
	int rc;

	(void)state;
	assert_int_equal(err_wrap(&err, HZ_E_IO, "nothing to wrap"), HZ_E_IO);
	assert_null(err);
	rc = err_set(&err, HZ_E_CORRUPT, "hash differs");
	rc = err_wrap(&err, rc, "pack %s", "77c1");
	rc = err_wrap(&err, rc, "snapshot %s", "3fa9");
	assert_int_equal(rc, HZ_E_CORRUPT);
	assert_string_equal(hz_error_message(err), "snapshot 3fa9: pack 77c1: hash differs");
}

static void the_lowest_hint_stays(void **state)
{
	AUTO(hz_error_free) hz_error *err = NULL;

	(void)state;
	err_set(&err, HZ_E_AUTH, "key");
	err_hint(&err, "chmod %o", 0600);
	err_hint(&err, "something vague");
	assert_string_equal(hz_error_hint(err), "chmod 600");
}

static void a_name_with_control_characters_cannot_break_the_line(void **state)
{
	AUTO(hz_error_free) hz_error *err = NULL;

	(void)state;
	err_set(&err, HZ_E_IO, "read %s", "a\nb\x1b[2J\x7f");
	err_wrap(&err, HZ_E_IO, "in\r%s", "\xc3\xa4");
	assert_string_equal(hz_error_message(err), "in?\xc3\xa4: read a?b?[2J?");
}

static void out_of_memory_is_a_constant_that_nothing_changes(void **state)
{
	hz_error *err = NULL;
	hz_error *again = NULL;

	(void)state;
	assert_int_equal(err_nomem(&err), HZ_E_NOMEM);
	err_wrap(&err, HZ_E_NOMEM, "outer");
	err_hint(&err, "hint");
	assert_string_equal(hz_error_message(err), "out of memory");
	assert_null(hz_error_hint(err));
	hz_error_free(err);
	err_nomem(&again);
	assert_ptr_equal(again, err);
	err_clear(&again);
	assert_null(again);
}

static void a_copy_says_the_same_to_another(void **state)
{
	AUTO(hz_error_free) hz_error *err = NULL, *copy = NULL, *first = NULL;

	(void)state;
	errno = ENOSPC;
	err_errno(&err, "write");
	err_hint(&err, "make room");
	assert_int_equal(err_copy(&copy, err), HZ_E_NOSPACE);
	assert_string_equal(hz_error_message(copy), hz_error_message(err));
	assert_string_equal(hz_error_hint(copy), "make room");
	assert_int_equal(hz_error_errno(copy), ENOSPC);
	assert_int_equal(err_copy(NULL, err), HZ_E_NOSPACE);
	/* The first one counts. */
	err_set(&first, HZ_E_IO, "before");
	assert_int_equal(err_copy(&first, err), HZ_E_NOSPACE);
	assert_string_equal(hz_error_message(first), "before");
	err_clear(&copy);
	err_nomem(&copy);
	err_clear(&first);
	assert_int_equal(err_copy(&first, copy), HZ_E_NOMEM);
	assert_string_equal(hz_error_message(first), "out of memory");
}

static void every_code_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(hz_error_name(0), "OK");
	assert_string_equal(hz_error_name(HZ_E_INVAL), "INVAL");
	assert_string_equal(hz_error_name(HZ_E_NOSPACE), "NOSPACE");
	assert_string_equal(hz_error_name(HZ_E_CANCELED), "CANCELED");
	assert_string_equal(hz_error_name(HZ_E_INTERNAL), "INTERNAL");
	assert_string_equal(hz_error_name(HZ_E_INTERNAL - 1), "UNKNOWN");
	assert_string_equal(hz_error_name(1), "UNKNOWN");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_returns_the_code_and_keeps_the_message),
		cmocka_unit_test(the_first_error_counts),
		cmocka_unit_test(a_caller_without_interest_passes_null),
		cmocka_unit_test(errno_gives_code_text_and_number),
		cmocka_unit_test(a_chosen_code_keeps_the_errno),
		cmocka_unit_test(wrapping_puts_the_outer_circumstance_first),
		cmocka_unit_test(the_lowest_hint_stays),
		cmocka_unit_test(a_name_with_control_characters_cannot_break_the_line),
		cmocka_unit_test(out_of_memory_is_a_constant_that_nothing_changes),
		cmocka_unit_test(a_copy_says_the_same_to_another),
		cmocka_unit_test(every_code_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
