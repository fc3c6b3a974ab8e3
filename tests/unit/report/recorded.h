/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of evidence folders: commands that leave a record in one. */
#ifndef UNIT_REPORT_RECORDED_H
#define UNIT_REPORT_RECORDED_H

#include "support/hzt.h"
#include "support/faultvfs.h"
#include "hozen/evidence.h"
#include <stdlib.h>

/* A new state folder, and the place of the evidence in it. */
static __attribute__((unused)) void recorded_begin_place(char **path, char **folder)
{
	*path = hzt_tmpdir();
	*folder = hzt_path(*path, "evidence");
}

static __attribute__((unused)) void recorded_end_place(char *path, char *folder)
{
	(void)fault_stop();
	hzt_tmpdir_remove(path);
	free(folder);
}

static __attribute__((unused)) int recorded_begin(
	const char *folder, const char *state_dir, hz_record **rec, hz_error **err)
{
	hz_record_options o = HZ_RECORD_OPTIONS_INIT;

	o.folder = folder;
	o.state_dir = state_dir;
	o.tool = "hozen-test";
	o.command = "try";
	o.kind = "check";
	o.controls = "8.13 8.15";
	return hz_record_begin(rec, &o, err);
}

static __attribute__((unused)) void recorded(const char *folder, const char *state_dir, int exit_code)
{
	hz_error *err = NULL;
	hz_record *rec = NULL;

	assert_ok(recorded_begin(folder, state_dir, &rec, &err), &err);
	assert_ok(hz_record_end(rec, exit_code, NULL, &err), &err);
}

#endif
