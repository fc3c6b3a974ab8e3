/* SPDX-License-Identifier: BSD-2-Clause */
/* A log against a copy of it: entry by entry, wherever it stands. Neither is believed here; hz_log_check judges each.
 */
#include "base/vfs.h"
#include "report/folder.h"
#include "report/logfile.h"
#include "hozen/evidence.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct comparing {
	struct log_text ours, copy;
	const uint8_t **sorted; /* lines of ours */
	hz_log_finding_fn fn;
	void *user;
	uint64_t findings;
};

static void release(struct comparing *c)
{
	log_text_release(&c->ours);
	log_text_release(&c->copy);
	free(c->sorted);
}

static int read_log(struct log_text *t, const char *folder, const char *state_dir, hz_error **err)
{
	AUTO_FREE char *path = NULL;
	AUTO_FD int dir = -1;
	int rc = folder_path(&path, folder, state_dir, err);

	if (rc < 0)
		return rc;
	dir = vfs()->openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
	if (dir < 0)
		return err_errno(err, "evidence %s", path);
	return err_wrap(err, log_text_read(t, dir, err), "evidence %s", path);
}

static int cmp_line(const void *a, const void *b)
{
	return memcmp(*(const uint8_t *const *)a, *(const uint8_t *const *)b, LOG_LINE_LEN);
}

static int cmp_name(const void *a, const void *b)
{
	return memcmp(*(const uint8_t *const *)a, *(const uint8_t *const *)b, LOG_NAME_LEN - 1);
}

static void tell(struct comparing *c, uint32_t kind, uint64_t at, const struct log_entry *e, const char *message)
{
	hz_log_finding f = { sizeof(f), kind, at, at, e->name, message };

	c->findings++;
	if (c->fn)
		c->fn(c->user, &f);
}

static int compare(struct comparing *c, hz_error **err)
{
	c->sorted = calloc((size_t)c->ours.n + 1, sizeof(*c->sorted));
	if (!c->sorted)
		return err_nomem(err);
	for (uint64_t i = 0; i < c->ours.n; i++)
		c->sorted[i] = c->ours.data + i * LOG_LINE_LEN;
	qsort(c->sorted, (size_t)c->ours.n, sizeof(*c->sorted), cmp_line);
	for (uint64_t i = 0; i < c->copy.n; i++) {
		const uint8_t *line = c->copy.data + i * LOG_LINE_LEN;
		struct log_entry e;

		/* A place that no copy of a part has. */
		if (!log_entry_read(&e, line) ||
			bsearch(&line, c->sorted, (size_t)c->ours.n, sizeof(*c->sorted), cmp_line))
			continue;
		if (bsearch(&line, c->sorted, (size_t)c->ours.n, sizeof(*c->sorted), cmp_name))
			tell(c, HZ_LOG_REWRITTEN, i, &e,
				err_text("the copy has another record or signature in this entry"));
		else
			tell(c, HZ_LOG_DROPPED, i, &e, err_text("the copy has this entry, the log has not"));
	}
	return 0;
}

int hz_log_compare(const char *folder, const char *state_dir, const char *copy, hz_log_finding_fn fn, void *user,
	uint64_t *findings, hz_error **err)
{
	AUTO_IN(release) struct comparing c = { .fn = fn, .user = user };
	int rc = read_log(&c.ours, folder, state_dir, err);

	if (rc == 0)
		rc = read_log(&c.copy, copy, NULL, err);
	if (rc == 0)
		rc = compare(&c, err);
	if (rc == 0)
		*findings = c.findings;
	return rc;
}
