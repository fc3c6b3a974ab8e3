/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The front of every store: which names there are, which backend a location means, and messages that begin with the
 * object. A backend never sees a name that is not valid.
 */
#include "store/store_backend.h"
#include <string.h>

#define LEAF_MAX     120u
#define BACKENDS_MAX 8u

const char *const store_folders[] = { "admin", "keys", "sessions", "packs", "index", "commits", "parity", "audit",
	NULL };

int store_folder_index(const char *folder)
{
	for (int i = 0; store_folders[i]; i++)
		if (strcmp(store_folders[i], folder) == 0)
			return i;
	return -1;
}

bool store_leaf_is_valid(const char *leaf)
{
	size_t len = strspn(leaf, "0123456789abcdefghijklmnopqrstuvwxyz.-");

	return len > 0 && len <= LEAF_MAX && !leaf[len] && leaf[0] != '.';
}

bool store_name_is_valid(const char *name)
{
	const char *slash = strchr(name, '/');
	char folder[16];

	if (!slash)
		return strcmp(name, "repo") == 0 || strcmp(name, "repo.copy") == 0;
	if ((size_t)(slash - name) >= sizeof(folder))
		return false;
	memcpy(folder, name, (size_t)(slash - name));
	folder[slash - name] = '\0';
	return store_folder_index(folder) >= 0 && store_leaf_is_valid(slash + 1);
}

/* Of a failure only: with 0 the error variable may hold something older. */
static int about(hz_error **err, int rc, const char *what)
{
	return rc < 0 ? err_wrap(err, rc, "%s", what) : rc;
}

static int check_name(const char *name, hz_error **err)
{
	return store_name_is_valid(name) ? 0 : err_set(err, HZ_E_INVAL, "\"%s\" is no name of an object", name);
}

/* ---- which backend ---- */

/* By scheme; backends that the library comes with stand here, others are added. A location without one is a folder. */
static struct {
	const char *scheme;
	store_open_fn open;
} backends[BACKENDS_MAX];

int store_register(const char *scheme, store_open_fn fn)
{
	for (size_t i = 0; i < BACKENDS_MAX; i++) {
		if (!backends[i].scheme) {
			backends[i].scheme = scheme;
			backends[i].open = fn;
			return 0;
		}
		if (strcmp(backends[i].scheme, scheme) == 0)
			return HZ_E_EXISTS;
	}
	return HZ_E_NOMEM;
}

/* Characters of the scheme; 0: it is a path. */
static size_t scheme_len(const char *location)
{
	size_t n = strspn(location, "abcdefghijklmnopqrstuvwxyz0123456789+.-");

	return strncmp(location + n, "://", 3) == 0 ? n : 0;
}

bool store_location_is_path(const char *location)
{
	return scheme_len(location) == 0;
}

int store_open(struct store **ret, const char *location, enum store_mode mode, hz_error **err)
{
	size_t n = scheme_len(location);

	if (!*location)
		return err_set(err, HZ_E_INVAL, "the store's location is empty");
	if (n == 0)
		return store_local_open(ret, location, mode, err);
	for (size_t i = 0; i < BACKENDS_MAX && backends[i].scheme; i++) {
		if (strlen(backends[i].scheme) == n && strncmp(backends[i].scheme, location, n) == 0)
			return backends[i].open(ret, location, mode, err);
	}
	return err_set(err, HZ_E_UNSUPPORTED, "%s: only folders can be stores in this version", location);
}

void store_close(struct store *s)
{
	if (s)
		s->ops->close(s);
}

int store_put(struct store *s, const char *name, const struct iovec *iov, size_t n, hz_error **err)
{
	int rc = check_name(name, err);

	return rc < 0 ? rc : about(err, s->ops->put(s, name, iov, n, err), name);
}

int store_get(struct store *s, const char *name, uint64_t off, void *buf, size_t len, hz_error **err)
{
	int rc = check_name(name, err);

	return rc < 0 ? rc : about(err, s->ops->get(s, name, off, buf, len, err), name);
}

int store_size(struct store *s, const char *name, uint64_t *size, hz_error **err)
{
	int rc = check_name(name, err);

	return rc < 0 ? rc : about(err, s->ops->size(s, name, size, err), name);
}

bool store_has(struct store *s, const char *name, int *rc, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	uint64_t size;

	*rc = store_size(s, name, &size, &why);
	if (*rc == 0)
		return true;
	if (*rc == HZ_E_NOTFOUND)
		*rc = 0;
	else if (err && !*err)
		*err = TAKE(why);
	return false;
}

int store_list(struct store *s, const char *folder, store_list_fn fn, void *user, hz_error **err)
{
	if (*folder && store_folder_index(folder) < 0)
		return err_set(err, HZ_E_INVAL, "\"%s\" is no folder of a store", folder);
	return s->ops->list(s, folder, fn, user, err);
}

int store_remove(struct store *s, const char *name, hz_error **err)
{
	int rc = check_name(name, err);

	return rc < 0 ? rc : about(err, s->ops->remove(s, name, err), name);
}

int store_sync(struct store *s, const char *folder, hz_error **err)
{
	if (store_folder_index(folder) < 0)
		return err_set(err, HZ_E_INVAL, "\"%s\" is no folder of a store", folder);
	return about(err, s->ops->sync(s, folder, err), folder);
}

int store_space(struct store *s, uint64_t *free_bytes, uint64_t *total_bytes, hz_error **err)
{
	return about(err, s->ops->space(s, free_bytes, total_bytes, err), s->location);
}

int store_sweep(struct store *s, const char *owner, bool (*is_live)(void *user, const char *session), void *user,
	hz_error **err)
{
	return about(err, s->ops->sweep(s, owner, is_live, user, err), s->location);
}

uint64_t store_place(struct store *s, const char *name)
{
	return s->ops->place && store_name_is_valid(name) ? s->ops->place(s, name) : 0;
}

/* A medium with unreadable sectors gives up whole reads: what can be read is read piece by piece, the rest is left
 * zero, for checksums to find and parity to mend. HZ_E_IO when nothing can be read. */
#define PIECE 4096u
static int get_pieces(struct store *s, const char *name, uint8_t *buf, uint64_t size, hz_error **err)
{
	bool any = false;

	for (uint64_t off = 0; off < size; off += PIECE) {
		size_t len = size - off < PIECE ? (size_t)(size - off) : PIECE;
		AUTO(hz_error_free) hz_error *e = NULL;
		int rc = store_get(s, name, off, buf + off, len, &e);

		if (rc == 0)
			any = true;
		else if (rc == HZ_E_IO)
			memset(buf + off, 0, len);
		if (rc < 0 && (rc != HZ_E_IO || (!any && off + PIECE >= size))) {
			if (err && !*err)
				*err = TAKE(e);
			return rc;
		}
	}
	return 0;
}

int store_get_all(struct store *s, const char *name, size_t max, uint8_t **data, size_t *len, hz_error **err)
{
	AUTO_FREE uint8_t *buf = NULL;
	uint64_t size;
	int rc = check_name(name, err);

	if (rc < 0)
		return rc;
	if (s->ops->get_all)
		return about(err, s->ops->get_all(s, name, max, data, len, err), name);
	rc = store_size(s, name, &size, err);
	if (rc < 0)
		return rc;
	if (size > max)
		return err_set(err, HZ_E_CORRUPT, "%s: larger than %zu bytes", name, max);
	buf = malloc(size ? (size_t)size : 1);
	if (!buf)
		return err_nomem(err);
	AUTO(hz_error_free) hz_error *e = NULL;

	rc = store_get(s, name, 0, buf, (size_t)size, &e);
	if (rc == HZ_E_IO)
		rc = get_pieces(s, name, buf, size, err);
	else if (rc < 0 && err && !*err)
		*err = TAKE(e);
	if (rc < 0)
		return rc;
	*data = TAKE(buf);
	*len = (size_t)size;
	return 0;
}
