/* SPDX-License-Identifier: BSD-2-Clause */
/* For decoders behind a signature: the input's sections are signed by a key that the admin log knows, so that what is
 * behind the signature is reached. Writer 11.., group 22.., object 33.., repository 44..; suite 1. */
#ifndef FUZZ_SIGNING_H
#define FUZZ_SIGNING_H

#include "archive/keyring.h"
#include "archive/run.h"
#include "archive/session.h"

struct signing {
	struct store *store;
	struct admin_log log;
	struct writer_info writer;
	struct secret *writer_seed, *root_seed;
	struct uid object;
};

static inline void demand(bool what)
{
	if (!what)
		abort();
}

static inline struct uid uid_of(uint8_t byte)
{
	struct uid u;

	memset(u.b, byte, UID_LEN);
	return u;
}

static inline struct secret *seed_of(uint8_t byte)
{
	uint8_t bytes[SIGN_SEC_LEN];
	struct secret *s = NULL;

	memset(bytes, byte, sizeof(bytes));
	demand(secret_from(&s, bytes, sizeof(bytes), NULL) == 0);
	return s;
}

/* Made once; the store is emptied by removing what was put. */
static inline struct signing *signing_get(void)
{
	static struct signing *s;

	if (s)
		return s;
	demand(crypto_init(NULL) == 0);
	s = calloc(1, sizeof(*s));
	demand(s && store_mem_new(&s->store, NULL) == 0);
	s->writer_seed = seed_of(1);
	s->root_seed = seed_of(2);
	s->object = uid_of(0x33);
	s->writer.id = uid_of(0x11);
	s->writer.group = uid_of(0x22);
	demand(sign_public(s->writer.pub, s->writer_seed, NULL) == 0);
	s->log.repo.suite = 1;
	s->log.repo.id = uid_of(0x44);
	s->log.writers = &s->writer;
	s->log.n_writers = 1;
	s->log.roots.n = 1;
	demand(sign_public(s->log.roots.pub[0], s->root_seed, NULL) == 0);
	return s;
}

/* Puts an object of these sections; false when they are too long. */
static inline bool signing_put(struct signing *s, const char *name, uint8_t type, bool by_root, const struct buf *clear,
	const struct buf *tail)
{
	AUTO_IN(buf_release) struct buf object = BUF_INIT;
	const struct secret *seed = by_root ? s->root_seed : s->writer_seed;
	struct signed_parts p = { .type = type,
		.suite = 1,
		.repo = s->log.repo.id,
		.name = name,
		.signed_sections = clear,
		.seeds = &seed,
		.n_seeds = 1,
		.unsigned_sections = tail };

	if (signed_build(&object, NULL, &p, NULL) < 0)
		return false;
	struct iovec iov = { object.data, object.len };

	demand(store_put(s->store, name, &iov, 1, NULL) == 0);
	return true;
}

/* Input: u16 length of the signed sections, they, then the unsigned ones. */
static inline bool signing_split(struct buf *clear, struct buf *tail, const uint8_t *data, size_t len)
{
	struct dec d = dec_of(data, len);
	size_t n = dec_u16(&d);
	const uint8_t *p = dec_bytes(&d, n);

	if (!p)
		return false;
	demand(buf_append(clear, p, n) == 0);
	n = dec_left(&d);
	p = dec_bytes(&d, n);
	return p && buf_append(tail, p, n) == 0;
}

#endif
