/* SPDX-License-Identifier: BSD-2-Clause */
/* What file and free-space share. */
#ifndef ERASE_SHRED_H
#define ERASE_SHRED_H

#include "common/cli.h"

/* CLI_EXIT_DONE: --yes was given, or somebody at the terminal typed yes after reading the text. */
int shred_confirm(struct cli *cli, const char *text);
/* Where its reports go. */
void shred_hear(struct cli *cli, hz_shred_options *o);
/* What came of it, in words (sentence: of what was done) and as the exit code; frees summary. */
int shred_told(struct cli *cli, int rc, hz_error **err, const hz_shred_result *r, hz_json *summary);

#endif
