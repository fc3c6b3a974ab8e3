/* SPDX-License-Identifier: BSD-2-Clause */
/* Signed objects: see signed.h. Verifies before anything above decodes: container, type, repository, form of the
 * sections. */
#include "archive/signed.h"
#include "crypto/suite.h"
#include <stdio.h>
#include <string.h>

/* More than any honest object of the type: what a hostile store hands out costs no more memory than that. */
static size_t size_max(uint8_t type)
{
	switch (type) {
	case OBJECT_RUN:
	case OBJECT_MARK:
	case OBJECT_ADMIN: /* final lists */
		return (size_t)OBJECT_BLOCKS_MAX * OBJECT_BLOCK;
	default:
		return (size_t)32 << 20;
	}
}
#define SIG_ENTRY (UID_LEN + SIG_LEN)

struct uid signer_id(unsigned suite, const uint8_t pub[SIGN_PUB_LEN])
{
	struct id h = suite_hash1(suite, pub, SIGN_PUB_LEN);
	struct uid u;

	memcpy(u.b, h.b, UID_LEN);
	return u;
}

void signed_release(struct signed_object *so)
{
	object_release(&so->obj);
	so->n = 0;
}

struct id signed_hash(const struct signed_object *so)
{
	const struct object_header *h = &so->obj.header;

	return suite_hash1(h->suite, so->obj.stream.data, OBJECT_HEADER + h->length);
}

static int parse_body(struct signed_object *so, const char *name, uint8_t type, const struct uid *repo,
	const uint16_t *known, size_t n_known, hz_error **err)
{
	const struct object_header *h = &so->obj.header;

	if (h->type != type)
		return err_set(err, HZ_E_CORRUPT, "%s: type %u where %u belongs", name, h->type, type);
	if (!suite_is_known(h->suite))
		return err_set(err, HZ_E_TOONEW, "%s: unknown suite %u", name, h->suite);
	if (repo && !uid_eq(repo, &h->repo))
		return err_set(err, HZ_E_REFUSED, "%s: belongs to another repository (%s)", name, uid_hex(&h->repo).s);
	return sections_parse(so->s, SIGNED_SECTIONS_MAX, &so->n, &so->signed_len, known, n_known, so->obj.body,
		h->length, name, err);
}

int signed_parse(struct signed_object *so, const char *name, uint8_t *data, size_t len, uint8_t type,
	const struct uid *repo, const uint16_t *known, size_t n_known, hz_error **err)
{
	int rc = object_decode(&so->obj, name, data, len, err);

	if (rc == 0)
		rc = parse_body(so, name, type, repo, known, n_known, err);
	if (rc < 0)
		signed_release(so);
	return rc;
}

static void tell(const struct damage_sink *sink, const char *name, const char *what, bool mended)
{
	if (sink && sink->fn)
		sink->fn(sink->user, name, what, mended);
}

static int load_one(struct signed_object *so, struct store *st, const char *stored_name, const char *name, uint8_t type,
	const struct uid *repo, const uint16_t *known, size_t n_known, const struct damage_sink *sink, hz_error **err)
{
	AUTO_FREE uint8_t *data = NULL;
	size_t len = 0;
	int rc = store_get_all(st, stored_name, size_max(type), &data, &len, err);

	if (rc < 0)
		return rc;
	rc = object_decode_own(&so->obj, name, TAKE(data), len, err);
	if (rc == 0)
		rc = parse_body(so, name, type, repo, known, n_known, err);
	if (rc < 0)
		signed_release(so);
	if (rc == HZ_E_CORRUPT)
		return err_wrap(err, rc, "%s", stored_name);
	if (rc == 0 && so->obj.health.bad_blocks > 0)
		tell(sink, stored_name, err_text("damaged; parity mended it"), true);
	return rc;
}

bool signed_is_verdict(int rc)
{
	return rc == HZ_E_CORRUPT || rc == HZ_E_NOTFOUND || rc == HZ_E_AUTH || rc == HZ_E_TOONEW ||
		rc == HZ_E_UNSUPPORTED || rc == HZ_E_REFUSED;
}

int signed_load(struct signed_object *so, struct store *st, const char *name, uint8_t type, const struct uid *repo,
	bool has_copy, const uint16_t *known, size_t n_known, const struct damage_sink *sink, hz_error **err)
{
	AUTO(hz_error_free) hz_error *first = NULL;
	AUTO(hz_error_free) hz_error *second = NULL;
	struct name copy = name_copy(name);
	int rc = load_one(so, st, name, name, type, repo, known, n_known, sink, &first);

	if (rc == 0)
		return 0;
	if (has_copy && (rc == HZ_E_NOTFOUND || rc == HZ_E_CORRUPT || rc == HZ_E_REFUSED || rc == HZ_E_IO)) {
		int other = load_one(so, st, copy.s, name, type, repo, known, n_known, sink, &second);

		if (other == 0) {
			const char *what = rc == HZ_E_NOTFOUND ? err_text("missing; its copy is whole")
				: rc == HZ_E_IO                ? err_text("unreadable; its copy is whole")
				: rc == HZ_E_REFUSED           ? err_text("of another repository; its copy is ours")
							       : err_text("damaged; its copy is whole");

			tell(sink, name, what, true);
			return 0;
		}
		/* Of the copy nothing is known: then it is too early to say that both are lost. */
		if (signed_is_verdict(rc) && !signed_is_verdict(other)) {
			rc = other;
			err_clear(&first);
			first = TAKE(second);
		}
	}
	if (err && !*err)
		*err = TAKE(first);
	return rc;
}

bool signed_is_foreign(struct uid *whose, struct store *st, const char *stored_name, const struct uid *repo)
{
	static const char repo_copy[] = "admin/repo.";
	uint8_t block[OBJECT_BLOCK];
	struct object_header h;
	char name[STORE_NAME_MAX];
	uint64_t size = 0;

	(void)snprintf(name, sizeof(name), "%s",
		strncmp(stored_name, repo_copy, sizeof(repo_copy) - 1) == 0 ? "repo" : stored_name);
	if (name_is_copy(name))
		name[strlen(name) - strlen(".copy")] = '\0';
	if (store_size(st, stored_name, &size, NULL) < 0 || size % OBJECT_BLOCK ||
		size / OBJECT_BLOCK < OBJECT_BLOCKS_MIN || size / OBJECT_BLOCK > OBJECT_BLOCKS_MAX ||
		store_get(st, stored_name, 0, block, sizeof(block), NULL) < 0)
		return false;
	if (!object_unwrap(name, (uint32_t)(size / OBJECT_BLOCK), 0, 1, block) ||
		object_header_decode(&h, block, NULL) < 0)
		return false;
	*whose = h.repo;
	return !uid_eq(&h.repo, repo);
}

int signed_message(struct buf *msg, uint8_t type, unsigned suite, const struct uid *repo, const uint8_t *sections,
	size_t len, hz_error **err)
{
	struct enc e = enc_to(msg);

	enc_u8(&e, type);
	enc_u8(&e, OBJECT_VERSION);
	enc_u8(&e, (uint8_t)suite);
	enc_bytes(&e, repo->b, UID_LEN);
	enc_bytes(&e, sections, len);
	return e.bad ? err_nomem(err) : 0;
}

int signed_signers(struct uid out[SIGNERS_MAX], size_t *n, const struct signed_object *so, hz_error **err)
{
	struct dec d = section_dec(so->s, so->n, TAG_SIGNATURES);
	size_t count = dec_u8(&d);

	if (d.bad || count < 1 || count > SIGNERS_MAX || dec_left(&d) != count * SIG_ENTRY)
		return err_set(err, HZ_E_CORRUPT, "%s: no well-formed signature", so->obj.header.name);
	for (size_t i = 0; i < count; i++) {
		dec_copy(&d, out[i].b, UID_LEN);
		(void)dec_bytes(&d, SIG_LEN);
		if (i > 0 && uid_cmp(&out[i - 1], &out[i]) >= 0)
			return err_set(err, HZ_E_CORRUPT, "%s: signatures out of order", so->obj.header.name);
	}
	*n = count;
	return 0;
}

static int bad_signature(const struct signed_object *so, hz_error **err)
{
	return err_set(err, HZ_E_CORRUPT, "%s: bad signature", so->obj.header.name);
}

int signed_check(const struct signed_object *so, const uint8_t pub[SIGN_PUB_LEN], hz_error **err)
{
	const struct object_header *h = &so->obj.header;
	AUTO_IN(buf_release) struct buf msg = BUF_INIT;
	struct uid want = signer_id(h->suite, pub), ids[SIGNERS_MAX];
	struct dec d = section_dec(so->s, so->n, TAG_SIGNATURES);
	size_t n = 0;
	int rc = signed_signers(ids, &n, so, err);

	if (rc == 0)
		rc = signed_message(&msg, h->type, h->suite, &h->repo, so->obj.body, so->signed_len, err);
	if (rc < 0)
		return rc;
	(void)dec_u8(&d);
	for (size_t i = 0; i < n; i++) {
		(void)dec_bytes(&d, UID_LEN);
		const uint8_t *sig = dec_bytes(&d, SIG_LEN);

		if (!uid_eq(&ids[i], &want))
			continue;
		rc = sig ? sign_check(sig, pub, "object", msg.data, msg.len, NULL) : HZ_E_CORRUPT;
		return rc == HZ_E_NOMEM ? err_nomem(err) : rc < 0 ? bad_signature(so, err) : 0;
	}
	return bad_signature(so, err);
}

int signed_check_only(const struct signed_object *so, const uint8_t pub[SIGN_PUB_LEN], hz_error **err)
{
	struct uid ids[SIGNERS_MAX];
	size_t n = 0;
	int rc = signed_signers(ids, &n, so, err);

	if (rc < 0)
		return rc;
	return n == 1 ? signed_check(so, pub, err) : bad_signature(so, err);
}

int signed_part_hash(struct id *out, const struct signed_object *so, hz_error **err)
{
	const struct object_header *h = &so->obj.header;
	AUTO_IN(buf_release) struct buf msg = BUF_INIT;
	int rc = signed_message(&msg, h->type, h->suite, &h->repo, so->obj.body, so->signed_len, err);

	if (rc == 0)
		*out = suite_hash1(h->suite, msg.data, msg.len);
	return rc;
}

struct one_sig {
	struct uid signer;
	uint8_t sig[SIG_LEN];
};

static int cmp_sig(const void *a, const void *b)
{
	return memcmp(a, b, UID_LEN);
}

int signed_put_signatures(struct buf *body, const struct signed_parts *p, hz_error **err)
{
	AUTO_IN(buf_release) struct buf msg = BUF_INIT;
	struct one_sig sigs[SIGNERS_MAX];
	int rc = signed_message(
		&msg, p->type, p->suite, &p->repo, p->signed_sections->data, p->signed_sections->len, err);

	for (size_t i = 0; rc == 0 && i < p->n_seeds; i++) {
		uint8_t pub[SIGN_PUB_LEN];

		rc = sign_public(pub, p->seeds[i], err);
		if (rc < 0)
			break;
		sigs[i].signer = signer_id(p->suite, pub);
		rc = sign_make(sigs[i].sig, p->seeds[i], "object", msg.data, msg.len, err);
	}
	if (rc < 0)
		return rc;
	qsort(sigs, p->n_seeds, sizeof(sigs[0]), cmp_sig);
	struct enc e = enc_to(body);

	if (section_head(body, TAG_SIGNATURES, 1 + p->n_seeds * SIG_ENTRY) < 0)
		return err_nomem(err);
	enc_u8(&e, (uint8_t)p->n_seeds);
	for (size_t i = 0; i < p->n_seeds; i++)
		enc_bytes(&e, &sigs[i], SIG_ENTRY);
	return e.bad ? err_nomem(err) : 0;
}

int signed_build(struct buf *out, struct id *hash, const struct signed_parts *p, hz_error **err)
{
	AUTO_IN(buf_release) struct buf body = BUF_INIT;
	struct object_header h = { .type = p->type, .suite = (uint8_t)p->suite, .repo = p->repo };
	int rc;

	if (p->n_seeds < 1 || p->n_seeds > SIGNERS_MAX || strlen(p->name) > OBJECT_NAME_MAX)
		return err_set(err, HZ_E_INTERNAL, "%s: cannot be built", p->name);
	memcpy(h.name, p->name, strlen(p->name) + 1);
	if (buf_append(&body, p->signed_sections->data, p->signed_sections->len) < 0)
		return err_nomem(err);
	rc = signed_put_signatures(&body, p, err);
	if (rc == 0 && p->unsigned_sections &&
		buf_append(&body, p->unsigned_sections->data, p->unsigned_sections->len) < 0)
		rc = err_nomem(err);
	if (rc == 0)
		rc = object_encode(out, &h, body.data, body.len, p->padded, err);
	if (rc == 0 && hash) {
		uint8_t head[OBJECT_HEADER];
		struct iovec iov[2] = { { head, sizeof(head) }, { body.data, body.len } };

		object_header_encode(head, &h);
		*hash = suite_hash(p->suite, iov, 2);
	}
	return rc;
}

int signed_put(struct store *st, const char *name, const struct buf *object, bool with_copy, hz_error **err)
{
	struct iovec iov = { object->data, object->len };
	struct name copy = name_copy(name);
	AUTO(hz_error_free) hz_error *e = NULL;
	/* The primary is what is won; only its winner writes the copy, so the two can never differ. */
	int rc = store_put(st, name, &iov, 1, err);

	if (rc < 0 || !with_copy)
		return rc;
	rc = store_put(st, copy.s, &iov, 1, &e);
	if (rc == HZ_E_EXISTS)
		return 0;
	if (rc < 0 && err && !*err)
		*err = TAKE(e);
	return rc;
}

int signed_ensure_copy(struct store *st, const char *name, hz_error **err)
{
	struct name copy = name_copy(name);
	AUTO_FREE uint8_t *data = NULL;
	struct object o = OBJECT_INIT;
	size_t len = 0;
	int rc = 0;
	bool primary = store_has(st, name, &rc, err), second = rc == 0 && store_has(st, copy.s, &rc, err);

	if (rc < 0 || (primary && second))
		return rc;
	rc = store_get_all(st, primary ? name : copy.s, (size_t)OBJECT_BLOCKS_MAX * OBJECT_BLOCK, &data, &len, err);
	/* Damage is not copied: this mends it in memory, as far as parity goes. */
	if (rc == 0)
		rc = object_decode(&o, name, data, len, err);
	if (rc == 0 && len != (size_t)o.header.blocks * OBJECT_BLOCK)
		rc = err_set(err, HZ_E_CORRUPT, "its length is wrong");
	object_release(&o);
	if (rc == HZ_E_CORRUPT)
		return err_wrap(err, rc, "%s", primary ? name : copy.s);
	if (rc == 0) {
		struct iovec iov = { data, len };
		AUTO(hz_error_free) hz_error *e = NULL;

		rc = store_put(st, primary ? copy.s : name, &iov, 1, &e);
		if (rc == HZ_E_EXISTS)
			return 0;
		if (rc < 0 && err && !*err)
			*err = TAKE(e);
	}
	return rc;
}
