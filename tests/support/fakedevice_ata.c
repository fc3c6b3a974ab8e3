/* SPDX-License-Identifier: BSD-2-Clause */
/* The ATA models: SANITIZE and SECURITY as ACS-3 has them. */
#include "support/hzt.h"
#include "support/fakedevice_models.h"
#include "device/ata.h"

enum { READY = 0x50 };
enum { DONE_OK = 0x8000, RUNNING = 0x4000, FROZEN = 0x2000 };

static int good(struct ata_answer *a)
{
	a->has_registers = a->has_high = true;
	a->status = READY;
	return 0;
}

static int aborted(struct ata_answer *a, uint8_t reason)
{
	good(a);
	a->status |= ATA_STATUS_ERR;
	a->error = ATA_ERROR_ABRT;
	a->lba = reason;
	return 0;
}

static int sanitize_status(const struct fake *f, struct ata_answer *a)
{
	if (f->work == FAKE_BROKEN)
		return aborted(a, 1);
	good(a);
	if (f->work == FAKE_WORKING) {
		a->count = RUNNING;
		a->lba = f->tenths * 65535u / 10;
	} else {
		a->count = (uint16_t)((f->completed_ok ? DONE_OK : 0) | (f->frozen ? FROZEN : 0));
		a->lba = 0xffff;
	}
	return 0;
}

static bool key_fits(const struct ata_command *c)
{
	switch (c->feature) {
	case 0x11:
		return c->lba == 0x43727970;
	case 0x12:
		return c->lba == 0x426b4572;
	case 0x14:
		return c->lba >> 32 == 0x4f57 && (c->count & 0xf) >= 1;
	default:
		return false;
	}
}

static int sanitize(struct fake *f, const struct ata_command *c, struct ata_answer *a, hz_error **err)
{
	static const int leaves[] = { -1, 0xff, 0, 0 }; /* by feature 11h, 12h, 14h */

	if (f->frozen)
		return aborted(a, 3);
	if (!c->ext || c->data != LINK_NO_DATA || !key_fits(c) || f->work == FAKE_WORKING || f->locked ||
		fake_has(f, FAKE_REFUSES))
		return aborted(a, 2);
	fake_begin(f, leaves[c->feature == 0x14 ? 2 : c->feature - 0x11], 0, FAKE_BYTES);
	if (fake_has(f, FAKE_SEND_TIMES_OUT))
		return fake_timeout(err);
	return sanitize_status(f, a);
}

static bool fits(struct fake *f, const uint8_t *data)
{
	if (memcmp(f->password, data + 2, sizeof(f->password)) == 0)
		return true;
	f->expired = ++f->unlocks >= 5;
	return false;
}

static int erase_unit(struct fake *f, const uint8_t *data, struct ata_answer *a, hz_error **err)
{
	bool prepared = f->prepared, done;

	f->prepared = false;
	if (!prepared || !f->enabled || !fits(f, data) || fake_has(f, FAKE_REFUSES))
		return aborted(a, 0);
	if (fake_has(f, FAKE_IGNORES))
		return good(a);
	done = fake_erase_now(f, data[0] & 2 ? -1 : 0, 0, FAKE_BYTES);
	if (f->gone)
		return err_set(err, HZ_E_NOTFOUND, "the device went away");
	/* An erase that was cut off goes on refusing until there was a whole one. */
	if (!done)
		f->locked = true;
	if (!done && f->work == FAKE_WORKING)
		return fake_timeout(err);
	f->work = FAKE_IDLE;
	if (!done)
		return aborted(a, 0);
	f->enabled = f->locked = fake_has(f, FAKE_KEEPS_PASSWORD);
	return fake_has(f, FAKE_SEND_TIMES_OUT) ? fake_timeout(err) : good(a);
}

/* Those of SECURITY that carry a password. */
static int security(struct fake *f, uint8_t command, const uint8_t *data, struct ata_answer *a)
{
	if (f->frozen || f->expired)
		return aborted(a, 0);
	if (command == 0xf1) {
		if (f->locked)
			return aborted(a, 0);
		memcpy(f->password, data + 2, sizeof(f->password));
		f->enabled = true;
	} else if (!f->enabled || !fits(f, data)) {
		return aborted(a, 0);
	} else if (command == 0xf2) {
		/* The data was half erased: it opens for an erase only. */
		if (f->begun && !f->completed_ok)
			return aborted(a, 0);
		f->locked = false;
	} else {
		if (f->locked)
			return aborted(a, 0);
		f->enabled = false;
	}
	return good(a);
}

int fake_model_ata(
	struct fake *f, const struct ata_command *c, const uint8_t *data, struct ata_answer *a, hz_error **err)
{
	bool prepared = f->prepared;

	/* Whatever comes in between makes PREPARE void. */
	if (c->command != 0xf4)
		f->prepared = false;
	else if (prepared)
		f->after_prepare++;
	/* At work on a sanitize it takes nothing but the question for it. */
	if (f->work == FAKE_WORKING && c->command != ATA_SANITIZE)
		return aborted(a, 0);
	switch (c->command) {
	case ATA_SANITIZE:
		if (c->feature != 0)
			return sanitize(f, c, a, err);
		return fake_is_silent(f) ? aborted(a, 0) : sanitize_status(f, a);
	case 0xe5:
		return good(a);
	case 0xf3:
		f->prepared = !f->frozen;
		return f->frozen ? aborted(a, 0) : good(a);
	case 0xf4:
		return f->frozen || f->expired ? aborted(a, 0) : erase_unit(f, data, a, err);
	case 0xf1:
	case 0xf2:
	case 0xf6:
		return security(f, c->command, data, a);
	default:
		return aborted(a, 0);
	}
}
