/* SPDX-License-Identifier: BSD-2-Clause */
/* That the log has a record, for somebody who has no log. */
#ifndef VERIFY_LOG_PROOF_H
#define VERIFY_LOG_PROOF_H

#include "common/cli.h"

/* --prove and --check-proof. The exit code. */
int log_prove(struct cli *cli, const char *folder);
int log_check_proof(struct cli *cli, const hz_trust *trust);

#endif
