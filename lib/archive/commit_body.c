/* SPDX-License-Identifier: BSD-2-Clause */
/* The encrypted body of a commit: what a snapshot is (docs/format/session.md). */
#include "archive/session.h"
#include <string.h>

enum {
	BODY_TIME = 1,
	BODY_HOST,
	BODY_PATHS,
	BODY_TAGS,
	BODY_TOOL,
	BODY_COUNTS,
	BODY_COMPLETE,
	BODY_ROOT,
	BODY_ERRORS,
	BODY_SEEN,
	BODY_POLICY,
	BODY_SOURCE,
	BODY_END
};

void commit_body_release(struct commit_body *b)
{
	free(b->paths);
	free(b->tags);
	b->paths = b->tags = NULL;
	buf_release(&b->raw);
}

static void enc_time(struct enc *e, struct walltime t)
{
	enc_i64(e, t.sec);
	enc_u32(e, t.nsec);
	enc_u8(e, t.synchronized);
}

struct writer {
	struct buf *out;
	struct buf t;
	struct enc e;
	bool bad, too_long;
};

static void enc_list(struct writer *w, const struct bytes *v, size_t n)
{
	enc_var(&w->e, n);
	for (size_t i = 0; i < n; i++) {
		w->too_long = w->too_long || v[i].len > COMMIT_TEXT_MAX;
		enc_blob(&w->e, v[i].p, v[i].len);
	}
}

static void flush(struct writer *w, uint16_t tag)
{
	w->bad = w->bad || w->e.bad || section_put(w->out, tag, w->t.data, w->t.len) < 0;
	w->t.len = 0;
}

int commit_body_encode(struct buf *out, const struct commit_body *b, hz_error **err)
{
	struct writer w = { .out = out, .t = BUF_INIT };

	w.e = enc_to(&w.t);
	enc_time(&w.e, b->start);
	enc_time(&w.e, b->end);
	enc_u64(&w.e, b->duration_ns);
	flush(&w, BODY_TIME);
	enc_bytes(&w.e, b->host.p, b->host.len);
	flush(&w, BODY_HOST);
	enc_list(&w, b->paths, b->n_paths);
	flush(&w, BODY_PATHS);
	enc_list(&w, b->tags, b->n_tags);
	flush(&w, BODY_TAGS);
	enc_bytes(&w.e, b->tool.p, b->tool.len);
	flush(&w, BODY_TOOL);
	enc_var(&w.e, COUNT_N);
	for (unsigned i = 0; i < COUNT_N; i++)
		enc_u64(&w.e, b->counts[i]);
	flush(&w, BODY_COUNTS);
	enc_u8(&w.e, b->complete);
	flush(&w, BODY_COMPLETE);
	enc_bytes(&w.e, b->root.p, b->root.len);
	flush(&w, BODY_ROOT);
	enc_u64(&w.e, b->n_errors);
	enc_var(&w.e, b->n_listed);
	enc_bytes(&w.e, b->errors.p, b->errors.len);
	flush(&w, BODY_ERRORS);
	enc_u64(&w.e, b->admin_n);
	enc_bytes(&w.e, b->admin_head.b, ID_LEN);
	enc_var(&w.e, b->others.len / ID_LEN);
	enc_bytes(&w.e, b->others.p, b->others.len);
	flush(&w, BODY_SEEN);
	enc_bytes(&w.e, b->policy.b, ID_LEN);
	flush(&w, BODY_POLICY);
	enc_bytes(&w.e, b->source.b, ID_LEN);
	flush(&w, BODY_SOURCE);
	buf_release(&w.t);
	/* What a reader refuses must not be written: nobody could open the snapshot. */
	if (w.too_long)
		return err_set(err, HZ_E_INVAL, "a path or a tag is longer than %u bytes", COMMIT_TEXT_MAX);
	return w.bad ? err_nomem(err) : 0;
}

static struct walltime dec_time(struct dec *d)
{
	struct walltime t;

	t.sec = dec_i64(d);
	t.nsec = dec_u32(d);
	uint8_t s = dec_u8(d);

	t.synchronized = s == 1;
	if (t.nsec > 999999999 || s > 1)
		d->bad = true;
	return t;
}

static struct bytes all_of(struct dec *d)
{
	struct bytes b;

	b.len = dec_left(d);
	b.p = dec_bytes(d, b.len);
	return b;
}

static int dec_list(struct bytes **v, size_t *n, struct dec *d, bool *bad, hz_error **err)
{
	uint64_t count = dec_count(d, 1);

	*v = calloc((size_t)count + 1, sizeof(**v));
	if (!*v)
		return err_nomem(err);
	for (uint64_t i = 0; i < count; i++)
		(*v)[i].p = dec_blob(d, COMMIT_TEXT_MAX, &(*v)[i].len);
	*n = (size_t)count;
	*bad = *bad || !dec_done(d);
	return 0;
}

static void dec_counts(struct commit_body *b, struct dec d, bool *bad)
{
	uint64_t n = dec_count(&d, 8);

	for (uint64_t i = 0; i < n; i++) {
		uint64_t v = dec_u64(&d);

		if (i < COUNT_N)
			b->counts[i] = v;
	}
	*bad = *bad || !dec_done(&d);
}

/* The listed errors must be well formed: they are printed. */
static void dec_errors(struct commit_body *b, struct dec d, bool *bad)
{
	b->n_errors = dec_u64(&d);
	b->n_listed = dec_count(&d, 3);
	b->errors.p = d.p;
	b->errors.len = dec_left(&d);
	for (uint64_t i = 0; i < b->n_listed && !d.bad; i++) {
		size_t len;

		(void)dec_u8(&d);
		(void)dec_blob(&d, COMMIT_TEXT_MAX, &len);
		(void)dec_blob(&d, COMMIT_TEXT_MAX, &len);
	}
	*bad = *bad || !dec_done(&d) || b->n_listed > b->n_errors;
}

static void dec_seen(struct commit_body *b, struct dec d, bool *bad)
{
	uint64_t n;

	b->admin_n = dec_u64(&d);
	dec_copy(&d, b->admin_head.b, ID_LEN);
	n = dec_count(&d, ID_LEN);
	b->others.len = (size_t)n * ID_LEN;
	b->others.p = dec_bytes(&d, b->others.len);
	*bad = *bad || !dec_done(&d);
}

int commit_body_decode(struct commit_body *b, struct buf *raw, hz_error **err)
{
	static const uint16_t known[] = { BODY_TIME, BODY_HOST, BODY_PATHS, BODY_TAGS, BODY_TOOL, BODY_COUNTS,
		BODY_COMPLETE, BODY_ROOT, BODY_ERRORS, BODY_SEEN, BODY_POLICY, BODY_SOURCE };
	struct section s[ARRAY_LEN(known)];
	size_t n = 0, sl = 0;
	uint8_t complete;
	bool bad = false;
	struct dec d;
	int rc;

	*b = (struct commit_body){ .raw = *raw };
	*raw = (struct buf)BUF_INIT;
	rc = sections_parse(
		s, ARRAY_LEN(known), &n, &sl, known, ARRAY_LEN(known), b->raw.data, b->raw.len, "commit body", err);
	if (rc == 0) {
		d = section_dec(s, n, BODY_TIME);
		b->start = dec_time(&d);
		b->end = dec_time(&d);
		b->duration_ns = dec_u64(&d);
		bad = !dec_done(&d);
		d = section_dec(s, n, BODY_PATHS);
		rc = dec_list(&b->paths, &b->n_paths, &d, &bad, err);
	}
	if (rc == 0) {
		d = section_dec(s, n, BODY_TAGS);
		rc = dec_list(&b->tags, &b->n_tags, &d, &bad, err);
	}
	if (rc == 0) {
		d = section_dec(s, n, BODY_HOST), b->host = all_of(&d), bad = bad || d.bad;
		d = section_dec(s, n, BODY_TOOL), b->tool = all_of(&d), bad = bad || d.bad;
		d = section_dec(s, n, BODY_ROOT), b->root = all_of(&d), bad = bad || d.bad;
		dec_counts(b, section_dec(s, n, BODY_COUNTS), &bad);
		d = section_dec(s, n, BODY_COMPLETE);
		complete = dec_u8(&d);
		b->complete = complete == 1;
		bad = bad || !dec_done(&d) || complete > 1;
		dec_errors(b, section_dec(s, n, BODY_ERRORS), &bad);
		dec_seen(b, section_dec(s, n, BODY_SEEN), &bad);
		d = section_dec(s, n, BODY_POLICY), dec_copy(&d, b->policy.b, ID_LEN), bad = bad || !dec_done(&d);
		d = section_dec(s, n, BODY_SOURCE), dec_copy(&d, b->source.b, ID_LEN), bad = bad || !dec_done(&d);
		if (bad)
			rc = err_set(err, HZ_E_CORRUPT, "commit body: malformed");
	}
	if (rc < 0)
		commit_body_release(b);
	return rc;
}
