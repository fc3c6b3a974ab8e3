/* SPDX-License-Identifier: BSD-2-Clause */
/* Secret memory. test-label: tsan */
#include "unit/crypto/hextest.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void new_secret_is_zero(void **state)
{
	AUTO(secret_free) struct secret *s = NULL;
	static const uint8_t zero[100];

	(void)state;
	assert_int_equal(secret_new(&s, sizeof(zero), NULL), 0);
	assert_int_equal(secret_len(s), sizeof(zero));
	assert_memory_equal(secret_bytes(s), zero, sizeof(zero));
	assert_ptr_equal(secret_data(s), secret_bytes(s));
}

static void empty_secret_is_fine(void **state)
{
	AUTO(secret_free) struct secret *s = NULL;
	AUTO(secret_free) struct secret *t = NULL;

	(void)state;
	assert_int_equal(secret_from(&s, NULL, 0, NULL), 0);
	assert_int_equal(secret_dup(&t, s, NULL), 0);
	assert_int_equal(secret_len(t), 0);
}

static void copies_are_independent(void **state)
{
	AUTO(secret_free) struct secret *s = NULL;
	AUTO(secret_free) struct secret *t = NULL;

	(void)state;
	assert_int_equal(secret_from(&s, "secret", 6, NULL), 0);
	assert_int_equal(secret_dup(&t, s, NULL), 0);
	secret_data(s)[0] = 'S';
	assert_memory_equal(secret_bytes(t), "secret", 6);
	assert_int_equal(secret_len(t), 6);
}

static void random_secrets_differ(void **state)
{
	AUTO(secret_free) struct secret *s = NULL;
	AUTO(secret_free) struct secret *t = NULL;
	uint8_t a[16] = { 0 }, b[16] = { 0 };

	(void)state;
	assert_int_equal(secret_random(&s, 32, NULL), 0);
	assert_int_equal(secret_random(&t, 32, NULL), 0);
	assert_memory_not_equal(secret_bytes(s), secret_bytes(t), 32);
	random_bytes(a, sizeof(a));
	random_bytes(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
}

static void impossible_length_is_nomem_and_leaves_the_result_alone(void **state)
{
	AUTO(hz_error_free) hz_error *err = NULL;
	struct secret *s = NULL;

	(void)state;
	assert_int_equal(secret_new(&s, SIZE_MAX - 1, &err), HZ_E_NOMEM);
	assert_int_equal(hz_error_code(err), HZ_E_NOMEM);
	assert_null(s);
}

static void freeing_nothing_is_fine_and_keeps_errno(void **state)
{
	struct secret *s = NULL;

	(void)state;
	secret_free(NULL);
	assert_int_equal(secret_new(&s, 1, NULL), 0);
	errno = ENOTTY;
	secret_free(s);
	assert_int_equal(errno, ENOTTY);
}

/* 3000 pages are more than the usual lock limit of 8 MiB. */
static void many_secrets_fit(void **state)
{
	static struct secret *many[3000];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		assert_int_equal(secret_from(&many[i], &i, sizeof(i), NULL), 0);
		assert_memory_equal(secret_bytes(many[i]), &i, sizeof(i));
	}
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		secret_free(many[i]);
}

/* The page of one that was freed serves the next of its length, which must not find what lay there. */
static void what_was_freed_is_wiped_before_it_is_used_again(void **state)
{
	static const size_t lens[] = { 1, 13, 32, 64, 1024, 1025 };
	static const uint8_t zero[1025];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lens) * 3; i++) {
		size_t len = lens[i % ARRAY_LEN(lens)];
		struct secret *s = NULL;

		assert_int_equal(secret_new(&s, len, NULL), 0);
		assert_memory_equal(secret_bytes(s), zero, len);
		memset(secret_data(s), 0xa5, len);
		secret_free(s);
	}
}

static void *use_many(void *bad)
{
	for (unsigned i = 0; i < 300; i++) {
		AUTO(secret_free) struct secret *a = NULL;
		AUTO(secret_free) struct secret *b = NULL;

		if (secret_new(&a, 32, NULL) < 0 || secret_new(&b, 16 + i % 40, NULL) < 0)
			*(bool *)bad = true;
		else
			memset(secret_data(a), (int)i, 32);
		for (unsigned k = 0; b && k < secret_len(b); k++)
			*(bool *)bad |= secret_bytes(b)[k] != 0;
	}
	return NULL;
}

static void threads_do_not_share_a_secret(void **state)
{
	pthread_t t[4];
	bool bad[ARRAY_LEN(t)] = { false };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, use_many, &bad[i]), 0);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		assert_int_equal(pthread_join(t[i], NULL), 0);
		assert_false(bad[i]);
	}
}

/* A child touches the first byte behind a secret; true when that killed it. */
static bool dies_behind(size_t len)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct secret *s = NULL;

		signal(SIGSEGV, SIG_DFL); /* not cmocka's, which would go on with the next test */
		/* The second one lies where the first did. */
		for (unsigned i = 0; i < 2 && secret_new(&s, len, NULL) == 0; i++) {
			if (i > 0)
				((volatile uint8_t *)secret_data(s))[len] = 1;
			secret_free(s);
		}
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static void touching_the_byte_behind_a_secret_kills(void **state)
{
	(void)state;
	assert_true(dies_behind(32));
	assert_true(dies_behind(13));
}

/* The flags of the mapping that holds p, out of /proc/self/smaps; false where the kernel does not tell. */
static bool flags_of(const void *p, char flags[256])
{
	FILE *f = fopen("/proc/self/smaps", "re");
	bool inside = false, found = false;
	char line[512];

	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		char *end = line;
		uintptr_t from = strtoul(line, &end, 16);

		if (end != line && *end == '-')
			inside = (uintptr_t)p >= from && (uintptr_t)p < strtoul(end + 1, NULL, 16);
		found = inside && strncmp(line, "VmFlags:", 8) == 0;
	}
	if (found)
		snprintf(flags, 256, "%.250s", line + 8);
	fclose(f);
	return found;
}

static void secrets_stay_out_of_core_dumps(void **state)
{
	AUTO(secret_free) struct secret *s = NULL;
	char flags[256];

	(void)state;
	assert_int_equal(secret_new(&s, 32, NULL), 0);
	if (!flags_of(secret_bytes(s), flags))
		skip();
	assert_non_null(strstr(flags, " dd"));
}

/* 1: locked; 0: not; -1: the kernel does not tell. */
static int is_locked(const struct secret *s)
{
	char flags[256];

	return flags_of(secret_bytes(s), flags) ? strstr(flags, " lo") != NULL : -1;
}

/* In a child, whose exit code is 1 where the secret that work makes is locked. */
static int locked_in_child(int (*work)(struct secret **s))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct secret *s = NULL;
		int rc = work(&s);

		_exit(rc < 0 ? 100 : is_locked(s) & 0xff);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int one_of_32(struct secret **s)
{
	return secret_new(s, 32, NULL);
}

/* The address sanitizer takes mlock away. */
static void need_locks(void)
{
	struct secret *s = NULL;
	int locked;

	assert_int_equal(secret_new(&s, 32, NULL), 0);
	locked = is_locked(s);
	secret_free(s);
	if (locked != 1)
		skip();
}

/* Locks are not inherited. */
static void a_child_does_not_take_pages_of_its_parent(void **state)
{
	(void)state;
	need_locks();
	assert_int_equal(locked_in_child(one_of_32), 1);
}

/* Where sixteen pages may be locked, and as many wait. */
static int beside_those_that_wait(struct secret **s)
{
	const struct rlimit few = { 65536, 65536 };
	struct secret *many[16] = { NULL };
	int rc = setrlimit(RLIMIT_MEMLOCK, &few) < 0 || (geteuid() == 0 && setuid(65534) < 0) ? -1 : 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(many); i++)
		rc = secret_new(&many[i], 32, NULL);
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		secret_free(many[i]);
	return rc < 0 ? rc : secret_new(s, 64, NULL);
}

static void pages_that_wait_give_way(void **state)
{
	(void)state;
	need_locks();
	assert_int_equal(locked_in_child(beside_those_that_wait), 1);
}

static void wipe_zeroes(void **state)
{
	uint8_t b[5] = "abcd";
	static const uint8_t want[5] = { 0, 0, 0, 'd', 0 };

	(void)state;
	wipe(b, 3);
	assert_memory_equal(b, want, sizeof(b));
	wipe(NULL, 0);
}

static void equal_compares_every_byte(void **state)
{
	uint8_t a[33], b[33];

	(void)state;
	fill(a, sizeof(a), 1);
	assert_int_equal(secret_equal(NULL, NULL, 0), 1);
	for (size_t i = 0; i < sizeof(a); i++) {
		memcpy(b, a, sizeof(a));
		assert_int_equal(secret_equal(a, b, sizeof(a)), 1);
		b[i] ^= 0x80;
		assert_int_equal(secret_equal(a, b, sizeof(a)), 0);
		assert_int_equal(secret_equal(a, b, i), 1);
	}
}

static void *init_thread(void *rc)
{
	*(int *)rc = crypto_init(NULL);
	return NULL;
}

static void init_may_be_called_from_several_threads(void **state)
{
	pthread_t t[4];
	int rc[4] = { 1, 1, 1, 1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, init_thread, &rc[i]), 0);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		assert_int_equal(pthread_join(t[i], NULL), 0);
		assert_int_equal(rc[i], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(init_may_be_called_from_several_threads),
		cmocka_unit_test(new_secret_is_zero),
		cmocka_unit_test(empty_secret_is_fine),
		cmocka_unit_test(copies_are_independent),
		cmocka_unit_test(random_secrets_differ),
		cmocka_unit_test(impossible_length_is_nomem_and_leaves_the_result_alone),
		cmocka_unit_test(freeing_nothing_is_fine_and_keeps_errno),
		cmocka_unit_test(many_secrets_fit),
		cmocka_unit_test(what_was_freed_is_wiped_before_it_is_used_again),
		cmocka_unit_test(threads_do_not_share_a_secret),
		cmocka_unit_test(touching_the_byte_behind_a_secret_kills),
		cmocka_unit_test(secrets_stay_out_of_core_dumps),
		cmocka_unit_test(a_child_does_not_take_pages_of_its_parent),
		cmocka_unit_test(pages_that_wait_give_way),
		cmocka_unit_test(wipe_zeroes),
		cmocka_unit_test(equal_compares_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL); /* the first test starts the layer */
}
