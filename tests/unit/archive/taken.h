/* SPDX-License-Identifier: BSD-2-Clause */
/* A session that takes content in, contents made of numbers, and reading back what its runs say. */
#ifndef UNIT_ARCHIVE_TAKEN_H
#define UNIT_ARCHIVE_TAKEN_H

#include "fixture.h"
#include "support/faultvfs.h"
#include "archive/ingest.h"
#include <pthread.h>

#define WORKERS 4u
#define PUTS    2u

struct taking {
	struct fixture *f;
	struct session s;
	struct state state;
	struct journal *journal;
	struct index *index;
	struct ingest *in;
};

/* folder: of the state. dry: nothing is put. */
static UNUSED void taking_begin(struct taking *t, struct fixture *f, const char *folder, bool dry)
{
	struct index_options io = { .trust = INDEX_OWN, .self = f->writer->key_id };
	hz_error *err = NULL;

	*t = (struct taking){ .f = f };
	f->repo.pack_log2 = 21;
	t->s = fixture_session(f, f->writer);
	assert_ok(state_open(&t->state, folder, &f->writer->key_id, &err), &err);
	assert_ok(journal_new(&t->journal, &t->state, &t->s.id, &err), &err);
	assert_ok(index_new(&t->index, f->store, &f->log, &f->keys, &io, NULL, &err), &err);
	struct ingest_options o = { .store = dry ? NULL : f->store,
		.repo = &f->repo,
		.session = &t->s,
		.group = &f->keys,
		.seed = f->writer->sign_seed,
		.index = t->index,
		.journal = dry ? NULL : t->journal,
		.workers = WORKERS,
		.puts = PUTS };

	assert_ok(ingest_new(&t->in, &o, &err), &err);
}

static UNUSED void taking_end(struct taking *t)
{
	ingest_free(t->in);
	index_free(t->index);
	journal_close(t->journal);
	state_close(&t->state);
	session_release(&t->s);
}

/* ---- content ---- */

enum kind { KIND_SMALL, KIND_CHUNK, KIND_NODE };

struct content {
	enum kind kind;
	uint8_t *data;
	size_t len;
};

/* A quarter are large chunks, a quarter nodes; every second one compresses. */
static UNUSED struct content content_of(unsigned n)
{
	struct hzt_random r = { n };
	struct content c = { .kind = n % 4 == 0 ? KIND_CHUNK : n % 4 == 1 ? KIND_NODE : KIND_SMALL };

	c.len = c.kind == KIND_CHUNK ? SMALL_MAX + 1 + hzt_random_below(&r, 100000) : 8 + hzt_random_below(&r, 9000);
	c.data = malloc(c.len);
	hzt_random_fill(&r, c.data, c.len);
	if (n % 8 < 4)
		memset(c.data + 8, 'x', c.len - 8);
	return c;
}

static UNUSED int take_in(struct ingest *in, unsigned worker, unsigned n, struct id *id, hz_error **err)
{
	struct content c = content_of(n);
	int rc;

	if (c.kind == KIND_NODE)
		rc = ingest_node(in, worker, NODE_TREE, c.data, c.len, id, err);
	else if (c.kind == KIND_CHUNK)
		rc = ingest_chunk(in, worker, c.data, c.len, id, err);
	else
		rc = ingest_small(in, worker, c.data, c.len, id, err);
	free(c.data);
	return rc;
}

/* Numbers from..to in an order of the worker's own; the first failure ends it. */
struct feeder {
	struct ingest *in;
	unsigned worker;
	unsigned from, to;         /* everybody's */
	unsigned own_from, own_to; /* this worker's alone */
	int rc;
};

static UNUSED void *feeder_run(void *arg)
{
	struct feeder *f = arg;
	unsigned all = f->to - f->from, own = f->own_to - f->own_from;
	struct id id;

	for (unsigned i = 0; f->rc == 0 && i < all; i++)
		f->rc = take_in(f->in, f->worker, f->from + (i * 7 + f->worker * 13) % all, &id, NULL);
	for (unsigned i = 0; f->rc == 0 && i < own; i++)
		f->rc = take_in(f->in, f->worker, f->own_from + i, &id, NULL);
	return NULL;
}

/* WORKERS threads at once: all bring from..to (whose number 7 does not divide), each brings as many of its own after
 * that. The first failure. */
static UNUSED int feed(struct taking *t, unsigned from, unsigned to, unsigned each)
{
	struct feeder f[WORKERS];
	pthread_t threads[WORKERS];
	int rc = 0;

	assert_true((to - from) % 7 != 0);
	for (unsigned i = 0; i < WORKERS; i++) {
		f[i] = (struct feeder){ t->in, i, from, to, to + i * each, to + (i + 1) * each, 0 };
		assert_int_equal(pthread_create(&threads[i], NULL, feeder_run, &f[i]), 0);
	}
	for (unsigned i = 0; i < WORKERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		rc = rc ? rc : f[i].rc;
	}
	return rc;
}

static UNUSED struct id content_id(const struct fixture *f, const struct content *c)
{
	struct mac *m = NULL;
	struct id id;

	assert_ok(mac_new(&m, f->repo.suite, c->kind == KIND_NODE ? f->keys.metadata : f->keys.content, NULL), NULL);
	id = mac_compute(m, c->kind == KIND_NODE ? DOMAIN_TREE : DOMAIN_DATA, c->data, c->len);
	mac_free(m);
	return id;
}

/* ---- what the runs in the store say ---- */

struct told_entry {
	struct id id;
	uint32_t pack;
};
struct told_runs {
	struct fixture *f;
	struct run_pack *packs;
	size_t n_packs, n_runs;
	struct told_entry *v;
	size_t n, first_pack;
};

static UNUSED int told_entry_fn(void *user, const struct run_entry *e, hz_error **err)
{
	struct told_runs *t = user;

	(void)err;
	if ((t->n & (t->n - 1)) == 0) {
		t->v = realloc(t->v, (t->n ? t->n * 2 : 1) * sizeof(*t->v));
		assert_non_null(t->v);
	}
	t->v[t->n++] = (struct told_entry){ e->id, (uint32_t)(t->first_pack + e->pack) };
	return 0;
}

static UNUSED int told_run_fn(void *user, const char *name, uint64_t size)
{
	struct told_runs *t = user;
	struct run run;
	struct uid uid;
	hz_error *err = NULL;

	(void)size;
	assert_true(name_parse_uid(&uid, name, "index/"));
	t->first_pack = t->n_packs;
	assert_ok(run_load(&run, t->f->store, &uid, &t->f->log, &t->f->keys, 1, told_entry_fn, t, NULL, &err), &err);
	t->packs = realloc(t->packs, (t->n_packs + run.n_packs + 1) * sizeof(*t->packs));
	assert_non_null(t->packs);
	memcpy(t->packs + t->n_packs, run.packs, run.n_packs * sizeof(*t->packs));
	t->n_packs += run.n_packs;
	t->n_runs++;
	run_release(&run);
	return 0;
}

static UNUSED int cmp_told(const void *a, const void *b)
{
	return id_cmp(&((const struct told_entry *)a)->id, &((const struct told_entry *)b)->id);
}

static UNUSED struct told_runs told_runs_of(struct fixture *f)
{
	struct told_runs t = { .f = f };

	assert_ok(store_list(f->store, "index", told_run_fn, &t, NULL), NULL);
	if (t.n)
		qsort(t.v, t.n, sizeof(*t.v), cmp_told);
	return t;
}

static UNUSED void told_runs_free(struct told_runs *t)
{
	free(t->packs);
	free(t->v);
}

static UNUSED void expect_no_id_twice(const struct told_runs *t)
{
	for (size_t i = 1; i < t->n; i++)
		assert_true(id_cmp(&t->v[i - 1].id, &t->v[i].id) < 0);
}

/* Every pack that a run names is in the store, of the size that it says. */
static UNUSED void expect_packs_there(const struct told_runs *t)
{
	for (size_t i = 0; i < t->n_packs; i++) {
		uint64_t size = 0;

		assert_ok(store_size(t->f->store, name_pack(&t->packs[i].uid).s, &size, NULL), NULL);
		assert_int_equal(size, t->packs[i].size);
	}
}

/* With the session's keys, opened by the reader. */
static UNUSED struct pack *open_told(struct fixture *f, const struct uid *uid)
{
	struct pack *p = NULL;
	struct session s;
	uint8_t key[KEY_LEN];
	hz_error *err = NULL;

	assert_ok(pack_open(&p, f->store, &f->repo, uid, true, &err), &err);
	assert_ok(session_load(&s, f->store, &p->session, &f->log, f->reader, NULL, &err), &err);
	for (enum pack_role role = PACK_META; role <= PACK_DATA; role++) {
		assert_ok(session_pack_key(key, f->repo.suite, &s, role, uid, &err), &err);
		assert_ok(pack_open_table(p, role, key, &err), &err);
	}
	session_release(&s);
	return p;
}

/* The numbers from..to are in runs, once, and come back byte for byte. */
static UNUSED void expect_content(const struct told_runs *t, unsigned from, unsigned to)
{
	struct pack **open = calloc(t->n_packs + 1, sizeof(struct pack *));
	struct buf frame = BUF_INIT;
	hz_error *err = NULL;

	for (unsigned n = from; n < to; n++) {
		struct content c = content_of(n);
		struct told_entry key = { .id = content_id(t->f, &c) };
		const struct told_entry *e = bsearch(&key, t->v, t->n, sizeof(key), cmp_told);
		enum pack_role role = c.kind == KIND_NODE ? PACK_META : PACK_DATA;
		const struct pack_member *m;

		assert_non_null(e);
		if (!open[e->pack])
			open[e->pack] = open_told(t->f, &t->packs[e->pack].uid);
		m = pack_find(open[e->pack], role, &key.id);
		assert_non_null(m);
		assert_int_equal(m->len, c.len);
		buf_reset(&frame);
		assert_ok(pack_read_frame(open[e->pack], role, m->frame, &frame, &err), &err);
		assert_memory_equal(frame.data + m->off, c.data, c.len);
		free(c.data);
	}
	for (size_t i = 0; i < t->n_packs; i++)
		pack_close(open[i]);
	free(open);
	buf_release(&frame);
}

static UNUSED int count_one(void *user, const char *name, uint64_t size)
{
	uint64_t *total = user;

	(void)name;
	total[0]++;
	total[1] += size;
	return 0;
}

/* Objects in a folder of the store, and their bytes. */
static UNUSED uint64_t count_objects(struct fixture *f, const char *folder, uint64_t *bytes)
{
	uint64_t total[2] = { 0, 0 };

	assert_ok(store_list(f->store, folder, count_one, total, NULL), NULL);
	if (bytes)
		*bytes = total[1];
	return total[0];
}

#endif
