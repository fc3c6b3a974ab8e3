/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Before and after: did what stood at the samples change? For erasures that leave no known value. Of each piece of a
 * sample a keyed hash is kept, under a key that dies with this object, in locked memory: after an erasure nothing of
 * this tells what stood there. A sample counts as the same if any of its pieces is; pieces of one byte repeated say
 * nothing and are not compared.
 */
#include "sanitize/sweep.h"
#include "sanitize/structure.h"
#include "base/codec.h"
#include <string.h>

#define TAG        16u
#define PIECES_MAX ((uint64_t)1 << 20)
#define PIECE_MIN  4096u

enum { PIECE_KNOWN = 1, PIECE_BLANK = 2 };
enum {
	SAMPLE_COMPARED = 1,
	SAMPLE_SAME = 2,
	SAMPLE_UNREAD_BEFORE = 4,
	SAMPLE_UNREAD_AFTER = 8,
	SAMPLE_FULL = 16, /* before: a piece that is not blank */
	SAMPLE_STRUCTURE = 32
};

struct change {
	struct sample *at;
	size_t n;
	uint64_t *first; /* piece of each sample */
	size_t piece;    /* bytes, a power of two */
	uint64_t n_pieces;
	struct secret *tags, *key; /* TAG bytes a piece */
	uint8_t *known;            /* PIECE_* */
	uint8_t *flags;            /* SAMPLE_*; under the sweep's mutex */
	struct mac *mac;
	uint64_t compared_bytes; /* after; under the sweep's mutex */
	bool after;
};

void change_free(struct change *c)
{
	if (!c)
		return;
	mac_free(c->mac);
	secret_free(c->tags);
	secret_free(c->key);
	free(c->at);
	free(c->first);
	free(c->known);
	free(c->flags);
	free(c);
}

static uint64_t count_pieces(const struct change *c, size_t piece, uint32_t sector, uint64_t *first)
{
	uint64_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (first)
			first[i] = n;
		n += (c->at[i].count * sector + piece - 1) / piece;
	}
	return n;
}

static int make_room(struct change *c, uint32_t sector, hz_error **err)
{
	int rc = crypto_init(err);

	if (rc < 0)
		return rc;
	c->piece = sector > PIECE_MIN ? sector : PIECE_MIN;
	while (count_pieces(c, c->piece, sector, NULL) > PIECES_MAX && c->piece < ((size_t)4 << 20))
		c->piece *= 2;
	c->first = calloc(c->n, sizeof(*c->first));
	c->flags = calloc(c->n, 1);
	if (!c->first || !c->flags)
		return err_nomem(err);
	c->n_pieces = count_pieces(c, c->piece, sector, c->first);
	c->known = calloc(c->n_pieces ? c->n_pieces : 1, 1);
	if (!c->known)
		return err_nomem(err);
	rc = secret_new(&c->tags, c->n_pieces * TAG, err);
	if (rc == 0)
		rc = secret_random(&c->key, KEY_LEN, err);
	return rc < 0 ? rc : mac_new(&c->mac, suite_default(), c->key, err);
}

static void tag_of(uint8_t tag[TAG], struct mac *mac, const uint8_t *data, size_t len, uint64_t off)
{
	struct iovec parts[2];
	uint8_t where[8];
	struct id h;

	put_le64(where, off);
	parts[0] = (struct iovec){ where, sizeof(where) };
	parts[1] = (struct iovec){ (void *)(uintptr_t)data, len };
	h = mac_parts(mac, 1, parts, 2);
	memcpy(tag, h.b, TAG);
	wipe(&h, sizeof(h));
}

/* One piece, before: its tag is kept. After: is it the same? */
static unsigned one_piece(struct change *c, struct mac *mac, uint64_t i, const uint8_t *data, size_t len, uint64_t off)
{
	uint8_t *kept = secret_data(c->tags) + i * TAG, tag[TAG];
	bool same;

	if (!c->after) {
		tag_of(kept, mac, data, len, off);
		c->known[i] = (uint8_t)(PIECE_KNOWN | (structure_is_blank(data, len) ? PIECE_BLANK : 0));
		return c->known[i] & PIECE_BLANK ? 0 : SAMPLE_FULL;
	}
	if (c->known[i] != PIECE_KNOWN)
		return 0;
	tag_of(tag, mac, data, len, off);
	same = secret_equal(kept, tag, TAG);
	wipe(tag, sizeof(tag));
	return SAMPLE_COMPARED | (same ? SAMPLE_SAME : 0);
}

static int got(struct lane *l, const struct chunk *k, const uint8_t *data, hz_error **err)
{
	struct change *c = l->s->user;
	uint64_t compared = 0;
	unsigned flags = 0;

	(void)err;
	for (size_t at = 0; at < k->len; at += c->piece) {
		size_t n = k->len - at < c->piece ? k->len - at : c->piece;

		unsigned f = one_piece(
			c, l->mac, c->first[k->range] + (k->at + at) / c->piece, data + at, n, k->off + at);

		compared += f & SAMPLE_COMPARED ? n : 0;
		flags |= f;
	}
	if (c->after && structure_find(data, k->len, k->off))
		flags |= SAMPLE_STRUCTURE;
	pthread_mutex_lock(&l->s->mutex);
	c->flags[k->range] = (uint8_t)(c->flags[k->range] | flags);
	c->compared_bytes += compared;
	pthread_mutex_unlock(&l->s->mutex);
	return 0;
}

/* Whole parts that could not be read are not tried in pieces: the sample says that it was not read. */
static int read_all(struct change *c, struct link *l, const struct engine_options *eo, unsigned unread, hz_error **err)
{
	static const struct engine_options none;
	struct sweep *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return err_nomem(err);
	*s = (struct sweep){ .link = l,
		.eo = eo ? eo : &none,
		.op = RING_READ,
		.mac = c->mac,
		.ranges = c->at,
		.n_ranges = c->n,
		.piece = c->piece,
		.got = got,
		.user = c };
	rc = sweep_open(s, err);
	if (rc == 0)
		rc = sweep_run(s, err);
	for (size_t i = 0; rc == 0 && i < c->n; i++) {
		if (extents_touch(&s->failed, c->at[i].lba, c->at[i].count))
			c->flags[i] = (uint8_t)(c->flags[i] | unread);
	}
	if (rc == 0 && s->lost)
		rc = err_set(err, HZ_E_NOTFOUND, "%s: the device went away", l->info.path);
	if (rc == 0 && s->gave_up)
		rc = err_set(err, HZ_E_IO, "%s: given up: it reads no more", l->info.path);
	sweep_release(s);
	free(s);
	return rc;
}

int change_before(
	struct change **ret, struct link *l, const struct samples *s, const struct engine_options *eo, hz_error **err)
{
	AUTO(change_free) struct change *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return err_nomem(err);
	c->n = s->n;
	c->at = reallocarray(NULL, s->n ? s->n : 1, sizeof(*c->at));
	if (!c->at)
		return err_nomem(err);
	memcpy(c->at, s->at, s->n * sizeof(*c->at));
	rc = make_room(c, l->info.logical_sector, err);
	if (rc == 0)
		rc = read_all(c, l, eo, SAMPLE_UNREAD_BEFORE, err);
	if (rc == 0)
		*ret = TAKE(c);
	return rc;
}

int change_after(struct change *c, struct link *l, const struct engine_options *eo, struct changed *out, hz_error **err)
{
	struct changed k = { .samples = c->n };
	int rc;

	c->after = true;
	c->compared_bytes = 0;
	for (size_t i = 0; i < c->n; i++)
		c->flags[i] &= SAMPLE_UNREAD_BEFORE | SAMPLE_FULL;
	rc = read_all(c, l, eo, SAMPLE_UNREAD_AFTER, err);
	for (size_t i = 0; rc == 0 && i < c->n; i++) {
		const unsigned f = c->flags[i];
		const bool whole = (f & SAMPLE_COMPARED) && !(f & (SAMPLE_UNREAD_BEFORE | SAMPLE_UNREAD_AFTER));

		k.compared += whole;
		k.changed += whole && !(f & SAMPLE_SAME);
		k.same += (f & SAMPLE_SAME) != 0;
		k.unreadable_before += (f & SAMPLE_UNREAD_BEFORE) != 0;
		k.unreadable_after += (f & SAMPLE_UNREAD_AFTER) != 0;
		k.blank_before += !(f & (SAMPLE_FULL | SAMPLE_UNREAD_BEFORE));
		k.known_structure += (f & SAMPLE_STRUCTURE) != 0;
	}
	k.sectors = c->compared_bytes / l->info.logical_sector;
	if (rc == 0)
		*out = k;
	return rc;
}

bool changed_passes(const struct changed *c)
{
	return c->samples > 0 && c->changed == c->samples && c->same == 0 && c->known_structure == 0 &&
		c->unreadable_after == 0;
}
