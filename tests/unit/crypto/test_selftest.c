/* SPDX-License-Identifier: BSD-2-Clause */
/* The self-test passes, by the fastest path and by the reference. That it can fail is seen by breaking a constant. */
#include "support/hzt.h"
#include "crypto/suite.h"
#include "hozen/evidence.h"

static void test_known_answers(void **state)
{
	(void)state;
	for (int which = 0; which < 2; which++) {
		aead_force_reference(which);
		assert_int_equal(hz_selftest(NULL), 0);
	}
	aead_force_reference(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
