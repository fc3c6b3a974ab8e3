/* SPDX-License-Identifier: BSD-2-Clause */
/* See approval.h. */
#include "erase/approval.h"
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/report.h"

#include <stdlib.h>
#include <string.h>

static hz_approval approved = HZ_APPROVAL_INIT;

static const char *of_environment(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

static int check(struct cli *cli, const char *path, const char *approvers, const char *goal, const char *const *ids,
	uint64_t n, hz_error **err)
{
	const char *name = cli_value(cli, "operator");
	hz_trust *trust = NULL;
	int rc = hz_trust_new(&trust, err);

	if (rc == 0)
		rc = hz_trust_add_file(trust, approvers, err);
	if (rc == 0)
		rc = hz_approval_check(
			path, trust, goal, ids, n, name ? name : of_environment("HOZEN_OPERATOR"), &approved, err);
	hz_trust_free(trust);
	return rc;
}

/* One approval is of all of them: what is not approved begins nowhere. */
static void refuse_all(struct fleet_drive *d, uint64_t n, int rc, const hz_error *err)
{
	for (uint64_t i = 0; i < n; i++)
		fleet_refuse(&d[i], rc, err ? hz_error_message(err) : hz_error_name(rc), hz_error_hint(err));
}

/* Where nobody says who may approve: nothing is asked for, unless the policy does or cannot be read. */
static int without_approvers(struct cli *cli, struct fleet_drive *d, uint64_t n)
{
	hz_error *err = NULL;
	int asked = evidence_two_persons(cli, &err);

	if (cli_value(cli, "approval"))
		return report_usage(cli, _("--approval needs --approvers: whose approval counts"));
	if (asked < 0)
		refuse_all(d, n, HZ_E_REFUSED, err);
	for (uint64_t i = 0; i < n && asked > 0; i++)
		fleet_refuse(&d[i], HZ_E_REFUSED,
			_("the policy asks for another person's approval: say with --approvers who may; nothing was "
			  "touched"),
			NULL);
	hz_error_free(err);
	return CLI_EXIT_DONE;
}

int approval_check(struct cli *cli, const char *goal, struct fleet_drive *d, uint64_t n)
{
	const char *path = cli_value(cli, "approval"), *approvers = cli_value(cli, "approvers");
	hz_error *err = NULL;
	const char **ids;
	int rc;

	if (!approvers)
		approvers = of_environment("HOZEN_APPROVERS");
	if (!approvers)
		return without_approvers(cli, d, n);
	for (uint64_t i = 0; i < n && !path; i++)
		fleet_refuse(&d[i], HZ_E_REFUSED,
			_("another person has to approve this: give --approval FILE; nothing was touched"), NULL);
	if (!path)
		return CLI_EXIT_DONE;
	ids = calloc(n ? n : 1, sizeof(*ids));
	if (!ids)
		return report_failure(cli, HZ_E_NOMEM, _("out of memory"));
	for (uint64_t i = 0; i < n; i++)
		ids[i] = d[i].confirm_id;
	rc = check(cli, path, approvers, goal, ids, n, &err);
	if (rc < 0)
		refuse_all(d, n, rc, err);
	hz_error_free(err);
	free(ids);
	return CLI_EXIT_DONE;
}

void approval_put(struct cli *cli, hz_json *summary)
{
	hz_json *o;

	if (!*approved.approver) {
		hz_json_null(summary, "approval");
		return;
	}
	o = hz_json_object(summary, "approval");
	hz_json_str(o, "approver", approved.approver);
	hz_json_str(o, "fingerprint", approved.fingerprint);
	hz_json_str(o, "sha256", approved.sha256);
	hz_record_about(cli->record, "approver", approved.approver);
	hz_record_subject(cli->record, "approval", approved.sha256);
}
