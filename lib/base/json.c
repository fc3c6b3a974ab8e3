/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one JSON writer; jansson is named nowhere else. Invariants: what is printed is valid UTF-8, and once an addition
 * was lost the outermost object never prints, so a reader gets all of a record or none. Handles of children belong to
 * the outermost object and hold a reference to their value, so that replacing a key leaves no dangling handle.
 */
#include "base/json.h"
#include "base/utf8.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/vfs.h"
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct hz_json {
	json_t *value;
	hz_json *root;
	hz_json *next; /* of the root: its children's handles */
	bool failed;   /* of the root */
};

static void lost(hz_json *j)
{
	j->root->failed = true;
}

/* Takes value; NULL: it could not be made. */
static void set(hz_json *j, const char *key, json_t *value)
{
	if (json_object_set_new(j->value, key, value) < 0)
		lost(j);
}

static void append(hz_json *j, json_t *value)
{
	if (json_array_append_new(j->value, value) < 0)
		lost(j);
}

/* Text as a value, with *b64 set when it had to be encoded. NULL: no memory. */
static json_t *text_of(const void *bytes, size_t len, bool *b64)
{
	AUTO_FREE char *encoded = NULL;

	*b64 = !utf8_is(bytes, len);
	if (!*b64)
		return json_stringn_nocheck(bytes, len);
	encoded = len < SIZE_MAX / 2 ? malloc(BASE64_LEN(len)) : NULL;
	if (!encoded)
		return NULL;
	base64_encode(encoded, bytes, len);
	return json_string_nocheck(encoded);
}

static hz_json *handle(hz_json *root, json_t *value)
{
	hz_json *h = value ? calloc(1, sizeof(*h)) : NULL;

	if (!h)
		return NULL;
	h->value = json_incref(value);
	h->root = root ? root : h;
	if (root) {
		h->next = root->next;
		root->next = h;
	}
	return h;
}

hz_json *json_new_plain(void)
{
	json_t *value = json_object();
	hz_json *j = handle(NULL, value);

	json_decref(value);
	return j;
}

hz_json *hz_json_new(const char *type)
{
	hz_json *j = json_new_plain();
	AUTO_FREE char *schema = NULL;

	if (!j)
		return NULL;
	hz_json_str(j, "type", type);
	if (asprintf(&schema, "%s-v1", type) < 0)
		schema = NULL;
	hz_json_str(j, "schema", schema);
	if (!schema)
		lost(j);
	return j;
}

void hz_json_free(hz_json *j)
{
	int saved = errno;

	for (hz_json *next; j; j = next) {
		next = j->next;
		json_decref(j->value);
		free(j);
	}
	errno = saved;
}

void hz_json_str(hz_json *j, const char *key, const char *text)
{
	if (text)
		hz_json_path(j, key, text, strlen(text));
	else
		hz_json_null(j, key);
}

void hz_json_path(hz_json *j, const char *key, const void *bytes, size_t len)
{
	AUTO_FREE char *other = NULL;
	json_t *value;
	bool b64;

	if (!j)
		return;
	value = text_of(bytes, len, &b64);
	/* One of the two keys at most, whatever was there before. */
	if (asprintf(&other, "%s_b64", key) < 0) {
		other = NULL;
		json_decref(value);
		lost(j);
		return;
	}
	(void)json_object_del(j->value, b64 ? key : other);
	set(j, b64 ? other : key, value);
}

/* NULL: memory is out. */
static char *as_utf8(const char *text, size_t max, size_t *n)
{
	size_t len = strlen(text), at = 0;
	char *out = malloc(len * 3 + 1);

	*n = 0;
	while (out && at < len && *n < max) {
		size_t good = utf8_letter(text + at, len - at);

		memcpy(out + *n, good ? text + at : "\xef\xbf\xbd", good ? good : 3);
		*n += good ? good : 3;
		at += good ? good : 1;
	}
	return out;
}

void json_put_text(hz_json *j, const char *key, const char *text, size_t max)
{
	size_t n = 0;
	AUTO_FREE char *out = text ? as_utf8(text, max, &n) : NULL;

	if (!text)
		hz_json_null(j, key);
	else if (out)
		hz_json_path(j, key, out, n);
	else if (j)
		lost(j);
}

void json_add_text(hz_json *list, const char *text, size_t max)
{
	size_t n = 0;
	AUTO_FREE char *out = as_utf8(text, max, &n);

	if (out)
		hz_json_add_path(list, out, n);
	else if (list)
		lost(list);
}

static json_t *number(uint64_t value)
{
	char text[24];

	if (value <= INT64_MAX)
		return json_integer((json_int_t)value);
	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	return json_string_nocheck(text);
}

void hz_json_u64(hz_json *j, const char *key, uint64_t value)
{
	if (j)
		set(j, key, number(value));
}

void hz_json_i64(hz_json *j, const char *key, int64_t value)
{
	if (j)
		set(j, key, json_integer((json_int_t)value));
}

void hz_json_real(hz_json *j, const char *key, double value)
{
	if (j)
		set(j, key, isfinite(value) ? json_real(value) : json_null());
}

void hz_json_bool(hz_json *j, const char *key, int value)
{
	if (j)
		set(j, key, json_boolean(value));
}

void hz_json_null(hz_json *j, const char *key)
{
	if (j)
		set(j, key, json_null());
}

void hz_json_time(hz_json *j, const char *key, int64_t sec, uint32_t nsec)
{
	char text[CLOCK_TEXT_LEN];

	hz_json_str(j, key, clock_rfc3339(text, sec, nsec));
}

/* Puts value under key, or at the end when key is NULL, and returns its handle. Takes value. */
static hz_json *child(hz_json *j, const char *key, json_t *value)
{
	hz_json *h = handle(j->root, value);

	if (!h) {
		json_decref(value);
		lost(j);
		return NULL;
	}
	if (key)
		set(j, key, value);
	else
		append(j, value);
	return h;
}

hz_json *hz_json_object(hz_json *j, const char *key)
{
	return j ? child(j, key, json_object()) : NULL;
}

hz_json *hz_json_array(hz_json *j, const char *key)
{
	return j ? child(j, key, json_array()) : NULL;
}

void hz_json_add_str(hz_json *array, const char *text)
{
	if (text)
		hz_json_add_path(array, text, strlen(text));
	else if (array)
		append(array, json_null());
}

void hz_json_add_u64(hz_json *array, uint64_t value)
{
	if (array)
		append(array, number(value));
}

void hz_json_add_path(hz_json *array, const void *bytes, size_t len)
{
	json_t *value;
	bool b64;

	if (!array)
		return;
	value = text_of(bytes, len, &b64);
	append(array, b64 ? json_pack("{s:o}", "b64", value) : value);
}

hz_json *hz_json_add_object(hz_json *array)
{
	return array ? child(array, NULL, json_object()) : NULL;
}

hz_json *hz_json_add_array(hz_json *array)
{
	return array ? child(array, NULL, json_array()) : NULL;
}

hz_json *json_duplicate(const hz_json *j)
{
	json_t *value = j && !j->root->failed ? json_deep_copy(j->value) : NULL;
	hz_json *h = handle(NULL, value);

	json_decref(value);
	return h;
}

void json_put_copy(hz_json *j, const char *key, const hz_json *from)
{
	if (!j)
		return;
	set(j, key, from ? json_deep_copy(from->value) : json_null());
	if (from && from->root->failed)
		lost(j);
}

void json_add_copies(hz_json *list, const hz_json *from)
{
	/* The lists may be the same. */
	size_t n = from ? json_array_size(from->value) : 0;

	if (!list || !from)
		return;
	for (size_t i = 0; i < n; i++)
		append(list, json_deep_copy(json_array_get(from->value, i)));
	if (from->root->failed)
		lost(list);
}

int json_pretty(const hz_json *j, char **text)
{
	char *s = j && !j->root->failed ? json_dumps(j->value, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) : NULL;
	size_t len = s ? strlen(s) : 0;
	char *grown = s ? realloc(s, len + 2) : NULL;

	if (!grown) {
		free(s);
		return HZ_E_NOMEM;
	}
	memcpy(grown + len, "\n", 2);
	*text = grown;
	return 0;
}

static char *dump(const hz_json *j, size_t *len)
{
	char *text = j && !j->root->failed ? json_dumps(j->value, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;

	if (text)
		*len = strlen(text);
	return text;
}

int hz_json_text(const hz_json *j, char **text)
{
	size_t len;
	char *s = dump(j, &len);

	if (!s)
		return HZ_E_NOMEM;
	*text = s;
	return 0;
}

int hz_json_print(const hz_json *j, int fd)
{
	size_t len;
	AUTO_FREE char *text = dump(j, &len);

	if (!text)
		return HZ_E_NOMEM;
	/* In one write where the system takes it, so that lines of several processes do not mix. */
	text[len] = '\n';
	return vfs_write_all(fd, text, len + 1) < 0 ? HZ_E_IO : 0;
}
