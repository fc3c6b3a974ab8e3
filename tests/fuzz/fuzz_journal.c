/* SPDX-License-Identifier: BSD-2-Clause */
/* journal_each_pack and journal_read: records, each u16 length, payload, to which length and sum are put as they should
 * be; what follows a record of length 0xFFFF stands in the file as it is. */
#include "fuzz/folder.h"
#include "archive/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void make_file(struct buf *out, const uint8_t *data, size_t len)
{
	struct dec d = dec_of(data, len);

	while (dec_left(&d) >= 2) {
		size_t n = dec_u16(&d), at = out->len;
		uint8_t four[4], sum[8];

		if (n == 0xFFFF) {
			n = dec_left(&d);
			demand(buf_append(out, dec_bytes(&d, n), n) == 0);
			return;
		}
		n = n < dec_left(&d) ? n : dec_left(&d);
		put_le32(four, (uint32_t)n);
		demand(buf_append(out, four, 4) == 0 && buf_append(out, dec_bytes(&d, n), n) == 0);
		put_le64(sum, crc64_xz(0, out->data + at, out->len - at));
		demand(buf_append(out, sum, 8) == 0);
	}
}

static int count(void *user, const struct run_pack *pack, const struct id *ids, size_t n, hz_error **err)
{
	size_t *v = user;

	(void)err;
	(void)pack;
	v[0]++;
	v[1] += n;
	for (size_t i = 0; i < n; i++)
		v[2] += ids[i].b[ID_LEN - 1];
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_IN(buf_release) struct buf file = BUF_INIT;
	struct uid session = uid_of(0x33);
	struct journal_content c = { 0 };
	struct state s = { .path = (char *)(uintptr_t)folder_get(""),
		.dirfd = open(folder_get(""), O_RDONLY | O_DIRECTORY) };
	size_t v[3] = { 0 };
	char name[64];

	(void)snprintf(name, sizeof(name), "journal.%s", uid_hex(&session).s);
	make_file(&file, data, len);
	folder_write(name, file.len ? file.data : (const uint8_t *)"", file.len);
	demand(journal_each_pack(&s, &session, count, v, NULL) == 0);
	demand(v[1] * ID_LEN <= file.len);
	demand(journal_read(&c, &s, &session, NULL) == 0);
	demand(c.n_packs == v[0] && c.n_ids == v[1]);
	journal_content_release(&c);
	(void)close(s.dirfd);
	return 0;
}
