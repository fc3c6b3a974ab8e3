/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys that are believed, as OpenSSH's allowed_signers files name them (ssh-keygen(1), ALLOWED SIGNERS). */
#ifndef REPORT_TRUST_H
#define REPORT_TRUST_H

#include "report/sshsig.h"
#include "hozen/evidence.h"
#include <stdbool.h>

#define TRUST_FILE_MAX ((size_t)1 << 20)
#define TRUST_PINS     "signers" /* in the state folder */

struct trust_signer {
	char *principals;
	uint8_t pub[SIGN_PUB_LEN];
	bool any_namespace, for_records, for_approvals;
	bool has_after, has_before;
	int64_t after, before; /* seconds since 1970 */
};
struct hz_trust {
	struct trust_signer *v;
	size_t n;
};

/* Adds the lines of such a file. name is for messages. HZ_E_CORRUPT: one that cannot be understood, and nothing of the
 * file counts. Keys of other kinds than Ed25519, and those of other namespaces, are no error: they are for others. */
int trust_add(struct hz_trust *t, const char *text, size_t len, const char *name, hz_error **err);
/* HZ_SIGNER_*; *signer may be NULL, and is set when the key is known. */
unsigned trust_find(
	const struct hz_trust *t, const uint8_t pub[SIGN_PUB_LEN], int64_t sec, const struct trust_signer **signer);
/* The same for the approval of a run. */
unsigned trust_find_approver(
	const struct hz_trust *t, const uint8_t pub[SIGN_PUB_LEN], int64_t sec, const struct trust_signer **signer);
DEFINE_AUTO(struct hz_trust, hz_trust_free)

#endif
