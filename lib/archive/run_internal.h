/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by run_build.c (making a run) and run.c (reading one). */
#ifndef ARCHIVE_RUN_INTERNAL_H
#define ARCHIVE_RUN_INTERNAL_H

#include "archive/run.h"

enum { R_RUN = 0x0001, R_SUPERSEDES = 0x0002, R_PAGES = 0x4002 };
#define RUN_AD_LEN (2 + 3 * UID_LEN)

void run_ad(uint8_t ad[RUN_AD_LEN], unsigned suite, const struct uid *repo, const struct uid *signer,
	const struct uid *run);
void run_page_nonce(uint8_t nonce[NONCE_LEN], uint32_t page);
int run_aead(struct aead **a, unsigned suite, const struct secret *index_key, const struct uid *run, hz_error **err);
uint32_t run_pages_for(size_t n, size_t each);

#endif
