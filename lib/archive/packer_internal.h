/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by packer.c (reserving places, encrypting frames), packer_finish.c (tables, padding, parity, the put) and
 * packer_put.c (the threads that do these, and who waits for them). */
#ifndef ARCHIVE_PACKER_INTERNAL_H
#define ARCHIVE_PACKER_INTERNAL_H

#include "archive/pack.h"
#include "base/pool.h"
#include <pthread.h>

struct role_list {
	struct pack_frame *frames;
	uint32_t n, cap;
	struct id *ids; /* of members, and their lengths: whoever hears of the pack wants the ids alone */
	uint32_t *lens;
	uint32_t n_members, cap_members;
};

struct open_pack {
	struct packer *packer;
	enum pack_role place; /* the role that it was opened for */
	struct uid uid;
	uint64_t serial;
	uint8_t *stream;
	uint32_t used; /* end of the last frame */
	unsigned pending;
	bool closed; /* full */
	bool failed; /* a frame was given up: the pack must never be put */
	uint8_t key[3][KEY_LEN];
	struct role_list r[3];
	uint64_t raw_bytes;
};

struct held_frame {
	struct held_frame *next;
	uint8_t *data;
	size_t len;
	uint32_t raw_len;
	enum frame_method method;
	struct frame_member *m;
	size_t n;
};

/* A worker's cipher for the pack that it used last. */
struct worker_aead {
	uint64_t serial;
	struct aead *a[3];
};

struct packer {
	struct store *store;
	const struct repo_header *repo;
	const struct session *session;
	struct packer_hooks hooks;
	unsigned workers, puts;
	struct pool *putters; /* made with the first pack; under the lock */
	struct worker_aead *w;
	pthread_mutex_t lock;     /* everything below */
	pthread_mutex_t put_lock; /* one pack at a time through the hooks */
	struct open_pack *open[3];
	unsigned under_way;  /* packs that are closed and not yet put */
	pthread_cond_t gone; /* one of them is, or all is given up */
	int rc;              /* the first failure, and its error (NULL: none to be had) */
	hz_error *err;
	uint64_t serial;
	/* One of data that is done with: the next takes its memory, and need not grow its lists. One of metadata is
	 * mostly small, and takes no more memory than is written to as long as that is fresh. */
	struct open_pack *spare;
	struct held_frame *held, **held_tail;
	size_t held_bytes;
	uint64_t stored;
};

void open_pack_free(struct open_pack *o);
/* Keeps its memory and nothing else. */
void open_pack_reset(struct open_pack *o);
/* A frame and its members at the end of a role's list. */
int role_list_add(
	struct role_list *r, const struct pack_frame *f, const struct frame_member *m, size_t n, hz_error **err);
int packer_seal(uint8_t *out, struct aead *a, const struct packer *p, const struct uid *pack, enum pack_role role,
	enum pack_space space, uint64_t counter, const void *data, size_t len, hz_error **err);
/* Payload stream that the pack would need with one more frame of the role (len 0: without), the pad's own entry
 * included. */
uint64_t open_pack_need(const struct open_pack *o, enum pack_role role, uint64_t len, uint64_t members);
/* Completes and puts a pack that nobody works on any more; consumes o. Not begun, or not gone on with, once the packer
 * has failed. */
int packer_finish_pack(struct packer *p, struct open_pack *o, hz_error **err);

/* At most so many packs at once. */
void packer_puts_begin(struct packer *p, unsigned puts);
/* Puts nothing more, waits for what is being put, joins. */
void packer_puts_end(struct packer *p);
/* Notes the first failure; takes err, returns rc. */
int packer_fail(struct packer *p, int rc, hz_error *err);
/* 0, or the code of the first failure. */
int packer_failed(struct packer *p);
/* With the lock held, which is given up meanwhile: until at most so many packs are under way, the packer has failed or
 * the call is cancelled. */
int packer_wait(struct packer *p, unsigned most, hz_error **err);
/* Until none is, whatever happens; the first failure. */
int packer_wait_all(struct packer *p, hz_error **err);
/* To the threads; o was counted as under way. Consumes o. */
int packer_hand_over(struct packer *p, struct open_pack *o, hz_error **err);

#endif
