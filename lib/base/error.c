/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The error object. Invariants: a message is one line whatever names went into it (control characters become '?', so
 * that no file name can write to a terminal or split a log line), and reporting never fails: when memory is out, a
 * constant object with the same code stands in, which is never changed or freed.
 */
#include "base/error.h"
#include <errno.h>
#include <libintl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct hz_error {
	int code;
	int errnum;
	char *message;
	char *hint;
};

#define CODE_COUNT 15
static const char *const code_names[CODE_COUNT] = { "OK", "INVAL", "NOMEM", "IO", "NOSPACE", "NOTFOUND", "EXISTS",
	"CORRUPT", "AUTH", "BUSY", "UNSUPPORTED", "TOONEW", "REFUSED", "CANCELED", "INTERNAL" };

/* Stand-ins, by code, for an object that could not be allocated. */
#define BARE(code, text) [-(code)] = { code, 0, (char *)(text ": no memory for details"), NULL }
static const struct hz_error bare[CODE_COUNT] = {
	BARE(HZ_E_INVAL, "invalid argument"),
	[-HZ_E_NOMEM] = { HZ_E_NOMEM, 0, (char *)"out of memory", NULL },
	BARE(HZ_E_IO, "input/output error"),
	BARE(HZ_E_NOSPACE, "no space left"),
	BARE(HZ_E_NOTFOUND, "not found"),
	BARE(HZ_E_EXISTS, "already exists"),
	BARE(HZ_E_CORRUPT, "damaged"),
	BARE(HZ_E_AUTH, "not authorized"),
	BARE(HZ_E_BUSY, "busy"),
	BARE(HZ_E_UNSUPPORTED, "not supported"),
	BARE(HZ_E_TOONEW, "made by a newer version"),
	BARE(HZ_E_REFUSED, "refused"),
	BARE(HZ_E_CANCELED, "canceled"),
	BARE(HZ_E_INTERNAL, "internal error"),
};

static bool is_bare(const hz_error *e)
{
	return e >= bare && e < bare + CODE_COUNT;
}

static hz_error *bare_of(int code)
{
	int i = code < 0 && code > -CODE_COUNT ? -code : -HZ_E_INTERNAL;

	return (hz_error *)&bare[i];
}

int hz_error_code(const hz_error *err)
{
	return err ? err->code : 0;
}

int hz_error_errno(const hz_error *err)
{
	return err ? err->errnum : 0;
}

const char *hz_error_message(const hz_error *err)
{
	if (!err)
		return "no error";
	return is_bare(err) ? err_text(err->message) : err->message;
}

const char *hz_error_hint(const hz_error *err)
{
	return err ? err->hint : NULL;
}

const char *err_text(const char *fmt)
{
	return dgettext("hozen", fmt);
}

const char *hz_error_name(int code)
{
	return code <= 0 && code > -CODE_COUNT ? code_names[-code] : "UNKNOWN";
}

void hz_error_free(hz_error *err)
{
	int saved = errno;

	if (err && !is_bare(err)) {
		free(err->message);
		free(err->hint);
		free(err);
	}
	errno = saved;
}

static char *one_line(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));
static char *one_line(const char *fmt, va_list ap)
{
	char *s = NULL;

	if (vasprintf(&s, err_text(fmt), ap) < 0)
		return NULL;
	for (char *p = s; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return s;
}

/* Takes message. */
static void install(hz_error **err, int code, int errnum, char *message)
{
	hz_error *e = message ? calloc(1, sizeof(*e)) : NULL;

	if (!e) {
		free(message);
		*err = bare_of(code);
		return;
	}
	e->code = code;
	e->errnum = errnum;
	e->message = message;
	*err = e;
}

int err_set(hz_error **err, int code, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	if (err && !*err) {
		va_start(ap, fmt);
		install(err, code, 0, one_line(fmt, ap));
		va_end(ap);
	}
	errno = saved;
	return code;
}

int err_code_of(int errnum)
{
	switch (errnum) {
	case ENOSPC:
	case EDQUOT:
		return HZ_E_NOSPACE;
	case ENOMEM:
		return HZ_E_NOMEM;
	case ENOENT:
		return HZ_E_NOTFOUND;
	case EEXIST:
		return HZ_E_EXISTS;
	default:
		return HZ_E_IO;
	}
}

static int set_errno(hz_error **err, int code, int errnum, const char *fmt, va_list ap)
	__attribute__((format(printf, 4, 0)));
static int set_errno(hz_error **err, int code, int errnum, const char *fmt, va_list ap)
{
	if (err && !*err) {
		AUTO_FREE char *what = one_line(fmt, ap);
		char *message = NULL;
		char text[128];

		if (what && asprintf(&message, "%s: %s", what, strerror_r(errnum, text, sizeof(text))) < 0)
			message = NULL;
		install(err, code, errnum, message);
	}
	errno = errnum;
	return code;
}

int err_errno(hz_error **err, const char *fmt, ...)
{
	int errnum = errno;
	int code = err_code_of(errnum);
	va_list ap;

	va_start(ap, fmt);
	(void)set_errno(err, code, errnum, fmt, ap);
	va_end(ap);
	return code;
}

int err_errno_as(hz_error **err, int code, const char *fmt, ...)
{
	int errnum = errno;
	va_list ap;

	va_start(ap, fmt);
	(void)set_errno(err, code, errnum, fmt, ap);
	va_end(ap);
	return code;
}

int err_wrap(hz_error **err, int rc, const char *fmt, ...)
{
	int saved = errno;

	if (err && *err && !is_bare(*err)) {
		AUTO_FREE char *what = NULL;
		char *message = NULL;
		va_list ap;

		va_start(ap, fmt);
		what = one_line(fmt, ap);
		va_end(ap);
		/* Without memory the inner message alone has to do. */
		if (what && asprintf(&message, "%s: %s", what, (*err)->message) >= 0) {
			free((*err)->message);
			(*err)->message = message;
		}
	}
	errno = saved;
	return rc;
}

void err_hint(hz_error **err, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	if (err && *err && !is_bare(*err) && !(*err)->hint) {
		va_start(ap, fmt);
		(*err)->hint = one_line(fmt, ap);
		va_end(ap);
	}
	errno = saved;
}

int err_copy(hz_error **err, const hz_error *from)
{
	if (err && !*err) {
		install(err, from->code, from->errnum, strdup(from->message));
		if (from->hint && !is_bare(*err))
			(*err)->hint = strdup(from->hint);
	}
	return from->code;
}

int err_nomem(hz_error **err)
{
	if (err && !*err)
		*err = bare_of(HZ_E_NOMEM);
	return HZ_E_NOMEM;
}

void err_clear(hz_error **err)
{
	if (err) {
		hz_error_free(*err);
		*err = NULL;
	}
}
