/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages for people, from signed records (docs/evidence/views.md): text, HTML, PDF, in English and Japanese. What draws
 * them is a module of its own, libhozen-view.so in the folder `hozen` beside the library, which is loaded by the first
 * call here: programs that draw no page load neither cairo nor pango. A page says what records say, and that no record
 * says it where none does. ISO/IEC 27001 Annex A 8.13, 8.15, 8.17, 8.18, 8.24, 8.34.
 *
 *	hz_view_options view = HZ_VIEW_OPTIONS_INIT;
 *	hz_report report = HZ_REPORT_INIT;
 *	hz_trust *trust = NULL;
 *	uint64_t len = 0;
 *	void *page = NULL;
 *
 *	view.format = HZ_VIEW_PDF, view.language = "ja";
 *	if (hz_trust_new(&trust, &err) == 0 && hz_trust_add_pins(trust, NULL, &err) == 0 &&
 *		hz_report_check("record.json", trust, &report, &err) == 0 &&
 *		hz_view_record(&page, &len, &report, &view, &err) == 0)
 *		fwrite(page, 1, len, stdout);
 *	hz_free(page);
 *	hz_free(report.text);
 *	hz_trust_free(trust);
 *
 * Any thread. The process's locale does not matter; its time zone (TZ) does, unless HZ_VIEW_UTC.
 */
#ifndef HOZEN_VIEW_H
#define HOZEN_VIEW_H

#include "hozen/evidence.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HZ_VIEW_TEXT 1u
#define HZ_VIEW_HTML 2u
#define HZ_VIEW_PDF  3u

#define HZ_VIEW_UTC 1u /* times in UTC, and not in the zone of this process */

typedef struct hz_view_options {
	uint32_t size;
	uint32_t format;      /* HZ_VIEW_TEXT, _HTML, _PDF */
	uint32_t flags;       /* HZ_VIEW_UTC */
	uint32_t reserved;    /* 0 */
	const char *language; /* "en", "ja"; NULL: "en" */
	/* Of an overview; a page of a record does not look at these. */
	const char *period; /* "2026", "2026-11": what the annex lists; NULL: the last 31 days */
	int64_t now;        /* seconds since 1970: how things stand when; 0: now, or the end of the period */
} hz_view_options;
#define HZ_VIEW_OPTIONS_INIT                              \
	{                                                 \
		sizeof(hz_view_options), 0, 0, 0, 0, 0, 0 \
	}

/* What an overview was drawn from. */
typedef struct hz_view_result {
	uint32_t size;
	uint32_t log_signer;    /* as signer of hz_log_result */
	uint64_t records;       /* that were read */
	uint64_t findings, bad; /* of the log; entries without a good record. Either: the page says not to rely on it */
	uint64_t untrusted;     /* records by a signer who is not believed: listed, and not counted */
} hz_view_result;
#define HZ_VIEW_RESULT_INIT                           \
	{                                             \
		sizeof(hz_view_result), 0, 0, 0, 0, 0 \
	}

/* The page of one record that hz_report_check has verified. *page, *len bytes, is the caller's (hz_free); of text and
 * HTML it is UTF-8. HZ_E_UNSUPPORTED: the module is not installed, or is of another build, or has no such language.
 * HZ_E_NOTFOUND: no font here has a character of a PDF page; the hint names the package. HZ_E_INVAL: an option.
 * HZ_E_NOMEM. On failure there is no page. Since: 0.1 */
HZ_API int hz_view_record(
	void **page, uint64_t *len, const hz_report *report, const hz_view_options *opts, hz_error **err);

/* An evidence folder as overviews want it: every record and the log, read and verified once for all pages (as
 * hz_records_walk and hz_log_check do). folder and state_dir: as in hz_record_options. trust and result may be NULL.
 * HZ_E_NOTFOUND: no log there; HZ_E_IO; HZ_E_NOMEM. Reads only. Since: 0.1 */
typedef struct hz_view hz_view;
HZ_API int hz_view_open(hz_view **view, const char *folder, const char *state_dir, const hz_trust *trust,
	hz_view_result *result, hz_error **err);
HZ_API void hz_view_close(hz_view *view);
/* Draws what its trusted records show. Errors as of hz_view_record. One thread at a time on one view. Since: 0.1 */
HZ_API int hz_view_overview(void **page, uint64_t *len, hz_view *view, const hz_view_options *opts, hz_error **err);

#ifdef __cplusplus
}
#endif
#endif
