/* SPDX-License-Identifier: BSD-2-Clause */
/* See module.h. */
#include "base/module.h"
#include "base/program.h"
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static int where(char **path, const char *name, hz_error **err)
{
	AUTO_FREE struct program_part *parts = calloc(2, sizeof(*parts));
	char *slash;

	if (!parts)
		return err_nomem(err);
	program_parts(&parts[0], &parts[1]);
	slash = strrchr(parts[1].path, '/');
	if (!slash)
		return err_set(err, HZ_E_UNSUPPORTED,
			"where libhozen lies is not known, so its module '%s' is not either", name);
	*slash = '\0';
	if (asprintf(path, "%s/hozen/libhozen-%s.so", parts[1].path, name) < 0) {
		*path = NULL;
		return err_nomem(err);
	}
	return 0;
}

int module_symbol(const void **symbol, const char *name, const char *symbol_name, hz_error **err)
{
	AUTO_FREE char *path = NULL;
	const char *why;
	void *handle;
	int rc = where(&path, name, err);

	if (rc < 0)
		return rc;
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	*symbol = handle ? dlsym(handle, symbol_name) : NULL;
	if (*symbol)
		return 0;
	/* Says which file. */
	why = dlerror();
	return err_set(err, HZ_E_UNSUPPORTED, "module '%s': %s", name, why ? why : path);
}
