/* SPDX-License-Identifier: BSD-2-Clause */
/* See person.h. A doubt is told as the same person: that asks for another one, and does no harm. */
#include "report/person.h"
#include <string.h>
#include <strings.h>

static const char *const name_keys[] = { "name", "login", "sudo_from" };

/* root is an account of many: whoever became it by sudo counts by his own name. */
static const char *name_of(const struct json_value *who, size_t i)
{
	const char *name = json_text(json_get(who, name_keys[i]));

	if (!name || !*name || (strcmp(name, "root") == 0 && json_text(json_get(who, "sudo_from"))))
		return NULL;
	return name;
}

static bool share_a_name(const struct json_value *a, const struct json_value *b)
{
	for (size_t i = 0; i < ARRAY_LEN(name_keys); i++) {
		for (size_t j = 0; j < ARRAY_LEN(name_keys); j++) {
			const char *x = name_of(a, i), *y = name_of(b, j);

			/* Two who named themselves differently may share the login of a service. */
			if (i == 1 && j == 1 && name_of(a, 0) && name_of(b, 0))
				continue;
			if (x && y && strcasecmp(x, y) == 0)
				return true;
		}
	}
	return false;
}

static bool says_nothing(const struct json_value *who)
{
	for (size_t i = 0; i < ARRAY_LEN(name_keys); i++)
		if (name_of(who, i))
			return false;
	return true;
}

static bool share_a_uid(const struct json_value *a, const struct json_value *a_host, const struct json_value *b,
	const struct json_value *b_host)
{
	const char *x = json_text(json_get(a_host, "machine")), *y = json_text(json_get(b_host, "machine"));
	int64_t n, m;

	if (!x || !y || strcmp(x, y) != 0 || json_text(json_get(a, "sudo_from")) || json_text(json_get(b, "sudo_from")))
		return false;
	return json_whole(json_get(a, "uid"), &n) && json_whole(json_get(b, "uid"), &m) && n == m;
}

bool person_is_same(const struct json_value *a, const struct json_value *a_host, const struct json_value *b,
	const struct json_value *b_host)
{
	return says_nothing(a) || says_nothing(b) || share_a_name(a, b) || share_a_uid(a, a_host, b, b_host);
}

bool person_is_one_of(const char *principals, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = principals; *p; p += *p == ',') {
		size_t n = strcspn(p, ",");

		if (n == len && strncasecmp(p, name, n) == 0)
			return true;
		p += n;
	}
	return false;
}
