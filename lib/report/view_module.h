/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between libhozen and the module that draws pages (hozen/view.h). Both are of one build: the module is refused when
 * its version is another. What is handed over are verified facts, parsed (jansson's values: both have the same one);
 * the module opens nothing, checks nothing and asks nobody. Errors go back as text, for the error object is libhozen's.
 */
#ifndef REPORT_VIEW_MODULE_H
#define REPORT_VIEW_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_value;

/* A record whose signature was good. */
struct view_record {
	const struct json_value *root;
	uint32_t signer; /* HZ_SIGNER_* */
	const char *sha256, *fingerprint, *principals;
};

/* What hz_log_check says. */
struct view_log {
	uint64_t entries, findings, pending, good, unknown;
	uint32_t signer; /* of the checkpoint; 0: there is none */
	const char *root, *fingerprint;
};

struct view_request {
	uint32_t format; /* HZ_VIEW_TEXT, ... */
	bool japanese, utc;
	const struct view_record *records; /* in the order of the log; a page of a record has one */
	size_t n_records;
	/* What was read of the records, for the next page of the same ones; NULL at first, and given to drop in the
	 * end. */
	void **kept;
	/* Of an overview. */
	bool overview;
	const char *period;    /* "2026-11", or NULL: the last 31 days */
	int64_t from, to, now; /* seconds: what the annex holds; to is exclusive; now: how things stand when */
	uint64_t bad;          /* entries of the log without a good record */
	struct view_log log;
};

struct view_answer {
	uint8_t *data; /* the caller's: free */
	size_t len;
	char message[512], hint[256]; /* of a failure; hint may be empty */
};

/* The one symbol that the module exports: "hozen_view_module". */
struct view_module {
	const char *version;              /* HOZEN_VERSION */
	size_t request_size, record_size; /* as it was built: another build of the same version may have others */
	/* 0 or HZ_E_NOMEM, HZ_E_CORRUPT, HZ_E_UNSUPPORTED (no such language in this build), HZ_E_NOTFOUND (no font). */
	int (*draw)(const struct view_request *request, struct view_answer *answer);
	void (*drop)(void *kept);
};

#endif
