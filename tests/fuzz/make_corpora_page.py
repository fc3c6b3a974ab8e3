#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""make_corpora_page.py FOLDER OUT: samples for fuzz_page from the records of an evidence folder, such as that of a session with
each command: a page of each kind of record, and overviews of all. Host, paths and programs are made neutral."""
import json
import pathlib
import re
import socket
import sys

folder, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
out.mkdir(parents=True, exist_ok=True)
state = str(folder.resolve().parent.parent)
records = {}
for path in sorted(folder.glob('records/*/*.json')):
  text = path.read_text()
  text = re.sub(re.escape(state), '/srv', text)
  text = re.sub(r'\b%s\b' % re.escape(socket.gethostname()), 'alpha', text)
  predicate = json.loads(text)['predicate']
  records.setdefault(predicate['kind'] + '-' + predicate['outcome'], text.encode())
for i, (name, text) in enumerate(sorted(records.items())):
  (out / name).write_bytes(bytes([i & 1]) + text)
names = sorted(records)
for i in range(0, len(names), 7):
  (out / ('overview-%d' % (i // 7))).write_bytes(bytes([2 + i % 2]) + b'\0'.join(records[n] for n in names[i:i + 7]))
(out / 'bad').write_bytes(b'\2{"_type":"no record"}\0\0{}')
