/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Patterns are run as automata over sets of positions, one bit each, all positions at once: so the time is bounded by
 * pattern times path whatever the stars. A literal beginning or end is compared first, which settles most paths without
 * that.
 *
 * Position i is "tokens before i are matched". What a byte does to a set of positions stands in tables made when a
 * pattern is added: take[byte] holds the positions whose token it matches (they move on by one), hold those that stay
 * where they are.
 */
#include "archive/pattern.h"
#include "base/buf.h"
#include <stdint.h>
#include <string.h>

#define WORD_BITS 64u
/* Tokens, one for "any folders" before them, and the end. */
#define WORDS_MAX ((PATTERN_LEN_MAX + 2 + WORD_BITS - 1) / WORD_BITS)

struct pattern {
	struct pattern *next;
	size_t tokens;
	size_t words;
	bool dirs_only;
	bool anchored;
	char *text;      /* unescaped literal tokens, one byte each; others 0 */
	size_t head;     /* literal tokens at the start, when anchored */
	size_t tail;     /* literal tokens at the end */
	uint64_t *take;  /* 256 sets */
	uint64_t *stars; /* any byte but /: stay, and the next position at no cost */
	uint64_t *globs; /* any byte: likewise */
	uint64_t *dirs;  /* any byte: stay; the next position only behind a / */
};

struct patterns {
	struct pattern *first;
	struct pattern **last;
};

enum token_kind { TOKEN_ONE, TOKEN_LITERAL, TOKEN_STAR, TOKEN_GLOB, TOKEN_DIRS };

struct token {
	enum token_kind kind;
	uint8_t literal;
	bool set[256]; /* TOKEN_ONE */
};

static void pattern_free(struct pattern *p)
{
	if (!p)
		return;
	free(p->text);
	free(p->take);
	free(p);
}
DEFINE_AUTO(struct pattern, pattern_free)

/* --- reading the text --- */

/* A member of a set at *at, past the backslash; -1 when the text ends. */
static int set_member(const char *s, size_t len, size_t *at)
{
	if (*at < len && s[*at] == '\\')
		++*at;
	return *at < len ? (uint8_t)s[(*at)++] : -1;
}

/* *at stands behind the [ and is left behind the ]. */
static int read_set(struct token *t, const char *s, size_t len, size_t *at, hz_error **err)
{
	bool negated = *at < len && s[*at] == '!';
	bool first = true;

	*at += negated;
	memset(t->set, negated, sizeof(t->set));
	for (; *at < len && (s[*at] != ']' || first); first = false) {
		int from = set_member(s, len, at), to = from;

		if (*at + 1 < len && s[*at] == '-' && s[*at + 1] != ']') {
			++*at;
			to = set_member(s, len, at);
		}
		if (from < 0 || to < 0)
			break;
		if (from > to)
			return err_set(err, HZ_E_INVAL, "pattern \"%s\": a range in [ ] runs backwards", s);
		memset(t->set + from, !negated, (size_t)(to - from) + 1);
	}
	if (*at >= len)
		return err_set(err, HZ_E_INVAL, "pattern \"%s\": [ is not closed", s);
	++*at;
	t->kind = TOKEN_ONE;
	t->set['/'] = false;
	return 0;
}

/* One or more stars from *at on. begins: a folder name may begin here. */
static void read_stars(struct token *t, const char *s, size_t len, size_t *at, bool begins)
{
	size_t n = 0;

	for (; *at < len && s[*at] == '*'; ++*at)
		n++;
	t->kind = n == 1 ? TOKEN_STAR : TOKEN_GLOB;
	if (n == 1 || !begins || *at >= len || s[*at] != '/')
		return;
	t->kind = TOKEN_DIRS;
	while (*at < len && s[*at] == '/')
		++*at;
}

static int read_token(struct token *t, const char *s, size_t len, size_t *at, bool begins, hz_error **err)
{
	switch (s[*at]) {
	case '*':
		read_stars(t, s, len, at, begins);
		return 0;
	case '[':
		++*at;
		return read_set(t, s, len, at, err);
	case '?':
		++*at;
		t->kind = TOKEN_ONE;
		memset(t->set, true, sizeof(t->set));
		t->set['/'] = false;
		return 0;
	case '\\':
		if (++*at >= len)
			return err_set(err, HZ_E_INVAL, "pattern \"%s\" ends in a backslash", s);
		break;
	default:
		break;
	}
	t->kind = TOKEN_LITERAL;
	t->literal = (uint8_t)s[(*at)++];
	while (t->literal == '/' && *at < len && s[*at] == '/')
		++*at;
	return 0;
}

/* --- tables --- */

static void bit_set(uint64_t *set, size_t bit)
{
	set[bit / WORD_BITS] |= (uint64_t)1 << bit % WORD_BITS;
}

static bool bit_get(const uint64_t *set, size_t bit)
{
	return set[bit / WORD_BITS] >> bit % WORD_BITS & 1;
}

static void add_token(struct pattern *p, const struct token *t)
{
	size_t i = p->tokens++;

	switch (t->kind) {
	case TOKEN_STAR:
		bit_set(p->stars, i);
		break;
	case TOKEN_GLOB:
		bit_set(p->globs, i);
		break;
	case TOKEN_DIRS:
		bit_set(p->dirs, i);
		break;
	case TOKEN_LITERAL:
		bit_set(p->take + t->literal * p->words, i);
		break;
	case TOKEN_ONE:
		for (size_t b = 0; b < 256; b++)
			if (t->set[b])
				bit_set(p->take + b * p->words, i);
		break;
	}
	if (t->kind != TOKEN_LITERAL) {
		p->tail = 0;
		return;
	}
	p->text[i] = (char)t->literal;
	p->tail++;
	if (p->anchored && p->head == i)
		p->head++;
}

/* Room for a pattern of at most len tokens behind the implied one. */
static int pattern_new(struct pattern **ret, size_t len, hz_error **err)
{
	AUTO(pattern_free) struct pattern *p = calloc(1, sizeof(*p));

	if (!p)
		return err_nomem(err);
	p->words = (len + 2 + WORD_BITS - 1) / WORD_BITS;
	p->text = calloc(1, len + 2);
	p->take = calloc((256 + 3) * p->words, sizeof(*p->take));
	if (!p->text || !p->take)
		return err_nomem(err);
	p->stars = p->take + 256 * p->words;
	p->globs = p->stars + p->words;
	p->dirs = p->globs + p->words;
	*ret = TAKE(p);
	return 0;
}

static int pattern_read(struct pattern *p, const char *s, size_t len, hz_error **err)
{
	enum token_kind before = TOKEN_DIRS;
	bool begins = true;
	size_t at = 0;

	for (; at < len && s[at] == '/'; at++)
		p->anchored = true;
	if (!p->anchored)
		add_token(p, &(struct token){ .kind = TOKEN_DIRS });
	for (struct token t; at < len; before = t.kind) {
		int rc = read_token(&t, s, len, &at, begins, err);

		if (rc < 0)
			return rc;
		begins = t.kind == TOKEN_DIRS || (t.kind == TOKEN_LITERAL && t.literal == '/');
		/* Any folders twice are any folders once. */
		if (t.kind == TOKEN_DIRS && before == TOKEN_DIRS && p->tokens > 0)
			continue;
		add_token(p, &t);
	}
	return 0;
}

int patterns_new(struct patterns **ret, hz_error **err)
{
	struct patterns *p = calloc(1, sizeof(*p));

	if (!p)
		return err_nomem(err);
	p->last = &p->first;
	*ret = p;
	return 0;
}

/* Length without the slashes at the end; those that are escaped stay. */
static size_t trim(const char *text, size_t len, bool *dirs_only)
{
	size_t backslashes = 0;

	while (len > 0 && text[len - 1] == '/') {
		*dirs_only = true;
		len--;
	}
	while (backslashes < len && text[len - 1 - backslashes] == '\\')
		backslashes++;
	/* An odd number: the last one escapes the slash. */
	return *dirs_only && backslashes % 2 == 1 ? len + 1 : len;
}

int patterns_add(struct patterns *ps, const char *text, hz_error **err)
{
	AUTO(pattern_free) struct pattern *p = NULL;
	size_t len = strnlen(text, PATTERN_LEN_MAX + 1);
	bool dirs_only = false;
	int rc;

	if (len > PATTERN_LEN_MAX)
		return err_set(err, HZ_E_INVAL, "pattern is longer than %u bytes", PATTERN_LEN_MAX);
	len = trim(text, len, &dirs_only);
	if (len == 0)
		return err_set(err, HZ_E_INVAL, "pattern \"%s\" is empty", text);
	rc = pattern_new(&p, len, err);
	if (rc == 0)
		rc = pattern_read(p, text, len, err);
	if (rc < 0)
		return rc;
	p->dirs_only = dirs_only;
	*ps->last = TAKE(p);
	ps->last = &(*ps->last)->next;
	return 0;
}

bool patterns_is_empty(const struct patterns *p)
{
	return !p->first;
}

void patterns_free(struct patterns *ps)
{
	if (!ps)
		return;
	for (struct pattern *p = ps->first, *next; p; p = next) {
		next = p->next;
		pattern_free(p);
	}
	free(ps);
}

/* --- running --- */

/* What costs nothing: behind a star that has matched enough, behind any folders where a name begins. */
static void close_set(const struct pattern *p, uint64_t *set, bool begins)
{
	uint64_t carry = 0;

	for (size_t w = 0; w < p->words; w++) {
		uint64_t free_ones = p->stars[w] | p->globs[w] | (begins ? p->dirs[w] : 0);
		uint64_t moved = set[w] & free_ones;

		set[w] |= moved << 1 | carry;
		/* A star may stand behind any folders. */
		for (uint64_t again = set[w] & free_ones; again != moved; again = set[w] & free_ones) {
			moved = again;
			set[w] |= moved << 1;
		}
		carry = moved >> (WORD_BITS - 1);
	}
}

/* False when no position is left. */
static bool step(const struct pattern *p, uint64_t *set, uint8_t byte)
{
	const uint64_t *take = p->take + byte * p->words;
	uint64_t carry = 0, any = 0;

	for (size_t w = 0; w < p->words; w++) {
		uint64_t moved = set[w] & take[w];
		uint64_t hold = p->globs[w] | p->dirs[w] | (byte == '/' ? 0 : p->stars[w]);

		set[w] = (set[w] & hold) | moved << 1 | carry;
		carry = moved >> (WORD_BITS - 1);
		any |= set[w];
	}
	close_set(p, set, byte == '/');
	return any != 0;
}

static bool run(const struct pattern *p, uint64_t *set, const char *path, size_t len)
{
	memset(set, 0, p->words * sizeof(*set));
	bit_set(set, 0);
	close_set(p, set, true);
	for (size_t i = 0; i < len; i++)
		if (!step(p, set, (uint8_t)path[i]))
			return false;
	return true;
}

static bool pattern_match(const struct pattern *p, const char *path, size_t len, bool is_dir)
{
	uint64_t set[WORDS_MAX];

	if (len == 0 || (p->dirs_only && !is_dir) || len < p->head || len < p->tail)
		return false;
	if (memcmp(path, p->text, p->head) != 0 ||
		memcmp(path + len - p->tail, p->text + p->tokens - p->tail, p->tail) != 0)
		return false;
	return run(p, set, path, len) && bit_get(set, p->tokens);
}

bool patterns_match(const struct patterns *ps, const char *path, size_t len, bool is_dir)
{
	for (const struct pattern *p = ps->first; p; p = p->next)
		if (pattern_match(p, path, len, is_dir))
			return true;
	return false;
}

bool patterns_match_or_parent(const struct patterns *ps, const char *path, size_t len, bool is_dir)
{
	for (size_t i = 0; i < len; i++)
		if (path[i] == '/' && patterns_match(ps, path, i, true))
			return true;
	return patterns_match(ps, path, len, is_dir);
}

/* A path below begins with the folder and a slash; whatever position is left then may be completed, the end itself may
 * not. */
static bool may_match_below(const struct pattern *p, const char *dir, size_t len)
{
	uint64_t set[WORDS_MAX];

	if (!run(p, set, dir, len) || (len > 0 && !step(p, set, '/')))
		return false;
	for (size_t i = 0; i < p->tokens; i++)
		if (bit_get(set, i))
			return true;
	return false;
}

bool patterns_may_match_below(const struct patterns *ps, const char *dir, size_t len)
{
	for (const struct pattern *p = ps->first; p; p = p->next)
		if (may_match_below(p, dir, len))
			return true;
	return false;
}
