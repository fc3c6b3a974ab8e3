/* SPDX-License-Identifier: BSD-2-Clause */
/* The container against tests/vectors/object, which make_object.py makes without any of this code. */
#include "archive/object.h"
#include "base/id.h"
#include "support/hzt.h"
#include <jansson.h>

#define FOLDER TEST_DIR "/vectors/object/"

static int code_of(const char *name)
{
	for (int code = 0; code >= HZ_E_INTERNAL; code--)
		if (strcmp(hz_error_name(code), name) == 0)
			return code;
	fail_msg("no code is called %s", name);
	return 0;
}

/* One line: hex digits, or XX*n. */
static void read_line(struct buf *b, const char *line)
{
	size_t digits = strspn(line, "0123456789abcdef");
	size_t repeat = line[digits] == '*' ? strtoul(line + digits + 1, NULL, 10) : 1;
	uint8_t bytes[64];

	assert_true(digits <= 2 * sizeof(bytes));
	assert_true(hex_decode(bytes, digits / 2, line, digits));
	assert_true(repeat > 0 && (repeat == 1 || digits == 2));
	for (size_t i = 0; i < repeat; i++)
		assert_int_equal(buf_append(b, bytes, digits / 2), 0);
}

static void read_vector(struct buf *b, const char *file)
{
	char path[512], line[256];
	FILE *f;

	snprintf(path, sizeof(path), FOLDER "%s", file);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (line[0] != '#')
			read_line(b, line);
	(void)fclose(f);
	assert_int_equal(buf_reserve(b, 1), 0);
}

static const char *text_of(const json_t *v, const char *key)
{
	const char *s = json_string_value(json_object_get(v, key));

	assert_non_null(s);
	return s;
}

static void assert_number(const json_t *v, const char *key, uint64_t is)
{
	assert_true(json_is_integer(json_object_get(v, key)));
	assert_int_equal(json_integer_value(json_object_get(v, key)), is);
}

static void assert_crc(const json_t *v, const char *key, const void *data, size_t len)
{
	assert_true(strtoull(text_of(v, key), NULL, 16) == crc64_xz(0, data, len));
}

static void check_good(const json_t *v, const struct object *o, const struct buf *data)
{
	struct uid_hex repo = uid_hex(&o->header.repo);
	size_t whole = (size_t)o->header.blocks * OBJECT_BLOCK;

	assert_number(v, "type", o->header.type);
	assert_number(v, "suite", o->header.suite);
	assert_number(v, "blocks", o->header.blocks);
	assert_number(v, "length", o->header.length);
	assert_string_equal(text_of(v, "repo"), repo.s);
	assert_string_equal(text_of(v, "name"), o->header.name);
	assert_crc(v, "stream_crc64", o->stream.data, o->stream.len);
	assert_int_equal(json_is_true(json_object_get(v, "repaired")), o->health.repaired);
	if (json_object_get(v, "bad_blocks"))
		assert_number(v, "bad_blocks", o->health.bad_blocks);
	else
		assert_true(o->health.bad_blocks > 0);
	/* Mended in place to the very bytes. */
	if (data->len == whole)
		assert_crc(v, "object_crc64", data->data, data->len);
}

/* What was read is written again, to the same bytes. */
static void check_encode(const json_t *v, const struct object *o)
{
	uint32_t n = o->header.blocks, d = object_data_blocks(n);
	AUTO_FREE uint8_t *parity = malloc((size_t)(n - d) * OBJECT_PAYLOAD), *sums = malloc((size_t)n * 8);
	AUTO_FREE struct iovec *iov = calloc((size_t)n * 2, sizeof(*iov));
	uint8_t header[OBJECT_HEADER];
	uint64_t crc = 0;

	object_header_encode(header, &o->header);
	assert_memory_equal(header, o->stream.data, OBJECT_HEADER);
	object_protect(o->header.name, n, o->stream.data, parity, sums);
	object_iov(iov, n, o->stream.data, parity, sums);
	for (size_t i = 0; i < (size_t)n * 2; i++)
		crc = crc64_xz(crc, iov[i].iov_base, iov[i].iov_len);
	assert_true(strtoull(text_of(v, "object_crc64"), NULL, 16) == crc);
}

static void check_vector(const json_t *v)
{
	AUTO_IN(buf_release) struct buf data = BUF_INIT;
	AUTO_IN(object_release) struct object o = OBJECT_INIT;
	AUTO(hz_error_free) hz_error *err = NULL;
	int expect = code_of(text_of(v, "expect")), rc;

	read_vector(&data, text_of(v, "file"));
	rc = object_decode(&o, text_of(v, "name"), data.data, data.len, &err);
	if (rc != expect)
		fail_msg("%s (%s): %s, %s", text_of(v, "file"), text_of(v, "what"), hz_error_name(rc),
			hz_error_message(err));
	if (rc < 0)
		return;
	check_good(v, &o, &data);
	check_encode(v, &o);
}

static void vectors_give_what_they_say(void **state)
{
	json_error_t why;
	json_t *all = json_load_file(FOLDER "index.json", 0, &why), *v;
	size_t i;

	(void)state;
	assert_non_null(all);
	assert_true(json_array_size(all) > 50);
	json_array_foreach(all, i, v) check_vector(v);
	json_decref(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_give_what_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
