/* SPDX-License-Identifier: BSD-2-Clause */
/* A host that has a real writer key and writes what it likes: chunks under any id, nodes and entries of raw bytes, runs
 * and commits around them. */
#ifndef FAULT_HOSTILE_H
#define FAULT_HOSTILE_H

#include "unit/archive/fixture.h"
#include "archive/node.h"
#include "archive/restore.h"
#include "hozen.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The victim's place, and a file outside of the target that nobody may touch. */
struct place {
	char *dir, *location, *state, *cache, *target, *reader_key, *canary_dir, *canary;
	struct fixture f;
};

static UNUSED struct place *place_new(void)
{
	struct place *p = calloc(1, sizeof(*p));
	struct store *st = NULL;
	hz_error *err = NULL;

	p->dir = hzt_tmpdir();
	p->location = hzt_path(p->dir, "repo");
	p->state = hzt_path(p->dir, "state");
	p->cache = hzt_path(p->dir, "cache");
	p->target = hzt_path(p->dir, "target");
	p->canary_dir = hzt_path(p->dir, "outside");
	p->canary = hzt_path(p->canary_dir, "canary");
	assert_int_equal(mkdir(p->canary_dir, 0700), 0);
	hzt_put(p->canary, "sings", 5);
	assert_ok(store_open(&st, p->location, STORE_CREATE, &err), &err);
	fixture_make(&p->f, st, SUITE_SODIUM, 2, 24);
	p->reader_key = fixture_key_file(p->dir, "reader.key", p->f.reader);
	return p;
}

static UNUSED void place_free(struct place *p)
{
	fixture_free(&p->f);
	free(p->location);
	free(p->state);
	free(p->cache);
	free(p->target);
	free(p->reader_key);
	free(p->canary_dir);
	free(p->canary);
	hzt_tmpdir_remove(p->dir);
	free(p);
}

/* The canary and its folder are as they were. */
static UNUSED void assert_canary(const struct place *p)
{
	struct stat st;
	size_t len = 0;
	uint8_t *data = hzt_get(p->canary, &len);

	assert_int_equal(len, 5);
	assert_memory_equal(data, "sings", 5);
	assert_int_equal(hzt_count_names(p->canary_dir), 1);
	assert_int_equal(stat(p->canary, &st), 0);
	assert_int_equal(st.st_nlink, 1);
	/* repo, state, cache, target, outside, keys: nothing else came to be beside the target. */
	assert_true(hzt_count_names(p->dir) <= 7);
	free(data);
}

static UNUSED hz_repo_options place_options(const struct place *p, const char *key)
{
	hz_repo_options o = HZ_REPO_OPTIONS_INIT;

	o.location = p->location;
	o.state_dir = p->state;
	o.cache_dir = p->cache;
	o.key_file = key;
	o.workers = 2;
	return o;
}

/* ---- forging ---- */

#define FORGED_PACKS 16u
struct forging {
	struct place *p;
	const struct bundle *writer;
	struct session s;
	struct packer *packer;
	struct run_pack packs[FORGED_PACKS];
	size_t n_packs;
	struct buf entries; /* struct run_entry */
	struct mac *data, *meta;
};

static UNUSED int before_put(void *user, const struct pack_done *p, hz_error **err)
{
	(void)user;
	(void)p;
	(void)err;
	return 0;
}

static UNUSED int after_put(void *user, const struct pack_done *p, hz_error **err)
{
	struct forging *x = user;

	if (x->n_packs == FORGED_PACKS)
		return err_set(err, HZ_E_INTERNAL, "too many packs");
	x->packs[x->n_packs] = (struct run_pack){ p->uid, p->size, p->hash };
	for (size_t i = 0; i < p->n_ids; i++) {
		struct run_entry e = { p->ids[i], (uint32_t)x->n_packs };

		if (buf_append(&x->entries, &e, sizeof(e)) < 0)
			return err_nomem(err);
	}
	x->n_packs++;
	return 0;
}

static UNUSED void forge_begin(struct forging *x, struct place *p, const struct bundle *writer)
{
	struct packer_hooks hooks = { .before_put = before_put, .after_put = after_put, .user = x };

	*x = (struct forging){ .p = p, .writer = writer, .entries = BUF_INIT };
	x->s = fixture_session(&p->f, writer);
	assert_ok(mac_new(&x->data, SUITE_SODIUM, p->f.keys.content, NULL), NULL);
	assert_ok(mac_new(&x->meta, SUITE_SODIUM, p->f.keys.metadata, NULL), NULL);
	assert_ok(packer_new(&x->packer, p->f.store, &p->f.repo, &x->s, 1, 1, &hooks, NULL), NULL);
}

static UNUSED void forge_frame(struct forging *x, enum pack_role role, enum frame_method method, const struct id *id,
	const void *data, size_t len, uint32_t raw)
{
	struct frame_member m = { *id, raw };
	hz_error *err = NULL;

	assert_ok(packer_add(x->packer, 0, role, method, data, len, raw, &m, 1, &err), &err);
}

/* A node of raw bytes; *ref is what refers to it. */
static UNUSED void forge_node(struct forging *x, struct list_ref *ref, enum node_kind kind, uint8_t level,
	uint64_t count, const struct buf *items)
{
	AUTO_IN(buf_release) struct buf node = BUF_INIT;
	struct enc e = enc_to(&node);

	enc_u8(&e, (uint8_t)kind);
	enc_u8(&e, level);
	enc_var(&e, count);
	enc_bytes(&e, items->data, items->len);
	assert_false(e.bad);
	ref->level = level;
	ref->root = mac_compute(x->meta, (uint8_t)kind, node.data, node.len);
	forge_frame(x, PACK_META, METHOD_RAW, &ref->root, node.data, node.len, (uint32_t)node.len);
}

/* An item of a folder's list: the encoder would refuse such names, so it is written by hand. */
static UNUSED void raw_item(struct buf *items, const void *name, size_t len, uint32_t mode, const struct buf *more)
{
	AUTO_IN(buf_release) struct buf entry = BUF_INIT;
	AUTO_IN(buf_release) struct buf var = BUF_INIT;
	struct enc v = enc_to(&var), e = enc_to(&entry), out = enc_to(items);

	enc_var(&v, mode);
	enc_u8(&e, 1);
	enc_blob(&e, name, len);
	enc_u8(&e, 2);
	enc_blob(&e, var.data, var.len);
	if (more)
		enc_bytes(&e, more->data, more->len);
	enc_blob(&out, entry.data, entry.len);
	assert_false(v.bad || e.bad || out.bad);
}

/* The field "tree" of an entry. */
static UNUSED void raw_tree(struct buf *more, const struct list_ref *ref)
{
	struct enc e = enc_to(more);

	enc_u8(&e, 20);
	enc_var(&e, 1 + ID_LEN);
	enc_u8(&e, ref->level);
	enc_bytes(&e, ref->root.b, ID_LEN);
}

/* A field of an entry; they ascend by tag. */
static UNUSED void raw_field(struct buf *more, uint8_t tag, const void *value, size_t len)
{
	struct enc e = enc_to(more);

	enc_u8(&e, tag);
	enc_blob(&e, value, len);
	assert_false(e.bad);
}

/* The same of one or two numbers: second 0 is left out. */
static UNUSED void raw_vars(struct buf *more, uint8_t tag, uint64_t first, uint64_t second)
{
	AUTO_IN(buf_release) struct buf value = BUF_INIT;
	struct enc e = enc_to(&value);

	enc_var(&e, first);
	if (second)
		enc_var(&e, second);
	raw_field(more, tag, value.data, value.len);
}

/* The field "chunks". */
static UNUSED void raw_chunks(struct buf *more, const struct chunk_ref *v, size_t n)
{
	AUTO_IN(buf_release) struct buf value = BUF_INIT;
	struct enc e = enc_to(&value);

	enc_var(&e, n);
	for (size_t i = 0; i < n; i++) {
		enc_bytes(&e, v[i].id.b, ID_LEN);
		enc_u32(&e, v[i].len);
	}
	raw_field(more, 16, value.data, value.len);
}

/* Ends packs, run and commit, a snapshot whose root has this list. */
static UNUSED void forge_commit(char id[HZ_ID_HEX], struct forging *x, const struct list_ref *tree)
{
	struct fixture *f = &x->p->f;
	struct entry root = {
		.name = (const uint8_t *)"root", .name_len = 4, .mode = S_IFDIR | 0755, .has_tree = true, .tree = *tree
	};
	struct run_ref ref;
	struct commit c = { .kind = COMMIT_SNAPSHOT,
		.session = x->s.id,
		.signer = x->writer->key_id,
		.number = 9,
		.session_hash = x->s.part_hash,
		.runs = &ref,
		.n_runs = 1 };
	struct commit_body body = { .start = { 1, 0, false }, .complete = true, .raw = BUF_INIT };
	struct buf object = BUF_INIT, encoded = BUF_INIT;
	hz_error *err = NULL;

	assert_ok(packer_finish(x->packer, &err), &err);
	assert_ok(run_build(&object, &ref, &f->repo, &x->s.id, &x->writer->key_id, x->writer->sign_seed, &f->keys,
			  x->packs, x->n_packs, (struct run_entry *)(void *)x->entries.data,
			  x->entries.len / sizeof(struct run_entry), &err),
		&err);
	fixture_replace(f->store, name_run(&ref.uid).s, object.data, object.len);
	buf_reset(&object);
	assert_ok(entry_encode(&encoded, &root, &err), &err);
	body.root = (struct bytes){ encoded.data, encoded.len };
	body.host = body.tool = body.errors = body.others = (struct bytes){ (const uint8_t *)"", 0 };
	assert_ok(commit_build(&object, &c, &f->repo, &x->s, x->writer->sign_seed, &body, &err), &err);
	fixture_replace(f->store, name_commit(&x->s.id, 0).s, object.data, object.len);
	(void)snprintf(id, HZ_ID_HEX, "%s", id_hex(&c.hash).s);
	buf_release(&object);
	buf_release(&encoded);
}

static UNUSED void forge_end(struct forging *x)
{
	packer_free(x->packer);
	mac_free(x->data);
	mac_free(x->meta);
	session_release(&x->s);
	buf_release(&x->entries);
}

/* ---- the victim ---- */

struct told_here {
	unsigned damage;
	uint64_t stop_after; /* calls of progress; 0: never */
	uint64_t calls;
};

static UNUSED void count_damage(void *user, const hz_event *e)
{
	((struct told_here *)user)->damage += e->kind == HZ_EVENT_DAMAGE;
}

static UNUSED int stop_some_time(void *user, const hz_progress *p)
{
	struct told_here *t = user;

	(void)p;
	return t->stop_after && ++t->calls > t->stop_after;
}

static UNUSED int victim_restore(
	const struct place *p, const char *id, uint32_t flags, struct told_here *told, hz_restore_result *res)
{
	hz_repo_options o = place_options(p, p->reader_key);
	hz_restore_options opts = HZ_RESTORE_OPTIONS_INIT;
	hz_restore_result result = HZ_RESTORE_RESULT_INIT;
	hz_reader *r = NULL;
	hz_job *job = NULL;
	hz_error *err = NULL;
	int rc;

	opts.target = p->target;
	opts.flags = flags;
	assert_ok(hz_job_new(&job, &err), &err);
	hz_job_on_event(job, count_damage, told);
	hz_job_on_progress(job, stop_some_time, told);
	assert_ok(hz_reader_open(&r, &o, HZ_NEED_READ, job, &err), &err);
	rc = hz_restore(r, id, &opts, job, &result, &err);
	if (res)
		*res = result;
	hz_error_free(err);
	hz_reader_close(r);
	hz_job_free(job);
	return rc;
}

static UNUSED long peak_kib(void)
{
	struct rusage u;

	assert_int_equal(getrusage(RUSAGE_SELF, &u), 0);
	return u.ru_maxrss;
}

#define GROWTH_KIB (160L << 10) /* how much the peak may grow by one restore, sanitizers included */

static UNUSED void restore_is_bounded(
	struct place *p, const char *id, uint64_t stop_after, int expected, hz_restore_result *res, const char *what)
{
	struct told_here told = { .stop_after = stop_after };
	long before = peak_kib(), after;
	int rc = victim_restore(p, id, HZ_RESTORE_INTO_EXISTING, &told, res);

	after = peak_kib();
	print_message("%s: peak grew by %ld KiB\n", what, after - before);
	assert_int_equal(rc, expected);
	assert_true(after - before < GROWTH_KIB);
	assert_canary(p);
}

#endif
