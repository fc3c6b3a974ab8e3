/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OpenSSH signatures of files, Ed25519 only (OpenSSH's PROTOCOL.sshsig; docs/evidence): what ssh-keygen -Y sign writes
 * and -Y verify takes. A namespace keeps a signature for one purpose from being taken for another.
 */
#ifndef REPORT_SSHSIG_H
#define REPORT_SSHSIG_H

#include "base/buf.h"
#include "crypto/seal.h"

/* Longer is none of ours. */
#define SSHSIG_MAX 1024
/* "ssh-ed25519 AAAA...": with NUL. */
#define SSH_KEY_LINE_LEN 81
/* "SHA256:...": with NUL. */
#define SSH_FINGERPRINT_LEN 51

/* Appends the armored signature to out. */
int sshsig_make(
	struct buf *out, const struct secret *seed, const char *ns, const void *msg, size_t len, hz_error **err);
/* Verifies, and says whose signature it is; whether that key counts for anything is the caller's question. One spelling
 * only: an armor that sshsig_make would write otherwise is refused too. HZ_E_CORRUPT: bad, or of another kind. */
int sshsig_check(uint8_t pub[SIGN_PUB_LEN], const char *armor, size_t armor_len, const char *ns, const void *msg,
	size_t len, hz_error **err);

/* A public key as OpenSSH writes it, without comment. */
void ssh_key_line(char out[SSH_KEY_LINE_LEN], const uint8_t pub[SIGN_PUB_LEN]);
/* The base64 part of such a line. False: no Ed25519 key. */
bool ssh_key_parse(uint8_t pub[SIGN_PUB_LEN], const char *base64, size_t len);
/* As ssh-keygen -l prints it. */
void ssh_fingerprint(char out[SSH_FINGERPRINT_LEN], const uint8_t pub[SIGN_PUB_LEN]);

#endif
