/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing JSON for programs: one object, built up key by key and written as one line (JSON Lines). Keys stand in the
 *order in which they were first given. All text is UTF-8; bytes that are not go in base64 under the key with "_b64"
 *appended, so a reader that knows only the plain key never sees a changed name.
 *
 * Adding cannot fail visibly: when memory runs out the object remembers it, what follows does nothing, and printing
 * returns HZ_E_NOMEM. Every function takes NULL for j and then does nothing. One thread at a time. Since: 0.1
 *
 *	hz_json *j = hz_json_new("snapshot");
 *
 *	hz_json_str(j, "host", "alpha");
 *	hz_json_u64(hz_json_object(j, "total"), "size_bytes", 4096);
 *	if (hz_json_print(j, STDOUT_FILENO) < 0)
 *		return 1;
 *	hz_json_free(j);
 */
#ifndef HOZEN_JSON_H
#define HOZEN_JSON_H

#include <stddef.h>
#include <stdint.h>
#include "hozen/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hz_json hz_json;

/* A new object that begins "type": type, "schema": "<type>-v1". NULL when memory is out. The caller frees it. */
HZ_API hz_json *hz_json_new(const char *type);
/* Frees j with all its children; NULL is fine; errno is kept. Only for what hz_json_new() gave. */
HZ_API void hz_json_free(hz_json *j);

/* Text, ended by NUL; NULL becomes null. Not UTF-8: key_b64. A key that was given before is replaced, here and below.
 */
HZ_API void hz_json_str(hz_json *j, const char *key, const char *text);
/* Whole numbers; above 2^63-1 a string of digits, for JSON readers have no such number. */
HZ_API void hz_json_u64(hz_json *j, const char *key, uint64_t value);
HZ_API void hz_json_i64(hz_json *j, const char *key, int64_t value);
/* Infinity and not-a-number become null. */
HZ_API void hz_json_real(hz_json *j, const char *key, double value);
/* 0 is false. */
HZ_API void hz_json_bool(hz_json *j, const char *key, int value);
HZ_API void hz_json_null(hz_json *j, const char *key);
/* Seconds since 1970 and nanoseconds, as RFC 3339 text in UTC with nine digits: "2026-11-23T07:52:27.000000000Z". */
HZ_API void hz_json_time(hz_json *j, const char *key, int64_t sec, uint32_t nsec);
/* len bytes of a path, without a NUL: text under key, or base64 under key_b64. */
HZ_API void hz_json_path(hz_json *j, const char *key, const void *bytes, size_t len);

/* A new empty object or array under key. Borrowed: lives as long as the outermost object, or until its key is replaced,
 * and is not freed. NULL when memory is out. */
HZ_API hz_json *hz_json_object(hz_json *j, const char *key);
HZ_API hz_json *hz_json_array(hz_json *j, const char *key);

/* Appends to an array. Bytes that are not UTF-8 become an object {"b64": ...}. */
HZ_API void hz_json_add_str(hz_json *array, const char *text);
HZ_API void hz_json_add_u64(hz_json *array, uint64_t value);
HZ_API void hz_json_add_path(hz_json *array, const void *bytes, size_t len);
/* Appends a new empty object; borrowed as above. */
HZ_API hz_json *hz_json_add_object(hz_json *array);
/* The same for an array in an array. */
HZ_API hz_json *hz_json_add_array(hz_json *array);

/* Writes j and a line feed to the descriptor fd, whole. 0; HZ_E_IO with errno set; HZ_E_NOMEM. */
HZ_API int hz_json_print(const hz_json *j, int fd);
/* The same text without the line feed; the caller frees *text with free(). 0 or HZ_E_NOMEM. */
HZ_API int hz_json_text(const hz_json *j, char **text);

#ifdef __cplusplus
}
#endif
#endif
