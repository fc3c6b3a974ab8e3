/* SPDX-License-Identifier: BSD-2-Clause */
/* All records of a folder, for those who count and compare them. */
#include "base/vfs.h"
#include "crypto/digest.h"
#include "report/check.h"
#include "report/folder.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

struct walking {
	int dir, records;
	struct log_text log;
	const hz_trust *trust;
};

static void walking_release(struct walking *w)
{
	fd_close(&w->dir);
	fd_close(&w->records);
	log_text_release(&w->log);
}

/* Is it what its entry says, and a record? */
static int read_entry(struct walking *w, const struct log_entry *e, hz_report *r, hz_error **err)
{
	AUTO_FREE uint8_t *text = NULL, *sig = NULL;
	char name[LOG_NAME_LEN + 16];
	size_t len, sig_len;
	struct id record, of_sig;
	int rc;

	(void)snprintf(name, sizeof(name), "%s.json", e->name);
	rc = vfs_read_file(&text, &len, w->records, name, RECORD_MAX, false, err);
	(void)snprintf(name, sizeof(name), "%s.json.sig", e->name);
	if (rc == 0)
		rc = vfs_read_file(&sig, &sig_len, w->records, name, SSHSIG_MAX, false, err);
	if (rc < 0)
		return rc;
	record = sha256(text, len);
	of_sig = sha256(sig, sig_len);
	if (!id_eq(&record, &e->record) || !id_eq(&of_sig, &e->sig))
		return err_set(err, HZ_E_CORRUPT, "record %s: it is not what its entry says", e->name);
	return report_of(r, w->trust, &text, len, sig, sig_len, err);
}

static int walk(struct walking *w, hz_report_fn fn, void *user, uint64_t *bad, hz_error **err)
{
	int rc = 0;

	for (uint64_t i = 0; rc == 0 && i < w->log.n; i++) {
		AUTO(hz_error_free) hz_error *why = NULL;
		struct log_entry e;
		hz_report r;
		int one = log_entry_read(&e, w->log.data + i * LOG_LINE_LEN) ? read_entry(w, &e, &r, &why)
									     : HZ_E_CORRUPT;

		if (one == HZ_E_NOMEM || one == HZ_E_IO)
			return err_copy(err, why);
		if (one < 0) {
			++*bad;
			continue;
		}
		rc = fn(user, &r);
		free(r.text);
	}
	return rc;
}

int hz_records_walk(const char *folder, const char *state_dir, const hz_trust *trust, hz_report_fn fn, void *user,
	uint64_t *bad, hz_error **err)
{
	AUTO_IN(walking_release) struct walking w = { .dir = -1, .records = -1, .trust = trust };
	AUTO_FREE char *path = NULL;
	uint64_t unwanted = 0;
	int rc = crypto_init(err);

	if (rc == 0)
		rc = folder_path(&path, folder, state_dir, err);
	if (rc < 0)
		return rc;
	w.dir = vfs()->openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
	if (w.dir >= 0)
		w.records = vfs()->openat(w.dir, "records", O_RDONLY | O_DIRECTORY, 0);
	if (w.records < 0)
		return err_errno(err, "evidence %s", path);
	rc = log_text_read(&w.log, w.dir, err);
	if (bad)
		*bad = 0;
	return rc < 0 ? rc : walk(&w, fn, user, bad ? bad : &unwanted, err);
}
