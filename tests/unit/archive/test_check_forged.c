/* SPDX-License-Identifier: BSD-2-Clause */
/* test-timeout: 600 */
/* Whole objects of which one says what is not so: a check that reads data finds it. */
#include "checked.h"
#include "archive/node.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chunk_under_a_wrong_id_is_found_by_reading_only),
		cmocka_unit_test(a_run_that_claims_too_much_is_found_by_reading_only),
		cmocka_unit_test(a_run_that_claims_less_is_no_damage),
		cmocka_unit_test(another_pack_under_the_name_is_found_by_its_hash),
		cmocka_unit_test(a_chunk_that_no_run_names_counts_and_is_told_by_path),
		cmocka_unit_test(chunks_that_do_not_add_up_are_found),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
