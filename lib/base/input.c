/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for input in short naps, and child processes: see input.h. */
#include "base/input.h"
#include "base/vfs.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAP_MS    100
#define TERM_NAPS 50 /* how long a command has to obey SIGTERM */

extern char **environ;

ssize_t input_read(int fd, void *data, size_t len, input_stop_fn stop, void *user, hz_error **err)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int ready = poll(&p, 1, NAP_MS);
		ssize_t n;

		if (stop && stop(user))
			return err_set(err, HZ_E_CANCELED, "reading was stopped");
		if (ready < 0 && errno != EINTR)
			return err_errno_as(err, HZ_E_IO, "waiting for input");
		if (ready <= 0)
			continue;
		n = vfs()->read(fd, data, len);
		/* Somebody may have made it non-blocking. */
		if (n < 0 && errno == EAGAIN)
			continue;
		return n < 0 ? err_errno_as(err, HZ_E_IO, "reading") : n;
	}
}

/* As a program expects to find its signals: SIGPIPE, which this process may ignore, ends it. */
static int set_signals(posix_spawnattr_t *a)
{
	sigset_t none, defaults;

	(void)sigemptyset(&none);
	(void)sigemptyset(&defaults);
	(void)sigaddset(&defaults, SIGPIPE);
	if (posix_spawnattr_setflags(a, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) != 0 ||
		posix_spawnattr_setsigmask(a, &none) != 0)
		return ENOMEM;
	return posix_spawnattr_setsigdefault(a, &defaults);
}

/* 0 or an errno. */
static int spawn(pid_t *pid, int out, const char *const *argv)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t a;
	int e = posix_spawn_file_actions_init(&files);

	if (e)
		return e;
	e = posix_spawnattr_init(&a);
	if (e == 0) {
		e = set_signals(&a);
		if (e == 0)
			e = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
		if (e == 0)
			e = posix_spawnp(pid, argv[0], &files, &a, (char *const *)(uintptr_t)argv, environ);
		(void)posix_spawnattr_destroy(&a);
	}
	(void)posix_spawn_file_actions_destroy(&files);
	return e;
}

int command_start(struct command *c, const char *const *argv, hz_error **err)
{
	AUTO_FD int write_end = -1;
	int ends[2], e;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(err, "a pipe for '%s'", argv[0]);
	c->out = ends[0];
	write_end = ends[1];
	e = spawn(&c->pid, write_end, argv);
	if (e == 0)
		return 0;
	c->pid = 0;
	fd_close(&c->out);
	errno = e;
	return err_errno_as(
		err, e == ENOENT ? HZ_E_NOTFOUND : HZ_E_IO, "the command '%s' could not be started", argv[0]);
}

/* 1: it is over. */
static int look(struct command *c, int *status)
{
	pid_t r;

	do
		r = waitpid(c->pid, status, WNOHANG);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return 0;
	c->pid = 0;
	return r < 0 ? -errno : 1;
}

int command_wait(struct command *c, input_stop_fn stop, void *user, hz_error **err)
{
	int status = 0, r;

	while ((r = look(c, &status)) == 0) {
		if (stop && stop(user))
			return err_set(err, HZ_E_CANCELED, "waiting for the command was stopped");
		(void)poll(NULL, 0, NAP_MS / 10);
	}
	if (r < 0) {
		errno = -r;
		return err_errno_as(err, HZ_E_IO, "how the command ended cannot be found out");
	}
	if (WIFSIGNALED(status))
		return err_set(err, HZ_E_IO, "the command was killed by signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) != 0)
		return err_set(err, HZ_E_IO, "the command failed with exit code %d", WEXITSTATUS(status));
	return 0;
}

void command_release(struct command *c)
{
	int status;

	fd_close(&c->out);
	if (c->pid == 0)
		return;
	(void)kill(c->pid, SIGTERM);
	for (unsigned i = 0; i < TERM_NAPS && look(c, &status) == 0; i++)
		(void)poll(NULL, 0, NAP_MS);
	if (c->pid == 0)
		return;
	(void)kill(c->pid, SIGKILL);
	(void)waitpid(c->pid, &status, 0);
	c->pid = 0;
}
