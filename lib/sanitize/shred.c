/* SPDX-License-Identifier: BSD-2-Clause */
/* What a call on files or free space needs and says: key, buffers, progress, events, and the report. */
#include "sanitize/shred.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/options.h"
#include "base/vfs.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Translated when it is told: records are English. */
#define N_(text)    (text)
#define PROGRESS_NS UINT64_C(100000000)

static const struct {
	uint32_t bit;
	const char *name, *text;
} missed[] = {
	{ HZ_MISSED_COW, "copy_on_write",
		N_("the file system writes to new places (copy on write, compression, or a log): the blocks that had "
		   "the "
		   "content still have it") },
	{ HZ_MISSED_SHARED, "shared_blocks",
		N_("blocks belonged to a snapshot or to another file too, which still has the content") },
	{ HZ_MISSED_MOVED, "moved_blocks",
		N_("after it was overwritten the file lay in other blocks: the old ones still have the content") },
	{ HZ_MISSED_INLINE, "inline_data",
		N_("content lay among the metadata of the file system, of which its journal may have copies") },
	{ HZ_MISSED_JOURNAL, "data_journal",
		N_("the file system writes data to its journal too, which may have copies") },
	{ HZ_MISSED_SNAPSHOT, "device_snapshots",
		N_("the device beneath has snapshots or thin provisioning: it may keep the blocks as they were") },
	{ HZ_MISSED_FLASH, "flash_translation",
		N_("the device does not turn: flash translation writes elsewhere and may keep the old cells") },
	{ HZ_MISSED_NETWORK, "network",
		N_("it lies on a server: what that does with overwritten blocks is not known") },
	{ HZ_MISSED_SWAP, "swap", N_("it lay in memory, which may have been written to swap") },
	{ HZ_MISSED_UNKNOWN, "unknown",
		N_("the file system or the device beneath it could not be found out: whether it overwrites in place is "
		   "not "
		   "known") },
	{ HZ_MISSED_CACHED, "read_back_cached",
		N_("it could not be read back past the cache: what the medium has was not seen") },
	{ HZ_MISSED_RESERVED, "reserved_blocks",
		N_("the file system has, or may have, free blocks that it gives to no file: kept for itself, or for "
		   "metadata") },
	{ HZ_MISSED_LEFT, "left_free", N_("some space was left free as asked for, or was freed by others meanwhile") },
};

const char *hz_missed_name(uint32_t bit)
{
	for (size_t i = 0; i < ARRAY_LEN(missed); i++) {
		if (missed[i].bit == bit)
			return missed[i].name;
	}
	return NULL;
}

static const char *english(uint32_t bit)
{
	for (size_t i = 0; i < ARRAY_LEN(missed); i++) {
		if (missed[i].bit == bit)
			return missed[i].text;
	}
	return NULL;
}

const char *hz_missed_text(uint32_t bit)
{
	const char *text = english(bit);

	return text ? err_text(text) : NULL;
}

/* ---- begin and end ---- */

static int make_key(struct shred *s, hz_error **err)
{
	struct fill f = { .kind = FILL_STREAM, .cipher = stream_default() };
	int rc = crypto_init(err);

	if (rc == 0)
		rc = secret_random(&s->key, STREAM_KEY_LEN, err);
	f.key = s->key;
	return rc < 0 ? rc : filler_new(&s->filler, &f, err);
}

int shred_init(struct shred *s, const hz_shred_options *opts, hz_record *rec, hz_json *summary, hz_error **err)
{
	int rc;

	memset(s, 0, sizeof(*s));
	s->roots = (struct roots)ROOTS_INIT;
	s->r = (hz_shred_result)HZ_SHRED_RESULT_INIT;
	s->rec = rec;
	s->began = clock_mono_ns();
	rc = options_copy(&s->opts, sizeof(s->opts), opts, "hz_shred_options", err);
	if (rc == 0 && (s->opts.flags & ~(HZ_SHRED_RECURSIVE | HZ_SHRED_OPEN_TOO)))
		rc = err_set(err, HZ_E_INVAL, "hz_shred_options: a flag that this version does not know");
	s->objects = hz_json_array(summary, "objects");
	if (rc == 0)
		rc = roots_open(&s->roots, NULL, err);
	if (rc == 0)
		rc = make_key(s, err);
	if (rc == 0 &&
		(posix_memalign((void **)&s->buf, SHRED_BLOCK, SHRED_PIECE) != 0 ||
			posix_memalign((void **)&s->expect, SHRED_BLOCK, SHRED_PIECE) != 0))
		rc = err_nomem(err);
	return rc;
}

void shred_release(struct shred *s)
{
	openfiles_release(&s->open);
	roots_close(&s->roots);
	filler_free(s->filler);
	secret_free(s->key);
	if (s->buf)
		wipe(s->buf, SHRED_PIECE);
	free(s->buf);
	free(s->expect);
}

/* ---- meanwhile ---- */

int shred_tick(struct shred *s, hz_error **err)
{
	uint64_t now = clock_mono_ns();

	if (!s->opts.progress || (s->shown && now - s->shown < PROGRESS_NS))
		return 0;
	s->shown = now;
	s->p.size = sizeof(s->p);
	s->p.phase = HZ_PHASE_DATA;
	s->p.files_done = s->r.removed;
	s->p.problems = s->r.refused + s->r.failed + s->r.mismatched;
	s->p.elapsed_ns = now - s->began;
	return s->opts.progress(s->opts.user, &s->p) != 0 ? err_set(err, HZ_E_CANCELED, "cancelled") : 0;
}

void shred_event(struct shred *s, const char *path, const char *fmt, ...)
{
	char text[1024];
	hz_event e = { sizeof(e), HZ_EVENT_TARGET, path, strlen(path), text };
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (s->opts.event)
		s->opts.event(s->opts.user, &e);
}

int shred_place(struct shred *s, struct beneath *b, int fd, hz_error **err)
{
	struct statx st;
	int rc;

	if (vfs()->statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) == 0 && (st.stx_mask & STATX_MNT_ID)) {
		for (size_t i = 0; i < s->n_places; i++) {
			if (s->place[i].mount == st.stx_mnt_id) {
				*b = s->place[i];
				return 0;
			}
		}
	}
	rc = beneath_look(b, &s->roots, fd, err);
	if (rc == 0 && s->n_places < SHRED_PLACES)
		s->place[s->n_places++] = *b;
	return rc;
}

/* ---- what is said of it ---- */

static void put_missed(hz_json *o, uint32_t bits)
{
	hz_json *list = hz_json_array(o, "missed");

	for (size_t i = 0; i < ARRAY_LEN(missed); i++)
		if (bits & missed[i].bit)
			hz_json_add_str(list, missed[i].name);
}

static void put_places(const struct shred *s, hz_json *summary)
{
	hz_json *list = hz_json_array(summary, "places");

	for (size_t i = 0; i < s->n_places; i++) {
		const struct beneath *b = &s->place[i];
		hz_json *o = hz_json_add_object(list);

		hz_json_path(o, "mounted_at", b->point, strlen(b->point));
		json_put_text(o, "file_system", b->type, sizeof(b->type));
		json_put_text(o, "source", b->source, sizeof(b->source));
		json_put_text(o, "device", *b->disk ? b->disk : NULL, sizeof(b->disk));
		if (b->turns < 0)
			hz_json_null(o, "rotational");
		else
			hz_json_bool(o, "rotational", b->turns);
		put_missed(o, b->missed);
	}
}

void shred_report(struct shred *s, int rc, hz_json *summary, hz_shred_result *result)
{
	const struct {
		const char *name;
		uint64_t n;
	} counts[] = { { "removed", s->r.removed }, { "folders", s->r.folders }, { "links", s->r.links },
		{ "bytes", s->r.bytes }, { "refused", s->r.refused }, { "failed", s->r.failed },
		{ "mismatched", s->r.mismatched }, { "left_bytes", s->r.left_bytes } };

	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		hz_json_u64(summary, counts[i].name, counts[i].n);
	hz_json_bool(summary, "complete",
		rc == 0 && s->r.refused == 0 && s->r.failed == 0 && s->r.mismatched == 0 && s->r.missed == 0);
	hz_json_str(summary, "cipher", stream_name(stream_default()));
	put_missed(summary, s->r.missed);
	put_places(s, summary);
	for (size_t i = 0; i < ARRAY_LEN(missed); i++)
		if (s->r.missed & missed[i].bit)
			hz_record_says(s->rec, HZ_SAYS_NOT_CHECKED, missed[i].text);
	result_give(result, &s->r, sizeof(s->r));
}

/* ---- files ---- */

static int run_files(struct shred *s, const char *const *paths, size_t n, hz_error **err)
{
	int rc = openfiles_read(&s->open, &s->roots, err);

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = shred_count(s, paths[i], err);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = shred_path(s, paths[i], err);
	return rc;
}

int hz_shred_files(const char *const *paths, size_t n, const hz_shred_options *opts, hz_record *rec, hz_json *summary,
	hz_shred_result *result, hz_error **err)
{
	struct shred s AUTO_SHRED;
	int rc = shred_init(&s, opts, rec, summary, err);

	if (rc == 0 && n == 0)
		rc = err_set(err, HZ_E_INVAL, "no path");
	if (rc == 0)
		rc = run_files(&s, paths, n, err);
	shred_report(&s, rc, summary, result);
	hz_record_says(rec, HZ_SAYS_NOT_CHECKED,
		"copies elsewhere: earlier places of the file, temporary files of programs, swap, backups; names in "
		"the blocks "
		"of the folder and in the journal of the file system");
	if (s.opts.flags & HZ_SHRED_OPEN_TOO)
		hz_record_says(rec, HZ_SAYS_OVERRIDE, "files that another process had open were overwritten too");
	else if (s.open.hidden > 0)
		hz_record_says(rec, HZ_SAYS_NOT_CHECKED,
			"what other users' processes have open could not be seen: only root can");
	return rc;
}
