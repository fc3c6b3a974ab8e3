/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers, times and names as people read them. */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TEXT_SHORT 32

/* "999 B", "1.5 KiB", "12.0 GiB"; out is returned. */
char *text_bytes(char out[TEXT_SHORT], uint64_t bytes);
/* "0:07", "12:34", "1:02:03"; out is returned. */
char *text_seconds(char out[TEXT_SHORT], uint64_t seconds);
/* Local time "2026-11-23 07:52:27"; out is returned. */
char *text_time(char out[TEXT_SHORT], int64_t sec);
/* "-rwxr-sr-x" for a type letter and permission bits; out is returned. */
char *text_mode(char out[TEXT_SHORT], char type, uint32_t mode);

/* Reads "10%", "2.5%", or without the sign, as permille; 0 when it is none from 0.1% to 100%. */
uint32_t text_permille(const char *text);

/* Writes bytes that come from outside (paths, names, messages). escape: control characters, such as a newline or the
 * start of a terminal sequence, come out as \n or \x1b, so that a file name can neither fake a line nor drive the
 * terminal. */
void text_put(FILE *f, const char *bytes, size_t len, int escape);

/* Columns of a terminal that the text takes: a Japanese letter takes two. Its bytes where it is no text of this locale.
 */
size_t text_width(const char *text);
/* Bytes of the beginning of the text that takes so many columns at most and does not end inside a letter. */
size_t text_fit(const char *text, size_t columns);
/* Prints the text and spaces up to this width. */
void text_pad(FILE *f, const char *text, size_t columns);

#endif
