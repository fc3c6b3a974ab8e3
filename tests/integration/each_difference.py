#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""each_difference.py [--all] DIR: does compare_trees.py see everything? Two equal trees are made in DIR; one of them is
changed in one property of one file, compared, and made anew, for each property. What comes out must be that path and
that property and nothing else. Needs root. --all: the file system has all of them, so that none may be left out."""
import argparse
import ctypes
import errno
import fcntl
import io
import os
import resource
import shutil
import socket
import stat
import struct
import sys

import compare_trees

FS_IOC_GETFLAGS, FS_IOC_SETFLAGS = 0x80086601, 0x40086602
FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE = 1, 2
NODUMP, NOATIME, SYNC, IMMUTABLE, APPEND, DIRSYNC = 0x40, 0x80, 0x8, 0x10, 0x20, 0x10000
NANO = 10**9
WHEN = 1500000000 * NANO + 123456789
libc = ctypes.CDLL(None, use_errno=True)


class NotHere(Exception):
  """The file system does not have it."""


def xattr_path(fd, name):
  return b'/proc/self/fd/%d/%s' % (fd, name)


def set_xattr(fd, name, attr, value):
  try:
    os.setxattr(xattr_path(fd, name), attr, value, follow_symlinks=False)
  except OSError as e:
    if e.errno != errno.EOPNOTSUPP:
      raise
    raise NotHere(attr)


def acl(perm):
  none = 0xffffffff
  return struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *e) for e in (
      (0x01, 6, none), (0x02, perm, 1234), (0x04, 4, none), (0x10, 7, none), (0x20, 0, none)))


def set_flags(fd, name, toggle):
  file = os.open(name, os.O_RDONLY, dir_fd=fd)
  try:
    had = struct.unpack('I', fcntl.ioctl(file, FS_IOC_GETFLAGS, b'\0' * 4))[0]
    fcntl.ioctl(file, FS_IOC_SETFLAGS, struct.pack('I', had ^ toggle))
  except OSError as e:
    if e.errno not in (errno.ENOTTY, errno.EOPNOTSUPP):
      raise
    raise NotHere('flag %x' % toggle)
  finally:
    os.close(file)


def write(fd, name, off, data):
  file = os.open(name, os.O_WRONLY | os.O_CREAT, 0o640, dir_fd=fd)
  os.pwrite(file, data, off)
  os.close(file)


def punch(fd, name, off, length):
  file = os.open(name, os.O_WRONLY, dir_fd=fd)
  rc = libc.fallocate(file, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, ctypes.c_long(off), ctypes.c_long(length))
  os.close(file)
  if rc < 0:
    raise NotHere('holes')


def truncate(fd, name, size):
  file = os.open(name, os.O_WRONLY, dir_fd=fd)
  os.ftruncate(file, size)
  os.close(file)


def again(fd, name, make):
  os.unlink(name, dir_fd=fd)
  make(fd, name)


def make_socket(fd, name):
  os.mknod(name, stat.S_IFSOCK | 0o640, dir_fd=fd)


def stamp(fd, name, ns=WHEN):
  os.utime(name, ns=(0, ns), dir_fd=fd, follow_symlinks=False)


# ---- the tree

DEEP = [b'd' * 200] * 30
ODD = b'odd\n\xff'


def parent_of(root, path):
  """A descriptor of the folder that holds path, a list of names."""
  fd = os.open(root, os.O_RDONLY)
  for name in path[:-1]:
    child = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=fd)
    os.close(fd)
    fd = child
  return fd


def make_deep(root):
  fd = os.open(root, os.O_RDONLY)
  for name in DEEP:
    os.mkdir(name, dir_fd=fd)
    child = os.open(name, os.O_RDONLY, dir_fd=fd)
    os.close(fd)
    fd = child
  write(fd, b'bottom', 0, b'x')
  stamp(fd, b'bottom')
  os.close(fd)
  for depth in range(len(DEEP), 0, -1):
    fd = parent_of(root, DEEP[:depth])
    stamp(fd, DEEP[depth - 1])
    os.close(fd)


def optional(f, *args):
  try:
    f(*args)
  except NotHere:
    pass


def make(root):
  os.mkdir(root)
  fd = os.open(root, os.O_RDONLY)
  for name in (b'file', b'hard1', b'hard3', b'zeros', ODD):
    write(fd, name, 0, b'content of a file' if name != b'zeros' else bytes(1 << 16))
  write(fd, b'sparse', 1 << 20, b'data')
  truncate(fd, b'sparse', 2 << 20)
  os.link('hard1', 'hard2', src_dir_fd=fd, dst_dir_fd=fd)
  os.link('hard3', 'hard4', src_dir_fd=fd, dst_dir_fd=fd)
  os.symlink('target', 'symlink', dir_fd=fd)
  os.mkfifo('fifo', 0o640, dir_fd=fd)
  make_socket(fd, b'socket')
  os.mknod('char', stat.S_IFCHR | 0o640, os.makedev(1, 3), dir_fd=fd)
  os.mknod('block', stat.S_IFBLK | 0o640, os.makedev(7, 3), dir_fd=fd)
  os.mkdir('folder', dir_fd=fd)
  write(fd, b'folder/inside', 0, b'x')
  optional(set_xattr, fd, b'file', 'user.one', b'1')
  optional(set_xattr, fd, b'file', 'system.posix_acl_access', acl(6))
  optional(set_xattr, fd, b'folder', 'system.posix_acl_default', acl(6))
  optional(set_xattr, fd, b'symlink', 'trusted.one', b'1')
  for name in sorted(os.listdir(fd)):
    stamp(fd, name)
  stamp(fd, b'folder/inside')
  stamp(fd, b'folder')
  make_deep(root)
  os.utime(root, ns=(0, WHEN))
  os.close(fd)


# ---- one difference each: path, property (or all that come of it), how

def changes():
  for bit in range(12):
    yield ODD, 'mode', lambda fd, n, b=bit: os.chmod(n, os.stat(n, dir_fd=fd).st_mode ^ 1 << b, dir_fd=fd)
  for name in ('folder', 'fifo', 'socket', 'char', 'block', ODD, DEEP + [b'bottom'], DEEP, DEEP[:1]):
    yield name, 'mode', lambda fd, n: os.chmod(n, 0o701, dir_fd=fd)
  for name in ('file', 'folder', 'symlink', 'fifo', 'socket', 'char', 'block', DEEP + [b'bottom']):
    yield name, 'owner', lambda fd, n: os.chown(n, 4294967000, -1, dir_fd=fd, follow_symlinks=False)
    yield name, 'owner', lambda fd, n: os.chown(n, -1, 77, dir_fd=fd, follow_symlinks=False)
    yield name, 'mtime', lambda fd, n: stamp(fd, n, WHEN + 1)
    yield name, 'xattr trusted.two', lambda fd, n: set_xattr(fd, n, 'trusted.two', b'')
    yield name, 'xattr security.two', lambda fd, n: set_xattr(fd, n, 'security.two', b'2')
  yield 'file', 'mtime', lambda fd, n: stamp(fd, n, WHEN - 2**31 * NANO)
  yield 'hard1', 'mode', lambda fd, n: os.chmod('hard2', 0o600, dir_fd=fd)
  yield 'hard3', 'content', lambda fd, n: write(fd, b'hard4', 3, b'X')
  yield '.', 'mode', lambda fd, n: os.chmod(n, 0o701, dir_fd=fd)
  yield '.', 'mtime', lambda fd, n: stamp(fd, n, WHEN + 1)
  yield 'file', 'xattr user.one', lambda fd, n: set_xattr(fd, n, 'user.one', b'2')
  yield 'file', 'xattr user.one', lambda fd, n: set_xattr(fd, n, 'user.one', b'')
  yield 'file', 'xattr user.one', lambda fd, n: os.removexattr(xattr_path(fd, n), 'user.one')
  yield 'file', 'xattr user.none', lambda fd, n: set_xattr(fd, n, 'user.none', b'')
  yield 'symlink', 'xattr trusted.one', lambda fd, n: set_xattr(fd, n, 'trusted.one', b'2')
  yield 'file', 'xattr system.posix_acl_access', lambda fd, n: set_xattr(fd, n, 'system.posix_acl_access', acl(4))
  yield 'folder', 'xattr system.posix_acl_default', lambda fd, n: set_xattr(fd, n, 'system.posix_acl_default', acl(4))
  yield 'file', 'xattr security.capability', lambda fd, n: set_xattr(
      fd, n, 'security.capability', struct.pack('<IIIII', 0x02000001, 1 << 13, 0, 0, 0))
  for flag in (NODUMP, NOATIME, SYNC, IMMUTABLE, APPEND):
    yield 'file', 'inode flags', lambda fd, n, f=flag: set_flags(fd, n, f)
    yield 'folder', 'inode flags', lambda fd, n, f=flag: set_flags(fd, n, f)
  yield 'folder', 'inode flags', lambda fd, n: set_flags(fd, n, DIRSYNC)
  yield 'file', 'size', lambda fd, n: write(fd, n, 17, b'x')
  yield 'sparse', 'size', lambda fd, n: truncate(fd, n, (2 << 20) + 1)
  yield 'file', 'content', lambda fd, n: write(fd, n, 16, b'E')
  yield 'sparse', 'content', lambda fd, n: write(fd, n, (1 << 20) + 3, b'A')
  yield DEEP + [b'bottom'], 'content', lambda fd, n: write(fd, n, 0, b'y')
  yield 'sparse', 'holes', lambda fd, n: write(fd, n, 1 << 16, bytes(1 << 16))
  yield 'zeros', 'holes', lambda fd, n: punch(fd, n, 1 << 14, 1 << 14)
  yield 'symlink', 'target', lambda fd, n: again(fd, n, lambda d, m: (
      os.symlink('Target', m, dir_fd=d), optional(set_xattr, d, m, 'trusted.one', b'1')))
  yield 'char', 'device', lambda fd, n: again(fd, n, lambda d, m: os.mknod(m, stat.S_IFCHR | 0o640, os.makedev(1, 5), dir_fd=d))
  yield 'block', 'device', lambda fd, n: again(fd, n, lambda d, m: os.mknod(m, stat.S_IFBLK | 0o640, os.makedev(8, 3), dir_fd=d))
  yield 'char', 'type', lambda fd, n: again(fd, n, lambda d, m: os.mknod(m, stat.S_IFBLK | 0o640, os.makedev(1, 3), dir_fd=d))
  yield 'fifo', 'type', lambda fd, n: again(fd, n, make_socket)
  yield 'socket', 'type', lambda fd, n: again(fd, n, lambda d, m: os.mkfifo(m, 0o640, dir_fd=d))
  yield 'folder/inside', 'type', lambda fd, n: again(fd, n, lambda d, m: os.mkdir(m, 0o640, dir_fd=d))
  yield 'symlink', 'type', lambda fd, n: again(fd, n, lambda d, m: write(d, m, 0, b'target'))
  yield 'hard2', {(b'hard1', 'links'), (b'hard2', 'links')}, lambda fd, n: again(
      fd, n, lambda d, m: write(d, m, 0, b'content of a file'))
  yield 'hard2', {(b'hard2', 'links'), (b'hard3', 'links'), (b'hard4', 'links')}, lambda fd, n: (
      os.unlink('hard2', dir_fd=fd), os.unlink('hard3', dir_fd=fd),
      os.link('hard1', 'hard3', src_dir_fd=fd, dst_dir_fd=fd), os.link('hard4', 'hard2', src_dir_fd=fd, dst_dir_fd=fd))
  for name in ('file', 'symlink', 'fifo', 'socket', 'char', ODD, DEEP + [b'bottom'], 'folder/inside'):
    yield name, 'missing', lambda fd, n: os.unlink(n, dir_fd=fd)
  yield 'more', 'too many', lambda fd, n: write(fd, n, 0, b'')
  yield DEEP + [b'more'], 'too many', lambda fd, n: os.mkdir(n, dir_fd=fd)


def apply(root, path, what, change):
  """The change, and nothing but it: not the times that it sets on the way."""
  fd = parent_of(root, path)
  change(fd, path[-1])
  if what not in ('mtime', 'missing') and not (what == 'inode flags' and locked(fd, path[-1])):
    stamp(fd, path[-1])
  os.close(fd)
  fd = parent_of(root, path[:-1] or [b'.'])
  if path != [b'.'] or what != 'mtime':
    stamp(fd, (path[:-1] or [b'.'])[-1])
  os.close(fd)


def locked(fd, name):
  file = os.open(name, os.O_RDONLY, dir_fd=fd)
  flags = struct.unpack('I', fcntl.ioctl(file, FS_IOC_GETFLAGS, b'\0' * 4))[0]
  os.close(file)
  return flags & (IMMUTABLE | APPEND)


def unlock(root):
  for name in (b'file', b'folder'):
    fd = os.open(root, os.O_RDONLY)
    if os.access(name, os.F_OK, dir_fd=fd):
      try:
        set_flags(fd, name, locked(fd, name))
      except (OSError, NotHere):
        pass
    os.close(fd)


def compare(a, b):
  c = compare_trees.Comparison()
  c.trees(a, b)
  return {(path, what) for path, what, _, _ in c.differences}


def check_told():
  """What was told is allowed, and must be so."""
  events = compare_trees.told(io.StringIO(
      '{"type":"event","path":"a","message":"could not be set: owner: Operation not permitted; xattr user.a: b: No"}\n'
      '{"type":"event","path_b64":"/w==","message":"could not be set: nanoseconds of times: Operation not supported"}\n'
      '{"type":"event","path":"c","message":"a device, which only root may make"}\n{"type":"other"}\n'))
  assert events == {(b'a', 'owner'), (b'a', 'xattr user.a: b'), (b'\xff', 'mtime'), (b'c', 'missing')}, events
  differences = [(path, what, 1, 2) for path, what in events]
  assert compare_trees.untold(differences, events) == []
  assert [d[:2] for d in compare_trees.untold(differences + [(b'a', 'mode', 1, 2)], events)] == [(b'a', 'mode')]
  assert len(compare_trees.untold(differences[1:], events)) == 1


def main():
  p = argparse.ArgumentParser()
  p.add_argument('--all', action='store_true')
  p.add_argument('dir')
  args = p.parse_args()
  resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
  os.umask(0o027)
  check_told()
  a, b = os.path.join(args.dir, 'a'), os.path.join(args.dir, 'b')
  make(a)
  seen = failed = 0
  for path, what, change in changes():
    path = path if isinstance(path, list) else os.fsencode(path).split(b'/')
    want = what if isinstance(what, set) else {(b'/'.join(path), what)}
    make(b)
    equal = compare(a, b)
    try:
      apply(b, path, what, change)
      got = compare(a, b)
    except NotHere as e:
      print('not here: %s' % e)
      failed += args.all
      got = want
    unlock(b)
    shutil.rmtree(b)
    seen += 1
    if equal or got != want:
      failed += 1
      print('%.200r: want %.300r, got %.300r; before: %r' % (path[-1], want, got, equal))
  print('%d single differences, %d not seen as what they are' % (seen, failed))
  sys.exit(1 if failed else 0)


if __name__ == '__main__':
  main()
