/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A link to a file, or to a loop device that the test opened, which lies and fails as it is told. With a descriptor the
 * faults reach requests of a ring too (ring_install); without one it is a model in memory's clothes.
 */
#ifndef SUPPORT_FILELINK_H
#define SUPPORT_FILELINK_H

#include "base/ring.h"
#include "device/link.h"
#include <pthread.h>

enum file_fault_kind {
	FAULT_READ = 1, /* fails with error */
	FAULT_WRITE = 2,
	FAULT_DROP = 3,  /* acknowledged, lost */
	FAULT_ALIAS = 4, /* goes to the place of value instead */
	FAULT_HEALS = 5, /* as FAULT_WRITE, for the first value tries that touch it */
	FAULT_VANISH = 6 /* after value requests everything fails with ENODEV, and the device is gone */
};
struct file_fault {
	enum file_fault_kind kind;
	uint64_t off, len; /* bytes; FAULT_VANISH: unused */
	int error;
	uint64_t value;
};
#define FILE_FAULTS 8

struct filelink {
	struct link link;
	int fd;
	bool use_fd; /* hand the descriptor out */
	/* Under the mutex: rings call from threads. */
	pthread_mutex_t mutex;
	struct file_fault fault[FILE_FAULTS];
	size_t n_faults;
	uint64_t requests, flushes, reads, writes;
	int flush_error; /* 0: it flushes */
	bool gone;
	uint64_t looks_bytes; /* what look tells, if not 0 */
};

/* Makes or opens path with so many bytes. The test fails when that is impossible. */
struct filelink *filelink_open(const char *path, uint64_t bytes, uint32_t logical, uint32_t physical, bool use_fd);
void filelink_fault(
	struct filelink *f, enum file_fault_kind kind, uint64_t off, uint64_t len, int error, uint64_t value);
void filelink_close(struct filelink *f);

#endif
