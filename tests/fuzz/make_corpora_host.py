#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the corpora of fuzz_journal, fuzz_state, fuzz_cache, fuzz_keys and fuzz_names. What an input is stands at the head
of each target."""
from make_corpora_objects import OBJECT, GROUP, REPO, ROOT_PUB, WRITER, blob, bundle, ident, le16, le32, le64, section, signed, var, write


def record(payload):
  return le16(len(payload)) + payload


def journal():
  def pack(n, ids):
    return OBJECT + le32(65536) + ident(n) + le32(len(ids)) + b''.join(ids)
  ids = [ident(i) for i in range(3)]
  write('journal', 'two', record(pack(1, ids)) + record(pack(2, [])))
  write('journal', 'refused-torn', record(pack(1, ids)) + le16(0xFFFF) + le32(84) + b'x' * 40)
  write('journal', 'refused-length', le16(0xFFFF) + le32(0xFFFFFFFF) + b'x' * 40)
  write('journal', 'refused-counts', record(pack(1, ids)[:52] + le32(0x10000000) + b'x' * 32))
  write('journal', 'nothing', b'')


def state():
  heads = var(2) + ident(1) + ident(2) + var(1) + ident(3)
  write('state', 'heads', b'\0' + heads)
  write('state', 'refused-heads-longer', b'\0' + heads + b'x')
  write('state', 'refused-heads-count', b'\0' + var(2**60) + ident(1))
  write('state', 'past', b'\x01' + ident(1) + ident(2))
  write('state', 'past-torn', b'\x01' + ident(1) + b'x' * 5)
  one = OBJECT + le32(0) + b'\x01' + ident(1) + le64(7) + b'\x02' + ident(2) + ident(3)
  write('state', 'seen', b'\x02' + one + WRITER + le32(1) + b'\x82' + ident(4) + le64(1) + b'\0')
  write('state', 'refused-seen-parents', b'\x02' + one[:-32])


def cache():
  def child(name, record=0):
    return blob(name) + b's' * 60 + b'\0' + le64(record) + blob(b'entry of ' + name)
  slice1 = b'\x01' + le32(2) + child(b'a') + child(b'name', 136)
  slice2 = b'\x01' + le32(1) + child(b'z')
  at2 = 136 + 4 + len(slice1) + 8
  listed = b'\x02' + le32(2) + le64(136) + le64(at2)
  write('cache', 'folder', b'\0' + record(slice1))
  write('cache', 'slices', b'\x02' + record(slice1) + record(slice2) + record(listed))
  write('cache', 'refused-list-of-itself', b'\0' + record(b'\x02' + le32(1) + le64(136)))
  write('cache', 'refused-count', b'\0' + record(b'\x01' + le32(0xFFFFFFFF) + child(b'a')))
  write('cache', 'refused-place', b'\0' + record(b'\x02' + le32(1) + le64(2**63)))
  write('cache', 'refused-short', b'\0' + record(slice1[:-1]))


def keys():
  head = le16(1) + le64(0) * 3 + b'\0' * 8 + b'\x01\x18'
  repo = section(1, head) + section(2, b'\x01' + ROOT_PUB) + section(3, ident(0))
  write('keys', 'repo', b'\0' + signed(repo))
  write('keys', 'refused-repo-features', b'\0' + signed(section(1, le16(1) + le64(0) * 2 + le64(1) + b'\0' * 8 + b'\x01\x18') + repo[len(section(1, head)):]))
  write('keys', 'refused-repo-pack-size', b'\0' + signed(section(1, head[:-1] + b'\x40') + repo[len(section(1, head)):]))
  lock = b'\x01' + le32(65536) + le32(4) + b's' * 16
  slot = section(1, b'\x01' + OBJECT) + section(2, b'\x06\x01' + b'k' * 16 + le32(1)) + section(3, lock) + section(4, b'w' * 300)
  write('keys', 'slot', b'\x01' + signed(slot))
  write('keys', 'refused-slot-lock', b'\x01' + signed(slot.replace(b'\x06\x01' + b'k', b'\x06\x02' + b'k')))
  write('keys', 'refused-slot-cut-off', b'\x01' + signed(slot[:-307]))
  group = section(1, b'\x02' + OBJECT) + section(2, GROUP + le32(1)) + section(3, b'm' * 144) + section(4, b'd' * 112) + section(5, b'\0')
  write('keys', 'group', b'\x02' + signed(group))
  write('keys', 'refused-group-short-seals', b'\x02' + signed(section(1, b'\x02' + OBJECT) + section(2, GROUP + le32(1)) + section(3) + section(4) + section(5, b'\0')))
  write('keys', 'keyfile', b'\x03' + bundle(3, (1, 2, 3, 7, 8, 9)))
  write('keys', 'refused-keyfile', b'\x03' + bundle(3, (1, 2, 3, 7, 8)))


def names():
  uid = b'0123456789abcdef0123456789abcdef'
  for i, name in enumerate((b'packs/' + uid, b'keys/slot.' + uid, b'commits/' + uid + b'.12', b'admin/0000000007.0')):
    write('names', 'name-%u' % i, name)
    write('names', 'refused-copy-%u' % i, name + b'.copy')
  write('names', 'refused-try', b'commits/' + uid + b'.1000')
  write('names', 'refused-zeros', b'admin/0000000007.00')
  write('names', 'refused-upper', b'packs/' + uid.upper())


if __name__ == '__main__':
  journal()
  state()
  cache()
  keys()
  names()
