/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Repositories, keys and roles.
 *
 *	hz_repo_options o = HZ_REPO_OPTIONS_INIT;
 *	hz_reader *r = NULL;
 *	hz_error *err = NULL;
 *
 *	o.location = "/srv/backup";
 *	o.passphrase = ask;
 *	if (hz_reader_open(&r, &o, HZ_NEED_LIST, NULL, &err) == 0)
 *		hz_snapshots(r, NULL, print_one, NULL, NULL, &err);
 *	hz_reader_close(r);
 */
#ifndef HOZEN_REPO_H
#define HOZEN_REPO_H

#include "hozen/error.h"
#include "hozen/job.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HZ_ID_HEX  65 /* room for 64 digits and NUL */
#define HZ_UID_HEX 33

enum {
	HZ_ROLE_WRITER = 1,
	HZ_ROLE_LISTER = 2,
	HZ_ROLE_READER = 3,
	HZ_ROLE_KEEPER = 4,
	HZ_ROLE_ATTESTER = 5,
	HZ_ROLE_ADMIN = 6
};
/* "writer", ...; "unknown" for anything else. Static. */
HZ_API const char *hz_role_name(uint32_t role);

/* What a call needs to be able to do. */
enum {
	HZ_NEED_NOTHING = 0,
	HZ_NEED_WRITE = 1, /* writer */
	HZ_NEED_LIST = 2,  /* lister, reader, keeper, attester, admin */
	HZ_NEED_READ = 4,  /* reader, attester, admin */
	HZ_NEED_ADMIN = 8  /* admin */
};

/* Hands out the passphrase: at most cap bytes into out, their number in *len. confirm: a new passphrase is being
 * chosen, ask twice where a person types it. 0, or HZ_E_AUTH when there is none to be had (nobody to ask), or another
 * code that stops the call. */
typedef int (*hz_passphrase_fn)(void *user, int confirm, char *out, size_t cap, size_t *len, hz_error **err);

typedef struct hz_repo_options {
	uint32_t size;
	uint32_t flags;              /* none yet */
	const char *location;        /* a folder; what stands before "://" names another kind of store */
	const char *key_file;        /* NULL: the default place, see hz_default_key_file */
	const char *state_dir;       /* NULL: /var/lib/hozen as root, $XDG_STATE_HOME/hozen otherwise */
	const char *cache_dir;       /* NULL: /var/cache/hozen as root, $XDG_CACHE_HOME/hozen otherwise */
	hz_passphrase_fn passphrase; /* NULL: no passphrase */
	void *passphrase_user;
	uint32_t passphrase_may_ask; /* 1: use the function also where HZ_NEED_* is met without it (it will not prompt)
				      */
	uint32_t workers;            /* at most so many, as memory allows; 0: one a processor */
	/* How much a backup may take, about, whatever is backed up (index and cache of a very large repository come on
	 * top): workers and packs under way are as many as fit. 0: 100 MiB. HZ_E_INVAL, with the least that is
	 * possible, when it is too little. */
	uint64_t memory_bytes;
} hz_repo_options;
#define HZ_REPO_OPTIONS_INIT                                          \
	{                                                             \
		sizeof(hz_repo_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 \
	}

/* Makes a repository in an empty or missing folder (or over a dead init's remains), with an admin key in a passphrase
 * slot and this host's writer key in key_file (0600; HZ_E_EXISTS if something stands there). Nothing is overwritten.
 * HZ_E_EXISTS: there is a repository already. HZ_E_UNSUPPORTED: the file system cannot put objects atomically.
 * A failure leaves no repository that opens. Since: 0.1 */
typedef struct hz_init_options {
	uint32_t size;
	uint32_t suite;   /* 1, 2, or 0: 2 where the processor has SHA and AES instructions */
	uint32_t chunker; /* 0 or 1: default, 2: small (images, databases), 3: fixed (block devices) */
	uint32_t reserved;
	const char *writer_name; /* NULL: host name */
	/* Public key of this host's evidence, as in hz_record_info, to be registered in the admin log; NULL: none. */
	const char *evidence_key;
} hz_init_options;
#define HZ_INIT_OPTIONS_INIT                           \
	{                                              \
		sizeof(hz_init_options), 0, 0, 0, 0, 0 \
	}
typedef struct hz_init_result {
	uint32_t size;
	uint32_t suite;
	uint32_t protects; /* 1: the store protects what is there from this host's credential */
	uint32_t reserved;
	char repo_id[HZ_UID_HEX];
	char writer_id[HZ_UID_HEX];
	char *key_file; /* free with hz_free */
} hz_init_result;
#define HZ_INIT_RESULT_INIT                                \
	{                                                  \
		sizeof(hz_init_result), 0, 0, 0, "", "", 0 \
	}
HZ_API int hz_init(
	const hz_repo_options *repo, const hz_init_options *opts, hz_job *job, hz_init_result *result, hz_error **err);
HZ_API void hz_free(void *p);

/* Where a command without key_file looks: /etc/hozen/<repo id>/writer.key as root, else $XDG_CONFIG_HOME/hozen/<repo
 * id>/writer.key. *path is the caller's (hz_free). */
HZ_API int hz_default_key_file(char **path, const char *repo_id, hz_error **err);

/* A repository opened for reading. need: HZ_NEED_LIST, HZ_NEED_READ, or HZ_NEED_NOTHING (structure only; then
 * hz_reader_can says what the keys at hand open). The key file is tried first, then, if that is not enough, the
 * passphrase on each slot. HZ_E_AUTH: nothing at hand suffices; the message names the role needed. HZ_E_NOTFOUND: not a
 * repository. HZ_E_TOONEW: made by a newer version. HZ_E_CORRUPT: damaged beyond parity, bad signature, rolled back
 * against the pins. One thread at a time. Since: 0.1 */
typedef struct hz_reader hz_reader;
HZ_API int hz_reader_open(hz_reader **reader, const hz_repo_options *repo, uint32_t need, hz_job *job, hz_error **err);
HZ_API void hz_reader_close(hz_reader *reader);
/* HZ_NEED_LIST | HZ_NEED_READ bits. */
HZ_API uint32_t hz_reader_can(const hz_reader *reader);
HZ_API const char *hz_reader_repo_id(const hz_reader *reader);

/* Exports a key file of a role (0600, HZ_E_EXISTS if out exists). Needs the admin key by passphrase or key file. A
 * writer is new: it is registered in the admin log, in a group of its own, or in that of the writer join (its id or a
 * unique prefix, or its name). */
typedef struct hz_key_export_options {
	uint32_t size;
	uint32_t role; /* HZ_ROLE_WRITER, LISTER, READER */
	const char *out;
	const char *name;         /* of a writer; NULL: host name */
	const char *join;         /* NULL: own group */
	const char *evidence_key; /* as in hz_init_options; registered unless it is */
} hz_key_export_options;
#define HZ_KEY_EXPORT_OPTIONS_INIT                           \
	{                                                    \
		sizeof(hz_key_export_options), 0, 0, 0, 0, 0 \
	}
typedef struct hz_key_export_result {
	uint32_t size;
	uint32_t role;
	char key_id[HZ_UID_HEX]; /* of a writer: its id */
} hz_key_export_result;
#define HZ_KEY_EXPORT_RESULT_INIT                   \
	{                                           \
		sizeof(hz_key_export_result), 0, "" \
	}
HZ_API int hz_key_export(
	const hz_repo_options *repo, const hz_key_export_options *opts, hz_key_export_result *result, hz_error **err);

/* What the admin log knows of keys, oldest first. Strings are valid during the call. */
typedef struct hz_key_info {
	uint32_t size;
	uint32_t role;
	const char *kind;   /* "writer", "slot", "key-file", "root", "evidence" */
	const char *id;     /* hex; of an evidence key the fingerprint as ssh-keygen -l shows it */
	const char *group;  /* of a writer, hex; else "" */
	const char *name;   /* "" when unknown */
	const char *detail; /* of a slot: "argon2id 64 MiB, 4 passes"; else "" */
	int64_t time_sec;   /* when it was registered */
	uint32_t present;   /* a slot's object is in the store */
	uint32_t self;      /* the key in use */
} hz_key_info;
typedef int (*hz_key_fn)(void *user, const hz_key_info *key);
HZ_API int hz_key_list(hz_reader *reader, hz_key_fn fn, void *user, hz_error **err);

#ifdef __cplusplus
}
#endif
#endif
