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
/* The same as others want it. *text (with room for a NUL behind it) becomes r's on success. */
int report_of(hz_report *r, const hz_trust *trust, uint8_t **text, size_t len, const uint8_t *sig, size_t sig_len,
	hz_error **err);

#endif
