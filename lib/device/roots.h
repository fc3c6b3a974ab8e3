/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the kernel tells of devices: /sys, /proc, /dev and udev's notes, as open folders, so that a test can put others
 * in their place. Attributes are small texts that end in a line feed; a failure is -1 with errno, and what to make of
 * it is the caller's to decide.
 */
#ifndef DEVICE_ROOTS_H
#define DEVICE_ROOTS_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct roots {
	int sys, proc, dev, udev; /* -1: not there; sys always is */
};
#define ROOTS_INIT             \
	{                      \
		-1, -1, -1, -1 \
	}
/* base: in place of "/"; NULL: the system's. HZ_E_IO: there is no /sys. */
int roots_open(struct roots *r, const char *base, hz_error **err);
void roots_close(struct roots *r);
#define AUTO_ROOTS __attribute__((cleanup(roots_close)))

#define ROOTS_PATH 512

/* The text without the blanks and line feed at its end, cut to the room; its length. */
int attr_text(int dir, char *out, size_t cap, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* A decimal number, or one in 0x. False: there is none. */
bool attr_u64(int dir, uint64_t *value, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* At most cap bytes as they are; how many. */
long attr_bytes(int dir, void *out, size_t cap, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* All of it, ended by NUL, the caller's (free). HZ_E_* with the path in the message. */
int attr_all(int dir, char **out, size_t max, const char *path, hz_error **err);
/* The target of a symlink; its length. */
int attr_link(int dir, char *out, size_t cap, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Names in a folder, in the order of strverscmp: sda before sdb, loop2 before loop10. */
struct attr_names {
	char (*at)[64];
	size_t n, cap;
};
#define ATTR_NAMES_INIT    \
	{                  \
		NULL, 0, 0 \
	}
/* Names longer than 63 bytes make it HZ_E_UNSUPPORTED: none of a block device is. */
int attr_names(struct attr_names *names, int dir, hz_error **err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void attr_names_release(struct attr_names *names);
#define AUTO_NAMES __attribute__((cleanup(attr_names_release)))

#endif
