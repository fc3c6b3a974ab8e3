/* SPDX-License-Identifier: BSD-2-Clause */
/* Invariant: nothing is read beyond what was given nor beyond what the answer says it has; whichever ends first. */
#include "device/scsi.h"
#include "device/texts.h"
#include "base/auto.h"
#include <stdio.h>
#include <string.h>

static uint32_t be(const uint8_t *p, size_t n)
{
	uint32_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static uint64_t be64(const uint8_t *p)
{
	return (uint64_t)be(p, 4) << 32 | be(p + 4, 4);
}

bool scsi_inquiry_parse(struct scsi_inquiry *q, const void *data, size_t len)
{
	const uint8_t *p = data;

	memset(q, 0, sizeof(*q));
	/* Peripheral qualifier not 0: nothing is connected there. */
	if (len < 36 || p[4] < 31 || (p[0] & 0xe0))
		return false;
	q->type = p[0] & 0x1f;
	q->removable = (p[1] & 0x80) != 0;
	text_clean(q->vendor, p + 8, 8);
	text_clean(q->product, p + 16, 16);
	text_clean(q->revision, p + 32, 4);
	return true;
}

/* The body of a VPD page, or NULL. */
static const uint8_t *vpd(const void *data, size_t len, uint8_t page, size_t *n)
{
	const uint8_t *p = data;

	if (len < 4 || p[1] != page)
		return NULL;
	*n = be(p + 2, 2);
	if (*n > len - 4)
		*n = len - 4;
	return p + 4;
}

bool scsi_serial_parse(char *out, size_t cap, const void *data, size_t len)
{
	char text[64];
	size_t n;
	const uint8_t *p = vpd(data, len, 0x80, &n);

	if (!p)
		return false;
	text_set(text, sizeof(text), p, n);
	if (!*text)
		return false;
	text_set(out, cap, text, sizeof(text));
	return true;
}

/* How good a designator is as a name: NAA before EUI-64 before what the vendor makes up. 0: none of the unit. */
static int rank(const uint8_t *d)
{
	static const struct {
		uint8_t type;
		int rank;
	} ranks[] = { { 3, 4 }, { 2, 3 }, { 8, 2 }, { 1, 1 } };

	/* ASSOCIATION 0: of the addressed logical unit. */
	if ((d[1] & 0x30) != 0 || d[3] == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(ranks); i++)
		if ((d[1] & 0x0f) == ranks[i].type)
			return ranks[i].rank;
	return 0;
}

static void designator(char *out, size_t cap, const uint8_t *d)
{
	char text[256];
	size_t n = d[3];

	if ((d[1] & 0x0f) == 3 || (d[1] & 0x0f) == 2) {
		text_hex(text, d + 4, n > 16 ? 16 : n);
		(void)snprintf(out, cap, "%s.%.60s", (d[1] & 0x0f) == 3 ? "naa" : "eui", text);
	} else {
		text_set(text, sizeof(text), d + 4, n);
		(void)snprintf(out, cap, "%s%.70s", (d[1] & 0x0f) == 8 ? "" : "t10.", text);
	}
}

bool scsi_name_parse(char *out, size_t cap, const void *data, size_t len)
{
	size_t n;
	const uint8_t *p = vpd(data, len, 0x83, &n);
	int best = 0;

	for (size_t at = 0; p && at + 4 <= n;) {
		const uint8_t *d = p + at;

		if (at + 4 + d[3] > n)
			break;
		if (rank(d) > best) {
			best = rank(d);
			designator(out, cap, d);
		}
		at += 4u + d[3];
	}
	return best > 0;
}

bool scsi_characteristics_parse(struct scsi_characteristics *c, const void *data, size_t len)
{
	size_t n;
	const uint8_t *p = vpd(data, len, 0xb1, &n);
	uint32_t rate;

	memset(c, 0, sizeof(*c));
	if (!p || n < 5)
		return false;
	rate = be(p, 2);
	if (rate == 1 || (rate >= 0x0401 && rate <= 0xfffe))
		c->rotation = rate;
	c->zoned = (p[4] >> 4) & 3;
	return true;
}

bool scsi_capacity_parse(struct scsi_capacity *c, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t last;

	memset(c, 0, sizeof(*c));
	if (len < 12)
		return false;
	last = be64(p);
	c->block_bytes = be(p + 8, 4);
	if (last == UINT64_MAX || c->block_bytes == 0 || c->block_bytes > 1u << 20)
		return false;
	c->blocks = last + 1;
	c->physical_bytes = c->block_bytes;
	if (len < 16)
		return true;
	c->protected_info = p[12] & 1;
	c->physical_bytes <<= p[13] & 0x0f;
	c->provisioned = (p[14] & 0x80) != 0;
	return true;
}

int scsi_supported_parse(const void *data, size_t len)
{
	const uint8_t *p = data;

	/* SUPPORT 001b: no; 011b: as the standard says; 101b: in the vendor's way, which nobody can rely on. */
	if (len < 2)
		return -1;
	switch (p[1] & 7) {
	case 1:
	case 5:
		return 0;
	case 3:
		return 1;
	default:
		return -1;
	}
}

bool scsi_log_has(uint8_t page, const void *pages, size_t len)
{
	const uint8_t *p = pages;
	size_t n;

	if (len < 4 || (p[0] & 0x3f) != SCSI_LOG_PAGES)
		return false;
	n = be(p + 2, 2);
	if (n > len - 4)
		n = len - 4;
	return memchr(p + 4, page, n) != NULL;
}

static void temperature(struct scsi_health *h, uint32_t code, const uint8_t *v, size_t n)
{
	/* 255: not available. */
	if (code == 0 && n >= 2 && v[1] != 0xff)
		h->temperature_c = v[1];
}

static void read_errors(struct scsi_health *h, uint32_t code, const uint8_t *v, size_t n)
{
	uint64_t count = 0;

	if (code != 6 || n == 0 || n > 8)
		return;
	for (size_t i = 0; i < n; i++)
		count = count << 8 | v[i];
	h->uncorrected = count;
}

static void solid_state(struct scsi_health *h, uint32_t code, const uint8_t *v, size_t n)
{
	if (code == 1 && n >= 4)
		h->wear_percent = v[3];
}

static void background(struct scsi_health *h, uint32_t code, const uint8_t *v, size_t n)
{
	/* Accumulated power on minutes. */
	if (code == 0 && n >= 4)
		h->power_on_hours = be(v, 4) / 60;
}

static void exceptions(struct scsi_health *h, uint32_t code, const uint8_t *v, size_t n)
{
	if (code != 0 || n < 2)
		return;
	/* 5Dh: failure prediction threshold exceeded; 0Bh: a warning (temperature and others), which is no verdict. */
	if (v[0] == 0x5d)
		h->ok = 2;
	else if (v[0] == 0)
		h->ok = 1;
	if (n >= 3 && h->temperature_c == INT32_MIN && v[2] != 0xff && v[2] != 0)
		h->temperature_c = v[2];
}

bool scsi_log_parse(struct scsi_health *h, uint8_t page, const void *data, size_t len)
{
	static const struct {
		uint8_t page;
		void (*fn)(struct scsi_health *h, uint32_t code, const uint8_t *v, size_t n);
	} pages[] = { { SCSI_LOG_READ_ERRORS, read_errors }, { SCSI_LOG_TEMPERATURE, temperature },
		{ SCSI_LOG_SOLID_STATE, solid_state }, { SCSI_LOG_BACKGROUND, background },
		{ SCSI_LOG_EXCEPTIONS, exceptions } };
	const uint8_t *p = data;
	size_t n;

	/* SPF set: another page of the same number. */
	if (len < 4 || (p[0] & 0x3f) != page || (p[0] & 0x40))
		return false;
	n = be(p + 2, 2);
	if (n > len - 4)
		n = len - 4;
	for (size_t at = 4; at + 4 <= 4 + n;) {
		size_t size = p[at + 3];

		if (at + 4 + size > 4 + n)
			break;
		for (size_t i = 0; i < ARRAY_LEN(pages); i++)
			if (pages[i].page == page)
				pages[i].fn(h, be(p + at, 2), p + at + 4, size);
		at += 4 + size;
	}
	return true;
}
