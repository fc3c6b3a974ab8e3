/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The erase engine alone, for measuring and for tests from a shell: bench_erase MODE ...
 *
 *	stream                         how fast each cipher makes data, in GB/s of a core (processor time)
 *	write DEVICE [OPTION...]       one pass
 *	verify DEVICE [OPTION...]      every sector, against the same
 *	job DEVICE FOLDER [OPTION...]  a pass of the keyed stream with a journal in FOLDER, or the rest of one, then
 *verify
 *
 * --zeros, --request BYTES, --depth N, --lanes N, --no-uring, --checkpoint BYTES, --slow MICROSECONDS (each request),
 * --kill-after N (checkpoints: SIGKILL). DEVICE is a file or a block device that nobody else has. The key of write and
 * verify is fixed: what they write is no secret of anybody. One line on stdout; exit 0 only when all is well.
 */
#include "base/clock.h"
#include "base/ring.h"
#include "sanitize/erase_journal.h"
#include "sanitize/overwrite.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct disk {
	struct link link;
	int fd;
};

struct settings {
	struct engine_options eo;
	bool zeros;
	unsigned slow_us, kill_after;
};

/* ---- a link to what the operator names ---- */

static int result(bool good, const char *what, hz_error **err)
{
	if (good)
		return 0;
	return err_errno_as(err, errno == ENODEV || errno == ENXIO ? HZ_E_NOTFOUND : HZ_E_IO, "%s", what);
}

static int disk_read(struct link *l, void *data, size_t len, uint64_t off, hz_error **err)
{
	ssize_t n = pread(((struct disk *)l)->fd, data, len, (off_t)off);

	if (n >= 0 && (size_t)n != len)
		errno = EIO;
	return result(n == (ssize_t)len, "read", err);
}

static int disk_write(struct link *l, const void *data, size_t len, uint64_t off, hz_error **err)
{
	ssize_t n = pwrite(((struct disk *)l)->fd, data, len, (off_t)off);

	if (n >= 0 && (size_t)n != len)
		errno = EIO;
	return result(n == (ssize_t)len, "write", err);
}

static int disk_flush(struct link *l, hz_error **err)
{
	return result(fsync(((struct disk *)l)->fd) == 0, "flush", err);
}

static int disk_look(struct link *l, hz_device_info *info, hz_error **err)
{
	(void)err;
	*info = l->info;
	return 0;
}

static int disk_fd(struct link *l)
{
	return ((struct disk *)l)->fd;
}

static const struct link_ops ops = {
	.read = disk_read, .write = disk_write, .flush = disk_flush, .look = disk_look, .fd = disk_fd
};

static int disk_open(struct disk *d, const char *path)
{
	hz_device_info *i = &d->link.info;
	struct stat st;
	int sector = 512;
	unsigned physical = 512;

	*d = (struct disk){ .fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC) };
	if (d->fd < 0 || fstat(d->fd, &st) < 0)
		return -1;
	i->bytes = (uint64_t)st.st_size;
	if (S_ISBLK(st.st_mode)) {
		(void)close(d->fd);
		d->fd = open(path, O_RDWR | O_DIRECT | O_EXCL | O_CLOEXEC);
		/* A list of devices claims each for a moment. */
		for (int tries = 0; d->fd < 0 && errno == EBUSY && tries < 50; tries++) {
			(void)usleep(20000);
			d->fd = open(path, O_RDWR | O_DIRECT | O_EXCL | O_CLOEXEC);
		}
		if (d->fd < 0 || ioctl(d->fd, BLKGETSIZE64, &i->bytes) < 0 || ioctl(d->fd, BLKSSZGET, &sector) < 0 ||
			ioctl(d->fd, BLKPBSZGET, &physical) < 0)
			return -1;
	}
	i->size = sizeof(*i);
	i->transport = HZ_TRANSPORT_LOOP;
	i->logical_sector = (uint32_t)sector;
	i->physical_sector = physical;
	(void)snprintf(i->path, sizeof(i->path), "%s", path);
	(void)snprintf(i->confirm_id, sizeof(i->confirm_id), "%s", path);
	d->link.ops = &ops;
	return 0;
}

/* ---- what it does ---- */

static int fail(hz_error *err)
{
	fprintf(stderr, "bench_erase: %s\n", hz_error_message(err));
	hz_error_free(err);
	return 1;
}

static void print_extents(const char *name, const struct extents *e)
{
	printf(" %s=%llu:", name, (unsigned long long)e->sectors);
	for (size_t i = 0; i < e->n; i++)
		printf("%s%llu+%llu", i ? "," : "", (unsigned long long)e->at[i].lba,
			(unsigned long long)e->at[i].count);
}

static void print_rate(const char *what, uint64_t bytes, uint64_t ns)
{
	printf("%s bytes=%llu seconds=%.3f MB/s=%.0f", what, (unsigned long long)bytes, (double)ns / 1e9,
		ns ? (double)bytes * 1e3 / (double)ns : 0);
}

static int fixed_fill(struct fill *f, struct secret **key, const struct settings *s, hz_error **err)
{
	static const uint8_t bytes[STREAM_KEY_LEN] = "bench";
	int rc = crypto_init(err);

	if (rc == 0)
		rc = secret_from(key, bytes, sizeof(bytes), err);
	*f = (struct fill){ .kind = s->zeros ? FILL_BYTES : FILL_STREAM, .key = *key, .pattern_len = 1 };
	return rc;
}

static int write_mode(struct disk *d, const struct settings *s)
{
	AUTO(secret_free) struct secret *key = NULL;
	struct outcome o = { 0 };
	hz_error *err = NULL;
	struct fill f;
	uint64_t start;
	int rc = fixed_fill(&f, &key, s, &err);

	start = clock_mono_ns();
	if (rc == 0)
		rc = engine_write(&d->link, &f, &s->eo, &o, &err);
	print_rate("write", o.done, clock_mono_ns() - start);
	printf(" state=%d", o.state);
	print_extents("bad", &o.bad);
	printf("\n");
	extents_release(&o.bad);
	return rc < 0 ? fail(err) : o.state != OUTCOME_COMPLETED;
}

static int verify_with(struct disk *d, const struct fill *f, const struct engine_options *eo)
{
	struct check c = { 0 };
	hz_error *err = NULL;
	uint64_t start = clock_mono_ns();
	int rc = engine_verify(&d->link, f, false, eo, &c, &err), wrong;

	print_rate("verify", c.sectors * d->link.info.logical_sector, clock_mono_ns() - start);
	print_extents("mismatched", &c.mismatched);
	print_extents("unreadable", &c.unreadable);
	printf("\n");
	wrong = c.mismatched.n > 0 || c.unreadable.n > 0;
	check_release(&c);
	return rc < 0 ? fail(err) : wrong;
}

static int verify_mode(struct disk *d, const struct settings *s)
{
	AUTO(secret_free) struct secret *key = NULL;
	hz_error *err = NULL;
	struct fill f;
	int rc = fixed_fill(&f, &key, s, &err);

	return rc < 0 ? fail(err) : verify_with(d, &f, &s->eo);
}

/* ---- with a journal ---- */

struct job {
	struct erase_journal *j;
	const struct settings *s;
	unsigned checkpoints;
};

static int begin(void *user, unsigned pass, const struct fill *f, const struct extents *missed, hz_error **err)
{
	struct job *job = user;

	return erase_journal_pass(job->j, 0, pass, f, missed, err);
}

static int checkpoint(void *user, unsigned pass, uint64_t durable, const struct outcome *o, hz_error **err)
{
	struct job *job = user;
	int rc = erase_journal_durable(job->j, 0, pass, durable, &o->bad, err);

	if (rc == 0 && job->s->kill_after && ++job->checkpoints >= job->s->kill_after)
		(void)raise(SIGKILL);
	return rc;
}

static int job_begin(struct job *job, struct disk *d, int dir, struct journal_state *st, struct overwrite *w,
	struct outcome *o, hz_error **err)
{
	char uuid[UUID_TEXT];
	int rc;

	if (faccessat(dir, "journal", F_OK, 0) < 0) {
		uuid_make(uuid);
		rc = erase_journal_create(&job->j, dir, "journal", uuid, &d->link.info, NULL, err);
		return rc < 0 ? rc : erase_journal_step(job->j, 0, method_overwrite_stream.id, NULL, err);
	}
	rc = erase_journal_open(&job->j, st, dir, "journal", &d->link.info, err);
	if (rc < 0 || !st->step[0].has_fill)
		return rc;
	w->pass = st->step[0].pass;
	w->from = st->step[0].durable;
	w->key = st->step[0].fill.key;
	w->cipher = st->step[0].fill.cipher;
	o->bad = st->step[0].bad;
	st->step[0].bad = (struct extents){ 0 };
	w->missed = st->step[0].missed;
	st->step[0].missed = (struct extents){ 0 };
	return 0;
}

static int job_mode(struct disk *d, const char *folder, const struct settings *s)
{
	struct overwrite w = { .engine = s->eo, .begin = begin, .checkpoint = checkpoint };
	struct journal_state st = { 0 };
	struct job job = { .s = s };
	struct outcome o = { 0 };
	struct method_run run = { .link = &d->link, .outcome = &o, .overwrite = &w };
	hz_error *err = NULL;
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc, code;

	w.user = &job;
	rc = dir < 0 ? err_errno(&err, "%s", folder) : crypto_init(&err);
	if (rc == 0)
		rc = job_begin(&job, d, dir, &st, &w, &o, &err);
	printf("from=%llu\n", (unsigned long long)w.from);
	(void)fflush(stdout);
	if (rc == 0)
		rc = method_overwrite_stream.run(&run, &err);
	if (rc == 0)
		rc = erase_journal_ended(job.j, 0, &o, &err);
	printf("job state=%d touched=%d", o.state, o.touched);
	print_extents("bad", &o.bad);
	printf("\n");
	code = rc < 0 ? fail(err) : verify_with(d, &w.left, &s->eo) || o.state != OUTCOME_COMPLETED;
	erase_journal_close(job.j);
	overwrite_release(&w);
	journal_state_release(&st);
	extents_release(&o.bad);
	if (dir >= 0)
		(void)close(dir);
	return code;
}

/* Of this thread: other work on the machine does not count. */
static uint64_t processor_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int stream_mode(void)
{
	static uint8_t data[1 << 20];
	hz_error *err = NULL;

	if (crypto_init(&err) < 0)
		return fail(err);
	for (unsigned c = STREAM_AES_256_CTR; c <= STREAM_CHACHA20; c++) {
		AUTO(secret_free) struct secret *key = NULL;
		AUTO(stream_free) struct stream *s = NULL;
		double best = 0;

		if (secret_random(&key, STREAM_KEY_LEN, &err) < 0 || stream_new(&s, c, key, &err) < 0)
			return fail(err);
		for (unsigned round = 0; round < 9; round++) {
			uint64_t start = processor_ns(), ns;

			for (uint64_t i = 0; i < 1024; i++)
				(void)stream_make(s, data, sizeof(data), i << 20);
			ns = processor_ns() - start;
			if ((double)(UINT64_C(1) << 30) / (double)ns > best)
				best = (double)(UINT64_C(1) << 30) / (double)ns;
		}
		printf("stream %s GB/s=%.2f%s\n", stream_name(c), best, c == stream_default() ? " default" : "");
	}
	return 0;
}

/* ---- options ---- */

static int slow(void *user, enum ring_op op, void *data, size_t len, uint64_t *off)
{
	const struct settings *s = user;

	(void)op, (void)data, (void)len, (void)off;
	(void)usleep(s->slow_us);
	return RING_PASS;
}

static bool parse(struct settings *s, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		uint64_t n = i + 1 < argc ? strtoull(argv[i + 1], NULL, 0) : 0;

		if (strcmp(argv[i], "--zeros") == 0)
			s->zeros = true;
		else if (strcmp(argv[i], "--no-uring") == 0)
			s->eo.no_uring = true;
		else if (n == 0)
			return false;
		else if (strcmp(argv[i], "--request") == 0)
			s->eo.request_bytes = (uint32_t)n, i++;
		else if (strcmp(argv[i], "--depth") == 0)
			s->eo.depth = (uint32_t)n, i++;
		else if (strcmp(argv[i], "--lanes") == 0)
			s->eo.lanes = (unsigned)n, i++;
		else if (strcmp(argv[i], "--checkpoint") == 0)
			s->eo.checkpoint_bytes = n, i++;
		else if (strcmp(argv[i], "--slow") == 0)
			s->slow_us = (unsigned)n, i++;
		else if (strcmp(argv[i], "--kill-after") == 0)
			s->kill_after = (unsigned)n, i++;
		else
			return false;
	}
	return true;
}

static int usage(void)
{
	fprintf(stderr, "usage: bench_erase stream | write DEVICE | verify DEVICE | job DEVICE FOLDER [OPTION...]\n");
	return 2;
}

int main(int argc, char **argv)
{
	static struct settings s;
	static struct disk d;
	const int first = argc > 1 && strcmp(argv[1], "job") == 0 ? 4 : 3;
	int code;

	if (argc == 2 && strcmp(argv[1], "stream") == 0)
		return stream_mode();
	if (argc < first || !parse(&s, argc - first, argv + first))
		return usage();
	if (disk_open(&d, argv[2]) < 0) {
		fprintf(stderr, "bench_erase: %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	if (s.slow_us)
		ring_install(slow, &s);
	if (strcmp(argv[1], "write") == 0)
		code = write_mode(&d, &s);
	else if (strcmp(argv[1], "verify") == 0)
		code = verify_mode(&d, &s);
	else
		code = first == 4 ? job_mode(&d, argv[3], &s) : usage();
	(void)close(d.fd);
	return code;
}
