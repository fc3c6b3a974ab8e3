/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the overview: page 1, controls, annex. */
#ifndef VIEW_OVERVIEW_H
#define VIEW_OVERVIEW_H

#include "view/page.h"
#include "view/system.h"

void overview_controls(struct view_doc *d, const struct view_facts *f, const struct view_systems *s);
void overview_annex(struct view_doc *d, const struct view_facts *f);
/* Does it belong to the period? */
bool overview_holds(const struct view_facts *f, const struct view_fact *o);
const char *word_of_status(const struct view_lang *l, const char *status);
enum view_look look_of_status(const char *status);

#endif
