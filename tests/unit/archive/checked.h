/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of check: one repository for all tests of a file. Each damages it, looks, and mends it again. */
#ifndef UNIT_ARCHIVE_CHECKED_H
#define UNIT_ARCHIVE_CHECKED_H

#include "backups.h"

static struct backups *b;

static UNUSED int group_setup(void **state)
{
	(void)state;
	b = backups_new();
	return 0;
}

static UNUSED int group_teardown(void **state)
{
	(void)state;
	backups_free(b);
	return 0;
}

static UNUSED const hz_check_options read_data = { .size = sizeof(read_data), .flags = HZ_CHECK_READ_DATA };

static UNUSED hz_check_result check_as(uint32_t role, uint32_t need, uint32_t flags, struct events *v)
{
	hz_check_options o = { .size = sizeof(o), .flags = flags };
	hz_check_result res = HZ_CHECK_RESULT_INIT;
	hz_job *job = backups_job(v);
	hz_reader *r = backups_reader(b, role, need);
	hz_error *err = NULL;

	assert_ok(hz_check(r, &o, job, &res, &err), &err);
	hz_reader_close(r);
	hz_job_free(job);
	return res;
}

static UNUSED hz_check_result check(uint32_t flags)
{
	struct events v;

	return check_as(HZ_ROLE_READER, HZ_NEED_READ, flags, &v);
}

static UNUSED uint8_t *take(const char *name, size_t *len)
{
	uint8_t *data = NULL;

	assert_ok(store_get_all(b->f.store, name, (size_t)1 << 30, &data, len, NULL), NULL);
	fixture_remove(b->f.store, name);
	return data;
}

static UNUSED void give_back(const char *name, uint8_t *data, size_t len)
{
	fixture_replace(b->f.store, name, data, len);
	free(data);
}

static UNUSED void assert_found(const hz_check_result *r, uint64_t damaged, uint64_t mendable)
{
	assert_int_equal(r->damaged, damaged);
	assert_int_equal(r->mendable, mendable);
}

#endif
