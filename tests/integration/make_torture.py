#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""make_torture.py [OPTION...] DIR: fills an empty folder with every kind of file that Linux has, as far as this user and
the file system may have them, and with names, sizes, times and rights at the edges. The same tree in every run, times
included.

--light    no large contents
--locked   also files and folders that nothing may change (flags/: chattr -R -i -a before they can be removed)
--entries  a folder of so many more files
--user     as this user, when started by root"""
import argparse
import ctypes
import errno
import fcntl
import os
import random
import resource
import socket
import stat
import struct

args = argparse.ArgumentParser()
args.add_argument('--light', action='store_true')
args.add_argument('--locked', action='store_true')
args.add_argument('--entries', type=int, default=0)
args.add_argument('--user', type=int)
args.add_argument('dir')
args = args.parse_args()
rnd = random.Random(20251)
os.chdir(args.dir)
os.umask(0o022)
if args.user is not None:
  os.setgroups([])
  os.setgid(args.user)
  os.setuid(args.user)
is_root = os.geteuid() == 0
NOT_HERE = (errno.EOPNOTSUPP, errno.EPERM, errno.ENOTTY, errno.EINVAL)


def put(name, data, mode=0o644):
  fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
  with os.fdopen(fd, 'wb') as f:
    f.write(data)
  os.chmod(name, mode)


def xattr(name, attr, value):
  """Where the file system has none, there is none. False where it has no room for the value."""
  try:
    os.setxattr(name, attr, value, follow_symlinks=False)
  except OSError as e:
    if e.errno in (errno.ENOSPC, errno.E2BIG, errno.ERANGE):
      return False
    if e.errno not in NOT_HERE:
      raise
  return True


def acl(user_perm):
  """user::rw-, user:1234:user_perm, group::r--, mask::rwx, other::---"""
  none = 0xffffffff
  entries = [(0x01, 6, none), (0x02, user_perm, 1234), (0x04, 4, none), (0x10, 7, none), (0x20, 0, none)]
  return struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *e) for e in entries)


# --- sizes: nothing, one byte, around blocks, several chunks, repeated content
os.mkdir('sizes')
for size in (0, 1, 511, 4095, 4096, 4097, 65536, 1 << 20, (3 << 20) + 7):
  put('sizes/%d' % size, rnd.randbytes(size))
if not args.light:
  put('sizes/large', rnd.randbytes(20 << 20))
  put('sizes/text', b'the quick brown fox jumps over the lazy dog\n' * 50000)
  put('sizes/zeros', bytes(6 << 20))
  put('sizes/again', open('sizes/large', 'rb').read())
  os.mkdir('many')
  for i in range(600):
    put('many/%04d' % i, b'%d\n' % i * (i % 50))
if args.entries:
  os.mkdir('entries')
  for i in range(args.entries):
    fd = os.open('entries/%d' % i, os.O_WRONLY | os.O_CREAT)
    if i % 100 == 0:
      os.write(fd, b'%d' % i)
    os.close(fd)

# --- holes: in the middle, at the end, at the start, everywhere, nothing else
os.mkdir('sparse')
FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, FALLOC_FL_ZERO_RANGE = 1, 2, 16
libc = ctypes.CDLL(None, use_errno=True)


def sparse(name, size, parts, spaces=()):
  """spaces: (mode, offset, length) of fallocate, after the parts were written."""
  with open('sparse/' + name, 'wb') as f:
    for off, length in parts:
      f.seek(off)
      f.write(rnd.randbytes(length))
    f.truncate(size)
    for mode, off, length in spaces:
      if libc.fallocate(f.fileno(), mode, ctypes.c_long(off), ctypes.c_long(length)) < 0:
        if ctypes.get_errno() not in NOT_HERE:
          raise OSError(ctypes.get_errno(), 'fallocate')
    if spaces:
      # What is in the cache of such space counts as data.
      f.flush()
      os.fsync(f.fileno())
      os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


sparse('middle', 9 << 20, [(0, 100000), (5 << 20, 1 << 20)])
sparse('end', 8 << 20, [(0, 4096)])
sparse('start', (7 << 20) + 3, [(7 << 20, 3)])
sparse('all', 5 << 20, [])
sparse('all-small', 100, [])
sparse('many', 64 << 20, [(i * 65536 * 2, 8192) for i in range(400)])
sparse('huge', 1 << 40, [(0, 10), (1 << 39, 5000)])
sparse('odd', 300001, [(8192, 1), (65536, 4097), (300000, 1)])
# Blocks that are there and hold nothing: none are missing, and yet it is no data.
sparse('ahead', 1 << 20, [(0, 65536)], [(0, 0, 1 << 20)])
sparse('ahead-all', 1 << 18, [], [(0, 0, 1 << 18)])
sparse('beyond', 1 << 18, [(0, 8192), (1 << 17, 8192)], [(FALLOC_FL_KEEP_SIZE, 1 << 18, 1 << 20)])
sparse('punched', 1 << 20, [(0, 1 << 20)], [(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 1 << 18, 1 << 18)])
sparse('zeroed', 1 << 20, [(0, 1 << 20)], [(FALLOC_FL_ZERO_RANGE, 1 << 18, 1 << 18)])
sparse('attributes', 8192, [(4096, 4096)])
xattr('sparse/attributes', 'user.block', rnd.randbytes(3000))

# --- hard links, of everything that can have them
os.mkdir('links')
os.mkdir('links/a')
os.mkdir('links/z')
put('links/m', rnd.randbytes(200000))
put('links/a/small', b'small')
for name in ('links/a/0', 'links/z/0', 'links/z/1'):
  os.link('links/m', name)
os.link('links/a/small', 'links/z/small')
os.symlink('nowhere', 'links/symlink')
os.link('links/symlink', 'links/z/symlink', follow_symlinks=False)
os.mkfifo('links/fifo', 0o640)
os.link('links/fifo', 'links/a/fifo')
put('links/empty', b'')
os.link('links/empty', 'links/z/empty')
s = socket.socket(socket.AF_UNIX)
s.bind('links/socket')
s.close()
os.link('links/socket', 'links/z/socket')
if is_root:
  os.mknod('links/char', 0o620 | stat.S_IFCHR, os.makedev(5, 2))
  os.link('links/char', 'links/a/char')
  os.mknod('links/block', 0o660 | stat.S_IFBLK, os.makedev(7, 300))
  os.link('links/block', 'links/z/block')

# --- kinds
os.mkdir('kinds')
os.mkfifo('kinds/fifo', 0o600)
s = socket.socket(socket.AF_UNIX)
s.bind('kinds/socket')
s.close()
os.symlink('/etc/passwd', 'kinds/absolute')
os.symlink('../../../../../../etc/shadow', 'kinds/upwards')
for i, length in enumerate((4095, 4000, 1023)):
  try:
    os.symlink(b'x' * length, b'kinds/longest%d' % i)
  except OSError as e:
    if e.errno != errno.ENAMETOOLONG:
      raise
os.symlink(b'\xff\xfe\n', b'kinds/bytes\xff')
os.symlink('.', 'kinds/loop')
if is_root:
  os.mknod('kinds/null', 0o666 | stat.S_IFCHR, os.makedev(1, 3))
  os.mknod('kinds/disk', 0o640 | stat.S_IFBLK, os.makedev(259, 70000))
  os.mknod('kinds/whiteout', 0o000 | stat.S_IFCHR, os.makedev(0, 0))

# --- names
os.mkdir('names')
for name in (b'n' * 255, b'new\nline', b'tab\t', b' ', b'-rf', b'*', b'\\', b'"quote"', b'\x01\x02', b'\x80\xff bytes',
             'ümläut 日本'.encode(), b'.hidden', b'...', b'.hozen-00000000.part', b'%s%n'):
  put(b'names/' + name, name)
os.mkdir(b'names/dir\n\xff')
put(b'names/dir\n\xff/file', b'x')
os.mkdir('names/bytes')
for b in range(1, 256):
  if b != ord('/'):
    put(b'names/bytes/' + (b'.dot' if b == ord('.') else bytes([b])), b'')
for b in (1, 0x2e, 0x7f, 0xff):
  os.mkdir(b'names/' + bytes([b]) * 254)

# --- a path far beyond PATH_MAX
os.mkdir('deep')
fd = os.open('deep', os.O_RDONLY | os.O_DIRECTORY)
for i in range(300):
  name = 'd' * 96 + '%04d' % i
  os.mkdir(name, dir_fd=fd)
  child = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=fd)
  os.close(fd)
  fd = child
bottom = os.open('bottom', os.O_WRONLY | os.O_CREAT, 0o604, dir_fd=fd)
os.write(bottom, b'down here')
os.close(bottom)
os.symlink('up', 'link', dir_fd=fd)
os.link('bottom', 'again', src_dir_fd=fd, dst_dir_fd=fd)
os.close(fd)
os.mkdir('narrow')
path = 'narrow'
for i in range(700):
  path += '/%d' % (i % 10)
  os.mkdir(path)
put(path + '/bottom', b'x')

# --- folders
os.mkdir('folders')
os.mkdir('folders/empty')
os.mkdir('folders/readonly')
put('folders/readonly/file', b'x', 0o444)
os.mkdir('folders/readonly/sub', 0o555)
os.chmod('folders/readonly', 0o555)
os.mkdir('folders/sticky')
os.chmod('folders/sticky', 0o1777)
os.mkdir('folders/setgid')
os.chmod('folders/setgid', 0o2755)
os.mkdir('folders/xattr')
xattr('folders/xattr', 'user.folder', b'yes')
os.mkdir('folders/acl')
xattr('folders/acl', 'system.posix_acl_default', acl(6))
put('folders/acl/plain', b'x')
put('folders/acl/stripped', b'x', 0o600)
os.mkdir('folders/acl/below')
os.mkdir('folders/both')
xattr('folders/both', 'system.posix_acl_default', acl(5))
xattr('folders/both', 'system.posix_acl_access', acl(1))
if is_root:
  os.mkdir('folders/closed')
  put('folders/closed/file', b'x', 0)
  os.chmod('folders/closed', 0)

# --- rights and attributes
os.mkdir('rights')
for mode in (0o000, 0o400, 0o200, 0o777, 0o4755, 0o2755, 0o6711, 0o1644, 0o7777, 0o7000):
  put('rights/%04o' % mode, b'%o' % mode)
  os.chmod('rights/%04o' % mode, mode)
put('rights/acl', b'x')
xattr('rights/acl', 'system.posix_acl_access', acl(7))
os.mkfifo('rights/acl-fifo')
xattr('rights/acl-fifo', 'system.posix_acl_access', acl(2))
put('rights/xattr', b'x')
xattr('rights/xattr', 'user.one', b'1')
xattr('rights/xattr', 'user.empty', b'')
xattr('rights/xattr', 'user.\xff\n'.encode('latin-1').decode('utf-8', 'surrogateescape'), b'odd')
xattr('rights/xattr', 'user.' + 'n' * 250, b'longest name')
put('rights/xattr-readonly', b'x')
xattr('rights/xattr-readonly', 'user.one', b'1')
os.chmod('rights/xattr-readonly', 0o444)
for size in (65536, 16000, 3800, 3000):
  put('rights/xattr-%d' % size, b'x')
  xattr('rights/xattr-%d' % size, 'user.big', rnd.randbytes(size))
put('rights/xattr-many', b'x')
for i in range(120):
  if not xattr('rights/xattr-many', 'user.number-%03d' % i, b'%d' % i):
    break
if is_root:
  xattr('rights/xattr', 'trusted.root', b'only')
  xattr('rights/xattr', 'security.other', b'\0\1\xff')
  os.mkdir('rights/xattr-folder')
  xattr('rights/xattr-folder', 'trusted.folder', b'1')
  put('rights/capable', b'x', 0o755)
  # cap_net_raw+ep
  xattr('rights/capable', 'security.capability', struct.pack('<IIIII', 0x02000001, 1 << 13, 0, 0, 0))
  put('rights/capable-below', b'x', 0o755)
  # the same for the root of a user namespace
  xattr('rights/capable-below', 'security.capability', struct.pack('<IIIIII', 0x03000001, 1 << 13, 0, 0, 0, 100000))
  put('rights/setuid-other', b'x')
  os.chown('rights/setuid-other', 1234, 5678)
  os.chmod('rights/setuid-other', 0o6755)
  put('rights/capable-other', b'x', 0o755)
  os.chown('rights/capable-other', 1234, 0)
  xattr('rights/capable-other', 'security.capability', struct.pack('<IIIII', 0x02000000, 1 << 10, 0, 0, 0))
  os.symlink('x', 'rights/symlink-other')
  os.lchown('rights/symlink-other', 4321, 8765)
  for kind, name in enumerate(('symlink-other', 'acl-fifo', 'socket', 'device')):
    name = 'rights/' + name
    if kind == 2:
      os.mknod(name, stat.S_IFSOCK | 0o700)
    if kind == 3:
      os.mknod(name, stat.S_IFCHR | 0o600, os.makedev(1, 5))
      xattr(name, 'system.posix_acl_access', acl(6))
    xattr(name, 'trusted.link', b'1')
    xattr(name, 'security.link', b'%d' % kind)
  put('rights/big-owner', b'x')
  os.chown('rights/big-owner', 4294967000, 4294967001)

# --- inode flags, each that may be set here, of files and folders; what locks comes at the very end
FS_IOC_GETFLAGS, FS_IOC_SETFLAGS = 0x80086601, 0x40086602
IMMUTABLE, APPEND = 0x10, 0x20
flags = (0x1, 0x2, 0x4, 0x8, 0x40, 0x80, 0x400, 0x4000, 0x8000, 0x10000, 0x20000, 0x800000, 0x2000000, 0x20000000)


def set_flags(name, bits):
  fd = os.open(name, os.O_RDONLY)
  try:
    had = struct.unpack('I', fcntl.ioctl(fd, FS_IOC_GETFLAGS, b'\0' * 4))[0]
    fcntl.ioctl(fd, FS_IOC_SETFLAGS, struct.pack('I', had | bits))
  except OSError as e:
    if e.errno not in NOT_HERE:
      raise
  os.close(fd)


os.mkdir('flags')
for bit in flags:
  put('flags/%x' % bit, b'')
  set_flags('flags/%x' % bit, bit)
  with open('flags/%x' % bit, 'wb') as f:
    f.write(b'x' * 10000)
  os.mkdir('flags/d%x' % bit)
  set_flags('flags/d%x' % bit, bit)
  put('flags/d%x/inherits' % bit, b'x')
put('flags/two', b'')
set_flags('flags/two', 0x40 | 0x80)
for algorithm in ('zstd', 'lzo'):
  put('flags/' + algorithm, b'x')
  xattr('flags/' + algorithm, 'btrfs.compression', algorithm.encode())
locks = []
if args.locked:
  for name, bits in (('immutable', IMMUTABLE), ('append', APPEND), ('both', IMMUTABLE | APPEND | 0x40)):
    put('flags/' + name, b'x' * 100)
    os.link('flags/' + name, 'flags/%s-link' % name)
    xattr('flags/' + name, 'user.one', b'1')
    os.mkdir('flags/d' + name)
    put('flags/d%s/file' % name, b'x')
    os.mkdir('flags/d%s/below' % name)
    os.symlink('x', 'flags/d%s/symlink' % name)
    locks += [('flags/' + name, bits), ('flags/d' + name, bits)]
  put('flags/alone', b'x')
  locks.append(('flags/alone', IMMUTABLE))

# --- times, last, for they would change; folders from below
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
os.mkdir('times')
when = 10**9 * 1000000000


def stamp(name, fd):
  global when
  when += 1000000007
  os.utime(name, ns=(when, when), dir_fd=fd, follow_symlinks=False)


def stamp_all(root):
  """By descriptors, without recursion."""
  def enter(name, fd):
    fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=fd)
    return name, fd, sorted(os.fsencode(n) for n in os.listdir(fd))

  stack = [enter(root, None)]
  while stack:
    name, fd, names = stack[-1]
    if not names:
      stack.pop()
      os.close(fd)
      stamp(name, stack[-1][1] if stack else None)
      continue
    child = names.pop(0)
    if stat.S_ISDIR(os.stat(child, dir_fd=fd, follow_symlinks=False).st_mode):
      stack.append(enter(child, fd))
    else:
      stamp(child, fd)


stamp_all(b'.')
second = 10**9
# As far as the file system goes, what lies beyond becomes its first or last: 1970, 1901, 2038, 2106, 2262, 2446, 2486.
for i, ns in enumerate((0, 1, 999999999, -1, -10**18, -10**18 - 1, -2**31 * second, (-2**31 - 1) * second, 2**31 * second,
                        2**32 * second + 5, 2**63 - 1, 2**63, 2**63 + 999999999, 15032385535 * second, 2**34 * second + 7,
                        2**40 * second + 7, -2**40 * second + 7, 10**9 * 1234567890 + 123456789)):
  put('times/%d' % i, b'')
  os.utime('times/%d' % i, ns=(ns, ns))
os.symlink('x', 'times/symlink')
os.utime('times/symlink', ns=(5, 86400 * 10**9 + 5), follow_symlinks=False)
os.symlink('x', 'times/symlink-later')
os.utime('times/symlink-later', ns=(5, 2**63 + 5), follow_symlinks=False)
os.mkdir('times/folder')
os.utime('times/folder', ns=(5, -7))
stamp(b'times', None)
stamp(b'.', None)
for name, bits in locks:
  set_flags(name, bits)
