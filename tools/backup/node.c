/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and properties of entries. */
#include "backup/node.h"
#include "common/text.h"

#include <string.h>

static const struct node_type types[] = {
	[HZ_TYPE_FILE] = { "file", '-' },
	[HZ_TYPE_DIR] = { "dir", 'd' },
	[HZ_TYPE_SYMLINK] = { "symlink", 'l' },
	[HZ_TYPE_CHAR] = { "chardev", 'c' },
	[HZ_TYPE_BLOCK] = { "dev", 'b' },
	[HZ_TYPE_FIFO] = { "fifo", 'p' },
	[HZ_TYPE_SOCKET] = { "socket", 's' },
};

struct node_type node_type(const hz_entry_info *e)
{
	if (e->type < sizeof(types) / sizeof(types[0]) && types[e->type].name)
		return types[e->type];
	return (struct node_type){ "unknown", '?' };
}

int node_is_device(const hz_entry_info *e)
{
	return e->type == HZ_TYPE_CHAR || e->type == HZ_TYPE_BLOCK;
}

void node_json(hz_json *line, const hz_entry_info *e)
{
	const char *slash = memrchr(e->path, '/', e->path_len);
	size_t start = slash ? (size_t)(slash - e->path) + 1 : 0;
	char mode[TEXT_SHORT];

	hz_json_path(line, "name", e->path + start, e->path_len - start);
	hz_json_str(line, "node_type", node_type(e).name);
	hz_json_path(line, "path", e->path, e->path_len);
	hz_json_u64(line, "uid", e->uid);
	hz_json_u64(line, "gid", e->gid);
	hz_json_str(line, "user", e->user);
	hz_json_str(line, "group", e->group);
	hz_json_u64(line, "mode", e->mode);
	hz_json_str(line, "permissions", text_mode(mode, node_type(e).letter, e->mode));
	hz_json_time(line, "mtime", e->mtime_sec, e->mtime_nsec);
	if (e->has_btime)
		hz_json_time(line, "btime", e->btime_sec, e->btime_nsec);
	if (e->type == HZ_TYPE_FILE)
		hz_json_u64(line, "size", e->content_bytes);
	if (e->type == HZ_TYPE_SYMLINK)
		hz_json_path(line, "linktarget", e->link, e->link_len);
	if (node_is_device(e)) {
		hz_json_u64(line, "device_major", e->rdev_major);
		hz_json_u64(line, "device_minor", e->rdev_minor);
	}
	hz_json_bool(line, "hardlinks", e->has_hardlinks != 0);
	hz_json_bool(line, "changed_while_read", e->changed_while_read != 0);
}
