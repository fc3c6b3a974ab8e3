/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads chunk by chunk through the reader's caches: the chunks of one file mostly stand in one pack, in this order. */
#include "archive/content.h"
#include "archive/restore.h"

#define ZEROS ((size_t)1 << 20)

int content_need(const struct hz_reader *r, hz_error **err)
{
	if (r->repo.can & HZ_NEED_READ)
		return 0;
	err_set(err, HZ_E_AUTH, "the key cannot read content: this needs the reader role");
	err_hint(err, "give a passphrase, or a reader's key file with --key-file");
	return HZ_E_AUTH;
}

static int give(struct content *c, const void *data, size_t len, hz_error **err)
{
	int rc = c->fn(c->user, data, len, err);

	if (rc != 0)
		return rc;
	c->at += len;
	c->progress->bytes_done += len;
	return job_tick(c->nodes->r->repo.job, c->progress) != 0 ? job_check(c->nodes->r->repo.job, err) : 0;
}

static int give_hole(struct content *c, uint64_t end, hz_error **err)
{
	static uint8_t zeros[ZEROS]; /* not const: then it takes no place in the library */
	int rc = 0;

	if (c->skip_holes && c->at < end)
		c->at = end;
	while (rc == 0 && c->at < end)
		rc = give(c, zeros, end - c->at < ZEROS ? (size_t)(end - c->at) : ZEROS, err);
	return rc;
}

static int give_chunk(
	struct content *c, const struct restore_content *where, const struct chunk_ref *ref, hz_error **err)
{
	uint8_t *data AUTO_FREE = NULL;
	size_t len = 0, used = 0;
	int rc = reader_chunk(c->nodes->r, c->nodes->g, PACK_DATA, DOMAIN_DATA, &ref->id, &data, &len, err);

	if (rc == 0 && len != ref->len)
		rc = err_set(
			err, HZ_E_CORRUPT, "chunk %s has %zu bytes instead of %u", id_hex(&ref->id).s, len, ref->len);
	for (size_t i = 0; rc == 0 && i < where->n_pieces; i++) {
		rc = give_hole(c, where->pieces[i].off, err);
		if (rc == 0)
			rc = give(c, data + used, (size_t)where->pieces[i].len, err);
		used += (size_t)where->pieces[i].len;
	}
	return rc;
}

int content_read(struct content *c, const struct entry *e, hz_error **err)
{
	AUTO_IN(restore_content_release) struct restore_content where;
	struct chunk_ref ref;
	int rc;

	c->at = 0;
	rc = restore_content_open(&where, e, reader_get_node, c->nodes, err);
	while (rc == 0 && (rc = restore_content_next(&where, &ref, err)) == 1)
		rc = give_chunk(c, &where, &ref, err);
	return rc == 0 ? give_hole(c, e->size, err) : rc;
}
