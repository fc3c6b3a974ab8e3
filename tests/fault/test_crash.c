/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A power cut at any instant of init, create and key export leaves what was committed whole and nothing half visible.
 * Each is run once and everything it does to the disk is recorded; then, for each instant, the states that the disk may
 * have come to (diskmodel.h) are built, opened, checked, restored from, and gone on with:
 *
 *	all unsynced operations lost; all kept; each one of them lost, kept, half written or blank while the others are
 *	kept, and while they are lost; each pair kept or lost; then seeded samples. Where there are few enough, all.
 *
 * test_fault_crash [--all] [--seed N] [--only NAME]: without --all a seeded part of them.
 * test-timeout: 300
 */
#include "scene.h"
#include "support/recordvfs.h"
#include "support/trees.h"
#include <pthread.h>
#include <unistd.h>

#define WHOLE_SPACE 512.0 /* of an instant: up to so many states each is opened */
#define SAMPLES     40u   /* of each larger instant */
#define QUICK       8u    /* states of a scenario without --all */
#define REPORTED    10u

static struct scene_part opt;

/* How the fates of an instant's open operations are chosen. */
struct choice {
	size_t cut;
	uint8_t rest, fate; /* of all others; of u and v */
	size_t u, v;        /* indices of operations; SIZE_MAX: none */
	uint64_t number;    /* 1..: of the whole space, in order, or a sample's seed */
	bool sample;
	unsigned must; /* what was told to the world before */
};

struct campaign {
	const char *name;
	struct scene *s;
	struct disk *d;
	unsigned base; /* snapshots that are there in any case */
	bool (*is_well)(struct campaign *c, const char *world, unsigned must, char why[400]);
	unsigned hosts, sources; /* who goes on */
	struct choice *choice;
	size_t n_choices, cap;
	uint64_t *seen;
	size_t n_seen, seen_cap;
	size_t *open;
	uint8_t *fate;
	double space;
	unsigned bad;
};

/* ---- states that were not met before ---- */

static bool seen_add(struct campaign *c, uint64_t sig)
{
	if (c->n_seen * 2 >= c->seen_cap) {
		size_t cap = c->seen_cap ? c->seen_cap * 2 : 1024, n = c->seen_cap;
		uint64_t *old = c->seen;

		c->seen = calloc(cap, sizeof(*c->seen));
		assert_non_null(c->seen);
		c->seen_cap = cap;
		c->n_seen = 0;
		for (size_t i = 0; i < n; i++) {
			if (old[i])
				(void)seen_add(c, old[i]);
		}
		free(old);
	}
	sig = sig ? sig : 1;
	for (size_t i = sig % c->seen_cap;; i = (i + 1) % c->seen_cap) {
		if (c->seen[i] == sig)
			return false;
		if (!c->seen[i]) {
			c->seen[i] = sig;
			c->n_seen++;
			return true;
		}
	}
}

static void set_fates(const struct campaign *c, const struct choice *h, const size_t *open, size_t n)
{
	struct hzt_random r = { h->number ^ opt.seed * 0x9e3779b97f4a7c15u };
	uint64_t left = h->number - 1;

	memset(c->fate, DISK_KEPT, c->d->n_ops);
	for (size_t i = 0; i < n; i++) {
		unsigned fates = disk_fates(&c->d->op[open[i]]);
		uint8_t f = open[i] == h->u || open[i] == h->v ? h->fate : h->rest;

		if (h->sample)
			f = (uint8_t)hzt_random_below(&r, fates);
		else if (h->number) {
			f = (uint8_t)(left % fates);
			left /= fates;
		}
		c->fate[open[i]] = f;
	}
}

static void consider(struct campaign *c, const struct choice *h, const size_t *open, size_t n)
{
	uint64_t sig;

	set_fates(c, h, open, n);
	sig = disk_signature(c->d, h->cut, c->fate) + h->must * 0x9e3779b97f4a7c15u;
	if (!seen_add(c, sig))
		return;
	if (c->n_choices == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 1024;
		c->choice = realloc(c->choice, c->cap * sizeof(*c->choice));
		assert_non_null(c->choice);
	}
	c->choice[c->n_choices++] = *h;
}

/* Each alone, and each pair; the others of the one fate, then of the other. */
static void consider_few(struct campaign *c, struct choice h, const size_t *open, size_t n)
{
	for (h.rest = DISK_KEPT; h.rest <= DISK_LOST; h.rest++) {
		for (size_t i = 0; i < n; i++) {
			h.u = open[i];
			for (uint8_t f = 0; f < disk_fates(&c->d->op[h.u]); f++) {
				h.v = SIZE_MAX;
				h.fate = f;
				if (f != h.rest)
					consider(c, &h, open, n);
			}
			h.fate = h.rest == DISK_KEPT ? DISK_LOST : DISK_KEPT;
			for (size_t k = i + 1; k < n; k++) {
				h.v = open[k];
				consider(c, &h, open, n);
			}
		}
	}
}

static void consider_instant(struct campaign *c, size_t cut, unsigned must)
{
	struct choice h = { .cut = cut, .u = SIZE_MAX, .v = SIZE_MAX, .must = must };
	size_t n = disk_open_at(c->d, cut, c->open);
	double space = 1;

	for (size_t i = 0; i < n; i++)
		space *= disk_fates(&c->d->op[c->open[i]]);
	c->space += space;
	if (space <= WHOLE_SPACE) {
		for (h.number = 1; (double)h.number <= space; h.number++)
			consider(c, &h, c->open, n);
		return;
	}
	consider(c, &h, c->open, n);
	h.rest = DISK_LOST;
	consider(c, &h, c->open, n);
	consider_few(c, h, c->open, n);
	h.sample = true;
	for (h.number = 1; h.number <= SAMPLES; h.number++)
		consider(c, &h, c->open, n);
}

/* ---- opening them ---- */

static void report(struct campaign *c, const struct choice *h, size_t n, const char *why)
{
	if (++c->bad > REPORTED)
		return;
	print_error("%s: %s\n  cut before %s\n", c->name, why,
		h->cut < c->d->n_ops ? disk_op_text(c->d, h->cut) : "the end");
	for (size_t i = 0; i < n; i++) {
		static const char *const fates[] = { "kept", "lost", "half", "blank" };

		print_error("    %-5s %s\n", fates[c->fate[c->open[i]]], disk_op_text(c->d, c->open[i]));
	}
}

static void open_state(struct campaign *c, const struct choice *h)
{
	char *world = hzt_path(c->s->dir, "at");
	size_t n = disk_open_at(c->d, h->cut, c->open);
	char why[400] = "";

	set_fates(c, h, c->open, n);
	disk_build(c->d, h->cut, c->fate, world);
	if (!c->is_well(c, world, h->must, why))
		report(c, h, n, why);
	hzt_tmpdir_remove(world);
}

static void run(struct campaign *c)
{
	struct hzt_random r = { opt.seed };
	unsigned must = c->base;
	size_t opened = 0;

	c->open = calloc(c->d->n_ops + 1, sizeof(*c->open));
	c->fate = calloc(c->d->n_ops + 1, 1);
	assert_true(c->open && c->fate);
	for (size_t cut = 0; cut <= c->d->n_ops; cut++) {
		consider_instant(c, cut, must);
		if (cut < c->d->n_ops && c->d->op[cut].kind == DISK_NOTE)
			must |= (unsigned)c->d->op[cut].off;
	}
	for (size_t i = 0; i < c->n_choices; i++) {
		if (!opt.all && hzt_random_below(&r, c->n_choices) >= QUICK)
			continue;
		open_state(c, &c->choice[i]);
		opened++;
	}
	print_message("%s: %zu operations, %zu instants; %.3g states in all, %zu unlike each other chosen, %zu opened "
		      "(seed %llu): %u bad\n",
		c->name, c->d->n_ops, c->d->n_ops + 1, c->space, c->n_choices, opened, (unsigned long long)opt.seed,
		c->bad);
	assert_true(opened > 0);
	assert_int_equal(c->bad, 0);
}

static void campaign_free(struct campaign *c)
{
	disk_free(c->d);
	scene_free(c->s);
	free(c->choice);
	free(c->seen);
	free(c->open);
	free(c->fate);
}

/* ---- create ---- */

static bool creates_are_well(struct campaign *c, const char *world, unsigned must, char why[400])
{
	const struct scene_at reader = { .world = world, .key = "reader" };

	if (!scene_is_sound(&reader, why) || !scene_snapshots_are_whole(c->s, &reader, must, why))
		return false;
	for (unsigned i = 0; i < c->sources; i++) {
		bool second = c->hosts > 1 && i == 1;
		const struct scene_at at = {
			.world = world, .key = second ? "writer.1" : "writer.0", .host = second, .source = i
		};

		if (!scene_goes_on(c->s, &at, why))
			return false;
	}
	return true;
}

struct creating {
	pthread_t thread;
	struct campaign *c;
	struct scene_at at;
	unsigned number; /* of the snapshot it makes */
	hz_backup_result res;
};

static void *create(void *arg)
{
	struct creating *w = arg;
	hz_error *err = NULL;

	w->res = (hz_backup_result)HZ_BACKUP_RESULT_INIT;
	assert_ok(scene_create(w->c->s, &w->at, &w->res, &err), &err);
	assert_int_equal(w->res.alarm, 0);
	record_note(1u << w->number);
	return NULL;
}

/* Records creates of so many sources at once, by as many hosts or by one. */
static void record_creates(struct campaign *c)
{
	struct creating w[SCENE_HOSTS];

	c->d = disk_new(c->s->world);
	record_start(c->d);
	for (unsigned i = 0; i < c->sources; i++) {
		bool second = c->hosts > 1 && i == 1;

		w[i] = (struct creating){ .c = c,
			.number = c->s->n + i,
			.at = { .world = c->s->world,
				.key = second ? "writer.1" : "writer.0",
				.host = second,
				.source = i } };
		assert_int_equal(pthread_create(&w[i].thread, NULL, create, &w[i]), 0);
	}
	for (unsigned i = 0; i < c->sources; i++)
		assert_int_equal(pthread_join(w[i].thread, NULL), 0);
	record_stop();
	for (unsigned i = 0; i < c->sources; i++)
		(void)scene_remember(c->s, i, w[i].res.snapshot_id);
}

/* Before the recording, so many snapshots of each source, the source changed after each. */
static void create_before(struct campaign *c, unsigned n)
{
	for (unsigned k = 0; k < n; k++) {
		for (unsigned i = 0; i < c->sources; i++) {
			bool second = c->hosts > 1 && i == 1;
			struct creating w = { .c = c,
				.at = { .world = c->s->world,
					.key = second ? "writer.1" : "writer.0",
					.host = second,
					.source = i } };
			hz_error *err = NULL;

			w.res = (hz_backup_result)HZ_BACKUP_RESULT_INIT;
			assert_ok(scene_create(c->s, &w.at, &w.res, &err), &err);
			c->base |= 1u << scene_remember(c->s, i, w.res.snapshot_id);
			scene_change(c->s, i, 1000 * k + i);
		}
	}
}

static void creates(const char *name, unsigned before, unsigned hosts, unsigned sources)
{
	struct campaign c = { .name = name, .is_well = creates_are_well, .hosts = hosts, .sources = sources };

	if (!scene_is_wanted(&opt, name))
		skip();
	c.s = scene_new(true);
	create_before(&c, before);
	record_creates(&c);
	run(&c);
	campaign_free(&c);
}

static void a_first_create_is_whole_or_not_there(void **state)
{
	(void)state;
	creates("first create", 0, 1, 1);
}

static void a_second_create_is_whole_or_not_there(void **state)
{
	(void)state;
	creates("second create", 1, 1, 1);
}

static void creates_of_two_hosts_at_once_are_whole_or_not_there(void **state)
{
	(void)state;
	creates("two hosts at once", 1, 2, 2);
}

static void creates_of_two_sources_at_once_are_whole_or_not_there(void **state)
{
	(void)state;
	creates("two sources at once", 1, 1, 2);
}

/* ---- init ---- */

static bool fails(char why[400], const char *what, int rc, hz_error *err)
{
	(void)snprintf(why, 400, "%s: %s: %.300s", what, hz_error_name(rc), hz_error_message(err));
	hz_error_free(err);
	return false;
}

static int init(const struct scene_at *at, hz_error **err)
{
	hz_repo_options o = scene_options(at);
	hz_init_options i = HZ_INIT_OPTIONS_INIT;
	hz_init_result res = HZ_INIT_RESULT_INIT;
	int rc;

	i.suite = 1;
	rc = hz_init(&o, &i, NULL, &res, err);
	hz_free(res.key_file);
	return rc;
}

static int export_key(const struct scene_at *at, uint32_t role, const char *name, hz_error **err)
{
	hz_repo_options o = scene_options(at);
	hz_key_export_options k = HZ_KEY_EXPORT_OPTIONS_INIT;

	k.role = role;
	k.out = scene_path(at->world, name);
	return hz_key_export(&o, &k, NULL, err);
}

/* By the passphrase alone. 0, or why it does not open. */
static int opens_by_passphrase(const struct scene_at *at, hz_error **err)
{
	hz_repo_options o = scene_options(at);
	hz_reader *r = NULL;
	int rc;

	o.key_file = "/nowhere/none";
	rc = hz_reader_open(&r, &o, HZ_NEED_READ, NULL, err);
	hz_reader_close(r);
	return rc;
}

/* A repository with its key, or none and no key: then init goes over what is left. In between there is one whose key
 * file is not there yet, and is made by key export. */
static bool init_is_well(struct campaign *c, const char *world, unsigned must, char why[400])
{
	const struct scene_at writer = { .world = world, .key = "writer.0" };
	const struct scene_at reader = { .world = world, .key = "reader" };
	bool has_key = access(scene_path(world, "keys/writer.0"), F_OK) == 0;
	hz_error *err = NULL;
	int rc = opens_by_passphrase(&writer, &err);

	if (rc == 0 && !has_key && !must)
		rc = export_key(&writer, HZ_ROLE_WRITER, "keys/writer.0", &err);
	else if (rc == HZ_E_NOTFOUND && !has_key && !must) {
		hz_error_free(err);
		err = NULL;
		rc = init(&writer, &err);
	} else if (rc == 0 && !has_key) {
		(void)snprintf(why, 400, "init had succeeded and there is no key file");
		return false;
	}
	if (rc < 0)
		return fails(why, has_key ? "there is a key file" : "no key file", rc, err);
	rc = export_key(&writer, HZ_ROLE_READER, "keys/reader", &err);
	if (rc < 0)
		return fails(why, "key export", rc, err);
	return scene_goes_on(c->s, &writer, why) && scene_is_sound(&reader, why);
}

static void init_makes_a_whole_repository_or_none(void **state)
{
	struct campaign c = { .name = "init", .is_well = init_is_well };
	struct scene_at at = { .key = "writer.0" };
	hz_error *err = NULL;

	(void)state;
	if (!scene_is_wanted(&opt, c.name))
		skip();
	c.s = scene_new(false);
	at.world = c.s->world;
	c.d = disk_new(c.s->world);
	record_start(c.d);
	assert_ok(init(&at, &err), &err);
	record_note(1);
	record_stop();
	run(&c);
	campaign_free(&c);
}

/* ---- key export ---- */

/* Each of the two key files is there and good, or not there and can be made. Bit 1, 2: was exported. */
static bool exports_are_well(struct campaign *c, const char *world, unsigned must, char why[400])
{
	static const struct {
		const char *path, *name;
		uint32_t role;
		unsigned bit;
	} keys[] = { { "keys/new-reader", "new-reader", HZ_ROLE_READER, 2 },
		{ "keys/new-writer", "new-writer", HZ_ROLE_WRITER, 4 } };
	const struct scene_at admin = { .world = world, .key = "admin" };
	struct scene_at at = { .world = world, .key = "reader" };
	hz_error *err = NULL;
	int rc;

	if (!scene_loses_nothing(&at, why))
		return false;
	for (unsigned i = 0; i < 2; i++) {
		if (access(scene_path(world, keys[i].path), F_OK) == 0)
			continue;
		if (must & keys[i].bit) {
			(void)snprintf(why, 400, "%s was exported and is not there", keys[i].path);
			return false;
		}
		rc = export_key(&admin, keys[i].role, keys[i].path, &err);
		if (rc < 0)
			return fails(why, "key export again", rc, err);
	}
	at.key = keys[0].name;
	if (!scene_snapshots_are_whole(c->s, &at, c->base, why))
		return false;
	at.key = keys[1].name;
	at.host = 1;
	return scene_goes_on(c->s, &at, why);
}

static void a_key_file_is_whole_and_registered_or_not_there(void **state)
{
	struct campaign c = { .name = "key export", .is_well = exports_are_well, .hosts = 1, .sources = 1 };
	struct scene_at at = { .key = "admin" };
	hz_error *err = NULL;

	(void)state;
	if (!scene_is_wanted(&opt, c.name))
		skip();
	c.s = scene_new(true);
	create_before(&c, 1);
	at.world = c.s->world;
	c.d = disk_new(c.s->world);
	record_start(c.d);
	assert_ok(export_key(&at, HZ_ROLE_READER, "keys/new-reader", &err), &err);
	record_note(2);
	assert_ok(export_key(&at, HZ_ROLE_WRITER, "keys/new-writer", &err), &err);
	record_note(4);
	record_stop();
	run(&c);
	campaign_free(&c);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(init_makes_a_whole_repository_or_none),
		cmocka_unit_test(a_first_create_is_whole_or_not_there),
		cmocka_unit_test(a_second_create_is_whole_or_not_there),
		cmocka_unit_test(creates_of_two_hosts_at_once_are_whole_or_not_there),
		cmocka_unit_test(creates_of_two_sources_at_once_are_whole_or_not_there),
		cmocka_unit_test(a_key_file_is_whole_and_registered_or_not_there),
	};

	if (!scene_begin(&opt, argc, argv))
		return 2;
	return cmocka_run_group_tests_name("fault/crash", tests, NULL, NULL);
}
