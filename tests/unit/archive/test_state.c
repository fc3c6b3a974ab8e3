/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory of a writer: what it made, what it was about to put, and its locks, also against other processes. */
#include "support/hzt.h"
#include "support/faultvfs.h"
#include "archive/object.h"
#include "archive/state.h"
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct uid writer = { { 0xAB, 0xCD } };
static char *folder;

static int set_up(void **state)
{
	(void)state;
	folder = hzt_tmpdir();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	hzt_tmpdir_remove(folder);
	return 0;
}

static struct id id_of(uint64_t n)
{
	struct hzt_random r = { n };
	struct id id;

	hzt_random_fill(&r, id.b, sizeof(id.b));
	return id;
}

static struct state opened(void)
{
	struct state s;
	hz_error *err = NULL;

	assert_ok(state_open(&s, folder, &writer, &err), &err);
	return s;
}

static char *heads_path(void)
{
	char *dir = hzt_path(folder, uid_hex(&writer).s), *path = hzt_path(dir, "heads");

	free(dir);
	return path;
}

/* What a new opening remembers: ids by number, heads first. */
static void expect_state(size_t n_heads, size_t n_pending, const uint64_t *numbers)
{
	struct state s = opened();

	assert_true(s.existed);
	assert_int_equal(s.heads.n, n_heads);
	assert_int_equal(s.pending.n, n_pending);
	for (size_t i = 0; i < n_heads + n_pending; i++) {
		struct id id = id_of(numbers[i]);

		assert_true(id_set_has(i < n_heads ? &s.heads : &s.pending, &id));
	}
	state_close(&s);
}

/* ---- the memory ---- */

static void a_new_folder_has_no_memory_and_is_private(void **state)
{
	struct state s = opened();
	struct stat st;

	(void)state;
	assert_false(s.existed);
	assert_int_equal(s.heads.n + s.pending.n, 0);
	assert_int_equal(fstat(s.dirfd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(hzt_count_names(s.path), 0);
	state_close(&s);
	state_close(&s);
}

static void what_is_pending_becomes_a_head_and_replaces_its_parents(void **state)
{
	struct state s = opened();
	struct id a = id_of(1), b = id_of(2), c = id_of(3), both[] = { a, b };
	hz_error *err = NULL;

	(void)state;
	assert_ok(state_add_pending(&s, &a, &err), &err);
	expect_state(0, 1, (uint64_t[]){ 1 });
	assert_ok(state_committed(&s, &a, NULL, 0, &err), &err);
	expect_state(1, 0, (uint64_t[]){ 1 });
	assert_ok(state_add_pending(&s, &b, &err), &err);
	assert_ok(state_add_pending(&s, &c, &err), &err);
	expect_state(1, 2, (uint64_t[]){ 1, 2, 3 });
	/* Another head beside the first. */
	assert_ok(state_committed(&s, &b, NULL, 0, &err), &err);
	expect_state(2, 1, (uint64_t[]){ 1, 2, 3 });
	assert_ok(state_committed(&s, &c, both, 2, &err), &err);
	expect_state(1, 0, (uint64_t[]){ 3 });
	state_close(&s);
}

static void a_pending_commit_stays_through_others(void **state)
{
	struct state s = opened();
	struct id a = id_of(1), b = id_of(2);

	(void)state;
	assert_ok(state_add_pending(&s, &a, NULL), NULL);
	assert_ok(state_add_pending(&s, &a, NULL), NULL);
	assert_ok(state_committed(&s, &b, NULL, 0, NULL), NULL);
	expect_state(1, 1, (uint64_t[]){ 2, 1 });
	state_close(&s);
}

static void adopted_heads_are_no_longer_pending(void **state)
{
	struct state s = opened();
	struct id v[] = { id_of(1), id_of(2) }, c = id_of(3);

	(void)state;
	assert_ok(state_add_pending(&s, &v[0], NULL), NULL);
	assert_ok(state_add_pending(&s, &c, NULL), NULL);
	assert_ok(state_adopt(&s, v, 2, NULL), NULL);
	expect_state(2, 1, (uint64_t[]){ 1, 2, 3 });
	state_close(&s);
}

static void adopting_nothing_makes_a_memory(void **state)
{
	struct state s = opened();

	(void)state;
	assert_ok(state_adopt(&s, NULL, 0, NULL), NULL);
	expect_state(0, 0, NULL);
	state_close(&s);
}

static void writers_have_memories_of_their_own(void **state)
{
	static const struct uid other = { { 0xAB, 0xCE } };
	struct state s = opened(), o;
	struct id a = id_of(1);

	(void)state;
	assert_ok(state_committed(&s, &a, NULL, 0, NULL), NULL);
	assert_ok(state_open(&o, folder, &other, NULL), NULL);
	assert_false(o.existed);
	assert_int_equal(o.heads.n, 0);
	state_close(&o);
	state_close(&s);
}

static void expect_no_memory(const char *path, const uint8_t *data, size_t len)
{
	struct state s;

	hzt_put(path, data, len);
	s = opened();
	assert_false(s.existed);
	assert_int_equal(s.heads.n + s.pending.n, 0);
	state_close(&s);
}

static void a_damaged_file_counts_as_no_memory(void **state)
{
	struct state s = opened();
	struct id a = id_of(1), b = id_of(2);
	AUTO_FREE char *path = heads_path();
	AUTO_FREE uint8_t *data = NULL;
	size_t len;

	(void)state;
	assert_ok(state_committed(&s, &a, NULL, 0, NULL), NULL);
	assert_ok(state_add_pending(&s, &b, NULL), NULL);
	data = hzt_get(path, &len);
	for (size_t i = 0; i < len; i++) {
		data[i] ^= 0x40;
		expect_no_memory(path, data, len);
		data[i] ^= 0x40;
		expect_no_memory(path, data, i);
	}
	/* A new memory is written over it. */
	assert_ok(state_committed(&s, &b, NULL, 0, NULL), NULL);
	expect_state(1, 0, (uint64_t[]){ 2 });
	state_close(&s);
}

/* What has the right sum but not the right form was written by something else. */
static void a_whole_file_of_another_form_counts_as_no_memory(void **state)
{
	struct state s = opened();
	struct id a = id_of(1);
	AUTO_FREE char *path = heads_path();
	AUTO_FREE uint8_t *data = NULL;
	size_t len;

	(void)state;
	assert_ok(state_committed(&s, &a, NULL, 0, NULL), NULL);
	state_close(&s);
	data = hzt_get(path, &len);
	data = realloc(data, len + 1);
	assert_non_null(data);
	data[len - 8] = 0;
	put_le64(data + len - 7, crc64_xz(0, data, len - 7));
	expect_no_memory(path, data, len + 1);
	data[0] = 0x7F;
	put_le64(data + len - 7, crc64_xz(0, data, len - 7));
	expect_no_memory(path, data, len + 1);
}

/* Every call that changes the memory, with every call of the system failing once: before or after, nothing between. */
static void a_failing_call_leaves_the_old_memory_or_the_new(void **state)
{
	struct id a = id_of(1), b = id_of(2);
	struct state s = opened();
	unsigned failures = 0;

	(void)state;
	assert_ok(state_committed(&s, &a, NULL, 0, NULL), NULL);
	assert_ok(state_add_pending(&s, &b, NULL), NULL);
	for (unsigned n = 1;; n++) {
		AUTO(hz_error_free) hz_error *err = NULL;
		int rc;

		fault_start(FAULT_ALL & ~(unsigned)FAULT_CLOSE, n, EIO);
		rc = state_committed(&s, &b, &a, 1, &err);
		if (!fault_stop()) {
			assert_int_equal(rc, 0);
			break;
		}
		struct state now = opened();
		bool is_new = id_set_has(&now.heads, &b);

		assert_true(now.existed);
		assert_int_equal(now.heads.n, 1);
		assert_int_equal(now.pending.n, !is_new);
		assert_true(is_new || id_set_has(&now.heads, &a));
		state_close(&now);
		if (rc == 0)
			assert_true(is_new);
		else
			assert_non_null(err);
		failures += rc < 0;
		assert_ok(state_committed(&s, &a, &b, 1, NULL), NULL);
		assert_ok(state_add_pending(&s, &b, NULL), NULL);
	}
	assert_true(failures > 5);
	expect_state(1, 0, (uint64_t[]){ 2 });
	state_close(&s);
}

/* ---- other processes ---- */

/* Runs fn in a child; true when it returned 0. */
static pid_t in_child(int (*fn)(int arg), int arg)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fn(arg));
	return pid;
}

static void expect_success(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int child_commits(int n)
{
	struct state s;
	struct id id = id_of((uint64_t)n);

	return state_open(&s, folder, &writer, NULL) < 0 || state_committed(&s, &id, NULL, 0, NULL) < 0;
}

static void refresh_sees_what_another_process_committed(void **state)
{
	struct state s = opened();
	struct id a = id_of(1), b = id_of(2);

	(void)state;
	assert_ok(state_committed(&s, &a, NULL, 0, NULL), NULL);
	expect_success(in_child(child_commits, 2));
	assert_false(id_set_has(&s.heads, &b));
	assert_ok(state_refresh(&s, NULL), NULL);
	assert_true(id_set_has(&s.heads, &a) && id_set_has(&s.heads, &b));
	/* A change begins with what is there now. */
	expect_success(in_child(child_commits, 3));
	assert_ok(state_add_pending(&s, &b, NULL), NULL);
	expect_state(3, 1, (uint64_t[]){ 1, 2, 3, 2 });
	state_close(&s);
}

#define EACH 25

static int child_adds(int from)
{
	struct state s;

	if (state_open(&s, folder, &writer, NULL) < 0)
		return 1;
	for (int i = 0; i < EACH; i++) {
		struct id id = id_of((uint64_t)(from + i));

		if (state_add_pending(&s, &id, NULL) < 0)
			return 2;
	}
	return 0;
}

static void processes_that_change_it_at_once_lose_nothing(void **state)
{
	pid_t pids[3];
	uint64_t numbers[3 * EACH];

	(void)state;
	for (int i = 0; i < 3; i++)
		pids[i] = in_child(child_adds, 1000 + i * EACH);
	for (int i = 0; i < 3; i++)
		expect_success(pids[i]);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		numbers[i] = 1000 + i;
	expect_state(0, ARRAY_LEN(numbers), numbers);
}

/* ---- locks ---- */

static const struct uid session = { { 1, 2, 3 } }, another = { { 1, 2, 4 } };

/* Takes both locks, says so, and keeps them until it is killed. */
static int child_holds(int says)
{
	struct state s;
	struct id source = id_of(5);
	int fd = -1, fd2 = -1;

	if (state_open(&s, folder, &writer, NULL) < 0 || state_lock_session(&fd, &s, &session, NULL) < 0 ||
		state_lock_source(&fd2, &s, &source, NULL) < 0 || write(says, "x", 1) != 1)
		return 1;
	for (;;)
		(void)pause();
}

static void locks_are_held_until_their_process_dies(void **state)
{
	struct state s = opened();
	struct id source = id_of(5), other_source = id_of(6);
	int pipes[2], fd = -1, fd2 = -1, status = 0;
	hz_error *err = NULL;
	char c;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	pid = in_child(child_holds, pipes[1]);
	(void)close(pipes[1]);
	assert_int_equal(read(pipes[0], &c, 1), 1);
	(void)close(pipes[0]);
	assert_true(state_session_is_live(&s, &session));
	assert_false(state_session_is_live(&s, &another));
	assert_fails(state_lock_session(&fd, &s, &session, &err), HZ_E_BUSY, &err);
	assert_fails(state_lock_source(&fd, &s, &source, &err), HZ_E_BUSY, &err);
	assert_int_equal(fd, -1);
	/* Others are free. */
	assert_ok(state_lock_source(&fd, &s, &other_source, &err), &err);
	fd_close(&fd);
	assert_ok(state_lock_session(&fd, &s, &another, &err), &err);
	fd_close(&fd);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_false(state_session_is_live(&s, &session));
	assert_ok(state_lock_session(&fd, &s, &session, &err), &err);
	assert_ok(state_lock_source(&fd2, &s, &source, &err), &err);
	fd_close(&fd);
	fd_close(&fd2);
	state_close(&s);
}

static void a_forgotten_session_leaves_no_file(void **state)
{
	struct state s = opened();
	int fd = -1;

	(void)state;
	assert_ok(state_lock_session(&fd, &s, &session, NULL), NULL);
	assert_int_equal(hzt_count_names(s.path), 1);
	assert_true(state_session_is_live(&s, &session));
	state_forget_session(&s, &session);
	assert_int_equal(hzt_count_names(s.path), 0);
	assert_false(state_session_is_live(&s, &session));
	fd_close(&fd);
	/* One that is not there is forgotten too. */
	state_forget_session(&s, &another);
	state_close(&s);
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(a_new_folder_has_no_memory_and_is_private),
		IN_FOLDER(what_is_pending_becomes_a_head_and_replaces_its_parents),
		IN_FOLDER(a_pending_commit_stays_through_others),
		IN_FOLDER(adopted_heads_are_no_longer_pending),
		IN_FOLDER(adopting_nothing_makes_a_memory),
		IN_FOLDER(writers_have_memories_of_their_own),
		IN_FOLDER(a_damaged_file_counts_as_no_memory),
		IN_FOLDER(a_whole_file_of_another_form_counts_as_no_memory),
		IN_FOLDER(a_failing_call_leaves_the_old_memory_or_the_new),
		IN_FOLDER(refresh_sees_what_another_process_committed),
		IN_FOLDER(processes_that_change_it_at_once_lose_nothing),
		IN_FOLDER(locks_are_held_until_their_process_dies),
		IN_FOLDER(a_forgotten_session_leaves_no_file),
	};

	return cmocka_run_group_tests_name("archive/state", tests, NULL, NULL);
}
