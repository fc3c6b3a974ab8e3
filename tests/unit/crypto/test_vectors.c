/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every case of tests/vectors/crypto/: made by a second implementation (check_crypto.py there), read by ours. A case
 * either has a result, or names the error with which a reader must refuse it.
 */
#include "unit/crypto/hextest.h"
#include "crypto/seal_internal.h"
#include <jansson.h>
#include <stdlib.h>

#define FIELD_MAX 1024
#define PARTS_MAX 8

struct bytes {
	uint8_t b[FIELD_MAX];
	size_t len;
};

/* One list of byte strings. */
struct parts {
	struct bytes of[PARTS_MAX];
	struct iovec iov[PARTS_MAX];
	size_t n;
};

static void read_hex(struct bytes *out, const json_t *value)
{
	assert_true(json_is_string(value));
	assert_true(json_string_length(value) <= 2 * FIELD_MAX);
	out->len = hex_to(out->b, json_string_value(value));
}

static struct bytes field(const json_t *c, const char *name)
{
	struct bytes out;

	read_hex(&out, json_object_get(c, name));
	return out;
}

static void field_parts(struct parts *p, const json_t *c, const char *name)
{
	const json_t *list = json_object_get(c, name);

	assert_true(json_is_array(list) && json_array_size(list) <= PARTS_MAX);
	p->n = json_array_size(list);
	for (size_t i = 0; i < p->n; i++) {
		read_hex(&p->of[i], json_array_get(list, i));
		p->iov[i] = (struct iovec){ p->of[i].b, p->of[i].len };
	}
}

static const char *field_text(const json_t *c, const char *name)
{
	const char *s = json_string_value(json_object_get(c, name));

	assert_non_null(s);
	return s;
}

static unsigned field_number(const json_t *c, const char *name)
{
	assert_true(json_is_integer(json_object_get(c, name)));
	return (unsigned)json_integer_value(json_object_get(c, name));
}

static struct secret *field_secret(const json_t *c, const char *name)
{
	return secret_of(field_text(c, name));
}

static void assert_field(const json_t *c, const char *name, const void *got, size_t len)
{
	struct bytes want = field(c, name);

	assert_int_equal(len, want.len);
	assert_memory_equal(got, want.b, len);
}

/* Each check returns the code of the refusal, or 0 after comparing the results. */

static int check_hash(const json_t *c)
{
	struct parts p;
	struct id got;

	field_parts(&p, c, "parts");
	got = suite_hash(field_number(c, "suite"), p.iov, p.n);
	assert_field(c, "hash", got.b, ID_LEN);
	return 0;
}

static int check_mac(const json_t *c)
{
	AUTO(secret_free) struct secret *key = field_secret(c, "key");
	AUTO(mac_free) struct mac *m = NULL;
	struct parts p;
	struct id got;
	int rc = mac_new(&m, field_number(c, "suite"), key, NULL);

	if (rc < 0)
		return rc;
	field_parts(&p, c, "parts");
	got = mac_parts(m, (uint8_t)field_number(c, "domain"), p.iov, p.n);
	assert_field(c, "mac", got.b, ID_LEN);
	return 0;
}

static int check_kdf(const json_t *c)
{
	AUTO(secret_free) struct secret *key = field_secret(c, "key");
	uint8_t out[512];
	struct parts p;
	int rc;

	field_parts(&p, c, "parts");
	rc = kdf_raw(
		out, field_number(c, "len"), field_number(c, "suite"), key, field_text(c, "label"), p.iov, p.n, NULL);
	if (rc == 0)
		assert_field(c, "out", out, field_number(c, "len"));
	return rc;
}

static int check_aead(const json_t *c)
{
	struct bytes key = field(c, "key"), nonce = field(c, "nonce"), ad = field(c, "ad"), sealed = field(c, "sealed");
	AUTO(aead_free) struct aead *a = NULL;
	uint8_t plain[FIELD_MAX], again[FIELD_MAX];
	int rc;

	assert_int_equal(key.len, KEY_LEN);
	assert_int_equal(nonce.len, NONCE_LEN);
	assert_int_equal(aead_new(&a, field_number(c, "suite"), key.b, NULL), 0);
	rc = aead_open(a, plain, nonce.b, ad.b, ad.len, sealed.b, sealed.len);
	if (rc < 0)
		return rc;
	assert_field(c, "plain", plain, sealed.len - TAG_LEN);
	assert_int_equal(aead_seal(a, again, nonce.b, ad.b, ad.len, plain, sealed.len - TAG_LEN), 0);
	assert_field(c, "sealed", again, sealed.len);
	return 0;
}

static int check_seal_make(const json_t *c)
{
	AUTO(secret_free) struct secret *eph = field_secret(c, "ephemeral_secret");
	struct bytes pub = field(c, "recipient_public"), plain = field(c, "plain");
	uint8_t out[FIELD_MAX];
	struct parts ctx;
	int rc;

	field_parts(&ctx, c, "context");
	assert_int_equal(pub.len, BOX_PUB_LEN);
	rc = seal_make_with(out, field_number(c, "suite"), eph, pub.b, field_text(c, "label"), ctx.iov, ctx.n, plain.b,
		plain.len, NULL);
	if (rc == 0)
		assert_field(c, "sealed", out, plain.len + SEAL_OVERHEAD);
	return rc;
}

/* A case with a recipient's public key is one of making; one with the secret key, of opening. */
static int check_seal(const json_t *c)
{
	AUTO(secret_free) struct secret *sec = NULL;
	AUTO(secret_free) struct secret *got = NULL;
	struct bytes sealed;
	struct parts ctx;
	int rc = json_object_get(c, "recipient_public") ? check_seal_make(c) : 0;

	if (rc < 0)
		return rc;
	sec = field_secret(c, "recipient_secret");
	sealed = field(c, "sealed");
	field_parts(&ctx, c, "context");
	rc = seal_open(&got, field_number(c, "suite"), sec, field_text(c, "label"), ctx.iov, ctx.n, sealed.b,
		sealed.len, NULL);
	if (rc == 0)
		assert_field(c, "plain", secret_bytes(got), secret_len(got));
	return rc;
}

static int check_wrap(const json_t *c)
{
	AUTO(secret_free) struct secret *key = field_secret(c, "key");
	AUTO(secret_free) struct secret *got = NULL;
	struct bytes sealed = field(c, "sealed");
	unsigned suite = field_number(c, "suite");
	const char *label = field_text(c, "label");
	uint8_t out[FIELD_MAX];
	struct parts ctx;
	int rc;

	field_parts(&ctx, c, "context");
	rc = wrap_open(&got, suite, key, label, ctx.iov, ctx.n, sealed.b, sealed.len, NULL);
	if (rc < 0)
		return rc;
	assert_field(c, "plain", secret_bytes(got), secret_len(got));
	assert_int_equal(
		wrap_make(out, suite, key, label, ctx.iov, ctx.n, secret_bytes(got), secret_len(got), NULL), 0);
	assert_field(c, "sealed", out, sealed.len);
	return 0;
}

static int check_sign(const json_t *c)
{
	struct bytes pub = field(c, "public"), msg = field(c, "message"), sig = field(c, "signature");
	AUTO(secret_free) struct secret *seed = NULL;
	const char *label = field_text(c, "label");
	uint8_t made[SIG_LEN];
	int rc;

	assert_int_equal(pub.len, SIGN_PUB_LEN);
	assert_int_equal(sig.len, SIG_LEN);
	rc = sign_check(sig.b, pub.b, label, msg.b, msg.len, NULL);
	if (rc < 0)
		return rc;
	seed = field_secret(c, "seed");
	assert_int_equal(sign_public(made, seed, NULL), 0);
	assert_memory_equal(made, pub.b, SIGN_PUB_LEN);
	assert_int_equal(sign_make(made, seed, label, msg.b, msg.len, NULL), 0);
	assert_memory_equal(made, sig.b, SIG_LEN);
	return 0;
}

static int check_argon(const json_t *c)
{
	AUTO(secret_free) struct secret *passphrase = field_secret(c, "passphrase");
	AUTO(secret_free) struct secret *key = NULL;
	struct bytes salt = field(c, "salt");
	int rc;

	assert_int_equal(salt.len, ARGON_SALT_LEN);
	rc = argon_derive(&key, salt.b, field_number(c, "mem_kib"), field_number(c, "passes"), passphrase, NULL);
	if (rc == 0)
		assert_field(c, "key", secret_bytes(key), secret_len(key));
	return rc;
}

static void run_file(const char *kind, int (*check)(const json_t *c))
{
	json_t *root, *list;
	char path[4096];

	snprintf(path, sizeof(path), "%s/vectors/crypto/%s.json", TEST_DIR, kind);
	root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	list = json_object_get(root, "cases");
	assert_true(json_array_size(list) > 0);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *c = json_array_get(list, i), *error = json_object_get(c, "error");
		const char *got = hz_error_name(check(c)), *want = error ? json_string_value(error) : "OK";

		if (strcmp(got, want) != 0)
			fail_msg("%s, case %zu, %s: expected %s, got %s", kind, i, field_text(c, "name"), want, got);
	}
	json_decref(root);
}

#define VECTOR_TEST(kind)                        \
	static void kind##_vectors(void **state) \
	{                                        \
		(void)state;                     \
		run_file(#kind, check_##kind);   \
	}

VECTOR_TEST(hash)
VECTOR_TEST(mac)
VECTOR_TEST(kdf)
VECTOR_TEST(aead)
VECTOR_TEST(seal)
VECTOR_TEST(wrap)
VECTOR_TEST(sign)
VECTOR_TEST(argon)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash_vectors),
		cmocka_unit_test(mac_vectors),
		cmocka_unit_test(kdf_vectors),
		cmocka_unit_test(aead_vectors),
		cmocka_unit_test(seal_vectors),
		cmocka_unit_test(wrap_vectors),
		cmocka_unit_test(sign_vectors),
		cmocka_unit_test(argon_vectors),
	};

	return RUN(tests);
}
