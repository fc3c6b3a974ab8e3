/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are overwritten and removed: what becomes of them when a call fails, lies or is raced. The file systems
 * are those of integration/test_shred_file_systems.sh. */
#include "support/hzt.h"
#include "support/faultvfs.h"
#include "base/vfs.h"
#include "hozen/shred.h"
#include "sanitize/shred.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define BYTES 20000u

struct scene {
	char *dir, *path;
	hz_shred_options o;
	hz_shred_result r;
	hz_json *summary;
	char told[2048];
	unsigned events, ticks, stop_at;
	int rc;
};

static void on_event(void *user, const hz_event *e)
{
	struct scene *s = user;
	size_t len = strlen(s->told);

	s->events++;
	(void)snprintf(s->told + len, sizeof(s->told) - len, "%s\n", e->message);
}

static int on_progress(void *user, const hz_progress *p)
{
	struct scene *s = user;

	(void)p;
	return s->stop_at && ++s->ticks >= s->stop_at;
}

static void scene_open(struct scene *s)
{
	uint8_t old[BYTES];

	memset(s, 0, sizeof(*s));
	s->dir = hzt_tmpdir();
	s->path = hzt_path(s->dir, "secret");
	memset(old, 0x5A, sizeof(old));
	hzt_put(s->path, old, sizeof(old));
	s->o = (hz_shred_options)HZ_SHRED_OPTIONS_INIT;
	s->o.event = on_event;
	s->o.progress = on_progress;
	s->o.user = s;
}

static int scene_run_on(struct scene *s, const char *path)
{
	s->r = (hz_shred_result)HZ_SHRED_RESULT_INIT;
	s->told[0] = '\0';
	hz_json_free(s->summary);
	s->summary = hz_json_new("shred_summary");
	return s->rc = hz_shred_files(&path, 1, &s->o, NULL, s->summary, &s->r, NULL);
}

static int scene_run(struct scene *s)
{
	return scene_run_on(s, s->path);
}

static void scene_close(struct scene *s)
{
	hz_json_free(s->summary);
	free(s->path);
	hzt_tmpdir_remove(s->dir);
}

/* How much of what it held is in whatever files are left. */
static size_t old_bytes_in(const char *path)
{
	size_t len = 0, n = 0;
	uint8_t *data = hzt_get(path, &len);

	for (size_t i = 0; i + 8 <= len; i++)
		n += memcmp(data + i, "ZZZZZZZZ", 8) == 0;
	free(data);
	return n;
}

/* ---- what is done ---- */

static void a_file_goes_with_name_and_all(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s);
	assert_int_equal(scene_run(&s), 0);
	assert_true(s.r.removed == 1 && s.r.bytes == 20480 && s.r.refused + s.r.failed + s.r.mismatched == 0);
	assert_int_equal(hzt_count_names(s.dir), 0);
	scene_close(&s);
}

static void the_order_is_content_durable_then_name(void **state)
{
	struct scene s;
	long write, sync, rename, cut, gone;

	(void)state;
	scene_open(&s);
	fault_start(FAULT_ALL, 0, 0);
	fault_record(s.dir);
	assert_int_equal(scene_run(&s), 0);
	(void)fault_stop();
	write = fault_log_find(0, "write secret");
	sync = fault_log_find(0, "fsync secret");
	assert_true(write >= 0 && sync > write);
	/* Names that mean nothing are random: found by what they begin with. */
	rename = cut = gone = -1;
	for (size_t i = 0; fault_log(i); i++) {
		if (strncmp(fault_log(i), "rename secret ", 14) == 0)
			rename = (long)i;
		if (strncmp(fault_log(i), "truncate ", 9) == 0)
			cut = (long)i;
		if (strncmp(fault_log(i), "unlink ", 7) == 0)
			gone = (long)i;
	}
	assert_true(rename > sync && cut > rename && gone > cut);
	assert_true(fault_log_find((size_t)gone, "fsync .") > gone);
	scene_close(&s);
}

static void every_call_that_fails_leaves_it_or_takes_it_overwritten(void **state)
{
	unsigned n = 1;

	(void)state;
	for (;; n++) {
		struct scene s;
		bool fired;

		scene_open(&s);
		fault_start(
			FAULT_READ | FAULT_WRITE | FAULT_FSYNC | FAULT_RENAME | FAULT_UNLINK | FAULT_TRUNCATE, n, EIO);
		(void)scene_run(&s);
		fired = fault_stop();
		/* Nothing that failed is called removed; what is removed is gone. */
		if (s.r.removed == 1 && fired)
			assert_true(s.r.failed == 1 || s.rc < 0 || access(s.path, F_OK) < 0);
		if (access(s.path, F_OK) == 0)
			assert_int_equal(s.r.removed, 0);
		if (access(s.path, F_OK) == 0 && s.rc == 0)
			assert_true(s.r.failed + s.r.refused + s.r.mismatched == 1 && s.events == 1);
		if (access(s.path, F_OK) < 0)
			assert_true(hzt_count_names(s.dir) == 0 || s.r.failed == 1);
		scene_close(&s);
		if (!fired)
			break;
	}
	assert_true(n > 10);
}

/* ---- what lies ---- */

static struct vfs lying;
static int lies_left;

static int fsync_fails(int fd)
{
	(void)fd;
	errno = EIO;
	return -1;
}

static ssize_t reads_other(int fd, void *buf, size_t len, off_t off)
{
	ssize_t n = vfs_system()->pread(fd, buf, len, off);

	if (n > 100 && off == 0)
		((uint8_t *)buf)[99] ^= 1;
	return n;
}

static ssize_t writes_nothing(int fd, const struct iovec *iov, int n, off_t off)
{
	ssize_t len = 0;

	(void)fd, (void)off;
	for (int i = 0; i < n; i++)
		len += (ssize_t)iov[i].iov_len;
	return len;
}

static void without_a_sync_nothing_is_removed(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s);
	lying = *vfs_system();
	lying.fsync = fsync_fails;
	vfs_install(&lying);
	assert_int_equal(scene_run(&s), 0);
	vfs_install(NULL);
	assert_true(s.r.failed == 1 && s.r.removed == 0 && access(s.path, F_OK) == 0);
	scene_close(&s);
}

static void what_reads_back_otherwise_stays_and_is_told(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s);
	lying = *vfs_system();
	lying.pread = reads_other;
	vfs_install(&lying);
	assert_int_equal(scene_run(&s), 0);
	vfs_install(NULL);
	assert_true(s.r.mismatched == 1 && s.r.removed == 0 && access(s.path, F_OK) == 0);
	scene_close(&s);
}

static void writes_that_are_dropped_are_found(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s);
	lying = *vfs_system();
	lying.pwritev = writes_nothing;
	vfs_install(&lying);
	assert_int_equal(scene_run(&s), 0);
	vfs_install(NULL);
	assert_true(s.r.mismatched + s.r.failed == 1 && s.r.removed == 0);
	assert_true(old_bytes_in(s.path) > 0);
	scene_close(&s);
}

/* ---- who races ---- */

static char *victim_path;

/* When the file is about to be renamed somebody puts another one in its place. */
static int swaps_first(int olddir, const char *oldp, int newdir, const char *newp, unsigned flags)
{
	if (lies_left-- == 1) {
		char *aside = NULL;

		assert_true(asprintf(&aside, "%s.aside", victim_path) > 0);
		assert_int_equal(rename(victim_path, aside), 0);
		hzt_put(victim_path, "innocent", 8);
		free(aside);
	}
	return vfs_system()->renameat2(olddir, oldp, newdir, newp, flags);
}

static void what_took_its_name_meanwhile_is_not_touched(void **state)
{
	struct scene s;
	uint8_t *is;
	size_t len;

	(void)state;
	scene_open(&s);
	victim_path = s.path;
	lies_left = 1;
	lying = *vfs_system();
	lying.renameat2 = swaps_first;
	vfs_install(&lying);
	assert_int_equal(scene_run(&s), 0);
	vfs_install(NULL);
	assert_true(s.r.removed == 0 && s.r.failed == 1);
	is = hzt_get(s.path, &len);
	assert_true(len == 8 && memcmp(is, "innocent", 8) == 0);
	free(is);
	scene_close(&s);
}

static int becomes_a_link(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	int fd = vfs_system()->openat2(dirfd, path, flags, mode, resolve);

	/* Looked at it is a file; before it is opened once more it is a link out of the folder. Looks: one to count,
	 * one to see, one to open. */
	if (lies_left-- == 1) {
		assert_int_equal(unlink(victim_path), 0);
		assert_int_equal(symlink("/etc/passwd", victim_path), 0);
	}
	return fd;
}

static void a_name_that_becomes_a_link_leads_nowhere(void **state)
{
	struct scene s;

	(void)state;
	for (int look = 1; look <= 3; look++) {
		scene_open(&s);
		victim_path = s.path;
		lies_left = look;
		lying = *vfs_system();
		lying.openat2 = becomes_a_link;
		vfs_install(&lying);
		assert_int_equal(scene_run(&s), 0);
		vfs_install(NULL);
		assert_true(s.r.removed == 0 && s.r.refused + s.r.failed == 1);
		assert_int_equal(access("/etc/passwd", F_OK), 0);
		scene_close(&s);
	}
}

/* ---- what is refused ---- */

static void every_reason_is_told(void **state)
{
	struct scene s;
	char *other;

	(void)state;
	scene_open(&s);
	other = hzt_path(s.dir, "other");
	assert_int_equal(link(s.path, other), 0);
	assert_int_equal(scene_run(&s), 0);
	assert_true(s.r.refused == 1 && strstr(s.told, "2 names"));
	assert_int_equal(unlink(other), 0);
	assert_int_equal(symlink(s.path, other), 0);
	assert_int_equal(scene_run_on(&s, other), 0);
	assert_true(s.r.refused == 1 && strstr(s.told, "symbolic link"));
	assert_int_equal(unlink(other), 0);
	assert_int_equal(mkfifo(other, 0600), 0);
	assert_int_equal(scene_run_on(&s, other), 0);
	assert_true(s.r.refused == 1 && strstr(s.told, "no regular file"));
	assert_int_equal(scene_run_on(&s, s.dir), 0);
	assert_true(s.r.refused == 1 && strstr(s.told, "--recursive"));
	assert_int_equal(scene_run_on(&s, "/dev/null"), 0);
	assert_int_equal(s.r.refused, 1);
	assert_int_equal(access(s.path, F_OK), 0);
	free(other);
	scene_close(&s);
}

static void paths_that_lead_nowhere_fail(void **state)
{
	static const char *const paths[] = { "", "/", ".", "..", "/nowhere/at/all", "x/.." };
	struct scene s;

	(void)state;
	scene_open(&s);
	s.o.flags = HZ_SHRED_RECURSIVE;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_int_equal(scene_run_on(&s, paths[i]), 0);
		assert_true(s.r.failed == 1 && s.r.removed == 0);
	}
	scene_close(&s);
}

static void stopped_in_between_it_stands_and_is_named(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s);
	s.stop_at = 1;
	assert_int_equal(scene_run(&s), HZ_E_CANCELED);
	assert_true(s.r.removed == 0 && access(s.path, F_OK) == 0);
	scene_close(&s);
}

static void holes_are_not_filled(void **state)
{
	struct scene s;
	int fd;

	(void)state;
	scene_open(&s);
	fd = open(s.path, O_RDWR | O_CLOEXEC);
	/* More than any disk has. */
	assert_int_equal(pwrite(fd, "end", 3, (off_t)1 << 40), 3);
	assert_int_equal(close(fd), 0);
	assert_int_equal(scene_run(&s), 0);
	assert_true(s.r.removed == 1 && s.r.bytes < 1 << 20);
	scene_close(&s);
}

static void names_that_mean_nothing_are_names(void **state)
{
	char name[256];

	(void)state;
	assert_int_equal(crypto_init(NULL), 0);
	for (size_t len = 1; len < sizeof(name); len++) {
		shred_meaningless(name, len);
		assert_int_equal(strlen(name), len);
		assert_null(strpbrk(name, "/."));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_goes_with_name_and_all),
		cmocka_unit_test(the_order_is_content_durable_then_name),
		cmocka_unit_test(every_call_that_fails_leaves_it_or_takes_it_overwritten),
		cmocka_unit_test(without_a_sync_nothing_is_removed),
		cmocka_unit_test(what_reads_back_otherwise_stays_and_is_told),
		cmocka_unit_test(writes_that_are_dropped_are_found),
		cmocka_unit_test(what_took_its_name_meanwhile_is_not_touched),
		cmocka_unit_test(a_name_that_becomes_a_link_leads_nowhere),
		cmocka_unit_test(every_reason_is_told),
		cmocka_unit_test(paths_that_lead_nowhere_fail),
		cmocka_unit_test(stopped_in_between_it_stands_and_is_named),
		cmocka_unit_test(holes_are_not_filled),
		cmocka_unit_test(names_that_mean_nothing_are_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
