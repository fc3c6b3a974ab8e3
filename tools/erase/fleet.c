/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See fleet.h. A message is a head and so many bytes: both ends are the same program. The parent never waits for one
 * drive: a child may be stopped in the middle of a message, or hang in the kernel when it has said its last word.
 */
#include "erase/fleet.h"
#include "common/i18n.h"
#include "common/report.h"
#include "common/signals.h"
#include "erase/summary.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_MAX (UINT32_C(4) << 20)
#define READ_LEN    65536u
#define TICK_MS     250
#define LAST_MS     10 /* when a child has said its last word and is about to end */

enum { MESSAGE_PROGRESS = 1, MESSAGE_RESULT = 2, MESSAGE_SUMMARY = 3, MESSAGE_RECORD = 4 };

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
	struct fleet_record record;
	char failure[1024], hint[256];
};

uint64_t fleet_now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void fleet_fail(struct fleet_drive *d, const char *why, const char *hint)
{
	size_t len = strlen(d->path);
	bool named = strncmp(why, d->path, len) == 0 && (why[len] == ':' || why[len] == ' ');

	(void)snprintf(
		d->failure, sizeof(d->failure), "%s%s%.700s", named ? "" : d->path, named || len == 0 ? "" : ": ", why);
	(void)snprintf(d->hint, sizeof(d->hint), "%s", hint ? hint : "");
}

void fleet_refuse(struct fleet_drive *d, int code, const char *why, const char *hint)
{
	if (d->refused)
		return;
	d->refused = code;
	fleet_fail(d, why, hint);
}

/* ---- the child ---- */

static int child_out = -1;
static volatile sig_atomic_t child_asked;

/* Only asks: a second signal, of a terminal and of the parent, must not end it in the middle of its record. */
static void child_on_signal(int sig)
{
	(void)sig;
	child_asked = 1;
}

bool fleet_is_stopping(void)
{
	return child_asked != 0;
}

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
	return fleet_is_stopping();
}

void fleet_tell_record(const struct fleet_drive *d)
{
	send_message(MESSAGE_RECORD, &d->record, sizeof(d->record));
}

static void child_signals(const sigset_t *before)
{
	const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction act = { .sa_handler = child_on_signal };

	(void)sigemptyset(&act.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)sigaction(signals[i], &act, NULL);
	(void)sigprocmask(SIG_SETMASK, before, NULL);
}

static _Noreturn void child(struct fleet *f, struct fleet_drive *d, int out, const sigset_t *signals)
{
	struct message_result m;

	/* Of its own: Ctrl-C comes to the parent, which asks. */
	(void)setpgid(0, 0);
	child_signals(signals);
	child_out = out;
	for (uint64_t i = 0; i < f->n; i++)
		if (f->drive[i].in >= 0)
			(void)close(f->drive[i].in);
	d->code = f->work(f, d);
	memset(&m, 0, sizeof(m));
	m.code = d->code;
	m.result = d->result;
	m.record = d->record;
	(void)snprintf(m.failure, sizeof(m.failure), "%s", d->failure);
	(void)snprintf(m.hint, sizeof(m.hint), "%s", d->hint);
	if (d->summary)
		send_message(MESSAGE_SUMMARY, d->summary, strlen(d->summary));
	send_message(MESSAGE_RESULT, &m, sizeof(m));
	/* Not exit(): what stdio of the parent holds is the parent's. */
	_exit(0);
}

/* ---- the parent: what children say ---- */

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

static void on_progress(struct fleet *f, struct fleet_drive *d, const struct message_progress *m)
{
	bool other = strcmp(d->method, m->method) != 0 || strcmp(d->doing, m->doing) != 0;

	d->p = m->p;
	memcpy(d->method, m->method, sizeof(d->method));
	memcpy(d->doing, m->doing, sizeof(d->doing));
	d->p.method = d->method;
	d->p.doing = d->doing;
	d->has_progress = true;
	if (other)
		d->mark_ns = d->mark_done = 0;
	measure(d);
	fleet_json_progress(f, d);
}

static void on_result(struct fleet_drive *d, const struct message_result *m)
{
	d->code = m->code;
	d->result = m->result;
	d->record = m->record;
	memcpy(d->failure, m->failure, sizeof(d->failure));
	memcpy(d->hint, m->hint, sizeof(d->hint));
	d->has_result = true;
}

/* One whole message; false: it is none of ours. */
static bool on_message(struct fleet *f, struct fleet_drive *d, const struct message *m, const char *data)
{
	union {
		struct message_progress progress;
		struct message_result result;
	} u;

	d->heard_ns = fleet_now_ns();
	if (m->kind == MESSAGE_PROGRESS && m->len == sizeof(u.progress)) {
		memcpy(&u.progress, data, sizeof(u.progress));
		on_progress(f, d, &u.progress);
	} else if (m->kind == MESSAGE_RESULT && m->len == sizeof(u.result)) {
		memcpy(&u.result, data, sizeof(u.result));
		on_result(d, &u.result);
	} else if (m->kind == MESSAGE_RECORD && m->len == sizeof(d->record)) {
		memcpy(&d->record, data, sizeof(d->record));
	} else if (m->kind == MESSAGE_SUMMARY) {
		free(d->summary);
		d->summary = strndup(data, m->len);
	} else {
		return false;
	}
	return true;
}

/* 1: something came; 0: nothing just now; -1: nothing more will. */
static int hear_some(struct fleet_drive *d)
{
	char *grown;
	ssize_t n;

	if (d->heard_cap - d->heard_len < READ_LEN) {
		grown = realloc(d->heard, d->heard_cap + READ_LEN);
		if (!grown)
			return -1;
		d->heard = grown;
		d->heard_cap += READ_LEN;
	}
	n = read(d->in, d->heard + d->heard_len, d->heard_cap - d->heard_len);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	d->heard_len += (size_t)n;
	return n > 0 ? 1 : -1;
}

/* What is whole of it. */
static bool take_messages(struct fleet *f, struct fleet_drive *d)
{
	struct message m;
	size_t at = 0;
	bool good = true;

	while (good && d->heard_len - at >= sizeof(m)) {
		memcpy(&m, d->heard + at, sizeof(m));
		good = m.len <= MESSAGE_MAX;
		if (!good || d->heard_len - at - sizeof(m) < m.len)
			break;
		good = on_message(f, d, &m, d->heard + at + sizeof(m));
		at += sizeof(m) + m.len;
	}
	d->heard_len -= at;
	memmove(d->heard, d->heard + at, d->heard_len);
	return good;
}

/* all: the child is gone, and what it wrote is all there will be. */
static void hear(struct fleet *f, struct fleet_drive *d, bool all)
{
	int more;

	do {
		more = hear_some(d);
		if (more > 0 && !take_messages(f, d))
			more = -1;
	} while (all && more > 0);
	if (more >= 0 && !all)
		return;
	(void)close(d->in);
	d->in = -1;
}

/* ---- the parent: their lives ---- */

/* There is a summary in any case. */
static void make_summary(struct fleet *f, struct fleet_drive *d)
{
	hz_json *summary = summary_new(f->cli, d);

	hz_json_null(summary, "approval");
	summary_without_work(summary, d, d->failure);
	summary_end(summary, d);
	(void)hz_json_text(summary, &d->summary);
	hz_json_free(summary);
}

/* No process, so nothing was done. */
static void not_started(struct fleet *f, struct fleet_drive *d, const char *what)
{
	d->pid = 0;
	d->code = CLI_EXIT_FAILED;
	*d->hint = '\0';
	(void)snprintf(d->failure, sizeof(d->failure), "%s: %s: %s", d->path, what, strerror(errno));
	make_summary(f, d);
	fleet_clear(f);
	fleet_print_result(f, d);
}

static void fork_child(struct fleet *f, struct fleet_drive *d, const sigset_t *signals)
{
	int ends[2];

	if (pipe(ends) < 0) {
		not_started(f, d, _("no pipe"));
		return;
	}
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	(void)fflush(NULL);
	d->pid = fork();
	if (d->pid == 0) {
		(void)close(ends[0]);
		child(f, d, ends[1], signals);
	}
	(void)close(ends[1]);
	if (d->pid < 0) {
		(void)close(ends[0]);
		not_started(f, d, _("no process"));
		return;
	}
	/* Whoever comes first. */
	(void)setpgid(d->pid, d->pid);
	d->in = ends[0];
	d->begun_ns = d->heard_ns = fleet_now_ns();
}

/* Also what is refused, and what nobody wants any more: its process writes the record of that. */
static void start(struct fleet *f, struct fleet_drive *d)
{
	sigset_t held, before;

	/* A signal comes before or after the fork, so that the child is asked by us, or was never to work. */
	(void)sigemptyset(&held);
	(void)sigaddset(&held, SIGINT);
	(void)sigaddset(&held, SIGTERM);
	(void)sigaddset(&held, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &held, &before);
	if (signals_seen())
		fleet_refuse(d, HZ_E_CANCELED, _("not begun: it was stopped before"), NULL);
	fork_child(f, d, &before);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}

/* The child said its last word, or none. */
static void over(struct fleet *f, struct fleet_drive *d, int status)
{
	d->pid = 0;
	if (!d->has_result) {
		d->code = CLI_EXIT_FAILED;
		d->result.touched = d->refused ? HZ_TOUCHED_NO : HZ_TOUCHED_UNKNOWN;
		(void)snprintf(d->failure, sizeof(d->failure), _("%s: its process ended without a result (%s %d)"),
			*d->path ? d->path : d->journal, WIFSIGNALED(status) ? _("signal") : _("status"),
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
		(void)snprintf(d->hint, sizeof(d->hint), "%s",
			_("the journal says how far it came; 'hozen-erase resume' goes on with it"));
		free(d->summary);
		d->summary = NULL;
	}
	if (!d->summary) {
		/* Its memory, or ours, ran out: what cannot be told is no certificate. */
		d->code = cli_exit_worse(d->code, CLI_EXIT_FAILED);
		d->result.certificate = 0;
		make_summary(f, d);
	}
	fleet_clear(f);
	fleet_print_result(f, d);
	free(d->heard);
	d->heard = NULL;
}

static void look_after(struct fleet *f, struct fleet_drive *d, bool readable)
{
	int status = 0;
	/* First: what it wrote before its end is read below. */
	bool gone = waitpid(d->pid, &status, WNOHANG) == d->pid;

	if (d->in >= 0 && (readable || gone))
		hear(f, d, gone);
	if (gone)
		over(f, d, status);
}

static uint64_t listen_to_all(struct fleet *f, struct pollfd *fds)
{
	uint64_t running = 0, last = 0;
	bool heard;

	for (uint64_t i = 0; i < f->n; i++) {
		fds[i] = (struct pollfd){ .fd = f->drive[i].in, .events = POLLIN };
		running += f->drive[i].pid > 0;
		last += f->drive[i].pid > 0 && f->drive[i].in < 0;
	}
	if (running == 0)
		return 0;
	heard = poll(fds, (nfds_t)f->n, last ? LAST_MS : TICK_MS) > 0;
	for (uint64_t i = 0; i < f->n; i++)
		if (f->drive[i].pid > 0)
			look_after(f, &f->drive[i], heard && fds[i].revents);
	return running;
}

static void ask_to_stop(struct fleet *f)
{
	fleet_clear(f);
	for (uint64_t i = 0; i < f->n; i++) {
		if (f->drive[i].pid <= 0 || f->drive[i].refused)
			continue;
		(void)kill(f->drive[i].pid, SIGTERM);
		fleet_print_stopping(f, &f->drive[i]);
	}
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
	for (uint64_t i = 0; i < f->n; i++)
		start(f, &f->drive[i]);
	while (listen_to_all(f, fds) > 0) {
		if (signals_seen() && !told) {
			told = true;
			ask_to_stop(f);
		}
		fleet_draw(f);
	}
	fleet_clear(f);
	for (uint64_t i = 0; i < f->n; i++)
		code = cli_exit_worse(code, f->drive[i].code);
	free(fds);
	return code;
}
