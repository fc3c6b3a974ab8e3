/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of the systems of a policy: from evidence folders, and from the repositories that can be opened. */
#ifndef VERIFY_POLICY_FACTS_H
#define VERIFY_POLICY_FACTS_H

#include "common/cli.h"

#define POLICY_FACTS_OPTIONS                                                                              \
	{ "evidence", 0, "DIR",                                                                           \
		N_("take the records of this evidence folder; may be repeated; default: this host's") },  \
	{                                                                                                 \
		"records-only", 0, NULL, N_("open no repository: what its records say, and nothing else") \
	}

/* Fills facts; folder: of evidence, where no option names one (NULL: this host's). *bad: records that are missing or
 * were changed. The exit code: CLI_EXIT_DAMAGE where a repository that was opened is damaged; a repository that could
 * not be opened is told, and said in the record, and is no failure. */
int policy_collect(struct cli *cli, const hz_policy *policy, const char *folder, const hz_trust *trust, hz_facts *facts,
	uint64_t *bad);

/* A policy and the facts of it, judged now. The result is the caller's (hz_policy_result_free), and may be there with
 * an exit code other than 0 too. assets: a file, or NULL; *assets_sha256 is of it. */
struct policy_view {
	hz_policy *policy;
	hz_assets *assets;
	hz_policy_result *result;
	hz_policy_info info;
	uint64_t bad, untrusted;
};
int policy_view_make(struct cli *cli, const char *file, const char *assets, const char *folder, struct policy_view *v);
void policy_view_release(struct policy_view *v);
/* Of what was judged: 0, 3, 6 or 4. */
int policy_view_code(const struct policy_view *v);

#endif
