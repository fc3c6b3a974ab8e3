/* SPDX-License-Identifier: BSD-2-Clause */
/* Formatting only: no state, no decisions. */
#include "common/text.h"

#include <string.h>
#include <time.h>
#include <wchar.h>

char *text_bytes(char out[TEXT_SHORT], uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double v = (double)bytes / 1024.0;
	size_t u = 0;

	if (bytes < 1024) {
		(void)snprintf(out, TEXT_SHORT, "%u B", (unsigned)bytes);
		return out;
	}
	/* 1023.95 would print as "1024.0". */
	while (v >= 1023.95 && u + 1 < sizeof(units) / sizeof(units[0])) {
		v /= 1024.0;
		u++;
	}
	(void)snprintf(out, TEXT_SHORT, "%.1f %s", v, units[u]);
	return out;
}

char *text_seconds(char out[TEXT_SHORT], uint64_t seconds)
{
	uint64_t h = seconds / 3600;
	unsigned m = (unsigned)(seconds / 60 % 60), s = (unsigned)(seconds % 60);

	if (h > 0)
		(void)snprintf(out, TEXT_SHORT, "%llu:%02u:%02u", (unsigned long long)h, m, s);
	else
		(void)snprintf(out, TEXT_SHORT, "%u:%02u", m, s);
	return out;
}

char *text_time(char out[TEXT_SHORT], int64_t sec)
{
	time_t t = (time_t)sec;
	struct tm tm;

	if (!localtime_r(&t, &tm) || strftime(out, TEXT_SHORT, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		(void)snprintf(out, TEXT_SHORT, "@%lld", (long long)sec);
	return out;
}

char *text_mode(char out[TEXT_SHORT], char type, uint32_t mode)
{
	static const char letters[] = "rwxrwxrwx";

	out[0] = type;
	for (int i = 0; i < 9; i++)
		out[i + 1] = (mode & (0400u >> i)) ? letters[i] : '-';
	if (mode & 04000)
		out[3] = (mode & 0100) ? 's' : 'S';
	if (mode & 02000)
		out[6] = (mode & 0010) ? 's' : 'S';
	if (mode & 01000)
		out[9] = (mode & 0001) ? 't' : 'T';
	out[10] = '\0';
	return out;
}

uint32_t text_permille(const char *text)
{
	unsigned whole = 0, tenth = 0;
	int n = 0;

	if (sscanf(text, "%3u%n", &whole, &n) != 1 || *text < '0' || *text > '9')
		return 0;
	text += n;
	if (text[0] == '.' && text[1] >= '0' && text[1] <= '9') {
		tenth = (unsigned)(text[1] - '0');
		text += 2;
	}
	text += *text == '%';
	return *text || whole * 10 + tenth > 1000 ? 0 : whole * 10 + tenth;
}

static void put_escaped(FILE *f, unsigned char c)
{
	if (c == '\n')
		(void)fputs("\\n", f);
	else if (c == '\t')
		(void)fputs("\\t", f);
	else
		(void)fprintf(f, "\\x%02x", c);
}

void text_put(FILE *f, const char *bytes, size_t len, int escape)
{
	if (!escape) {
		(void)fwrite(bytes, 1, len, f);
		return;
	}
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];
		/* c2 80 to c2 9f are the C1 controls in UTF-8; c2 9b starts a terminal sequence as ESC [ does. */
		int c1 = c == 0xc2 && i + 1 < len && ((unsigned char)bytes[i + 1] & 0xe0) == 0x80;

		if (c1) {
			put_escaped(f, c);
			put_escaped(f, (unsigned char)bytes[++i]);
		} else if (c < 0x20 || c == 0x7f) {
			put_escaped(f, c);
		} else {
			(void)fputc(c, f);
		}
	}
}

/* The bytes of the first letter and its columns; 0 when it is no letter of this locale. */
static size_t letter(const char *p, size_t left, mbstate_t *state, size_t *columns)
{
	wchar_t c;
	size_t n = mbrtowc(&c, p, left, state);
	int w;

	if (n == 0 || n > left)
		return 0;
	w = wcwidth(c);
	*columns = w > 0 ? (size_t)w : 0;
	return n;
}

size_t text_width(const char *text)
{
	mbstate_t state = { 0 };
	size_t len = strlen(text), at = 0, width = 0;

	while (at < len) {
		size_t columns, n = letter(text + at, len - at, &state, &columns);

		if (n == 0)
			return len;
		width += columns;
		at += n;
	}
	return width;
}

size_t text_fit(const char *text, size_t columns)
{
	mbstate_t state = { 0 };
	size_t len = strlen(text), at = 0, width = 0;

	while (at < len) {
		size_t w, n = letter(text + at, len - at, &state, &w);

		if (n == 0 || width + w > columns)
			return at;
		width += w;
		at += n;
	}
	return at;
}

void text_pad(FILE *f, const char *text, size_t columns)
{
	size_t used = text_width(text);

	(void)fprintf(f, "%s%*s", text, used < columns ? (int)(columns - used) : 0, "");
}
