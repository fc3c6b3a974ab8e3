/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SANITIZE of SCSI has no status to ask for: REQUEST SENSE says that it goes on (04h/1Bh), and a device on which it
 * failed answers to commands that want the medium with 31h/03h. That there is no progress any more is therefore never
 * taken for success by itself. Success is: the device took our command, was seen at work, was not reset without being
 * seen at work again, and reads its first block (or says that it must be written first, 11h/15h). A device that was
 * never seen at work, because it is that fast, is asked once more without IMMED, where GOOD means that it ended well.
 */
#include "sanitize/scsi_sanitize.h"
#include "sanitize/firmware.h"
#include "device/scsi.h"
#include "device/sense.h"
#include "crypto/secret.h"
#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS       60000u
#define SENSE_TIMEOUT_MS 30000u
#define AGAIN_TIMEOUT_MS 3600000u
#define SENSE_LEN        252u
#define MAX_BLOCK        8192u
#define IMMED            0x80u
#define AUSE             0x20u
#define TRIES            8 /* unit attentions are reported before anything else is done */

enum { GOOD = 0, CHECK_CONDITION = 2 };

struct asked {
	bool accepted, seen;
	bool reset;  /* and not seen at work since */
	bool unseen; /* it ended, as it seems, without having been seen at work */
};

static void remember(struct outcome *o, uint8_t status, uint8_t key, uint8_t asc, uint8_t ascq)
{
	o->device_status[0] = status;
	o->device_status[1] = key;
	o->device_status[2] = asc;
	o->device_status[3] = ascq;
}

static void say(struct outcome *o, const char *what)
{
	firmware_said(o, "%s (status %02X, sense %X/%02X/%02X)", what, o->device_status[0], o->device_status[1],
		o->device_status[2], o->device_status[3]);
}

static bool is(const struct outcome *o, uint8_t asc, uint8_t ascq)
{
	return o->device_status[2] == asc && o->device_status[3] == ascq;
}

static bool arrived(const struct scsi_answer *a)
{
	/* Of the kernel's driver byte only that there is sense (08h) is no fault. */
	return a->host == 0 && (a->driver & ~UINT32_C(8)) == 0;
}

/* What sense means of a sanitize; FIRMWARE_DONE here: it says nothing of one. */
static enum firmware_says judge_sense(struct method_run *m, struct asked *k)
{
	struct outcome *o = m->outcome;

	if (is(o, 0x04, 0x1b)) {
		k->seen = true;
		k->reset = false;
		say(o, "the device is at work");
		return FIRMWARE_RUNNING;
	}
	if (is(o, 0x31, 0x03)) {
		say(o, "the device says that its sanitize failed");
		return k->accepted ? FIRMWARE_FAILED : FIRMWARE_OTHER;
	}
	if (o->device_status[1] == 6) {
		k->reset = k->reset || o->device_status[2] == 0x29;
		say(o, "the device reports an event first");
		return FIRMWARE_NOTHING;
	}
	return FIRMWARE_DONE;
}

/* Does it give its medium again? */
static int ask_medium(struct method_run *m, struct asked *k, struct firmware_answer *f, hz_error **err)
{
	struct scsi_command c = {
		.cdb = { 0x88, [13] = 1 }, .cdb_len = 16, .data = LINK_FROM_DEVICE, .timeout_ms = SENSE_TIMEOUT_MS
	};
	uint8_t block[MAX_BLOCK];
	struct scsi_answer a = { 0 };
	struct outcome *o = m->outcome;
	uint32_t len = m->link->info.logical_sector;
	int rc;

	if (len == 0 || len > MAX_BLOCK)
		return 0;
	rc = m->link->ops->scsi(m->link, &c, block, len, &a, err);
	wipe(block, sizeof(block));
	if (rc < 0)
		return rc;
	remember(o, a.status, a.key, a.asc, a.ascq);
	f->progress = a.progress;
	if (!arrived(&a))
		return say(o, "the device was not reached"), 0;
	if (a.status == GOOD || (a.status == CHECK_CONDITION && is(o, 0x11, 0x15))) {
		k->unseen = !k->seen;
		f->says = k->accepted && k->seen && !k->reset ? FIRMWARE_DONE : FIRMWARE_OTHER;
		say(o,
			f->says == FIRMWARE_DONE ? "the device took it, was at work and gives its medium again"
				: !k->accepted   ? "the device is ready, but what it did is not known to be ours"
				: k->reset       ? "the device was reset, and was not seen at work after it"
						 : "the device is ready, but was never seen at work");
		return 0;
	}
	if (a.status == CHECK_CONDITION)
		f->says = judge_sense(m, k);
	if (f->says == FIRMWARE_DONE)
		f->says = FIRMWARE_NOTHING;
	if (f->says == FIRMWARE_NOTHING)
		say(o, "the device does not give its medium");
	return 0;
}

static int ask(struct method_run *m, void *user, struct firmware_answer *f, hz_error **err)
{
	struct scsi_command c = { .cdb = { SCSI_REQUEST_SENSE, [4] = SENSE_LEN },
		.cdb_len = 6,
		.data = LINK_FROM_DEVICE,
		.timeout_ms = SENSE_TIMEOUT_MS };
	struct asked *k = user;
	uint8_t data[SENSE_LEN] = { 0 };
	struct scsi_answer a = { 0 };
	struct sense s;
	int rc = m->link->ops->scsi(m->link, &c, data, sizeof(data), &a, err);

	if (rc < 0)
		return rc;
	remember(m->outcome, a.status, a.key, a.asc, a.ascq);
	if (!arrived(&a) || a.status != GOOD)
		return say(m->outcome, "the device does not give its sense data"), 0;
	s = sense_parse(data, a.residual < sizeof(data) ? sizeof(data) - a.residual : 0);
	if (!s.present)
		return say(m->outcome, "what the device gives is no sense data"), 0;
	remember(m->outcome, a.status, s.key, s.asc, s.ascq);
	f->progress = s.has_progress ? s.progress : 0;
	f->says = judge_sense(m, k);
	if (f->says != FIRMWARE_DONE)
		return 0;
	/* Not ready, or a fault: it will say more. Anything else: it is through, one way or the other. */
	if (s.key != 0 && s.key != 1)
		return f->says = FIRMWARE_NOTHING, say(m->outcome, "the device is not ready"), 0;
	f->says = FIRMWARE_NOTHING;
	return ask_medium(m, k, f, err);
}

/* Nothing was sent yet. */
static int look_before(struct method_run *m, hz_error **err)
{
	struct asked k = { 0 };
	struct firmware_answer f = { 0 };

	for (int i = 0; i < TRIES; i++) {
		int rc = ask(m, &k, &f, err);

		if (rc == HZ_E_NOTFOUND)
			m->outcome->state = OUTCOME_LOST;
		if (rc < 0)
			return rc;
		if (f.says == FIRMWARE_RUNNING) {
			m->outcome->goes_on = true;
			return firmware_refuse(
				m, HZ_E_BUSY, err, "the device is at work on a sanitize that is not ours");
		}
		/* Ready, or in the failure mode of an earlier one, which takes another. */
		if (f.says == FIRMWARE_OTHER)
			return 0;
		f = (struct firmware_answer){ 0 };
		m->sleep_ms(m->user, 100);
	}
	return firmware_refuse(
		m, HZ_E_UNSUPPORTED, err, "%s, so how a sanitize ends could not be known", m->outcome->said);
}

/* One pass of zeros: OVERWRITE COUNT, INITIALIZATION PATTERN LENGTH, pattern. */
static const uint8_t overwrite_list[8] = { 1, 0, 0, 4, 0, 0, 0, 0 };

static int send_once(
	struct method_run *m, const struct scsi_sanitize *s, bool immed, struct scsi_answer *a, hz_error **err)
{
	bool list = s->action == SCSI_SANITIZE_OVERWRITE;
	uint8_t data[sizeof(overwrite_list)];
	struct scsi_command c = {
		.cdb = { SCSI_SANITIZE,
			(uint8_t)((immed ? IMMED : 0) | (m->options && m->options->strict ? 0 : AUSE) | s->action),
			[8] = list ? sizeof(overwrite_list) : 0 },
		.cdb_len = 10,
		.data = list ? LINK_TO_DEVICE : LINK_NO_DATA,
		.timeout_ms = immed ? TIMEOUT_MS : AGAIN_TIMEOUT_MS
	};
	int rc = 0;

	memcpy(data, overwrite_list, sizeof(data));
	for (int i = 0; i < TRIES; i++) {
		*a = (struct scsi_answer){ 0 };
		rc = m->link->ops->scsi(m->link, &c, list ? data : NULL, list ? sizeof(data) : 0, a, err);
		/* An event that is told before the command is looked at: it was not carried out. */
		if (rc < 0 || a->status != CHECK_CONDITION || a->key != 6)
			break;
	}
	if (rc == 0)
		remember(m->outcome, a->status, a->key, a->asc, a->ascq);
	return rc;
}

static int send(struct method_run *m, const struct scsi_sanitize *s, struct asked *k, hz_error **err)
{
	struct outcome *o = m->outcome;
	struct scsi_answer a;
	char text[48];
	int rc;

	(void)snprintf(text, sizeof(text), "48 service action %02x", s->action);
	rc = firmware_note(m, NOTE_SENDING, "command", text, err);
	if (rc < 0)
		return rc;
	o->state = OUTCOME_RUNNING;
	o->touched = TOUCHED_UNKNOWN;
	o->goes_on = true;
	rc = send_once(m, s, true, &a, err);
	if (rc == HZ_E_NOTFOUND)
		return firmware_sent_error(m, rc);
	if (rc < 0 || !arrived(&a))
		return err_clear(err), 0;
	if (a.status != GOOD) {
		firmware_end(o, OUTCOME_FAILED, TOUCHED_NO);
		say(o, "the device refused the command");
		return err_set(err, HZ_E_IO, "%s: %s", m->link->info.path, o->said);
	}
	k->accepted = true;
	return firmware_note(m, NOTE_ACCEPTED, NULL, NULL, err);
}

/* It ended before we looked. Erasing what is erased is quick too, and this time the status is the outcome. */
static int once_more(struct method_run *m, const struct scsi_sanitize *s, hz_error **err)
{
	struct outcome *o = m->outcome;
	struct scsi_answer a;
	int rc;

	o->state = OUTCOME_RUNNING;
	o->goes_on = true;
	rc = send_once(m, s, false, &a, err);
	if (rc < 0)
		return firmware_sent_error(m, rc);
	if (arrived(&a) && a.status == GOOD) {
		firmware_end(o, OUTCOME_COMPLETED, TOUCHED_ALL);
		say(o, "the device was never seen at work; asked to answer only when it is done, it said good");
	} else if (a.status == CHECK_CONDITION && is(o, 0x31, 0x03)) {
		firmware_end(o, OUTCOME_FAILED, TOUCHED_UNKNOWN);
		say(o, "the device says that its sanitize failed");
	} else {
		firmware_end(o, OUTCOME_UNKNOWN, TOUCHED_UNKNOWN);
		o->goes_on = !arrived(&a);
		say(o, "the device was never seen at work and does not say that it is done");
	}
	return 0;
}

static uint64_t estimate(const struct method_run *m, const struct scsi_sanitize *s)
{
	return s->estimate < 4 ? m->link->info.estimate_s[s->estimate] : 0;
}

int scsi_sanitize_run(struct method_run *m, const struct scsi_sanitize *s, hz_error **err)
{
	struct asked k = { 0 };
	int rc = look_before(m, err);

	if (rc == 0)
		rc = send(m, s, &k, err);
	if (rc == 0)
		rc = firmware_wait(m, ask, &k, estimate(m, s), err);
	if (rc == 0 && m->outcome->state == OUTCOME_UNKNOWN && k.accepted && k.unseen && !k.reset)
		rc = once_more(m, s, err);
	return rc;
}

int scsi_sanitize_adopt(struct method_run *m, const struct scsi_sanitize *s, hz_error **err)
{
	struct asked k = { .accepted = firmware_is_accepted(m) };

	if (!m->noted)
		return 0;
	m->outcome->state = OUTCOME_UNKNOWN;
	m->outcome->touched = TOUCHED_UNKNOWN;
	return firmware_wait(m, ask, &k, estimate(m, s), err);
}
