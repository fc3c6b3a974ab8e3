/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a snapshot holds, as streams of bytes.
 *
 *	char id[HZ_ID_HEX];
 *	hz_reader *r = NULL;
 *
 *	if (hz_reader_open(&r, &opts, HZ_NEED_READ, NULL, &err) == 0 &&
 *		hz_snapshot_find(id, r, "latest", NULL, NULL, &err) == 0)
 *		rc = hz_cat(r, id, "etc/hosts", put, stdout, NULL, &err);
 *	hz_reader_close(r);
 */
#ifndef HOZEN_EXPORT_H
#define HOZEN_EXPORT_H

#include "hozen/repo.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Takes the next bytes; non-zero stops the call and is returned. data is valid during the call only. */
typedef int (*hz_data_fn)(void *user, const void *data, size_t len);

/* Gives the content of the regular file at path (as stored; a leading / is dropped) in the snapshot id to fn, from
 * the first byte to the last, holes as zeros. Every chunk's id is recomputed before a byte of it is given; memory does
 * not grow with the file. HZ_E_CORRUPT: the stored bytes from there on are damaged; what was given is right and is the
 * file's beginning. HZ_E_NOTFOUND: no such path. HZ_E_INVAL: no regular file, or "..". Needs HZ_NEED_READ. Since: 0.1
 */
HZ_API int hz_cat(
	hz_reader *r, const char *id, const char *path, hz_data_fn fn, void *user, hz_job *job, hz_error **err);

#ifdef __cplusplus
}
#endif
#endif
