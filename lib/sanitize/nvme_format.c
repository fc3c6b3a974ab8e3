/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Format NVM. Each namespace keeps the format that it has. All of the controller's namespaces are formatted: what FNA
 * says of how many one command reaches is believed only in so far that nobody is spared. Namespaces that are allocated
 * but not attached cannot be formatted, so then nothing is begun. The status of the command is the outcome; one that
 * was not seen (a crash, a timeout) is never made up from what the namespace says later.
 */
#include "sanitize/nvme_format.h"
#include "sanitize/firmware.h"
#include "device/nvme.h"
#include "base/codec.h"
#include <stdio.h>

#define TIMEOUT_MS      30000u
#define MAX_NAMESPACES  1024u /* of one list */
#define CNS_ACTIVE      0x02u
#define FNA_CRYPTO      0x4u
#define FNA_NO_ALL_NSID 0x8u
#define ALL             UINT32_C(0xffffffff)
/* A controller that erases by writing: 50 MB/s, and ten minutes. */
#define SLOW_BYTES_PER_S 50000000u
#define LEAST_S          600u
enum { SC_INVALID_OPCODE = 1, SC_INVALID_FIELD = 2, SC_SANITIZING = 0x1d };

struct target {
	uint32_t nsid, cdw10;
};
struct targets {
	struct target at[MAX_NAMESPACES];
	size_t n;
};

/* 0 with *ok false: the controller said no. */
static int identify(
	struct method_run *m, uint32_t nsid, uint32_t cns, uint8_t data[NVME_IDENTIFY_LEN], bool *ok, hz_error **err)
{
	struct nvme_command c = {
		.opcode = NVME_IDENTIFY, .nsid = nsid, .cdw10 = cns, .data = LINK_FROM_DEVICE, .timeout_ms = TIMEOUT_MS
	};
	struct nvme_answer a = { 0 };
	int rc = m->link->ops->nvme(m->link, &c, data, NVME_IDENTIFY_LEN, &a, err);

	*ok = rc == 0 && a.status == 0;
	return rc;
}

/* FLBAS, MSET, PI and PIL as they are (NVM Command Set 1.0, 4.1.5.1), and what is erased. */
static uint32_t same_format(const uint8_t data[NVME_IDENTIFY_LEN], unsigned ses)
{
	uint32_t flbas = data[26], dps = data[29];

	return (flbas & 0xf) | (flbas >> 4 & 1) << 4 | (dps & 7) << 5 | (dps >> 3 & 1) << 8 | ses << 9 |
		(flbas >> 5 & 3) << 12;
}

static int get_list(struct method_run *m, uint32_t cns, uint32_t ids[MAX_NAMESPACES], size_t *n, hz_error **err)
{
	uint8_t data[NVME_IDENTIFY_LEN];
	bool ok;
	int rc = identify(m, 0, cns, data, &ok, err);

	if (rc < 0)
		return rc;
	if (!ok)
		return firmware_refuse(
			m, HZ_E_UNSUPPORTED, err, "the controller does not list its namespaces (CNS %02X)", cns);
	for (*n = 0; *n < MAX_NAMESPACES && get_le32(data + 4 * *n) != 0; (*n)++)
		ids[*n] = get_le32(data + 4 * *n);
	if (*n == MAX_NAMESPACES)
		return firmware_refuse(
			m, HZ_E_UNSUPPORTED, err, "more than %u namespaces are not supported", MAX_NAMESPACES - 1);
	return 0;
}

/* Each that is allocated is active: otherwise something would be left. */
static int check_allocated(struct method_run *m, const struct targets *t, hz_error **err)
{
	uint32_t ids[MAX_NAMESPACES];
	size_t n, at = 0;
	int rc = get_list(m, NVME_CNS_ALLOCATED, ids, &n, err);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		while (at < t->n && t->at[at].nsid < ids[i])
			at++;
		if (at == t->n || t->at[at].nsid != ids[i])
			rc = firmware_refuse(m, HZ_E_UNSUPPORTED, err,
				"namespace %u is not attached, so a format does not reach it", ids[i]);
	}
	return rc;
}

static int list_targets(struct method_run *m, unsigned ses, struct targets *t, hz_error **err)
{
	uint8_t data[NVME_IDENTIFY_LEN];
	uint32_t ids[MAX_NAMESPACES];
	int rc = get_list(m, CNS_ACTIVE, ids, &t->n, err);

	for (size_t i = 0; rc == 0 && i < t->n; i++) {
		bool ok;

		rc = identify(m, ids[i], NVME_CNS_NAMESPACE, data, &ok, err);
		if (rc == 0 && !ok)
			rc = firmware_refuse(m, HZ_E_UNSUPPORTED, err, "namespace %u does not say its format", ids[i]);
		t->at[i] = (struct target){ ids[i], same_format(data, ses) };
	}
	if (rc == 0 && t->n == 0)
		rc = firmware_refuse(m, HZ_E_UNSUPPORTED, err, "the controller has no active namespace");
	return rc;
}

/* One command may reach all (FNA bit 0), and may then be asked to. */
static void merge_targets(struct targets *t, const struct nvme_controller *c)
{
	for (size_t i = 1; i < t->n; i++)
		if (t->at[i].cdw10 != t->at[0].cdw10)
			return;
	if (!c->format_all || t->n < 2 || c->fna & FNA_NO_ALL_NSID)
		return;
	t->at[0].nsid = ALL;
	t->n = 1;
}

static int look_before(struct method_run *m, unsigned ses, struct targets *t, hz_error **err)
{
	uint8_t data[NVME_IDENTIFY_LEN];
	struct nvme_controller c = { 0 };
	bool ok;
	int rc = identify(m, 0, NVME_CNS_CONTROLLER, data, &ok, err);

	if (rc < 0)
		return rc;
	if (!ok || !nvme_controller_parse(&c, data, sizeof(data)) || !(c.can & HZ_CAN_NVME_FORMAT))
		return firmware_refuse(m, HZ_E_UNSUPPORTED, err, "the controller does not offer Format NVM");
	/* Emulators take it all the same and erase nothing by it. */
	if (ses == NVME_SES_CRYPTO && !(c.fna & FNA_CRYPTO))
		return firmware_refuse(
			m, HZ_E_UNSUPPORTED, err, "the controller does not offer crypto erase by Format NVM");
	rc = list_targets(m, ses, t, err);
	if (rc == 0 && c.manages_namespaces)
		rc = check_allocated(m, t, err);
	if (rc == 0)
		merge_targets(t, &c);
	return rc;
}

static uint32_t timeout_ms(const hz_device_info *d)
{
	uint64_t s = LEAST_S + d->bytes / SLOW_BYTES_PER_S;

	return s < UINT32_MAX / 1000 ? (uint32_t)s * 1000 : UINT32_MAX;
}

static int format_one(struct method_run *m, const struct target *t, bool first, hz_error **err)
{
	struct nvme_command c = {
		.opcode = NVME_FORMAT, .nsid = t->nsid, .cdw10 = t->cdw10, .timeout_ms = timeout_ms(&m->link->info)
	};
	struct outcome *o = m->outcome;
	struct nvme_answer a = { 0 };
	unsigned code;
	int rc = m->link->ops->nvme(m->link, &c, NULL, 0, &a, err);

	if (rc < 0)
		return firmware_sent_error(m, rc);
	o->device_status[0] = a.status;
	o->device_status[1] = t->nsid;
	o->device_status[2] = t->cdw10;
	if (a.status == 0)
		return 0;
	code = a.status & 0x7ff;
	firmware_end(o, OUTCOME_FAILED,
		!first                                                          ? TOUCHED_PARTLY
			: code == SC_INVALID_OPCODE || code == SC_INVALID_FIELD ? TOUCHED_NO
										: TOUCHED_UNKNOWN);
	firmware_said(o, "the controller refused to format namespace %08X (status %03X)", t->nsid, a.status);
	return err_set(err, HZ_E_IO, "%s: %s", m->link->info.path, o->said);
}

/* What the command's status promised, seen from the namespace: still being formatted, or formatted otherwise? */
static int look_after(struct method_run *m, const struct targets *t, unsigned ses, hz_error **err)
{
	for (size_t i = 0; i < t->n; i++) {
		uint8_t data[NVME_IDENTIFY_LEN];
		uint32_t nsid = t->at[i].nsid == ALL ? 1 : t->at[i].nsid;
		bool ok;
		int rc = identify(m, nsid, NVME_CNS_NAMESPACE, data, &ok, err);

		if (rc < 0)
			return firmware_sent_error(m, rc);
		if (!ok || (data[32] & 0x80 && data[32] & 0x7f) || same_format(data, ses) != t->at[i].cdw10) {
			firmware_end(m->outcome, OUTCOME_UNKNOWN, TOUCHED_UNKNOWN);
			m->outcome->goes_on = ok && (data[32] & 0x7f);
			firmware_said(m->outcome,
				"the controller said that it is done, but namespace %u does not look so", nsid);
			return 0;
		}
	}
	firmware_end(m->outcome, OUTCOME_COMPLETED, TOUCHED_ALL);
	firmware_said(m->outcome, "the controller formatted all its namespaces and said so");
	return 0;
}

int nvme_format_run(struct method_run *m, unsigned ses, hz_error **err)
{
	struct outcome *o = m->outcome;
	struct targets t = { 0 };
	int rc = look_before(m, ses, &t, err);
	char text[48];

	if (rc == HZ_E_NOTFOUND)
		o->state = OUTCOME_LOST;
	if (rc < 0)
		return rc;
	(void)snprintf(text, sizeof(text), "80 nsid %08x cdw10 %08x, %zu in all", t.at[0].nsid, t.at[0].cdw10, t.n);
	rc = firmware_note(m, NOTE_SENDING, "command", text, err);
	if (rc < 0)
		return rc;
	o->state = OUTCOME_RUNNING;
	o->touched = TOUCHED_UNKNOWN;
	o->goes_on = true;
	o->total = FIRMWARE_PARTS;
	for (size_t i = 0; rc == 0 && i < t.n; i++) {
		o->done = i * FIRMWARE_PARTS / t.n;
		(void)m->progress(m->user, o->done, o->total);
		rc = format_one(m, &t.at[i], i == 0, err);
	}
	return rc < 0 ? rc : look_after(m, &t, ses, err);
}

/* FPI of all active namespaces: the one that has most to do. */
static int ask(struct method_run *m, void *user, struct firmware_answer *f, hz_error **err)
{
	struct targets *t = user;
	unsigned left = 0;

	for (size_t i = 0; i < t->n; i++) {
		uint8_t data[NVME_IDENTIFY_LEN];
		bool ok;
		int rc = identify(m, t->at[i].nsid, NVME_CNS_NAMESPACE, data, &ok, err);

		if (rc < 0)
			return rc;
		if (!ok)
			return firmware_said(m->outcome, "namespace %u does not answer", t->at[i].nsid), 0;
		if (data[32] & 0x80 && (data[32] & 0x7fu) > left)
			left = data[32] & 0x7f;
	}
	f->says = left ? FIRMWARE_RUNNING : FIRMWARE_OTHER;
	f->progress = (uint16_t)((100 - (left < 100 ? left : 100)) * FIRMWARE_PARTS / 101);
	firmware_said(m->outcome, left ? "a format goes on" : "no format goes on, and how ours ended was not seen");
	return 0;
}

int nvme_format_adopt(struct method_run *m, hz_error **err)
{
	struct targets t = { 0 };
	int rc;

	if (!m->noted)
		return 0;
	m->outcome->state = OUTCOME_UNKNOWN;
	m->outcome->touched = TOUCHED_UNKNOWN;
	rc = list_targets(m, 0, &t, err);
	/* list_targets is made for a start; here something was sent before. */
	m->outcome->state = OUTCOME_UNKNOWN;
	m->outcome->touched = TOUCHED_UNKNOWN;
	return rc < 0 ? rc : firmware_wait(m, ask, &t, 0, err);
}
