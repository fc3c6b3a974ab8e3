/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A store keeps opaque immutable objects under names. It never sees a key.
 * Names: "repo", "repo.copy" or "folder/name"; folder is one of the fixed list store_folders; a name has 1..120
 * characters of [0-9a-z.-], not starting with a dot. Anything else found in a store is no object and is skipped by
 * list.
 *
 * Promises that a backend makes (format.md section 1):
 *  - put is put-if-absent and linearizable: of two puts of one name exactly one gives 0, the other HZ_E_EXISTS;
 *  - a put that returned 0 survives a power cut, whole;
 *  - list gives at least every object whose put ended before it began;
 *  - nothing half-written is ever visible under a name.
 * All calls may come from several threads at once. Errors name the object. A failed put that is not HZ_E_EXISTS may or
 * may not have happened (storage error): the caller gives the session up.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/error.h"
#include <sys/uio.h>
#include <stdbool.h>
#include <stdint.h>

#define STORE_NAME_MAX 136 /* a name with its NUL: the longest folder, a slash, 120 characters */

extern const char *const store_folders[]; /* admin keys sessions packs index commits parity audit; NULL ends */

/* A non-zero result stops the listing and is returned. */
typedef int (*store_list_fn)(void *user, const char *name, uint64_t size);

struct store;
struct store_ops {
	int (*put)(struct store *s, const char *name, const struct iovec *iov, size_t n, hz_error **err);
	/* Exactly len bytes from off, or HZ_E_NOTFOUND, or HZ_E_CORRUPT when the object is shorter. */
	int (*get)(struct store *s, const char *name, uint64_t off, void *buf, size_t len, hz_error **err);
	int (*size)(struct store *s, const char *name, uint64_t *size, hz_error **err);
	/* May be NULL: size and get do. The whole object by one request, as store_get_all promises it. */
	int (*get_all)(struct store *s, const char *name, size_t max, uint8_t **data, size_t *len, hz_error **err);
	/* folder "" lists the top level. Names are given whole ("packs/0123..."). */
	int (*list)(struct store *s, const char *folder, store_list_fn fn, void *user, hz_error **err);
	/* Deletes and makes it durable; HZ_E_NOTFOUND when it was not there. */
	int (*remove)(struct store *s, const char *name, hz_error **err);
	/* What stands in the folder now survives a power cut, also where the run that put it died in the midst. */
	int (*sync)(struct store *s, const char *folder, hz_error **err);
	int (*space)(struct store *s, uint64_t *free_bytes, uint64_t *total_bytes, hz_error **err);
	/* Removes temporary files of owner (see store_open) whose session is not held: is_live(user, session) says. */
	int (*sweep)(struct store *s, const char *owner, bool (*is_live)(void *user, const char *session), void *user,
		hz_error **err);
	/* Where the object lies on the medium, in an order in which it is best read; 0 or NULL: not known. */
	uint64_t (*place)(struct store *s, const char *name);
	void (*close)(struct store *s);
};

struct store {
	const struct store_ops *ops;
	const char *location; /* as the user named it, for messages */
	/* Put into the names of temporary files, "-" until set: hex of the writer and of the session. Set before
	 * threads start. */
	char owner[40];
	char session[40];
	/* True when this credential cannot delete or overwrite (nothing local ever says so). */
	bool protects;
	/* Hints of the backend; false where it does not know. */
	bool remote;     /* requests have latency: several whole objects should be under way at once */
	bool rotational; /* on a disk that turns: objects should be read whole, in order of store_place */
	/* The folder of this host that it is in, for those that must not walk into it; NULL for all other stores. A
	 * location need not be a path. */
	const char *path;
};

enum store_mode { STORE_EXISTING, STORE_CREATE };
/* False for "scheme://...", whether such a store is known or not. */
bool store_location_is_path(const char *location);
/* location: a folder, or scheme://... of a backend (HZ_E_UNSUPPORTED: none for this scheme, see store_backend.h).
 * STORE_CREATE makes the folder and those inside and probes that objects can be put atomically (HZ_E_UNSUPPORTED when
 * neither RENAME_NOREPLACE nor link(2) work). STORE_EXISTING needs the folder to be there (HZ_E_NOTFOUND), not to hold
 * anything. */
int store_open(struct store **ret, const char *location, enum store_mode mode, hz_error **err);
/* In memory, the reference implementation; for tests. */
int store_mem_new(struct store **ret, hz_error **err);
void store_close(struct store *s);
DEFINE_AUTO(struct store, store_close)

bool store_name_is_valid(const char *name);
int store_put(struct store *s, const char *name, const struct iovec *iov, size_t n, hz_error **err);
int store_get(struct store *s, const char *name, uint64_t off, void *buf, size_t len, hz_error **err);
int store_size(struct store *s, const char *name, uint64_t *size, hz_error **err);
/* True, false with *rc = 0, or false with *rc < 0. */
bool store_has(struct store *s, const char *name, int *rc, hz_error **err);
int store_list(struct store *s, const char *folder, store_list_fn fn, void *user, hz_error **err);
int store_remove(struct store *s, const char *name, hz_error **err);
int store_sync(struct store *s, const char *folder, hz_error **err);
int store_space(struct store *s, uint64_t *free_bytes, uint64_t *total_bytes, hz_error **err);
int store_sweep(struct store *s, const char *owner, bool (*is_live)(void *user, const char *session), void *user,
	hz_error **err);
/* A number by which objects are best read one after the other; 0 where the store does not know. */
uint64_t store_place(struct store *s, const char *name);
/* The whole object; HZ_E_CORRUPT when it has more than max bytes. *data is the caller's (free). */
int store_get_all(struct store *s, const char *name, size_t max, uint8_t **data, size_t *len, hz_error **err);

#endif
