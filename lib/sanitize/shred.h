/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the calls of hozen/shred.h share. One key stream for a whole call: every byte that is written has an address of
 * its own in it, given out by shred_base(), so the same key never makes two different things.
 */
#ifndef SANITIZE_SHRED_H
#define SANITIZE_SHRED_H

#include "device/beneath.h"
#include "device/openfiles.h"
#include "hozen/shred.h"
#include "sanitize/engine.h"
#include <sys/stat.h>

#define SHRED_PIECE   ((size_t)1 << 20) /* at a time */
#define SHRED_BLOCK   4096u             /* what direct reading is aligned to */
#define SHRED_PLACES  16u
#define SHRED_OBJECTS 500u /* told by name */

struct shred {
	hz_shred_options opts;
	hz_record *rec;
	struct roots roots;
	struct openfiles open;
	struct beneath place[SHRED_PLACES]; /* by mount; what does not fit is looked at again each time */
	size_t n_places;
	struct secret *key;
	struct filler *filler;
	uint64_t base;
	uint8_t *buf, *expect; /* SHRED_PIECE each, aligned to SHRED_BLOCK */
	hz_shred_result r;
	hz_json *objects; /* borrowed from the summary */
	uint64_t n_objects;
	hz_progress p;
	uint64_t began, shown;
};
int shred_init(struct shred *s, const hz_shred_options *opts, hz_record *rec, hz_json *summary, hz_error **err);
void shred_release(struct shred *s);
#define AUTO_SHRED __attribute__((cleanup(shred_release)))
/* Tells progress when it is due; HZ_E_CANCELED when it asks to stop. */
int shred_tick(struct shred *s, hz_error **err);
void shred_event(struct shred *s, const char *path, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* What the medium of an open file is; by its mount, which is kept. */
int shred_place(struct shred *s, struct beneath *b, int fd, hz_error **err);
/* The end: what was reached goes into summary and record. rc: of the whole. */
void shred_report(struct shred *s, int rc, hz_json *summary, hz_shred_result *result);

/* Addresses of the stream for len bytes. */
uint64_t shred_base(struct shred *s, uint64_t len);
/* Writes what belongs there; off and len multiples of SHRED_BLOCK but for len at the end of a file. */
int shred_overwrite(struct shred *s, int fd, uint64_t off, uint64_t len, uint64_t base, hz_error **err);
/* Reads it again. 0; 1: it is something else; *cached: it may have come out of the cache. */
int shred_compare(struct shred *s, int fd, uint64_t off, uint64_t len, uint64_t base, bool *cached, hz_error **err);

/* One name in an open folder (shred_file.c). path is for messages. 0 also when it was refused or failed, which is
 * counted and told; HZ_E_CANCELED and HZ_E_NOMEM end everything. */
int shred_file(struct shred *s, int dirfd, const char *name, const char *path, const struct stat *st, hz_error **err);
/* Takes a name away that has no content worth overwriting: a symbolic link, or an empty folder (AT_REMOVEDIR). */
int shred_name(struct shred *s, int dirfd, const char *name, const struct stat *st, int flags, hz_error **err);
/* Everything of a path (shred_walk.c). */
int shred_path(struct shred *s, const char *path, hz_error **err);
/* Adds the bytes that a path has to what progress tells as the whole. */
int shred_count(struct shred *s, const char *path, hz_error **err);
/* Pure: a name of the same length that means nothing. */
void shred_meaningless(char *out, size_t len);

#endif
