/* SPDX-License-Identifier: BSD-2-Clause */
/* What to do with a medium, from what was on it and where it goes; and the words for levels and decisions. */
#include "sanitize/plan.h"
#include <stdio.h>

const char *level_name(enum level l)
{
	static const char *const names[] = { "none", "clear", "purge" };

	return (unsigned)l < 3 ? names[l] : "none";
}

const char *decision_name(enum decision d)
{
	static const char *const names[] = { "clear", "purge", "destroy" };

	return (unsigned)d < 3 ? names[d] : "destroy";
}

const char *verification_name(enum verification v)
{
	static const char *const names[] = { "none", "full", "sampled", "change" };

	return (unsigned)v < 4 ? names[v] : "none";
}

enum decision plan_decide(
	const struct profile *p, enum confidentiality c, bool reused, bool leaves_control, char *why, size_t why_len)
{
	static const char *const words[] = { "not said, so as high", "low", "moderate", "high" };
	unsigned at = (unsigned)c < 4 ? (unsigned)c : CONFIDENTIALITY_NOT_SAID;
	enum decision d = p->decide[at][reused][leaves_control];

	(void)snprintf(why, why_len, "confidentiality %s, %s, %s: %s (%s)", words[at],
		reused ? "to be reused" : "not to be reused",
		leaves_control ? "leaves our control" : "stays under our control", decision_name(d),
		p->decision_clause);
	return d;
}
