/* SPDX-License-Identifier: BSD-2-Clause */
/* See plan_options.h. */
#include "erase/plan_options.h"
#include "common/i18n.h"
#include "common/report.h"
#include "common/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct word {
	const char *word;
	uint32_t value;
};

/* *value stays as it is when the option is not given. */
static int one_of(struct cli *cli, const char *option, const struct word *words, uint32_t *value)
{
	const char *text = cli_value(cli, option);

	if (!text)
		return CLI_EXIT_DONE;
	for (const struct word *w = words; w->word; w++) {
		if (strcmp(w->word, text) == 0) {
			*value = w->value;
			return CLI_EXIT_DONE;
		}
	}
	return report_usage(cli, _("--%s: '%s' is none of its values"), option, text);
}

int plan_options_read(struct cli *cli, hz_plan_options *out)
{
	static const struct word goals[] = { { "clear", HZ_LEVEL_CLEAR }, { "purge", HZ_LEVEL_PURGE }, { 0 } };
	static const struct word levels[] = { { "low", HZ_CONFIDENTIALITY_LOW },
		{ "moderate", HZ_CONFIDENTIALITY_MODERATE }, { "high", HZ_CONFIDENTIALITY_HIGH }, { 0 } };
	static const struct word answers[] = { { "no", 0 }, { "yes", 1 }, { 0 } };
	static const struct word finals[] = { { "zeros", HZ_PLAN_FINAL_ZEROS }, { 0 } };
	uint32_t reused = 1, leaves = 1, final = 0;
	int code;

	code = one_of(cli, "goal", goals, &out->goal);
	if (code == CLI_EXIT_DONE)
		code = one_of(cli, "confidentiality", levels, &out->confidentiality);
	if (code == CLI_EXIT_DONE)
		code = one_of(cli, "reused", answers, &reused);
	if (code == CLI_EXIT_DONE)
		code = one_of(cli, "leaves-control", answers, &leaves);
	if (code == CLI_EXIT_DONE)
		code = one_of(cli, "final", finals, &final);
	if (code != CLI_EXIT_DONE)
		return code;
	if (out->goal == HZ_LEVEL_NONE && out->confidentiality == HZ_CONFIDENTIALITY_NOT_SAID)
		return report_usage(cli, _("--goal clear or --goal purge is needed, or --confidentiality to find it"));
	out->profile = cli_value(cli, "profile");
	out->method = cli_value(cli, "method");
	out->flags = final | (reused ? HZ_PLAN_REUSED : 0) | (leaves ? HZ_PLAN_LEAVES : 0) |
		(cli_is_given(cli, "quick") ? HZ_PLAN_QUICK : 0) | (cli_is_given(cli, "strict") ? HZ_PLAN_STRICT : 0) |
		(cli_is_given(cli, "vouch-encryption") ? HZ_PLAN_VOUCHED : 0);
	return CLI_EXIT_DONE;
}

void plan_options_decision(
	const hz_plan_options *o, const hz_plan *plan, const char **confidentiality, const char **asks_for)
{
	static const char *const levels[] = { NULL, "low", "moderate", "high" };
	static const char *const decisions[] = { NULL, "clear", "purge", "destroy" };

	*confidentiality = levels[o->confidentiality];
	*asks_for = decisions[hz_plan_decision(plan)];
}

bool plan_is_below(const hz_plan_options *o, const hz_plan *plan)
{
	static const uint32_t asked[] = { 0, HZ_LEVEL_CLEAR, HZ_LEVEL_PURGE, HZ_LEVEL_PURGE + 1 };

	return o->goal != HZ_LEVEL_NONE && hz_plan_goal(plan) < asked[hz_plan_decision(plan)];
}

static void print_step(uint64_t i, const hz_plan_step *s)
{
	char time[TEXT_SHORT];

	printf("  %" PRIu64 ". %s\n", i + 1, s->title);
	if (s->clause)
		printf(_("     by:      %s\n"), s->clause);
	if (s->why && *s->why)
		printf(_("     because: %s\n"), s->why);
	printf(_("     verify:  %s\n"), s->verification);
	printf(_("     time:    %s\n"),
		s->expected_s ? text_seconds(time, s->expected_s) : _("as long as the device takes"));
	if (s->firmware)
		printf(_("     done by the drive itself: it cannot be stopped once begun\n"));
}

static void print_assumptions(const hz_plan *plan)
{
	if (hz_plan_assumption(plan, 0))
		printf(_("assumptions:\n"));
	for (uint64_t i = 0; hz_plan_assumption(plan, i); i++)
		printf("  - %s\n", hz_plan_assumption(plan, i));
}

/* Why run would refuse it, though there may be steps. */
static void print_verdict(const hz_plan_options *o, const hz_plan *plan)
{
	const char *confidentiality, *asks_for, *hidden = hz_plan_cannot_pass(plan);

	if (hz_plan_reachable(plan))
		printf(_("goal: %s\n"), hz_level_name(hz_plan_goal(plan)));
	else
		printf(_("goal: %s CANNOT BE REACHED HERE\n"), hz_level_name(hz_plan_goal(plan)));
	plan_options_decision(o, plan, &confidentiality, &asks_for);
	if (plan_is_below(o, plan))
		printf(_("BELOW WHAT THE DECISION FLOW ASKS FOR: %s\n"), asks_for);
	if (hidden)
		printf(_("NO CERTIFICATE CAN BE GIVEN: %s\n"), hidden);
}

void plan_print(const struct cli *cli, const hz_device_info *d, const hz_plan_options *o, const hz_plan *plan)
{
	if (cli->quiet)
		return;
	report_path(d->path, strlen(d->path));
	printf("  %s  %s\n", d->model, d->confirm_id);
	printf(_("profile: %s\n"), hz_plan_profile_title(plan));
	print_verdict(o, plan);
	for (uint64_t i = 0; i < hz_plan_steps(plan); i++) {
		hz_plan_step s = HZ_PLAN_STEP_INIT;

		if (hz_plan_step_get(plan, i, &s) == 0)
			print_step(i, &s);
	}
	print_assumptions(plan);
}

void plan_print_reasons(const hz_plan *plan)
{
	static const char not_offered[] = ": no: the device does not offer it";
	const char *reason, *end;
	bool any = false;

	if (hz_plan_reason(plan, 0))
		printf(_("reasons:\n"));
	for (uint64_t i = 0; (reason = hz_plan_reason(plan, i)); i++)
		if (!strstr(reason, not_offered))
			printf("  - %s\n", reason);
	/* One line for all of them: most devices offer few. */
	for (uint64_t i = 0; (reason = hz_plan_reason(plan, i)); i++) {
		end = strstr(reason, not_offered);
		if (end)
			printf("%s%.*s", any ? ", " : _("  - not offered by the device: "), (int)(end - reason),
				reason);
		any |= end != NULL;
	}
	if (any)
		printf("\n");
}
