/* SPDX-License-Identifier: BSD-2-Clause */
/* Bounds how many descriptors a restore keeps open. Invariant: a slot is in the list exactly when it is open and nobody
 * pins it; open counts slots with a descriptor. */
#include "archive/restore.h"
#include <errno.h>

void restore_fds_init(struct restore_fds *c, unsigned cap)
{
	*c = (struct restore_fds){ .cap = cap };
	(void)pthread_mutex_init(&c->lock, NULL);
}

void restore_fds_release(struct restore_fds *c)
{
	(void)pthread_mutex_destroy(&c->lock);
}

static void unlist(struct restore_fds *c, struct restore_fd *s)
{
	if (s->newer)
		s->newer->older = s->older;
	else
		c->newest = s->older;
	if (s->older)
		s->older->newer = s->newer;
	else
		c->oldest = s->newer;
	s->newer = s->older = NULL;
}

static void enlist(struct restore_fds *c, struct restore_fd *s)
{
	s->newer = NULL;
	s->older = c->newest;
	if (c->newest)
		c->newest->newer = s;
	else
		c->oldest = s;
	c->newest = s;
}

/* A close that fails can mean that bytes are lost: whoever finishes the file asks for errnum. */
static void close_oldest(struct restore_fds *c)
{
	struct restore_fd *s = c->oldest;

	unlist(c, s);
	c->open--;
	if (vfs()->close(s->fd) < 0 && !s->errnum)
		s->errnum = errno;
	s->fd = -1;
}

bool restore_fds_pin(struct restore_fds *c, struct restore_fd *s)
{
	if (s->fd < 0)
		return false;
	if (s->pins++ == 0)
		unlist(c, s);
	return true;
}

void restore_fds_add(struct restore_fds *c, struct restore_fd *s, int fd)
{
	while (c->open >= c->cap && c->oldest)
		close_oldest(c);
	s->fd = fd;
	s->pins = 1;
	c->open++;
}

void restore_fds_unpin(struct restore_fds *c, struct restore_fd *s)
{
	if (--s->pins > 0)
		return;
	enlist(c, s);
	while (c->open > c->cap && c->oldest)
		close_oldest(c);
}

int restore_fds_take(struct restore_fds *c, struct restore_fd *s)
{
	int fd = s->fd;

	if (fd < 0)
		return -1;
	unlist(c, s);
	c->open--;
	s->fd = -1;
	return fd;
}
