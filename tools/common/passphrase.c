/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gets a passphrase and says why there is none. The bytes pass through no buffer but the caller's and the locked one
 * here; no stdio.
 */
#include "common/passphrase.h"
#include "common/i18n.h"
#include "common/prompt.h"
#include "common/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEPT_MAX 4096
static struct {
	char bytes[KEPT_MAX];
	size_t len; /* 0: nothing kept */
} kept;

static const char *environment(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

void passphrase_init(struct passphrase *p)
{
	memset(p, 0, sizeof(*p));
	p->fd = -1;
	p->file = environment("HOZEN_PASSPHRASE_FILE");
	p->command = environment("HOZEN_PASSPHRASE_COMMAND");
}

bool passphrase_is_given(const struct passphrase *p)
{
	return p->fd >= 0 || p->file || p->command;
}

__attribute__((format(printf, 3, 4))) static int fail(struct passphrase *p, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(p->message, sizeof(p->message), fmt, ap);
	va_end(ap);
	return signals_seen() ? HZ_E_CANCELED : code;
}

static void hint(struct passphrase *p, const char *text)
{
	(void)snprintf(p->hint, sizeof(p->hint), "%s", text);
}

/* Reads to the end: at most cap bytes and one newline. *len is cap + 2 or more when there was too much. */
static int read_all(int fd, char *out, size_t cap, size_t *len)
{
	char newline = 0;
	size_t n = 0;

	for (;;) {
		ssize_t got = n < cap ? read(fd, out + n, cap - n) : read(fd, &newline, 1);

		if (got < 0 && errno == EINTR && !signals_seen())
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		n += (size_t)got;
		/* The byte after a full buffer may only be the newline that is dropped. */
		if (n > cap + 1 || (n == cap + 1 && newline != '\n')) {
			n = cap + 2;
			break;
		}
	}
	*len = n;
	return 0;
}

/* from: what the message calls the source. */
static int take(struct passphrase *p, const char *from, int fd, char *out, size_t cap, size_t *len)
{
	size_t n = 0;

	if (read_all(fd, out, cap, &n) < 0)
		return fail(p, HZ_E_IO, _("passphrase from %s: %s"), from, strerror(errno));
	if (n > cap + 1)
		return fail(p, HZ_E_AUTH, _("passphrase from %s: longer than %zu bytes"), from, cap);
	if (n == cap + 1 || (n > 0 && out[n - 1] == '\n'))
		n--;
	if (n == 0)
		return fail(p, HZ_E_AUTH, _("passphrase from %s: empty"), from);
	*len = n;
	return 0;
}

static int from_fd(struct passphrase *p, char *out, size_t cap, size_t *len)
{
	char from[64];
	int rc;

	(void)snprintf(from, sizeof(from), _("descriptor %d"), p->fd);
	rc = take(p, from, p->fd, out, cap, len);
	(void)close(p->fd);
	return rc;
}

static int from_file(struct passphrase *p, char *out, size_t cap, size_t *len)
{
	int fd = open(p->file, O_RDONLY | O_CLOEXEC | O_NOCTTY), rc;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		rc = fail(p, HZ_E_IO, _("passphrase file %s: %s"), p->file, strerror(errno));
	} else if (st.st_uid != geteuid()) {
		rc = fail(p, HZ_E_AUTH, _("passphrase file %s: belongs to another user"), p->file);
		hint(p, _("make it your own: chown, then chmod 600"));
	} else if (S_ISREG(st.st_mode) && (st.st_mode & (S_IRWXG | S_IRWXO))) {
		rc = fail(p, HZ_E_AUTH, _("passphrase file %s: others can read it"), p->file);
		hint(p, _("chmod 600 it, and choose a new passphrase if others may have read it"));
	} else {
		rc = take(p, p->file, fd, out, cap, len);
	}
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

/* Only async-signal-safe calls between fork and exec: other threads may exist. */
static void run_child(const char *command, int out)
{
	(void)dup2(out, STDOUT_FILENO);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static int child_result(struct passphrase *p, pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail(p, HZ_E_IO, _("passphrase command: %s"), strerror(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status))
		return fail(p, HZ_E_AUTH, _("passphrase command: ended with status %d"), WEXITSTATUS(status));
	return fail(p, HZ_E_AUTH, _("passphrase command: killed by signal %d"), WTERMSIG(status));
}

static int from_command(struct passphrase *p, char *out, size_t cap, size_t *len)
{
	int ends[2], rc, status;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(p, HZ_E_IO, _("passphrase command: %s"), strerror(errno));
	pid = fork();
	if (pid == 0)
		run_child(p->command, ends[1]);
	(void)close(ends[1]);
	if (pid < 0) {
		(void)close(ends[0]);
		return fail(p, HZ_E_IO, _("passphrase command: %s"), strerror(errno));
	}
	rc = take(p, _("the passphrase command"), ends[0], out, cap, len);
	(void)close(ends[0]);
	/* Its failure explains an empty answer, and overrules one that was given. */
	status = child_result(p, pid);
	return status < 0 ? status : rc;
}

static int ask(struct passphrase *p, const char *text, char *out, size_t cap, size_t *len)
{
	ssize_t n = prompt_secret(text, out, cap);

	if (n < 0 && errno == EINTR)
		return fail(p, HZ_E_CANCELED, _("interrupted"));
	if (n < 0) {
		hint(p, _("give it by --passphrase-fd, HOZEN_PASSPHRASE_FILE or HOZEN_PASSPHRASE_COMMAND"));
		return fail(p, HZ_E_AUTH, _("no passphrase: none was given, and there is no terminal to ask on"));
	}
	if (n == 0)
		return fail(p, HZ_E_AUTH, _("the passphrase is empty"));
	if ((size_t)n > cap)
		return fail(p, HZ_E_AUTH, _("the passphrase is longer than %zu bytes"), cap);
	*len = (size_t)n;
	return 0;
}

static int ask_twice(struct passphrase *p, char *out, size_t cap, size_t *len)
{
	char again[KEPT_MAX];
	size_t n = 0;
	int rc;

	rc = ask(p, _("New passphrase: "), out, cap, len);
	if (rc == 0)
		rc = ask(p, _("The same again: "), again, cap < sizeof(again) ? cap : sizeof(again), &n);
	if (rc == 0 && (n != *len || memcmp(again, out, n) != 0))
		rc = fail(p, HZ_E_AUTH, _("the two passphrases are not the same"));
	explicit_bzero(again, sizeof(again));
	return rc;
}

static int get(struct passphrase *p, int confirm, char *out, size_t cap, size_t *len)
{
	if (p->fd >= 0)
		return from_fd(p, out, cap, len);
	if (p->file)
		return from_file(p, out, cap, len);
	if (p->command)
		return from_command(p, out, cap, len);
	if (confirm)
		return ask_twice(p, out, cap, len);
	return ask(p, _("Passphrase: "), out, cap, len);
}

int passphrase_get(void *user, int confirm, char *out, size_t cap, size_t *len, hz_error **err)
{
	struct passphrase *p = user;
	size_t n = 0;
	int rc;

	(void)err; /* the reason stands in p->message */
	p->message[0] = p->hint[0] = '\0';
	if (kept.len > 0 && kept.len <= cap) {
		memcpy(out, kept.bytes, kept.len);
		*len = kept.len;
		return 0;
	}
	rc = get(p, confirm, out, cap, &n);
	if (rc < 0) {
		explicit_bzero(out, cap);
		return rc;
	}
	/* Where locking is not allowed the copy is still wiped and kept out of core dumps. */
	(void)mlock(&kept, sizeof(kept));
	if (n <= sizeof(kept.bytes)) {
		memcpy(kept.bytes, out, n);
		kept.len = n;
	}
	*len = n;
	return 0;
}

void passphrase_wipe(void)
{
	explicit_bzero(&kept, sizeof(kept));
	(void)munlock(&kept, sizeof(kept));
}
