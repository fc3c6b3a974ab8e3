/* SPDX-License-Identifier: BSD-2-Clause */
/* From an evidence folder into a repository and back. */
#include "backups.h"
#include "audited.h"
#include "base/json.h"
#include "support/faultvfs.h"
#include <errno.h>

struct place {
	struct backups b; /* without source and snapshots */
	char *evidence, *out;
	unsigned logs, fetches;
	hz_audit_log last;
	char folder[512];
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	struct store *st = NULL;
	struct backups *b = &p->b;

	b->dir = hzt_tmpdir();
	b->location = hzt_path(b->dir, "repo");
	b->state = hzt_path(b->dir, "state");
	b->cache = hzt_path(b->dir, "cache");
	p->evidence = hzt_path(b->dir, "evidence");
	p->out = hzt_path(b->dir, "out");
	assert_ok(store_open(&st, b->location, STORE_CREATE, NULL), NULL);
	fixture_make(&b->f, st, SUITE_NIST, 1, 16);
	b->key[HZ_ROLE_WRITER] = fixture_key_file(b->dir, "writer.key", b->f.writer);
	b->key[HZ_ROLE_LISTER] = fixture_key_file(b->dir, "lister.key", b->f.lister);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	for (unsigned i = 0; i < ARRAY_LEN(p->b.key); i++)
		free(p->b.key[i]);
	fixture_free(&p->b.f);
	free(p->b.location);
	free(p->b.state);
	free(p->b.cache);
	free(p->evidence);
	free(p->out);
	hzt_tmpdir_remove(p->b.dir);
	free(p);
	return 0;
}

static void record(const struct place *p, const char *ticket)
{
	hz_record_options o = HZ_RECORD_OPTIONS_INIT;
	hz_record *rec = NULL;
	hz_error *err = NULL;

	o.folder = p->evidence;
	o.state_dir = p->b.state;
	o.tool = "hozen-test";
	o.command = "try";
	o.kind = "check";
	o.ticket = ticket;
	assert_ok(hz_record_begin(&rec, &o, &err), &err);
	assert_ok(hz_record_end(rec, 0, NULL, &err), &err);
}

static int publish_as(const struct place *p, uint32_t role, hz_audit_result *res, hz_error **err)
{
	hz_repo_options o = backups_options(&p->b, role);

	*res = (hz_audit_result)HZ_AUDIT_RESULT_INIT;
	return hz_audit_publish(&o, p->evidence, res, err);
}

static void published(const struct place *p, uint64_t entries, uint64_t missing)
{
	hz_audit_result res;
	hz_error *err = NULL;

	assert_ok(publish_as(p, HZ_ROLE_WRITER, &res, &err), &err);
	assert_int_equal(res.entries, entries);
	assert_int_equal(res.missing, missing);
	assert_int_equal(res.objects, entries > 0);
}

static int on_log(void *user, const hz_audit_log *log)
{
	struct place *p = user;

	p->logs++;
	p->last = *log;
	(void)snprintf(p->folder, sizeof(p->folder), "%s", log->folder);
	return 0;
}

/* failing: the flush that fails; 0: none does. */
static int fetch_failing(struct place *p, struct events *v, unsigned failing, unsigned *flushes, hz_error **err)
{
	hz_reader *r = backups_reader(&p->b, HZ_ROLE_LISTER, HZ_NEED_LIST);
	hz_job *job = backups_job(v);
	int rc;

	p->logs = 0;
	free(p->out);
	assert_true(asprintf(&p->out, "%s/out%u", p->b.dir, ++p->fetches) > 0);
	fault_start(FAULT_FSYNC, failing, EIO);
	rc = hz_audit_fetch(r, p->out, on_log, p, job, err);
	*flushes = fault_count();
	(void)fault_stop();
	hz_reader_close(r);
	hz_job_free(job);
	return rc;
}

static void fetch(struct place *p, struct events *v)
{
	hz_error *err = NULL;
	unsigned flushes;

	assert_ok(fetch_failing(p, v, 0, &flushes, &err), &err);
	/* Of the name of the folder, and of all in it. */
	assert_int_equal(flushes, 2);
}

/* Findings of the folder that was fetched, by this host's pins. */
static hz_log_result judged(const struct place *p, const char *folder, const char *head)
{
	hz_log_result res = HZ_LOG_RESULT_INIT;
	hz_trust *t = NULL;
	hz_error *err = NULL;

	assert_ok(hz_trust_new(&t, NULL), NULL);
	assert_ok(hz_trust_add_pins(t, p->b.state, NULL), NULL);
	assert_ok(hz_log_check(folder, NULL, t, head, NULL, NULL, &res, &err), &err);
	hz_trust_free(t);
	return res;
}

static void assert_fetched(struct place *p, uint64_t entries)
{
	struct events v;
	hz_log_result res;
	uint64_t findings = 1;
	hz_error *err = NULL;

	fetch(p, &v);
	assert_int_equal(v.damage, 0);
	assert_int_equal(p->logs, 1);
	assert_int_equal(p->last.entries, entries);
	assert_int_equal(p->last.missing + p->last.contradictions, 0);
	res = judged(p, p->folder, NULL);
	assert_int_equal(res.findings + res.records_unknown, 0);
	assert_int_equal(res.records_good, entries);
	assert_int_equal(res.signer, HZ_SIGNER_TRUSTED);
	assert_string_equal(res.origin, p->last.origin);
	assert_ok(hz_log_compare(p->evidence, NULL, p->folder, NULL, NULL, &findings, &err), &err);
	assert_int_equal(findings, 0);
}

static void what_is_new_is_put_and_comes_back(void **state)
{
	struct place *p = *state;

	record(p, "first");
	record(p, "second");
	published(p, 2, 0);
	published(p, 0, 0);
	assert_fetched(p, 2);
	record(p, "third");
	published(p, 1, 0);
	assert_fetched(p, 3);
}

static void a_lost_state_costs_only_putting_again(void **state)
{
	struct place *p = *state;

	record(p, "first");
	published(p, 1, 0);
	record(p, "second");
	/* The pins of signers stay. */
	char *of_repo = hzt_path(p->b.state, uid_hex(&p->b.f.repo.id).s);

	hzt_tmpdir_remove(of_repo);
	published(p, 2, 0);
	assert_fetched(p, 2);
}

static void without_a_writers_key_nothing_is_put(void **state)
{
	struct place *p = *state;
	hz_audit_result res;
	hz_error *err = NULL;

	record(p, NULL);
	assert_fails(publish_as(p, HZ_ROLE_LISTER, &res, &err), HZ_E_AUTH, &err);
	assert_fails(publish_as(p, 0, &res, &err), HZ_E_AUTH, &err);
	published(p, 1, 0);

	hz_reader *r = backups_reader(&p->b, HZ_ROLE_WRITER, HZ_NEED_NOTHING);

	assert_fails(hz_audit_fetch(r, p->out, NULL, NULL, NULL, &err), HZ_E_AUTH, &err);
	hz_reader_close(r);
}

static char *newest_record(const struct place *p)
{
	char *log = hzt_path(p->evidence, "log"), *path, name[64] = "";
	size_t len;
	uint8_t *text = hzt_get(log, &len);

	memcpy(name, text + len - LOG_LINE_LEN, LOG_NAME_LEN - 1);
	assert_true(asprintf(&path, "%s/records/%s.json", p->evidence, name) > 0);
	free(text);
	free(log);
	return path;
}

static void a_record_that_was_removed_is_told_and_its_entry_put(void **state)
{
	struct place *p = *state;
	struct events v;

	record(p, "kept");
	record(p, "removed");
	char *path = newest_record(p);

	assert_int_equal(unlink(path), 0);
	published(p, 2, 1);
	fetch(p, &v);
	assert_int_equal(p->last.entries, 2);
	assert_int_equal(judged(p, p->folder, NULL).findings, 1);
	free(path);
}

static void a_log_that_was_changed_is_not_copied(void **state)
{
	struct place *p = *state;
	char *log = hzt_path(p->evidence, "log");
	uint64_t findings = 0;
	hz_audit_result res;
	struct events v;
	hz_error *err = NULL;
	uint8_t *text;
	size_t len;

	record(p, "first");
	record(p, "second");
	published(p, 2, 0);
	text = hzt_get(log, &len);
	hzt_put(log, text + LOG_LINE_LEN, len - LOG_LINE_LEN);
	assert_fails(publish_as(p, HZ_ROLE_WRITER, &res, &err), HZ_E_CORRUPT, &err);
	/* What the repository has says which. */
	fetch(p, &v);
	assert_ok(hz_log_compare(p->evidence, NULL, p->folder, NULL, NULL, &findings, &err), &err);
	assert_int_equal(findings, 1);
	free(text);
	free(log);
}

static void a_lost_object_leaves_a_gap(void **state)
{
	struct place *p = *state;
	struct names *l;
	struct events v;
	hz_log_result res;

	record(p, "first");
	published(p, 1, 0);
	l = names_of(p->b.f.store, "audit");
	record(p, "second");
	published(p, 1, 0);
	fixture_damage(p->b.f.store, l->v[0].s, 10, 3);
	fetch(p, &v);
	assert_int_equal(v.damage, 1);
	assert_int_equal(p->last.entries, 2);
	assert_int_equal(p->last.missing, 1);
	res = judged(p, p->folder, NULL);
	assert_true(res.findings > 0);
	assert_int_equal(res.records_good, 1);
	free(l);
}

static void of_two_versions_the_one_under_the_lower_checkpoint_counts(void **state)
{
	struct place *p = *state;
	struct audited a = { .f = p->b.f };
	struct events v;
	char *path;
	uint8_t *log, first[LOG_LINE_LEN];
	size_t len;

	assert_ok(sign_keypair(&a.seed, a.pub, NULL), NULL);
	for (unsigned i = 0; i < 3; i++)
		audited_line(&a, i, "record");
	memcpy(first, a.lines[1], LOG_LINE_LEN);
	(void)audited_put(&a, 0, 2, 2, a.f.writer);
	(void)audited_put(&a, 1, 1, 2, a.f.writer);
	/* Whoever has the key of the log wrote it anew. */
	audited_line(&a, 1, "another");
	(void)audited_put(&a, 0, 3, 3, a.f.writer);
	fetch(p, &v);
	assert_int_equal(p->logs, 1);
	assert_true(p->last.entries == 3 && p->last.missing == 0 && p->last.contradictions == 1);
	assert_int_equal(p->last.registered, HZ_EVIDENCE_NOBODY);
	path = hzt_path(p->folder, "log");
	log = hzt_get(path, &len);
	assert_int_equal(len, 3 * LOG_LINE_LEN);
	assert_memory_equal(log + LOG_LINE_LEN, first, LOG_LINE_LEN);
	free(log);
	free(path);
	secret_free(a.seed);
}

static hz_check_result checked(const struct place *p, uint32_t role, struct events *v)
{
	hz_check_result res = HZ_CHECK_RESULT_INIT;
	hz_reader *r = backups_reader(&p->b, role, HZ_NEED_NOTHING);
	hz_job *job = backups_job(v);
	hz_error *err = NULL;

	assert_ok(hz_check(r, NULL, job, &res, &err), &err);
	hz_reader_close(r);
	hz_job_free(job);
	return res;
}

static void nobody_hears_of_what_is_not_flushed(void **state)
{
	struct place *p = *state;
	struct events v;
	hz_error *err = NULL;
	unsigned flushes;

	record(p, "first");
	published(p, 1, 0);
	assert_fails(fetch_failing(p, &v, 2, &flushes, &err), HZ_E_IO, &err);
	assert_int_equal(p->logs, 0);
	assert_fetched(p, 1);
}

static void check_looks_at_it(void **state)
{
	struct place *p = *state;
	struct names *l;
	struct events v;
	uint64_t before = checked(p, HZ_ROLE_LISTER, &v).objects;

	record(p, "first");
	published(p, 1, 0);
	l = names_of(p->b.f.store, "audit");
	assert_int_equal(checked(p, HZ_ROLE_LISTER, &v).objects, before + 1);
	assert_int_equal(v.damage, 0);
	fixture_damage(p->b.f.store, l->v[0].s, 10, 1);
	hz_check_result res = checked(p, HZ_ROLE_WRITER, &v);
	assert_true(res.damaged == 1 && res.mendable == 1);
	fixture_damage(p->b.f.store, l->v[0].s, 4200, 2);
	res = checked(p, HZ_ROLE_WRITER, &v);
	assert_true(res.damaged == 1 && res.mendable == 0);
	free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_new_is_put_and_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lost_state_costs_only_putting_again, setup, teardown),
		cmocka_unit_test_setup_teardown(without_a_writers_key_nothing_is_put, setup, teardown),
		cmocka_unit_test_setup_teardown(a_record_that_was_removed_is_told_and_its_entry_put, setup, teardown),
		cmocka_unit_test_setup_teardown(a_log_that_was_changed_is_not_copied, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lost_object_leaves_a_gap, setup, teardown),
		cmocka_unit_test_setup_teardown(
			of_two_versions_the_one_under_the_lower_checkpoint_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_hears_of_what_is_not_flushed, setup, teardown),
		cmocka_unit_test_setup_teardown(check_looks_at_it, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
