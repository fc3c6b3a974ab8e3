/* SPDX-License-Identifier: BSD-2-Clause */
/* --help and --version, printed from the tables. */
#ifndef COMMON_HELP_H
#define COMMON_HELP_H

#include "common/cli.h"

/* Both give the exit code. command NULL: the list of commands. */
int help_print(const struct cli *cli, const struct cli_command *command);
int help_version(struct cli *cli);

#endif
