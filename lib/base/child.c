/* SPDX-License-Identifier: BSD-2-Clause */
/* One pipe, one fork. The parent never waits without a limit: a child in the kernel's hands is left to it. */
#include "base/child.h"
#include "base/clock.h"
#include "base/vfs.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REAP_NAPS 50
#define NAP_NS    2000000

/* In the child: Ctrl-C ends it, whatever this program made of the signal. */
static void run(void (*work)(void *arg), void *arg, const void *result, size_t len, int out)
{
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGHUP, SIG_DFL);
	work(arg);
	_exit(vfs_write_all(out, result, len) < 0 ? 1 : 0);
}

int child_start(struct child *c, void (*work)(void *arg), void *arg, const void *result, size_t len, hz_error **err)
{
	int ends[2];
	pid_t pid;

	if (len > CHILD_RESULT_MAX)
		return err_set(err, HZ_E_INTERNAL, "a result of %zu bytes", len);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno_as(err, HZ_E_IO, "a pipe");
	pid = fork();
	if (pid == 0)
		run(work, arg, result, len, ends[1]);
	(void)vfs()->close(ends[1]);
	if (pid < 0) {
		(void)err_errno_as(err, HZ_E_IO, "a process of its own");
		(void)vfs()->close(ends[0]);
		return HZ_E_IO;
	}
	c->pid = pid;
	c->out = ends[0];
	return 0;
}

/* 1: there is something to read; 0: not before the deadline. */
static int wait_for(int fd, uint64_t deadline_ns)
{
	for (;;) {
		uint64_t now = clock_mono_ns();
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int n = poll(&p, 1, now >= deadline_ns ? 0 : (int)((deadline_ns - now) / 1000000 % 1000000) + 1);

		if (n > 0 || (n < 0 && errno != EINTR))
			return n;
		if (n == 0 && now >= deadline_ns)
			return 0;
	}
}

int child_take(struct child *c, void *result, size_t len, uint64_t deadline_ns, hz_error **err)
{
	size_t have = 0;

	while (have < len) {
		int n = wait_for(c->out, deadline_ns);
		ssize_t got;

		if (n == 0)
			return err_set(err, HZ_E_BUSY, "no answer in time");
		got = n < 0 ? -1 : vfs()->read(c->out, (char *)result + have, len - have);
		if (got < 0)
			return err_errno_as(err, HZ_E_IO, "a process of its own");
		if (got == 0)
			return err_set(err, HZ_E_IO, "it ended without a result");
		have += (size_t)got;
	}
	return 0;
}

void child_release(struct child *c)
{
	const struct timespec nap = { 0, NAP_NS };

	if (c->pid <= 0)
		return;
	fd_close(&c->out);
	(void)kill(c->pid, SIGKILL);
	for (int i = 0; i < REAP_NAPS && waitpid(c->pid, NULL, WNOHANG) == 0; i++)
		(void)nanosleep(&nap, NULL);
	c->pid = 0;
}
