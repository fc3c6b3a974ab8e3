/* SPDX-License-Identifier: BSD-2-Clause */
/* A command's record, from its beginning to its end: the public side of folder.h and statement.h. */
#include "base/options.h"
#include "base/program.h"
#include "base/vfs.h"
#include "crypto/digest.h"
#include "report/folder.h"
#include "report/person.h"
#include "report/sshsig.h"
#include "report/statement.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FAILURES_MAX      500u
#define FAILURE_BYTES_MAX ((size_t)48 << 10)
#define PROGRAM_MAX       ((size_t)256 << 20) /* of a file that is hashed whole */

static const char *const says_keys[] = { "not_checked", "assumptions", "overrides" };

struct hz_record {
	struct folder folder;
	char uuid[UUID_TEXT];
	int lock; /* -1: none, nothing is to be finished */
	hz_record_options opts;
	char *text[9]; /* what opts points to */
	struct walltime start;
	uint64_t start_mono;
	struct clock_state clock;
	hz_json *operator_, *host, *tool, *identity, *lists; /* lists: failures, subjects, and what it says */
	hz_json *failures, *subjects, *says[3];
	hz_json *result;
	size_t failure_bytes;
	uint64_t n_failures, failures_total;
	bool failed; /* memory was out */
};

static void record_free(hz_record *r)
{
	if (!r)
		return;
	fd_close(&r->lock);
	folder_close(&r->folder);
	for (size_t i = 0; i < ARRAY_LEN(r->text); i++)
		free(r->text[i]);
	hz_json_free(r->operator_);
	hz_json_free(r->host);
	hz_json_free(r->tool);
	hz_json_free(r->identity);
	hz_json_free(r->lists);
	hz_json_free(r->result);
	free(r);
}
DEFINE_AUTO(hz_record, record_free)

/* ---- who and where ---- */

static void put_operator(hz_record *r)
{
	struct passwd room, *pw = NULL;
	char buf[4096];
	const char *sudo = getenv("SUDO_USER"), *login;

	(void)getpwuid_r(getuid(), &room, buf, sizeof(buf), &pw);
	login = pw ? pw->pw_name : NULL;
	json_put_text(r->operator_, "name", r->opts.operator_name ? r->opts.operator_name : login, TEXT_MAX);
	hz_json_str(r->operator_, "from", r->opts.operator_name ? r->opts.operator_from : "login");
	hz_json_u64(r->operator_, "uid", getuid());
	json_put_text(r->operator_, "login", login, TEXT_MAX);
	json_put_text(r->operator_, "sudo_from", sudo && *sudo ? sudo : NULL, TEXT_MAX);
}

static void put_host(hz_record *r)
{
	char name[256] = "", machine[33], both[6 + 33] = "hozen";
	struct id hash;

	if (gethostname(name, sizeof(name) - 1) < 0)
		name[0] = '\0';
	json_put_text(r->host, "name", *name ? name : NULL, TEXT_MAX);
	program_machine_id(machine);
	memcpy(both + 6, machine, sizeof(machine));
	hash = sha256(both, 6 + strlen(machine));
	hz_json_str(r->host, "machine", *machine ? id_hex(&hash).s : NULL);
}

static void put_file(hz_json *j, const char *id_key, const char *hash_key, const struct program_part *p)
{
	AUTO_FREE uint8_t *data = NULL;
	size_t len;

	hz_json_str(j, id_key, *p->build_id ? p->build_id : NULL);
	hz_json_null(j, hash_key);
	if (*p->path && vfs_read_file(&data, &len, AT_FDCWD, p->path, PROGRAM_MAX, false, NULL) == 0) {
		struct id hash = sha256(data, len);

		hz_json_str(j, hash_key, id_hex(&hash).s);
	}
}

static int put_tool(hz_record *r)
{
	struct program_part *part = calloc(2, sizeof(*part));

	if (!part)
		return HZ_E_NOMEM;
	program_parts(&part[0], &part[1]);
	hz_json_str(r->tool, "name", r->opts.tool);
	hz_json_str(r->tool, "version", HOZEN_VERSION);
	put_file(r->tool, "build_id", "sha256", &part[0]);
	put_file(r->tool, "library_build_id", "library_sha256", &part[1]);
	hz_json_str(r->tool, "self_test", hz_selftest(NULL) == 0 ? "passed" : "failed");
	free(part);
	return 0;
}

/* ---- beginning ---- */

static int keep_text(hz_record *r, size_t i, const char **at)
{
	if (!*at)
		return 0;
	r->text[i] = strdup(*at);
	*at = r->text[i];
	return *at ? 0 : HZ_E_NOMEM;
}

static int take_options(hz_record *r, const hz_record_options *opts, hz_error **err)
{
	const char **texts[] = { &r->opts.tool, &r->opts.command, &r->opts.kind, &r->opts.operator_name,
		&r->opts.operator_from, &r->opts.ticket, &r->opts.controls, &r->opts.policy_id,
		&r->opts.policy_sha256 };
	int rc = options_copy(&r->opts, sizeof(r->opts), opts, "hz_record_options", err);

	if (rc < 0)
		return rc;
	if (!r->opts.tool || !r->opts.command || !r->opts.kind || !record_kind_is_known(r->opts.kind) || r->opts.flags)
		return err_set(err, HZ_E_INVAL, "hz_record_options: tool, command or kind is missing or unknown");
	if (!r->opts.policy_id != !r->opts.policy_sha256)
		return err_set(err, HZ_E_INVAL, "hz_record_options: a policy has an id and a SHA-256");
	if (!r->opts.operator_from)
		r->opts.operator_from = "login";
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (keep_text(r, i, texts[i]) < 0)
			return err_nomem(err);
	}
	return 0;
}

static int make_parts(hz_record *r, hz_error **err)
{
	r->operator_ = json_new_plain();
	r->host = json_new_plain();
	r->tool = json_new_plain();
	r->identity = json_new_plain();
	r->lists = json_new_plain();
	r->failures = hz_json_array(r->lists, "failures");
	r->subjects = hz_json_array(r->lists, "subjects");
	for (unsigned i = 0; i < 3; i++)
		r->says[i] = hz_json_array(r->lists, says_keys[i]);
	if (!r->operator_ || !r->host || !r->tool || !r->identity || !r->says[2] || put_tool(r) < 0)
		return err_nomem(err);
	put_operator(r);
	put_host(r);
	hz_json_str(r->identity, "kind", r->opts.kind);
	return 0;
}

static int make_text(const hz_record *r, char **text, size_t *len, const struct statement *end, hz_error **err)
{
	struct statement s = end ? *end : (struct statement){ .late = true };

	s.opts = &r->opts;
	s.uuid = r->uuid;
	s.start = r->start;
	s.clock = r->clock;
	s.operator_ = r->operator_;
	s.host = r->host;
	s.tool = r->tool;
	s.identity = r->identity;
	s.subjects = r->subjects;
	s.log.size = r->folder.head.size;
	s.log.root = r->folder.head.root;
	s.failures = r->failures;
	s.failures_total = r->failures_total;
	for (unsigned i = 0; i < 3; i++)
		s.says[i] = r->says[i];
	return statement_make(text, len, &s, err);
}

static int begin(hz_record *r, const hz_record_options *opts, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	AUTO_FREE char *text = NULL;
	size_t len;
	int rc = take_options(r, opts, err), settled = 0;

	if (rc == 0)
		rc = folder_open(&r->folder, opts->folder, opts->state_dir, err);
	if (rc == 0)
		rc = make_parts(r, err);
	if (rc == 0) {
		settled = folder_settle(&r->folder, &why);
		uuid_make(r->uuid);
		r->start = clock_wall();
		r->start_mono = clock_mono_ns();
		r->clock = clock_state();
		rc = make_text(r, &text, &len, NULL, err);
	}
	if (rc == 0)
		rc = err_wrap(err, folder_begin(&r->folder, r->uuid, text, len, &r->lock, err), "evidence %s",
			r->folder.path);
	/* What could not be settled is told again at the end; a log that was changed is told now. */
	if (rc == 0 && settled == HZ_E_CORRUPT)
		(void)err_copy(err, why);
	return rc == 0 && settled == HZ_E_CORRUPT ? settled : rc;
}

int hz_record_begin(hz_record **rec, const hz_record_options *opts, hz_error **err)
{
	AUTO(record_free) hz_record *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return err_nomem(err);
	r->lock = r->folder.dir = r->folder.pending = r->folder.records = -1;
	rc = begin(r, opts, err);
	if (rc == 0 || (rc == HZ_E_CORRUPT && r->lock >= 0))
		*rec = TAKE(r);
	return rc;
}

/* ---- meanwhile ---- */

void hz_record_about(hz_record *rec, const char *key, const char *value)
{
	if (rec)
		json_put_text(rec->identity, key, value, TEXT_MAX);
}

void hz_record_subject(hz_record *rec, const char *name, const char *sha256_hex)
{
	hz_json *one = rec ? hz_json_add_object(rec->subjects) : NULL;

	json_put_text(one, "name", name, TEXT_MAX);
	hz_json_str(hz_json_object(one, "digest"), "sha256", sha256_hex);
}

int hz_record_subject_file(hz_record *rec, const char *path, hz_error **err)
{
	AUTO_FREE uint8_t *data = NULL;
	const char *slash = strrchr(path, '/');
	struct id sum;
	size_t len;
	int rc = vfs_read_file(&data, &len, AT_FDCWD, path, PROGRAM_MAX, false, err);

	if (rc < 0)
		return err_wrap(err, rc, "%s", path);
	sum = sha256(data, len);
	hz_record_subject(rec, slash ? slash + 1 : path, id_hex(&sum).s);
	return 0;
}

void hz_record_event(hz_record *rec, const hz_event *event)
{
	static const char *const kinds[] = { "note", "source", "meta", "damage", "target" };
	hz_json *one;
	size_t bytes;

	if (!rec || event->kind == HZ_EVENT_NOTE || event->kind >= ARRAY_LEN(kinds))
		return;
	rec->failures_total++;
	bytes = (event->path ? event->path_len : 0) + strlen(event->message);
	if (rec->n_failures >= FAILURES_MAX || rec->failure_bytes + bytes > FAILURE_BYTES_MAX)
		return;
	rec->n_failures++;
	rec->failure_bytes += bytes;
	one = hz_json_add_object(rec->failures);
	hz_json_str(one, "kind", kinds[event->kind]);
	if (event->path)
		hz_json_path(one, "path", event->path, event->path_len);
	hz_json_str(one, "message", event->message);
}

void hz_record_result(hz_record *rec, const hz_json *summary)
{
	AUTO(hz_json_free) hz_json *copy = NULL;

	if (!rec)
		return;
	hz_json_free(TAKE(rec->result));
	copy = json_duplicate(summary);
	rec->failed = rec->failed || (summary && !copy);
	rec->result = TAKE(copy);
}

void hz_record_says(hz_record *rec, uint32_t which, const char *text)
{
	if (rec && which < 3)
		json_add_text(rec->says[which], text, TEXT_MAX);
}

int record_people(const hz_record *rec, struct json_value **who, struct json_value **where, hz_error **err)
{
	AUTO_FREE char *a = NULL, *b = NULL;
	int rc;

	if (hz_json_text(rec->operator_, &a) < 0 || hz_json_text(rec->host, &b) < 0)
		return err_nomem(err);
	rc = json_read(who, a, strlen(a), err);
	return rc < 0 ? rc : json_read(where, b, strlen(b), err);
}

int hz_record_info_get(const hz_record *rec, hz_record_info *info, hz_error **err)
{
	hz_record_info i = HZ_RECORD_INFO_INIT;
	char start[CLOCK_TEXT_LEN];

	if (!rec || info->size < sizeof(info->size))
		return err_set(err, HZ_E_INVAL, "hz_record_info: no record, or its size is not set");
	i.key_is_new = rec->folder.key_is_new;
	memcpy(i.uuid, rec->uuid, UUID_TEXT);
	ssh_fingerprint(i.fingerprint, rec->folder.pub);
	ssh_key_line(i.public_key, rec->folder.pub);
	i.folder = rec->folder.path;
	(void)snprintf(
		i.name, sizeof(i.name), "%.7s/%s", clock_rfc3339(start, rec->start.sec, rec->start.nsec), rec->uuid);
	result_give(info, &i, sizeof(i));
	return 0;
}

/* ---- the end ---- */

static int end(hz_record *r, int exit_code, const char *error, hz_error **err)
{
	AUTO_FREE char *text = NULL;
	struct statement s = { .has_end = true,
		.end = clock_wall(),
		.duration_ns = clock_mono_ns() - r->start_mono,
		.exit_code = exit_code,
		.error = error,
		.result = r->result };
	size_t len;
	int rc = 0;

	if (!outcome_of_exit(exit_code))
		rc = err_set(err, HZ_E_INVAL, "%d is no exit code of a tool", exit_code);
	if (rc == 0 && r->failed)
		rc = err_nomem(err);
	if (rc == 0)
		rc = make_text(r, &text, &len, &s, err);
	if (rc == 0)
		rc = err_wrap(err, folder_finish(&r->folder, r->uuid, text, len, err), "evidence %s", r->folder.path);
	return rc < 0 ? rc : folder_settle(&r->folder, err);
}

int hz_record_end(hz_record *rec, int exit_code, const char *error, hz_error **err)
{
	AUTO(record_free) hz_record *r = rec;

	return r ? end(r, exit_code, error, err) : 0;
}
