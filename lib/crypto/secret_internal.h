/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files of this layer only: what lies beneath a secret, for structs that hold keys. */
#ifndef CRYPTO_SECRET_INTERNAL_H
#define CRYPTO_SECRET_INTERNAL_H

#include <stddef.h>

/* len bytes, zeroed, that end at a guard page, so they are aligned as far as len is. NULL: memory is out. */
void *guarded_new(size_t len);
/* Wipes and frees; len as it was asked for; NULL is fine. */
void guarded_free(void *p, size_t len);

#endif
