/* SPDX-License-Identifier: BSD-2-Clause */
/* Firmware methods against a device that answers anything at all: they end, stay within their buffers, and nothing
 * counts as completed unless a command that erases was sent and its answer, or a later one, was not an error. The first
 * two bytes choose the method and whether a crashed run is adopted; the rest are answers, and when they are used up the
 * device is gone. */
#include "sanitize/method.h"
#include "device/ata.h"
#include "device/nvme.h"
#include "device/scsi.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct fuzzed {
	struct link link;
	const uint8_t *p;
	size_t left;
	bool sent; /* a command that erases */
};

/* Zeros when it is used up. */
static uint32_t take(struct fuzzed *f, unsigned bytes)
{
	uint32_t v = 0;

	for (; bytes > 0 && f->left > 0; bytes--, f->left--)
		v = v << 8 | *f->p++;
	return v;
}

/* How a command comes back: an error of the link now and then. */
static int begin(struct fuzzed *f, hz_error **err)
{
	static const int codes[] = { HZ_E_IO, HZ_E_NOTFOUND, HZ_E_UNSUPPORTED };
	uint32_t how = take(f, 1);

	if (f->left == 0)
		return err_set(err, HZ_E_NOTFOUND, "gone");
	return how < 3 ? err_set(err, codes[how], "as it was fuzzed") : 0;
}

/* Short answers are zeros at the end, as the kernel leaves them. */
static void fill(struct fuzzed *f, enum link_data direction, void *data, size_t len)
{
	size_t n = take(f, 1) * 8;

	if (direction != LINK_FROM_DEVICE)
		return;
	n = n < len ? n : len;
	n = n < f->left ? n : f->left;
	memset(data, 0, len);
	memcpy(data, f->p, n);
	f->p += n;
	f->left -= n;
}

static int ata(
	struct link *l, const struct ata_command *c, void *data, size_t len, struct ata_answer *a, hz_error **err)
{
	struct fuzzed *f = (struct fuzzed *)l;
	uint32_t flags;
	int rc;

	f->sent = f->sent || c->command == 0xf4 || (c->command == ATA_SANITIZE && c->feature != 0);
	rc = begin(f, err);
	flags = take(f, 1);
	*a = (struct ata_answer){ .has_registers = flags & 1,
		.has_high = flags & 2,
		.status = (uint8_t)take(f, 1),
		.error = (uint8_t)take(f, 1),
		.count = (uint16_t)take(f, 2),
		.lba = take(f, 4) };
	fill(f, c->data, data, len);
	return rc;
}

static int scsi(
	struct link *l, const struct scsi_command *c, void *data, size_t len, struct scsi_answer *a, hz_error **err)
{
	struct fuzzed *f = (struct fuzzed *)l;
	int rc;

	f->sent = f->sent || c->cdb[0] == SCSI_SANITIZE;
	rc = begin(f, err);
	*a = (struct scsi_answer){ .status = (uint8_t)take(f, 1),
		.key = (uint8_t)take(f, 1),
		.asc = (uint8_t)take(f, 1),
		.ascq = (uint8_t)take(f, 1),
		.host = take(f, 1),
		.driver = take(f, 1),
		.residual = take(f, 2) };
	fill(f, c->data, data, len);
	return rc;
}

static int nvme(
	struct link *l, const struct nvme_command *c, void *data, size_t len, struct nvme_answer *a, hz_error **err)
{
	struct fuzzed *f = (struct fuzzed *)l;
	int rc;

	f->sent = f->sent || c->opcode == NVME_SANITIZE || c->opcode == NVME_FORMAT;
	rc = begin(f, err);
	*a = (struct nvme_answer){ .status = (uint16_t)take(f, 2) };
	fill(f, c->data, data, len);
	return rc;
}

static int look(struct link *l, hz_device_info *info, hz_error **err)
{
	struct fuzzed *f = (struct fuzzed *)l;

	*info = l->info;
	info->state = take(f, 1);
	return begin(f, err);
}

static int note(void *user, const char *state, const hz_json *detail, hz_error **err)
{
	(void)user, (void)state, (void)detail, (void)err;
	return 0;
}

static int progress(void *user, uint64_t done, uint64_t total)
{
	(void)user;
	if (done > total)
		abort();
	return 0;
}

static void no_sleep(void *user, uint32_t ms)
{
	(void)user, (void)ms;
}

/* One of those that the device itself carries out. */
static const struct method *firmware(uint32_t choice)
{
	unsigned n = 0;

	for (const struct method *const *m = methods(); *m; m++)
		n += (*m)->firmware;
	choice %= n;
	for (const struct method *const *m = methods(); *m; m++)
		if ((*m)->firmware && choice-- == 0)
			return *m;
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct link_ops ops = { .ata = ata, .scsi = scsi, .nvme = nvme, .look = look };
	static const char *const noted[] = { NULL, NOTE_PASSWORD, NOTE_SENDING, NOTE_ACCEPTED };
	struct fuzzed f = {
		.link = { .ops = &ops, .info = { .logical_sector = 512, .bytes = 1 << 20 } }, .p = data, .left = len
	};
	struct outcome o = { 0 };
	struct method_run m = {
		.link = &f.link, .outcome = &o, .note = note, .progress = progress, .sleep_ms = no_sleep
	};
	const struct method *method = firmware(take(&f, 1));
	uint32_t how = take(&f, 1) & 3;
	int rc;

	m.noted = noted[how];
	rc = how == 0 ? method->run(&m, NULL) : (method->adopt ? method->adopt : method->recover)(&m, NULL);
	if (o.state == OUTCOME_COMPLETED && (rc < 0 || o.goes_on || !(f.sent || how == 3)))
		abort();
	if (o.state == OUTCOME_NOT_STARTED && f.sent)
		abort();
	if (how == 0 && o.touched == TOUCHED_NO && o.state == OUTCOME_COMPLETED)
		abort();
	return 0;
}
