/* SPDX-License-Identifier: BSD-2-Clause */
/* The entries of a log, each with the record that it names, and what lies in the folder and no entry names. */
#include "base/vfs.h"
#include "crypto/digest.h"
#include "report/folder.h"
#include "report/log_look.h"
#include "report/trust.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* ---- entries ---- */

static int give_record(
	const struct look *l, const struct record_view *v, const uint8_t pub[SIGN_PUB_LEN], uint8_t **text, size_t len)
{
	hz_report r;
	int rc;

	if (!l->eyes->each)
		return 0;
	report_fill(&r, v, l->trust, pub, text, len);
	rc = l->eyes->each(l->eyes->each_user, &r);
	free(r.text);
	return rc;
}

static int look_record(struct look *l, uint64_t i, const struct log_entry *e, uint8_t **text, size_t len,
	const char *sig, size_t sig_len, hz_error **err)
{
	AUTO(json_read_free) struct json_value *root = NULL;
	AUTO(hz_error_free) hz_error *why = NULL;
	uint8_t pub[SIGN_PUB_LEN];
	struct record_view v;
	int rc = record_check(&root, &v, pub, (char *)*text, len, sig, sig_len, &why);

	if (rc == HZ_E_NOMEM)
		return err_nomem(err);
	if (rc < 0) {
		log_tell(l, HZ_LOG_BAD_RECORD, i, i, e->name, "%s", hz_error_message(why));
		return 0;
	}
	if (strcmp(v.uuid, e->name + MONTH_LEN) != 0 || memcmp(v.month, e->name, MONTH_LEN - 1) != 0) {
		log_tell(l, HZ_LOG_BAD_RECORD, i, i, e->name, "it is the record %s/%s", v.month, v.uuid);
		return 0;
	}
	if (l->has_own && memcmp(pub, l->own, SIGN_PUB_LEN) != 0)
		log_tell(l, HZ_LOG_INSERTED, i, i, e->name, "it is signed by another key than the log's");
	if (trust_find(l->trust, pub, v.time, NULL) == HZ_SIGNER_TRUSTED)
		l->res.records_good++;
	else
		l->res.records_unknown++;
	if (v.log_size > i)
		log_tell(l, HZ_LOG_REORDERED, i, i, e->name,
			"when its command began there were %llu entries: it does not belong here",
			(unsigned long long)v.log_size);
	rc = log_add_head(l, v.log_size, &v.log_root, i, err);
	return rc < 0 ? rc : give_record(l, &v, pub, text, len);
}

/* 1: read; 0: not there, which was told. */
static int read_file(struct look *l, uint8_t **data, size_t *len, const struct log_entry *e, uint64_t i,
	const char *suffix, size_t max, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	char name[LOG_NAME_LEN + 16];
	int rc;

	(void)snprintf(name, sizeof(name), "%s.%s", e->name, suffix);
	rc = vfs_read_file(data, len, l->records, name, max, false, &why);
	if (rc == HZ_E_NOTFOUND && l->pending >= 0) {
		/* Killed between log and putting away. */
		hz_error_free(TAKE(why));
		rc = vfs_read_file(data, len, l->pending, name + MONTH_LEN, max, false, &why);
	}
	if (rc == HZ_E_NOTFOUND || rc == HZ_E_INVAL) {
		log_tell(l, rc == HZ_E_INVAL ? HZ_LOG_CHANGED : HZ_LOG_DROPPED, i, i, e->name, "%s: %s",
			suffix[4] ? "its signature" : "the record", hz_error_message(why));
		return 0;
	}
	return rc < 0 ? err_copy(err, why) : 1;
}

static int look_entry(struct look *l, uint64_t i, const struct log_entry *e, hz_error **err)
{
	AUTO_FREE uint8_t *text = NULL, *sig = NULL;
	size_t len = 0, sig_len = 0;
	int rc = read_file(l, &text, &len, e, i, "json", RECORD_MAX, err);
	struct id hash;

	if (rc > 0)
		rc = read_file(l, &sig, &sig_len, e, i, "json.sig", SSHSIG_MAX, err);
	if (rc <= 0)
		return rc;
	hash = sha256(text, len);
	if (!id_eq(&hash, &e->record)) {
		log_tell(l, HZ_LOG_CHANGED, i, i, e->name, "the record is not what its entry says");
		return 0;
	}
	hash = sha256(sig, sig_len);
	if (!id_eq(&hash, &e->sig)) {
		log_tell(l, HZ_LOG_CHANGED, i, i, e->name, "its signature is not what its entry says");
		return 0;
	}
	return look_record(l, i, e, &text, len, (char *)sig, sig_len, err);
}

static int cmp_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

int log_look_entries(struct look *l, hz_error **err)
{
	int rc = 0;

	l->names = calloc(l->log.n + 1, sizeof(*l->names));
	if (!l->names)
		return err_nomem(err);
	for (uint64_t i = 0; rc == 0 && i < l->log.n; i++) {
		struct log_entry e;

		l->res.entries = i + 1;
		if (!log_entry_read(&e, l->log.data + i * LOG_LINE_LEN)) {
			log_tell(l, HZ_LOG_BAD_ENTRY, i, i, NULL, "line %llu of the log is no entry",
				(unsigned long long)i + 1);
			continue;
		}
		memcpy(l->names[l->n_names++], e.name, LOG_NAME_LEN);
		rc = look_entry(l, i, &e, err);
	}
	if (rc == 0 && l->log.torn)
		log_tell(l, HZ_LOG_BAD_ENTRY, l->log.n, l->log.n, NULL, "the last line of the log is torn");
	if (rc == 0 && l->n_heads > 0 && l->covered < l->log.n)
		log_tell(l, HZ_LOG_INSERTED, l->covered, l->log.n - 1, NULL,
			"behind the checkpoint, so signed by nobody: the next command of this host covers them if they "
			"are its own");
	qsort(l->names, l->n_names, sizeof(*l->names), cmp_names);
	for (size_t i = 1; i < l->n_names; i++) {
		if (strcmp(l->names[i - 1], l->names[i]) == 0)
			log_tell(l, HZ_LOG_BAD_ENTRY, UINT64_MAX, UINT64_MAX, l->names[i],
				"more than one entry names it");
	}
	return rc;
}

/* ---- what no entry names ---- */

struct month {
	struct look *l;
	const char *name;
};

static int see_record(void *user, const char *file, uint64_t ino, unsigned char type)
{
	const struct month *m = user;
	char name[LOG_NAME_LEN];

	(void)ino, (void)type;
	(void)snprintf(name, sizeof(name), "%s/%.36s", m->name, file);
	if (!uuid_is(file, '.') || strcmp(file + UUID_TEXT, "json") != 0) {
		if (!uuid_is(file, '.') || strcmp(file + UUID_TEXT, "json.sig") != 0)
			log_tell(m->l, HZ_LOG_INSERTED, UINT64_MAX, UINT64_MAX, file,
				"in records/%s: no file of a record", m->name);
		return 0;
	}
	if (!bsearch(name, m->l->names, m->l->n_names, sizeof(*m->l->names), cmp_names))
		log_tell(m->l, HZ_LOG_INSERTED, UINT64_MAX, UINT64_MAX, name, "no entry of the log names it");
	return 0;
}

struct months {
	struct look *l;
	hz_error **err;
};

static int see_month(void *user, const char *name, uint64_t ino, unsigned char type)
{
	struct months *ms = user;
	struct month m = { ms->l, name };
	AUTO_FD int fd = vfs()->openat(ms->l->records, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);

	(void)ino, (void)type;
	if (strlen(name) != MONTH_LEN - 1 || fd < 0) {
		log_tell(ms->l, HZ_LOG_INSERTED, UINT64_MAX, UINT64_MAX, name, "in records: no folder of a month");
		return 0;
	}
	return vfs_readdir(fd, see_record, &m, ms->err);
}

static int see_pending(void *user, const char *file, uint64_t ino, unsigned char type)
{
	struct look *l = user;

	(void)ino, (void)type;
	if (uuid_is(file, '.') && strcmp(file + UUID_TEXT, "bad") == 0)
		log_tell(l, HZ_LOG_BAD_RECORD, UINT64_MAX, UINT64_MAX, file,
			"in pending: it was to be logged, and is no record; look at it, then remove it");
	if (uuid_is(file, '.') && (strcmp(file + UUID_TEXT, "json") == 0 || strcmp(file + UUID_TEXT, "begun") == 0))
		log_tell(l, HZ_LOG_PENDING, UINT64_MAX, UINT64_MAX, file,
			file[UUID_TEXT] == 'b' ? "a command that runs, or was killed"
					       : "waits for its entry in the log");
	return 0;
}

int log_look_folders(struct look *l, hz_error **err)
{
	struct months ms = { l, err };
	int rc = vfs_readdir(l->records, see_month, &ms, err);

	return rc < 0 || l->pending < 0 ? rc : vfs_readdir(l->pending, see_pending, l, err);
}
