/* SPDX-License-Identifier: BSD-2-Clause */
/* What lies beneath a file: file systems by name, devices in a tree in the shape of /sys, maps of blocks. */
#include "support/hzt.h"
#include "base/vfs.h"
#include "device/beneath.h"
#include "device/filemap.h"
#include "device/openfiles.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* ---- by name ---- */

static void file_systems_that_write_in_place_miss_nothing(void **state)
{
	static const char *const names[] = { "ext2", "ext4", "xfs", "vfat", "exfat" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(beneath_of_type(names[i], "rw,seclabel"), 0);
}

static void copy_on_write_networks_and_the_unknown_are_told(void **state)
{
	(void)state;
	assert_true(beneath_of_type("btrfs", "rw") & HZ_MISSED_COW);
	assert_true(beneath_of_type("zfs", "rw") & HZ_MISSED_COW);
	assert_true(beneath_of_type("f2fs", "rw") & HZ_MISSED_COW);
	assert_true(beneath_of_type("overlay", "rw") & HZ_MISSED_COW);
	assert_true(beneath_of_type("nfs4", "rw") & HZ_MISSED_NETWORK);
	assert_true(beneath_of_type("fuse.sshfs", "rw") & HZ_MISSED_NETWORK);
	assert_true(beneath_of_type("something-new", "rw") & HZ_MISSED_UNKNOWN);
	/* A name that begins like one is another one. */
	assert_true(beneath_of_type("ext44", "") & HZ_MISSED_UNKNOWN);
	assert_true(beneath_of_type("", "") & HZ_MISSED_UNKNOWN);
}

static void data_journal_is_an_option_of_its_own(void **state)
{
	(void)state;
	assert_int_equal(beneath_of_type("ext4", "rw,data=journal"), HZ_MISSED_JOURNAL);
	assert_int_equal(beneath_of_type("ext4", "data=journal,rw"), HZ_MISSED_JOURNAL);
	assert_int_equal(beneath_of_type("ext4", "rw,data=journalled"), 0);
	assert_int_equal(beneath_of_type("ext4", "rw,data=ordered"), 0);
}

/* ---- by device ---- */

struct tree {
	char *dir;
	struct roots r;
};

static void put(const struct tree *t, const char *path, const char *text)
{
	char *full = hzt_path(t->dir, path);
	hz_error *err = NULL;
	char *slash = strrchr(full, '/');
	int fd = -1;

	*slash = '\0';
	assert_ok(vfs_mkdirs(&fd, full, 0700, &err), &err);
	(void)close(fd);
	*slash = '/';
	hzt_put(full, text, strlen(text));
	free(full);
}

static void tree_open(struct tree *t)
{
	hz_error *err = NULL;

	t->dir = hzt_tmpdir();
	t->r = (struct roots)ROOTS_INIT;
	put(t, "sys/dev/block/8:1/partition", "1\n");
	put(t, "sys/dev/block/queue/rotational", "1\n"); /* of the disk above the partition */
	put(t, "sys/dev/block/8:16/queue/rotational", "1\n");
	put(t, "sys/dev/block/8:32/queue/rotational", "0\n");
	put(t, "proc/swaps", "Filename Type Size Used Priority\n");
	put(t, "dev/null", "");
	assert_ok(roots_open(&t->r, t->dir, &err), &err);
}

static void tree_close(struct tree *t)
{
	roots_close(&t->r);
	hzt_tmpdir_remove(t->dir);
}

static uint32_t missed_of(struct tree *t, const char *line)
{
	char *text = strdup(line);
	struct beneath b;

	assert_non_null(text);
	beneath_of(&b, &t->r, 40, text);
	free(text);
	return b.missed;
}

static void the_device_says_whether_it_turns(void **state)
{
	struct tree t;

	(void)state;
	tree_open(&t);
	assert_int_equal(missed_of(&t, "40 1 8:16 / /m rw - ext4 /dev/sdb rw\n"), 0);
	assert_int_equal(missed_of(&t, "40 1 8:32 / /m rw - ext4 /dev/sdc rw\n"), HZ_MISSED_FLASH);
	/* A partition: that of its disk. */
	assert_int_equal(missed_of(&t, "40 1 8:1 / /m rw - ext4 /dev/sda1 rw\n"), 0);
	/* None of ours, and no such mount. */
	assert_int_equal(missed_of(&t, "40 1 9:9 / /m rw - ext4 /dev/x rw\n"), HZ_MISSED_UNKNOWN);
	assert_int_equal(missed_of(&t, "41 1 8:16 / /m rw - ext4 /dev/sdb rw\n"), HZ_MISSED_UNKNOWN);
	assert_int_equal(missed_of(&t, ""), HZ_MISSED_UNKNOWN);
	tree_close(&t);
}

static void snapshots_and_pools_of_device_mapper_are_told(void **state)
{
	struct tree t;

	(void)state;
	tree_open(&t);
	put(&t, "sys/dev/block/253:0/queue/rotational", "1\n");
	put(&t, "sys/dev/block/253:0/dm/uuid", "LVM-abcdef\n");
	put(&t, "sys/dev/block/253:0/slaves/dm-1/dev", "253:1\n");
	put(&t, "sys/dev/block/253:1/queue/rotational", "1\n");
	put(&t, "sys/dev/block/253:1/dm/uuid", "LVM-abcdef-real\n");
	put(&t, "sys/dev/block/253:2/queue/rotational", "1\n");
	put(&t, "sys/dev/block/253:2/dm/uuid", "LVM-realname\n");
	put(&t, "sys/dev/block/253:2/slaves/sdc/dev", "8:32\n");
	assert_int_equal(missed_of(&t, "40 1 253:0 / /m rw - xfs /dev/dm-0 rw\n"), HZ_MISSED_SNAPSHOT);
	/* A plain volume, on flash. */
	assert_int_equal(missed_of(&t, "40 1 253:2 / /m rw - xfs /dev/dm-2 rw\n"), HZ_MISSED_FLASH);
	tree_close(&t);
}

static void a_device_that_stands_on_itself_ends(void **state)
{
	struct tree t;

	(void)state;
	tree_open(&t);
	put(&t, "sys/dev/block/253:5/queue/rotational", "1\n");
	put(&t, "sys/dev/block/253:5/slaves/dm-5/dev", "253:5\n");
	assert_int_equal(missed_of(&t, "40 1 253:5 / /m rw - xfs /dev/dm-5 rw\n"), HZ_MISSED_UNKNOWN);
	tree_close(&t);
}

static void memory_is_missed_where_it_may_go_to_swap(void **state)
{
	struct tree t;

	(void)state;
	tree_open(&t);
	assert_int_equal(missed_of(&t, "40 1 0:50 / /m rw - tmpfs tmpfs rw\n"), 0);
	put(&t, "proc/swaps", "Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n");
	assert_int_equal(missed_of(&t, "40 1 0:50 / /m rw - tmpfs tmpfs rw\n"), HZ_MISSED_SWAP);
	tree_close(&t);
}

/* ---- maps ---- */

static bool holds(struct file_extent *a, size_t n, struct file_extent *b, size_t m)
{
	const struct filemap before = { .at = a, .n = n }, after = { .at = b, .n = m };

	return filemap_holds(&before, &after);
}

static void blocks_that_stay_may_be_cut_and_joined(void **state)
{
	struct file_extent one[] = { { 0, 4096, 8192 } };
	struct file_extent two[] = { { 0, 4096, 4096 }, { 4096, 8192, 4096 } };
	struct file_extent longer[] = { { 0, 4096, 65536 } };

	(void)state;
	assert_true(holds(one, 1, two, 2));
	assert_true(holds(two, 2, one, 1));
	assert_true(holds(one, 1, longer, 1));
	assert_true(holds(one, 0, NULL, 0));
}

static void one_block_elsewhere_is_seen(void **state)
{
	struct file_extent before[] = { { 0, 4096, 12288 } };
	struct file_extent middle[] = { { 0, 4096, 4096 }, { 4096, 1 << 20, 4096 }, { 8192, 12288, 4096 } };
	struct file_extent shorter[] = { { 0, 4096, 8192 } };
	struct file_extent late[] = { { 4096, 8192, 8192 } };

	(void)state;
	assert_false(holds(before, 1, middle, 3));
	assert_false(holds(before, 1, shorter, 1));
	assert_false(holds(before, 1, late, 1));
	assert_false(holds(before, 1, NULL, 0));
}

/* ---- who has it open ---- */

static void an_open_file_of_another_process_is_found(void **state)
{
	struct roots r AUTO_ROOTS = ROOTS_INIT;
	struct openfiles o = OPENFILES_INIT;
	hz_error *err = NULL;
	char *dir = hzt_tmpdir(), *path = hzt_path(dir, "f");
	struct stat st;
	int ready[2], stay[2];
	char byte;
	pid_t child;

	(void)state;
	hzt_put(path, "x", 1);
	assert_int_equal(stat(path, &st), 0);
	assert_true(pipe(ready) == 0 && pipe(stay) == 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int fd = open(path, O_RDONLY);

		(void)close(stay[1]);
		_exit(fd < 0 || write(ready[1], "r", 1) != 1 || read(stay[0], &byte, 1) != 0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_ok(roots_open(&r, NULL, &err), &err);
	assert_ok(openfiles_read(&o, &r, &err), &err);
	assert_int_equal(openfiles_find(&o, st.st_dev, st.st_ino), child);
	assert_int_equal(openfiles_find(&o, st.st_dev, st.st_ino + 100000), 0);
	openfiles_release(&o);
	for (int i = 0; i < 2; i++) {
		(void)close(ready[i]);
		(void)close(stay[i]);
	}
	hzt_tmpdir_remove(dir);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_systems_that_write_in_place_miss_nothing),
		cmocka_unit_test(copy_on_write_networks_and_the_unknown_are_told),
		cmocka_unit_test(data_journal_is_an_option_of_its_own),
		cmocka_unit_test(the_device_says_whether_it_turns),
		cmocka_unit_test(snapshots_and_pools_of_device_mapper_are_told),
		cmocka_unit_test(a_device_that_stands_on_itself_ends),
		cmocka_unit_test(memory_is_missed_where_it_may_go_to_swap),
		cmocka_unit_test(blocks_that_stay_may_be_cut_and_joined),
		cmocka_unit_test(one_block_elsewhere_is_seen),
		cmocka_unit_test(an_open_file_of_another_process_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
