/* SPDX-License-Identifier: BSD-2-Clause */
/* See compare.h. One request at a time, one sector at a time where something is wrong: meant to be followed, not fast.
 */
#include "mediacheck/compare.h"
#include "base/id.h"
#include "crypto/secret.h"
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define REQUEST  ((size_t)1 << 20)
#define TOLD_MAX 1000u

static void tell(struct comparison *c, uint32_t kind, uint64_t lba, uint64_t count, const char *message)
{
	hz_media_finding f = { sizeof(f), kind, lba, count, message };

	c->res->findings++;
	if (c->fn && (kind == HZ_MEDIA_IDENTITY || c->told++ < TOLD_MAX))
		c->fn(c->user, &f);
}

/* ---- is it the medium ---- */

static bool differs(struct comparison *c, const char *what, const char *was, const char *is)
{
	char line[400];

	if (strcmp(was, is) == 0)
		return false;
	(void)snprintf(line, sizeof(line), err_text("%s: \"%s\" in the record, \"%s\" on the device"), what, was, is);
	tell(c, HZ_MEDIA_IDENTITY, 0, 0, line);
	return true;
}

static void identity(struct comparison *c)
{
	const hz_device_info *d = &c->link->info;
	const struct erased *e = c->erased;
	char was[32], is[32];
	bool other = false;

	other |= differs(c, err_text("serial"), e->serial, d->serial);
	other |= differs(c, err_text("WWN"), e->wwn, d->wwn);
	(void)snprintf(was, sizeof(was), "%llu", (unsigned long long)e->bytes);
	(void)snprintf(is, sizeof(is), "%llu", (unsigned long long)d->bytes);
	other |= differs(c, err_text("bytes"), was, is);
	(void)snprintf(was, sizeof(was), "%u", e->logical);
	(void)snprintf(is, sizeof(is), "%u", d->logical_sector);
	other |= differs(c, err_text("bytes of a sector"), was, is);
	c->res->same_medium = !other;
	c->res->named = *e->serial || *e->wwn;
}

/* ---- what stands on it ---- */

static void close_finding(struct comparison *c)
{
	const char *text = c->open_kind == HZ_MEDIA_CONTENT ? err_text("not what the record says was written")
							    : err_text("cannot be read");

	if (c->open_kind)
		tell(c, c->open_kind, c->open.first, c->open.end - c->open.first, text);
	c->open_kind = 0;
}

static void wrong(struct comparison *c, uint32_t kind, uint64_t lba)
{
	*(kind == HZ_MEDIA_CONTENT ? &c->res->mismatched : &c->res->unreadable) += 1;
	if (c->open_kind == kind && c->open.end == lba) {
		c->open.end++;
		return;
	}
	close_finding(c);
	c->open_kind = kind;
	c->open = (struct spot){ lba, lba + 1 };
}

static void one_sector(struct comparison *c, const uint8_t *is, const uint8_t *should, uint64_t lba)
{
	if (erased_is_bad(c->erased, lba))
		c->res->excepted++;
	else if (!is)
		wrong(c, HZ_MEDIA_UNREADABLE, lba);
	else if (memcmp(is, should, c->erased->logical) != 0)
		wrong(c, HZ_MEDIA_CONTENT, lba);
}

/* is NULL: it could not be read. */
static void each_sector(struct comparison *c, const uint8_t *is, const uint8_t *should, size_t len, uint64_t off)
{
	const uint32_t sector = c->erased->logical;

	for (size_t at = 0; at < len; at += sector)
		one_sector(c, is ? is + at : NULL, should + at, (off + at) / sector);
}

/* What does not read as a whole is read sector by sector. */
static int read_again(
	struct comparison *c, uint8_t *data, const uint8_t *should, size_t len, uint64_t off, hz_error **err)
{
	const uint32_t sector = c->erased->logical;

	for (size_t at = 0; at < len; at += sector) {
		AUTO(hz_error_free) hz_error *why = NULL;
		int rc = c->link->ops->read(c->link, data, sector, off + at, &why);

		if (rc == HZ_E_NOTFOUND)
			return err_copy(err, why);
		each_sector(c, rc == 0 ? data : NULL, should + at, sector, off + at);
	}
	return 0;
}

static int one_request(
	struct comparison *c, struct expected *e, uint8_t *data, size_t len, uint64_t off, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	uint8_t *should = data + REQUEST;
	int rc;

	if (expected_at(e, should, len, off) < 0)
		return err_set(err, HZ_E_INTERNAL, "what should stand there could not be computed");
	rc = c->link->ops->read(c->link, data, len, off, &why);
	if (rc == HZ_E_NOTFOUND)
		return err_copy(err, why);
	if (rc < 0)
		rc = read_again(c, data, should, len, off, err);
	else if (c->erased->n_bad > 0 || memcmp(data, should, len) != 0)
		each_sector(c, data, should, len, off);
	c->done += len;
	if (rc == 0 && c->opts->progress && c->opts->progress(c->user, c->done, c->total) != 0)
		rc = err_set(err, HZ_E_CANCELED, "canceled");
	return rc;
}

static int each_spot(struct comparison *c, struct expected *e, uint8_t *data, const struct spot *s, size_t n,
	uint64_t *sectors, hz_error **err)
{
	const uint32_t sector = c->erased->logical;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		for (uint64_t off = s[i].first * sector, end = s[i].end * sector; rc == 0 && off < end;) {
			size_t len = end - off < REQUEST ? (size_t)(end - off) : REQUEST;

			rc = one_request(c, e, data, len, off, err);
			off += len;
		}
		*sectors += s[i].end - s[i].first;
	}
	close_finding(c);
	return rc;
}

static uint64_t bytes_of(const struct comparison *c, const struct spot *s, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (s[i].end - s[i].first) * c->erased->logical;
	return sum;
}

static int draw(struct comparison *c, struct spot **s, size_t *n, const uint8_t seed[32], hz_error **err)
{
	const struct erased *e = c->erased;

	return spots_draw(s, n, seed, e->bytes / e->logical, e->logical, e->physical, err);
}

static int content(struct comparison *c, struct expected *e, uint8_t *data, const uint8_t seed[32], hz_error **err)
{
	AUTO_FREE struct spot *old = NULL, *new = NULL;
	struct spot all = { 0, c->erased->bytes / c->erased->logical };
	size_t n_old = 0, n_new = 0;
	int rc = 0;

	c->res->full = (c->opts->flags & HZ_MEDIA_FULL) != 0;
	if (c->res->full) {
		c->total = c->erased->bytes;
		return each_spot(c, e, data, &all, 1, &c->res->drawn, err);
	}
	if (c->erased->has_seed)
		rc = draw(c, &old, &n_old, c->erased->seed, err);
	if (rc == 0)
		rc = draw(c, &new, &n_new, seed, err);
	c->total = bytes_of(c, old, n_old) + bytes_of(c, new, n_new);
	hex_encode(c->res->seed, seed, 32);
	if (rc == 0)
		rc = each_spot(c, e, data, old, n_old, &c->res->replayed, err);
	return rc == 0 ? each_spot(c, e, data, new, n_new, &c->res->drawn, err) : rc;
}

int comparison_run(struct comparison *c, const uint8_t seed[32], hz_error **err)
{
	AUTO(expected_free) struct expected *e = NULL;
	const size_t room = 2 * REQUEST;
	void *data;
	int rc;

	c->res->sectors = c->link->info.logical_sector ? c->link->info.bytes / c->link->info.logical_sector : 0;
	identity(c);
	c->res->certified = c->erased->certified;
	c->res->comparable = c->erased->has_content;
	if (!c->res->same_medium || !c->erased->has_content)
		return 0;
	rc = expected_new(&e, &c->erased->content, err);
	if (rc < 0)
		return rc;
	data = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED)
		return err_nomem(err);
	rc = content(c, e, data, seed, err);
	/* It may be what was to be erased. */
	wipe(data, room);
	(void)munmap(data, room);
	return rc;
}
