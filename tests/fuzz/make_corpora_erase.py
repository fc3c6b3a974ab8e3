#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Corpora of the erase journal, by docs/erase/journal.md, and of records of erasures, made from a record of the corpus of those."""
import hashlib
import json
import os
import struct

CORPORA = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'corpora')
HERE = os.path.join(CORPORA, 'erase_journal')


def var(n):
  out = b''
  while True:
    out += bytes([n & 127 | (128 if n > 127 else 0)])
    n >>= 7
    if not n:
      return out


def text(s):
  return var(len(s)) + s.encode()


def extents(*all_):
  return var(len(all_)) + b''.join(var(g) + var(n) + var(e) for g, n, e in all_)


BEGIN = (b'\1' + text('3f2b0c9e-1111-4222-8333-444455556666') + text('S1') + text('naa.5') + text('M') + text('S1') +
         struct.pack('<QIIQ', 1 << 30, 512, 4096, 7) + text('/dev/sdx') + text('{}'))
STEP0 = b'\2\0' + text('ata-security-erase') + b'\0'
STEP1 = b'\2\1' + text('overwrite-stream') + b'\1' + bytes(range(32))
PASS_STREAM = b'\3\1\0\1\1' + bytes(32) + extents((7, 1, 5))
PASS_BYTES = b'\3\1\1\2\3' + b'abc' + extents()
DURABLE = b'\4\1\0' + struct.pack('<Q', 1 << 20) + extents((5, 3, 5), (90, 1, 61))
NOTE = b'\5\0' + text('password') + text('{"password":"00"}')
ENDED = b'\6\0\2\2' + extents()
VERIFIED = b'\7\1\1\1' + struct.pack('<QQQ', 10, 0, 0)
RESUMED = b'\x08' + struct.pack('<Q', 1)
FINISHED = b'\x09'
WHOLE = [BEGIN, STEP0, NOTE, ENDED, STEP1, PASS_STREAM, DURABLE, PASS_BYTES, RESUMED, VERIFIED, FINISHED]


def pack(entries, tail=b''):
  return b''.join(struct.pack('<H', len(e)) + e for e in entries) + (b'\xff\xff' + tail if tail else b'')


def raw(entries):
  out, last = b'hozen erase 1\n', bytes(8)
  for e in entries:
    head = struct.pack('<II', len(e), len(e) ^ 0xFFFFFFFF)
    last = hashlib.sha256(last + head + e).digest()[:8]
    out += head + e + last
  return out


os.makedirs(HERE, exist_ok=True)
for name, data in {
  'whole': pack(WHOLE), 'begin': pack([BEGIN]), 'raw': raw(WHOLE), 'torn': raw(WHOLE[:5])[:-4],
  'zeros': pack(WHOLE[:3], bytes(100)), 'noise': pack(WHOLE[:3], b'\5\0\0\0xxxxxxxxxxxxxxxxxxxxxxx'), 'empty': b'',
  'unknown_type': pack([BEGIN, b'\x10']), 'twice': pack([BEGIN, BEGIN]), 'no_begin': pack([STEP0]),
  'no_step': pack([BEGIN, NOTE]), 'order': pack([BEGIN, STEP1]), 'after_end': pack(WHOLE + [RESUMED]),
  'overlap': pack([BEGIN, STEP0, STEP1, PASS_STREAM, b'\4\1\0' + bytes(8) + extents((5, 3, 5), (0, 1, 5))]),
  'far': pack([BEGIN, STEP0, STEP1, PASS_STREAM, b'\4\1\0' + bytes(8) + extents((2**63, 2**63, 5))]),
  'count': pack([BEGIN, STEP0, STEP1, PASS_STREAM, b'\4\1\0' + bytes(8) + var(2**40)]),
  'notes': pack([BEGIN, STEP0] + [NOTE] * 20),
}.items():
  with open(os.path.join(HERE, name), 'wb') as f:
    f.write(data)

KEY = bytes(range(32)).hex()
DEVICE = {'serial': 'S1', 'wwn': None, 'model': 'M', 'bytes': 1 << 20, 'logical_sector': 512, 'physical_sector': 4096}
STREAM = {'kind': 'stream', 'cipher': 'aes-256-ctr', 'key': KEY, 'pattern': None}


def step(fill, bad=(), touched='all', seed=None):
  return {'method': 'overwrite-stream', 'state': 'completed', 'touched': touched, 'bad': list(bad),
          'verification': {'kind': 'full', 'seed': seed, 'fill': fill, 'sectors': 2048, 'mismatched': 0, 'unreadable': 0}}


def result(*steps, **device):
  return {'type': 'sanitize_summary', 'device': dict(DEVICE, **device), 'level': 'clear', 'steps': list(steps)}


with open(os.path.join(CORPORA, 'record', '1'), encoding='utf-8') as f:
  record = json.load(f)
os.makedirs(os.path.join(CORPORA, 'erased'), exist_ok=True)
record['predicateType'], record['predicate']['kind'] = 'urn:hozen:record:sanitize:v1', 'sanitize'
for name, value in {
  'stream': result(step(STREAM, [[5, 3], [9, 1]], seed=KEY)), 'bytes': result(step({'kind': 'bytes', 'pattern': '00'})),
  'two': result(step(STREAM), step({'kind': 'bytes', 'pattern': 'a55a'}, touched='no')), 'none': result(), 'null': None,
  'change': result({'method': 'nvme-crypto-erase', 'touched': 'all', 'verification': {'kind': 'change', 'seed': KEY, 'fill': None}}),
  'refused-overlap': result(step(STREAM, [[5, 3], [6, 1]])), 'refused-size': result(bytes=1000),
  'refused-key': result(step(dict(STREAM, key='00'))), 'refused-far': result(step(STREAM, [[2047, 2]])),
}.items():
  record['predicate']['result'] = value
  with open(os.path.join(CORPORA, 'erased', name), 'w', encoding='utf-8') as f:
    json.dump(record, f, indent=2)
    f.write('\n')
