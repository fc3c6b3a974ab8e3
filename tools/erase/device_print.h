/* SPDX-License-Identifier: BSD-2-Clause */
/* A device for people: a paragraph of lines that fit 80 columns. */
#ifndef ERASE_DEVICE_PRINT_H
#define ERASE_DEVICE_PRINT_H

#include <hozen.h>
#include <stdbool.h>

/* On stdout; escape as in text_put. */
void device_print(const hz_device_info *d, bool escape);

#endif
