/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bundles KIB LEVEL < NUL-separated paths: what zstd makes of small files that are put together to bundles of so many
 * KiB, in the order in which they are named, and of the chunks of larger ones, 1.2 MiB each, as the chunker's are in
 * the mean. Files that are the same as one before are left out by hozen and not here. Prints a line of JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zstd.h>

#define SMALL_MAX (256u << 10) /* as in archive/ingest.h */
#define CHUNK     ((size_t)1229 << 10)

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

static void put(struct bench *b, const unsigned char *data, size_t len)
{
	double began = now();
	size_t n = ZSTD_compressCCtx(b->zstd, b->out, b->out_cap, data, len, b->level);

	b->seconds += now() - began;
	if (ZSTD_isError(n) || n > len)
		n = len;
	b->raw += len;
	b->stored += n;
}

static void flush(struct bench *b)
{
	if (b->n > 0)
		put(b, b->bundle, b->n);
	b->n = 0;
}

static void take(struct bench *b, const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f)
		die(path);
	while ((n = fread(b->bundle + b->n, 1, CHUNK, f)) > 0) {
		if (n <= SMALL_MAX) {
			b->n += n;
			if (b->n >= b->full)
				flush(b);
		} else {
			put(b, b->bundle + b->n, n);
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
