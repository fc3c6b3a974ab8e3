/* SPDX-License-Identifier: BSD-2-Clause */
/* Written from the standards, not with the parsers' own constants: a mistake in one shows against the other. */
#include "support/answers.h"
#include "device/link.h"
#include <string.h>

void answer_le(uint8_t *p, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(value >> 8 * i);
}

void answer_be(uint8_t *p, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[n - 1 - i] = (uint8_t)(value >> 8 * i);
}

void answer_word(uint8_t *page, size_t n, uint16_t value)
{
	answer_le(page + 2 * n, value, 2);
}

void answer_ata_string(uint8_t *page, size_t word, size_t n_words, const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < 2 * n_words; i++)
		page[2 * word + (i ^ 1)] = (uint8_t)(i < len ? text[i] : ' ');
}

void answer_checksum(uint8_t page[512], int a5)
{
	uint8_t sum = 0;

	if (a5)
		page[510] = 0xa5;
	for (size_t i = 0; i < 511; i++)
		sum = (uint8_t)(sum + page[i]);
	page[511] = (uint8_t)(0 - sum);
}

void answer_ata_identify(uint8_t out[512])
{
	uint8_t *p = out;

	memset(p, 0, 512);
	answer_word(p, 0, 0x0040);
	answer_ata_string(p, 10, 10, "WD-WCC4N0000001");
	answer_ata_string(p, 23, 4, "80.00A80");
	answer_ata_string(p, 27, 20, "WDC WD10EZEX-00BN5A0");
	answer_word(p, 59, 0xf000);
	answer_word(p, 60, 0xffff);
	answer_word(p, 61, 0x0fff);
	answer_word(p, 80, 0x07f0);
	answer_word(p, 82, 0x0403);
	answer_word(p, 83, 0x4c00);
	answer_word(p, 84, 0x4100);
	answer_word(p, 85, 0x0403);
	answer_word(p, 87, 0x4100);
	answer_word(p, 89, 0x0038);
	answer_word(p, 90, 0x8040);
	answer_le(p + 200, 1953525168, 8);
	answer_word(p, 106, 0x6003);
	answer_word(p, 108, 0x5001);
	answer_word(p, 109, 0x4ee2);
	answer_word(p, 110, 0x0a1b);
	answer_word(p, 111, 0x2c3d);
	answer_word(p, 119, 0x4000);
	answer_word(p, 128, 0x0021);
	answer_word(p, 217, 7200);
	answer_checksum(p, 1);
}

void answer_ata_smart(uint8_t out[512])
{
	static const uint8_t ids[][2] = { { 5, 3 }, { 9, 210 }, { 194, 31 }, { 197, 2 } };

	memset(out, 0, 512);
	for (size_t i = 0; i < 4; i++) {
		out[2 + 12 * i] = ids[i][0];
		out[2 + 12 * i + 5] = ids[i][1];
	}
	/* 1234 hours, with the minutes in a higher byte; the temperature's lowest and highest beside it. */
	out[2 + 12 + 6] = 4;
	out[2 + 12 + 9] = 55;
	out[2 + 24 + 7] = 18;
	out[2 + 24 + 9] = 47;
	answer_checksum(out, 0);
}

void answer_ata_dco(uint8_t out[512], uint64_t max_lba)
{
	memset(out, 0, 512);
	answer_word(out, 0, 2);
	answer_le(out + 6, max_lba, 8);
	answer_checksum(out, 1);
}

void answer_nvme_controller(uint8_t out[4096])
{
	memset(out, 0, 4096);
	memcpy(out + 4, "S4EWNX0R000001      ", 20);
	memcpy(out + 24, "Samsung SSD 970 EVO Plus 1TB            ", 40);
	memcpy(out + 64, "2B2QEXM7", 8);
	answer_le(out + 256, 0x0017, 2);
	answer_le(out + 328, 0x00000003, 4);
	out[524] = 0x04;
	memcpy(out + 768, "nqn.1994-11.com.samsung:nvme:970:S4EWNX0R000001", 47);
}

void answer_nvme_namespace(uint8_t out[4096])
{
	memset(out, 0, 4096);
	answer_le(out, 262144, 8);
	out[25] = 1;
	out[26] = 1;
	answer_le(out + 128, 9u << 16, 4);
	answer_le(out + 132, 12u << 16, 4);
	answer_be(out + 120, UINT64_C(0x0025385b71b00001), 8);
}

void answer_nvme_smart(uint8_t out[512])
{
	memset(out, 0, 512);
	answer_le(out + 1, 273 + 42, 2);
	out[3] = 100;
	out[4] = 10;
	out[5] = 7;
	answer_le(out + 128, 4321, 8);
	answer_le(out + 160, 5, 8);
}

void answer_nvme_sanitize(uint8_t out[512], uint16_t sstat, uint32_t scdw10)
{
	memset(out, 0, 512);
	answer_le(out, (sstat & 7) == 2 ? 0x8000 : 0xffff, 2);
	answer_le(out + 2, sstat, 2);
	answer_le(out + 4, scdw10, 4);
	answer_le(out + 8, 0xffffffff, 4);
	answer_le(out + 12, 30, 4);
	answer_le(out + 16, 2, 4);
}

size_t answer_sense_descriptor(uint8_t out[64], const struct ata_answer *a, int extend)
{
	memset(out, 0, 64);
	out[0] = 0x72;
	out[1] = 1;
	out[3] = 0x1d;
	out[7] = 14;
	out[8] = 0x09;
	out[9] = 12;
	out[10] = extend ? 1 : 0;
	out[11] = a->error;
	out[12] = (uint8_t)(a->count >> 8);
	out[13] = (uint8_t)a->count;
	out[14] = (uint8_t)(a->lba >> 24);
	out[15] = (uint8_t)a->lba;
	out[16] = (uint8_t)(a->lba >> 32);
	out[17] = (uint8_t)(a->lba >> 8);
	out[18] = (uint8_t)(a->lba >> 40);
	out[19] = (uint8_t)(a->lba >> 16);
	out[20] = a->device;
	out[21] = a->status;
	return 22;
}

size_t answer_sense_fixed(uint8_t out[64], const struct ata_answer *a)
{
	memset(out, 0, 64);
	out[0] = 0x70;
	out[2] = 1;
	out[3] = a->error;
	out[4] = a->status;
	out[5] = a->device;
	out[6] = (uint8_t)a->count;
	out[7] = 10;
	out[9] = (uint8_t)a->lba;
	out[10] = (uint8_t)(a->lba >> 8);
	out[11] = (uint8_t)(a->lba >> 16);
	out[13] = 0x1d;
	return 18;
}

size_t answer_sense(uint8_t out[64], uint8_t key, uint8_t asc, uint8_t ascq, int fixed, int progress)
{
	memset(out, 0, 64);
	out[0] = fixed ? 0x70 : 0x72;
	if (fixed) {
		out[2] = key;
		out[7] = 10;
		out[12] = asc;
		out[13] = ascq;
		if (progress >= 0) {
			out[15] = 0x80;
			answer_be(out + 16, (uint64_t)progress, 2);
		}
		return 18;
	}
	out[1] = key;
	out[2] = asc;
	out[3] = ascq;
	if (progress < 0)
		return 8;
	out[7] = 8;
	out[8] = 2;
	out[9] = 6;
	out[12] = 0x80;
	answer_be(out + 13, (uint64_t)progress, 2);
	return 16;
}
