/* SPDX-License-Identifier: BSD-2-Clause */
/* Options beat the environment; what neither names is left to the library's defaults. */
#include "common/place.h"
#include "common/i18n.h"
#include "common/report.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *from(const struct cli *cli, const char *option, const char *variable)
{
	const char *v = option ? cli_value(cli, option) : NULL;

	if (!v)
		v = getenv(variable);
	return v && *v ? v : NULL;
}

int place_common(struct cli *cli, hz_repo_options *o)
{
	int64_t fd = -1, workers = 0;
	int code = cli_number(cli, "passphrase-fd", 0, INT_MAX, &fd);

	if (code == CLI_EXIT_DONE)
		code = cli_number(cli, "workers", 1, 64, &workers);
	if (code == CLI_EXIT_DONE)
		code = cli_size(cli, "memory", &o->memory_bytes);
	if (code != CLI_EXIT_DONE)
		return code;
	cli->passphrase.fd = (int)fd;
	o->workers = (uint32_t)workers;
	o->key_file = from(cli, "key-file", "HOZEN_KEY_FILE");
	o->state_dir = from(cli, NULL, "HOZEN_STATE_DIR");
	o->cache_dir = from(cli, NULL, "HOZEN_CACHE_DIR");
	o->passphrase = passphrase_get;
	o->passphrase_user = &cli->passphrase;
	o->passphrase_may_ask = passphrase_is_given(&cli->passphrase);
	return CLI_EXIT_DONE;
}

int place_options(struct cli *cli, hz_repo_options *o)
{
	int code = place_common(cli, o);

	if (code != CLI_EXIT_DONE)
		return code;
	o->location = from(cli, "repo", "HOZEN_REPO");
	/* What names a server may have a password in it. */
	if (o->location && !strstr(o->location, "://"))
		hz_record_about(cli->record, "location", o->location);
	cli->repo = *o;
	if (!o->location)
		return report_usage(cli, _("no repository: give --repo DIR or set HOZEN_REPO"));
	return CLI_EXIT_DONE;
}

int place_open(struct cli *cli, uint32_t need, hz_reader **r)
{
	hz_repo_options o = HZ_REPO_OPTIONS_INIT;
	hz_error *err = NULL;
	int code = place_options(cli, &o);

	if (code == CLI_EXIT_DONE)
		code = report_arguments_result(cli, hz_reader_open(r, &o, need, cli->job, &err), &err);
	if (code == CLI_EXIT_DONE)
		hz_record_about(cli->record, "repository", hz_reader_repo_id(*r));
	/* It opened all the same, and the command does its work; but not as if nothing were wrong. */
	if (code == CLI_EXIT_DONE && cli->n_events[HZ_EVENT_DAMAGE] > 0)
		cli->at_least = CLI_EXIT_DAMAGE;
	return code;
}

int place_filter(struct cli *cli, struct place_filter *f)
{
	*f = (struct place_filter){ .filter = HZ_SNAPSHOT_FILTER_INIT };
	if (cli_values(cli, "host", &f->hosts) < 0 || cli_values(cli, "path", &f->paths) < 0 ||
		cli_values(cli, "tag", &f->tags) < 0)
		return report_failure(cli, HZ_E_NOMEM, _("out of memory"));
	for (uint64_t i = 0; i < f->paths.n; i++)
		if (f->paths.v[i][0] != '/')
			return report_usage(cli, _("--path %s: a source is an absolute path"), f->paths.v[i]);
	f->filter.hosts = strings_list(&f->hosts);
	f->filter.n_hosts = f->hosts.n;
	f->filter.paths = strings_list(&f->paths);
	f->filter.n_paths = f->paths.n;
	f->filter.tags = strings_list(&f->tags);
	f->filter.n_tags = f->tags.n;
	return CLI_EXIT_DONE;
}

void place_filter_release(struct place_filter *f)
{
	strings_release(&f->hosts);
	strings_release(&f->paths);
	strings_release(&f->tags);
}

int place_find_snapshot(struct cli *cli, hz_reader *r, const char *name, char id[HZ_ID_HEX])
{
	struct place_filter f AUTO_FILTER;
	hz_error *err = NULL;
	int code = place_filter(cli, &f);

	if (code == CLI_EXIT_DONE)
		code = report_result(cli, hz_snapshot_find(id, r, name, &f.filter, cli->job, &err), &err);
	if (code == CLI_EXIT_DONE)
		hz_record_about(cli->record, "snapshot", id);
	return code;
}

int place_open_snapshot(struct cli *cli, uint32_t need, const char *name, hz_reader **r, char id[HZ_ID_HEX])
{
	struct place_filter f AUTO_FILTER;
	/* What is wrong with the command line is said before anything is opened. */
	int code = place_filter(cli, &f);

	if (code == CLI_EXIT_DONE)
		code = place_open(cli, need, r);
	if (code == CLI_EXIT_DONE)
		code = place_find_snapshot(cli, *r, name, id);
	return code;
}
