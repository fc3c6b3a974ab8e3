/* SPDX-License-Identifier: BSD-2-Clause */
/* See wholefile.h. */
#include "common/wholefile.h"
#include "common/i18n.h"
#include "common/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int wholefile_sync_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int rc = fd < 0 ? -1 : fsync(fd);

	if (fd >= 0)
		(void)close(fd);
	free(folder);
	return rc;
}

int wholefile_put(struct cli *cli, const char *path, void (*write)(FILE *f, const void *user), const void *user)
{
	char *temp = NULL;
	FILE *f = NULL;
	bool made;
	int fd = -1, code = CLI_EXIT_DONE;

	if (asprintf(&temp, "%s.%ld.tmp", path, (long)getpid()) < 0)
		return report_failure(cli, HZ_E_NOMEM, _("out of memory"));
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	made = fd >= 0;
	f = made ? fdopen(fd, "w") : NULL;
	if (f)
		write(f, user);
	if (!f || fflush(f) != 0 || ferror(f) || fsync(fd) < 0 || rename(temp, path) < 0) {
		code = report_failure(cli, HZ_E_IO, _("%s: %s"), path, strerror(errno));
		if (made)
			(void)unlink(temp);
	} else if (wholefile_sync_name(path) < 0) {
		code = report_failure(cli, HZ_E_IO, _("%s: %s"), path, strerror(errno));
	}
	if (f)
		(void)fclose(f);
	else if (made)
		(void)close(fd);
	free(temp);
	return code;
}
