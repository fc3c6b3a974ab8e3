/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of users and groups by number, asked for once each: the system's lookup may go over a network. Lists that only
 * grow at their heads, so threads read them without a lock; two threads that miss at once add the name twice, which
 * does no harm.
 */
#include "archive/entry_internal.h"
#include <errno.h>
#include <grp.h>
#include <pwd.h>

#define BUCKETS       256u
#define LOOKUP_MIN    1024u
#define LOOKUP_MAX    (16u << 20) /* a group of very many members */
#define LOOKUP_GROWTH 4u

struct owner {
	struct owner *next;
	uint32_t number;
	char name[];
};

struct owner_names {
	struct owner *users[BUCKETS], *groups[BUCKETS];
};

/* *name: in room, or empty when there is none; false to be called again with more room. */
typedef bool (*lookup_fn)(uint32_t number, char *room, size_t len, const char **name);

int owner_names_new(struct owner_names **ret, hz_error **err)
{
	struct owner_names *n = calloc(1, sizeof(*n));

	if (!n)
		return err_nomem(err);
	*ret = n;
	return 0;
}

static void buckets_free(struct owner **buckets)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct owner *o = buckets[i], *next; o; o = next) {
			next = o->next;
			free(o);
		}
	}
}

void owner_names_free(struct owner_names *n)
{
	if (!n)
		return;
	buckets_free(n->users);
	buckets_free(n->groups);
	free(n);
}

static bool lookup_user(uint32_t number, char *room, size_t len, const char **name)
{
	struct passwd entry, *found = NULL;

	if (getpwuid_r(number, &entry, room, len, &found) == ERANGE)
		return false;
	*name = found ? found->pw_name : "";
	return true;
}

static bool lookup_group(uint32_t number, char *room, size_t len, const char **name)
{
	struct group entry, *found = NULL;

	if (getgrgid_r(number, &entry, room, len, &found) == ERANGE)
		return false;
	*name = found ? found->gr_name : "";
	return true;
}

static struct owner *owner_new(uint32_t number, const char *name)
{
	size_t len = strlen(name);
	struct owner *o;

	if (len > ENTRY_OWNER_MAX)
		len = 0;
	o = malloc(sizeof(*o) + len + 1);
	if (!o)
		return NULL;
	o->next = NULL;
	o->number = number;
	memcpy(o->name, name, len);
	o->name[len] = 0;
	return o;
}

/* A failed lookup counts as no name: it is kept too, or each file would wait for the same failure. */
static struct owner *owner_lookup(uint32_t number, lookup_fn lookup)
{
	const char *name = "";

	for (size_t len = LOOKUP_MIN; len <= LOOKUP_MAX; len *= LOOKUP_GROWTH) {
		AUTO_FREE char *room = malloc(len);

		if (!room)
			return NULL;
		if (lookup(number, room, len, &name))
			return owner_new(number, name);
	}
	return owner_new(number, "");
}

static const char *owner_get(struct owner **bucket, uint32_t number, lookup_fn lookup)
{
	struct owner *head = __atomic_load_n(bucket, __ATOMIC_ACQUIRE), *o;

	for (o = head; o; o = o->next)
		if (o->number == number)
			return o->name;
	o = owner_lookup(number, lookup);
	if (!o)
		return "";
	do
		o->next = head;
	while (!__atomic_compare_exchange_n(bucket, &head, o, false, __ATOMIC_RELEASE, __ATOMIC_ACQUIRE));
	return o->name;
}

const char *owner_names_user(struct owner_names *n, uint32_t uid)
{
	return owner_get(&n->users[uid % BUCKETS], uid, lookup_user);
}

const char *owner_names_group(struct owner_names *n, uint32_t gid)
{
	return owner_get(&n->groups[gid % BUCKETS], gid, lookup_group);
}
