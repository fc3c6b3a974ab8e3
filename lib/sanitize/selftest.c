/* SPDX-License-Identifier: BSD-2-Clause */
/* The test of the equipment (hz_sanitize_selftest): what must be found is made, and found or not. */
#include "base/options.h"
#include "base/vfs.h"
#include "sanitize/extents.h"
#include "sanitize/sanitize.h"
#include <stdio.h>
#include <string.h>

#define SECTOR_MAX ((size_t)65536)

struct test {
	struct link *l;
	const hz_sanitize_options *o;
	hz_json *checks;
	hz_equipment_result r;
	const char *doing;
	uint32_t step;
};

static int on_progress(void *user, uint64_t done, uint64_t total)
{
	struct test *t = user;
	const hz_sanitize_progress p = { .size = sizeof(p),
		.step = t->step,
		.steps = 5,
		.stoppable = 1,
		.method = "selftest",
		.doing = t->doing,
		.done = done,
		.total = total,
		.temperature_c = INT32_MIN };

	return t->o->progress ? t->o->progress(t->o->user, &p) : 0;
}

/* One check that was made; detail is the caller's to fill. */
static hz_json *note(struct test *t, const char *name, bool passed, const char *why)
{
	hz_json *c = hz_json_add_object(t->checks);

	hz_json_str(c, "name", name);
	hz_json_bool(c, "passed", passed);
	t->r.checks++;
	if (!passed && !*t->r.why)
		(void)snprintf(t->r.why, sizeof(t->r.why), "%s: %s", name, why);
	return c;
}

/* ---- passes ---- */

static int write_all(struct test *t, const struct fill *f, hz_error **err)
{
	const struct engine_options eo = { .progress = on_progress, .user = t };
	AUTO_IN(extents_release) struct extents bad = { 0 };
	struct outcome o = { .state = OUTCOME_NOT_STARTED };
	int rc;

	t->doing = "write";
	t->step++;
	t->r.touched = HZ_TOUCHED_PARTLY;
	rc = engine_write(t->l, f, &eo, &o, err);
	bad = o.bad;
	if (rc == 0 && (o.state != OUTCOME_COMPLETED || !o.flushed))
		rc = err_set(err, HZ_E_IO, "%s: %llu sectors cannot be written: this medium tests nothing",
			t->l->info.path, (unsigned long long)bad.sectors);
	if (rc == 0)
		t->r.touched = HZ_TOUCHED_ALL;
	return rc;
}

static int read_all(struct test *t, const struct fill *f, struct check *c, hz_error **err)
{
	const struct engine_options eo = { .progress = on_progress, .user = t };

	t->doing = "verify";
	t->step++;
	return engine_verify(t->l, f, false, &eo, c, err);
}

/* Written, and nothing else is there. */
static int write_and_find(struct test *t, const char *name, const struct fill *f, hz_error **err)
{
	AUTO_IN(check_release) struct check c = { 0 };
	int rc = write_all(t, f, err);
	hz_json *j;

	if (rc == 0)
		rc = read_all(t, f, &c, err);
	if (rc < 0)
		return rc;
	j = note(t, name,
		c.mismatched.sectors == 0 && c.unreadable.sectors == 0 &&
			c.sectors == t->l->info.bytes / t->l->info.logical_sector,
		"what was written was not found again everywhere");
	hz_json_u64(j, "sectors", c.sectors);
	hz_json_u64(j, "mismatched", c.mismatched.sectors);
	hz_json_u64(j, "unreadable", c.unreadable.sectors);
	return 0;
}

/* ---- the clear ---- */

static int run_clear(
	struct test *t, int dirfd, void (*sleep_ms)(void *, uint32_t), hz_record *rec, hz_json *summary, hz_error **err)
{
	hz_sanitize_options o = *t->o;
	hz_sanitize_result r = HZ_SANITIZE_RESULT_INIT;
	int rc;

	o.plan = (hz_plan_options)HZ_PLAN_OPTIONS_INIT;
	o.plan.goal = HZ_LEVEL_CLEAR;
	o.plan.profile = t->o->plan.profile;
	o.plan.method = "overwrite-stream";
	t->step++;
	rc = sanitize_on(t->l, &o, dirfd, sleep_ms, rec, hz_json_object(summary, "clear"), &r, err);
	if (rc == 0)
		(void)note(t, "clear", r.certificate && r.level == HZ_LEVEL_CLEAR, r.why);
	return rc;
}

/* ---- faults ---- */

struct faults {
	uint64_t turned, replaced, from; /* sectors */
	uint32_t bit;
};

/* Three sectors, none twice. */
static void choose(struct faults *f, uint64_t sectors, uint32_t sector)
{
	uint64_t r[4];

	random_bytes(r, sizeof(r));
	f->turned = r[0] % sectors;
	f->replaced = (f->turned + 1 + r[1] % (sectors - 2)) % sectors;
	f->from = r[2] % sectors;
	while (f->from == f->turned || f->from == f->replaced)
		f->from = (f->from + 1) % sectors;
	f->bit = (uint32_t)(r[3] % ((uint64_t)sector * 8));
}

static int change(struct test *t, const struct faults *f, uint8_t *buf, hz_error **err)
{
	const struct link_ops *ops = t->l->ops;
	const uint32_t sector = t->l->info.logical_sector;
	int rc = ops->read(t->l, buf, sector, f->turned * sector, err);

	if (rc == 0) {
		buf[f->bit / 8] ^= (uint8_t)(1u << (f->bit % 8));
		rc = ops->write(t->l, buf, sector, f->turned * sector, err);
	}
	if (rc == 0)
		rc = ops->read(t->l, buf, sector, f->from * sector, err);
	if (rc == 0)
		rc = ops->write(t->l, buf, sector, f->replaced * sector, err);
	return rc == 0 ? ops->flush(t->l, err) : rc;
}

static bool found(const struct extents *e, const struct faults *f)
{
	return e->sectors == 2 && extents_touch(e, f->turned, 1) && extents_touch(e, f->replaced, 1);
}

static int make_faults(struct test *t, const struct fill *stream, hz_error **err)
{
	AUTO_IN(check_release) struct check c = { 0 };
	const uint32_t sector = t->l->info.logical_sector;
	struct faults f;
	void *buf = NULL;
	hz_json *j;
	int rc;

	choose(&f, t->l->info.bytes / sector, sector);
	if (sector > SECTOR_MAX || posix_memalign(&buf, 4096, SECTOR_MAX) != 0)
		return err_nomem(err);
	rc = change(t, &f, buf, err);
	free(buf);
	if (rc == 0)
		rc = read_all(t, stream, &c, err);
	if (rc < 0)
		return rc;
	j = note(t, "faults", found(&c.mismatched, &f) && c.unreadable.sectors == 0,
		"the verification did not find exactly the two sectors that were changed");
	hz_json_u64(j, "turned_bit_in", f.turned);
	hz_json_u64(j, "replaced", f.replaced);
	hz_json_u64(j, "mismatched", c.mismatched.sectors);
	return 0;
}

/* And what was not changed is not called so: the verification does not cry at everything. */
static int mended(struct test *t, const struct fill *stream, hz_error **err)
{
	return write_and_find(t, "mended", stream, err);
}

/* ---- all of it ---- */

static int run(
	struct test *t, int dirfd, void (*sleep_ms)(void *, uint32_t), hz_record *rec, hz_json *summary, hz_error **err)
{
	AUTO(secret_free) struct secret *key = NULL;
	const struct fill known = { .kind = FILL_BYTES, .pattern = "known data here.", .pattern_len = 16 };
	struct fill stream = { .kind = FILL_STREAM };
	int rc = crypto_init(err);

	if (t->l->info.bytes / t->l->info.logical_sector < 64)
		return err_set(err, HZ_E_REFUSED, "%s: too small to test with", t->l->info.path);
	if (rc == 0)
		rc = secret_random(&key, STREAM_KEY_LEN, err);
	stream.key = key;
	if (rc == 0)
		rc = write_and_find(t, "known data", &known, err);
	if (rc == 0)
		rc = run_clear(t, dirfd, sleep_ms, rec, summary, err);
	if (rc == 0)
		rc = write_and_find(t, "stream", &stream, err);
	if (rc == 0)
		rc = make_faults(t, &stream, err);
	return rc == 0 ? mended(t, &stream, err) : rc;
}

static void say(struct test *t, int rc, hz_json *summary, hz_record *rec, const hz_error *e)
{
	static const char *const touched[] = { "no", "partly", "all", "unknown" };

	t->r.device = t->l->info;
	t->r.passed = rc == 0 && t->r.checks == 5 && !*t->r.why;
	if (rc < 0 && !*t->r.why)
		(void)snprintf(t->r.why, sizeof(t->r.why), "%s", e ? hz_error_message(e) : hz_error_name(rc));
	hz_json_bool(summary, "passed", t->r.passed != 0);
	hz_json_str(summary, "why", *t->r.why ? t->r.why : NULL);
	hz_json_str(summary, "touched", touched[t->r.touched]);
	hz_record_says(rec, HZ_SAYS_NOT_CHECKED,
		"other equipment, other media, and methods that the firmware carries out: this was an overwrite of one "
		"medium");
}

int sanitize_selftest_on(struct link *l, const hz_sanitize_options *o, int dirfd, void (*sleep_ms)(void *, uint32_t),
	hz_record *rec, hz_json *summary, hz_equipment_result *result, hz_error **err)
{
	AUTO(hz_error_free) hz_error *e = NULL;
	struct test t = { .l = l, .o = o, .r = HZ_EQUIPMENT_RESULT_INIT, .doing = "write" };
	int rc;

	t.checks = hz_json_array(summary, "checks");
	rc = run(&t, dirfd, sleep_ms, rec, summary, &e);
	say(&t, rc, summary, rec, e);
	result_give(result, &t.r, sizeof(t.r));
	return rc < 0 ? err_copy(err, e) : rc;
}

int hz_sanitize_selftest(const char *path, const hz_sanitize_options *opts, hz_record *rec, hz_json *summary,
	hz_equipment_result *result, hz_error **err)
{
	AUTO(link_close) struct link *l = NULL;
	AUTO(trace_free) struct trace *trace = NULL;
	AUTO(hz_error_free) hz_error *e = NULL;
	AUTO_FREE char *folder = NULL;
	AUTO_FD int dirfd = -1;
	hz_sanitize_options o;
	hz_equipment_result none = HZ_EQUIPMENT_RESULT_INIT;
	int rc = sanitize_options_check(&o, opts, &e);

	if (rc == 0)
		rc = report_folder_open(&dirfd, &folder, o.report_dir, true, &e);
	if (rc == 0)
		rc = sanitize_claim(&l, &trace, path, &o, &e);
	if (rc == 0) {
		rc = sanitize_selftest_on(l, &o, dirfd, NULL, rec, summary, result, &e);
		return rc < 0 ? err_copy(err, e) : rc;
	}
	(void)hz_json_array(summary, "checks");
	hz_json_bool(summary, "passed", 0);
	hz_json_str(summary, "why", e ? hz_error_message(e) : hz_error_name(rc));
	hz_json_str(summary, "touched", "no");
	(void)snprintf(none.why, sizeof(none.why), "%s", e ? hz_error_message(e) : hz_error_name(rc));
	result_give(result, &none, sizeof(none));
	return err_copy(err, e);
}
