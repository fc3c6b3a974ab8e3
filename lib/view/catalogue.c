/* SPDX-License-Identifier: BSD-2-Clause */
/* See catalogue.h. The assembler brings the file in as it is. */
#include "view/catalogue.h"

#ifdef VIEW_CATALOGUE_JA
/* clang-format off */
__asm__(".section .rodata\n"
	".balign 8\n"
	"view_catalogue_begin:\n"
	".incbin \"" VIEW_CATALOGUE_JA "\"\n"
	"view_catalogue_end:\n"
	".byte 0\n"
	".previous\n");
/* clang-format on */
extern const uint8_t begin[] __asm__("view_catalogue_begin"), end[] __asm__("view_catalogue_end");

const uint8_t *catalogue_ja(size_t *len)
{
	*len = (size_t)(end - begin);
	return begin;
}
#else
const uint8_t *catalogue_ja(size_t *len)
{
	*len = 0;
	return NULL;
}
#endif
