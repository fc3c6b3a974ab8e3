# SPDX-License-Identifier: BSD-2-Clause
"""Which files are ours, and their C text without comments and strings, line numbers kept."""
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIP = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def files(*patterns):
  """Tracked files, or without git all files, whose path begins and ends so: 'lib/*.c' is ('lib/', '.c')."""
  try:
    out = subprocess.run(['git', '-C', ROOT, 'ls-files'], capture_output=True, text=True, check=True).stdout.split('\n')
  except (OSError, subprocess.CalledProcessError):
    out = [os.path.relpath(os.path.join(d, f), ROOT) for d, _, names in os.walk(ROOT) for f in names]
  wanted = [p.split('*') for p in patterns]
  return sorted(f for f in out if any(f.startswith(a) and f.endswith(b) for a, b in wanted)
                and os.path.isfile(os.path.join(ROOT, f)))


def text(path):
  with open(os.path.join(ROOT, path), encoding='utf-8') as f:
    return f.read()


def code(path):
  """Comments and the insides of literals blanked; #include lines survive."""
  def blank(m):
    return m.group(0) if m.group(0)[0] == '"' and includes(m) else re.sub(r'[^\n]', ' ', m.group(0))

  def includes(m):
    line = m.string[m.string.rfind('\n', 0, m.start()) + 1:m.start()]
    return re.fullmatch(r'\s*#\s*include\s*', line)
  return SKIP.sub(blank, text(path))


def numbered(path):
  return enumerate(code(path).split('\n'), 1)
