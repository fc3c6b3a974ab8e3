/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's link against a kernel of our own: what SG_IO, NVMe commands and block calls may answer, and which of it
 * is no answer. */
#include "support/hzt.h"
#include "support/answers.h"
#include "base/vfs.h"
#include "device/ata.h"
#include "device/info.h"
#include "device/kernel.h"
#include "hozen/json.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/nvme_ioctl.h>
#include <scsi/sg.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

static struct {
	int ioctl_errno; /* of commands */
	uint8_t status, sense[64];
	size_t sense_len;
	uint16_t host, driver;
	int nvme;
	uint64_t size;
	int io_errno;
	uint8_t cdb[16];
	unsigned timeout;
	int direction;
	unsigned fsyncs;
	uint64_t range[2];
} kernel;

static int fake_ioctl(int fd, unsigned long request, void *arg)
{
	(void)fd;
	if (request == BLKGETSIZE64) {
		memcpy(arg, &kernel.size, 8);
		return 0;
	}
	if (request == BLKDISCARD || request == BLKZEROOUT)
		memcpy(kernel.range, arg, sizeof(kernel.range));
	if (kernel.ioctl_errno) {
		errno = kernel.ioctl_errno;
		return -1;
	}
	if (request == SG_IO) {
		struct sg_io_hdr *io = arg;

		assert_int_equal(io->interface_id, 'S');
		memcpy(kernel.cdb, io->cmdp, io->cmd_len);
		kernel.timeout = io->timeout;
		kernel.direction = io->dxfer_direction;
		memcpy(io->sbp, kernel.sense, kernel.sense_len);
		io->sb_len_wr = (unsigned char)kernel.sense_len;
		io->status = kernel.status;
		io->host_status = kernel.host;
		io->driver_status = kernel.driver;
		return 0;
	}
	if (request == NVME_IOCTL_ADMIN_CMD) {
		((struct nvme_admin_cmd *)arg)->result = 77;
		return kernel.nvme;
	}
	return 0;
}

static ssize_t fake_pread(int fd, void *buf, size_t len, off_t off)
{
	(void)fd, (void)off;
	if (kernel.io_errno) {
		errno = kernel.io_errno;
		return -1;
	}
	memset(buf, 0x5a, len);
	return (ssize_t)len;
}

static ssize_t fake_pwritev(int fd, const struct iovec *iov, int n, off_t off)
{
	(void)fd, (void)off, (void)n;
	if (kernel.io_errno) {
		errno = kernel.io_errno;
		return -1;
	}
	return (ssize_t)iov[0].iov_len;
}

static int fake_fsync(int fd)
{
	(void)fd;
	kernel.fsyncs++;
	if (kernel.io_errno) {
		errno = kernel.io_errno;
		return -1;
	}
	return 0;
}

static struct vfs table;

static int start(void **state)
{
	const struct roots none = ROOTS_INIT;
	struct link *l = NULL;
	hz_device_info info;

	memset(&kernel, 0, sizeof(kernel));
	kernel.size = 1 << 20;
	table = *vfs_system();
	table.ioctl = fake_ioctl;
	table.pread = fake_pread;
	table.pwritev = fake_pwritev;
	table.fsync = fake_fsync;
	vfs_install(&table);
	info_init(&info);
	info.bytes = 1 << 20;
	info.logical_sector = 4096;
	(void)snprintf(info.path, sizeof(info.path), "/dev/sdx");
	assert_ok(kernel_link_new(&l, open("/dev/null", O_RDWR | O_CLOEXEC), &none, &info, NULL), NULL);
	assert_ok(trace_new(&l->trace, NULL), NULL);
	*state = l;
	return 0;
}

static int stop(void **state)
{
	struct link *l = *state;

	trace_free(l->trace);
	link_close(l);
	vfs_install(NULL);
	return 0;
}

static const struct ata_command status_command = { .command = ATA_SANITIZE, .ext = true, .timeout_ms = 1234 };

static void registers_come_back(void **state)
{
	const struct ata_answer want = { true, true, 0x50, 0, 0x40, 0x8000, 0xffff };
	struct link *l = *state;
	struct ata_answer a;

	kernel.status = 2;
	kernel.driver = 8;
	kernel.sense_len = answer_sense_descriptor(kernel.sense, &want, 1);
	assert_ok(l->ops->ata(l, &status_command, NULL, 0, &a, NULL), NULL);
	assert_true(a.has_registers && a.has_high && a.count == 0x8000 && a.status == 0x50);
	assert_int_equal(kernel.cdb[14], ATA_SANITIZE);
	assert_int_equal(kernel.timeout, 1234);
	assert_int_equal(kernel.direction, SG_DXFER_NONE);
}

/* Good status and no sense: what HBAs that strip the registers do. It is an answer without registers. */
static void good_without_registers_is_not_known(void **state)
{
	struct link *l = *state;
	struct ata_answer a = { .has_registers = true };

	assert_ok(l->ops->ata(l, &status_command, NULL, 0, &a, NULL), NULL);
	assert_false(a.has_registers);
	/* The empty fixed format of bridges, too. */
	kernel.status = 2;
	kernel.sense[0] = 0x70, kernel.sense[7] = 10;
	kernel.sense_len = 18;
	assert_ok(l->ops->ata(l, &status_command, NULL, 0, &a, NULL), NULL);
	assert_false(a.has_registers);
}

static void what_is_no_answer_is_an_error(void **state)
{
	static const struct {
		int ioctl_errno;
		uint16_t host, driver;
		int code;
	} cases[] = { { EINVAL, 0, 0, HZ_E_UNSUPPORTED }, { ENOTTY, 0, 0, HZ_E_UNSUPPORTED },
		{ ENODEV, 0, 0, HZ_E_NOTFOUND }, { ENXIO, 0, 0, HZ_E_NOTFOUND }, { EPERM, 0, 0, HZ_E_IO },
		{ EIO, 0, 0, HZ_E_IO }, { 0, 1, 0, HZ_E_NOTFOUND }, { 0, 4, 0, HZ_E_NOTFOUND }, { 0, 3, 0, HZ_E_IO },
		{ 0, 7, 0, HZ_E_IO }, { 0, 0, 6, HZ_E_IO } };
	struct link *l = *state;
	struct ata_answer a;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hz_error *err = NULL;

		kernel.ioctl_errno = cases[i].ioctl_errno;
		kernel.host = cases[i].host;
		kernel.driver = cases[i].driver;
		assert_fails(l->ops->ata(l, &status_command, NULL, 0, &a, &err), cases[i].code, &err);
	}
	/* An error of a device that has no size any more is that it is gone. */
	kernel.ioctl_errno = EIO;
	kernel.size = 0;
	assert_fails(l->ops->ata(l, &status_command, NULL, 0, &a, NULL), HZ_E_NOTFOUND, NULL);
}

static void data_of_a_failed_command_is_no_data(void **state)
{
	const struct ata_command identify = { .command = ATA_IDENTIFY_DEVICE, .count = 1, .data = LINK_FROM_DEVICE };
	struct link *l = *state;
	uint8_t page[512];
	struct ata_answer a;

	assert_ok(l->ops->ata(l, &identify, page, 512, &a, NULL), NULL);
	assert_int_equal(kernel.direction, SG_DXFER_FROM_DEV);
	kernel.status = 2;
	kernel.sense_len = answer_sense(kernel.sense, 5, 0x20, 0, 1, -1);
	assert_fails(l->ops->ata(l, &identify, page, 512, &a, NULL), HZ_E_UNSUPPORTED, NULL);
	kernel.sense_len = answer_sense(kernel.sense, 4, 0x44, 0, 1, -1);
	assert_fails(l->ops->ata(l, &identify, page, 512, &a, NULL), HZ_E_IO, NULL);
	kernel.status = 8;
	kernel.sense_len = 0;
	assert_fails(l->ops->ata(l, &identify, page, 512, &a, NULL), HZ_E_IO, NULL);
	assert_fails(l->ops->ata(l, &identify, page, 511, &a, NULL), HZ_E_INVAL, NULL);
}

static void scsi_gives_status_sense_and_progress(void **state)
{
	const struct scsi_command c = { .cdb = { 0x03, 0, 0, 0, 18, 0 }, .cdb_len = 6, .data = LINK_NO_DATA };
	struct link *l = *state;
	struct scsi_answer a;

	kernel.status = 2;
	kernel.sense_len = answer_sense(kernel.sense, 2, 0x04, 0x1b, 0, 0x4000);
	assert_ok(l->ops->scsi(l, &c, NULL, 0, &a, NULL), NULL);
	assert_true(
		a.status == 2 && a.key == 2 && a.asc == 4 && a.ascq == 0x1b && a.has_progress && a.progress == 0x4000);
	kernel.host = 7;
	assert_ok(l->ops->scsi(l, &c, NULL, 0, &a, NULL), NULL);
	assert_int_equal(a.host, 7);
	kernel.host = 1;
	assert_fails(l->ops->scsi(l, &c, NULL, 0, &a, NULL), HZ_E_NOTFOUND, NULL);
}

static void nvme_status_is_told_apart_from_errno(void **state)
{
	const struct nvme_command c = { .opcode = 0x84, .cdw10 = 2 };
	struct link *l = *state;
	struct nvme_answer a;

	kernel.nvme = 0x4001;
	assert_ok(l->ops->nvme(l, &c, NULL, 0, &a, NULL), NULL);
	assert_true(a.status == 1 && a.result == 77);
	kernel.nvme = 0;
	assert_ok(l->ops->nvme(l, &c, NULL, 0, &a, NULL), NULL);
	assert_int_equal(a.status, 0);
	kernel.ioctl_errno = ENOTTY;
	assert_fails(l->ops->nvme(l, &c, NULL, 0, &a, NULL), HZ_E_UNSUPPORTED, NULL);
}

/* docs/erase/devices.md has the list of errnos seen. */
static void block_errors_tell_medium_from_device(void **state)
{
	static const struct {
		int errnum, code;
	} cases[] = { { EIO, HZ_E_IO }, { ENODATA, HZ_E_IO }, { EPERM, HZ_E_IO }, { ETIMEDOUT, HZ_E_IO },
		{ EREMOTEIO, HZ_E_IO }, { EOPNOTSUPP, HZ_E_UNSUPPORTED }, { ENOSPC, HZ_E_NOTFOUND },
		{ ENXIO, HZ_E_NOTFOUND }, { ENODEV, HZ_E_NOTFOUND }, { ENOMEDIUM, HZ_E_NOTFOUND } };
	struct link *l = *state;
	uint8_t data[8192] = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hz_error *err = NULL;

		kernel.io_errno = cases[i].errnum;
		assert_int_equal(l->ops->write(l, data, sizeof(data), 4096, &err), cases[i].code);
		assert_int_equal(hz_error_errno(err), cases[i].errnum);
		hz_error_free(err);
		assert_int_equal(l->ops->read(l, data, sizeof(data), 4096, NULL), cases[i].code);
		assert_int_equal(l->ops->flush(l, NULL), cases[i].code);
	}
	kernel.io_errno = EIO;
	kernel.size = 0;
	assert_int_equal(l->ops->write(l, data, sizeof(data), 4096, NULL), HZ_E_NOTFOUND);
	kernel.io_errno = 0;
	assert_ok(l->ops->read(l, data, sizeof(data), (1 << 20) - 8192, NULL), NULL);
	assert_int_equal(data[8191], 0x5a);
	kernel.fsyncs = 0;
	assert_ok(l->ops->flush(l, NULL), NULL);
	assert_int_equal(kernel.fsyncs, 1);
}

static void ranges_stay_inside_and_on_sectors(void **state)
{
	struct link *l = *state;
	uint8_t data[8192] = { 0 };

	assert_int_equal(l->ops->write(l, data, 512, 0, NULL), HZ_E_INVAL);
	assert_int_equal(l->ops->write(l, data, 4096, 512, NULL), HZ_E_INVAL);
	assert_int_equal(l->ops->read(l, data, 8192, (1 << 20) - 4096, NULL), HZ_E_INVAL);
	assert_int_equal(l->ops->read(l, data, 4096, UINT64_MAX - 4095, NULL), HZ_E_INVAL);
	assert_int_equal(l->ops->discard(l, 0, 2 << 20, NULL), HZ_E_INVAL);
	assert_ok(l->ops->discard(l, 4096, 8192, NULL), NULL);
	assert_true(kernel.range[0] == 4096 && kernel.range[1] == 8192);
	kernel.ioctl_errno = EOPNOTSUPP;
	assert_int_equal(l->ops->write_zeroes(l, 0, 4096, NULL), HZ_E_UNSUPPORTED);
}

static void each_command_leaves_a_line(void **state)
{
	const struct nvme_command n = { .opcode = 0x84, .cdw10 = 2 };
	struct link *l = *state;
	struct ata_answer a;
	struct nvme_answer na;
	const char *text;
	size_t len;

	kernel.status = 2;
	kernel.sense_len = answer_sense(kernel.sense, 1, 0, 0x1d, 0, -1);
	assert_ok(l->ops->ata(l, &status_command, NULL, 0, &a, NULL), NULL);
	assert_ok(l->ops->nvme(l, &n, NULL, 0, &na, NULL), NULL);
	kernel.ioctl_errno = EIO;
	(void)l->ops->ata(l, &status_command, NULL, 0, &a, NULL);
	text = trace_text(l->trace, &len);
	assert_non_null(text);
	assert_int_equal(len, strlen(text));
	assert_non_null(strstr(text,
		"{\"op\":\"ata\",\"in\":\"8507200000000000000000000000b400\",\"out\":\"status=02 host=0000 "
		"driver=0000\",\"sense\":\"7201001d00000000\",\"t_ns\":"));
	assert_non_null(strstr(text, "{\"op\":\"nvme\",\"in\":\"opcode=84 nsid=00000000 cdw10=00000002"));
	assert_non_null(strstr(text, "\"out\":\"errno=5\""));
}

int main(void)
{
#define KERNEL(t) cmocka_unit_test_setup_teardown(t, start, stop)
	const struct CMUnitTest tests[] = {
		KERNEL(registers_come_back),
		KERNEL(good_without_registers_is_not_known),
		KERNEL(what_is_no_answer_is_an_error),
		KERNEL(data_of_a_failed_command_is_no_data),
		KERNEL(scsi_gives_status_sense_and_progress),
		KERNEL(nvme_status_is_told_apart_from_errno),
		KERNEL(block_errors_tell_medium_from_device),
		KERNEL(ranges_stay_inside_and_on_sectors),
		KERNEL(each_command_leaves_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
