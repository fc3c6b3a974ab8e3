/* SPDX-License-Identifier: BSD-2-Clause */
/* What is wanted: the options that plan and run share. */
#ifndef ERASE_PLAN_OPTIONS_H
#define ERASE_PLAN_OPTIONS_H

#include "common/cli.h"

#define PLAN_OPTIONS                                                                                                \
	{ "goal", 0, "GOAL", N_("clear or purge; default: what --confidentiality asks for") },                      \
		{ "profile", 0, "NAME", N_("nist-800-88r1 (default), nist-800-88r2+ieee2883, soumu-jp") },          \
		{ "method", 0, "NAME", N_("this method and no other; default: the best that the device has") },     \
		{ "confidentiality", 0, "LEVEL", N_("of the data that was on it: low, moderate, high") },           \
		{ "reused", 0, "ANSWER", N_("yes or no: will the medium be used again? default: yes") },            \
		{ "leaves-control", 0, "ANSWER",                                                                    \
			N_("yes or no: does it leave the control of the organisation? default: yes") },             \
		{ "quick", 0, NULL, N_("one pass of zeros and a sample of it; the record says what that misses") }, \
		{ "final", 0, "PATTERN", N_("zeros: a further pass of zeros, checked by a sample") },               \
		{ "strict", 0, NULL, N_("a firmware erase that fails may only be left by one that succeeds") },     \
	{                                                                                                           \
		"vouch-encryption", 0, NULL,                                                                        \
			N_("you vouch that all data was encrypted from the first write on; it is in the record")    \
	}

/* CLI_EXIT_DONE, or what is wrong was said. The texts of out are those of the command line. */
int plan_options_read(struct cli *cli, hz_plan_options *out);
/* What was said of the data, and what the decision flow makes of it: static; NULL: nothing was said. */
void plan_options_decision(
	const hz_plan_options *o, const hz_plan *plan, const char **confidentiality, const char **asks_for);
/* The goal that was given is less than that. */
bool plan_is_below(const hz_plan_options *o, const hz_plan *plan);
/* The plan as people read it: steps and assumptions; and why it is so. */
void plan_print(const struct cli *cli, const hz_device_info *d, const hz_plan_options *o, const hz_plan *plan);
void plan_print_reasons(const hz_plan *plan);

#endif
