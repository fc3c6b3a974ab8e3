/* SPDX-License-Identifier: BSD-2-Clause */
/* The methods that overwrite: what they leave, what they announce, what they call success. */
#include "unit/sanitize/medium.h"
#include "sanitize/overwrite.h"
#include <errno.h>

struct told {
	unsigned begun, checkpoints, pass;
	uint64_t durable, missed;
	uint64_t last_done, last_total;
	struct medium *m;
	int begin_fails;
};

static int begin(void *user, unsigned pass, const struct fill *f, const struct extents *missed, hz_error **err)
{
	struct told *t = user;

	(void)f;
	t->missed = missed->sectors;
	/* Nothing of this pass is on the medium yet. */
	assert_int_equal(pass, t->begun);
	t->begun++;
	return t->begin_fails ? err_set(err, HZ_E_NOSPACE, "the journal is full") : 0;
}

static int checkpoint(void *user, unsigned pass, uint64_t durable, const struct outcome *o, hz_error **err)
{
	struct told *t = user;

	(void)o;
	(void)err;
	t->checkpoints++;
	t->pass = pass;
	t->durable = durable;
	return 0;
}

static int progress(void *user, uint64_t done, uint64_t total)
{
	struct told *t = user;

	assert_true(done >= t->last_done && done <= total);
	t->last_done = done;
	t->last_total = total;
	return 0;
}

struct scene {
	struct medium m;
	struct told told;
	struct outcome o;
	struct overwrite w;
	struct method_run run;
};

static struct scene *scene_open(void)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	medium_open(&s->m, 3 * MIB + 4096, 512, WAY_URING);
	s->told.m = &s->m;
	s->w = (struct overwrite){ .begin = begin, .checkpoint = checkpoint, .user = &s->told };
	s->run = (struct method_run){
		.link = s->m.link, .outcome = &s->o, .progress = progress, .user = &s->told, .overwrite = &s->w
	};
	return s;
}

static void scene_close(struct scene *s)
{
	overwrite_release(&s->w);
	extents_release(&s->o.bad);
	medium_close(&s->m);
	free(s);
}

static void each_leaves_what_it_says(void **state)
{
	static const struct method *const all[] = { &method_overwrite_stream, &method_overwrite_zeros,
		&method_overwrite_pattern };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		const unsigned passes = i == 2 ? 2 : 1;
		struct scene *s = scene_open();
		hz_error *err = NULL;

		assert_false(all[i]->hint || all[i]->firmware);
		assert_ok(all[i]->run(&s->run, &err), &err);
		assert_int_equal(s->o.state, OUTCOME_COMPLETED);
		assert_int_equal(s->o.touched, TOUCHED_ALL);
		assert_int_equal(s->told.begun, passes);
		assert_int_equal(s->told.pass, passes - 1);
		assert_int_equal(s->told.durable, s->m.bytes);
		assert_int_equal(s->told.last_done, passes * s->m.bytes);
		assert_int_equal(s->told.last_total, passes * s->m.bytes);
		s->m.fill = s->w.left;
		assert_int_equal(s->m.fill.kind, i == 0 ? FILL_STREAM : FILL_BYTES);
		if (i == 2)
			assert_int_equal(s->m.fill.pattern[0], 0xAA);
		assert_int_equal(medium_differs(&s->m, NULL), 0);
		scene_close(s);
	}
}

static void two_runs_never_share_a_key(void **state)
{
	struct scene *a = scene_open(), *b = scene_open();
	hz_error *err = NULL;

	(void)state;
	assert_ok(method_overwrite_stream.run(&a->run, &err), &err);
	assert_ok(method_overwrite_stream.run(&b->run, &err), &err);
	assert_int_equal(secret_len(a->w.left.key), STREAM_KEY_LEN);
	assert_memory_not_equal(secret_bytes(a->w.left.key), secret_bytes(b->w.left.key), STREAM_KEY_LEN);
	scene_close(a);
	scene_close(b);
}

/* The first pass could not write a sector, the second could: once is not twice. */
static void what_one_pass_missed_is_an_exception_of_the_whole(void **state)
{
	struct scene *s = scene_open();
	hz_error *err = NULL;

	(void)state;
	/* The request, its halves down to the sector, and no more. */
	filelink_fault(s->m.file, FAULT_HEALS, MIB, 512, EIO, 13);
	assert_ok(method_overwrite_pattern.run(&s->run, &err), &err);
	assert_int_equal(s->o.state, OUTCOME_EXCEPTIONS);
	assert_int_equal(s->o.touched, TOUCHED_PARTLY);
	assert_int_equal(s->o.bad.n, 1);
	assert_extent(&s->o.bad, 0, MIB / 512, 1);
	assert_int_equal(s->told.missed, 1);
	s->m.fill = s->w.left;
	assert_int_equal(medium_differs(&s->m, NULL), 0);
	scene_close(s);
}

/* Also when the second pass is that of another process, which knows of the first from the journal. */
static void what_one_pass_missed_survives_a_crash(void **state)
{
	struct scene *s = scene_open();
	hz_error *err = NULL;

	(void)state;
	s->w.pass = 1;
	s->w.from = MIB;
	assert_ok(extents_add(&s->w.missed, 7, 1, EIO, &err), &err);
	assert_ok(method_overwrite_pattern.run(&s->run, &err), &err);
	assert_int_equal(s->o.state, OUTCOME_EXCEPTIONS);
	assert_extent(&s->o.bad, 0, 7, 1);
	assert_int_equal(s->told.begun, 0);
	scene_close(s);
}

static void what_cannot_be_announced_is_not_begun(void **state)
{
	struct scene *s = scene_open();
	hz_error *err = NULL;

	(void)state;
	s->told.begin_fails = 1;
	assert_fails(method_overwrite_zeros.run(&s->run, &err), HZ_E_NOSPACE, &err);
	assert_int_equal(s->m.file->writes, 0);
	assert_int_equal(s->o.state, OUTCOME_NOT_STARTED);
	assert_int_equal(s->o.touched, TOUCHED_NO);
	scene_close(s);
}

/* With the key and the place of the journal: the same stream, and only the rest of it is written. */
static void a_pass_goes_on_with_its_key(void **state)
{
	struct scene *s = scene_open();
	hz_error *err = NULL;

	(void)state;
	assert_ok(method_overwrite_stream.run(&s->run, &err), &err);
	s->m.fill = s->w.left;
	s->w.key = s->w.left.key;
	s->w.from = 2 * MIB;
	s->m.file->writes = 0;
	s->told.last_done = 0;
	assert_ok(method_overwrite_stream.run(&s->run, &err), &err);
	assert_int_equal(s->told.begun, 1);
	assert_true(s->m.file->writes <= 2);
	assert_int_equal(medium_differs(&s->m, NULL), 0);
	scene_close(s);
}

static void hints_are_hints(void **state)
{
	static const struct method *const all[] = { &method_discard, &method_write_zeroes };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct scene *s = scene_open();
		hz_error *err = NULL;

		assert_true(all[i]->hint);
		assert_ok(all[i]->run(&s->run, &err), &err);
		assert_int_equal(s->o.state, OUTCOME_COMPLETED);
		assert_int_equal(s->o.touched, TOUCHED_UNKNOWN);
		assert_true(s->o.flushed);
		scene_close(s);

		s = scene_open();
		filelink_fault(s->m.file, FAULT_WRITE, 0, 512, EIO, 0);
		assert_fails(all[i]->run(&s->run, &err), HZ_E_IO, &err);
		assert_int_equal(s->o.state, OUTCOME_FAILED);
		scene_close(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_leaves_what_it_says),
		cmocka_unit_test(two_runs_never_share_a_key),
		cmocka_unit_test(what_one_pass_missed_is_an_exception_of_the_whole),
		cmocka_unit_test(what_one_pass_missed_survives_a_crash),
		cmocka_unit_test(what_cannot_be_announced_is_not_begun),
		cmocka_unit_test(a_pass_goes_on_with_its_key),
		cmocka_unit_test(hints_are_hints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
