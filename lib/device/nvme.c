/* SPDX-License-Identifier: BSD-2-Clause */
/* Little-endian, at fixed places. An answer that is too short is none. */
#include "device/nvme.h"
#include "device/texts.h"
#include "base/codec.h"
#include "hozen/device.h"
#include <string.h>

static uint16_t le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static bool all_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

bool nvme_controller_parse(struct nvme_controller *c, const void *data, size_t len)
{
	const uint8_t *p = data;

	memset(c, 0, sizeof(*c));
	if (len < NVME_IDENTIFY_LEN)
		return false;
	text_clean(c->serial, p + 4, 20);
	text_clean(c->model, p + 24, 40);
	text_clean(c->firmware, p + 64, 8);
	if (!*c->serial && !*c->model)
		return false;
	c->oacs = le16(p + 256);
	c->sanicap = get_le32(p + 328);
	c->fna = p[524];
	text_clean(c->subnqn, p + 768, 256);
	c->manages_namespaces = (c->oacs & 0x08) != 0;
	c->format_all = c->fna & 1;
	c->erase_all = (c->fna & 2) != 0;
	c->no_dealloc_inhibited = (c->sanicap & UINT32_C(1) << 29) != 0;
	if (c->oacs & 0x02)
		c->can |= HZ_CAN_NVME_FORMAT | (c->fna & 4 ? HZ_CAN_NVME_FORMAT_CRYPTO : 0);
	c->can |= (c->sanicap & 1 ? HZ_CAN_NVME_CRYPTO : 0) | (c->sanicap & 2 ? HZ_CAN_NVME_BLOCK : 0) |
		(c->sanicap & 4 ? HZ_CAN_NVME_OVERWRITE : 0);
	return true;
}

bool nvme_namespace_parse(struct nvme_namespace *n, const void *data, size_t len)
{
	const uint8_t *p = data, *lbaf;

	memset(n, 0, sizeof(*n));
	if (len < NVME_IDENTIFY_LEN)
		return false;
	n->blocks = get_le64(p);
	/* FLBAS: index in 3:0, and 6:5 are its upper bits where there are more than 16 formats. */
	n->format = (uint8_t)((p[26] & 0x0f) | (p[25] > 15 ? (p[26] & 0x60) >> 1 : 0));
	lbaf = p + 128 + 4 * (size_t)n->format;
	/* LBADS below 9 is not a block size. */
	if (n->blocks == 0 || lbaf[2] < 9 || lbaf[2] > 20)
		return false;
	n->metadata_bytes = le16(lbaf);
	n->block_bytes = UINT32_C(1) << lbaf[2];
	n->write_protected = p[99] & 1;
	if (!all_zero(p + 104, 16))
		text_hex(n->nguid, p + 104, 16);
	if (!all_zero(p + 120, 8))
		text_hex(n->eui64, p + 120, 8);
	return true;
}

bool nvme_allocated_parse(uint32_t *n, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t last = 0;

	*n = 0;
	if (len < NVME_IDENTIFY_LEN)
		return false;
	for (size_t at = 0; at + 4 <= NVME_IDENTIFY_LEN; at += 4) {
		uint32_t id = get_le32(p + at);

		if (id == 0)
			break;
		/* They come in increasing order: anything else is no such list. */
		if (id <= last)
			return false;
		last = id;
		(*n)++;
	}
	return true;
}

/* 16 bytes of which we keep 8. */
static uint64_t counter(const uint8_t *p)
{
	return all_zero(p + 8, 8) ? get_le64(p) : UINT64_MAX;
}

bool nvme_smart_parse(struct nvme_smart *s, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint16_t kelvin;

	memset(s, 0, sizeof(*s));
	s->temperature_c = INT32_MIN;
	if (len < NVME_LOG_LEN)
		return false;
	s->critical = p[0];
	kelvin = le16(p + 1);
	if (kelvin > 0 && kelvin < 1000)
		s->temperature_c = kelvin - 273;
	s->percent_used = p[5];
	s->power_on_hours = counter(p + 128);
	s->media_errors = counter(p + 160);
	return true;
}

bool nvme_sanitize_parse(struct nvme_sanitize_log *s, const void *data, size_t len)
{
	const uint8_t *p = data;

	memset(s, 0, sizeof(*s));
	if (len < 32)
		return false;
	s->sprog = le16(p);
	s->sstat = le16(p + 2);
	s->scdw10 = get_le32(p + 4);
	s->state = s->sstat & 7;
	s->passes = (uint8_t)(s->sstat >> 3 & 0x1f);
	s->global_erased = (s->sstat & 0x100) != 0;
	for (size_t i = 0; i < 6; i++)
		s->estimate[i] = get_le32(p + 8 + 4 * i);
	return true;
}
