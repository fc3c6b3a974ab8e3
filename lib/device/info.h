/* SPDX-License-Identifier: BSD-2-Clause */
/* Filling hz_device_info. */
#ifndef DEVICE_INFO_H
#define DEVICE_INFO_H

#include "base/error.h"
#include "hozen/device.h"
#include <stdbool.h>

/* Nothing is known yet. */
void info_init(hz_device_info *info);
/* One more obstacle; the same gate with the same text counts once. What does not fit is counted and not kept. */
void info_obstacle(hz_device_info *info, uint32_t gate, bool override, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
bool info_has(const hz_device_info *info, uint32_t gate);
/* Something that was not found out, appended to not_known. */
void info_not_known(hz_device_info *info, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The gate of this name; 0: none has it. */
uint32_t gate_of(const char *name);

#endif
