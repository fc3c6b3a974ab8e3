/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening a repository: header, admin log, keys in the order key file, passphrase slots; each checked against the
 * others. */
#include "archive/repo.h"
#include "base/places.h"
#include "base/newfile.h"
#include "crypto/suite.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PASSPHRASE_MAX 4096u
#define PINS_FILE      "pins"

static void on_damage(void *user, const char *name, const char *what, bool mended)
{
	struct repo *r = user;

	(void)__atomic_add_fetch(mended ? &r->mended : &r->damaged, 1, __ATOMIC_RELAXED);
	job_event(r->job, mended ? HZ_EVENT_NOTE : HZ_EVENT_DAMAGE, NULL, 0, "%s: %s", name, what);
}

void repo_release(struct repo *r)
{
	admin_log_release(&r->log);
	bundle_free(r->key);
	free(r->state_dir);
	free(r->cache_dir);
	store_close(r->store);
	*r = (struct repo){ 0 };
}

/* ---- pins ---- */

int pins_check(struct repo *r, hz_error **err)
{
	AUTO_FREE uint8_t *data = NULL;
	AUTO_FREE char *path = NULL;
	AUTO(hz_error_free) hz_error *e = NULL;
	size_t len = 0;
	struct id head;
	int rc;

	if (asprintf(&path, "%s/" PINS_FILE, r->state_dir) < 0)
		return err_nomem(err);
	rc = vfs_read_file(&data, &len, AT_FDCWD, path, 4096, false, &e);
	if (rc < 0) {
		if (rc != HZ_E_NOTFOUND)
			job_event(r->job, HZ_EVENT_NOTE, NULL, 0,
				"what this host has seen of the repository cannot be read: %s", hz_error_message(e));
		return 0;
	}
	struct dec d = dec_of(data, len);
	uint64_t n = dec_u64(&d);

	dec_copy(&d, head.b, ID_LEN);
	if (!dec_done(&d)) {
		job_event(r->job, HZ_EVENT_NOTE, NULL, 0, "%s: damaged; it is written anew", path);
		return 0;
	}
	if (!admin_has_hash(&r->log, n, &head)) {
		r->rolled_back = true;
		on_damage(r, "admin log", "shows less than this host has seen: the store was rolled back or swapped",
			false);
	}
	return 0;
}

int pins_update(struct repo *r, hz_error **err)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	struct enc e = enc_to(&b);
	AUTO_FD int fd = -1;
	int rc;

	if (r->rolled_back)
		return 0;
	enc_u64(&e, r->log.n - 1);
	enc_bytes(&e, r->log.hashes[r->log.n - 1].b, ID_LEN);
	if (e.bad)
		return err_nomem(err);
	rc = vfs_mkdirs(&fd, r->state_dir, 0700, err);
	if (rc == 0)
		rc = newfile_put(fd, PINS_FILE, b.data, b.len, 0600, NEWFILE_REPLACE, err);
	return rc;
}

/* ---- keys ---- */

static int adopt(struct repo *r, struct bundle *b, hz_error **err)
{
	int rc = bundle_check(b, &r->log, err);

	if (rc < 0) {
		bundle_free(b);
		return rc;
	}
	bundle_free(r->key);
	r->key = b;
	r->can = bundle_can(b);
	return 0;
}

static int try_key_file(struct repo *r, const char *given, uint32_t need, hz_error **err)
{
	AUTO_FREE char *path = NULL;
	AUTO(hz_error_free) hz_error *e = NULL;
	struct bundle *b = NULL;
	int rc = 0;

	if (given)
		rc = asprintf(&path, "%s", given) < 0 ? err_nomem(err) : 0;
	else
		rc = place_key(&path, &r->log.repo.id, err);
	if (rc < 0)
		return rc;
	rc = keyfile_read(&b, path, &r->sink, &e);
	if (rc == HZ_E_NOTFOUND && !(need & HZ_NEED_WRITE))
		return 0;
	if (rc == HZ_E_NOTFOUND) {
		err_set(err, HZ_E_AUTH, "no writer key: %s does not exist", path);
		err_hint(err,
			"give --key-file, or make a key for this host: hozen-backup key export --role writer --out "
			"FILE");
		return HZ_E_AUTH;
	}
	if (rc < 0) {
		if (err && !*err)
			*err = TAKE(e);
		return rc;
	}
	return adopt(r, b, err);
}

static int ask_passphrase(struct secret **ret, const hz_repo_options *o, int confirm, hz_error **err)
{
	AUTO(secret_free) struct secret *room = NULL;
	size_t len = 0;
	int rc = secret_new(&room, PASSPHRASE_MAX, err);

	if (rc == 0)
		rc = o->passphrase(o->passphrase_user, confirm, (char *)secret_data(room), PASSPHRASE_MAX, &len, err);
	if (rc < 0)
		return rc;
	if (len == 0 || len > PASSPHRASE_MAX)
		return err_set(err, HZ_E_AUTH, "the passphrase is empty");
	return secret_from(ret, secret_bytes(room), len, err);
}

static const char *role_needed(uint32_t need)
{
	return need & HZ_NEED_ADMIN   ? "admin"
		: need & HZ_NEED_READ ? "reader"
		: need & HZ_NEED_LIST ? "lister"
				      : "writer";
}

/* In the message, not in the hint: whoever asked for the passphrase has a hint of his own. */
static int need_said(uint32_t need, int rc, hz_error **err)
{
	if (rc == HZ_E_AUTH) {
		err_set(err, rc, "this needs the %s role, and no passphrase was given", role_needed(need));
		err_hint(err, "give the passphrase, or a key file of that role with --key-file");
	}
	return rc;
}

static int try_slots(struct repo *r, const hz_repo_options *o, uint32_t need, hz_error **err)
{
	AUTO(secret_free) struct secret *pass = NULL;
	bool any = false;
	int rc = ask_passphrase(&pass, o, 0, err);

	if (rc < 0)
		return need_said(need, rc, err);
	for (size_t i = r->log.n_keys; i-- > 0;) {
		const struct key_info *k = &r->log.keys[i];
		AUTO(hz_error_free) hz_error *e = NULL;
		struct slot_info info;
		struct bundle *b = NULL;

		if (k->kind != KEY_SLOT || k->ended)
			continue;
		any = true;
		rc = slot_open(&b, &info, r->store, &r->log, k, pass, &r->sink, &e);
		if (rc == 0) {
			if (r->key && (bundle_can(b) & need) != need && need) {
				bundle_free(b);
				continue;
			}
			return adopt(r, b, err);
		}
		if (!signed_is_verdict(rc)) {
			if (err && !*err)
				*err = TAKE(e);
			return rc;
		}
		if (rc != HZ_E_AUTH && r->sink.fn)
			on_damage(r, name_slot(&k->uid).s, hz_error_message(e), false);
	}
	err_set(err, HZ_E_AUTH, any ? "wrong passphrase" : "the repository has no passphrase slot");
	err_hint(err, "this needs the %s role: give its passphrase, or a key file of that role with --key-file",
		role_needed(need));
	return HZ_E_AUTH;
}

static int get_keys(struct repo *r, const hz_repo_options *o, uint32_t need, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	int rc = try_key_file(r, o->key_file, need, &why);

	/* A default key file that cannot be used must not keep a passphrase from working; one that was named must. */
	if ((rc == HZ_E_CORRUPT || rc == HZ_E_AUTH) && !o->key_file && o->passphrase && !(need & HZ_NEED_WRITE)) {
		r->sink.fn(r->sink.user, "this host's key file", hz_error_message(why), false);
		rc = 0;
	}
	if (rc < 0 && err && !*err)
		*err = TAKE(why);
	if (rc < 0)
		return rc;
	if (need & HZ_NEED_WRITE) {
		if ((r->can & need) == need)
			return 0;
		err_set(err, HZ_E_AUTH, "the key is a %s key; this needs the writer role", hz_role_name(r->key->role));
		err_hint(err, "give this host's writer key with --key-file");
		return HZ_E_AUTH;
	}
	bool enough = (r->can & need) == need;

	if (enough && !(o->passphrase && o->passphrase_may_ask && !(r->can & HZ_NEED_READ)))
		return 0;
	if (!o->passphrase) {
		if (enough)
			return 0;
		bool missing = o->key_file && !r->key;

		err_set(err, HZ_E_AUTH, "no key at hand that can do this: it needs the %s role%s%s", role_needed(need),
			missing ? err_text("; there is no ") : "", missing ? o->key_file : "");
		err_hint(err, "give a passphrase, or a key file of that role with --key-file");
		return HZ_E_AUTH;
	}
	return try_slots(r, o, need, err);
}

static int set_budget(struct repo *r, const hz_repo_options *o, hz_error **err)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	const struct budget_limits l = { .cores = cores > 0 ? (unsigned)cores : 1,
		.workers = o->workers,
		.memory = o->memory_bytes,
		.pack_size = (uint64_t)1 << r->log.repo.pack_log2,
		.remote = r->store->remote };
	int rc = budget_make(&r->budget, &l, err);

	r->workers = r->budget.workers;
	return rc;
}

static int open_all(struct repo *r, const hz_repo_options *o, uint32_t need, hz_error **err)
{
	struct repo_header h = { .suite = 0 };
	int rc = crypto_init(err);

	if (rc == 0 && !o->location) {
		rc = err_set(err, HZ_E_INVAL, "no repository named");
		err_hint(err, "give --repo FOLDER or set HOZEN_REPO");
	}
	if (rc == 0)
		rc = store_open(&r->store, o->location, STORE_EXISTING, err);
	if (rc == 0)
		rc = repo_header_load(&h, r->store, &r->sink, err);
	if (rc == 0) {
		r->log.repo = h;
		if (h.read_only && (need & (HZ_NEED_WRITE | HZ_NEED_ADMIN))) {
			err_set(err, HZ_E_TOONEW, "repo: features %llx, which a writer must know",
				(unsigned long long)h.read_only);
			err_hint(err, "a newer version of hozen made this repository: use that version; reading works");
			return HZ_E_TOONEW;
		}
		rc = set_budget(r, o, err);
	}
	if (rc == 0)
		rc = place_state(&r->state_dir, o->state_dir, &h.id, err);
	if (rc == 0)
		rc = place_cache(&r->cache_dir, o->cache_dir, &h.id, err);
	if (rc == 0)
		rc = admin_log_load(&r->log, r->store, &r->sink, err);
	if (rc == 0)
		rc = get_keys(r, o, need, err);
	if (rc == 0)
		rc = pins_check(r, err);
	return rc;
}

int repo_open(struct repo *r, const hz_repo_options *options, uint32_t need, hz_job *job, hz_error **err)
{
	hz_repo_options o;
	int rc;

	*r = (struct repo){ .job = job };
	rc = options_copy(&o, sizeof(o), options, "hz_repo_options", err);
	if (rc < 0)
		return rc;
	r->sink = (struct damage_sink){ on_damage, r };
	rc = open_all(r, &o, need, err);
	if (rc < 0) {
		(void)job_tick(job, NULL);
		repo_release(r);
	}
	return rc;
}

const char *hz_role_name(uint32_t role)
{
	static const char *const names[] = { "unknown", "writer", "lister", "reader", "keeper", "attester", "admin" };

	return names[role < ARRAY_LEN(names) ? role : 0];
}
