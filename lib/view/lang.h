/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The language of a page, which is not that of the process: a Japanese page comes out the same where no Japanese locale
 * is installed. Translations are those of po/, compiled into the module. Times are shown in one zone, named on the
 * page.
 */
#ifndef VIEW_LANG_H
#define VIEW_LANG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct view_lang {
	bool japanese;
	bool utc; /* else the zone of this machine */
};

#define N_(s) s

/* Is there a Japanese catalogue in this build? */
bool lang_has_japanese(void);
/* The text of a page in its language. xgettext takes these as messages. */
const char *lang_say(const struct view_lang *l, const char *text) __attribute__((format_arg(2)));
/* The same of the message that a catalogue (an .mo file of this machine) has for a text; NULL: none. */
const char *lang_find(const uint8_t *catalogue, size_t len, const char *text);

#define LANG_TEXT 96
/* All of these return out. */
/* "2026-11-28 02:00", "2026年11月28日 02:00" */
char *lang_time(char out[LANG_TEXT], const struct view_lang *l, int64_t sec);
char *lang_date(char out[LANG_TEXT], const struct view_lang *l, int64_t sec);
/* "28 Nov", "11月28日" */
char *lang_day(char out[LANG_TEXT], const struct view_lang *l, int64_t sec);
/* "UTC", "JST (UTC+09:00)" at that time */
char *lang_zone(char out[LANG_TEXT], const struct view_lang *l, int64_t sec);
/* "3 h 20 min", "3 時間 20 分": the two largest units */
char *lang_duration(char out[LANG_TEXT], const struct view_lang *l, double seconds);
/* "1,234,567" */
char *lang_number(char out[LANG_TEXT], int64_t n);
/* "1.5 GiB" */
char *lang_bytes(char out[LANG_TEXT], int64_t n);

/* Noon before or at this time, in the zone of the page: where a night begins. */
int64_t lang_noon(const struct view_lang *l, int64_t sec);
/* The noon n days later (or, with a negative one, earlier): of the calendar, not of 24 hours. */
int64_t lang_noon_add(const struct view_lang *l, int64_t noon, int days);

#endif
