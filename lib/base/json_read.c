/* SPDX-License-Identifier: BSD-2-Clause */
/* See json_read.h. A struct json_value is jansson's own, under a name that tells nothing. */
#include "base/json_read.h"
#include <jansson.h>
#include <string.h>

static const json_t *of(const struct json_value *v)
{
	return (const json_t *)v;
}

static const struct json_value *to(const json_t *v)
{
	return (const struct json_value *)v;
}

/* jansson has a bound of its own, so this recursion ends. */
static bool is_deeper(const json_t *v, unsigned left)
{
	const char *key;
	json_t *child;
	size_t i;

	if (!json_is_map(to(v)) && !json_is_list(to(v)))
		return false;
	if (left == 0)
		return true;
	json_object_foreach((json_t *)(uintptr_t)v, key, child)
	{
		if (is_deeper(child, left - 1))
			return true;
	}
	json_array_foreach(v, i, child)
	{
		if (is_deeper(child, left - 1))
			return true;
	}
	return false;
}

int json_read(struct json_value **root, const void *text, size_t len, hz_error **err)
{
	json_error_t why;
	json_t *v = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);

	if (!v && json_error_code(&why) == json_error_out_of_memory)
		return err_nomem(err);
	if (!v)
		return err_set(err, HZ_E_CORRUPT, "no JSON: line %d: %s", why.line, why.text);
	if (is_deeper(v, JSON_DEPTH_MAX)) {
		json_decref(v);
		return err_set(err, HZ_E_CORRUPT, "no JSON of ours: deeper than %d", JSON_DEPTH_MAX);
	}
	*root = (struct json_value *)v;
	return 0;
}

void json_read_free(struct json_value *root)
{
	json_decref((json_t *)root);
}

const struct json_value *json_get(const struct json_value *object, const char *key)
{
	return to(json_object_get(of(object), key));
}

const char *json_text(const struct json_value *v)
{
	const char *text = json_string_value(of(v));

	/* A NUL in the middle would end the text for whoever reads on. */
	return text && strlen(text) == json_string_length(of(v)) ? text : NULL;
}

bool json_whole(const struct json_value *v, int64_t *out)
{
	if (!v || json_typeof(of(v)) != JSON_INTEGER)
		return false;
	*out = json_integer_value(of(v));
	return true;
}

bool json_number(const struct json_value *v, double *out)
{
	if (!v || !json_is_number(of(v)))
		return false;
	*out = json_number_value(of(v));
	return true;
}

bool json_truth(const struct json_value *v, bool *out)
{
	if (!v || (json_typeof(of(v)) != JSON_TRUE && json_typeof(of(v)) != JSON_FALSE))
		return false;
	*out = json_typeof(of(v)) == JSON_TRUE;
	return true;
}

bool json_is_nothing(const struct json_value *v)
{
	return v && json_typeof(of(v)) == JSON_NULL;
}

bool json_is_map(const struct json_value *v)
{
	return v && json_typeof(of(v)) == JSON_OBJECT;
}

bool json_is_list(const struct json_value *v)
{
	return v && json_typeof(of(v)) == JSON_ARRAY;
}

size_t json_list_len(const struct json_value *list)
{
	return json_array_size(of(list));
}

const struct json_value *json_list_at(const struct json_value *list, size_t i)
{
	return to(json_array_get(of(list), i));
}

void json_each(const struct json_value *map, json_each_fn fn, void *user)
{
	const char *key;
	json_t *v;

	if (!map || !json_is_object(of(map)))
		return;
	/* The macro wants a pointer that is not const; nothing is changed. */
	json_object_foreach((json_t *)(uintptr_t)of(map), key, v) fn(user, key, (const struct json_value *)v);
}
