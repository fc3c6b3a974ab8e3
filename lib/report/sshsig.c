/* SPDX-License-Identifier: BSD-2-Clause */
/* See sshsig.h. What is signed is a short blob with the namespace and the hash of the message in it. */
#include "report/sshsig.h"
#include "base/base64.h"
#include "crypto/digest.h"
#include <string.h>

#define MAGIC     "SSHSIG"
#define MAGIC_LEN 6u
#define KEY_TYPE  "ssh-ed25519"
#define BEGIN     "-----BEGIN SSH SIGNATURE-----\n"
#define END       "-----END SSH SIGNATURE-----\n"
#define LINE      70u
#define KEY_BLOB  (4 + sizeof(KEY_TYPE) - 1 + 4 + SIGN_PUB_LEN)

/* ---- SSH's encoding: strings with a big-endian length ---- */

static int put_u32(struct buf *b, uint32_t v)
{
	const uint8_t p[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };

	return buf_append(b, p, sizeof(p));
}

static int put_string(struct buf *b, const void *p, size_t len)
{
	return put_u32(b, (uint32_t)len) < 0 ? -1 : buf_append(b, p, len);
}

static int put_key(struct buf *b, const uint8_t pub[SIGN_PUB_LEN])
{
	return put_string(b, KEY_TYPE, strlen(KEY_TYPE)) < 0 ? -1 : put_string(b, pub, SIGN_PUB_LEN);
}

struct wire {
	const uint8_t *p, *end;
	bool bad;
};

/* The next string; NULL and bad beyond the end. */
static const uint8_t *get_string(struct wire *w, size_t *len)
{
	const uint8_t *p = w->p;

	*len = 0;
	if (w->bad || w->end - p < 4) {
		w->bad = true;
		return NULL;
	}
	*len = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	p += 4;
	if (*len > (size_t)(w->end - p)) {
		w->bad = true;
		*len = 0;
		return NULL;
	}
	w->p = p + *len;
	return p;
}

static void expect_string(struct wire *w, const char *text)
{
	size_t len;
	const uint8_t *p = get_string(w, &len);

	if (!p || len != strlen(text) || memcmp(p, text, len) != 0)
		w->bad = true;
}

/* An Ed25519 key or signature of this length, in a string of its own. */
static const uint8_t *get_typed(const uint8_t *blob, size_t blob_len, size_t want)
{
	struct wire w = { blob, blob ? blob + blob_len : blob, !blob };
	const uint8_t *p;
	size_t len;

	expect_string(&w, KEY_TYPE);
	p = get_string(&w, &len);
	return !w.bad && len == want && w.p == w.end ? p : NULL;
}

/* ---- keys ---- */

void ssh_key_line(char out[SSH_KEY_LINE_LEN], const uint8_t pub[SIGN_PUB_LEN])
{
	static const uint8_t head[] = { 0, 0, 0, sizeof(KEY_TYPE) - 1, 's', 's', 'h', '-', 'e', 'd', '2', '5', '5', '1',
		'9', 0, 0, 0, SIGN_PUB_LEN };
	uint8_t blob[KEY_BLOB];

	_Static_assert(sizeof(KEY_TYPE) + BASE64_LEN(KEY_BLOB) == SSH_KEY_LINE_LEN, "SSH_KEY_LINE_LEN");
	memcpy(blob, head, sizeof(head));
	memcpy(blob + sizeof(head), pub, SIGN_PUB_LEN);
	memcpy(out, KEY_TYPE " ", sizeof(KEY_TYPE));
	base64_encode(out + sizeof(KEY_TYPE), blob, sizeof(blob));
}

bool ssh_key_parse(uint8_t pub[SIGN_PUB_LEN], const char *base64, size_t len)
{
	uint8_t blob[KEY_BLOB];
	const uint8_t *key;
	size_t n;

	if (len != BASE64_LEN(KEY_BLOB) - 1 || !base64_decode(blob, &n, base64, len))
		return false;
	key = get_typed(blob, n, SIGN_PUB_LEN);
	if (key)
		memcpy(pub, key, SIGN_PUB_LEN);
	return key;
}

void ssh_fingerprint(char out[SSH_FINGERPRINT_LEN], const uint8_t pub[SIGN_PUB_LEN])
{
	char line[SSH_KEY_LINE_LEN], text[BASE64_LEN(ID_LEN)];
	uint8_t blob[KEY_BLOB];
	struct id hash;
	size_t n;

	ssh_key_line(line, pub);
	(void)base64_decode(blob, &n, line + sizeof(KEY_TYPE), BASE64_LEN(KEY_BLOB) - 1);
	hash = sha256(blob, n);
	base64_encode(text, hash.b, ID_LEN);
	/* Without the padding. */
	memcpy(out, "SHA256:", 7);
	memcpy(out + 7, text, SSH_FINGERPRINT_LEN - 8);
	out[SSH_FINGERPRINT_LEN - 1] = '\0';
}

/* ---- signatures ---- */

/* What the key signs. */
static int signed_blob(struct buf *b, const char *ns, const char *hash, const void *msg, size_t len)
{
	uint8_t long_hash[SHA512_LEN];
	struct id short_hash;
	bool is_long = strcmp(hash, "sha512") == 0;

	if (is_long)
		sha512(long_hash, msg, len);
	else
		short_hash = sha256(msg, len);
	return buf_append(b, MAGIC, MAGIC_LEN) < 0 || put_string(b, ns, strlen(ns)) < 0 || put_string(b, "", 0) < 0 ||
			put_string(b, hash, strlen(hash)) < 0 ||
			put_string(b, is_long ? long_hash : short_hash.b, is_long ? SHA512_LEN : ID_LEN) < 0
		? -1
		: 0;
}

static int armor(struct buf *out, const struct buf *blob)
{
	AUTO_FREE char *text = malloc(BASE64_LEN(blob->len));
	size_t len;

	if (!text)
		return -1;
	base64_encode(text, blob->data, blob->len);
	len = strlen(text);
	if (buf_append(out, BEGIN, strlen(BEGIN)) < 0)
		return -1;
	for (size_t i = 0; i < len; i += LINE) {
		if (buf_append(out, text + i, len - i < LINE ? len - i : LINE) < 0 || buf_append(out, "\n", 1) < 0)
			return -1;
	}
	return buf_append(out, END, strlen(END));
}

static int put_signature(
	struct buf *b, const uint8_t pub[SIGN_PUB_LEN], const char *ns, const char *hash, const uint8_t sig[SIG_LEN])
{
	AUTO_IN(buf_release) struct buf key = BUF_INIT, typed = BUF_INIT;

	return put_key(&key, pub) < 0 || put_string(&typed, KEY_TYPE, strlen(KEY_TYPE)) < 0 ||
			put_string(&typed, sig, SIG_LEN) < 0 || buf_append(b, MAGIC, MAGIC_LEN) < 0 ||
			put_u32(b, 1) < 0 || put_string(b, key.data, key.len) < 0 ||
			put_string(b, ns, strlen(ns)) < 0 || put_string(b, "", 0) < 0 ||
			put_string(b, hash, strlen(hash)) < 0 || put_string(b, typed.data, typed.len) < 0
		? -1
		: 0;
}

int sshsig_make(struct buf *out, const struct secret *seed, const char *ns, const void *msg, size_t len, hz_error **err)
{
	AUTO_IN(buf_release) struct buf blob = BUF_INIT, whole = BUF_INIT;
	uint8_t pub[SIGN_PUB_LEN], sig[SIG_LEN];
	int rc = sign_public(pub, seed, err);

	if (rc == 0 && signed_blob(&blob, ns, "sha512", msg, len) < 0)
		return err_nomem(err);
	if (rc == 0)
		rc = sign_bytes(sig, seed, blob.data, blob.len, err);
	if (rc == 0 && (put_signature(&whole, pub, ns, "sha512", sig) < 0 || armor(out, &whole) < 0))
		return err_nomem(err);
	return rc;
}

/* The blob out of its armor: base64 in one piece. */
static bool unarmor(uint8_t blob[SSHSIG_MAX], size_t *blob_len, const char *text, size_t len)
{
	const size_t head = strlen(BEGIN), tail = strlen(END);
	char joined[SSHSIG_MAX];
	size_t n = 0;

	if (len > SSHSIG_MAX || len < head + tail || memcmp(text, BEGIN, head) != 0 ||
		memcmp(text + len - tail, END, tail) != 0)
		return false;
	for (size_t i = head; i < len - tail; i++) {
		if (text[i] != '\n')
			joined[n++] = text[i];
	}
	return base64_decode(blob, blob_len, joined, n);
}

/* Its parts: the namespace must be ours, the hash one of two. */
static bool take_apart(uint8_t pub[SIGN_PUB_LEN], uint8_t sig[SIG_LEN], const char **hash, const uint8_t *blob,
	size_t len, const char *ns)
{
	struct wire w = { blob, blob + len, false };
	const uint8_t *key, *signature, *name;
	size_t key_len, sig_len, name_len;
	static const uint8_t head[MAGIC_LEN + 4] = { 'S', 'S', 'H', 'S', 'I', 'G', 0, 0, 0, 1 };

	if (len < sizeof(head) || memcmp(blob, head, sizeof(head)) != 0)
		return false;
	w.p += sizeof(head);
	key = get_string(&w, &key_len);
	expect_string(&w, ns);
	expect_string(&w, "");
	name = get_string(&w, &name_len);
	signature = get_string(&w, &sig_len);
	if (w.bad || w.p != w.end || name_len != 6 ||
		(memcmp(name, "sha512", 6) != 0 && memcmp(name, "sha256", 6) != 0))
		return false;
	*hash = name[3] == '5' ? "sha512" : "sha256";
	key = get_typed(key, key_len, SIGN_PUB_LEN);
	signature = get_typed(signature, sig_len, SIG_LEN);
	if (!key || !signature)
		return false;
	memcpy(pub, key, SIGN_PUB_LEN);
	memcpy(sig, signature, SIG_LEN);
	return true;
}

int sshsig_check(uint8_t pub[SIGN_PUB_LEN], const char *armored, size_t armor_len, const char *ns, const void *msg,
	size_t len, hz_error **err)
{
	AUTO_IN(buf_release) struct buf blob = BUF_INIT, again = BUF_INIT, whole = BUF_INIT;
	uint8_t raw[SSHSIG_MAX], sig[SIG_LEN];
	const char *hash;
	size_t raw_len;

	if (!unarmor(raw, &raw_len, armored, armor_len))
		return err_set(err, HZ_E_CORRUPT, "no SSH signature");
	if (!take_apart(pub, sig, &hash, raw, raw_len, ns))
		return err_set(err, HZ_E_CORRUPT, "no Ed25519 signature of the namespace %s", ns);
	if (put_signature(&whole, pub, ns, hash, sig) < 0 || armor(&again, &whole) < 0 ||
		signed_blob(&blob, ns, hash, msg, len) < 0)
		return err_nomem(err);
	if (again.len != armor_len || memcmp(again.data, armored, armor_len) != 0)
		return err_set(err, HZ_E_CORRUPT, "the signature's text was changed");
	if (!sign_bytes_are_good(sig, pub, blob.data, blob.len))
		return err_set(err, HZ_E_CORRUPT, "the signature is bad: these bytes are not what was signed");
	return 0;
}
