/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of packs: a packer that is filled, what has to come back, and looking whether it does. */
#ifndef UNIT_ARCHIVE_PACKED_H
#define UNIT_ARCHIVE_PACKED_H

#include "fixture.h"
#include "archive/node.h"
#include <pthread.h>

#define THREADS 4u
#define PUTS    3u

struct expected {
	struct id id;
	enum pack_role role;
	struct buf bytes;
	struct uid pack; /* found in */
	unsigned found;
};

struct filling {
	struct fixture *f;
	struct session s;
	struct packer *p;
	struct mac *data, *meta;
	pthread_mutex_t lock;
	struct expected *v;
	size_t n, cap;
	struct pack_done done[512];
	unsigned n_done, before;
	uint64_t raw_bytes;
	unsigned per_thread;
	size_t chunk_max;
};

static UNUSED int before_put(void *user, const struct pack_done *p, hz_error **err)
{
	struct filling *x = user;

	(void)err;
	assert_false(fixture_has(x->f->store, name_pack(&p->uid).s));
	x->before++;
	return 0;
}

static UNUSED int after_put(void *user, const struct pack_done *p, hz_error **err)
{
	struct filling *x = user;

	(void)err;
	assert_true(fixture_has(x->f->store, name_pack(&p->uid).s));
	assert_true(x->n_done < ARRAY_LEN(x->done));
	x->done[x->n_done++] = *p;
	x->raw_bytes += p->raw_bytes;
	(void)pthread_mutex_lock(&x->lock);
	for (size_t i = 0; i < p->n_ids; i++) {
		for (size_t k = 0; k < x->n; k++) {
			if (id_eq(&x->v[k].id, &p->ids[i])) {
				x->v[k].pack = p->uid;
				x->v[k].found++;
			}
		}
	}
	(void)pthread_mutex_unlock(&x->lock);
	return 0;
}

static UNUSED void expect(struct filling *x, const struct id *id, enum pack_role role, const void *data, size_t len)
{
	(void)pthread_mutex_lock(&x->lock);
	assert_true(x->n < x->cap);
	x->v[x->n] = (struct expected){ .id = *id, .role = role, .bytes = BUF_INIT };
	assert_int_equal(buf_append(&x->v[x->n++].bytes, data, len), 0);
	(void)pthread_mutex_unlock(&x->lock);
}

static UNUSED void begin_with(struct filling *x, struct fixture *f, bool dry, unsigned puts)
{
	struct packer_hooks hooks = { .before_put = before_put, .after_put = after_put, .user = x };
	hz_error *err = NULL;

	*x = (struct filling){ .f = f, .cap = 1u << 14, .per_thread = 60, .chunk_max = 6000 };
	x->v = calloc(x->cap, sizeof(*x->v));
	(void)pthread_mutex_init(&x->lock, NULL);
	x->s = fixture_session(f, f->writer);
	assert_ok(mac_new(&x->data, f->repo.suite, f->keys.content, &err), &err);
	assert_ok(mac_new(&x->meta, f->repo.suite, f->keys.metadata, &err), &err);
	assert_ok(packer_new(&x->p, dry ? NULL : f->store, &f->repo, &x->s, THREADS, puts, &hooks, &err), &err);
}

/* Shapes of packs do not ask how many are under way. */
static UNUSED void begin(struct filling *x, struct fixture *f, bool dry)
{
	begin_with(x, f, dry, 1);
}

static UNUSED void end(struct filling *x)
{
	packer_free(x->p);
	for (size_t i = 0; i < x->n; i++)
		buf_release(&x->v[i].bytes);
	free(x->v);
	mac_free(x->data);
	mac_free(x->meta);
	session_release(&x->s);
	(void)pthread_mutex_destroy(&x->lock);
}

/* One raw frame of one chunk of len bytes. */
static UNUSED struct id add_one(struct filling *x, enum pack_role role, size_t len, uint8_t fill_byte)
{
	uint8_t *raw = malloc(len);
	struct frame_member m;
	hz_error *err = NULL;

	memset(raw, fill_byte, len);
	raw[0] = DOMAIN_TREE;
	m.id = mac_compute(
		role == PACK_META ? x->meta : x->data, role == PACK_META ? DOMAIN_TREE : DOMAIN_DATA, raw, len);
	m.len = (uint32_t)len;
	expect(x, &m.id, role, raw, len);
	assert_ok(packer_add(x->p, 0, role, METHOD_RAW, raw, len, (uint32_t)len, &m, 1, &err), &err);
	free(raw);
	return m.id;
}

static UNUSED struct pack *open_pack(struct filling *x, const struct uid *uid, const struct bundle *key, bool whole)
{
	struct fixture *f = x->f;
	struct session s;
	struct pack *p = NULL;
	uint8_t k[KEY_LEN];
	hz_error *err = NULL;

	assert_ok(session_load(&s, f->store, &x->s.id, &f->log, key, NULL, &err), &err);
	assert_ok(pack_open(&p, f->store, &f->repo, uid, whole, &err), &err);
	assert_true(uid_eq(&p->session, &s.id) && uid_eq(&p->writer, &s.writer));
	for (enum pack_role role = PACK_META; role <= PACK_DATA; role++) {
		if (!s.key[role])
			continue;
		assert_ok(session_pack_key(k, f->repo.suite, &s, role, uid, &err), &err);
		assert_ok(pack_open_table(p, role, k, &err), &err);
	}
	session_release(&s);
	return p;
}

static UNUSED void check_member(struct pack *p, const struct expected *e)
{
	const struct pack_member *m = pack_find(p, e->role, &e->id);
	struct buf frame = BUF_INIT;
	hz_error *err = NULL;

	assert_non_null(m);
	assert_int_equal(m->len, e->bytes.len);
	assert_ok(pack_read_frame(p, e->role, m->frame, &frame, &err), &err);
	assert_memory_equal(frame.data + m->off, e->bytes.data, m->len);
	assert_null(pack_find(p, e->role == PACK_META ? PACK_DATA : PACK_META, &e->id));
	buf_release(&frame);
}

static UNUSED void check_all(struct filling *x)
{
	hz_error *err = NULL;

	for (unsigned d = 0; d < x->n_done; d++) {
		for (unsigned whole = 0; whole < 2; whole++) {
			struct pack *p = open_pack(x, &x->done[d].uid, x->f->reader, whole);

			for (size_t i = whole; i < x->n; i += 3) {
				if (uid_eq(&x->v[i].pack, &p->uid))
					check_member(p, &x->v[i]);
			}
			assert_ok(pack_check_rest(p, &err), &err);
			assert_int_equal(p->blocks * OBJECT_BLOCK, x->done[d].size);
			assert_int_equal(p->health.bad_blocks, 0);
			pack_close(p);
		}
	}
	for (size_t i = 0; i < x->n; i++)
		assert_int_equal(x->v[i].found, 1);
}

#endif
