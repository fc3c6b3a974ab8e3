/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program does before anything else: start the cryptography, and see to it that no secret leaves the process in
 * a dump. */
#include "hozen/version.h"
#include "crypto/secret.h"
#include <sys/prctl.h>
#include <sys/resource.h>

const char *hz_version(void)
{
	return HOZEN_VERSION;
}

int hz_harden_process(hz_error **err)
{
	struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return err_errno(err, "core dumps cannot be switched off");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_errno(err, "the process cannot be made undumpable");
	return crypto_init(err);
}
