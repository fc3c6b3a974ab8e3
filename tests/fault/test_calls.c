/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every call that can fail fails once: each allocation, each file call (EIO, ENOSPC, half of what was asked for, a
 * signal in between, and a disk that is full from then on), in init, create, restore and check, until none fires. Then:
 * the error has a code that fits and an object; nothing leaks, memory or descriptors; nothing hangs; the repository is
 * sound, its snapshots restore exactly, and the next run goes on. A call that returned success did what it says.
 *
 * test_fault_calls [--all] [--seed N] [--only SCENARIO]: without --all a seeded part of them. Each case runs in a
 * process of its own, from a world of its own. test-timeout: 300
 */
#include "failing.h"
#include "scene.h"
#include "support/faultvfs.h"
#include "support/trees.h"
#include <dirent.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

#define QUICK    2u  /* cases of a scenario and way without --all */
#define HANGS    120 /* seconds */
#define REPORTED 20u

static struct scene_part opt;

enum way { ALLOCATION, IO_ERROR, NO_SPACE, FULL, SHORT, SIGNAL, WAYS };
static const char *const way_names[WAYS] = { "allocation", "EIO", "ENOSPC", "ENOSPC from then on", "short", "EINTR" };

/* What a scenario's call came to. */
struct outcome {
	int rc;
	hz_error *err;
	bool whole; /* it says that everything was done */
	bool missed_source;
	char id[HZ_ID_HEX];
};

struct scenario {
	const char *name;
	unsigned before; /* snapshots */
	bool writes;     /* needs a world of its own */
	void (*run)(struct scene *s, const char *world, struct outcome *o);
	/* After it, with all calls working again. */
	bool (*is_well)(struct scene *s, const char *world, const struct outcome *o, char why[400]);
};

/* What a child tells. */
static struct shared {
	unsigned long calls;
	bool fired;
	int rc;
	char why[600];
} * shared;

/* ---- create ---- */

static const struct scene_at *writer_at(const char *world)
{
	static struct scene_at at = { .key = "writer.0" };

	at.world = world;
	return &at;
}

static const struct scene_at *reader_at(const char *world)
{
	static struct scene_at at = { .key = "reader" };

	at.world = world;
	return &at;
}

static void run_create(struct scene *s, const char *world, struct outcome *o)
{
	hz_backup_result res = HZ_BACKUP_RESULT_INIT;

	o->rc = scene_create(s, writer_at(world), &res, &o->err);
	o->whole = o->rc == 0 && res.complete && !res.alarm;
	o->missed_source = res.source_errors > 0;
	memcpy(o->id, res.snapshot_id, HZ_ID_HEX);
}

/* A snapshot of a source that could not be read whole is there, and said to be incomplete. */
static bool create_is_well(struct scene *s, const char *world, const struct outcome *o, char why[400])
{
	unsigned must = (1u << s->n) - 1;
	bool incomplete = o->rc == 0 && !o->whole;

	if (o->rc == 0 && !*o->id) {
		(void)snprintf(why, 400, "success without a snapshot");
		return false;
	}
	/* Also after a failure, when the flush of its name failed. */
	s->may_be_new = true;
	if (!scene_is_sound(reader_at(world), why))
		return false;
	if (o->whole && !scene_is_source(s, reader_at(world), o->id, why))
		return false;
	if (!incomplete && !scene_snapshots_are_whole(s, reader_at(world), must, why))
		return false;
	return scene_goes_on(s, writer_at(world), why) && scene_is_sound(reader_at(world), why);
}

/* ---- init ---- */

static void run_init(struct scene *s, const char *world, struct outcome *o)
{
	hz_repo_options options = scene_options(writer_at(world));
	hz_init_options i = HZ_INIT_OPTIONS_INIT;
	hz_init_result res = HZ_INIT_RESULT_INIT;

	(void)s;
	i.suite = 1;
	o->rc = hz_init(&options, &i, NULL, &res, &o->err);
	o->whole = o->rc == 0;
	hz_free(res.key_file);
}

static int export_reader(const char *world, hz_error **err)
{
	hz_repo_options options = scene_options(writer_at(world));
	hz_key_export_options k = HZ_KEY_EXPORT_OPTIONS_INIT;

	k.role = HZ_ROLE_READER;
	k.out = scene_path(world, "keys/reader");
	return hz_key_export(&options, &k, NULL, err);
}

/* A failure leaves no repository that opens, and no key; then it can be done again. */
static bool init_is_well(struct scene *s, const char *world, const struct outcome *o, char why[400])
{
	struct outcome again = { .rc = 0 };

	if (o->rc < 0 && access(scene_path(world, "keys/writer.0"), F_OK) == 0) {
		(void)snprintf(why, 400, "it failed and left a key file");
		return false;
	}
	if (o->rc < 0)
		run_init(s, world, &again);
	if (again.rc == 0)
		again.rc = export_reader(world, &again.err);
	if (again.rc < 0) {
		(void)snprintf(why, 400, "init again, or key export: %.300s", hz_error_message(again.err));
		return false;
	}
	return scene_goes_on(s, writer_at(world), why) && scene_is_sound(reader_at(world), why);
}

/* ---- restore ---- */

static void run_restore(struct scene *s, const char *world, struct outcome *o)
{
	hz_restore_result res = HZ_RESTORE_RESULT_INIT;

	o->rc = scene_restore(reader_at(world), s->id[s->n - 1], scene_path(s->dir, "target"), &res, &o->err);
	o->whole = o->rc == 0 && !res.failed_damage && !res.failed_target && !res.meta_short && !res.left_existing;
}

/* Every file that has its own name has its own bytes. */
static bool names_are_right(const char *was, const char *is, char why[400])
{
	DIR *dir = opendir(is);
	bool right = true;

	for (struct dirent *e; right && dir && (e = readdir(dir));) {
		const char *p = scene_path(is, e->d_name), *q = scene_path(was, e->d_name);
		struct stat st;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || lstat(p, &st) < 0 ||
			strncmp(e->d_name, ".hozen-", 7) == 0)
			continue;
		if (S_ISDIR(st.st_mode)) {
			right = names_are_right(q, p, why);
		} else if (S_ISREG(st.st_mode)) {
			size_t n, m;
			uint8_t *a = hzt_get(p, &n), *b = hzt_get(q, &m);

			right = n == m && memcmp(a, b, n) == 0;
			if (!right)
				(void)snprintf(why, 400, "%.300s has other bytes", p);
			free(a);
			free(b);
		}
	}
	if (dir)
		(void)closedir(dir);
	return right;
}

static bool restore_is_well(struct scene *s, const char *world, const struct outcome *o, char why[400])
{
	char *target = hzt_path(s->dir, "target"), *was, name[16];
	const char *is = scene_path(target, s->source[0] + 1);
	bool well;

	(void)snprintf(name, sizeof(name), "was.%u", s->n - 1);
	was = hzt_path(s->dir, name);
	if (o->whole)
		well = !hzt_trees_differ(was, is, why, 400);
	else
		well = names_are_right(was, is, why);
	well = well && scene_is_exact(s, reader_at(world), s->n - 1, why);
	if (access(target, F_OK) == 0)
		hzt_tree_remove(target);
	free(target);
	free(was);
	return well;
}

/* ---- check ---- */

static hz_check_result checked; /* without faults */

static void run_check(struct scene *s, const char *world, struct outcome *o)
{
	hz_repo_options options = scene_options(reader_at(world));
	hz_check_result res = HZ_CHECK_RESULT_INIT;
	const hz_check_options read_data = { .size = sizeof(read_data), .flags = HZ_CHECK_READ_DATA };
	hz_reader *r = NULL;

	(void)s;
	o->rc = hz_reader_open(&r, &options, HZ_NEED_READ, NULL, &o->err);
	if (o->rc == 0)
		o->rc = hz_check(r, &read_data, NULL, &res, &o->err);
	hz_reader_close(r);
	o->whole = o->rc == 0 && !res.damaged && !res.snapshots_hurt;
	res.duration_ns = 0;
	if (!checked.size)
		checked = res;
	/* "All is well" of less than everything is none. */
	if (o->whole && memcmp(&res, &checked, sizeof(res)) != 0)
		(void)snprintf(o->id, sizeof(o->id), "less");
}

static bool check_is_well(struct scene *s, const char *world, const struct outcome *o, char why[400])
{
	(void)s;
	if (*o->id) {
		(void)snprintf(why, 400, "it found nothing, and did not look at everything");
		return false;
	}
	return scene_is_sound(reader_at(world), why);
}

static const struct scenario scenarios[] = {
	{ "init", 0, true, run_init, init_is_well },
	{ "first create", 0, true, run_create, create_is_well },
	{ "later create", 1, true, run_create, create_is_well },
	{ "restore", 1, false, run_restore, restore_is_well },
	{ "check", 1, false, run_check, check_is_well },
};

/* ---- one case ---- */

static size_t descriptors(void)
{
	return hzt_count_names("/proc/self/fd");
}

static void fault_begin(enum way way, unsigned nth)
{
	unsigned room = FAULT_WRITE | FAULT_OPEN | FAULT_MKDIR | FAULT_RENAME | FAULT_LINK | FAULT_TRUNCATE;

	switch (way) {
	case ALLOCATION:
		failing_alloc_start(nth);
		break;
	case SIGNAL:
		failing_calls_start(nth);
		break;
	case SHORT:
		fault_start(FAULT_READ | FAULT_WRITE, nth, FAULT_SHORT);
		break;
	case FULL:
		/* Not what only opens: a full disk can be read. */
		fault_start_forever(room & ~(unsigned)FAULT_OPEN, nth, ENOSPC);
		break;
	default:
		fault_start(FAULT_ALL, nth, way == IO_ERROR ? EIO : ENOSPC);
	}
}

static void fault_end(enum way way)
{
	if (way == ALLOCATION || way == SIGNAL) {
		shared->calls = failing_stop(&shared->fired);
		return;
	}
	shared->fired = fault_stop();
	shared->calls = fault_count();
}

/* Is this what a caller may be told? */
static bool code_fits(enum way way, const struct outcome *o, char why[400])
{
	bool fits = false, io = way == IO_ERROR || way == NO_SPACE || way == FULL;

	if (o->rc == 0)
		fits = !o->err && (o->whole || io);
	else if (way == ALLOCATION)
		fits = o->rc == HZ_E_NOMEM;
	else if (way == IO_ERROR)
		fits = o->rc == HZ_E_IO;
	else if (way == NO_SPACE || way == FULL)
		fits = o->rc == HZ_E_IO || o->rc == HZ_E_NOSPACE;
	/* The only source could not be reached. */
	fits |= io && o->rc == HZ_E_NOTFOUND && o->missed_source;
	if (o->rc < 0 && hz_error_code(o->err) != o->rc)
		fits = false;
	if (!fits)
		(void)snprintf(why, 400, "it returned %s (%s: %.300s)%s", hz_error_name(o->rc),
			hz_error_name(hz_error_code(o->err)), hz_error_message(o->err),
			o->rc == 0 && !o->whole ? ", not everything done" : "");
	return fits;
}

static bool one_case(const struct scenario *sc, struct scene *s, const char *world, enum way way, unsigned nth)
{
	struct outcome o = { .rc = 0 };
	size_t fds = descriptors();

	fault_begin(way, nth);
	sc->run(s, world, &o);
	fault_end(way);
	shared->rc = o.rc;
	if (!code_fits(way, &o, shared->why))
		return false;
	hz_error_free(o.err);
	o.err = NULL;
	if (descriptors() != fds) {
		(void)snprintf(
			shared->why, sizeof(shared->why), "%zu descriptors before, %zu after", fds, descriptors());
		return false;
	}
	if (!sc->is_well(s, world, &o, shared->why))
		return false;
#if defined(__SANITIZE_ADDRESS__)
	if (__lsan_do_recoverable_leak_check()) {
		(void)snprintf(shared->why, sizeof(shared->why), "memory leaks");
		return false;
	}
#endif
	return true;
}

/* In a process of its own: 0 well, 1 not, or what killed it. */
static int in_child(const struct scenario *sc, struct scene *s, enum way way, unsigned nth)
{
	int status = 0;
	pid_t pid;

	*shared = (struct shared){ .fired = true };
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char *world = sc->writes ? hzt_path(s->dir, "at") : s->world;
		bool well;

		(void)alarm(HANGS);
		if (sc->writes)
			hzt_tree_copy(s->world, world);
		well = one_case(sc, s, world, way, nth);
		if (sc->writes)
			hzt_tree_remove(world);
		_exit(well ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		(void)snprintf(shared->why, sizeof(shared->why), "%s",
			WTERMSIG(status) == SIGALRM ? "it hangs" : strsignal(WTERMSIG(status)));
	return status;
}

/* ---- all cases ---- */

struct tally {
	unsigned cases, failed, done, bad;
};

static void one(const struct scenario *sc, struct scene *s, enum way way, unsigned nth, struct tally *t)
{
	int status = in_child(sc, s, way, nth);

	t->cases++;
	if (shared->rc < 0)
		t->failed++;
	else
		t->done++;
	if (status == 0)
		return;
	if (++t->bad <= REPORTED)
		print_error("%s, %s, call %u: %s\n", sc->name, way_names[way], nth, shared->why);
	/* What a killed one left. */
	if (access(scene_path(s->dir, "at"), F_OK) == 0)
		hzt_tree_remove(scene_path(s->dir, "at"));
	if (access(scene_path(s->dir, "target"), F_OK) == 0)
		hzt_tree_remove(scene_path(s->dir, "target"));
}

static unsigned each_call(const struct scenario *sc, struct scene *s, enum way way)
{
	struct hzt_random r = { opt.seed + way };
	struct tally t = { 0 };
	unsigned long calls;

	one(sc, s, way, 0, &t);
	assert_int_equal(t.bad, 0);
	assert_false(shared->fired);
	calls = shared->calls;
	t = (struct tally){ 0 };
	if (opt.all)
		for (unsigned n = 1; shared->fired || n == 1; n++)
			one(sc, s, way, n, &t);
	else
		for (unsigned n = 0; n < QUICK; n++)
			one(sc, s, way, 1 + (unsigned)hzt_random_below(&r, calls), &t);
	print_message("%s, %s: %lu calls, %u cases (seed %llu): %u ended with an error, %u with success, %u bad\n",
		sc->name, way_names[way], calls, t.cases, (unsigned long long)opt.seed, t.failed, t.done, t.bad);
	return t.bad;
}

static unsigned run_scenario(const struct scenario *sc)
{
	struct scene *s;
	unsigned bad = 0;

	if (!scene_is_wanted(&opt, sc->name))
		return 0;
	s = scene_new(strcmp(sc->name, "init") != 0);
	for (unsigned k = 0; k < sc->before; k++) {
		hz_backup_result res = HZ_BACKUP_RESULT_INIT;

		assert_ok(scene_create(s, writer_at(s->world), &res, NULL), NULL);
		(void)scene_remember(s, 0, res.snapshot_id);
		if (sc->writes)
			scene_change(s, 0, k);
	}
	if (sc->run == run_check) {
		struct outcome o = { .rc = 0 };

		run_check(s, s->world, &o);
		assert_true(o.whole);
	}
	for (unsigned way = 0; way < WAYS; way++)
		bad += each_call(sc, s, (enum way)way);
	scene_free(s);
	return bad;
}

/* What the libraries below make once and keep is made before: it is no leak, and a process has it or does not start. */
static void warm_up(void)
{
	struct scene *s = scene_new(true);
	struct outcome o = { .rc = 0 };

	run_create(s, s->world, &o);
	assert_true(o.whole);
	scene_free(s);
}

static void each_failing_call_is_an_error_and_no_damage(void **state)
{
	unsigned bad = 0;

	(void)state;
	warm_up();
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		bad += run_scenario(&scenarios[i]);
	assert_int_equal(bad, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_failing_call_is_an_error_and_no_damage) };

	if (!scene_begin(&opt, argc, argv))
		return 2;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests_name("fault/calls", tests, NULL, NULL);
}
