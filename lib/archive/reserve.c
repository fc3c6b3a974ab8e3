/* SPDX-License-Identifier: BSD-2-Clause */
/* The reserve: a writer stops before the store is full, so that a prune's mark, run and log entry always fit
 * (format.md 4.4). */
#include "archive/ingest.h"
#include <errno.h>
#include <stdlib.h>

#define RESERVE_MIN ((uint64_t)64 << 20)

/* "64M"; false when unset, malformed, or more than any store holds. */
static bool from_environment(uint64_t *reserve)
{
	const char *s = getenv("HOZEN_RESERVE");
	char *end = NULL;
	unsigned shift = 0;
	uint64_t n;

	if (!s || *s < '0' || *s > '9')
		return false;
	errno = 0;
	n = strtoull(s, &end, 10);
	switch (*end) {
	case 'K':
		shift = 10;
		break;
	case 'M':
		shift = 20;
		break;
	case 'G':
		shift = 30;
		break;
	case '\0':
		break;
	default:
		return false;
	}
	if (errno != 0 || n > UINT64_MAX >> shift || (*end != '\0' && end[1] != '\0'))
		return false;
	*reserve = n << shift;
	return true;
}

int reserve_check(struct store *st, uint64_t about_to_put, hz_error **err)
{
	uint64_t free_bytes = 0, total = 0, reserve;
	int rc = store_space(st, &free_bytes, &total, err);

	if (rc < 0)
		return rc;
	if (!from_environment(&reserve)) {
		reserve = total / 1000 > RESERVE_MIN ? total / 1000 : RESERVE_MIN;
		if (reserve > total / 10)
			reserve = total / 10;
	}
	if (free_bytes >= about_to_put && free_bytes - about_to_put >= reserve)
		return 0;
	err_set(err, HZ_E_NOSPACE, "%s: %llu MiB are free, and %llu MiB are kept in reserve", st->location,
		(unsigned long long)(free_bytes >> 20), (unsigned long long)(reserve >> 20));
	err_hint(err,
		"make room on the store; what was stored is used again by the next run (HOZEN_RESERVE sets the "
		"reserve)");
	return HZ_E_NOSPACE;
}
