#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The layers: who may include what, who owns which outside library, and who may call the system's file functions."""
import re
import sys
import csource

# layer: (layers it may include, outside headers that it alone may include, by pattern)
LAYERS = {
  'base': ((), r'libintl\.h|dlfcn\.h|link\.h|malloc\.h|jansson\.h|liburing\.h|uuid/.*|linux/.*|poll\.h|spawn\.h|sys/wait\.h|sys/(xattr|ioctl|statfs|statvfs|syscall|timex|file)\.h'),
  'crypto': (('base',), r'sodium\.h|openssl/.*|sys/auxv\.h|asm/hwcap\.h|cpuid\.h|immintrin\.h|wmmintrin\.h'),
  'store': (('base',), r''),
  'report': (('base', 'crypto'), r'ini\.h|pwd\.h'),
  'device': (('base',), r'scsi/.*|blkid/.*|linux/(fs|fiemap|nvme_ioctl)\.h|sys/(ioctl|sysmacros)\.h'),
  'sanitize': (('base', 'crypto', 'device', 'report'), r''),
  'mediacheck': (('base', 'crypto', 'device', 'report'), r''),
  'view': (('base', 'report'), r'cairo\.h|cairo-pdf\.h|pango/.*|glib\.h|qrencode\.h'),
  'archive': (('base', 'crypto', 'store', 'report'), r'zstd\.h|isa-l\.h|isa-l/.*|archive\.h|archive_entry\.h|locale\.h|pwd\.h|grp\.h'),
}
# What any layer may use: the C library without what base owns.
LIBC = (r'(assert|ctype|errno|fcntl|float|inttypes|limits|math|setjmp|signal|stdarg|stdatomic|stdbool|stddef|stdint|'
        r'stdio|stdlib|string|strings|time|unistd|dirent|endian|pthread|sys/(types|stat|uio|mman|prctl|resource|random|sysmacros))\.h')
# Tools also talk to terminals and to their environment.
TOOLS = LIBC + (r'|(hozen|hozen/.*|libintl|locale|langinfo|termios|getopt|poll|wchar|wctype|spawn|glob|pwd|grp|'
                r'sys/(ioctl|wait|file|utsname))\.h')
# path: what a tool may include after all, and why
TOOL_EXCEPTIONS = {
  # What the allocator keeps is the process's, not a library's to say.
  'tools/backup/cmd_create.c': r'malloc\.h',
  # A test command without network.
  'tools/verify/drill_command.c': r'sched\.h|net/if\.h|sys/socket\.h',
  # Two trees are compared beneath their roots.
  'tools/verify/drill_compare.c': r'linux/openat2\.h|sys/syscall\.h',
  'tools/verify/drill_attrs.c': r'sys/xattr\.h',
  # Room before, and what is immutable removed after.
  'tools/verify/sandbox.c': r'linux/fs\.h|sys/statvfs\.h',
}
# Reached only through vfs() and base's helpers. Members and pointers to functions of these names are fine.
RAW = re.compile(r'(?<![\w.>])(open|openat|open64|creat|fopen|freopen|tmpfile|mkstemp|opendir|fdopendir|rename|renameat|'
                 r'renameat2|link|linkat|unlink|unlinkat|remove|mkdir|mkdirat|rmdir|symlink|symlinkat|mknod|mkfifo|fsync|'
                 r'fdatasync|syncfs|sync|truncate|ftruncate|fallocate|posix_fallocate|pread|pwrite|preadv|pwritev|flock|'
                 r'lockf|chmod|fchmod|chown|fchown|lchown|utimensat|futimens|stat|lstat|fstat|fstatat|ioctl|syscall|'
                 r'pthread_create|thrd_create)\s*\(')
# path: the raw functions that it may call after all, and why
EXCEPTIONS = {}


def check_include(layer, name, system):
  """What is wrong with this include in this layer, or None."""
  uses, own = LAYERS[layer]
  if not system:
    first = name.split('/')[0]
    return None if '/' in name and (first in uses + (layer,) or first == 'hozen') else 'may not include "%s"' % name
  if re.fullmatch(LIBC, name) or (own and re.fullmatch(own, name)):
    return None
  owner = [l for l, (_, o) in LAYERS.items() if o and re.fullmatch(o, name)]
  return 'may not include <%s>, which is %s' % (name, owner[0] + "'s" if owner else "nobody's")


def check_tool(path, name, system):
  if system:
    ok = re.fullmatch(TOOLS, name) or re.fullmatch(TOOL_EXCEPTIONS.get(path, '(?!)'), name)
    return None if ok else 'a tool may not include <%s>' % name
  return None if name.split('/')[0] in ('common', path.split('/')[1], 'verify_script.h') else 'a tool may not include "%s"' % name


def check(path):
  layer = path.split('/')[1]
  for n, line in csource.numbered(path):
    m = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
    if m and path.startswith('tools/'):
      yield n, check_tool(path, m.group(2), m.group(1) == '<')
    elif m:
      yield n, check_include(layer, m.group(2), m.group(1) == '<')
    elif path.startswith('lib/') and layer != 'base':
      for raw in RAW.finditer(line):
        if raw.group(1) not in EXCEPTIONS.get(path, ()):
          yield n, 'calls %s() past vfs()' % raw.group(1)


bad = ['%s:%d: %s' % (path, n, what)
       for path in csource.files(*('lib/%s/*%s' % (l, e) for l in LAYERS for e in ('.c', '.h')), 'tools/*.c', 'tools/*.h')
       for n, what in check(path) if what]
print('\n'.join(bad), end='\n' if bad else '')
sys.exit(1 if bad else 0)
