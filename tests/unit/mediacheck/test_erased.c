/* SPDX-License-Identifier: BSD-2-Clause */
/* What a record says of a medium is read as it is meant, and nothing else is. */
#include "support/hzt.h"
#include "support/sanitizerecord.h"
#include "mediacheck/erased.h"

#define KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define DEVICE                                                                                                 \
	"\"device\":{\"serial\":\"S1\",\"wwn\":null,\"model\":\"M\",\"bytes\":1048576,\"logical_sector\":512," \
	"\"physical_sector\":4096}"
#define STREAM "{\"kind\":\"stream\",\"cipher\":\"aes-256-ctr\",\"key\":\"" KEY "\",\"pattern\":null}"
#define ZEROS  "{\"kind\":\"bytes\",\"cipher\":null,\"key\":null,\"pattern\":\"00\"}"
#define STEP(method, touched, verification, bad)                                    \
	"{\"method\":\"" method "\",\"state\":\"completed\",\"touched\":\"" touched \
	"\",\"verification\":" verification ",\"bad\":" bad "}"
#define FULL(fill, seed) \
	"{\"kind\":\"full\",\"seed\":" seed ",\"fill\":" fill ",\"sectors\":1,\"mismatched\":0,\"unreadable\":0}"
#define RESULT(device, steps) \
	"{\"type\":\"sanitize_summary\"," device ",\"level\":\"clear\",\"certificate\":true,\"steps\":[" steps "]}"

static int read_it(struct erased *e, const char *kind, const char *result, hz_error **err)
{
	AUTO_FREE char *text = NULL;
	size_t len;

	text = sanitize_record(kind, result, &len);
	return erased_read(e, text, len, err);
}

static void the_last_step_that_touched_it_counts(void **state)
{
	AUTO_IN(erased_release) struct erased e = { 0 };
	hz_error *err = NULL;

	(void)state;
	assert_ok(read_it(&e, "sanitize",
			  RESULT(DEVICE,
				  STEP("overwrite-stream", "all", FULL(STREAM, "\"" KEY "\""),
					  "[[5,3],[9,1]]") "," STEP("overwrite-zeros", "all", FULL(ZEROS, "null"),
					  "[]") "," STEP("discard", "no", "null", "[]")),
			  &err),
		&err);
	assert_string_equal(e.method, "overwrite-zeros");
	assert_true(e.has_content);
	assert_int_equal(e.content.kind, EXPECT_BYTES);
	assert_int_equal(e.content.pattern_len, 1);
	assert_false(e.has_seed);
	assert_int_equal(e.n_bad, 0);
	assert_string_equal(e.serial, "S1");
	assert_string_equal(e.wwn, "");
	assert_int_equal(e.physical, 4096);
	assert_string_equal(e.level, "clear");
}

static void stream_seed_and_bad_sectors_are_read(void **state)
{
	AUTO_IN(erased_release) struct erased e = { 0 };
	hz_error *err = NULL;

	(void)state;
	assert_ok(read_it(&e, "sanitize",
			  RESULT(DEVICE,
				  STEP("overwrite-stream", "partly", FULL(STREAM, "\"" KEY "\""), "[[5,3],[9,1]]")),
			  &err),
		&err);
	assert_int_equal(e.content.kind, EXPECT_AES);
	assert_int_equal(e.content.key[31], 0x1f);
	assert_true(e.has_seed);
	assert_int_equal(e.seed[1], 1);
	assert_int_equal(e.n_bad, 2);
	for (uint64_t lba = 0; lba < 12; lba++)
		assert_int_equal(erased_is_bad(&e, lba), (lba >= 5 && lba < 8) || lba == 9);
}

/* After a crypto erase nobody knows what stands there, whatever an earlier step wrote. */
static void an_erasure_without_known_content_has_none(void **state)
{
	AUTO_IN(erased_release) struct erased e = { 0 };
	hz_error *err = NULL;

	(void)state;
	assert_ok(read_it(&e, "sanitize",
			  RESULT(DEVICE,
				  STEP("overwrite-stream", "all", FULL(STREAM, "null"), "[]") "," STEP(
					  "nvme-crypto-erase", "all",
					  "{\"kind\":\"change\",\"seed\":\"" KEY "\",\"fill\":null}", "[]")),
			  &err),
		&err);
	assert_false(e.has_content);
	assert_string_equal(e.verified, "change");
}

static void what_is_not_what_it_should_be_is_refused(void **state)
{
	static const char *const wrong[] = {
		NULL,
		"{\"type\":\"summary\"}",
		"{\"type\":\"sanitize_summary\",\"level\":\"clear\",\"steps\":[]}",
		RESULT("\"device\":{\"serial\":\"S\",\"bytes\":1048576,\"logical_sector\":500,\"physical_sector\":512}",
			""),
		RESULT("\"device\":{\"serial\":\"S\",\"bytes\":-1,\"logical_sector\":512,\"physical_sector\":512}", ""),
		RESULT("\"device\":{\"serial\":7,\"bytes\":1048576,\"logical_sector\":512,\"physical_sector\":512}",
			""),
		RESULT("\"device\":{\"serial\":\"S\",\"bytes\":1000,\"logical_sector\":512,\"physical_sector\":512}",
			""),
		RESULT(DEVICE, "7"),
		RESULT(DEVICE, STEP("", "all", "null", "[]")),
		RESULT(DEVICE,
			STEP("m", "all", FULL("{\"kind\":\"stream\",\"cipher\":\"rot13\",\"key\":\"" KEY "\"}", "null"),
				"[]")),
		RESULT(DEVICE,
			STEP("m", "all", FULL("{\"kind\":\"stream\",\"cipher\":\"chacha20\",\"key\":\"00\"}", "null"),
				"[]")),
		RESULT(DEVICE, STEP("m", "all", FULL("{\"kind\":\"bytes\",\"pattern\":\"\"}", "null"), "[]")),
		RESULT(DEVICE, STEP("m", "all", FULL("{\"kind\":\"bytes\",\"pattern\":\"0g\"}", "null"), "[]")),
		RESULT(DEVICE, STEP("m", "all", FULL("{\"kind\":\"bytes\",\"pattern\":\"" KEY "\"}", "null"), "[]")),
		RESULT(DEVICE, STEP("m", "all", FULL(ZEROS, "\"00\""), "[]")),
		RESULT(DEVICE, STEP("m", "all", "7", "[]")),
		RESULT(DEVICE, STEP("m", "all", "null", "7")),
		RESULT(DEVICE, STEP("m", "all", "null", "[[1]]")),
		RESULT(DEVICE, STEP("m", "all", "null", "[[1,0]]")),
		RESULT(DEVICE, STEP("m", "all", "null", "[[5,2],[6,1]]")),
		RESULT(DEVICE, STEP("m", "all", "null", "[[2047,2]]")),
		RESULT(DEVICE, STEP("m", "all", "null", "[[-1,2]]")),
	};
	struct erased e = { 0 };
	hz_error *err = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_fails(read_it(&e, "sanitize", wrong[i], &err), HZ_E_CORRUPT, &err);
	assert_fails(read_it(&e, "backup", RESULT(DEVICE, ""), &err), HZ_E_INVAL, &err);
	assert_fails(erased_read(&e, "{}", 2, &err), HZ_E_CORRUPT, &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_step_that_touched_it_counts),
		cmocka_unit_test(stream_seed_and_bad_sectors_are_read),
		cmocka_unit_test(an_erasure_without_known_content_has_none),
		cmocka_unit_test(what_is_not_what_it_should_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
