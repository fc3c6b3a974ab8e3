/* SPDX-License-Identifier: BSD-2-Clause */
/* Compares what commits say of themselves; nothing is read for it. */
#include "archive/snapshot_filter.h"
#include <string.h>

int snapshot_filter_take(hz_snapshot_filter *own, const hz_snapshot_filter *callers, hz_error **err)
{
	int rc = 0;

	*own = (hz_snapshot_filter)HZ_SNAPSHOT_FILTER_INIT;
	if (callers)
		rc = options_copy(own, sizeof(*own), callers, "hz_snapshot_filter", err);
	for (uint64_t i = 0; rc == 0 && i < own->n_paths; i++) {
		if (own->paths[i][0] != '/')
			rc = err_set(err, HZ_E_INVAL, "sources are absolute paths, which \"%s\" is not", own->paths[i]);
	}
	return rc;
}

bool snapshot_filter_is_empty(const hz_snapshot_filter *f)
{
	return f->n_hosts == 0 && f->n_paths == 0 && f->n_tags == 0;
}

static bool is_one_of(const struct bytes *b, const char *const *v, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		size_t len = strlen(v[i]);

		/* Of paths, whose / at the end says nothing. */
		while (len > 1 && v[i][0] == '/' && v[i][len - 1] == '/')
			len--;
		if (len == b->len && memcmp(v[i], b->p, len) == 0)
			return true;
	}
	return false;
}

static bool fits(const struct bytes *of, size_t n_of, const char *const *v, uint64_t n)
{
	if (n == 0)
		return true;
	for (size_t i = 0; i < n_of; i++) {
		if (is_one_of(&of[i], v, n))
			return true;
	}
	return false;
}

bool snapshot_filter_has(const hz_snapshot_filter *f, const struct snap *s)
{
	const struct commit_body *b = &s->body;

	return snap_is_listed(s) && fits(&b->host, 1, f->hosts, f->n_hosts) &&
		fits(b->paths, b->n_paths, f->paths, f->n_paths) && fits(b->tags, b->n_tags, f->tags, f->n_tags);
}
