/* SPDX-License-Identifier: BSD-2-Clause */
/* One entry of a snapshot, as ls and find show it. */
#ifndef BACKUP_NODE_H
#define BACKUP_NODE_H

#include <hozen.h>

struct node_type {
	const char *name; /* as restic's users know them */
	char letter;      /* of ls -l */
};
struct node_type node_type(const hz_entry_info *e);
int node_is_device(const hz_entry_info *e);
/* Adds what node-v1 says of an entry. */
void node_json(hz_json *line, const hz_entry_info *e);

#endif
