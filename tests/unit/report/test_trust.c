/* SPDX-License-Identifier: BSD-2-Clause */
/* allowed_signers files: no key is believed for more than its line says, and a line that is not understood fails. */
#include "support/hzt.h"
#include "report/trust.h"
#include <stdio.h>

static const char key[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

/* Each % in the text is the key. */
static unsigned ask(const char *with, int64_t sec, int *rc)
{
	AUTO(hz_trust_free) hz_trust *t = NULL;
	const struct trust_signer *who;
	uint8_t pub[SIGN_PUB_LEN];
	char text[512] = "";

	for (unsigned i = 0; i < SIGN_PUB_LEN; i++)
		pub[i] = (uint8_t)i;
	for (; *with; with++) {
		const char one[] = { *with, '\0' };

		assert_true(strlen(text) + sizeof(key) < sizeof(text));
		(void)strcat(text, *with == '%' ? key : one);
	}
	assert_int_equal(hz_trust_new(&t, NULL), 0);
	*rc = trust_add(t, text, strlen(text), "test", NULL);
	return trust_find(t, pub, sec, &who);
}

static void expect(const char *with, int64_t sec, unsigned want)
{
	int rc;

	assert_int_equal(ask(with, sec, &rc), want);
	assert_int_equal(rc, 0);
}

static void test_lines_that_openssh_takes(void **state)
{
	(void)state;
	expect("hozen %\n", 0, HZ_SIGNER_TRUSTED);
	expect("a@b,c@d % a comment of words\n", 0, HZ_SIGNER_TRUSTED);
	expect("# nothing\n\n  \nhozen %", 0, HZ_SIGNER_TRUSTED);
	expect("hozen namespaces=\"hozen-record\" %\n", 0, HZ_SIGNER_TRUSTED);
	expect("hozen namespaces=\"file,hozen-record\" %\n", 0, HZ_SIGNER_TRUSTED);
	expect("hozen\tnamespaces=\"file\",valid-after=\"20200101\"\t%\r\n", 0, HZ_SIGNER_UNKNOWN);
	expect("hozen ssh-rsa AAAA\nhozen %\n", 0, HZ_SIGNER_TRUSTED);
	expect("hozen ssh-rsa AAAA\n", 0, HZ_SIGNER_UNKNOWN);
}

static void test_times(void **state)
{
	static const char both[] = "hozen valid-after=\"20200101Z\",valid-before=\"202101010000Z\" %\n";

	(void)state;
	expect(both, 1577836799, HZ_SIGNER_EXPIRED);
	expect(both, 1577836800, HZ_SIGNER_TRUSTED);
	expect(both, 1609459199, HZ_SIGNER_TRUSTED);
	expect(both, 1609459200, HZ_SIGNER_EXPIRED);
	expect("hozen valid-before=\"20210101000001Z\" %\n", 1609459200, HZ_SIGNER_TRUSTED);
	/* One line for which it is valid suffices. */
	expect("hozen valid-before=\"20210101Z\" %\nhozen %\n", 1609459200, HZ_SIGNER_TRUSTED);
}

static void test_what_is_not_understood_fails_and_adds_nothing(void **state)
{
	static const char *const bad[] = { "%\n", "hozen\n", "hozen ssh-ed25519\n", "hozen ssh-ed25519 AAAA\n",
		"hozen %\nhozen verify-required=\"x\" %\n", "hozen namespaces=file %\n",
		"hozen namespaces=\"!hozen-record,hozen-record\" %\n",
		"hozen namespaces=\"a\",namespaces=\"hozen-record\" %\n",
		"hozen valid-before=\"20200101\",valid-before=\"20300101\" %\n", "hozen valid-after=\"2020\" %\n",
		"hozen valid-after=\"20201301\" %\n", "hozen %\nhozen \"x %\n", "hozen %\nwhat is this\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int rc;

		assert_int_equal(ask(bad[i], 0, &rc), HZ_SIGNER_UNKNOWN);
		assert_int_equal(rc, HZ_E_CORRUPT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_that_openssh_takes),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_what_is_not_understood_fails_and_adds_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
