/* SPDX-License-Identifier: BSD-2-Clause */
/* The entries of a log, each with the record that it names, and what lies in the folder and no entry names. */
#include "base/vfs.h"
#include "report/folder.h"
#include "report/log_look.h"
#include "report/trust.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* ---- entries ---- */

static int take_record(struct look *l, uint64_t i, struct examined *x, hz_error **err)
{
	int rc;

	if (l->has_own && memcmp(x->pub, l->own, SIGN_PUB_LEN) != 0)
		log_tell(l, HZ_LOG_INSERTED, i, i, x->e.name, "it is signed by another key than the log's");
	if (trust_find(l->trust, x->pub, x->time, NULL) == HZ_SIGNER_TRUSTED)
		l->res.records_good++;
	else
		l->res.records_unknown++;
	if (x->log_size > i)
		log_tell(l, HZ_LOG_REORDERED, i, i, x->e.name,
			"when its command began there were %llu entries: it does not belong here",
			(unsigned long long)x->log_size);
	rc = log_add_head(l, x->log_size, &x->log_root, i, err);
	return rc == 0 && l->eyes->each ? l->eyes->each(l->eyes->each_user, &x->report, &x->root) : rc;
}

static int take_entry(void *user, uint64_t i, struct examined *x, hz_error **err)
{
	struct look *l = user;

	l->res.entries = i + 1;
	if (!x->is_entry) {
		log_tell(
			l, HZ_LOG_BAD_ENTRY, i, i, NULL, "line %llu of the log is no entry", (unsigned long long)i + 1);
		return 0;
	}
	memcpy(l->names[l->n_names++], x->e.name, LOG_NAME_LEN);
	if (x->kind == 0)
		return take_record(l, i, x, err);
	log_tell(l, x->kind, i, i, x->e.name, "%s", x->why);
	return 0;
}

static int cmp_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

int log_look_entries(struct look *l, hz_error **err)
{
	int rc;

	l->names = calloc(l->log.n + 1, sizeof(*l->names));
	if (!l->names)
		return err_nomem(err);
	rc = log_examine(l, take_entry, l, err);
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
