/* SPDX-License-Identifier: BSD-2-Clause */
/* What the backends share. */
#ifndef STORE_STORE_BACKEND_H
#define STORE_STORE_BACKEND_H

#include "store/store.h"

/* The place of folder in store_folders, or -1. */
int store_folder_index(const char *folder);
/* Is it a name of 1..120 allowed characters, as may stand in a folder? */
bool store_leaf_is_valid(const char *leaf);

/* A folder of the local file system; see store_open. */
int store_local_open(struct store **ret, const char *location, enum store_mode mode, hz_error **err);

#endif
