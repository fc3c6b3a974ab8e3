/* SPDX-License-Identifier: BSD-2-Clause */
/* The progress line on a terminal (stderr): one line that is drawn over and cleared before anything else is printed. */
#ifndef COMMON_TERM_H
#define COMMON_TERM_H

#include <hozen/job.h>
#include <stdbool.h>

struct term {
	bool progress; /* draw it */
	bool colour;   /* stderr takes colours: a terminal, and NO_COLOR is unset or empty */
	bool shown;    /* a line stands there now */
	uint32_t phase;
	uint64_t mark_ns, mark_bytes; /* where the rate was last measured */
	double rate;                  /* bytes a second, smoothed; 0: not known yet */
};

/* quiet: never draw. */
void term_init(struct term *t, bool quiet);
void term_progress(struct term *t, const hz_progress *p);
/* Removes the progress line. Before each message. */
void term_clear(struct term *t);

/* Seconds that are left at this rate; UINT64_MAX when nobody knows. */
uint64_t term_eta(double rate, uint64_t done, uint64_t total);

#endif
