/* SPDX-License-Identifier: BSD-2-Clause */
/* The SCSI models: SANITIZE, REQUEST SENSE and READ (16) as SBC-4 and SPC-4 have them. */
#include "support/hzt.h"
#include "support/fakedevice_models.h"
#include "device/scsi.h"

struct words {
	uint8_t key, asc, ascq;
	bool progress;
};

/* What the device would say first of all. */
static struct words sense_now(struct fake *f)
{
	if (f->attention) {
		f->attention = false;
		return (struct words){ 6, 0x29, 0x00, false };
	}
	if (f->work == FAKE_WORKING)
		return (struct words){ 2, 0x04, 0x1b, true };
	if (f->work == FAKE_BROKEN)
		return (struct words){ 3, 0x31, 0x03, false };
	return (struct words){ 0 };
}

static uint16_t progress(const struct fake *f)
{
	return (uint16_t)(f->tenths * 65535u / 10);
}

static int check(struct scsi_answer *a, const struct fake *f, struct words w)
{
	a->status = 2;
	a->driver = 8;
	if (fake_has(f, FAKE_STRIPS))
		return 0;
	a->has_sense = true;
	a->key = w.key;
	a->asc = w.asc;
	a->ascq = w.ascq;
	a->has_progress = w.progress;
	a->progress = w.progress ? progress(f) : 0;
	return 0;
}

/* Sense data in either format. */
static void put_sense(const struct fake *f, struct words w, uint8_t *p, size_t len, struct scsi_answer *a)
{
	uint8_t d[18] = { 0 };
	uint16_t at = progress(f);

	if (fake_has(f, FAKE_FIXED)) {
		d[0] = 0x70, d[2] = w.key, d[7] = 10, d[12] = w.asc, d[13] = w.ascq;
		if (w.progress)
			d[15] = 0x80, d[16] = (uint8_t)(at >> 8), d[17] = (uint8_t)at;
	} else {
		d[0] = 0x72, d[1] = w.key, d[2] = w.asc, d[3] = w.ascq, d[7] = w.progress ? 8 : 0;
		d[8] = 0x02, d[9] = 6, d[12] = 0x80, d[13] = (uint8_t)(at >> 8), d[14] = (uint8_t)at;
	}
	memset(p, 0, len);
	memcpy(p, d, len < sizeof(d) ? len : sizeof(d));
	a->residual = len > sizeof(d) ? (uint32_t)(len - sizeof(d)) : 0;
}

static int request_sense(struct fake *f, uint8_t *data, size_t len, struct scsi_answer *a)
{
	if (fake_is_silent(f))
		return check(a, f, (struct words){ 4, 0x44, 0x00, false });
	if (fake_has(f, FAKE_STRIPS)) {
		a->residual = (uint32_t)len;
		return 0;
	}
	put_sense(f, sense_now(f), data, len, a);
	return 0;
}

static int read_block(struct fake *f, uint8_t *data, size_t len, struct scsi_answer *a)
{
	struct words w = sense_now(f);

	if (fake_is_silent(f))
		return check(a, f, (struct words){ 4, 0x44, 0x00, false });
	if (w.key != 0)
		return check(a, f, w);
	if (len == FAKE_SECTOR)
		memcpy(data, f->memory, len);
	return 0;
}

static int sanitize(struct fake *f, const struct scsi_command *c, const uint8_t *data, size_t len,
	struct scsi_answer *a, hz_error **err)
{
	unsigned action = c->cdb[1] & 0x1f;
	bool disk = f->kind == FAKE_SCSI_DISK;

	if (f->attention)
		return check(a, f, sense_now(f));
	if (f->work == FAKE_WORKING)
		return check(a, f, (struct words){ 2, 0x04, 0x1b, true });
	if (fake_has(f, FAKE_REFUSES) || action < 1 || action > 3 || (action == 1 && !disk) || (action == 2 && disk))
		return check(a, f, (struct words){ 5, 0x20, 0x00, false });
	/* One pass, of a pattern of at most a block. */
	if (action == 1 && (len != c->cdb[8] || len < 5 || (data[0] & 0x1f) != 1 || data[3] != len - 4))
		return check(a, f, (struct words){ 5, 0x26, 0x00, false });
	if (c->cdb[1] & 0x80) {
		fake_begin(f, action == 1 ? 0 : action == 2 ? 0xff : -1, 0, FAKE_BYTES);
		return fake_has(f, FAKE_SEND_TIMES_OUT) ? fake_timeout(err) : 0;
	}
	/* Without IMMED the status is the outcome. */
	if (!fake_erase_now(f, action == 1 ? 0 : action == 2 ? 0xff : -1, 0, FAKE_BYTES) && !fake_has(f, FAKE_IGNORES))
		return check(a, f, sense_now(f));
	return 0;
}

int fake_model_scsi(
	struct fake *f, const struct scsi_command *c, uint8_t *data, size_t len, struct scsi_answer *a, hz_error **err)
{
	switch (c->cdb[0]) {
	case SCSI_REQUEST_SENSE:
		return request_sense(f, data, len, a);
	case SCSI_SANITIZE:
		return sanitize(f, c, data, len, a, err);
	case 0x88:
		return read_block(f, data, len, a);
	default:
		return check(a, f, (struct words){ 5, 0x20, 0x00, false });
	}
}
