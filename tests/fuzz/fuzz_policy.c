/* SPDX-License-Identifier: BSD-2-Clause */
/* Policy files: what is taken has everything that it must have, and can be evaluated. */
#include "report/facts.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(hz_policy_free) hz_policy *p = NULL;
	AUTO(hz_facts_free) hz_facts *f = NULL;
	hz_policy_result *r = NULL;

	if (policy_parse(&p, (const char *)data, len, "fuzz", NULL) < 0 || hz_facts_new(&f, NULL) < 0)
		return 0;
	if (p->n_systems == 0 || p->approvers.n == 0 || !p->id || !p->owner)
		abort();
	if (hz_policy_evaluate(&r, p, f, NULL, 1796083200, NULL) < 0)
		return 0;
	for (uint64_t i = 0; i < r->n_systems; i++) {
		/* Without any fact nothing but the review's date is met. */
		for (uint64_t k = 0; k + 1 < r->systems[i]->n_checks; k++) {
			if (r->systems[i]->checks[k]->status == HZ_POLICY_MET || !r->systems[i]->checks[k]->actual)
				abort();
		}
	}
	hz_policy_result_free(r);
	return 0;
}
