/* SPDX-License-Identifier: BSD-2-Clause */
/* test-timeout: 600 */
/* One repository for all tests: each damages it, looks, and mends it again. */
#include "backups.h"
#include "archive/node.h"

static struct backups *b;

static int group_setup(void **state)
{
	(void)state;
	b = backups_new();
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	backups_free(b);
	return 0;
}

/* ---- helpers ---- */

static const hz_check_options read_data = { .size = sizeof(read_data), .flags = HZ_CHECK_READ_DATA };

static hz_check_result check_as(uint32_t role, uint32_t need, uint32_t flags, struct events *v)
{
	hz_check_options o = { .size = sizeof(o), .flags = flags };
	hz_check_result res = HZ_CHECK_RESULT_INIT;
	hz_job *job = backups_job(v);
	hz_reader *r = backups_reader(b, role, need);
	hz_error *err = NULL;

	assert_ok(hz_check(r, &o, job, &res, &err), &err);
	hz_reader_close(r);
	hz_job_free(job);
	return res;
}

static hz_check_result check(uint32_t flags)
{
	struct events v;

	return check_as(HZ_ROLE_READER, HZ_NEED_READ, flags, &v);
}

static uint8_t *take(const char *name, size_t *len)
{
	uint8_t *data = NULL;

	assert_ok(store_get_all(b->f.store, name, (size_t)1 << 30, &data, len, NULL), NULL);
	fixture_remove(b->f.store, name);
	return data;
}

static void give_back(const char *name, uint8_t *data, size_t len)
{
	fixture_replace(b->f.store, name, data, len);
	free(data);
}

static void assert_found(const hz_check_result *r, uint64_t damaged, uint64_t mendable)
{
	assert_int_equal(r->damaged, damaged);
	assert_int_equal(r->mendable, mendable);
}

/* ---- what is whole ---- */

static void a_whole_repository_is_whole(void **state)
{
	struct events v;
	hz_check_result r = check_as(HZ_ROLE_READER, HZ_NEED_READ, HZ_CHECK_READ_DATA, &v);

	(void)state;
	assert_found(&r, 0, 0);
	assert_int_equal(v.damage + v.paths, 0);
	assert_int_equal(r.looked_at, HZ_LOOKED_STRUCTURE | HZ_LOOKED_TREES | HZ_LOOKED_CHECKSUMS | HZ_LOOKED_CONTENT);
	assert_int_equal(r.snapshots, 2);
	assert_int_equal(r.snapshots_hurt, 0);
	assert_int_equal(r.dead_packs, 0);
	size_t objects = 0, packs = 0;

	for (size_t i = 0; store_folders[i]; i++) {
		struct names *l = names_of(b->f.store, store_folders[i]);

		objects += l->n;
		if (strcmp(store_folders[i], "packs") == 0)
			packs = l->n;
		free(l);
	}
	assert_int_equal(r.objects, objects + 1);
	assert_int_equal(r.packs, packs);
	/* As many chunks by the runs as in the packs. */
	assert_int_equal(r.chunks, check(0).chunks);
	assert_true(r.chunks > 300);
}

static void each_key_looks_at_what_it_opens(void **state)
{
	const struct {
		uint32_t role, need, looked;
	} all[] = { { HZ_ROLE_READER, HZ_NEED_READ, HZ_LOOKED_STRUCTURE | HZ_LOOKED_TREES },
		{ HZ_ROLE_LISTER, HZ_NEED_LIST, HZ_LOOKED_STRUCTURE | HZ_LOOKED_TREES },
		{ HZ_ROLE_WRITER, HZ_NEED_NOTHING, HZ_LOOKED_STRUCTURE }, { 0, HZ_NEED_NOTHING, 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct events v;
		hz_check_result r = check_as(all[i].role, all[i].need, 0, &v);

		assert_found(&r, 0, 0);
		assert_int_equal(r.looked_at, all[i].looked);
		assert_true(r.packs > 0);
		assert_int_equal(r.snapshots, 2);
		assert_int_equal(r.snapshots_hurt + r.dead_packs, 0);
		/* What was not looked at is said. */
		assert_int_equal(v.notes > 0, all[i].role == 0);
	}
}

static void content_needs_a_reader(void **state)
{
	const hz_check_options newer = { .size = sizeof(newer), .flags = 0x80 };
	const hz_check_options too_much = { .size = sizeof(too_much), .data_permille = 1001 };
	hz_reader *r = backups_reader(b, HZ_ROLE_LISTER, HZ_NEED_LIST);
	hz_error *err = NULL;

	(void)state;
	assert_fails(hz_check(r, &read_data, NULL, NULL, &err), HZ_E_AUTH, &err);
	assert_fails(hz_check(r, &newer, NULL, NULL, &err), HZ_E_UNSUPPORTED, &err);
	assert_fails(hz_check(r, &too_much, NULL, NULL, &err), HZ_E_INVAL, &err);
	assert_ok(hz_check(r, NULL, NULL, NULL, &err), &err);
	hz_reader_close(r);
}

static void a_check_can_be_repeated_and_leaves_the_reader_usable(void **state)
{
	hz_reader *r = backups_reader(b, HZ_ROLE_READER, HZ_NEED_READ);
	char id[HZ_ID_HEX];
	hz_error *err = NULL;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		hz_check_result res = HZ_CHECK_RESULT_INIT;

		assert_ok(hz_check(r, &read_data, NULL, &res, &err), &err);
		assert_found(&res, 0, 0);
		assert_ok(hz_snapshot_find(id, r, "latest", NULL, NULL, &err), &err);
		assert_string_equal(id, b->id[1]);
	}
	hz_reader_close(r);
}

static int stop(void *user, const hz_progress *p)
{
	(void)p;
	return ++*(unsigned *)user >= 2;
}

static void a_check_can_be_cancelled(void **state)
{
	hz_reader *r = backups_reader(b, HZ_ROLE_READER, HZ_NEED_READ);
	hz_check_result res = HZ_CHECK_RESULT_INIT;
	unsigned calls = 0;
	hz_job *job = NULL;
	hz_error *err = NULL;

	(void)state;
	assert_ok(hz_job_new(&job, &err), &err);
	hz_job_on_progress(job, stop, &calls);
	assert_fails(hz_check(r, &read_data, job, &res, &err), HZ_E_CANCELED, &err);
	assert_int_equal(res.damaged, 0);
	hz_job_free(job);
	hz_reader_close(r);
}

/* ---- small objects ---- */

static const char *const small[] = { "admin", "keys", "sessions", "commits", "index" };

static bool has_twin(const char *name)
{
	return strncmp(name, "commits/", 8) != 0 && strncmp(name, "index/", 6) != 0;
}

static void one_damaged_small(const char *name)
{
	hz_check_result r;

	fixture_damage(b->f.store, name, 4000, 2);
	r = check(0);
	assert_found(&r, 1, 1);
	assert_int_equal(r.snapshots_hurt, 0);
	fixture_damage(b->f.store, name, 4000, 2);
}

static void damage_in_small_objects_is_found_and_mendable(void **state)
{
	(void)state;
	one_damaged_small("repo");
	for (size_t i = 0; i < ARRAY_LEN(small); i++) {
		struct names *l = names_of(b->f.store, small[i]);

		assert_true(l->n > 0);
		for (size_t k = 0; k < l->n; k++)
			one_damaged_small(l->v[k].s);
		free(l);
	}
}

static void one_lost_small(const char *name, bool removed)
{
	uint8_t *data = NULL;
	size_t len = 0;
	hz_check_result r;

	if (removed)
		data = take(name, &len);
	else
		fixture_damage(b->f.store, name, 4000, 3);
	r = check(0);
	if (has_twin(name)) {
		assert_found(&r, 1, 1);
		assert_int_equal(r.snapshots_hurt, 0);
	} else if (strncmp(name, "index/", 6) == 0) {
		/* The run, and what nothing names any more. */
		assert_true(r.damaged >= 1 && r.mendable == 0 && r.snapshots_hurt >= 1);
	} else if (!removed) {
		assert_found(&r, 1, 0);
		assert_true(r.snapshots_hurt >= 1);
	} else if (strstr(name, "commits/")) {
		/* The first is named by the second; that the newest is gone only a host's state can tell. */
		assert_true(r.damaged <= 1 && r.mendable == 0);
		assert_int_equal(r.snapshots, 1);
	}
	if (removed)
		give_back(name, data, len);
	else
		fixture_damage(b->f.store, name, 4000, 3);
}

static void lost_small_objects_are_found_and_copies_serve(void **state)
{
	(void)state;
	for (unsigned removed = 0; removed < 2; removed++) {
		one_lost_small("repo", removed);
		for (size_t i = 0; i < ARRAY_LEN(small); i++) {
			struct names *l = names_of(b->f.store, small[i]);

			for (size_t k = 0; k < l->n; k++)
				one_lost_small(l->v[k].s, removed);
			free(l);
		}
	}
}

static void a_missing_predecessor_is_found(void **state)
{
	hz_reader *r = backups_reader(b, HZ_ROLE_READER, HZ_NEED_READ);
	struct names *l = names_of(b->f.store, "commits");
	unsigned found = 0;

	(void)state;
	hz_reader_close(r);
	for (size_t i = 0; i < l->n; i++) {
		size_t len;
		uint8_t *data = take(l->v[i].s, &len);

		found += (unsigned)check(0).damaged;
		give_back(l->v[i].s, data, len);
	}
	assert_int_equal(found, 1);
	free(l);
}

static void a_copy_that_is_another_object_is_found(void **state)
{
	struct names *l = names_of(b->f.store, "sessions");
	struct session other = fixture_session(&b->f, b->f.writer);
	struct name victim = l->v[0], copy = name_copy(victim.s), from = name_session(&other.id);
	uint8_t *old, *data = NULL;
	size_t old_len, len = 0;
	struct object_header h = { .type = OBJECT_SESSION, .suite = SUITE_SODIUM, .repo = b->f.repo.id };
	struct object o = OBJECT_INIT;
	struct buf forged = BUF_INIT;
	hz_check_result r;
	hz_error *err = NULL;

	(void)state;
	if (name_is_copy(victim.s))
		fail();
	data = take(from.s, &len);
	assert_ok(object_decode(&o, from.s, data, len, &err), &err);
	(void)snprintf(h.name, sizeof(h.name), "%.80s", victim.s);
	assert_ok(object_encode(&forged, &h, o.body, (size_t)o.header.length, false, &err), &err);
	old = take(copy.s, &old_len);
	fixture_replace(b->f.store, copy.s, forged.data, forged.len);
	r = check(0);
	assert_found(&r, 1, 1);
	give_back(copy.s, old, old_len);
	fixture_remove(b->f.store, name_copy(from.s).s);
	object_release(&o);
	buf_release(&forged);
	session_release(&other);
	free(data);
	free(l);
}

static void a_lost_session_hurts_its_snapshot(void **state)
{
	struct names *l = names_of(b->f.store, "sessions");
	size_t len[2];
	uint8_t *data[2] = { take(l->v[0].s, &len[0]), take(l->v[1].s, &len[1]) };
	hz_check_result r;

	(void)state;
	assert_string_equal(name_copy(l->v[0].s).s, l->v[1].s);
	r = check(0);
	assert_true(r.damaged >= 2 && r.mendable == 0 && r.snapshots_hurt >= 1);
	give_back(l->v[0].s, data[0], len[0]);
	give_back(l->v[1].s, data[1], len[1]);
	free(l);
}

/* ---- packs ---- */

static void missing_packs_are_told_and_by_path_what_was_in_them(void **state)
{
	struct names *l = names_of(b->f.store, "packs");
	unsigned hurt_both = 0;

	(void)state;
	for (size_t i = 0; i < l->n; i++) {
		size_t len;
		uint8_t *data = take(l->v[i].s, &len);

		for (uint32_t role = HZ_ROLE_LISTER; role <= HZ_ROLE_READER; role++) {
			struct events v;
			hz_check_result r = check_as(role, HZ_NEED_LIST, 0, &v);

			assert_found(&r, 1, 0);
			assert_true(v.paths > 0);
			assert_true(r.snapshots_hurt >= 1);
			/* Of a pack that both name both are hurt, though what they share is looked at once. */
			hurt_both += r.snapshots_hurt == 2;
		}
		struct events v;
		hz_check_result r = check_as(HZ_ROLE_WRITER, HZ_NEED_NOTHING, 0, &v);

		assert_found(&r, 1, 0);
		give_back(l->v[i].s, data, len);
	}
	assert_true(hurt_both >= 2);
	free(l);
}

static void packs_of_another_size_are_found(void **state)
{
	struct names *l = names_of(b->f.store, "packs");

	(void)state;
	for (size_t i = 0; i < l->n; i++) {
		size_t len;
		uint8_t *data = take(l->v[i].s, &len), *longer = calloc(1, len + 100);
		hz_check_result r;

		memcpy(longer, data, len);
		fixture_replace(b->f.store, l->v[i].s, longer, len + 100);
		r = check(0);
		assert_found(&r, 1, 1);
		assert_int_equal(r.snapshots_hurt, 0);
		fixture_replace(b->f.store, l->v[i].s, data, len - 4096);
		r = check(0);
		assert_found(&r, 1, 1);
		r = check(HZ_CHECK_READ_DATA);
		assert_found(&r, 1, 1);
		assert_int_equal(r.snapshots_hurt, 0);
		fixture_replace(b->f.store, l->v[i].s, data, len / 2);
		r = check(0);
		assert_found(&r, 1, 0);
		assert_true(r.snapshots_hurt >= 1);
		free(longer);
		give_back(l->v[i].s, data, len);
	}
	free(l);
}

/* How many blocks in a row a pack of this size cannot lose. */
static unsigned too_many(uint64_t size)
{
	uint64_t n = size / 4096;

	return (unsigned)(2 * ((n + 41) / 42) + 1);
}

static void damaged_bytes_are_found_wherever_they_are(void **state)
{
	struct names *l = names_of(b->f.store, "packs");

	(void)state;
	for (size_t i = 0; i < l->n; i++) {
		uint64_t size = 0;

		assert_ok(store_size(b->f.store, l->v[i].s, &size, NULL), NULL);
		for (unsigned part = 0; part < 4; part++) {
			size_t at = (size_t)size / 4 * part + 77;
			hz_check_result r;

			fixture_damage(b->f.store, l->v[i].s, at, 1);
			r = check(HZ_CHECK_READ_DATA);
			assert_found(&r, 1, 1);
			assert_int_equal(r.snapshots_hurt, 0);
			fixture_damage(b->f.store, l->v[i].s, at, 1);
		}
		struct events v;
		hz_check_result r;

		fixture_damage(b->f.store, l->v[i].s, (size_t)size / 2, too_many(size));
		r = check_as(HZ_ROLE_READER, HZ_NEED_READ, HZ_CHECK_READ_DATA, &v);
		assert_found(&r, 1, 0);
		assert_true(r.snapshots_hurt >= 1);
		assert_true(v.paths > 0);
		fixture_damage(b->f.store, l->v[i].s, (size_t)size / 2, too_many(size));
	}
	free(l);
	hz_check_result r = check(HZ_CHECK_READ_DATA);

	assert_found(&r, 0, 0);
}

/* ---- what no commit names ---- */

static void what_dead_sessions_left_is_no_damage(void **state)
{
	struct session s = fixture_session(&b->f, b->f.writer);
	struct uid pack = { { 1, 2, 3 } };
	struct run_pack packs[] = { { .uid = { { 7 } }, .size = 65536 } };
	struct run_entry entries[] = { { .pack = 0 } };
	struct run_ref ref;
	struct buf object = BUF_INIT;
	hz_check_result r;
	hz_error *err = NULL;

	(void)state;
	/* A pack that is rubbish, a run that names a pack that is not there, a session without its copy. */
	fixture_replace(b->f.store, name_pack(&pack).s, "rubbish", 7);
	assert_ok(run_build(&object, &ref, &b->f.repo, &s.id, &b->f.writer->key_id, b->f.writer->sign_seed, &b->f.keys,
			  packs, 1, entries, 1, &err),
		&err);
	fixture_replace(b->f.store, name_run(&ref.uid).s, object.data, object.len);
	fixture_remove(b->f.store, name_copy(name_session(&s.id).s).s);
	r = check(HZ_CHECK_READ_DATA);
	assert_found(&r, 0, 0);
	assert_int_equal(r.dead_packs, 1);
	fixture_damage(b->f.store, name_run(&ref.uid).s, 0, 5);
	r = check(HZ_CHECK_READ_DATA);
	assert_found(&r, 0, 0);
	fixture_damage(b->f.store, name_session(&s.id).s, 0, 3);
	r = check(HZ_CHECK_READ_DATA);
	assert_found(&r, 0, 0);
	fixture_remove(b->f.store, name_session(&s.id).s);
	fixture_remove(b->f.store, name_run(&ref.uid).s);
	fixture_remove(b->f.store, name_pack(&pack).s);
	buf_release(&object);
	session_release(&s);
}

static void objects_of_another_repository_are_noted_and_left_alone(void **state)
{
	struct fixture other;
	struct session s;
	uint8_t *data = NULL;
	size_t len = 0;
	struct events v;
	hz_check_result r;

	(void)state;
	fixture_new(&other, SUITE_SODIUM);
	s = fixture_session(&other, other.writer);
	struct name name = name_session(&s.id);

	assert_ok(store_get_all(other.store, name.s, 1 << 20, &data, &len, NULL), NULL);
	fixture_replace(b->f.store, name.s, data, len);
	r = check_as(HZ_ROLE_READER, HZ_NEED_READ, 0, &v);
	assert_found(&r, 0, 0);
	fixture_remove(b->f.store, name.s);
	free(data);
	session_release(&s);
	fixture_free(&other);
}

/* ---- content that is not what it should be ---- */

struct forging {
	struct session s;
	struct packer *p;
	struct run_pack pack;
	struct run_entry entries[8];
	size_t n;
	struct mac *data, *meta;
};

static int before_put(void *user, const struct pack_done *p, hz_error **err)
{
	(void)user;
	(void)p;
	(void)err;
	return 0;
}

static int after_put(void *user, const struct pack_done *p, hz_error **err)
{
	struct forging *x = user;

	(void)err;
	x->pack = (struct run_pack){ p->uid, p->size, p->hash };
	for (size_t i = 0; i < p->n_ids; i++)
		x->entries[x->n++] = (struct run_entry){ p->ids[i], 0 };
	return 0;
}

static void forge_begin(struct forging *x)
{
	struct packer_hooks hooks = { .before_put = before_put, .after_put = after_put, .user = x };

	*x = (struct forging){ .n = 0 };
	x->s = fixture_session(&b->f, b->f.writer);
	assert_ok(mac_new(&x->data, SUITE_SODIUM, b->f.keys.content, NULL), NULL);
	assert_ok(mac_new(&x->meta, SUITE_SODIUM, b->f.keys.metadata, NULL), NULL);
	assert_ok(packer_new(&x->p, b->f.store, &b->f.repo, &x->s, 1, 1, &hooks, NULL), NULL);
}

static void forge_chunk(struct forging *x, enum pack_role role, const struct id *id, const void *data, size_t len)
{
	struct frame_member m = { *id, (uint32_t)len };
	hz_error *err = NULL;

	assert_ok(packer_add(x->p, 0, role, METHOD_RAW, data, len, (uint32_t)len, &m, 1, &err), &err);
}

/* Ends packs, run and commit: a snapshot whose root is the folder, or a plain commit. */
static struct name forge_commit(struct forging *x, const struct entry *root, struct name *run)
{
	struct run_ref ref;
	struct commit c = { .kind = root ? COMMIT_SNAPSHOT : COMMIT_PLAIN,
		.session = x->s.id,
		.signer = b->f.writer->key_id,
		.number = 9,
		.session_hash = x->s.part_hash,
		.runs = &ref,
		.n_runs = 1 };
	struct commit_body body = { .start = { 1, 0, false }, .complete = true, .raw = BUF_INIT };
	struct buf object = BUF_INIT, encoded = BUF_INIT;
	struct name name = name_commit(&x->s.id, 0);
	hz_error *err = NULL;

	assert_ok(packer_finish(x->p, &err), &err);
	assert_ok(run_build(&object, &ref, &b->f.repo, &x->s.id, &b->f.writer->key_id, b->f.writer->sign_seed,
			  &b->f.keys, &x->pack, 1, x->entries, x->n, &err),
		&err);
	*run = name_run(&ref.uid);
	fixture_replace(b->f.store, run->s, object.data, object.len);
	buf_reset(&object);
	if (root)
		assert_ok(entry_encode(&encoded, root, &err), &err);
	body.root = (struct bytes){ encoded.data, encoded.len };
	body.host = body.tool = body.errors = body.others = (struct bytes){ (const uint8_t *)"", 0 };
	assert_ok(
		commit_build(&object, &c, &b->f.repo, &x->s, b->f.writer->sign_seed, root ? &body : NULL, &err), &err);
	fixture_replace(b->f.store, name.s, object.data, object.len);
	buf_release(&object);
	buf_release(&encoded);
	return name;
}

static void forge_end(struct forging *x, const struct name *commit, const struct name *run)
{
	fixture_remove(b->f.store, commit->s);
	fixture_remove(b->f.store, run->s);
	fixture_remove(b->f.store, name_pack(&x->pack.uid).s);
	fixture_remove(b->f.store, name_session(&x->s.id).s);
	fixture_remove(b->f.store, name_copy(name_session(&x->s.id).s).s);
	packer_free(x->p);
	mac_free(x->data);
	mac_free(x->meta);
	session_release(&x->s);
}

static void a_chunk_under_a_wrong_id_is_found_by_reading_only(void **state)
{
	struct forging x;
	struct id wrong = { { 0xEE } };
	struct name run, commit;
	hz_check_result r;

	(void)state;
	forge_begin(&x);
	forge_chunk(&x, PACK_DATA, &wrong, "content", 7);
	commit = forge_commit(&x, NULL, &run);
	r = check(0);
	assert_found(&r, 0, 0);
	r = check(HZ_CHECK_READ_DATA);
	assert_found(&r, 1, 0);
	forge_end(&x, &commit, &run);
}

static void a_run_that_claims_too_much_is_found_by_reading_only(void **state)
{
	struct forging x;
	struct id id;
	struct name run, commit;
	struct events v;
	hz_check_result r;

	(void)state;
	forge_begin(&x);
	id = mac_compute(x.data, DOMAIN_DATA, "content", 7);
	forge_chunk(&x, PACK_DATA, &id, "content", 7);
	x.entries[x.n++] = (struct run_entry){ { { 0xEF } }, 0 };
	commit = forge_commit(&x, NULL, &run);
	r = check(0);
	assert_found(&r, 0, 0);
	r = check_as(HZ_ROLE_READER, HZ_NEED_READ, HZ_CHECK_READ_DATA, &v);
	assert_found(&r, 1, 0);
	assert_non_null(strstr(v.text, run.s));
	forge_end(&x, &commit, &run);
}

static void a_run_that_claims_less_is_no_damage(void **state)
{
	struct forging x;
	struct id id;
	struct name run, commit;
	hz_check_result r;

	(void)state;
	forge_begin(&x);
	for (uint8_t i = 0; i < 3; i++) {
		id = mac_compute(x.data, DOMAIN_DATA, &i, 1);
		forge_chunk(&x, PACK_DATA, &id, &i, 1);
	}
	assert_ok(packer_finish(x.p, NULL), NULL);
	x.n = 1;
	commit = forge_commit(&x, NULL, &run);
	r = check(HZ_CHECK_READ_DATA);
	assert_found(&r, 0, 0);
	forge_end(&x, &commit, &run);
}

static void another_pack_under_the_name_is_found_by_its_hash(void **state)
{
	struct forging x;
	struct id id;
	struct name run, commit;
	hz_check_result r;

	(void)state;
	forge_begin(&x);
	id = mac_compute(x.data, DOMAIN_DATA, "content", 7);
	forge_chunk(&x, PACK_DATA, &id, "content", 7);
	assert_ok(packer_finish(x.p, NULL), NULL);
	x.pack.hash.b[0] ^= 1;
	commit = forge_commit(&x, NULL, &run);
	r = check(0);
	assert_found(&r, 0, 0);
	r = check(HZ_CHECK_READ_DATA);
	assert_found(&r, 1, 0);
	forge_end(&x, &commit, &run);
}

struct folder {
	struct buf node;
	struct id id;
};

static int put_node(void *user, enum node_kind kind, const uint8_t *data, size_t len, struct id *id, hz_error **err)
{
	struct forging *x = user;

	(void)err;
	*id = mac_compute(x->meta, (uint8_t)kind, data, len);
	forge_chunk(x, PACK_META, id, data, len);
	return 0;
}

/* A snapshot of one folder with one file that names one chunk. */
static hz_check_result check_file(const struct chunk_ref *chunk, uint64_t size, bool put_chunk, struct events *v)
{
	AUTO_IN(buf_release) struct buf item = BUF_INIT;
	AUTO(node_builder_free) struct node_builder *nb = NULL;
	struct entry file = { .name = (const uint8_t *)"f",
		.name_len = 1,
		.mode = S_IFREG | 0644,
		.size = size,
		.chunks = chunk,
		.n_chunks = 1 };
	struct entry root = {
		.name = (const uint8_t *)"root", .name_len = 4, .mode = S_IFDIR | 0755, .has_tree = true
	};
	struct forging x;
	struct name run, commit;
	hz_check_result r;
	hz_error *err = NULL;

	forge_begin(&x);
	if (put_chunk)
		forge_chunk(&x, PACK_DATA, &chunk->id, "content", 7);
	assert_ok(entry_encode(&item, &file, &err), &err);
	assert_ok(node_builder_new(&nb, NODE_TREE, put_node, &x, &err), &err);
	assert_ok(node_builder_add(nb, item.data, item.len, "f", 1, &err), &err);
	assert_ok(node_builder_finish(nb, &root.has_tree, &root.tree, &err), &err);
	commit = forge_commit(&x, &root, &run);
	r = check_as(HZ_ROLE_LISTER, HZ_NEED_LIST, 0, v);
	forge_end(&x, &commit, &run);
	return r;
}

static void a_chunk_that_no_run_names_counts_and_is_told_by_path(void **state)
{
	struct chunk_ref chunk = { .id = { { 0xAB } }, .len = 7 };
	struct events v;
	hz_check_result r = check_file(&chunk, 7, true, &v);

	(void)state;
	assert_found(&r, 0, 0);
	assert_int_equal(r.snapshots, 3);
	r = check_file(&chunk, 7, false, &v);
	assert_found(&r, 1, 0);
	assert_int_equal(r.snapshots_hurt, 1);
	assert_int_equal(v.paths, 1);
	assert_string_equal(v.last_path, "f");
}

static void chunks_that_do_not_add_up_are_found(void **state)
{
	struct chunk_ref chunk = { .id = { { 0xAB } }, .len = 7 };
	struct events v;
	hz_check_result r = check_file(&chunk, 8, true, &v);

	(void)state;
	assert_found(&r, 1, 0);
	assert_int_equal(r.snapshots_hurt, 1);
}

/* ---- what the admin log says ---- */

static void forgotten_snapshots_are_not_walked_and_final_packs_not_missed(void **state)
{
	struct buf items = BUF_INIT, t = BUF_INIT;
	struct enc e = enc_to(&t);
	static const struct id none;
	struct names *packs = names_of(b->f.store, "packs");
	struct id ids[2];
	hz_check_result r;

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		assert_true(hex_decode(ids[i].b, ID_LEN, b->id[i], ID_HEX_LEN));
	if (id_cmp(&ids[0], &ids[1]) > 0) {
		struct id tmp = ids[0];

		ids[0] = ids[1];
		ids[1] = tmp;
	}
	enc_u8(&e, 1);
	enc_var(&e, 2);
	enc_bytes(&e, ids, sizeof(ids));
	enc_bytes(&e, none.b, ID_LEN);
	enc_u32(&e, 0);
	enc_blob(&e, "", 0);
	assert_int_equal(section_put(&items, ITEM_TOMBSTONE, t.data, t.len), 0);
	t.len = 0;
	enc_u64(&e, 1);
	enc_bytes(&e, none.b, ID_LEN);
	enc_var(&e, packs->n);
	for (size_t i = 0; i < packs->n; i++) {
		struct uid u;

		assert_true(name_parse_uid(&u, packs->v[i].s, "packs/"));
		enc_bytes(&e, u.b, UID_LEN);
	}
	assert_int_equal(section_put(&items, ITEM_FINAL, t.data, t.len), 0);
	fixture_append(&b->f, &items);
	r = check(HZ_CHECK_READ_DATA);
	assert_found(&r, 0, 0);
	assert_int_equal(r.snapshots, 0);
	assert_int_equal(r.packs, 0);
	for (size_t i = 0; i < packs->n; i++)
		fixture_remove(b->f.store, packs->v[i].s);
	r = check(HZ_CHECK_READ_DATA);
	assert_found(&r, 0, 0);
	buf_release(&t);
	free(packs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_repository_is_whole),
		cmocka_unit_test(each_key_looks_at_what_it_opens),
		cmocka_unit_test(content_needs_a_reader),
		cmocka_unit_test(a_check_can_be_repeated_and_leaves_the_reader_usable),
		cmocka_unit_test(a_check_can_be_cancelled),
		cmocka_unit_test(damage_in_small_objects_is_found_and_mendable),
		cmocka_unit_test(lost_small_objects_are_found_and_copies_serve),
		cmocka_unit_test(a_missing_predecessor_is_found),
		cmocka_unit_test(a_copy_that_is_another_object_is_found),
		cmocka_unit_test(a_lost_session_hurts_its_snapshot),
		cmocka_unit_test(missing_packs_are_told_and_by_path_what_was_in_them),
		cmocka_unit_test(packs_of_another_size_are_found),
		cmocka_unit_test(damaged_bytes_are_found_wherever_they_are),
		cmocka_unit_test(what_dead_sessions_left_is_no_damage),
		cmocka_unit_test(objects_of_another_repository_are_noted_and_left_alone),
		cmocka_unit_test(a_chunk_under_a_wrong_id_is_found_by_reading_only),
		cmocka_unit_test(a_run_that_claims_too_much_is_found_by_reading_only),
		cmocka_unit_test(a_run_that_claims_less_is_no_damage),
		cmocka_unit_test(another_pack_under_the_name_is_found_by_its_hash),
		cmocka_unit_test(a_chunk_that_no_run_names_counts_and_is_told_by_path),
		cmocka_unit_test(chunks_that_do_not_add_up_are_found),
		/* The last: it forgets everything. */
		cmocka_unit_test(forgotten_snapshots_are_not_walked_and_final_packs_not_missed),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
