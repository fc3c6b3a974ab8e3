/* SPDX-License-Identifier: BSD-2-Clause */
/* For decoders of files that a host keeps: a folder, made once and taken away at the end, into which the input is put.
 */
#ifndef FUZZ_FOLDER_H
#define FUZZ_FOLDER_H

#include "fuzz/signing.h"
#include "archive/object.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder_path[256];

static inline void folder_write(const char *name, const void *data, size_t len)
{
	char path[512];
	int fd;

	demand(snprintf(path, sizeof(path), "%s/%s", folder_path, name) < (int)sizeof(path));
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	demand(fd >= 0 && write(fd, data, len) == (ssize_t)len && close(fd) == 0);
}

/* With the CRC-64 of it at the end, which would hide all that is behind it from a fuzzer. */
static inline void folder_write_summed(const char *name, const void *data, size_t len)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	uint8_t sum[8];

	put_le64(sum, crc64_xz(0, data, len));
	demand(buf_append(&b, data, len) == 0 && buf_append(&b, sum, sizeof(sum)) == 0);
	folder_write(name, b.data, b.len);
}

/* Reads all of it, for the sanitizer. */
static inline void folder_touch(const uint8_t *data, size_t len)
{
	volatile uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + data[i]);
}

static inline void folder_remove(void)
{
	char command[320];

	(void)snprintf(command, sizeof(command), "rm -rf %s", folder_path);
	(void)!system(command); /* NOLINT: a path of our own making */
}

/* below: what must be there, as in "0123/", or "". */
static inline const char *folder_get(const char *below)
{
	const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	char path[512];

	if (*folder_path)
		return folder_path;
	(void)snprintf(folder_path, sizeof(folder_path), "%s/hozen-fuzz-XXXXXX", base);
	demand(mkdtemp(folder_path) != NULL && atexit(folder_remove) == 0);
	demand(snprintf(path, sizeof(path), "%s/%s", folder_path, below) < (int)sizeof(path));
	demand(!*below || mkdir(path, 0700) == 0);
	return folder_path;
}

#endif
