/* SPDX-License-Identifier: BSD-2-Clause */
/* Time. Wall time carries whether the kernel calls the clock synchronized (adjtimex), for every record says so. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct walltime {
	int64_t sec;
	uint32_t nsec;
	bool synchronized;
};

struct walltime clock_wall(void);
/* What the kernel and the daemons say of the clock. */
struct clock_state {
	bool synchronized, has_offset;
	int64_t offset_ns, error_bound_ns; /* of the kernel, when it is synchronized; the offset when it has one */
	const char *source;                /* "chrony", "systemd-timesyncd", "ntpd", "unknown"; static */
};
struct clock_state clock_state(void);
uint64_t clock_mono_ns(void);
/* For tests: both clocks come from fn (NULL: the system's). */
void clock_install(struct walltime (*wall)(void), uint64_t (*mono)(void));
/* "2026-11-23T07:52:27.123456789Z", at most 36 bytes with NUL; out is returned. Years beyond 9999 print with more
 * digits. */
#define CLOCK_TEXT_LEN 48
char *clock_rfc3339(char out[CLOCK_TEXT_LEN], int64_t sec, uint32_t nsec);

#endif
