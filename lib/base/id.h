/* SPDX-License-Identifier: BSD-2-Clause */
/* Fixed-size names. id: 32 bytes (hashes, chunk ids, commits). uid: 16 random bytes (repository, session, pack, run,
 * writer). */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ID_LEN      32
#define UID_LEN     16
#define ID_HEX_LEN  (2 * ID_LEN)
#define UID_HEX_LEN (2 * UID_LEN)

struct id {
	uint8_t b[ID_LEN];
};
struct uid {
	uint8_t b[UID_LEN];
};
struct id_hex {
	char s[ID_HEX_LEN + 1];
};
struct uid_hex {
	char s[UID_HEX_LEN + 1];
};

static inline int id_cmp(const struct id *a, const struct id *b)
{
	return memcmp(a->b, b->b, ID_LEN);
}
static inline bool id_eq(const struct id *a, const struct id *b)
{
	return memcmp(a->b, b->b, ID_LEN) == 0;
}
static inline int uid_cmp(const struct uid *a, const struct uid *b)
{
	return memcmp(a->b, b->b, UID_LEN);
}
static inline bool uid_eq(const struct uid *a, const struct uid *b)
{
	return memcmp(a->b, b->b, UID_LEN) == 0;
}
bool id_is_zero(const struct id *a);
bool uid_is_zero(const struct uid *a);
/* Lower-case hex, by value: id_hex(&i).s lives until the end of the full expression. */
struct id_hex id_hex(const struct id *a);
struct uid_hex uid_hex(const struct uid *a);
/* Writes 2 * len digits and a NUL. */
void hex_encode(char *out, const uint8_t *in, size_t len);
/* Lower-case hex of exactly 2 * len digits, not terminated or ended by stop. False on anything else. */
bool hex_decode(uint8_t *out, size_t len, const char *hex, size_t hex_len);

#endif
