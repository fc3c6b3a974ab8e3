/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs with made-up packs and ids, put into a fixture's store. */
#ifndef UNIT_ARCHIVE_RUNS_H
#define UNIT_ARCHIVE_RUNS_H

#include "fixture.h"

struct made_run {
	struct run_ref ref;
	struct run_pack *packs;
	uint32_t n_packs;
	struct run_entry *entries;
	size_t n;
};

static UNUSED struct id run_id_of(uint64_t seed, uint64_t i)
{
	uint64_t v[2] = { seed, i };

	return suite_hash1(SUITE_SODIUM, v, sizeof(v));
}

static UNUSED void made_run_put(
	struct fixture *f, struct made_run *m, const struct bundle *signer, const struct group *g)
{
	struct session s = fixture_session(f, f->writer);
	struct buf object = BUF_INIT;
	hz_error *err = NULL;

	assert_ok(run_build(&object, &m->ref, &f->repo, &s.id, &signer->key_id, signer->sign_seed, g, m->packs,
			  m->n_packs, m->entries, m->n, &err),
		&err);
	fixture_replace(f->store, name_run(&m->ref.uid).s, object.data, object.len);
	buf_release(&object);
	session_release(&s);
}

/* n entries over n_packs packs of random names; ids follow from seed. */
static UNUSED struct made_run made_run_new(struct fixture *f, uint64_t seed, size_t n, uint32_t n_packs)
{
	struct made_run m = { .n = n, .n_packs = n_packs };

	m.packs = calloc(n_packs + 1u, sizeof(*m.packs));
	m.entries = calloc(n + 1, sizeof(*m.entries));
	for (uint32_t i = 0; i < n_packs; i++) {
		random_bytes(m.packs[i].uid.b, UID_LEN);
		m.packs[i].size = 65536u << i % 4;
		m.packs[i].hash = run_id_of(seed, i);
	}
	for (size_t i = 0; i < n; i++)
		m.entries[i] = (struct run_entry){ run_id_of(seed + 1, i), (uint32_t)(i % n_packs) };
	made_run_put(f, &m, f->writer, &f->keys);
	return m;
}

static UNUSED void made_run_free(struct made_run *m)
{
	free(m->packs);
	free(m->entries);
}

#endif
