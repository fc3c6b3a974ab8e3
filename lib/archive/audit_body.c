/* SPDX-License-Identifier: BSD-2-Clause */
/* What is inside an audit object: sections, under one zstd frame (docs/format/audit.md). Every hash is compared, and
 * the checkpoint verified: what a copy says of a log then stands or falls with the log's key. */
#include "archive/audit_internal.h"
#include "crypto/digest.h"
#include <string.h>
#include <zstd.h>

enum { A_LOG = 1, A_CHECKPOINT, A_ENTRIES };
/* A line and two empty blobs. */
#define ENTRY_MIN (LOG_LINE_LEN + 2)

int audit_add(struct buf *entries, const uint8_t line[LOG_LINE_LEN], const struct buf *record, const struct buf *sig,
	hz_error **err)
{
	struct enc e = enc_to(entries);

	enc_bytes(&e, line, LOG_LINE_LEN);
	enc_blob(&e, record->data, record->len);
	enc_blob(&e, sig->data, sig->len);
	return e.bad ? err_nomem(err) : 0;
}

int audit_pack(struct buf *plain, const struct audit *a, const struct buf *entries, hz_error **err)
{
	AUTO_IN(buf_release) struct buf raw = BUF_INIT;
	uint8_t *room;
	size_t n;

	if (section_put(&raw, A_LOG, a->log, SIGN_PUB_LEN) < 0 ||
		section_put(&raw, A_CHECKPOINT, a->note.p, a->note.len) < 0 ||
		section_put(&raw, A_ENTRIES, entries->data, entries->len) < 0)
		return err_nomem(err);
	if (raw.len > AUDIT_RAW_MAX)
		return err_set(err, HZ_E_INTERNAL, "too much for one audit object");
	room = buf_extend(plain, ZSTD_compressBound(raw.len));
	if (!room)
		return err_nomem(err);
	n = ZSTD_compress(room, plain->len, raw.data, raw.len, 9);
	if (ZSTD_isError(n))
		return err_set(err, HZ_E_INTERNAL, "compression: %s", ZSTD_getErrorName(n));
	plain->len = n;
	return 0;
}

int audit_unpack(struct buf *raw, const uint8_t *plain, size_t len, hz_error **err)
{
	unsigned long long want = ZSTD_getFrameContentSize(plain, len);
	uint8_t *room;
	size_t n;

	/* The two values that mean no size are larger too. */
	if (want == 0 || want > AUDIT_RAW_MAX || ZSTD_findFrameCompressedSize(plain, len) != len)
		return err_set(err, HZ_E_CORRUPT, "not one frame of a possible size");
	buf_reset(raw);
	room = buf_extend(raw, (size_t)want);
	if (!room)
		return err_nomem(err);
	n = ZSTD_decompress(room, (size_t)want, plain, len);
	return ZSTD_isError(n) || n != want ? err_set(err, HZ_E_CORRUPT, "does not decompress") : 0;
}

static bool is_of(const struct bytes *b, const struct id *hash)
{
	struct id got = sha256(b->p, b->len);

	return id_eq(&got, hash);
}

static bool decode_entry(struct audit_entry *e, struct dec *d)
{
	struct log_entry l;

	e->line = dec_bytes(d, LOG_LINE_LEN);
	e->record.p = dec_blob(d, RECORD_MAX, &e->record.len);
	e->sig.p = dec_blob(d, SSHSIG_MAX, &e->sig.len);
	if (d->bad || !log_entry_read(&l, e->line))
		return false;
	if (e->record.len == 0 && e->sig.len == 0)
		return true;
	return is_of(&e->record, &l.record) && is_of(&e->sig, &l.sig);
}

static int decode_entries(struct audit *a, struct dec *d, hz_error **err)
{
	bool good = !d->bad && a->n > 0 && a->n <= dec_left(d) / ENTRY_MIN && a->n <= a->head.size &&
		a->first <= a->head.size - a->n;

	if (!good)
		return err_set(
			err, HZ_E_CORRUPT, "its entries are not as many as it says, or its checkpoint lacks them");
	a->entries = calloc((size_t)a->n, sizeof(*a->entries));
	if (!a->entries)
		return err_nomem(err);
	for (uint64_t i = 0; good && i < a->n; i++)
		good = decode_entry(&a->entries[i], d);
	return good && dec_done(d) ? 0 : err_set(err, HZ_E_CORRUPT, "an entry is malformed, or not of its record");
}

int audit_decode(struct audit *a, struct buf *raw, hz_error **err)
{
	static const uint16_t known[] = { A_LOG, A_CHECKPOINT, A_ENTRIES };
	struct section s[ARRAY_LEN(known)];
	const struct section *note;
	size_t n = 0, signed_len;
	struct dec d;
	int rc;

	a->raw = *raw;
	*raw = (struct buf)BUF_INIT;
	rc = sections_parse(
		s, ARRAY_LEN(known), &n, &signed_len, known, ARRAY_LEN(known), a->raw.data, a->raw.len, "inside", err);
	if (rc < 0)
		return rc;
	d = section_dec(s, n, A_LOG);
	dec_copy(&d, a->log, SIGN_PUB_LEN);
	note = section_find(s, n, A_CHECKPOINT);
	if (!dec_done(&d) || !note)
		return err_set(err, HZ_E_CORRUPT, "no log, or no checkpoint");
	a->note = (struct bytes){ note->data, note->len };
	rc = checkpoint_check(&a->head, a->log, (const char *)note->data, note->len, err);
	d = section_dec(s, n, A_ENTRIES);
	return rc < 0 ? rc : decode_entries(a, &d, err);
}
