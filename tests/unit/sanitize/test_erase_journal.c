/* SPDX-License-Identifier: BSD-2-Clause */
/* What was durable is read back; a torn end is no damage, damage is no torn end; another device is refused. */
#include "support/hzt.h"
#include "support/faultvfs.h"
#include "base/vfs.h"
#include "sanitize/erase_journal_internal.h"
#include "sanitize/extents.h"
#include <errno.h>
#include <sys/stat.h>

#define JOB "3f2b0c9e-1111-4222-8333-444455556666"

struct place {
	char *dir, *path;
	int fd;
	hz_device_info *d;
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	hz_error *err = NULL;

	assert_non_null(p);
	assert_ok(crypto_init(&err), &err);
	p->dir = hzt_tmpdir();
	p->path = hzt_path(p->dir, "job");
	p->fd = hzt_opendir(p->dir);
	p->d = calloc(1, sizeof(*p->d));
	assert_non_null(p->d);
	*p->d = (hz_device_info){ .bytes = 1 << 30, .logical_sector = 512, .physical_sector = 4096, .diskseq = 7 };
	(void)snprintf(p->d->serial, sizeof(p->d->serial), "S1");
	(void)snprintf(p->d->path, sizeof(p->d->path), "/dev/sdx");
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	fd_close(&p->fd);
	hzt_tmpdir_remove(p->dir);
	free(p->path);
	free(p->d);
	free(p);
	return 0;
}

static const uint8_t seed[SAMPLE_SEED_LEN] = { 9, 8, 7 };

/* A job with everything in it, up to the last `n` of its entries. */
static void write_job(struct place *p, bool finish)
{
	AUTO(erase_journal_close) struct erase_journal *j = NULL;
	AUTO(secret_free) struct secret *key = NULL;
	struct outcome o = { .state = OUTCOME_EXCEPTIONS, .touched = TOUCHED_PARTLY };
	struct verified v = { VERIFY_FULL, false, 100, 2, 1 };
	struct fill f = { .kind = FILL_STREAM, .cipher = STREAM_CHACHA20 };
	const struct fill zeros = { .kind = FILL_BYTES, .pattern = { 0, 1 }, .pattern_len = 2 };
	hz_error *err = NULL;

	assert_ok(secret_random(&key, STREAM_KEY_LEN, &err), &err);
	f.key = key;
	assert_ok(erase_journal_create(&j, p->fd, "job", JOB, p->d, "{\"goal\":\"clear\"}", &err), &err);
	assert_ok(erase_journal_step(j, 0, "ata-security-erase", NULL, &err), &err);
	assert_ok(erase_journal_note(j, 0, "password", "{\"password\":\"00\"}", &err), &err);
	assert_ok(erase_journal_note(j, 0, "sending", NULL, &err), &err);
	assert_ok(erase_journal_ended(j, 0, &o, &err), &err);
	assert_ok(erase_journal_step(j, 1, "overwrite-stream", seed, &err), &err);
	assert_ok(erase_journal_pass(j, 1, 0, &zeros, &o.bad, &err), &err);
	assert_ok(erase_journal_durable(j, 1, 0, 1 << 20, &o.bad, &err), &err);
	assert_ok(extents_add(&o.bad, 5, 3, EIO, &err), &err);
	assert_ok(erase_journal_pass(j, 1, 1, &f, &o.bad, &err), &err);
	assert_ok(extents_add(&o.bad, 100, 1, ENODATA, &err), &err);
	assert_ok(erase_journal_durable(j, 1, 1, 512 << 20, &o.bad, &err), &err);
	if (finish) {
		assert_ok(erase_journal_ended(j, 1, &o, &err), &err);
		assert_ok(erase_journal_verified(j, 1, &v, &err), &err);
		assert_ok(erase_journal_finished(j, &err), &err);
	}
	extents_release(&o.bad);
}

static struct journal_state *read_job(struct place *p, int code)
{
	struct journal_state *s = calloc(1, sizeof(*s));
	AUTO_FREE uint8_t *data = NULL;
	hz_error *err = NULL;
	size_t len;

	assert_non_null(s);
	data = hzt_get(p->path, &len);
	if (code == 0)
		assert_ok(journal_state_read(s, data, len, &err), &err);
	else
		assert_fails(journal_state_read(s, data, len, &err), code, &err);
	return s;
}

static void free_job(struct journal_state *s)
{
	journal_state_release(s);
	free(s);
}

static void all_of_it_is_read_back(void **state)
{
	struct place *p = *state;
	struct journal_state *s;
	struct stat st;

	write_job(p, true);
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	s = read_job(p, 0);
	assert_string_equal(s->job, JOB);
	assert_string_equal(s->device.serial, "S1");
	assert_string_equal(s->device.path, "/dev/sdx");
	assert_int_equal(s->device.bytes, 1 << 30);
	assert_int_equal(s->device.diskseq, 7);
	assert_string_equal(s->plan, "{\"goal\":\"clear\"}");
	assert_int_equal(s->n_steps, 2);
	assert_string_equal(s->step[0].method, "ata-security-erase");
	assert_int_equal(s->step[0].n_notes, 2);
	assert_string_equal(s->step[0].note[0].state, "password");
	assert_string_equal(s->step[0].note[0].detail, "{\"password\":\"00\"}");
	assert_null(s->step[0].note[1].detail);
	assert_true(s->step[0].ended);
	assert_false(s->step[0].has_seed);
	assert_int_equal(s->step[1].pass, 1);
	assert_int_equal(s->step[1].fill.kind, FILL_STREAM);
	assert_int_equal(s->step[1].fill.cipher, STREAM_CHACHA20);
	assert_int_equal(secret_len(s->step[1].fill.key), STREAM_KEY_LEN);
	assert_memory_equal(s->step[1].seed, seed, sizeof(seed));
	assert_int_equal(s->step[1].durable, 512 << 20);
	assert_int_equal(s->step[1].bad.n, 2);
	assert_int_equal(s->step[1].missed.n, 1);
	assert_int_equal(s->step[1].missed.at[0].lba, 5);
	assert_int_equal(s->step[1].bad.at[1].lba, 100);
	assert_int_equal(s->step[1].bad.at[1].error, ENODATA);
	assert_int_equal(s->step[1].state, OUTCOME_EXCEPTIONS);
	assert_int_equal(s->step[1].verified.mismatched, 2);
	assert_true(s->finished);
	free_job(s);
}

/* Cut anywhere it says what it said before, never something else, and never that it is damaged; with zeros or noise of
 * the last entry behind it too. */
static void a_torn_end_is_the_state_before(void **state)
{
	struct place *p = *state;
	AUTO_FREE uint8_t *all = NULL;
	size_t len, good = 0;

	write_job(p, false);
	all = hzt_get(p->path, &len);
	for (size_t n = JOURNAL_MAGIC_LEN; n < len; n++) {
		for (unsigned zeros = 0; zeros < 2; zeros++) {
			struct journal_state s = { 0 };
			AUTO_FREE uint8_t *part = calloc(1, n + 64);
			hz_error *err = NULL;
			int rc;

			assert_non_null(part);
			memcpy(part, all, n);
			rc = journal_state_read(&s, part, n + (zeros && good == n ? 64 : 0), &err);
			if (rc == HZ_E_CORRUPT && good == 0) {
				/* Not even the first entry. */
				assert_fails(rc, HZ_E_CORRUPT, &err);
				continue;
			}
			assert_ok(rc, &err);
			assert_true(s.good <= n && s.good >= good);
			good = s.good;
			journal_state_release(&s);
		}
	}
	assert_true(good > 0);
}

static void a_flipped_bit_in_front_is_damage(void **state)
{
	struct place *p = *state;
	AUTO_FREE uint8_t *all = NULL;
	size_t len, torn = 0;

	write_job(p, true);
	all = hzt_get(p->path, &len);
	for (size_t i = 0; i < len; i++) {
		struct journal_state s = { 0 };
		hz_error *err = NULL;
		int rc;

		all[i] ^= 4;
		rc = journal_state_read(&s, all, len, &err);
		/* Of the last entry alone it may look torn, and then the job is not finished. */
		if (rc == 0) {
			torn++;
			assert_false(s.finished);
			journal_state_release(&s);
		} else {
			assert_fails(rc, HZ_E_CORRUPT, &err);
		}
		all[i] ^= 4;
	}
	assert_true(torn > 0 && torn <= 1 + JOURNAL_SUM_LEN);
}

static void who_goes_on_cuts_the_torn_end_and_appends(void **state)
{
	struct place *p = *state;
	AUTO(erase_journal_close) struct erase_journal *j = NULL;
	struct journal_state s = { 0 }, *again;
	AUTO_FREE uint8_t *all = NULL;
	hz_error *err = NULL;
	size_t len;

	write_job(p, false);
	all = hzt_get(p->path, &len);
	hzt_put(p->path, all, len - 3);
	assert_ok(erase_journal_open(&j, &s, p->fd, "job", p->d, &err), &err);
	assert_int_equal(s.step[1].pass, 1);
	assert_int_equal(s.step[1].durable, 0);
	journal_state_release(&s);
	assert_ok(erase_journal_durable(j, 1, 1, 512 << 10, &(struct extents){ 0 }, &err), &err);
	again = read_job(p, 0);
	assert_int_equal(again->step[1].durable, 512 << 10);
	assert_int_equal(again->resumed, 1);
	free_job(again);
}

static void another_device_another_process_and_a_finished_job_are_refused(void **state)
{
	struct place *p = *state;
	AUTO(erase_journal_close) struct erase_journal *j = NULL, *k = NULL;
	struct journal_state s = { 0 };
	hz_error *err = NULL;

	write_job(p, false);
	(void)snprintf(p->d->serial, sizeof(p->d->serial), "S2");
	assert_fails(erase_journal_open(&j, &s, p->fd, "job", p->d, &err), HZ_E_REFUSED, &err);
	(void)snprintf(p->d->serial, sizeof(p->d->serial), "S1");
	p->d->bytes += 512;
	assert_fails(erase_journal_open(&j, &s, p->fd, "job", p->d, &err), HZ_E_REFUSED, &err);
	p->d->bytes -= 512;
	(void)snprintf(p->d->wwn, sizeof(p->d->wwn), "naa.5");
	assert_fails(erase_journal_open(&j, &s, p->fd, "job", p->d, &err), HZ_E_REFUSED, &err);
	*p->d->wwn = '\0';
	/* Plugged in elsewhere it is the same. */
	(void)snprintf(p->d->path, sizeof(p->d->path), "/dev/sdy");
	p->d->diskseq = 99;
	assert_ok(erase_journal_open(&j, &s, p->fd, "job", p->d, &err), &err);
	journal_state_release(&s);
	assert_fails(erase_journal_open(&k, &s, p->fd, "job", p->d, &err), HZ_E_BUSY, &err);
	assert_ok(erase_journal_finished(j, &err), &err);
	erase_journal_close(TAKE(j));
	assert_fails(erase_journal_open(&k, &s, p->fd, "job", p->d, &err), HZ_E_EXISTS, &err);
	assert_fails(erase_journal_create(&k, p->fd, "job", JOB, p->d, NULL, &err), HZ_E_EXISTS, &err);
}

/* Every bridge of a kind shows this one: the name decides. */
static void a_serial_that_names_nothing_is_no_identity(void **state)
{
	struct place *p = *state;
	AUTO(erase_journal_close) struct erase_journal *j = NULL;
	struct journal_state s = { 0 };
	hz_error *err = NULL;

	(void)snprintf(p->d->serial, sizeof(p->d->serial), "0123456789ABCDEF");
	(void)snprintf(p->d->confirm_id, sizeof(p->d->confirm_id), "sdx:0123456789ABCDEF:1073741824");
	write_job(p, false);
	(void)snprintf(p->d->confirm_id, sizeof(p->d->confirm_id), "sdy:0123456789ABCDEF:1073741824");
	assert_fails(erase_journal_open(&j, &s, p->fd, "job", p->d, &err), HZ_E_REFUSED, &err);
}

/* They share the serial of their medium. */
static void another_namespace_is_another_device(void **state)
{
	struct place *p = *state;
	AUTO(erase_journal_close) struct erase_journal *j = NULL;
	struct journal_state s = { 0 }, *again;
	hz_error *err = NULL;

	(void)snprintf(p->d->confirm_id, sizeof(p->d->confirm_id), "S1/n1");
	write_job(p, false);
	(void)snprintf(p->d->confirm_id, sizeof(p->d->confirm_id), "S1/n2");
	assert_fails(erase_journal_open(&j, &s, p->fd, "job", p->d, &err), HZ_E_REFUSED, &err);
	assert_ok(erase_journal_supersede(p->fd, "job", p->d, JOB, &err), &err);
	again = read_job(p, 0);
	assert_false(again->finished);
	free_job(again);
}

static void a_superseded_journal_is_over(void **state)
{
	static const char by[] = "3f2b0c9e-2222-4222-8333-444455556666";
	struct place *p = *state;
	AUTO(erase_journal_close) struct erase_journal *j = NULL;
	struct journal_state s = { 0 }, *again;
	AUTO_FREE uint8_t *all = NULL;
	hz_error *err = NULL;
	size_t len;

	write_job(p, false);
	/* Another medium's; none at all. */
	(void)snprintf(p->d->serial, sizeof(p->d->serial), "S2");
	assert_ok(erase_journal_supersede(p->fd, "job", p->d, by, &err), &err);
	assert_ok(erase_journal_supersede(p->fd, "nothing", p->d, by, &err), &err);
	(void)snprintf(p->d->serial, sizeof(p->d->serial), "S1");
	again = read_job(p, 0);
	assert_false(again->finished);
	free_job(again);
	/* Another size is the same medium; a torn end goes. */
	all = hzt_get(p->path, &len);
	hzt_put(p->path, all, len - 3);
	p->d->bytes += 512;
	assert_ok(erase_journal_supersede(p->fd, "job", p->d, by, &err), &err);
	p->d->bytes -= 512;
	again = read_job(p, 0);
	assert_true(again->finished);
	assert_string_equal(again->superseded, by);
	free_job(again);
	assert_fails(erase_journal_open(&j, &s, p->fd, "job", p->d, &err), HZ_E_EXISTS, &err);
	/* Once only. */
	assert_ok(erase_journal_supersede(p->fd, "job", p->d, by, &err), &err);
	free_job(read_job(p, 0));
}

static int fsync_fails(int fd)
{
	(void)fd;
	errno = ENOSPC;
	return -1;
}

static void a_failure_is_final(void **state)
{
	struct place *p = *state;
	AUTO(erase_journal_close) struct erase_journal *j = NULL, *k = NULL;
	struct vfs broken = *vfs_system();
	hz_error *err = NULL;

	assert_ok(erase_journal_create(&j, p->fd, "job", JOB, p->d, NULL, &err), &err);
	broken.fsync = fsync_fails;
	vfs_install(&broken);
	assert_fails(erase_journal_step(j, 0, "discard", NULL, &err), HZ_E_NOSPACE, &err);
	assert_fails(erase_journal_create(&k, p->fd, "other", JOB, p->d, NULL, &err), HZ_E_NOSPACE, &err);
	vfs_install(NULL);
	assert_fails(erase_journal_step(j, 0, "discard", NULL, &err), HZ_E_NOSPACE, &err);
	assert_int_equal(hzt_count_names(p->dir), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_of_it_is_read_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_torn_end_is_the_state_before, setup, teardown),
		cmocka_unit_test_setup_teardown(a_flipped_bit_in_front_is_damage, setup, teardown),
		cmocka_unit_test_setup_teardown(who_goes_on_cuts_the_torn_end_and_appends, setup, teardown),
		cmocka_unit_test_setup_teardown(
			another_device_another_process_and_a_finished_job_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_serial_that_names_nothing_is_no_identity, setup, teardown),
		cmocka_unit_test_setup_teardown(another_namespace_is_another_device, setup, teardown),
		cmocka_unit_test_setup_teardown(a_superseded_journal_is_over, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failure_is_final, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
