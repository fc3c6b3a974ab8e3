/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of the library that are loaded when they are needed. */
#ifndef BASE_MODULE_H
#define BASE_MODULE_H

#include "base/error.h"

/* The symbol of libhozen-<name>.so, from the folder `hozen` beside the object that this code is in, and from nowhere
 * else: what an environment names is not loaded. It stays loaded. HZ_E_UNSUPPORTED: it is not there, or does not load;
 * the message says why. */
int module_symbol(const void **symbol, const char *name, const char *symbol_name, hz_error **err);

#endif
