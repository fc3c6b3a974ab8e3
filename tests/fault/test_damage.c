/* SPDX-License-Identifier: BSD-2-Clause */
/* test-timeout: 300 */
/*
 * Every object of a small repository, damaged in every way: check --read-data names it, and a restore gives the right
 * bytes or says which paths it cannot; never wrong ones, never a crash, a leak or a hang.
 *
 *	test_fault_damage                    a seeded part
 *	test_fault_damage full [TYPE ...]    each byte flipped and each length cut, of the newest object of each type
 *	                                     (default: all), and everything else; ROUNDS=n: with n patterns of bits;
 *STRIDE=n: each nth or so instead
 *
 * Types: repo admin slot group session mark pack run commit keyfile, and those of copies, as in admin.copy.
 */
#include "damaged.h"
#include <signal.h>
#include <sys/resource.h>

enum op { FLIP, CUT, APPEND, GONE, BOTH_GONE, WIPED, SWAPPED, RENAMED, OLDER, OPS };
static const char *const op_names[OPS] = { "flipped", "cut", "appended", "removed", "both removed", "wiped", "swapped",
	"renamed", "older" };
static const char *const types[] = { "repo", "repo.copy", "admin", "admin.copy", "slot", "slot.copy", "group",
	"group.copy", "session", "session.copy", "mark", "mark.copy", "pack", "run", "commit", "keyfile", "store" };

static struct tally {
	uint64_t cases, named, mendable, whole, partly, none, paths;
} tallies[ARRAY_LEN(types)][OPS];

static bool full;
static unsigned rounds = 1;
static uint64_t stride = 1;
static char **only;
static char now[512];
static uint64_t restored; /* counts */

static unsigned type_of(const char *name)
{
	static const struct {
		const char *prefix, *type;
	} all[] = { { "repo", "repo" }, { "admin/repo.", "repo.copy" }, { "admin/", "admin" }, { "keys/slot.", "slot" },
		{ "keys/group.", "group" }, { "sessions/mark.", "mark" }, { "sessions/", "session" },
		{ "packs/", "pack" }, { "index/", "run" }, { "commits/", "commit" }, { "keyfile", "keyfile" },
		{ "store", "store" } };
	char type[32] = "";

	for (size_t i = 0; !*type && i < ARRAY_LEN(all); i++) {
		if (strncmp(name, all[i].prefix, strlen(all[i].prefix)) == 0)
			(void)snprintf(type, sizeof(type), "%s%s", all[i].type, name_is_copy(name) ? ".copy" : "");
	}
	for (unsigned i = 0; i < ARRAY_LEN(types); i++) {
		if (strcmp(types[i], type) == 0)
			return i;
	}
	fail_msg("%s: of no type", name);
	return 0;
}

static bool is_wanted(const struct stored *o)
{
	const char *type = types[type_of(o->name)];

	for (char **t = only; t && *t; t++) {
		if (strcmp(*t, type) == 0)
			return true;
	}
	return !only || !*only;
}

/* Nothing in the store tells that the newest commit is gone: hosts and key files remember it. A dead session stays. Nor
 * that a mark is, which nothing names before a final list does. */
static bool can_be_seen(const struct stored *o, enum op op)
{
	bool newest_commit = strncmp(o->name, "commits/", 8) == 0 && o->stage == STAGES - 1;

	if (strncmp(o->name, "sessions/mark.", 14) == 0 && op == BOTH_GONE)
		return false;
	return !(newest_commit && (op == GONE || op == RENAMED || op == OLDER));
}

/* A log's entry that is missing is told by its number, a commit by its hash: the try, or the session, is not known. */
static void set_alias(struct verdict *v, const struct stored *o)
{
	uint64_t n;
	unsigned attempt;

	if (name_parse_numbered(&n, &attempt, o->name, "admin/"))
		(void)snprintf(v->alias, sizeof(v->alias), n ? "entry %llu " : "first entry", (unsigned long long)n);
	else if (strncmp(o->name, "commits/", 8) == 0)
		(void)snprintf(v->alias, sizeof(v->alias), "commit %.16s", d.id[o->stage - 1]);
}

static char false_name[160];

/* The damage is done: looks, counts. */
static void judge(const struct stored *o, enum op op)
{
	bool in_store = strcmp(o->name, "keyfile") != 0;
	struct verdict v = { .name = in_store ? o->name : o->path };
	struct tally *t = &tallies[type_of(o->name)][op];

	set_alias(&v, o);
	(void)alarm(120);
	check_and_restore(&v, now);
	/* What stands under a false name is told by that. */
	if (op == RENAMED)
		v.named = v.named || strstr(v.text, false_name);
	if (!v.named && can_be_seen(o, op))
		fail_msg("%s: check does not name it:\n%s", now, v.text);
	if (v.mendable > v.damaged)
		fail_msg("%s: more is mendable than damaged", now);
	if (v.refused || v.lost || restored % 4 == 0)
		restore_one(&v, 0, now);
	if (restored % 16 == 0)
		restore_one(&v, SNAPSHOTS - 1, now);
	if (v.lost && v.damaged && v.damaged == v.mendable)
		fail_msg("%s: said to be mendable, and is not restored", now);
	restored++;
	t->cases++;
	t->named += v.named;
	t->mendable += v.damaged && v.damaged == v.mendable;
	t->whole += !v.lost;
	t->none += v.lost == SNAPSHOTS * ARRAY_LEN(wanted);
	t->partly += v.lost && v.lost < SNAPSHOTS * ARRAY_LEN(wanted);
	t->paths += v.lost;
	(void)alarm(0);
}

static void put(const struct stored *o, const void *data, size_t len)
{
	AUTO_FD int fd = open(o->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
}

static void heal(const struct stored *o)
{
	put(o, o->data, o->len);
}

static void set_now(const struct stored *o, enum op op, uint64_t a, uint64_t b)
{
	(void)snprintf(now, sizeof(now), "%s %s %llu %llu", o->name, op_names[op], (unsigned long long)a,
		(unsigned long long)b);
}

/* ---- one object ---- */

static void flip(const struct stored *o, size_t at, uint8_t mask)
{
	AUTO_FD int fd = open(o->path, O_WRONLY | O_CLOEXEC);
	uint8_t byte = o->data[at] ^ mask;

	set_now(o, FLIP, at, mask);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
	judge(o, FLIP);
	assert_int_equal(pwrite(fd, &o->data[at], 1, (off_t)at), 1);
}

static void flip_bytes(const struct stored *o)
{
	struct hzt_random r = { 0xF11B + o->len };

	for (unsigned i = 0; i < rounds; i++) {
		for (size_t at = hzt_random_below(&r, stride); at < o->len;
			at += 1 + hzt_random_below(&r, 2 * stride - 1))
			flip(o, at,
				(uint8_t)(hzt_random_below(&r, 2) ? 1u << hzt_random_below(&r, 8)
								  : 1 + hzt_random_below(&r, 255)));
	}
}

static void cut_one(const struct stored *o, size_t len)
{
	set_now(o, CUT, len, 0);
	assert_int_equal(truncate(o->path, (off_t)len), 0);
	judge(o, CUT);
	heal(o);
}

static void cut_lengths(const struct stored *o)
{
	struct hzt_random r = { 0xC07 + o->len };

	for (size_t len = 1 + hzt_random_below(&r, stride); len < o->len;
		len += 1 + hzt_random_below(&r, 2 * stride - 1))
		cut_one(o, len);
	cut_one(o, 0);
	cut_one(o, o->len - 1);
	for (size_t len = 4096; len < o->len; len += full ? 4096 : 9 * 4096)
		cut_one(o, len);
}

static void append_some(const struct stored *o)
{
	static const size_t lens[] = { 1, 8, 4095, 4096, 3 * 4096, 1 << 20 };
	struct hzt_random r = { 0xADD };

	for (size_t i = 0; i < ARRAY_LEN(lens) * 2; i++) {
		size_t more = lens[i / 2];
		AUTO_FREE uint8_t *data = calloc(1, o->len + more);

		assert_non_null(data);
		memcpy(data, o->data, o->len);
		if (i % 2)
			hzt_random_fill(&r, data + o->len, more);
		set_now(o, APPEND, more, i % 2);
		put(o, data, o->len + more);
		judge(o, APPEND);
		if (!full)
			i += 4;
	}
	heal(o);
}

static const struct stored *twin_of(const struct stored *o)
{
	struct name copy = name_copy(o->name);

	for (size_t i = 0; i < d.n; i++) {
		if (strcmp(d.v[i].name, copy.s) == 0 ||
			(strcmp(o->name, "repo") == 0 && strncmp(d.v[i].name, "admin/repo.", 11) == 0))
			return &d.v[i];
	}
	return NULL;
}

static void remove_it(const struct stored *o)
{
	const struct stored *twin = twin_of(o);

	set_now(o, GONE, 0, 0);
	assert_int_equal(unlink(o->path), 0);
	judge(o, GONE);
	if (twin) {
		set_now(o, BOTH_GONE, 0, 0);
		assert_int_equal(unlink(twin->path), 0);
		judge(o, BOTH_GONE);
		set_now(o, BOTH_GONE, 1, 0);
		put(o, "", 0);
		put(twin, "", 0);
		judge(o, BOTH_GONE);
		heal(twin);
	}
	heal(o);
}

/* All its bytes, or three blocks in a row of one stripe and more, are others. */
static void wipe_it(const struct stored *o)
{
	AUTO_FREE uint8_t *data = calloc(1, o->len);
	struct hzt_random r = { 0x31BE };

	assert_non_null(data);
	for (unsigned i = 0; i < 2; i++) {
		set_now(o, WIPED, i, 0);
		put(o, data, o->len);
		judge(o, WIPED);
		hzt_random_fill(&r, data, o->len);
	}
	for (size_t first = 0; first + 3 * 4096 <= o->len; first += full ? 4096 : 16 * 4096) {
		memcpy(data, o->data, o->len);
		for (size_t i = 0; i < 3; i++)
			data[first + i * 4096 + hzt_random_below(&r, 4096)] ^= 0x10;
		set_now(o, WIPED, 2, first);
		put(o, data, o->len);
		judge(o, WIPED);
	}
	heal(o);
}

/* Every other of the type under its name; and both exchanged. */
static void swap_it(const struct stored *o)
{
	for (size_t i = 0; i < d.n; i++) {
		const struct stored *other = &d.v[i];

		if (other == o || type_of(other->name) != type_of(o->name))
			continue;
		set_now(o, SWAPPED, i, 0);
		put(o, other->data, other->len);
		judge(o, SWAPPED);
		set_now(o, SWAPPED, i, 1);
		put(other, o->data, o->len);
		judge(o, SWAPPED);
		heal(other);
		if (!full)
			break;
	}
	heal(o);
}

/* The last digit of its name that can be another is another. */
static bool other_name(char *path, const char *name)
{
	size_t from = strlen(path) - strlen(name);

	for (size_t i = strlen(path) - (name_is_copy(name) ? 5 : 0); i > from; i--) {
		bool uid = !strstr(name, "mark.") && strncmp(name, "admin/0", 7) != 0 &&
			strchr("0123456789abcdef", path[i - 1]);

		if (uid || (path[i - 1] >= '0' && path[i - 1] <= '9')) {
			path[i - 1] = path[i - 1] == '7' ? '8' : '7';
			return true;
		}
	}
	return false;
}

static void rename_it(const struct stored *o)
{
	AUTO_FREE char *path = strdup(o->path);

	if (!strchr(o->name, '/') || !other_name(path, o->name))
		return;
	set_now(o, RENAMED, 0, 0);
	assert_int_equal(rename(o->path, path), 0);
	(void)snprintf(false_name, sizeof(false_name), "%s", path + strlen(path) - strlen(o->name));
	judge(o, RENAMED);
	assert_int_equal(unlink(path), 0);
	heal(o);
}

static void every_object_is_damaged_in_every_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < d.n; i++) {
		if (!is_wanted(&d.v[i]))
			continue;
		if (full || i % 3 == 0)
			append_some(&d.v[i]);
		remove_it(&d.v[i]);
		wipe_it(&d.v[i]);
		swap_it(&d.v[i]);
		rename_it(&d.v[i]);
	}
}

/* The newest of each type; in a full run that takes most of the time. */
static void bytes_are_flipped_and_lengths_cut(void **state)
{
	bool done[ARRAY_LEN(types)] = { false };

	(void)state;
	for (size_t i = d.n; i-- > 0;) {
		if (!is_wanted(&d.v[i]) || done[type_of(d.v[i].name)])
			continue;
		done[type_of(d.v[i].name)] = true;
		flip_bytes(&d.v[i]);
		cut_lengths(&d.v[i]);
	}
}

/* ---- the store as it was ---- */

static void roll_back(unsigned stage, const char *prefix)
{
	struct stored whole = { .name = "store" };
	bool commits = strncmp("commits/", prefix, strlen(prefix)) == 0;

	for (size_t i = 0; i < d.n; i++) {
		if (d.v[i].stage > stage && strncmp(d.v[i].name, prefix, strlen(prefix)) == 0)
			assert_int_equal(unlink(d.v[i].path), 0);
	}
	(void)snprintf(now, sizeof(now), "%s as in stage %u", *prefix ? prefix : "everything", stage);
	struct verdict v = { .name = whole.name };

	check_and_restore(&v, now);
	v.named = v.damaged > 0 || v.refused;
	if (!v.named && !commits)
		fail_msg("%s: nothing is seen:\n%s", now, v.text);
	restore_one(&v, 0, now);
	struct tally *t = &tallies[type_of(whole.name)][OLDER];

	t->cases++;
	t->named += v.named;
	t->mendable += v.damaged && v.damaged == v.mendable;
	t->whole += !v.lost;
	t->none += v.lost == SNAPSHOTS * ARRAY_LEN(wanted);
	t->partly += v.lost && v.lost < SNAPSHOTS * ARRAY_LEN(wanted);
	t->paths += v.lost;
	for (size_t i = 0; i < d.n; i++)
		heal(&d.v[i]);
}

static void older_states_are_seen_or_give_what_they_have(void **state)
{
	static const char *const prefixes[] = { "", "admin/", "keys/", "sessions/", "packs/", "index/", "commits/" };

	(void)state;
	for (unsigned stage = 0; stage + 1 < STAGES; stage++) {
		for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
			/* There are no groups or roots but the first. */
			roll_back(stage, prefixes[i]);
		}
	}
}

/* ---- all of it ---- */

static void print_tallies(void)
{
	struct rusage u;
	uint64_t n = 0;

	print_message("%-13s %-13s %8s %8s %8s %8s %8s %8s %8s\n", "object", "damage", "cases", "named", "mendable",
		"whole", "partly", "nothing", "paths");
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		for (size_t op = 0; op < OPS; op++) {
			const struct tally *t = &tallies[i][op];

			n += t->cases;
			if (t->cases)
				print_message("%-13s %-13s %8llu %8llu %8llu %8llu %8llu %8llu %8llu\n", types[i],
					op_names[op], (unsigned long long)t->cases, (unsigned long long)t->named,
					(unsigned long long)t->mendable, (unsigned long long)t->whole,
					(unsigned long long)t->partly, (unsigned long long)t->none,
					(unsigned long long)t->paths);
		}
	}
	(void)getrusage(RUSAGE_SELF, &u);
	print_message("%llu cases, peak %ld MiB\n", (unsigned long long)n, u.ru_maxrss / 1024);
}

static void on_alarm(int sig)
{
	(void)sig;
	(void)!write(STDERR_FILENO, now, strlen(now));
	(void)!write(STDERR_FILENO, ": hangs\n", 8);
	_exit(1);
}

static uint64_t number_of(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);
	long long n = text ? atoll(text) : 0;

	return n > 0 ? (uint64_t)n : otherwise;
}

static int group_setup(void **state)
{
	(void)state;
	damaged_new();
	(void)signal(SIGALRM, on_alarm);
	stride = number_of("STRIDE", full ? 1 : 12007);
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	damaged_free();
	print_tallies();
	return 0;
}

/* Whatever a failed test left. */
static int heal_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < d.n; i++)
		heal(&d.v[i]);
	return 0;
}

static void what_is_whole_is_found_whole(void **state)
{
	struct verdict v = { .name = "repo" };

	(void)state;
	check_and_restore(&v, "whole");
	assert_false(v.named || v.damaged || v.refused);
	restore_one(&v, 0, "whole");
	assert_false(v.refused || v.lost);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_whole_is_found_whole, heal_all),
		cmocka_unit_test_setup(every_object_is_damaged_in_every_way, heal_all),
		cmocka_unit_test_setup(older_states_are_seen_or_give_what_they_have, heal_all),
		cmocka_unit_test_setup(bytes_are_flipped_and_lengths_cut, heal_all),
		cmocka_unit_test_setup(what_is_whole_is_found_whole, heal_all),
	};

	full = argc > 1 && strcmp(argv[1], "full") == 0;
	only = argc > 2 ? argv + 2 : NULL;
	rounds = (unsigned)number_of("ROUNDS", 1);
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
