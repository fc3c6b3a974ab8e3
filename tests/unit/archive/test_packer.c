/* SPDX-License-Identifier: BSD-2-Clause */
/* test-label: tsan */
#include "fixture.h"
#include "archive/node.h"
#include <pthread.h>
#include <zstd.h>

#define THREADS 4u
#define PUTS    3u

/* ---- what goes in ---- */

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

static int before_put(void *user, const struct pack_done *p, hz_error **err)
{
	struct filling *x = user;

	(void)err;
	assert_false(fixture_has(x->f->store, name_pack(&p->uid).s));
	x->before++;
	return 0;
}

static int after_put(void *user, const struct pack_done *p, hz_error **err)
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

static void expect(struct filling *x, const struct id *id, enum pack_role role, const void *data, size_t len)
{
	(void)pthread_mutex_lock(&x->lock);
	assert_true(x->n < x->cap);
	x->v[x->n] = (struct expected){ .id = *id, .role = role, .bytes = BUF_INIT };
	assert_int_equal(buf_append(&x->v[x->n++].bytes, data, len), 0);
	(void)pthread_mutex_unlock(&x->lock);
}

/* One frame of a few members; every second one compressed. */
static void add_frame(struct filling *x, unsigned worker, struct hzt_random *r, struct mac *data, struct mac *meta)
{
	enum pack_role role = hzt_random_below(r, 3) ? PACK_DATA : PACK_META;
	size_t n = 1 + hzt_random_below(r, 4), len = 0, max = x->chunk_max;
	struct frame_member m[4];
	uint8_t *raw = malloc(4 * max), *packed = malloc(ZSTD_compressBound(4 * max));
	bool compress = hzt_random_below(r, 2);
	size_t stored;
	hz_error *err = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t l = 1 + hzt_random_below(r, max - 1);

		hzt_random_fill(r, raw + len, l);
		if (compress)
			memset(raw + len + l / 2, 'a', l - l / 2);
		if (role == PACK_META)
			raw[len] = DOMAIN_TREE;
		m[i] = (struct frame_member){ mac_compute(role == PACK_META ? meta : data,
						      role == PACK_META ? DOMAIN_TREE : DOMAIN_DATA, raw + len, l),
			(uint32_t)l };
		expect(x, &m[i].id, role, raw + len, l);
		len += l;
	}
	stored = compress ? ZSTD_compress(packed, ZSTD_compressBound(len), raw, len, 1) : len;
	assert_false(ZSTD_isError(stored));
	assert_ok(packer_add(x->p, worker, role, compress ? METHOD_ZSTD : METHOD_RAW, compress ? packed : raw, stored,
			  (uint32_t)len, m, n, &err),
		&err);
	free(raw);
	free(packed);
}

struct worker {
	struct filling *x;
	unsigned number;
};

static void *fill(void *arg)
{
	struct worker *w = arg;
	struct hzt_random r = { 77 + w->number };
	struct mac *data = NULL, *meta = NULL;

	assert_ok(mac_dup(&data, w->x->data, NULL), NULL);
	assert_ok(mac_dup(&meta, w->x->meta, NULL), NULL);
	for (unsigned i = 0; i < w->x->per_thread; i++)
		add_frame(w->x, w->number, &r, data, meta);
	mac_free(data);
	mac_free(meta);
	return NULL;
}

static void begin_with(struct filling *x, struct fixture *f, bool dry, unsigned puts)
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
static void begin(struct filling *x, struct fixture *f, bool dry)
{
	begin_with(x, f, dry, 1);
}

static void run_threads(struct filling *x)
{
	pthread_t t[THREADS];
	struct worker w[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		w[i] = (struct worker){ x, i };
		assert_int_equal(pthread_create(&t[i], NULL, fill, &w[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		(void)pthread_join(t[i], NULL);
}

static void end(struct filling *x)
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

/* ---- reading back ---- */

static struct pack *open_pack(struct filling *x, const struct uid *uid, const struct bundle *key, bool whole)
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

static void check_member(struct pack *p, const struct expected *e)
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

static void check_all(struct filling *x)
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

static void check_hashes(struct filling *x)
{
	for (unsigned d = 0; d < x->n_done; d++) {
		AUTO_IN(buf_release) struct buf sums = BUF_INIT;
		uint8_t *data = NULL;
		size_t len = 0;
		struct id hash;

		assert_ok(store_get_all(x->f->store, name_pack(&x->done[d].uid).s, 1 << 24, &data, &len, NULL), NULL);
		assert_int_equal(len, x->done[d].size);
		for (size_t at = OBJECT_PAYLOAD; at < len; at += OBJECT_BLOCK)
			assert_int_equal(buf_append(&sums, data + at, 8), 0);
		hash = suite_hash1(x->f->repo.suite, sums.data, sums.len);
		assert_true(id_eq(&hash, &x->done[d].hash));
		free(data);
	}
}

static void many_threads_fill_packs(struct fixture *f)
{
	struct filling x;
	uint64_t bytes = 0;
	hz_error *err = NULL;

	begin_with(&x, f, false, PUTS);
	run_threads(&x);
	assert_ok(packer_finish(x.p, &err), &err);
	assert_true(x.n_done > 20);
	assert_int_equal(x.before, x.n_done);
	for (unsigned d = 0; d < x.n_done; d++)
		bytes += x.done[d].size;
	assert_true(packer_stored(x.p) == bytes);
	check_hashes(&x);
	check_all(&x);
	end(&x);
}

static void what_many_threads_put_comes_back_in_both_suites(void **state)
{
	(void)state;
	for (unsigned suite = SUITE_SODIUM; suite <= SUITE_NIST; suite++) {
		struct fixture f;

		fixture_new(&f, suite);
		many_threads_fill_packs(&f);
		fixture_free(&f);
	}
}

/* ---- shapes ---- */

/* One raw frame of one chunk of len bytes. */
static struct id add_one(struct filling *x, enum pack_role role, size_t len, uint8_t fill_byte)
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

static bool has_pad(const struct pack *p)
{
	const struct pack_table *t = &p->t[PACK_DATA];

	return t->n_frames > 0 && t->frames[t->n_frames - 1].method == METHOD_PAD;
}

/* All lengths around those at which a pack of 64 KiB is full to the byte: with pad, without, and with data in it or
 * not. */
static void packs_are_whole_however_full_they_are(void **state)
{
	struct fixture f;
	unsigned with = 0, without = 0;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	for (unsigned shape = 0; shape < 2; shape++) {
		uint32_t room = object_data_blocks(16) * OBJECT_PAYLOAD - PACK_FRAMES,
			 table = PACK_TABLE_HEAD + FRAME_ENTRY + MEMBER_ENTRY + TAG_LEN;
		/* What the data table needs with its pad's entry, and the frame's tag; for metadata alone also a table
		 * of its own. */
		uint32_t full = room - TAG_LEN - table -
			(shape ? PACK_TABLE_HEAD + TAG_LEN + FRAME_ENTRY : FRAME_ENTRY);

		for (uint32_t less = 0; less < 40; less++) {
			struct filling x;
			hz_error *err = NULL;

			begin(&x, &f, false);
			add_one(&x, shape ? PACK_META : PACK_DATA, full - less, (uint8_t)(less + 1));
			assert_ok(packer_finish(x.p, &err), &err);
			assert_int_equal(x.n_done, 1);
			assert_int_equal(x.done[0].size, 65536);
			struct pack *p = open_pack(&x, &x.done[0].uid, f.reader, false);

			has_pad(p) ? with++ : without++;
			pack_close(p);
			check_all(&x);
			end(&x);
		}
	}
	/* Less than 17 bytes hold no pad: as many lengths of each shape. */
	assert_int_equal(without, 2 * 17);
	assert_int_equal(with, 2 * (40 - 17));
	fixture_free(&f);
}

static void metadata_waits_and_goes_into_the_last_pack(void **state)
{
	struct fixture f;
	struct filling x;
	hz_error *err = NULL;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	begin(&x, &f, false);
	struct id meta = add_one(&x, PACK_META, 500, 1), data = add_one(&x, PACK_DATA, 900, 2);

	assert_int_equal(x.n_done, 0);
	assert_ok(packer_finish(x.p, &err), &err);
	assert_int_equal(x.n_done, 1);
	struct pack *p = open_pack(&x, &x.done[0].uid, f.reader, false);

	assert_non_null(pack_find(p, PACK_META, &meta));
	assert_non_null(pack_find(p, PACK_DATA, &data));
	pack_close(p);
	end(&x);
	fixture_free(&f);
}

static void nothing_makes_no_pack(void **state)
{
	struct fixture f;
	struct filling x;
	hz_error *err = NULL;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	begin(&x, &f, false);
	assert_ok(packer_finish(x.p, &err), &err);
	assert_int_equal(x.n_done, 0);
	end(&x);
	fixture_free(&f);
}

static void a_dry_run_counts_and_puts_nothing(void **state)
{
	struct fixture f;
	struct filling x;
	hz_error *err = NULL;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	begin(&x, &f, true);
	for (unsigned i = 0; i < 20; i++)
		add_one(&x, PACK_DATA, 20000, (uint8_t)i);
	assert_ok(packer_finish(x.p, &err), &err);
	assert_int_equal(x.n_done, 0);
	assert_true(packer_stored(x.p) >= 400000);
	end(&x);
	fixture_free(&f);
}

static void a_frame_larger_than_a_pack_is_refused(void **state)
{
	struct fixture f;
	struct filling x;
	uint8_t *raw = calloc(1, 70000);
	struct frame_member m = { .len = 70000 };
	hz_error *err = NULL;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	begin(&x, &f, false);
	assert_fails(packer_add(x.p, 0, PACK_DATA, METHOD_RAW, raw, 70000, 70000, &m, 1, &err), HZ_E_INTERNAL, &err);
	end(&x);
	fixture_free(&f);
	free(raw);
}

/* Whatever room is left: of very small chunks the lists would take more memory than the pack. */
static void a_pack_has_no_more_members_than_it_may(void **state)
{
	enum { EACH = 16384 };
	static uint8_t raw[EACH];
	static struct frame_member m[EACH];
	struct fixture f;
	struct filling x;
	struct pack *p;
	hz_error *err = NULL;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	f.repo.pack_log2 = 24;
	begin(&x, &f, false);
	for (unsigned i = 0; i <= PACK_MEMBERS_MAX / EACH; i++) {
		for (unsigned k = 0; k < EACH; k++) {
			m[k] = (struct frame_member){ .len = 1 };
			put_le32(m[k].id.b, i * EACH + k);
		}
		assert_ok(packer_add(x.p, 0, PACK_DATA, METHOD_RAW, raw, EACH, EACH, m, EACH, &err), &err);
	}
	assert_ok(packer_finish(x.p, &err), &err);
	assert_int_equal(x.n_done, 2);
	assert_int_equal(x.done[0].n_ids, PACK_MEMBERS_MAX);
	assert_int_equal(x.done[0].size, 1u << 24);
	assert_int_equal(x.done[1].n_ids, EACH);
	p = open_pack(&x, &x.done[0].uid, f.reader, true);
	assert_int_equal(p->t[PACK_DATA].n_members, PACK_MEMBERS_MAX);
	for (uint32_t i = 0; i < PACK_MEMBERS_MAX; i++) {
		assert_int_equal(get_le32(p->t[PACK_DATA].members[i].id.b), i);
		assert_int_equal(p->t[PACK_DATA].members[i].len, 1);
	}
	pack_close(p);
	end(&x);
	fixture_free(&f);
}

static int refuse(void *user, const struct pack_done *p, hz_error **err)
{
	(void)user;
	(void)p;
	return err_set(err, HZ_E_NOSPACE, "no room for the record");
}

static void a_record_that_cannot_be_made_keeps_the_pack_back(void **state)
{
	struct fixture f;
	struct filling x;
	struct packer_hooks hooks = { .before_put = refuse, .after_put = after_put, .user = &x };
	hz_error *err = NULL;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	begin(&x, &f, false);
	packer_free(TAKE(x.p));
	assert_ok(packer_new(&x.p, f.store, &f.repo, &x.s, THREADS, PUTS, &hooks, &err), &err);
	add_one(&x, PACK_DATA, 100, 1);
	assert_fails(packer_finish(x.p, &err), HZ_E_NOSPACE, &err);
	assert_int_equal(x.n_done, 0);
	assert_true(packer_stored(x.p) == 0);
	end(&x);
	fixture_free(&f);
}

/* ---- who reads, and damage ---- */

static void a_lister_opens_metadata_only(void **state)
{
	struct fixture f;
	struct filling x;
	hz_error *err = NULL;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	begin(&x, &f, false);
	struct id meta = add_one(&x, PACK_META, 500, 1), data = add_one(&x, PACK_DATA, 900, 2);

	assert_ok(packer_finish(x.p, &err), &err);
	struct pack *p = open_pack(&x, &x.done[0].uid, f.lister, false);

	assert_non_null(pack_find(p, PACK_META, &meta));
	assert_null(pack_find(p, PACK_DATA, &data));
	assert_null(pack_find(p, PACK_META, &data));
	assert_false(p->t[PACK_DATA].loaded);
	/* Nor does the metadata key open the data table. */
	uint8_t key[KEY_LEN];

	assert_ok(session_pack_key(key, 1, &x.s, PACK_META, &x.done[0].uid, &err), &err);
	assert_fails(pack_open_table(p, PACK_DATA, key, &err), HZ_E_CORRUPT, &err);
	pack_close(p);
	end(&x);
	fixture_free(&f);
}

static void damage_is_mended_while_reading(void **state)
{
	struct fixture f;
	struct filling x;
	hz_error *err = NULL;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	begin(&x, &f, false);
	add_one(&x, PACK_DATA, 20000, 1);
	add_one(&x, PACK_META, 5000, 2);
	assert_ok(packer_finish(x.p, &err), &err);
	struct name name = name_pack(&x.done[0].uid);

	for (size_t at = 0; at < 65536; at += 8192) {
		fixture_damage(f.store, name.s, at + 7, 2);
		for (unsigned whole = 0; whole < 2; whole++) {
			struct pack *p = open_pack(&x, &x.done[0].uid, f.reader, whole);

			check_member(p, &x.v[0]);
			check_member(p, &x.v[1]);
			assert_ok(pack_check_rest(p, &err), &err);
			assert_int_equal(whole ? p->health.bad_blocks : 2, 2);
			pack_close(p);
		}
		fixture_damage(f.store, name.s, at + 7, 2);
	}
	fixture_damage(f.store, name.s, 0, 3);
	struct pack *p = NULL;

	assert_fails(pack_open(&p, f.store, &f.repo, &x.done[0].uid, false, &err), HZ_E_CORRUPT, &err);
	assert_fails(pack_open(&p, f.store, &f.repo, &x.done[0].uid, true, &err), HZ_E_CORRUPT, &err);
	end(&x);
	fixture_free(&f);
}

static void packs_cut_off_missing_or_of_others_are_told(void **state)
{
	struct fixture f, other;
	struct filling x;
	struct pack *p = NULL;
	uint8_t *data = NULL;
	size_t len = 0;
	hz_error *err = NULL;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	fixture_new(&other, SUITE_SODIUM);
	begin(&x, &f, false);
	add_one(&x, PACK_DATA, 20000, 1);
	assert_ok(packer_finish(x.p, &err), &err);
	struct uid uid = x.done[0].uid, no = { { 1 } };
	struct name name = name_pack(&uid);

	assert_fails(pack_open(&p, f.store, &f.repo, &no, false, &err), HZ_E_NOTFOUND, &err);
	assert_ok(store_get_all(f.store, name.s, 1 << 20, &data, &len, &err), &err);
	fixture_replace(other.store, name.s, data, len);
	assert_fails(pack_open(&p, other.store, &other.repo, &uid, false, &err), HZ_E_CORRUPT, &err);
	/* Two blocks may be missing at the end, three may not. */
	fixture_replace(f.store, name.s, data, len - 8192);
	p = open_pack(&x, &uid, f.reader, false);
	check_member(p, &x.v[0]);
	pack_close(TAKE(p));
	fixture_replace(f.store, name.s, data, len - 8193);
	assert_fails(pack_open(&p, f.store, &f.repo, &uid, false, &err), HZ_E_CORRUPT, &err);
	/* Under another name it is nothing. */
	fixture_replace(f.store, name_pack(&no).s, data, len);
	assert_fails(pack_open(&p, f.store, &f.repo, &no, false, &err), HZ_E_CORRUPT, &err);
	free(data);
	end(&x);
	fixture_free(&f);
	fixture_free(&other);
}

/* ---- tables ---- */

struct frame_spec {
	uint32_t off, stored, raw, members;
	uint8_t method;
	uint16_t writer;
};

static int decode(
	const struct frame_spec *v, uint32_t n, uint32_t said, uint32_t member_len, size_t cut, enum pack_role role)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	struct enc e = enc_to(&b);
	struct pack_table t = { 0 };
	static const uint8_t id[ID_LEN];
	int rc;

	enc_u16(&e, 1);
	enc_bytes(&e, id, UID_LEN);
	enc_u32(&e, said);
	for (uint32_t i = 0; i < n; i++) {
		enc_u32(&e, v[i].off);
		enc_u32(&e, v[i].stored);
		enc_u32(&e, v[i].raw);
		enc_u8(&e, v[i].method);
		enc_u16(&e, v[i].writer);
		enc_u32(&e, v[i].members);
	}
	for (uint32_t i = 0; i < n; i++) {
		/* Of millions the rest is missing, which is no less wrong than they are, and takes no time. */
		for (uint32_t k = 0; k < v[i].members && k <= PACK_MEMBERS_MAX; k++) {
			enc_bytes(&e, id, ID_LEN);
			enc_u32(&e, member_len);
		}
	}
	rc = pack_table_decode(&t, b.data, b.len - cut, role, 10000, NULL);
	pack_table_release(&t);
	return rc;
}

static void malformed_tables_are_refused(void **state)
{
	const struct frame_spec good[] = { { 352, 116, 100, 2, METHOD_RAW, 0 }, { 500, 60, 100, 2, METHOD_ZSTD, 0 },
		{ 600, 30, 14, 0, METHOD_PAD, 0 } };
	struct frame_spec bad[3];

	(void)state;
	assert_int_equal(decode(good, 3, 3, 50, 0, PACK_DATA), 0);
	assert_int_equal(decode(good, 2, 2, 50, 0, PACK_META), 0);
	assert_int_equal(decode(good, 3, 3, 50, 0, PACK_META), HZ_E_CORRUPT); /* no pad there */
	assert_int_equal(decode(good, 3, 3, 49, 0, PACK_DATA), HZ_E_CORRUPT);
	assert_int_equal(decode(good, 3, 3, 51, 0, PACK_DATA), HZ_E_CORRUPT);
	assert_int_equal(decode(good, 3, 2, 50, 0, PACK_DATA), HZ_E_CORRUPT);
	assert_int_equal(decode(good, 3, 4, 50, 0, PACK_DATA), HZ_E_CORRUPT);
	assert_int_equal(decode(good, 3, 0xFFFFFFFF, 50, 0, PACK_DATA), HZ_E_CORRUPT);
	for (size_t cut = 1; cut < 60; cut++)
		assert_int_equal(decode(good, 3, 3, 50, cut, PACK_DATA), HZ_E_CORRUPT);
#define BAD(change)                                                                  \
	do {                                                                         \
		memcpy(bad, good, sizeof(bad));                                      \
		change;                                                              \
		assert_int_equal(decode(bad, 3, 3, 50, 0, PACK_DATA), HZ_E_CORRUPT); \
	} while (0)
	BAD(bad[0].off = 351);
	BAD(bad[1].off = 467);
	BAD(bad[2].stored = 9401; bad[2].raw = 9385);
	BAD(bad[2].off = 0xFFFFFFF0);
	BAD(bad[0].raw = 101);
	BAD(bad[1].stored = TAG_LEN);
	BAD(bad[1].raw = FRAME_RAW_MAX + 1);
	BAD(bad[1].method = 3);
	BAD(bad[1].writer = 1);
	BAD(bad[2].members = 1);
	BAD(bad[0].members = 0);
	BAD(bad[0].members = PACK_MEMBERS_MAX + 1);
	BAD(bad[0].members = 0xFFFFFF);
#undef BAD
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_many_threads_put_comes_back_in_both_suites),
		cmocka_unit_test(packs_are_whole_however_full_they_are),
		cmocka_unit_test(metadata_waits_and_goes_into_the_last_pack),
		cmocka_unit_test(nothing_makes_no_pack),
		cmocka_unit_test(a_dry_run_counts_and_puts_nothing),
		cmocka_unit_test(a_frame_larger_than_a_pack_is_refused),
		cmocka_unit_test(a_pack_has_no_more_members_than_it_may),
		cmocka_unit_test(a_record_that_cannot_be_made_keeps_the_pack_back),
		cmocka_unit_test(a_lister_opens_metadata_only),
		cmocka_unit_test(damage_is_mended_while_reading),
		cmocka_unit_test(packs_cut_off_missing_or_of_others_are_told),
		cmocka_unit_test(malformed_tables_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
