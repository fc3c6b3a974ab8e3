#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""compare_trees.py [--no-owner] [--no-root] A B: everything that Linux keeps of files: kinds, rights, owners, times to
the nanosecond, extended attributes with ACLs, inode flags, which names share an inode, targets, device numbers, content,
and where the holes are. Shares no code with the library, and walks by descriptors, so no path is too long."""
import argparse
import errno
import fcntl
import os
import stat
import struct
import sys

FS_IOC_GETFLAGS = 0x80086601
FLAGS = 0x20 | 0x10 | 0x40 | 0x80 | 0x8 | 0x10000 | 0x20000
differences = 0


def differ(path, what, a, b):
  global differences
  differences += 1
  if differences <= 30:
    print('%r: %s: %.200r != %.200r' % (path[-200:], what, a, b))


def xattrs(path):
  try:
    names = os.listxattr(path, follow_symlinks=False)
  except OSError as e:
    if e.errno in (errno.EOPNOTSUPP, errno.EPERM):
      return {}
    raise
  return {n: os.getxattr(path, n, follow_symlinks=False) for n in names}


def inode_flags(fd):
  try:
    return struct.unpack('I', fcntl.ioctl(fd, FS_IOC_GETFLAGS, b'\0' * 4))[0] & FLAGS
  except OSError as e:
    if e.errno in (errno.ENOTTY, errno.EOPNOTSUPP):
      return 0
    raise


def extents(fd, size):
  """Where data is, as the file system says."""
  out, at = [], 0
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


def compare_content(path, fa, fb, size):
  ea, eb = extents(fa, size), extents(fb, size)
  if ea != eb:
    differ(path, 'holes', ea[:4], eb[:4])
    ea = sorted(ea + eb)
  for start, end in ea:
    at = start
    while at < end:
      n = min(end - at, 1 << 20)
      da, db = os.pread(fa, n, at), os.pread(fb, n, at)
      if da != db or not da:
        differ(path, 'content from byte %d' % at, da[:16], db[:16])
        return
      at += len(da)


class Side:
  """One tree: a folder's descriptor, and the names of each inode."""
  def __init__(self):
    self.inodes = {}

  def first_name(self, st, path):
    return self.inodes.setdefault((st.st_dev, st.st_ino), path)


def compare_one(path, name, da, db, a, b, args):
  """Returns True when both are folders."""
  sa = os.stat(name, dir_fd=da, follow_symlinks=False)
  sb = os.stat(name, dir_fd=db, follow_symlinks=False)
  kind = stat.S_IFMT(sa.st_mode)
  if kind != stat.S_IFMT(sb.st_mode):
    differ(path, 'kind', oct(sa.st_mode), oct(sb.st_mode))
    return False
  for what in ('st_mode', 'st_mtime_ns') + (() if args.no_owner else ('st_uid', 'st_gid')):
    if what == 'st_mode' and (kind == stat.S_IFLNK or (args.no_owner and sa.st_mode & 0o6000)):
      continue
    if getattr(sa, what) != getattr(sb, what):
      differ(path, what, getattr(sa, what), getattr(sb, what))
  if kind in (stat.S_IFCHR, stat.S_IFBLK) and sa.st_rdev != sb.st_rdev:
    differ(path, 'device', sa.st_rdev, sb.st_rdev)
  if kind != stat.S_IFDIR:
    if sa.st_nlink != sb.st_nlink:
      differ(path, 'links', sa.st_nlink, sb.st_nlink)
    if a.first_name(sa, path) != b.first_name(sb, path):
      differ(path, 'shares its inode with', a.first_name(sa, path), b.first_name(sb, path))
  if kind == stat.S_IFLNK:
    ta, tb = os.readlink(name, dir_fd=da), os.readlink(name, dir_fd=db)
    if ta != tb:
      differ(path, 'target', ta, tb)
  xa = xattrs(b'/proc/self/fd/%d/%s' % (da, name))
  xb = xattrs(b'/proc/self/fd/%d/%s' % (db, name))
  if xa != xb:
    differ(path, 'xattrs', xa, xb)
  if kind in (stat.S_IFREG, stat.S_IFDIR):
    if kind == stat.S_IFREG and sa.st_size != sb.st_size:
      differ(path, 'size', sa.st_size, sb.st_size)
      return False
    try:
      fa = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=da)
      fb = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=db)
    except PermissionError:
      return False
    if inode_flags(fa) != inode_flags(fb):
      differ(path, 'inode flags', hex(inode_flags(fa)), hex(inode_flags(fb)))
    if kind == stat.S_IFREG:
      compare_content(path, fa, fb, sa.st_size)
    os.close(fa)
    os.close(fb)
  return kind == stat.S_IFDIR


def open_at(fd, name):
  return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=fd)


def names(fd):
  return sorted(os.fsencode(n) for n in os.listdir(fd))


def main():
  p = argparse.ArgumentParser()
  p.add_argument('--no-owner', action='store_true', help='owners cannot be restored by this user')
  p.add_argument('--no-root', action='store_true', help='the two folders themselves may differ')
  p.add_argument('a')
  p.add_argument('b')
  args = p.parse_args()
  a, b = Side(), Side()
  fa, fb = os.open(args.a, os.O_RDONLY), os.open(args.b, os.O_RDONLY)
  if not args.no_root:
    compare_one(b'.', b'.', fa, fb, a, b, args)
  # One folder a level is open; no recursion, for trees are deep.
  stack = [(b'', fa, fb, names(fa), names(fb))]
  entries = 0
  while stack:
    path, da, db, na, nb = stack[-1]
    if not na and not nb:
      stack.pop()
      os.close(da)
      os.close(db)
      continue
    if na[:1] != nb[:1]:
      only_a = bool(na) and (not nb or na[0] < nb[0])
      differ(path + b'/' + (na if only_a else nb).pop(0), 'is only in', args.a if only_a else args.b, '')
      continue
    name = na.pop(0)
    nb.pop(0)
    entries += 1
    below = path + b'/' + name
    if compare_one(below, name, da, db, a, b, args):
      ca, cb = open_at(da, name), open_at(db, name)
      stack.append((below, ca, cb, names(ca), names(cb)))
  print('%d entries compared, %d differences' % (entries, differences))
  sys.exit(1 if differences else 0)


if __name__ == '__main__':
  main()
