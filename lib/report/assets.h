/* SPDX-License-Identifier: BSD-2-Clause */
/* A list of assets as it was read: docs/evidence/POLICY.md. */
#ifndef REPORT_ASSETS_H
#define REPORT_ASSETS_H

#include "base/auto.h"
#include "base/id.h"
#include "hozen/policy.h"

#define ASSETS_BYTES_MAX ((size_t)16 << 20)
#define ASSETS_MAX       100000u

struct asset {
	char *name, *host, *path; /* host, path: NULL where the list says none */
	unsigned line;
};
struct hz_assets {
	struct asset *v;
	size_t n;
	char sha256[ID_HEX_LEN + 1];
};
DEFINE_AUTO(hz_assets, hz_assets_free)

/* name is for messages. HZ_E_INVAL, HZ_E_NOMEM. */
int assets_parse(hz_assets **assets, const char *text, size_t len, const char *name, hz_error **err);

#endif
