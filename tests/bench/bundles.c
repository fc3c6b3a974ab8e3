/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bundles KIB LEVEL < NUL-separated paths: what zstd makes of small files that are put together to bundles of so many
 * KiB, in the order in which they are named, and of the chunks of larger ones, 1.2 MiB each, as the chunker's are in
 * the mean. Bundles of more than 4 MiB: zstd looks back over all of them. KIB 0: all files are one, the least that the
 * level can make of them. Prints a line of JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zstd.h>

#define SMALL_MAX (256u << 10) /* as in archive/ingest.h */
#define CHUNK     ((size_t)1229 << 10)
#define USUAL     ((size_t)4 << 20)
#define ALL       ((size_t)1 << 30)

struct bench {
	ZSTD_CCtx *zstd;
	int level;
	size_t full, n, cap, out_cap;
	unsigned char *bundle, *out;
	unsigned long long raw, stored;
	double seconds;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* As lib/archive/ingest.c does, but for long bundles. */
static void put(struct bench *b, const unsigned char *data, size_t len, int large)
{
	double began = now();
	size_t n;

	(void)ZSTD_CCtx_reset(b->zstd, ZSTD_reset_session_and_parameters);
	(void)ZSTD_CCtx_setParameter(b->zstd, ZSTD_c_compressionLevel, b->level);
	if (large) {
		(void)ZSTD_CCtx_setParameter(b->zstd, ZSTD_c_hashLog, 16);
		(void)ZSTD_CCtx_setParameter(b->zstd, ZSTD_c_chainLog, 15);
	} else if (b->full > USUAL) {
		(void)ZSTD_CCtx_setParameter(b->zstd, ZSTD_c_enableLongDistanceMatching, 1);
		(void)ZSTD_CCtx_setParameter(b->zstd, ZSTD_c_windowLog, b->full == ALL ? 27 : 24);
	}
	n = ZSTD_compress2(b->zstd, b->out, b->out_cap, data, len);
	b->seconds += now() - began;
	if (ZSTD_isError(n) || n > len)
		n = len;
	b->raw += len;
	b->stored += n;
}

static void flush(struct bench *b)
{
	if (b->n > 0)
		put(b, b->bundle, b->n, 0);
	b->n = 0;
}

static void take(struct bench *b, const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f)
		die(path);
	while ((n = fread(b->bundle + b->n, 1, CHUNK, f)) > 0) {
		if (n <= SMALL_MAX || b->full == ALL) {
			b->n += n;
			if (b->n >= b->full)
				flush(b);
		} else {
			put(b, b->bundle + b->n, n, 1);
		}
	}
	if (ferror(f))
		die(path);
	(void)fclose(f);
}

int main(int argc, char **argv)
{
	struct bench b = { .zstd = ZSTD_createCCtx() };
	char *path = NULL;
	size_t room = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: bundles KIB LEVEL < paths\n");
		return 2;
	}
	b.full = (size_t)strtoul(argv[1], NULL, 10) << 10;
	if (b.full == 0)
		b.full = ALL;
	b.level = atoi(argv[2]);
	b.cap = b.full + SMALL_MAX + CHUNK;
	b.out_cap = ZSTD_compressBound(b.cap);
	b.bundle = malloc(b.cap);
	b.out = malloc(b.out_cap);
	if (!b.zstd || !b.bundle || !b.out)
		die("memory");
	while (getdelim(&path, &room, '\0', stdin) > 0)
		take(&b, path);
	flush(&b);
	printf("{\"raw\": %llu, \"stored\": %llu, \"seconds\": %.6f}\n", b.raw, b.stored, b.seconds);
	free(path);
	free(b.bundle);
	free(b.out);
	(void)ZSTD_freeCCtx(b.zstd);
	return 0;
}
