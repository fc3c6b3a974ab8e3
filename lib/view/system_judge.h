/* SPDX-License-Identifier: BSD-2-Clause */
/* What the records of one system show: nights, cadence, proofs, and the light. */
#ifndef VIEW_SYSTEM_JUDGE_H
#define VIEW_SYSTEM_JUDGE_H

#include "view/system.h"

/* 0, or -1 when memory is out. */
int system_judge(struct view_systems *s, size_t k, const struct view_lang *lang, const struct view_facts *f);

#endif
