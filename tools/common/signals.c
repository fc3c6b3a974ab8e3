/* SPDX-License-Identifier: BSD-2-Clause */
/* The handler does two things that are allowed in one: an atomic store in the job, and giving up on the second signal.
 */
#include "common/signals.h"

#include <signal.h>
#include <stddef.h>

static hz_job *volatile signals_job;
static volatile sig_atomic_t signals_flag;

static void stop(int sig)
{
	if (signals_flag) {
		(void)signal(sig, SIG_DFL);
		(void)raise(sig);
		return;
	}
	signals_flag = 1;
	if (signals_job)
		hz_job_cancel(signals_job);
}

static void install(int sig)
{
	struct sigaction act = { .sa_handler = stop };

	(void)sigemptyset(&act.sa_mask);
	(void)sigaction(sig, &act, NULL);
}

void signals_install(hz_job *job)
{
	struct sigaction old;

	signals_job = job;
	if (!job)
		return;
	install(SIGINT);
	install(SIGTERM);
	/* nohup means it. */
	if (sigaction(SIGHUP, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		install(SIGHUP);
	/* A log reader that dies must not end a backup: writing fails instead, and the exit code tells. */
	(void)signal(SIGPIPE, SIG_IGN);
}

bool signals_seen(void)
{
	return signals_flag != 0;
}
