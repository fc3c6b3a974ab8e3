/* SPDX-License-Identifier: BSD-2-Clause */
/* The exit codes of all tools: a contract with scripts, cron and systemd units. docs/man lists them for users. */
#ifndef COMMON_EXIT_H
#define COMMON_EXIT_H

#include <hozen/error.h>

enum {
	CLI_EXIT_DONE = 0,
	CLI_EXIT_FAILED =
		1, /* storage error, not a repository, newer format, no such source, snapshot or path, ambiguous */
	CLI_EXIT_USAGE = 2, /* wrong options or arguments, ".." in a path; nothing was done */
	CLI_EXIT_EXCEPTIONS =
		3,           /* done, but not everything: unreadable sources, metadata short, files left as they were */
	CLI_EXIT_DAMAGE = 4, /* damage, bad signature, rollback, verify mismatch, an alarm */
	CLI_EXIT_REFUSED = 5,    /* wrong or missing key or passphrase, readable secrets, in use, exists, not empty */
	CLI_EXIT_OVERDUE = 6,    /* something that policy asks for has not happened in time */
	CLI_EXIT_CANCELLED = 130 /* SIGINT or SIGTERM */
};

/* Of several results the first of 130, 1, 4, 5, 3 counts; the others mix with nothing and come after them. */
static inline int cli_exit_worse(int a, int b)
{
	static const int order[] = { CLI_EXIT_CANCELLED, CLI_EXIT_FAILED, CLI_EXIT_DAMAGE, CLI_EXIT_REFUSED,
		CLI_EXIT_EXCEPTIONS, CLI_EXIT_OVERDUE, CLI_EXIT_USAGE, CLI_EXIT_DONE };

	for (unsigned i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return CLI_EXIT_FAILED;
}

/* HZ_E_INVAL is 1 here: a command whose arguments can cause it, such as "..", makes it CLI_EXIT_USAGE itself. */
static inline int cli_exit_of_error(int code)
{
	switch (code) {
	case 0:
		return CLI_EXIT_DONE;
	case HZ_E_CORRUPT:
		return CLI_EXIT_DAMAGE;
	case HZ_E_AUTH:
	case HZ_E_BUSY:
	case HZ_E_REFUSED:
	case HZ_E_EXISTS:
		return CLI_EXIT_REFUSED;
	case HZ_E_CANCELED:
		return CLI_EXIT_CANCELLED;
	default:
		return CLI_EXIT_FAILED;
	}
}

#endif
