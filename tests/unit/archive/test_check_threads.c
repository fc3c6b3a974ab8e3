/* SPDX-License-Identifier: BSD-2-Clause */
/* test-label: tsan */
/* test-timeout: 300 */
/* Many threads read packs of which every other is damaged: all tell of it at once, and what they tell is what one
 * thread alone finds. */
#include "backups.h"
#include "archive/reader.h"

#define PACK_LOG2 20
#define PACKS_MIN 25u
#define BLOCK     4096u

static struct backups *b;

static int group_setup(void **state)
{
	(void)state;
	b = backups_new_packs(PACK_LOG2);
	for (unsigned i = 0; i < 16; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "big%u", i);
		source_file(b, name, 3u << 19, 100 + i);
	}
	backups_run(b, NULL);
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	backups_free(b);
	return 0;
}

/* What was told, whatever the order. */
struct heard {
	uint64_t events, damage, paths, sum;
};

static void hear(void *user, const hz_event *e)
{
	struct heard *h = user;
	uint64_t hash = 0xcbf29ce484222325u;

	for (const char *c = e->message; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 0x100000001b3u;
	for (uint64_t i = 0; i < e->path_len; i++)
		hash = (hash ^ (uint8_t)e->path[i]) * 0x100000001b3u;
	h->events++;
	h->damage += e->kind == HZ_EVENT_DAMAGE;
	h->paths += e->kind == HZ_EVENT_DAMAGE && e->path_len > 0;
	h->sum += hash * (e->kind + 1u);
}

static hz_check_result check_by(unsigned workers, struct heard *h)
{
	hz_repo_options o = backups_options(b, HZ_ROLE_READER);
	hz_check_options opts = HZ_CHECK_OPTIONS_INIT;
	hz_check_result res = HZ_CHECK_RESULT_INIT;
	hz_reader *r = NULL;
	hz_job *job = NULL;
	hz_error *err = NULL;

	*h = (struct heard){ 0 };
	o.workers = workers;
	opts.flags = HZ_CHECK_READ_DATA;
	assert_ok(hz_job_new(&job, &err), &err);
	hz_job_on_event(job, hear, h);
	assert_ok(hz_reader_open(&r, &o, HZ_NEED_READ, job, &err), &err);
	assert_int_equal(r->repo.workers, workers);
	assert_ok(hz_check(r, &opts, job, &res, &err), &err);
	hz_reader_close(r);
	hz_job_free(job);
	res.duration_ns = 0;
	return res;
}

/* One byte is another, and checksums and parity agree: only who has the key sees it. */
static void falsify(const char *name)
{
	struct object o = OBJECT_INIT;
	struct buf flat = BUF_INIT;
	struct iovec *iov;
	uint8_t *data = NULL, *extra;
	size_t len = 0, parity;
	uint32_t n;

	assert_ok(store_get_all(b->f.store, name, (size_t)1 << 30, &data, &len, NULL), NULL);
	assert_ok(object_decode_own(&o, name, data, len, NULL), NULL);
	n = o.header.blocks;
	parity = (size_t)(n - object_data_blocks(n)) * OBJECT_PAYLOAD;
	extra = calloc(1, parity + (size_t)n * 8);
	iov = calloc((size_t)n * 2, sizeof(*iov));
	o.stream.data[5 * OBJECT_PAYLOAD] ^= 1;
	object_protect(name, n, o.stream.data, extra, extra + parity);
	object_iov(iov, n, o.stream.data, extra, extra + parity);
	for (size_t i = 0; i < (size_t)n * 2; i++)
		assert_int_equal(buf_append(&flat, iov[i].iov_base, iov[i].iov_len), 0);
	fixture_replace(b->f.store, name, flat.data, flat.len);
	free(iov);
	free(extra);
	buf_release(&flat);
	object_release(&o);
}

/* In turn: whole, mendable, beyond mending, cut, gone, false. */
static void damage_packs(const struct names *packs)
{
	for (size_t i = 0; i < packs->n; i++) {
		const char *name = packs->v[i].s;
		uint8_t *data = NULL;
		size_t len = 0;

		if (i % 6 == 1)
			fixture_damage(b->f.store, name, 5 * BLOCK + i, 1);
		if (i % 6 == 2)
			fixture_damage(b->f.store, name, BLOCK * (i % 9), 12);
		if (i % 6 == 3) {
			assert_ok(store_get_all(b->f.store, name, (size_t)1 << 30, &data, &len, NULL), NULL);
			fixture_replace(b->f.store, name, data, len - BLOCK * (1 + i % 7));
			free(data);
		}
		if (i % 6 == 4)
			fixture_remove(b->f.store, name);
		if (i % 6 == 5)
			falsify(name);
	}
}

static void many_threads_tell_what_one_finds(void **state)
{
	static const unsigned workers[] = { 8, 10, 8 };
	struct names *packs = names_of(b->f.store, "packs");
	struct heard alone, together;
	hz_check_result one, many;

	(void)state;
	assert_true(packs->n >= PACKS_MIN);
	one = check_by(1, &alone);
	assert_int_equal(one.damaged + one.mendable + alone.damage, 0);
	damage_packs(packs);
	one = check_by(1, &alone);
	assert_true(one.damaged >= packs->n / 6 * 4 && one.mendable >= packs->n / 6);
	/* Paths too, unless the pack with the root of the tree is among those that are damaged: their order is random.
	 */
	assert_true(alone.damage >= one.damaged);
	for (size_t i = 0; i < ARRAY_LEN(workers); i++) {
		many = check_by(workers[i], &together);
		assert_memory_equal(&many, &one, sizeof(one));
		assert_memory_equal(&together, &alone, sizeof(alone));
	}
	free(packs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_threads_tell_what_one_finds),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
