/* SPDX-License-Identifier: BSD-2-Clause */
/* What a plan says: the trail, the assumptions, what is in the way, how long it takes. */
#include "sanitize/plan_words.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void plan_reason(struct plan *p, const char *fmt, ...)
{
	va_list ap;

	if (p->n_reasons == PLAN_REASONS)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(p->reason[p->n_reasons++], sizeof(p->reason[0]), fmt, ap);
	va_end(ap);
}

void plan_assume(struct plan *p, const char *fmt, ...)
{
	va_list ap;

	if (p->n_assumptions == sizeof(p->assumption) / sizeof(p->assumption[0]))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(p->assumption[p->n_assumptions++], sizeof(p->assumption[0]), fmt, ap);
	va_end(ap);
}

const char *plan_medium_word(uint32_t medium)
{
	static const char *const words[] = { "unknown kind", "magnetic", "flash", "card or stick", "virtual" };

	return medium < 5 ? words[medium] : words[0];
}

const char *plan_transport_word(uint32_t transport)
{
	static const char *const words[] = { "other", "ATA", "SCSI", "NVMe", "USB", "MMC", "virtio", "loop", "zram" };

	return transport < 9 ? words[transport] : words[0];
}

static bool is_security(const struct method *m)
{
	return strncmp(m->id, "ata-security-erase", 18) == 0;
}

static bool is_ata_sanitize(const struct method *m)
{
	return strncmp(m->id, "ata-", 4) == 0 && !is_security(m);
}

bool plan_blocked(const hz_device_info *d, const struct method *m, char *why, size_t len)
{
	const char *text = NULL;

	if (is_security(m) && d->state & HZ_STATE_SECURITY_FROZEN)
		text = "security is frozen by the firmware of this computer: suspend and resume it, or plug the drive "
		       "in while it runs, then look again";
	else if (is_security(m) && d->state & HZ_STATE_SECURITY_EXPIRED)
		text = "too many wrong passwords: the drive wants to be switched off and on first";
	else if (is_security(m) && d->state & HZ_STATE_SECURITY_ENABLED)
		text = "a password is set: take it away first";
	else if (is_ata_sanitize(m) && d->state & HZ_STATE_SANITIZE_FROZEN)
		text = "sanitize is frozen until the drive is switched off and on";
	else if (!m->firmware && d->state & HZ_STATE_SANITIZE_FAILED)
		text = "the drive refuses reads and writes, for its last sanitize failed: only another sanitize helps";
	else if (!m->firmware && d->zoned)
		text = "zoned: it cannot be written at any address";
	if (text)
		(void)snprintf(why, len, "%s", text);
	return text;
}

static uint64_t estimate(const struct method *m, const hz_device_info *d)
{
	if (strcmp(m->id, "ata-security-erase") == 0)
		return d->estimate_s[0];
	if (strcmp(m->id, "ata-security-erase-enhanced") == 0)
		return d->estimate_s[1];
	if (strstr(m->id, "-block-erase"))
		return d->estimate_s[2];
	return m->firmware && strstr(m->id, "-overwrite") ? d->estimate_s[3] : 0;
}

uint64_t plan_expected_s(const struct method *m, enum verification v, const hz_device_info *d, uint64_t bytes_per_s)
{
	uint64_t pass = bytes_per_s ? d->bytes / bytes_per_s + 1 : 0, passes;

	if (m->firmware)
		return estimate(m, d);
	passes = strcmp(m->id, "overwrite-pattern") == 0 ? 2 : 1;
	return passes * pass + (v == VERIFY_FULL ? pass : v == VERIFY_SAMPLED ? pass / 10 : 0);
}

void plan_step_words(struct plan_step *s, const struct plan *p)
{
	static const char *const checked[] = { "not verified", "every address is read back and compared",
		"a sample of at least a tenth is read back and compared",
		"samples of before and after are compared: they must differ" };
	unsigned v = (unsigned)s->verify < 4 ? (unsigned)s->verify : 0;

	if (s->row)
		(void)snprintf(s->why, sizeof(s->why), "%s: %s; %s", level_name(profile_row_level(s->row, p->vouched)),
			s->row->clause, checked[v]);
	else
		(void)snprintf(s->why, sizeof(s->why), "a further pass, of no level of its own; %s", checked[v]);
}

static void hidden(struct plan *p, const char *name, uint32_t state, const char *how)
{
	if (state != HZ_HIDDEN_PRESENT && state != HZ_HIDDEN_UNCLEAR)
		return;
	p->cannot_pass = true;
	plan_reason(p, "%s %s: no result will pass until it is gone: %s",
		state == HZ_HIDDEN_PRESENT ? "sectors are hidden by"
					   : "the drive gives an answer that makes no sense on",
		name, how);
}

void plan_obstacles(struct plan *p, const hz_device_info *d)
{
	unsigned kept = d->obstacles < HZ_DEVICE_OBSTACLES ? d->obstacles : HZ_DEVICE_OBSTACLES;

	/* Two lines at most, so that the trail has room; `list` has them all. */
	for (unsigned i = 0; i < kept && i < 2; i++)
		plan_reason(p, "in the way: %.170s", d->obstacle[i].text);
	if (d->obstacles > 2)
		plan_reason(p, "in the way: %u more", d->obstacles - 2);
	hidden(p, "HPA", d->hidden.hpa, "SET MAX ADDRESS (hdparm -N)");
	hidden(p, "DCO", d->hidden.dco, "DEVICE CONFIGURATION RESTORE (hdparm --dco-restore)");
	hidden(p, "AMA", d->hidden.ama, "SET ACCESSIBLE MAX ADDRESS");
}

bool plan_usable(struct plan *p, const hz_device_info *d)
{
	const char *text = NULL;

	if (d->bytes == 0)
		text = "it has no size: no medium, or it does not answer";
	else if (d->state & HZ_STATE_READ_ONLY)
		text = "it is read-only";
	else if (d->state & HZ_STATE_SECURITY_LOCKED)
		text = "it is locked by an ATA password: unlock it first; a job that left it so is taken up by resume";
	else if (d->state & HZ_STATE_SANITIZE_RUNNING)
		text = "its firmware erases already: wait for it; a job that started it is taken up by resume";
	if (text)
		plan_reason(p, "nothing can be done to it now: %s", text);
	return !text;
}

static void assume_of_step(struct plan *p, const struct plan_step *s)
{
	if (s->method->firmware)
		plan_assume(
			p, "%s was tested with models of devices only, never on hardware of this kind", s->method->id);
	if (!s->row || !s->row->assumes)
		return;
	if (s->row->level == LEVEL_CLEAR)
		plan_assume(p, "%s", s->row->assumes);
	else if (p->vouched)
		plan_assume(p, "the operator vouches: %.170s", s->row->assumes);
	else
		plan_assume(
			p, "preconditions of the crypto erase are not evidenced: no more than clear is claimed for it");
}

bool plan_reaches_siblings(const struct plan *p, const hz_device_info *d)
{
	if (d->transport != HZ_TRANSPORT_NVME || d->namespaces < 2)
		return false;
	for (size_t i = 0; i < p->n_steps; i++)
		if (p->step[i].method->firmware)
			return true;
	return false;
}

void plan_assumptions(struct plan *p, const hz_device_info *d)
{
	bool secondary = false;

	for (size_t i = 0; i < p->n_steps; i++) {
		assume_of_step(p, &p->step[i]);
		secondary = secondary || (p->step[i].row && p->step[i].row->secondary);
	}
	if (secondary)
		plan_assume(p,
			"table from secondary sources: what %s says of these techniques was not read in its own text",
			p->profile->technique_standard);
	if (plan_reaches_siblings(p, d))
		plan_assume(p,
			"all %u namespaces of the medium are erased, not %s alone: nobody needs what is on the others",
			d->namespaces, d->name);
	if (d->transport == HZ_TRANSPORT_NVME)
		plan_assume(p, "boot partitions, RPMB and controller memory buffers are not covered");
	if ((d->transport == HZ_TRANSPORT_ATA || d->transport == HZ_TRANSPORT_USB) &&
		d->hidden.hpa == HZ_HIDDEN_NOT_LOOKED)
		plan_assume(p, "hidden areas could not be asked for");
	if (d->transport == HZ_TRANSPORT_USB)
		plan_assume(p, "behind a USB bridge: identity and answers are as the bridge passes them on");
}
