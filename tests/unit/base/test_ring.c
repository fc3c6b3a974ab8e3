/* SPDX-License-Identifier: BSD-2-Clause */
/* Every request comes back once, with all of its bytes or its error, whichever way it went. test-label: tsan */
#include "support/hzt.h"
#include "base/auto.h"
#include "base/ring.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define BYTES ((size_t)65536)
#define DEPTH 8u
#define PARTS 64u

struct place {
	char *dir, *path;
	int fd;
	uint8_t *model; /* what calls read and write */
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->dir = hzt_tmpdir();
	p->path = hzt_path(p->dir, "disk");
	p->fd = open(p->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(p->fd >= 0);
	assert_int_equal(ftruncate(p->fd, (off_t)(PARTS * BYTES)), 0);
	p->model = calloc(PARTS, BYTES);
	assert_non_null(p->model);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	ring_install(NULL, NULL);
	(void)close(p->fd);
	hzt_tmpdir_remove(p->dir);
	free(p->path);
	free(p->model);
	free(p);
	return 0;
}

static int model(void *user, enum ring_op op, void *data, size_t len, uint64_t off)
{
	struct place *p = user;

	if (off + len > PARTS * BYTES)
		return op == RING_READ ? -ENXIO : -ENOSPC;
	if (op == RING_READ)
		memcpy(data, p->model + off, len);
	else
		memcpy(p->model + off, data, len);
	return 0;
}

enum { URING, THREADS, CALLS };
static struct ring *ring_of(struct place *p, unsigned kind)
{
	struct ring_options o = { .fd = kind == CALLS ? -1 : p->fd,
		.depth = DEPTH,
		.bytes = BYTES,
		.threads = kind == THREADS,
		.run = model,
		.user = p };
	struct ring *r = NULL;
	hz_error *err = NULL;

	assert_ok(ring_new(&r, &o, &err), &err);
	if (kind != URING)
		assert_string_equal(ring_kind(r), kind == THREADS ? "threads" : "calls");
	return r;
}

/* All parts once through the ring; errors[part] is what came back. */
static void sweep(struct ring *r, enum ring_op op, int *errors, void (*each)(uint8_t *data, unsigned part))
{
	unsigned part_of[DEPTH], next = 0, back = 0;
	struct ring_done d;
	hz_error *err = NULL;

	for (unsigned slot = 0; slot < DEPTH; slot++) {
		part_of[slot] = next;
		if (op == RING_WRITE)
			each(ring_buffer(r, slot), next);
		assert_ok(ring_start(r, slot, op, BYTES, (uint64_t)next++ * BYTES, &err), &err);
	}
	while (back < PARTS) {
		if (ring_next(r, &d, 1000, &err) == 0)
			continue;
		assert_null(err);
		back++;
		errors[part_of[d.slot]] = d.error;
		if (op == RING_READ && d.error == 0)
			each(ring_buffer(r, d.slot), part_of[d.slot]);
		if (next == PARTS)
			continue;
		part_of[d.slot] = next;
		if (op == RING_WRITE)
			each(ring_buffer(r, d.slot), next);
		assert_ok(ring_start(r, d.slot, op, BYTES, (uint64_t)next++ * BYTES, &err), &err);
	}
	assert_int_equal(ring_next(r, &d, 0, &err), 0);
}

static void make(uint8_t *data, unsigned part)
{
	memset(data, (int)(part + 1), BYTES);
}

static void expect(uint8_t *data, unsigned part)
{
	for (size_t i = 0; i < BYTES; i += 511)
		assert_int_equal(data[i], part + 1);
}

static void all_is_written_and_read(void **state)
{
	int errors[PARTS];

	for (unsigned kind = URING; kind <= CALLS; kind++) {
		AUTO(ring_free) struct ring *r = ring_of(*state, kind);

		memset(errors, -1, sizeof(errors));
		sweep(r, RING_WRITE, errors, make);
		for (unsigned i = 0; i < PARTS; i++)
			assert_int_equal(errors[i], 0);
		sweep(r, RING_READ, errors, expect);
		for (unsigned i = 0; i < PARTS; i++)
			assert_int_equal(errors[i], 0);
	}
}

static void past_the_end_there_is_nothing_to_read(void **state)
{
	struct ring_done d;
	hz_error *err = NULL;

	for (unsigned kind = URING; kind <= CALLS; kind++) {
		AUTO(ring_free) struct ring *r = ring_of(*state, kind);

		assert_ok(ring_start(r, 3, RING_READ, BYTES, PARTS * BYTES, &err), &err);
		assert_int_equal(ring_next(r, &d, 5000, &err), 1);
		assert_int_equal(d.slot, 3);
		assert_int_equal(d.error, ENXIO);
	}
}

/* Half of the request is there: the transfer is short, the rest is asked for, and only that fails. */
static void a_short_transfer_is_no_success(void **state)
{
	struct ring_done d;
	hz_error *err = NULL;

	for (unsigned kind = URING; kind <= THREADS; kind++) {
		AUTO(ring_free) struct ring *r = ring_of(*state, kind);

		assert_ok(ring_start(r, 0, RING_READ, BYTES, PARTS * BYTES - BYTES / 2, &err), &err);
		assert_int_equal(ring_next(r, &d, 5000, &err), 1);
		assert_int_equal(d.error, ENXIO);
	}
}

static int faults(void *user, enum ring_op op, void *data, size_t len, uint64_t *off)
{
	(void)user;
	(void)data;
	(void)len;
	if (op == RING_READ)
		return RING_PASS;
	if (*off == 5 * BYTES)
		return -EIO;
	if (*off == 6 * BYTES)
		return RING_DROP;
	if (*off == 7 * BYTES)
		*off = 8 * BYTES;
	return RING_PASS;
}

static void compare_faulty(uint8_t *data, unsigned part)
{
	if (part == 8)
		assert_true(data[0] == 8 || data[0] == 9);
	else
		assert_int_equal(data[0], part >= 5 && part <= 7 ? 0 : part + 1);
}

static void faults_fail_drop_and_move(void **state)
{
	struct place *p = *state;
	int errors[PARTS];

	ring_install(faults, NULL);
	for (unsigned kind = URING; kind <= CALLS; kind++) {
		AUTO(ring_free) struct ring *r = ring_of(p, kind);

		sweep(r, RING_WRITE, errors, make);
		for (unsigned i = 0; i < PARTS; i++)
			assert_int_equal(errors[i], i == 5 ? EIO : 0);
		sweep(r, RING_READ, errors, compare_faulty);
	}
}

static void what_is_under_way_is_waited_for_at_the_end(void **state)
{
	struct place *p = *state;
	uint8_t byte;
	hz_error *err = NULL;

	for (unsigned kind = URING; kind <= THREADS; kind++) {
		struct ring *r = ring_of(p, kind);

		for (unsigned slot = 0; slot < DEPTH; slot++) {
			memset(ring_buffer(r, slot), (int)(100 + kind), BYTES);
			assert_ok(ring_start(r, slot, RING_WRITE, BYTES, slot * BYTES, &err), &err);
		}
		ring_free(r);
		for (unsigned slot = 0; slot < DEPTH; slot++) {
			assert_int_equal(pread(p->fd, &byte, 1, (off_t)((slot + 1) * BYTES - 1)), 1);
			assert_int_equal(byte, 100 + kind);
		}
	}
}

static void mistakes_are_told(void **state)
{
	struct ring_options o = { .fd = -1, .depth = 1, .bytes = 4096 };
	AUTO(ring_free) struct ring *r = ring_of(*state, THREADS), *none = NULL;
	hz_error *err = NULL;

	assert_fails(ring_new(&none, &o, &err), HZ_E_INVAL, &err);
	o.depth = RING_DEPTH_MAX + 1;
	assert_fails(ring_new(&none, &o, &err), HZ_E_INVAL, &err);
	assert_fails(ring_start(r, DEPTH, RING_READ, 512, 0, &err), HZ_E_INTERNAL, &err);
	assert_fails(ring_start(r, 0, RING_READ, BYTES + 1, 0, &err), HZ_E_INTERNAL, &err);
	assert_ok(ring_start(r, 0, RING_READ, 512, 0, &err), &err);
	assert_fails(ring_start(r, 0, RING_READ, 512, 0, &err), HZ_E_INTERNAL, &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_is_written_and_read, setup, teardown),
		cmocka_unit_test_setup_teardown(past_the_end_there_is_nothing_to_read, setup, teardown),
		cmocka_unit_test_setup_teardown(a_short_transfer_is_no_success, setup, teardown),
		cmocka_unit_test_setup_teardown(faults_fail_drop_and_move, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_under_way_is_waited_for_at_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(mistakes_are_told, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
