/* SPDX-License-Identifier: BSD-2-Clause */
/* A medium is held against its record: what differs is told, what the record names is not, another medium is not read.
 */
#include "support/hzt.h"
#include "support/filelink.h"
#include "mediacheck/compare.h"
#include <errno.h>

#define BYTES ((uint64_t)16 << 20)

struct scene {
	char *dir, *path;
	struct filelink *file;
	struct erased e;
	struct spot bad[1];
	hz_media_options opts;
	hz_media_result res;
	hz_media_finding found[64];
	char message[200];
	unsigned n_found;
};

static void found(void *user, const hz_media_finding *f)
{
	struct scene *s = user;

	assert_true(s->n_found < ARRAY_LEN(s->found));
	s->found[s->n_found++] = *f;
	(void)snprintf(s->message, sizeof(s->message), "%s", f->message);
}

static struct scene *scene_open(void)
{
	AUTO(expected_free) struct expected *x = NULL;
	AUTO_FREE uint8_t *data = malloc(BYTES);
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	assert_non_null(data);
	s->opts = (hz_media_options)HZ_MEDIA_OPTIONS_INIT;
	s->e = (struct erased){ .serial = "FILE0001",
		.bytes = BYTES,
		.logical = 512,
		.physical = 512,
		.has_content = true,
		.has_seed = true,
		.seed = { 1, 2 },
		.content = { .kind = EXPECT_AES, .key = { 5 } } };
	assert_int_equal(expected_new(&x, &s->e.content, NULL), 0);
	assert_int_equal(expected_at(x, data, BYTES, 0), 0);
	s->dir = hzt_tmpdir();
	s->path = hzt_path(s->dir, "medium");
	hzt_put(s->path, data, BYTES);
	s->file = filelink_open(s->path, BYTES, 512, 512, false);
	return s;
}

static void scene_close(struct scene *s)
{
	filelink_close(s->file);
	hzt_tmpdir_remove(s->dir);
	free(s->path);
	free(s);
}

static void compare(struct scene *s, const uint8_t *seed)
{
	static const uint8_t other[32] = { 9 };
	struct comparison c = {
		.link = &s->file->link, .erased = &s->e, .opts = &s->opts, .fn = found, .user = s, .res = &s->res
	};
	hz_error *err = NULL;

	s->res = (hz_media_result)HZ_MEDIA_RESULT_INIT;
	s->n_found = 0;
	assert_ok(comparison_run(&c, seed ? seed : other, &err), &err);
	assert_int_equal(s->res.findings, s->n_found);
}

static void spoil(struct scene *s, uint64_t at)
{
	AUTO_FREE uint8_t *data = NULL;
	size_t len;

	data = hzt_get(s->path, &len);
	data[at] ^= 1;
	hzt_put(s->path, data, len);
}

static void a_medium_as_its_record_says_has_no_findings(void **state)
{
	struct scene *s = scene_open();

	(void)state;
	compare(s, NULL);
	assert_int_equal(s->res.findings, 0);
	assert_true(s->res.same_medium && s->res.comparable && s->res.named);
	assert_true(s->res.replayed * 10 >= BYTES / 512);
	assert_true(s->res.drawn * 10 >= BYTES / 512);
	assert_int_equal(strlen(s->res.seed), 64);
	s->opts.flags = HZ_MEDIA_FULL;
	compare(s, NULL);
	assert_int_equal(s->res.findings, 0);
	assert_int_equal(s->res.drawn, BYTES / 512);
	assert_true(s->res.full);
	scene_close(s);
}

static void what_differs_is_told_exactly(void **state)
{
	struct scene *s = scene_open();

	(void)state;
	spoil(s, 0);
	spoil(s, 512 * 1000);
	spoil(s, 512 * 1001);
	spoil(s, BYTES - 1);
	compare(s, NULL);
	/* Both ends are among the places, whatever the seeds. */
	assert_true(s->res.mismatched >= 2);
	assert_int_equal(s->found[0].kind, HZ_MEDIA_CONTENT);
	assert_int_equal(s->found[0].lba, 0);
	s->opts.flags = HZ_MEDIA_FULL;
	compare(s, NULL);
	assert_int_equal(s->res.mismatched, 4);
	assert_int_equal(s->res.findings, 3);
	assert_int_equal(s->found[1].lba, 1000);
	assert_int_equal(s->found[1].count, 2);
	assert_int_equal(s->found[2].lba, BYTES / 512 - 1);
	scene_close(s);
}

static void what_the_record_names_is_excepted(void **state)
{
	struct scene *s = scene_open();

	(void)state;
	s->bad[0] = (struct spot){ 1000, 1002 };
	s->e.bad = s->bad, s->e.n_bad = 1;
	spoil(s, 512 * 1000);
	filelink_fault(s->file, FAULT_READ, 512 * 1001, 512, EIO, 0);
	s->opts.flags = HZ_MEDIA_FULL;
	compare(s, NULL);
	assert_int_equal(s->res.findings, 0);
	assert_int_equal(s->res.excepted, 2);
	s->e.n_bad = 0;
	compare(s, NULL);
	assert_int_equal(s->res.mismatched, 1);
	assert_int_equal(s->res.unreadable, 1);
	assert_int_equal(s->found[1].kind, HZ_MEDIA_UNREADABLE);
	assert_int_equal(s->found[1].lba, 1001);
	scene_close(s);
}

static void another_medium_is_not_read(void **state)
{
	struct scene *s = scene_open();

	(void)state;
	(void)snprintf(s->e.serial, sizeof(s->e.serial), "OTHER");
	s->e.bytes *= 2;
	compare(s, NULL);
	assert_int_equal(s->res.findings, 2);
	assert_int_equal(s->found[0].kind, HZ_MEDIA_IDENTITY);
	assert_non_null(strstr(s->message, "33554432"));
	assert_false(s->res.same_medium);
	assert_int_equal(s->file->reads, 0);
	scene_close(s);
}

static void without_known_content_nothing_is_read(void **state)
{
	struct scene *s = scene_open();

	(void)state;
	s->e.has_content = false;
	compare(s, NULL);
	assert_false(s->res.comparable);
	assert_int_equal(s->file->reads, 0);
	scene_close(s);
}

static void a_device_that_goes_away_is_an_error(void **state)
{
	struct scene *s = scene_open();
	static const uint8_t seed[32];
	struct comparison c = { .link = &s->file->link, .erased = &s->e, .opts = &s->opts, .res = &s->res };
	hz_error *err = NULL;

	(void)state;
	filelink_fault(s->file, FAULT_VANISH, 0, 0, 0, 3);
	assert_fails(comparison_run(&c, seed, &err), HZ_E_NOTFOUND, &err);
	scene_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_medium_as_its_record_says_has_no_findings),
		cmocka_unit_test(what_differs_is_told_exactly),
		cmocka_unit_test(what_the_record_names_is_excepted),
		cmocka_unit_test(another_medium_is_not_read),
		cmocka_unit_test(without_known_content_nothing_is_read),
		cmocka_unit_test(a_device_that_goes_away_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
