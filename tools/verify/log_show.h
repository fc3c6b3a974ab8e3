/* SPDX-License-Identifier: BSD-2-Clause */
/* One log, checked and shown; and those of a repository (log_repo.c). */
#ifndef VERIFY_LOG_SHOW_H
#define VERIFY_LOG_SHOW_H

#include "common/cli.h"

struct log_place {
	const char *where;      /* "folder" or "repository": what is looked at */
	const char *folder;     /* NULL: that of this host */
	const char *head;       /* NULL: none */
	const char *registered; /* who in the repository knows its key; NULL: not looked at */
};
/* Checks and prints. *res: what was found. The exit code. */
int log_check_folder(struct cli *cli, const struct log_place *p, const hz_trust *trust, hz_log_result *res);
/* An hz_log_finding_fn; user is the struct log_look. */
struct log_look {
	struct cli *cli;
	const char *where;
};
void log_finding(void *user, const hz_log_finding *f);
/* The environment's state folder, or NULL. */
const char *log_state_dir(void);

/* --repo: the repository's copy by itself and against the log of this host. The exit code. */
int log_of_repo(struct cli *cli, const hz_trust *trust);

#endif
