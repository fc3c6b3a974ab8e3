#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""mutate_tree.py DIR SEED N: changes a tree in N places, by a seed, in every way that comes to mind: content, length,
holes, kinds, names, links, rights, owners, times, extended attributes; adds what was not there, removes what was. The
folder itself stays. Prints what it did."""
import os
import random
import shutil
import stat
import sys


def paths(top):
  out = []
  for where, dirs, files in os.walk(os.fsencode(top)):
    out += [os.path.join(where, n) for n in dirs + files]
  return sorted(out)


def gone(p):
  if os.path.isdir(p) and not os.path.islink(p):
    shutil.rmtree(p, ignore_errors=True)
  else:
    os.unlink(p)


def regular(p):
  return os.path.lexists(p) and stat.S_ISREG(os.lstat(p).st_mode)


def patch(p, r):
  if regular(p) and os.path.getsize(p):
    with open(p, 'r+b') as f:
      f.seek(r.randrange(os.path.getsize(p)))
      f.write(r.randbytes(r.choice((1, 100, 70000))))


def shorter(p, r):
  if regular(p):
    os.truncate(p, r.randrange(os.path.getsize(p) + 1))


def longer(p, r):
  if regular(p):
    with open(p, 'ab') as f:
      f.write(r.randbytes(r.choice((1, 5000, 2000000))))


def hole(p, r):
  if regular(p):
    os.truncate(p, os.path.getsize(p) + r.choice((4096, 1 << 20)))


def fill(p, r):
  """The same bytes, without holes."""
  if regular(p) and os.path.getsize(p) < 1 << 24:
    with open(p, 'rb') as f:
      data = f.read()
    with open(p, 'r+b') as f:
      f.write(data)


def replace(p, r):
  data = r.randbytes(3000)
  gone(p)
  with open(p, 'wb') as f:
    f.write(data)


def to_folder(p, r):
  gone(p)
  os.mkdir(p)
  if r.random() < 0.5:
    with open(p + b'/inside', 'wb') as f:
      f.write(b'x')


def to_symlink(p, r):
  gone(p)
  os.symlink(r.choice((b'/nowhere', b'..', b'/etc/passwd')), p)


def to_fifo(p, r):
  gone(p)
  os.mkfifo(p)


def remove(p, r):
  gone(p)


def add(p, r):
  base = p if os.path.isdir(p) and not os.path.islink(p) else os.path.dirname(p)
  q = os.path.join(base, b'extra-%d' % r.randrange(1000))
  if not os.path.lexists(q):
    os.mkdir(q)
    with open(q + b'/file', 'wb') as f:
      f.write(b'extra')
    os.symlink(b'/etc', q + b'/link')


def link(p, r):
  q = p + b'.lnk'
  if regular(p) and len(os.path.basename(q)) < 256 and not os.path.lexists(q):
    os.link(p, q)


def unlink_group(p, r):
  """Another inode with the same bytes."""
  if regular(p) and os.lstat(p).st_nlink > 1:
    shutil.copy2(p, p[:-1] + b'~tmp')
    os.replace(p[:-1] + b'~tmp', p)


def rights(p, r):
  if not os.path.islink(p):
    os.chmod(p, r.choice((0o600, 0o755, 0o4711, 0o000, 0o1777)))


def owner(p, r):
  if os.geteuid() == 0:
    os.lchown(p, r.choice((0, 1, 1234)), r.choice((0, 5, 4321)))


def times(p, r):
  os.utime(p, ns=(0, r.randrange(-10**17, 10**18)), follow_symlinks=False)


def attribute(p, r):
  try:
    if not os.path.islink(p):
      os.setxattr(p, b'user.extra', r.randbytes(20))
  except OSError:
    pass


def no_attributes(p, r):
  try:
    for n in os.listxattr(p, follow_symlinks=False):
      os.removexattr(p, n, follow_symlinks=False)
  except OSError:
    pass


ways = [patch, patch, patch, shorter, longer, hole, fill, replace, to_folder, to_symlink, to_fifo, remove, add, add, link,
        unlink_group, rights, owner, times, attribute, no_attributes]


def main():
  top, seed, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
  r = random.Random(seed)
  for _ in range(n):
    p = r.choice(paths(top) or [os.fsencode(top) + b'/x'])
    way = r.choice(ways)
    if os.path.lexists(p):
      print(way.__name__, p[-100:])
      way(p, r)


main()
