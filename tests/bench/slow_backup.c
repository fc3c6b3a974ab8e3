/* SPDX-License-Identifier: BSD-2-Clause */
/* What makes hozen-backup into a program that knows slow:// (tests/support/slowstore.h): linked with its commands. */
#include "support/slowstore.h"
#include <stdio.h>

/* Before main, which is the tool's. */
__attribute__((constructor)) static void know_slow(void)
{
	if (slowstore_register() < 0)
		(void)fputs("slow:// is not to be had\n", stderr);
}
