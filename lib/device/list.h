/* SPDX-License-Identifier: BSD-2-Clause */
/* hz_devices_list with the system's folders somewhere else, for tests. */
#ifndef DEVICE_LIST_H
#define DEVICE_LIST_H

#include "hozen/device.h"

int devices_list(const char *base, const hz_device_options *opts, hz_device_fn fn, void *user, hz_error **err);

#endif
