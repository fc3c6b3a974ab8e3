/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading a journal strictly; see docs/erase/journal.md. Every length is compared with what is left, every count with
 * what it may be. */
#include "crypto/suite.h"
#include "sanitize/erase_journal_internal.h"
#include "sanitize/extents.h"
#include <stdio.h>
#include <string.h>

void journal_head(uint8_t head[JOURNAL_HEAD_LEN], size_t len)
{
	put_le32(head, (uint32_t)len);
	put_le32(head + 4, ~(uint32_t)len);
}

struct journal_sum journal_sum(const struct journal_sum *before, const void *entry, size_t len)
{
	struct journal_sum sum;
	struct iovec parts[3];
	uint8_t head[JOURNAL_HEAD_LEN];
	struct id h;

	journal_head(head, len);
	parts[0] = (struct iovec){ (void *)(uintptr_t)before->b, JOURNAL_SUM_LEN };
	parts[1] = (struct iovec){ head, sizeof(head) };
	parts[2] = (struct iovec){ (void *)(uintptr_t)entry, len };
	h = suite_hash(SUITE_NIST, parts, 3);
	memcpy(sum.b, h.b, JOURNAL_SUM_LEN);
	return sum;
}

static void release_notes(struct journal_step *s)
{
	for (size_t i = 0; i < s->n_notes; i++)
		free(s->note[i].detail);
	s->n_notes = 0;
}

void journal_state_release(struct journal_state *s)
{
	for (unsigned i = 0; i < PLAN_STEPS; i++) {
		secret_free(s->step[i].key);
		extents_release(&s->step[i].bad);
		extents_release(&s->step[i].missed);
		release_notes(&s->step[i]);
	}
	free(s->plan);
	*s = (struct journal_state){ 0 };
}

/* Text of at most size - 1 bytes, without a NUL in it. */
static void text(struct dec *d, char *out, size_t size)
{
	size_t len = 0;
	const uint8_t *p = dec_blob(d, size - 1, &len);

	if (!p || memchr(p, 0, len)) {
		d->bad = true;
		return;
	}
	memcpy(out, p, len);
	out[len] = '\0';
}

/* Empty: NULL. */
static int long_text(struct dec *d, char **out, hz_error **err)
{
	size_t len = 0;
	const uint8_t *p = dec_blob(d, JOURNAL_TEXT_MAX, &len);

	*out = NULL;
	if (!p || len == 0 || memchr(p, 0, len)) {
		d->bad = d->bad || (p && len > 0);
		return 0;
	}
	*out = malloc(len + 1);
	if (!*out)
		return err_nomem(err);
	memcpy(*out, p, len);
	(*out)[len] = '\0';
	return 0;
}

static bool flag(struct dec *d)
{
	uint8_t v = dec_u8(d);

	d->bad = d->bad || v > 1;
	return v == 1;
}

static int extents(struct dec *d, struct extents *out, uint64_t sectors, hz_error **err)
{
	AUTO_IN(extents_release) struct extents e = { 0 };
	uint64_t n = dec_count(d, 3), at = 0;
	int rc = 0;

	for (uint64_t i = 0; rc == 0 && !d->bad && i < n; i++) {
		uint64_t gap = dec_var(d), count = dec_var(d), error = dec_var(d);

		if (gap > sectors || count == 0 || count > sectors || at > sectors - gap ||
			count > sectors - at - gap || error > 4095 || (i > 0 && gap == 0)) {
			d->bad = true;
			return 0;
		}
		rc = extents_add(&e, at + gap, count, (int)error, err);
		at += gap + count;
	}
	return rc < 0 || d->bad ? rc : extents_copy(out, &e, err);
}

static int begin(struct journal_state *s, struct dec *d, hz_error **err)
{
	struct journal_device *v = &s->device;
	int rc;

	text(d, s->job, sizeof(s->job));
	text(d, v->serial, sizeof(v->serial));
	text(d, v->wwn, sizeof(v->wwn));
	text(d, v->model, sizeof(v->model));
	text(d, v->confirm_id, sizeof(v->confirm_id));
	v->bytes = dec_u64(d);
	v->logical_sector = dec_u32(d);
	v->physical_sector = dec_u32(d);
	v->diskseq = dec_u64(d);
	text(d, v->path, sizeof(v->path));
	rc = long_text(d, &s->plan, err);
	if (!uuid_is(s->job, '\0') || v->logical_sector < 512 || v->bytes < v->logical_sector)
		d->bad = true;
	return rc;
}

/* The number of a step that was begun, or NULL and bad. */
static struct journal_step *step_of(struct journal_state *s, struct dec *d)
{
	unsigned i = dec_u8(d);

	if (i < s->n_steps && !s->step[i].ended)
		return &s->step[i];
	d->bad = true;
	return NULL;
}

static void step(struct journal_state *s, struct dec *d)
{
	unsigned i = dec_u8(d);
	struct journal_step *t = i < PLAN_STEPS ? &s->step[i] : NULL;

	/* In order, each once. */
	if (!t || i != s->n_steps) {
		d->bad = true;
		return;
	}
	text(d, t->method, sizeof(t->method));
	t->has_seed = flag(d);
	if (t->has_seed)
		dec_copy(d, t->seed, sizeof(t->seed));
	s->n_steps++;
}

static int fill(struct journal_step *t, struct dec *d, hz_error **err)
{
	struct fill f = { .kind = dec_u8(d) };
	const uint8_t *key;

	secret_free(TAKE(t->key));
	if (f.kind == FILL_BYTES) {
		f.pattern_len = dec_u8(d);
		d->bad = d->bad || f.pattern_len == 0 || f.pattern_len > PATTERN_MAX;
		dec_copy(d, f.pattern, d->bad ? 0 : f.pattern_len);
	} else {
		f.cipher = dec_u8(d);
		key = dec_bytes(d, STREAM_KEY_LEN);
		d->bad = d->bad || f.kind != FILL_STREAM || !stream_name(f.cipher);
		if (!d->bad && secret_from(&t->key, key, STREAM_KEY_LEN, err) < 0)
			return HZ_E_NOMEM;
		f.key = t->key;
	}
	t->fill = f;
	t->has_fill = !d->bad;
	return 0;
}

static int pass(struct journal_state *s, struct dec *d, hz_error **err)
{
	struct journal_step *t = step_of(s, d);
	int rc;

	if (!t)
		return 0;
	t->pass = dec_u8(d);
	t->durable = 0;
	extents_release(&t->bad);
	rc = fill(t, d, err);
	return rc < 0 ? rc : extents(d, &t->missed, s->device.bytes / s->device.logical_sector, err);
}

static int durable(struct journal_state *s, struct dec *d, hz_error **err)
{
	struct journal_step *t = step_of(s, d);

	if (!t || !t->has_fill || dec_u8(d) != t->pass) {
		d->bad = true;
		return 0;
	}
	t->durable = dec_u64(d);
	if (t->durable > s->device.bytes || t->durable % s->device.logical_sector)
		d->bad = true;
	return extents(d, &t->bad, s->device.bytes / s->device.logical_sector, err);
}

static int note(struct journal_state *s, struct dec *d, hz_error **err)
{
	struct journal_step *t = step_of(s, d);
	struct journal_note *n;

	if (!t)
		return 0;
	if (t->n_notes == JOURNAL_NOTES)
		free(t->note[--t->n_notes].detail);
	n = &t->note[t->n_notes];
	*n = (struct journal_note){ 0 };
	text(d, n->state, sizeof(n->state));
	t->n_notes++;
	return long_text(d, &n->detail, err);
}

static int ended(struct journal_state *s, struct dec *d, hz_error **err)
{
	struct journal_step *t = step_of(s, d);
	uint8_t state = dec_u8(d), touched = dec_u8(d);

	if (!t || state > OUTCOME_LOST || touched > TOUCHED_UNKNOWN) {
		d->bad = true;
		return 0;
	}
	t->state = state;
	t->touched = touched;
	t->ended = true;
	return extents(d, &t->bad, s->device.bytes / s->device.logical_sector, err);
}

static void verified(struct journal_state *s, struct dec *d)
{
	unsigned i = dec_u8(d);
	struct verified v = { .kind = dec_u8(d), .passed = flag(d) };

	v.sectors = dec_u64(d);
	v.mismatched = dec_u64(d);
	v.unreadable = dec_u64(d);
	if (i >= s->n_steps || v.kind > VERIFY_CHANGE) {
		d->bad = true;
		return;
	}
	s->step[i].verified = v;
	s->step[i].has_verified = true;
}

static void superseded(struct journal_state *s, struct dec *d)
{
	text(d, s->superseded, sizeof(s->superseded));
	d->bad = d->bad || !uuid_is(s->superseded, '\0');
	s->finished = true;
}

static int entry(struct journal_state *s, const uint8_t *p, size_t len, bool first, hz_error **err)
{
	struct dec d = dec_of(p, len);
	unsigned type = dec_u8(&d);
	int rc = 0;

	if (first != (type == ENTRY_BEGIN) || s->finished)
		d.bad = true;
	else if (type == ENTRY_BEGIN)
		rc = begin(s, &d, err);
	else if (type == ENTRY_STEP)
		step(s, &d);
	else if (type == ENTRY_PASS)
		rc = pass(s, &d, err);
	else if (type == ENTRY_DURABLE)
		rc = durable(s, &d, err);
	else if (type == ENTRY_NOTE)
		rc = note(s, &d, err);
	else if (type == ENTRY_ENDED)
		rc = ended(s, &d, err);
	else if (type == ENTRY_VERIFIED)
		verified(s, &d);
	else if (type == ENTRY_RESUMED)
		s->resumed += dec_u64(&d) > 0;
	else if (type == ENTRY_FINISHED)
		s->finished = true;
	else if (type == ENTRY_SUPERSEDED)
		superseded(s, &d);
	else
		return err_set(err, HZ_E_TOONEW, "journal: an entry of type %u", type);
	if (rc == 0 && !dec_done(&d))
		rc = err_set(err, HZ_E_CORRUPT, "journal: an entry of type %u is not what it should be", type);
	return rc;
}

static bool all_zero(const uint8_t *p, size_t len)
{
	return len == 0 || (p[0] == 0 && memcmp(p, p + 1, len - 1) == 0);
}

/* 0: none that can be. */
static size_t length(const uint8_t *p, size_t left)
{
	uint32_t n = left < JOURNAL_HEAD_LEN ? 0 : get_le32(p);

	return n > 0 && n <= JOURNAL_ENTRY_MAX && get_le32(p + 4) == ~n ? n : 0;
}

/* Each entry was durable before the next one was begun: only the last one may be torn, that is shorter than it says, of
 * a wrong sum with nothing behind it, or zeros that the file system put where it had not come to write. */
static bool is_torn(const uint8_t *p, size_t left)
{
	size_t len = length(p, left);

	return left < JOURNAL_HEAD_LEN || all_zero(p, left) ||
		(len > 0 && left <= JOURNAL_HEAD_LEN + len + JOURNAL_SUM_LEN);
}

static int each(struct journal_state *s, const uint8_t *p, size_t len, hz_error **err)
{
	struct journal_sum before = { { 0 } }, sum;
	size_t at = JOURNAL_MAGIC_LEN;
	bool first = true;
	int rc = 0;

	for (; rc == 0; first = false) {
		size_t left = len - at, n = length(p + at, left);

		s->good = at;
		if (left == 0)
			break;
		if (n == 0 || left < JOURNAL_HEAD_LEN + n + JOURNAL_SUM_LEN)
			return is_torn(p + at, left) ? 0
						     : err_set(err, HZ_E_CORRUPT, "journal: damaged at byte %zu", at);
		sum = journal_sum(&before, p + at + JOURNAL_HEAD_LEN, n);
		if (memcmp(sum.b, p + at + JOURNAL_HEAD_LEN + n, JOURNAL_SUM_LEN) != 0)
			return is_torn(p + at, left) ? 0
						     : err_set(err, HZ_E_CORRUPT, "journal: damaged at byte %zu", at);
		rc = entry(s, p + at + JOURNAL_HEAD_LEN, n, first, err);
		before = sum;
		at += JOURNAL_HEAD_LEN + n + JOURNAL_SUM_LEN;
	}
	return rc;
}

int journal_state_read(struct journal_state *s, const void *data, size_t len, hz_error **err)
{
	struct journal_state *t = calloc(1, sizeof(*t));
	int rc;

	if (!t)
		return err_nomem(err);
	if (len < JOURNAL_MAGIC_LEN || memcmp(data, JOURNAL_MAGIC, JOURNAL_MAGIC_LEN) != 0)
		rc = err_set(err, HZ_E_CORRUPT, "no journal of an erase job");
	else
		rc = each(t, data, len, err);
	if (rc == 0 && !*t->job)
		rc = err_set(err, HZ_E_CORRUPT, "journal: it never began");
	if (rc == 0)
		*s = *t;
	else
		journal_state_release(t);
	/* The fills point to keys, which move with it. */
	wipe(t, sizeof(*t));
	free(t);
	return rc;
}

int journal_identity_same(const struct journal_device *then, const hz_device_info *now, hz_error **err)
{
	const char *what = NULL, *was = "", *is = "";

	if (strcmp(then->serial, now->serial) != 0)
		what = "serial", was = then->serial, is = now->serial;
	else if (strcmp(then->wwn, now->wwn) != 0)
		what = "WWN", was = then->wwn, is = now->wwn;
	/* A serial alone may be one that every bridge of a kind shows, or that of all namespaces of a medium: then the
	 * name that was confirmed tells them apart, and where it is the serial it says the same. */
	else if (!*then->wwn && strcmp(then->confirm_id, now->confirm_id) != 0)
		what = "name", was = then->confirm_id, is = now->confirm_id;
	if (what)
		return err_set(err, HZ_E_REFUSED, "%s is not the device of this journal: %s \"%s\", not \"%s\"",
			now->path, what, is, was);
	return 0;
}

int journal_device_same(const struct journal_device *then, const hz_device_info *now, hz_error **err)
{
	int rc = journal_identity_same(then, now, err);

	if (rc < 0)
		return rc;
	if (then->bytes != now->bytes || then->logical_sector != now->logical_sector)
		return err_set(err, HZ_E_REFUSED,
			"%s is not as it was: %llu bytes in sectors of %u, not %llu in sectors of %u", now->path,
			(unsigned long long)now->bytes, now->logical_sector, (unsigned long long)then->bytes,
			then->logical_sector);
	return 0;
}
