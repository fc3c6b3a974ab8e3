#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""make_torture.py DIR: fills an empty folder with every kind of file that Linux has, as far as this user may make them,
and with names, sizes, times and rights at the edges. The same tree in every run."""
import errno
import os
import random
import socket
import stat
import struct
import sys

rnd = random.Random(20251)
root = sys.argv[1]
os.chdir(root)
os.umask(0o022)
is_root = os.geteuid() == 0


def put(name, data, mode=0o644):
  fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
  with os.fdopen(fd, 'wb') as f:
    f.write(data)
  os.chmod(name, mode)


def xattr(name, attr, value):
  """Where the file system has none, there is none."""
  try:
    os.setxattr(name, attr, value, follow_symlinks=False)
  except OSError as e:
    if e.errno not in (errno.EOPNOTSUPP, errno.EPERM):
      raise


def acl(user_perm):
  """user::rw-, user:1234:user_perm, group::r--, mask::rwx, other::---"""
  none = 0xffffffff
  entries = [(0x01, 6, none), (0x02, user_perm, 1234), (0x04, 4, none), (0x10, 7, none), (0x20, 0, none)]
  return struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *e) for e in entries)


# --- sizes: nothing, one byte, around blocks, several chunks, repeated content
os.mkdir('sizes')
for size in (0, 1, 511, 4095, 4096, 4097, 65536, 1 << 20, (3 << 20) + 7):
  put('sizes/%d' % size, rnd.randbytes(size))
put('sizes/large', rnd.randbytes(20 << 20))
put('sizes/text', b'the quick brown fox jumps over the lazy dog\n' * 50000)
put('sizes/zeros', bytes(6 << 20))
put('sizes/again', open('sizes/large', 'rb').read())
os.mkdir('many')
for i in range(600):
  put('many/%04d' % i, b'%d\n' % i * (i % 50))

# --- holes: in the middle, at the end, at the start, everywhere, nothing else
os.mkdir('sparse')


def sparse(name, size, parts):
  with open('sparse/' + name, 'wb') as f:
    for off, length in parts:
      f.seek(off)
      f.write(rnd.randbytes(length))
    f.truncate(size)


sparse('middle', 9 << 20, [(0, 100000), (5 << 20, 4 << 20)])
sparse('end', 8 << 20, [(0, 4096)])
sparse('start', (7 << 20) + 3, [(7 << 20, 3)])
sparse('all', 5 << 20, [])
sparse('many', 64 << 20, [(i * 65536 * 2, 8192) for i in range(400)])
sparse('huge', 1 << 40, [(0, 10), (1 << 39, 5000)])

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

# --- kinds
os.mkdir('kinds')
os.mkfifo('kinds/fifo', 0o600)
s = socket.socket(socket.AF_UNIX)
s.bind('kinds/socket')
s.close()
os.symlink('/etc/passwd', 'kinds/absolute')
os.symlink('../../../../../../etc/shadow', 'kinds/upwards')
os.symlink(b'x' * 4095, b'kinds/longest')
os.symlink(b'\xff\xfe\n', b'kinds/bytes\xff')
os.symlink('.', 'kinds/loop')
if is_root:
  os.mknod('kinds/null', 0o666 | stat.S_IFCHR, os.makedev(1, 3))
  os.mknod('kinds/disk', 0o640 | stat.S_IFBLK, os.makedev(259, 70000))

# --- names
os.mkdir('names')
for name in (b'n' * 255, b'new\nline', b'tab\t', b' ', b'-rf', b'*', b'\\', b'"quote"', b'\x01\x02', b'\x80\xff bytes',
             'ümläut 日本'.encode(), b'.hidden', b'...', b'.hozen-00000000.part', b'%s%n'):
  put(b'names/' + name, name)
os.mkdir(b'names/dir\n\xff')
put(b'names/dir\n\xff/file', b'x')

# --- a path far beyond PATH_MAX
os.mkdir('deep')
fd = os.open('deep', os.O_RDONLY | os.O_DIRECTORY)
for i in range(40):
  name = 'd' * 200 + '%d' % i
  os.mkdir(name, dir_fd=fd)
  child = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=fd)
  os.close(fd)
  fd = child
bottom = os.open('bottom', os.O_WRONLY | os.O_CREAT, 0o604, dir_fd=fd)
os.write(bottom, b'down here')
os.close(bottom)
os.symlink('up', 'link', dir_fd=fd)
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

# --- rights and attributes
os.mkdir('rights')
for mode in (0o000, 0o400, 0o200, 0o777, 0o4755, 0o2755, 0o6711, 0o1644):
  put('rights/%04o' % mode, b'%o' % mode)
  os.chmod('rights/%04o' % mode, mode)
put('rights/acl', b'x')
xattr('rights/acl', 'system.posix_acl_access', acl(7))
put('rights/xattr', b'x')
xattr('rights/xattr', 'user.one', b'1')
xattr('rights/xattr', 'user.empty', b'')
xattr('rights/xattr', 'user.big', rnd.randbytes(3000))
xattr('rights/xattr', 'user.\xff\n'.encode('latin-1').decode('utf-8', 'surrogateescape'), b'odd')
if is_root:
  xattr('rights/xattr', 'trusted.root', b'only')
  put('rights/capable', b'x', 0o755)
  # cap_net_raw+ep
  xattr('rights/capable', 'security.capability', struct.pack('<IIIII', 0x02000001, 1 << 13, 0, 0, 0))
  put('rights/setuid-other', b'x')
  os.chown('rights/setuid-other', 1234, 5678)
  os.chmod('rights/setuid-other', 0o6755)
  os.symlink('x', 'rights/symlink-other')
  os.lchown('rights/symlink-other', 4321, 8765)
  xattr('rights/symlink-other', 'trusted.link', b'1')
  put('rights/big-owner', b'x')
  os.chown('rights/big-owner', 4294967000, 4294967001)

# --- times, last, for they would change; folders from below
os.mkdir('times')
for i, ns in enumerate((0, 1, 999999999, -1, -10**18, 10**9 * 4000000000, 10**9 * 1234567890 + 123456789)):
  put('times/%d' % i, b'')
  os.utime('times/%d' % i, ns=(ns, ns))
os.symlink('x', 'times/symlink')
os.utime('times/symlink', ns=(5, 86400 * 10**9 + 5), follow_symlinks=False)
when = 10**9 * 1000000000
for top, dirs, _ in os.walk(b'.', topdown=False, onerror=lambda e: None):
  if len(top) > 3000:
    continue
  when += 1000000007
  try:
    os.utime(top, ns=(when, when))
  except OSError as e:
    if e.errno != errno.ENAMETOOLONG:
      raise
