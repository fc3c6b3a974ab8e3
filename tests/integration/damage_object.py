#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""damage_object.py FILE N [STRIPE]: changes N blocks of one stripe of a stored object (docs/format/container.md): two can be
mended, three cannot. Of a large pack, stripe 2 begins with blocks of frames, past the head."""
import os
import sys

BLOCK = 4096
path, count = sys.argv[1], int(sys.argv[2])
stripe = int(sys.argv[3]) if len(sys.argv) > 3 else 2
blocks = os.path.getsize(path) // BLOCK
stripes = -(-blocks // 42)
os.chmod(path, 0o600)
with open(path, 'r+b') as f:
  for i in range(count):
    at = (stripe % stripes + i * stripes) * BLOCK + 100
    f.seek(at)
    old = f.read(8)
    f.seek(at)
    f.write(bytes(b ^ 0x5a for b in old))
