/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages for people are marked with _(), texts in tables with N_() and translated where they are printed.
 * JSON keys and values, option names and environment variables are never translated. */
#ifndef COMMON_I18N_H
#define COMMON_I18N_H

#include <libintl.h>

#define _(s)        gettext(s)
#define N_(s)       s
#define I18N_DOMAIN "hozen"

#endif
