#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Functions over 100 lines and files over 1000 fail; functions over 60 lines are listed. Relies on the tree's format:
a function's braces stand alone in the first column."""
import re
import sys
import csource

# "path:function": why it may be longer
EXCEPTIONS = {}
LOOK, FAIL, FILE_FAIL = 60, 100, 1000


def functions(lines):
  """(name, first line, lines in the body)"""
  start = None
  for n, line in enumerate(lines, 1):
    if line == '{':
      start = n
    elif line == '}' and start:
      head = ' '.join(lines[max(0, start - 8):start - 1])
      names = re.findall(r'(\w+)\(', head.rsplit(';', 1)[-1].rsplit('}', 1)[-1])
      yield names[0] if names else '?', start, n - start - 1
      start = None


failed = False
for path in csource.files('lib/*.c', 'lib/*.h', 'tools/*.c', 'tools/*.h', 'tests/*.c', 'tests/*.h'):
  lines = csource.text(path).split('\n')
  if len(lines) > FILE_FAIL:
    print('%s: %d lines' % (path, len(lines)))
    failed = True
  for name, n, size in functions(lines):
    if size > FAIL and '%s:%s' % (path, name) not in EXCEPTIONS:
      print('%s:%d: %s has %d lines' % (path, n, name, size))
      failed = True
    elif size > LOOK:
      print('%s:%d: info: %s has %d lines' % (path, n, name, size))
sys.exit(1 if failed else 0)
