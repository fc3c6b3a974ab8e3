/* SPDX-License-Identifier: BSD-2-Clause */
/* What did not change is noticed, what is blank proves nothing, what looks like a file system is counted. test-label:
 * tsan
 */
#include "unit/sanitize/medium.h"
#include "sanitize/structure.h"
#include <errno.h>

static const uint8_t seed[SAMPLE_SEED_LEN] = { 3 };

static void write_file(struct medium *m, void (*change)(uint8_t *data, size_t len))
{
	AUTO_FREE uint8_t *data = NULL;
	size_t len;

	data = hzt_get(m->path, &len);
	change(data, len);
	hzt_put(m->path, data, len);
}

static void random_text(uint8_t *data, size_t len)
{
	static struct hzt_random r = { 5 };

	hzt_random_fill(&r, data, len);
}

static void zeros(uint8_t *data, size_t len)
{
	memset(data, 0, len);
}

static void all_but_the_first_sector(uint8_t *data, size_t len)
{
	random_text(data + 4096, len - 4096);
}

static void blank_at_the_end(uint8_t *data, size_t len)
{
	random_text(data, len);
	memset(data + len / 2, 0, len - len / 2);
}

static void nothing(uint8_t *data, size_t len)
{
	(void)data;
	(void)len;
}

static void with_gpt(uint8_t *data, size_t len)
{
	random_text(data, len);
	memcpy(data, "EFI PART", 8);
}

static struct changed compare(void (*before)(uint8_t *, size_t), void (*after)(uint8_t *, size_t), size_t *n)
{
	AUTO_IN(samples_release) struct samples s = { 0 };
	AUTO(change_free) struct change *c = NULL;
	struct changed k = { 0 };
	struct medium m;
	hz_error *err = NULL;

	medium_open(&m, 16 * MIB, 512, WAY_LANES);
	assert_ok(samples_make(&s, seed, m.bytes / 512, 512, 512, &err), &err);
	*n = s.n;
	write_file(&m, before);
	assert_ok(change_before(&c, m.link, &s, &m.eo, &err), &err);
	write_file(&m, after);
	assert_ok(change_after(c, m.link, &m.eo, &k, &err), &err);
	medium_close(&m);
	return k;
}

static void a_device_that_erased_shows_it(void **state)
{
	struct changed k;
	size_t n;

	(void)state;
	k = compare(random_text, zeros, &n);
	assert_int_equal(k.samples, n);
	assert_int_equal(k.compared, n);
	assert_int_equal(k.changed, n);
	assert_true(k.sectors >= n && k.sectors < 16 * MIB / 512);
	assert_true(changed_passes(&k));
	assert_int_equal(k.same, 0);
	assert_int_equal(k.blank_before, 0);
	assert_int_equal(k.known_structure, 0);
	k = compare(random_text, random_text, &n);
	assert_int_equal(k.compared, n);
	assert_int_equal(k.same, 0);
}

static void a_device_that_did_nothing_is_caught(void **state)
{
	struct changed k;
	size_t n;

	(void)state;
	k = compare(random_text, nothing, &n);
	assert_int_equal(k.same, n);
	assert_int_equal(k.changed, 0);
	assert_false(changed_passes(&k));
	k = compare(random_text, all_but_the_first_sector, &n);
	assert_true(k.same >= 1 && k.same < 10);
	assert_int_equal(k.changed, n - k.same);
	assert_false(changed_passes(&k));
}

/* Half of the places could show no change: that the other half did says nothing of them. */
static void some_samples_are_not_enough(void **state)
{
	struct changed k;
	size_t n;

	(void)state;
	k = compare(blank_at_the_end, random_text, &n);
	assert_true(k.compared > 0 && k.compared < n);
	assert_int_equal(k.changed, k.compared);
	assert_int_equal(k.compared + k.blank_before, n);
	assert_int_equal(k.same, 0);
	assert_false(changed_passes(&k));
}

static void a_blank_medium_proves_nothing(void **state)
{
	struct changed k;
	size_t n;

	(void)state;
	k = compare(zeros, zeros, &n);
	assert_int_equal(k.compared, 0);
	assert_int_equal(k.sectors, 0);
	assert_int_equal(k.same, 0);
	assert_int_equal(k.blank_before, n);
	assert_false(changed_passes(&k));
}

static void what_looks_like_a_table_is_counted(void **state)
{
	struct changed k;
	size_t n;

	(void)state;
	k = compare(random_text, with_gpt, &n);
	assert_int_equal(k.known_structure, 1);
	assert_int_equal(k.same, 0);
}

static void what_cannot_be_read_is_counted_apart(void **state)
{
	AUTO_IN(samples_release) struct samples s = { 0 };
	AUTO(change_free) struct change *c = NULL;
	struct changed k = { 0 };
	struct medium m;
	hz_error *err = NULL;

	(void)state;
	medium_open(&m, 16 * MIB, 512, WAY_URING);
	assert_ok(samples_make(&s, seed, m.bytes / 512, 512, 512, &err), &err);
	write_file(&m, random_text);
	filelink_fault(m.file, FAULT_READ, 0, 512, EIO, 0);
	assert_ok(change_before(&c, m.link, &s, &m.eo, &err), &err);
	m.file->n_faults = 0;
	filelink_fault(m.file, FAULT_READ, m.bytes - 512, 512, EIO, 0);
	write_file(&m, random_text);
	assert_ok(change_after(c, m.link, &m.eo, &k, &err), &err);
	assert_int_equal(k.unreadable_before, 1);
	assert_int_equal(k.unreadable_after, 1);
	assert_int_equal(k.compared, s.n - 2);
	assert_false(changed_passes(&k));
	medium_close(&m);
	/* One that could not be read before is enough not to know. */
	change_free(TAKE(c));
	medium_open(&m, 16 * MIB, 512, WAY_URING);
	write_file(&m, random_text);
	filelink_fault(m.file, FAULT_READ, 0, 512, EIO, 0);
	assert_ok(change_before(&c, m.link, &s, &m.eo, &err), &err);
	m.file->n_faults = 0;
	write_file(&m, random_text);
	assert_ok(change_after(c, m.link, &m.eo, &k, &err), &err);
	assert_int_equal(k.unreadable_before, 1);
	assert_int_equal(k.changed, s.n - 1);
	assert_false(changed_passes(&k));
	medium_close(&m);
}

static void structures_are_known_and_random_bytes_are_none(void **state)
{
	AUTO_FREE uint8_t *data = calloc(1, MIB);
	struct hzt_random r = { 77 };

	(void)state;
	assert_non_null(data);
	assert_null(structure_find(data, MIB, 0));
	for (unsigned i = 0; i < 16; i++) {
		hzt_random_fill(&r, data, MIB);
		assert_null(structure_find(data, MIB, 4096));
	}
	memcpy(data + 512 + 3, "NTFS    ", 8);
	assert_string_equal(structure_find(data, MIB, 4096), "NTFS");
	memset(data, 0, MIB);
	memcpy(data + 1024, "XFSB\0\0\x10\0", 8);
	assert_string_equal(structure_find(data, MIB, 4096), "XFS");
	memset(data, 0, MIB);
	data[1024 + 56] = 0x53, data[1024 + 57] = 0xEF;
	assert_string_equal(structure_find(data, MIB, 4096), "ext");
	memset(data, 0, MIB);
	memcpy(data + 4086, "SWAPSPACE2", 10);
	assert_string_equal(structure_find(data, MIB, 4096), "swap");
	memset(data, 0, MIB);
	data[510] = 0x55, data[511] = 0xAA, data[450] = 0x83;
	assert_string_equal(structure_find(data, MIB, 0), "MBR");
	assert_null(structure_find(data, MIB, 4096));
	memcpy(data + 8192 + 64, "_BHRfS_M", 8);
	assert_string_equal(structure_find(data, MIB, 4096), "btrfs");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_that_erased_shows_it),
		cmocka_unit_test(a_device_that_did_nothing_is_caught),
		cmocka_unit_test(a_blank_medium_proves_nothing),
		cmocka_unit_test(some_samples_are_not_enough),
		cmocka_unit_test(what_looks_like_a_table_is_counted),
		cmocka_unit_test(what_cannot_be_read_is_counted_apart),
		cmocka_unit_test(structures_are_known_and_random_bytes_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
