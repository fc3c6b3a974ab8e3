/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the result of a sanitize record strictly (docs/evidence, "What a medium's record says"). */
#include "mediacheck/erased.h"
#include "base/id.h"
#include "report/statement.h"
#include <stdio.h>
#include <string.h>

void erased_release(struct erased *e)
{
	free(e->bad);
	*e = (struct erased){ 0 };
}

bool erased_is_bad(const struct erased *e, uint64_t lba)
{
	size_t low = 0, high = e->n_bad;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (e->bad[mid].end <= lba)
			low = mid + 1;
		else
			high = mid;
	}
	return low < e->n_bad && e->bad[low].first <= lba;
}

/* Text that fits, or nothing where there is null or no such key. */
static bool text(char *out, size_t size, const struct json_value *v)
{
	const char *t = json_text(v);

	*out = '\0';
	if (!t)
		return !v || json_is_nothing(v);
	return snprintf(out, size, "%s", t) < (int)size;
}

static bool number(uint64_t *out, const struct json_value *v, uint64_t max)
{
	int64_t n;

	if (!json_whole(v, &n) || n < 0 || (uint64_t)n > max)
		return false;
	*out = (uint64_t)n;
	return true;
}

static bool device(struct erased *e, const struct json_value *d)
{
	uint64_t logical, physical;

	if (!text(e->serial, sizeof(e->serial), json_get(d, "serial")) ||
		!text(e->wwn, sizeof(e->wwn), json_get(d, "wwn")) ||
		!text(e->model, sizeof(e->model), json_get(d, "model")) ||
		!number(&e->bytes, json_get(d, "bytes"), INT64_MAX) ||
		!number(&logical, json_get(d, "logical_sector"), 1 << 16) ||
		!number(&physical, json_get(d, "physical_sector"), 1 << 24))
		return false;
	e->logical = (uint32_t)logical;
	e->physical = (uint32_t)physical;
	return logical >= 512 && logical % 512 == 0 && e->bytes >= logical && e->bytes % logical == 0;
}

/* Hex of 1 to max bytes. */
static bool hex(uint8_t *out, size_t max, size_t *len, const struct json_value *v)
{
	const char *t = json_text(v);
	size_t n = t ? strlen(t) : 0;

	*len = n / 2;
	return n > 0 && n % 2 == 0 && n / 2 <= max && hex_decode(out, n / 2, t, n);
}

static bool content(struct erased *e, const struct json_value *f)
{
	struct expected_of *c = &e->content;
	const char *kind = json_text(json_get(f, "kind")), *cipher = json_text(json_get(f, "cipher"));
	size_t n = 0;

	*c = (struct expected_of){ 0 };
	if (!kind)
		return false;
	if (strcmp(kind, "bytes") == 0) {
		c->kind = EXPECT_BYTES;
		return hex(c->pattern, sizeof(c->pattern), &c->pattern_len, json_get(f, "pattern"));
	}
	if (strcmp(kind, "stream") != 0 || !cipher)
		return false;
	if (strcmp(cipher, "aes-256-ctr") == 0)
		c->kind = EXPECT_AES;
	else if (strcmp(cipher, "chacha20") == 0)
		c->kind = EXPECT_CHACHA;
	return c->kind && hex(c->key, sizeof(c->key), &n, json_get(f, "key")) && n == sizeof(c->key);
}

static bool verification(struct erased *e, const struct json_value *v)
{
	const struct json_value *seed = json_get(v, "seed"), *fill = json_get(v, "fill");
	size_t n = 0;

	if (!v || json_is_nothing(v))
		return true;
	if (!json_is_map(v) || !text(e->verified, sizeof(e->verified), json_get(v, "kind")))
		return false;
	if (seed && !json_is_nothing(seed)) {
		if (!hex(e->seed, sizeof(e->seed), &n, seed) || n != sizeof(e->seed))
			return false;
		e->has_seed = true;
	}
	if (!fill || json_is_nothing(fill))
		return true;
	e->has_content = content(e, fill);
	return e->has_content;
}

static int bad_list(struct erased *e, const struct json_value *list, hz_error **err)
{
	const size_t n = json_list_len(list);
	uint64_t at = 0, count, sectors = e->bytes / e->logical;

	if (list && !json_is_list(list))
		return HZ_E_CORRUPT;
	if (n > ERASED_BAD_MAX)
		return HZ_E_CORRUPT;
	free(e->bad);
	e->n_bad = 0;
	e->bad = calloc(n ? n : 1, sizeof(*e->bad));
	if (!e->bad)
		return err_nomem(err);
	for (size_t i = 0; i < n; i++) {
		const struct json_value *pair = json_list_at(list, i);
		struct spot *s = &e->bad[i];

		if (json_list_len(pair) != 2 || !number(&s->first, json_list_at(pair, 0), sectors) ||
			!number(&count, json_list_at(pair, 1), sectors - s->first) || count == 0 || s->first < at)
			return HZ_E_CORRUPT;
		at = s->end = s->first + count;
		e->n_bad++;
	}
	return 0;
}

/* Steps follow one another: the last one that touched the medium is what stands on it. */
static int step(struct erased *e, const struct json_value *s, hz_error **err)
{
	char touched[16];
	bool good;

	if (!json_is_map(s) || !text(touched, sizeof(touched), json_get(s, "touched")))
		return HZ_E_CORRUPT;
	if (strcmp(touched, "no") == 0)
		return 0;
	e->has_content = e->has_seed = false;
	*e->verified = '\0';
	good = text(e->method, sizeof(e->method), json_get(s, "method")) && *e->method &&
		text(e->state, sizeof(e->state), json_get(s, "state")) && verification(e, json_get(s, "verification"));
	return good ? bad_list(e, json_get(s, "bad"), err) : HZ_E_CORRUPT;
}

static int result(struct erased *e, const struct json_value *r, hz_error **err)
{
	const struct json_value *steps = json_get(r, "steps");
	const char *type = json_text(json_get(r, "type"));
	int rc = 0;

	/* A record that does not say so is none. */
	(void)json_truth(json_get(r, "certificate"), &e->certified);

	if (!type || strcmp(type, "sanitize_summary") != 0)
		return err_set(err, HZ_E_CORRUPT, "the record has no result of an erasure");
	if (!device(e, json_get(r, "device")) || !text(e->level, sizeof(e->level), json_get(r, "level")) ||
		!json_is_list(steps) || json_list_len(steps) > ERASED_STEPS_MAX)
		rc = HZ_E_CORRUPT;
	for (size_t i = 0; rc == 0 && i < json_list_len(steps); i++)
		rc = step(e, json_list_at(steps, i), err);
	return rc == HZ_E_CORRUPT ? err_set(err, rc, "the record's result is not what that of an erasure should be")
				  : rc;
}

int erased_read(struct erased *e, const char *text_, size_t len, hz_error **err)
{
	AUTO(json_read_free) struct json_value *root = NULL;
	struct record_view v;
	struct erased r = { 0 };
	int rc = record_read(&root, &v, text_, len, err);

	if (rc == 0 && strcmp(v.kind, "sanitize") != 0)
		rc = err_set(err, HZ_E_INVAL, "a record of the kind \"%s\", not of an erasure", v.kind);
	if (rc == 0)
		rc = result(&r, json_get(v.predicate, "result"), err);
	if (rc < 0) {
		erased_release(&r);
		return rc;
	}
	*e = r;
	return 0;
}
