/* SPDX-License-Identifier: BSD-2-Clause */
/* Small trees of folders, files and symlinks: copied and compared, by plain system calls. All that Linux keeps is for
 * tests/integration/compare_trees.py; here thousands are compared. */
#ifndef SUPPORT_TREES_H
#define SUPPORT_TREES_H

#include <stdbool.h>
#include <stddef.h>

/* Copies a tree with bytes, rights and times of files and folders; to must not exist. The test fails otherwise. */
void hzt_tree_copy(const char *from, const char *to);
/* True when a and b differ in names, kinds, rights, times, sizes, bytes or targets; why says in what first. */
bool hzt_trees_differ(const char *a, const char *b, char *why, size_t size);
/* Like hzt_tmpdir_remove, but the path stays the caller's. */
void hzt_tree_remove(const char *path);

#endif
