/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The container of every stored object (docs/format/container.md): checksummed blocks with Reed-Solomon parity around
 * a payload stream that begins with a header. Pure: memory in, memory out. Needs no key, so damage in any object can
 * be found and repaired without one.
 *
 *	block	4096 bytes: 4088 of payload, then CRC-64/XZ over name || 00 || le32 index || le32 blocks || payload
 *	blocks	n; stripes s = ceil(n / 42); data blocks d = n - 2s first, then s blocks P, then s blocks Q
 *	stripe	block i belongs to stripe i mod s, parity blocks too: a burst of 2s blocks hits none three times
 *	parity	P is the sum of a stripe's data blocks, Q the sum of 2^position times each, position being i / s,
 *		in GF(2^8) with polynomial 11D
 *	header	first 128 bytes of the payload stream, below
 *	body	length bytes after it; from there to the end of the data blocks all zero
 */
#ifndef ARCHIVE_OBJECT_H
#define ARCHIVE_OBJECT_H

#include "base/buf.h"
#include "base/error.h"
#include "base/id.h"
#include <sys/uio.h>
#include <stdbool.h>

#define OBJECT_BLOCK       4096u
#define OBJECT_PAYLOAD     4088u
#define OBJECT_HEADER      128u
#define OBJECT_NAME_MAX    80u
#define OBJECT_BLOCKS_MIN  3u
#define OBJECT_BLOCKS_MAX  (1u << 18) /* 1 GiB */
#define OBJECT_STRIPE      42u
#define OBJECT_VERSION     1u
#define OBJECT_SIZE_PADDED 65536u /* smallest size of padded types */

enum object_type {
	OBJECT_REPO = 1,
	OBJECT_ADMIN = 2,
	OBJECT_KEYS = 3,
	OBJECT_SESSION = 4,
	OBJECT_PACK = 5,
	OBJECT_RUN = 6,
	OBJECT_COMMIT = 7,
	OBJECT_MARK = 8,
	OBJECT_PARITY = 9,  /* sidecar stripes: reserved, later */
	OBJECT_AUDIT = 10,  /* sealed evidence */
	OBJECT_KEYFILE = 11 /* never in a store; its name is "keyfile" */
};

struct object_header {
	uint8_t type;
	uint8_t suite;
	uint32_t blocks;
	uint64_t length; /* of the body */
	struct uid repo;
	char name[OBJECT_NAME_MAX + 1];
};

/* Data blocks of an object of n blocks, and the fewest blocks whose data blocks hold len bytes of payload stream
 * (header included). 0 when more than OBJECT_BLOCKS_MAX would be needed. */
uint32_t object_data_blocks(uint32_t n);
uint32_t object_blocks_for(uint64_t stream_len);
/* The same, rounded up to a power of two of at least OBJECT_SIZE_PADDED bytes. */
uint32_t object_blocks_padded(uint64_t stream_len);

/* Fills the 128 bytes; name is the primary name (the copy of an object carries the same). */
void object_header_encode(uint8_t out[OBJECT_HEADER], const struct object_header *h);
/* HZ_E_CORRUPT: not ours or malformed; HZ_E_TOONEW: a later version. */
int object_header_decode(struct object_header *h, const uint8_t in[OBJECT_HEADER], hz_error **err);

/* Computes parity and checksums for a payload stream that is complete and zero-padded to d * OBJECT_PAYLOAD bytes.
 * parity: 2s * OBJECT_PAYLOAD bytes; sums: n values of 8 bytes, little endian. The object is then the sequence payload
 * block, sum; payload block, sum; ... parity blocks likewise: object_iov fills 2n entries. */
void object_protect(const char *name, uint32_t n, const uint8_t *stream, uint8_t *parity, uint8_t *sums);
void object_iov(struct iovec *iov, uint32_t n, const uint8_t *stream, const uint8_t *parity, const uint8_t *sums);

/* A whole object in memory from a body; sets blocks and length of h. padded: object_blocks_padded. out gets n * 4096
 * bytes. HZ_E_INVAL: too large, or a pack whose body does not take all there is. */
int object_encode(struct buf *out, struct object_header *h, const void *body, size_t len, bool padded, hz_error **err);
/* The same in place, in two steps: out holds OBJECT_HEADER bytes of room and the body, which object_head makes the
 * payload stream, and object_finish the object. Who reserved n * 4096 bytes before needs no second copy. */
int object_head(struct buf *out, struct object_header *h, bool padded, hz_error **err);
int object_finish(struct buf *out, const struct object_header *h, hz_error **err);

/* What was found and mended. */
struct object_health {
	uint32_t bad_blocks; /* blocks missing or with a wrong checksum */
	bool repaired;       /* some were bad and all could be rebuilt */
};

/* Verifies a whole object read under its primary name, mends what parity can (also a wrong length: cut or grown by
 * garbage), and hands out the payload stream (d * OBJECT_PAYLOAD bytes; header and body point into it). data (len
 * bytes) is changed in place by the repair of blocks when it has the right length. HZ_E_CORRUPT: cannot be mended.
 * HZ_E_TOONEW: a later container version. health is set on success and on HZ_E_CORRUPT. Verifies too: header name
 * equals name, blocks fit the size, the rest after the body is zero (not for OBJECT_PACK, whose body takes all), parity
 * agrees with the data. */
struct object {
	struct object_header header;
	struct buf stream; /* owned */
	struct buf sums;   /* owned: the checksums of all blocks, 8 bytes each, as they are when nothing is damaged */
	const uint8_t *body;
	struct object_health health;
};
#define OBJECT_INIT                                  \
	{                                            \
		.stream = BUF_INIT, .sums = BUF_INIT \
	}
int object_decode(struct object *o, const char *name, uint8_t *data, size_t len, hz_error **err);
/* The same without a second copy: data (of malloc) is given up, whatever the result, and becomes the stream. */
int object_decode_own(struct object *o, const char *name, uint8_t *data, size_t len, hz_error **err);
void object_release(struct object *o);

/* A range of the payload stream out of whole blocks that were read: in holds blocks first..first+count-1 (count * 4096
 * bytes); the payload is moved together at the start of in, count * 4088 bytes. False when any checksum is wrong. */
bool object_unwrap(const char *name, uint32_t n, uint32_t first, uint32_t count, uint8_t *in);

/* CRC-64/XZ, continuing from crc (0 to begin). */
uint64_t crc64_xz(uint64_t crc, const void *data, size_t len);

#endif
