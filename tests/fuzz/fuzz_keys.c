/* SPDX-License-Identifier: BSD-2-Clause */
/* `repo`, a slot without its passphrase, a group object and a key file: u8 which, u16 length of the signed sections,
 * they, then the unsigned ones; a key file's bundle is all that follows. The log names the object as it is. */
#include "fuzz/folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void repo(struct signing *s, const struct buf *clear, const struct buf *tail)
{
	struct repo_header h = { .suite = 0 };

	if (!signing_put(s, "repo", OBJECT_REPO, true, clear, tail))
		return;
	if (repo_header_load(&h, s->store, NULL, NULL) == 0) {
		demand(h.roots.n >= 1 && h.roots.n <= ROOTS_MAX && h.pack_log2 >= 16 && h.pack_log2 <= 26);
		demand(uid_eq(&h.id, &s->log.repo.id));
	}
	demand(store_remove(s->store, "repo", NULL) == 0);
}

static struct id hash_of(struct signing *s, const char *name)
{
	struct signed_object so = SIGNED_INIT;
	static const uint16_t known[] = { 1, 2, 3, 4, 5, TAG_SIGNATURES };
	struct id hash = { { 0 } };

	if (signed_load(
		    &so, s->store, name, OBJECT_KEYS, &s->log.repo.id, false, known, ARRAY_LEN(known), NULL, NULL) == 0)
		hash = signed_hash(&so);
	signed_release(&so);
	return hash;
}

static void key_object(struct signing *s, enum key_kind kind, const struct buf *clear, const struct buf *tail)
{
	struct name name = kind == KEY_SLOT ? name_slot(&s->object) : name_group(&s->object);
	struct key_info k = { .kind = (uint8_t)kind, .uid = s->object };
	struct admin_log log = s->log;
	struct bundle key = {
		.role = HZ_ROLE_READER, .suite = 1, .meta_sec = s->root_seed, .data_sec = s->writer_seed
	};
	struct bundle *opened = NULL;
	struct group *groups = NULL;
	struct slot_info info;
	size_t n = 0;

	if (!signing_put(s, name.s, OBJECT_KEYS, true, clear, tail))
		return;
	k.hash = hash_of(s, name.s);
	log.keys = &k;
	log.n_keys = 1;
	if (kind == KEY_SLOT && slot_open(&opened, &info, s->store, &log, &k, NULL, NULL, NULL) == 0)
		demand(!opened && uid_eq(&info.uid, &s->object));
	for (unsigned i = 0; kind == KEY_GROUP && i < 2; i++) {
		key.data_sec = i ? NULL : s->writer_seed;
		demand(groups_load(&groups, &n, s->store, &log, &key, NULL, NULL) == 0 && n <= 1);
		for (size_t g = 0; g < n; g++)
			group_release(&groups[g]);
		free(groups);
	}
	demand(store_remove(s->store, name.s, NULL) == 0);
}

static void key_file(struct signing *s, const uint8_t *data, size_t len)
{
	struct object_header h = { .type = OBJECT_KEYFILE, .suite = 1, .repo = s->log.repo.id, .name = "keyfile" };
	AUTO_IN(buf_release) struct buf object = BUF_INIT;
	AUTO_IN(buf_release) struct buf body = BUF_INIT;
	AUTO(bundle_free) struct bundle *b = NULL;
	char path[300];

	demand(section_put(&body, 1, data, len) == 0);
	if (object_encode(&object, &h, body.data, body.len, false, NULL) < 0)
		return;
	(void)folder_get("");
	folder_write("key", object.data, object.len);
	(void)snprintf(path, sizeof(path), "%s/key", folder_get(""));
	if (keyfile_read(&b, path, NULL, NULL) == 0)
		demand(b->role >= HZ_ROLE_WRITER && b->role <= HZ_ROLE_ADMIN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct signing *s = signing_get();
	AUTO_IN(buf_release) struct buf clear = BUF_INIT, tail = BUF_INIT;

	if (len < 1)
		return 0;
	if (data[0] % 4 == 3)
		key_file(s, data + 1, len - 1);
	else if (!signing_split(&clear, &tail, data + 1, len - 1))
		return 0;
	else if (data[0] % 4 == 0)
		repo(s, &clear, &tail);
	else
		key_object(s, data[0] % 4 == 1 ? KEY_SLOT : KEY_GROUP, &clear, &tail);
	return 0;
}
