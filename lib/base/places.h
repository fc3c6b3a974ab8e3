/* SPDX-License-Identifier: BSD-2-Clause */
/* Where keys, state and cache of this host are (docs/man: files). */
#ifndef BASE_PLACES_H
#define BASE_PLACES_H

#include "base/error.h"
#include "base/id.h"

/* Where the state of all repositories is: given, or the default; *path is the caller's. */
int place_state_base(char **path, const char *given, hz_error **err);
/* <base>/<repository id>, base given or the default; *path is the caller's. */
int place_state(char **path, const char *given, const struct uid *repo, hz_error **err);
int place_cache(char **path, const char *given, const struct uid *repo, hz_error **err);
int place_key(char **path, const struct uid *repo, hz_error **err);

#endif
