/* SPDX-License-Identifier: BSD-2-Clause */
/* What facts make of a policy: a table. Nothing is met without a fact, and no record of somebody who is not believed is
 * one. */
#include "support/hzt.h"
#include "base/error.h"
#include "report/assets.h"
#include "report/facts.h"

#define NOW    ((int64_t)1796083200)
#define MAIN   "0123456789abcdef0123456789abcdef"
#define SECOND "fedcba9876543210fedcba9876543210"

static const char head[] =
	"[policy]\nid = p\nowner = me\napprover = she\napproved = 2026-04-01\nreview = 2027-04-01\n"
	"[repository main]\nid = " MAIN "\n[repository second]\nid = " SECOND "\n%s"
	"[system web]\nowner = me\nhost = web1\npath = /srv\nrepository = main\nrepository = second\nrpo = 24h\n";

/* ---- facts from words: "FACT REPOSITORY AGE ...", with semicolons between; ! in front: nobody believes it ---- */

static int64_t seconds(const char *age)
{
	int64_t s;

	if (strcmp(age, "0") == 0)
		return 0;
	if (*age == '+')
		return -seconds(age + 1);
	assert_ok(hz_duration(&s, age, NULL), NULL);
	return s;
}

static const char *id_of(const char *repository)
{
	return strcmp(repository, "main") == 0 ? MAIN : SECOND;
}

static void add_snapshot(hz_facts *f, char *const w[])
{
	hz_snapshot_info s = { .size = sizeof(s), .complete = 1, .hostname = "web1", .tool = "", .n_paths = 1 };
	const char *paths[] = { w[4] };

	s.paths = paths;
	s.time_sec = NOW - seconds(w[2]);
	(void)snprintf(s.id, sizeof(s.id), "%064d", (int)strtol(w[3], NULL, 10));
	assert_ok(hz_facts_add_snapshot(f, id_of(w[1]), &s, NULL), NULL);
}

static void add_report(
	hz_facts *f, bool believed, const char *kind, char *const w[], const char *outcome, const char *result)
{
	static unsigned n;
	hz_report r = HZ_REPORT_INIT;
	char text[2048];

	r.signer = believed ? HZ_SIGNER_TRUSTED : HZ_SIGNER_UNKNOWN;
	(void)snprintf(r.uuid, sizeof(r.uuid), "00000000-0000-4000-8000-%012u", n++);
	(void)snprintf(r.kind, sizeof(r.kind), "%s", kind);
	(void)snprintf(r.outcome, sizeof(r.outcome), "%s", outcome);
	(void)snprintf(r.repository, sizeof(r.repository), "%s", id_of(w[1]));
	(void)snprintf(r.host, sizeof(r.host), "web1");
	(void)snprintf(r.sha256, sizeof(r.sha256), "%064u", n);
	r.start_time = r.time = NOW - seconds(w[2]);
	(void)snprintf(text, sizeof(text), "{\"predicate\":{\"result\":%s}}", result);
	r.text = text;
	r.text_len = strlen(text);
	assert_ok(hz_facts_add_record(f, &r, NULL), NULL);
}

static void add_fact(hz_facts *f, const char *fact, size_t len)
{
	char text[256], *w[8] = { 0 }, *save = NULL, result[512];
	bool believed = *fact != '!';
	size_t n = 0;

	(void)snprintf(text, sizeof(text), "%.*s", (int)(len - !believed), fact + !believed);
	for (char *p = strtok_r(text, " ", &save); p && n < 8; p = strtok_r(NULL, " ", &save))
		w[n++] = p;
	if (strcmp(w[0], "open") == 0) {
		assert_ok(hz_facts_add_repository(f, id_of(w[1]), NULL), NULL);
	} else if (strcmp(w[0], "snap") == 0) {
		add_snapshot(f, w);
	} else if (strcmp(w[0], "backup") == 0) {
		(void)snprintf(result, sizeof(result),
			"{\"snapshot_id\":\"%064d\",\"host\":\"web1\",\"paths\":[\"%s\"],\"complete\":true,"
			"\"protected\":%s}",
			(int)strtol(w[3], NULL, 10), w[4], n > 5 ? "true" : "false");
		add_report(f, believed, "backup", w, "done", result);
	} else if (strcmp(w[0], "check") == 0) {
		(void)snprintf(result, sizeof(result), "{\"looked_at\":[%s]%s}",
			strcmp(w[4], "all") == 0                   ? "\"structure\",\"trees\",\"checksums\",\"content\""
				: w[4][0] == 't' || w[4][0] == 's' ? "\"structure\",\"trees\""
								   : "\"structure\"",
			w[4][0] == 's' ? ",\"sample_packs\":7" : "");
		add_report(f, believed, "verify", w, w[3], result);
	} else if (strcmp(w[0], "drill") == 0) {
		(void)snprintf(result, sizeof(result),
			"{\"level\":\"%s\",\"estimated_seconds\":%s,\"host\":\"web1\",\"snapshot_id\":\"%064d\"%s%s%s}",
			w[4], w[5], 1, n > 6 ? ",\"paths\":[\"" : "", n > 6 ? w[6] : "", n > 6 ? "\"]" : "");
		add_report(f, believed, "drill", w, w[3], result);
	} else {
		hz_key_info k = { .size = sizeof(k), .kind = w[3], .id = "ab", .name = "web1", .present = n < 5 };

		assert_string_equal(w[0], "key");
		k.time_sec = NOW - seconds(w[2]);
		assert_ok(hz_facts_add_key(f, id_of(w[1]), &k, NULL), NULL);
	}
}

static hz_facts *facts_of(const char *text)
{
	hz_facts *f = NULL;

	assert_ok(hz_facts_new(&f, NULL), NULL);
	while (*text) {
		size_t len = strcspn(text, ";");

		add_fact(f, text, len);
		text += len;
		text += strspn(text, "; ");
	}
	return f;
}

/* ---- cases ---- */

enum { MET = HZ_POLICY_MET, NOT = HZ_POLICY_NOT_EVIDENCED, OVER = HZ_POLICY_OVERDUE, MISSED = HZ_POLICY_MISSED };

static const struct {
	const char *repository, *system; /* lines of the policy */
	const char *facts, *check;
	uint32_t want;
	const char *says; /* part of the actual */
} cases[] = {
	{ "", "", "", "rpo", NOT, "repository main was not looked at" },
	{ "", "", "open main", "rpo", NOT, "repository second was not looked at" },
	{ "", "", "open main; open second", "rpo", OVER, "no copy of web1:/srv is in any" },
	{ "", "", "backup main 3h 1 /srv", "rpo", MET, "3h ago" },
	{ "", "", "!backup main 3h 1 /srv", "rpo", NOT, "no record" },
	{ "", "", "backup main 24h 1 /srv", "rpo", MET, "" },
	{ "", "", "backup main 25h 1 /srv", "rpo", OVER, "25h ago" },
	{ "", "", "backup main 25h 1 /srv; backup second 1h 2 /srv", "rpo", MET, "1h ago" },
	{ "", "", "backup main 3h 1 /", "rpo", MET, "" },
	{ "", "", "backup main 3h 1 /srv/www", "rpo", NOT, "" },
	{ "", "", "backup main 3h 1 /srvice", "rpo", NOT, "" },
	{ "", "host = web2\n", "backup main 3h 1 /srv", "rpo", NOT, "copy of web2:/srv" },
	{ "", "path = /var\n", "backup main 3h 1 /srv; backup main 30h 2 /var", "rpo", OVER, "web1:/var" },
	/* Where the repository was looked at, what records say was made has to be there. */
	{ "", "", "open main; open second; backup main 3h 1 /srv", "rpo", OVER, "no copy" },
	{ "", "", "open main; snap main 3h 1 /srv", "rpo", MET, "3h ago" },
	{ "", "", "open main; snap main 3h 1 /srv; backup main 1h 2 /srv", "rpo", MET, "3h ago" },
	/* A clock that was ahead. */
	{ "", "", "backup main +2d 1 /srv", "rpo", NOT, "" },
	{ "", "", "backup main +1h 1 /srv", "rpo", MET, "0s ago" },

	{ "", "", "backup main 3h 1 /srv", "rpo_kept", NOT, "fewer than two" },
	{ "", "", "backup main 3h 1 /srv; open main; snap main 3h 1 /srv", "rpo_kept", NOT, "fewer than two" },
	{ "", "", "backup main 3h 1 /srv; backup main 27h 2 /srv", "rpo_kept", MET, "gap is 24h" },
	{ "", "", "backup main 3h 1 /srv; backup main 30h 2 /srv", "rpo_kept", MISSED, "gap is 27h" },
	{ "", "", "backup main 3h 1 /srv; backup second 15h 3 /srv; backup main 30h 2 /srv", "rpo_kept", MET,
		"gap is 15h" },
	{ "", "", "backup main 3h 1 /srv; backup main 20h 2 /srv; backup main 40d 3 /srv", "rpo_kept", MISSED,
		"gap is" },
	{ "", "",
		"backup main 40d 1 /srv; backup main 50d 2 /srv; backup main 1h 3 /srv; backup main 2h 4 /srv; "
		"backup main 720h 5 /srv",
		"rpo_kept", MISSED, "" },

	{ "", "copies = 2\n", "", "copies", NOT, "2 of which nothing" },
	{ "", "copies = 2\n", "backup main 1h 1 /srv; backup second 1h 2 /srv", "copies", MET, "2 new enough" },
	{ "", "copies = 2\n", "backup main 1h 1 /srv; backup second 2d 2 /srv", "copies", OVER, "1 too old" },
	{ "max_age = 7d\n", "copies = 2\n", "backup main 1h 1 /srv; backup second 2d 2 /srv", "copies", MET, "" },
	{ "", "copies = 2\n", "backup main 1h 1 /srv; open second", "copies", MISSED, "1 new enough, 0 too old, 0" },
	{ "", "copies = 2\n", "backup main 1h 1 /srv", "copies", NOT, "" },
	{ "", "copies = 1\n", "backup main 1h 1 /srv", "copies", MET, "" },
	{ "", "copies = 2\npath = /var\n",
		"backup main 1h 1 /srv; backup second 1h 2 /srv; open main; open second; "
		"snap main 1h 1 /srv; snap second 1h 2 /srv; snap main 1h 3 /var",
		"copies", MISSED, "web1:/var: 1 new" },

	{ "", "offline_copy = yes\n", "", "offline_copy", MISSED, "names no repository" },
	{ "offline = yes\n", "offline_copy = yes\n", "backup second 1h 1 /srv", "offline_copy", NOT,
		"no record can show" },
	{ "immutable = yes\n", "offline_copy = yes\n", "", "offline_copy", NOT, "" },
	{ "immutable = yes\n", "offline_copy = yes\n", "backup second 1h 1 /srv", "offline_copy", MISSED,
		"can delete" },
	{ "immutable = yes\n", "offline_copy = yes\n", "backup second 1h 1 /srv protected", "offline_copy", MET, "" },
	{ "immutable = yes\n", "offline_copy = yes\n", "!backup second 1h 1 /srv protected", "offline_copy", NOT, "" },
	{ "immutable = yes\n", "offline_copy = yes\n", "backup second 2d 1 /srv protected", "offline_copy", OVER, "" },

	{ "", "retention = 90d\n", "backup main 91d 1 /srv", "retention", NOT, "" },
	{ "", "retention = 90d\n", "open main; snap main 91d 1 /srv", "retention", MET, "91d old" },
	{ "", "retention = 90d\n", "open main; snap main 89d 1 /srv", "retention", MET, "" },
	{ "", "retention = 90d\n", "open main; snap main 80d 1 /srv", "retention", NOT, "80d old; nothing" },
	{ "", "retention = 24h\n", "open main; snap main 1h 1 /srv", "retention", NOT, "" },
	{ "", "retention = 90d\n", "open main; snap main 91d 1 /srv; backup main 5d 2 /srv", "retention", MISSED,
		"1 copies" },
	{ "", "retention = 90d\n", "open main; snap main 91d 1 /srv; backup main 95d 2 /srv", "retention", MET, "" },
	{ "", "retention = 90d\n", "open main; snap main 91d 1 /srv; backup second 5d 2 /srv", "retention", MET, "" },
	{ "", "retention = 90d\n", "open main; snap main 91d 1 /srv; !backup main 5d 2 /srv", "retention", MET, "" },

	{ "", "check = 7d\n", "", "check", NOT, "main: no record" },
	{ "", "check = 7d\n", "check main 2d done trees", "check", NOT, "second: no record" },
	{ "", "check = 7d\n", "check main 2d done trees; check second 3d done all", "check", MET, "3d ago" },
	{ "", "check = 7d\n", "check main 2d done trees; !check second 3d done all", "check", NOT, "" },
	{ "", "check = 7d\n", "check main 2d done trees; check second 3d done presence", "check", NOT, "" },
	{ "", "check = 7d\n", "check main 2d done trees; check second 8d done trees", "check", OVER, "8d ago" },
	{ "", "check = 7d\n", "check main 2d done trees; check second 3d done all; check main 1d damage trees", "check",
		MISSED, "main: at" },
	{ "", "check = 7d\n", "check main 2d done trees; check second 3d done all; check main 4d damage trees", "check",
		MET, "" },
	{ "", "check = 7d\n", "check main 2d failed trees; check second 3d cancelled all", "check", NOT, "" },
	{ "", "sample = 7d\n", "check main 2d done sample; check second 3d done all", "sample", MET, "" },
	{ "", "read = 7d\n", "check main 2d done sample; check second 3d done all", "read", NOT, "main" },
	{ "", "read = 7d\n", "check main 2d done all; check second 3d done all; check main 1h damage presence", "read",
		MISSED, "" },

	{ "", "drill = 90d\n", "", "drill", NOT, "web1:/srv: no record" },
	{ "", "drill = 90d\n", "drill main 5d done L3 100 /srv", "drill", MET, "" },
	{ "", "drill = 90d\n", "drill main 5d overdue L3 100 /srv", "drill", MET, "" },
	{ "", "drill = 90d\n", "!drill main 5d done L3 100 /srv", "drill", NOT, "" },
	{ "", "drill = 90d\n", "drill main 5d exceptions L3 100 /srv", "drill", NOT, "" },
	{ "", "drill = 90d\n", "drill main 91d done L4 100 /srv", "drill", OVER, "91d ago" },
	{ "", "drill = 90d\n", "drill main 5d done L3 100 /var", "drill", NOT, "" },
	/* An older record does not name its paths: the snapshot does. */
	{ "", "drill = 90d\n", "drill main 5d done L3 100", "drill", NOT, "" },
	{ "", "drill = 90d\n", "drill main 5d done L3 100; open main; snap main 6d 1 /srv", "drill", MET, "" },
	{ "", "drill = 90d\n", "drill main 5d done L3 100 /srv; drill main 2d damage L3 100 /srv", "drill", MISSED,
		"" },
	{ "", "full_drill = 90d\n", "drill main 5d done L3 100 /srv", "full_drill", NOT, "" },
	{ "", "full_drill = 90d\n", "drill main 5d done L4 100 /srv", "full_drill", MET, "" },

	{ "", "rto = 1h\n", "", "rto", NOT, "no drill of" },
	{ "", "rto = 1h\n", "drill main 5d done L3 3599.5 /srv", "rto", MET, "by estimate" },
	{ "", "rto = 1h\n", "drill main 5d done L4 3600 /srv", "rto", MET, "took" },
	{ "", "rto = 1h\n", "drill main 5d overdue L3 3600.5 /srv", "rto", MISSED, "" },
	{ "", "rto = 1h\n", "drill main 5d done L3 10 /srv; drill main 9d done L3 9999 /srv", "rto", MET, "" },
	{ "", "rto = 1h\npath = /var\n", "drill main 5d done L3 10 /srv", "rto", NOT, "web1:/var" },

	{ "", "key_age = 365d\n", "", "key_age", NOT, "main were not looked at" },
	{ "", "key_age = 365d\n", "key main 10d writer; key second 20d slot", "key_age", MET, "second" },
	{ "", "key_age = 365d\n", "key main 10d writer", "key_age", NOT, "second were not" },
	{ "", "key_age = 365d\n", "key main 400d writer", "key_age", OVER, "writer web1, is 400d" },
	{ "", "key_age = 365d\n", "key second 400d writer", "key_age", OVER, "" },
	{ "", "key_age = 365d\n", "key main 400d root; key main 1d slot; key second 1d slot", "key_age", MET, "" },
	{ "", "key_age = 365d\n", "key main 400d slot gone; key main 1d slot; key second 1d slot", "key_age", MET, "" },
	{ "key_age = 5d\n", "", "key second 6d slot", "key_age", OVER, "6d" },

	{ "", "", "", "review", MET, "approved at 2026-04-01" },
	{ "", "review = 2026-12-01\n", "", "review", MET, "" },
	{ "", "review = 2026-11-30\n", "", "review", OVER, "" },
};

static hz_policy *policy_of(const char *repository, const char *system)
{
	hz_policy *p = NULL;
	hz_error *err = NULL;
	char text[4096];
	int len = snprintf(text, sizeof(text), head, repository);

	(void)snprintf(text + len, sizeof(text) - (size_t)len, "%s", system);
	assert_ok(policy_parse(&p, text, strlen(text), "x", &err), &err);
	return p;
}

static const hz_policy_check *check_of(const hz_policy_result *r, const char *name)
{
	for (uint64_t i = 0; i < r->systems[0]->n_checks; i++) {
		if (strcmp(r->systems[0]->checks[i]->name, name) == 0)
			return r->systems[0]->checks[i];
	}
	fail_msg("there is no check %s", name);
	return NULL;
}

static void test_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		hz_policy *p = policy_of(cases[i].repository, cases[i].system);
		hz_facts *f = facts_of(cases[i].facts);
		hz_policy_result *r = NULL;
		const hz_policy_check *c;

		assert_ok(hz_policy_evaluate(&r, p, f, NULL, NOW, NULL), NULL);
		c = check_of(r, cases[i].check);
		if (c->status != cases[i].want || !strstr(c->actual, cases[i].says))
			fail_msg("%zu: %s with '%s': %s, %s", i, cases[i].check, cases[i].facts,
				hz_policy_status_name(c->status), c->actual);
		/* What is met or missed by records or repositories names them. */
		if (c->status == HZ_POLICY_MET && strcmp(c->name, "review") != 0 && strcmp(c->name, "key_age") != 0)
			assert_true(c->n_records + c->n_snapshots > 0);
		assert_non_null(c->target);
		hz_policy_result_free(r);
		hz_facts_free(f);
		hz_policy_free(p);
	}
}

static void test_the_worst_counts(void **state)
{
	hz_policy *p = policy_of("", "drill = 90d\ncheck = 7d\n");
	hz_facts *f = facts_of("backup main 30h 1 /srv; backup main 50h 1 /srv");
	hz_policy_result *r = NULL;

	(void)state;
	assert_ok(hz_policy_evaluate(&r, p, f, NULL, NOW, NULL), NULL);
	assert_int_equal(r->n_systems, 1);
	assert_int_equal(r->systems[0]->status, HZ_POLICY_OVERDUE);
	assert_int_equal(r->status, HZ_POLICY_OVERDUE);
	assert_int_equal(r->by_status[HZ_POLICY_OVERDUE], 1);
	assert_int_equal(r->by_status[HZ_POLICY_NOT_EVIDENCED], 3);
	assert_int_equal(r->by_status[HZ_POLICY_MET], 1);
	assert_string_equal(r->systems[0]->repositories[1], "second");
	assert_int_equal(r->systems[0]->rto, -1);
	hz_policy_result_free(r);
	hz_facts_free(f);
	hz_policy_free(p);
}

static void test_each_asset_is_covered_or_told(void **state)
{
	static const char list[] =
		"asset,host,path\nS-1,,\nS-2,web1,/srv/www\nS-3,web1,/etc\nS-4,web1,\nS-5,web2,/srv\nS-6,,/srv\n";
	static const bool covered[] = { true, true, false, false, false, false };
	hz_policy *p = policy_of("", "asset = S-1\n");
	hz_facts *f = facts_of("");
	hz_assets *a = NULL;
	hz_policy_result *r = NULL;

	(void)state;
	assert_ok(assets_parse(&a, list, strlen(list), "x", NULL), NULL);
	assert_ok(hz_policy_evaluate(&r, p, f, a, NOW, NULL), NULL);
	/* The result lives without what it was made of. */
	hz_facts_free(f);
	hz_assets_free(a);
	hz_policy_free(p);
	assert_int_equal(r->n_assets, ARRAY_LEN(covered));
	assert_int_equal(r->not_covered, 4);
	for (size_t i = 0; i < ARRAY_LEN(covered); i++) {
		assert_int_equal(r->assets[i]->covered, covered[i]);
		assert_int_equal(r->assets[i]->line, i + 2);
		if (covered[i])
			assert_string_equal(r->assets[i]->system, "web");
		else
			assert_null(r->assets[i]->system);
	}
	hz_policy_result_free(r);
}

static void test_citations_have_a_bound(void **state)
{
	hz_policy *p = policy_of("", "retention = 90d\n");
	hz_facts *f = facts_of("open main; snap main 91d 1 /srv");
	hz_policy_result *r = NULL;
	char one[64];

	(void)state;
	for (int i = 10; i < 60; i++) {
		(void)snprintf(one, sizeof(one), "backup main %dh %d /srv", i, i);
		add_fact(f, one, strlen(one));
	}
	assert_ok(hz_policy_evaluate(&r, p, f, NULL, NOW, NULL), NULL);
	assert_int_equal(check_of(r, "retention")->n_records, 20);
	assert_non_null(strstr(check_of(r, "retention")->actual, "50 copies"));
	hz_policy_result_free(r);
	hz_facts_free(f);
	hz_policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_table),
		cmocka_unit_test(test_the_worst_counts),
		cmocka_unit_test(test_each_asset_is_covered_or_told),
		cmocka_unit_test(test_citations_have_a_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
