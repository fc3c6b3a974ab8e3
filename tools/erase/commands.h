/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands of hozen-erase, one file each. */
#ifndef ERASE_COMMANDS_H
#define ERASE_COMMANDS_H

#include "common/cli.h"

extern const struct cli_command cmd_list, cmd_plan, cmd_run, cmd_resume, cmd_status;
extern const struct cli_command cmd_file, cmd_free_space, cmd_selftest;

#endif
