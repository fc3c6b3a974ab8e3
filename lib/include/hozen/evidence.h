/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Evidence: a signed record of everything that changes or proves something, and the log of all records
 * (docs/evidence/README.md: every format, and how to check it without this library). ISO/IEC 27001 Annex A 8.13, 8.15,
 * 8.17, 8.18, 8.24.
 *
 *	hz_record_options o = HZ_RECORD_OPTIONS_INIT;
 *	hz_json *summary = hz_json_new("summary");
 *	hz_record *rec = NULL;
 *	hz_error *err = NULL;
 *
 *	o.tool = "hozen-backup", o.command = "create", o.kind = "backup";
 *	hz_record_begin(&rec, &o, &err);
 *	hz_record_about(rec, "host", "alpha");
 *	hz_record_result(rec, summary);
 *	hz_record_end(rec, 0, NULL, &err);
 *
 * From begin on the disk knows that the command was started: a process that is killed leaves a record with the outcome
 * "interrupted", which the next one signs and logs. One thread at a time for each object.
 */
#ifndef HOZEN_EVIDENCE_H
#define HOZEN_EVIDENCE_H

#include "hozen/job.h"
#include "hozen/json.h"
#include "hozen/repo.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HZ_UUID_TEXT        37 /* with NUL, here and below */
#define HZ_FINGERPRINT_TEXT 51
#define HZ_PUBLIC_KEY_TEXT  81

/* ---- writing ---- */

typedef struct hz_record_options {
	uint32_t size;
	uint32_t flags;            /* none yet */
	const char *folder;        /* NULL: "evidence" in the state folder */
	const char *state_dir;     /* as in hz_repo_options; pins of signers are there */
	const char *tool;          /* "hozen-backup" */
	const char *command;       /* "create"; arguments do not belong here */
	const char *kind;          /* one of docs/evidence: "backup", ... */
	const char *operator_name; /* NULL: the login of this user */
	const char *operator_from; /* "option", "environment"; NULL: "login" */
	const char *ticket;        /* NULL: none */
	const char *controls;      /* of Annex A, separated by spaces; NULL: none */
	/* The policy under which it is done (hozen/policy.h): both or none. */
	const char *policy_id, *policy_sha256;
} hz_record_options;
#define HZ_RECORD_OPTIONS_INIT                                                \
	{                                                                     \
		sizeof(hz_record_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 \
	}

typedef struct hz_record hz_record;

/* Makes the folder and the signing key where they are missing, finishes what earlier commands left behind, and makes
 * the trace of this one durable, with room for its record. HZ_E_CORRUPT: the log is not what the checkpoint says, and
 * a record is begun all the same (*rec is set) and stays pending; or the key is damaged or gone, and none is begun.
 * HZ_E_INVAL: an unknown kind. HZ_E_IO, HZ_E_NOSPACE, HZ_E_NOMEM: no record is begun. Since: 0.1 */
HZ_API int hz_record_begin(hz_record **rec, const hz_record_options *opts, hz_error **err);

/* The functions between begin and end take NULL for rec and do nothing then. What does not fit in memory makes
 * hz_record_end fail with HZ_E_NOMEM. */

/* What it is about: a name and a value of the identity object, such as "repository" and its id; the last value counts.
 */
HZ_API void hz_record_about(hz_record *rec, const char *key, const char *value);
/* A further subject: something with a name and a SHA-256, as 64 hex digits. */
HZ_API void hz_record_subject(hz_record *rec, const char *name, const char *sha256);
/* The same for a file of at most 256 MiB, by its content; its name is the path's last part. HZ_E_NOTFOUND, HZ_E_IO,
 * HZ_E_INVAL: it cannot be read, or is too large; nothing is added. */
HZ_API int hz_record_subject_file(hz_record *rec, const char *path, hz_error **err);
/* Each event that is no HZ_EVENT_NOTE becomes a failure; at most 500 are kept, all are counted. */
HZ_API void hz_record_event(hz_record *rec, const hz_event *event);
/* The summary of the command, copied; the last one counts. */
HZ_API void hz_record_result(hz_record *rec, const hz_json *summary);
enum { HZ_SAYS_NOT_CHECKED = 0, HZ_SAYS_ASSUMPTION = 1, HZ_SAYS_OVERRIDE = 2 };
/* What the record does not say. which: HZ_SAYS_*. */
HZ_API void hz_record_says(hz_record *rec, uint32_t which, const char *text);

typedef struct hz_record_info {
	uint32_t size;
	uint32_t key_is_new; /* 1: this call made the signing key */
	char uuid[HZ_UUID_TEXT];
	char fingerprint[HZ_FINGERPRINT_TEXT];
	char public_key[HZ_PUBLIC_KEY_TEXT]; /* as in an allowed_signers file, without a name */
	char *folder;                        /* borrowed from rec */
	char name[48]; /* of its files under records/ of the folder, without .json: "2026-11/<uuid>" */
} hz_record_info;
#define HZ_RECORD_INFO_INIT                                  \
	{                                                    \
		sizeof(hz_record_info), 0, "", "", "", 0, "" \
	}
HZ_API int hz_record_info_get(const hz_record *rec, hz_record_info *info, hz_error **err);

/* Signs, stores and logs the record, and frees rec (NULL is fine: 0). exit_code is that of the tool (0, 1, 2, 3, 4, 5,
 * 6, 130). error: the message of the failure, or NULL. On failure nothing is lost that was durable: what stands in the
 * folder's pending/ is logged by the next command. HZ_E_CORRUPT: as in hz_record_begin. */
HZ_API int hz_record_end(hz_record *rec, int exit_code, const char *error, hz_error **err);

/* ---- checking ---- */

/* Whom to believe. */
typedef struct hz_trust hz_trust;
HZ_API int hz_trust_new(hz_trust **trust, hz_error **err);
HZ_API void hz_trust_free(hz_trust *trust);
/* Adds the lines of an allowed_signers file. HZ_E_CORRUPT: a line that cannot be understood; HZ_E_NOTFOUND, HZ_E_IO. */
HZ_API int hz_trust_add_file(hz_trust *trust, const char *path, hz_error **err);
/* Adds the pins of the state folder (as in hz_repo_options); none are none. */
HZ_API int hz_trust_add_pins(hz_trust *trust, const char *state_dir, hz_error **err);
/* How many keys it has. */
HZ_API uint64_t hz_trust_count(const hz_trust *trust);

enum {
	HZ_SIGNER_TRUSTED = 1, /* the key is among those to believe, for this use and at that time */
	HZ_SIGNER_UNKNOWN = 2, /* it is not: the bytes are intact, whose they are nobody knows */
	HZ_SIGNER_EXPIRED = 3  /* it is, but not for that time */
};

typedef struct hz_report {
	uint32_t size;
	uint32_t signer; /* HZ_SIGNER_* */
	char fingerprint[HZ_FINGERPRINT_TEXT];
	char principals[128]; /* whom the allowed_signers file names, cut where it is longer */
	char uuid[HZ_UUID_TEXT];
	char kind[32], outcome[32];
	char sha256[HZ_ID_HEX]; /* of the record's bytes */
	uint32_t late;          /* 1: written by a later run */
	/* From the record, cut where they are longer; empty: null there. */
	char command[64], start[40], end[40], operator_name[128], host[256], ticket[128], error[512];
	uint64_t failures;
	/* From its identity; empty: not there. time: seconds since 1970, of its end, or of its start when it has none.
	 */
	char repository[HZ_UID_HEX], snapshot[HZ_ID_HEX];
	int64_t time;
	char *text; /* the record, the verified bytes, NUL at the end; free with hz_free */
	uint64_t text_len;
	int64_t start_time; /* seconds since 1970 */
} hz_report;
#define HZ_REPORT_INIT                                                                                             \
	{                                                                                                          \
		sizeof(hz_report), 0, "", "", "", "", "", "", 0, "", "", "", "", "", "", "", 0, "", "", 0, 0, 0, 0 \
	}
/* Verifies the record in `path` with the signature in `path`.sig, then reads it. HZ_E_CORRUPT: the signature is not one
 * of these bytes, or the record is none by docs/evidence; nothing of its content is handed out then. HZ_E_TOONEW: a
 * type that this version does not know. HZ_E_NOTFOUND: one of the two files is missing. */
HZ_API int hz_report_check(const char *path, const hz_trust *trust, hz_report *report, hz_error **err);

/* Every record of an evidence folder (as in hz_log_check) in the order of its log, verified; fn ends the walk by
 * another value than 0, which is returned. report is borrowed, its text too. What is missing or not what it should be
 * is passed over and counted in *bad (may be NULL): hz_log_check says what it is. HZ_E_NOTFOUND: no log there. A long
 * log is examined by a few threads of its own, where they can be started; fn is called on the caller's. Since: 0.1 */
typedef int (*hz_report_fn)(void *user, const hz_report *report);
HZ_API int hz_records_walk(const char *folder, const char *state_dir, const hz_trust *trust, hz_report_fn fn,
	void *user, uint64_t *bad, hz_error **err);

/* What a log shows. */
enum {
	HZ_LOG_CHANGED = 1,    /* a record, or its signature, is not what its entry says */
	HZ_LOG_DROPPED = 2,    /* the files of an entry are missing */
	HZ_LOG_INSERTED = 3,   /* files of a record that no entry names */
	HZ_LOG_REORDERED = 4,  /* an entry stands before others that were there when its command began */
	HZ_LOG_REWRITTEN = 5,  /* entries are not what a signed head says: somewhere in [first, last] */
	HZ_LOG_CUT = 6,        /* entries are missing at the end */
	HZ_LOG_BAD_ENTRY = 7,  /* a line that is no entry, or one for the second time */
	HZ_LOG_BAD_RECORD = 8, /* the files are what the entry says, but no record or badly signed */
	HZ_LOG_PENDING = 9     /* not damage: a command that runs, or one whose record is to be logged yet */
};
typedef struct hz_log_finding {
	uint32_t size;
	uint32_t kind;        /* HZ_LOG_* */
	uint64_t first, last; /* entries, from 0; UINT64_MAX: none */
	const char *name;     /* of the record, "2026-11/<uuid>", or NULL */
	const char *message;  /* one line */
} hz_log_finding;
typedef void (*hz_log_finding_fn)(void *user, const hz_log_finding *finding);

typedef struct hz_log_result {
	uint32_t size;
	uint32_t signer;                /* of the checkpoint: HZ_SIGNER_*; 0: there is none */
	uint64_t entries, records_good; /* good: signed by the log's key or another that is trusted */
	uint64_t records_unknown;       /* intact, signer unknown */
	uint64_t findings;              /* without pending */
	uint64_t pending;
	uint64_t head_size;    /* of the head that was given */
	uint32_t tail_checked; /* 1: by such a head */
	uint32_t reserved;
	char root[45];                         /* of the log as it is, base64 */
	char origin[80];                       /* of the checkpoint */
	char fingerprint[HZ_FINGERPRINT_TEXT]; /* of the key that signed it, when it is known */
} hz_log_result;
#define HZ_LOG_RESULT_INIT                                                   \
	{                                                                    \
		sizeof(hz_log_result), 0, 0, 0, 0, 0, 0, 0, 0, 0, "", "", "" \
	}
/* Looks at every entry and every record of an evidence folder (NULL: as in hz_record_options). head: a file with an
 * earlier checkpoint that was kept elsewhere, or NULL. 0 also when there are findings: result->findings counts them.
 * HZ_E_NOTFOUND: no log there. HZ_E_CORRUPT: the head is none. Reads only. Threads: as hz_records_walk. Since: 0.1 */
HZ_API int hz_log_check(const char *folder, const char *state_dir, const hz_trust *trust, const char *head,
	hz_log_finding_fn fn, void *user, hz_log_result *result, hz_error **err);

/* Holds a log (folder: as above) against a copy of it that was kept elsewhere, a folder too: an entry that the copy has
 * and the log has not is a finding, HZ_LOG_DROPPED, one that it has with other hashes HZ_LOG_REWRITTEN; first and last
 * are its place in the copy. Newer entries of the log are none. The copy's checkpoint is a head for hz_log_check, which
 * sees what was moved. HZ_E_NOTFOUND: one of the two is not there. Reads only. Since: 0.1 */
HZ_API int hz_log_compare(const char *folder, const char *state_dir, const char *copy, hz_log_finding_fn fn, void *user,
	uint64_t *findings, hz_error **err);

/* A proof that a log (folder and state_dir as in hz_log_check) has the record of this UUID, as c2sp.org/tlog-proof has
 * it: with the two files of the record it is checked without the log. *text is the caller's (hz_free). HZ_E_NOTFOUND:
 * no log there, or no such record in what the checkpoint covers; HZ_E_CORRUPT: the log is not what its checkpoint says.
 * Since: 0.1 */
HZ_API int hz_log_prove(const char *folder, const char *state_dir, const char *uuid, char **text, hz_error **err);

typedef struct hz_proof {
	uint32_t size;
	uint32_t signer;     /* of the record: HZ_SIGNER_* */
	uint32_t log_signer; /* of the log's checkpoint: HZ_SIGNER_TRUSTED, or HZ_SIGNER_UNKNOWN: nothing is proved then
			      */
	uint32_t reserved;
	uint64_t index, entries; /* the record's place, of so many that the checkpoint covers */
	char root[45];           /* base64 */
	char origin[80];
	char uuid[HZ_UUID_TEXT];
	char fingerprint[HZ_FINGERPRINT_TEXT]; /* of the record's signer */
	char reserved_end[3];
} hz_proof;
#define HZ_PROOF_INIT                                               \
	{                                                           \
		sizeof(hz_proof), 0, 0, 0, 0, 0, "", "", "", "", "" \
	}
/* Does the proof say that the record in `path`, with the signature in `path`.sig, is in the log that it names? 0 also
 * where the signer of one of them is not among those to believe: look at the result. HZ_E_CORRUPT: the proof, the
 * record or the signature is none, or they do not belong together. HZ_E_NOTFOUND, HZ_E_IO. Reads only. Since: 0.1 */
HZ_API int hz_proof_check(const char *proof, const char *path, const hz_trust *trust, hz_proof *result, hz_error **err);

/* Copies what an outsider needs to check the records of a period into the new folder `out` (0700 until it is complete,
 * then 0755): the whole log with its checkpoint, the records whose month begins with period ("2026" or "2026-11") with
 * their signatures, and the public key. folder and state_dir as in hz_log_check. *records: how many; may be NULL.
 * HZ_E_INVAL: no such period can be; HZ_E_NOTFOUND: no log there, or no record of the period; HZ_E_EXISTS: something
 * stands at out; HZ_E_CORRUPT: a record that the log names is missing. On failure nothing is left at out. Since: 0.1 */
HZ_API int hz_evidence_copy(const char *folder, const char *state_dir, const char *period, const char *out,
	uint64_t *records, hz_error **err);

/* ---- two persons ---- */

/*
 * An approval, given before a run: a text of the lines "hozen-approval-v1", "goal: clear", "device: WD-WX11A12B3456"
 * (may be repeated) and "until: 2026-12-31T23:59:59Z" (may be left out), signed with ssh-keygen -Y sign -n
 * hozen-approval (FILE.sig); docs/evidence.
 */
typedef struct hz_approval {
	uint32_t size;
	uint32_t reserved;
	char approver[128]; /* as the file of approvers names the key */
	char fingerprint[HZ_FINGERPRINT_TEXT];
	char sha256[HZ_ID_HEX]; /* of the text's bytes */
} hz_approval;
#define HZ_APPROVAL_INIT                           \
	{                                          \
		sizeof(hz_approval), 0, "", "", "" \
	}
/* Is this run approved? approvers: their keys. operator_name: who runs it, NULL: the login. HZ_E_CORRUPT: the signature
 * is not one of these bytes, or the text is no approval. HZ_E_AUTH: the signer is no approver (at this time).
 * HZ_E_REFUSED: approved by the operator himself, for another goal, not for one of the devices, or no more.
 * HZ_E_NOTFOUND: one of the files is missing. Since: 0.1 */
HZ_API int hz_approval_check(const char *path, const hz_trust *approvers, const char *goal, const char *const *devices,
	uint64_t n, const char *operator_name, hz_approval *approval, hz_error **err);

/* The second look at a sanitization, by another person than the one who did it (SP 800-88: validation). */
enum { HZ_DECISION_ACCEPTED = 1, HZ_DECISION_REJECTED = 2 };
#define HZ_VALIDATE_ONE_PERSON 1u /* the same person may: the policy does not ask for two. It is in the record */
typedef struct hz_validate_options {
	uint32_t size;
	uint32_t flags;
	uint32_t decision;
	uint32_t reserved;
	const char *reason; /* NULL: none was given; needed for a rejection */
} hz_validate_options;
#define HZ_VALIDATE_OPTIONS_INIT                        \
	{                                               \
		sizeof(hz_validate_options), 0, 0, 0, 0 \
	}
/* Checks the record at path (its signature is beside it) and says the decision about it in rec, whose kind is
 * "validate" and which must not be NULL: the record's SHA-256 is a subject of it. HZ_E_AUTH: its signer is not trusted.
 * HZ_E_REFUSED: it is no record of a sanitization, it is accepted though it is no certificate, or the operator of rec
 * (by name, login, who became root by sudo, or uid on the same machine) is its own. HZ_E_CORRUPT: changed. HZ_E_INVAL:
 * no decision, or a rejection without a reason. summary: filled by docs/schemas/validate_summary-v1.json. Since: 0.1 */
HZ_API int hz_record_validate(const char *path, const hz_trust *trust, const hz_validate_options *opts, hz_record *rec,
	hz_json *summary, hz_error **err);

/* Known answers of hash, ciphers, key derivation and signature, computed by this process. 0, or HZ_E_INTERNAL. */
HZ_API int hz_selftest(hz_error **err);

#ifdef __cplusplus
}
#endif
#endif
