/* SPDX-License-Identifier: BSD-2-Clause */
/* What a host remembers: u8 which file, then its bytes, to which the sum is put: the heads, the past heads, the commits
 * that were seen. What was read can be written, and is read again the same. */
#include "fuzz/folder.h"
#include "archive/seen.h"
#include "archive/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define HEX_11 "11111111111111111111111111111111"

static void heads(const uint8_t *data, size_t len)
{
	struct uid writer = uid_of(0x11);
	struct id id = { { 7 } };
	struct state s;
	size_t n;

	folder_write_summed(HEX_11 "/heads", data, len);
	demand(state_open(&s, folder_get(HEX_11), &writer, NULL) == 0);
	demand(s.existed || (s.heads.n == 0 && s.pending.n == 0));
	demand((s.heads.n + s.pending.n) * ID_LEN <= len);
	n = s.pending.n + !id_set_has(&s.pending, &id);
	demand(state_add_pending(&s, &id, NULL) == 0 && state_refresh(&s, NULL) == 0);
	demand(s.existed && s.pending.n == n && id_set_has(&s.pending, &id));
	state_close(&s);
}

static void past(const uint8_t *data, size_t len)
{
	struct uid writer = uid_of(0x11);
	struct id id = { { 0 } };
	struct state s;

	folder_write(HEX_11 "/past", data, len);
	demand(state_open(&s, folder_get(HEX_11), &writer, NULL) == 0);
	if (len >= ID_LEN)
		memcpy(id.b, data, ID_LEN);
	demand(state_was_head(&s, &id) || len < ID_LEN);
	state_close(&s);
}

static void seen(const uint8_t *data, size_t len)
{
	struct uid writer = uid_of(0x11);
	struct seen s, again;

	folder_write_summed(HEX_11 "/commits", data, len);
	demand(seen_load(&s, folder_get(HEX_11), &writer) == 0);
	for (size_t i = 0; i < s.n; i++)
		demand(seen_find(&s, &s.v[i].session, s.v[i].attempt) != NULL);
	seen_save(&s, folder_get(HEX_11), &writer);
	demand(seen_load(&again, folder_get(HEX_11), &writer) == 0 && again.n == s.n);
	seen_release(&s);
	seen_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < 1)
		return 0;
	(void)folder_get(HEX_11);
	if (data[0] % 3 == 0)
		heads(data + 1, len - 1);
	else if (data[0] % 3 == 1)
		past(data + 1, len - 1);
	else
		seen(data + 1, len - 1);
	return 0;
}
