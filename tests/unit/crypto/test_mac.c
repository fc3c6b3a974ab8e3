/* SPDX-License-Identifier: BSD-2-Clause */
/* The keyed hash: RFC 4231, libsodium as reference, parts, copies. test-label: tsan */
#include "unit/crypto/hextest.h"
#include "crypto/suite.h"
#include <pthread.h>
#include <sodium.h>

static struct mac *mac_of(unsigned suite, const char *key)
{
	AUTO(secret_free) struct secret *k = secret_of(key);
	struct mac *m = NULL;

	assert_int_equal(mac_new(&m, suite, k, NULL), 0);
	return m;
}

#define SOME_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

/* HMAC fills keys up with zeros, so the shorter keys of RFC 4231 can be ours; the message's first byte is the domain.
 */
static void rfc4231(void **state)
{
	static const struct {
		const char *key, *msg, *mac;
	} cases[] = {
		{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b000000000000000000000000", "4869205468657265",
			"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ "4a65666500000000000000000000000000000000000000000000000000000000",
			"7768617420646f2079612077616e7420666f72206e6f7468696e673f",
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa000000000000000000000000",
			"dddddddddddddddddddddddddddddddddddddddddddddddddd"
			"dddddddddddddddddddddddddddddddddddddddddddddddddd",
			"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
		{ "0102030405060708090a0b0c0d0e0f1011121314151617181900000000000000",
			"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
			"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
			"82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(mac_free) struct mac *m = mac_of(SUITE_NIST, cases[i].key);
		uint8_t msg[64];
		size_t len = hex_to(msg, cases[i].msg);
		struct id got = mac_compute(m, msg[0], msg + 1, len - 1);

		assert_hex(got.b, cases[i].mac);
	}
}

/* msg includes the domain byte. */
static struct id reference(unsigned suite, const char *hex_key, const uint8_t *msg, size_t len)
{
	uint8_t key[KEY_LEN];
	struct id out;

	hex_to(key, hex_key);
	if (suite == SUITE_NIST)
		crypto_auth_hmacsha256(out.b, msg, len, key);
	else
		crypto_generichash(out.b, ID_LEN, msg, len, key, KEY_LEN);
	return out;
}

static void assert_as_reference(unsigned suite, struct mac *m, const uint8_t *msg, size_t len)
{
	struct id got = mac_compute(m, msg[0], msg + 1, len - 1), want = reference(suite, SOME_KEY, msg, len);

	assert_memory_equal(got.b, want.b, ID_LEN);
}

static void every_length_is_as_the_reference(void **state)
{
	static uint8_t msg[(3 << 20) + 7];

	(void)state;
	fill(msg, sizeof(msg), 5);
	for (unsigned suite = SUITE_SODIUM; suite <= SUITE_NIST; suite++) {
		AUTO(mac_free) struct mac *m = mac_of(suite, SOME_KEY);

		for (size_t len = 1; len <= 301; len++)
			assert_as_reference(suite, m, msg, len);
		assert_as_reference(suite, m, msg, sizeof(msg));
		assert_as_reference(suite, m, msg, 2); /* nothing of the last message is left */
	}
}

static void parts_give_the_whole(void **state)
{
	uint8_t data[300];

	(void)state;
	fill(data, sizeof(data), 6);
	for (unsigned suite = SUITE_SODIUM; suite <= SUITE_NIST; suite++) {
		AUTO(mac_free) struct mac *m = mac_of(suite, SOME_KEY);
		struct id whole = mac_compute(m, 9, data, sizeof(data));

		for (size_t cut = 0; cut <= sizeof(data); cut++) {
			const struct iovec parts[] = { { data, cut }, { NULL, 0 }, { data + cut, sizeof(data) - cut } };
			struct id got = mac_parts(m, 9, parts, 3);

			assert_true(id_eq(&got, &whole));
		}
	}
}

static void domain_key_and_suite_each_change_it(void **state)
{
	AUTO(mac_free) struct mac *one = mac_of(SUITE_SODIUM, SOME_KEY);
	AUTO(mac_free) struct mac *two = mac_of(SUITE_NIST, SOME_KEY);
	AUTO(mac_free)
	struct mac *key = mac_of(SUITE_NIST, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1e");
	struct id a = mac_compute(one, 1, "x", 1), b = mac_compute(two, 1, "x", 1);
	struct id c = mac_compute(two, 2, "x", 1), d = mac_compute(key, 1, "x", 1), e = mac_parts(two, 1, NULL, 0);

	(void)state;
	assert_false(id_eq(&a, &b));
	assert_false(id_eq(&b, &c));
	assert_false(id_eq(&b, &d));
	assert_false(id_eq(&b, &e));
}

static void key_of_another_length_is_refused(void **state)
{
	static const char *const keys[] = { "", SOME_KEY "00", "0001" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		AUTO(secret_free) struct secret *k = secret_of(keys[i]);
		AUTO(hz_error_free) hz_error *err = NULL;
		struct mac *m = NULL;

		assert_int_equal(mac_new(&m, SUITE_NIST, k, &err), HZ_E_INVAL);
		assert_int_equal(hz_error_code(err), HZ_E_INVAL);
		assert_null(m);
	}
}

static void unknown_suite_is_too_new(void **state)
{
	AUTO(secret_free) struct secret *k = secret_of(SOME_KEY);
	struct mac *m = NULL;

	(void)state;
	assert_int_equal(mac_new(&m, 0, k, NULL), HZ_E_TOONEW);
	assert_null(m);
	mac_free(NULL);
}

struct work {
	struct mac *m;
	struct id first, last;
};

static void *compute_often(void *arg)
{
	struct work *w = arg;
	uint8_t data[500];

	fill(data, sizeof(data), 7);
	w->first = mac_compute(w->m, 1, data, sizeof(data));
	for (size_t i = 0; i < 2000; i++)
		w->last = mac_compute(w->m, 1, data, sizeof(data));
	return NULL;
}

static void copies_work_in_threads_at_once(void **state)
{
	(void)state;
	for (unsigned suite = SUITE_SODIUM; suite <= SUITE_NIST; suite++) {
		struct mac *m = mac_of(suite, SOME_KEY);
		pthread_t t[4];
		struct work w[4];

		for (size_t i = 0; i < ARRAY_LEN(t); i++)
			assert_int_equal(mac_dup(&w[i].m, m, NULL), 0);
		mac_free(m); /* the copies do not need it */
		for (size_t i = 0; i < ARRAY_LEN(t); i++)
			assert_int_equal(pthread_create(&t[i], NULL, compute_often, &w[i]), 0);
		for (size_t i = 0; i < ARRAY_LEN(t); i++) {
			assert_int_equal(pthread_join(t[i], NULL), 0);
			assert_true(id_eq(&w[i].first, &w[0].first));
			assert_true(id_eq(&w[i].last, &w[0].first));
			mac_free(w[i].m);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc4231),
		cmocka_unit_test(every_length_is_as_the_reference),
		cmocka_unit_test(parts_give_the_whole),
		cmocka_unit_test(domain_key_and_suite_each_change_it),
		cmocka_unit_test(key_of_another_length_is_refused),
		cmocka_unit_test(unknown_suite_is_too_new),
		cmocka_unit_test(copies_work_in_threads_at_once),
	};

	return RUN(tests);
}
