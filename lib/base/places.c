/* SPDX-License-Identifier: BSD-2-Clause */
/* Default places: the system's for root, XDG for everybody else. */
#include "base/places.h"
#include "hozen/repo.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int xdg(char **path, const char *var, const char *below_home, hz_error **err)
{
	const char *v = getenv(var), *home = getenv("HOME");
	int n;

	if (v && v[0] == '/') {
		n = asprintf(path, "%s/hozen", v);
	} else if (home && home[0] == '/') {
		n = asprintf(path, "%s/%s/hozen", home, below_home);
	} else {
		err_set(err, HZ_E_INVAL, "neither %s nor HOME is set", var);
		err_hint(err, "name the folders with HOZEN_STATE_DIR, HOZEN_CACHE_DIR and --key-file");
		return HZ_E_INVAL;
	}
	return n < 0 ? err_nomem(err) : 0;
}

static int place_base(
	char **path, const char *given, const char *of_root, const char *var, const char *below_home, hz_error **err)
{
	if (!given && geteuid() != 0)
		return xdg(path, var, below_home, err);
	*path = strdup(given ? given : of_root);
	return *path ? 0 : err_nomem(err);
}

static int place(char **path, const char *given, const char *of_root, const char *var, const char *below_home,
	const struct uid *repo, const char *rest, hz_error **err)
{
	char *base = NULL;
	int rc = place_base(&base, given, of_root, var, below_home, err), n;

	if (rc < 0)
		return rc;
	n = asprintf(path, "%s/%s%s", base, uid_hex(repo).s, rest);
	free(base);
	return n < 0 ? err_nomem(err) : 0;
}

int place_state_base(char **path, const char *given, hz_error **err)
{
	return place_base(path, given, "/var/lib/hozen", "XDG_STATE_HOME", ".local/state", err);
}

int place_state(char **path, const char *given, const struct uid *repo, hz_error **err)
{
	return place(path, given, "/var/lib/hozen", "XDG_STATE_HOME", ".local/state", repo, "", err);
}

int place_cache(char **path, const char *given, const struct uid *repo, hz_error **err)
{
	return place(path, given, "/var/cache/hozen", "XDG_CACHE_HOME", ".cache", repo, "", err);
}

int place_key(char **path, const struct uid *repo, hz_error **err)
{
	return place(path, NULL, "/etc/hozen", "XDG_CONFIG_HOME", ".config", repo, "/writer.key", err);
}

int hz_default_key_file(char **path, const char *repo_id, hz_error **err)
{
	struct uid u;

	if (!hex_decode(u.b, UID_LEN, repo_id, UID_HEX_LEN) || repo_id[UID_HEX_LEN] != '\0')
		return err_set(err, HZ_E_INVAL, "not a repository id: %.40s", repo_id);
	return place_key(path, &u, err);
}

void hz_free(void *p)
{
	free(p);
}
