/* SPDX-License-Identifier: BSD-2-Clause */
/* Replays stored inputs through a fuzz target without a fuzzer: files, and the files of folders, given as arguments. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int replay_file(const char *path, size_t size)
{
	FILE *f = fopen(path, "rb");
	/* Exactly the size, so that a read past the end is seen by the address sanitizer. */
	uint8_t *data = malloc(size ? size : 1);
	int rc = -1;

	if (f && data && fread(data, 1, size, f) == size)
		rc = LLVMFuzzerTestOneInput(data, size) == -1 ? -1 : 0;
	if (rc < 0)
		fprintf(stderr, "%s: not replayed\n", path);
	if (f)
		(void)fclose(f);
	free(data);
	return rc;
}

static int replay(const char *path, unsigned *count);

static int replay_folder(const char *path, unsigned *count)
{
	DIR *dir = opendir(path);
	int rc = dir ? 0 : -1;

	for (struct dirent *e; dir && (e = readdir(dir));) {
		char *child = NULL;

		if (e->d_name[0] == '.')
			continue;
		if (asprintf(&child, "%s/%s", path, e->d_name) < 0 || replay(child, count) < 0)
			rc = -1;
		free(child);
	}
	if (dir)
		(void)closedir(dir);
	return rc;
}

static int replay(const char *path, unsigned *count)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	if (S_ISDIR(st.st_mode))
		return replay_folder(path, count);
	(*count)++;
	return replay_file(path, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
	unsigned count = 0;
	int rc = 0;

	for (int i = 1; i < argc; i++)
		if (replay(argv[i], &count) < 0)
			rc = 1;
	printf("%u inputs replayed\n", count);
	/* An empty corpus tests nothing, and that must not pass as a success. */
	return count == 0 ? 1 : rc;
}
