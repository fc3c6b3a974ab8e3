/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gate before a job. Order: look at everything without a claim; claim the disk and all that shares its medium; look
 * again, and only what is the same and still free goes on. Whoever comes in between is seen by the second look, and
 * nobody can mount, swap to or stack on it after the claim (a whole disk's claim bars its partitions too).
 */
#include "device/link.h"
#include "device/facts.h"
#include "device/kernel.h"
#include "device/signature.h"
#include "device/survey.h"
#include "device/usage.h"
#include "base/vfs.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <time.h>

struct wish {
	const char *confirm_id;
	const char *const *overrides;
	size_t n_overrides;
};

static bool overridden(const struct wish *w, const hz_obstacle *o)
{
	for (size_t i = 0; o->override && i < w->n_overrides; i++)
		if (gate_of(w->overrides[i]) == o->gate)
			return true;
	return false;
}

/* The first obstacle that stands; NULL: none. */
static const hz_obstacle *standing(const struct wish *w, const hz_device_info *info)
{
	/* More than could be kept: those that are not there cannot have been overridden. */
	static const hz_obstacle many = { HZ_GATE_UNKNOWN, 0, "more stands in the way than can be listed" };

	for (uint32_t i = 0; i < info->obstacles && i < HZ_DEVICE_OBSTACLES; i++)
		if (!overridden(w, &info->obstacle[i]))
			return &info->obstacle[i];
	return info->obstacles > HZ_DEVICE_OBSTACLES ? &many : NULL;
}

static int refuse(const hz_device_info *info, const hz_obstacle *o, hz_error **err)
{
	int code = o->gate == HZ_GATE_BUSY ? HZ_E_BUSY : o->gate == HZ_GATE_PERMISSION ? HZ_E_AUTH : HZ_E_REFUSED;

	err_set(err, code, "%s: refused (%s): %s", info->path, hz_gate_name(o->gate), o->text);
	if (o->override)
		err_hint(err, "if you are sure: override '%s' for %s", hz_gate_name(o->gate), info->confirm_id);
	return code;
}

static int check(const struct wish *w, const hz_device_info *info, hz_error **err)
{
	const hz_obstacle *o = standing(w, info);

	if (o)
		return refuse(info, o, err);
	if (!w->confirm_id || strcmp(w->confirm_id, info->confirm_id) != 0) {
		err_set(err, HZ_E_REFUSED, "%s is %s, not %s", info->path, info->confirm_id,
			w->confirm_id && *w->confirm_id ? w->confirm_id : err_text("(nothing was named)"));
		err_hint(err, "nothing was written; look at the list of devices again");
		return HZ_E_REFUSED;
	}
	return 0;
}

static bool is_passing(const void *wish, const hz_device_info *info)
{
	const hz_obstacle *o = standing(wish, info);

	return o && survey_may_pass(o);
}

static int cannot_claim(const char *path, hz_error **err)
{
	if (errno == EBUSY)
		return err_errno_as(err, HZ_E_BUSY, "%s: claimed by the kernel or another program", path);
	if (errno == EACCES || errno == EPERM)
		return err_errno_as(err, HZ_E_AUTH, "%s: it cannot be opened for writing", path);
	if (errno == EROFS)
		return err_errno_as(err, HZ_E_REFUSED, "%s: it is read-only", path);
	if (errno == EINVAL)
		return err_set(err, HZ_E_REFUSED, "%s is not its node", path);
	return err_errno_as(
		err, errno == ENOENT || errno == ENXIO || errno == ENODEV ? HZ_E_NOTFOUND : HZ_E_IO, "%s", path);
}

static int claim(const struct survey *s, size_t i, int flags, hz_error **err)
{
	int fd = open_node(&s->roots, &s->blocks.at[i], flags);

	return fd < 0 ? cannot_claim(s->info[i].path, err) : fd;
}

static int claim_siblings(struct link *l, const struct survey *s, size_t target, hz_error **err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->blocks.n; i++) {
		int fd;

		if (i == target || !s->wanted[i])
			continue;
		fd = claim(s, i, O_RDWR | O_EXCL, err);
		rc = fd < 0 ? fd : kernel_link_hold(l, fd, err);
	}
	return rc;
}

/* Everything once more, now that nobody else can take it. */
static int second_look(struct link *l, const struct wish *w, const hz_device_info *first, hz_error **err)
{
	struct survey s AUTO_SURVEY = SURVEY_INIT;
	hz_device_info now;
	int ro = 0, rc = l->ops->look(l, &now, err);
	size_t i;

	if (rc == 0)
		rc = survey_open(&s, NULL, err);
	if (rc < 0)
		return rc;
	i = blocks_by_number(&s.blocks, now.major, now.minor);
	if (i == BLOCKS_NONE)
		return err_set(err, HZ_E_NOTFOUND, "%s is gone", first->path);
	rc = usage_check(&now, &s.roots, &s.blocks, i, err);
	if (rc < 0)
		return rc;
	signature_check(&now, l->ops->fd(l));
	for (size_t k = 0; k < s.blocks.n; k++)
		if (k != i && s.blocks.at[k].disk == k && !s.blocks.at[k].hidden)
			facts_compare(&now, &s.info[k]);
	if (vfs()->ioctl(l->ops->fd(l), BLKROGET, &ro) < 0 || ro)
		info_obstacle(&now, HZ_GATE_READ_ONLY, false, err_text("it is read-only"));
	rc = link_same(first, &now, err);
	if (rc == 0)
		rc = check(w, &now, err);
	if (rc == 0)
		l->info = now;
	return rc;
}

int link_open(struct link **ret, const char *path, const char *confirm_id, const char *const *overrides,
	size_t n_overrides, hz_error **err)
{
	struct survey s AUTO_SURVEY = SURVEY_INIT;
	const struct wish w = { confirm_id, overrides, n_overrides };
	AUTO(link_close) struct link *l = NULL;
	size_t i = 0;
	int fd, rc;

	for (size_t n = 0; n < n_overrides; n++)
		if (gate_of(overrides[n]) == 0)
			return err_set(err, HZ_E_INVAL, "'%s' is no gate that could be overridden", overrides[n]);
	rc = survey_patiently(&s, path, &i, is_passing, &w, err);
	if (rc == 0)
		rc = check(&w, &s.info[i], err);
	if (rc < 0)
		return rc;
	fd = claim(&s, i, O_RDWR | O_EXCL | O_DIRECT, err);
	if (fd < 0)
		return fd;
	rc = kernel_link_new(&l, fd, &s.roots, &s.info[i], err);
	if (rc == 0)
		rc = claim_siblings(l, &s, i, err);
	if (rc == 0)
		rc = second_look(l, &w, &s.info[i], err);
	/* What others wrote through the block device's cache must not come after what we write. */
	if (rc == 0 && vfs()->ioctl(fd, BLKFLSBUF, NULL) < 0)
		rc = kernel_failed(l, err, err_text("emptying its cache"));
	if (rc == 0)
		*ret = TAKE(l);
	return rc;
}

int link_open_read(struct link **ret, const char *path, hz_error **err)
{
	struct survey s AUTO_SURVEY = SURVEY_INIT;
	AUTO(link_close) struct link *l = NULL;
	hz_device_info now;
	size_t i = 0;
	int fd, rc = survey_open(&s, NULL, err);

	if (rc == 0)
		rc = survey_find(&s, path, &i, err);
	if (rc < 0)
		return rc;
	fd = claim(&s, i, O_RDONLY | O_DIRECT, err);
	if (fd < 0)
		return fd;
	rc = kernel_link_new(&l, fd, &s.roots, &s.info[i], err);
	if (rc == 0)
		rc = l->ops->look(l, &now, err);
	if (rc < 0)
		return rc;
	l->info = now;
	/* What is cached of the device is not what is on it; only root may empty the cache, and O_DIRECT does not read
	 * it. */
	(void)vfs()->ioctl(fd, BLKFLSBUF, NULL);
	*ret = TAKE(l);
	return 0;
}
