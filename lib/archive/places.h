/* SPDX-License-Identifier: BSD-2-Clause */
/* Where keys, state and cache of this host are (docs/man: files). */
#ifndef ARCHIVE_PLACES_H
#define ARCHIVE_PLACES_H

#include "base/error.h"
#include "base/id.h"

/* <base>/<repository id>, base given or the default; *path is the caller's. */
int place_state(char **path, const char *given, const struct uid *repo, hz_error **err);
int place_cache(char **path, const char *given, const struct uid *repo, hz_error **err);
int place_key(char **path, const struct uid *repo, hz_error **err);

#endif
