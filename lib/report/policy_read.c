/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a policy file: libinih splits the lines, and what it would take in silence is refused before it sees them:
 * lines that go on, comments behind a value, texts behind a section's name, and whatever is too long for it.
 */
#include "report/policy.h"
#include "report/policy_value.h"
#include "base/error.h"
#include "base/utf8.h"
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum section { NO_SECTION, POLICY, REPOSITORY, SYSTEM };
enum type { TEXT, WORD, HEX, PATH, DURATION, COUNT, YES_NO, DATE, TEXTS, PATHS };

static const struct key {
	enum section in;
	const char *name;
	enum type type;
	bool required;
	size_t at;
} keys[] = {
#define P(field) offsetof(struct hz_policy, field)
#define R(field) offsetof(struct policy_repository, field)
#define S(field) offsetof(struct policy_system, field)
	{ POLICY, "id", WORD, true, P(id) },
	{ POLICY, "version", TEXT, false, P(version) },
	{ POLICY, "owner", TEXT, true, P(owner) },
	{ POLICY, "approver", TEXTS, true, P(approvers) },
	{ POLICY, "approved", DATE, true, P(approved) },
	{ POLICY, "review", DATE, true, P(review) },
	{ POLICY, "two_persons", YES_NO, false, P(two_persons) },
	{ REPOSITORY, "id", HEX, true, R(id) },
	{ REPOSITORY, "location", TEXT, false, R(location) },
	{ REPOSITORY, "key_file", PATH, false, R(key_file) },
	{ REPOSITORY, "site", TEXT, false, R(site) },
	{ REPOSITORY, "offline", YES_NO, false, R(offline) },
	{ REPOSITORY, "immutable", YES_NO, false, R(immutable) },
	{ REPOSITORY, "max_age", DURATION, false, R(max_age) },
	{ REPOSITORY, "key_age", DURATION, false, R(key_age) },
	{ SYSTEM, "owner", TEXT, true, S(owner) },
	{ SYSTEM, "host", TEXTS, true, S(hosts) },
	{ SYSTEM, "path", PATHS, true, S(paths) },
	{ SYSTEM, "asset", TEXTS, false, S(assets) },
	{ SYSTEM, "repository", TEXTS, true, S(repositories) },
	{ SYSTEM, "approver", TEXTS, false, S(approvers) },
	{ SYSTEM, "rpo", DURATION, true, S(rpo) },
	{ SYSTEM, "rto", DURATION, false, S(rto) },
	{ SYSTEM, "retention", DURATION, false, S(retention) },
	{ SYSTEM, "copies", COUNT, false, S(copies) },
	{ SYSTEM, "offline_copy", YES_NO, false, S(offline_copy) },
	{ SYSTEM, "check", DURATION, false, S(check) },
	{ SYSTEM, "sample", DURATION, false, S(sample) },
	{ SYSTEM, "read", DURATION, false, S(read) },
	{ SYSTEM, "drill", DURATION, false, S(drill) },
	{ SYSTEM, "full_drill", DURATION, false, S(full_drill) },
	{ SYSTEM, "key_age", DURATION, false, S(key_age) },
	{ SYSTEM, "review", DATE, false, S(review) },
#undef P
#undef R
#undef S
};

struct reading {
	struct hz_policy *p;
	const char *text, *end, *name;
	unsigned line;
	enum section section;
	unsigned section_line;
	uint64_t seen; /* bits: keys of this section */
	bool has_policy;
	int rc;
	hz_error **err;
};

static int policy_wrong(struct reading *r, unsigned line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int policy_wrong(struct reading *r, unsigned line, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	if (r->rc < 0)
		return r->rc;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), err_text(fmt), ap);
	va_end(ap);
	return r->rc = err_set(r->err, HZ_E_INVAL, "policy %s, line %u: %s", r->name, line, text);
}

static int no_memory(struct reading *r)
{
	return r->rc = err_nomem(r->err);
}

/* ---- values ---- */

static void *record_of(const struct reading *r)
{
	switch (r->section) {
	case POLICY:
		return r->p;
	case REPOSITORY:
		return &r->p->repositories[r->p->n_repositories - 1];
	default:
		return &r->p->systems[r->p->n_systems - 1];
	}
}

static bool is_value(enum type type, const char *value)
{
	int64_t n;
	bool b;

	switch (type) {
	case WORD:
		return policy_word(value, 64);
	case HEX:
		return strlen(value) == UID_HEX_LEN && strspn(value, "0123456789abcdef") == UID_HEX_LEN;
	case PATH:
	case PATHS:
		return policy_path(value);
	case DURATION:
		return policy_duration(&n, value);
	case COUNT:
		return policy_count(&n, value);
	case YES_NO:
		return policy_yes_no(&b, value);
	case DATE:
		return policy_date(&n, value);
	default:
		return *value;
	}
}

static const char *expected(enum type type)
{
	switch (type) {
	case WORD:
		return err_text("at most 64 letters, digits, dots, dashes and underscores");
	case HEX:
		return err_text("the id of a repository: 32 of 0 to 9 and a to f, as 'hozen-backup init' prints it");
	case PATH:
	case PATHS:
		return err_text("an absolute path without '.', '..' and a slash at the end");
	case DURATION:
		return err_text("a time: a number with s, m, h, d or w, such as 26h");
	case COUNT:
		return err_text("a number from 1 to 64");
	case YES_NO:
		return err_text("yes or no");
	case DATE:
		return err_text("a date such as 2027-03-31");
	default:
		return err_text("a text");
	}
}

static void add_value(struct reading *r, struct policy_list *l, const char *key, const char *value)
{
	char **v;

	if (policy_list_has(l, value)) {
		(void)policy_wrong(r, r->line, "%s = %.80s stands here twice", key, value);
		return;
	}
	if (l->n == POLICY_LIST_MAX) {
		(void)policy_wrong(r, r->line, "more than %u of %s", POLICY_LIST_MAX, key);
		return;
	}
	v = realloc(l->v, (l->n + 1) * sizeof(*v));
	if (!v) {
		(void)no_memory(r);
		return;
	}
	l->v = v;
	v[l->n] = strdup(value);
	if (!v[l->n])
		(void)no_memory(r);
	else
		l->n++;
}

static void set_value(struct reading *r, const struct key *k, const char *value)
{
	char *at = (char *)record_of(r) + k->at;

	switch (k->type) {
	case DURATION:
		(void)policy_duration((int64_t *)(void *)at, value);
		break;
	case COUNT:
		(void)policy_count((int64_t *)(void *)at, value);
		break;
	case DATE:
		(void)policy_date((int64_t *)(void *)at, value);
		break;
	case YES_NO:
		(void)policy_yes_no((bool *)at, value);
		break;
	case TEXTS:
	case PATHS:
		add_value(r, (struct policy_list *)(void *)at, k->name, value);
		break;
	default:
		*(char **)(void *)at = strdup(value);
		if (!*(char **)(void *)at)
			(void)no_memory(r);
	}
}

/* Of libinih: non-zero goes on. */
static int on_value(void *user, const char *section, const char *name, const char *value)
{
	struct reading *r = user;

	(void)section;
	if (r->rc < 0)
		return 0;
	if (r->section == NO_SECTION) {
		(void)policy_wrong(r, r->line, "%.80s stands before the first section: begin with [policy]", name);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct key *k = &keys[i];

		if (k->in != r->section || strcmp(k->name, name) != 0)
			continue;
		if (r->seen & (uint64_t)1 << i && k->type != TEXTS && k->type != PATHS) {
			(void)policy_wrong(r, r->line, "%s is given twice", name);
			return 0;
		}
		r->seen |= (uint64_t)1 << i;
		if (is_value(k->type, value))
			set_value(r, k, value);
		else
			(void)policy_wrong(r, r->line, "%s = %.80s: expected is %s", name, value, expected(k->type));
		return r->rc == 0;
	}
	(void)policy_wrong(r, r->line, "%.80s is no key of this section", name);
	return 0;
}

/* ---- sections ---- */

/* What a section has to have. */
static void end_section(struct reading *r)
{
	for (size_t i = 0; r->rc == 0 && i < ARRAY_LEN(keys); i++) {
		if (keys[i].in == r->section && keys[i].required && !(r->seen & (uint64_t)1 << i))
			(void)policy_wrong(r, r->section_line, "this section lacks %s", keys[i].name);
	}
	r->seen = 0;
}

/* Room for one more, zeroed. */
static bool grow(struct reading *r, void **v, size_t *n, size_t size, size_t max)
{
	void *grown = *n < max ? realloc(*v, (*n + 1) * size) : NULL;

	if (*n == max) {
		(void)policy_wrong(r, r->line, "more than %zu sections of this kind", max);
		return false;
	}
	if (!grown) {
		(void)no_memory(r);
		return false;
	}
	*v = grown;
	memset((char *)grown + *n * size, 0, size);
	++*n;
	return true;
}

static void begin_named(struct reading *r, enum section section, const char *name)
{
	struct hz_policy *p = r->p;
	bool known = false;
	char **at;

	if (section == REPOSITORY)
		known = policy_repository(p, name);
	for (size_t i = 0; section == SYSTEM && i < p->n_systems; i++)
		known = known || strcmp(p->systems[i].name, name) == 0;
	if (known) {
		(void)policy_wrong(r, r->line, "a section for %s stands here already", name);
		return;
	}
	if (section == REPOSITORY
			? !grow(r, (void **)&p->repositories, &p->n_repositories, sizeof(*p->repositories),
				  POLICY_REPOSITORIES_MAX)
			: !grow(r, (void **)&p->systems, &p->n_systems, sizeof(*p->systems), POLICY_SYSTEMS_MAX))
		return;
	r->section = section;
	at = section == REPOSITORY ? &p->repositories[p->n_repositories - 1].name : &p->systems[p->n_systems - 1].name;
	*at = strdup(name);
	if (!*at)
		(void)no_memory(r);
}

/* "[policy]", "[repository NAME]", "[system NAME]". */
static void begin_section(struct reading *r, const char *line, size_t len)
{
	char name[POLICY_NAME_MAX + 1] = "", kind[16] = "";
	const char *blank;
	size_t kind_len;

	end_section(r);
	r->section_line = r->line;
	if (r->rc < 0)
		return;
	if (len < 3 || line[len - 1] != ']' || memchr(line, ']', len - 1)) {
		(void)policy_wrong(r, r->line, "a section's line ends with ], and nothing stands behind it");
		return;
	}
	line++, len -= 2;
	blank = memchr(line, ' ', len);
	kind_len = blank ? (size_t)(blank - line) : len;
	if (kind_len < sizeof(kind))
		memcpy(kind, line, kind_len);
	if (blank && len - kind_len - 1 <= POLICY_NAME_MAX)
		memcpy(name, blank + 1, len - kind_len - 1);
	if (strcmp(kind, "policy") == 0 && !blank && !r->has_policy) {
		r->has_policy = true;
		r->section = POLICY;
	} else if (strcmp(kind, "policy") == 0) {
		(void)policy_wrong(r, r->line, "there is one section [policy], and no other");
	} else if (strcmp(kind, "repository") != 0 && strcmp(kind, "system") != 0) {
		(void)policy_wrong(r, r->line, "sections are [policy], [repository NAME] and [system NAME]");
	} else if (!policy_word(name, POLICY_NAME_MAX)) {
		(void)policy_wrong(r, r->line, "a name has at most %u letters, digits, dots, dashes and underscores",
			POLICY_NAME_MAX);
	} else {
		begin_named(r, kind[0] == 'r' ? REPOSITORY : SYSTEM, name);
	}
}

/* ---- lines ---- */

static void look_at(struct reading *r, const char *line, size_t len, size_t max)
{
	if (len > max) {
		(void)policy_wrong(r, r->line, "longer than %zu bytes", max);
		return;
	}
	if (!utf8_is_line(line, len)) {
		(void)policy_wrong(r, r->line, "a byte that is no text in UTF-8, or a control character");
		return;
	}
	if (len == 0 || line[0] == ';' || line[0] == '#')
		return;
	if (line[0] == ' ' || line[0] == '\t') {
		(void)policy_wrong(
			r, r->line, "a line begins with a blank: every key, and every value of one, has its own");
		return;
	}
	for (size_t i = 1; i < len; i++) {
		if ((line[i] == ';' || line[i] == '#') && (line[i - 1] == ' ' || line[i - 1] == '\t')) {
			(void)policy_wrong(r, r->line, "a comment has a line of its own");
			return;
		}
	}
	if (line[0] == '[')
		begin_section(r, line, len);
}

/* Of libinih, as fgets. */
static char *next_line(char *out, int size, void *user)
{
	struct reading *r = user;
	const char *feed, *line = r->text;
	size_t len;

	if (r->rc < 0 || line == r->end || size < 4)
		return NULL;
	r->line++;
	feed = memchr(line, '\n', (size_t)(r->end - line));
	len = (size_t)((feed ? feed : r->end) - line);
	r->text = feed ? feed + 1 : r->end;
	if (len > 0 && line[len - 1] == '\r')
		len--;
	/* The first line may begin with a byte order mark, which libinih passes over. */
	if (r->line == 1 && len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
		line += 3, len -= 3;
	while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	look_at(r, line, len, (size_t)size - 3);
	if (r->rc < 0)
		return NULL;
	memcpy(out, line, len);
	memcpy(out + len, "\n", 2);
	return out;
}

/* ---- what belongs together ---- */

static void check_names(struct reading *r)
{
	const struct hz_policy *p = r->p;

	for (size_t i = 0; i < p->n_systems; i++) {
		const struct policy_system *s = &p->systems[i];

		for (size_t j = 0; r->rc == 0 && j < s->repositories.n; j++) {
			if (!policy_repository(p, s->repositories.v[j]))
				r->rc = err_set(r->err, HZ_E_INVAL,
					"policy %s: system %s names the repository %.64s, which has no section",
					r->name, s->name, s->repositories.v[j]);
		}
		if (r->rc == 0 && s->copies > (int64_t)s->repositories.n)
			r->rc = err_set(r->err, HZ_E_INVAL,
				"policy %s: system %s wants %lld copies, and names %zu repositories", r->name, s->name,
				(long long)s->copies, s->repositories.n);
	}
	for (size_t i = 0; i < p->n_repositories; i++) {
		for (size_t j = 0; r->rc == 0 && j < i; j++) {
			if (strcmp(p->repositories[i].id, p->repositories[j].id) == 0)
				r->rc = err_set(r->err, HZ_E_INVAL,
					"policy %s: the repositories %s and %s have the same id: that is one copy",
					r->name, p->repositories[j].name, p->repositories[i].name);
		}
	}
	if (r->rc == 0 && (!r->has_policy || p->n_systems == 0))
		r->rc = err_set(r->err, HZ_E_INVAL, "policy %s: the section %s is missing", r->name,
			r->has_policy ? "[system NAME]" : "[policy]");
	if (r->rc == 0 && p->review < p->approved)
		r->rc = err_set(r->err, HZ_E_INVAL, "policy %s: it was to be reviewed before it was approved", r->name);
}

int policy_parse(hz_policy **policy, const char *text, size_t len, const char *name, hz_error **err)
{
	AUTO(hz_policy_free) hz_policy *p = calloc(1, sizeof(*p));
	struct reading r = { .p = p, .text = text, .end = text + len, .name = name, .err = err };
	int line;

	if (!p)
		return err_nomem(err);
	line = ini_parse_stream(next_line, &r, on_value, &r);
	if (line > 0)
		(void)policy_wrong(
			&r, (unsigned)line, "neither a section nor a key and its value: expected is name = value");
	if (line < 0 && r.rc == 0)
		(void)no_memory(&r);
	end_section(&r);
	if (r.rc == 0)
		check_names(&r);
	if (r.rc == 0)
		*policy = TAKE(p);
	return r.rc;
}
