/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table of file calls that writes down, with all bytes, what is done to a recorded tree (diskmodel.h), one call at a
 * time, so that the log is an order in which it may have happened. What lies elsewhere is not recorded. faultvfs.h
 * tells only in which order names were touched, which is enough where one module is looked at.
 */
#ifndef SUPPORT_RECORDVFS_H
#define SUPPORT_RECORDVFS_H

#include "support/diskmodel.h"

/* From now on, on whatever thread, until record_stop, which seals the log. One at a time. */
void record_start(struct disk *d);
void record_stop(void);
/* A number that the world is told at this moment. */
void record_note(uint64_t n);

#endif
