/* SPDX-License-Identifier: BSD-2-Clause */
/* In which order packs are read. */
#include "archive/pack.h"

struct lying {
	uint64_t place;
	uint32_t item;
};

/* Equal places, those that are not known among them, as they were. */
static int cmp_place(const void *a, const void *b)
{
	const struct lying *x = a, *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return (x->item > y->item) - (x->item < y->item);
}

int pack_order(uint32_t **ret, struct store *st, uint32_t n, pack_at_fn at, void *user, hz_error **err)
{
	AUTO_FREE struct lying *v = NULL;
	AUTO_FREE uint32_t *order = NULL;

	if (!st->rotational)
		return 0;
	v = calloc((size_t)n + 1, sizeof(*v));
	order = calloc((size_t)n + 1, sizeof(*order));
	if (!v || !order)
		return err_nomem(err);
	for (uint32_t i = 0; i < n; i++) {
		struct uid uid;
		int rc = at(user, i, &uid, err);

		if (rc < 0)
			return rc;
		v[i] = (struct lying){ rc > 0 ? store_place(st, name_pack(&uid).s) : 0, i };
	}
	qsort(v, n, sizeof(*v), cmp_place);
	for (uint32_t i = 0; i < n; i++)
		order[i] = v[i].item;
	*ret = TAKE(order);
	return 0;
}
