/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Methods: one struct each, one file each, one table (method.c). A method knows how to ask a device for one technique
 * and how to learn what came of it. It does not know levels, profiles or verification: profile.c says which level a
 * method reaches on which medium, and the level that a certificate names is computed from outcomes (level.c).
 */
#ifndef SANITIZE_METHOD_H
#define SANITIZE_METHOD_H

#include "device/link.h"
#include "hozen/json.h"
#include "sanitize/outcome.h"

struct overwrite;

/* What the operator asks of a method; zero is the default. */
struct method_options {
	/* Sanitize without "allow unrestricted exit": a drive on which it fails stays in its failure mode until a
	 * sanitize succeeds. */
	bool strict;
};

/* What a method may use while it runs. */
struct method_run {
	struct link *link;
	struct outcome *outcome; /* filled at every step: it is what is known when the process dies or fails */
	/* Makes what it says durable in the journal before the command that it announces is sent ("password set",
	 * "sanitize started"); HZ_E_IO: do not send it. */
	int (*note)(void *user, const char *state, const hz_json *detail, hz_error **err);
	/* For adopt and recover: the last state that note made durable for this step before the crash (NOTE_*), NULL:
	 * none, nothing was announced. */
	const char *noted;
	/* done of total units, 0 total: not known; non-zero: asked to stop (a firmware step that cannot be stopped goes
	 * on, see outcome->goes_on). */
	int (*progress)(void *user, uint64_t done, uint64_t total);
	/* Sleeps; a test's clock does not. */
	void (*sleep_ms)(void *user, uint32_t ms);
	void *user;
	const struct method_options *options;
	struct overwrite *overwrite; /* of methods that overwrite: overwrite.h */
};

/* States of firmware methods in the journal. Each is durable before the command that it announces is sent. */
#define NOTE_PASSWORD      "password"      /* SECURITY SET PASSWORD comes; detail: password, hex */
#define NOTE_SENDING       "sending"       /* the command that erases comes; detail: command */
#define NOTE_ACCEPTED      "accepted"      /* the device took it: what it says from now on is about ours */
#define NOTE_PASSWORD_GONE "password-gone" /* no password is set any more */

struct method {
	const char *id;    /* of journal, record and profile: "ata-block-erase" */
	const char *title; /* for people: "ATA SANITIZE: BLOCK ERASE EXT" */
	uint64_t needs;    /* HZ_CAN_*, all of them */
	bool firmware;     /* done by the device: cannot be stopped, may go on after a power cut */
	bool hint;         /* discard, write zeroes: evidence of nothing by itself */
	/* Does it; the result is in outcome, an error only says why nothing more is known. */
	int (*run)(struct method_run *m, hz_error **err);
	/* Looks whether it still runs, or how the last one ended, after a crash; NULL: starts anew. */
	int (*adopt)(struct method_run *m, hz_error **err);
	/* Undoes what a crash between two commands left (ATA password); NULL: nothing can be left. */
	int (*recover)(struct method_run *m, hz_error **err);
};

/* The table, in no order of preference; ends with NULL. */
const struct method *const *methods(void);
const struct method *method_find(const char *id);

/* method_<what>.c has each; overwrite.h names those that the engine does. */
extern const struct method method_ata_crypto_scramble, method_ata_block_erase, method_ata_overwrite;
extern const struct method method_ata_security_erase, method_ata_security_erase_enhanced;
extern const struct method method_scsi_crypto_erase, method_scsi_block_erase, method_scsi_overwrite;
extern const struct method method_nvme_crypto_erase, method_nvme_block_erase, method_nvme_overwrite;
extern const struct method method_nvme_format, method_nvme_format_crypto;

#endif
