/* SPDX-License-Identifier: BSD-2-Clause */
/* /proc/self/mountinfo: "36 35 98:0 /root /mnt rw,noatime master:1 - ext3 /dev/root rw,errors=continue", where the
 * number of fields before the dash varies. */
#include "device/usage.h"
#include <stdlib.h>
#include <string.h>

/* Blanks, tabs, line feeds and backslashes are three octal digits after a backslash. */
static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' &&
			s[3] <= '7') {
			*out++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

/* The next word of the line, which is cut off behind it. */
static char *next_word(char **line)
{
	char *word = *line + strspn(*line, " "), *end;

	if (!*word)
		return NULL;
	end = word + strcspn(word, " ");
	*line = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static bool parse(struct mount_line *m, char *line)
{
	char *field[5], *end, *word, *type, *source, *options;

	for (size_t i = 0; i < 5; i++)
		if (!(field[i] = next_word(&line)))
			return false;
	m->id = strtoull(field[0], NULL, 10);
	m->major = (uint32_t)strtoul(field[2], &end, 10);
	if (end == field[2] || *end != ':')
		return false;
	m->minor = (uint32_t)strtoul(end + 1, NULL, 10);
	do
		word = next_word(&line);
	while (word && strcmp(word, "-") != 0);
	type = next_word(&line);
	source = type ? next_word(&line) : NULL;
	if (!source)
		return false;
	unescape(field[4]);
	unescape(source);
	options = next_word(&line);
	m->options = options ? options : "";
	m->point = field[4];
	m->type = type;
	m->source = source;
	return true;
}

bool mount_next(struct mount_line *m, char **text, bool *bad)
{
	char *line = *text;
	size_t len = strcspn(line, "\n");

	if (!*line)
		return false;
	*text = line + len + (line[len] ? 1 : 0);
	line[len] = '\0';
	if (parse(m, line))
		return true;
	*bad = true;
	return false;
}
