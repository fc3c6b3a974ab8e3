/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of create, and what they become. */
#ifndef BACKUP_CREATE_OPTIONS_H
#define BACKUP_CREATE_OPTIONS_H

#include "common/cli.h"

struct create_lists {
	struct strings paths, tags, excludes, marks;
};
#define CREATE_LISTS_INIT                                              \
	{                                                              \
		STRINGS_INIT, STRINGS_INIT, STRINGS_INIT, STRINGS_INIT \
	}
void create_lists_release(struct create_lists *l);

extern const struct cli_option create_option_table[];

/* Fills b, which borrows from l. 0, or the exit code after saying why. */
int create_options(struct cli *cli, struct create_lists *l, hz_backup_options *b);

#endif
