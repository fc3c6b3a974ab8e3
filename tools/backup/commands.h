/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands of hozen-backup. Each file makes one library call, prints its result and maps it to an exit code. */
#ifndef BACKUP_COMMANDS_H
#define BACKUP_COMMANDS_H

#include "common/cli.h"

extern const struct cli_command cmd_init;
extern const struct cli_command cmd_create;
extern const struct cli_command cmd_snapshots;
extern const struct cli_command cmd_ls;
extern const struct cli_command cmd_cat;
extern const struct cli_command cmd_find;
extern const struct cli_command cmd_diff;
extern const struct cli_command cmd_stats;
extern const struct cli_command cmd_restore;
extern const struct cli_command cmd_export;
extern const struct cli_command cmd_check;
extern const struct cli_command cmd_key_list;
extern const struct cli_command cmd_key_export;
extern const struct cli_command cmd_benchmark_cpu;

#endif
