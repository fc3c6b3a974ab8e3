/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lies beneath a file: its file system, the device under that, and what these keep of data that was overwritten.
 * Asked of mountinfo and sysfs; what cannot be found out is HZ_MISSED_UNKNOWN, never nothing.
 */
#ifndef DEVICE_BENEATH_H
#define DEVICE_BENEATH_H

#include "device/roots.h"
#include "hozen/shred.h"

struct beneath {
	char type[32], source[256], point[256], disk[64]; /* disk: of the lowest device that was found, or "" */
	uint64_t mount;                                   /* its id, as statx gives it */
	uint32_t major, minor;
	uint32_t missed; /* HZ_MISSED_* */
	int turns;       /* 1: it does; 0: flash; -1: not known */
};
/* fd: anything on it, O_PATH too. HZ_E_IO: mountinfo cannot be read; HZ_E_NOMEM. */
int beneath_look(struct beneath *b, const struct roots *r, int fd, hz_error **err);
/* The same for a mount that is known by its id; text of mountinfo is changed. */
void beneath_of(struct beneath *b, const struct roots *r, uint64_t mount, char *text);
/* Pure: HZ_MISSED_* of a file system by its name and the options of its mount. */
uint32_t beneath_of_type(const char *type, const char *options);
bool beneath_is_memory(const char *type);

#endif
