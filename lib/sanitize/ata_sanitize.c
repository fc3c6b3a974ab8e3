/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SANITIZE of ATA. Its status does not say which command it speaks of, so a status counts as ours only when the drive
 * took our command (by its registers), or when it began to work after we had sent it. A path that gives no registers
 * back, or only some, is found out before anything is sent: through it the outcome could never be known.
 */
#include "sanitize/ata_sanitize.h"
#include "sanitize/firmware.h"
#include "device/ata.h"
#include <stdio.h>

#define TIMEOUT_MS        60000u
#define STATUS_TIMEOUT_MS 30000u
#define FAILURE_EXIT      0x10u /* COUNT: FAILURE MODE EXIT: a failed drive may be made to work again without success */

struct asked {
	bool sent_now; /* by this run: a drive that works now works for us */
	bool accepted, seen;
};

static void remember(struct outcome *o, const struct ata_answer *a)
{
	o->device_status[0] = a->status;
	o->device_status[1] = a->error;
	o->device_status[2] = a->count;
	o->device_status[3] = (uint32_t)a->lba;
}

static int ask_status(struct method_run *m, struct ata_answer *a, hz_error **err)
{
	struct ata_command c = {
		.command = ATA_SANITIZE, .device = 0x40, .ext = true, .timeout_ms = STATUS_TIMEOUT_MS
	};
	int rc;

	*a = (struct ata_answer){ 0 };
	rc = m->link->ops->ata(m->link, &c, NULL, 0, a, err);
	if (rc == 0)
		remember(m->outcome, a);
	return rc;
}

static void say(struct outcome *o, const struct ata_answer *a, const char *what)
{
	firmware_said(o, "%s (status %02X, error %02X, count %04X, LBA %08X)", what, a->status, a->error, a->count,
		(unsigned)a->lba);
}

static int ask(struct method_run *m, void *user, struct firmware_answer *f, hz_error **err)
{
	struct asked *k = user;
	struct ata_answer a;
	struct ata_sanitize_status s;
	int rc = ask_status(m, &a, err);
	bool ours;

	if (rc < 0)
		return rc;
	s = ata_sanitize_parse(&a);
	f->progress = s.progress;
	if (s.phase == ATA_SANITIZE_RUNNING)
		k->seen = true;
	ours = k->accepted || (k->seen && k->sent_now);
	if (s.phase == ATA_SANITIZE_RUNNING) {
		f->says = FIRMWARE_RUNNING;
		say(m->outcome, &a, "the drive is at work");
	} else if (s.phase == ATA_SANITIZE_FAILED) {
		f->says = ours ? FIRMWARE_FAILED : FIRMWARE_OTHER;
		say(m->outcome, &a, "the drive says that its sanitize failed");
	} else if (s.phase == ATA_SANITIZE_UNKNOWN) {
		f->says = FIRMWARE_NOTHING;
		say(m->outcome, &a,
			a.has_registers ? "the drive does not give its status" : "the path gave no registers back");
	} else if (!s.completed_ok) {
		f->says = FIRMWARE_OTHER;
		say(m->outcome, &a, "the drive is neither at work nor does it say that it ended well");
	} else if (!ours) {
		f->says = FIRMWARE_OTHER;
		say(m->outcome, &a, "the drive speaks of a sanitize that is not known to be ours");
	} else {
		f->says = FIRMWARE_DONE;
		say(m->outcome, &a, "the drive says that its sanitize ended well");
	}
	return 0;
}

/* Nothing was sent yet: is there a way to learn how it will end, and is the drive free? */
static int look_before(struct method_run *m, hz_error **err)
{
	struct ata_answer a;
	struct ata_sanitize_status s;
	int rc = ask_status(m, &a, err);

	if (rc == HZ_E_NOTFOUND)
		m->outcome->state = OUTCOME_LOST;
	if (rc < 0)
		return rc;
	s = ata_sanitize_parse(&a);
	if (!a.has_registers || (!a.has_high && s.phase != ATA_SANITIZE_FAILED))
		return firmware_refuse(m, HZ_E_UNSUPPORTED, err,
			"the path to this drive does not give its registers back, so how a sanitize ends could not be "
			"known");
	if (s.phase == ATA_SANITIZE_RUNNING) {
		m->outcome->goes_on = true;
		return firmware_refuse(m, HZ_E_BUSY, err, "the drive is at work on a sanitize that is not ours");
	}
	if (s.frozen || (s.phase == ATA_SANITIZE_UNKNOWN && (a.lba & 0xff) == 3)) {
		rc = firmware_refuse(m, HZ_E_REFUSED, err, "sanitize is frozen");
		err_hint(err,
			"switch the drive off and on, without a computer's firmware that freezes it, and run again");
		return rc;
	}
	if (s.phase == ATA_SANITIZE_UNKNOWN)
		return firmware_refuse(m, HZ_E_UNSUPPORTED, err,
			"the drive refuses to say what its sanitize does (status %02X, error %02X)", a.status, a.error);
	return 0;
}

/* 0: sent; k->accepted when the drive said so. */
static int send(struct method_run *m, const struct ata_sanitize *s, struct asked *k, hz_error **err)
{
	struct ata_command c = { .command = ATA_SANITIZE,
		.device = 0x40,
		.ext = true,
		.feature = s->feature,
		.count = (uint16_t)(s->count | (m->options && m->options->strict ? 0 : FAILURE_EXIT)),
		.lba = s->lba,
		.timeout_ms = TIMEOUT_MS };
	struct ata_answer a = { 0 };
	struct outcome *o = m->outcome;
	char text[64];
	int rc;

	(void)snprintf(text, sizeof(text), "b4 feature %04x count %04x lba %012llx", c.feature, c.count,
		(unsigned long long)c.lba);
	rc = firmware_note(m, NOTE_SENDING, "command", text, err);
	if (rc < 0)
		return rc;
	o->state = OUTCOME_RUNNING;
	o->touched = TOUCHED_UNKNOWN;
	o->goes_on = true;
	rc = m->link->ops->ata(m->link, &c, NULL, 0, &a, err);
	if (rc == HZ_E_NOTFOUND)
		return firmware_sent_error(m, rc);
	/* It may have arrived all the same: what the drive does now tells. */
	if (rc < 0)
		return err_clear(err), 0;
	remember(o, &a);
	k->accepted = a.has_registers && !(a.status & (ATA_STATUS_ERR | ATA_STATUS_DF));
	if (a.has_registers && !k->accepted) {
		firmware_end(o, OUTCOME_FAILED, TOUCHED_NO);
		say(o, &a, "the drive refused the command");
		return err_set(err, HZ_E_IO, "%s: %s", m->link->info.path, o->said);
	}
	return k->accepted ? firmware_note(m, NOTE_ACCEPTED, NULL, NULL, err) : 0;
}

static uint64_t estimate(const struct method_run *m, const struct ata_sanitize *s)
{
	return s->estimate < 4 ? m->link->info.estimate_s[s->estimate] : 0;
}

int ata_sanitize_run(struct method_run *m, const struct ata_sanitize *s, hz_error **err)
{
	struct asked k = { .sent_now = true };
	int rc = look_before(m, err);

	if (rc == 0)
		rc = send(m, s, &k, err);
	return rc < 0 ? rc : firmware_wait(m, ask, &k, estimate(m, s), err);
}

int ata_sanitize_adopt(struct method_run *m, const struct ata_sanitize *s, hz_error **err)
{
	struct asked k = { .accepted = firmware_is_accepted(m) };

	if (!m->noted)
		return 0;
	m->outcome->state = OUTCOME_UNKNOWN;
	m->outcome->touched = TOUCHED_UNKNOWN;
	return firmware_wait(m, ask, &k, estimate(m, s), err);
}
