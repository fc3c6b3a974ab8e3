/* SPDX-License-Identifier: BSD-2-Clause */
/* Policy files: everything that docs/evidence/POLICY.md has is read, and what it has not is told with its line. */
#include "support/hzt.h"
#include "base/error.h"
#include "report/policy.h"
#include "report/policy_value.h"

#define ID "0123456789abcdef0123456789abcdef"
#define HEAD                                                                                         \
	"[policy]\nid = p\nowner = me\napprover = she\napproved = 2026-04-01\nreview = 2027-04-01\n" \
	"[repository main]\nid = " ID "\n"
#define SYSTEM "[system web]\nowner = me\nhost = web1\npath = /srv\nrepository = main\nrpo = 24h\n"

static hz_policy *parse(const char *text, hz_error **err)
{
	hz_policy *p = NULL;
	int rc = policy_parse(&p, text, strlen(text), "x.ini", err);

	assert_true((rc == 0) == (p != NULL));
	return p;
}

static void test_everything_is_read(void **state)
{
	static const char text[] = "\xef\xbb\xbf; a comment\r\n# another\r\n\r\n[policy]\r\nid = backup.policy-1\r\n"
				   "version = 3\r\nowner = \xe6\x83\x85\xe5\xa0\xb1\r\napprover = A\r\napprover = B\r\n"
				   "approved = 2026-04-01\r\nreview=2027-04-01\r\n"
				   "[repository main]\nid: " ID
				   "\nlocation = /srv/backup\nkey_file = /etc/k\nsite = b\n"
				   "offline = yes\nimmutable = no\nmax_age = 2w\nkey_age = 730d\n" SYSTEM
				   "host = web2\npath = /\nasset = S-1\nrto = 4h\nretention = 90d\ncopies = 1\n"
				   "offline_copy = yes\ncheck = 1d\nsample = 7d\nread = 30d\ndrill = 90d\n"
				   "full_drill = 365d\nkey_age = 3s\nreview = 2026-12-31\napprover = C";
	AUTO(hz_policy_free) hz_policy *p = NULL;
	hz_error *err = NULL;
	hz_policy_info info = HZ_POLICY_INFO_INIT;
	hz_policy_repository r = HZ_POLICY_REPOSITORY_INIT;

	(void)state;
	assert_ok(policy_parse(&p, text, sizeof(text) - 1, "x.ini", &err), &err);
	assert_ok(hz_policy_info_get(p, &info, NULL), NULL);
	assert_string_equal(info.id, "backup.policy-1");
	assert_string_equal(info.version, "3");
	assert_string_equal(info.owner, "\xe6\x83\x85\xe5\xa0\xb1");
	assert_int_equal(info.approved, 1775001600);
	assert_int_equal(info.review, 1806537600);
	assert_int_equal(p->approvers.n, 2);
	assert_ok(hz_policy_repository_get(p, 0, &r, NULL), NULL);
	assert_string_equal(r.name, "main");
	assert_string_equal(r.id, ID);
	assert_string_equal(r.location, "/srv/backup");
	assert_string_equal(r.key_file, "/etc/k");
	assert_string_equal(r.site, "b");
	assert_true(r.offline && !r.immutable);
	assert_int_equal(p->repositories[0].max_age, 14 * 86400);
	assert_int_equal(hz_policy_repository_get(p, 1, &r, NULL), HZ_E_NOTFOUND);
	assert_int_equal(p->systems[0].hosts.n, 2);
	assert_string_equal(p->systems[0].paths.v[1], "/");
	assert_int_equal(p->systems[0].rpo, 86400);
	assert_int_equal(p->systems[0].full_drill, 365 * 86400);
	assert_int_equal(p->systems[0].key_age, 3);
	assert_int_equal(p->systems[0].copies, 1);
	assert_true(p->systems[0].offline_copy);
}

static void test_what_is_none_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "", "[policy] is missing" },
		{ HEAD, "[system NAME] is missing" },
		{ "id = p\n", "line 1: id stands before the first section" },
		{ "[policy]\nid = p p\n", "line 2: id = p p: expected is at most 64 letters" },
		{ "[policy]\nid = p\nid = p\n", "line 3: id is given twice" },
		{ "[policy]\nidd = p\n", "line 2: idd is no key of this section" },
		{ "[policy]\n\nid\n", "line 3: neither a section nor" },
		{ "[policy]\n id = p\n", "line 2: a line begins with a blank" },
		{ "[policy]\nid = p ; because\n", "line 2: a comment has a line of its own" },
		{ "[policy]\nid = p # because\n", "line 2: a comment has a line of its own" },
		{ "[policy] x\n", "line 1: a section's line ends with ]" },
		{ "[policy\n", "line 1: a section's line ends with ]" },
		{ "[]\n", "line 1: a section's line ends with ]" },
		{ "[policies]\n", "line 1: sections are" },
		{ "[policy x]\n", "line 1: there is one section [policy]" },
		{ HEAD "[policy]\n", "line 9: there is one section [policy]" },
		{ "[policy]\nid = p\n[policy]\n", "line 1: this section lacks owner" },
		{ "[policy]\nowner =\n", "line 2: owner = : expected is a text" },
		{ "[policy]\napproved = 2026-02-30\n", "line 2: approved = 2026-02-30: expected is a date" },
		{ "[policy]\napproved = 2026-2-3\n", "expected is a date" },
		{ "[policy]\nid = \x01\n", "line 2: a byte that is no text" },
		{ "[policy]\nowner = \xff\n", "line 2: a byte that is no text" },
		{ "[policy]\nowner = \xed\xa0\x80\n", "line 2: a byte that is no text" },
		{ HEAD "[repository main]\n", "line 9: a section for main stands here already" },
		{ HEAD "[repository]\n", "line 9: a name has at most 40" },
		{ HEAD "[repository a b]\n", "line 9: a name has at most 40" },
		{ HEAD "[system 12345678901234567890123456789012345678901]\n", "line 9: a name has at most 40" },
		{ HEAD "[repository other]\nid = " ID "\n" SYSTEM, "have the same id" },
		{ HEAD "[repository other]\nid = 0123\n", "line 10: id = 0123: expected is the id of a repository" },
		{ HEAD "[repository other]\nid = 0123456789ABCDEF0123456789abcdef\n", "line 10: id" },
		{ HEAD SYSTEM SYSTEM, "line 15: a section for web stands here already" },
		{ HEAD SYSTEM "path = srv\n", "line 15: path = srv: expected is an absolute path" },
		{ HEAD SYSTEM "path = /srv/../etc\n", "expected is an absolute path" },
		{ HEAD SYSTEM "path = /srv/\n", "expected is an absolute path" },
		{ HEAD SYSTEM "path = /srv\n", "line 15: path = /srv stands here twice" },
		{ HEAD SYSTEM "rto = 4\n", "line 15: rto = 4: expected is a time" },
		{ HEAD SYSTEM "rto = 0h\n", "expected is a time" },
		{ HEAD SYSTEM "rto = 4h 5m\n", "expected is a time" },
		{ HEAD SYSTEM "rto = 100001s\n", "expected is a time" },
		{ HEAD SYSTEM "rto = -4h\n", "expected is a time" },
		{ HEAD SYSTEM "copies = 65\n", "line 15: copies = 65: expected is a number" },
		{ HEAD SYSTEM "copies = 2\n", "wants 2 copies, and names 1 repositories" },
		{ HEAD SYSTEM "offline_copy = true\n", "expected is yes or no" },
		{ HEAD SYSTEM "repository = other\n", "names the repository other, which has no section" },
		{ HEAD "[system web]\nowner = me\n", "line 9: this section lacks host" },
		{ "[policy]\nid = p\nowner = me\napprover = she\napproved = 2026-04-01\nreview = 2025-04-01\n"
		  "[repository main]\nid = " ID "\n" SYSTEM,
			"reviewed before it was approved" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		hz_error *err = NULL;
		hz_policy *p = parse(bad[i].text, &err);

		assert_null(p);
		assert_int_equal(hz_error_code(err), HZ_E_INVAL);
		if (!strstr(hz_error_message(err), bad[i].says) || !strstr(hz_error_message(err), "x.ini"))
			fail_msg("%zu: %s", i, hz_error_message(err));
		hz_error_free(err);
	}
}

/* libinih would cut it in silence, or go on in the next line. */
static void test_no_line_is_too_long_for_libinih(void **state)
{
	(void)state;
	for (size_t len = 150; len < 420; len++) {
		AUTO(hz_policy_free) hz_policy *p = NULL;
		hz_error *err = NULL;
		char text[2048], owner[512];

		memset(owner, 'x', len);
		owner[len] = '\0';
		(void)snprintf(text, sizeof(text),
			"%sversion = 1\n[system s]\nhost = h\npath = /p\nrepository = main\nrpo = 1h\nowner = %s\n",
			"[policy]\nid = p\nowner = me\napprover = she\napproved = 2026-04-01\nreview = 2027-04-01\n"
			"[repository main]\nid = " ID
			"\n[system web]\nowner = me\nhost = web1\npath = /srv\nrepository = main\nrpo = 24h\n"
			"; ",
			owner);
		p = parse(text, &err);
		if (p)
			assert_string_equal(p->systems[1].owner, owner);
		else
			assert_non_null(strstr(hz_error_message(err), "line 21: longer than"));
		hz_error_free(err);
	}
}

static void test_a_nul_is_no_text(void **state)
{
	static const char text[] = "[policy]\nid = p\0q\n";
	hz_policy *p = NULL;
	hz_error *err = NULL;

	(void)state;
	assert_fails(policy_parse(&p, text, sizeof(text) - 1, "x.ini", &err), HZ_E_INVAL, &err);
}

static void test_more_than_the_bounds_is_refused(void **state)
{
	char text[65536], *at = text;
	hz_error *err = NULL;

	(void)state;
	at += sprintf(at, "%s", HEAD SYSTEM);
	for (unsigned i = 0; i < 80; i++)
		at += sprintf(at, "asset = a%u\n", i);
	assert_null(parse(text, &err));
	assert_non_null(strstr(hz_error_message(err), "line 79: more than 64 of asset"));
	hz_error_free(err);
	err = NULL;
	at = text + sprintf(text, "%s", HEAD);
	for (unsigned i = 0; i < 80; i++)
		at += sprintf(at, "[system s%u]\nowner = me\nhost = h\npath = /p\nrepository = main\nrpo = 1h\n", i);
	assert_null(parse(text, &err));
	assert_non_null(strstr(hz_error_message(err), "more than 64 sections"));
	hz_error_free(err);
}

static void test_limits_of_a_system(void **state)
{
	static const char *const srv[] = { "/srv/www" }, *const etc[] = { "/etc" }, *const root[] = { "/" };
	AUTO(hz_policy_free) hz_policy *p = NULL;
	hz_policy_limits l = HZ_POLICY_LIMITS_INIT;
	hz_error *err = NULL;

	(void)state;
	p = parse(HEAD SYSTEM
		"rto = 2h\n[system other]\nowner = o\nhost = web1\npath = /var\nrepository = main\nrpo = 1h\n",
		&err);
	assert_non_null(p);
	assert_ok(hz_policy_limits_of(p, NULL, ID, "web1", srv, 1, &l, &err), &err);
	assert_string_equal(l.system, "web");
	assert_int_equal(l.rpo, 86400);
	assert_int_equal(l.rto, 7200);
	assert_ok(hz_policy_limits_of(p, "other", NULL, NULL, NULL, 0, &l, &err), &err);
	assert_int_equal(l.rto, -1);
	assert_fails(hz_policy_limits_of(p, NULL, ID, "web1", root, 1, &l, &err), HZ_E_INVAL, &err);
	assert_fails(hz_policy_limits_of(p, NULL, ID, "web1", etc, 1, &l, &err), HZ_E_NOTFOUND, &err);
	assert_fails(hz_policy_limits_of(p, NULL, ID, "web2", srv, 1, &l, &err), HZ_E_NOTFOUND, &err);
	assert_fails(hz_policy_limits_of(p, "none", ID, "web1", srv, 1, &l, &err), HZ_E_NOTFOUND, &err);
}

static void test_durations_as_people_say_them(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = { { 0, "0s" }, { 59, "59s" }, { 60, "1m" }, { 3600, "1h" }, { 86400, "24h" }, { 172800, "2d" },
		{ 90000, "25h" }, { 7776000, "90d" }, { 3661, "3661s" } };
	char out[POLICY_DURATION_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(policy_duration_text(out, cases[i].seconds), cases[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_is_read),
		cmocka_unit_test(test_what_is_none_is_told_with_its_line),
		cmocka_unit_test(test_no_line_is_too_long_for_libinih),
		cmocka_unit_test(test_a_nul_is_no_text),
		cmocka_unit_test(test_more_than_the_bounds_is_refused),
		cmocka_unit_test(test_limits_of_a_system),
		cmocka_unit_test(test_durations_as_people_say_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
