/* SPDX-License-Identifier: BSD-2-Clause */
/* Packs on their way to the store while others are filled: how many, in which order, and what happens when one fails.
 * The store under test lets a put begin and end when the test says so. test-label: tsan */
#include "fixture.h"
#include <pthread.h>

#define PUTS  3u
#define FRAME 20000u

/* ---- a store with a gate ---- */

static struct {
	const struct store_ops *below;
	struct store_ops ops;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned begun, inside, most; /* puts of packs */
	unsigned meet;                /* the first so many end only when as many have begun */
	unsigned fail;                /* this one fails, and sets failed */
	unsigned held;                /* this one ends only when failed or open is set */
	bool failed, open;
} gate = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static int gate_put(struct store *s, const char *name, const struct iovec *iov, size_t n, hz_error **err)
{
	unsigned number;
	int rc = 0;

	(void)pthread_mutex_lock(&gate.lock);
	number = ++gate.begun;
	gate.inside++;
	gate.most = gate.inside > gate.most ? gate.inside : gate.most;
	(void)pthread_cond_broadcast(&gate.changed);
	while (number <= gate.meet && gate.begun < gate.meet)
		(void)pthread_cond_wait(&gate.changed, &gate.lock);
	while (number == gate.held && !gate.failed && !gate.open)
		(void)pthread_cond_wait(&gate.changed, &gate.lock);
	if (number == gate.fail)
		rc = err_set(err, HZ_E_IO, "the link broke");
	(void)pthread_mutex_unlock(&gate.lock);
	err_hint(err, "mend it");
	if (rc == 0)
		rc = gate.below->put(s, name, iov, n, err);
	(void)pthread_mutex_lock(&gate.lock);
	gate.inside--;
	gate.failed = gate.failed || number == gate.fail;
	(void)pthread_cond_broadcast(&gate.changed);
	(void)pthread_mutex_unlock(&gate.lock);
	return rc;
}

static unsigned puts_begun(void)
{
	unsigned n;

	(void)pthread_mutex_lock(&gate.lock);
	n = gate.begun;
	(void)pthread_mutex_unlock(&gate.lock);
	return n;
}

static void open_gate(void)
{
	(void)pthread_mutex_lock(&gate.lock);
	gate.open = true;
	(void)pthread_cond_broadcast(&gate.changed);
	(void)pthread_mutex_unlock(&gate.lock);
}

/* ---- a packer on it ---- */

struct packing {
	struct fixture f;
	struct session s;
	struct packer *p;
	unsigned before, after;   /* calls of the hooks; one at a time, so no lock */
	unsigned inside;          /* atomic */
	unsigned refuse;          /* this call of before_put fails */
	unsigned cancelled;       /* atomic */
	struct uid journaled[64]; /* by before_put */
};

static void enter(struct packing *x)
{
	assert_int_equal(__atomic_add_fetch(&x->inside, 1, __ATOMIC_SEQ_CST), 1);
}

static void leave(struct packing *x)
{
	assert_int_equal(__atomic_sub_fetch(&x->inside, 1, __ATOMIC_SEQ_CST), 0);
}

static int before_put(void *user, const struct pack_done *p, hz_error **err)
{
	struct packing *x = user;
	int rc = 0;

	enter(x);
	assert_false(fixture_has(x->f.store, name_pack(&p->uid).s));
	assert_true(x->before < ARRAY_LEN(x->journaled));
	x->journaled[x->before++] = p->uid;
	if (x->before == x->refuse)
		rc = err_set(err, HZ_E_NOSPACE, "no room for the record");
	leave(x);
	return rc;
}

static int after_put(void *user, const struct pack_done *p, hz_error **err)
{
	struct packing *x = user;
	bool known = false;

	(void)err;
	enter(x);
	assert_true(fixture_has(x->f.store, name_pack(&p->uid).s));
	for (unsigned i = 0; i < x->before; i++)
		known = known || uid_eq(&x->journaled[i], &p->uid);
	assert_true(known);
	x->after++;
	leave(x);
	return 0;
}

static int check(void *user, hz_error **err)
{
	struct packing *x = user;

	return __atomic_load_n(&x->cancelled, __ATOMIC_SEQ_CST) ? err_set(err, HZ_E_CANCELED, "enough") : 0;
}

static void begin(struct packing *x, unsigned puts)
{
	struct packer_hooks hooks = { .before_put = before_put, .after_put = after_put, .user = x, .check = check };
	hz_error *err = NULL;

	*x = (struct packing){ .before = 0 };
	fixture_new(&x->f, SUITE_SODIUM);
	gate.below = x->f.store->ops;
	gate.ops = *gate.below;
	gate.ops.put = gate_put;
	gate.begun = gate.inside = gate.most = gate.meet = gate.fail = gate.held = 0;
	gate.failed = gate.open = false;
	x->s = fixture_session(&x->f, x->f.writer);
	x->f.store->ops = &gate.ops;
	assert_ok(packer_new(&x->p, x->f.store, &x->f.repo, &x->s, 1, puts, &hooks, &err), &err);
}

static void end(struct packing *x)
{
	packer_free(TAKE(x->p));
	x->f.store->ops = gate.below;
	session_release(&x->s);
	fixture_free(&x->f);
}

/* A frame of which two fill a pack of 64 KiB. */
static int add(struct packing *x, unsigned n, hz_error **err)
{
	static const uint8_t zero[FRAME];
	struct frame_member m = { .len = FRAME };

	put_le32(m.id.b, n);
	return packer_add(x->p, 0, PACK_DATA, METHOD_RAW, zero, FRAME, FRAME, &m, 1, err);
}

static int add_many(struct packing *x, unsigned n, hz_error **err)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < n; i++)
		rc = add(x, i, err);
	return rc;
}

/* ---- facts ---- */

static void packs_are_put_together_and_never_more_than_may_be(void **state)
{
	struct packing x;
	hz_error *err = NULL;

	(void)state;
	begin(&x, PUTS);
	gate.meet = PUTS; /* hangs unless so many are under way at once */
	assert_ok(add_many(&x, 40, &err), &err);
	assert_ok(packer_finish(x.p, &err), &err);
	assert_int_equal(gate.most, PUTS);
	/* The end waited for all of them. */
	assert_int_equal(gate.inside, 0);
	assert_true(gate.begun >= 12);
	assert_int_equal(x.before, gate.begun);
	assert_int_equal(x.after, gate.begun);
	end(&x);
}

static void one_at_a_time_where_one_may_be(void **state)
{
	struct packing x;
	hz_error *err = NULL;

	(void)state;
	begin(&x, 1);
	assert_ok(add_many(&x, 40, &err), &err);
	assert_ok(packer_finish(x.p, &err), &err);
	assert_int_equal(gate.most, 1);
	assert_int_equal(x.after, gate.begun);
	end(&x);
}

/* The first is under way all the time that the second fails. */
static void a_put_that_fails_ends_it_while_others_are_under_way(void **state)
{
	struct packing x;
	hz_error *err = NULL;
	unsigned begun;

	(void)state;
	begin(&x, PUTS);
	gate.meet = 2;
	gate.held = 1;
	gate.fail = 2;
	assert_int_equal(add_many(&x, 10000, &err), HZ_E_IO);
	begun = puts_begun();
	assert_non_null(strstr(hz_error_message(err), "the link broke"));
	assert_string_equal(hz_error_hint(err), "mend it");
	err_clear(&err);
	/* Again and again the first reason, for metadata too. */
	assert_fails(add(&x, 1, &err), HZ_E_IO, &err);
	struct frame_member m = { .len = 1 };

	assert_fails(packer_add(x.p, 0, PACK_META, METHOD_RAW, "x", 1, 1, &m, 1, &err), HZ_E_IO, &err);
	assert_int_equal(packer_finish(x.p, &err), HZ_E_IO);
	assert_non_null(strstr(hz_error_message(err), "the link broke"));
	err_clear(&err);
	/* What was under way has ended, what was not has not begun; the failed one is not referred to. Before the
	 * failure is known any number may come and go; then only those that were on their way already. */
	assert_int_equal(gate.inside, 0);
	assert_true(gate.begun < begun + PUTS);
	assert_int_equal(x.after, gate.begun - 1);
	end(&x);
}

static void each_put_that_fails_leaves_nothing_behind(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 20; n++) {
		struct packing x;
		hz_error *err = NULL;
		int rc;

		begin(&x, PUTS);
		gate.fail = n;
		rc = add_many(&x, 30, &err);
		if (rc == 0)
			rc = packer_finish(x.p, &err);
		/* Fifteen packs of two frames. */
		assert_int_equal(rc, n <= 15 ? HZ_E_IO : 0);
		err_clear(&err);
		/* Without a finish too. */
		end(&x);
		assert_int_equal(gate.inside, 0);
		assert_int_equal(x.after, gate.begun - (n <= 15));
		/* How many others go on is the scheduler's, until who failed had the processor to say so. */
		assert_true(x.before >= gate.begun);
	}
}

static void a_record_that_fails_ends_it_and_its_pack_is_not_put(void **state)
{
	struct packing x;
	hz_error *err = NULL;

	(void)state;
	begin(&x, PUTS);
	x.refuse = 2;
	assert_fails(add_many(&x, 10000, &err), HZ_E_NOSPACE, &err);
	assert_fails(packer_finish(x.p, &err), HZ_E_NOSPACE, &err);
	/* Others go on until who failed had the processor to say so. */
	assert_true(x.before >= 2 && x.before < 5000);
	assert_true(gate.begun < x.before);
	assert_int_equal(x.after, gate.begun);
	end(&x);
}

static void a_put_of_the_end_that_fails_is_told_by_the_end(void **state)
{
	struct packing x;
	hz_error *err = NULL;

	(void)state;
	begin(&x, 1);
	gate.fail = 1;
	assert_ok(add(&x, 1, &err), &err);
	assert_fails(packer_finish(x.p, &err), HZ_E_IO, &err);
	assert_int_equal(x.after, 0);
	end(&x);
}

static void *add_until_it_fails(void *user)
{
	struct packing *x = user;

	return (void *)(intptr_t)add_many(x, 10000, NULL);
}

static void cancelling_ends_the_wait_for_a_put_that_hangs(void **state)
{
	struct packing x;
	pthread_t t;
	void *rc;
	hz_error *err = NULL;

	(void)state;
	begin(&x, 1);
	gate.held = 1;
	assert_int_equal(pthread_create(&t, NULL, add_until_it_fails, &x), 0);
	(void)pthread_mutex_lock(&gate.lock);
	while (gate.begun == 0)
		(void)pthread_cond_wait(&gate.changed, &gate.lock);
	(void)pthread_mutex_unlock(&gate.lock);
	__atomic_store_n(&x.cancelled, 1, __ATOMIC_SEQ_CST);
	/* The put still hangs. */
	assert_int_equal(pthread_join(t, &rc), 0);
	assert_int_equal((int)(intptr_t)rc, HZ_E_CANCELED);
	assert_int_equal(gate.inside, 1);
	open_gate();
	assert_fails(packer_finish(x.p, &err), HZ_E_CANCELED, &err);
	assert_int_equal(gate.begun, 1);
	assert_int_equal(x.after, 1);
	end(&x);
}

static void given_up_in_the_middle_it_waits_for_what_is_under_way(void **state)
{
	struct packing x;

	(void)state;
	begin(&x, PUTS);
	assert_ok(add_many(&x, 9, NULL), NULL);
	end(&x);
	assert_int_equal(gate.inside, 0);
	assert_int_equal(x.after, gate.begun);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packs_are_put_together_and_never_more_than_may_be),
		cmocka_unit_test(one_at_a_time_where_one_may_be),
		cmocka_unit_test(a_put_that_fails_ends_it_while_others_are_under_way),
		cmocka_unit_test(each_put_that_fails_leaves_nothing_behind),
		cmocka_unit_test(a_record_that_fails_ends_it_and_its_pack_is_not_put),
		cmocka_unit_test(a_put_of_the_end_that_fails_is_told_by_the_end),
		cmocka_unit_test(cancelling_ends_the_wait_for_a_put_that_hangs),
		cmocka_unit_test(given_up_in_the_middle_it_waits_for_what_is_under_way),
	};

	return cmocka_run_group_tests_name("archive/packer_puts", tests, NULL, NULL);
}
