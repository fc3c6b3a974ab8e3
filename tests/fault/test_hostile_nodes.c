/* SPDX-License-Identifier: BSD-2-Clause */
/* test-timeout: 300 */
/* Devices, FIFOs, sockets and setuid files that a hostile writer names. Invariant: what is no regular file is made
 * under its name at most; nothing opens it, and no content goes through it, whatever stood or stands under that name.
 */
#include "hostile.h"
#include "base/vfs.h"
#include <ftw.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#define MAJOR   240u /* for experiments: no driver answers */
#define MINOR   77u
#define NOBODY  65534u
#define CONTENT "true content"

static int setup(void **state)
{
	*state = place_new();
	return 0;
}

static int teardown(void **state)
{
	place_free(*state);
	return 0;
}

/* ---- who opens what is no file ---- */

static struct vfs spy;
static unsigned opened; /* atomic */

static void look(int dirfd, const char *path, int flags)
{
	struct stat st;

	if (!(flags & O_PATH) && fstatat(dirfd, path, &st, flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0) == 0 &&
		!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode))
		(void)__atomic_add_fetch(&opened, 1, __ATOMIC_RELAXED);
}

static int spy_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	look(dirfd, path, flags);
	return vfs_system()->openat(dirfd, path, flags, mode);
}

static int spy_openat2(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	look(dirfd, path, flags);
	return vfs_system()->openat2(dirfd, path, flags, mode, resolve);
}

static int restore_watched(
	struct place *p, const char *id, uint32_t flags, struct told_here *told, hz_restore_result *res)
{
	int rc;

	*told = (struct told_here){ 0 };
	spy = *vfs_system();
	spy.openat = spy_openat;
	spy.openat2 = spy_openat2;
	opened = 0;
	vfs_install(&spy);
	rc = victim_restore(p, id, flags, told, res);
	vfs_install(NULL);
	assert_int_equal(opened, 0);
	assert_canary(p);
	return rc;
}

/* ---- names of every kind ---- */

enum kind { FILE_OF, FOLDER, LINK, FIFO, SOCKET, CHAR, BLOCK, KINDS };
static const uint32_t kind_mode[KINDS] = { S_IFREG | 0644, S_IFDIR | 0755, S_IFLNK | 0777, S_IFIFO | 0600,
	S_IFSOCK | 0600, S_IFCHR | 0666, S_IFBLK | 0666 };

static const char *const names[KINDS] = { "a", "b", "c", "d", "e", "f", "g" };

static bool is_device(enum kind k)
{
	return k == CHAR || k == BLOCK;
}

static void kind_item(
	struct buf *items, const char *name, enum kind k, const struct chunk_ref *chunk, const struct id *inode)
{
	AUTO_IN(buf_release) struct buf more = BUF_INIT;

	/* Who restores may give it. */
	if (geteuid() != 0) {
		raw_vars(&more, 3, geteuid(), 0);
		raw_vars(&more, 4, getegid(), 0);
	}
	if (k == FILE_OF)
		raw_vars(&more, 9, chunk->len, 0);
	if (is_device(k))
		raw_vars(&more, 10, MAJOR, MINOR);
	if (k == LINK)
		raw_field(&more, 11, "canary", 6);
	if (inode)
		raw_field(&more, 12, inode->b, ID_LEN);
	if (k == FILE_OF)
		raw_chunks(&more, chunk, 1);
	raw_item(items, name, strlen(name), kind_mode[k], &more);
}

static void put_content(struct forging *x, struct chunk_ref *chunk)
{
	chunk->len = sizeof(CONTENT) - 1;
	chunk->id = mac_compute(x->data, DOMAIN_DATA, CONTENT, chunk->len);
	forge_frame(x, PACK_DATA, METHOD_RAW, &chunk->id, CONTENT, chunk->len, chunk->len);
}

static void assert_kind(const struct place *p, const char *name, enum kind k)
{
	AUTO_FREE char *path = hzt_path(p->target, name);
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & S_IFMT, kind_mode[k] & S_IFMT);
	if (is_device(k))
		assert_int_equal(st.st_rdev, makedev(MAJOR, MINOR));
	if (k == FILE_OF) {
		size_t len = 0;
		AUTO_FREE uint8_t *data = hzt_get(path, &len);

		assert_int_equal(len, sizeof(CONTENT) - 1);
		assert_memory_equal(data, CONTENT, len);
	}
}

/* A snapshot of names a, b, ... of the kinds from first on. */
static void forge_kinds(struct place *p, unsigned first, char id[HZ_ID_HEX])
{
	AUTO_IN(buf_release) struct buf items = BUF_INIT;
	struct chunk_ref chunk;
	struct list_ref ref;
	struct forging x;

	forge_begin(&x, p, p->f.writer);
	put_content(&x, &chunk);
	for (unsigned i = 0; i < KINDS; i++)
		kind_item(&items, names[i], (first + i) % KINDS, &chunk, NULL);
	forge_node(&x, &ref, NODE_TREE, 0, KINDS, &items);
	forge_commit(id, &x, &ref);
	forge_end(&x);
}

/* Every kind where every other one stands: their number is prime, and each distance is gone around once. */
static void restore_kinds(struct place *p)
{
	static const uint32_t flags[] = { HZ_RESTORE_UPDATE, HZ_RESTORE_UPDATE | HZ_RESTORE_VERIFY,
		HZ_RESTORE_UPDATE | HZ_RESTORE_DELETE };
	const bool root = geteuid() == 0;
	unsigned first = 0;
	struct told_here told;
	hz_restore_result res;
	char id[HZ_ID_HEX];

	for (unsigned i = 0; i < KINDS * (KINDS - 1); i++) {
		first = (first + 1 + i / KINDS) % KINDS;
		forge_kinds(p, first, id);
		assert_int_equal(restore_watched(p, id, flags[i % ARRAY_LEN(flags)], &told, &res), 0);
		assert_int_equal(res.failed_damage + res.failed_target + res.verify_mismatch + told.damage, 0);
		/* Two devices, and the owner of the target. */
		assert_int_equal(res.meta_short, root ? 0 : 3);
		for (unsigned k = 0; k < KINDS; k++) {
			if (root || !is_device((first + k) % KINDS))
				assert_kind(p, names[k], (first + k) % KINDS);
		}
		assert_true(hzt_count_names(p->target) <= KINDS);
	}
}

static void each_kind_takes_the_place_of_each_and_nothing_is_opened(void **state)
{
	restore_kinds(*state);
}

/* ---- as an ordinary user ---- */

static int give_to_nobody(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return lchown(path, NOBODY, NOBODY);
}

/* In a child, which gives up root if it is root; what fails there ends it without a word to the parent. */
static void as_nobody(struct place *p, void (*fn)(struct place *p))
{
	bool *done = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0;
	pid_t pid;

	assert_true(done != MAP_FAILED);
	assert_int_equal(geteuid() == 0 ? nftw(p->dir, give_to_nobody, 16, FTW_PHYS) : 0, 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (geteuid() == 0 && (syscall(SYS_setgroups, 0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
			_exit(1);
		if (access(p->reader_key, R_OK) < 0)
			_exit(77);
		(void)setenv("CMOCKA_TEST_ABORT", "1", 1);
		fn(p);
		*done = true;
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		(void)munmap(done, 4096);
		skip();
	}
	assert_true(*done);
	(void)munmap(done, 4096);
}

static void an_ordinary_user_makes_no_device_and_is_told(void **state)
{
	as_nobody(*state, restore_kinds);
}

/* Into nothing: the names of the devices stay free. */
static void restore_beside_devices(struct place *p)
{
	struct told_here told;
	hz_restore_result res;
	char id[HZ_ID_HEX];

	/* a: file, f and g: devices. */
	forge_kinds(p, 0, id);
	assert_int_equal(restore_watched(p, id, 0, &told, &res), 0);
	assert_int_equal(res.meta_short, 3);
	assert_int_equal(hzt_count_names(p->target), KINDS - 2);
	assert_kind(p, "a", FILE_OF);
}

static void nothing_is_made_under_the_name_of_a_device(void **state)
{
	as_nobody(*state, restore_beside_devices);
}

/* ---- setuid ---- */

/* Root's and another's, with and without setgid, and with a capability. */
static void forge_privileged(struct place *p, char id[HZ_ID_HEX])
{
	/* VFS_CAP_REVISION_2 with all of the first 32 permitted, effective. */
	static const uint8_t cap[20] = { 1, 0, 0, 2, 0xFF, 0xFF, 0xFF, 0xFF };
	AUTO_IN(buf_release) struct buf items = BUF_INIT;
	struct list_ref ref;
	struct forging x;

	forge_begin(&x, p, p->f.writer);
	for (unsigned i = 0; i < 3; i++) {
		AUTO_IN(buf_release) struct buf more = BUF_INIT, xattrs = BUF_INIT;
		struct enc e = enc_to(&xattrs);

		enc_var(&e, 1);
		enc_blob(&e, "security.capability", 19);
		enc_blob(&e, cap, sizeof(cap));
		assert_false(e.bad);
		if (i == 1) {
			raw_vars(&more, 3, 1234, 0);
			raw_vars(&more, 4, 1235, 0);
		}
		if (i == 2)
			raw_field(&more, 14, xattrs.data, xattrs.len);
		raw_item(&items, names[i], 1, S_IFREG | (i == 2 ? 0755 : 06755), &more);
	}
	forge_node(&x, &ref, NODE_TREE, 0, 3, &items);
	forge_commit(id, &x, &ref);
	forge_end(&x);
}

static struct stat stat_of(const struct place *p, const char *name)
{
	AUTO_FREE char *path = hzt_path(p->target, name);
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st;
}

/* docs/THREAT-MODEL.md: this is what a restore is for. */
static void root_gets_setuid_files_with_their_owners(void **state)
{
	struct place *p = *state;
	struct told_here told;
	hz_restore_result res;
	char id[HZ_ID_HEX];

	if (geteuid() != 0)
		skip();
	forge_privileged(p, id);
	assert_int_equal(restore_watched(p, id, HZ_RESTORE_VERIFY, &told, &res), 0);
	assert_int_equal(res.meta_short + res.failed_target + res.verify_mismatch, 0);
	assert_int_equal(stat_of(p, "a").st_mode, S_IFREG | 06755);
	assert_int_equal(stat_of(p, "a").st_uid, 0);
	assert_int_equal(stat_of(p, "b").st_mode, S_IFREG | 06755);
	assert_int_equal(stat_of(p, "b").st_uid, 1234);
	assert_int_equal(stat_of(p, "b").st_gid, 1235);
}

/* Without the owner it would be a setuid file of another: whoever restores. */
static void restore_privileged(struct place *p)
{
	static const uint32_t flags[] = { 0, HZ_RESTORE_UPDATE };
	struct told_here told;
	hz_restore_result res;
	char id[HZ_ID_HEX];

	forge_privileged(p, id);
	for (unsigned i = 0; i < ARRAY_LEN(flags); i++) {
		assert_int_equal(restore_watched(p, id, flags[i], &told, &res), 0);
		/* The target itself, which is root's, too. */
		assert_true(res.meta_short >= 3 && res.meta_short <= 4);
		assert_int_equal(res.failed_target + res.failed_damage, 0);
		for (unsigned k = 0; k < 3; k++) {
			struct stat st = stat_of(p, names[k]);

			assert_int_equal(st.st_mode, S_IFREG | 0755);
			assert_int_equal(st.st_uid, geteuid());
		}
	}
}

static void an_ordinary_user_gets_no_setuid_file(void **state)
{
	as_nobody(*state, restore_privileged);
}

/* ---- names of one inode, of different types ---- */

struct mixed {
	enum kind kind[4];
	bool damaged; /* the content of files is in no pack */
	unsigned made, told;
};

static void forge_mixed(struct place *p, const struct mixed *m, char id[HZ_ID_HEX])
{
	AUTO_IN(buf_release) struct buf items = BUF_INIT;
	const struct id inode = { { 7 } };
	struct chunk_ref chunk = { .id = { { 1 } }, .len = 5 };
	struct list_ref ref;
	struct forging x;

	forge_begin(&x, p, p->f.writer);
	if (!m->damaged)
		put_content(&x, &chunk);
	for (unsigned i = 0; i < 4; i++)
		kind_item(&items, names[i], m->kind[i], &chunk, &inode);
	forge_node(&x, &ref, NODE_TREE, 0, 4, &items);
	forge_commit(id, &x, &ref);
	forge_end(&x);
}

/* What is there under a name is of the kind that the snapshot says. */
static unsigned assert_mixed(const struct place *p, const struct mixed *m)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 4; i++) {
		AUTO_FREE char *path = hzt_path(p->target, names[i]);

		if (access(path, F_OK) < 0)
			continue;
		assert_kind(p, names[i], m->kind[i]);
		n++;
	}
	return n;
}

/* All four names are links to one device, which must not get what a file of the snapshot holds. */
static void put_devices(const struct place *p)
{
	AUTO_FREE char *first = hzt_path(p->target, "a");

	assert_int_equal(mknod(first, S_IFCHR | 0600, makedev(MAJOR, MINOR)), 0);
	for (unsigned i = 1; i < 4; i++) {
		AUTO_FREE char *path = hzt_path(p->target, names[i]);

		assert_int_equal(link(first, path), 0);
	}
}

static int swallow(void *user, const void *data, size_t len)
{
	(void)user, (void)data, (void)len;
	return 0;
}

/* The first name says what the others must be. */
static void assert_exported(struct place *p, const struct mixed *m, const char *id)
{
	hz_repo_options o = place_options(p, p->reader_key);
	hz_export_result res = HZ_EXPORT_RESULT_INIT;
	hz_reader *r = NULL;
	hz_error *err = NULL;
	unsigned n = 0;

	for (unsigned i = 0; i < 4; i++)
		n += m->kind[i] == m->kind[0] && !(m->kind[i] == FILE_OF && m->damaged);
	assert_ok(hz_reader_open(&r, &o, HZ_NEED_READ, NULL, &err), &err);
	assert_ok(hz_export(r, id, NULL, swallow, NULL, NULL, &res, &err), &err);
	hz_reader_close(r);
	/* And the folder. */
	assert_int_equal(res.entries, n + 1);
	assert_int_equal(res.failed_damage, 4 - n);
}

static void names_of_one_inode_have_one_type(void **state)
{
	static const struct mixed all[] = {
		{ { FILE_OF, CHAR, FIFO, FILE_OF }, false, 2, 2 },
		{ { CHAR, FILE_OF, SOCKET, FILE_OF }, false, 2, 2 },
		{ { FILE_OF, CHAR, FILE_OF, FIFO }, true, 0, 4 },
		{ { CHAR, FIFO, FILE_OF, FILE_OF }, true, 0, 4 },
		{ { FIFO, CHAR, FIFO, SOCKET }, false, 2, 2 },
	};
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(all) * 2; i++) {
		const struct mixed *m = &all[i / 2];
		struct told_here told;
		hz_restore_result res;
		char id[HZ_ID_HEX];

		if (i % 2 && geteuid() != 0)
			continue;
		assert_int_equal(mkdir(p->target, 0700), 0);
		if (i % 2)
			put_devices(p);
		forge_mixed(p, m, id);
		assert_int_equal(
			restore_watched(p, id, (i % 2 ? HZ_RESTORE_UPDATE : 0) | HZ_RESTORE_VERIFY, &told, &res), 0);
		assert_int_equal(res.failed_damage, m->told);
		assert_true(told.damage >= m->told);
		assert_int_equal(res.files + res.others, m->made);
		assert_int_equal(res.verify_mismatch, 0);
		if (i % 2 == 0)
			assert_int_equal(assert_mixed(p, m), m->made);
		hzt_tmpdir_remove(strdup(p->target));
		assert_exported(p, m, id);
	}
}

#define IN_PLACE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(each_kind_takes_the_place_of_each_and_nothing_is_opened),
		IN_PLACE(an_ordinary_user_makes_no_device_and_is_told),
		IN_PLACE(nothing_is_made_under_the_name_of_a_device),
		IN_PLACE(root_gets_setuid_files_with_their_owners),
		IN_PLACE(an_ordinary_user_gets_no_setuid_file),
		IN_PLACE(names_of_one_inode_have_one_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
