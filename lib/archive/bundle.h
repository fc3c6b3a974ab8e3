/* SPDX-License-Identifier: BSD-2-Clause */
/* Key bundles: the secrets of one holder, in a key file or in a slot (docs/format/keys.md). */
#ifndef ARCHIVE_BUNDLE_H
#define ARCHIVE_BUNDLE_H

#include "archive/signed.h"
#include "hozen/repo.h"
#include "base/newfile.h"

#define ROOTS_MAX 16u

struct roots {
	uint8_t n;
	uint8_t pub[ROOTS_MAX][SIGN_PUB_LEN]; /* ascending */
};

struct bundle {
	uint8_t role; /* HZ_ROLE_* */
	unsigned suite;
	struct uid repo, key_id;
	uint32_t epoch;
	struct roots roots;
	uint64_t head_n; /* admin head at its making */
	struct id head;
	struct secret *sign_seed; /* writer, keeper, attester, admin; else NULL */
	struct secret *box;       /* writer */
	struct uid group;         /* writer */
	struct secret *group_secret;
	uint8_t meta_pub[BOX_PUB_LEN], data_pub[BOX_PUB_LEN];
	struct secret *meta_sec, *data_sec; /* as the role has them */
};

void bundle_free(struct bundle *b);
DEFINE_AUTO(struct bundle, bundle_free)
int bundle_new(struct bundle **ret, hz_error **err);

/* HZ_NEED_* bits that the role can do. */
uint32_t bundle_can(const struct bundle *b);

/* The sections of keys.md, in locked memory. */
int bundle_encode(struct secret **ret, const struct bundle *b, hz_error **err);
/* repo and suite come from around it. HZ_E_CORRUPT for anything but exactly what the role has. */
int bundle_decode(
	struct bundle **ret, const uint8_t *data, size_t len, unsigned suite, const struct uid *repo, hz_error **err);

/* Key files. Writing: a file that is complete and fsynced under a temporary name; keyfile_commit gives it its name. The
 * folder is made (0700) if missing; *dirfd is the caller's to close after the commit. */
int keyfile_prepare(struct newfile **ret, int *dirfd, const char *path, const struct bundle *b, hz_error **err);
/* newfile_commit, and a failure leaves nothing under the name either, unless it is somebody else's (HZ_E_EXISTS). */
int keyfile_commit(struct newfile *f, int dirfd, const char *path, const struct bundle *b, hz_error **err);
/* HZ_E_NOTFOUND: no such file; HZ_E_AUTH: others can read it; HZ_E_CORRUPT: not a key file. The sink (NULL: nobody) is
 * told when parity mended it in memory. */
int keyfile_read(struct bundle **ret, const char *path, const struct damage_sink *sink, hz_error **err);

#endif
