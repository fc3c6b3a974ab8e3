/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The journal of a restore: a file in the target, from before the first file is made until all is there, that says
 * which restore is under way. So an interrupted one is known as such and goes on with the same snapshot and patterns
 * only. It is never parsed: who goes on writes down what the journal of the same restore would be, and compares.
 */
#include "archive/restore.h"
#include "base/newfile.h"
#include "crypto/suite.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define JOURNAL_MAX 4096u

/* Which part of the snapshot: the patterns, each with its NUL. */
static int selection(const struct restore *r, struct id *id, hz_error **err)
{
	AUTO(hasher_free) struct hasher *h = NULL;
	int rc = hasher_new(&h, SUITE_SODIUM, err);

	for (uint64_t i = 0; rc == 0 && i < r->opts.n_patterns; i++)
		hasher_update(h, r->opts.patterns[i], strlen(r->opts.patterns[i]) + 1);
	if (rc == 0)
		*id = hasher_final(h);
	return rc;
}

static int text_of(
	const struct restore *r, const char *snapshot, const char *mode, char out[JOURNAL_MAX], hz_error **err)
{
	struct id part;
	int rc = selection(r, &part, err);

	if (rc == 0)
		(void)snprintf(out, JOURNAL_MAX,
			"A restore into this folder was begun and has not ended; hozen-backup restore --resume goes "
			"on.\n"
			"snapshot %s\nrepository %s\nselection %s\nmode %s\n",
			snapshot, hz_reader_repo_id(r->reader), id_hex(&part).s, mode);
	return rc;
}

static const char *mode_of(bool updates, bool deletes)
{
	return deletes ? "update, delete" : updates ? "update" : "into an empty folder";
}

/* The first eight digits of the snapshot that an unfitting journal names, as far as it does. */
static void refuse(hz_error **err, const struct restore *r, const char *text, const char *what)
{
	const char *at = strstr(text, "\nsnapshot ");
	char name[9] = "";

	for (size_t i = 0; at && i < 8 && isxdigit((unsigned char)at[10 + i]); i++)
		name[i] = at[10 + i];
	(void)err_set(err, HZ_E_REFUSED, "target %s: %s snapshot %s was interrupted", r->opts.target, what,
		*name ? name : err_text("(unknown)"));
}

static int resume(struct restore *r, const char *id, const char *found, hz_error **err)
{
	static const struct {
		bool updates, deletes;
	} modes[] = { { false, false }, { true, false }, { true, true } };
	char text[JOURNAL_MAX];

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		int rc = text_of(r, id, mode_of(modes[i].updates, modes[i].deletes), text, err);

		if (rc < 0)
			return rc;
		if (strcmp(text, found) != 0)
			continue;
		r->resumes = r->updates = true;
		r->deletes = modes[i].deletes;
		return 0;
	}
	refuse(err, r, found, err_text("there another restore, of"));
	err_hint(err, "give that snapshot and the same patterns to --resume, or --update, which takes over");
	return HZ_E_REFUSED;
}

int restore_journal_look(struct restore *r, const char *id, hz_error **err)
{
	const bool wanted = r->opts.flags & HZ_RESTORE_RESUME;
	AUTO(hz_error_free) hz_error *why = NULL;
	AUTO_FREE uint8_t *data = NULL;
	size_t len = 0;
	int rc = HZ_E_NOTFOUND;

	if (r->target >= 0)
		rc = vfs_read_file(&data, &len, r->target, RESTORE_JOURNAL, JOURNAL_MAX - 1, false, &why);
	if (rc == HZ_E_NOTFOUND && !wanted)
		return 0;
	if (rc == HZ_E_NOTFOUND) {
		err_set(err, HZ_E_REFUSED, "target %s: no restore was interrupted there", r->opts.target);
		err_hint(err, "--update makes an existing tree as the snapshot has it");
		return HZ_E_REFUSED;
	}
	if (rc < 0)
		return err_set(err, rc, "target %s: %s", r->opts.target, hz_error_message(why));
	data[len] = '\0';
	if (wanted)
		return resume(r, id, (char *)data, err);
	if (r->updates)
		return 0;
	refuse(err, r, (char *)data, err_text("the restore of"));
	err_hint(err, "--resume goes on");
	return HZ_E_REFUSED;
}

int restore_journal_begin(struct restore *r, hz_error **err)
{
	char text[JOURNAL_MAX];
	struct id_hex id = id_hex(&r->snap->commit.hash);
	int rc;

	/* What it made among things that are left as they are could not be told from them. */
	if ((r->opts.flags & HZ_RESTORE_INTO_EXISTING) && !r->target_fresh)
		return 0;
	r->journaled = true;
	/* Of one that goes on it stays as it is: it says what was asked for first. */
	if (r->resumes)
		return 0;
	rc = text_of(r, id.s, mode_of(r->updates, r->deletes), text, err);
	if (rc == 0)
		rc = newfile_put(r->target, RESTORE_JOURNAL, text, strlen(text), 0600, NEWFILE_REPLACE, err);
	return rc < 0 ? err_wrap(err, rc, "target %s: journal", r->opts.target) : 0;
}

int restore_journal_end(struct restore *r, hz_error **err)
{
	if (!r->journaled)
		return 0;
	if (vfs()->unlinkat(r->target, RESTORE_JOURNAL, 0) < 0 && errno != ENOENT)
		return err_errno(err, "target %s: remove the journal", r->opts.target);
	return 0;
}
