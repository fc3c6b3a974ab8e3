/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fills a repository, just made, with the index of a large one, and measures lookups in it.
 *
 *	bench_gen_runs fill REPO KEY ENTRIES    a session whose runs name so many chunks, and empty files for its packs
 *	bench_gen_runs look REPO KEY ENTRIES    loads the index; looks up chunks that it has, and such that it has not
 *
 * Ids are a function of their number, so that the second knows what the first has put. The packs have the right names
 * and sizes and no content: enough for create and check, which read no data, and for nothing else.
 */
#include "archive/index.h"
#include "base/clock.h"
#include "base/codec.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PER_PACK 16u         /* 16 MiB of chunks of 1 MiB */
#define PER_RUN  (96u << 10) /* as ingest writes them */
#define LOOKUPS  200000u

struct place {
	struct store *store;
	struct admin_log log;
	struct bundle *key;
	struct group group;
};

static struct id nth_id(uint64_t n)
{
	struct id id;

	for (unsigned i = 0; i < 4; i++) {
		uint64_t z = (n * 4 + i + 1) * UINT64_C(0x9E3779B97F4A7C15);

		z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
		z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
		put_le64(id.b + 8 * i, z ^ (z >> 31));
	}
	return id;
}

static int place_open(struct place *p, const char *repo, const char *key, hz_error **err)
{
	int rc = crypto_init(err);

	if (rc == 0)
		rc = store_open(&p->store, repo, STORE_EXISTING, err);
	if (rc == 0)
		rc = repo_header_load(&p->log.repo, p->store, NULL, err);
	if (rc == 0)
		rc = admin_log_load(&p->log, p->store, NULL, err);
	if (rc == 0)
		rc = keyfile_read(&p->key, key, NULL, err);
	if (rc == 0 && p->key->role != HZ_ROLE_WRITER)
		rc = err_set(err, HZ_E_AUTH, "%s: not a writer's key", key);
	return rc ? rc : group_from_secret(&p->group, p->key->suite, &p->key->group, p->key->group_secret, err);
}

static void place_close(struct place *p)
{
	group_release(&p->group);
	bundle_free(p->key);
	admin_log_release(&p->log);
	store_close(p->store);
}

static int put(struct place *p, const char *name, struct buf *object, hz_error **err)
{
	struct iovec iov = { object->data, object->len };

	return store_put(p->store, name, &iov, 1, err);
}

/* A file of the pack's size, all hole. */
static int put_pack(const char *repo, struct run_pack *pack, uint32_t size, hz_error **err)
{
	char path[4096];
	AUTO_FD int fd = -1;

	random_bytes(pack->uid.b, UID_LEN);
	random_bytes(pack->hash.b, ID_LEN);
	pack->size = size;
	(void)snprintf(path, sizeof(path), "%s/%s", repo, name_pack(&pack->uid).s);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, size) < 0)
		return err_errno(err, "%s", path);
	return 0;
}

static int put_run(struct place *p, struct run_ref *ref, const struct session *s, struct run_pack *packs,
	size_t n_packs, struct run_entry *entries, size_t n, hz_error **err)
{
	AUTO_IN(buf_release) struct buf out = BUF_INIT;
	int rc = run_build(&out, ref, &p->log.repo, &s->id, &p->key->key_id, p->key->sign_seed, &p->group, packs,
		n_packs, entries, n, err);

	return rc ? rc : put(p, name_run(&ref->uid).s, &out, err);
}

static int put_runs(struct place *p, const char *repo, const struct session *s, struct run_ref *refs, uint64_t total,
	hz_error **err)
{
	AUTO_FREE struct run_entry *entries = calloc(PER_RUN, sizeof(*entries));
	AUTO_FREE struct run_pack *packs = calloc(PER_RUN / PER_PACK + 1, sizeof(*packs));
	int rc = 0;

	if (!entries || !packs)
		return err_nomem(err);
	for (uint64_t from = 0; rc == 0 && from < total; from += PER_RUN) {
		size_t n = total - from < PER_RUN ? (size_t)(total - from) : PER_RUN, n_packs = 0;

		for (size_t i = 0; rc == 0 && i < n; i++) {
			if (i % PER_PACK == 0)
				rc = put_pack(repo, &packs[n_packs++], 1u << p->log.repo.pack_log2, err);
			entries[i] = (struct run_entry){ nth_id(from + i), (uint32_t)n_packs - 1 };
		}
		if (rc == 0)
			rc = put_run(p, &refs[from / PER_RUN], s, packs, n_packs, entries, n, err);
	}
	return rc;
}

/* check counts only what a commit names. */
static int put_commit(struct place *p, const struct session *s, struct run_ref *refs, size_t n, hz_error **err)
{
	AUTO_IN(buf_release) struct buf out = BUF_INIT;
	struct commit c = { .kind = COMMIT_PLAIN,
		.session = s->id,
		.signer = p->key->key_id,
		.number = 1,
		.session_hash = s->part_hash,
		.runs = refs,
		.n_runs = n };
	int rc = commit_build(&out, &c, &p->log.repo, s, p->key->sign_seed, NULL, err);

	return rc ? rc : signed_put(p->store, name_commit(&s->id, 0).s, &out, true, err);
}

static int fill(struct place *p, const char *repo, uint64_t total, hz_error **err)
{
	static const struct id no_base;
	AUTO_IN(buf_release) struct buf out = BUF_INIT;
	size_t n_runs = (size_t)((total + PER_RUN - 1) / PER_RUN);
	AUTO_FREE struct run_ref *refs = calloc(n_runs + 1, sizeof(*refs));
	struct session s = { 0 };
	int rc = refs ? session_create(&s, &out, &p->log, p->key, &no_base, err) : err_nomem(err);

	if (rc == 0)
		rc = signed_put(p->store, name_session(&s.id).s, &out, true, err);
	if (rc == 0)
		rc = put_runs(p, repo, &s, refs, total, err);
	if (rc == 0)
		rc = put_commit(p, &s, refs, n_runs, err);
	session_release(&s);
	return rc;
}

/* Nanoseconds for each of LOOKUPS ids from number first on, spread over count of them; *found: how many were there. */
static int lookups(double *ns, uint64_t *found, struct index *ix, uint64_t first, uint64_t count, hz_error **err)
{
	uint64_t began = clock_mono_ns();
	int rc = 0;

	*found = 0;
	for (uint64_t i = 0; rc >= 0 && i < LOOKUPS; i++) {
		struct id id = nth_id(first + i * UINT64_C(0x9E3779B1) % count);
		struct pack_ref refs[INDEX_CANDIDATES];
		unsigned n = 0;

		rc = index_find(ix, &id, refs, &n, err);
		*found += n > 0;
	}
	*ns = (double)(clock_mono_ns() - began) / LOOKUPS;
	return rc;
}

/* Resident memory now, in bytes. */
static long long resident(void)
{
	long long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f && fscanf(f, "%*s %lld", &pages) != 1)
		pages = 0;
	if (f)
		(void)fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

static int look(struct place *p, uint64_t total, hz_error **err)
{
	AUTO(index_free) struct index *ix = NULL;
	struct index_options o = { .trust = INDEX_OWN, .self = p->key->key_id };
	uint64_t began = clock_mono_ns(), found = 0, strange = 0;
	double load, known = 0, unknown = 0;
	long long grown = resident();
	int rc;

	rc = index_new(&ix, p->store, &p->log, &p->group, &o, NULL, err);
	if (rc == 0)
		rc = index_load(ix, err);
	load = (double)(clock_mono_ns() - began) / 1e9;
	grown = resident() - grown;
	if (rc == 0)
		rc = lookups(&unknown, &strange, ix, total, total, err);
	if (rc == 0)
		rc = lookups(&known, &found, ix, 0, total, err);
	if (rc == 0 && (found != LOOKUPS || strange != 0))
		rc = err_set(err, HZ_E_INTERNAL, "%llu of %u known ids and %llu unknown ones found",
			(unsigned long long)found, LOOKUPS, (unsigned long long)strange);
	if (rc == 0)
		printf("{\"entries\":%llu,\"packs\":%zu,\"load_seconds\":%.3f,\"index_rss_bytes\":%lld,"
		       "\"unknown_ns\":%.0f,\"known_ns\":%.0f}\n",
			(unsigned long long)index_entries(ix), index_packs(ix), load, grown, unknown, known);
	return rc;
}

int main(int argc, char **argv)
{
	struct place p = { .store = NULL };
	hz_error *err = NULL;
	unsigned long long total;
	int rc, filling;

	if (argc != 5 || (strcmp(argv[1], "fill") != 0 && strcmp(argv[1], "look") != 0) ||
		(total = strtoull(argv[4], NULL, 10)) == 0) {
		(void)fprintf(stderr, "usage: bench_gen_runs fill|look REPO KEY ENTRIES\n");
		return 2;
	}
	filling = strcmp(argv[1], "fill") == 0;
	rc = place_open(&p, argv[2], argv[3], &err);
	if (rc == 0)
		rc = filling ? fill(&p, argv[2], total, &err) : look(&p, total, &err);
	if (rc < 0)
		(void)fprintf(stderr, "bench_gen_runs: %s\n", hz_error_message(err));
	hz_error_free(err);
	place_close(&p);
	return rc < 0;
}
