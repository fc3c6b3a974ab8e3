/* SPDX-License-Identifier: BSD-2-Clause */
/* Open addressing with linear probing, at most 3/4 full; large tables grow by a quarter, so that they are never less
 * than 3/5 full. */
#include "archive/idmap.h"
#include "base/codec.h"
#include <stdlib.h>

#define GROWS_SLOWLY 1024u

void idmap_release(struct idmap *m)
{
	free(m->slots);
	*m = (struct idmap){ 0 };
}

struct idmap_slot *idmap_slot(const struct idmap *m, const struct id *id)
{
	size_t i = (size_t)(((unsigned __int128)get_le64(id->b) * m->cap) >> 64);

	while (m->slots[i].value != 0 && !id_eq(&m->slots[i].id, id))
		i = i + 1 < m->cap ? i + 1 : 0;
	return &m->slots[i];
}

static int enlarge(struct idmap *m)
{
	struct idmap bigger = { .cap = m->cap < GROWS_SLOWLY ? m->cap * 2 : m->cap + m->cap / 4, .n = m->n };

	if (bigger.cap == 0)
		bigger.cap = 64;
	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -1;
	for (size_t i = 0; i < m->cap; i++) {
		if (m->slots[i].value != 0)
			*idmap_slot(&bigger, &m->slots[i].id) = m->slots[i];
	}
	free(m->slots);
	*m = bigger;
	return 0;
}

int idmap_add(struct idmap *m, const struct id *id, uint32_t value, uint32_t *old)
{
	struct idmap_slot *s;

	if ((m->n + 1) * 4 > m->cap * 3 && enlarge(m) < 0)
		return -1;
	s = idmap_slot(m, id);
	if (s->value != 0) {
		if (old)
			*old = s->value - 1;
		return 0;
	}
	s->id = *id;
	s->value = value + 1;
	m->n++;
	return 1;
}

bool idmap_get(const struct idmap *m, const struct id *id, uint32_t *value)
{
	const struct idmap_slot *s = m->cap ? idmap_slot(m, id) : NULL;

	if (!s || s->value == 0)
		return false;
	if (value)
		*value = s->value - 1;
	return true;
}
