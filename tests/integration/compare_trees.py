#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""compare_trees.py [--no-owner] [--no-root] [--told FILE] A B: everything that Linux keeps of files: kinds, rights, owners,
times to the nanosecond, extended attributes with ACLs, inode flags, which names share an inode, targets, device numbers,
content, and where the holes are. Shares no code with the library, and walks by descriptors, so no path is too long.
test_comparer.sh shows that it sees each single difference.

--told FILE: what create --json of A and restore --json to B have printed. What it names may differ and must; nothing else
may."""
import argparse
import base64
import errno
import fcntl
import json
import os
import re
import resource
import stat
import struct
import sys

FS_IOC_GETFLAGS = 0x80086601
# Of ext4 how it stores the file (hash-indexed, huge, extents, inline data); encryption and verity are no flags to set.
COMPRESSED = 4
NOT_KEPT = 0x1000 | 0x40000 | 0x80000 | 0x10000000 | 0x800 | 0x100000


def xattrs(path):
  try:
    names = os.listxattr(path, follow_symlinks=False)
  except OSError as e:
    if e.errno in (errno.EOPNOTSUPP, errno.EPERM):
      return {}
    raise
  # XFS shows ACLs under these names too: views of system.posix_acl_*, which are compared.
  return {n: os.getxattr(path, n, follow_symlinks=False) for n in names if n not in ('trusted.SGI_ACL_FILE', 'trusted.SGI_ACL_DEFAULT')}


def inode_flags(fd):
  try:
    return struct.unpack('I', fcntl.ioctl(fd, FS_IOC_GETFLAGS, b'\0' * 4))[0] & ~NOT_KEPT
  except OSError as e:
    if e.errno in (errno.ENOTTY, errno.EOPNOTSUPP):
      return 0
    raise


def extents(fd, size):
  """Where data is, as the file system says. Space that was allocated ahead counts as data where the cache has a page of
  it, which reading nearby may have brought in."""
  out, at = [], 0
  os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
  while at < size:
    try:
      start = os.lseek(fd, at, os.SEEK_DATA)
    except OSError as e:
      if e.errno == errno.ENXIO:
        break
      raise
    at = os.lseek(fd, start, os.SEEK_HOLE)
    out.append((start, min(at, size)))
  return out


def open_at(fd, name, flags=os.O_DIRECTORY):
  return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | flags, dir_fd=fd)


def names(fd):
  return sorted(os.fsencode(n) for n in os.listdir(fd))


class Side:
  """One tree: the first name of each inode."""
  def __init__(self):
    self.inodes = {}

  def first_name(self, st, path):
    return self.inodes.setdefault((st.st_dev, st.st_ino), path)


class Comparison:
  def __init__(self, no_owner=False):
    self.no_owner = no_owner
    self.entries = 0
    self.differences = []  # path, property, and what each side has

  def differ(self, path, what, a, b):
    self.differences.append((path, what, a, b))

  def same(self, path, what, a, b):
    if a != b:
      self.differ(path, what, a, b)

  def content(self, path, fa, fb, size):
    ea, eb = extents(fa, size), extents(fb, size)
    self.same(path, 'holes', ea, eb)
    for start, end in ea if ea == eb else sorted(ea + eb):
      at = start
      while at < end:
        n = min(end - at, 1 << 20)
        da, db = os.pread(fa, n, at), os.pread(fb, n, at)
        if da != db or not da:
          self.differ(path, 'content', (at, da[:16]), (at, db[:16]))
          return
        at += len(da)

  def inside(self, path, name, da, db, kind, size):
    """What only an open file tells."""
    try:
      fa, fb = open_at(da, name, 0), open_at(db, name, 0)
    except PermissionError:
      # Of root there is none; to others the rights are the same, so that much is known.
      if os.geteuid() == 0:
        raise
      return
    self.same(path, 'inode flags', hex(inode_flags(fa)), hex(inode_flags(fb)))
    if kind == stat.S_IFREG:
      self.content(path, fa, fb, size)
    os.close(fa)
    os.close(fb)

  def attributes(self, path, name, da, db, kind):
    xa = xattrs(b'/proc/self/fd/%d/%s' % (da, name))
    xb = xattrs(b'/proc/self/fd/%d/%s' % (db, name))
    # Btrfs shows the flag that asks for compression under this name too; flags are compared.
    if 'btrfs.compression' in xb and 'btrfs.compression' not in xa and kind in (stat.S_IFREG, stat.S_IFDIR):
      fb = open_at(db, name, 0)
      if inode_flags(fb) & COMPRESSED:
        del xb['btrfs.compression']
      os.close(fb)
    for n in sorted(xa.keys() | xb.keys()):
      self.same(path, 'xattr ' + n, xa.get(n), xb.get(n))

  def one(self, path, name, da, db, a, b):
    """Returns True when both are folders."""
    sa = os.stat(name, dir_fd=da, follow_symlinks=False)
    sb = os.stat(name, dir_fd=db, follow_symlinks=False)
    kind = stat.S_IFMT(sa.st_mode)
    if kind != stat.S_IFMT(sb.st_mode):
      self.differ(path, 'type', oct(sa.st_mode), oct(sb.st_mode))
      return False
    if kind != stat.S_IFDIR:
      first_a, first_b = a.first_name(sa, path), b.first_name(sb, path)
      self.same(path, 'links', (sa.st_nlink, first_a), (sb.st_nlink, first_b))
      if first_a == first_b != path:
        # A further name of what was compared.
        return False
    if kind != stat.S_IFLNK and not (self.no_owner and sa.st_mode & 0o6000):
      self.same(path, 'mode', oct(sa.st_mode), oct(sb.st_mode))
    self.same(path, 'mtime', sa.st_mtime_ns, sb.st_mtime_ns)
    if not self.no_owner:
      self.same(path, 'owner', (sa.st_uid, sa.st_gid), (sb.st_uid, sb.st_gid))
    if kind in (stat.S_IFCHR, stat.S_IFBLK):
      self.same(path, 'device', sa.st_rdev, sb.st_rdev)
    if kind == stat.S_IFLNK:
      self.same(path, 'target', os.readlink(name, dir_fd=da), os.readlink(name, dir_fd=db))
    self.attributes(path, name, da, db, kind)
    if kind == stat.S_IFREG and sa.st_size != sb.st_size:
      self.differ(path, 'size', sa.st_size, sb.st_size)
    elif kind in (stat.S_IFREG, stat.S_IFDIR):
      self.inside(path, name, da, db, kind, sa.st_size)
    return kind == stat.S_IFDIR

  def trees(self, path_a, path_b, no_root=False):
    a, b = Side(), Side()
    fa, fb = os.open(path_a, os.O_RDONLY), os.open(path_b, os.O_RDONLY)
    if not no_root:
      self.one(b'.', b'.', fa, fb, a, b)
    # Two descriptors a level; no recursion, for trees are deep.
    stack = [(b'', fa, fb, names(fa), names(fb))]
    while stack:
      path, da, db, na, nb = stack[-1]
      if not na and not nb:
        stack.pop()
        os.close(da)
        os.close(db)
        continue
      if na[:1] != nb[:1]:
        only_a = bool(na) and (not nb or na[0] < nb[0])
        name = (na if only_a else nb).pop(0)
        self.differ(path + name, 'missing' if only_a else 'too many', only_a, not only_a)
        continue
      name = na.pop(0)
      nb.pop(0)
      self.entries += 1
      if self.one(path + name, name, da, db, a, b):
        ca, cb = open_at(da, name), open_at(db, name)
        stack.append((path + name + b'/', ca, cb, names(ca), names(cb)))


# ---- what a restore has told

WORDS = {'times': 'mtime', 'nanoseconds of times': 'mtime'}


def told(file):
  """(path, property) of each event about what could not be read, or could not be given."""
  out = set()
  for line in file:
    e = json.loads(line)
    if e['type'] not in ('event', 'error') or not e.keys() & {'path', 'path_b64'}:
      continue
    path = base64.b64decode(e['path_b64']) if 'path_b64' in e else os.fsencode(e.get('path', ''))
    message = re.fullmatch('could not be set: (.*)', e['message'])
    if message:
      for part in message[1].split('; '):
        what = part.rsplit(': ', 1)[0]
        out.add((path, WORDS.get(what, what)))
    elif e['type'] == 'error' or re.match('a device, which only root may make|create: ', e['message']):
      out.add((path, 'missing'))
    else:
      out.add((path, e['message']))
  return out


def untold(differences, events):
  """What differs and was not told, and what was told and does not."""
  seen = {d[:2] for d in differences}
  return [d for d in differences if d[:2] not in events] + \
      [(path, 'is the same though it was told: ' + what, '', '') for path, what in sorted(events - seen)]


def main():
  p = argparse.ArgumentParser()
  p.add_argument('--no-owner', action='store_true', help='owners cannot be restored by this user')
  p.add_argument('--no-root', action='store_true', help='the two folders themselves may differ')
  p.add_argument('--told', type=argparse.FileType(), action='append', default=[], help='exactly these differences')
  p.add_argument('a')
  p.add_argument('b')
  args = p.parse_args()
  soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
  resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
  c = Comparison(args.no_owner)
  c.trees(args.a, args.b, args.no_root)
  left = c.differences
  if args.told:
    left = untold(left, set().union(*map(told, args.told)))
  for path, what, a, b in left[:30]:
    print('%r: %s: %.200r != %.200r' % (path[-200:], what, a, b))
  print('%d entries compared, %d differences' % (c.entries, len(left)))
  sys.exit(1 if left else 0)


if __name__ == '__main__':
  main()
