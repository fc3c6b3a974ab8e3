/* SPDX-License-Identifier: BSD-2-Clause */
/* Which suites there are and which one suits this processor (docs/format/crypto.md, Suites). */
#include "crypto/suite.h"
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#include <asm/hwcap.h>
#endif

bool suite_is_known(unsigned suite)
{
	return suite == SUITE_SODIUM || suite == SUITE_NIST;
}

const char *suite_name(unsigned suite)
{
	switch (suite) {
	case SUITE_SODIUM:
		return "blake2b-chacha20";
	case SUITE_NIST:
		return "sha256-aes256";
	default:
		return "unknown";
	}
}

/* AES-GCM is slow, and in plain C not constant time, without the carry-less multiplication too. */
static bool has_sha_and_aes(void)
{
#if defined(__x86_64__) || defined(__i386__)
	unsigned a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_AES) || !(c & bit_PCLMUL))
		return false;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
#elif defined(__aarch64__)
	const unsigned long need = HWCAP_AES | HWCAP_PMULL | HWCAP_SHA2;

	return (getauxval(AT_HWCAP) & need) == need;
#else
	return false;
#endif
}

unsigned suite_default(void)
{
	return has_sha_and_aes() ? SUITE_NIST : SUITE_SODIUM;
}
