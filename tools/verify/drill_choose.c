/* SPDX-License-Identifier: BSD-2-Clause */
/* Which files a drill restores: those with the lowest hashes of seed and path, so that a seed chooses the same files of
 * the same snapshot, however many are asked for and wherever they stand; and a quarter as many in turn, by a hash of
 * the path alone, so that each file of a host has its turn whatever chance leaves out. */
#include "common/i18n.h"
#include "common/report.h"
#include "common/signals.h"
#include "verify/drill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every pattern is compared with every path. */
#define FILES_MAX 10000u
/* A pattern may not be longer (docs/man). */
#define PATTERN_MAX 4096u

/* ---- walking ---- */

struct walk {
	struct drill *d;
	drill_entry_fn fn;
	uint64_t file, next; /* number of the file at hand; place in the choice */
};

static int on_entry(void *user, const hz_entry_info *e)
{
	struct walk *w = user;
	struct drill *d = w->d;
	bool chosen = d->whole;

	if (signals_seen())
		return HZ_E_CANCELED;
	if (e->type == HZ_TYPE_FILE) {
		chosen = !d->chosen || (w->next < d->n_chosen && d->chosen[w->next] == w->file);
		w->next += d->chosen && chosen;
		w->file++;
	}
	return w->fn(d, e, chosen);
}

int drill_walk(struct drill *d, drill_entry_fn fn, hz_job *job, hz_error **err)
{
	struct walk w = { .d = d, .fn = fn };

	return hz_ls(d->r, d->id, NULL, on_entry, &w, job, err);
}

/* ---- ranks ---- */

struct ranked {
	uint64_t rank, file, bytes;
	uint32_t place; /* behind where the turn begins, around the ring */
	bool chosen;
};

struct ranking {
	struct ranked *v;
	uint64_t n, cap;
};

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static uint64_t rank_of(uint64_t seed, const char *path, size_t len)
{
	uint64_t h = mix(seed + 0x9e3779b97f4a7c15u);

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)path[i]) * 0x100000001b3u;
	return mix(h ^ len);
}

static int cmp_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return (x->file > y->file) - (x->file < y->file);
}

static int cmp_place(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return (x->place > y->place) - (x->place < y->place);
}

static int cmp_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The list while it grows; one drill at a time. */
static struct ranking *ranking;

static int count_file(struct drill *d, const hz_entry_info *e, bool chosen)
{
	(void)chosen;
	for (uint64_t i = 0; i < d->paths.n; i++) {
		d->found[i] = d->found[i] || drill_is_in(d, i, e);
		d->is_absolute = d->is_absolute || d->found[i];
	}
	if (e->type != HZ_TYPE_FILE)
		return 0;
	if (!d->whole && ranking->n == ranking->cap) {
		uint64_t cap = ranking->cap ? ranking->cap * 2 : 1024;
		struct ranked *v = realloc(ranking->v, cap * sizeof(*v));

		if (!v)
			return HZ_E_NOMEM;
		ranking->v = v;
		ranking->cap = cap;
	}
	if (!d->whole)
		ranking->v[ranking->n++] = (struct ranked){ rank_of(d->seed, e->path, e->path_len), d->all_files,
			e->content_bytes, (uint32_t)(rank_of(0, e->path, e->path_len) >> 32) - d->turn_from, false };
	d->all_files++;
	d->all_bytes += e->content_bytes;
	return 0;
}

static void choose_one(struct drill *d, struct ranked *file)
{
	if (file->chosen)
		return;
	file->chosen = true;
	d->chosen[d->n_chosen++] = file->file;
	d->chosen_bytes += file->bytes;
}

/* Those at one place are taken together, as far as there is room. */
static void take_turn(struct drill *d, struct ranking *l, uint64_t want)
{
	uint64_t k;

	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), cmp_place);
	for (k = 0; k < l->n && d->n_chosen < FILES_MAX && (k < want || l->v[k].place == l->v[k - 1].place); k++)
		choose_one(d, &l->v[k]);
	d->n_turn = k;
	d->turn_next = d->turn_from + (k ? l->v[k - 1].place + 1 : 0);
}

static int take_lowest(struct drill *d, struct ranking *l)
{
	uint64_t n = d->want_files ? d->want_files : (l->n * d->permille + 999) / 1000;

	n = n < l->n ? n : l->n;
	if (n > FILES_MAX)
		return report_failure(d->cli, HZ_E_UNSUPPORTED,
			_("a sample of %llu files is more than %u: take a smaller one, or --level L4"),
			(unsigned long long)n, FILES_MAX);
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), cmp_rank);
	d->chosen = calloc(FILES_MAX < l->n ? FILES_MAX : l->n + 1, sizeof(*d->chosen));
	if (!d->chosen)
		return report_failure(d->cli, HZ_E_NOMEM, _("out of memory"));
	d->n_chosen = 0;
	for (uint64_t i = 0; i < n; i++)
		choose_one(d, &l->v[i]);
	d->n_random = n;
	if (d->has_turn && n < l->n)
		take_turn(d, l, (n + 3) / 4);
	if (d->n_chosen > 1)
		qsort(d->chosen, d->n_chosen, sizeof(*d->chosen), cmp_number);
	return CLI_EXIT_DONE;
}

/* ---- patterns ---- */

/* A pattern that matches this path and no other. */
static int add_pattern(struct drill *d, const hz_entry_info *e, bool chosen)
{
	char text[PATTERN_MAX + 1];
	size_t n = 0;

	if (!chosen || e->type != HZ_TYPE_FILE)
		return 0;
	text[n++] = '/';
	for (size_t i = 0; i < e->path_len; i++) {
		if (n + 2 > PATTERN_MAX) {
			d->too_long++;
			return 0;
		}
		if (memchr("*?[]\\!", e->path[i], 6))
			text[n++] = '\\';
		text[n++] = e->path[i];
	}
	text[n] = '\0';
	return strings_add(&d->patterns, text);
}

int drill_walked(struct drill *d, int rc, hz_error **err, bool tell)
{
	/* What this side of the library said has no message. */
	if (rc == HZ_E_CANCELED && !*err)
		return report_failure(d->cli, rc, _("cancelled"));
	if (rc == HZ_E_NOMEM && !*err)
		return report_failure(d->cli, rc, _("out of memory"));
	if (rc == HZ_E_CORRUPT && !tell) {
		hz_error_free(*err);
		*err = NULL;
		return CLI_EXIT_DAMAGE;
	}
	d->damaged += rc == HZ_E_CORRUPT;
	return report_result(d->cli, rc, err);
}

static bool goes_on(int code)
{
	return code == CLI_EXIT_DONE || code == CLI_EXIT_DAMAGE;
}

int drill_choose(struct drill *d)
{
	struct ranking l = { 0 };
	hz_error *err = NULL;
	int code, more;

	ranking = &l;
	code = drill_walked(d, drill_walk(d, count_file, d->cli->job, &err), &err, true);
	d->n_chosen = d->n_random = d->all_files;
	d->chosen_bytes = d->all_bytes;
	if (goes_on(code) && !d->whole) {
		d->chosen_bytes = 0;
		more = take_lowest(d, &l);
		code = more == CLI_EXIT_DONE ? code : more;
		if (goes_on(more))
			code = cli_exit_worse(
				code, drill_walked(d, drill_walk(d, add_pattern, NULL, &err), &err, false));
	}
	ranking = NULL;
	free(l.v);
	if (code == CLI_EXIT_DONE && d->n_chosen == 0)
		return report_failure(d->cli, HZ_E_NOTFOUND, _("the snapshot has no regular files to restore"));
	return code;
}
