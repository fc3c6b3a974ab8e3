/* SPDX-License-Identifier: BSD-2-Clause */
/* The codec of sections (docs/format/container.md): strict about order, so that one value has one encoding. */
#include "archive/section.h"

int section_head(struct buf *b, uint16_t tag, size_t len)
{
	struct enc e = enc_to(b);

	enc_u16(&e, tag);
	enc_u32(&e, (uint32_t)len);
	return e.bad ? -1 : 0;
}

int section_put(struct buf *b, uint16_t tag, const void *data, size_t len)
{
	if (section_head(b, tag, len) < 0)
		return -1;
	return buf_append(b, data, len);
}

static bool is_known(const uint16_t *known, size_t n, uint16_t tag)
{
	for (size_t i = 0; i < n; i++) {
		if (known[i] == tag)
			return true;
	}
	return false;
}

/* Signed before unsigned, each ascending by the low 14 bits. */
static uint32_t order_of(uint16_t tag)
{
	return ((uint32_t)(tag & SECTION_UNSIGNED) << 16) | (tag & 0x3FFFu);
}

int sections_parse(struct section *out, size_t max, size_t *count, size_t *signed_len, const uint16_t *known,
	size_t n_known, const uint8_t *data, size_t len, const char *what, hz_error **err)
{
	struct dec d = dec_of(data, len);
	uint32_t last = 0;
	size_t n = 0, sl = 0;

	while (dec_left(&d) > 0) {
		uint16_t tag = dec_u16(&d);
		uint32_t slen = dec_u32(&d);
		const uint8_t *p = dec_bytes(&d, slen);

		if (d.bad || (tag & 0x3FFFu) == 0 || order_of(tag) <= last)
			return err_set(err, HZ_E_CORRUPT, "%s: malformed section", what);
		last = order_of(tag);
		if (!(tag & SECTION_UNSIGNED))
			sl = (size_t)(d.p - data);
		if (!is_known(known, n_known, tag)) {
			/* What no signature covers could be put in by anybody and would change the object's hash. */
			if ((tag & SECTION_IGNORABLE) && !(tag & SECTION_UNSIGNED))
				continue;
			err_set(err, HZ_E_TOONEW, "%s: unknown field %04x", what, (unsigned)tag);
			err_hint(err, "a newer version of hozen wrote it; use that version");
			return HZ_E_TOONEW;
		}
		if (n == max)
			return err_set(err, HZ_E_CORRUPT, "%s: too many sections", what);
		out[n].tag = tag;
		out[n].data = p;
		out[n++].len = slen;
	}
	if (d.bad)
		return err_set(err, HZ_E_CORRUPT, "%s: malformed section", what);
	*count = n;
	*signed_len = sl;
	return 0;
}

const struct section *section_find(const struct section *s, size_t count, uint16_t tag)
{
	for (size_t i = 0; i < count; i++) {
		if (s[i].tag == tag)
			return &s[i];
	}
	return NULL;
}

struct dec section_dec(const struct section *s, size_t count, uint16_t tag)
{
	const struct section *f = section_find(s, count, tag);
	struct dec d = { NULL, NULL, true };

	return f ? dec_of(f->data, f->len) : d;
}
