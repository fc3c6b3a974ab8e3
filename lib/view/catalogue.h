/* SPDX-License-Identifier: BSD-2-Clause */
/* The Japanese messages of pages, as lib/CMakeLists.txt has them made from po/ja.po. */
#ifndef VIEW_CATALOGUE_H
#define VIEW_CATALOGUE_H

#include <stddef.h>
#include <stdint.h>

/* Static; NULL: this build has none, for msgfmt was missing. */
const uint8_t *catalogue_ja(size_t *len);

#endif
