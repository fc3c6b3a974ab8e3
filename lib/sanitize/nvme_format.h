/* SPDX-License-Identifier: BSD-2-Clause */
/* Format NVM with secure erase (NVM Express Base 2.0, 5.14): what its two methods share. */
#ifndef SANITIZE_NVME_FORMAT_H
#define SANITIZE_NVME_FORMAT_H

#include "sanitize/method.h"

enum { NVME_SES_USER_DATA = 1, NVME_SES_CRYPTO = 2 };
int nvme_format_run(struct method_run *m, unsigned ses, hz_error **err);
int nvme_format_adopt(struct method_run *m, hz_error **err);

#endif
