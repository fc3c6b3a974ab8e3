/* SPDX-License-Identifier: BSD-2-Clause */
/* The exit codes are a contract: their values, what each error becomes, and which of several counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../tools/common/exit.h"

static void the_values_stay(void **state)
{
	(void)state;
	assert_int_equal(CLI_EXIT_DONE, 0);
	assert_int_equal(CLI_EXIT_FAILED, 1);
	assert_int_equal(CLI_EXIT_USAGE, 2);
	assert_int_equal(CLI_EXIT_EXCEPTIONS, 3);
	assert_int_equal(CLI_EXIT_DAMAGE, 4);
	assert_int_equal(CLI_EXIT_REFUSED, 5);
	assert_int_equal(CLI_EXIT_OVERDUE, 6);
	assert_int_equal(CLI_EXIT_CANCELLED, 130);
}

static void of_several_the_first_of_130_1_4_5_3_counts(void **state)
{
	static const int order[] = { 130, 1, 4, 5, 3, 0 };
	const size_t n = sizeof(order) / sizeof(order[0]);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		for (size_t j = i; j < n; j++) {
			assert_int_equal(cli_exit_worse(order[i], order[j]), order[i]);
			assert_int_equal(cli_exit_worse(order[j], order[i]), order[i]);
		}
	}
	assert_int_equal(cli_exit_worse(0, 2), 2);
	assert_int_equal(cli_exit_worse(6, 0), 6);
	assert_int_equal(cli_exit_worse(77, 99), 1);
}

static void every_error_has_its_code(void **state)
{
	static const int codes[] = {
		[-HZ_E_INVAL] = 1,
		[-HZ_E_NOMEM] = 1,
		[-HZ_E_IO] = 1,
		[-HZ_E_NOSPACE] = 1,
		[-HZ_E_NOTFOUND] = 1,
		[-HZ_E_EXISTS] = 5,
		[-HZ_E_CORRUPT] = 4,
		[-HZ_E_AUTH] = 5,
		[-HZ_E_BUSY] = 5,
		[-HZ_E_UNSUPPORTED] = 1,
		[-HZ_E_TOONEW] = 1,
		[-HZ_E_REFUSED] = 5,
		[-HZ_E_CANCELED] = 130,
		[-HZ_E_INTERNAL] = 1,
	};

	(void)state;
	for (int i = 0; i < (int)(sizeof(codes) / sizeof(codes[0])); i++)
		assert_int_equal(cli_exit_of_error(-i), codes[i]);
	assert_int_equal(cli_exit_of_error(-1000), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_values_stay),
		cmocka_unit_test(of_several_the_first_of_130_1_4_5_3_counts),
		cmocka_unit_test(every_error_has_its_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
