/* SPDX-License-Identifier: BSD-2-Clause */
/* One record of somebody: signature first, then the text. */
#include "base/options.h"
#include "base/vfs.h"
#include "crypto/digest.h"
#include "report/check.h"
#include "report/trust.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

int record_check(struct json_value **root, struct record_view *v, uint8_t pub[SIGN_PUB_LEN], const char *text,
	size_t len, const char *sig, size_t sig_len, hz_error **err)
{
	int rc = sshsig_check(pub, sig, sig_len, RECORD_NAMESPACE, text, len, err);

	return rc < 0 ? rc : record_read(root, v, text, len, err);
}

static void put(char *out, size_t size, const struct json_value *v)
{
	const char *text = json_text(v);

	(void)snprintf(out, size, "%s", text ? text : "");
}

/* The identity is JSON in a text. */
static void fill_identity(hz_report *r, const char *text)
{
	AUTO(json_read_free) struct json_value *id = NULL;

	if (json_read(&id, text, strlen(text), NULL) < 0)
		return;
	put(r->repository, sizeof(r->repository), json_get(id, "repository"));
	put(r->snapshot, sizeof(r->snapshot), json_get(id, "snapshot"));
}

static void fill_facts(hz_report *r, const struct record_view *v)
{
	const struct json_value *p = v->predicate;
	int64_t n = 0;
	bool late = false;

	(void)snprintf(r->command, sizeof(r->command), "%s", v->command);
	(void)snprintf(r->start, sizeof(r->start), "%s", v->start);
	(void)snprintf(r->end, sizeof(r->end), "%s", v->end ? v->end : "");
	put(r->operator_name, sizeof(r->operator_name), json_get(json_get(p, "operator"), "name"));
	put(r->host, sizeof(r->host), json_get(json_get(p, "host"), "name"));
	put(r->ticket, sizeof(r->ticket), json_get(p, "ticket"));
	put(r->error, sizeof(r->error), json_get(p, "error"));
	(void)json_whole(json_get(p, "failures_total"), &n);
	r->failures = n > 0 ? (uint64_t)n : 0;
	(void)json_truth(json_get(p, "late"), &late);
	r->late = late;
	r->time = v->time;
	r->start_time = v->start_time;
	fill_identity(r, json_text(json_get(p, "identity")));
}

void report_fill(hz_report *r, const struct record_view *v, const hz_trust *trust, const uint8_t pub[SIGN_PUB_LEN],
	uint8_t **text, size_t len)
{
	struct id hash = sha256(*text, len);
	const struct trust_signer *signer;

	*r = (hz_report)HZ_REPORT_INIT;
	r->signer = trust_find(trust, pub, v->time, &signer);
	ssh_fingerprint(r->fingerprint, pub);
	if (signer)
		(void)snprintf(r->principals, sizeof(r->principals), "%s", signer->principals);
	(void)snprintf(r->uuid, sizeof(r->uuid), "%s", v->uuid);
	(void)snprintf(r->kind, sizeof(r->kind), "%s", v->kind);
	(void)snprintf(r->outcome, sizeof(r->outcome), "%s", v->outcome);
	(void)snprintf(r->sha256, sizeof(r->sha256), "%s", id_hex(&hash).s);
	fill_facts(r, v);
	(*text)[len] = '\0';
	r->text = (char *)TAKE(*text);
	r->text_len = len;
}

static int report_of(hz_report *r, const hz_trust *trust, uint8_t **text, size_t len, const uint8_t *sig,
	size_t sig_len, hz_error **err)
{
	AUTO(json_read_free) struct json_value *root = NULL;
	uint8_t pub[SIGN_PUB_LEN];
	struct record_view v;
	int rc = record_check(&root, &v, pub, (char *)*text, len, (const char *)sig, sig_len, err);

	if (rc == 0)
		report_fill(r, &v, trust, pub, text, len);
	return rc;
}

int hz_report_check(const char *path, const hz_trust *trust, hz_report *report, hz_error **err)
{
	AUTO_FREE uint8_t *text = NULL, *sig = NULL;
	AUTO_FREE char *sig_path = NULL;
	hz_report r = HZ_REPORT_INIT;
	size_t len, sig_len;
	int rc = crypto_init(err);

	if (rc == 0 && asprintf(&sig_path, "%s.sig", path) < 0) {
		sig_path = NULL;
		return err_nomem(err);
	}
	if (rc == 0)
		rc = vfs_read_file(&text, &len, AT_FDCWD, path, RECORD_MAX, false, err);
	if (rc == 0)
		rc = vfs_read_file(&sig, &sig_len, AT_FDCWD, sig_path, SSHSIG_MAX, false, err);
	if (rc == 0)
		rc = report_of(&r, trust, &text, len, sig, sig_len, err);
	if (rc < 0)
		return err_wrap(err, rc, "record %s", path);
	if (report->size < sizeof(r))
		free(TAKE(r.text));
	result_give(report, &r, sizeof(r));
	return 0;
}
