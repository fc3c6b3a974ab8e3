/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The third walk: reads back everything that this restore made, through descriptors opened anew. Content by the ids of
 * its chunks, so no byte of the store's is needed; the rest by entry_compare. What could not get all its attributes was
 * reported then and is not compared in them again. Regular files are read by the workers, some at a time.
 */
#include "archive/restore.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define FILES_AT_ONCE 1024u

struct verify_task {
	struct restore *r;
	struct restore_file *f;
};

/* ---- attributes ---- */

static void differs(void *user, const char *what, int errnum)
{
	struct restore_shorts *s = user;
	int n;

	s->n++;
	n = snprintf(s->text + s->len, sizeof(s->text) - s->len, "%s%s%s%s", s->len ? "; " : "", err_text(what),
		errnum ? ": " : "", errnum ? strerror(errnum) : "");
	/* Whole or not at all: half a character would be no text. */
	if (n > 0 && (size_t)n < sizeof(s->text) - s->len) {
		s->len += (size_t)n;
	} else {
		s->text[s->len] = '\0';
		s->more = true;
	}
}

/* True when nothing differs. */
static bool tell(struct restore *r, const struct restore_shorts *s, const struct restore_dir *dir, const char *name)
{
	if (s->n > 0)
		restore_event(r, HZ_EVENT_TARGET, dir, name, "read back, differs from the snapshot: %s", s->text);
	return s->n == 0;
}

static void compare_attrs(
	const struct entry *e, int dir, const char *name, enum restore_state state, struct restore_shorts *s)
{
	struct source_stat st;
	int rc;

	if (state == RESTORE_MADE) {
		entry_compare(e, dir, name, differs, s);
		return;
	}
	rc = source_stat(&st, dir, name);
	if (rc)
		differs(s, rc == ENOENT ? "missing" : "attributes", rc == ENOENT ? 0 : rc);
	else if ((st.sig.mode & S_IFMT) != (e->mode & S_IFMT))
		differs(s, "type", 0);
}

/* ---- content ---- */

static int read_pieces(int fd, const struct restore_content *c, uint8_t *out)
{
	for (size_t i = 0; i < c->n_pieces; i++) {
		if (vfs_pread_all(fd, out, (size_t)c->pieces[i].len, c->pieces[i].off) < 0)
			return errno;
		out += c->pieces[i].len;
	}
	return 0;
}

static int compare_content(struct restore *r, struct restore_worker *w, const struct entry *e, int fd,
	struct restore_shorts *s, hz_error **err)
{
	struct restore_content c;
	struct chunk_ref chunk;
	int rc = restore_content_open(&c, e, reader_get_node, &r->nodes, err);

	while (rc == 0 && s->n == 0 && !pool_stopped(r->pool) && (rc = restore_content_next(&c, &chunk, err)) > 0) {
		uint8_t *room;
		int errnum;

		buf_reset(&w->frame);
		room = buf_extend(&w->frame, chunk.len);
		rc = room ? 0 : err_nomem(err);
		if (rc < 0)
			break;
		errnum = read_pieces(fd, &c, room);
		if (errnum)
			differs(s, "content", errnum);
		else if (!chunk_id_matches(w->content, DOMAIN_DATA, room, chunk.len, &chunk.id))
			differs(s, "content", 0);
		else
			(void)__atomic_add_fetch(&r->bytes_done, chunk.len, __ATOMIC_RELAXED);
	}
	restore_content_release(&c);
	return rc;
}

static int compare_file(struct restore *r, struct restore_worker *w, struct restore_file *f, int dir,
	struct restore_shorts *s, hz_error **err)
{
	AUTO_FD int fd = vfs()->openat(dir, f->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	struct entry e;
	struct stat st;
	int rc;

	arena_reset(w->arena);
	rc = entry_decode(&e, w->arena, f->bytes, f->len, err);
	if (rc < 0)
		return rc;
	if (fd < 0 || vfs()->fstat(fd, &st) < 0)
		differs(s, "content", errno);
	else if (!S_ISREG(st.st_mode))
		differs(s, "type", 0);
	else if ((uint64_t)st.st_size != e.size)
		differs(s, "size", 0);
	else
		rc = compare_content(r, w, &e, fd, s, err);
	if (rc == 0 && s->n == 0)
		compare_attrs(&e, dir, f->name, f->state, s);
	return rc;
}

static int run_file(void *arg, unsigned worker, hz_error **err)
{
	struct verify_task *t = arg;
	struct restore_file *f = t->f;
	struct restore_shorts s = { .len = 0 };
	AUTO(hz_error_free) hz_error *why = NULL;
	int dir = -1, rc = restore_dir_get(&t->r->dirs, f->dir, &dir);

	if (rc) {
		differs(&s, "folder", rc);
		rc = 0;
	} else {
		rc = compare_file(t->r, &t->r->workers[worker], f, dir, &s, &why);
		restore_dir_put(&t->r->dirs, f->dir);
	}
	if (restore_is_damage(rc)) {
		restore_event(t->r, HZ_EVENT_DAMAGE, f->dir, f->name, "cannot be compared: %s", hz_error_message(why));
		f->failed = 1;
		return 0;
	}
	if (rc < 0) {
		if (err && !*err)
			*err = TAKE(why);
		return rc;
	}
	f->failed = !tell(t->r, &s, f->dir, f->name);
	(void)__atomic_add_fetch(&t->r->files_done, 1, __ATOMIC_RELAXED);
	return 0;
}

int restore_verify_run(struct restore *r, hz_error **err)
{
	struct restore_batch *b = r->batch;
	AUTO_FREE struct verify_task *tasks = calloc(b->n_files + 1, sizeof(*tasks));
	int rc = tasks ? 0 : err_nomem(err), waited;

	for (size_t i = 0; rc == 0 && i < b->n_files; i++) {
		tasks[i] = (struct verify_task){ r, b->files[i] };
		rc = pool_submit(r->pool, 0, run_file, NULL, &tasks[i], err);
	}
	if (rc < 0)
		pool_cancel(r->pool);
	waited = restore_wait(r, NULL, err);
	rc = rc < 0 ? rc : waited;
	for (size_t i = 0; i < b->n_files; i++) {
		r->result.verified += rc == 0;
		r->result.verify_mismatch += rc == 0 && b->files[i]->failed;
		restore_file_free(r, b->files[i]);
	}
	b->n_files = b->bytes = 0;
	return rc;
}

/* ---- the walk ---- */

/* What the calling thread compares itself. */
static void compare_here(struct restore *r, const struct entry *e, struct restore_dir *in, const char *name,
	enum restore_state state, const struct restore_dir *dir)
{
	struct restore_shorts s = { .len = 0 };
	int fd = -1, rc = restore_dir_get(&r->dirs, in, &fd);

	if (rc) {
		differs(&s, "folder", rc);
	} else {
		compare_attrs(e, fd, name, state, &s);
		restore_dir_put(&r->dirs, in);
	}
	r->result.verified++;
	r->result.verify_mismatch += !tell(r, &s, dir, dir == in ? name : NULL);
}

static int verify_enter(struct restore *r, struct restore_frame *f, const struct restore_frame *parent,
	const struct entry *e, hz_error **err)
{
	enum restore_state state = restore_state_get(r, f->n);
	int rc = restore_finisher.enter(r, f, parent, e, err);

	if (rc < 0 || f->skip || state == RESTORE_USED)
		return rc;
	if (parent)
		compare_here(r, e, parent->dir, f->dir->name, state, f->dir);
	else
		compare_here(r, e, f->dir, ".", state, f->dir);
	return 0;
}

/* The names of one inode must be so in the target too, and no others. *state: what it lacks, its first name was told
 * of. */
static int compare_link(struct restore *r, struct restore_dir *dir, const char *name, const struct entry *e,
	enum restore_state *state, hz_error **err)
{
	struct restore_link *link = NULL;
	struct source_stat st;
	bool is_new = false;
	int fd = -1, own = 1, rc = restore_link_of(r, e, &link, &is_new, err);

	if (rc < 0 || restore_dir_get(&r->dirs, dir, &fd) != 0)
		return rc;
	if (source_stat(&st, fd, name) == 0) {
		own = link->verified ? link->verified == st.sig.ino
				     : restore_link_claim(r, &r->seen, st.sig.dev, st.sig.ino);
		if (own == 0) {
			restore_event(r, HZ_EVENT_TARGET, dir, name, "read back, differs from the snapshot: hard link");
			r->result.verify_mismatch++;
		}
		link->verified = st.sig.ino;
		if (link->state == RESTORE_SHORT)
			*state = RESTORE_SHORT;
	}
	restore_dir_put(&r->dirs, dir);
	return own < 0 ? err_nomem(err) : 0;
}

static int verify_leaf(
	struct restore *r, const struct restore_frame *parent, const struct restore_item *it, hz_error **err)
{
	enum restore_state state = restore_state_get(r, it->n);
	char name[ENTRY_NAME_MAX + 1] = "";
	struct restore_file *f;
	int rc = 0;

	if (state != RESTORE_MADE && state != RESTORE_SHORT)
		return 0;
	memcpy(name, it->e->name, it->e->name_len);
	if (it->e->has_hardlink && state == RESTORE_MADE)
		rc = compare_link(r, parent->dir, name, it->e, &state, err);
	if (rc < 0)
		return rc;
	if (!S_ISREG(it->e->mode)) {
		compare_here(r, it->e, parent->dir, name, state, parent->dir);
		return 0;
	}
	f = restore_file_new(r, parent->dir, it, NULL, err);
	if (!f)
		return HZ_E_NOMEM;
	f->state = state;
	rc = restore_batch_add(r->batch, f, err);
	if (rc < 0) {
		restore_file_free(r, f);
		return rc;
	}
	return r->batch->n_files >= FILES_AT_ONCE ? restore_verify_run(r, err) : 0;
}

const struct restore_visitor restore_verifier = { verify_enter, verify_leaf, NULL };
