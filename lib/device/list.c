/* SPDX-License-Identifier: BSD-2-Clause */
/* The public calls: a survey of all, or of one. */
#include "device/list.h"
#include "device/survey.h"
#include "base/options.h"

int devices_list(const char *base, const hz_device_options *opts, hz_device_fn fn, void *user, hz_error **err)
{
	struct survey s AUTO_SURVEY = SURVEY_INIT;
	hz_device_options o = HZ_DEVICE_OPTIONS_INIT;
	int rc = opts ? options_copy(&o, sizeof(o), opts, "device options", err) : 0;

	if (rc == 0)
		rc = survey_open(&s, base, err);
	if (rc < 0)
		return rc;
	survey_want_all(&s, (o.flags & HZ_DEVICE_ALL) != 0);
	rc = survey_run(&s, err);
	for (size_t i = 0; rc == 0 && i < s.blocks.n; i++)
		if (s.wanted[i])
			rc = fn(user, &s.info[i]);
	return rc;
}

int hz_devices_list(const hz_device_options *opts, hz_device_fn fn, void *user, hz_error **err)
{
	return devices_list(NULL, opts, fn, user, err);
}

/* Is all that stands in the way what may be over in a moment? */
static bool is_passing(const void *unused, const hz_device_info *info)
{
	(void)unused;
	for (uint32_t i = 0; i < info->obstacles; i++) {
		if (i >= HZ_DEVICE_OBSTACLES || !survey_may_pass(&info->obstacle[i]))
			return false;
	}
	return info->obstacles > 0;
}

int hz_device_look(const char *path, hz_device_info *info, hz_error **err)
{
	struct survey s AUTO_SURVEY = SURVEY_INIT;
	uint32_t room = info->size;
	size_t i = 0;
	int rc = survey_patiently(&s, path, &i, is_passing, NULL, err);

	if (rc < 0)
		return rc;
	info->size = room ? room : (uint32_t)sizeof(*info);
	result_give(info, &s.info[i], sizeof(s.info[i]));
	return 0;
}
