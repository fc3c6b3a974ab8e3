/* SPDX-License-Identifier: BSD-2-Clause */
/* From the beginning of a command to its record in the log: whatever call fails, whatever is left behind.
 * test-timeout: 300 */
#include "recorded.h"
#include "support/faultvfs.h"
#include "base/vfs.h"
#include "report/folder.h"
#include "report/statement.h"
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
	char *path, *folder;
	unsigned findings, kinds[16], pending;
	char last[1024]; /* finding */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	recorded_begin_place(&f->path, &f->folder);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	recorded_end_place(f->path, f->folder);
	free(f);
	return 0;
}

static int begin(const struct fixture *f, hz_record **rec, hz_error **err)
{
	return recorded_begin(f->folder, f->path, rec, err);
}

static void one(const struct fixture *f, int exit_code)
{
	recorded(f->folder, f->path, exit_code);
}

static void count(void *user, const hz_log_finding *finding)
{
	struct fixture *f = user;

	if (finding->kind == HZ_LOG_PENDING)
		f->pending++;
	else
		f->findings++;
	if (finding->kind != HZ_LOG_PENDING)
		(void)snprintf(
			f->last, sizeof(f->last), "%s: %s", finding->name ? finding->name : "", finding->message);
	f->kinds[finding->kind]++;
}

static hz_log_result look_with(struct fixture *f, const char *head)
{
	AUTO(hz_error_free) hz_error *err = NULL;
	hz_trust *t = NULL;
	hz_log_result r = HZ_LOG_RESULT_INIT;

	f->findings = f->pending = 0;
	memset(f->kinds, 0, sizeof(f->kinds));
	assert_int_equal(hz_trust_new(&t, NULL), 0);
	assert_int_equal(hz_trust_add_pins(t, f->path, NULL), 0);
	if (hz_log_check(f->folder, NULL, t, head, count, f, &r, &err) < 0)
		fail_msg("%s", hz_error_message(err));
	hz_trust_free(t);
	assert_int_equal(r.findings, f->findings);
	return r;
}

static hz_log_result look(struct fixture *f)
{
	return look_with(f, NULL);
}

static void assert_whole(struct fixture *f, uint64_t entries)
{
	hz_log_result r = look(f);

	assert_int_equal(f->findings, 0);
	assert_int_equal(r.entries, entries);
	assert_int_equal(r.records_good, entries);
	assert_int_equal(r.signer, HZ_SIGNER_TRUSTED);
}

static char *shell(const struct fixture *f, const char *fmt)
{
	static char out[4096];
	char command[8192];
	FILE *p;
	size_t n;

	(void)snprintf(command, sizeof(command), "cd '%s' && %s", f->folder, fmt);
	p = popen(command, "r");
	assert_non_null(p);
	n = fread(out, 1, sizeof(out) - 1, p);
	out[n] = '\0';
	assert_int_equal(pclose(p), 0);
	return out;
}

static void test_records_are_logged_in_order(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 20; i++)
		one(f, i % 2 ? 0 : 4);
	assert_whole(f, 20);
	assert_int_equal(f->pending, 0);
	assert_string_equal(shell(f, "ls -A pending"), "");
}

static void test_what_a_record_says(void **state)
{
	struct fixture *f = *state;
	hz_event e = { .size = sizeof(e), .kind = HZ_EVENT_SOURCE, .path = "a\xff", .path_len = 2, .message = "gone" };
	hz_record *rec = NULL;
	hz_record_info info = HZ_RECORD_INFO_INIT;
	hz_report report = HZ_REPORT_INIT;
	hz_json *summary = hz_json_new("summary");
	char path[512];
	hz_trust *t = NULL;

	assert_int_equal(begin(f, &rec, NULL), 0);
	assert_int_equal(hz_record_info_get(rec, &info, NULL), 0);
	assert_true(info.key_is_new);
	hz_record_about(rec, "repository", "0123");
	hz_record_subject(rec, "manifest", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	for (unsigned i = 0; i < 600; i++)
		hz_record_event(rec, &e);
	e.kind = HZ_EVENT_NOTE;
	hz_record_event(rec, &e);
	hz_json_u64(summary, "files", 7);
	hz_record_result(rec, summary);
	hz_json_free(summary);
	hz_record_says(rec, HZ_SAYS_OVERRIDE, "a switch");
	assert_int_equal(hz_record_end(rec, 3, "what failed", NULL), 0);
	(void)snprintf(path, sizeof(path), "%s/records/%.7s/%s.json", f->folder, shell(f, "ls records"), info.uuid);
	assert_int_equal(hz_trust_new(&t, NULL), 0);
	assert_int_equal(hz_report_check(path, t, &report, NULL), 0);
	assert_int_equal(report.signer, HZ_SIGNER_UNKNOWN);
	free(report.text);
	assert_int_equal(hz_trust_add_pins(t, f->path, NULL), 0);
	assert_int_equal(hz_report_check(path, t, &report, NULL), 0);
	assert_int_equal(report.signer, HZ_SIGNER_TRUSTED);
	assert_string_equal(report.uuid, info.uuid);
	assert_string_equal(report.outcome, "exceptions");
	assert_string_equal(report.fingerprint, info.fingerprint);
	assert_non_null(strstr(report.text, "\"failures_total\": 600"));
	assert_non_null(strstr(report.text, "\"path_b64\": \"Yf8=\""));
	assert_non_null(strstr(report.text, "\"files\": 7"));
	assert_non_null(strstr(report.text, "\"error\": \"what failed\""));
	assert_non_null(strstr(report.text, "\"a switch\""));
	assert_non_null(strstr(report.text, "\"late\": false"));
	free(report.text);
	hz_trust_free(t);
}

/* In a child, which is gone before the end. */
static void begin_and_die(const struct fixture *f)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		hz_record *rec = NULL;

		_exit(begin(f, &rec, NULL) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_a_killed_command_is_recorded_by_the_next(void **state)
{
	struct fixture *f = *state;

	begin_and_die(f);
	(void)look(f);
	assert_int_equal(f->pending, 1);
	one(f, 0);
	assert_whole(f, 2);
	assert_string_equal(shell(f, "grep -l interrupted records/*/*.json | wc -l"), "1\n");
	assert_string_equal(shell(f, "grep -l '\"late\": true' records/*/*.json | wc -l"), "1\n");
	assert_string_equal(shell(f, "ls -A pending"), "");
}

static void test_a_living_command_is_left_alone(void **state)
{
	struct fixture *f = *state;
	hz_record *rec = NULL;

	assert_int_equal(begin(f, &rec, NULL), 0);
	one(f, 0);
	assert_whole(f, 1);
	assert_int_equal(f->pending, 1);
	assert_int_equal(hz_record_end(rec, 0, NULL, NULL), 0);
	assert_whole(f, 2);
	assert_string_equal(shell(f, "grep -l interrupted records/*/*.json | wc -l"), "0\n");
}

/* Every file call fails once, in begin and in end: no record is lost, none is there twice, the log stays whole. How
 * many there were. */
static unsigned fail_each(struct fixture *f, bool forever, int errnum)
{
	for (unsigned n = 1;; n++) {
		AUTO(hz_error_free) hz_error *err = NULL;
		hz_record *rec = NULL;
		hz_log_result r;
		bool fired;
		int rc;

		/* A short log, so that looking at all of it takes no time. */
		if (n % 16 == 1) {
			(void)shell(f, "find . -mindepth 1 -delete; rm ../signers");
			one(f, 0);
		}
		/* Not the unlinks: what they leave behind is swept later. */
		if (forever)
			fault_start_forever(FAULT_ALL & ~FAULT_UNLINK, n, errnum);
		else
			fault_start(FAULT_ALL & ~FAULT_UNLINK, n, errnum);
		rc = begin(f, &rec, &err);
		if (rc == 0)
			rc = hz_record_end(rec, 0, NULL, &err);
		else
			assert_null(rec);
		fired = fault_stop();
		if (!fired) {
			assert_int_equal(rc, 0);
			return n - 1;
		}
		if (rc < 0)
			assert_non_null(err);
		one(f, 0);
		r = look(f);
		if (f->findings > 0)
			fail_msg("call %u with %s leaves: %s", n, strerror(errnum), f->last);
		assert_int_equal(r.records_good, r.entries);
	}
}

/* Every file call fails once while the first record of a folder, and its key, are made: the next command goes on. */
static void test_no_failing_call_spoils_a_new_folder(void **state)
{
	struct fixture *f = *state;
	bool fired = true;

	for (unsigned n = 1; fired; n++) {
		AUTO(hz_error_free) hz_error *err = NULL;
		hz_record *rec = NULL;

		(void)shell(f, "find . -mindepth 1 -delete; rm -f ../signers");
		fault_start(FAULT_ALL & ~FAULT_UNLINK, n, EIO);
		if (begin(f, &rec, &err) == 0)
			(void)hz_record_end(rec, 0, NULL, &err);
		fired = fault_stop();
		one(f, 0);
		assert_int_equal(look(f).records_unknown, 0);
		assert_int_equal(f->findings, 0);
	}
}

/* Who takes the whole folder away does not make it forgotten. */
static void test_a_log_that_is_gone_is_missed(void **state)
{
	struct fixture *f = *state;
	AUTO(hz_error_free) hz_error *err = NULL;
	hz_record *rec = NULL;

	one(f, 0);
	(void)shell(f, "find . -mindepth 1 -delete");
	assert_int_equal(begin(f, &rec, &err), HZ_E_CORRUPT);
	assert_null(rec);
	assert_non_null(strstr(hz_error_message(err), "is gone"));
	assert_string_equal(shell(f, "ls signing.key log 2>/dev/null | wc -l"), "0\n");
	/* Of another folder it says nothing; and it is begun anew when the line is taken out. */
	(void)shell(f, "sed -i 's,$,x,' ../signers");
	one(f, 0);
	assert_whole(f, 1);
}

static void test_no_failing_call_breaks_the_log(void **state)
{
	struct fixture *f = *state;

	one(f, 0);
	/* Opening, locking, reading the log, writing a record, a signature, an entry and a checkpoint, each flushed. */
	assert_true(fail_each(f, false, EIO) >= 60);
	assert_true(fail_each(f, false, ENOSPC) >= 60);
	assert_true(fail_each(f, true, ENOSPC) >= 60);
}

/* Each byte of a small folder changed, and each file cut or gone: a finding, or the log is refused for writing. */
static void change(struct fixture *f, const char *name, unsigned stride)
{
	AUTO_FREE char *path = hzt_path(f->folder, name);
	size_t len;
	AUTO_FREE uint8_t *data = hzt_get(path, &len);

	for (size_t i = 0; i < len; i += stride) {
		data[i] ^= (uint8_t)(1u << (i % 8));
		hzt_put(path, data, len);
		data[i] ^= (uint8_t)(1u << (i % 8));
		(void)look(f);
		if (f->findings == 0)
			fail_msg("%s: byte %zu changed, and nothing is found", name, i);
	}
	for (size_t i = 0; i < len; i += 7 * stride) {
		hzt_put(path, data, i);
		(void)look(f);
		if (f->findings == 0)
			fail_msg("%s: cut to %zu bytes, and nothing is found", name, i);
	}
	hzt_put(path, data, len);
	(void)look(f);
	assert_int_equal(f->findings, 0);
}

static void test_no_changed_byte_passes(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *record = NULL, *sig = NULL;

	for (unsigned i = 0; i < 3; i++)
		one(f, 0);
	record = strdup(shell(f, "sed -n '2s/ .*//p' log | sed 's,.*,records/&.json,' | tr -d '\\n'"));
	assert_true(asprintf(&sig, "%s.sig", record) > 0);
	change(f, record, 1);
	change(f, sig, 1);
	change(f, "log", 1);
	change(f, "checkpoint", 1);
}

static void expect_kind(struct fixture *f, uint32_t kind, const char *command)
{
	(void)shell(f, "rm -rf ../kept && cp -a . ../kept");
	(void)shell(f, command);
	(void)look(f);
	if (f->kinds[kind] == 0)
		fail_msg("%s: no finding of kind %u", command, kind);
	(void)shell(f, "find . -mindepth 1 -delete && cp -a ../kept/. .");
}

static void test_what_was_done_to_a_log_is_named(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 6; i++)
		one(f, 0);
	expect_kind(f, HZ_LOG_DROPPED, "rm records/*/$(sed -n '3s,.*/\\([^ ]*\\) .*,\\1,p' log).json");
	expect_kind(f, HZ_LOG_DROPPED, "rm records/*/$(sed -n '3s,.*/\\([^ ]*\\) .*,\\1,p' log).json.sig");
	expect_kind(f, HZ_LOG_INSERTED, "sed -i 3d log");
	expect_kind(f, HZ_LOG_REWRITTEN, "sed -i 3d log");
	expect_kind(f, HZ_LOG_CUT, "sed -i 6d log");
	expect_kind(f, HZ_LOG_REORDERED, "sed -i '3{h;d};4{G}' log");
	expect_kind(f, HZ_LOG_REWRITTEN, "sed -i '3{h;d};4{G}' log");
	expect_kind(f, HZ_LOG_BAD_ENTRY, "sed -i '3p' log");
	expect_kind(f, HZ_LOG_BAD_ENTRY, "printf x >>log");
	expect_kind(f, HZ_LOG_REWRITTEN, "rm checkpoint");
	expect_kind(f, HZ_LOG_INSERTED, "touch records/x");
}

static void test_a_cut_tail_shows_against_a_head_that_was_kept(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *head = hzt_path(f->path, "head");
	hz_log_result r;

	for (unsigned i = 0; i < 4; i++)
		one(f, 0);
	(void)shell(f, "rm -rf ../old && cp -a . ../old");
	one(f, 0);
	(void)shell(f, "cp checkpoint ../head");
	r = look_with(f, head);
	assert_int_equal(f->findings, 0);
	assert_true(r.tail_checked);
	/* Set back as a whole: nothing in it is wrong. */
	(void)shell(f, "find . -mindepth 1 -delete && cp -a ../old/. .");
	r = look(f);
	assert_int_equal(f->findings, 0);
	assert_false(r.tail_checked);
	(void)look_with(f, head);
	assert_int_equal(f->kinds[HZ_LOG_CUT], 1);
	/* It grows again: other entries than those of the head. */
	one(f, 0);
	one(f, 0);
	(void)look_with(f, head);
	assert_int_equal(f->kinds[HZ_LOG_REWRITTEN], 1);
}

static void test_nothing_is_added_to_a_log_that_was_changed(void **state)
{
	struct fixture *f = *state;
	static const char *const changes[] = { "sed -i 2d log", "rm checkpoint", "rm log",
		"sed -i 's/^\\(.*\\)a/\\1b/' log", "tail -n 1 log >>log" };

	for (unsigned i = 0; i < 3; i++)
		one(f, 0);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		AUTO(hz_error_free) hz_error *err = NULL, *again = NULL;
		hz_record *rec = NULL;

		(void)shell(f, "rm -rf ../kept && cp -a . ../kept");
		(void)shell(f, changes[i]);
		if (begin(f, &rec, &err) != HZ_E_CORRUPT)
			fail_msg("%s: a record is begun as if nothing were wrong", changes[i]);
		assert_non_null(rec);
		assert_int_equal(hz_record_end(rec, 0, NULL, &again), HZ_E_CORRUPT);
		assert_string_equal(shell(f, "ls pending | grep -c 'json$'"), "1\n");
		(void)shell(f, "find . -mindepth 1 -delete && cp -a ../kept/. .");
	}
	one(f, 0);
	assert_whole(f, 4);
}

static void test_wrong_options_are_refused(void **state)
{
	struct fixture *f = *state;
	hz_record_options o = HZ_RECORD_OPTIONS_INIT;
	hz_record *rec = NULL;

	o.folder = f->folder;
	o.state_dir = f->path;
	o.tool = o.command = "x";
	assert_int_equal(hz_record_begin(&rec, &o, NULL), HZ_E_INVAL);
	o.kind = "nonsense";
	assert_int_equal(hz_record_begin(&rec, &o, NULL), HZ_E_INVAL);
	assert_null(rec);
	assert_int_equal(begin(f, &rec, NULL), 0);
	assert_int_equal(hz_record_end(rec, 77, NULL, NULL), HZ_E_INVAL);
	hz_record_event(NULL, NULL);
	hz_record_about(NULL, "a", "b");
	assert_int_equal(hz_record_end(NULL, 0, NULL, NULL), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_records_are_logged_in_order),
		T(test_no_failing_call_spoils_a_new_folder),
		T(test_a_log_that_is_gone_is_missed),
		T(test_what_a_record_says),
		T(test_a_killed_command_is_recorded_by_the_next),
		T(test_a_living_command_is_left_alone),
		T(test_no_failing_call_breaks_the_log),
		T(test_no_changed_byte_passes),
		T(test_what_was_done_to_a_log_is_named),
		T(test_a_cut_tail_shows_against_a_head_that_was_kept),
		T(test_nothing_is_added_to_a_log_that_was_changed),
		T(test_wrong_options_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
