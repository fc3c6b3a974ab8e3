/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proofs of inclusion (https://c2sp.org/tlog-proof). The leaf is the record's line in the log, which follows from the
 * record and its signature; so a proof and the two files are all that is needed.
 */
#include "report/proof.h"
#include "base/base64.h"
#include "base/options.h"
#include "base/vfs.h"
#include "crypto/digest.h"
#include "report/check.h"
#include "report/checkpoint.h"
#include "report/log_copy.h"
#include "report/trust.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define HEADER "c2sp.org/tlog-proof@v1\n"
#define HASH   (BASE64_LEN(ID_LEN) - 1) /* of a line */

/* ---- the text ---- */

int proof_make(struct buf *out, const struct proof *p, hz_error **err)
{
	char line[BASE64_LEN(ID_LEN) + 32];
	int len = snprintf(line, sizeof(line), "index %llu\n", (unsigned long long)p->index);
	bool ok = buf_append(out, HEADER, sizeof(HEADER) - 1) == 0 && buf_append(out, line, (size_t)len) == 0;

	for (size_t i = 0; ok && i < p->n; i++) {
		base64_encode(line, p->hashes[i].b, ID_LEN);
		line[HASH] = '\n';
		ok = buf_append(out, line, HASH + 1) == 0;
	}
	return ok && buf_append(out, "\n", 1) == 0 && buf_append(out, p->note, p->note_len) == 0 ? 0 : err_nomem(err);
}

/* The line at *at, without its line feed; *at is behind it. NULL: there is none. */
static const char *next_line(const char **at, const char *end, size_t *len)
{
	const char *line = *at, *feed = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;

	if (!feed)
		return NULL;
	*len = (size_t)(feed - line);
	*at = feed + 1;
	return line;
}

static bool parse_index(uint64_t *index, const char *line, size_t len)
{
	static const char word[] = "index ";
	const size_t skip = sizeof(word) - 1;
	uint64_t n = 0;

	if (len <= skip || len > skip + 18 || memcmp(line, word, skip) != 0 || (line[skip] == '0' && len > skip + 1))
		return false;
	for (size_t i = skip; i < len; i++) {
		if (line[i] < '0' || line[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(line[i] - '0');
	}
	*index = n;
	return true;
}

static bool is_extra(const char *line, size_t len)
{
	static const char word[] = "extra ";
	uint8_t room[PROOF_MAX];
	size_t n;

	return len > sizeof(word) - 1 && memcmp(line, word, sizeof(word) - 1) == 0 &&
		base64_decode(room, &n, line + sizeof(word) - 1, len - (sizeof(word) - 1));
}

static bool parse(struct proof *p, const char *text, size_t len)
{
	const char *at = text, *end = text + len, *line = next_line(&at, end, &len);
	uint8_t hash[ID_LEN + 1];
	size_t n;

	if (!line || len != sizeof(HEADER) - 2 || memcmp(line, HEADER, len) != 0)
		return false;
	line = next_line(&at, end, &len);
	if (line && is_extra(line, len))
		line = next_line(&at, end, &len);
	if (!line || !parse_index(&p->index, line, len))
		return false;
	for (p->n = 0; (line = next_line(&at, end, &len)) && len > 0; p->n++) {
		if (p->n == MERKLE_DEPTH || len != HASH || !base64_decode(hash, &n, line, len) || n != ID_LEN)
			return false;
		memcpy(p->hashes[p->n].b, hash, ID_LEN);
	}
	p->note = at;
	p->note_len = (size_t)(end - at);
	return line;
}

int proof_parse(struct proof *p, const char *text, size_t len, hz_error **err)
{
	if (len > PROOF_MAX || !parse(p, text, len))
		return err_set(err, HZ_E_CORRUPT, "no proof of a log: it is to be as c2sp.org/tlog-proof has it");
	return 0;
}

/* ---- making ---- */

/* Where the log has it, within what the checkpoint covers. */
static bool find_entry(const struct log_source *s, const char *uuid, uint64_t *at)
{
	struct log_entry e;

	for (uint64_t i = 0; i < s->head.size; i++) {
		if (log_entry_read(&e, s->log.data + i * LOG_LINE_LEN) && strcmp(e.name + MONTH_LEN, uuid) == 0) {
			*at = i;
			return true;
		}
	}
	return false;
}

static int prove(const struct log_source *s, uint64_t at, struct buf *out, hz_error **err)
{
	AUTO_FREE struct id *leaves = malloc((size_t)s->head.size * sizeof(*leaves));
	struct proof p = { .index = at, .note = (const char *)s->note, .note_len = s->note_len };

	if (!leaves)
		return err_nomem(err);
	for (uint64_t i = 0; i < s->head.size; i++)
		leaves[i] = merkle_leaf(s->log.data + i * LOG_LINE_LEN, LOG_LINE_LEN);
	p.n = merkle_prove(p.hashes, leaves, s->head.size, at);
	return proof_make(out, &p, err);
}

int hz_log_prove(const char *folder, const char *state_dir, const char *uuid, char **text, hz_error **err)
{
	AUTO_IN(log_source_release) struct log_source s = { .dir = -1, .records = -1, .pending = -1 };
	AUTO_IN(buf_release) struct buf out = BUF_INIT;
	uint64_t at = 0;
	size_t len;
	int rc = crypto_init(err);

	if (rc == 0)
		rc = log_source_open(&s, folder, state_dir, err);
	if (rc == 0 && !find_entry(&s, uuid, &at))
		rc = err_set(err, HZ_E_NOTFOUND, "the log has no record %.40s that its checkpoint covers", uuid);
	if (rc == 0)
		rc = prove(&s, at, &out, err);
	if (rc == 0 && buf_append(&out, "", 1) < 0)
		rc = err_nomem(err);
	if (rc == 0)
		*text = (char *)buf_take(&out, &len);
	return rc;
}

/* ---- checking ---- */

struct files {
	uint8_t *proof, *text, *sig;
	size_t proof_len, text_len, sig_len;
};

static void files_release(struct files *f)
{
	free(f->proof);
	free(f->text);
	free(f->sig);
}

static int read_files(struct files *f, const char *proof, const char *record, hz_error **err)
{
	AUTO_FREE char *sig = NULL;
	int rc;

	if (asprintf(&sig, "%s.sig", record) < 0) {
		sig = NULL;
		return err_nomem(err);
	}
	rc = err_wrap(err, vfs_read_file(&f->proof, &f->proof_len, AT_FDCWD, proof, PROOF_MAX, false, err), "proof %s",
		proof);
	if (rc == 0)
		rc = err_wrap(err, vfs_read_file(&f->text, &f->text_len, AT_FDCWD, record, RECORD_MAX, false, err),
			"record %s", record);
	if (rc == 0)
		rc = err_wrap(err, vfs_read_file(&f->sig, &f->sig_len, AT_FDCWD, sig, SSHSIG_MAX, false, err),
			"record %s", sig);
	return rc;
}

/* The record's line in the log, and whose it is. */
static int read_record(struct id *leaf, hz_proof *out, const struct files *f, const hz_trust *trust, hz_error **err)
{
	AUTO(json_read_free) struct json_value *root = NULL;
	const struct trust_signer *signer;
	uint8_t pub[SIGN_PUB_LEN], line[LOG_LINE_LEN];
	struct log_entry e = { .record = sha256(f->text, f->text_len), .sig = sha256(f->sig, f->sig_len) };
	struct record_view v;
	int rc = record_check(
		&root, &v, pub, (const char *)f->text, f->text_len, (const char *)f->sig, f->sig_len, err);

	if (rc < 0)
		return rc;
	(void)snprintf(e.name, sizeof(e.name), "%s/%s", v.month, v.uuid);
	log_entry_write(line, &e);
	*leaf = merkle_leaf(line, sizeof(line));
	(void)snprintf(out->uuid, sizeof(out->uuid), "%s", v.uuid);
	out->signer = trust_find(trust, pub, v.time, &signer);
	ssh_fingerprint(out->fingerprint, pub);
	return 0;
}

/* By a key that is believed, or by none that is known. */
static int read_checkpoint(
	struct checkpoint *c, hz_proof *out, const struct proof *p, const hz_trust *trust, hz_error **err)
{
	int rc = checkpoint_parse(c, p->note, p->note_len, err);

	out->log_signer = HZ_SIGNER_UNKNOWN;
	for (size_t i = 0; rc == 0 && trust && i < trust->n && out->log_signer == HZ_SIGNER_UNKNOWN; i++) {
		const struct trust_signer *s = &trust->v[i];
		struct checkpoint again;

		if ((s->any_namespace || s->for_records) &&
			checkpoint_check(&again, s->pub, p->note, p->note_len, NULL) == 0)
			out->log_signer = HZ_SIGNER_TRUSTED;
	}
	return rc;
}

int hz_proof_check(const char *proof, const char *record, const hz_trust *trust, hz_proof *result, hz_error **err)
{
	AUTO_IN(files_release) struct files f = { .proof = NULL };
	hz_proof out = HZ_PROOF_INIT;
	struct checkpoint c;
	struct proof p;
	struct id leaf;
	int rc = crypto_init(err);

	if (rc == 0)
		rc = read_files(&f, proof, record, err);
	if (rc == 0)
		rc = err_wrap(err, proof_parse(&p, (const char *)f.proof, f.proof_len, err), "proof %s", proof);
	if (rc == 0)
		rc = err_wrap(err, read_record(&leaf, &out, &f, trust, err), "record %s", record);
	if (rc == 0)
		rc = err_wrap(err, read_checkpoint(&c, &out, &p, trust, err), "proof %s", proof);
	if (rc == 0 && !merkle_proof_is_good(p.hashes, p.n, &leaf, p.index, c.size, &c.root))
		rc = err_set(err, HZ_E_CORRUPT, "proof %s: it is none of this record in that log", proof);
	if (rc < 0)
		return rc;
	out.index = p.index;
	out.entries = c.size;
	base64_encode(out.root, c.root.b, ID_LEN);
	memcpy(out.origin, c.origin, sizeof(c.origin));
	result_give(result, &out, sizeof(out));
	return 0;
}
