/* SPDX-License-Identifier: BSD-2-Clause */
/* Building JSON: hozen/json.h, and what only the library needs of it. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "hozen/json.h"
#include "base/auto.h"

DEFINE_AUTO(hz_json, hz_json_free)

/* An object without type and schema: for formats of others. NULL when memory is out. */
hz_json *json_new_plain(void);
/* Text whose bytes that are no UTF-8 become U+FFFD, and that is cut to about max bytes: for a field that must be text.
 * NULL becomes null. */
void json_put_text(hz_json *j, const char *key, const char *text, size_t max);
/* The same, appended to a list. */
void json_add_text(hz_json *list, const char *text, size_t max);
/* A deep copy. NULL: memory is out, or was when j was made; or j is NULL. */
hz_json *json_duplicate(const hz_json *j);
/* A deep copy of from under key; null when from is NULL. */
void json_put_copy(hz_json *j, const char *key, const hz_json *from);
/* Appends deep copies of what is in the list from, which may be NULL. */
void json_add_copies(hz_json *list, const hz_json *from);
/* Two spaces a level, and a line feed at the end: for files that people open. 0 or HZ_E_NOMEM; *text is the caller's.
 */
int json_pretty(const hz_json *j, char **text);

#endif
