/* SPDX-License-Identifier: BSD-2-Clause */
/* See filelink.h. */
#include "support/hzt.h"
#include "support/filelink.h"
#include "base/error.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool touches(const struct file_fault *x, uint64_t off, size_t len)
{
	return off < x->off + x->len && x->off < off + len;
}

static int one_fault(struct filelink *f, struct file_fault *x, enum ring_op op, size_t len, uint64_t *off)
{
	if (x->kind == FAULT_VANISH && f->requests > x->value)
		f->gone = true;
	if (x->kind == FAULT_VANISH || !touches(x, *off, len))
		return RING_PASS;
	if (x->kind == FAULT_READ)
		return op == RING_READ ? -x->error : RING_PASS;
	if (op == RING_READ && x->kind != FAULT_ALIAS)
		return RING_PASS;
	if (x->kind == FAULT_WRITE)
		return -x->error;
	if (x->kind == FAULT_HEALS && x->value > 0) {
		x->value--;
		return -x->error;
	}
	if (x->kind == FAULT_DROP && *off >= x->off && *off + len <= x->off + x->len)
		return RING_DROP;
	if (x->kind == FAULT_ALIAS)
		*off = *off - x->off + x->value;
	return RING_PASS;
}

static int ask(void *user, enum ring_op op, void *data, size_t len, uint64_t *off)
{
	struct filelink *f = user;
	int rc = RING_PASS;

	(void)data;
	pthread_mutex_lock(&f->mutex);
	f->requests++;
	f->reads += op == RING_READ;
	f->writes += op == RING_WRITE;
	for (size_t i = 0; rc == RING_PASS && i < f->n_faults; i++)
		rc = one_fault(f, &f->fault[i], op, len, off);
	if (f->gone)
		rc = -ENODEV;
	pthread_mutex_unlock(&f->mutex);
	return rc;
}

static int failing(int number, const char *what, hz_error **err)
{
	errno = number;
	return err_errno_as(err, number == ENODEV || number == ENXIO ? HZ_E_NOTFOUND : HZ_E_IO, "file: %s", what);
}

static int file_read(struct link *l, void *data, size_t len, uint64_t off, hz_error **err)
{
	struct filelink *f = (struct filelink *)l;
	int rc = ask(f, RING_READ, data, len, &off);
	ssize_t n;

	if (rc < 0)
		return failing(-rc, "read", err);
	n = pread(f->fd, data, len, (off_t)off);
	if (n != (ssize_t)len)
		return failing(n < 0 ? errno : ENXIO, "read", err);
	return 0;
}

static int file_write(struct link *l, const void *data, size_t len, uint64_t off, hz_error **err)
{
	struct filelink *f = (struct filelink *)l;
	int rc = ask(f, RING_WRITE, NULL, len, &off);
	ssize_t n;

	if (rc == RING_DROP)
		return 0;
	if (rc < 0)
		return failing(-rc, "write", err);
	n = pwrite(f->fd, data, len, (off_t)off);
	if (n != (ssize_t)len)
		return failing(n < 0 ? errno : ENOSPC, "write", err);
	return 0;
}

static int file_flush(struct link *l, hz_error **err)
{
	struct filelink *f = (struct filelink *)l;

	f->flushes++;
	if (f->gone)
		return failing(ENODEV, "flush", err);
	if (f->flush_error)
		return failing(f->flush_error, "flush", err);
	return fsync(f->fd) < 0 ? failing(errno, "flush", err) : 0;
}

static int file_range(struct link *l, int mode, uint64_t off, uint64_t len, const char *what, hz_error **err)
{
	struct filelink *f = (struct filelink *)l;
	int rc = ask(f, RING_WRITE, NULL, (size_t)len, &off);

	if (rc == RING_DROP)
		return 0;
	if (rc < 0)
		return failing(-rc, what, err);
	return fallocate(f->fd, mode, (off_t)off, (off_t)len) < 0 ? failing(errno, what, err) : 0;
}

static int file_discard(struct link *l, uint64_t off, uint64_t len, hz_error **err)
{
	return file_range(l, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off, len, "discard", err);
}

static int file_write_zeroes(struct link *l, uint64_t off, uint64_t len, hz_error **err)
{
	return file_range(l, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off, len, "write zeroes", err);
}

static int file_look(struct link *l, hz_device_info *info, hz_error **err)
{
	struct filelink *f = (struct filelink *)l;

	if (f->gone)
		return failing(ENODEV, "look", err);
	*info = l->info;
	if (f->looks_bytes)
		info->bytes = f->looks_bytes;
	return 0;
}

static int file_fd(struct link *l)
{
	struct filelink *f = (struct filelink *)l;

	return f->use_fd ? f->fd : -1;
}

static void file_close(struct link *l)
{
	filelink_close((struct filelink *)l);
}

static const struct link_ops ops = { .read = file_read,
	.write = file_write,
	.flush = file_flush,
	.discard = file_discard,
	.write_zeroes = file_write_zeroes,
	.look = file_look,
	.fd = file_fd,
	.close = file_close };

struct filelink *filelink_open(const char *path, uint64_t bytes, uint32_t logical, uint32_t physical, bool use_fd)
{
	struct filelink *f = calloc(1, sizeof(*f));
	struct stat st;

	assert_non_null(f);
	pthread_mutex_init(&f->mutex, NULL);
	f->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_DIRECT, 0600);
	if (f->fd < 0 && errno == EINVAL)
		f->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (f->fd < 0 || fstat(f->fd, &st) < 0 || (S_ISREG(st.st_mode) && ftruncate(f->fd, (off_t)bytes) < 0))
		fail_msg("open %s: %s", path, strerror(errno));
	f->use_fd = use_fd;
	f->link.ops = &ops;
	f->link.info = (hz_device_info){ .size = sizeof(hz_device_info),
		.transport = HZ_TRANSPORT_LOOP,
		.medium = HZ_MEDIUM_VIRTUAL,
		.bytes = bytes,
		.logical_sector = logical,
		.physical_sector = physical,
		.can = HZ_CAN_WRITE | HZ_CAN_DISCARD | HZ_CAN_WRITE_ZEROES };
	(void)snprintf(f->link.info.path, sizeof(f->link.info.path), "%s", path);
	(void)snprintf(f->link.info.serial, sizeof(f->link.info.serial), "FILE0001");
	(void)snprintf(f->link.info.confirm_id, sizeof(f->link.info.confirm_id), "FILE0001");
	if (use_fd)
		ring_install(ask, f);
	return f;
}

void filelink_fault(
	struct filelink *f, enum file_fault_kind kind, uint64_t off, uint64_t len, int error, uint64_t value)
{
	assert_true(f->n_faults < FILE_FAULTS);
	f->fault[f->n_faults++] = (struct file_fault){ kind, off, len, error, value };
}

void filelink_close(struct filelink *f)
{
	if (!f)
		return;
	if (f->use_fd)
		ring_install(NULL, NULL);
	(void)close(f->fd);
	pthread_mutex_destroy(&f->mutex);
	free(f);
}
