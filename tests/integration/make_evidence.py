#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""make_evidence.py FOLDER END DAYS [SEED [policy]]: an evidence folder with the records of so many days before END (RFC 3339, UTC), as a
host would have written them: nightly backups of two hosts, a weekly one of a third, weekly verifications, monthly drills,
keys; with "policy" the evaluation of one at the end, in which a key is overdue. Signed with openssl; what is in it and why is by docs/evidence, not by our code. Prints facts of it as JSON."""
import base64
import datetime
import hashlib
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import uuid

folder, end, days = sys.argv[1], sys.argv[2], int(sys.argv[3])
rnd = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 1)
end = datetime.datetime.strptime(end, '%Y-%m-%dT%H:%M:%SZ')
os.makedirs(folder + '/records', mode=0o700)
os.makedirs(folder + '/pending', mode=0o700)
seed = hashlib.sha256(b'make_evidence %d' % rnd.randrange(1 << 30)).digest()
work = tempfile.mkdtemp()
der = work + '/key.der'
with open(der, 'wb') as f:
  f.write(bytes.fromhex('302e020100300506032b657004220420') + seed)
pub = subprocess.run(['openssl', 'pkey', '-inform', 'DER', '-in', der, '-pubout', '-outform', 'DER'], capture_output=True, check=True).stdout[-32:]


def sign(data):
  path = work + '/data'
  with open(path, 'wb') as f:
    f.write(data)
  return subprocess.run(['openssl', 'pkeyutl', '-sign', '-keyform', 'DER', '-inkey', der, '-rawin', '-in', path],
                        capture_output=True, check=True).stdout


def string(b):
  return struct.pack('>I', len(b)) + b


key_blob = string(b'ssh-ed25519') + string(pub)


def sshsig(data):
  inner = b'SSHSIG' + string(b'hozen-record') + string(b'') + string(b'sha512') + string(hashlib.sha512(data).digest())
  blob = b'SSHSIG' + struct.pack('>I', 1) + string(key_blob) + string(b'hozen-record') + string(b'') + string(b'sha512')
  blob += string(string(b'ssh-ed25519') + string(sign(inner)))
  text = base64.b64encode(blob).decode()
  lines = [text[i:i + 70] for i in range(0, len(text), 70)]
  return ('-----BEGIN SSH SIGNATURE-----\n' + '\n'.join(lines) + '\n-----END SSH SIGNATURE-----\n').encode()


class Tree:
  """RFC 6962, incrementally: roots of perfect subtrees."""

  def __init__(self):
    self.stack, self.n = [], 0

  def add(self, line):
    h, size = hashlib.sha256(b'\0' + line).digest(), 1
    while self.stack and self.stack[-1][1] == size:
      h, size = hashlib.sha256(b'\1' + self.stack.pop()[0] + h).digest(), size * 2
    self.stack.append((h, size))
    self.n += 1

  def root(self):
    if not self.stack:
      return hashlib.sha256(b'').digest()
    h = self.stack[-1][0]
    for left, _ in reversed(self.stack[:-1]):
      h = hashlib.sha256(b'\1' + left + h).digest()
    return h


def stamp(t):
  return t.strftime('%Y-%m-%dT%H:%M:%S.000000000Z')


tree, log = Tree(), b''
REPOSITORY = 'a1b2c3d4-0000-4000-8000-00000000c0de'
exits = {'done': 0, 'failed': 1, 'exceptions': 3, 'damage': 4, 'refused': 5, 'overdue': 6}
counts = {}
runs, reads = {}, []  # runs: of each host, begin and end of backups that made a snapshot; reads: begins of whole verifications


def record(kind, command, start, seconds, host, outcome, result, controls, ident=None, **more):
  global log
  rid = str(uuid.UUID(int=rnd.getrandbits(128), version=4))
  identity = json.dumps({'kind': kind, 'repository': REPOSITORY, 'host': host, **(ident or {})})
  tool = command.split(' ')[0]
  predicate = {
    'id': rid, 'kind': kind, 'command': command, 'outcome': outcome, 'exit': exits[outcome], 'error': None,
    'identity': identity,
    'time': {'start': stamp(start), 'end': stamp(start + datetime.timedelta(seconds=seconds)), 'duration_ns': int(seconds * 1e9),
             'clock': {'source': 'chrony', 'synchronized': True, 'offset_ns': 12000, 'error_bound_ns': 1800000}},
    'operator': {'name': more.get('operator', 'backup'), 'from': 'login', 'uid': 0, 'login': 'root', 'sudo_from': None},
    'ticket': more.get('ticket'), 'host': {'name': host, 'machine': None},
    'tool': {'name': tool, 'version': '0.1.0', 'build_id': None, 'sha256': None, 'library_build_id': None,
             'library_sha256': None, 'self_test': 'passed'},
    'controls': controls, 'result': result, 'failures': more.get('failures', []), 'failures_total': len(more.get('failures', [])),
    'not_checked': more.get('not_checked', []), 'assumptions': more.get('assumptions', []), 'overrides': [], 'late': False,
    'log': {'size': tree.n, 'root': base64.b64encode(tree.root()).decode()}}
  predicate['error'] = more.get('error')
  statement = {'_type': 'https://in-toto.io/Statement/v1',
               'subject': [{'name': 'identity', 'digest': {'sha256': hashlib.sha256(identity.encode()).hexdigest()}}],
               'predicateType': 'urn:hozen:record:%s:v1' % kind, 'predicate': predicate}
  data = (json.dumps(statement, indent=2, ensure_ascii=False) + '\n').encode()
  sig = sshsig(data)
  month = start.strftime('%Y-%m')
  os.makedirs('%s/records/%s' % (folder, month), exist_ok=True)
  name = '%s/%s' % (month, rid)
  for suffix, body in (('.json', data), ('.json.sig', sig)):
    with open('%s/records/%s%s' % (folder, name, suffix), 'wb') as f:
      f.write(body)
  line = ('%s %s %s\n' % (name, hashlib.sha256(data).hexdigest(), hashlib.sha256(sig).hexdigest())).encode()
  log += line
  tree.add(line)
  counts[kind] = counts.get(kind, 0) + 1


def backup(start, host, gib, outcome):
  n = int(gib * 1500)
  runs.setdefault(host, []).append((start, start + datetime.timedelta(seconds=gib * 1.7 + 11.5), outcome))
  failures = []
  error = None
  if outcome == 'exceptions':
    failures = [{'kind': 'source', 'path': '/srv/share/営業部/見積書_%02d.xlsx' % i, 'message': 'open: Permission denied'} for i in range(3)]
  if outcome == 'failed':
    error = 'store: put pack 77c1: No space left on device'
  result = None if outcome == 'failed' else {
    'type': 'summary', 'schema': 'summary-v1', 'snapshot_id': hashlib.sha256(stamp(start).encode()).hexdigest(), 'complete': outcome == 'done',
    'dry_run': False, 'files_new': n // 90, 'files_changed': n // 60, 'files_unmodified': n, 'dirs_new': 3, 'dirs_changed': 40,
    'dirs_unmodified': n // 12, 'others': 7, 'data_blobs': 4200, 'data_blobs_known': 88000, 'data_added': int(gib * 3e7),
    'stored_bytes': int(gib * 1.4e7), 'read_bytes': int(gib * 4e7), 'total_files_processed': n + n // 40,
    'total_bytes_processed': int(gib * (1 << 30)), 'total_duration': gib * 1.7 + 11.5, 'source_errors': len(failures), 'packs_taken_over': 0,
    'protected': True, 'alarms': [], 'exit': exits[outcome]}
  record('backup', 'hozen-backup create', start, gib * 1.7 + 11.5, host, outcome, result, ['8.13', '8.24'], failures=failures, error=error,
         assumptions=[])


def drill(start, host, gib, seconds):
  rto = 7200
  record('drill', 'hozen-verify drill', start, seconds / 20, host, 'done' if seconds <= rto else 'overdue', {
    'type': 'drill_summary', 'schema': 'drill_summary-v1', 'level': 'L3', 'snapshot_id': 'ab' * 32, 'host': host,
    'snapshot_time': stamp(start - datetime.timedelta(hours=20)), 'snapshot_files': 80214, 'snapshot_bytes': int(gib * (1 << 30)),
    'chosen_files': 459, 'chosen_bytes': int(gib * (1 << 24)), 'files': 459, 'dirs': 88, 'others': 0, 'bytes': int(gib * (1 << 24)),
    'read_back': 547, 'read_back_differ': 0, 'failed_damage': 0, 'failed_target': 0, 'metadata_short': 0, 'mended': 0, 'compared': 547,
    'same': 541, 'source_changed': 6, 'source_gone': 0, 'source_unreadable': 0, 'damaged': 0, 'seconds': seconds / 20,
    'estimated_seconds': seconds, 'age_seconds': 72000, 'rto': {'seconds': rto, 'verdict': 'met' if seconds <= rto else 'missed'},
    'rpo': {'seconds': 90000, 'verdict': 'met'}, 'seed': 421337,
    'confidence': '459 of 80214 files, none bad: with 99 % confidence fewer than 1 % are bad', 'test_command': None,
    'not_checked': ['extended attributes of symlinks'], 'assumptions': [], 'exit': 0}, ['8.13'],
         not_checked=['what is in files that were not chosen'], assumptions=['a restore of all goes on as fast as that of the sample'])


def verify(start, host, whole):
  result = {'type': 'repo_summary', 'schema': 'repo_summary-v1', 'level': 'L2', 'looked_at': ['structure', 'trees', 'checksums', 'content'],
            'not_looked_at': [], 'objects': 12000, 'snapshots': 380, 'packs': 9000, 'chunks': 881000, 'bytes_read': 1 << 38, 'num_errors': 0,
            'mendable': 0, 'snapshots_hurt': 0, 'dead_packs': 0, 'total_duration': 812.5, 'exit': 0}
  if whole:
    reads.append(start)
  else:
    result.update({'sample_packs': 459, 'sample_of_packs': 9000, 'confidence': 'with 99 % confidence fewer than 1 % are bad'})
  record('verify', 'hozen-verify repo', start, 812.5, host, 'done', result, ['8.13', '8.34'])


def day_of(day, i, last):
  """What a day has; `last` days from the end things go wrong on purpose."""
  night = day + datetime.timedelta(hours=17, minutes=2, seconds=rnd.randrange(40))  # 02:02 in Japan
  backup(night, 'fileserver', 210, 'done')
  at = night + datetime.timedelta(minutes=20)
  if last in (9, 10):
    counts['missed'] = counts.get('missed', 0) + 1
  elif last in (17,):
    backup(at, 'database', 95, 'failed')
  elif last in (3, 22):
    backup(at, 'database', 95, 'exceptions')
  else:
    backup(at, 'database', 95, 'done')
  if day.weekday() == 5:
    backup(night + datetime.timedelta(hours=1), 'laptop-eigyo-03', 34, 'done')
    verify(night + datetime.timedelta(hours=2), 'fileserver', day.day <= 7)
  if day.day == 15:
    drill(day + datetime.timedelta(hours=4), 'fileserver', 210, 4100 + 260 * (i % 12) + rnd.randrange(300))
    drill(day + datetime.timedelta(hours=5), 'database', 95, 6900 + 14 * i % 900)


first = (end - datetime.timedelta(days=days)).replace(hour=0, minute=0, second=0)
record('init', 'hozen-backup init', first, 2, 'fileserver', 'done', {'type': 'initialized', 'schema': 'initialized-v1', 'id': REPOSITORY,
       'repository': '/srv/backup', 'suite': 'aes-256-gcm', 'writer_id': 'ab' * 16, 'key_file': '/etc/hozen/writer.key', 'protected': True, 'exit': 0},
       ['8.13', '8.24'])
for i in range(days):
  day = first + datetime.timedelta(days=i)
  if day + datetime.timedelta(hours=21) < end:
    day_of(day, i, days - i)
record('key', 'hozen-backup key export', end - datetime.timedelta(hours=30), 3, 'fileserver', 'done',
       {'type': 'key_exported', 'schema': 'key_exported-v1', 'role': 'lister', 'id': 'cd' * 16, 'key_file': '/root/lister.key', 'exit': 0}, ['8.24'],
       operator='田中 一郎', ticket='CHG-2026-0417')

def policy(start, host):
  check = {'control': '8.24', 'target': 'no key is older than 365d', 'target_value': 31536000, 'newest_fact': None, 'records': [],
           'records_sha256': [], 'snapshots': []}
  system = {'name': 'files', 'owner': '情報システム部', 'status': 'overdue', 'repositories': ['main'], 'repository_ids': [REPOSITORY],
            'hosts': [host], 'paths': ['/srv'], 'rpo_s': 90000, 'rto_s': 7200,
            'checks': [{**check, 'name': 'key_age', 'actual': 'the oldest of repository main, writer fileserver, is 400d old',
                        'actual_value': 34560000, 'status': 'overdue'}]}
  record('policy', 'hozen-verify policy', start, 1, host, 'overdue', {
    'type': 'policy_summary', 'schema': 'policy_summary-v1', 'policy': {
      'id': 'backup-policy', 'sha256': 'fe' * 32, 'version': '3', 'owner': '情報システム部', 'approved': stamp(first), 'review': stamp(end)},
    'time': stamp(start), 'status': 'overdue', 'systems': [system], 'assets': None,
    'counts': {'met': 0, 'not_evidenced': 0, 'overdue': 1, 'missed': 0}, 'records_bad': 0, 'records_untrusted': 0, 'exit': 6}, ['8.13', '8.24'])


if sys.argv[5:] == ['policy']:
  policy(end - datetime.timedelta(hours=1), 'fileserver')


def shown(t):
  """As a page in Japan shows it."""
  return (t + datetime.timedelta(hours=9)).strftime('%Y-%m-%d %H:%M')


def page_1(host):
  """What the first page has to say of a host: begin of the last run, when the next one is due, and the oldest backup that was
  not read whole since."""
  starts = [r[0] for r in runs[host]]
  gaps = sorted(b - a for a, b in zip(starts, starts[1:]))
  unread = [r[0] for r in runs[host] if r[2] in ('done', 'exceptions') and not any(t >= r[1] for t in reads)]
  return {'last': shown(starts[-1]), 'next': shown(starts[-1] + gaps[len(gaps) // 2]), 'unread': shown(unread[0])}


origin = 'hozen.log/' + hashlib.sha256(pub).hexdigest()
text = '%s\n%d\n%s\n' % (origin, tree.n, base64.b64encode(tree.root()).decode())
key_id = hashlib.sha256(origin.encode() + b'\n\x01' + pub).digest()[:4]
note = text + '\n— %s %s\n' % (origin, base64.b64encode(key_id + sign(text.encode())).decode())
line = 'host namespaces="hozen-record" ssh-ed25519 %s\n' % base64.b64encode(key_blob).decode()
for name, body in (('log', log), ('checkpoint', note.encode()), ('signing.pub', line[line.index('ssh-'):].encode()),
                   ('allowed_signers', line.encode()), ('signing.key', seed)):
  with open(folder + '/' + name, 'wb') as f:
    f.write(body)
os.chmod(folder + '/signing.key', 0o600)
os.chmod(folder, 0o700)
print(json.dumps({'entries': tree.n, 'root': base64.b64encode(tree.root()).decode(), 'counts': counts, 'page_1': {h: page_1(h) for h in runs}}))
