/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A slice of a folder's children. Its beginning: which of them count, which are as the cache remembers them, and who
 * reads the rest. Its end: the entries go to the folder's list and to the cache. As long as all is as the base has it
 * the list is not written at all; the first difference adds what came before, from the cache, and goes on from there.
 */
#include "archive/scan_internal.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define RACY_SEC 1
#define GROUP    32u
#define HELD_MAX 4u /* slices of the cache that one slice may borrow from */

/* ---- which of them count ---- */

static bool is_excluded(struct scan *s, unsigned worker, const struct scan_dir *d, const struct scan_child *c)
{
	struct buf *b = &s->w[worker].path;

	if (!s->o.excludes || patterns_is_empty(s->o.excludes) || scan_path(b, d, c->name) < 0)
		return false;
	return patterns_match(s->o.excludes, (const char *)b->data, b->len, S_ISDIR(c->st.sig.mode));
}

bool is_racy(const struct scan *s, const struct stat_sig *sig)
{
	return sig->ctime_sec >= s->o.start.sec - RACY_SEC;
}

static void set_partial(struct scan_dir *d)
{
	__atomic_store_n(&d->partial, true, __ATOMIC_RELAXED);
}

/* Stats a child; false: it is not there, or cannot be looked at. */
static bool child_stat(struct scan *s, struct scan_dir *d, struct scan_child *c)
{
	int e;

	if (c->node && !c->node->whole && !c->node->covered) {
		/* Only on the way to what was asked for: symlinks in it are followed. */
		AUTO_FD int fd = vfs()->openat(dir_fd_of(d, c), c->name, O_PATH | O_DIRECTORY, 0);

		e = fd < 0 ? errno : source_stat_fd(&c->st, fd);
	} else {
		e = source_stat(&c->st, dir_fd_of(d, c), c->name);
	}
	c->has_stat = e == 0;
	if (e && (c->node || e != ENOENT)) {
		scan_error(s, e == ENOENT ? SOURCE_MISSING : SOURCE_UNREADABLE, d, c->name,
			e == ENOENT ? "does not exist" : "stat", e == ENOENT ? 0 : e);
		set_partial(d);
	}
	return c->has_stat;
}

/* To be read like a file. Of symlinks only those that were named: the tree has others, of devices that were not meant.
 */
static bool is_special(const struct scan_dir *d, struct scan_child *c)
{
	struct source_stat st;

	if (c->node && c->node->whole && S_ISLNK(c->st.sig.mode)) {
		AUTO_FD int fd = vfs()->openat(dir_fd_of(d, c), c->name, O_PATH, 0);

		if (fd >= 0 && source_stat_fd(&st, fd) == 0 && S_ISBLK(st.sig.mode))
			c->st = st;
	}
	return S_ISBLK(c->st.sig.mode);
}

/* What opening will tell again need not be looked at before: of a folder, and of a file that is not remembered, the
 * type is enough, if the list gave it. */
static bool child_type(struct scan *s, struct scan_dir *d, struct scan_child *c, unsigned char type)
{
	if (!c->node && !s->o.exclude_nodump && (type == DT_DIR || type == DT_REG))
		c->st.sig.mode = type == DT_DIR ? S_IFDIR : S_IFREG;
	else if (!child_stat(s, d, c))
		return false;
	if (c->node && c->node->whole)
		bump(&s->r->sources_found, 1);
	c->is_special = s->o.read_special && is_special(d, c);
	if (c->name_len > ENTRY_NAME_MAX) {
		scan_error(s, SOURCE_UNREADABLE, d, c->name, "name is longer than 255 bytes", 0);
		set_partial(d);
		return false;
	}
	return true;
}

/* False: it does not count. */
static bool child_look(struct scan *s, unsigned worker, struct scan_dir *d, struct scan_child *c, unsigned char type)
{
	if (!child_type(s, d, c, type) || is_excluded(s, worker, d, c))
		return false;
	if (s->o.exclude_nodump && c->st.is_nodump && !c->node)
		return false;
	if (d->has_cached)
		c->cached = cache_folder_find(&d->cached, c->name, c->name_len);
	if (c->cached && !c->has_stat && !S_ISDIR(c->st.sig.mode) &&
		(!child_stat(s, d, c) || (S_ISDIR(c->st.sig.mode) && is_excluded(s, worker, d, c)))) {
		/* It is remembered, and is no more. */
		d->cached.gaps = true;
		return false;
	}
	c->is_dir = S_ISDIR(c->st.sig.mode);
	if (c->node && c->node->child && !c->is_dir)
		scan_error(s, SOURCE_MISSING, d, c->name, "is no folder, and something below it was asked for", 0);
	return true;
}

/* Those that were asked for are among the names, and ascend as they do. */
static const struct source_node *node_of(struct scan_dir *d, const char *name)
{
	while (d->next_node && strcmp(d->next_node->name, name) < 0)
		d->next_node = d->next_node->next;
	return d->next_node && strcmp(d->next_node->name, name) == 0 ? d->next_node : NULL;
}

static int slice_fill(struct scan *s, unsigned worker, struct scan_dir *d, hz_error **err)
{
	uint32_t left = d->names.n - d->next;
	bool on_the_way = !d->parent && !d->node->whole;

	d->n = 0;
	if (!d->children && left > 0)
		d->children = malloc((left < d->limit ? left : d->limit) * sizeof(*d->children));
	if (!d->children && left > 0)
		return err_nomem(err);
	while (!slice_is_last(d) && d->n < d->limit && d->cached.held <= HELD_MAX) {
		struct scan_child *c = &d->children[d->n];
		unsigned char type = names_type(&d->names, d->next);

		*c = (struct scan_child){ .name = names_get(&d->names, d->next) };
		c->name_len = (uint32_t)strlen(c->name);
		c->node = d->next_node ? node_of(d, c->name) : NULL;
		c->from_slash = on_the_way && c->node && c->node->real && c->node->real[0] == '/';
		d->next++;
		if (child_look(s, worker, d, c, type))
			d->n++;
	}
	return 0;
}

/* ---- which of them are read ---- */

/* A file remembered from a tree that is not the session's base may be used only if all its chunks are found. 1, 0, <0.
 */
static int chunks_are_known(struct scan *s, unsigned worker, const struct cache_child *k, hz_error **err)
{
	struct arena *a = s->w[worker].arena;
	struct entry e;
	int rc = 1;

	arena_reset(a);
	if (entry_decode(&e, a, k->entry, k->entry_len, NULL) < 0 || e.has_chunk_list || e.has_extent_list)
		return 0;
	for (uint32_t i = 0; rc == 1 && i < e.n_chunks; i++)
		rc = index_has(s->o.index, &e.chunks[i].id, err);
	return rc;
}

static int try_reuse(struct scan *s, unsigned worker, struct scan_child *c, hz_error **err)
{
	const struct cache_child *k = c->cached;
	int rc = 1;

	if (!k || (k->flags & CACHE_RACY) || !stat_sig_equal(&k->sig, &c->st.sig))
		return 0;
	if (S_ISREG(c->st.sig.mode) && !s->o.trust_cache)
		rc = chunks_are_known(s, worker, k, err);
	if (rc <= 0)
		return rc;
	c->entry = (uint8_t *)(uintptr_t)k->entry;
	c->entry_len = k->entry_len;
	c->borrowed = true;
	c->flags = is_racy(s, &c->st.sig) ? CACHE_RACY : 0;
	if (S_ISREG(c->st.sig.mode)) {
		bump(&s->r->counts.files_same, 1);
		bump(&s->r->counts.total_bytes, c->st.sig.size);
	} else {
		bump(&s->r->counts.others, 1);
	}
	return 0;
}

/* Starts folders (last first: the pool takes the newest), reads the rest. */
int slice_start(struct scan *s, unsigned worker, struct scan_dir *d, hz_error **err)
{
	uint32_t files[GROUP], n = 0;
	int rc = slice_fill(s, worker, d, err);

	for (uint32_t i = rc == 0 ? d->n : 0; rc == 0 && i-- > 0;) {
		if (d->children[i].is_dir)
			rc = subdir_start(s, d, i, err);
	}
	for (uint32_t i = 0; rc == 0 && i < d->n; i++) {
		struct scan_child *c = &d->children[i];

		if (c->is_dir)
			continue;
		rc = try_reuse(s, worker, c, err);
		if (rc < 0 || c->entry)
			continue;
		if (S_ISREG(c->st.sig.mode) || c->is_special)
			files[n++] = i;
		else
			rc = other_read(s, worker, d, c, err);
		if (rc == 0 && n == GROUP) {
			rc = files_submit(s, worker, d, files, n, err);
			n = 0;
		}
	}
	if (rc == 0 && n > 0)
		rc = files_submit(s, worker, d, files, n, err);
	if (slice_is_last(d))
		dir_fd_release(d);
	return rc;
}

/* ---- the end ---- */

static bool is_as_remembered(const struct scan_dir *d)
{
	if (d->cached.gaps || d->cached.failed)
		return false;
	for (uint32_t i = 0; i < d->n; i++) {
		const struct scan_child *c = &d->children[i];

		if (!c->entry && !c->cached)
			continue;
		if (!c->entry || !c->cached)
			return false;
		if (!c->borrowed &&
			(c->entry_len != c->cached->entry_len || memcmp(c->entry, c->cached->entry, c->entry_len) != 0))
			return false;
	}
	return true;
}

/* Begins to write the list, with the slices that are done: their entries are those in the cache. */
static int list_begin(struct scan *s, struct scan_dir *d, hz_error **err)
{
	const struct cache_child *k = dir_cached(s, d);
	struct cache_folder f;
	int rc = node_builder_new(&d->list, NODE_TREE, scan_put_node, &d->user, err);

	if (rc < 0 || d->listed == 0)
		return rc;
	rc = cache_folder_open(&f, s->o.cache, k->record);
	for (uint64_t i = 0; rc == 0 && i < d->listed; i++) {
		const struct cache_child *old = cache_folder_next(&f);

		if (old)
			rc = node_builder_add(d->list, old->entry, old->entry_len, old->name, old->name_len, err);
		else
			rc = HZ_E_CORRUPT;
	}
	cache_folder_close(&f);
	/* Its slices are no more in memory, and the folder's entries with them. */
	return rc == HZ_E_CORRUPT ? err_set(err, HZ_E_IO, "the cache cannot be read a second time") : rc;
}

static int list_slice(struct scan *s, unsigned worker, struct scan_dir *d, hz_error **err)
{
	int rc = 0;

	d->user = (struct node_user){ s, worker };
	if (!d->list)
		rc = list_begin(s, d, err);
	for (uint32_t i = 0; rc == 0 && i < d->n; i++) {
		const struct scan_child *c = &d->children[i];

		if (c->entry)
			rc = node_builder_add(d->list, c->entry, c->entry_len, c->name, c->name_len, err);
	}
	return rc;
}

static void cache_child_put(struct cache_out *o, const struct scan_child *c)
{
	struct cache_child k = { .name = (const uint8_t *)c->name,
		.name_len = c->name_len,
		.sig = c->st.sig,
		.flags = c->flags,
		.record = c->record,
		.entry = c->entry,
		.entry_len = c->entry_len };

	if (c->borrowed && c->cached->flags == c->flags && c->cached->sig.dev == c->st.sig.dev)
		cache_out_copy(o, c->cached);
	else
		cache_out_add(o, &k);
}

static void cache_slice_put(struct scan *s, unsigned worker, struct scan_dir *d)
{
	struct cache_out *o = &s->w[worker].out;

	if (!s->o.new_cache)
		return;
	for (uint32_t i = 0; i < d->n; i++) {
		if (!d->children[i].entry)
			continue;
		cache_child_put(o, &d->children[i]);
		if (cache_out_is_full(o))
			cache_write_slice(s->o.new_cache, &d->record, o);
	}
	cache_write_slice(s->o.new_cache, &d->record, o);
}

int slice_end(struct scan *s, unsigned worker, struct scan_dir *d, hz_error **err)
{
	int rc = 0;

	d->is_same = d->is_same && is_as_remembered(d) && (!slice_is_last(d) || cache_folder_is_at_end(&d->cached));
	if (!d->is_same)
		rc = list_slice(s, worker, d, err);
	for (uint32_t i = 0; i < d->n; i++)
		d->listed += d->children[i].entry != NULL;
	if (rc == 0)
		cache_slice_put(s, worker, d);
	slice_free(d);
	return rc;
}

void slice_free(struct scan_dir *d)
{
	for (uint32_t i = 0; i < d->n; i++) {
		if (!d->children[i].borrowed)
			free(d->children[i].entry);
	}
	d->n = 0;
	cache_folder_forget(&d->cached);
}
