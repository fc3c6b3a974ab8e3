/* SPDX-License-Identifier: BSD-2-Clause */
#include "audited.h"
#include <zstd.h>

static int load(struct audited *a, struct audit *got, const struct uid *id, const struct bundle *key, hz_error **err)
{
	return audit_load(got, a->f.store, id, &a->f.log, key, NULL, err);
}

static void a_lister_opens_it_and_its_writer_does_not(void **state)
{
	struct audited *a = *state;
	struct uid id = audited_put(a, 1, 3, 5, a->f.writer);
	struct audit got;
	hz_error *err = NULL;

	assert_ok(load(a, &got, &id, a->f.lister, &err), &err);
	assert_true(got.open && got.first == 1 && got.n == 3 && got.head.size == 5);
	assert_memory_equal(got.log, a->pub, SIGN_PUB_LEN);
	assert_true(uid_eq(&got.signer, &a->f.writer->key_id));
	for (unsigned i = 0; i < 3; i++) {
		assert_memory_equal(got.entries[i].line, a->lines[1 + i], LOG_LINE_LEN);
		assert_int_equal(got.entries[i].record.len, strlen(a->text[1 + i]));
		assert_memory_equal(got.entries[i].record.p, a->text[1 + i], got.entries[i].record.len);
	}
	audit_release(&got);
	/* The clear part is everybody's. */
	assert_ok(load(a, &got, &id, a->f.writer, &err), &err);
	assert_true(!got.open && !got.entries && got.first == 1 && got.n == 3);
	audit_release(&got);
	assert_ok(load(a, &got, &id, NULL, &err), &err);
	audit_release(&got);
}

static void another_recipient_does_not_open_it(void **state)
{
	struct audited *a = *state;
	struct uid id = audited_put(a, 0, 2, 2, a->f.writer);
	struct bundle other = *a->f.lister;
	uint8_t pub[BOX_PUB_LEN];
	struct audit got;
	hz_error *err = NULL;

	assert_ok(box_keypair(&other.meta_sec, pub, NULL), NULL);
	assert_fails(load(a, &got, &id, &other, &err), HZ_E_CORRUPT, &err);
	secret_free(other.meta_sec);
}

static void only_writers_and_agents_sign(void **state)
{
	struct audited *a = *state;
	struct uid id = audited_put(a, 0, 2, 2, a->f.admin), group = { { 7 } };
	struct writer_info w;
	struct bundle *stranger = fixture_writer(&a->f, &w, &group, a->f.group_secret);
	struct audit got;
	hz_error *err = NULL;

	assert_fails(load(a, &got, &id, a->f.lister, &err), HZ_E_CORRUPT, &err);
	id = audited_put(a, 0, 2, 2, stranger);
	assert_fails(load(a, &got, &id, a->f.lister, &err), HZ_E_CORRUPT, &err);
	bundle_free(stranger);
}

static void each_changed_byte_is_mended_or_refused(void **state)
{
	struct audited *a = *state;
	struct uid id = audited_put(a, 0, N_LINES, N_LINES, a->f.writer);
	struct name name = name_audit(&id);
	struct buf bytes = BUF_INIT;
	struct audit got;
	uint8_t *data = NULL;
	size_t len = 0;
	hz_error *err = NULL;

	assert_ok(store_get_all(a->f.store, name.s, 1 << 20, &data, &len, NULL), NULL);
	for (size_t at = 0; at < len; at += at < 4096 ? 1 : 7) {
		data[at] ^= 0x10;
		fixture_replace(a->f.store, name.s, data, len);
		data[at] ^= 0x10;
		/* One block is bad: parity gives the very bytes. */
		assert_ok(load(a, &got, &id, a->f.lister, &err), &err);
		assert_int_equal(got.n, N_LINES);
		audit_release(&got);
	}
	/* With checksums and parity that are right, it is for the signature and what it covers. */
	struct object o = OBJECT_INIT;

	assert_ok(object_decode_own(&o, name.s, TAKE(data), len, NULL), NULL);
	for (size_t at = 0; at < o.header.length; at++) {
		struct object_header h = o.header;

		buf_reset(&bytes);
		assert_int_equal(buf_append(&bytes, o.body, (size_t)h.length), 0);
		bytes.data[at] ^= 0x10;
		AUTO_IN(buf_release) struct buf object = BUF_INIT;

		assert_ok(object_encode(&object, &h, bytes.data, bytes.len, false, NULL), NULL);
		fixture_replace(a->f.store, name.s, object.data, object.len);
		int rc = load(a, &got, &id, a->f.lister, NULL);

		if (rc != HZ_E_CORRUPT && rc != HZ_E_TOONEW)
			fail_msg("byte %zu: %d", at, rc);
	}
	buf_release(&bytes);
	object_release(&o);
}

/* ---- inside ---- */

struct inside {
	struct buf raw;
	struct audit a;
};

static void inside_of(struct inside *in, const struct audited *a, uint64_t head, const struct buf *entries)
{
	struct buf note = BUF_INIT;

	*in = (struct inside){ .raw = BUF_INIT, .a = { .first = 0, .n = 2, .raw = BUF_INIT } };
	audited_note(a, &note, head);
	assert_int_equal(section_put(&in->raw, 1, a->pub, SIGN_PUB_LEN), 0);
	assert_int_equal(section_put(&in->raw, 2, note.data, note.len), 0);
	assert_int_equal(section_put(&in->raw, 3, entries->data, entries->len), 0);
	buf_release(&note);
}

static int decode(struct inside *in, hz_error **err)
{
	int rc = audit_decode(&in->a, &in->raw, err);

	audit_release(&in->a);
	buf_release(&in->raw);
	return rc;
}

static void what_is_inside_must_fit_together(void **state)
{
	struct audited *a = *state;
	struct buf entries = BUF_INIT;
	struct inside in;
	hz_error *err = NULL;

	audited_entries(a, &entries, 0, 2, true);
	inside_of(&in, a, 2, &entries);
	assert_ok(decode(&in, &err), &err);
	/* Its checkpoint does not cover them. */
	inside_of(&in, a, 1, &entries);
	assert_fails(decode(&in, &err), HZ_E_CORRUPT, &err);
	inside_of(&in, a, 2, &entries);
	in.a.first = 1;
	assert_fails(decode(&in, &err), HZ_E_CORRUPT, &err);
	in.a.first = UINT64_MAX;
	inside_of(&in, a, 2, &entries);
	in.a.first = UINT64_MAX;
	assert_fails(decode(&in, &err), HZ_E_CORRUPT, &err);
	/* Fewer, more, and far more than there are. */
	inside_of(&in, a, 2, &entries);
	in.a.n = 1;
	assert_fails(decode(&in, &err), HZ_E_CORRUPT, &err);
	inside_of(&in, a, 5, &entries);
	in.a.n = 3;
	assert_fails(decode(&in, &err), HZ_E_CORRUPT, &err);
	inside_of(&in, a, 5, &entries);
	in.a.n = (uint64_t)1 << 60;
	assert_fails(decode(&in, &err), HZ_E_CORRUPT, &err);
	/* A record that is not the entry's, and the key of another log. */
	entries.data[LOG_LINE_LEN + 1] ^= 1;
	inside_of(&in, a, 2, &entries);
	assert_fails(decode(&in, &err), HZ_E_CORRUPT, &err);
	entries.data[LOG_LINE_LEN + 1] ^= 1;
	inside_of(&in, a, 2, &entries);
	in.raw.data[6] ^= 1;
	assert_fails(decode(&in, &err), HZ_E_CORRUPT, &err);
	/* Files that were not there are none. */
	buf_reset(&entries);
	audited_entries(a, &entries, 0, 2, false);
	inside_of(&in, a, 2, &entries);
	assert_ok(decode(&in, &err), &err);
	buf_release(&entries);
}

static void a_declared_size_takes_no_memory(void **state)
{
	/* A frame of one segment that states 2^60 bytes, and one that states just too many. */
	uint8_t huge[32] = { 0x28, 0xB5, 0x2F, 0xFD, 0xE0, 0, 0, 0, 0, 0, 0, 0, 0x10, 1, 0, 0 };
	struct buf raw = BUF_INIT, plain = BUF_INIT;
	size_t len = AUDIT_RAW_MAX + 1, n;
	uint8_t *zeros = calloc(1, len);
	hz_error *err = NULL;

	(void)state;
	assert_true(ZSTD_getFrameContentSize(huge, sizeof(huge)) == (uint64_t)1 << 60);
	assert_fails(audit_unpack(&raw, huge, sizeof(huge), &err), HZ_E_CORRUPT, &err);
	assert_int_equal(raw.cap, 0);
	assert_non_null(buf_extend(&plain, ZSTD_compressBound(len)));
	n = ZSTD_compress(plain.data, plain.len, zeros, len, 1);
	assert_fails(audit_unpack(&raw, plain.data, n, &err), HZ_E_CORRUPT, &err);
	assert_int_equal(raw.cap, 0);
	n = ZSTD_compress(plain.data, plain.len, zeros, len - 1, 1);
	assert_ok(audit_unpack(&raw, plain.data, n, &err), &err);
	assert_int_equal(raw.len, AUDIT_RAW_MAX);
	/* Two frames, cut ones, nothing. */
	plain.data[n] = 0;
	assert_fails(audit_unpack(&raw, plain.data, n + 1, &err), HZ_E_CORRUPT, &err);
	assert_fails(audit_unpack(&raw, plain.data, n - 1, &err), HZ_E_CORRUPT, &err);
	assert_fails(audit_unpack(&raw, plain.data, 0, &err), HZ_E_CORRUPT, &err);
	buf_release(&plain);
	buf_release(&raw);
	free(zeros);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_lister_opens_it_and_its_writer_does_not, audited_setup, audited_teardown),
		cmocka_unit_test_setup_teardown(another_recipient_does_not_open_it, audited_setup, audited_teardown),
		cmocka_unit_test_setup_teardown(only_writers_and_agents_sign, audited_setup, audited_teardown),
		cmocka_unit_test_setup_teardown(
			each_changed_byte_is_mended_or_refused, audited_setup, audited_teardown),
		cmocka_unit_test_setup_teardown(what_is_inside_must_fit_together, audited_setup, audited_teardown),
		cmocka_unit_test(a_declared_size_takes_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
