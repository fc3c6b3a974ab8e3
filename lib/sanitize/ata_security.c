/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Order matters: the journal names the password before the drive gets it; PREPARE is followed by ERASE UNIT at once.
 * The erase blocks for as long as it takes, and the drive takes the password away when it is done: that is looked at,
 * and a drive that says "done" and keeps the password has not kept the standard, so its outcome is not known. Every way
 * out tries to take the password away, once; a frozen drive is told of and never tried again and again.
 */
#include "sanitize/ata_security.h"
#include "sanitize/firmware.h"
#include "device/ata.h"
#include <stdio.h>
#include <string.h>

enum {
	SET_PASSWORD = 0xf1,
	UNLOCK = 0xf2,
	ERASE_PREPARE = 0xf3,
	ERASE_UNIT = 0xf4,
	DISABLE_PASSWORD = 0xf6,
	CHECK_POWER_MODE = 0xe5
};
#define TIMEOUT_MS 30000u
#define ENHANCED   0x02u
/* A drive that has no estimate, or a wrong one: 30 MB/s and half an hour; twice what it says and an hour. */
#define SLOW_BYTES_PER_S 30000000u

static void remember(struct outcome *o, const struct ata_answer *a)
{
	o->device_status[0] = a->status;
	o->device_status[1] = a->error;
	o->device_status[2] = a->count;
	o->device_status[3] = (uint32_t)a->lba;
}

/* control: byte 0 of the data of those that carry the password. 0 and *ok: the drive did it. */
static int send(struct method_run *m, uint8_t command, uint8_t control, uint32_t timeout_ms, bool *ok, hz_error **err)
{
	bool carries = command != ERASE_PREPARE && command != CHECK_POWER_MODE;
	struct ata_command c = { .command = command,
		.device = 0x40,
		.data = carries ? LINK_TO_DEVICE : LINK_NO_DATA,
		.count = carries,
		.timeout_ms = timeout_ms };
	uint8_t data[ATA_SECTOR] = { control };
	struct ata_answer a = { 0 };
	int rc;

	if (carries)
		memcpy(data + 2, ATA_PASSWORD, sizeof(ATA_PASSWORD) - 1);
	rc = m->link->ops->ata(m->link, &c, carries ? data : NULL, carries ? sizeof(data) : 0, &a, err);
	*ok = rc == 0 && a.has_registers && !(a.status & (ATA_STATUS_ERR | ATA_STATUS_DF));
	if (rc == 0)
		remember(m->outcome, &a);
	return rc;
}

static int state_now(struct method_run *m, uint32_t *state, hz_error **err)
{
	hz_device_info now = m->link->info;
	int rc = m->link->ops->look(m->link, &now, err);

	if (rc == 0)
		*state = now.state;
	return rc;
}

static uint32_t erase_timeout_ms(const hz_device_info *d, bool enhanced)
{
	uint64_t by_size = d->bytes / SLOW_BYTES_PER_S + 1800, told = d->estimate_s[enhanced];
	uint64_t by_drive = told ? (told < UINT32_MAX ? told * 2 + 3600 : UINT32_MAX) : 0;
	uint64_t s = by_size > by_drive ? by_size : by_drive;

	return s < UINT32_MAX / 1000 ? (uint32_t)s * 1000 : UINT32_MAX;
}

/* Takes our password away: unlock where it is locked, then disable. *gone: it is away, by what the drive says now. */
static int open_up(struct method_run *m, bool *gone, hz_error **err)
{
	uint32_t state = 0;
	bool ok;
	int rc = state_now(m, &state, err);

	*gone = false;
	if (rc < 0)
		return rc;
	if (!(state & HZ_STATE_SECURITY_ENABLED))
		return *gone = true, 0;
	if (state & (HZ_STATE_SECURITY_FROZEN | HZ_STATE_SECURITY_EXPIRED))
		return 0;
	if (state & HZ_STATE_SECURITY_LOCKED) {
		rc = send(m, UNLOCK, 0, TIMEOUT_MS, &ok, err);
		if (rc < 0 || !ok)
			return rc;
	}
	rc = send(m, DISABLE_PASSWORD, 0, TIMEOUT_MS, &ok, err);
	if (rc == 0)
		rc = state_now(m, &state, err);
	*gone = rc == 0 && !(state & HZ_STATE_SECURITY_ENABLED);
	return rc;
}

/* After a failure: what the drive said of it stays, and what is left of the password is added. */
static void clean_up(struct method_run *m)
{
	AUTO(hz_error_free) hz_error *ignored = NULL;
	struct outcome *o = m->outcome;
	uint32_t status[4];
	size_t at = strlen(o->said);
	bool gone = false;
	int rc;

	memcpy(status, o->device_status, sizeof(status));
	rc = open_up(m, &gone, &ignored);
	memcpy(o->device_status, status, sizeof(status));
	if (rc == 0 && gone)
		(void)firmware_note(m, NOTE_PASSWORD_GONE, NULL, NULL, NULL);
	else
		(void)snprintf(
			o->said + at, sizeof(o->said) - at, "; the password \"" ATA_PASSWORD "\" may be left set");
}

static int look_before(struct method_run *m, hz_error **err)
{
	uint32_t state = 0;
	bool ok = false;
	int rc = state_now(m, &state, err);

	if (rc == 0)
		rc = send(m, CHECK_POWER_MODE, 0, TIMEOUT_MS, &ok, err);
	if (rc == HZ_E_NOTFOUND)
		m->outcome->state = OUTCOME_LOST;
	if (rc < 0)
		return rc;
	if (state & HZ_STATE_SANITIZE_RUNNING) {
		m->outcome->goes_on = true;
		return firmware_refuse(m, HZ_E_BUSY, err, "the drive is at work on a sanitize that is not ours");
	}
	if (state & HZ_STATE_SECURITY_FROZEN) {
		rc = firmware_refuse(m, HZ_E_REFUSED, err, "security is frozen");
		err_hint(err, "suspend this computer and wake it, or plug the drive in while it runs; then run again");
		return rc;
	}
	if (state & (HZ_STATE_SECURITY_ENABLED | HZ_STATE_SECURITY_LOCKED | HZ_STATE_SECURITY_EXPIRED))
		return firmware_refuse(m, HZ_E_REFUSED, err, "a password is set on it that is not of this job");
	if (!ok)
		return firmware_refuse(m, HZ_E_UNSUPPORTED, err,
			"the path to this drive does not give its registers back, so how an erase ends could not be "
			"known");
	return 0;
}

/* The drive said yes: is the password gone, as ACS has it? */
static int look_after(struct method_run *m, hz_error **err)
{
	struct outcome *o = m->outcome;
	uint32_t state = 0;
	int rc = state_now(m, &state, err);

	if (rc < 0)
		return firmware_sent_error(m, rc);
	if (state & HZ_STATE_SECURITY_ENABLED) {
		firmware_end(o, OUTCOME_UNKNOWN, TOUCHED_UNKNOWN);
		firmware_said(
			o, "the drive says that it is erased, but kept the password, which it must take away then");
		clean_up(m);
		return 0;
	}
	firmware_end(o, OUTCOME_COMPLETED, TOUCHED_ALL);
	firmware_said(
		o, "the drive erased itself, said so and took the password away (status %02X)", o->device_status[0]);
	return firmware_note(m, NOTE_PASSWORD_GONE, NULL, NULL, err);
}

/* PREPARE and ERASE UNIT, with nothing between them; our password is set. */
static int erase(struct method_run *m, bool enhanced, hz_error **err)
{
	struct outcome *o = m->outcome;
	bool ok;
	int rc = firmware_note(m, NOTE_SENDING, "command", enhanced ? "f4 enhanced" : "f4 normal", err);

	if (rc < 0)
		return clean_up(m), rc;
	(void)m->progress(m->user, 0, 0);
	rc = send(m, ERASE_PREPARE, 0, TIMEOUT_MS, &ok, err);
	if (rc == 0 && !ok) {
		firmware_end(o, OUTCOME_FAILED, TOUCHED_NO);
		firmware_said(o, "the drive refused ERASE PREPARE (status %02X, error %02X)", o->device_status[0],
			o->device_status[1]);
		clean_up(m);
		return err_set(err, HZ_E_IO, "%s: %s", m->link->info.path, o->said);
	}
	if (rc == 0) {
		o->state = OUTCOME_RUNNING;
		o->touched = TOUCHED_UNKNOWN;
		o->goes_on = true;
		rc = send(m, ERASE_UNIT, enhanced ? ENHANCED : 0, erase_timeout_ms(&m->link->info, enhanced), &ok, err);
	}
	/* It may be at work still: no command would help it. */
	if (rc < 0)
		return firmware_sent_error(m, rc);
	if (ok)
		return look_after(m, err);
	firmware_end(o, OUTCOME_FAILED, TOUCHED_UNKNOWN);
	firmware_said(o, "the drive says that the erase failed (status %02X, error %02X)", o->device_status[0],
		o->device_status[1]);
	clean_up(m);
	return err_set(err, HZ_E_IO, "%s: %s", m->link->info.path, o->said);
}

int ata_security_run(struct method_run *m, bool enhanced, hz_error **err)
{
	struct outcome *o = m->outcome;
	bool ok;
	int rc = look_before(m, err);

	if (rc == 0)
		rc = firmware_note(m, NOTE_PASSWORD, "password", ATA_PASSWORD, err);
	if (rc < 0)
		return rc;
	rc = send(m, SET_PASSWORD, 0, TIMEOUT_MS, &ok, err);
	if (rc == 0 && ok)
		return erase(m, enhanced, err);
	/* Not erased, but perhaps locked. */
	o->state = rc == HZ_E_NOTFOUND ? OUTCOME_LOST : OUTCOME_FAILED;
	o->touched = TOUCHED_NO;
	firmware_said(o, "the drive did not take a password (status %02X, error %02X)", o->device_status[0],
		o->device_status[1]);
	clean_up(m);
	return err_set(err, rc < 0 ? rc : HZ_E_IO, "%s: %s", m->link->info.path, o->said);
}

/* Still enabled after open_up(): why, and what a person can do. */
static int left_locked(struct method_run *m, uint32_t state, hz_error **err)
{
	struct outcome *o = m->outcome;
	int rc;

	o->state = OUTCOME_UNKNOWN;
	o->touched = TOUCHED_UNKNOWN;
	if (state & HZ_STATE_SECURITY_FROZEN)
		firmware_said(o, "a password is set and security is frozen");
	else
		firmware_said(o, "a password is set and the drive takes no more tries until it was switched off");
	rc = err_set(err, HZ_E_REFUSED, "%s: %s", m->link->info.path, o->said);
	err_hint(err,
		"switch the drive off and on (or suspend this computer and wake it), then run resume: it opens it with "
		"the password of docs/erase/methods.md");
	return rc;
}

int ata_security_recover(struct method_run *m, bool enhanced, hz_error **err)
{
	struct outcome *o = m->outcome;
	uint32_t state = 0;
	bool gone = false;
	int rc;

	if (!m->noted || strcmp(m->noted, NOTE_PASSWORD_GONE) == 0)
		return 0;
	o->state = OUTCOME_UNKNOWN;
	o->touched = TOUCHED_UNKNOWN;
	rc = open_up(m, &gone, err);
	if (rc == 0)
		rc = state_now(m, &state, err);
	if (rc == HZ_E_NOTFOUND)
		o->state = OUTCOME_LOST;
	if (rc < 0)
		return rc;
	if (gone) {
		firmware_said(o, "no password is set any more; how the erase ended was not seen");
		return firmware_note(m, NOTE_PASSWORD_GONE, NULL, NULL, err);
	}
	if (state & (HZ_STATE_SECURITY_FROZEN | HZ_STATE_SECURITY_EXPIRED))
		return left_locked(m, state, err);
	/* It does not open without having been erased: an erase was cut off. Ours or not, the drive decides by the
	 * password. */
	return erase(m, enhanced, err);
}
