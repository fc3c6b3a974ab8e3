/* SPDX-License-Identifier: BSD-2-Clause */
/* See policy_value.h. */
#include "report/policy_value.h"
#include "hozen/policy.h"
#include "base/error.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct {
	char unit;
	int64_t seconds;
} units[] = { { 'w', 604800 }, { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };

/* Digits only, without a leading zero; at most max. */
static bool number(int64_t *n, const char **p, int64_t max)
{
	const char *at = *p;
	int64_t v = 0;

	if (*at < '1' || *at > '9')
		return false;
	for (; *at >= '0' && *at <= '9'; at++) {
		v = v * 10 + (*at - '0');
		if (v > max)
			return false;
	}
	*n = v;
	*p = at;
	return true;
}

bool policy_duration(int64_t *seconds, const char *text)
{
	const char *p = text;
	int64_t n;

	if (!number(&n, &p, 100000))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (p[0] == units[i].unit && !p[1]) {
			*seconds = n * units[i].seconds;
			return true;
		}
	}
	return false;
}

int hz_duration(int64_t *seconds, const char *text, hz_error **err)
{
	if (policy_duration(seconds, text))
		return 0;
	return err_set(err, HZ_E_INVAL, "'%.64s' is no time: give a number with s, m, h, d or w, such as 26h", text);
}

bool policy_date(int64_t *seconds, const char *text)
{
	static const char form[] = "0000-00-00";
	struct tm tm = { 0 }, back;
	time_t t;

	for (size_t i = 0; i < sizeof(form); i++) {
		if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	}
	if (sscanf(text, "%4d-%2d-%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday) != 3)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	back = tm;
	t = timegm(&back);
	/* The 31st of April would come back as the 1st of May. */
	if (back.tm_year != tm.tm_year || back.tm_mon != tm.tm_mon || back.tm_mday != tm.tm_mday)
		return false;
	*seconds = t;
	return true;
}

bool policy_count(int64_t *count, const char *text)
{
	const char *p = text;
	int64_t n;

	if (!number(&n, &p, 64) || *p)
		return false;
	*count = n;
	return true;
}

bool policy_yes_no(bool *value, const char *text)
{
	bool yes = strcmp(text, "yes") == 0;

	if (!yes && strcmp(text, "no") != 0)
		return false;
	*value = yes;
	return true;
}

bool policy_word(const char *text, size_t max)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

	return len > 0 && len <= max && !text[len];
}

bool policy_path(const char *text)
{
	if (text[0] != '/')
		return false;
	if (!text[1])
		return true;
	for (const char *p = text; *p;) {
		size_t len = strcspn(++p, "/");

		if (len == 0 || (len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		p += len;
	}
	return true;
}

char *policy_duration_text(char out[POLICY_DURATION_TEXT], int64_t seconds)
{
	/* Nobody says 24h as 1d when it is a number of nights, or 2w for 14d: days from two on, no weeks. */
	int64_t unit = seconds % 86400 == 0 && seconds >= 2 * 86400 ? 86400
		: seconds % 3600 == 0 && seconds >= 3600            ? 3600
		: seconds % 60 == 0 && seconds >= 60                ? 60
								    : 1;

	(void)snprintf(out, POLICY_DURATION_TEXT, "%lld%s", (long long)(seconds / unit),
		unit == 86400          ? "d"
			: unit == 3600 ? "h"
			: unit == 60   ? "m"
				       : "s");
	return out;
}

char *policy_date_text(char out[POLICY_DATE_TEXT], int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(out, POLICY_DATE_TEXT, "%Y-%m-%d", &tm) == 0)
		(void)snprintf(out, POLICY_DATE_TEXT, "?");
	return out;
}
