/* SPDX-License-Identifier: BSD-2-Clause */
/* What a policy's evaluation says: docs/schemas/policy_summary-v1.json, and text. */
#include "verify/policy_print.h"
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/text.h"

#include <stdio.h>
#include <string.h>

/* A record has room for so many citations in all, and so many names of assets. */
#define CITATIONS_MAX  700u
#define UNCOVERED_MAX  500u
#define NAME_BYTES_MAX 120u
/* Of hosts and paths of all systems. */
#define SOURCES_MAX ((uint64_t)200 << 10)

const char *policy_status_text(uint32_t status)
{
	static const char *const texts[] = { N_("met"), N_("not evidenced"), N_("OVERDUE"), N_("MISSED") };

	return _(texts[status & 3]);
}

/* ---- for programs ---- */

static void json_list(hz_json *j, const char *key, const char *const *v, uint64_t n, uint64_t max)
{
	hz_json *list = hz_json_array(j, key);

	for (uint64_t i = 0; i < n && i < max; i++)
		hz_json_add_str(list, v[i]);
}

/* With what stands around each. */
static uint64_t bytes_of(const char *const *v, uint64_t n)
{
	uint64_t bytes = 40 * n;

	for (uint64_t i = 0; i < n; i++)
		bytes += strlen(v[i]);
	return bytes;
}

static void json_source(hz_json *j, const char *key, const char *const *v, uint64_t n, bool told)
{
	if (told)
		json_list(j, key, v, n, UINT64_MAX);
	else
		hz_json_null(j, key);
}

static void json_value(hz_json *j, const char *key, int64_t value)
{
	if (value < 0)
		hz_json_null(j, key);
	else
		hz_json_i64(j, key, value);
}

static void json_check(hz_json *list, const hz_policy_check *c, uint64_t max)
{
	hz_json *j = hz_json_add_object(list);

	hz_json_str(j, "name", c->name);
	hz_json_str(j, "control", c->control);
	hz_json_str(j, "target", c->target);
	hz_json_str(j, "actual", c->actual);
	json_value(j, "target_value", c->target_value);
	json_value(j, "actual_value", c->actual_value);
	hz_json_str(j, "status", hz_policy_status_name(c->status));
	if (c->time)
		hz_json_time(j, "newest_fact", c->time, 0);
	else
		hz_json_null(j, "newest_fact");
	json_list(j, "records", c->records, c->n_records, max);
	json_list(j, "records_sha256", c->records_sha256, c->n_records, max);
	json_list(j, "snapshots", c->snapshots, c->n_snapshots, max);
}

static void json_systems(hz_json *line, const hz_policy_result *r)
{
	hz_json *list = hz_json_array(line, "systems");
	uint64_t checks = 1, bytes = 0, max;
	bool sources;

	for (uint64_t i = 0; i < r->n_systems; i++) {
		checks += r->systems[i]->n_checks;
		bytes += bytes_of(r->systems[i]->hosts, r->systems[i]->n_hosts) +
			bytes_of(r->systems[i]->paths, r->systems[i]->n_paths);
	}
	sources = bytes <= SOURCES_MAX;
	max = CITATIONS_MAX / checks ? CITATIONS_MAX / checks : 1;
	for (uint64_t i = 0; i < r->n_systems; i++) {
		const hz_policy_system *s = r->systems[i];
		hz_json *j = hz_json_add_object(list), *of;

		hz_json_str(j, "name", s->name);
		hz_json_str(j, "owner", s->owner);
		hz_json_str(j, "status", hz_policy_status_name(s->status));
		json_list(j, "repositories", s->repositories, s->n_repositories, UINT64_MAX);
		json_source(j, "repository_ids", s->repository_ids, s->n_repositories, sources);
		json_source(j, "hosts", s->hosts, s->n_hosts, sources);
		json_source(j, "paths", s->paths, s->n_paths, sources);
		json_value(j, "rpo_s", s->rpo);
		json_value(j, "rto_s", s->rto);
		of = hz_json_array(j, "checks");
		for (uint64_t k = 0; k < s->n_checks; k++)
			json_check(of, s->checks[k], max);
	}
}

/* Bytes of a name, which may be long, that a record has room for: whole letters. */
static size_t beginning(const char *name)
{
	size_t len = strnlen(name, NAME_BYTES_MAX + 1);

	if (len <= NAME_BYTES_MAX)
		return len;
	for (len = NAME_BYTES_MAX; len > 0 && ((unsigned char)name[len] & 0xc0) == 0x80;)
		len--;
	return len;
}

static void json_assets(hz_json *line, const struct policy_view *v)
{
	const hz_policy_result *r = v->result;
	hz_json *j, *list;
	uint64_t told = 0;

	if (!v->assets) {
		hz_json_null(line, "assets");
		return;
	}
	j = hz_json_object(line, "assets");
	hz_json_str(j, "sha256", hz_assets_sha256(v->assets));
	hz_json_u64(j, "total", r->n_assets);
	hz_json_u64(j, "covered", r->n_assets - r->not_covered);
	hz_json_u64(j, "not_covered", r->not_covered);
	list = hz_json_array(j, "not_covered_names");
	for (uint64_t i = 0; i < r->n_assets && told < UNCOVERED_MAX; i++) {
		if (r->assets[i]->covered)
			continue;
		told++;
		hz_json_add_path(list, r->assets[i]->name, beginning(r->assets[i]->name));
	}
}

static void json_policy(hz_json *line, const hz_policy_info *i)
{
	hz_json *j = hz_json_object(line, "policy");

	hz_json_str(j, "id", i->id);
	hz_json_str(j, "sha256", i->sha256);
	hz_json_str(j, "version", i->version);
	hz_json_str(j, "owner", i->owner);
	hz_json_time(j, "approved", i->approved, 0);
	hz_json_time(j, "review", i->review, 0);
}

void policy_print_summary(struct cli *cli, const struct policy_view *v, int code)
{
	hz_json *line = hz_json_new("policy_summary"), *counts;

	json_policy(line, &v->info);
	hz_json_time(line, "time", v->result->now, 0);
	hz_json_str(line, "status", hz_policy_status_name(v->result->status));
	json_systems(line, v->result);
	json_assets(line, v);
	counts = hz_json_object(line, "counts");
	for (uint32_t i = 0; i < 4; i++)
		hz_json_u64(counts, hz_policy_status_name(i), v->result->by_status[i]);
	hz_json_u64(line, "records_bad", v->bad);
	hz_json_u64(line, "records_untrusted", v->untrusted);
	hz_json_u64(line, "exit", (uint64_t)code);
	evidence_summary(cli, line);
}

/* ---- for people ---- */

static void put(const char *text)
{
	text_put(stdout, text, strlen(text), 1);
}

static void print_check(const hz_policy_check *c)
{
	printf("  ");
	text_pad(stdout, policy_status_text(c->status), 14);
	text_pad(stdout, c->name, 13);
	put(c->target_local);
	printf("\n                             ");
	put(c->actual_local);
	if (c->n_records > 0)
		printf(_(" (record %s)"), c->records[0]);
	else if (c->n_snapshots > 0)
		printf(_(" (snapshot %.8s)"), c->snapshots[0]);
	(void)putchar('\n');
}

static void print_assets(const hz_policy_result *r)
{
	printf(_("assets: %llu of %llu are covered\n"), (unsigned long long)(r->n_assets - r->not_covered),
		(unsigned long long)r->n_assets);
	for (uint64_t i = 0; i < r->n_assets; i++) {
		const hz_policy_asset *a = r->assets[i];

		printf("  ");
		text_pad(stdout, a->covered ? policy_status_text(a->status) : _("NOT COVERED"), 14);
		put(a->name);
		if (a->covered)
			printf("  (%s)", a->system);
		(void)putchar('\n');
	}
}

void policy_print_text(const struct policy_view *v)
{
	const hz_policy_result *r = v->result;

	printf(_("policy %s%s%s, SHA-256 %s\n"), v->info.id, v->info.version ? " " : "",
		v->info.version ? v->info.version : "", v->info.sha256);
	for (uint64_t i = 0; i < r->n_systems; i++) {
		printf("%s: %s (", r->systems[i]->name, policy_status_text(r->systems[i]->status));
		put(r->systems[i]->owner);
		printf(")\n");
		for (uint64_t k = 0; k < r->systems[i]->n_checks; k++)
			print_check(r->systems[i]->checks[k]);
	}
	if (v->assets)
		print_assets(r);
	printf(_("checks: %llu met, %llu missed, %llu overdue, %llu not evidenced\n"),
		(unsigned long long)r->by_status[HZ_POLICY_MET], (unsigned long long)r->by_status[HZ_POLICY_MISSED],
		(unsigned long long)r->by_status[HZ_POLICY_OVERDUE],
		(unsigned long long)r->by_status[HZ_POLICY_NOT_EVIDENCED]);
}
