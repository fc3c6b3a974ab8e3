/* SPDX-License-Identifier: BSD-2-Clause */
/* Time from the system or from a test, and its one text form. */
#include "base/clock.h"
#include "base/vfs.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#define DAY_S 86400

static struct walltime system_wall(void)
{
	struct timex tx = { 0 };
	struct timespec ts;
	struct walltime w;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	w.sec = ts.tv_sec;
	w.nsec = (uint32_t)ts.tv_nsec;
	/* Asking changes nothing and needs no right. */
	w.synchronized = adjtimex(&tx) >= 0 && !(tx.status & STA_UNSYNC);
	return w;
}

static uint64_t system_mono(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

static struct walltime (*current_wall)(void) = system_wall;
static uint64_t (*current_mono)(void) = system_mono;

struct walltime clock_wall(void)
{
	return current_wall();
}

uint64_t clock_mono_ns(void)
{
	return current_mono();
}

void clock_install(struct walltime (*wall)(void), uint64_t (*mono)(void))
{
	current_wall = wall ? wall : system_wall;
	current_mono = mono ? mono : system_mono;
}

static bool is_there(const char *path)
{
	AUTO_FD int fd = vfs()->openat(AT_FDCWD, path, O_PATH, 0);

	return fd >= 0;
}

/* By what the daemons leave in /run while they work. */
static const char *clock_source(void)
{
	static const struct {
		const char *path, *name;
	} known[] = { { "/run/chrony/chronyd.pid", "chrony" }, { "/run/chrony/chronyd.sock", "chrony" },
		{ "/run/chronyd.pid", "chrony" }, { "/run/systemd/timesync/synchronized", "systemd-timesyncd" },
		{ "/run/ntpd.pid", "ntpd" } };

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (is_there(known[i].path))
			return known[i].name;
	}
	return "unknown";
}

struct clock_state clock_state(void)
{
	struct timex tx = { 0 };
	struct clock_state s = { .source = clock_source() };

	if (adjtimex(&tx) < 0)
		return s;
	s.synchronized = !(tx.status & STA_UNSYNC);
	/* Only where the kernel's own loop works it off; chrony does that itself and tells the kernel 0. */
	s.has_offset = s.synchronized && tx.status & STA_PLL;
	s.offset_ns = tx.status & STA_NANO ? tx.offset : (int64_t)tx.offset * 1000;
	s.error_bound_ns = (int64_t)tx.maxerror * 1000;
	return s;
}

/* The Gregorian date of a day number, for any day: gmtime_r fails where the year does not fit its int. Counted from
 * March of year 0, so that the leap day is the last of its year, in eras of 400 years, which all have 146097 days. */
static void date_of(int64_t day, int64_t *year, unsigned *month, unsigned *mday)
{
	int64_t shifted = day + 719468;
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	unsigned doe = (unsigned)(shifted - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned m = (5 * doy + 2) / 153;

	*mday = doy - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = era * 400 + yoe + (*month <= 2);
}

char *clock_rfc3339(char out[CLOCK_TEXT_LEN], int64_t sec, uint32_t nsec)
{
	bool before = sec % DAY_S < 0;
	int64_t day = sec / DAY_S - before;
	/* By the remainder: the first day that 64 bits reach begins below them. */
	unsigned s = (unsigned)(sec % DAY_S + (before ? DAY_S : 0));
	char text[128] = "";
	unsigned month, mday;
	int64_t year;

	date_of(day, &year, &month, &mday);
	/* Wide enough for any numbers; what real ones make is shorter than out. */
	(void)snprintf(text, sizeof(text), "%s%04lld-%02u-%02uT%02u:%02u:%02u.%09uZ", year < 0 ? "-" : "",
		(long long)(year < 0 ? -year : year), month, mday, s / 3600, s / 60 % 60, s % 60, nsec);
	text[CLOCK_TEXT_LEN - 1] = '\0';
	memcpy(out, text, CLOCK_TEXT_LEN);
	return out;
}
