#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tars that no honest program writes: make_tar.py OUT. Every name that may be restored begins with ok."""
import io
import sys
import tarfile


def member(tar, name, data=None, kind=None, link='', **more):
  t = tarfile.TarInfo(name)
  t.mtime = 1000000000
  t.mode = 0o640
  t.linkname = link
  t.type = kind or tarfile.REGTYPE
  for k, v in more.items():
    setattr(t, k, v)
  if data is not None:
    t.size = len(data)
  tar.addfile(t, io.BytesIO(data) if data is not None else None)


with tarfile.open(sys.argv[1], 'w', format=tarfile.PAX_FORMAT) as tar:
  member(tar, '/ok-absolute', b'made relative')
  member(tar, '../up', b'x')
  member(tar, 'ok-dir/../../up', b'x')
  member(tar, 'ok-dir//./twice', b'first')
  member(tar, '..', kind=tarfile.DIRTYPE)
  member(tar, '.', b'a file with the root\'s name')
  member(tar, 'n' * 256, b'too long')
  member(tar, 'ok-link', kind=tarfile.SYMTYPE, link='/etc')
  member(tar, 'ok-link/shadow', b'what stands below a link makes it a folder')
  member(tar, 'ok-long-link', kind=tarfile.SYMTYPE, link='l' * 5000)
  member(tar, 'ok-hard', kind=tarfile.LNKTYPE, link='../../etc/passwd')
  member(tar, 'ok-hard2', kind=tarfile.LNKTYPE, link='nothing')
  member(tar, 'ok-self', b'self')
  member(tar, 'ok-self', kind=tarfile.LNKTYPE, link='ok-self')
  member(tar, 'ok-dir/twice', b'the later wins')
  member(tar, 'ok-kind/below', b'x')
  member(tar, 'ok-kind', b'a file now')
  member(tar, 'ok-again/below', b'old')
  member(tar, 'ok-again', b'file')
  member(tar, 'ok-again/new', b'new')
  member(tar, 'ok-deep' + '/d' * 20000 + '/end', b'deep')
  member(tar, 'ok-owner', b'x', uid=-5)
