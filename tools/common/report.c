/* SPDX-License-Identifier: BSD-2-Clause */
/* The only file of the tools that prints failures and events. Text from outside is escaped: a file name is not a
 * message. */
#include "common/report.h"
#include "common/i18n.h"
#include "common/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RED    "\033[1;31m"
#define YELLOW "\033[33m"
#define NORMAL "\033[0m"

/* "hozen-backup: " in a colour, where a message begins. */
static void put_name(struct cli *cli, const char *colour)
{
	bool coloured = cli->term.colour && *colour;

	term_clear(&cli->term);
	(void)fprintf(stderr, "%s%s:%s ", coloured ? colour : "", cli->tool->name, coloured ? NORMAL : "");
}

static void put_failure(struct cli *cli, const char *text, const char *hint)
{
	put_name(cli, RED);
	text_put(stderr, text, strlen(text), 1);
	(void)fputc('\n', stderr);
	if (hint && *hint) {
		(void)fputs("  ", stderr);
		text_put(stderr, hint, strlen(hint), 1);
		(void)fputc('\n', stderr);
	}
}

void report_line(struct cli *cli, hz_json *line)
{
	term_clear(&cli->term);
	errno = ENOMEM;
	if (!line || fflush(stdout) != 0 || hz_json_print(line, STDOUT_FILENO) < 0)
		cli->output_errno = errno;
	hz_json_free(line);
}

static void failure(struct cli *cli, const char *name, const char *message, const char *hint, int code)
{
	hz_json *line;

	put_failure(cli, message, hint);
	if (!cli->failure)
		cli->failure = strdup(message);
	if (!cli->json)
		return;
	line = hz_json_new("error");
	hz_json_str(line, "code", name);
	hz_json_str(line, "message", message);
	if (hint && *hint)
		hz_json_str(line, "hint", hint);
	hz_json_u64(line, "exit", (uint64_t)code);
	report_line(cli, line);
}

/* A failed passphrase callback has no way to put its reason into the library's error, so the two meet here. */
static char *with_reason(const struct cli *cli, int rc, const hz_error *err)
{
	const char *reason = cli->passphrase.message, *said = err ? hz_error_message(err) : hz_error_name(rc);
	char *text = NULL;

	if (!*reason)
		return strdup(said);
	if (asprintf(&text, "%s%s%s", err ? said : "", err ? ": " : "", reason) < 0)
		return NULL;
	return text;
}

static int result(struct cli *cli, int rc, hz_error **err, int code)
{
	const char *hint = hz_error_hint(*err);
	char *text;

	if (rc >= 0)
		return CLI_EXIT_DONE;
	text = with_reason(cli, rc, *err);
	if (*cli->passphrase.hint)
		hint = cli->passphrase.hint;
	failure(cli, hz_error_name(rc), text ? text : _("out of memory"), hint, code);
	free(text);
	hz_error_free(*err);
	*err = NULL;
	return code;
}

int report_result(struct cli *cli, int rc, hz_error **err)
{
	return result(cli, rc, err, cli_exit_of_error(rc));
}

int report_exception(struct cli *cli, int rc, const hz_error *err, int code)
{
	failure(cli, hz_error_name(rc), hz_error_message(err), hz_error_hint(err), code);
	return code;
}

int report_arguments_result(struct cli *cli, int rc, hz_error **err)
{
	return result(cli, rc, err, rc == HZ_E_INVAL ? CLI_EXIT_USAGE : cli_exit_of_error(rc));
}

int report_failure(struct cli *cli, int code, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	failure(cli, hz_error_name(code), n < 0 ? fmt : text, NULL, cli_exit_of_error(code));
	if (n >= 0)
		free(text);
	return cli_exit_of_error(code);
}

int report_usage(struct cli *cli, const char *fmt, ...)
{
	char *text = NULL, hint[128];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	(void)snprintf(hint, sizeof(hint), _("see: %s %s%s--help"), cli->tool->name,
		cli->command ? cli->command->name : "", cli->command ? " " : "");
	failure(cli, "USAGE", n < 0 ? fmt : text, hint, CLI_EXIT_USAGE);
	if (n >= 0)
		free(text);
	return CLI_EXIT_USAGE;
}

void report_warning(struct cli *cli, const char *fmt, ...)
{
	va_list ap;

	put_name(cli, YELLOW);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
}

static const char *event_name(uint32_t kind)
{
	static const char *const names[] = { "note", "source", "meta", "damage", "target" };

	return kind <= HZ_EVENT_TARGET ? names[kind] : "note";
}

/* An unreadable source is what restic's users know as an error line; everything else is an event. */
static void event_line(struct cli *cli, const hz_event *e)
{
	hz_json *line = hz_json_new(e->kind == HZ_EVENT_SOURCE ? "error" : "event");

	if (e->kind == HZ_EVENT_SOURCE)
		hz_json_str(line, "code", "SOURCE");
	else
		hz_json_str(line, "kind", event_name(e->kind));
	if (e->path)
		hz_json_path(line, "path", e->path, e->path_len);
	hz_json_str(line, "message", e->message);
	report_line(cli, line);
}

static void event_text(struct cli *cli, const hz_event *e)
{
	const char *colour = e->kind == HZ_EVENT_NOTE ? "" : e->kind == HZ_EVENT_DAMAGE ? RED : YELLOW;

	put_name(cli, colour);
	if (e->path) {
		text_put(stderr, e->path, e->path_len, 1);
		(void)fputs(": ", stderr);
	}
	text_put(stderr, e->message, strlen(e->message), 1);
	(void)fputc('\n', stderr);
}

void report_event(void *user, const hz_event *e)
{
	struct cli *cli = user;

	hz_record_event(cli->record, e);
	if (e->kind <= HZ_EVENT_TARGET)
		cli->n_events[e->kind]++;
	if (cli->quiet && e->kind == HZ_EVENT_NOTE)
		return;
	if (cli->json)
		event_line(cli, e);
	else
		event_text(cli, e);
}

int report_progress(void *user, const hz_progress *p)
{
	struct cli *cli = user;

	term_progress(&cli->term, p);
	return 0;
}

int report_bytes(void *user, const void *data, size_t len)
{
	struct cli *cli = user;

	term_clear(&cli->term);
	if (fwrite(data, 1, len, stdout) == len)
		return 0;
	cli->output_errno = errno;
	return HZ_E_CANCELED;
}

int report_printed(const struct cli *cli)
{
	return cli->output_errno || ferror(stdout) ? HZ_E_CANCELED : 0;
}

int report_stream_result(struct cli *cli, int rc, hz_error **err)
{
	if (rc >= 0 || report_printed(cli) == 0)
		return report_arguments_result(cli, rc, err);
	hz_error_free(*err);
	*err = NULL;
	return CLI_EXIT_FAILED;
}

void report_path(const char *path, size_t len)
{
	text_put(stdout, path, len, isatty(STDOUT_FILENO));
}

int report_close(struct cli *cli, int code)
{
	int reason = cli->output_errno;

	if (ferror(stdout) && !reason)
		reason = EIO;
	if (fclose(stdout) != 0 && errno)
		reason = errno;
	if (!reason)
		return code;
	/* stdout is gone: this goes to stderr only. */
	cli->json = false;
	return cli_exit_worse(code, report_failure(cli, HZ_E_IO, _("standard output: %s"), strerror(reason)));
}
