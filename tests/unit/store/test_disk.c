/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a disk turns, by a made-up sysfs, and by a real one where this user may mount. */
#include "store/disk.h"
#include "store/store.h"
#include "base/vfs.h"
#include "support/hzt.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* ---- a sysfs of one file ---- */

static struct {
	struct vfs table;
	const char *path; /* the only one that is there */
	const char *text;
	unsigned opened;
} fake;

static int fake_statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *st)
{
	int rc = vfs_system()->statx(dirfd, path, flags, mask, st);

	st->stx_dev_major = 8;
	st->stx_dev_minor = 17;
	return rc;
}

static int fake_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	int ends[2];

	if (strncmp(path, "/sys/", 5) != 0)
		return vfs_system()->openat(dirfd, path, flags, mode);
	if (!fake.path || strcmp(path, fake.path) != 0) {
		errno = ENOENT;
		return -1;
	}
	fake.opened++;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], fake.text, strlen(fake.text)), (ssize_t)strlen(fake.text));
	(void)close(ends[1]);
	return ends[0];
}

static bool told(const char *path, const char *text)
{
	AUTO_FREE char *dir = hzt_tmpdir();
	struct store *s = NULL;
	bool is;

	fake.table = *vfs_system();
	fake.table.statx = fake_statx;
	fake.table.openat = fake_openat;
	fake.path = path;
	fake.text = text;
	fake.opened = 0;
	vfs_install(&fake.table);
	assert_ok(store_open(&s, dir, STORE_EXISTING, NULL), NULL);
	vfs_install(NULL);
	is = s->rotational;
	assert_false(s->remote);
	assert_string_equal(s->path, dir);
	assert_int_equal(fake.opened, path != NULL);
	store_close(s);
	hzt_tmpdir_remove(TAKE(dir));
	return is;
}

static void a_store_knows_whether_its_disk_turns(void **state)
{
	(void)state;
	assert_true(told("/sys/dev/block/8:17/queue/rotational", "1\n"));
	assert_false(told("/sys/dev/block/8:17/queue/rotational", "0\n"));
}

static void a_partition_is_on_its_disk(void **state)
{
	(void)state;
	assert_true(told("/sys/dev/block/8:17/../queue/rotational", "1\n"));
	assert_false(told("/sys/dev/block/8:17/../queue/rotational", "0\n"));
}

static void what_is_not_known_does_not_turn(void **state)
{
	(void)state;
	assert_false(told(NULL, ""));
	assert_false(told("/sys/dev/block/8:17/queue/rotational", ""));
	assert_false(disk_is_rotational(-1));
}

/* ---- a real one ---- */

static void a_mounted_loop_device_is_as_the_kernel_says(void **state)
{
	AUTO_FREE char *dir = hzt_tmpdir(), *image = hzt_path(dir, "image"), *place = hzt_path(dir, "place");
	char command[512], path[96], flag = '?';
	struct stat st;
	int fd, from;

	(void)state;
	assert_int_equal(mkdir(place, 0700), 0);
	(void)snprintf(command, sizeof(command),
		"truncate -s 8M '%s' && mkfs.ext4 -q -F '%s' && mount -o loop '%s' '%s'", image, image, image, place);
	(void)snprintf(command + strlen(command), sizeof(command) - strlen(command), " 2>/dev/null >&2");
	/* The kernel's word is in /sys, which a chroot need not have. */
	if (geteuid() != 0 || access("/sys/dev/block", R_OK) < 0 || system(command) != 0) {
		hzt_tmpdir_remove(TAKE(dir));
		print_message("no loop device can be mounted, or there is no /sys\n");
		skip();
	}
	fd = hzt_opendir(place);
	assert_int_equal(fstat(fd, &st), 0);
	(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/queue/rotational", major(st.st_dev), minor(st.st_dev));
	from = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(from, &flag, 1), 1);
	assert_int_equal(disk_is_rotational(fd), flag == '1');
	(void)close(from);
	(void)close(fd);
	assert_int_equal(umount2(place, MNT_DETACH), 0);
	hzt_tmpdir_remove(TAKE(dir));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_store_knows_whether_its_disk_turns),
		cmocka_unit_test(a_partition_is_on_its_disk),
		cmocka_unit_test(what_is_not_known_does_not_turn),
		cmocka_unit_test(a_mounted_loop_device_is_as_the_kernel_says),
	};

	return cmocka_run_group_tests_name("store/disk", tests, NULL, NULL);
}
