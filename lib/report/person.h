/* SPDX-License-Identifier: BSD-2-Clause */
/* Who did something, and whether two of them are one. */
#ifndef REPORT_PERSON_H
#define REPORT_PERSON_H

#include "base/json_read.h"
#include "hozen/evidence.h"
#include <stdbool.h>

/* The operator and host of a record that is being made, as they will stand in it; the caller's. */
int record_people(const hz_record *rec, struct json_value **who, struct json_value **where, hz_error **err);

/* Pure: by a name that both have (name, login, who became another by sudo; capitals do not count), or by the uid on the
 * same machine, unless it was reached by sudo from different logins. Who says nothing of himself is everybody. */
bool person_is_same(const struct json_value *a, const struct json_value *a_host, const struct json_value *b,
	const struct json_value *b_host);
/* Pure: is one of the names separated by commas that of this person? */
bool person_is_one_of(const char *principals, const char *name);

#endif
