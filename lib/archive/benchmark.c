/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measures the parts of the data path one by one, the same functions that create, restore and check call, and adds
 * their times up to what they allow together (docs/PERFORMANCE.md). Nothing here is kept or put anywhere.
 */
#include "hozen/benchmark.h"
#include "archive/chunker.h"
#include "archive/ingest.h"
#include "archive/job.h"
#include "archive/object.h"
#include "archive/repo.h"
#include "base/clock.h"
#include "base/codec.h"
#include <string.h>
#include <unistd.h>

#define DATA_LEN     ((size_t)8 << 20)
#define SLACK        ((size_t)64 << 10) /* a stream is longer than its body */
#define LARGE        ((size_t)1 << 20)
#define SMALL        ((size_t)4 << 10)
#define SPANS        5u
#define ROW_MS       100u
#define BATCH_BYTES  ((size_t)64 << 10) /* between two looks at the clock */
#define WORKERS_MAX  64u
#define CREATE_LEVEL 3 /* ingest.c: the level of content, and how much of an incompressible chunk is tried */
#define PROBE_LEN    ((size_t)32 << 10)

/* Nanoseconds per byte of what the second part needs, of large messages. */
struct costs {
	double hash[SUITE_NIST + 1], seal[SUITE_NIST + 1], open[SUITE_NIST + 1];
	double chunker, compress, decompress, probe, protect, read, verify;
	double stored; /* of a byte of the sample */
};

struct bench {
	hz_benchmark_options o;
	hz_job *job;
	hz_benchmark_fn fn;
	void *user;
	uint8_t *sample, *noise; /* DATA_LEN + SLACK each */
	uint8_t *in, *out, *sums;
	struct buf object; /* of one message */
	struct mac *mac;
	struct aead *aead;
	struct chunker chunker;
	ZSTD_CCtx *cctx;
	ZSTD_DCtx *dctx;
	/* Of the present row. */
	unsigned suite;
	int level;
	size_t len, stored; /* of a message, and what it became */
	struct costs costs;
};

/* ---- data ---- */

static uint64_t next(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s * UINT64_C(0x2545F4914F6CDD1D);
}

static void make_noise(uint8_t *out, size_t len, uint64_t seed)
{
	for (size_t i = 0; i + 8 <= len; i += 8)
		put_le64(out + i, next(&seed));
}

/* Short stretches that are new, and longer ones that stood before, mostly not far back: shrinks about as much, and as
 * fast, as the files of a system do. */
static void make_sample(uint8_t *out, size_t len, uint64_t seed)
{
	size_t at = 64;

	make_noise(out, at, seed);
	while (at + 64 <= len) {
		uint64_t r = next(&seed), fresh = next(&seed), text = next(&seed) & UINT64_C(0x3f3f3f3f3f3f3f3f);
		size_t n = 4 + (r & 15), far = (size_t)1 << (6 + (r >> 8 & 15)), back = 32 + (size_t)((r >> 16) % far);

		put_le64(out + at, r >> 60 < 9 ? text : fresh);
		at += 3 + (r >> 4 & 7);
		memmove(out + at, out + at - (back < at ? back : at), n);
		at += n;
	}
}

/* ---- measuring ---- */

typedef int (*op_fn)(struct bench *b, const uint8_t *data);

static int op_hash(struct bench *b, const uint8_t *data)
{
	struct id id = mac_compute(b->mac, 1, data, b->len);

	b->out[0] = id.b[0];
	return 0;
}

static int op_seal(struct bench *b, const uint8_t *data)
{
	static const uint8_t nonce[NONCE_LEN], ad[64];

	return aead_seal(b->aead, b->out, nonce, ad, sizeof(ad), data, b->len);
}

static int op_open(struct bench *b, const uint8_t *data)
{
	static const uint8_t nonce[NONCE_LEN], ad[64];

	(void)data;
	return aead_open(b->aead, b->out, nonce, ad, sizeof(ad), b->in, b->len + TAG_LEN);
}

static int op_chunker(struct bench *b, const uint8_t *data)
{
	for (size_t at = 0; at < b->len;)
		at += chunker_cut(&b->chunker, data + at, b->len - at);
	return 0;
}

static int op_compress(struct bench *b, const uint8_t *data)
{
	size_t n = ingest_zstd(b->cctx, b->out, ZSTD_compressBound(LARGE), data, b->len, b->level,
		b->len == LARGE && b->level == CREATE_LEVEL);

	return ZSTD_isError(n) ? HZ_E_INTERNAL : 0;
}

static int op_decompress(struct bench *b, const uint8_t *data)
{
	size_t n = ZSTD_decompressDCtx(b->dctx, b->out, b->len, b->in, b->stored);

	(void)data;
	return n == b->len ? 0 : HZ_E_INTERNAL;
}

static int op_protect(struct bench *b, const uint8_t *data)
{
	object_protect("benchmark", object_blocks_for(OBJECT_HEADER + b->len), data, b->out, b->sums);
	return 0;
}

static int op_read(struct bench *b, const uint8_t *data)
{
	uint32_t n = (uint32_t)(b->object.len / OBJECT_BLOCK), d = object_data_blocks(n);

	(void)data;
	memcpy(b->out, b->object.data, (size_t)d * OBJECT_BLOCK);
	return object_unwrap("benchmark", n, 0, d, b->out) ? 0 : HZ_E_INTERNAL;
}

static int op_verify(struct bench *b, const uint8_t *data)
{
	struct object o = OBJECT_INIT;
	int rc = object_decode(&o, "benchmark", b->object.data, b->object.len, NULL);

	(void)data;
	object_release(&o);
	return rc;
}

/* Nanoseconds per byte over one span. */
static int span(double *cost, struct bench *b, op_fn op, const uint8_t *data, uint64_t ns)
{
	size_t batch = b->len < BATCH_BYTES ? BATCH_BYTES / b->len : 1, at = 0;
	uint64_t began = clock_mono_ns(), now = began, done = 0;
	int rc = 0;

	while (rc == 0 && (now - began < ns || done == 0)) {
		for (size_t i = 0; rc == 0 && i < batch; i++) {
			rc = op(b, data + at);
			at = at + 2 * b->len <= DATA_LEN ? at + b->len : 0;
		}
		done += batch * b->len;
		now = clock_mono_ns();
	}
	*cost = (double)(now - began + 1) / (double)done;
	return rc;
}

static int cmp_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static const char *name_of(uint32_t kind)
{
	static const char *const names[] = {
		[HZ_BENCHMARK_HASH] = "hash",
		[HZ_BENCHMARK_SEAL] = "seal",
		[HZ_BENCHMARK_OPEN] = "open",
		[HZ_BENCHMARK_CHUNKER] = "chunker",
		[HZ_BENCHMARK_COMPRESS] = "compress",
		[HZ_BENCHMARK_DECOMPRESS] = "decompress",
		[HZ_BENCHMARK_PROTECT] = "protect",
		[HZ_BENCHMARK_READ] = "read",
		[HZ_BENCHMARK_VERIFY] = "verify",
		[HZ_BENCHMARK_CREATE] = "create",
		[HZ_BENCHMARK_RESTORE] = "restore",
		[HZ_BENCHMARK_CHECK] = "check",
	};

	return names[kind];
}

static int give(struct bench *b, hz_benchmark_row row, double cost)
{
	row.size = sizeof(row);
	row.name = name_of(row.kind);
	row.bytes_per_second = (uint64_t)(1e9 / cost * row.workers);
	return b->fn(b->user, &row);
}

/* Measures and gives one row; *cost may be NULL. Needs b->len, and what op needs. */
static int row(double *cost, struct bench *b, uint32_t kind, op_fn op, const uint8_t *data, hz_error **err)
{
	uint64_t ns = (uint64_t)b->o.row_ms * 1000000u / SPANS;
	double spans[SPANS] = { 0 };
	int rc = job_check(b->job, err);
	bool zstd = kind == HZ_BENCHMARK_COMPRESS || kind == HZ_BENCHMARK_DECOMPRESS;

	for (unsigned i = 0; rc == 0 && i < SPANS; i++) {
		rc = span(&spans[i], b, op, data, ns);
		if (rc < 0)
			rc = err_set(err, HZ_E_INTERNAL, "benchmark: %s fails", name_of(kind));
	}
	if (rc < 0)
		return rc;
	qsort(spans, SPANS, sizeof(spans[0]), cmp_double);
	if (cost)
		*cost = spans[SPANS / 2];
	return give(b,
		(hz_benchmark_row){ .kind = kind,
			.suite = kind <= HZ_BENCHMARK_OPEN ? b->suite : 0,
			.level = zstd ? b->level : 0,
			.workers = 1,
			.stored_permille = zstd ? (uint32_t)(b->stored * 1000 / b->len) : 0,
			.message_bytes = b->len },
		spans[SPANS / 2]);
}

static int suite_rows(struct bench *b, unsigned suite, size_t len, hz_error **err)
{
	AUTO(secret_free) struct secret *key = NULL;
	uint8_t raw[KEY_LEN] = { (uint8_t)suite };
	struct costs *c = &b->costs;
	bool large = len == LARGE;
	int rc;

	mac_free(TAKE(b->mac));
	aead_free(TAKE(b->aead));
	b->suite = suite;
	b->len = len;
	rc = secret_from(&key, raw, sizeof(raw), err);
	if (rc == 0)
		rc = mac_new(&b->mac, suite, key, err);
	if (rc == 0)
		rc = aead_new(&b->aead, suite, raw, err);
	if (rc == 0)
		rc = row(large ? &c->hash[suite] : NULL, b, HZ_BENCHMARK_HASH, op_hash, b->noise, err);
	if (rc == 0)
		rc = row(large ? &c->seal[suite] : NULL, b, HZ_BENCHMARK_SEAL, op_seal, b->noise, err);
	if (rc == 0 && op_seal(b, b->noise) < 0)
		rc = err_set(err, HZ_E_INTERNAL, "benchmark: seal fails");
	if (rc == 0)
		memcpy(b->in, b->out, len + TAG_LEN);
	return rc ? rc : row(large ? &c->open[suite] : NULL, b, HZ_BENCHMARK_OPEN, op_open, b->noise, err);
}

static int zstd_rows(struct bench *b, int level, size_t len, hz_error **err)
{
	bool wanted = len == LARGE && level == CREATE_LEVEL;
	int rc;

	b->level = level;
	b->len = len;
	b->stored = ingest_zstd(b->cctx, b->in, ZSTD_compressBound(LARGE), b->sample, len, level, wanted);
	if (ZSTD_isError(b->stored))
		return err_set(err, HZ_E_INTERNAL, "benchmark: compress fails");
	if (wanted)
		b->costs.stored = (double)b->stored / (double)len;
	rc = row(wanted ? &b->costs.compress : NULL, b, HZ_BENCHMARK_COMPRESS, op_compress, b->sample, err);
	if (rc != 0)
		return rc;
	return row(wanted ? &b->costs.decompress : NULL, b, HZ_BENCHMARK_DECOMPRESS, op_decompress, b->sample, err);
}

static int object_rows(struct bench *b, size_t len, hz_error **err)
{
	struct object_header h = { .type = OBJECT_RUN, .suite = SUITE_SODIUM, .name = "benchmark" };
	struct costs *c = &b->costs;
	bool large = len == LARGE;
	int rc;

	b->len = len;
	buf_reset(&b->object);
	rc = object_encode(&b->object, &h, b->noise, len, false, err);
	if (rc == 0)
		rc = row(large ? &c->protect : NULL, b, HZ_BENCHMARK_PROTECT, op_protect, b->noise, err);
	if (rc == 0)
		rc = row(large ? &c->read : NULL, b, HZ_BENCHMARK_READ, op_read, b->noise, err);
	return rc ? rc : row(large ? &c->verify : NULL, b, HZ_BENCHMARK_VERIFY, op_verify, b->noise, err);
}

static int measured_rows(struct bench *b, hz_error **err)
{
	static const size_t sizes[] = { LARGE, SMALL };
	int rc = 0;

	for (unsigned suite = SUITE_SODIUM; suite <= SUITE_NIST; suite++) {
		for (size_t i = 0; rc == 0 && i < ARRAY_LEN(sizes); i++)
			rc = suite_rows(b, suite, sizes[i], err);
	}
	for (int level = CREATE_LEVEL - 1; level <= CREATE_LEVEL + 1; level++) {
		for (size_t i = 0; rc == 0 && i < ARRAY_LEN(sizes); i++)
			rc = zstd_rows(b, level, sizes[i], err);
	}
	if (rc == 0) {
		b->level = 1;
		b->len = b->stored = PROBE_LEN;
		rc = row(&b->costs.probe, b, HZ_BENCHMARK_COMPRESS, op_compress, b->noise, err);
	}
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(sizes); i++)
		rc = object_rows(b, sizes[i], err);
	b->len = DATA_LEN;
	return rc ? rc : row(&b->costs.chunker, b, HZ_BENCHMARK_CHUNKER, op_chunker, b->sample, err);
}

/* ---- what follows ---- */

/* Nanoseconds per byte of content of which `stored` is left. */
static double cost_of(const struct costs *c, uint32_t kind, unsigned suite, double stored)
{
	bool raw = stored >= 1;
	double back = c->hash[suite] + stored * c->open[suite] + (raw ? 0 : c->decompress);

	if (kind == HZ_BENCHMARK_RESTORE)
		return back + stored * c->read;
	if (kind == HZ_BENCHMARK_CHECK)
		return back + stored * c->verify;
	return c->chunker + c->hash[suite] + (raw ? c->probe * (double)PROBE_LEN / (double)LARGE : c->compress) +
		stored * (c->seal[suite] + c->protect);
}

static int following_row(struct bench *b, uint32_t kind, unsigned suite, double stored)
{
	double cost = cost_of(&b->costs, kind, suite, stored);
	hz_benchmark_row r = { .kind = kind,
		.suite = suite,
		.level = stored < 1 ? CREATE_LEVEL : 0,
		.workers = 1,
		.stored_permille = (uint32_t)(stored * 1000),
		.message_bytes = LARGE };
	int rc = give(b, r, cost);

	r.workers = b->o.workers;
	return rc == 0 && r.workers > 1 ? give(b, r, cost) : rc;
}

static int following_rows(struct bench *b)
{
	int rc = 0;

	for (uint32_t kind = HZ_BENCHMARK_CREATE; kind <= HZ_BENCHMARK_CHECK; kind++) {
		for (unsigned suite = SUITE_SODIUM; rc == 0 && suite <= SUITE_NIST; suite++) {
			rc = following_row(b, kind, suite, 1);
			if (rc == 0)
				rc = following_row(b, kind, suite, b->costs.stored);
		}
	}
	return rc;
}

/* ---- the whole ---- */

static int prepare(struct bench *b, hz_error **err)
{
	uint8_t table[CHUNKER_TABLE_LEN];
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t room = ZSTD_compressBound(LARGE) + LARGE + SLACK;

	if (!b->o.row_ms)
		b->o.row_ms = ROW_MS;
	if (!b->o.workers)
		b->o.workers = cores > 0 ? (uint32_t)cores : 1;
	if (b->o.workers > WORKERS_MAX)
		b->o.workers = WORKERS_MAX;
	b->sample = calloc(1, DATA_LEN + SLACK);
	b->noise = calloc(1, DATA_LEN + SLACK);
	b->in = calloc(1, room);
	b->out = calloc(1, room);
	b->sums = calloc(object_blocks_for(OBJECT_HEADER + LARGE), 8);
	b->cctx = ZSTD_createCCtx();
	b->dctx = ZSTD_createDCtx();
	if (!b->sample || !b->noise || !b->in || !b->out || !b->sums || !b->cctx || !b->dctx)
		return err_nomem(err);
	make_sample(b->sample, DATA_LEN + SLACK, 1);
	make_noise(b->noise, DATA_LEN + SLACK, 2);
	make_noise(table, sizeof(table), 3);
	(void)chunker_init(&b->chunker, CHUNKER_DEFAULT, table);
	return crypto_init(err);
}

static void release(struct bench *b)
{
	free(b->sample);
	free(b->noise);
	free(b->in);
	free(b->out);
	free(b->sums);
	buf_release(&b->object);
	mac_free(b->mac);
	aead_free(b->aead);
	(void)ZSTD_freeCCtx(b->cctx);
	(void)ZSTD_freeDCtx(b->dctx);
}

int hz_benchmark_cpu(const hz_benchmark_options *opts, hz_job *job, hz_benchmark_fn fn, void *user, hz_error **err)
{
	static const hz_benchmark_options defaults = HZ_BENCHMARK_OPTIONS_INIT;
	struct bench b = { .job = job, .fn = fn, .user = user, .object = BUF_INIT };
	int rc = options_copy(&b.o, sizeof(b.o), opts ? opts : &defaults, "hz_benchmark_options", err);

	if (rc == 0)
		rc = prepare(&b, err);
	job_begin(job);
	if (rc == 0)
		rc = measured_rows(&b, err);
	if (rc == 0)
		rc = following_rows(&b);
	release(&b);
	return rc;
}
