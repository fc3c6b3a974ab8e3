/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of audit objects: a log of some records of ours, and objects of parts of it. */
#ifndef UNIT_ARCHIVE_AUDITED_H
#define UNIT_ARCHIVE_AUDITED_H

#include "fixture.h"
#include "archive/audit.h"
#include "crypto/digest.h"
#include <stdio.h>

#define N_LINES 6u

struct audited {
	struct fixture f;
	struct secret *seed; /* of the log */
	uint8_t pub[SIGN_PUB_LEN];
	uint8_t lines[N_LINES][LOG_LINE_LEN];
	char text[N_LINES][64], sig[N_LINES][64];
};

static UNUSED void audited_line(struct audited *a, unsigned i, const char *what)
{
	struct log_entry e;

	(void)snprintf(a->text[i], sizeof(a->text[i]), "{\"%s\":%u}\n", what, i);
	(void)snprintf(a->sig[i], sizeof(a->sig[i]), "signature %u\n", i);
	(void)snprintf(e.name, sizeof(e.name), "2026-11/00000000-0000-4000-8000-%012u", i);
	e.record = sha256(a->text[i], strlen(a->text[i]));
	e.sig = sha256(a->sig[i], strlen(a->sig[i]));
	log_entry_write(a->lines[i], &e);
}

static UNUSED int audited_setup(void **state)
{
	struct audited *a = calloc(1, sizeof(*a));

	assert_non_null(a);
	fixture_new(&a->f, SUITE_SODIUM);
	assert_ok(sign_keypair(&a->seed, a->pub, NULL), NULL);
	for (unsigned i = 0; i < N_LINES; i++)
		audited_line(a, i, "record");
	*state = a;
	return 0;
}

static UNUSED int audited_teardown(void **state)
{
	struct audited *a = *state;

	secret_free(a->seed);
	fixture_free(&a->f);
	free(a);
	return 0;
}

/* The checkpoint over the first n. */
static UNUSED void audited_note(const struct audited *a, struct buf *note, uint64_t n)
{
	struct merkle m = { .n = 0 };
	struct checkpoint c;

	for (uint64_t i = 0; i < n; i++) {
		struct id leaf = merkle_leaf(a->lines[i], LOG_LINE_LEN);

		merkle_add(&m, &leaf);
	}
	c.size = n;
	c.root = merkle_root(&m);
	assert_ok(checkpoint_make(note, &c, a->seed, NULL), NULL);
}

static UNUSED void audited_entries(const struct audited *a, struct buf *out, uint64_t first, uint64_t n, bool files)
{
	for (uint64_t i = first; i < first + n; i++) {
		struct buf text = BUF_INIT, sig = BUF_INIT;

		if (files) {
			assert_int_equal(buf_append(&text, a->text[i], strlen(a->text[i])), 0);
			assert_int_equal(buf_append(&sig, a->sig[i], strlen(a->sig[i])), 0);
		}
		assert_ok(audit_add(out, a->lines[i], &text, &sig, NULL), NULL);
		buf_release(&text);
		buf_release(&sig);
	}
}

/* Puts entries [first, first + n) under a checkpoint of head; signed by key. */
static UNUSED struct uid audited_put(
	struct audited *a, uint64_t first, uint64_t n, uint64_t head, const struct bundle *key)
{
	struct buf note = BUF_INIT, entries = BUF_INIT, object = BUF_INIT;
	struct audit one = { .first = first, .n = n };
	hz_error *err = NULL;

	audited_note(a, &note, head);
	audited_entries(a, &entries, first, n, true);
	memcpy(one.log, a->pub, SIGN_PUB_LEN);
	one.note = (struct bytes){ note.data, note.len };
	assert_ok(audit_build(&object, &one, &entries, &a->f.log, key, &err), &err);
	assert_ok(signed_put(a->f.store, name_audit(&one.id).s, &object, false, &err), &err);
	buf_release(&note);
	buf_release(&entries);
	buf_release(&object);
	return one.id;
}

#endif
