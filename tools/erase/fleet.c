/* SPDX-License-Identifier: BSD-2-Clause */
/* See fleet.h. A message is a head and so many bytes: both ends are the same program. */
#include "erase/fleet.h"
#include "common/i18n.h"
#include "common/report.h"
#include "common/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_MAX (UINT32_C(4) << 20)
#define TICK_MS     250

enum { MESSAGE_PROGRESS = 1, MESSAGE_RESULT = 2, MESSAGE_SUMMARY = 3 };

struct message {
	uint32_t kind, len;
};
struct message_progress {
	hz_sanitize_progress p; /* its pointers mean nothing here */
	char method[40], doing[24];
};
struct message_result {
	int code;
	uint32_t reserved;
	hz_sanitize_result result;
	char failure[512], hint[256];
};

uint64_t fleet_now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* ---- the child ---- */

static int child_out = -1;

/* All of it, or nobody listens any more, which stops nothing. */
static void send_bytes(const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(child_out, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		p += n;
		len -= (size_t)n;
	}
}

static void send_message(uint32_t kind, const void *data, size_t len)
{
	struct message m = { kind, (uint32_t)len };

	send_bytes(&m, sizeof(m));
	send_bytes(data, len);
}

int fleet_progress(void *user, const hz_sanitize_progress *p)
{
	struct message_progress m;

	(void)user;
	memset(&m, 0, sizeof(m));
	m.p = *p;
	(void)snprintf(m.method, sizeof(m.method), "%s", p->method ? p->method : "");
	(void)snprintf(m.doing, sizeof(m.doing), "%s", p->doing ? p->doing : "");
	send_message(MESSAGE_PROGRESS, &m, sizeof(m));
	return signals_seen();
}

static _Noreturn void child(struct fleet *f, struct fleet_drive *d, int out)
{
	struct message_result m;

	/* Of its own: Ctrl-C comes to the parent, which asks once; a second one would end the child. */
	(void)setpgid(0, 0);
	child_out = out;
	for (uint64_t i = 0; i < f->n; i++)
		if (f->drive[i].in >= 0)
			(void)close(f->drive[i].in);
	d->code = f->work(f, d);
	memset(&m, 0, sizeof(m));
	m.code = d->code;
	m.result = d->result;
	(void)snprintf(m.failure, sizeof(m.failure), "%s", d->failure);
	(void)snprintf(m.hint, sizeof(m.hint), "%s", d->hint);
	if (d->summary)
		send_message(MESSAGE_SUMMARY, d->summary, strlen(d->summary));
	send_message(MESSAGE_RESULT, &m, sizeof(m));
	/* Not exit(): what stdio of the parent holds is the parent's. */
	_exit(0);
}

/* ---- the parent ---- */

static int start(struct fleet *f, struct fleet_drive *d)
{
	int ends[2];

	d->in = -1;
	if (pipe(ends) < 0)
		return report_failure(f->cli, HZ_E_IO, _("%s: no pipe: %s"), d->path, strerror(errno));
	(void)fflush(NULL);
	d->pid = fork();
	if (d->pid == 0) {
		(void)close(ends[0]);
		child(f, d, ends[1]);
	}
	(void)close(ends[1]);
	if (d->pid < 0) {
		(void)close(ends[0]);
		d->pid = 0;
		return report_failure(f->cli, HZ_E_IO, _("%s: no process: %s"), d->path, strerror(errno));
	}
	d->in = ends[0];
	d->begun_ns = d->heard_ns = fleet_now_ns();
	return CLI_EXIT_DONE;
}

/* len bytes; false: the child is gone. The rest of a message that has begun comes at once. */
static bool take(int fd, void *data, size_t len)
{
	char *p = data;

	while (len > 0) {
		ssize_t n = read(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* A rate over some seconds, as for a backup. */
static void measure(struct fleet_drive *d)
{
	uint64_t now = fleet_now_ns(), ns = now - d->mark_ns;
	double rate;

	if (d->p.done < d->mark_done || d->mark_ns == 0) {
		d->rate = 0;
	} else if (ns < 500000000u) {
		return;
	} else {
		rate = (double)(d->p.done - d->mark_done) * 1e9 / (double)ns;
		d->rate = d->rate > 0 ? d->rate * 0.8 + rate * 0.2 : rate;
	}
	d->mark_ns = now;
	d->mark_done = d->p.done;
}

static bool on_progress(struct fleet_drive *d)
{
	struct message_progress m;
	bool other;

	if (!take(d->in, &m, sizeof(m)))
		return false;
	other = strcmp(d->method, m.method) != 0 || strcmp(d->doing, m.doing) != 0;
	d->p = m.p;
	memcpy(d->method, m.method, sizeof(d->method));
	memcpy(d->doing, m.doing, sizeof(d->doing));
	d->p.method = d->method;
	d->p.doing = d->doing;
	d->has_progress = true;
	if (other)
		d->mark_ns = d->mark_done = 0;
	measure(d);
	return true;
}

static bool on_result(struct fleet_drive *d)
{
	struct message_result m;

	if (!take(d->in, &m, sizeof(m)))
		return false;
	d->code = m.code;
	d->result = m.result;
	memcpy(d->failure, m.failure, sizeof(d->failure));
	memcpy(d->hint, m.hint, sizeof(d->hint));
	d->has_result = true;
	return true;
}

static bool on_summary(struct fleet_drive *d, size_t len)
{
	free(d->summary);
	d->summary = len < MESSAGE_MAX ? calloc(1, len + 1) : NULL;
	return d->summary && take(d->in, d->summary, len);
}

static void hear(struct fleet *f, struct fleet_drive *d)
{
	struct message m;
	bool good = take(d->in, &m, sizeof(m));

	d->heard_ns = fleet_now_ns();
	if (good && m.kind == MESSAGE_PROGRESS && m.len == sizeof(struct message_progress))
		good = on_progress(d);
	else if (good && m.kind == MESSAGE_RESULT && m.len == sizeof(struct message_result))
		good = on_result(d);
	else if (good && m.kind == MESSAGE_SUMMARY)
		good = on_summary(d, m.len);
	else
		good = false;
	if (good && m.kind == MESSAGE_PROGRESS)
		fleet_json_progress(f, d);
	if (!good) {
		(void)close(d->in);
		d->in = -1;
	}
}

/* The child said its last word, or none. */
static void over(struct fleet *f, struct fleet_drive *d)
{
	int status = 0;

	while (waitpid(d->pid, &status, 0) < 0 && errno == EINTR)
		;
	d->pid = 0;
	if (!d->has_result) {
		d->code = CLI_EXIT_FAILED;
		d->result.touched = HZ_TOUCHED_UNKNOWN;
		(void)snprintf(d->failure, sizeof(d->failure), _("%s: its process ended without a result (%s %d)"),
			d->path, WIFSIGNALED(status) ? _("signal") : _("status"),
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
		(void)snprintf(d->hint, sizeof(d->hint), "%s",
			_("the journal says how far it came; 'hozen-erase resume' goes on with it"));
	}
	fleet_clear(f);
	fleet_print_result(f, d);
}

static uint64_t listen_to_all(struct fleet *f, struct pollfd *fds)
{
	uint64_t running = 0;

	for (uint64_t i = 0; i < f->n; i++) {
		fds[i] = (struct pollfd){ .fd = f->drive[i].in, .events = POLLIN };
		running += f->drive[i].in >= 0;
	}
	if (running == 0 || poll(fds, (nfds_t)f->n, TICK_MS) < 0)
		return running;
	for (uint64_t i = 0; i < f->n; i++) {
		struct fleet_drive *d = &f->drive[i];

		if (d->in >= 0 && fds[i].revents)
			hear(f, d);
		if (d->in < 0 && d->pid > 0)
			over(f, d);
	}
	return running;
}

int fleet_run(struct fleet *f)
{
	struct pollfd *fds = calloc(f->n ? f->n : 1, sizeof(*fds));
	int code = CLI_EXIT_DONE;
	bool told = false;

	if (!fds)
		return report_failure(f->cli, HZ_E_NOMEM, _("out of memory"));
	for (uint64_t i = 0; i < f->n; i++)
		f->drive[i].in = -1;
	for (uint64_t i = 0; i < f->n && !signals_seen(); i++)
		code = cli_exit_worse(code, start(f, &f->drive[i]));
	while (listen_to_all(f, fds) > 0) {
		if (signals_seen() && !told) {
			told = true;
			fleet_clear(f);
			for (uint64_t i = 0; i < f->n; i++)
				if (f->drive[i].pid > 0 && f->drive[i].in >= 0)
					(void)kill(f->drive[i].pid, SIGTERM);
			report_warning(f->cli, _("stopping; a firmware step that has begun goes on in its drive"));
		}
		fleet_draw(f);
	}
	fleet_clear(f);
	for (uint64_t i = 0; i < f->n; i++)
		code = cli_exit_worse(code, f->drive[i].code);
	free(fds);
	return code;
}
