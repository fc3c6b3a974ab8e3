/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys out of keys (docs/format/crypto.md, KDF): the suite's MAC in counter mode over a length-prefixed label and
 * context. */
#include "crypto/suite.h"
#include "base/codec.h"

#define OUT_MAX      (16u * ID_LEN)
#define COUNTER_REST 3 /* of the counter's four bytes, those after the first: always zero */

static int out_len_check(size_t out_len, hz_error **err)
{
	if (out_len == 0 || out_len > OUT_MAX)
		return err_set(err, HZ_E_INVAL, "%zu bytes cannot be derived at once", out_len);
	return 0;
}

static bool add_len(size_t *total, size_t len)
{
	return len <= UINT32_MAX && !__builtin_add_overflow(*total, 4 + len, total);
}

static uint8_t *put_part(uint8_t *p, const void *data, size_t len)
{
	put_le32(p, (uint32_t)len);
	if (len)
		memcpy(p + 4, data, len);
	return p + 4 + len;
}

/* The message of every block but for the first byte. */
static int message_build(struct secret **ret, const char *label, const struct iovec *parts, size_t n, hz_error **err)
{
	size_t total = COUNTER_REST, label_len = strlen(label);
	bool fits = add_len(&total, label_len);
	struct secret *s = NULL;
	uint8_t *p;
	int rc;

	for (size_t i = 0; i < n; i++)
		fits = fits && add_len(&total, parts[i].iov_len);
	if (!fits)
		return err_set(err, HZ_E_INVAL, "context too long to derive a key from");
	rc = secret_new(&s, total, err);
	if (rc < 0)
		return rc;
	p = put_part(secret_data(s) + COUNTER_REST, label, label_len);
	for (size_t i = 0; i < n; i++)
		p = put_part(p, parts[i].iov_base, parts[i].iov_len);
	*ret = s;
	return 0;
}

int kdf_raw(uint8_t *out, size_t out_len, unsigned suite, const struct secret *key, const char *label,
	const struct iovec *parts, size_t n, hz_error **err)
{
	AUTO(secret_free) struct secret *msg = NULL;
	AUTO(mac_free) struct mac *m = NULL;
	int rc;

	rc = out_len_check(out_len, err);
	if (rc == 0)
		rc = mac_new(&m, suite, key, err);
	if (rc == 0)
		rc = message_build(&msg, label, parts, n, err);
	if (rc < 0)
		return rc;
	for (size_t at = 0; at < out_len; at += ID_LEN) {
		/* The counter stays below 256: its first byte stands where the MAC puts its domain byte. */
		struct id block = mac_compute(m, (uint8_t)(at / ID_LEN), secret_bytes(msg), secret_len(msg));

		memcpy(out + at, block.b, out_len - at < ID_LEN ? out_len - at : ID_LEN);
		wipe(&block, sizeof(block));
	}
	return 0;
}

int kdf(struct secret **ret, size_t out_len, unsigned suite, const struct secret *key, const char *label,
	const struct iovec *parts, size_t n, hz_error **err)
{
	AUTO(secret_free) struct secret *s = NULL;
	int rc = out_len_check(out_len, err);

	if (rc == 0)
		rc = secret_new(&s, out_len, err);
	if (rc == 0)
		rc = kdf_raw(secret_data(s), out_len, suite, key, label, parts, n, err);
	if (rc == 0)
		*ret = TAKE(s);
	return rc;
}
