/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the turn of old data goes on: see hozen/check.h. A file of 4 bytes and their checksum in the state folder. */
#include "archive/object.h"
#include "archive/reader.h"
#include "base/newfile.h"
#include "hozen/check.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define TURN_LEN 12u

static const char *file_of(uint32_t what)
{
	return what == HZ_TURN_PACKS ? "turn.packs" : what == HZ_TURN_FILES ? "turn.files" : NULL;
}

static int unknown(hz_error **err)
{
	return err_set(err, HZ_E_INVAL, "hz_turn: neither packs nor files");
}

int hz_turn_get(const hz_reader *r, uint32_t what, uint32_t *at, hz_error **err)
{
	AUTO_FREE uint8_t *data = NULL;
	AUTO_FREE char *path = NULL;
	AUTO(hz_error_free) hz_error *e = NULL;
	size_t len = 0;
	int rc;

	*at = 0;
	if (!file_of(what))
		return unknown(err);
	if (asprintf(&path, "%s/%s", r->repo.state_dir, file_of(what)) < 0) {
		path = NULL;
		return err_nomem(err);
	}
	rc = vfs_read_file(&data, &len, AT_FDCWD, path, TURN_LEN, false, &e);
	if (rc == HZ_E_NOTFOUND || rc == HZ_E_INVAL)
		return 0;
	if (rc < 0) {
		if (err && !*err)
			*err = TAKE(e);
		return rc;
	}
	if (len == TURN_LEN && crc64_xz(0, data, 4) == get_le64(data + 4))
		*at = get_le32(data);
	return 0;
}

int hz_turn_put(const hz_reader *r, uint32_t what, uint32_t at, hz_error **err)
{
	uint8_t data[TURN_LEN];
	AUTO_FD int fd = -1;
	int rc;

	if (!file_of(what))
		return unknown(err);
	put_le32(data, at);
	put_le64(data + 4, crc64_xz(0, data, 4));
	rc = vfs_mkdirs(&fd, r->repo.state_dir, 0700, err);
	return rc < 0 ? rc : newfile_put(fd, file_of(what), data, sizeof(data), 0600, NEWFILE_REPLACE, err);
}
