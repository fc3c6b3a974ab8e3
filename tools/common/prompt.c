/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Echo is off only inside prompt_secret, through prompt(): signals that end or stop the process are held by a handler
 * of our own, the terminal is put back, and only then they act. SIGINT, SIGTERM and SIGHUP end the reading through the
 * handler in signals.c.
 */
#include "common/prompt.h"
#include "common/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int prompt_held[] = { SIGQUIT, SIGTSTP, SIGALRM };
#define N_HELD (sizeof(prompt_held) / sizeof(prompt_held[0]))

static volatile sig_atomic_t prompt_signal;

static void note(int sig)
{
	prompt_signal = sig;
}

static void hold(struct sigaction old[N_HELD])
{
	struct sigaction act = { .sa_handler = note };

	(void)sigemptyset(&act.sa_mask);
	prompt_signal = 0;
	for (size_t i = 0; i < N_HELD; i++)
		(void)sigaction(prompt_held[i], &act, &old[i]);
}

static void unhold(const struct sigaction old[N_HELD])
{
	for (size_t i = 0; i < N_HELD; i++)
		(void)sigaction(prompt_held[i], &old[i], NULL);
}

/* The terminal hands out whole lines; byte by byte nothing of the secret stays in a buffer of ours or of stdio. */
static ssize_t read_line(int tty, char *out, size_t cap)
{
	size_t len = 0;

	for (;;) {
		char c;
		ssize_t n = read(tty, &c, 1);

		if (n < 0)
			return -1;
		if (n == 0 || c == '\n')
			break;
		if (len < cap)
			out[len] = c;
		if (len <= cap)
			len++;
	}
	return (ssize_t)len;
}

static ssize_t ask(int tty, const char *text, bool echoes, char *out, size_t cap)
{
	struct sigaction old[N_HELD];
	struct termios echo, silent;
	ssize_t n = -1;
	int saved;

	if (tcgetattr(tty, &echo) < 0)
		return -1;
	silent = echo;
	if (!echoes)
		silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	silent.c_lflag |= ICANON | ISIG;
	hold(old);
	if (tcsetattr(tty, TCSAFLUSH, &silent) == 0) {
		if (write(tty, text, strlen(text)) >= 0)
			n = read_line(tty, out, cap);
		saved = errno;
		if (!echoes && write(tty, "\n", 1) != 1)
			n = n < 0 ? n : -1;
		(void)tcsetattr(tty, TCSAFLUSH, &echo);
		errno = saved;
	}
	unhold(old);
	return n;
}

static ssize_t prompt(const char *text, bool echoes, char *out, size_t cap)
{
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	ssize_t n;
	int saved;

	if (tty < 0)
		return -1;
	do {
		n = ask(tty, text, echoes, out, cap);
		saved = errno;
		/* Stopped by ^Z: stop here, and ask again when continued. */
		if (prompt_signal)
			(void)raise(prompt_signal);
	} while (n < 0 && saved == EINTR && prompt_signal && !signals_seen());
	(void)close(tty);
	errno = saved;
	return n;
}

ssize_t prompt_secret(const char *text, char *out, size_t cap)
{
	return prompt(text, false, out, cap);
}

ssize_t prompt_line(const char *text, char *out, size_t cap)
{
	return prompt(text, true, out, cap);
}
