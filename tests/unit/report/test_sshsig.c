/* SPDX-License-Identifier: BSD-2-Clause */
/* SSH signatures: one that ssh-keygen made is taken, ours has its form, and no changed byte passes. That ssh-keygen
 * takes ours is in tests/integration/test_evidence.sh. */
#include "support/hzt.h"
#include "report/sshsig.h"

#define NS "hozen-record"

/* ssh-keygen -Y sign -n hozen-record of OpenSSH 9.2, over "hello\n", with the key below. */
static const char theirs[] = "-----BEGIN SSH SIGNATURE-----\n"
			     "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg24sKMCUkmzAZYk7RE9+uQ+9Tl8\n"
			     "ZW7Roo29nbG7mp91sAAAAMaG96ZW4tcmVjb3JkAAAAAAAAAAZzaGE1MTIAAABTAAAAC3Nz\n"
			     "aC1lZDI1NTE5AAAAQBQmRXAKmK5AcYL16DCgcfUUwy3XwhJ5g0qcudgFhHfF2E/gfBp3xt\n"
			     "Lm0D+i3Z2+BbxcyvRzyUCM9gBDDvgBzww=\n"
			     "-----END SSH SIGNATURE-----\n";
static const char key_line[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINuLCjAlJJswGWJO0RPfrkPvU5fGVu0aKNvZ2xu5qfdb";
static const char fingerprint[] = "SHA256:NEPIseJBiYz+Cvh7OTesk3eLGKqOVqH/lseehYETxu4";

static void test_one_of_openssh_is_taken(void **state)
{
	uint8_t pub[SIGN_PUB_LEN], want[SIGN_PUB_LEN];
	char line[SSH_KEY_LINE_LEN], print[SSH_FINGERPRINT_LEN];

	(void)state;
	assert_int_equal(sshsig_check(pub, theirs, strlen(theirs), NS, "hello\n", 6, NULL), 0);
	assert_true(ssh_key_parse(want, key_line + 12, strlen(key_line) - 12));
	assert_memory_equal(pub, want, SIGN_PUB_LEN);
	ssh_key_line(line, pub);
	assert_string_equal(line, key_line);
	ssh_fingerprint(print, pub);
	assert_string_equal(print, fingerprint);
}

static void test_another_message_or_namespace_is_refused(void **state)
{
	uint8_t pub[SIGN_PUB_LEN];

	(void)state;
	assert_int_equal(sshsig_check(pub, theirs, strlen(theirs), NS, "hello", 5, NULL), HZ_E_CORRUPT);
	assert_int_equal(sshsig_check(pub, theirs, strlen(theirs), NS, "hellp\n", 6, NULL), HZ_E_CORRUPT);
	assert_int_equal(sshsig_check(pub, theirs, strlen(theirs), "file", "hello\n", 6, NULL), HZ_E_CORRUPT);
	assert_int_equal(sshsig_check(pub, "", 0, NS, "hello\n", 6, NULL), HZ_E_CORRUPT);
}

static void make(struct buf *b, uint8_t pub[SIGN_PUB_LEN], const char *msg)
{
	AUTO(secret_free) struct secret *seed = NULL;

	assert_int_equal(crypto_init(NULL), 0);
	assert_int_equal(sign_keypair(&seed, pub, NULL), 0);
	assert_int_equal(sshsig_make(b, seed, NS, msg, strlen(msg), NULL), 0);
}

static void test_ours_is_taken_and_has_the_same_form(void **state)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	uint8_t pub[SIGN_PUB_LEN], who[SIGN_PUB_LEN];

	(void)state;
	make(&b, pub, "a record");
	assert_int_equal(sshsig_check(who, (char *)b.data, b.len, NS, "a record", 8, NULL), 0);
	assert_memory_equal(who, pub, SIGN_PUB_LEN);
	assert_int_equal(b.len, strlen(theirs));
}

static void test_no_changed_byte_passes(void **state)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	uint8_t pub[SIGN_PUB_LEN], who[SIGN_PUB_LEN];

	(void)state;
	make(&b, pub, "a record");
	for (size_t i = 0; i < b.len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			b.data[i] ^= (uint8_t)(1u << bit);
			assert_int_equal(
				sshsig_check(who, (char *)b.data, b.len, NS, "a record", 8, NULL), HZ_E_CORRUPT);
			b.data[i] ^= (uint8_t)(1u << bit);
		}
		assert_int_equal(sshsig_check(who, (char *)b.data, i, NS, "a record", 8, NULL), HZ_E_CORRUPT);
	}
	assert_int_equal(buf_append(&b, "\n", 1), 0);
	assert_int_equal(sshsig_check(who, (char *)b.data, b.len, NS, "a record", 8, NULL), HZ_E_CORRUPT);
}

static void test_no_other_text_is_a_key(void **state)
{
	uint8_t pub[SIGN_PUB_LEN];
	char line[SSH_KEY_LINE_LEN];

	(void)state;
	memcpy(line, key_line, sizeof(line));
	for (size_t i = 12; i < 36; i++) {
		line[i] = line[i] == 'A' ? 'B' : 'A';
		if (i < 30)
			assert_false(ssh_key_parse(pub, line + 12, strlen(line) - 12));
		line[i] = key_line[i];
	}
	assert_false(ssh_key_parse(pub, line + 12, strlen(line) - 13));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_of_openssh_is_taken),
		cmocka_unit_test(test_another_message_or_namespace_is_refused),
		cmocka_unit_test(test_ours_is_taken_and_has_the_same_form),
		cmocka_unit_test(test_no_changed_byte_passes),
		cmocka_unit_test(test_no_other_text_is_a_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
