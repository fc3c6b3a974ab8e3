/* SPDX-License-Identifier: BSD-2-Clause */
/* See lang.h. The catalogue is an .mo file as msgfmt writes it on the machine that builds: number of strings, then two
 * tables of (length, offset), the originals sorted. */
#include "view/lang.h"
#include "view/catalogue.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MO_MAGIC 0x950412deu

/* Of words that are others in Japanese when said of a night. */
#define CONTEXT "night|"

static uint32_t word(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

/* String i of the table at `table`; NULL: not within the catalogue. */
static const char *string_at(const uint8_t *c, size_t len, uint32_t table, uint32_t i)
{
	uint32_t size, at;

	if (table > len || (len - table) / 8 <= i)
		return NULL;
	size = word(c + table + 8 * (size_t)i);
	at = word(c + table + 8 * (size_t)i + 4);
	return at < len && size < len - at && c[at + size] == '\0' ? (const char *)c + at : NULL;
}

const char *lang_find(const uint8_t *c, size_t len, const char *text)
{
	uint32_t low = 0, high;

	if (len < 28 || word(c) != MO_MAGIC)
		return NULL;
	high = word(c + 8);
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		const char *original = string_at(c, len, word(c + 12), mid);
		int order = original ? strcmp(text, original) : 0;

		if (!original)
			return NULL;
		if (order == 0)
			return string_at(c, len, word(c + 16), mid);
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

bool lang_has_japanese(void)
{
	size_t len;

	return catalogue_ja(&len) && len > 0;
}

const char *lang_say(const struct view_lang *l, const char *text)
{
	const char *found = NULL;
	const uint8_t *c = NULL;
	size_t len;

	/* The empty text is the catalogue's header. */
	if (l->japanese && *text)
		c = catalogue_ja(&len);
	if (c)
		found = lang_find(c, len, text);
	if (found && *found)
		return found;
	return strncmp(text, CONTEXT, sizeof(CONTEXT) - 1) == 0 ? text + sizeof(CONTEXT) - 1 : text;
}

static struct tm broken(const struct view_lang *l, int64_t sec)
{
	time_t t = (time_t)sec;
	struct tm tm = { 0 };

	(void)(l->utc ? gmtime_r(&t, &tm) : localtime_r(&t, &tm));
	return tm;
}

char *lang_date(char out[LANG_TEXT], const struct view_lang *l, int64_t sec)
{
	struct tm tm = broken(l, sec);

	(void)snprintf(out, LANG_TEXT, l->japanese ? "%d年%d月%d日" : "%04d-%02d-%02d", tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday);
	return out;
}

char *lang_time(char out[LANG_TEXT], const struct view_lang *l, int64_t sec)
{
	struct tm tm = broken(l, sec);
	char date[LANG_TEXT];

	(void)snprintf(out, LANG_TEXT, "%.60s %02d:%02d", lang_date(date, l, sec), tm.tm_hour, tm.tm_min);
	return out;
}

char *lang_day(char out[LANG_TEXT], const struct view_lang *l, int64_t sec)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
		"Nov", "Dec" };
	struct tm tm = broken(l, sec);

	if (l->japanese)
		(void)snprintf(out, LANG_TEXT, "%d月%d日", tm.tm_mon + 1, tm.tm_mday);
	else
		(void)snprintf(out, LANG_TEXT, "%d %s", tm.tm_mday, months[(unsigned)tm.tm_mon % 12]);
	return out;
}

char *lang_zone(char out[LANG_TEXT], const struct view_lang *l, int64_t sec)
{
	struct tm tm = broken(l, sec);
	long off = tm.tm_gmtoff / 60;

	if (l->utc || (off == 0 && (!tm.tm_zone || strcmp(tm.tm_zone, "UTC") == 0)))
		(void)snprintf(out, LANG_TEXT, "UTC");
	else
		(void)snprintf(out, LANG_TEXT, "%.40s (UTC%c%02ld:%02ld)", tm.tm_zone ? tm.tm_zone : "",
			off < 0 ? '-' : '+', (off < 0 ? -off : off) / 60, (off < 0 ? -off : off) % 60);
	return out;
}

char *lang_duration(char out[LANG_TEXT], const struct view_lang *l, double seconds)
{
	static const struct {
		uint64_t s;
		const char *unit[2];
	} units[] = { { 86400, { "d", "日" } }, { 3600, { "h", "時間" } }, { 60, { "min", "分" } },
		{ 1, { "s", "秒" } } };
	uint64_t s;
	int n;

	if (!(seconds >= 0) || seconds > 3e9) {
		(void)snprintf(out, LANG_TEXT, "?");
		return out;
	}
	if (seconds < 10) {
		(void)snprintf(out, LANG_TEXT, "%.1f\u00a0%s", seconds, units[3].unit[l->japanese]);
		return out;
	}
	s = (uint64_t)llround(seconds);
	for (unsigned i = 0; i < 4; i++) {
		if (s < units[i].s)
			continue;
		n = snprintf(out, LANG_TEXT, "%llu\u00a0%s", (unsigned long long)(s / units[i].s),
			units[i].unit[l->japanese]);
		s = i < 3 ? s % units[i].s / units[i + 1].s : 0;
		if (s > 0)
			(void)snprintf(out + n, LANG_TEXT - (size_t)n, "\u00a0%llu\u00a0%s", (unsigned long long)s,
				units[i + 1].unit[l->japanese]);
		break;
	}
	return out;
}

char *lang_number(char out[LANG_TEXT], int64_t n)
{
	char digits[32];
	int len = snprintf(digits, sizeof(digits), "%lld", (long long)n), at = 0;

	for (int i = 0; i < len; i++) {
		out[at++] = digits[i];
		if (digits[i] != '-' && i + 1 < len && (len - i - 1) % 3 == 0)
			out[at++] = ',';
	}
	out[at] = '\0';
	return out;
}

char *lang_bytes(char out[LANG_TEXT], int64_t n)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double v = (double)n;
	unsigned u = 0;

	while (v >= 1023.95 && u < 6) {
		v /= 1024;
		u++;
	}
	(void)snprintf(out, LANG_TEXT, u == 0 ? "%.0f\u00a0%s" : "%.1f\u00a0%s", v, units[u]);
	return out;
}

int64_t lang_noon_add(const struct view_lang *l, int64_t noon, int days)
{
	struct tm tm = broken(l, noon);

	tm.tm_mday += days;
	tm.tm_hour = 12;
	tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	return (int64_t)(l->utc ? timegm(&tm) : mktime(&tm));
}

int64_t lang_noon(const struct view_lang *l, int64_t sec)
{
	int64_t noon = lang_noon_add(l, sec, 0);

	return noon <= sec ? noon : lang_noon_add(l, noon, -1);
}
