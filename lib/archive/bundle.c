/* SPDX-License-Identifier: BSD-2-Clause */
/* Key bundles (docs/format/keys.md). Secrets pass through locked memory only; the one exception, the container of a key
 * file, is wiped before it is freed. */
#include "archive/bundle.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { B_ROLE = 1, B_ROOTS, B_HEAD, B_SEED, B_BOX, B_GROUP, B_RECIPIENTS, B_META, B_DATA, B_COUNT };
#define BUNDLE_MAX   4096u
#define KEYFILE_NAME "keyfile"
#define KEYFILE_MAX  65536u

int bundle_new(struct bundle **ret, hz_error **err)
{
	struct bundle *b = calloc(1, sizeof(*b));

	if (!b)
		return err_nomem(err);
	*ret = b;
	return 0;
}

void bundle_free(struct bundle *b)
{
	if (!b)
		return;
	secret_free(b->sign_seed);
	secret_free(b->box);
	secret_free(b->group_secret);
	secret_free(b->meta_sec);
	secret_free(b->data_sec);
	free(b);
}

/* Which of the sections 4 to 9 a role has. */
static bool role_has(uint8_t role, unsigned tag)
{
	bool writer = role == HZ_ROLE_WRITER;

	switch (tag) {
	case B_SEED:
		return role != HZ_ROLE_LISTER && role != HZ_ROLE_READER;
	case B_BOX:
	case B_GROUP:
		return writer;
	case B_META:
		return !writer;
	case B_DATA:
		return role == HZ_ROLE_READER || role == HZ_ROLE_ATTESTER || role == HZ_ROLE_ADMIN;
	default:
		return true;
	}
}

uint32_t bundle_can(const struct bundle *b)
{
	uint32_t can = 0;

	if (b->role == HZ_ROLE_WRITER)
		can |= HZ_NEED_WRITE;
	if (b->meta_sec)
		can |= HZ_NEED_LIST;
	if (b->meta_sec && b->data_sec)
		can |= HZ_NEED_READ;
	if (b->role == HZ_ROLE_ADMIN)
		can |= HZ_NEED_ADMIN;
	return can;
}

static void put_all(struct buf *out, const struct bundle *b, bool *bad)
{
	uint8_t tmp[1 + ROOTS_MAX * SIGN_PUB_LEN];
	struct buf t = { tmp, 0, sizeof(tmp), sizeof(tmp) };
	struct enc e = enc_to(&t);

#define PUT(tag, p, n) (*bad = *bad || section_put(out, (tag), (p), (n)) < 0)
	enc_u8(&e, b->role);
	enc_bytes(&e, b->key_id.b, UID_LEN);
	enc_u32(&e, b->epoch);
	PUT(B_ROLE, t.data, t.len);
	t.len = 0;
	enc_u8(&e, b->roots.n);
	enc_bytes(&e, b->roots.pub, (size_t)b->roots.n * SIGN_PUB_LEN);
	PUT(B_ROOTS, t.data, t.len);
	t.len = 0;
	enc_u64(&e, b->head_n);
	enc_bytes(&e, b->head.b, ID_LEN);
	PUT(B_HEAD, t.data, t.len);
	if (role_has(b->role, B_SEED))
		PUT(B_SEED, secret_bytes(b->sign_seed), SIGN_SEC_LEN);
	if (role_has(b->role, B_BOX))
		PUT(B_BOX, secret_bytes(b->box), BOX_SEC_LEN);
	if (role_has(b->role, B_GROUP)) {
		t.len = 0;
		enc_bytes(&e, b->group.b, UID_LEN);
		enc_bytes(&e, secret_bytes(b->group_secret), KEY_LEN);
		PUT(B_GROUP, t.data, t.len);
	}
	t.len = 0;
	enc_bytes(&e, b->meta_pub, BOX_PUB_LEN);
	enc_bytes(&e, b->data_pub, BOX_PUB_LEN);
	PUT(B_RECIPIENTS, t.data, t.len);
	if (role_has(b->role, B_META))
		PUT(B_META, secret_bytes(b->meta_sec), BOX_SEC_LEN);
	if (role_has(b->role, B_DATA))
		PUT(B_DATA, secret_bytes(b->data_sec), BOX_SEC_LEN);
#undef PUT
	*bad = *bad || e.bad;
	wipe(tmp, sizeof(tmp));
}

int bundle_encode(struct secret **ret, const struct bundle *b, hz_error **err)
{
	AUTO(secret_free) struct secret *room = NULL;
	bool bad = false;
	int rc = secret_new(&room, BUNDLE_MAX, err);

	if (rc < 0)
		return rc;
	/* A buffer over locked memory that may not grow. */
	struct buf out = { secret_data(room), 0, BUNDLE_MAX, BUNDLE_MAX };

	put_all(&out, b, &bad);
	if (bad)
		return err_set(err, HZ_E_INTERNAL, "key bundle does not fit");
	return secret_from(ret, out.data, out.len, err);
}

static int take_secret(
	struct secret **ret, const struct section *s, size_t n, uint16_t tag, size_t len, bool *bad, hz_error **err)
{
	struct dec d = section_dec(s, n, tag);
	const uint8_t *p = dec_bytes(&d, len);

	if (!p || !dec_done(&d)) {
		*bad = true;
		return 0;
	}
	return secret_from(ret, p, len, err);
}

static int decode_secrets(struct bundle *b, const struct section *s, size_t n, bool *bad, hz_error **err)
{
	int rc = 0;

	for (unsigned tag = B_SEED; tag < B_COUNT; tag++) {
		if (role_has(b->role, tag) != (section_find(s, n, (uint16_t)tag) != NULL))
			*bad = true;
	}
	if (role_has(b->role, B_SEED))
		rc = take_secret(&b->sign_seed, s, n, B_SEED, SIGN_SEC_LEN, bad, err);
	if (rc == 0 && role_has(b->role, B_BOX))
		rc = take_secret(&b->box, s, n, B_BOX, BOX_SEC_LEN, bad, err);
	if (rc == 0 && role_has(b->role, B_META))
		rc = take_secret(&b->meta_sec, s, n, B_META, BOX_SEC_LEN, bad, err);
	if (rc == 0 && role_has(b->role, B_DATA))
		rc = take_secret(&b->data_sec, s, n, B_DATA, BOX_SEC_LEN, bad, err);
	if (rc == 0 && role_has(b->role, B_GROUP)) {
		struct dec d = section_dec(s, n, B_GROUP);

		dec_copy(&d, b->group.b, UID_LEN);
		const uint8_t *p = dec_bytes(&d, KEY_LEN);

		if (!p || !dec_done(&d))
			*bad = true;
		else
			rc = secret_from(&b->group_secret, p, KEY_LEN, err);
	}
	return rc;
}

static void decode_public(struct bundle *b, const struct section *s, size_t n, bool *bad)
{
	struct dec d = section_dec(s, n, B_ROLE);

	b->role = dec_u8(&d);
	dec_copy(&d, b->key_id.b, UID_LEN);
	b->epoch = dec_u32(&d);
	*bad = *bad || !dec_done(&d) || b->role < HZ_ROLE_WRITER || b->role > HZ_ROLE_ADMIN;
	d = section_dec(s, n, B_ROOTS);
	b->roots.n = dec_u8(&d);
	if (b->roots.n < 1 || b->roots.n > ROOTS_MAX)
		d.bad = true;
	else
		dec_copy(&d, b->roots.pub, (size_t)b->roots.n * SIGN_PUB_LEN);
	*bad = *bad || !dec_done(&d);
	d = section_dec(s, n, B_HEAD);
	b->head_n = dec_u64(&d);
	dec_copy(&d, b->head.b, ID_LEN);
	*bad = *bad || !dec_done(&d);
	d = section_dec(s, n, B_RECIPIENTS);
	dec_copy(&d, b->meta_pub, BOX_PUB_LEN);
	dec_copy(&d, b->data_pub, BOX_PUB_LEN);
	*bad = *bad || !dec_done(&d);
}

int bundle_decode(
	struct bundle **ret, const uint8_t *data, size_t len, unsigned suite, const struct uid *repo, hz_error **err)
{
	static const uint16_t known[] = { B_ROLE, B_ROOTS, B_HEAD, B_SEED, B_BOX, B_GROUP, B_RECIPIENTS, B_META,
		B_DATA };
	AUTO(bundle_free) struct bundle *b = NULL;
	struct section s[ARRAY_LEN(known)];
	size_t n = 0, signed_len = 0;
	bool bad = false;
	int rc = sections_parse(
		s, ARRAY_LEN(known), &n, &signed_len, known, ARRAY_LEN(known), data, len, "key bundle", err);

	if (rc == 0)
		rc = bundle_new(&b, err);
	if (rc < 0)
		return rc;
	b->suite = suite;
	b->repo = *repo;
	decode_public(b, s, n, &bad);
	if (!bad)
		rc = decode_secrets(b, s, n, &bad, err);
	if (rc < 0)
		return rc;
	if (bad)
		return err_set(err, HZ_E_CORRUPT, "key bundle: malformed");
	*ret = TAKE(b);
	return 0;
}

static int open_parent(int *dirfd, const char **base, const char *path, hz_error **err)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *dir = NULL;

	*base = slash ? slash + 1 : path;
	if (**base == '\0')
		return err_set(err, HZ_E_INVAL, "%s: not a file name", path);
	dir = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	if (!dir)
		return err_nomem(err);
	return vfs_mkdirs(dirfd, dir, 0700, err);
}

int keyfile_prepare(struct newfile **ret, int *dirfd, const char *path, const struct bundle *b, hz_error **err)
{
	AUTO(secret_free) struct secret *plain = NULL;
	AUTO(newfile_discard) struct newfile *f = NULL;
	struct object_header h = {
		.type = OBJECT_KEYFILE, .suite = (uint8_t)b->suite, .repo = b->repo, .name = KEYFILE_NAME
	};
	struct buf body = BUF_INIT, out = BUF_INIT;
	AUTO_FD int fd = -1;
	const char *base;
	char temp[64], rnd[17];
	uint8_t r[8];
	int rc = open_parent(&fd, &base, path, err);

	if (rc < 0)
		return rc;
	AUTO_FD int there = vfs()->openat(fd, base, O_PATH | O_NOFOLLOW, 0);

	if (there < 0 && errno != ENOENT)
		return err_errno(err, "key file %s", path);
	if (there >= 0) {
		err_set(err, HZ_E_EXISTS, "key file %s: exists already", path);
		err_hint(err, "hozen overwrites no key; name another file, or move that one away if nothing needs it");
		return HZ_E_EXISTS;
	}
	random_bytes(r, sizeof(r));
	hex_encode(rnd, r, sizeof(r));
	(void)snprintf(temp, sizeof(temp), ".tmp.key.%s", rnd);
	rc = bundle_encode(&plain, b, err);
	if (rc == 0 && section_put(&body, 1, secret_bytes(plain), secret_len(plain)) < 0)
		rc = err_nomem(err);
	if (rc == 0)
		rc = object_encode(&out, &h, body.data, body.len, false, err);
	if (rc == 0)
		rc = newfile_create(&f, fd, base, temp, 0600, err);
	if (rc == 0) {
		struct iovec iov = { out.data, out.len };

		rc = newfile_write(f, &iov, 1, err);
	}
	if (rc == 0)
		rc = newfile_flush(f, err);
	wipe(body.data, body.cap);
	wipe(out.data, out.cap);
	buf_release(&body);
	buf_release(&out);
	if (rc < 0)
		return err_wrap(err, rc, "key file %s", path);
	*ret = TAKE(f);
	*dirfd = fd;
	fd = -1;
	return 0;
}

int keyfile_commit(struct newfile *f, int dirfd, const char *path, const struct bundle *b, hz_error **err)
{
	AUTO(bundle_free) struct bundle *there = NULL;
	const char *slash = strrchr(path, '/');
	int rc = newfile_commit(f, NEWFILE_KEEP, err);

	/* The name may be given and only not be durable. */
	if (rc < 0 && rc != HZ_E_EXISTS && keyfile_read(&there, path, NULL, NULL) == 0 &&
		uid_eq(&there->key_id, &b->key_id))
		(void)vfs()->unlinkat(dirfd, slash ? slash + 1 : path, 0);
	return rc;
}

static int keyfile_parse(struct bundle **ret, bool *mended, uint8_t *data, size_t len, hz_error **err)
{
	static const uint16_t known[] = { 1 };
	struct object o = OBJECT_INIT;
	struct section s[1];
	size_t n = 0, sl = 0;
	int rc = object_decode(&o, KEYFILE_NAME, data, len, err);

	if (rc == 0 && o.header.type != OBJECT_KEYFILE)
		rc = err_set(err, HZ_E_CORRUPT, "not a key file");
	if (rc == 0 && !suite_is_known(o.header.suite))
		rc = err_set(err, HZ_E_TOONEW, "unknown suite %u", o.header.suite);
	if (rc == 0)
		rc = sections_parse(s, 1, &n, &sl, known, 1, o.body, o.header.length, "key file", err);
	if (rc == 0 && n != 1)
		rc = err_set(err, HZ_E_CORRUPT, "key file: empty");
	if (rc == 0)
		rc = bundle_decode(ret, s[0].data, s[0].len, o.header.suite, &o.header.repo, err);
	*mended = rc == 0 && o.health.bad_blocks > 0;
	wipe(o.stream.data, o.stream.len);
	object_release(&o);
	return rc;
}

int keyfile_read(struct bundle **ret, const char *path, const struct damage_sink *sink, hz_error **err)
{
	uint8_t *data = NULL;
	bool mended = false;
	size_t len = 0;
	int rc = vfs_read_file(&data, &len, AT_FDCWD, path, KEYFILE_MAX, true, err);

	if (rc == 0) {
		rc = keyfile_parse(ret, &mended, data, len, err);
		wipe(data, len);
		free(data);
		if (rc < 0)
			err_hint(err, "give --key-file a key that 'hozen-backup init' or 'key export' made");
	}
	if (mended && sink && sink->fn)
		sink->fn(sink->user, path, "damaged; parity mended it: make another copy of this key file", true);
	return rc < 0 ? err_wrap(err, rc, "key file %s", path) : 0;
}
