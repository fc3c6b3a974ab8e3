/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef HOZEN_VERSION_H
#define HOZEN_VERSION_H

#include "hozen/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* "0.1.0" of the library that is linked at run time. Static. Since: 0.1 */
HZ_API const char *hz_version(void);

/* Call once, before threads start and before any secret is read: starts the cryptographic libraries, switches core
 * dumps off and makes the process undumpable. Every other call does the first part by itself. Since: 0.1 */
HZ_API int hz_harden_process(hz_error **err);

#ifdef __cplusplus
}
#endif
#endif
