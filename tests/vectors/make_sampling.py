#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""docs/erase/sampling.md once more, in Python. Writes sampling/vectors.txt beside itself; with arguments SEED SECTORS LOGICAL
PHYSICAL it prints the places instead."""
import hashlib
import os
import struct
import sys


class Numbers:
  def __init__(self, seed):
    self.seed, self.j, self.left = seed, 0, []

  def word(self):
    if not self.left:
      block = hashlib.sha256(b'hozen-sampling-1' + self.seed + struct.pack('<Q', self.j)).digest()
      self.j += 1
      self.left = list(struct.unpack('<4Q', block))
    return self.left.pop(0)

  def below(self, k):
    rest = 2**64 % k
    while True:
      x = self.word()
      if x < 2**64 - rest:
        return x % k


def places(seed, sectors, logical, physical):
  grain = physical // logical if physical % logical == 0 else 1
  grain = max(grain, 1)
  grains = sectors // grain
  if grains < 20000:
    return [(0, sectors)]
  numbers, out = Numbers(seed), []
  for i in range(1000):
    start, end = i * grains // 1000, (i + 1) * grains // 1000
    n = end - start
    length = (n + 19) // 20
    while True:
      a, b = numbers.below(n - length + 1), numbers.below(n - length + 1)
      if abs(a - b) >= length:
        break
    out += [(start + min(a, b), length), (start + max(a, b), length)]
  if out[0][0] != 0:
    out.insert(0, (0, 1))
  if sum(out[-1]) < grains:
    out.append((grains - 1, 1))
  out = [(at * grain, n * grain) for at, n in out]
  if grains * grain < sectors:
    out.append((grains * grain, sectors - grains * grain))
  return out


CASES = [
  (bytes(range(32)), 19999, 512, 512), (bytes(range(32)), 20000, 512, 512), (bytes(range(32)), 20001, 512, 512),
  (bytes(32), 159999, 512, 4096), (bytes(32), 160000, 512, 4096), (bytes(32), 160007, 512, 4096),
  (b'\xff' * 32, 131072, 512, 512), (b'\xff' * 32, 1, 4096, 4096), (b'a' * 32, 12345678, 4096, 4096),
  (b'b' * 32, 15628053168, 512, 4096), (b'c' * 32, 2**55 - 1, 512, 512), (b'd' * 32, 1000003, 520, 4096),
]


def main():
  if len(sys.argv) == 5:
    for lba, count in places(bytes.fromhex(sys.argv[1]), *map(int, sys.argv[2:])):
      print(lba, count)
    return
  with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'sampling', 'vectors.txt'), 'w', encoding='ascii') as f:
    f.write('# seed sectors logical physical: places, sectors in all, SHA-256 of all (le64 lba, le64 count), first, last\n')
    for case in CASES:
      all_ = places(*case)
      digest = hashlib.sha256(b''.join(struct.pack('<QQ', *p) for p in all_)).hexdigest()
      f.write('%s %d %d %d: %d %d %s %d+%d %d+%d\n' % ((case[0].hex(),) + case[1:] + (
        len(all_), sum(n for _, n in all_), digest) + all_[0] + all_[-1]))


main()
