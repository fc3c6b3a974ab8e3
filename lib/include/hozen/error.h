/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors. Every function that can fail returns 0 or a negative HZ_E_* code; with a non-NULL hz_error ** it also hands
 * out an object that says what failed, on what, why, and what to do. The object is written only on failure; the
 * variable must be NULL before the call. The caller frees it with hz_error_free().
 *
 *	hz_error *err = NULL;
 *	hz_reader *r = NULL;
 *
 *	if (hz_reader_open(&r, &opts, HZ_NEED_LIST, NULL, &err) < 0) {
 *		fprintf(stderr, "%s\n", hz_error_message(err));
 *		hz_error_free(err);
 *	}
 */
#ifndef HOZEN_ERROR_H
#define HOZEN_ERROR_H

#include <stdint.h>

#if defined(__GNUC__)
#define HZ_API __attribute__((visibility("default")))
#else
#define HZ_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Each code is something that a caller can act on. */
#define HZ_E_INVAL       (-1)  /* an argument is wrong; nothing was done */
#define HZ_E_NOMEM       (-2)  /* out of memory */
#define HZ_E_IO          (-3)  /* the store or the state failed; nothing that was committed is affected */
#define HZ_E_NOSPACE     (-4)  /* the store or the target is full */
#define HZ_E_NOTFOUND    (-5)  /* no such object, snapshot or path */
#define HZ_E_EXISTS      (-6)  /* the name is taken; what stands there was not touched */
#define HZ_E_CORRUPT     (-7)  /* stored bytes are damaged, or not what their name, hash or signature says */
#define HZ_E_AUTH        (-8)  /* wrong or missing key or passphrase, or one that others can read */
#define HZ_E_BUSY        (-9)  /* in use or already running; try again later */
#define HZ_E_UNSUPPORTED (-10) /* this build, system or store cannot do it */
#define HZ_E_TOONEW      (-11) /* made by a newer version: a format, field or option that this one does not know */
#define HZ_E_REFUSED     (-12) /* refused on purpose; nothing was written */
#define HZ_E_CANCELED    (-13) /* stopped by the caller's job */
#define HZ_E_INTERNAL    (-14) /* a mistake of ours */

typedef struct hz_error hz_error;

/* The code, 0 for NULL. */
HZ_API int hz_error_code(const hz_error *err);
/* The errno behind it, or 0. */
HZ_API int hz_error_errno(const hz_error *err);
/* One line, never NULL, borrowed until the error is freed. Outer circumstances come first: "snapshot 3fa9: pack 77c1:
 * ...". */
HZ_API const char *hz_error_message(const hz_error *err);
/* What to do about it, one line, or NULL. */
HZ_API const char *hz_error_hint(const hz_error *err);
/* A short name of a code: "NOSPACE"; "OK" for 0, "UNKNOWN" for what is none. Static. */
HZ_API const char *hz_error_name(int code);
/* NULL is fine; errno is kept. */
HZ_API void hz_error_free(hz_error *err);

#ifdef __cplusplus
}
#endif
#endif
