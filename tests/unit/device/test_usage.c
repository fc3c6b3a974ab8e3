/* SPDX-License-Identifier: BSD-2-Clause */
/* Who uses a device, by trees in the shapes of /sys and /proc. */
#include "support/hzt.h"
#include "support/devtree.h"
#include "device/facts.h"
#include "device/usage.h"
#include <sys/stat.h>
#include <unistd.h>

static char *tree;

static int make_tree(void **state)
{
	(void)state;
	tree = devtree_new();
	devtree_disk(tree, "sda", "pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0", "8:0", 2000);
	devtree_partition(tree, "sda", "sda1", "8:1");
	devtree_partition(tree, "sda", "sda2", "8:2");
	devtree_disk(tree, "sdb", "pci0000:00/0000:00:17.0/ata2/host1/target1:0:0/1:0:0:0", "8:16", 2000);
	return 0;
}

static int remove_tree(void **state)
{
	(void)state;
	hzt_tmpdir_remove(tree);
	return 0;
}

/* What is found of the disk of this name. */
static hz_device_info look(const char *name)
{
	struct roots r AUTO_ROOTS = ROOTS_INIT;
	struct blocks b AUTO_BLOCKS = BLOCKS_INIT;
	hz_device_info info;
	size_t i;

	assert_ok(roots_open(&r, tree, NULL), NULL);
	assert_ok(blocks_read(&b, &r, NULL), NULL);
	i = blocks_by_name(&b, name);
	assert_true(i != BLOCKS_NONE);
	facts_read(&info, &r, &b, i);
	assert_ok(usage_check(&info, &r, &b, i, NULL), NULL);
	return info;
}

static const char *text_of(const hz_device_info *info, uint32_t gate)
{
	for (uint32_t i = 0; i < info->obstacles; i++)
		if (info->obstacle[i].gate == gate)
			return info->obstacle[i].text;
	return "";
}

static void a_free_disk_has_no_obstacle(void **state)
{
	hz_device_info info = look("sda");

	(void)state;
	assert_int_equal(info.obstacles, 0);
}

static void a_mounted_partition_is_found_and_the_other_disk_is_free(void **state)
{
	hz_device_info info;

	(void)state;
	devtree_mount(tree, "8:2", "/srv/my\\040data", "ext4", "/dev/sda2");
	info = look("sda");
	assert_int_equal(info.obstacles, 1);
	assert_string_equal(text_of(&info, HZ_GATE_MOUNTED), "mounted on /srv/my data (ext4, through sda2)");
	assert_int_equal(info.obstacle[0].override, 0);
	assert_int_equal(look("sdb").obstacles, 0);
}

static void what_is_mounted_two_levels_up_is_found(void **state)
{
	hz_device_info info;

	(void)state;
	devtree_disk(tree, "md0", "virtual", "9:0", 2000);
	devtree_disk(tree, "dm-0", "virtual", "253:0", 2000);
	devtree_put(tree, "sys/block/md0/md/level", "raid1\n");
	devtree_put(tree, "sys/block/dm-0/dm/name", "vg-root\n");
	devtree_put(tree, "sys/block/dm-0/dm/uuid", "LVM-abc\n");
	devtree_stack(tree, "md0", "sda/sda1");
	devtree_stack(tree, "md0", "sdb");
	devtree_stack(tree, "dm-0", "md0");
	devtree_mount(tree, "253:0", "/", "xfs", "/dev/mapper/vg-root");
	for (int i = 0; i < 2; i++) {
		info = look(i ? "sdb" : "sda");
		assert_string_equal(text_of(&info, HZ_GATE_MOUNTED), "mounted on / (xfs, through dm-0)");
		assert_string_equal(text_of(&info, HZ_GATE_ROOT), "the running system is on it: /, through dm-0");
		assert_true(info_has(&info, HZ_GATE_HOLDER));
		assert_string_equal(text_of(&info, HZ_GATE_HOLDER), "dm-0 stands on it (LVM vg-root)");
		assert_int_equal(info.obstacles, 4);
	}
}

/* The kernel makes the two links one after the other. */
static void one_of_both_links_is_enough(void **state)
{
	(void)state;
	devtree_disk(tree, "dm-0", "virtual", "253:0", 2000);
	devtree_link(tree, "x", "sys/block/dm-0/slaves/sda2");
	assert_true(look("sda").obstacles == 1 && look("sdb").obstacles == 0);
	devtree_link(tree, "x", "sys/block/sdb/holders/dm-0");
	assert_int_equal(look("sdb").obstacles, 1);
}

static void an_unknown_holder_is_in_the_way(void **state)
{
	hz_device_info info;

	(void)state;
	devtree_link(tree, "x", "sys/block/sda/holders/newcomer");
	info = look("sda");
	assert_true(info_has(&info, HZ_GATE_UNKNOWN));
}

/* The failure of other tools: the mount names one member, and an anonymous number. */
static void each_member_of_a_mounted_btrfs_is_found(void **state)
{
	hz_device_info info;

	(void)state;
	devtree_put(tree, "sys/fs/btrfs/features/x", "1");
	devtree_link(tree, "x", "sys/fs/btrfs/6f1c/devices/sda1");
	devtree_link(tree, "x", "sys/fs/btrfs/6f1c/devices/sdb");
	devtree_mount(tree, "0:44", "/mnt", "btrfs", "/dev/sda1");
	info = look("sdb");
	assert_string_equal(text_of(&info, HZ_GATE_MOUNTED), "mounted on /mnt (btrfs)");
	info = look("sda");
	assert_string_equal(text_of(&info, HZ_GATE_MOUNTED), "mounted on /mnt (btrfs, through sda1)");
}

/* Wherever it stands in the list. */
static void a_member_of_a_large_btrfs_is_found(void **state)
{
	char name[32], path[96], number[32];
	hz_device_info info;

	(void)state;
	for (int i = 0; i < 300; i++) {
		(void)snprintf(name, sizeof(name), "d%d", i);
		(void)snprintf(path, sizeof(path), "sys/fs/btrfs/6f1c/devices/%s", name);
		(void)snprintf(number, sizeof(number), "70:%d", i);
		devtree_disk(tree, name, "virtual", number, 2000);
		devtree_link(tree, "x", path);
	}
	devtree_link(tree, "x", "sys/fs/btrfs/6f1c/devices/sdb");
	devtree_mount(tree, "0:44", "/mnt", "btrfs", "/dev/d0");
	info = look("sdb");
	assert_string_equal(text_of(&info, HZ_GATE_MOUNTED), "mounted on /mnt (btrfs)");
}

/* Unknown means in use. */
static void what_cannot_be_read_of_it_is_in_the_way(void **state)
{
	hz_device_info info;

	(void)state;
	devtree_put(tree, "sys/fs/btrfs/6f1c/devices", "no folder");
	info = look("sdb");
	assert_string_equal(text_of(&info, HZ_GATE_UNKNOWN), "the devices of the mounted btrfs 6f1c cannot be read");
	assert_int_equal(info.obstacles, 1);
}

static void a_generic_node_that_cannot_be_read_is_in_the_way(void **state)
{
	static const char at[] = "sys/block/sda/device/scsi_generic";
	char path[256];
	hz_device_info info;

	(void)state;
	devtree_put(tree, at, "no folder");
	info = look("sda");
	assert_true(info_has(&info, HZ_GATE_UNKNOWN));
	assert_int_equal(look("sdb").obstacles, 0);
	(void)snprintf(path, sizeof(path), "%s/%s", tree, at);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(look("sda").obstacles, 0);
	(void)snprintf(path, sizeof(path), "%s/sg0/other", at);
	devtree_put(tree, path, "its dev is missing");
	info = look("sda");
	assert_true(info_has(&info, HZ_GATE_UNKNOWN));
}

static void a_btrfs_that_is_mounted_elsewhere_is_found(void **state)
{
	hz_device_info info;

	(void)state;
	devtree_link(tree, "x", "sys/fs/btrfs/6f1c/devices/sdb");
	info = look("sdb");
	assert_string_equal(text_of(&info, HZ_GATE_MOUNTED), "part of the mounted btrfs 6f1c");
	assert_int_equal(look("sda").obstacles, 0);
}

static void sources_of_several_devices_are_split(void **state)
{
	(void)state;
	devtree_mount(tree, "0:45", "/mnt", "bcachefs", "/dev/sda1:/dev/sdb");
	assert_int_equal(look("sda").obstacles, 1);
	assert_int_equal(look("sdb").obstacles, 1);
}

static void swap_is_found(void **state)
{
	hz_device_info info;

	(void)state;
	devtree_put(tree, "proc/swaps",
		"Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/dev/sda2 partition\t1000\t0\t-2\n");
	info = look("sda");
	assert_string_equal(text_of(&info, HZ_GATE_SWAP), "swap space, through sda2");
	assert_int_equal(look("sdb").obstacles, 0);
}

static void a_loop_device_on_a_disk_stands_on_it(void **state)
{
	(void)state;
	devtree_disk(tree, "loop0", "virtual", "7:0", 2000);
	devtree_put(tree, "sys/block/loop0/loop/backing_file", "/dev/sdb\n");
	devtree_mount(tree, "7:0", "/mnt", "ext4", "/dev/loop0");
	assert_int_equal(look("sdb").obstacles, 2);
}

static void what_cannot_be_read_counts_as_in_use(void **state)
{
	static const char *const lists[] = { "proc/self/mountinfo", "proc/swaps" };
	hz_device_info info;
	char *path;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		path = hzt_path(tree, lists[i]);
		assert_int_equal(unlink(path), 0);
		free(path);
		info = look("sda");
		assert_true(info_has(&info, HZ_GATE_UNKNOWN));
	}
	devtree_put(tree, "proc/self/mountinfo", "36 21 8:2 nonsense\n");
	devtree_put(tree, "proc/swaps", "Filename\n");
	info = look("sda");
	assert_true(info_has(&info, HZ_GATE_UNKNOWN) && !info_has(&info, HZ_GATE_MOUNTED));
	path = hzt_path(tree, "sys/block/sdb/holders");
	assert_int_equal(rmdir(path), 0);
	free(path);
	devtree_put(tree, "proc/self/mountinfo", "21 1 0:20 / /proc rw - proc proc rw\n");
	info = look("sdb");
	assert_true(info_has(&info, HZ_GATE_UNKNOWN));
	info = look("sda");
	assert_int_equal(info.obstacles, 0);
}

static void without_proc_nothing_is_free(void **state)
{
	char *from = hzt_path(tree, "proc"), *to = hzt_path(tree, "elsewhere");
	hz_device_info info;

	(void)state;
	assert_int_equal(rename(from, to), 0);
	info = look("sda");
	assert_true(info_has(&info, HZ_GATE_UNKNOWN));
	free(from);
	free(to);
}

/* No root here: a process whose folder cannot be opened. */
static void processes_that_hide_are_counted(void **state)
{
	hz_device_info info;
	char *path;

	(void)state;
	devtree_put(tree, "proc/77", "%s", "no folder, which is no permission either");
	info = look("sda");
	assert_string_equal(
		text_of(&info, HZ_GATE_UNKNOWN), "what 1 processes have open could not be seen: ask as root");
	assert_int_equal(info.obstacle[0].override, 1);
	path = hzt_path(tree, "proc/77");
	unlink(path);
	free(path);
}

static void lines_of_mountinfo(void **state)
{
	char text[] = "36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 propagate_from:2 - ext3 /dev/root rw\n"
		      "37 35 0:5 / /x rw - tmpfs tmp\\134fs rw\nlast without - any\n";
	char *at = text;
	struct mount_line m;
	bool bad = false;

	(void)state;
	assert_true(mount_next(&m, &at, &bad));
	assert_true(m.major == 98 && m.minor == 0);
	assert_string_equal(m.point, "/mnt 2");
	assert_string_equal(m.type, "ext3");
	assert_string_equal(m.source, "/dev/root");
	assert_true(mount_next(&m, &at, &bad));
	assert_string_equal(m.source, "tmp\\fs");
	assert_false(bad);
	assert_false(mount_next(&m, &at, &bad));
	assert_true(bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_free_disk_has_no_obstacle, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(
			a_mounted_partition_is_found_and_the_other_disk_is_free, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(what_is_mounted_two_levels_up_is_found, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(one_of_both_links_is_enough, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(an_unknown_holder_is_in_the_way, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(each_member_of_a_mounted_btrfs_is_found, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(a_member_of_a_large_btrfs_is_found, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_of_it_is_in_the_way, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(
			a_generic_node_that_cannot_be_read_is_in_the_way, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(a_btrfs_that_is_mounted_elsewhere_is_found, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(sources_of_several_devices_are_split, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(swap_is_found, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(a_loop_device_on_a_disk_stands_on_it, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_counts_as_in_use, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(without_proc_nothing_is_free, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(processes_that_hide_are_counted, make_tree, remove_tree),
		cmocka_unit_test(lines_of_mountinfo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
