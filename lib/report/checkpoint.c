/* SPDX-License-Identifier: BSD-2-Clause */
/* See checkpoint.h. The note's text, up to and with the line feed before the empty line, is what is signed. */
#include "report/checkpoint.h"
#include "base/base64.h"
#include "crypto/digest.h"
#include <stdio.h>
#include <string.h>

#define ORIGIN   "hozen.log/"
#define DASH     "\xe2\x80\x94 "
#define DASH_LEN (sizeof(DASH) - 1)
#define TEXT_MAX 256u
#define KEY_ID   4u

void checkpoint_origin(char out[CHECKPOINT_ORIGIN], const uint8_t pub[SIGN_PUB_LEN])
{
	struct id hash = sha256(pub, SIGN_PUB_LEN);

	(void)snprintf(out, CHECKPOINT_ORIGIN, ORIGIN "%s", id_hex(&hash).s);
}

/* The first bytes of a signature line say which key it is. */
static void key_id(uint8_t out[KEY_ID], const char *name, const uint8_t pub[SIGN_PUB_LEN])
{
	uint8_t msg[CHECKPOINT_ORIGIN + 2 + SIGN_PUB_LEN];
	size_t len = strlen(name);
	struct id hash;

	memcpy(msg, name, len);
	msg[len++] = '\n';
	msg[len++] = 1;
	memcpy(msg + len, pub, SIGN_PUB_LEN);
	hash = sha256(msg, len + SIGN_PUB_LEN);
	memcpy(out, hash.b, KEY_ID);
}

int checkpoint_make(struct buf *out, struct checkpoint *c, const struct secret *seed, hz_error **err)
{
	char text[TEXT_MAX], root[BASE64_LEN(ID_LEN)], line[BASE64_LEN(KEY_ID + SIG_LEN)];
	uint8_t pub[SIGN_PUB_LEN], sig[KEY_ID + SIG_LEN];
	int rc = sign_public(pub, seed, err), len;

	if (rc < 0)
		return rc;
	checkpoint_origin(c->origin, pub);
	base64_encode(root, c->root.b, ID_LEN);
	len = snprintf(text, sizeof(text), "%s\n%llu\n%s\n", c->origin, (unsigned long long)c->size, root);
	key_id(sig, c->origin, pub);
	rc = sign_bytes(sig + KEY_ID, seed, text, (size_t)len, err);
	if (rc < 0)
		return rc;
	base64_encode(line, sig, sizeof(sig));
	if (buf_append(out, text, (size_t)len) < 0 || buf_append(out, "\n" DASH, 1 + DASH_LEN) < 0 ||
		buf_append(out, c->origin, strlen(c->origin)) < 0 || buf_append(out, " ", 1) < 0 ||
		buf_append(out, line, strlen(line)) < 0 || buf_append(out, "\n", 1) < 0)
		return err_nomem(err);
	return 0;
}

/* The line at *at without its line feed; *at is behind it. NULL: there is none. */
static const char *next_line(const char **at, const char *end, size_t *len)
{
	const char *line = *at, *feed = memchr(line, '\n', (size_t)(end - line));

	if (!feed)
		return NULL;
	*len = (size_t)(feed - line);
	*at = feed + 1;
	return line;
}

static bool parse_size(uint64_t *size, const char *line, size_t len)
{
	*size = 0;
	if (len == 0 || len > 18 || (line[0] == '0' && len > 1))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (line[i] < '0' || line[i] > '9')
			return false;
		*size = *size * 10 + (uint64_t)(line[i] - '0');
	}
	return true;
}

/* *body: the text that is signed, *sigs: the lines of signatures. */
static bool parse(struct checkpoint *c, const char *text, size_t len, size_t *body)
{
	const char *at = text, *end = text + len, *line = next_line(&at, end, &len);
	uint8_t root[ID_LEN + 1];
	size_t n;

	if (!line || len != CHECKPOINT_ORIGIN - 1 || memcmp(line, ORIGIN, sizeof(ORIGIN) - 1) != 0)
		return false;
	memcpy(c->origin, line, len);
	c->origin[len] = '\0';
	line = next_line(&at, end, &len);
	if (!line || !parse_size(&c->size, line, len))
		return false;
	line = next_line(&at, end, &len);
	if (!line || len != BASE64_LEN(ID_LEN) - 1 || !base64_decode(root, &n, line, len) || n != ID_LEN)
		return false;
	memcpy(c->root.b, root, ID_LEN);
	while ((line = next_line(&at, end, &len)) && len > 0)
		;
	*body = line ? (size_t)(line - text) : 0;
	return line;
}

int checkpoint_parse(struct checkpoint *c, const char *text, size_t len, hz_error **err)
{
	size_t body;

	if (len > CHECKPOINT_MAX || !parse(c, text, len, &body))
		return err_set(err, HZ_E_CORRUPT, "no checkpoint of a log of hozen");
	return 0;
}

/* "- <name> <base64>" by this key? */
static bool is_signed_by(const char *line, size_t len, const struct checkpoint *c, const uint8_t pub[SIGN_PUB_LEN],
	const char *text, size_t body)
{
	const size_t head = DASH_LEN + CHECKPOINT_ORIGIN;
	uint8_t sig[KEY_ID + SIG_LEN + 2], id[KEY_ID];
	size_t n;

	if (len != head + BASE64_LEN(KEY_ID + SIG_LEN) - 1 || memcmp(line, DASH, DASH_LEN) != 0 ||
		memcmp(line + DASH_LEN, c->origin, CHECKPOINT_ORIGIN - 1) != 0 || line[head - 1] != ' ' ||
		!base64_decode(sig, &n, line + head, len - head) || n != KEY_ID + SIG_LEN)
		return false;
	key_id(id, c->origin, pub);
	return memcmp(id, sig, KEY_ID) == 0 && sign_bytes_are_good(sig + KEY_ID, pub, text, body);
}

int checkpoint_check(
	struct checkpoint *c, const uint8_t pub[SIGN_PUB_LEN], const char *text, size_t len, hz_error **err)
{
	char origin[CHECKPOINT_ORIGIN];
	const char *at, *line;
	size_t body, n;
	bool ours = false, all = true;
	int rc = checkpoint_parse(c, text, len, err);

	if (rc < 0)
		return rc;
	(void)parse(c, text, len, &body);
	checkpoint_origin(origin, pub);
	if (strcmp(origin, c->origin) != 0)
		return err_set(err, HZ_E_CORRUPT, "the checkpoint is of another log: %s", c->origin);
	at = text + body + 1;
	while ((line = next_line(&at, text + len, &n))) {
		ours = ours || is_signed_by(line, n, c, pub, text, body);
		all = all && n > DASH_LEN && memcmp(line, DASH, DASH_LEN) == 0;
	}
	if (!ours || !all || at != text + len)
		return err_set(err, HZ_E_CORRUPT, "the checkpoint's signature is bad");
	return 0;
}
