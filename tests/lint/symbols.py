#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The symbols that a built libhozen.so exports are exactly those that the public headers declare with HZ_API."""
import re
import subprocess
import sys
import csource

if len(sys.argv) != 2:
  sys.exit('usage: symbols.py libhozen.so')
declared = set()
for path in csource.files('lib/include/*.h'):
  declared |= set(re.findall(r'^HZ_API\b[^;{]*?\b(\w+)\s*(?:\(|\[|;)', csource.code(path), re.M))
nm = subprocess.run(['nm', '-D', '--defined-only', sys.argv[1]], capture_output=True, text=True, check=False)
if nm.returncode != 0:
  sys.exit(nm.stderr or 'nm failed')
exported = {f[2].split('@')[0] for f in (l.split() for l in nm.stdout.splitlines()) if len(f) == 3 and f[1] != 'A'}
bad = ['%s: declared, but not exported' % s for s in sorted(declared - exported)]
bad += ['%s: exported, but in no public header' % s for s in sorted(exported - declared)]
if not declared:
  bad.append('no declaration was found: this check is broken')
print('\n'.join(bad), end='\n' if bad else '')
sys.exit(1 if bad else 0)
