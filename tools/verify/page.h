/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages of records as a command asks for them: --format, --lang, --output, --utc, --overview, --period. */
#ifndef VERIFY_PAGE_H
#define VERIFY_PAGE_H

#include "common/cli.h"

#define PAGE_OPTIONS                                                                                             \
	{ "format", 0, "FORMAT", N_("draw a page: text, html or pdf") },                                         \
		{ "lang", 0, "LANG", N_("language of the page: en or ja; default: that of this command") },      \
		{ "output", 0, "FILE",                                                                           \
			N_("put the page there; an existing folder: a file for each record;\n"                   \
			   "default: standard output") },                                                        \
		{ "utc", 0, NULL, N_("times of the page in UTC, not in the zone of this machine") },             \
		{ "overview", 0, NULL, N_("one page of a whole evidence folder instead of records") },           \
	{                                                                                                        \
		"period", 0, "PERIOD",                                                                           \
			N_("with --overview: a year or a month, such as 2026 or 2026-11;\ndefault: the last 31 " \
			   "days")                                                                               \
	}

struct page {
	void *data;
	uint64_t len;
};

/* Is a page asked for? Then *v is filled. 0, or CLI_EXIT_USAGE after saying what is wrong. */
bool page_is_wanted(const struct cli *cli);
int page_options(struct cli *cli, hz_view_options *v);
/* Draws the page of a record that was verified: on standard output, or to where it belongs. Exit code. */
int page_put_record(struct cli *cli, const hz_report *r, const hz_view_options *v);
/* The overview of the folder in args, or of this host. Exit code: CLI_EXIT_DAMAGE where its log is not whole. */
int page_put_overview(struct cli *cli, const hz_trust *trust, const hz_view_options *v);

/* The overview of a period in both formats and both languages, or in lang alone. Drawing says nothing to anybody, so it
 * may be done while another thread works; putting, into folder/views, tells what went wrong. *files: how many. Where
 * pages cannot be drawn here a file there says so too: CLI_EXIT_EXCEPTIONS. */
struct page_views {
	int rc; /* of records that cannot be read */
	hz_error *err;
	struct page_view {
		char name[32];
		struct page page;
		int rc;
		hz_error *err;
	} list[4];
	size_t n;
};
void page_draw_views(
	struct page_views *views, const char *evidence, const hz_trust *trust, const char *period, const char *lang);
int page_put_views(struct cli *cli, struct page_views *views, const char *folder, uint64_t *files);
void page_views_free(struct page_views *views);

#endif
