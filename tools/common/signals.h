/* SPDX-License-Identifier: BSD-2-Clause */
/* SIGINT, SIGTERM and SIGHUP cancel the job; the second one kills. */
#ifndef COMMON_SIGNALS_H
#define COMMON_SIGNALS_H

#include <hozen/job.h>
#include <stdbool.h>

/* job lives until it is replaced by NULL. System calls are interrupted (no SA_RESTART), so that a prompt ends too. */
void signals_install(hz_job *job);
/* True once a signal asked to stop. */
bool signals_seen(void);

#endif
