#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the corpora of fuzz_ata, fuzz_sense, fuzz_scsi and fuzz_nvme: answers as devices give them, cut off and bent."""
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))


def write(target, name, data):
  folder = os.path.join(HERE, 'corpora', target)
  os.makedirs(folder, exist_ok=True)
  with open(os.path.join(folder, name), 'wb') as f:
    f.write(data)


def words(**values):
  page = bytearray(512)
  for n, v in values.items():
    struct.pack_into('<H', page, 2 * int(n[1:]), v)
  return page


def text(page, word, length, value):
  value = value.ljust(length)
  for i in range(length):
    page[2 * word + (i ^ 1)] = ord(value[i])


def summed(page, a5=True):
  if a5:
    page[510] = 0xA5
  page[511] = -sum(page[:511]) & 0xFF
  return bytes(page)


def identify(**more):
  page = words(w0=0x40, w59=0xF000, w60=0xFFFF, w61=0x0FFF, w80=0x7F0, w82=0x403, w83=0x4C00, w84=0x4100, w85=0x403,
               w87=0x4100, w89=0x38, w90=0x8040, w106=0x6003, w108=0x5001, w109=0x4EE2, w119=0x4100, w128=0x21, w169=1,
               w217=7200)
  struct.pack_into('<Q', page, 200, 1953525168)
  text(page, 10, 20, 'WD-WCC4N0000001')
  text(page, 23, 8, '80.00A80')
  text(page, 27, 40, 'WDC WD10EZEX')
  for n, v in more.items():
    struct.pack_into('<H', page, 2 * int(n[1:]), v)
  return page


def ata():
  write('ata', 'disk', summed(identify()))
  write('ata', 'ssd-frozen', summed(identify(w217=1, w128=0x29)))
  write('ata', 'large-sectors', summed(identify(w106=0x5000, w117=2048)))
  write('ata', 'words-ffff', summed(identify(w59=0xFFFF, w83=0xFFFF, w106=0xFFFF, w128=0xFFFF, w217=0xFFFF)))
  write('ata', 'refused-packet', summed(identify(w0=0x8580)))
  write('ata', 'refused-checksum', summed(identify())[:-1] + b'x')
  write('ata', 'refused-short', summed(identify())[:511])
  smart = bytearray(512)
  for i, (attribute, raw) in enumerate(((5, 3), (9, 1234), (190, 30), (194, 31), (197, 2))):
    smart[2 + 12 * i] = attribute
    struct.pack_into('<I', smart, 2 + 12 * i + 5, raw)
  write('ata', 'smart', summed(smart, False))
  for name, top in (('dco', 1953525167), ('dco-one', 1), ('dco-huge', 2**64 - 1)):
    page = bytearray(512)
    struct.pack_into('<Q', page, 6, top)
    write('ata', name, summed(page))
  write('ata', 'registers', bytes([3, 0x50, 0, 0, 0x80, 1, 2, 3, 4, 5, 6, 0]))


def sense():
  descriptor = bytes([0x72, 1, 0, 0x1D, 0, 0, 0, 14, 9, 12, 1, 4, 0x80, 1, 2, 3, 4, 5, 6, 7, 0x40, 0x50])
  fixed = bytes([0x70, 0, 1, 4, 0x50, 0x40, 1, 10, 0, 1, 2, 3, 0, 0x1D, 0, 0, 0, 0])
  write('sense', 'descriptor', descriptor)
  write('sense', 'descriptor-cut', descriptor[:21])
  write('sense', 'descriptor-length', descriptor[:7] + b'\xff' + descriptor[8:])
  write('sense', 'descriptor-progress', bytes([0x72, 2, 4, 0x1B, 0, 0, 0, 8, 2, 6, 0, 0, 0x80, 0x80, 0, 0]))
  write('sense', 'fixed', fixed)
  write('sense', 'fixed-cut', fixed[:13])
  write('sense', 'fixed-empty', b'\x70' + bytes(6) + b'\x0a' + bytes(10))
  write('sense', 'fixed-progress', bytes([0x70, 0, 2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 4, 0x1B, 0, 0x80, 0x80, 0]))
  write('sense', 'deferred', bytes([0x71, 0, 4, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x44, 0, 0, 0, 0, 0]))
  write('sense', 'vendor', b'\x7f' + bytes(17))


def scsi():
  write('scsi', 'inquiry', bytes([0, 0x80, 6, 2, 31, 0, 0, 0]) + b'SEAGATE ST4000NM0025    N004')
  write('scsi', 'serial', bytes([0, 0x80, 0, 20]) + b'ZC1001'.rjust(20))
  write('scsi', 'serial-length', bytes([0, 0x80, 0xFF, 0xFF]) + b'Z')
  names = bytes([2, 1, 0, 8]) + b'ATA xyz ' + bytes([1, 3, 0, 8]) + bytes.fromhex('50014ee20a1b2c3d')
  names += bytes([0x61, 0x93, 0, 8]) + bytes(8) + bytes([3, 8, 0, 12]) + b'naa.50014ee2'
  write('scsi', 'names', bytes([0, 0x83, 0, len(names)]) + names)
  write('scsi', 'names-length', bytes([0, 0x83, 0, len(names)]) + names[:3] + b'\xff' + names[4:])
  write('scsi', 'characteristics', bytes([0, 0xB1, 0, 60, 0x1C, 0x20]) + bytes(58))
  write('scsi', 'capacity', struct.pack('>QI', 976754645, 4096) + bytes([1, 3, 0x80]) + bytes(17))
  write('scsi', 'supported', bytes([0, 3, 0, 16]) + bytes(16))
  write('scsi', 'pages', bytes([0, 0, 0, 3, 0, 0x0D, 0x2F]))
  for name, page, parameter in (('temperature', 0x0D, [0, 0, 3, 2, 0, 33]), ('errors', 3, [0, 6, 2, 8] + [0] * 7 + [9]),
                                ('errors-long', 3, [0, 6, 2, 200] + [0] * 200), ('wear', 0x11, [0, 1, 3, 4, 0, 0, 0, 9]),
                                ('hours', 0x15, [0, 0, 3, 4, 0, 0, 28, 32]), ('failing', 0x2F, [0, 0, 3, 3, 0x5D, 16, 50])):
    write('scsi', 'log-' + name, bytes([page, 0, 0, len(parameter)] + parameter))
  write('scsi', 'log-cut', bytes([0x0D, 0, 0, 60, 0, 0, 3, 2, 0]))


def nvme():
  c = bytearray(4096)
  c[4:24] = b'S4EWNX0R000001'.ljust(20)
  c[24:64] = b'Samsung SSD 970 EVO Plus 1TB'.ljust(40)
  struct.pack_into('<H', c, 256, 0x1F)
  struct.pack_into('<I', c, 328, 0xE0000007)
  c[524] = 7
  c[768:790] = b'nqn.2014-08.org.nvmexp'
  write('nvme', 'controller', bytes(c))
  n = bytearray(4096)
  struct.pack_into('<Q', n, 0, 262144)
  n[25], n[26] = 1, 1
  struct.pack_into('<II', n, 128, 9 << 16, 12 << 16)
  n[104:128] = bytes(range(24))
  write('nvme', 'namespace', bytes(n))
  n[25], n[26] = 63, 0x6F
  write('nvme', 'namespace-format', bytes(n))
  write('nvme', 'allocated', struct.pack('<III', 1, 2, 9) + bytes(4084))
  write('nvme', 'allocated-full', b''.join(struct.pack('<I', i + 1) for i in range(1024)))
  write('nvme', 'smart', bytes([0, 0x3B, 1, 100, 10, 7]) + bytes(122) + struct.pack('<QQQQQQ', 1, 0, 2, 0, 5, 1) + bytes(336))
  write('nvme', 'sanitize', struct.pack('<HHIIIIIII', 0xFFFF, 0x101, 10, 0xFFFFFFFF, 30, 2, 0, 0, 0) + bytes(480))
  write('nvme', 'cut', bytes(c[:4095]))


ata()
sense()
scsi()
nvme()
