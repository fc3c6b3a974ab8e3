/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A disk in user space behind the kernel's target core (TCMU), so that SANITIZE and SECURITY go through the real SG_IO
 *path of a real kernel. Only for a guest (run.sh): it is made there and goes with it.
 *
 *	tcmu_disk /dev/uioN scsi|ata NAME [FAULT]
 *
 * NAME is its serial. An erase takes two seconds. FAULT: fail (it fails in mid-way and says so), lies (says done, keeps
 *the data), hangs (answers nothing more from the first write on), forgets (a reset in mid-way, after which nothing is
 *known of it), fixed (ATA registers in sense of the fixed format), strip (none at all), frozen (ATA).
 */
#include <sys/uio.h>
#define __LINUX_UIO_H /* the kernel's own struct iovec is the same */
#include <linux/target_core_user.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define BLOCK   512u
#define BLOCKS  (16u << 11) /* 16 MiB */
#define ERASE_S 2.0

static uint8_t disk[BLOCK * BLOCKS];
static bool is_ata, attention, done_ok, failed, running, enabled, locked, prepared;
static double began;
static int leaves; /* byte, -1 noise */
static uint8_t password[32];
static const char *name, *fault = "none";

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool has(const char *f)
{
	return strcmp(fault, f) == 0;
}

static uint16_t progress(void)
{
	double part = (now() - began) / ERASE_S;

	return part >= 1 ? 65535 : (uint16_t)(part * 65535);
}

static void change(void)
{
	uint32_t x = 0x12345;

	for (size_t i = 0; i < sizeof(disk) && !has("lies"); i++) {
		x = x * 1664525 + 1013904223;
		disk[i] = leaves < 0 ? (uint8_t)(x >> 24) : (uint8_t)leaves;
	}
}

static void begin(int what)
{
	leaves = what;
	running = true;
	done_ok = failed = false;
	began = now();
}

static void settle(void)
{
	double part = (now() - began) / ERASE_S;

	if (running && part >= 0.4 && has("fail")) {
		running = false;
		failed = true;
	} else if (running && part >= 0.4 && has("forgets")) {
		running = false;
		attention = true;
	} else if (running && part >= 1) {
		running = false;
		done_ok = true;
		change();
	}
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

struct command {
	const uint8_t *cdb;
	uint8_t *map;
	struct tcmu_cmd_entry *e;
	uint8_t status, sense[18 + 14];
	size_t read_len;
};

/* Out or in of the scattered buffer of the command. */
static size_t copy(struct command *c, size_t off, uint8_t *p, size_t len, bool to_host)
{
	size_t done = 0;

	for (unsigned i = 0; i < c->e->req.iov_cnt && done < len; i++) {
		struct iovec v = c->e->req.iov[i];
		size_t n;

		if (off >= v.iov_len) {
			off -= v.iov_len;
			continue;
		}
		n = v.iov_len - off < len - done ? v.iov_len - off : len - done;
		if (to_host)
			memcpy(c->map + (size_t)v.iov_base + off, p + done, n);
		else
			memcpy(p + done, c->map + (size_t)v.iov_base + off, n);
		done += n;
		off = 0;
	}
	return done;
}

static void give(struct command *c, const void *data, size_t len)
{
	uint8_t zero[4096] = { 0 };

	(void)copy(c, 0, zero, sizeof(zero), true);
	c->read_len = copy(c, 0, (uint8_t *)data, len, true);
}

static void put_sense(uint8_t *s, uint8_t key, uint8_t asc, uint8_t ascq)
{
	memset(s, 0, 18);
	s[0] = 0x70, s[2] = key, s[7] = 10, s[12] = asc, s[13] = ascq;
	if (asc == 0x04 && ascq == 0x1b)
		s[15] = 0x80, s[16] = (uint8_t)(progress() >> 8), s[17] = (uint8_t)progress();
}

static void check(struct command *c, uint8_t key, uint8_t asc, uint8_t ascq)
{
	c->status = 2;
	put_sense(c->sense, key, asc, ascq);
}

/* What is said before the medium is given; true: it is not. */
static bool not_now(struct command *c)
{
	if (attention)
		attention = false, check(c, 6, 0x29, 0);
	else if (running)
		check(c, 2, 0x04, 0x1b);
	else if (failed)
		check(c, 3, 0x31, 0x03);
	else if (locked)
		check(c, 7, 0x74, 0x71);
	else
		return false;
	return true;
}

/* --- ATA ---------------------------------------------------------------------------------------------------------- */

static void put_word(uint8_t *p, unsigned word, uint16_t v)
{
	p[2 * word] = (uint8_t)v;
	p[2 * word + 1] = (uint8_t)(v >> 8);
}

static void put_text(uint8_t *p, unsigned word, unsigned words, const char *text)
{
	char padded[41];

	(void)snprintf(padded, sizeof(padded), "%-40s", text);
	for (unsigned i = 0; i < words; i++)
		put_word(p, word + i, (uint16_t)((uint8_t)padded[2 * i] << 8 | (uint8_t)padded[2 * i + 1]));
}

static void identify(struct command *c)
{
	uint8_t p[512] = { 0 };
	uint8_t sum = 0xa5;

	put_word(p, 0, 0x0040);
	put_text(p, 10, 10, name);
	put_text(p, 23, 4, "1.0");
	put_text(p, 27, 20, "TCMU ATA disk");
	put_word(p, 49, 0x0300);
	put_word(p, 59, 0xf400); /* sanitize, all three, and antifreeze */
	put_word(p, 60, (uint16_t)BLOCKS), put_word(p, 61, BLOCKS >> 16);
	put_word(p, 80, 0x01f0);
	put_word(p, 82, 0x0002), put_word(p, 83, 0x4400), put_word(p, 84, 0x4000);
	put_word(p, 85, enabled ? 0x0002 : 0), put_word(p, 86, 0x0400), put_word(p, 87, 0x4000);
	put_word(p, 89, 1), put_word(p, 90, 1);
	put_word(p, 100, (uint16_t)BLOCKS), put_word(p, 101, BLOCKS >> 16);
	put_word(p, 128, (uint16_t)(0x21 | (enabled ? 2 : 0) | (locked ? 4 : 0) | (has("frozen") ? 8 : 0)));
	put_word(p, 217, 1);
	p[510] = 0xa5;
	for (unsigned i = 0; i < 511; i++)
		sum = (uint8_t)(sum + (i == 510 ? 0 : p[i]));
	p[511] = (uint8_t)(0 - sum);
	give(c, p, sizeof(p));
}

/* With CK_COND the registers come back as sense, in either format, or not. */
static void registers(struct command *c, uint8_t status, uint8_t error, uint16_t count, uint32_t lba)
{
	uint8_t *s = c->sense;

	if (!(c->cdb[2] & 0x20) && !(status & 1))
		return;
	c->status = 2;
	memset(s, 0, sizeof(c->sense));
	if (has("strip")) {
		put_sense(s, 1, 0, 0);
	} else if (has("fixed")) {
		put_sense(s, status & 1 ? 0x0b : 1, 0, 0x1d);
		s[3] = error, s[4] = status, s[5] = 0x40, s[6] = (uint8_t)count;
		s[8] = 0xc0, s[9] = (uint8_t)lba, s[10] = (uint8_t)(lba >> 8), s[11] = (uint8_t)(lba >> 16);
	} else {
		s[0] = 0x72, s[1] = status & 1 ? 0x0b : 1, s[3] = 0x1d, s[7] = 14;
		s[8] = 0x09, s[9] = 12, s[10] = c->cdb[1] & 1, s[11] = error;
		s[12] = (uint8_t)(count >> 8), s[13] = (uint8_t)count;
		s[14] = (uint8_t)(lba >> 24), s[15] = (uint8_t)lba, s[17] = (uint8_t)(lba >> 8),
		s[19] = (uint8_t)(lba >> 16);
		s[20] = 0x40, s[21] = status;
	}
}

static void ata_sanitize(struct command *c)
{
	unsigned feature = c->cdb[4];
	uint32_t lba = (uint32_t)c->cdb[8] | (uint32_t)c->cdb[10] << 8 | (uint32_t)c->cdb[12] << 16 |
		(uint32_t)c->cdb[7] << 24;
	unsigned high = (unsigned)c->cdb[9] | (unsigned)c->cdb[11] << 8;

	if (feature != 0 && has("frozen"))
		return registers(c, 0x51, 4, 0, 3);
	if (feature == 0x11 && lba == 0x43727970)
		begin(-1);
	else if (feature == 0x12 && lba == 0x426b4572)
		begin(0xff);
	else if (feature == 0x14 && high == 0x4f57)
		begin(0);
	else if (feature != 0)
		return registers(c, 0x51, 4, 0, 2);
	if (failed)
		registers(c, 0x51, 4, 0, 1);
	else
		registers(c, 0x50, 0,
			(uint16_t)((running ? 0x4000 : 0) | (done_ok ? 0x8000 : 0) | (has("frozen") ? 0x2000 : 0)),
			running ? progress() : 0xffff);
}

static void security(struct command *c, uint8_t command)
{
	uint8_t data[512] = { 0 };
	bool fits, was_prepared = prepared;

	prepared = false;
	(void)copy(c, 0, data, sizeof(data), false);
	fits = enabled && memcmp(data + 2, password, 32) == 0;
	if (command == 0xf1 && !locked) {
		memcpy(password, data + 2, 32);
		enabled = true;
	} else if (command == 0xf3) {
		prepared = true;
	} else if (command == 0xf4 && fits && was_prepared) {
		leaves = data[0] & 2 ? -1 : 0;
		(void)usleep(1000000);
		if (has("fail"))
			return registers(c, 0x51, 4, 0, 0);
		change();
		enabled = locked = false;
	} else if (command == 0xf2 && fits) {
		locked = false;
	} else if (command == 0xf6 && fits && !locked) {
		enabled = false;
	} else {
		return registers(c, 0x51, 4, 0, 0);
	}
	registers(c, 0x50, 0, 0, 0);
}

static void ata(struct command *c)
{
	uint8_t command = c->cdb[14];

	if (command == 0xec)
		identify(c);
	else if (command == 0xb4)
		ata_sanitize(c);
	else if (running || (has("frozen") && command >= 0xf1 && command <= 0xf6))
		registers(c, 0x51, 4, 0, 0);
	else if (command >= 0xf1 && command <= 0xf6)
		security(c, command);
	else if (command == 0xe5)
		registers(c, 0x50, 0, 0xff, 0);
	else
		registers(c, 0x51, 4, 0, 0);
}

/* --- SCSI --------------------------------------------------------------------------------------------------------- */

static void inquiry(struct command *c)
{
	uint8_t p[96] = { 0 };
	size_t len = strlen(name);

	if (!(c->cdb[1] & 1)) {
		p[2] = 6, p[3] = 2, p[4] = 91, p[7] = 2;
		memcpy(p + 8, is_ata ? "ATA     TCMU ATA disk   1.0 " : "HOZEN   TCMU SCSI disk  1.0 ", 28);
		return give(c, p, sizeof(p));
	}
	p[1] = c->cdb[2];
	switch (c->cdb[2]) {
	case 0x00:
		p[3] = 4, p[5] = 0x80, p[6] = 0x83, p[7] = 0xb1;
		return give(c, p, 8);
	case 0x80:
		p[3] = (uint8_t)len;
		memcpy(p + 4, name, len);
		return give(c, p, 4 + len);
	case 0x83:
		p[3] = 12, p[4] = 1, p[5] = 3, p[7] = 8;
		p[8] = 0x50, p[9] = 1, p[10] = 0x40, p[15] = (uint8_t)name[len - 1];
		return give(c, p, 16);
	case 0xb1:
		p[3] = 60, p[5] = 1;
		return give(c, p, 64);
	default:
		return check(c, 5, 0x24, 0);
	}
}

static void capacity(struct command *c, bool wide)
{
	uint8_t p[32] = { 0 };
	uint32_t last = BLOCKS - 1;
	unsigned at = wide ? 4 : 0;

	for (unsigned i = 0; i < 4; i++)
		p[at + i] = (uint8_t)(last >> (24 - 8 * i));
	p[at + 6] = BLOCK >> 8;
	give(c, p, wide ? 32 : 8);
}

static void transfer(struct command *c, uint64_t lba, uint32_t blocks, bool read)
{
	if (not_now(c))
		return;
	if (lba + blocks > BLOCKS || lba + blocks < lba)
		return check(c, 5, 0x21, 0);
	(void)copy(c, 0, disk + lba * BLOCK, (size_t)blocks * BLOCK, read);
	c->read_len = read ? (size_t)blocks * BLOCK : 0;
}

static uint64_t be(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

static void scsi_sanitize(struct command *c)
{
	unsigned action = c->cdb[1] & 0x1f;

	if (running)
		return check(c, 2, 0x04, 0x1b);
	if (is_ata || action < 1 || action > 3)
		return check(c, 5, 0x20, 0);
	begin(action == 1 ? 0 : action == 2 ? 0xff : -1);
	if (c->cdb[1] & 0x80)
		return;
	(void)usleep((useconds_t)(ERASE_S * 1.1e6));
	settle();
	if (failed)
		check(c, 3, 0x31, 3);
}

static void request_sense(struct command *c)
{
	uint8_t s[18];

	put_sense(s,
		attention         ? 6
			: running ? 2
			: failed  ? 3
				  : 0,
		attention         ? 0x29
			: running ? 0x04
			: failed  ? 0x31
				  : 0,
		attention         ? 0
			: running ? 0x1b
			: failed  ? 0x03
				  : 0);
	attention = false;
	give(c, s, sizeof(s));
}

static void execute(struct command *c)
{
	static const uint8_t mode[8] = { 3 };
	uint8_t supported[4] = { 0, c->cdb[3] == 0x48 && !is_ata ? 3 : 1, 0, 0 };

	settle();
	if (has("hangs") && (c->cdb[0] == 0x2a || c->cdb[0] == 0x8a))
		for (;;)
			(void)pause();
	switch (c->cdb[0]) {
	case 0x00:
		(void)not_now(c);
		return;
	case 0x03:
		return request_sense(c);
	case 0x12:
		return inquiry(c);
	case 0x1a:
		return give(c, mode, 4);
	case 0x5a:
		return give(c, (const uint8_t[8]){ 0, 6 }, 8);
	case 0x25:
		return capacity(c, false);
	case 0x9e:
		return capacity(c, true);
	case 0x28:
	case 0x2a:
		return transfer(c, be(c->cdb + 2, 4), (uint32_t)be(c->cdb + 7, 2), c->cdb[0] == 0x28);
	case 0x88:
	case 0x8a:
		return transfer(c, be(c->cdb + 2, 8), (uint32_t)be(c->cdb + 10, 4), c->cdb[0] == 0x88);
	case 0x35:
	case 0x91:
		(void)not_now(c);
		return;
	case 0x48:
		return scsi_sanitize(c);
	case 0xa3:
		return give(c, supported, sizeof(supported));
	case 0x85:
		if (is_ata)
			return ata(c);
		/* fall through */
	default:
		return check(c, 5, 0x20, 0);
	}
}

static void answer(uint8_t *map, struct tcmu_cmd_entry *e)
{
	struct command c = { .cdb = map + e->req.cdb_off, .map = map, .e = e };

	execute(&c);
	/* The request is in the same place as the answer. */
	memset(&e->rsp, 0, sizeof(e->rsp));
	e->rsp.scsi_status = c.status;
	memcpy(e->rsp.sense_buffer, c.sense, sizeof(c.sense));
}

static void serve(uint8_t *map)
{
	struct tcmu_mailbox *mb = (struct tcmu_mailbox *)map;

	while (mb->cmd_tail != __atomic_load_n(&mb->cmd_head, __ATOMIC_ACQUIRE)) {
		struct tcmu_cmd_entry *e = (struct tcmu_cmd_entry *)(map + mb->cmdr_off + mb->cmd_tail);
		uint32_t len = tcmu_hdr_get_len(e->hdr.len_op);

		if (tcmu_hdr_get_op(e->hdr.len_op) == TCMU_OP_CMD)
			answer(map, e);
		__atomic_store_n(&mb->cmd_tail, (mb->cmd_tail + len) % mb->cmdr_size, __ATOMIC_RELEASE);
	}
}

static size_t map_size(const char *uio)
{
	char path[64], text[32] = "";
	FILE *f;

	(void)snprintf(path, sizeof(path), "/sys/class/uio/%s/maps/map0/size", strrchr(uio, '/') + 1);
	f = fopen(path, "r");
	if (!f || !fgets(text, sizeof(text), f))
		return 0;
	(void)fclose(f);
	return strtoul(text, NULL, 0);
}

int main(int argc, char **argv)
{
	int fd = argc >= 4 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1;
	size_t size = fd >= 0 ? map_size(argv[1]) : 0;
	uint8_t *map = size ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;

	if (map == MAP_FAILED) {
		fprintf(stderr, "tcmu_disk /dev/uioN scsi|ata NAME [FAULT]\n");
		return 2;
	}
	is_ata = strcmp(argv[2], "ata") == 0;
	name = argv[3];
	fault = argc > 4 ? argv[4] : "none";
	for (size_t i = 0; i < sizeof(disk); i++)
		disk[i] = (uint8_t)((size_t)("user data "[i % 10]) + i / BLOCK % 7);
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		uint32_t word = 0;

		serve(map);
		if (poll(&p, 1, -1) > 0 && read(fd, &word, 4) != 4)
			return 1;
		serve(map);
		word = 0;
		if (write(fd, &word, 4) != 4)
			return 1;
	}
}
