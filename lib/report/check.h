/* SPDX-License-Identifier: BSD-2-Clause */
/* Checking records and logs, of anybody's folder. */
#ifndef REPORT_CHECK_H
#define REPORT_CHECK_H

#include "hozen/evidence.h"
#include "report/logfile.h"
#include "report/sshsig.h"
#include "report/statement.h"

/* The signature over the bytes, then the bytes. Whose key it is: *pub. HZ_E_CORRUPT, HZ_E_TOONEW. */
int record_check(struct json_value **root, struct record_view *v, uint8_t pub[SIGN_PUB_LEN], const char *text,
	size_t len, const char *sig, size_t sig_len, hz_error **err);
/* What others are told of a record that was checked. *text, with room for a NUL behind it, becomes r's. */
void report_fill(hz_report *r, const struct record_view *v, const hz_trust *trust, const uint8_t pub[SIGN_PUB_LEN],
	uint8_t **text, size_t len);

/* hz_log_check, which gives every good record to each as it comes to it: one pass for both. With `roots` also what it
 * was parsed to, which each may take; that is many times the text. A non-zero result of each stops and is returned. */
struct log_eyes {
	bool roots;
	hz_log_finding_fn fn; /* may be NULL, as may each */
	int (*each)(void *user, const hz_report *r, struct json_value **root);
	void *user, *each_user;
};
int log_look(const char *folder, const char *state_dir, const hz_trust *trust, const char *head,
	const struct log_eyes *eyes, hz_log_result *result, hz_error **err);

#endif
