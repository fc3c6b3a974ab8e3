/* SPDX-License-Identifier: BSD-2-Clause */
/* key list: what the repository knows of keys. */
#include "backup/commands.h"
#include "common/i18n.h"
#include "common/place.h"
#include "common/report.h"
#include "common/table.h"
#include "common/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct show {
	struct cli *cli;
	struct table table;
};

static int show_json(struct cli *cli, const hz_key_info *k)
{
	hz_json *line = hz_json_new("key");

	hz_json_str(line, "kind", k->kind);
	hz_json_str(line, "role", k->role ? hz_role_name(k->role) : "none");
	hz_json_str(line, "id", k->id);
	hz_json_str(line, "group", k->group);
	hz_json_str(line, "name", k->name);
	hz_json_str(line, "detail", k->detail);
	hz_json_time(line, "created", k->time_sec, 0);
	hz_json_bool(line, "present", k->present != 0);
	hz_json_bool(line, "current", k->self != 0);
	report_line(cli, line);
	return 0;
}

static int show(void *user, const hz_key_info *k)
{
	struct show *to = user;
	char time[TEXT_SHORT], id[16], group[16];

	if (to->cli->json)
		return show_json(to->cli, k);
	/* Of a fingerprint as many digits as of the others. */
	(void)snprintf(id, sizeof(id), "%.*s", strcmp(k->kind, "evidence") == 0 ? 15 : 8, k->id);
	(void)snprintf(group, sizeof(group), "%.8s", k->group);
	return table_row(&to->table, k->self ? "*" : "", id, k->kind, k->role ? hz_role_name(k->role) : "",
		text_time(time, k->time_sec), group, k->name, k->detail);
}

static int run(struct cli *cli)
{
	struct show to = { .cli = cli, .table = TABLE_INIT(8, "llllllll") };
	hz_reader *r AUTO_READER = NULL;
	hz_error *err = NULL;
	int code = place_open(cli, HZ_NEED_LIST, &r);

	if (code != CLI_EXIT_DONE)
		return code;
	if (table_row(&to.table, "", _("ID"), _("Kind"), _("Role"), _("Registered"), _("Group"), _("Name"),
		    _("Detail")) == 0)
		code = report_result(cli, hz_key_list(r, show, &to, &err), &err);
	else
		code = report_failure(cli, HZ_E_NOMEM, _("out of memory"));
	if (!cli->json && code == CLI_EXIT_DONE) {
		term_clear(&cli->term);
		table_print(&to.table, stdout, isatty(STDOUT_FILENO));
	}
	table_release(&to.table);
	return code;
}

const struct cli_command cmd_key_list = {
	.name = "key list",
	.run = run,
	.summary = N_("list writers, passphrase slots and other keys"),
	.about = N_(
		"Shows what the repository's log knows of keys, oldest first; * marks the one in use. Needs a "
		"lister's key or more.\n"
		"Keys of the kind evidence sign the records of hosts: registered by init or key export, or vouched for "
		"by a writer\n"
		"in its backups."),
	.examples = "  hozen-backup key list --repo /srv/backup",
};
