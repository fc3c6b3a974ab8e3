/* SPDX-License-Identifier: BSD-2-Clause */
/* A sorted set of ids. */
#include "archive/admin.h"
#include <string.h>

static size_t id_set_pos(const struct id_set *s, const struct id *id)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (id_cmp(&s->v[mid], id) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool id_set_has(const struct id_set *s, const struct id *id)
{
	size_t i = id_set_pos(s, id);

	return i < s->n && id_eq(&s->v[i], id);
}

int id_set_add(struct id_set *s, const struct id *id)
{
	size_t i = id_set_pos(s, id);

	if (i < s->n && id_eq(&s->v[i], id))
		return 0;
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 16;
		struct id *v = realloc(s->v, cap * sizeof(*v));

		if (!v)
			return -1;
		s->v = v;
		s->cap = cap;
	}
	memmove(&s->v[i + 1], &s->v[i], (s->n - i) * sizeof(*s->v));
	s->v[i] = *id;
	s->n++;
	return 0;
}

void id_set_del(struct id_set *s, const struct id *id)
{
	size_t i = id_set_pos(s, id);

	if (i < s->n && id_eq(&s->v[i], id)) {
		memmove(&s->v[i], &s->v[i + 1], (s->n - i - 1) * sizeof(*s->v));
		s->n--;
	}
}
