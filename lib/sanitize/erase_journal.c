/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing a journal: one entry, one fsync. */
#include "base/lockfile.h"
#include "base/vfs.h"
#include "sanitize/erase_journal_internal.h"
#include "sanitize/extents.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

struct erase_journal {
	int fd;
	struct journal_sum sum; /* of the last entry */
	int failed;             /* errno of the first failure */
	struct buf entry;
};

void erase_journal_close(struct erase_journal *j)
{
	if (!j)
		return;
	fd_close(&j->fd);
	if (j->entry.data)
		wipe(j->entry.data, j->entry.cap);
	buf_release(&j->entry);
	free(j);
}

static struct enc entry_of(struct erase_journal *j, enum journal_entry type)
{
	struct enc e;

	buf_reset(&j->entry);
	j->entry.max = JOURNAL_ENTRY_MAX + JOURNAL_HEAD_LEN + JOURNAL_SUM_LEN;
	e = enc_to(&j->entry);
	enc_u64(&e, 0);
	enc_u8(&e, (uint8_t)type);
	return e;
}

static void put_text(struct enc *e, const char *text)
{
	enc_blob(e, text ? text : "", text ? strlen(text) : 0);
}

static void put_extents(struct enc *e, const struct extents *x)
{
	uint64_t at = 0;

	enc_var(e, x->n);
	for (size_t i = 0; i < x->n; i++) {
		enc_var(e, x->at[i].lba - at);
		enc_var(e, x->at[i].count);
		enc_var(e, (uint64_t)x->at[i].error);
		at = x->at[i].lba + x->at[i].count;
	}
}

static int append(struct erase_journal *j, struct enc *e, hz_error **err)
{
	size_t len = j->entry.len - JOURNAL_HEAD_LEN;
	struct journal_sum sum;

	if (j->failed) {
		errno = j->failed;
		return err_errno(err, "journal: given up after a failure");
	}
	if (e->bad)
		return err_nomem(err);
	journal_head(j->entry.data, len);
	sum = journal_sum(&j->sum, j->entry.data + JOURNAL_HEAD_LEN, len);
	enc_bytes(e, sum.b, JOURNAL_SUM_LEN);
	if (e->bad)
		return err_nomem(err);
	if (vfs_write_all(j->fd, j->entry.data, j->entry.len) < 0 || vfs()->fsync(j->fd) < 0) {
		j->failed = errno;
		return err_errno(err, "journal");
	}
	j->sum = sum;
	return 0;
}

static int put_begin(
	struct erase_journal *j, const char *job, const hz_device_info *d, const char *plan, hz_error **err)
{
	struct enc e = entry_of(j, ENTRY_BEGIN);

	put_text(&e, job);
	put_text(&e, d->serial);
	put_text(&e, d->wwn);
	put_text(&e, d->model);
	put_text(&e, d->confirm_id);
	enc_u64(&e, d->bytes);
	enc_u32(&e, d->logical_sector);
	enc_u32(&e, d->physical_sector);
	enc_u64(&e, d->diskseq);
	put_text(&e, d->path);
	put_text(&e, plan);
	return append(j, &e, err);
}

static int lock(struct erase_journal *j, const char *name, hz_error **err)
{
	if (lockfile_try(j->fd))
		return 0;
	if (errno == EWOULDBLOCK)
		return err_set(err, HZ_E_BUSY, "journal %s: another process works with it", name);
	return err_errno(err, "journal %s: lock", name);
}

int erase_journal_create(struct erase_journal **ret, int dirfd, const char *name, const char *job,
	const hz_device_info *d, const char *plan, hz_error **err)
{
	AUTO(erase_journal_close) struct erase_journal *j = calloc(1, sizeof(*j));
	int rc;

	if (!j)
		return err_nomem(err);
	j->fd = -1;
	if (plan && strlen(plan) > JOURNAL_TEXT_MAX)
		return err_set(err, HZ_E_INVAL, "journal: plan and what is said of the medium are more than %zu bytes",
			JOURNAL_TEXT_MAX);
	j->fd = vfs()->openat(dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW, 0600);
	if (j->fd < 0)
		return err_errno(err, "journal %s", name);
	rc = lock(j, name, err);
	if (rc == 0 && vfs_write_all(j->fd, JOURNAL_MAGIC, JOURNAL_MAGIC_LEN) < 0)
		rc = err_errno(err, "journal %s", name);
	if (rc == 0)
		rc = put_begin(j, job, d, plan, err);
	if (rc == 0 && vfs()->fsync(dirfd) < 0)
		rc = err_errno(err, "journal %s: folder", name);
	if (rc == 0)
		*ret = TAKE(j);
	else
		(void)vfs()->unlinkat(dirfd, name, 0);
	return rc;
}

static int read_state(struct journal_state *s, int dirfd, const char *name, hz_error **err)
{
	AUTO_FREE uint8_t *data = NULL;
	size_t len;
	int rc = vfs_read_file(&data, &len, dirfd, name, JOURNAL_FILE_MAX, true, err);

	if (rc == 0)
		rc = journal_state_read(s, data, len, err);
	if (data)
		wipe(data, len);
	return rc;
}

/* The sum that the next entry builds on: that of the last good one stands right before the end. */
static int to_the_end(struct erase_journal *j, const struct journal_state *s, const char *name, hz_error **err)
{
	if (vfs()->ftruncate(j->fd, (off_t)s->good) < 0 ||
		vfs_pread_all(j->fd, j->sum.b, JOURNAL_SUM_LEN, s->good - JOURNAL_SUM_LEN) < 0)
		return err_errno(err, "journal %s", name);
	return 0;
}

static int go_on(struct erase_journal *j, const struct journal_state *s, const char *name, hz_error **err)
{
	struct enc e;
	int rc = to_the_end(j, s, name, err);

	if (rc < 0)
		return rc;
	e = entry_of(j, ENTRY_RESUMED);
	enc_u64(&e, s->resumed + 1);
	return append(j, &e, err);
}

/* Locked, and what it says. */
static int open_locked(struct erase_journal *j, struct journal_state *s, int dirfd, const char *name, hz_error **err)
{
	int rc;

	j->fd = vfs()->openat(dirfd, name, O_RDWR | O_APPEND | O_NOFOLLOW, 0);
	if (j->fd < 0)
		return err_errno(err, "journal %s", name);
	rc = lock(j, name, err);
	return rc < 0 ? rc : read_state(s, dirfd, name, err);
}

int erase_journal_open(struct erase_journal **ret, struct journal_state *s, int dirfd, const char *name,
	const hz_device_info *now, hz_error **err)
{
	AUTO(erase_journal_close) struct erase_journal *j = calloc(1, sizeof(*j));
	struct journal_state t = { 0 };
	int rc;

	if (!j)
		return err_nomem(err);
	j->fd = -1;
	rc = open_locked(j, &t, dirfd, name, err);
	if (rc == 0 && t.finished)
		rc = err_set(err, HZ_E_EXISTS, "journal %s: this job is finished", name);
	if (rc == 0)
		rc = err_wrap(err, journal_device_same(&t.device, now, err), "journal %s", name);
	if (rc == 0)
		rc = go_on(j, &t, name, err);
	if (rc < 0) {
		journal_state_release(&t);
		return rc;
	}
	*s = t;
	*ret = TAKE(j);
	return 0;
}

static bool is_open_of(const struct journal_state *s, const hz_device_info *now)
{
	return !s->finished && journal_identity_same(&s->device, now, NULL) == 0;
}

static int put_superseded(
	struct erase_journal *j, const struct journal_state *s, const char *name, const char *by, hz_error **err)
{
	struct enc e;
	int rc = to_the_end(j, s, name, err);

	if (rc < 0)
		return rc;
	e = entry_of(j, ENTRY_SUPERSEDED);
	put_text(&e, by);
	return append(j, &e, err);
}

int erase_journal_supersede(int dirfd, const char *name, const hz_device_info *now, const char *by, hz_error **err)
{
	AUTO(erase_journal_close) struct erase_journal *j = calloc(1, sizeof(*j));
	AUTO_IN(journal_state_release) struct journal_state s = { 0 };
	int rc;

	if (!j)
		return err_nomem(err);
	j->fd = -1;
	/* Read first: those of other drives are locked by who works with them. What cannot be read can be resumed by
	 * nobody. */
	rc = read_state(&s, dirfd, name, NULL);
	if (rc < 0 || !is_open_of(&s, now))
		return rc == HZ_E_NOMEM ? err_nomem(err) : 0;
	journal_state_release(&s);
	rc = open_locked(j, &s, dirfd, name, err);
	return rc < 0 || !is_open_of(&s, now) ? rc : put_superseded(j, &s, name, by, err);
}

int erase_journal_step(struct erase_journal *j, unsigned step, const char *method, const uint8_t *seed, hz_error **err)
{
	struct enc e = entry_of(j, ENTRY_STEP);

	enc_u8(&e, (uint8_t)step);
	put_text(&e, method);
	enc_u8(&e, seed ? 1 : 0);
	if (seed)
		enc_bytes(&e, seed, SAMPLE_SEED_LEN);
	return append(j, &e, err);
}

int erase_journal_pass(struct erase_journal *j, unsigned step, unsigned pass, const struct fill *f,
	const struct extents *missed, hz_error **err)
{
	struct enc e = entry_of(j, ENTRY_PASS);

	enc_u8(&e, (uint8_t)step);
	enc_u8(&e, (uint8_t)pass);
	enc_u8(&e, (uint8_t)f->kind);
	if (f->kind == FILL_BYTES) {
		enc_u8(&e, (uint8_t)f->pattern_len);
		enc_bytes(&e, f->pattern, f->pattern_len);
	} else {
		enc_u8(&e, (uint8_t)(f->cipher ? f->cipher : stream_default()));
		enc_bytes(&e, secret_bytes(f->key), STREAM_KEY_LEN);
	}
	put_extents(&e, missed);
	return append(j, &e, err);
}

int erase_journal_durable(struct erase_journal *j, unsigned step, unsigned pass, uint64_t durable,
	const struct extents *bad, hz_error **err)
{
	struct enc e = entry_of(j, ENTRY_DURABLE);

	enc_u8(&e, (uint8_t)step);
	enc_u8(&e, (uint8_t)pass);
	enc_u64(&e, durable);
	put_extents(&e, bad);
	return append(j, &e, err);
}

int erase_journal_note(struct erase_journal *j, unsigned step, const char *state, const char *detail, hz_error **err)
{
	struct enc e = entry_of(j, ENTRY_NOTE);

	if (strlen(state) >= sizeof(((struct journal_note *)0)->state) || (detail && strlen(detail) > JOURNAL_TEXT_MAX))
		return err_set(err, HZ_E_INVAL, "journal: a note that is too long");
	enc_u8(&e, (uint8_t)step);
	put_text(&e, state);
	put_text(&e, detail);
	return append(j, &e, err);
}

int erase_journal_ended(struct erase_journal *j, unsigned step, const struct outcome *o, hz_error **err)
{
	struct enc e = entry_of(j, ENTRY_ENDED);

	enc_u8(&e, (uint8_t)step);
	enc_u8(&e, (uint8_t)o->state);
	enc_u8(&e, (uint8_t)o->touched);
	put_extents(&e, &o->bad);
	return append(j, &e, err);
}

int erase_journal_verified(struct erase_journal *j, unsigned step, const struct verified *v, hz_error **err)
{
	struct enc e = entry_of(j, ENTRY_VERIFIED);

	enc_u8(&e, (uint8_t)step);
	enc_u8(&e, (uint8_t)v->kind);
	enc_u8(&e, v->passed);
	enc_u64(&e, v->sectors);
	enc_u64(&e, v->mismatched);
	enc_u64(&e, v->unreadable);
	return append(j, &e, err);
}

int erase_journal_finished(struct erase_journal *j, hz_error **err)
{
	struct enc e = entry_of(j, ENTRY_FINISHED);

	return append(j, &e, err);
}
