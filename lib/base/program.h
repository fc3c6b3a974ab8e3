/* SPDX-License-Identifier: BSD-2-Clause */
/* Which program runs here: for records that say what made them. */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include <stddef.h>

#define BUILD_ID_TEXT 65

struct program_part {
	char build_id[BUILD_ID_TEXT]; /* of the linker, hex; empty: it has none */
	char path[4096];              /* empty: not known */
};

/* The program, and the object that this code is in: libhozen, or the program itself where it is linked into it. */
void program_parts(struct program_part *program, struct program_part *library);
/* SHA-256 of "hozen" NUL and the text of /etc/machine-id is not made here: this gives the text, 32 digits, or "". */
void program_machine_id(char out[33]);

#endif
