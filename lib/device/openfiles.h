/* SPDX-License-Identifier: BSD-2-Clause */
/* Which files other processes have open, all of them read once. Of processes that cannot be looked into the number is
 * told. */
#ifndef DEVICE_OPENFILES_H
#define DEVICE_OPENFILES_H

#include "device/roots.h"

struct openfiles {
	struct open_file {
		uint64_t device, inode;
		uint32_t pid;
	} * at; /* sorted */
	size_t n, cap;
	unsigned hidden;
};
#define OPENFILES_INIT        \
	{                     \
		NULL, 0, 0, 0 \
	}
/* HZ_E_IO: /proc cannot be read; HZ_E_NOMEM. */
int openfiles_read(struct openfiles *o, const struct roots *r, hz_error **err);
void openfiles_release(struct openfiles *o);
/* A process that has it open; 0: none is known. device: as makedev(3) gives it. */
uint32_t openfiles_find(const struct openfiles *o, uint64_t device, uint64_t inode);

#endif
