/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is cut off, of an unknown format or not marked as valid is absent: an absent register is "not known" for every
 * caller, while an invented zero would be an answer.
 */
#include "device/sense.h"
#include <string.h>

#define FIXED_MIN 14

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* ATA Status Return descriptor, SAT-3. */
static void ata_descriptor(struct ata_answer *a, const uint8_t *d)
{
	bool extend = d[2] & 1;

	a->has_registers = true;
	a->has_high = extend;
	a->error = d[3];
	a->count = (uint16_t)(d[5] | (extend ? d[4] << 8 : 0));
	a->lba = (uint64_t)d[7] | (uint64_t)d[9] << 8 | (uint64_t)d[11] << 16;
	if (extend)
		a->lba |= (uint64_t)d[6] << 24 | (uint64_t)d[8] << 32 | (uint64_t)d[10] << 40;
	a->device = d[12];
	a->status = d[13];
}

static void descriptors(struct sense *s, const uint8_t *p, size_t len)
{
	size_t end = 8u + p[7];

	if (end > len)
		end = len;
	for (size_t at = 8; at + 2 <= end;) {
		const uint8_t *d = p + at;
		size_t size = 2u + d[1];

		if (at + size > end)
			return;
		if (d[0] == 0x09 && size >= 14) {
			ata_descriptor(&s->ata, d);
		} else if (d[0] == 0x02 && size >= 8 && (d[4] & 0x80)) {
			s->has_progress = true;
			s->progress = be16(d + 5);
		}
		at += size;
	}
}

static void fixed(struct sense *s, const uint8_t *p, size_t len)
{
	size_t end = 8u + p[7];

	if (end < len)
		len = end;
	if (len < FIXED_MIN)
		return;
	s->asc = p[12];
	s->ascq = p[13];
	if (len >= 18 && (p[15] & 0x80) && s->asc == 0x04) {
		s->has_progress = true;
		s->progress = be16(p + 16);
	}
	/* ATA PASS-THROUGH INFORMATION AVAILABLE: only then INFORMATION and COMMAND-SPECIFIC INFORMATION are registers,
	 * and COUNT(15:8) and LBA(47:24) are not among them (SAT-3). */
	if (s->asc != 0x00 || s->ascq != 0x1d)
		return;
	s->ata.has_registers = true;
	s->ata.error = p[3];
	s->ata.status = p[4];
	s->ata.device = p[5];
	s->ata.count = p[6];
	s->ata.lba = (uint64_t)p[9] | (uint64_t)p[10] << 8 | (uint64_t)p[11] << 16;
}

struct sense sense_parse(const void *data, size_t len)
{
	const uint8_t *p = data;
	struct sense s = { 0 };
	uint8_t code;

	if (!p || len < 8)
		return s;
	code = p[0] & 0x7f;
	if (code == 0x72 || code == 0x73) {
		s.present = true;
		s.key = p[1] & 0x0f;
		s.asc = p[2];
		s.ascq = p[3];
		descriptors(&s, p, len);
	} else if (code == 0x70 || code == 0x71) {
		s.present = true;
		s.key = p[2] & 0x0f;
		fixed(&s, p, len);
	}
	s.deferred = code == 0x71 || code == 0x73;
	return s;
}
