/* SPDX-License-Identifier: BSD-2-Clause */
/* What every test includes first: cmocka with what it needs before it, and our own asserts and helpers. */
#ifndef SUPPORT_HZT_H
#define SUPPORT_HZT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "hozen/error.h"

/* rc is 0; err is an hz_error **, or NULL; what it holds is shown on failure, and freed. */
#define assert_ok(rc, err) hzt_assert_rc((rc), 0, (err), #rc, __FILE__, __LINE__)
/* rc is code, and *err, unless err is NULL, says the same. Frees it too. */
#define assert_fails(rc, code, err) hzt_assert_rc((rc), (code), (err), #rc, __FILE__, __LINE__)

void hzt_assert_rc(int rc, int expected, hz_error **err, const char *what, const char *file, int line);

/* A new empty folder in $TMPDIR, or /tmp; fails the test when that is impossible. Free it with hzt_tmpdir_remove(). */
char *hzt_tmpdir(void);
/* Removes the folder with all that is in it and frees the path. NULL is fine. */
void hzt_tmpdir_remove(char *path);
/* "dir/name", to be freed. */
char *hzt_path(const char *dir, const char *name);
/* An O_DIRECTORY descriptor, or the test fails. */
int hzt_opendir(const char *path);
/* The names in a folder other than . and .. */
size_t hzt_count_names(const char *path);
/* Writes or reads a whole file; the test fails when that is impossible. hzt_get ends the bytes by a NUL; free them. */
void hzt_put(const char *path, const void *data, size_t len);
uint8_t *hzt_get(const char *path, size_t *len);

/* Random bytes that are the same in every run (splitmix64). */
struct hzt_random {
	uint64_t state;
};
uint64_t hzt_random_next(struct hzt_random *r);
/* 0 <= result < n. */
uint64_t hzt_random_below(struct hzt_random *r, uint64_t n);
void hzt_random_fill(struct hzt_random *r, void *out, size_t len);

#endif
