/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys from passphrases: an answer of the reference implementation's program (-id -p 1), and the limits. */
#include "unit/crypto/hextest.h"
#include "crypto/seal.h"

static const uint8_t some_salt[ARGON_SALT_LEN] = "0123456789abcdef";

static struct secret *derive(const char *passphrase, const uint8_t *salt, uint32_t mem, uint32_t passes)
{
	AUTO(secret_free) struct secret *p = NULL;
	struct secret *key = NULL;

	assert_int_equal(secret_from(&p, passphrase, strlen(passphrase), NULL), 0);
	assert_int_equal(argon_derive(&key, salt, mem, passes, p, NULL), 0);
	assert_int_equal(secret_len(key), KEY_LEN);
	return key;
}

static void known_answer_at_the_defaults(void **state)
{
	AUTO(secret_free)
	struct secret *key = derive("correct-horse", some_salt, ARGON_MEM_DEFAULT, ARGON_PASS_DEFAULT);

	(void)state;
	assert_hex(secret_bytes(key), "69d34ce64a022df867b49a78bff06a740482c56359a365d768ddb7dfd568ae9f");
}

static void salt_passphrase_and_parameters_each_change_it(void **state)
{
	uint8_t salt[ARGON_SALT_LEN];
	struct secret *keys[5];

	(void)state;
	memcpy(salt, some_salt, sizeof(salt));
	salt[15] ^= 1;
	keys[0] = derive("a", some_salt, ARGON_MEM_MIN, ARGON_PASS_MIN);
	keys[1] = derive("a", salt, ARGON_MEM_MIN, ARGON_PASS_MIN);
	keys[2] = derive("", some_salt, ARGON_MEM_MIN, ARGON_PASS_MIN);
	keys[3] = derive("a", some_salt, ARGON_MEM_MIN + 4, ARGON_PASS_MIN);
	keys[4] = derive("a", some_salt, ARGON_MEM_MIN, ARGON_PASS_MIN + 1);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(secret_bytes(keys[i]), secret_bytes(keys[j]), KEY_LEN);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		secret_free(keys[i]);
}

static void refuse(uint32_t mem, uint32_t passes, int code)
{
	AUTO(secret_free) struct secret *p = secret_of("61");
	AUTO(hz_error_free) hz_error *err = NULL;
	struct secret *key = NULL;

	assert_int_equal(argon_derive(&key, some_salt, mem, passes, p, &err), code);
	assert_int_equal(hz_error_code(err), code);
	assert_null(key);
}

static void weakened_parameters_are_corrupt(void **state)
{
	(void)state;
	refuse(ARGON_MEM_MIN - 1, ARGON_PASS_DEFAULT, HZ_E_CORRUPT);
	refuse(0, ARGON_PASS_DEFAULT, HZ_E_CORRUPT);
	refuse(ARGON_MEM_DEFAULT, ARGON_PASS_MIN - 1, HZ_E_CORRUPT);
	refuse(ARGON_MEM_DEFAULT, 0, HZ_E_CORRUPT);
}

static void excessive_parameters_are_unsupported(void **state)
{
	(void)state;
	refuse(ARGON_MEM_MAX + 1, ARGON_PASS_DEFAULT, HZ_E_UNSUPPORTED);
	refuse(UINT32_MAX, ARGON_PASS_DEFAULT, HZ_E_UNSUPPORTED);
	refuse(ARGON_MEM_DEFAULT, ARGON_PASS_MAX + 1, HZ_E_UNSUPPORTED);
	refuse(ARGON_MEM_DEFAULT, UINT32_MAX, HZ_E_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answer_at_the_defaults),
		cmocka_unit_test(salt_passphrase_and_parameters_each_change_it),
		cmocka_unit_test(weakened_parameters_are_corrupt),
		cmocka_unit_test(excessive_parameters_are_unsupported),
	};

	return RUN(tests);
}
