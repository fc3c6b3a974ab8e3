/* SPDX-License-Identifier: BSD-2-Clause */
/* See firmware.h. Time is what was slept: a test's clock counts. */
#include "sanitize/firmware.h"
#include "base/json.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SLEEP_FIRST_MS 50u
#define SLEEP_MAX_MS   5000u
/* A drive may need minutes to answer again after a reset; it is not given up in that time. */
#define SILENT_MS   (UINT64_C(10) * 60 * 1000)
#define SILENT_ASKS 40u
/* Without any progress. Some drives show none until the end: never less than a day. */
#define STUCK_MS (UINT64_C(24) * 3600 * 1000)

void firmware_said(struct outcome *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(o->said, sizeof(o->said), fmt, ap);
	va_end(ap);
}

void firmware_end(struct outcome *o, enum outcome_state s, enum outcome_touched t)
{
	o->state = s;
	o->touched = t;
	o->goes_on = false;
	if (s == OUTCOME_COMPLETED)
		o->done = o->total;
}

int firmware_refuse(struct method_run *m, int code, hz_error **err, const char *fmt, ...)
{
	struct outcome *o = m->outcome;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(o->said, sizeof(o->said), fmt, ap);
	va_end(ap);
	o->state = OUTCOME_NOT_STARTED;
	o->touched = TOUCHED_NO;
	return err_set(err, code, "%s: %s", m->link->info.path, o->said);
}

int firmware_sent_error(struct method_run *m, int rc)
{
	m->outcome->state = rc == HZ_E_NOTFOUND ? OUTCOME_LOST : OUTCOME_UNKNOWN;
	m->outcome->touched = TOUCHED_UNKNOWN;
	m->outcome->goes_on = true;
	firmware_said(m->outcome, rc == HZ_E_NOTFOUND ? "the device went away" : "the device did not answer");
	return rc;
}

bool firmware_is_accepted(const struct method_run *m)
{
	return m->noted && strcmp(m->noted, NOTE_ACCEPTED) == 0;
}

int firmware_note(struct method_run *m, const char *state, const char *key, const char *value, hz_error **err)
{
	AUTO(hz_json_free) hz_json *j = json_new_plain();

	if (!j)
		return err_nomem(err);
	if (key)
		hz_json_str(j, key, value);
	return m->note(m->user, state, j, err);
}

struct watch {
	uint64_t silent_ms, still_ms, limit_ms;
	unsigned silent_asks;
	uint32_t sleep_ms;
	bool seen;
	uint16_t progress;
};

static int running(struct method_run *m, struct watch *w, uint16_t progress, hz_error **err)
{
	struct outcome *o = m->outcome;

	w->silent_ms = w->silent_asks = 0;
	if (!w->seen || progress != w->progress)
		w->still_ms = 0;
	w->seen = true;
	w->progress = progress;
	o->state = OUTCOME_RUNNING;
	o->touched = TOUCHED_UNKNOWN;
	o->goes_on = true;
	o->done = progress;
	if (m->progress(m->user, progress, FIRMWARE_PARTS) != 0)
		return err_set(
			err, HZ_E_CANCELED, "%s: stopped watching; the firmware goes on erasing", m->link->info.path);
	if (w->still_ms < w->limit_ms)
		return 0;
	o->state = OUTCOME_UNKNOWN;
	firmware_said(o, "no progress for %llu hours", (unsigned long long)(w->still_ms / 3600000));
	return err_set(err, HZ_E_IO, "%s: the firmware shows no progress any more", m->link->info.path);
}

/* It did not answer, or nothing that helps: again, but not for ever. */
static int silent(struct method_run *m, struct watch *w, int rc, hz_error **err)
{
	struct outcome *o = m->outcome;

	if (++w->silent_asks < SILENT_ASKS || w->silent_ms < SILENT_MS) {
		if (m->progress(m->user, o->done, FIRMWARE_PARTS) != 0)
			return err_set(err, HZ_E_CANCELED, "%s: stopped watching; the firmware may go on erasing",
				m->link->info.path);
		return 0;
	}
	o->state = OUTCOME_UNKNOWN;
	o->touched = TOUCHED_UNKNOWN;
	if (!o->said[0])
		firmware_said(o, "the device does not say how it ended");
	return err_set(err, rc < 0 ? rc : HZ_E_IO, "%s: %s", m->link->info.path, o->said);
}

static int ended(struct method_run *m, enum firmware_says says)
{
	if (says == FIRMWARE_DONE)
		firmware_end(m->outcome, OUTCOME_COMPLETED, TOUCHED_ALL);
	else if (says == FIRMWARE_FAILED)
		firmware_end(m->outcome, OUTCOME_FAILED, TOUCHED_UNKNOWN);
	else
		firmware_end(m->outcome, OUTCOME_UNKNOWN, TOUCHED_UNKNOWN);
	return 0;
}

int firmware_wait(struct method_run *m, firmware_ask ask, void *user, uint64_t estimate_s, hz_error **err)
{
	struct watch w = { 0, 0, STUCK_MS, 0, SLEEP_FIRST_MS, false, 0 };

	if (estimate_s < UINT64_MAX / 4000 && estimate_s * 2000 > w.limit_ms)
		w.limit_ms = estimate_s * 2000;
	m->outcome->total = FIRMWARE_PARTS;
	for (;;) {
		struct firmware_answer a = { FIRMWARE_NOTHING, 0 };
		AUTO(hz_error_free) hz_error *asked = NULL;
		int rc = ask(m, user, &a, &asked);

		if (rc == HZ_E_NOTFOUND)
			return err_copy(err, asked), firmware_sent_error(m, rc);
		if (rc < 0 || a.says == FIRMWARE_NOTHING)
			rc = silent(m, &w, rc, err);
		else if (a.says == FIRMWARE_RUNNING)
			rc = running(m, &w, a.progress, err);
		else
			return ended(m, a.says);
		if (rc < 0)
			return rc;
		m->sleep_ms(m->user, w.sleep_ms);
		w.silent_ms += w.sleep_ms;
		w.still_ms += w.sleep_ms;
		w.sleep_ms = w.sleep_ms * 2 < SLEEP_MAX_MS ? w.sleep_ms * 2 : SLEEP_MAX_MS;
	}
}
