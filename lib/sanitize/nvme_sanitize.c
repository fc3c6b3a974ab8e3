/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sanitize of NVMe. It reaches the whole subsystem, so it goes to namespace 0. How it went is in the log page 81h and
 * nowhere else: success is SSTAT 1 or 4, for exactly our command (SCDW10), progress FFFFh, and nothing written since
 * (GDE). Estimates of 0 or FFFFFFFFh say nothing and end no waiting. A controller whose log cannot be read is not
 * started at all. Bits whose place is not confirmed (PREQ: purge or fail) are not sent.
 */
#include "sanitize/nvme_sanitize.h"
#include "sanitize/firmware.h"
#include "device/nvme.h"
#include <stdio.h>

#define TIMEOUT_MS     120000u
#define LOG_TIMEOUT_MS 30000u
#define ALL            UINT32_C(0xffffffff)
#define AUSE           0x8u
#define SC_SANITIZING  0x1du /* SANITIZE IN PROGRESS */

struct asked {
	uint32_t cdw10;
	bool accepted;
};

static uint32_t command_of(const struct method_run *m, const struct nvme_sanitize *s)
{
	return s->action | (m->options && m->options->strict ? 0 : AUSE) | (uint32_t)s->passes << 4;
}

/* False: unreadable. The link's error is returned apart. */
static int read_log(struct method_run *m, struct nvme_sanitize_log *log, bool *readable, hz_error **err)
{
	/* 127 dwords and one; RAE: reading it is no acknowledgement. */
	struct nvme_command c = { .opcode = NVME_GET_LOG,
		.nsid = ALL,
		.cdw10 = NVME_LOG_SANITIZE | 1u << 15 | (NVME_LOG_LEN / 4 - 1) << 16,
		.data = LINK_FROM_DEVICE,
		.timeout_ms = LOG_TIMEOUT_MS };
	uint8_t data[NVME_LOG_LEN] = { 0 };
	struct nvme_answer a = { 0 };
	struct outcome *o = m->outcome;
	int rc = m->link->ops->nvme(m->link, &c, data, sizeof(data), &a, err);

	*readable = rc == 0 && a.status == 0 && nvme_sanitize_parse(log, data, sizeof(data));
	if (rc < 0)
		return rc;
	o->device_status[0] = a.status;
	o->device_status[1] = *readable ? log->sstat : 0;
	o->device_status[2] = *readable ? log->scdw10 : 0;
	o->device_status[3] = *readable ? log->sprog : 0;
	return 0;
}

static void say(struct outcome *o, const char *what)
{
	firmware_said(o, "%s (status %03X, SSTAT %04X, SCDW10 %08X, SPROG %04X)", what, o->device_status[0],
		o->device_status[1], o->device_status[2], o->device_status[3]);
}

static enum firmware_says judge_done(struct outcome *o, const struct asked *k, const struct nvme_sanitize_log *log)
{
	if (!k->accepted || log->scdw10 != k->cdw10)
		return say(o, "the log speaks of a sanitize that is not known to be ours"), FIRMWARE_OTHER;
	if (log->sprog != 0xffff)
		return say(o, "the log says done, and that it is not"), FIRMWARE_NOTHING;
	if (!log->global_erased)
		return say(o, "something was written since the sanitize ended"), FIRMWARE_OTHER;
	return say(o, "the log says that our sanitize ended well and nothing was written since"), FIRMWARE_DONE;
}

static enum firmware_says judge(struct outcome *o, const struct asked *k, const struct nvme_sanitize_log *log)
{
	switch (log->state) {
	case NVME_SANITIZE_RUNS:
		return say(o, "the controller is at work"), FIRMWARE_RUNNING;
	case NVME_SANITIZE_DONE:
	case NVME_SANITIZE_DONE_DEALLOCATED:
		return judge_done(o, k, log);
	case NVME_SANITIZE_FAILED:
		say(o, "the log says that a sanitize failed");
		return k->accepted && log->scdw10 == k->cdw10 ? FIRMWARE_FAILED : FIRMWARE_OTHER;
	case NVME_SANITIZE_NEVER:
		return say(o, "the log says that there never was a sanitize"), FIRMWARE_OTHER;
	default:
		return say(o, "the log gives a state that is not defined"), FIRMWARE_NOTHING;
	}
}

static int ask(struct method_run *m, void *user, struct firmware_answer *f, hz_error **err)
{
	struct asked *k = user;
	struct nvme_sanitize_log log = { 0 };
	bool readable;
	int rc = read_log(m, &log, &readable, err);

	if (rc < 0)
		return rc;
	if (!readable)
		return say(m->outcome, "the sanitize log cannot be read"), 0;
	f->progress = log.sprog;
	f->says = judge(m->outcome, k, &log);
	return 0;
}

/* Nothing was sent yet; *estimate_s: the log's, 0 none. */
static int look_before(struct method_run *m, const struct nvme_sanitize *s, uint64_t *estimate_s, hz_error **err)
{
	struct nvme_sanitize_log log = { 0 };
	bool readable;
	int rc = read_log(m, &log, &readable, err);

	if (rc == HZ_E_NOTFOUND)
		m->outcome->state = OUTCOME_LOST;
	if (rc < 0)
		return rc;
	if (!readable)
		return firmware_refuse(m, HZ_E_UNSUPPORTED, err,
			"the controller does not give its sanitize log (status %03X), so how a sanitize ends could not "
			"be "
			"known",
			m->outcome->device_status[0]);
	if (log.state == NVME_SANITIZE_RUNS) {
		m->outcome->goes_on = true;
		return firmware_refuse(m, HZ_E_BUSY, err, "the controller is at work on a sanitize that is not ours");
	}
	*estimate_s = log.estimate[s->estimate] == ALL ? 0 : log.estimate[s->estimate];
	return 0;
}

static int send(struct method_run *m, struct asked *k, hz_error **err)
{
	struct nvme_command c = {
		.opcode = NVME_SANITIZE, .nsid = 0, .cdw10 = k->cdw10, .cdw11 = 0, .timeout_ms = TIMEOUT_MS
	};
	struct outcome *o = m->outcome;
	struct nvme_answer a = { 0 };
	char text[48];
	int rc;

	(void)snprintf(text, sizeof(text), "84 nsid 0 cdw10 %08x", k->cdw10);
	rc = firmware_note(m, NOTE_SENDING, "command", text, err);
	if (rc < 0)
		return rc;
	o->state = OUTCOME_RUNNING;
	o->touched = TOUCHED_UNKNOWN;
	o->goes_on = true;
	rc = m->link->ops->nvme(m->link, &c, NULL, 0, &a, err);
	if (rc == HZ_E_NOTFOUND)
		return firmware_sent_error(m, rc);
	if (rc < 0)
		return err_clear(err), 0;
	o->device_status[0] = a.status;
	if (a.status != 0) {
		firmware_end(o, OUTCOME_FAILED, TOUCHED_NO);
		o->goes_on = (a.status & 0x7ff) == SC_SANITIZING;
		firmware_said(o, "the controller refused the command (status %03X)", a.status);
		return err_set(err, HZ_E_IO, "%s: %s", m->link->info.path, o->said);
	}
	k->accepted = true;
	return firmware_note(m, NOTE_ACCEPTED, NULL, NULL, err);
}

int nvme_sanitize_run(struct method_run *m, const struct nvme_sanitize *s, hz_error **err)
{
	struct asked k = { command_of(m, s), false };
	uint64_t estimate_s = 0;
	int rc = look_before(m, s, &estimate_s, err);

	if (rc == 0)
		rc = send(m, &k, err);
	return rc < 0 ? rc : firmware_wait(m, ask, &k, estimate_s, err);
}

int nvme_sanitize_adopt(struct method_run *m, const struct nvme_sanitize *s, hz_error **err)
{
	struct asked k = { command_of(m, s), firmware_is_accepted(m) };

	if (!m->noted)
		return 0;
	m->outcome->state = OUTCOME_UNKNOWN;
	m->outcome->touched = TOUCHED_UNKNOWN;
	return firmware_wait(m, ask, &k, 0, err);
}
