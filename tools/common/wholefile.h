/* SPDX-License-Identifier: BSD-2-Clause */
/* A file of ours that others read at any moment: it appears whole, in the place of what was there, or not at all. */
#ifndef COMMON_WHOLEFILE_H
#define COMMON_WHOLEFILE_H

#include "common/cli.h"
#include <stdio.h>

/* What write puts into it is durable when this returns 0. Else the exit code, after saying what is wrong. */
int wholefile_put(struct cli *cli, const char *path, void (*write)(FILE *f, const void *user), const void *user);
/* Flushes the folder in which path has its name. */
int wholefile_sync_name(const char *path);

#endif
