/* SPDX-License-Identifier: BSD-2-Clause */
/* cache_open and its folders: u8 where the root is (in records), then records, each u16 length, payload, with length
 * and sum put to them as they should be. In a payload the places of other records are the input's own. */
#include "fuzz/folder.h"
#include "archive/cache_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define HEX_11      "11111111111111111111111111111111"
#define RECORDS_MAX 64u
#define STEPS_MAX   500u

static bool never(void *user, const struct id *commit)
{
	(void)user;
	(void)commit;
	return false;
}

static void make_header(struct buf *out, const struct cache_key *key)
{
	struct enc e = enc_to(out);
	struct id base = { { 9 } };

	enc_bytes(&e, "hzcache2", 8);
	enc_bytes(&e, key->repo.b, UID_LEN);
	enc_bytes(&e, key->writer.b, UID_LEN);
	enc_bytes(&e, key->group.b, UID_LEN);
	enc_bytes(&e, key->source.b, ID_LEN);
	enc_bytes(&e, base.b, ID_LEN);
	enc_u64(&e, 0);
	enc_u64(&e, 0);
	demand(!e.bad && out->len == CACHE_HEADER_LEN);
}

static void make_file(struct buf *out, const struct cache_key *key, struct dec *d, unsigned root)
{
	uint64_t places[RECORDS_MAX] = { CACHE_HEADER_LEN };
	unsigned n = 0;

	make_header(out, key);
	while (dec_left(d) >= 2 && n < RECORDS_MAX) {
		size_t len = dec_u16(d), at = out->len;
		uint8_t four[4], sum[8];

		places[n++] = at;
		len = len < dec_left(d) ? len : dec_left(d);
		put_le32(four, (uint32_t)len);
		demand(buf_append(out, four, 4) == 0 && buf_append(out, dec_bytes(d, len), len) == 0);
		put_le64(sum, crc64_xz(0, out->data + at, out->len - at));
		demand(buf_append(out, sum, 8) == 0);
	}
	put_le64(out->data + CACHE_HEADER_LEN - 16, places[n ? root % n : 0]);
	put_le64(out->data + CACHE_HEADER_LEN - 8, crc64_xz(0, out->data, CACHE_HEADER_LEN - 8));
}

/* Folders below, as far as the steps go: records may name each other in a ring. */
static void walk(const struct cache_reader *c, uint64_t record, unsigned *steps)
{
	const struct cache_child *k;
	struct cache_folder f;

	if (cache_folder_open(&f, c, record) < 0) {
		cache_folder_close(&f);
		return;
	}
	while (*steps < STEPS_MAX && (k = cache_folder_next(&f))) {
		(*steps)++;
		demand(k->name_len <= ENTRY_NAME_MAX && k->entry_len <= ENTRY_MAX);
		folder_touch(k->name, k->name_len);
		folder_touch(k->entry, k->entry_len);
		if (k->record && *steps % 16 == 0)
			walk(c, k->record, steps);
	}
	(void)cache_folder_is_at_end(&f);
	cache_folder_close(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cache_key key = { .repo = uid_of(0x44), .writer = uid_of(0x11), .group = uid_of(0x22) };
	AUTO_IN(buf_release) struct buf file = BUF_INIT;
	AUTO(cache_close) struct cache_reader *c = NULL;
	struct dec d = dec_of(data, len);
	unsigned steps = 0, root_place = dec_u8(&d);
	struct cache_folder f;
	struct id base;
	uint64_t root;

	if (d.bad)
		return 0;
	make_file(&file, &key, &d, root_place);
	(void)folder_get(HEX_11);
	folder_write(HEX_11 "/00000000000000000000000000000000", file.data, file.len);
	demand(cache_open(&c, &base, &root, folder_get(HEX_11), &key, never, NULL) == 0);
	walk(c, root, &steps);
	if (cache_folder_open(&f, c, root) == 0) {
		(void)cache_folder_find(&f, "a", 1);
		(void)cache_folder_find(&f, "name", 4);
		(void)cache_folder_find(&f, "z", 1);
		cache_folder_forget(&f);
	}
	cache_folder_close(&f);
	return 0;
}
