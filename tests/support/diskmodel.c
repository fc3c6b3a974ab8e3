/* SPDX-License-Identifier: BSD-2-Clause */
/* The log, and states built of it: see diskmodel.h. */
#include "support/diskmodel.h"
#include "support/hzt.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what was there before ---- */

static void *grown(void *p, size_t n, size_t size)
{
	/* By doubling: called before each addition. */
	if (n & (n - 1))
		return p;
	p = realloc(p, (n ? n * 2 : 1) * size);
	assert_non_null(p);
	return p;
}

unsigned disk_inode_new(struct disk *d, bool is_dir, uint64_t dev, uint64_t ino)
{
	d->inode = grown(d->inode, d->n_inodes, sizeof(*d->inode));
	d->inode[d->n_inodes] = (struct disk_inode){ .is_dir = is_dir, .dev = dev, .ino = ino };
	return d->n_inodes++;
}

long disk_inode_of(const struct disk *d, uint64_t dev, uint64_t ino)
{
	for (unsigned i = d->n_inodes; i-- > 0;) {
		if (d->inode[i].dev == dev && d->inode[i].ino == ino)
			return (long)i;
	}
	return -1;
}

static char *copy_of(const char *name)
{
	char *s = name ? strdup(name) : NULL;

	assert_true(s || !name);
	return s;
}

/* The name stays whose it is. */
static void enter(struct disk_inode *dir, const char *name, unsigned inode)
{
	dir->entries = grown(dir->entries, dir->n, sizeof(*dir->entries));
	dir->entries[dir->n++] = (struct disk_entry){ (char *)(uintptr_t)name, inode };
}

static void read_folder(struct disk *d, unsigned at, const char *path)
{
	DIR *dir = opendir(path);

	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir));) {
		char *child;
		struct stat st;
		unsigned i;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		child = hzt_path(path, e->d_name);
		assert_int_equal(lstat(child, &st), 0);
		i = disk_inode_new(d, S_ISDIR(st.st_mode), st.st_dev, st.st_ino);
		enter(&d->inode[at], copy_of(e->d_name), i);
		if (S_ISDIR(st.st_mode))
			read_folder(d, i, child);
		else
			d->inode[i].data = hzt_get(child, &d->inode[i].len);
		free(child);
	}
	(void)closedir(dir);
}

struct disk *disk_new(const char *root)
{
	struct disk *d = calloc(1, sizeof(*d));
	struct stat st;

	assert_non_null(d);
	assert_int_equal(stat(root, &st), 0);
	(void)disk_inode_new(d, true, st.st_dev, st.st_ino);
	read_folder(d, 0, root);
	return d;
}

void disk_free(struct disk *d)
{
	for (size_t i = 0; i < d->n_ops; i++) {
		free(d->op[i].name);
		free(d->op[i].to_name);
		free(d->op[i].data);
	}
	for (unsigned i = 0; i < d->n_inodes; i++) {
		for (size_t k = 0; k < d->inode[i].n; k++)
			free(d->inode[i].entries[k].name);
		free(d->inode[i].entries);
		free(d->inode[i].data);
	}
	free(d->op);
	free(d->inode);
	free(d);
}

/* ---- the log ---- */

void disk_add(struct disk *d, const struct disk_op *op)
{
	struct disk_op *o;

	d->op = grown(d->op, d->n_ops, sizeof(*d->op));
	o = &d->op[d->n_ops++];
	*o = *op;
	o->name = copy_of(op->name);
	o->to_name = copy_of(op->to_name);
	o->data = op->len ? malloc(op->len) : NULL;
	assert_true(o->data || !op->len);
	if (op->len)
		memcpy(o->data, op->data, op->len);
	o->durable = SIZE_MAX;
}

static bool is_content(const struct disk_op *op)
{
	return op->kind == DISK_WRITE || op->kind == DISK_TRUNCATE;
}

static bool is_name(const struct disk_op *op)
{
	return op->kind <= DISK_UNLINK;
}

/* The first flush of it from op i on. */
static size_t flush_of(const struct disk *d, size_t i, unsigned inode)
{
	for (; i < d->n_ops; i++) {
		if (d->op[i].kind == DISK_SYNCFS || (d->op[i].kind == DISK_FSYNC && d->op[i].inode == inode))
			return i;
	}
	return SIZE_MAX;
}

void disk_seal(struct disk *d)
{
	for (size_t i = 0; i < d->n_ops; i++) {
		struct disk_op *o = &d->op[i];
		size_t from, to;

		if (is_content(o))
			o->durable = flush_of(d, i, o->inode);
		if (!is_name(o))
			continue;
		from = flush_of(d, i, o->dir);
		to = o->kind == DISK_RENAME ? flush_of(d, i, o->to_dir) : from;
		o->durable = from > to ? from : to;
	}
}

size_t disk_open_at(const struct disk *d, size_t cut, size_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < cut; i++) {
		if ((is_content(&d->op[i]) || is_name(&d->op[i])) && d->op[i].durable >= cut)
			out[n++] = i;
	}
	return n;
}

unsigned disk_fates(const struct disk_op *op)
{
	return op->kind == DISK_WRITE ? 4 : 2;
}

/* ---- a state ---- */

static struct disk_entry *entry_of(struct disk_inode *dir, const char *name)
{
	for (size_t i = 0; i < dir->n; i++) {
		if (strcmp(dir->entries[i].name, name) == 0)
			return &dir->entries[i];
	}
	return NULL;
}

static void set_name(struct disk_inode *dir, const char *name, unsigned inode)
{
	struct disk_entry *e = entry_of(dir, name);

	if (e)
		e->inode = inode;
	else
		enter(dir, name, inode);
}

/* Only when it is that inode's: another fate may have kept what should have been replaced. */
static void drop_name(struct disk_inode *dir, const char *name, unsigned inode)
{
	struct disk_entry *e = entry_of(dir, name);

	if (e && e->inode == inode)
		*e = dir->entries[--dir->n];
}

/* The folders after the cut: only names and inodes are filled in. */
static struct disk_inode *folders_at(const struct disk *d, size_t cut, const uint8_t *fate)
{
	struct disk_inode *v = calloc(d->n_inodes, sizeof(*v));

	assert_non_null(v);
	for (unsigned i = 0; i < d->n_inodes; i++) {
		for (size_t k = 0; k < d->inode[i].n; k++)
			enter(&v[i], d->inode[i].entries[k].name, d->inode[i].entries[k].inode);
	}
	for (size_t i = 0; i < cut; i++) {
		const struct disk_op *o = &d->op[i];

		if (fate[i] == DISK_LOST || !is_name(o))
			continue;
		if (o->kind == DISK_RENAME || o->kind == DISK_UNLINK)
			drop_name(&v[o->dir], o->name, o->inode);
		if (o->kind == DISK_RENAME)
			set_name(&v[o->to_dir], o->to_name, o->inode);
		else if (o->kind != DISK_UNLINK)
			set_name(&v[o->dir], o->name, o->inode);
	}
	return v;
}

static void folders_free(const struct disk *d, struct disk_inode *v)
{
	for (unsigned i = 0; i < d->n_inodes; i++)
		free(v[i].entries);
	free(v);
}

#define FNV_BASIS 0xcbf29ce484222325u

static uint64_t mix(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u; /* FNV-1a */
	return h;
}

/* Of what every inode holds. */
static uint64_t *contents_at(const struct disk *d, size_t cut, const uint8_t *fate)
{
	uint64_t *h = calloc(d->n_inodes, sizeof(*h));

	assert_non_null(h);
	for (unsigned i = 0; i < d->n_inodes; i++)
		h[i] = mix(FNV_BASIS, &i, sizeof(i));
	for (size_t i = 0; i < cut; i++) {
		if (is_content(&d->op[i]) && fate[i] != DISK_LOST) {
			h[d->op[i].inode] = mix(h[d->op[i].inode], &i, sizeof(i));
			h[d->op[i].inode] = mix(h[d->op[i].inode], &fate[i], 1);
		}
	}
	return h;
}

/* The sum over a folder does not depend on the order of its names. */
static uint64_t signature_of(const struct disk *d, const struct disk_inode *v, unsigned dir, const uint64_t *contents)
{
	uint64_t sum = 0;

	for (size_t k = 0; k < v[dir].n; k++) {
		const struct disk_entry *e = &v[dir].entries[k];
		uint64_t below = d->inode[e->inode].is_dir ? signature_of(d, v, e->inode, contents)
							   : contents[e->inode];

		sum += mix(mix(FNV_BASIS, e->name, strlen(e->name) + 1), &below, sizeof(below));
	}
	return sum;
}

uint64_t disk_signature(const struct disk *d, size_t cut, const uint8_t *fate)
{
	struct disk_inode *v = folders_at(d, cut, fate);
	uint64_t *contents = contents_at(d, cut, fate), h = signature_of(d, v, 0, contents);

	free(contents);
	folders_free(d, v);
	return h;
}

static void apply_content(int fd, const struct disk_op *o, uint8_t fate)
{
	struct stat st;
	size_t len = fate == DISK_HALF ? o->len / 2 : fate == DISK_BLANK ? 0 : o->len;

	if (o->kind == DISK_TRUNCATE) {
		assert_int_equal(ftruncate(fd, (off_t)o->off), 0);
		return;
	}
	assert_int_equal(pwrite(fd, o->data, len, (off_t)o->off), len);
	assert_int_equal(fstat(fd, &st), 0);
	/* The length arrived and the bytes did not. */
	if (fate == DISK_BLANK && st.st_size < (off_t)(o->off + o->len))
		assert_int_equal(ftruncate(fd, (off_t)(o->off + o->len)), 0);
}

static void build_file(const struct disk *d, unsigned inode, size_t cut, const uint8_t *fate, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, d->inode[inode].data, d->inode[inode].len, 0), d->inode[inode].len);
	for (size_t i = 0; i < cut; i++) {
		if (is_content(&d->op[i]) && d->op[i].inode == inode && fate[i] != DISK_LOST)
			apply_content(fd, &d->op[i], fate[i]);
	}
	(void)close(fd);
}

static void build_folder(const struct disk *d, const struct disk_inode *v, unsigned dir, size_t cut,
	const uint8_t *fate, const char *path)
{
	assert_int_equal(mkdir(path, 0700), 0);
	for (size_t k = 0; k < v[dir].n; k++) {
		const struct disk_entry *e = &v[dir].entries[k];
		char *child = hzt_path(path, e->name);

		/* No hard links: nothing of ours is ever named twice for longer than a moment. */
		if (d->inode[e->inode].is_dir)
			build_folder(d, v, e->inode, cut, fate, child);
		else
			build_file(d, e->inode, cut, fate, child);
		free(child);
	}
}

void disk_build(const struct disk *d, size_t cut, const uint8_t *fate, const char *path)
{
	struct disk_inode *v = folders_at(d, cut, fate);

	build_folder(d, v, 0, cut, fate, path);
	folders_free(d, v);
}

const char *disk_op_text(const struct disk *d, size_t op)
{
	static const char *const verbs[] = { "create", "mkdir", "link", "rename", "unlink", "write", "truncate",
		"fsync", "syncfs", "note" };
	static char text[600];
	const struct disk_op *o = &d->op[op];

	(void)snprintf(text, sizeof(text), "%zu: %s %u/%.200s%s%.200s inode %u at %llu, %zu bytes", op, verbs[o->kind],
		o->dir, o->name ? o->name : "", o->to_name ? " to " : "", o->to_name ? o->to_name : "", o->inode,
		(unsigned long long)o->off, o->len);
	return text;
}
