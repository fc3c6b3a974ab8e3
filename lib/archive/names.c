/* SPDX-License-Identifier: BSD-2-Clause */
/* Making and parsing object names (docs/format/names.md). */
#include "archive/names.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct name with_uid(const char *prefix, const struct uid *u)
{
	struct name n;

	(void)snprintf(n.s, sizeof(n.s), "%s%s", prefix, uid_hex(u).s);
	return n;
}

static struct name numbered(const char *prefix, uint64_t num, unsigned attempt)
{
	struct name n;

	(void)snprintf(n.s, sizeof(n.s), "%s%010" PRIu64 ".%u", prefix, num, attempt);
	return n;
}

struct name name_admin(uint64_t n, unsigned attempt)
{
	return numbered("admin/", n, attempt);
}

struct name name_repo_copy(const struct uid *repo)
{
	return with_uid("admin/repo.", repo);
}

struct name name_mark(uint64_t n, unsigned attempt)
{
	return numbered("sessions/mark.", n, attempt);
}

struct name name_slot(const struct uid *u)
{
	return with_uid("keys/slot.", u);
}

struct name name_group(const struct uid *u)
{
	return with_uid("keys/group.", u);
}

struct name name_session(const struct uid *u)
{
	return with_uid("sessions/", u);
}

struct name name_pack(const struct uid *u)
{
	return with_uid("packs/", u);
}

struct name name_run(const struct uid *u)
{
	return with_uid("index/", u);
}

struct name name_audit(const struct uid *u)
{
	return with_uid("audit/", u);
}

struct name name_commit(const struct uid *session, unsigned attempt)
{
	struct name n;

	(void)snprintf(n.s, sizeof(n.s), "commits/%s.%u", uid_hex(session).s, attempt);
	return n;
}

struct name name_copy(const char *primary)
{
	struct name n;

	(void)snprintf(n.s, sizeof(n.s), "%s.copy", primary);
	return n;
}

bool name_is_copy(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcmp(name + len - 5, ".copy") == 0;
}

bool name_parse_uid(struct uid *u, const char *name, const char *prefix)
{
	size_t plen = strlen(prefix);

	return strncmp(name, prefix, plen) == 0 && strlen(name) == plen + UID_HEX_LEN &&
		hex_decode(u->b, UID_LEN, name + plen, UID_HEX_LEN);
}

/* Decimal without leading zeros, to the end. */
static bool parse_try(unsigned *attempt, const char *s)
{
	unsigned v = 0;

	if (*s == '\0' || (s[0] == '0' && s[1] != '\0'))
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || v > NAME_TRIES_MAX)
			return false;
		v = v * 10 + (unsigned)(*s - '0');
	}
	*attempt = v;
	return v < NAME_TRIES_MAX;
}

bool name_parse_commit(struct uid *session, unsigned *attempt, const char *name)
{
	static const char prefix[] = "commits/";
	size_t plen = sizeof(prefix) - 1;

	if (strncmp(name, prefix, plen) != 0 || strlen(name) < plen + UID_HEX_LEN + 2)
		return false;
	return name[plen + UID_HEX_LEN] == '.' && hex_decode(session->b, UID_LEN, name + plen, UID_HEX_LEN) &&
		parse_try(attempt, name + plen + UID_HEX_LEN + 1);
}

bool name_parse_numbered(uint64_t *n, unsigned *attempt, const char *name, const char *prefix)
{
	size_t plen = strlen(prefix);
	uint64_t v = 0;

	if (strncmp(name, prefix, plen) != 0 || strlen(name) < plen + 12 || name[plen + 10] != '.')
		return false;
	for (size_t i = 0; i < 10; i++) {
		char c = name[plen + i];

		if (c < '0' || c > '9')
			return false;
		v = v * 10 + (uint64_t)(c - '0');
	}
	*n = v;
	return parse_try(attempt, name + plen + 11);
}
