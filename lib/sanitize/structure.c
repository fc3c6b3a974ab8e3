/* SPDX-License-Identifier: BSD-2-Clause */
/* See structure.h. Offsets are those of the formats' own documents. */
#include "sanitize/structure.h"
#include "base/auto.h"
#include "base/codec.h"

static const struct magic {
	const char *name;
	size_t at;
	char bytes[9];
} magics[] = {
	{ "NTFS", 3, "NTFS    " },
	{ "exFAT", 3, "EXFAT   " },
	{ "FAT32", 82, "FAT32   " },
	{ "FAT16", 54, "FAT16   " },
	{ "GPT", 0, "EFI PART" },
	{ "LVM", 0, "LABELONE" },
	{ "btrfs", 64, "_BHRfS_M" },
	{ "LUKS", 0, "LUKS\xba\xbe\0\1" },
	{ "LUKS", 0, "LUKS\xba\xbe\0\2" },
	{ "bcache", 24, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca" },
};

/* Where the format has too short a magic of its own: fields that can have few values. */
static bool is_xfs(const uint8_t *p, size_t len)
{
	uint32_t block = len >= 8 ? __builtin_bswap32(get_le32(p + 4)) : 0;

	return len >= 8 && memcmp(p, "XFSB", 4) == 0 && block >= 512 && block <= 65536 && (block & (block - 1)) == 0;
}

static bool is_ext(const uint8_t *p, size_t len)
{
	return len >= 88 && p[56] == 0x53 && p[57] == 0xEF && get_le32(p + 24) <= 6 && get_le32(p + 72) <= 4 &&
		get_le32(p + 76) <= 1;
}

static bool is_md(const uint8_t *p, size_t len)
{
	return len >= 8 && get_le32(p) == 0xA92B4EFC && get_le32(p + 4) <= 1;
}

static bool is_swap(const uint8_t *p, size_t len)
{
	return len >= 512 && memcmp(p + 502, "SWAPSPACE2", 10) == 0;
}

/* At address 0 alone. */
static bool is_mbr(const uint8_t *p, size_t len)
{
	if (len < 512 || p[510] != 0x55 || p[511] != 0xAA)
		return false;
	for (unsigned i = 0; i < 4; i++) {
		if (p[446 + 16 * i] & 0x7F)
			return false;
	}
	return p[450] || p[466] || p[482] || p[498];
}

static const char *at_sector(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(magics); i++) {
		const struct magic *m = &magics[i];

		if (m->at + 8 <= len && memcmp(p + m->at, m->bytes, 8) == 0)
			return m->name;
	}
	return is_xfs(p, len) ? "XFS" : is_ext(p, len) ? "ext" : is_md(p, len) ? "md" : is_swap(p, len) ? "swap" : NULL;
}

const char *structure_find(const uint8_t *data, size_t len, uint64_t off)
{
	const char *name = off == 0 && is_mbr(data, len) ? "MBR" : NULL;

	for (size_t at = 0; !name && at < len; at += 512)
		name = at_sector(data + at, len - at < 4096 ? len - at : 4096);
	return name;
}

bool structure_is_blank(const uint8_t *data, size_t len)
{
	return len < 2 || memcmp(data, data + 1, len - 1) == 0;
}
