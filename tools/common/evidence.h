/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The record of a command, around its run: a command that changes or proves something names its kind (cli_command), and
 * everything else comes by itself: events, the failure that was told, the exit code, and the copy in the repository.
 * What only the command knows it adds through the functions here or hz_record_*, which take a record that was not
 * begun.
 */
#ifndef COMMON_EVIDENCE_H
#define COMMON_EVIDENCE_H

#include "common/cli.h"

/* For the globals of a tool. */
#define EVIDENCE_OPTIONS                                                                                             \
	{ "policy", 0, "FILE",                                                                                       \
		N_("the policy under which this is done: its id and SHA-256 stand in the record (HOZEN_POLICY)") },  \
		{ "operator", 0, "NAME", N_("who does this, for the record (HOZEN_OPERATOR); default: the login") }, \
	{                                                                                                            \
		"ticket", 0, "TEXT", N_("why, for the record: number of a ticket or change (HOZEN_TICKET)")          \
	}

/* For commands that promise to only read: evidence goes to the repository if somebody asks for it. */
#define EVIDENCE_PUBLISH                                                                                          \
	{                                                                                                         \
		"publish", 0, "[KEYFILE]",                                                                        \
			N_("put a sealed copy of new records into the repository, with this writer's key file;\n" \
			   "default: HOZEN_KEY_FILE, then that of the default place")                             \
	}

/* Does the policy ask for a second person? 1, 0, or HZ_E_* where it cannot be read: then nobody knows. */
int evidence_two_persons(const struct cli *cli, hz_error **err);
/* Before the command runs. A record that cannot be begun does not stop it: that is told, and counts at the end. */
void evidence_begin(struct cli *cli);
/* The same for a kind of record that the table does not name: a part of a command that has a record of its own. */
void evidence_begin_as(struct cli *cli, const char *kind, const char *controls);
/* When it has run: the exit code, worse where there is no record of it. */
int evidence_end(struct cli *cli, int code);
/* The summary of the command: for its record, and on stdout with --json. Frees line. */
void evidence_summary(struct cli *cli, hz_json *line);
/* Public key of this host's evidence, for those who register it; in info. NULL: there is no record. */
const char *evidence_key(const struct cli *cli, hz_record_info *info);
/* --policy, else HOZEN_POLICY; NULL: neither. */
const char *evidence_policy(const struct cli *cli);
/* HOZEN_EVIDENCE_DIR or NULL. */
const char *evidence_folder(void);

#endif
