#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the corpora of fuzz_section, fuzz_admin, fuzz_bundle, fuzz_session, fuzz_commit, fuzz_commit_body, fuzz_run,
fuzz_pack_table, fuzz_mark and fuzz_audit. What an input is stands at the head of each target. Fixed names as in signing.h."""
import base64
import hashlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'vectors'))
import purecrypto  # noqa: E402

WRITER, GROUP, OBJECT, REPO = b'\x11' * 16, b'\x22' * 16, b'\x33' * 16, b'\x44' * 16


def le16(n):
  return n.to_bytes(2, 'little')


def le32(n):
  return n.to_bytes(4, 'little')


def le64(n):
  return n.to_bytes(8, 'little')


def var(n):
  out = b''
  while n >= 0x80:
    out += bytes([n & 0x7F | 0x80])
    n >>= 7
  return out + bytes([n])


def blob(b):
  return var(len(b)) + b


def section(tag, data=b''):
  return le16(tag) + le32(len(data)) + data


def hash1(data):
  return hashlib.blake2b(data, digest_size=32).digest()


def ident(n):
  return hash1(le64(n))


ROOT_PUB = purecrypto.ed25519_public(b'\x02' * 32)
ROOT = hash1(ROOT_PUB)[:16]


def write(target, name, data):
  folder = os.path.join(HERE, 'corpora', target)
  os.makedirs(folder, exist_ok=True)
  with open(os.path.join(folder, name), 'wb') as f:
    f.write(data)


def variants(target, name, data):
  """The thing, cut off, longer, and with a byte changed near its end."""
  write(target, name, data)
  write(target, 'refused-' + name + '-cut-off', data[:-1])
  write(target, 'refused-' + name + '-longer', data + b'x')
  write(target, 'changed-' + name, data[:-3] + bytes([data[-3] ^ 0x40]) + data[-2:])


def sections():
  variants('section', 'all', section(1, b'one') + section(3) + section(7, b'x' * 300) + section(0x4001, b'tail'))
  write('section', 'nothing', b'')
  write('section', 'ignorable', section(1) + section(0x8002, b'?') + section(0x4001))
  write('section', 'refused-uncovered', section(1) + section(0x4001) + section(0xC003, b'?'))
  write('section', 'refused-unknown', section(1) + section(4))
  write('section', 'refused-order', section(2) + section(1))
  write('section', 'refused-twice', section(1) + section(1))
  write('section', 'refused-signed-after-unsigned', section(0x4001) + section(1))
  write('section', 'refused-number-0', section(0x8000))
  write('section', 'refused-too-many', b''.join(section(t) for t in (1, 2, 3, 7, 0x4001)))
  write('section', 'refused-length', le16(1) + le32(0xFFFFFFFF) + b'x')


def entry(who, items):
  return bytes([who]) + le16(len(items)) + items


def admin():
  recipients = section(2, le32(1) + b'm' * 32 + b'd' * 32)
  signers = section(1, b'\x01' + ROOT_PUB + b'\x06' + b'\x01' * 6)
  first = entry(0, signers + recipients)
  pub = b'w' * 32
  writer = section(3, hash1(pub)[:16] + pub + b'b' * 32 + GROUP + blob(b'name'))
  keeper, attester = (section(5, bytes([role]) + b'k' * 32 + blob(b'')) for role in (4, 5))
  keeper_id = hash1(b'k' * 32)[:16]
  ids = sorted(ident(i) for i in range(3))
  packs = sorted(i[:16] for i in ids)
  tomb = section(13, b'\x02' + var(3) + b''.join(ids) + b'\0' * 32 + le32(30) + blob(b''))
  person = section(13, b'\x01' + var(1) + ids[0] + b'\0' * 32 + le32(0) + blob(b'why'))
  undelete = section(14, var(1) + ids[1])
  final = section(15, le64(1) + ident(9) + var(3) + b''.join(packs))
  hold = section(11, b'h' * 16 + b'\x01' + var(1) + ids[0] + blob(b''))
  key = section(7, b'\x02' + b'g' * 16 + ident(4))
  write('admin', 'first', first)
  write('admin', 'refused-other-roots', entry(0, section(1, b'\x01' + b'r' * 32 + b'\x06' + b'\x01' * 6)))
  write('admin', 'refused-threshold', entry(0, section(1, b'\x01' + ROOT_PUB + b'\x06' + b'\x02' * 6)))
  variants('admin', 'writer', first + entry(0, writer + section(4, hash1(pub)[:16] + ids[0])))
  variants('admin', 'keys', first + entry(0, key + section(8, b'\x03' + b'i' * 16 + blob(b'n')) + section(9, b'g' * 16)))
  variants('admin', 'evidence', first + entry(0, section(0x8013, b'e' * 32 + blob(b'name'))))
  variants('admin', 'final', first + entry(0, final + section(16, le64(1))))
  write('admin', 'recipients-twice', first + entry(0, section(2, le32(2) + b'm' * 64)))
  write('admin', 'refused-epoch', first + entry(0, section(2, le32(3) + b'm' * 64)))
  write('admin', 'tombstones', first + entry(0, tomb + undelete) + entry(0, section(17, var(1) + ids[2] + blob(b''))))
  write('admin', 'keeper', first + entry(0, keeper) + entry(1, hold + tomb + final))
  write('admin', 'refused-keeper-by-person', first + entry(0, keeper) + entry(1, person))
  write('admin', 'refused-attester-forgets', first + entry(0, attester) + entry(1, tomb))
  write('admin', 'agent-end', first + entry(0, keeper) + entry(0, section(6, keeper_id)))
  write('admin', 'refused-after-end', first + entry(0, keeper) + entry(0, section(6, keeper_id)) + entry(1, hold))
  write('admin', 'refused-writer-signs', first + entry(2, hold))
  write('admin', 'refused-unknown-item', first + entry(0, section(0x100)))
  write('admin', 'ignorable-item', first + entry(0, section(0x8003) + section(0x8100, b'?')))
  write('admin', 'refused-order', first + entry(0, hold + key))
  write('admin', 'policy-hold-end-rollback', first + entry(0, section(10, ident(1) + blob(b'p')) + section(12, b'h' * 16 + blob(b'')) +
        section(18, le64(1) + ident(1) + ident(2))))
  write('admin', 'refused-packs-out-of-order', first + entry(0, section(15, le64(1) + ident(9) + var(2) + b'b' * 16 + b'a' * 16)))
  write('admin', 'refused-count', first + entry(0, section(15, le64(1) + ident(9) + b'\xff\xff\xff\xff\x0f')))


def bundle(role, tags):
  parts = {
    1: bytes([role]) + b'k' * 16 + le32(1), 2: b'\x02' + b'a' * 32 + b'b' * 32, 3: le64(1) + ident(1), 4: b's' * 32, 5: b'x' * 32,
    6: GROUP + b'g' * 32, 7: b'm' * 32 + b'd' * 32, 8: b'M' * 32, 9: b'D' * 32
  }
  return b''.join(section(t, parts[t]) for t in tags)


def bundles():
  roles = {'writer': (1, (1, 2, 3, 4, 5, 6, 7)), 'lister': (2, (1, 2, 3, 7, 8)), 'reader': (3, (1, 2, 3, 7, 8, 9)),
           'keeper': (4, (1, 2, 3, 4, 7, 8)), 'attester': (5, (1, 2, 3, 4, 7, 8, 9)), 'admin': (6, (1, 2, 3, 4, 7, 8, 9))}
  for name, (role, tags) in roles.items():
    variants('bundle', name, bundle(role, tags))
    write('bundle', 'refused-%s-lacks-one' % name, bundle(role, tags[:-1]))
  write('bundle', 'refused-role', bundle(7, roles['admin'][1]))
  write('bundle', 'refused-lister-with-content', bundle(2, roles['reader'][1]))
  write('bundle', 'ignorable', bundle(2, roles['lister'][1]) + section(0x800A, b'later'))
  write('bundle', 'refused-roots', section(1, b'\x02' + b'k' * 16 + le32(1)) + section(2, b'\x11' + b'a' * 544) +
        bundle(2, (3, 7, 8)))


def signed(clear, tail=b''):
  return le16(len(clear)) + clear + tail


def sessions():
  body = OBJECT + WRITER + GROUP + le32(1) + ident(1) + ident(2) + ident(3)
  tail = section(0x4002, b'm' * 112) + section(0x4003, b'd' * 112)
  variants('session', 'session', signed(section(1, body), tail))
  write('session', 'without-seals', signed(section(1, body)))
  write('session', 'refused-another-name', signed(section(1, b'\x34' + body[1:]), tail))
  write('session', 'refused-another-group', signed(section(1, body[:32] + b'\x23' + body[33:]), tail))
  write('session', 'short-seal', signed(section(1, body), section(0x4002, b'm' * 20)))
  write('session', 'refused-nothing', signed(b''))


def commit(kind, parents=(), runs=(), cipher=b'c' * 64, more=b'', signer=WRITER):
  clear = section(1, bytes([kind]) + OBJECT + signer + le64(1) + ident(5)) + section(2, bytes([len(parents)]) + b''.join(parents))
  tail = b''
  if kind <= 2:
    clear += section(3, le16(len(runs)) + b''.join(runs))
  if kind == 1:
    clear += section(4, b'B' * 16 + hash1(cipher))
    tail = section(0x4002, cipher)
  return signed(clear + more, tail)


def commits():
  ids = sorted(ident(i) for i in range(4))
  runs = sorted(i[:16] + i for i in ids)
  variants('commit', 'snapshot', b'\0' + commit(1, ids, runs))
  write('commit', 'plain', b'\0' + commit(2, ids[:1], runs))
  write('commit', 'abandoned', b'\0' + commit(3))
  write('commit', 'evicted', b'\x01' + commit(4, signer=ROOT))
  write('commit', 'refused-evicted-by-writer', b'\0' + commit(4))
  write('commit', 'refused-kind', b'\0' + commit(5))
  write('commit', 'refused-abandoned-with-parents', b'\0' + commit(3, ids))
  write('commit', 'refused-parents-out-of-order', b'\0' + commit(1, ids[::-1], runs))
  write('commit', 'refused-runs-twice', b'\0' + commit(1, ids, runs[:1] * 2))
  write('commit', 'refused-body-hash', b'\0' + commit(1)[:-1] + b'C')
  write('commit', 'evidence', b'\0' + commit(1, ids, runs, more=section(0x8005, b'e' * 32)))
  write('commit', 'refused-evidence-length', b'\0' + commit(1, ids, runs, more=section(0x8005, b'e' * 31)))
  write('commit', 'refused-abandoned-with-evidence', b'\0' + commit(3, more=section(0x8005, b'e' * 32)))
  write('commit', 'refused-unknown-section', b'\0' + commit(2, more=section(9)))


def body(**change):
  t = (1700000000).to_bytes(8, 'little') + le32(5) + b'\x01'
  parts = {
    1: t + t + le64(1000), 2: b'host', 3: var(2) + blob(b'/srv') + blob(b'/etc'), 4: var(1) + blob(b'tag'), 5: b'hozen 0.1',
    6: var(9) + b''.join(le64(i) for i in range(9)), 7: b'\x01', 8: b'root entry',
    9: le64(2) + var(1) + b'\x01' + blob(b'path') + blob(b'reason'), 10: le64(1) + ident(1) + var(1) + ident(2), 11: b'\0' * 32,
    12: ident(3)
  }
  parts.update({int(k[1:]): v for k, v in change.items()})
  return b''.join(section(k, v) for k, v in sorted(parts.items()) if v is not None)


def bodies():
  variants('commit_body', 'body', body())
  write('commit_body', 'fewer-counts', body(_6=var(2) + le64(1) * 2))
  write('commit_body', 'more-counts', body(_6=var(12) + le64(1) * 12))
  write('commit_body', 'nothing-listed', body(_3=var(0), _4=var(0), _9=le64(0) + var(0), _10=le64(0) + b'\0' * 32 + var(0)))
  write('commit_body', 'refused-nanoseconds', body(_1=(b'\0' * 8 + le32(10**9) + b'\0') * 2 + le64(0)))
  write('commit_body', 'refused-synchronized', body(_1=(b'\0' * 12 + b'\x02') * 2 + le64(0)))
  write('commit_body', 'refused-more-listed-than-all', body(_9=le64(0) + var(1) + b'\x01' + blob(b'p') + blob(b'r')))
  write('commit_body', 'refused-path-count', body(_3=b'\xff\xff\xff\xff\x7f'))
  write('commit_body', 'refused-without-root', body(_8=None))
  write('commit_body', 'refused-unknown', body(_13=b''))


def page(data):
  return le16(len(data)) + data


def run(packs, entries, supersedes=0, head=None, zero_pages=0):
  pack_pages = [packs[i:i + 78] for i in range(0, len(packs), 78)]
  entry_pages = [entries[i:i + 113] for i in range(0, len(entries), 113)]
  head = head or le32(len(packs)) + le32(len(pack_pages)) + le64(len(entries)) + le32(len(entry_pages))
  return bytes([supersedes]) + page(head) + b''.join(page(b''.join(p)) for p in pack_pages + entry_pages) + page(b'') * zero_pages


def runs():
  packs = sorted(ident(i)[:16] + le32(65536) + ident(i) for i in range(80))
  entries = sorted(ident(1000 + i) + le32(i % 80) for i in range(230))
  write('run', 'empty', run([], []))
  write('run', 'one', run(packs[:1], [ident(1) + le32(0)]))
  write('run', 'pages', run(packs, entries, 1, zero_pages=2))
  write('run', 'same-id-twice', run(packs, [ident(1) + le32(0), ident(1) + le32(1)]))
  write('run', 'refused-packs-out-of-order', run(packs[::-1], entries))
  write('run', 'refused-entries-out-of-order', run(packs, entries[::-1]))
  write('run', 'refused-entry-twice', run(packs, entries[:1] * 2))
  write('run', 'refused-pack-beyond', run(packs[:1], [ident(1) + le32(1)]))
  write('run', 'refused-pages', run([], [], head=le32(1) + le32(1) + le64(1) + le32(1)))
  write('run', 'refused-counts', run([], [], head=le32(0xFFFFFFFF) + le32(0x3483483) + le64(2**64 - 1) + le32(0xFFFFFFFF)))
  write('run', 'refused-pack-pages', run(packs, entries, head=le32(80) + le32(1) + le64(230) + le32(3)))


def table(frames, members, writers=(WRITER,), role=1, limit=10000):
  out = bytes([role]) + le32(limit) + le16(len(writers)) + b''.join(writers) + le32(len(frames))
  for off, stored, raw, method, writer, n in frames:
    out += le32(off) + le32(stored) + le32(raw) + bytes([method]) + le16(writer) + le32(n)
  return out + b''.join(i + le32(n) for i, n in members)


def tables():
  frames = [(352, 116, 100, 0, 0, 2), (500, 60, 300, 1, 0, 3), (600, 30, 14, 2, 0, 0)]
  members = [(ident(i), n) for i, n in enumerate((40, 60, 100, 100, 100))]
  variants('pack_table', 'data', table(frames, members))
  write('pack_table', 'metadata', table(frames[:2], members, role=0))
  write('pack_table', 'two-writers', table([(352, 116, 100, 0, 1, 2)], members[:2], (WRITER, GROUP)))
  write('pack_table', 'same-id-twice', table([(352, 116, 100, 0, 0, 2)], [(ident(1), 50)] * 2))
  write('pack_table', 'no-frames', table([], []))
  write('pack_table', 'refused-no-writers', table(frames, members, ()))
  write('pack_table', 'refused-pad-of-metadata', table(frames, members, role=0))
  write('pack_table', 'refused-beyond-the-end', table(frames, members, limit=620))
  write('pack_table', 'refused-overlap', table([frames[0], (467, 60, 300, 1, 0, 3)], members))
  write('pack_table', 'refused-sum', table(frames[:1], members[1:3]))
  write('pack_table', 'refused-counts-come-round', table([(352, 116, 100, 0, 0, 0xFFFFFFFF), (500, 60, 300, 1, 0, 3)], members[:2]))
  write('pack_table', 'refused-raw', table([(352, 60, (16 << 20) + 1, 1, 0, 1)], [(ident(1), (16 << 20) + 1)]))


def marks():
  packs = sorted(ident(i)[:16] for i in range(5))
  def mark(kind=1, n=7, p=packs):
    return signed(section(1, le64(n) + bytes([kind]) + le64(1) + ident(1)) + section(2, var(len(p)) + b''.join(p)))
  variants('mark', 'mark', b'\0' + mark())
  write('mark', 'lost', b'\0' + mark(2))
  write('mark', 'empty', b'\0' + mark(p=[]))
  write('mark', 'refused-by-writer', b'\x01' + mark())
  write('mark', 'refused-kind', b'\0' + mark(3))
  write('mark', 'refused-number', b'\0' + mark(n=8))
  write('mark', 'refused-order', b'\0' + mark(p=packs[::-1]))
  write('mark', 'refused-without-packs', b'\0' + signed(section(1, le64(7) + b'\x01' + le64(1) + ident(1))))


def sha256(data):
  return hashlib.sha256(data).digest()


def checkpoint(seed, lines):
  """docs/evidence, of at most two lines."""
  pub = purecrypto.ed25519_public(seed)
  origin = 'hozen.log/' + sha256(pub).hex()
  leaves = [sha256(b'\0' + l) for l in lines]
  root = sha256(b'\1' + b''.join(leaves)) if len(leaves) == 2 else leaves[0]
  text = '%s\n%d\n%s\n' % (origin, len(lines), base64.b64encode(root).decode())
  key_id = sha256(origin.encode() + b'\n\1' + pub)[:4]
  line = base64.b64encode(key_id + purecrypto.ed25519_sign(seed, text.encode())).decode()
  return pub, (text + '\n\u2014 %s %s\n' % (origin, line)).encode()


def audit():
  files = [(b'{"record":%d}\n' % i, b'signature %d\n' % i) for i in range(2)]
  lines = [b'2026-11/00000000-0000-4000-8000-%012d %s %s\n' % (i, sha256(r).hex().encode(), sha256(s).hex().encode())
           for i, (r, s) in enumerate(files)]
  pub, note = checkpoint(b'\x05' * 32, lines)
  full = b''.join(l + blob(r) + blob(s) for l, (r, s) in zip(lines, files))
  bare = b''.join(l + blob(b'') + blob(b'') for l in lines)

  def inside(entries=full, n=2, first=0, cp=note, key=pub, more=b''):
    return bytes([0, first, n]) + section(1, key) + section(2, cp) + section(3, entries) + more
  variants('audit', 'inside', inside())
  write('audit', 'inside-without-files', inside(bare))
  write('audit', 'inside-second', inside(lines[1] + blob(files[1][0]) + blob(files[1][1]), 1, 1))
  write('audit', 'inside-ignorable', inside(more=section(0x8004, b'?')))
  write('audit', 'refused-count', inside(n=3))
  write('audit', 'refused-not-covered', inside(first=1))
  write('audit', 'refused-other-key', inside(key=ROOT_PUB))
  write('audit', 'refused-checkpoint', inside(cp=note[:-10] + b'A' + note[-9:]))
  write('audit', 'refused-record', inside(full.replace(b'"record":1', b'"record":2')))
  write('audit', 'refused-without-checkpoint', bytes([0, 0, 2]) + section(1, pub) + section(3, full))
  # Frames that state 2^60 bytes, and five.
  write('audit', 'frame-huge', bytes([0, 0, 1]) + bytes.fromhex('28B52FFDE0' + '00' * 7 + '10010000'))
  write('audit', 'frame', bytes([0, 0, 1]) + bytes.fromhex('28B52FFD2005290000') + b'hello')
  seal, cipher = b's' * 112, b'c' * 40

  def outside(uid=OBJECT, first=0, n=2, tail=section(0x4002, seal) + section(0x4003, cipher)):
    head = section(1, uid + le32(1) + le64(first) + le64(n) + hash1(seal + cipher))
    return b'\x01' + signed(head, tail)
  variants('audit', 'object', outside())
  write('audit', 'refused-object-uid', outside(uid=REPO))
  write('audit', 'refused-object-none', outside(n=0))
  write('audit', 'refused-object-huge', outside(first=1 << 60))
  write('audit', 'refused-object-cipher', outside(tail=section(0x4002, seal) + section(0x4003, b'd' * 40)))


for make in (sections, admin, bundles, sessions, commits, bodies, runs, tables, marks, audit):
  make()
