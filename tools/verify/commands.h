/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands of hozen-verify: one file each. */
#ifndef VERIFY_COMMANDS_H
#define VERIFY_COMMANDS_H

#include "common/cli.h"

extern const struct cli_command cmd_repo, cmd_drill, cmd_report, cmd_log, cmd_due, cmd_policy, cmd_bundle, cmd_media;
extern const struct cli_command cmd_selftest, cmd_validate;

#endif
