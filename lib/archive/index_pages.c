/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages of runs: read out of the store when a lookup needs them, decrypted, and kept in a cache of fixed size. */
#include "archive/index_internal.h"

#define PAGES_DEFAULT 256u /* 1 MiB */
#define CIPHERS       256u

int index_pages_new(struct index *ix, hz_error **err)
{
	if (!ix->opts.cache_pages)
		ix->opts.cache_pages = PAGES_DEFAULT;
	ix->pages = calloc(ix->opts.cache_pages, sizeof(*ix->pages));
	ix->ciphers = calloc(CIPHERS, sizeof(*ix->ciphers));
	if (!ix->pages || !ix->ciphers)
		return err_nomem(err);
	for (size_t i = 0; i < ix->opts.cache_pages; i++)
		(void)pthread_mutex_init(&ix->pages[i].lock, NULL);
	for (size_t i = 0; i < CIPHERS; i++)
		(void)pthread_mutex_init(&ix->ciphers[i].lock, NULL);
	return 0;
}

void index_pages_free(struct index *ix)
{
	for (size_t i = 0; ix->pages && i < ix->opts.cache_pages; i++) {
		free(ix->pages[i].plain);
		(void)pthread_mutex_destroy(&ix->pages[i].lock);
	}
	for (size_t i = 0; ix->ciphers && i < CIPHERS; i++) {
		aead_free(ix->ciphers[i].aead);
		(void)pthread_mutex_destroy(&ix->ciphers[i].lock);
	}
	free(ix->pages);
	free(ix->ciphers);
}

int page_read(struct index *ix, const struct known_run *k, uint32_t page, uint8_t plain[RUN_PLAIN], hz_error **err)
{
	struct cipher_slot *c = &ix->ciphers[k->place % CIPHERS];
	int rc = 0;

	(void)pthread_mutex_lock(&c->lock);
	if (c->run != k) {
		c->run = NULL;
		aead_free(TAKE(c->aead));
		rc = run_cipher(&c->aead, &k->run, ix->group, err);
		c->run = rc == 0 ? k : NULL;
	}
	if (rc == 0)
		rc = run_read_page(&k->run, c->aead, ix->store, page, plain, err);
	(void)pthread_mutex_unlock(&c->lock);
	return rc;
}

/* Counted through over all runs: while they are no more than the slots, no two pages share one. */
static struct page_slot *slot_of(struct index *ix, const struct known_run *k, uint32_t page)
{
	return &ix->pages[(k->first_page + page) % ix->opts.cache_pages];
}

int page_lock(struct index *ix, const struct known_run *k, uint32_t page, struct page_slot **slot, hz_error **err)
{
	struct page_slot *s = slot_of(ix, k, page);
	int rc = 0;

	(void)pthread_mutex_lock(&s->lock);
	if (s->run != k || s->page != page) {
		s->run = NULL;
		if (!s->plain)
			s->plain = malloc(RUN_PLAIN);
		rc = s->plain ? page_read(ix, k, page, s->plain, err) : err_nomem(err);
		if (rc == 0) {
			s->run = k;
			s->page = page;
		}
	}
	if (rc < 0)
		page_unlock(s);
	else
		*slot = s;
	return rc;
}

void page_unlock(struct page_slot *slot)
{
	(void)pthread_mutex_unlock(&slot->lock);
}
