/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening for a job, on loop devices of the test's own; without root, or without loop devices, it skips. */
#include "support/hzt.h"
#include "support/loopdev.h"
#include "device/link.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BYTES UINT64_C(4194304)

static char *folder;
static struct loopdev *disk;

static int start_with(uint32_t sector, bool read_only)
{
	folder = hzt_tmpdir();
	disk = loopdev_new(folder, BYTES, sector, read_only);
	return 0;
}

static int start(void **state)
{
	(void)state;
	return start_with(512, false);
}

static int start_4096(void **state)
{
	(void)state;
	return start_with(4096, false);
}

static int start_read_only(void **state)
{
	(void)state;
	return start_with(512, true);
}

static int stop(void **state)
{
	(void)state;
	loopdev_free(disk);
	hzt_tmpdir_remove(folder);
	return 0;
}

/* The device is ours alone but for the descriptor that keeps it, which is this process's own. */
#define NEED_DISK    \
	(void)state; \
	if (!disk)   \
	skip()

static char *confirm_id(char out[200])
{
	hz_device_info d = HZ_DEVICE_INFO_INIT;

	assert_ok(hz_device_look(disk->path, &d, NULL), NULL);
	(void)snprintf(out, 200, "%s", d.confirm_id);
	return out;
}

static void writes_arrive_and_are_read_back(void **state)
{
	AUTO(link_close) struct link *l = NULL;
	hz_error *err = NULL;
	hz_device_info now;
	uint8_t *data = NULL, *back;
	char id[200];
	size_t len;

	NEED_DISK;
	assert_ok(link_open(&l, disk->path, confirm_id(id), NULL, 0, &err), &err);
	assert_true(l->info.bytes == BYTES && l->info.transport == HZ_TRANSPORT_LOOP);
	assert_int_equal(posix_memalign((void **)&data, 4096, 65536), 0);
	memset(data, 0xa7, 65536);
	assert_ok(l->ops->write(l, data, 65536, BYTES - 65536, &err), &err);
	assert_ok(l->ops->flush(l, &err), &err);
	memset(data, 0, 65536);
	assert_ok(l->ops->read(l, data, 65536, BYTES - 65536, &err), &err);
	assert_true(data[0] == 0xa7 && data[65535] == 0xa7);
	back = hzt_get(disk->file, &len);
	assert_true(len == BYTES && back[BYTES - 1] == 0xa7 && back[BYTES - 65536] == 0xa7 && back[BYTES - 65537] == 0);
	free(back);
	assert_ok(l->ops->write_zeroes(l, BYTES - 65536, 65536, &err), &err);
	assert_ok(l->ops->read(l, data, 65536, BYTES - 65536, &err), &err);
	assert_true(data[0] == 0 && data[65535] == 0);
	assert_ok(l->ops->discard(l, 0, BYTES, &err), &err);
	assert_ok(l->ops->look(l, &now, &err), &err);
	assert_ok(link_same(&l->info, &now, &err), &err);
	assert_true(l->ops->fd(l) >= 0);
	free(data);
}

static void sectors_of_4096_are_kept_to(void **state)
{
	AUTO(link_close) struct link *l = NULL;
	uint8_t *data = NULL;
	char id[200];

	NEED_DISK;
	assert_ok(link_open(&l, disk->path, confirm_id(id), NULL, 0, NULL), NULL);
	assert_int_equal(l->info.logical_sector, 4096);
	assert_int_equal(posix_memalign((void **)&data, 4096, 4096), 0);
	assert_int_equal(l->ops->write(l, data, 512, 0, NULL), HZ_E_INVAL);
	memset(data, 1, 4096);
	assert_ok(l->ops->write(l, data, 4096, 4096, NULL), NULL);
	free(data);
}

static void the_claim_holds_until_the_close(void **state)
{
	struct link *l = NULL;
	char id[200];
	int fd;

	NEED_DISK;
	assert_ok(link_open(&l, disk->path, confirm_id(id), NULL, 0, NULL), NULL);
	fd = open(disk->path, O_RDONLY | O_EXCL | O_CLOEXEC);
	assert_true(fd < 0 && errno == EBUSY);
	link_close(l);
	fd = open(disk->path, O_RDONLY | O_EXCL | O_CLOEXEC);
	assert_true(fd >= 0);
	close(fd);
}

static void another_identity_is_refused(void **state)
{
	static const char *const wrong[] = { "", "loop", "WD-WCC4N0000001", NULL };
	struct link *l = NULL;

	NEED_DISK;
	for (size_t i = 0; i < 4; i++) {
		hz_error *err = NULL;

		assert_fails(link_open(&l, disk->path, wrong[i], NULL, 0, &err), HZ_E_REFUSED, &err);
		assert_null(l);
	}
}

static void a_claimed_device_is_busy(void **state)
{
	struct link *l = NULL;
	hz_error *err = NULL;
	char id[200];
	int fd;

	NEED_DISK;
	(void)confirm_id(id);
	fd = open(disk->path, O_RDONLY | O_EXCL | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_fails(link_open(&l, disk->path, id, NULL, 0, &err), HZ_E_BUSY, &err);
	close(fd);
	assert_ok(link_open(&l, disk->path, id, NULL, 0, &err), &err);
	link_close(l);
}

static void read_only_is_refused_although_it_opens(void **state)
{
	static const char *const override[] = { "read-only" };
	struct link *l = NULL;
	hz_error *err = NULL;
	char id[200];
	int fd;

	NEED_DISK;
	fd = open(disk->path, O_RDWR | O_EXCL | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	assert_fails(link_open(&l, disk->path, confirm_id(id), override, 1, &err), HZ_E_REFUSED, &err);
	assert_ok(link_open_read(&l, disk->path, &err), &err);
	link_close(l);
}

/* A process that only has it open makes no claim. */
static void a_plain_open_elsewhere_is_seen_and_may_be_overridden(void **state)
{
	static const char *const wrong[] = { "signature" }, *const right[] = { "signature", "open" };
	struct link *l = NULL;
	hz_error *err = NULL;
	char id[200], c = 0;
	int ready[2];
	pid_t pid;

	NEED_DISK;
	(void)confirm_id(id);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (open(disk->path, O_RDWR) >= 0 && write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(link_open(&l, disk->path, id, wrong, 1, &err), HZ_E_REFUSED);
	assert_non_null(strstr(hz_error_message(err), "(open)"));
	assert_non_null(strstr(hz_error_hint(err), id));
	hz_error_free(err);
	err = NULL;
	assert_ok(link_open(&l, disk->path, id, right, 2, &err), &err);
	link_close(l);
	l = NULL;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(ready[0]);
	close(ready[1]);
	assert_ok(link_open(&l, disk->path, id, NULL, 0, &err), &err);
	link_close(l);
}

/* The magic of LUKS1 and nothing else is enough for libblkid. */
static void a_signature_asks_for_more(void **state)
{
	static const char *const override[] = { "signature" };
	static const uint8_t luks[8] = { 'L', 'U', 'K', 'S', 0xba, 0xbe, 0, 1 };
	struct link *l = NULL;
	hz_error *err = NULL;
	char id[200];
	int fd;

	NEED_DISK;
	fd = open(disk->path, O_RDWR | O_CLOEXEC);
	assert_int_equal(pwrite(fd, luks, sizeof(luks), 0), 8);
	assert_int_equal(fsync(fd), 0);
	close(fd);
	assert_int_equal(link_open(&l, disk->path, confirm_id(id), NULL, 0, &err), HZ_E_REFUSED);
	assert_non_null(strstr(hz_error_message(err), "crypto_LUKS"));
	hz_error_free(err);
	err = NULL;
	assert_ok(link_open(&l, disk->path, id, override, 1, &err), &err);
	link_close(l);
}

static void what_is_no_disk_is_told(void **state)
{
	static const char *const unknown[] = { "everything" };
	hz_device_info d = HZ_DEVICE_INFO_INIT;
	struct link *l = NULL;
	char *file, *link;
	char id[200];

	NEED_DISK;
	assert_fails(link_open(&l, disk->file, "x", NULL, 0, NULL), HZ_E_INVAL, NULL);
	assert_fails(link_open(&l, "/dev/null", "x", NULL, 0, NULL), HZ_E_INVAL, NULL);
	assert_fails(link_open(&l, folder, "x", NULL, 0, NULL), HZ_E_INVAL, NULL);
	file = hzt_path(folder, "loop99p1");
	assert_fails(link_open(&l, file, "x", NULL, 0, NULL), HZ_E_NOTFOUND, NULL);
	/* Nothing was made in its place. */
	assert_int_equal(access(file, F_OK), -1);
	free(file);
	assert_fails(link_open(&l, disk->path, confirm_id(id), unknown, 1, NULL), HZ_E_INVAL, NULL);
	link = hzt_path(folder, "by-id");
	assert_int_equal(symlink(disk->path, link), 0);
	assert_ok(hz_device_look(link, &d, NULL), NULL);
	assert_string_equal(d.path, disk->path);
	assert_ok(link_open(&l, link, id, NULL, 0, NULL), NULL);
	link_close(l);
	free(link);
}

/* The file behind it shrinks to nothing: what a disk looks like that was pulled out. */
static void a_vanished_device_is_not_found(void **state)
{
	AUTO(link_close) struct link *l = NULL;
	hz_device_info now;
	uint8_t *data = NULL;
	char id[200];

	NEED_DISK;
	assert_ok(link_open(&l, disk->path, confirm_id(id), NULL, 0, NULL), NULL);
	assert_int_equal(truncate(disk->file, 0), 0);
	assert_int_equal(ioctl(disk->fd, LOOP_SET_CAPACITY, 0), 0);
	assert_fails(l->ops->look(l, &now, NULL), HZ_E_NOTFOUND, NULL);
	assert_int_equal(posix_memalign((void **)&data, 4096, 4096), 0);
	memset(data, 0, 4096);
	assert_int_equal(l->ops->write(l, data, 4096, 0, NULL), HZ_E_NOTFOUND);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(writes_arrive_and_are_read_back, start, stop),
		cmocka_unit_test_setup_teardown(sectors_of_4096_are_kept_to, start_4096, stop),
		cmocka_unit_test_setup_teardown(the_claim_holds_until_the_close, start, stop),
		cmocka_unit_test_setup_teardown(another_identity_is_refused, start, stop),
		cmocka_unit_test_setup_teardown(a_claimed_device_is_busy, start, stop),
		cmocka_unit_test_setup_teardown(read_only_is_refused_although_it_opens, start_read_only, stop),
		cmocka_unit_test_setup_teardown(a_plain_open_elsewhere_is_seen_and_may_be_overridden, start, stop),
		cmocka_unit_test_setup_teardown(a_signature_asks_for_more, start, stop),
		cmocka_unit_test_setup_teardown(what_is_no_disk_is_told, start, stop),
		cmocka_unit_test_setup_teardown(a_vanished_device_is_not_found, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
