/* SPDX-License-Identifier: BSD-2-Clause */
/* Making and enriching the error object; the reader's side is hozen/error.h. All take err == NULL. None allocates on
 * the way to reporting HZ_E_NOMEM: a static object stands in when memory is out. All return the code they were given,
 * so that "return err_set(err, HZ_E_INVAL, ...)" works. An error that is already set is kept: the first one counts. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "hozen/error.h"
#include "base/auto.h"

int err_set(hz_error **err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* From the current errno: appends ": " strerror; the code follows errno (ENOSPC and EDQUOT: NOSPACE, ENOMEM: NOMEM,
 * ENOENT: NOTFOUND, EEXIST: EXISTS, EINVAL stays IO, the rest IO). */
int err_errno(hz_error **err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same with a code of the caller's choice. */
int err_errno_as(hz_error **err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Prefixes the message with "...: "; returns rc. Does nothing to a NULL *err. */
int err_wrap(hz_error **err, int rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Sets what to do about it, unless a lower layer did. */
void err_hint(hz_error **err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The message in the language of the process (domain "hozen"; the program sets locale and text domain). All of the
 * above do it themselves; for messages that go other ways. */
const char *err_text(const char *fmt) __attribute__((format_arg(1)));

/* The same error once more, with its hint, for another caller; returns its code. */
int err_copy(hz_error **err, const hz_error *from);

/* Shorthand: HZ_E_NOMEM. */
int err_nomem(hz_error **err);

/* Frees and forgets an error that the caller deals with itself. */
void err_clear(hz_error **err);

/* The HZ_E_* code for an errno. */
int err_code_of(int errnum);

DEFINE_AUTO(hz_error, hz_error_free)

#endif
