/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The journal of a job: what was begun, what is durable, what the firmware was told. It lies beside the report and is
 * written before what it announces happens, each entry fsynced; after a crash it says how to go on
 * (docs/erase/journal.md). It also keeps the keys of streams: docs/erase/stream.md says why it may.
 */
#ifndef SANITIZE_ERASE_JOURNAL_H
#define SANITIZE_ERASE_JOURNAL_H

#include "base/buf.h"
#include "base/uuid.h"
#include "sanitize/engine.h"
#include "sanitize/plan.h"

#define JOURNAL_NOTES    16                 /* of a step: the last ones are kept */
#define JOURNAL_TEXT_MAX ((size_t)64 << 10) /* plan, detail of a note */
#define JOURNAL_FILE_MAX ((size_t)256 << 20)

/* The device as it was when the job began: what does not change when it is plugged in elsewhere, then what does. */
struct journal_device {
	char serial[64], wwn[80], model[64], confirm_id[200];
	uint64_t bytes;
	uint32_t logical_sector, physical_sector;
	uint64_t diskseq;
	char path[256];
};

struct journal_note {
	char state[64];
	char *detail; /* JSON, or NULL */
};

struct journal_step {
	char method[64]; /* id; empty: not begun */
	bool has_seed;
	uint8_t seed[SAMPLE_SEED_LEN];
	/* Of the pass begun last. */
	unsigned pass;
	bool has_fill;
	struct fill fill; /* its key is the one below */
	struct secret *key;
	uint64_t durable; /* bytes of that pass */
	struct extents bad;
	struct extents missed; /* by the passes before it */
	/* When it ended. */
	bool ended;
	enum outcome_state state;
	enum outcome_touched touched;
	/* The first JOURNAL_NOTES - 1 and the last. */
	struct journal_note note[JOURNAL_NOTES];
	size_t n_notes;
	bool has_verified;
	struct verified verified;
};

/* All that a journal says. */
struct journal_state {
	char job[UUID_TEXT];
	struct journal_device device;
	char *plan; /* JSON, as it was given */
	struct journal_step step[PLAN_STEPS];
	unsigned n_steps, resumed;
	bool finished;
	char superseded[UUID_TEXT]; /* finished without its end: this job took the medium over; or empty */
	size_t good;                /* bytes of whole entries; what follows is torn and goes */
};
/* The file's bytes. HZ_E_CORRUPT: no journal, or damaged in front of its last entry; HZ_E_TOONEW; HZ_E_NOMEM. A torn
 * last entry is none. *s is the caller's to release on success. */
int journal_state_read(struct journal_state *s, const void *data, size_t len, hz_error **err);
void journal_state_release(struct journal_state *s);
/* HZ_E_REFUSED, with what differs: not the device of this journal. */
int journal_device_same(const struct journal_device *then, const hz_device_info *now, hz_error **err);
/* The same, by what names it alone: a medium that shows another size now is still that one. */
int journal_identity_same(const struct journal_device *then, const hz_device_info *now, hz_error **err);

struct erase_journal;
/* Makes `name` in dirfd, locked, with its first entry. HZ_E_EXISTS: it is there already. HZ_E_NOSPACE, HZ_E_IO: nothing
 * may begin. dirfd is borrowed for the call. */
int erase_journal_create(struct erase_journal **ret, int dirfd, const char *name, const char *job,
	const hz_device_info *d, const char *plan, hz_error **err);
/* An existing one to go on with; a torn end is cut off. HZ_E_BUSY: another process works with it. HZ_E_REFUSED: not of
 * this device; HZ_E_EXISTS: finished already. *s is the caller's to release. */
int erase_journal_open(struct erase_journal **ret, struct journal_state *s, int dirfd, const char *name,
	const hz_device_info *now, hz_error **err);
/* Closes `name` for good if it is a journal of the same medium that is not finished: job `by` begins anew there. 0 also
 * for every other journal, and for what is none. HZ_E_BUSY: somebody goes on with it just now. */
int erase_journal_supersede(int dirfd, const char *name, const hz_device_info *now, const char *by, hz_error **err);
void erase_journal_close(struct erase_journal *j);
DEFINE_AUTO(struct erase_journal, erase_journal_close)

/* Each is durable when it returns 0. After a failure all that follow fail too: what cannot be written must not be
 * announced, and what stands behind a torn entry would not be found. */
int erase_journal_step(struct erase_journal *j, unsigned step, const char *method, const uint8_t *seed, hz_error **err);
int erase_journal_pass(struct erase_journal *j, unsigned step, unsigned pass, const struct fill *f,
	const struct extents *missed, hz_error **err);
int erase_journal_durable(struct erase_journal *j, unsigned step, unsigned pass, uint64_t durable,
	const struct extents *bad, hz_error **err);
int erase_journal_note(struct erase_journal *j, unsigned step, const char *state, const char *detail, hz_error **err);
int erase_journal_ended(struct erase_journal *j, unsigned step, const struct outcome *o, hz_error **err);
int erase_journal_verified(struct erase_journal *j, unsigned step, const struct verified *v, hz_error **err);
int erase_journal_finished(struct erase_journal *j, hz_error **err);

#endif
