/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See trust.h. A line: principals, options (optional, separated by commas), key type, key, comment. What a line asks
 * for that we do not know makes the file unusable rather than the key believed for more than was meant.
 */
#include "report/trust.h"
#include "base/places.h"
#include "base/vfs.h"
#include "report/approval.h"
#include "report/statement.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define KEY_TYPE "ssh-ed25519"

struct words {
	const char *p, *end;
};

/* The next word; quotes keep blanks together. NULL: no more. */
static const char *next_word(struct words *w, size_t *len)
{
	bool quoted = false;
	const char *from;

	while (w->p < w->end && (*w->p == ' ' || *w->p == '\t'))
		w->p++;
	from = w->p;
	while (w->p < w->end && (quoted || (*w->p != ' ' && *w->p != '\t'))) {
		quoted ^= *w->p == '"';
		w->p++;
	}
	*len = (size_t)(w->p - from);
	return *len > 0 && !quoted ? from : NULL;
}

/* 20261128, 202611281200 or 20261128120000, with Z for UTC, otherwise local time: as ssh-keygen takes them. */
static bool parse_time(int64_t *sec, const char *p, size_t len)
{
	bool utc = len > 0 && (p[len - 1] == 'Z' || p[len - 1] == 'z');
	char text[16] = "";
	struct tm tm = { .tm_isdst = -1 };
	int n = 0;
	time_t t;

	len -= utc;
	if ((len != 8 && len != 12 && len != 14) || strspn(p, "0123456789") < len)
		return false;
	memcpy(text, p, len);
	n = sscanf(
		text, "%4d%2d%2d%2d%2d%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec);
	if (n < 3 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 ||
		tm.tm_min > 59 || tm.tm_sec > 60)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	t = utc ? timegm(&tm) : mktime(&tm);
	*sec = t;
	return t != (time_t)-1;
}

static bool has_namespace(const char *list, size_t len, const char *want)
{
	while (len > 0) {
		const char *comma = memchr(list, ',', len);
		size_t n = comma ? (size_t)(comma - list) : len;

		if (n == strlen(want) && memcmp(list, want, n) == 0)
			return true;
		list += n + (comma != NULL);
		len -= n + (comma != NULL);
	}
	return false;
}

/* One of name="value". */
static bool parse_option(struct trust_signer *s, const char *p, size_t len)
{
	static const char ns[] = "namespaces=\"", after[] = "valid-after=\"", before[] = "valid-before=\"";

#define VALUE(name) (p + sizeof(name) - 1), (len - sizeof(name))
#define IS(name)    (len > sizeof(name) - 1 && strncasecmp(p, name, sizeof(name) - 1) == 0 && p[len - 1] == '"')
	/* What says a thing twice, or what is not meant, is not guessed at. */
	if (memchr(p, '!', len) || memchr(p, '\\', len) || (IS(ns) && !s->any_namespace) ||
		(IS(after) && s->has_after) || (IS(before) && s->has_before))
		return false;
	if (IS(ns)) {
		s->any_namespace = false;
		s->for_records = has_namespace(VALUE(ns), RECORD_NAMESPACE);
		s->for_approvals = has_namespace(VALUE(ns), APPROVAL_NAMESPACE);
		return true;
	}
	if (IS(after))
		return s->has_after = parse_time(&s->after, VALUE(after));
	if (IS(before))
		return s->has_before = parse_time(&s->before, VALUE(before));
#undef IS
#undef VALUE
	return false;
}

static bool parse_options(struct trust_signer *s, const char *p, size_t len)
{
	while (len > 0) {
		bool quoted = false;
		size_t n = 0;

		while (n < len && (quoted || p[n] != ','))
			quoted ^= p[n++] == '"';
		if (!parse_option(s, p, n))
			return false;
		n += n < len;
		p += n;
		len -= n;
	}
	return true;
}

/* 1: s is set; 0: a line that is for others; -1: not understood. */
static int parse_line(struct trust_signer *s, const char *line, size_t len)
{
	struct words w = { line, line + len };
	size_t who_len, word_len;
	const char *who = next_word(&w, &who_len), *word = next_word(&w, &word_len);

	*s = (struct trust_signer){ .any_namespace = true };
	if (!who || !word)
		return -1;
	if (memchr(word, '=', word_len)) {
		if (!parse_options(s, word, word_len))
			return -1;
		word = next_word(&w, &word_len);
	} else if (word_len == 14 && memcmp(word, "cert-authority", 14) == 0) {
		return 0;
	}
	if (!word)
		return -1;
	if (word_len != strlen(KEY_TYPE) || memcmp(word, KEY_TYPE, word_len) != 0)
		return strncmp(word, "ssh-", 4) == 0 || strncmp(word, "sk-", 3) == 0 || strncmp(word, "ecdsa-", 6) == 0
			? 0
			: -1;
	word = next_word(&w, &word_len);
	if (!word || !ssh_key_parse(s->pub, word, word_len))
		return -1;
	s->principals = strndup(who, who_len);
	return 1;
}

static int append(struct hz_trust *t, struct trust_signer *s, hz_error **err)
{
	struct trust_signer *v = s->principals ? realloc(t->v, (t->n + 1) * sizeof(*v)) : NULL;

	if (!v) {
		free(s->principals);
		return err_nomem(err);
	}
	t->v = v;
	v[t->n++] = *s;
	return 0;
}

static void cut_back(struct hz_trust *t, size_t n)
{
	while (t->n > n)
		free(t->v[--t->n].principals);
}

int trust_add(struct hz_trust *t, const char *text, size_t len, const char *name, hz_error **err)
{
	/* Ended by a NUL for what looks for the end of a word. */
	AUTO_FREE char *copy = malloc(len + 1);
	const char *end = copy + len;
	size_t before = t->n;
	unsigned n = 0;
	int rc = 0;

	if (!copy)
		return err_nomem(err);
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (strlen(copy) != len)
		return err_set(err, HZ_E_CORRUPT, "%s is none of an allowed_signers file: it has a NUL", name);
	for (const char *line = copy, *next; rc == 0 && line < end; line = next) {
		const char *feed = memchr(line, '\n', (size_t)(end - line)), *stop = feed ? feed : end;
		struct trust_signer s;
		int got;

		next = feed ? feed + 1 : end;
		n++;
		while (stop > line && (stop[-1] == '\r' || stop[-1] == ' ' || stop[-1] == '\t'))
			stop--;
		if (stop == line || *line == '#')
			continue;
		got = parse_line(&s, line, (size_t)(stop - line));
		if (got < 0)
			rc = err_set(err, HZ_E_CORRUPT, "%s: line %u is none of an allowed_signers file", name, n);
		else if (got > 0)
			rc = append(t, &s, err);
	}
	if (rc < 0)
		cut_back(t, before);
	return rc;
}

static unsigned find(const struct hz_trust *t, const uint8_t pub[SIGN_PUB_LEN], int64_t sec, bool approvals,
	const struct trust_signer **signer)
{
	unsigned found = HZ_SIGNER_UNKNOWN;

	if (signer)
		*signer = NULL;
	for (size_t i = 0; t && i < t->n; i++) {
		const struct trust_signer *s = &t->v[i];

		if (memcmp(s->pub, pub, SIGN_PUB_LEN) != 0 ||
			!(s->any_namespace || (approvals ? s->for_approvals : s->for_records)))
			continue;
		if (signer)
			*signer = s;
		if ((!s->has_after || sec >= s->after) && (!s->has_before || sec < s->before))
			return HZ_SIGNER_TRUSTED;
		found = HZ_SIGNER_EXPIRED;
	}
	return found;
}

unsigned trust_find(
	const struct hz_trust *t, const uint8_t pub[SIGN_PUB_LEN], int64_t sec, const struct trust_signer **signer)
{
	return find(t, pub, sec, false, signer);
}

unsigned trust_find_approver(
	const struct hz_trust *t, const uint8_t pub[SIGN_PUB_LEN], int64_t sec, const struct trust_signer **signer)
{
	return find(t, pub, sec, true, signer);
}

/* ---- public ---- */

int hz_trust_new(hz_trust **trust, hz_error **err)
{
	*trust = calloc(1, sizeof(**trust));
	return *trust ? 0 : err_nomem(err);
}

void hz_trust_free(hz_trust *trust)
{
	if (!trust)
		return;
	cut_back(trust, 0);
	free(trust->v);
	free(trust);
}

int hz_trust_add_file(hz_trust *trust, const char *path, hz_error **err)
{
	AUTO_FREE uint8_t *text = NULL;
	size_t len;
	int rc = vfs_read_file(&text, &len, AT_FDCWD, path, TRUST_FILE_MAX, false, err);

	if (rc < 0)
		return err_wrap(err, rc, "trusted keys %s", path);
	return trust_add(trust, (const char *)text, len, path, err);
}

int hz_trust_add_pins(hz_trust *trust, const char *state_dir, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	AUTO_FREE char *base = NULL, *path = NULL;
	int rc = place_state_base(&base, state_dir, err);

	if (rc < 0)
		return rc;
	if (asprintf(&path, "%s/%s", base, TRUST_PINS) < 0) {
		path = NULL;
		return err_nomem(err);
	}
	rc = hz_trust_add_file(trust, path, &why);
	if (rc == HZ_E_NOTFOUND)
		return 0;
	return rc < 0 ? err_copy(err, why) : 0;
}

uint64_t hz_trust_count(const hz_trust *trust)
{
	return trust->n;
}
