/* SPDX-License-Identifier: BSD-2-Clause */
/* A test command in the restored tree, without network where the system lets us. When it runs, keys and passphrase are
 * gone from memory. What it prints goes to stderr: stdout is ours. */
#include "common/i18n.h"
#include "common/report.h"
#include "common/signals.h"
#include "verify/drill.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- the child ---- */

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		(void)close(fd);
	return ok;
}

/* This user stays who he is in his own name space. */
static bool map_user(uid_t uid, gid_t gid)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%u %u 1", uid, uid);
	if (!write_text("/proc/self/uid_map", text) || !write_text("/proc/self/setgroups", "deny"))
		return false;
	(void)snprintf(text, sizeof(text), "%u %u 1", gid, gid);
	return write_text("/proc/self/gid_map", text);
}

/* A server that is tested may talk to itself. */
static void loopback_up(void)
{
	struct ifreq r = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	r.ifr_flags = IFF_UP | IFF_RUNNING;
	(void)ioctl(fd, SIOCSIFFLAGS, &r);
	(void)close(fd);
}

static bool leave_network(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(CLONE_NEWNET) < 0 && (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 || !map_user(uid, gid)))
		return false;
	loopback_up();
	return true;
}

static void child(const struct drill *d, int told)
{
	static const char *const secrets[] = { "HOZEN_PASSPHRASE_FILE", "HOZEN_PASSPHRASE_COMMAND", "HOZEN_KEY_FILE" };
	sigset_t none;
	char isolated;
	int null = open("/dev/null", O_RDONLY);

	(void)setpgid(0, 0);
	/* Else what is in /proc is not ours, and no user can be mapped. */
	(void)prctl(PR_SET_DUMPABLE, 1);
	isolated = leave_network() ? 'y' : 'n';
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		(void)unsetenv(secrets[i]);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
		chdir(d->sandbox.tree) < 0 || write(told, &isolated, 1) != 1)
		_exit(126);
	(void)execl("/bin/sh", "sh", "-c", d->command, (char *)NULL);
	_exit(127);
}

/* ---- waiting ---- */

enum ended { ENDED, ENDED_LATE, ENDED_CANCELLED };

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* All of its group, at the end in any case: nothing of it may go on in a folder that is being removed. */
static enum ended wait_for(const struct drill *d, pid_t pid, int *status)
{
	const struct timespec step = { 0, 20000000 };
	double until = now() + (double)d->command_seconds;
	enum ended how = ENDED;
	pid_t got;

	while ((got = waitpid(pid, status, WNOHANG)) == 0 || (got < 0 && errno == EINTR)) {
		if (signals_seen())
			how = ENDED_CANCELLED;
		else if (now() > until)
			how = ENDED_LATE;
		if (how != ENDED) {
			(void)kill(-pid, SIGKILL);
			(void)waitpid(pid, status, 0);
			break;
		}
		(void)nanosleep(&step, NULL);
	}
	(void)kill(-pid, SIGKILL);
	return how;
}

static int start(struct drill *d, pid_t *pid)
{
	int ends[2], rc = 0;
	char isolated = 'n';

	if (pipe2(ends, O_CLOEXEC) < 0)
		return errno;
	*pid = fork();
	if (*pid == 0)
		child(d, ends[1]);
	if (*pid < 0)
		rc = errno;
	(void)close(ends[1]);
	while (*pid > 0 && read(ends[0], &isolated, 1) < 0 && errno == EINTR)
		continue;
	(void)close(ends[0]);
	d->command_isolated = isolated == 'y';
	return rc;
}

int drill_run_command(struct drill *d)
{
	pid_t pid = -1;
	int status = 0, rc = start(d, &pid);
	enum ended how;

	if (rc)
		return report_failure(d->cli, HZ_E_IO, _("the test command cannot be started: %s"), strerror(rc));
	d->command_ran = true;
	if (!d->command_isolated)
		drill_says(d, HZ_SAYS_NOT_CHECKED,
			"network isolation: this system does not let the test command run without network");
	sandbox_is_used_by(&d->sandbox, pid);
	how = wait_for(d, pid, &status);
	sandbox_is_used_by(&d->sandbox, 0);
	d->command_exit = how == ENDED && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	if (how == ENDED_CANCELLED)
		return report_failure(d->cli, HZ_E_CANCELED, _("cancelled while the test command was running"));
	if (how == ENDED_LATE)
		return report_failure(d->cli, HZ_E_CORRUPT,
			_("the test command did not end within %lld seconds (--test-timeout) and was killed"),
			(long long)d->command_seconds);
	if (WIFSIGNALED(status))
		return report_failure(
			d->cli, HZ_E_CORRUPT, _("the test command was ended by signal %d"), WTERMSIG(status));
	if (d->command_exit != 0)
		return report_failure(d->cli, HZ_E_CORRUPT,
			_("the test command failed with exit code %d: what was restored does not pass it"),
			d->command_exit);
	return CLI_EXIT_DONE;
}
