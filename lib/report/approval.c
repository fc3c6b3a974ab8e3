/* SPDX-License-Identifier: BSD-2-Clause */
/* The approval of a run, before it begins: signature, whose, and for what. */
#include "base/options.h"
#include "base/clock.h"
#include "base/vfs.h"
#include "crypto/digest.h"
#include "report/approval.h"
#include "report/person.h"
#include "report/trust.h"
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define APPROVAL_MAX ((size_t)65536)

/* ---- the text ---- */

static bool take_until(struct approval_text *a, const char *value)
{
	struct tm tm = { 0 };
	const char *end = strptime(value, "%Y-%m-%dT%H:%M:%SZ", &tm);

	if (!end || *end || a->has_until)
		return false;
	a->until = timegm(&tm);
	return a->has_until = true;
}

static bool take_line(struct approval_text *a, char *line)
{
	if (strncmp(line, "goal: ", 6) == 0 && !a->goal)
		return *(a->goal = line + 6) != '\0';
	if (strncmp(line, "until: ", 7) == 0)
		return take_until(a, line + 7);
	if (strncmp(line, "device: ", 8) != 0 || !line[8] || a->n == APPROVAL_DEVICES)
		return false;
	a->device[a->n++] = line + 8;
	return true;
}

int approval_parse(struct approval_text *a, char *text, hz_error **err)
{
	unsigned number = 0;

	memset(a, 0, sizeof(*a));
	while (*text) {
		char *line = text;
		size_t len = strcspn(text, "\n");

		text += len + (text[len] ? 1 : 0);
		line[len] = '\0';
		number++;
		if (number == 1 ? strcmp(line, "hozen-approval-v1") != 0 : !take_line(a, line))
			return err_set(err, HZ_E_CORRUPT, "no approval: line %u cannot be understood", number);
	}
	if (!a->goal || a->n == 0)
		return err_set(err, HZ_E_CORRUPT, "no approval: it names no goal, or no device");
	return 0;
}

bool approval_names(const struct approval_text *a, const char *device)
{
	for (size_t i = 0; i < a->n; i++) {
		if (strcmp(a->device[i], device) == 0)
			return true;
	}
	return false;
}

/* ---- whose ---- */

static bool is_operator(const char *principals, const char *operator_name)
{
	struct passwd room, *pw = NULL;
	const char *sudo = getenv("SUDO_USER");
	char buf[4096];

	(void)getpwuid_r(getuid(), &room, buf, sizeof(buf), &pw);
	if (operator_name && person_is_one_of(principals, operator_name))
		return true;
	if (sudo && *sudo)
		return person_is_one_of(principals, sudo);
	return pw && person_is_one_of(principals, pw->pw_name);
}

static int check_people(const struct trust_signer *who, unsigned found, const char *operator_name, hz_error **err)
{
	if (found == HZ_SIGNER_EXPIRED)
		return err_set(err, HZ_E_AUTH, "the key that signed it is not valid now");
	if (found != HZ_SIGNER_TRUSTED)
		return err_set(err, HZ_E_AUTH, "the key that signed it is none of an approver");
	if (is_operator(who->principals, operator_name))
		return err_set(err, HZ_E_REFUSED, "%s cannot approve what he carries out: two persons are needed",
			who->principals);
	return 0;
}

static int check_text(const struct approval_text *a, const char *goal, const char *const *devices, uint64_t n,
	int64_t now, hz_error **err)
{
	if (strcmp(a->goal, goal) != 0)
		return err_set(err, HZ_E_REFUSED, "approved is %s, not %s", a->goal, goal);
	if (a->has_until && now > a->until)
		return err_set(err, HZ_E_REFUSED, "it was valid for a time that is over");
	for (uint64_t i = 0; i < n; i++) {
		if (!approval_names(a, devices[i]))
			return err_set(err, HZ_E_REFUSED, "it does not name %s", devices[i]);
	}
	return 0;
}

static int check(uint8_t *text, size_t len, const uint8_t *sig, size_t sig_len, const hz_trust *approvers,
	const char *goal, const char *const *devices, uint64_t n, const char *operator_name, hz_approval *out,
	hz_error **err)
{
	const struct trust_signer *who = NULL;
	struct id hash = sha256(text, len);
	struct approval_text a;
	uint8_t pub[SIGN_PUB_LEN];
	unsigned found;
	int64_t now = clock_wall().sec;
	int rc = sshsig_check(pub, (const char *)sig, sig_len, APPROVAL_NAMESPACE, text, len, err);

	if (rc < 0)
		return rc;
	found = trust_find_approver(approvers, pub, now, &who);
	rc = check_people(who, found, operator_name, err);
	if (rc == 0 && memchr(text, '\0', len))
		rc = err_set(err, HZ_E_CORRUPT, "no approval: it is no text");
	text[len] = '\0';
	if (rc == 0)
		rc = approval_parse(&a, (char *)text, err);
	if (rc == 0)
		rc = check_text(&a, goal, devices, n, now, err);
	if (rc < 0)
		return rc;
	(void)snprintf(out->approver, sizeof(out->approver), "%s", who->principals);
	ssh_fingerprint(out->fingerprint, pub);
	(void)snprintf(out->sha256, sizeof(out->sha256), "%s", id_hex(&hash).s);
	return 0;
}

int hz_approval_check(const char *path, const hz_trust *approvers, const char *goal, const char *const *devices,
	uint64_t n, const char *operator_name, hz_approval *approval, hz_error **err)
{
	AUTO_FREE uint8_t *text = NULL, *sig = NULL;
	AUTO_FREE char *sig_path = NULL;
	hz_approval a = HZ_APPROVAL_INIT;
	size_t len, sig_len;
	int rc = crypto_init(err);

	if (rc == 0 && asprintf(&sig_path, "%s.sig", path) < 0) {
		sig_path = NULL;
		return err_nomem(err);
	}
	if (rc == 0)
		rc = vfs_read_file(&text, &len, AT_FDCWD, path, APPROVAL_MAX, false, err);
	if (rc == 0)
		rc = vfs_read_file(&sig, &sig_len, AT_FDCWD, sig_path, SSHSIG_MAX, false, err);
	if (rc == 0)
		rc = check(text, len, sig, sig_len, approvers, goal, devices, n, operator_name, &a, err);
	if (rc < 0)
		return err_wrap(err, rc, "approval %s", path);
	result_give(approval, &a, sizeof(a));
	return 0;
}
