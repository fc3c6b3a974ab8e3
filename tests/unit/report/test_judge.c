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

/* What the tree of a snapshot says when it is asked: the sixth word of "snap". */
static int in_tree[64];

static int on_path(void *user, const char *snapshot, const char *folder, const char *path, uint64_t n_folders)
{
	(void)user;
	assert_int_equal(n_folders, 1);
	assert_true(policy_path_is_in(path, folder));
	return in_tree[strtol(snapshot, NULL, 10)];
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
	in_tree[strtol(w[3], NULL, 10)] = !w[5] || strcmp(w[5], "partial") == 0 ? 1
		: strcmp(w[5], "lacks") == 0                                    ? 0
										: 2;
	s.complete = !w[5] || strcmp(w[5], "partial") != 0;
	s.time_sec = NOW - seconds(w[2]);
	(void)snprintf(s.id, sizeof(s.id), "%064d", (int)strtol(w[3], NULL, 10));
	assert_ok(hz_facts_add_snapshot(f, id_of(w[1]), &s, NULL), NULL);
}

/* Of the next report. */
static const char *predicate_more, *predicate_identity;
static int failures_total;
static bool without_repository, without_snapshot;

static void add_report(
	hz_facts *f, bool believed, const char *kind, char *const w[], const char *outcome, const char *result)
{
	static unsigned n;
	hz_report r = HZ_REPORT_INIT;
	char text[2048], place[64];

	r.signer = believed ? HZ_SIGNER_TRUSTED : HZ_SIGNER_UNKNOWN;
	(void)snprintf(r.uuid, sizeof(r.uuid), "00000000-0000-4000-8000-%012u", n++);
	(void)snprintf(r.kind, sizeof(r.kind), "%s", kind);
	(void)snprintf(r.outcome, sizeof(r.outcome), "%s", outcome);
	if (!without_repository)
		(void)snprintf(r.repository, sizeof(r.repository), "%s", id_of(w[1]));
	if (predicate_identity && !without_snapshot)
		(void)snprintf(r.snapshot, sizeof(r.snapshot), "%064d", (int)strtol(w[5], NULL, 10));
	(void)snprintf(r.host, sizeof(r.host), "web1");
	(void)snprintf(r.sha256, sizeof(r.sha256), "%064u", n);
	r.start_time = r.time = NOW - seconds(w[2]);
	(void)snprintf(place, sizeof(place), "{\\\"location\\\":\\\"/%s\\\"}", w[1]);
	(void)snprintf(text, sizeof(text),
		"{\"predicate\":{\"result\":%s,\"identity\":\"%s\",\"failures\":%s,\"failures_total\":%d}}", result,
		predicate_identity ? predicate_identity : place, predicate_more ? predicate_more : "[]",
		predicate_more ? failures_total : 0);
	r.text = text;
	r.text_len = strlen(text);
	assert_ok(hz_facts_add_record(f, &r, NULL), NULL);
}

/* "backup REPOSITORY AGE ID PATH [protected | excludes | failed:PATH | cut]" */
static void add_backup(hz_facts *f, bool believed, char *const w[], size_t n)
{
	const char *more = n > 5 ? w[5] : "";
	const char *failed = strncmp(more, "failed:", 7) == 0 ? more + 7 : NULL;
	char result[512], failures[256] = "[]";

	(void)snprintf(result, sizeof(result),
		"{\"snapshot_id\":\"%064d\",\"host\":\"web1\",\"paths\":[\"%s\"],\"complete\":%s,"
		"\"excluded\":[%s],\"protected\":%s}",
		(int)strtol(w[3], NULL, 10), w[4], failed ? "false" : "true",
		strcmp(more, "excludes") == 0 ? "\"--exclude *.tmp\"" : "",
		strcmp(more, "protected") == 0 ? "true" : "false");
	if (failed)
		(void)snprintf(failures, sizeof(failures),
			"[{\"kind\":\"source\",\"path\":\"%s\"},{\"kind\":\"meta\",\"path\":\"srv\"}]", failed);
	predicate_more = failures;
	failures_total = strcmp(more, "cut") == 0 ? 501 : failed ? 2 : 0;
	add_report(f, believed, "backup", w, failed ? "exceptions" : "done", result);
	predicate_more = NULL;
}

/* "drill REPOSITORY AGE OUTCOME LEVEL SECONDS [PATH [none | ID]]": none: nothing was compared */
static void add_drill(hz_facts *f, bool believed, char *const w[], size_t n)
{
	char result[512];
	int id = n > 7 && w[7][0] != 'n' ? (int)strtol(w[7], NULL, 10) : 1;

	(void)snprintf(result, sizeof(result),
		"{\"level\":\"%s\",\"estimated_seconds\":%s,\"host\":\"web1\",\"compared\":9,\"files_compared\":%d,"
		"\"snapshot_id\":\"%064d\"%s%s%s}",
		w[4], w[5], n > 7 && w[7][0] == 'n' ? 0 : 5, id, n > 6 ? ",\"paths\":[\"" : "", n > 6 ? w[6] : "",
		n > 6 ? "\"]" : "");
	add_report(f, believed, "drill", w, w[3], result);
}

/* "lost REPOSITORY AGE KIND [HOST [ID]]": nothing could be listed, and the record has no result but an identity; with
 * "place" for the host not even that of the repository. */
static void add_lost(hz_facts *f, bool believed, char *const w[], size_t n)
{
	static char identity[256];
	int len = snprintf(identity, sizeof(identity), "{\\\"location\\\":\\\"/%s\\\"", w[1]);

	if (n > 4 && strcmp(w[4], "place") != 0)
		len += snprintf(identity + len, sizeof(identity) - (size_t)len, ",\\\"host\\\":\\\"%s\\\"", w[4]);
	(void)snprintf(identity + len, sizeof(identity) - (size_t)len, "}");
	predicate_identity = identity;
	without_repository = n > 4 && strcmp(w[4], "place") == 0;
	without_snapshot = n < 6;
	add_report(f, believed, w[3], w, "damage", "null");
	predicate_identity = NULL;
	without_repository = without_snapshot = false;
}

static void add_fact(hz_facts *f, const char *fact, size_t len)
{
	char text[256], *w[9] = { 0 }, *save = NULL, result[512];
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
		add_backup(f, believed, w, n);
	} else if (strcmp(w[0], "check") == 0) {
		(void)snprintf(result, sizeof(result), "{\"looked_at\":[%s]%s}",
			strcmp(w[4], "all") == 0                   ? "\"structure\",\"trees\",\"checksums\",\"content\""
				: w[4][0] == 't' || w[4][0] == 's' ? "\"structure\",\"trees\""
								   : "\"structure\"",
			w[4][0] == 's' ? ",\"sample_packs\":7" : "");
		add_report(f, believed, "verify", w, w[3], result);
	} else if (strcmp(w[0], "drill") == 0) {
		add_drill(f, believed, w, n);
	} else if (strcmp(w[0], "lost") == 0) {
		add_lost(f, believed, w, n);
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
	/* That a path lies below one that was given shows nothing: it may be missing, or left out. The tree shows it.
	 */
	{ "", "", "backup main 3h 1 /", "rpo", NOT, "no fact shows" },
	{ "", "", "open main; snap main 3h 1 /", "rpo", MET, "3h ago" },
	{ "", "", "open main; open second; snap main 3h 1 / lacks", "rpo", OVER, "no copy of web1:/srv" },
	{ "", "", "open main; open second; snap main 3h 1 / unknown", "rpo", NOT, "no fact shows" },
	{ "", "", "open main; open second; snap main 3h 1 /srv lacks", "rpo", OVER, "no copy of web1:/srv" },
	{ "", "", "open main; open second; snap main 3h 1 / lacks; snap main 4h 2 /", "rpo", MET, "4h ago" },
	{ "", "", "open main; open second; snap main 3h 1 / unknown; snap main 30h 2 /", "rpo", NOT, "no fact shows" },
	/* Nor was it copied where the record says that it could not be read. */
	{ "", "", "backup main 3h 1 /srv failed:srv", "rpo", NOT, "no record of a copy" },
	{ "", "", "backup main 3h 1 /srv failed:srv/www/one", "rpo", MET, "with exceptions" },
	{ "", "path = /srv/www\n", "backup main 3h 1 /srv failed:srv/www", "rpo", NOT, "/srv/www" },
	{ "", "", "backup main 3h 1 /srv failed:srv; backup main 5h 2 /srv", "rpo", MET, "5h ago" },
	{ "", "", "backup main 3h 1 /srv cut", "rpo", NOT, "no fact shows" },
	/* Given relative to a folder, it fails under the end of its name. */
	{ "", "path = /home/a/gone\n", "backup main 3h 2 /srv; backup main 3h 1 /home/a/gone failed:gone", "rpo", NOT,
		"gone" },
	/* Of a folder that could not be read the tree has the name. */
	{ "", "", "open main; open second; snap main 3h 1 /srv partial; backup main 3h 1 /srv failed:srv", "rpo", OVER,
		"no copy" },
	{ "", "", "open main; open second; snap main 3h 1 /srv partial; backup main 3h 1 /srv failed:srv/a", "rpo", MET,
		"with exceptions" },
	{ "", "", "backup main 3h 1 /srv excludes", "rpo", MET, "without what was excluded" },
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
	{ "", "", "open main; snap main 3h 1 /srv; snap main 20h 2 /srv unknown; snap main 30h 3 /srv", "rpo_kept", NOT,
		"of 1 copies no fact" },
	{ "", "", "open main; snap main 3h 1 /srv; snap main 20h 2 /srv lacks; snap main 30h 3 /srv", "rpo_kept",
		MISSED, "27h" },
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
	{ "", "copies = 1\n", "open main; open second; snap main 1h 1 / lacks", "copies", MISSED, "" },
	{ "", "copies = 1\n", "backup main 1h 1 /; open second", "copies", NOT, "" },
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
	/* Compared is compared: what was only restored and read back is a full drill at best. */
	{ "", "drill = 90d\n", "drill main 5d done L3 100 /srv none", "drill", NOT, "nothing was compared" },
	{ "", "drill = 90d\n", "drill main 5d done L4 100 /srv none", "drill", NOT, "nothing was compared" },
	{ "", "full_drill = 90d\n", "drill main 5d done L4 100 /srv none", "full_drill", MET, "" },
	{ "", "rto = 1h\n", "drill main 5d done L3 100 /srv none", "rto", MET, "" },
	/* A drill shows what is in its snapshot. */
	{ "", "drill = 90d\n", "drill main 5d done L3 100 / 7", "drill", NOT, "in the snapshot that was restored" },
	{ "", "drill = 90d\n", "drill main 5d done L3 100 / 7; open main; snap main 6d 7 /", "drill", MET, "" },
	{ "", "drill = 90d\n", "drill main 5d done L3 100 /srv 7; open main; snap main 6d 7 /srv lacks", "drill", NOT,
		"no record" },
	{ "", "full_drill = 90d\n", "drill main 5d done L4 100 /srv 7; backup main 6d 7 /srv failed:srv", "full_drill",
		NOT, "no record" },
	{ "", "rto = 90d\n", "drill main 5d done L4 100 /srv 7; backup main 6d 7 /srv failed:srv", "rto", NOT, "" },
	/* A repository of which nothing could be listed: there is no result, and the identity says whose it was. */
	{ "", "drill = 90d\n", "drill main 5d done L4 100 /srv; lost main 2d drill web1 1", "drill", MISSED, "damage" },
	{ "", "drill = 90d\n", "drill main 5d done L4 100 /srv; lost main 2d drill", "drill", MISSED, "" },
	{ "", "drill = 90d\n", "drill main 5d done L4 100 /srv; lost main 2d drill web2", "drill", MET, "" },
	{ "", "drill = 90d\n", "drill main 5d done L4 100 /srv; lost main 9d drill", "drill", MET, "" },
	{ "", "drill = 90d\n", "drill main 5d done L4 100 /srv; !lost main 2d drill", "drill", MET, "" },
	{ "", "drill = 90d\n", "drill main 5d done L4 100 /srv; lost main 2d drill place", "drill", MISSED, "" },
	{ "", "drill = 90d\n", "drill main 5d done L4 100 /srv; backup main 6d 7 /var; lost main 2d drill web1 7",
		"drill", MET, "" },
	{ "", "full_drill = 90d\n", "drill main 5d done L4 100 /srv; lost main 2d drill", "full_drill", MISSED, "" },
	{ "", "rto = 1h\n", "drill main 5d done L4 100 /srv; lost main 2d drill", "rto", MISSED, "found damage" },
	{ "", "rto = 1h\n", "drill main 5d done L4 100 /srv; lost main 9d drill", "rto", MET, "" },
	{ "", "check = 7d\n", "check main 2d done all; check second 3d done all; lost main 1d check", "check", MISSED,
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

static void look_up(hz_facts *f, const hz_policy *p)
{
	assert_ok(hz_facts_look_up(f, p, MAIN, NOW, on_path, NULL, NULL), NULL);
	assert_ok(hz_facts_look_up(f, p, SECOND, NOW, on_path, NULL, NULL), NULL);
}

static void test_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		hz_policy *p = policy_of(cases[i].repository, cases[i].system);
		hz_facts *f = facts_of(cases[i].facts);
		hz_policy_result *r = NULL;
		const hz_policy_check *c;

		look_up(f, p);
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

/* The record of a snapshot that is there is named beside it. */
static void test_a_snapshot_is_cited_with_its_record(void **state)
{
	hz_policy *p = policy_of("", "");
	hz_facts *f = facts_of("open main; snap main 3h 7 /srv; backup main 3h 7 /srv");
	hz_policy_result *r = NULL;
	const hz_policy_check *c;

	(void)state;
	look_up(f, p);
	assert_ok(hz_policy_evaluate(&r, p, f, NULL, NOW, NULL), NULL);
	c = check_of(r, "rpo");
	assert_int_equal(c->n_snapshots, 1);
	assert_int_equal(c->n_records, 1);
	assert_string_equal(r->systems[0]->hosts[0], "web1");
	assert_string_equal(r->systems[0]->paths[0], "/srv");
	assert_string_equal(r->systems[0]->repository_ids[1], SECOND);
	hz_policy_result_free(r);
	hz_facts_free(f);
	hz_policy_free(p);
}

/* ---- when something was done last: the same rule, without a policy ---- */

static int on_last(void *user, const hz_fact_last *last)
{
	char *out = user, age[32];
	size_t len = strlen(out);

	(void)snprintf(age, sizeof(age), "%lldh", (long long)((NOW - last->time) / 3600));
	(void)snprintf(out + len, 1024 - len, "%s:%s:%s:%s%s ", strcmp(last->repository, MAIN) == 0 ? "main" : "second",
		last->host ? last->host : "-", last->n_paths ? last->paths[0] : "-", last->time ? age : "never",
		last->damage ? ":damage" : "");
	return 0;
}

static const struct {
	const char *kind, *facts, *want;
} lasts[] = {
	{ "backup", "", "" },
	{ "backup", "backup main 3h 1 /srv; backup main 9h 2 /srv", "main:web1:/srv:3h " },
	{ "backup", "backup main 3h 1 /srv; backup main 90h 2 /var", "main:web1:/srv:3h main:web1:/var:90h " },
	/* What backs up more serves as well. */
	{ "backup", "backup main 3h 1 /; backup main 90h 2 /var", "main:web1:/:3h main:web1:/var:3h " },
	{ "backup", "!backup main 3h 1 /srv", "" },
	{ "backup", "backup main +2d 1 /srv", "main:-:-:never " },
	{ "backup", "check main 3h done trees", "main:-:-:never " },
	{ "drill", "backup main 3h 1 /srv", "main:web1:/srv:never " },
	{ "drill", "drill main 3h overdue L3 5 /srv", "main:web1:/srv:3h " },
	{ "drill", "backup main 9h 1 /srv; drill main 3h exceptions L3 5 /srv", "main:web1:/srv:never " },
	{ "drill", "backup main 9h 1 /srv; drill main 3h done L3 5 /srv none", "main:web1:/srv:never " },
	{ "drill", "drill main 3h done L4 5 /srv none", "main:web1:/srv:3h " },
	{ "drill", "drill main 3h done L3 5 /srv; lost main 1h drill", "main:web1:/srv:3h:damage " },
	{ "drill", "drill main 3h done L3 5 /srv; lost main 5h drill", "main:web1:/srv:3h " },
	{ "verify", "check main 3h done presence", "main:-:-:never " },
	{ "verify", "check main 3h done trees; check main 2h exceptions all", "main:-:-:3h " },
	{ "verify", "check main 3h done trees; check main 2h damage presence", "main:-:-:3h:damage " },
	{ "check", "check main 3h done trees", "main:-:-:never " },
};

static void test_what_was_done_last(void **state)
{
	char text[1024];
	hz_error *err = NULL;
	hz_facts *f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lasts); i++) {
		f = facts_of(lasts[i].facts);
		text[0] = '\0';
		assert_ok(hz_facts_last(f, lasts[i].kind, NOW, on_last, text, &err), &err);
		if (strcmp(text, lasts[i].want) != 0)
			fail_msg("%s with '%s': %s", lasts[i].kind, lasts[i].facts, text);
		hz_facts_free(f);
	}
	f = facts_of("");
	assert_int_equal(hz_facts_last(f, "dril", NOW, on_last, text, &err), HZ_E_INVAL);
	hz_error_free(err);
	hz_facts_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_table),
		cmocka_unit_test(test_the_worst_counts),
		cmocka_unit_test(test_each_asset_is_covered_or_told),
		cmocka_unit_test(test_citations_have_a_bound),
		cmocka_unit_test(test_a_snapshot_is_cited_with_its_record),
		cmocka_unit_test(test_what_was_done_last),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
