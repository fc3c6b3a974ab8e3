/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices behind the command table (device/link.h) with blocks in memory, for tests of everything above it. Two ways:
 *
 * Behaviour: a model of an ATA disk or SSD, a SCSI disk or SSD, or an NVMe SSD of two namespaces, that does what its
 * standard says, but for the faults that are switched on. Firmware erases work in ticks: a test's sleep_ms is
 * fake_tick() and each moves an erase on by a tenth. What really became of the data is fake_erased().
 *
 * Script: fake_script() gives the commands that must come, in this order, and what is answered. A wrong one, one too
 * many, or one that did not come (fake_script_end) fails the test.
 *
 * For tests of a whole run: FAKE_OTHER_SERIAL (look() tells another serial once an erase was begun: the certificate
 * must not come), FAKE_ZEROS (reads give zeros whatever is there, before any erase: a verification by change has
 * nothing to compare and must not pass), FAKE_LIES (the erase says that it ended well, and changed nothing),
 * FAKE_DROPS_WRITES (write and flush say yes, and nothing is kept), FAKE_GROWS (more sectors after the erase than
 * before), FAKE_DCO_GARBAGE. Faults are only a word: change fake->faults between two steps as you like.
 */
#ifndef SUPPORT_FAKEDEVICE_H
#define SUPPORT_FAKEDEVICE_H

#include "device/link.h"
#include "sanitize/method.h"

enum fake_kind { FAKE_ATA_DISK, FAKE_ATA_SSD, FAKE_SCSI_DISK, FAKE_SCSI_SSD, FAKE_NVME };

#define FAKE_FAILS_AT_40    (1u << 0)  /* the erase fails in mid-way, and says so */
#define FAKE_DEALLOCATED    (1u << 1)  /* NVMe: ends with SSTAT 4 */
#define FAKE_LOG_UNREADABLE (1u << 2)  /* its status, sense or log is never given */
#define FAKE_LOG_LOST       (1u << 3)  /* the same, from 40 % on */
#define FAKE_RESETS         (1u << 4)  /* at 40 % a reset; it goes on by itself, as the standards want it */
#define FAKE_RESET_FORGETS  (1u << 5)  /* at 40 % a reset, and the erase is forgotten */
#define FAKE_POWER_LOSS     (1u << 6)  /* at 40 % it is gone, until fake_reattach() */
#define FAKE_WRITTEN_AFTER  (1u << 7)  /* NVMe: something was written after the sanitize: GDE is 0 */
#define FAKE_FROZEN         (1u << 8)  /* ATA: security and sanitize */
#define FAKE_LOCKED         (1u << 9)  /* ATA: by somebody's password */
#define FAKE_KEEPS_PASSWORD (1u << 10) /* ATA: the erase ends well, the password stays */
#define FAKE_DCO_GARBAGE    (1u << 11) /* hidden.dco is HZ_HIDDEN_UNCLEAR */
#define FAKE_GROWS          (1u << 12) /* look() tells of more sectors once an erase was begun */
#define FAKE_ZEROS          (1u << 13) /* reads give zeros */
#define FAKE_LIES           (1u << 14) /* erases say yes, nothing is erased */
#define FAKE_STRIPS         (1u << 15) /* a bridge: no registers, no sense data */
#define FAKE_FIXED          (1u << 16) /* fixed format sense: of ATA registers the high halves are missing */
#define FAKE_OTHER_SERIAL   (1u << 17) /* look() tells another serial once an erase was begun */
#define FAKE_ESTIMATE_0     (1u << 18) /* NVMe: estimates are 0, otherwise FFFFFFFFh */
#define FAKE_HANGS          (1u << 19) /* from 40 % on every command times out */
#define FAKE_SEND_TIMES_OUT (1u << 20) /* the command that erases times out, and is carried out all the same */
#define FAKE_REFUSES        (1u << 21) /* the command that erases is aborted */
#define FAKE_INSTANT        (1u << 22) /* the erase is done before the first look */
#define FAKE_STUCK          (1u << 23) /* no progress from 40 % on, for ever */
#define FAKE_FOREIGN_RUNS   (1u << 24) /* a sanitize that somebody else began is at work */
#define FAKE_FOREIGN_AFTER  (1u << 25) /* NVMe: in the end the log speaks of another command */
#define FAKE_DROPS_WRITES   (1u << 26)
#define FAKE_IGNORES        (1u << 27) /* the command that erases is taken, and nothing happens at all */
#define FAKE_FAULTS         28

#define FAKE_SECTOR     512u
#define FAKE_SECTORS    160u
#define FAKE_BYTES      (FAKE_SECTOR * FAKE_SECTORS)
#define FAKE_NAMESPACES 2u /* NVMe: each half of the memory */

enum fake_op { FAKE_OP_END, FAKE_OP_ATA, FAKE_OP_SCSI, FAKE_OP_NVME };
struct fake_line {
	enum fake_op op;
	/* What must come: all but the timeout is compared. */
	struct ata_command ata;
	struct scsi_command scsi;
	struct nvme_command nvme;
	const void
		*sends; /* what a command with LINK_TO_DEVICE must carry in its first sends_len bytes; NULL: anything */
	size_t sends_len;
	/* What is answered. */
	int rc;
	struct ata_answer ata_answer;
	struct scsi_answer scsi_answer;
	struct nvme_answer nvme_answer;
	const void *data; /* to the host; what is missing is zeros */
	size_t data_len;
};

enum fake_work { FAKE_IDLE, FAKE_WORKING, FAKE_BROKEN };
struct fake {
	struct link link; /* first */
	enum fake_kind kind;
	uint32_t faults;
	uint8_t *memory, *original;
	/* Firmware erase. */
	enum fake_work work;
	unsigned tenths;
	int how;          /* what it writes: 0..255, or -1 noise */
	bool begun, ours; /* an erase was ever begun; by us */
	bool completed_ok, gone, attention, forgot;
	uint32_t cdw10;     /* NVMe: of the last sanitize */
	size_t from, bytes; /* what the erase reaches */
	/* ATA security. */
	bool enabled, locked, frozen, prepared, expired;
	uint8_t password[32];
	unsigned unlocks; /* tries */
	/* Counted. */
	unsigned commands, erases, after_prepare;
	const struct fake_line *script, *at;
};

/* Filled with data that a test can tell from anything else. Fails the test when memory is out. */
struct fake *fake_new(enum fake_kind kind, uint32_t faults);
/* link_close() does not free it; this does. NULL is fine. */
void fake_free(struct fake *f);
void fake_tick(struct fake *f);
/* No sector holds what it held at first. */
bool fake_erased(const struct fake *f);
/* At least one does not. */
bool fake_touched(const struct fake *f);
/* The firmware is at work. */
bool fake_works(const struct fake *f);
/* Power comes back, it has this name now; an erase that was at work goes on, a password that is set locks it. */
void fake_reattach(struct fake *f, const char *name);

void fake_script(struct fake *f, const struct fake_line *lines);
void fake_script_end(struct fake *f);

/* A run of a method on it: notes are kept, time is ticks. */
#define FAKE_NOTES 16
struct fake_run {
	struct method_run run; /* its user is the fake_run */
	struct outcome outcome;
	struct method_options options;
	struct fake *fake;
	char note[FAKE_NOTES][24];
	unsigned notes, fail_note; /* fail_note: this one fails, counted from 1 */
	unsigned cancel_at;        /* the progress call that asks to stop, counted from 1; 0: none */
	unsigned calls;
	uint64_t slept_ms;
};
void fake_run_init(struct fake_run *r, struct fake *f);
/* The last note that is durable, or NULL. */
const char *fake_run_noted(const struct fake_run *r);

#endif
