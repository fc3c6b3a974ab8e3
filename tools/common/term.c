/* SPDX-License-Identifier: BSD-2-Clause */
/* Draws what the job reports. Only this file writes control sequences. */
#include "common/term.h"
#include "common/i18n.h"
#include "common/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool is_smart_terminal(int fd)
{
	const char *kind = getenv("TERM");

	return isatty(fd) && kind && *kind && strcmp(kind, "dumb") != 0;
}

void term_init(struct term *t, bool quiet)
{
	const char *no_color = getenv("NO_COLOR");

	memset(t, 0, sizeof(*t));
	t->progress = !quiet && is_smart_terminal(STDERR_FILENO);
	t->colour = is_smart_terminal(STDERR_FILENO) && !(no_color && *no_color);
}

void term_clear(struct term *t)
{
	if (!t->shown)
		return;
	(void)fputs("\r\033[K", stderr);
	(void)fflush(stderr);
	t->shown = false;
}

uint64_t term_eta(double rate, uint64_t done, uint64_t total)
{
	double left;

	if (rate < 1 || total <= done)
		return UINT64_MAX;
	left = (double)(total - done) / rate;
	return left < 1e9 ? (uint64_t)left + 1 : UINT64_MAX;
}

/* A moving average over some seconds: steady enough to read, quick enough to follow a change from text to films. */
static void measure(struct term *t, const hz_progress *p)
{
	uint64_t ns = p->elapsed_ns - t->mark_ns;
	double now;

	if (p->phase != t->phase || p->bytes_done < t->mark_bytes || p->elapsed_ns < t->mark_ns) {
		t->phase = p->phase;
		t->rate = 0;
	} else if (ns < 500000000u) {
		return;
	} else {
		now = (double)(p->bytes_done - t->mark_bytes) * 1e9 / (double)ns;
		t->rate = t->rate > 0 ? t->rate * 0.8 + now * 0.2 : now;
	}
	t->mark_ns = p->elapsed_ns;
	t->mark_bytes = p->bytes_done;
}

static const char *phase_name(uint32_t phase)
{
	switch (phase) {
	case HZ_PHASE_START:
		return _("reading the repository");
	case HZ_PHASE_SCAN:
		return _("storing");
	case HZ_PHASE_FINISH:
		return _("committing");
	case HZ_PHASE_PLAN:
		return _("planning");
	case HZ_PHASE_DATA:
		return _("data");
	case HZ_PHASE_ATTRS:
		return _("attributes");
	case HZ_PHASE_VERIFY:
		return _("verifying");
	case HZ_PHASE_WAIT:
		return _("waiting for another run");
	default:
		return _("working");
	}
}

struct line {
	char text[256];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *l, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->text + l->len, sizeof(l->text) - l->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		l->len = l->len + (size_t)n < sizeof(l->text) ? l->len + (size_t)n : sizeof(l->text) - 1;
}

static void add_amounts(struct line *l, const struct term *t, const hz_progress *p)
{
	uint64_t eta = term_eta(t->rate, p->bytes_done, p->bytes_total);
	char done[TEXT_SHORT], total[TEXT_SHORT], rate[TEXT_SHORT], left[TEXT_SHORT];

	(void)text_bytes(done, p->bytes_done);
	if (p->bytes_total > p->bytes_done)
		add(l, _("  %.1f %%  %s of %s"), (double)p->bytes_done * 100.0 / (double)p->bytes_total, done,
			text_bytes(total, p->bytes_total));
	else if (p->bytes_done > 0)
		add(l, "  %s", done);
	if (t->rate >= 1)
		add(l, _("  %s/s"), text_bytes(rate, (uint64_t)t->rate));
	if (eta != UINT64_MAX)
		add(l, _("  ETA %s"), text_seconds(left, eta));
}

static size_t terminal_width(void)
{
	struct winsize ws;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 1 ? ws.ws_col : 80;
}

void term_progress(struct term *t, const hz_progress *p)
{
	struct line l = { .len = 0 };
	char clock[TEXT_SHORT];
	size_t width;

	if (!t->progress)
		return;
	measure(t, p);
	add(&l, "[%s] %s", text_seconds(clock, p->elapsed_ns / 1000000000u), phase_name(p->phase));
	if (p->files_done > 0)
		add(&l, ngettext("  %llu file", "  %llu files", (unsigned long)p->files_done),
			(unsigned long long)p->files_done);
	add_amounts(&l, t, p);
	if (p->problems > 0)
		add(&l, ngettext("  %llu problem", "  %llu problems", (unsigned long)p->problems),
			(unsigned long long)p->problems);
	/* A line that wraps could not be cleared again. */
	width = terminal_width() - 1;
	l.text[text_fit(l.text, width)] = '\0';
	(void)fprintf(stderr, "\r\033[K%s", l.text);
	(void)fflush(stderr);
	t->shown = true;
}
