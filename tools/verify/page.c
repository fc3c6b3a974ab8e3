/* SPDX-License-Identifier: BSD-2-Clause */
/* See page.h. */
#include "verify/page.h"
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/report.h"
#include "common/wholefile.h"
#include "verify/trust.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *name;
	uint32_t format;
} formats[] = { { "text", HZ_VIEW_TEXT }, { "html", HZ_VIEW_HTML }, { "pdf", HZ_VIEW_PDF } };

bool page_is_wanted(const struct cli *cli)
{
	return cli_is_given(cli, "format") || cli_is_given(cli, "lang") || cli_is_given(cli, "overview") ||
		cli_is_given(cli, "output") || cli_is_given(cli, "utc") || cli_is_given(cli, "period");
}

/* The language in which this command speaks: as gettext sees it. */
static const char *own_language(void)
{
	const char *locale = setlocale(LC_MESSAGES, NULL), *list = getenv("LANGUAGE");

	if (!locale || strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0)
		return "en";
	return strncmp(list && *list ? list : locale, "ja", 2) == 0 ? "ja" : "en";
}

static const char *format_name(uint32_t format)
{
	return formats[format - HZ_VIEW_TEXT].name;
}

int page_options(struct cli *cli, hz_view_options *v)
{
	const char *format = cli_value(cli, "format"), *lang = cli_value(cli, "lang");

	v->format = format ? 0 : HZ_VIEW_TEXT;
	for (size_t i = 0; format && i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i].name, format) == 0)
			v->format = formats[i].format;
	}
	if (v->format == 0)
		return report_usage(cli, _("--format is text, html or pdf, not %s"), format);
	if (lang && strcmp(lang, "en") != 0 && strcmp(lang, "ja") != 0)
		return report_usage(cli, _("--lang is en or ja, not %s"), lang);
	v->language = lang ? lang : own_language();
	v->flags = cli_is_given(cli, "utc") ? HZ_VIEW_UTC : 0;
	v->period = cli_value(cli, "period");
	if (v->period && !cli_is_given(cli, "overview"))
		return report_usage(cli, _("--period goes with --overview"));
	if (cli->json && !cli_is_given(cli, "output"))
		return report_usage(cli, _("a page and --json both want standard output: give --output FILE"));
	if (v->format == HZ_VIEW_PDF && !cli_is_given(cli, "output") && isatty(STDOUT_FILENO))
		return report_usage(cli, _("a PDF is not for a terminal: give --output FILE"));
	return CLI_EXIT_DONE;
}

static void write_page(FILE *f, const void *user)
{
	const struct page *p = user;

	(void)fwrite(p->data, 1, p->len, f);
}

static void tell(struct cli *cli, const char *path, const struct page *p, const hz_view_options *v, int code)
{
	hz_json *line;

	if (!cli->json)
		return;
	line = hz_json_new("view");
	hz_json_path(line, "file", path, strlen(path));
	hz_json_str(line, "format", format_name(v->format));
	hz_json_str(line, "language", v->language);
	hz_json_u64(line, "bytes", p->len);
	hz_json_u64(line, "exit", (uint64_t)code);
	report_line(cli, line);
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* name: of a file in a folder. */
static int put(struct cli *cli, const struct page *p, const char *name, const hz_view_options *v, int code)
{
	const char *out = cli_value(cli, "output");
	char *path = NULL;
	int put_code = CLI_EXIT_DONE;

	if (!out)
		return report_bytes(cli, p->data, p->len) < 0 ? CLI_EXIT_FAILED : code;
	if (is_folder(out) ? asprintf(&path, "%s/%s.%s.%s", out, name, v->language, format_name(v->format)) < 0
			   : asprintf(&path, "%s", out) < 0)
		return report_failure(cli, HZ_E_NOMEM, _("out of memory"));
	put_code = wholefile_put(cli, path, write_page, p);
	if (put_code == CLI_EXIT_DONE)
		tell(cli, path, p, v, code);
	free(path);
	return cli_exit_worse(put_code, code);
}

int page_put_record(struct cli *cli, const hz_report *r, const hz_view_options *v)
{
	const char *out = cli_value(cli, "output");
	struct page p = { NULL, 0 };
	hz_error *err = NULL;
	int code;

	if (cli->n_args > 1 && (out ? !is_folder(out) : v->format != HZ_VIEW_TEXT))
		return report_usage(cli, _("pages of several records need --output with a folder that is there"));
	code = report_result(cli, hz_view_record(&p.data, &p.len, r, v, &err), &err);
	if (code == CLI_EXIT_DONE)
		code = put(cli, &p, r->uuid, v, r->signer == HZ_SIGNER_TRUSTED ? CLI_EXIT_DONE : CLI_EXIT_DAMAGE);
	hz_free(p.data);
	return code;
}

static void view_end(hz_view **view)
{
	hz_view_close(*view);
}
#define AUTO_VIEW __attribute__((cleanup(view_end)))

static int open_view(hz_view **view, const char *folder, const hz_trust *trust, hz_view_result *res, hz_error **err)
{
	const char *state = getenv("HOZEN_STATE_DIR");

	return hz_view_open(view, folder, state && *state ? state : NULL, trust, res, err);
}

int page_put_overview(struct cli *cli, const hz_trust *trust, const hz_view_options *v)
{
	hz_view *view AUTO_VIEW = NULL;
	hz_view_result res = HZ_VIEW_RESULT_INIT;
	struct page p = { NULL, 0 };
	hz_error *err = NULL;
	int code;

	if (cli->n_args > 1)
		return report_usage(cli, _("an overview is of one evidence folder"));
	code = report_arguments_result(
		cli, open_view(&view, cli->n_args ? cli->args[0] : evidence_folder(), trust, &res, &err), &err);
	if (code == CLI_EXIT_DONE)
		code = report_arguments_result(cli, hz_view_overview(&p.data, &p.len, view, v, &err), &err);
	if (code != CLI_EXIT_DONE)
		return code;
	if (res.findings > 0 || res.bad > 0)
		report_warning(cli, _("the log of records is not whole; 'hozen-verify log' says what is wrong"));
	if (res.untrusted > 0)
		report_warning(cli,
			_("%llu records are by a signer who is not believed; they are listed, and count for nothing"),
			(unsigned long long)res.untrusted);
	code = res.findings > 0 || res.bad > 0 || res.log_signer != HZ_SIGNER_TRUSTED ? CLI_EXIT_DAMAGE : CLI_EXIT_DONE;
	code = put(cli, &p, "overview", v, code);
	hz_free(p.data);
	return code;
}

static int note_missing(struct cli *cli, const char *folder, const struct page *why)
{
	char *path = NULL;
	int code;

	if (asprintf(&path, "%s/README", folder) < 0)
		return report_failure(cli, HZ_E_NOMEM, _("out of memory"));
	code = wholefile_put(cli, path, write_page, why);
	free(path);
	return code;
}

void page_draw_views(
	struct page_views *views, const char *evidence, const hz_trust *trust, const char *period, const char *lang)
{
	static const char *const languages[] = { "en", "ja" };
	hz_view_options v = HZ_VIEW_OPTIONS_INIT;
	hz_view *view AUTO_VIEW = NULL;

	*views = (struct page_views){ 0 };
	v.period = period;
	v.flags = HZ_VIEW_UTC; /* as the bundle's period */
	views->rc = open_view(&view, evidence, trust, NULL, &views->err);
	for (size_t i = 0; views->rc >= 0 && i < 4; i++) {
		struct page_view *p = &views->list[views->n];

		v.language = languages[i / 2];
		v.format = i % 2 ? HZ_VIEW_PDF : HZ_VIEW_HTML;
		if (lang && strcmp(lang, v.language) != 0)
			continue;
		(void)snprintf(p->name, sizeof(p->name), "overview.%s.%s", v.language, format_name(v.format));
		p->rc = hz_view_overview(&p->page.data, &p->page.len, view, &v, &p->err);
		views->n++;
	}
}

void page_views_free(struct page_views *views)
{
	hz_error_free(views->err);
	for (size_t i = 0; i < views->n; i++) {
		hz_error_free(views->list[i].err);
		hz_free(views->list[i].page.data);
	}
}

/* One page; why it could not be drawn is told, and kept. */
static int put_view(struct cli *cli, struct page_view *v, const char *folder)
{
	struct page why;
	char *path = NULL;
	int code;

	if (v->rc == HZ_E_UNSUPPORTED || v->rc == HZ_E_NOTFOUND) {
		why.data = (void *)(uintptr_t)hz_error_message(v->err);
		why.len = strlen(why.data);
		code = note_missing(cli, folder, &why);
		return cli_exit_worse(code, report_exception(cli, v->rc, v->err, CLI_EXIT_EXCEPTIONS));
	}
	if (v->rc < 0)
		return report_result(cli, v->rc, &v->err);
	if (asprintf(&path, "%s/%s", folder, v->name) < 0)
		return report_failure(cli, HZ_E_NOMEM, _("out of memory"));
	code = wholefile_put(cli, path, write_page, &v->page);
	free(path);
	return code;
}

int page_put_views(struct cli *cli, struct page_views *views, const char *folder, uint64_t *files)
{
	char *path = NULL;
	int code = report_result(cli, views->rc, &views->err);

	if (code == CLI_EXIT_DONE &&
		(asprintf(&path, "%s/views", folder) < 0 || mkdir(path, 0755) < 0 || wholefile_sync_name(path) < 0))
		code = report_failure(cli, HZ_E_IO, _("%s: %s"), path ? path : folder, strerror(errno));
	for (size_t i = 0; i < views->n && (code == CLI_EXIT_DONE || code == CLI_EXIT_EXCEPTIONS); i++) {
		int one = put_view(cli, &views->list[i], path);

		*files += one == CLI_EXIT_DONE;
		code = cli_exit_worse(code, one);
	}
	free(path);
	return code;
}
