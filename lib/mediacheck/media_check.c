/* SPDX-License-Identifier: BSD-2-Clause */
/* The public call: the record first, then the device, then both together. */
#include "base/options.h"
#include "crypto/secret.h"
#include "mediacheck/compare.h"
#include <stdio.h>

static int options_of(hz_media_options *o, const hz_media_options *given, hz_error **err)
{
	int rc = 0;

	*o = (hz_media_options)HZ_MEDIA_OPTIONS_INIT;
	if (given)
		rc = options_copy(o, sizeof(*o), given, "hz_media_options", err);
	if (rc == 0 && (o->flags & ~HZ_MEDIA_FULL))
		rc = err_set(err, HZ_E_INVAL, "hz_media_options: unknown flags");
	return rc;
}

static void describe(hz_media_result *r, const hz_report *record, const struct erased *e, const hz_device_info *d)
{
	r->signer = record->signer;
	(void)snprintf(r->record, sizeof(r->record), "%s", record->uuid);
	(void)snprintf(r->method, sizeof(r->method), "%s", e->method);
	(void)snprintf(r->level, sizeof(r->level), "%s", e->level);
	(void)snprintf(r->serial, sizeof(r->serial), "%s", d->serial);
}

static int check(hz_media_result *r, const char *device, const hz_report *record, struct comparison *c, hz_error **err)
{
	AUTO(link_close) struct link *l = NULL;
	AUTO_IN(erased_release) struct erased e = { 0 };
	uint8_t seed[32];
	int rc = err_wrap(err, erased_read(&e, record->text, record->text_len, err), "record %s", record->uuid);

	if (rc == 0)
		rc = link_open_read(&l, device, err);
	if (rc < 0)
		return rc;
	random_bytes(seed, sizeof(seed));
	c->link = l;
	c->erased = &e;
	c->res = r;
	describe(r, record, &e, &l->info);
	return err_wrap(err, comparison_run(c, seed, err), "%s", device);
}

int hz_media_check(const char *device, const char *report, const hz_trust *trust, const hz_media_options *opts,
	hz_media_finding_fn fn, void *user, hz_media_result *result, hz_error **err)
{
	hz_media_result r = HZ_MEDIA_RESULT_INIT;
	hz_report record = HZ_REPORT_INIT;
	hz_media_options o;
	struct comparison c = { .opts = &o, .fn = fn, .user = user };
	int rc = options_of(&o, opts, err);

	if (rc == 0)
		rc = hz_report_check(report, trust, &record, err);
	if (rc == 0)
		rc = check(&r, device, &record, &c, err);
	free(record.text);
	if (rc == 0)
		result_give(result, &r, sizeof(r));
	return rc;
}
