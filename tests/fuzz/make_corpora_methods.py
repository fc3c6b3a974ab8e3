#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Corpus of fuzz_methods: whole conversations with a device, one for each method, and some that go wrong."""
import os
import sys

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'corpora', 'methods')
OK = 9  # no error of the link


def ata(status=0x50, error=0, count=0, lba=0, flags=3):
  return bytes([OK, flags, status, error]) + count.to_bytes(2, 'big') + lba.to_bytes(4, 'big') + b'\0'


def scsi(status=0, key=0, asc=0, ascq=0, data=b''):
  size = (len(data) + 7) // 8
  return bytes([OK, status, key, asc, ascq, 0, 0, 0, 0, size]) + data.ljust(size * 8, b'\0')


def nvme(status=0, data=b''):
  size = (len(data) + 7) // 8
  return bytes([OK]) + status.to_bytes(2, 'big') + bytes([size]) + data.ljust(size * 8, b'\0')


def look(state=0):
  return bytes([state, OK])


def log(sprog, sstat, cdw10):
  return nvme(0, sprog.to_bytes(2, 'little') + sstat.to_bytes(2, 'little') + cdw10.to_bytes(4, 'little'))


RUNS = bytes([0x70, 0, 2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x04, 0x1b, 0, 0x80, 0x40, 0])
IDLE = bytes([0x70, 0, 0, 0, 0, 0, 0, 10] + [0] * 10)
CTRL = bytes([0] * 4 + [0x53] * 20 + [0x4d] * 40).ljust(256, b'\0') + bytes([2]).ljust(268, b'\0') + bytes([4])
LIST = (1).to_bytes(4, 'little')
NS = bytes([8]).ljust(130, b'\0') + bytes([9])
SANITIZED = ata() + ata(count=0x4000) + ata(count=0x4000, lba=0x8000) + ata(count=0x8000)
SECURED = look() + ata() + ata() + ata() + ata() + look()
ERASED = scsi(data=IDLE) + scsi() + scsi() + scsi(data=RUNS) + scsi(data=IDLE) + scsi()
END = bytes(16)

cases = {}
for i, name in enumerate(('ata_crypto', 'ata_block', 'ata_overwrite')):
  cases[name] = bytes([i, 0]) + SANITIZED
for i in (3, 4):
  cases['ata_security_%d' % i] = bytes([i, 0]) + SECURED
for i, name in enumerate(('scsi_crypto', 'scsi_block', 'scsi_overwrite')):
  cases[name] = bytes([5 + i, 0]) + ERASED
for i, cdw10 in enumerate((0x0c, 0x0a, 0x1b)):
  cases['nvme_%d' % i] = bytes([8 + i, 0]) + log(0xffff, 0, 0) + nvme() + log(100, 2, cdw10) + log(0xffff, 0x101, cdw10)
for i in (11, 12):
  cases['nvme_format_%d' % (i - 11)] = (bytes([i, 0]) + nvme(0, CTRL) + nvme(0, LIST) + nvme(0, NS) + nvme() + nvme(0, NS))
cases['ata_adopt'] = bytes([1, 3]) + ata(count=0x4000) + ata(count=0x8000)
cases['ata_failed'] = bytes([1, 0]) + ata() + ata(count=0x4000) + ata(status=0x51, error=4, lba=1)
cases['ata_recover'] = bytes([3, 1]) + look(6) + ata() + ata() + look() + look()
cases['scsi_failed'] = bytes([6, 0]) + scsi(data=IDLE) + scsi() + scsi() + scsi(data=RUNS) + scsi(data=IDLE) + scsi(2, 3, 0x31, 3)
cases['nvme_adopt'] = bytes([9, 3]) + log(5, 2, 0x0a) + log(0xffff, 0x101, 0x0a)
cases['nothing'] = b''

os.makedirs(OUT, exist_ok=True)
for name, data in cases.items():
  with open(os.path.join(OUT, name), 'wb') as f:
    f.write(data + (END if data else b''))
sys.stdout.write('%d inputs\n' % len(cases))
