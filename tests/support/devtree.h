/* SPDX-License-Identifier: BSD-2-Clause */
/* A /sys, /proc and /dev of our own, in a temporary folder, in the shapes that the kernel gives them. */
#ifndef SUPPORT_DEVTREE_H
#define SUPPORT_DEVTREE_H

/* The folder, with an empty sys/block, proc with mountinfo, swaps and one process, and dev. hzt_tmpdir_remove(). */
char *devtree_new(void);
/* Writes sys/..., proc/... with the folders on the way; text by printf. */
void devtree_put(const char *tree, const char *path, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A disk at sys/devices/<where>/block/<name>, its link in sys/block, with all attributes of a disk of 512-byte sectors
 * that rotates; number: "8:0". */
void devtree_disk(
	const char *tree, const char *name, const char *where, const char *number, unsigned long long sectors);
/* A partition of it. */
void devtree_partition(const char *tree, const char *disk, const char *name, const char *number);
/* upper stands on lower, by both links. */
void devtree_stack(const char *tree, const char *upper, const char *lower);
void devtree_link(const char *tree, const char *target, const char *path);
/* A line in proc/self/mountinfo. */
void devtree_mount(const char *tree, const char *number, const char *point, const char *type, const char *source);

#endif
