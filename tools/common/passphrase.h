/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a passphrase comes from, in this order: --passphrase-fd N, HOZEN_PASSPHRASE_FILE, HOZEN_PASSPHRASE_COMMAND, a
 * prompt on the terminal. Never argv. One trailing newline is dropped; an empty passphrase is refused. A passphrase
 * that was had once is kept in locked memory until passphrase_wipe: a descriptor can be read only once.
 */
#ifndef COMMON_PASSPHRASE_H
#define COMMON_PASSPHRASE_H

#include <hozen/repo.h>
#include <stdbool.h>

struct passphrase {
	int fd;           /* -1: none given */
	const char *file; /* NULL: none */
	const char *command;
	char message[512]; /* why there was none; empty: no failure. The library's error object is the library's to
			      make. */
	char hint[256];
};

/* From the environment; fd stays -1. */
void passphrase_init(struct passphrase *p);
/* True: it can be had without asking a person. */
bool passphrase_is_given(const struct passphrase *p);
/* An hz_passphrase_fn; user is the struct passphrase. HZ_E_AUTH, HZ_E_IO, or HZ_E_CANCELED after a signal. */
int passphrase_get(void *user, int confirm, char *out, size_t cap, size_t *len, hz_error **err);
/* Forgets the kept passphrase. */
void passphrase_wipe(void);

#endif
