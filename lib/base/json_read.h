/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading JSON strictly: UTF-8, no duplicate keys, nothing behind the value, bounded depth. All accessors take NULL,
 * and a value of another type, and say so by NULL or false. Values are borrowed from the root. */
#ifndef BASE_JSON_READ_H
#define BASE_JSON_READ_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 16

struct json_value;

/* The caller frees *root. HZ_E_CORRUPT: no such text, with the place; HZ_E_NOMEM. */
int json_read(struct json_value **root, const void *text, size_t len, hz_error **err);
void json_read_free(struct json_value *root);
DEFINE_AUTO(struct json_value, json_read_free)

const struct json_value *json_get(const struct json_value *object, const char *key);
const char *json_text(const struct json_value *v);
bool json_whole(const struct json_value *v, int64_t *out);
/* Whole or not. */
bool json_number(const struct json_value *v, double *out);
bool json_truth(const struct json_value *v, bool *out);
bool json_is_nothing(const struct json_value *v);
bool json_is_map(const struct json_value *v);
bool json_is_list(const struct json_value *v);
size_t json_list_len(const struct json_value *list);
const struct json_value *json_list_at(const struct json_value *list, size_t i);
/* Each member of an object, in the order of the text. */
typedef void (*json_each_fn)(void *user, const char *key, const struct json_value *v);
void json_each(const struct json_value *map, json_each_fn fn, void *user);

#endif
