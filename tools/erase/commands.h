/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands of hozen-erase: one file each. */
#ifndef ERASE_COMMANDS_H
#define ERASE_COMMANDS_H

#include "common/cli.h"

extern const struct cli_command cmd_list;

#endif
