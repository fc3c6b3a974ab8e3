/* SPDX-License-Identifier: BSD-2-Clause */
/* Word numbers are those of ACS-3 (IDENTIFY DEVICE). A word that is 0000h or FFFFh tells nothing. */
#include "device/ata.h"
#include "device/texts.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static uint16_t word(const uint8_t *p, size_t n)
{
	return (uint16_t)(p[2 * n] | p[2 * n + 1] << 8);
}

/* Words of feature sets: bit 14 set and bit 15 cleared make them valid. */
static uint16_t valid_word(const uint8_t *p, size_t n)
{
	uint16_t w = word(p, n);

	return (w & 0xc000) == 0x4000 ? w : 0;
}

static uint64_t words64(const uint8_t *p, size_t n)
{
	return (uint64_t)word(p, n) | (uint64_t)word(p, n + 1) << 16 | (uint64_t)word(p, n + 2) << 32 |
		(uint64_t)word(p, n + 3) << 48;
}

static bool sums_to_zero(const uint8_t *p)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < ATA_SECTOR; i++)
		sum = (uint8_t)(sum + p[i]);
	return sum == 0;
}

void ata_string(char *out, const uint8_t *words, size_t n_words)
{
	for (size_t i = 0; i < n_words; i++) {
		out[2 * i] = (char)words[2 * i + 1];
		out[2 * i + 1] = (char)words[2 * i];
	}
	out[2 * n_words] = '\0';
	text_clean(out, out, 2 * n_words);
}

/* Words 89 and 90: in units of two minutes, in 8 bits or, with bit 15, in 15 bits; the highest value means longer. */
static uint64_t erase_time(uint16_t w)
{
	uint16_t units = w & 0x8000 ? w & 0x7fff : w & 0xff;

	return w == 0xffff ? 0 : (uint64_t)units * 120;
}

static void geometry(struct ata_identity *id, const uint8_t *p)
{
	uint16_t w106 = valid_word(p, 106);
	uint32_t logical_words = 0;

	id->logical_sector = ATA_SECTOR;
	if (w106 & 0x1000)
		logical_words = (uint32_t)word(p, 117) | (uint32_t)word(p, 118) << 16;
	if (logical_words >= 256 && logical_words <= 1u << 20)
		id->logical_sector = logical_words * 2;
	id->physical_sector = id->logical_sector;
	if (w106 & 0x2000)
		id->physical_sector <<= w106 & 0x0f;
	id->lba48 = (valid_word(p, 83) & 0x0400) != 0;
	/* Words 60 and 61 end at 2^28 sectors; 230 to 233 are used where 69 bit 3 says so. */
	if ((word(p, 69) & 0x0008) && word(p, 69) != 0xffff)
		id->sectors = words64(p, 230);
	else if (id->lba48)
		id->sectors = words64(p, 100);
	else
		id->sectors = (uint64_t)word(p, 60) | (uint64_t)word(p, 61) << 16;
}

static void security(struct ata_identity *id, const uint8_t *p)
{
	static const uint32_t states[] = { 0, HZ_STATE_SECURITY_ENABLED, HZ_STATE_SECURITY_LOCKED,
		HZ_STATE_SECURITY_FROZEN, HZ_STATE_SECURITY_EXPIRED };
	uint16_t w = word(p, 128);

	if (w == 0xffff || !(w & 1))
		return;
	id->security = true;
	id->security_word = w;
	id->can |= HZ_CAN_ATA_SECURITY | (w & 0x20 ? HZ_CAN_ATA_ENHANCED : 0);
	for (unsigned bit = 1; bit < ARRAY_LEN(states); bit++)
		if (w & 1u << bit)
			id->state |= states[bit];
	id->erase_s = erase_time(word(p, 89));
	id->enhanced_s = w & 0x20 ? erase_time(word(p, 90)) : 0;
}

static void sanitize(struct ata_identity *id, const uint8_t *p)
{
	uint16_t w = word(p, 59);

	if (w == 0xffff || !(w & 0x1000))
		return;
	id->sanitize = true;
	id->can |= (w & 0x2000 ? HZ_CAN_ATA_CRYPTO_SCRAMBLE : 0) | (w & 0x4000 ? HZ_CAN_ATA_OVERWRITE : 0) |
		(w & 0x8000 ? HZ_CAN_ATA_BLOCK_ERASE : 0) | (w & 0x0400 ? HZ_CAN_ATA_ANTIFREEZE : 0);
}

static void features(struct ata_identity *id, const uint8_t *p)
{
	uint16_t w82 = word(p, 82), w83 = valid_word(p, 83), w85 = word(p, 85);
	uint16_t w217 = word(p, 217), w119 = valid_word(p, 119), major = word(p, 80);

	/* 82 to 84 are one group: it is valid where 83 is. */
	if (w83) {
		id->smart = w82 & 0x0001;
		id->hpa = (w82 & 0x0400) != 0;
		id->dco = (w83 & 0x0800) != 0;
	}
	id->smart_enabled = id->smart && (valid_word(p, 87) ? w85 & 1 : false);
	id->ama = major != 0xffff && (major & 0x0400) && (w119 & 0x0100);
	id->trim = word(p, 169) != 0xffff && (word(p, 169) & 1);
	if (w217 == 1 || (w217 >= 0x0401 && w217 <= 0xfffe))
		id->rotation = w217;
	/* World wide name: 84 or 87 bit 8. */
	if ((valid_word(p, 87) & 0x0100) && (word(p, 108) & 0xf000) != 0)
		(void)snprintf(id->wwn, sizeof(id->wwn), "naa.%04x%04x%04x%04x", word(p, 108), word(p, 109),
			word(p, 110), word(p, 111));
}

bool ata_identity_parse(struct ata_identity *id, const void *data, size_t len)
{
	const uint8_t *p = data;

	memset(id, 0, sizeof(*id));
	/* Bit 15 of word 0: not an ATA device. Bit 2: the answer is incomplete. */
	if (len < ATA_SECTOR || (word(p, 0) & 0x8000) || word(p, 0) == 0xffff)
		return false;
	/* Word 255 has a checksum where its low byte is A5h. */
	if (p[510] == 0xa5 && !sums_to_zero(p))
		return false;
	geometry(id, p);
	if (id->sectors == 0)
		return false;
	ata_string(id->serial, p + 20, 10);
	ata_string(id->firmware, p + 46, 4);
	ata_string(id->model, p + 54, 20);
	security(id, p);
	sanitize(id, p);
	features(id, p);
	return true;
}

/* Attributes: id, flags (2), value, worst, raw (6), reserved. */
bool ata_smart_parse(struct ata_smart *s, const void *data, size_t len)
{
	const uint8_t *p = data;

	*s = (struct ata_smart){ INT32_MIN, UINT64_MAX, UINT64_MAX, UINT64_MAX };
	if (len < ATA_SECTOR || !sums_to_zero(p))
		return false;
	for (size_t i = 0; i < 30; i++) {
		const uint8_t *a = p + 2 + 12 * i;
		uint64_t raw32 = (uint64_t)a[5] | (uint64_t)a[6] << 8 | (uint64_t)a[7] << 16 | (uint64_t)a[8] << 24;

		/* Makers put other things into the upper bytes of the raw value: minimum and maximum beside a
		 * temperature, minutes beside hours. */
		if (a[0] == 5)
			s->reallocated = raw32 & 0xffff;
		else if (a[0] == 9)
			s->power_on_hours = raw32 & 0xffffff;
		else if (a[0] == 197)
			s->pending = raw32;
		else if (a[0] == 194 || (a[0] == 190 && s->temperature_c == INT32_MIN))
			s->temperature_c = a[5] < 128 ? a[5] : INT32_MIN;
	}
	return true;
}

bool ata_dco_parse(uint64_t *sectors, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t max;

	if (len < ATA_SECTOR || p[510] != 0xa5 || !sums_to_zero(p))
		return false;
	max = words64(p, 3);
	/* The highest address; one of 48 bits at most. */
	if (max <= 1 || max >> 48)
		return false;
	*sectors = max + 1;
	return true;
}

struct ata_sanitize_status ata_sanitize_parse(const struct ata_answer *a)
{
	struct ata_sanitize_status s = { ATA_SANITIZE_UNKNOWN, false, false, false, 0 };

	if (!a->has_registers)
		return s;
	if (a->status & (ATA_STATUS_ERR | ATA_STATUS_DF)) {
		/* ABRT with reason 1: the last sanitize failed. Any other error says nothing of it. */
		if ((a->error & ATA_ERROR_ABRT) && (a->lba & 0xff) == 1)
			s.phase = ATA_SANITIZE_FAILED;
		return s;
	}
	/* All that counts is in COUNT(15:8). */
	if (!a->has_high)
		return s;
	s.phase = a->count & 0x4000 ? ATA_SANITIZE_RUNNING : ATA_SANITIZE_IDLE;
	s.completed_ok = (a->count & 0x8000) != 0;
	s.frozen = (a->count & 0x2000) != 0;
	s.antifreeze = (a->count & 0x1000) != 0;
	s.progress = (uint16_t)a->lba;
	return s;
}

void ata_pass_through(uint8_t cdb[16], const struct ata_command *c)
{
	unsigned protocol = c->data == LINK_NO_DATA ? 3 : c->dma ? 6 : c->data == LINK_FROM_DEVICE ? 4 : 5;

	memset(cdb, 0, 16);
	cdb[0] = 0x85;
	cdb[1] = (uint8_t)(protocol << 1 | c->ext);
	/* CK_COND asks for the registers. Not with data from the device, where good status and the data say all, and
	 * bridges stumble over it. T_DIR, BYT_BLOK, T_LENGTH: the length is COUNT, in sectors. */
	if (c->data == LINK_FROM_DEVICE)
		cdb[2] = 0x08 | 0x04 | 0x02;
	else
		cdb[2] = 0x20 | (c->data == LINK_TO_DEVICE ? 0x04 | 0x02 : 0);
	cdb[3] = (uint8_t)(c->feature >> 8);
	cdb[4] = (uint8_t)c->feature;
	cdb[5] = (uint8_t)(c->count >> 8);
	cdb[6] = (uint8_t)c->count;
	cdb[7] = (uint8_t)(c->lba >> 24);
	cdb[8] = (uint8_t)c->lba;
	cdb[9] = (uint8_t)(c->lba >> 32);
	cdb[10] = (uint8_t)(c->lba >> 8);
	cdb[11] = (uint8_t)(c->lba >> 40);
	cdb[12] = (uint8_t)(c->lba >> 16);
	cdb[13] = c->device;
	cdb[14] = c->command;
	/* 28 bit: no "previous" registers; LBA 27:24 is in the device register. */
	if (!c->ext)
		cdb[3] = cdb[5] = cdb[7] = cdb[9] = cdb[11] = 0;
}
