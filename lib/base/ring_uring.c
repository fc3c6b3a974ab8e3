/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests through io_uring, with the buffers and the descriptor registered where the limits of the process allow it.
 */
#include "base/ring_internal.h"
#include <errno.h>
#include <liburing.h>
#include <string.h>

struct uring {
	struct io_uring ring;
	bool registered, fixed_file;
};

static void uring_register(struct uring *u, struct ring *r)
{
	struct iovec iov[RING_DEPTH_MAX];

	for (unsigned i = 0; i < r->o.depth; i++)
		iov[i] = (struct iovec){ r->slots[i].data, r->memory_len / r->o.depth };
	u->registered = io_uring_register_buffers(&u->ring, iov, r->o.depth) == 0;
	u->fixed_file = io_uring_register_files(&u->ring, &r->o.fd, 1) == 0;
}

static int uring_open(void **ret, struct ring *r, hz_error **err)
{
	AUTO_FREE struct uring *u = calloc(1, sizeof(*u));
	int rc;

	if (!u)
		return err_nomem(err);
	rc = io_uring_queue_init(r->o.depth, &u->ring, 0);
	if (rc < 0) {
		errno = -rc;
		return err_errno_as(err, HZ_E_UNSUPPORTED, "io_uring");
	}
	uring_register(u, r);
	*ret = TAKE(u);
	return 0;
}

static void prepare(const struct uring *u, struct io_uring_sqe *sqe, struct ring *r, unsigned slot)
{
	struct ring_slot *s = &r->slots[slot];
	const int fd = u->fixed_file ? 0 : r->o.fd, index = (int)slot;
	const unsigned len = (unsigned)s->rest.iov_len;
	const uint64_t off = s->off + s->done;

	if (s->op == RING_READ && u->registered)
		io_uring_prep_read_fixed(sqe, fd, s->rest.iov_base, len, off, index);
	else if (s->op == RING_READ)
		io_uring_prep_readv(sqe, fd, &s->rest, 1, off);
	else if (u->registered)
		io_uring_prep_write_fixed(sqe, fd, s->rest.iov_base, len, off, index);
	else
		io_uring_prep_writev(sqe, fd, &s->rest, 1, off);
	if (u->fixed_file)
		sqe->flags |= IOSQE_FIXED_FILE;
	sqe->user_data = slot;
}

static int uring_start(void *way, struct ring *r, unsigned slot)
{
	struct uring *u = way;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);
	int rc;

	if (!sqe)
		return -EBUSY;
	prepare(u, sqe, r, slot);
	do {
		rc = io_uring_submit(&u->ring);
	} while (rc == -EINTR || rc == -EAGAIN);
	return rc < 0 ? rc : 0;
}

static int uring_next(void *way, unsigned *slot, ssize_t *result, unsigned wait_ms, hz_error **err)
{
	struct __kernel_timespec limit = { .tv_sec = wait_ms / 1000, .tv_nsec = (long long)(wait_ms % 1000) * 1000000 };
	struct uring *u = way;
	struct io_uring_cqe *cqe = NULL;
	int rc = io_uring_peek_cqe(&u->ring, &cqe);

	if (rc == -EAGAIN)
		rc = io_uring_wait_cqe_timeout(&u->ring, &cqe, &limit);
	if (rc == -ETIME || rc == -EINTR || rc == -EAGAIN)
		return 0;
	if (rc < 0) {
		errno = -rc;
		return err_errno(err, "io_uring: wait");
	}
	*slot = (unsigned)cqe->user_data;
	*result = cqe->res;
	io_uring_cqe_seen(&u->ring, cqe);
	return 1;
}

/* The end of a ring runs behind the process's back, and its registered file would stay open for that long: a disk that
 * was claimed alone could then not be claimed by who comes next. */
static void uring_close(void *way)
{
	struct uring *u = way;

	if (u->fixed_file)
		(void)io_uring_unregister_files(&u->ring);
	io_uring_queue_exit(&u->ring);
	free(u);
}

const struct ring_way ring_uring = { "io_uring", uring_open, uring_start, uring_next, uring_close };
