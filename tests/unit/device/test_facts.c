/* SPDX-License-Identifier: BSD-2-Clause */
/* What /sys tells of each kind of device, and what names it. */
#include "support/hzt.h"
#include "support/devtree.h"
#include "device/facts.h"
#include "device/link.h"
#include "device/list.h"
#include "device/survey.h"

static char *tree;

static int make_tree(void **state)
{
	(void)state;
	tree = devtree_new();
	return 0;
}

static int remove_tree(void **state)
{
	(void)state;
	hzt_tmpdir_remove(tree);
	return 0;
}

static hz_device_info facts(const char *name)
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
	return info;
}

static void put_serial(const char *name, const char *serial)
{
	char path[80];

	(void)snprintf(path, sizeof(path), "sys/block/%s/device/vpd_pg80", name);
	/* The page's length is that of the text; NULs in a header of text do not come through printf. */
	{
		char *full = hzt_path(tree, path), page[64] = { 0, (char)0x80, 0, (char)strlen(serial) };

		devtree_put(tree, path, "%s", "");
		memcpy(page + 4, serial, strlen(serial));
		hzt_put(full, page, 4 + strlen(serial));
		free(full);
	}
}

static void sata(const char *name, const char *number, const char *port, const char *serial)
{
	char where[120], path[80];

	(void)snprintf(where, sizeof(where), "pci0000:00/0000:00:17.0/%s/host0/target0:0:0/0:0:0:0", port);
	devtree_disk(tree, name, where, number, 1953525168);
	(void)snprintf(path, sizeof(path), "sys/block/%s/device/vendor", name);
	devtree_put(tree, path, "ATA     \n");
	(void)snprintf(path, sizeof(path), "sys/block/%s/device/model", name);
	devtree_put(tree, path, "WDC WD10EZEX-00B\n");
	(void)snprintf(path, sizeof(path), "sys/block/%s/device/rev", name);
	devtree_put(tree, path, "0A80\n");
	(void)snprintf(path, sizeof(path), "sys/block/%s/device/wwid", name);
	devtree_put(tree, path, "naa.50014ee2%s\n", serial);
	put_serial(name, serial);
}

static void nvme(const char *name, const char *number, const char *nsid)
{
	char path[80];

	devtree_disk(tree, name, "pci0000:00/0000:01:00.0/nvme/nvme0", number, 4096);
	(void)snprintf(path, sizeof(path), "sys/block/%s/device/serial", name);
	devtree_put(tree, path, "S4EWNX0R000001      \n");
	(void)snprintf(path, sizeof(path), "sys/block/%s/device/model", name);
	devtree_put(tree, path, "Samsung SSD 970 EVO Plus 1TB            \n");
	(void)snprintf(path, sizeof(path), "sys/block/%s/device/subsysnqn", name);
	devtree_put(tree, path, "nqn.1994-11.com.samsung:nvme:970:S4EWNX0R000001\n");
	(void)snprintf(path, sizeof(path), "sys/block/%s/queue/rotational", name);
	devtree_put(tree, path, "0\n");
	(void)snprintf(path, sizeof(path), "sys/block/%s/nsid", name);
	devtree_put(tree, path, "%s\n", nsid);
	(void)snprintf(path, sizeof(path), "sys/block/%s/wwid", name);
	devtree_put(tree, path, "eui.0025385b71b0000%s\n", nsid);
}

static void a_sata_disk(void **state)
{
	hz_device_info d;

	(void)state;
	sata("sda", "8:0", "ata1", "WD-WCC4N0000001");
	d = facts("sda");
	assert_int_equal(d.transport, HZ_TRANSPORT_ATA);
	assert_int_equal(d.medium, HZ_MEDIUM_MAGNETIC);
	assert_string_equal(d.path, "/dev/sda");
	assert_string_equal(d.model, "WDC WD10EZEX-00B");
	assert_string_equal(d.serial, "WD-WCC4N0000001");
	assert_string_equal(d.confirm_id, "WD-WCC4N0000001");
	assert_string_equal(d.wwn, "naa.50014ee2WD-WCC4N0000001");
	assert_true(d.bytes == UINT64_C(1000204886016) && d.logical_sector == 512 && d.physical_sector == 4096);
	assert_true(d.major == 8 && d.minor == 0 && d.diskseq == 7 && d.can == HZ_CAN_WRITE && d.obstacles == 0);
	assert_true(d.temperature_c == INT32_MIN && d.max_io_bytes == 1280 * 1024);
}

static void a_usb_disk_is_told_from_its_bridge(void **state)
{
	hz_device_info d;

	(void)state;
	devtree_disk(tree, "sdb", "pci0000:00/0000:00:14.0/usb2/2-1/2-1.4/2-1.4:1.0/host6/target6:0:0/6:0:0:0", "8:16",
		2000);
	devtree_put(tree, "sys/devices/pci0000:00/0000:00:14.0/usb2/2-1/2-1.4/serial", "000000000001\n");
	devtree_put(tree, "sys/devices/pci0000:00/0000:00:14.0/usb2/2-1/serial", "of the hub\n");
	devtree_put(tree, "sys/block/sdb/device/vendor", "JMicron \n");
	devtree_put(tree, "sys/block/sdb/device/model", "Generic         \n");
	d = facts("sdb");
	assert_int_equal(d.transport, HZ_TRANSPORT_USB);
	/* "It rotates" is what the kernel says of every bridge. */
	assert_int_equal(d.medium, HZ_MEDIUM_UNKNOWN);
	assert_string_equal(d.model, "JMicron Generic");
	assert_string_equal(d.bridge_serial, "000000000001");
	/* A maker's sample is no name. */
	assert_string_equal(d.confirm_id, "sdb:000000000001:1024000");
	devtree_put(tree, "sys/block/sdb/removable", "1\n");
	d = facts("sdb");
	assert_int_equal(d.medium, HZ_MEDIUM_CARD);
}

static void namespaces_share_a_serial_and_have_names(void **state)
{
	hz_device_info a, b;

	(void)state;
	nvme("nvme0n1", "259:0", "1");
	a = facts("nvme0n1");
	assert_string_equal(a.confirm_id, "S4EWNX0R000001");
	assert_true(a.namespaces == 1 && a.nsid == 1);
	nvme("nvme0n2", "259:1", "7");
	a = facts("nvme0n1");
	b = facts("nvme0n2");
	assert_int_equal(a.transport, HZ_TRANSPORT_NVME);
	assert_int_equal(a.medium, HZ_MEDIUM_FLASH);
	assert_string_equal(a.model, "Samsung SSD 970 EVO Plus 1TB");
	assert_string_equal(a.wwn, "eui.0025385b71b00001");
	assert_string_equal(a.confirm_id, "S4EWNX0R000001/n1");
	assert_string_equal(b.confirm_id, "S4EWNX0R000001/n2");
	assert_true(a.namespaces == 2 && b.nsid == 7 && facts_are_siblings(&a, &b));
	facts_compare(&a, &b);
	assert_int_equal(a.obstacles, 0);
}

static void a_card(void **state)
{
	hz_device_info d, boot;

	(void)state;
	devtree_disk(tree, "mmcblk0", "platform/mmc_host/mmc0/mmc0:0001", "179:0", 2000);
	devtree_put(tree, "sys/block/mmcblk0/device/name", "BJTD4R\n");
	devtree_put(tree, "sys/block/mmcblk0/device/serial", "0x3a5f1c22\n");
	devtree_put(tree, "sys/block/mmcblk0/device/cid", "150100424a54443452063a5f1c227700\n");
	d = facts("mmcblk0");
	assert_true(d.transport == HZ_TRANSPORT_MMC && d.medium == HZ_MEDIUM_CARD);
	assert_string_equal(d.serial, "3a5f1c22");
	assert_string_equal(d.wwn, "cid.150100424a54443452063a5f1c227700");
	/* Its boot area shows the same serial and is no other device. */
	boot = d;
	(void)snprintf(boot.name, sizeof(boot.name), "mmcblk0boot0");
	facts_compare(&d, &boot);
	assert_int_equal(d.obstacles, 0);
}

static void a_loop_device_goes_by_its_file(void **state)
{
	hz_device_info d;

	(void)state;
	devtree_disk(tree, "loop3", "virtual", "7:3", 131072);
	devtree_put(tree, "sys/block/loop3/loop/backing_file", "/srv/disk.img\n");
	d = facts("loop3");
	assert_true(d.transport == HZ_TRANSPORT_LOOP && d.medium == HZ_MEDIUM_VIRTUAL);
	assert_string_equal(d.confirm_id, "loop3:/srv/disk.img:67108864");
}

static void udev_fills_what_sysfs_lacks(void **state)
{
	hz_device_info d;

	(void)state;
	devtree_disk(tree, "sdc", "pci0000:00/host2/target2:0:0/2:0:0:0", "8:32", 2000);
	devtree_put(
		tree, "run/udev/data/b8:32", "S:disk/by-id/x\nE:ID_SERIAL=long\nE:ID_SERIAL_SHORT=ZC1001\nE:ID_X=y\n");
	d = facts("sdc");
	assert_int_equal(d.transport, HZ_TRANSPORT_SCSI);
	assert_string_equal(d.serial, "ZC1001");
}

static void empty_read_only_and_partitions_are_obstacles(void **state)
{
	hz_device_info d;

	(void)state;
	sata("sda", "8:0", "ata1", "WD-1");
	devtree_partition(tree, "sda", "sda1", "8:1");
	devtree_put(tree, "sys/block/sda/ro", "1\n");
	devtree_put(tree, "sys/block/sda/size", "0\n");
	d = facts("sda");
	assert_true(info_has(&d, HZ_GATE_READ_ONLY) && info_has(&d, HZ_GATE_SIZE) && !(d.can & HZ_CAN_WRITE));
	d = facts("sda1");
	assert_true(info_has(&d, HZ_GATE_PARTITION));
	assert_string_equal(d.path, "/dev/sda1");
	devtree_put(tree, "sys/block/sda/size", "2001\n");
	devtree_put(tree, "sys/block/sda/queue/logical_block_size", "4096\n");
	d = facts("sda");
	assert_true(info_has(&d, HZ_GATE_SIZE));
}

static void a_serial_that_two_show_names_neither(void **state)
{
	hz_device_info a, b;

	(void)state;
	sata("sda", "8:0", "ata1", "WD-1");
	sata("sdb", "8:16", "ata2", "WD-1");
	a = facts("sda");
	b = facts("sdb");
	facts_compare(&a, &b);
	assert_true(info_has(&a, HZ_GATE_IDENTITY));
	assert_string_equal(a.obstacle[0].text, "sdb is another path to the same medium: leave only one of them");
	(void)snprintf(a.wwn, sizeof(a.wwn), "naa.1");
	facts_compare(&b, &a);
	assert_string_equal(b.obstacle[0].text, "sda shows the same serial number");
	assert_int_equal(b.obstacle[0].override, 0);
}

static void the_same_device_is_told_from_another(void **state)
{
	hz_device_info then, now;

	(void)state;
	sata("sda", "8:0", "ata1", "WD-1");
	then = facts("sda");
	now = then;
	now.temperature_c = 40;
	assert_ok(link_same(&then, &now, NULL), NULL);
	for (int i = 0; i < 5; i++) {
		hz_error *err = NULL;

		now = then;
		if (i == 0)
			(void)snprintf(now.serial, sizeof(now.serial), "WD-2");
		else if (i == 1)
			(void)snprintf(now.wwn, sizeof(now.wwn), "naa.2");
		else if (i == 2)
			now.bytes += 512;
		else if (i == 3)
			now.logical_sector = 4096;
		else
			now.diskseq++;
		assert_fails(link_same(&then, &now, &err), HZ_E_REFUSED, &err);
	}
}

struct seen {
	char names[512];
	hz_device_info last;
};

static int note(void *user, const hz_device_info *d)
{
	struct seen *s = user;

	(void)snprintf(s->names + strlen(s->names), sizeof(s->names) - strlen(s->names), "%s ", d->name);
	s->last = *d;
	return 0;
}

static void many_disks(void)
{
	sata("sda", "8:0", "ata1", "WD-1");
	sata("sdb", "8:16", "ata2", "WD-2");
	nvme("nvme0n1", "259:0", "1");
	nvme("nvme0n2", "259:1", "2");
	devtree_disk(tree, "loop0", "virtual", "7:0", 0);
	devtree_disk(tree, "loop10", "virtual", "7:10", 100);
	devtree_put(tree, "sys/block/loop10/loop/backing_file", "/x\n");
	devtree_disk(tree, "loop2", "virtual", "7:2", 100);
	devtree_put(tree, "sys/block/loop2/loop/backing_file", "/y\n");
	devtree_disk(tree, "ram0", "virtual", "1:0", 100);
	devtree_disk(tree, "dm-0", "virtual", "253:0", 100);
	devtree_disk(tree, "nvme0c0n1", "pci0000:00/0000:01:00.0/nvme/nvme0", "259:9", 4096);
	devtree_put(tree, "sys/block/nvme0c0n1/hidden", "1\n");
	devtree_mount(tree, "259:1", "/mnt", "ext4", "/dev/nvme0n2");
}

static void the_list_is_sorted_and_leaves_out_what_is_no_disk(void **state)
{
	hz_device_options all = HZ_DEVICE_OPTIONS_INIT;
	struct seen s = { .names = "" };

	(void)state;
	many_disks();
	assert_ok(devices_list(tree, NULL, note, &s, NULL), NULL);
	assert_string_equal(s.names, "loop2 loop10 nvme0n1 nvme0n2 sda sdb ");
	/* There is no node to open: it could not be found out whether it is in use. */
	assert_true(info_has(&s.last, HZ_GATE_UNKNOWN));
	s.names[0] = '\0';
	all.flags = HZ_DEVICE_ALL;
	assert_ok(devices_list(tree, &all, note, &s, NULL), NULL);
	assert_string_equal(s.names, "dm-0 loop0 loop2 loop10 nvme0n1 nvme0n2 ram0 sda sdb ");
}

static const hz_obstacle *of_sibling(const hz_device_info *info, const char *text)
{
	for (uint32_t k = 0; k < info->obstacles && k < HZ_DEVICE_OBSTACLES; k++)
		if (info->obstacle[k].gate == HZ_GATE_SIBLING && strcmp(info->obstacle[k].text, text) == 0)
			return &info->obstacle[k];
	return NULL;
}

static void a_mounted_namespace_bars_its_sibling(void **state)
{
	struct survey s AUTO_SURVEY = SURVEY_INIT;
	const hz_device_info *first;
	size_t i;

	(void)state;
	many_disks();
	assert_ok(survey_open(&s, tree, NULL), NULL);
	i = blocks_by_name(&s.blocks, "nvme0n1");
	survey_want(&s, i);
	assert_true(s.wanted[blocks_by_name(&s.blocks, "nvme0n2")]);
	assert_false(s.wanted[blocks_by_name(&s.blocks, "sda")] || s.wanted[blocks_by_name(&s.blocks, "nvme0c0n1")]);
	assert_ok(survey_run(&s, NULL), NULL);
	first = &s.info[i];
	assert_true(info_has(first, HZ_GATE_SIBLING) && !info_has(first, HZ_GATE_MOUNTED));
	assert_true(of_sibling(first, "nvme0n2 on the same medium: mounted on /mnt (ext4)"));
}

/* A firmware erases them all: whatever would keep the sibling keeps this one, and what may be overridden hides nothing
 * that may not. */
static void all_that_keeps_a_sibling_keeps_the_other(void **state)
{
	struct survey s AUTO_SURVEY = SURVEY_INIT;
	const hz_device_info *first, *other;
	const hz_obstacle *o;
	size_t i, n = 0;

	(void)state;
	many_disks();
	devtree_put(tree, "sys/block/nvme0n2/ro", "1\n");
	assert_ok(survey_open(&s, tree, NULL), NULL);
	i = blocks_by_name(&s.blocks, "nvme0n1");
	survey_want(&s, i);
	other = &s.info[blocks_by_name(&s.blocks, "nvme0n2")];
	/* As examine() would find them. */
	info_obstacle(&s.info[blocks_by_name(&s.blocks, "nvme0n2")], HZ_GATE_OPEN, true, "open in process 7 (dd)");
	info_obstacle(&s.info[blocks_by_name(&s.blocks, "nvme0n2")], HZ_GATE_SIGNATURE, true, "it carries crypto_LUKS");
	assert_ok(survey_run(&s, NULL), NULL);
	first = &s.info[i];
	for (uint32_t k = 0; k < other->obstacles; k++) {
		char text[200];

		if (other->obstacle[k].gate == HZ_GATE_SIBLING)
			continue;
		(void)snprintf(text, sizeof(text), "nvme0n2 on the same medium: %.120s", other->obstacle[k].text);
		o = of_sibling(first, text);
		assert_non_null(o);
		assert_int_equal(o->override, other->obstacle[k].override);
		n++;
	}
	assert_true(n >= 4);
	assert_true(info_has(other, HZ_GATE_READ_ONLY) && info_has(other, HZ_GATE_UNKNOWN));
}

static void without_sys_there_is_no_list(void **state)
{
	hz_error *err = NULL;
	struct seen s = { .names = "" };
	char *from = hzt_path(tree, "sys"), *to = hzt_path(tree, "gone");

	(void)state;
	assert_int_equal(rename(from, to), 0);
	assert_fails(devices_list(tree, NULL, note, &s, &err), HZ_E_IO, &err);
	free(from);
	free(to);
}

#define WITH_TREE(t) cmocka_unit_test_setup_teardown(t, make_tree, remove_tree)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TREE(a_sata_disk),
		WITH_TREE(a_usb_disk_is_told_from_its_bridge),
		WITH_TREE(namespaces_share_a_serial_and_have_names),
		WITH_TREE(a_card),
		WITH_TREE(a_loop_device_goes_by_its_file),
		WITH_TREE(udev_fills_what_sysfs_lacks),
		WITH_TREE(empty_read_only_and_partitions_are_obstacles),
		WITH_TREE(a_serial_that_two_show_names_neither),
		WITH_TREE(the_same_device_is_told_from_another),
		WITH_TREE(the_list_is_sorted_and_leaves_out_what_is_no_disk),
		WITH_TREE(a_mounted_namespace_bars_its_sibling),
		WITH_TREE(all_that_keeps_a_sibling_keeps_the_other),
		WITH_TREE(without_sys_there_is_no_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
