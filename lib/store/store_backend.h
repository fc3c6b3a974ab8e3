/* SPDX-License-Identifier: BSD-2-Clause */
/* What the backends share. */
#ifndef STORE_STORE_BACKEND_H
#define STORE_STORE_BACKEND_H

#include "store/store.h"

/* The place of folder in store_folders, or -1. */
int store_folder_index(const char *folder);
/* Is it a name of 1..120 allowed characters, as may stand in a folder? */
bool store_leaf_is_valid(const char *leaf);

/* Opens what stands behind a scheme; location is whole, as store_open got it, and must be copied. */
typedef int (*store_open_fn)(struct store **ret, const char *location, enum store_mode mode, hz_error **err);
/* From now on store_open takes locations "scheme://..." to fn. scheme lives as long as the process. HZ_E_EXISTS when it
 * has a backend already, HZ_E_NOMEM when the table is full. Before threads start. */
int store_register(const char *scheme, store_open_fn fn);

/* A folder of the local file system; see store_open. */
int store_local_open(struct store **ret, const char *location, enum store_mode mode, hz_error **err);

#endif
