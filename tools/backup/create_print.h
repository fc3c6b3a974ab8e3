/* SPDX-License-Identifier: BSD-2-Clause */
/* How the outcome of a backup is told. */
#ifndef BACKUP_CREATE_PRINT_H
#define BACKUP_CREATE_PRINT_H

#include "common/cli.h"

/* rc: what hz_backup returned; code: the exit code. With --json the summary is printed after a failure too. */
void create_print(struct cli *cli, const hz_backup_options *b, const hz_backup_result *res, int rc, int code);

#endif
