# SPDX-License-Identifier: BSD-2-Clause
"""docs/format/audit.md, and of docs/evidence/README.md the log: sealed copies of evidence."""
import base64
import hashlib
import re

import purecrypto

from . import crypto
from .admin import check_signatures
from .codec import Sections, need
from .container import suite_hash
from .pack import decompress, zstd_frame

ENTRIES_MAX, RAW_MAX, LINE = (1 << 30) // 175, 16 << 20, 175
UUID = rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
ENTRY = re.compile(rb"[0-9]{4}-[0-9]{2}/" + UUID + rb" ([0-9a-f]{64}) ([0-9a-f]{64})\n")


def sha256(data):
    return hashlib.sha256(data).digest()


def checkpoint(note, public, what):
    """(entries, root), when this key signed it."""
    text, _, signatures = note.partition(b"\n\n")
    text += b"\n"
    origin, size, root = text.split(b"\n")[:3]
    name = b"hozen.log/" + sha256(public).hex().encode()
    need(origin == name and size.isdigit(), what + ": checkpoint of another log")
    key_id = sha256(name + b"\n\1" + public)[:4]
    prefix = "\u2014 ".encode() + name + b" "
    ours = [base64.b64decode(s[len(prefix):]) for s in signatures.split(b"\n") if s.startswith(prefix)]
    need(any(s[:4] == key_id and purecrypto.ed25519_verify(s[4:], public, text) for s in ours), what + ": checkpoint")
    return int(size), base64.b64decode(root)


class Audit:
    def __init__(self, o, uid, log, secret):
        self.object, self.log, self.entries, name = o, None, [], o.name
        known = {1, 0x4001, 0x4002, 0x4003}
        s = Sections(o.body, known, known, name)
        c = s.cursor(1)
        self.uid, self.epoch, self.first, self.count, digest = c.uid(), c.u32(), c.u64(), c.u64(), c.id()
        c.end()
        need(self.uid == uid and 0 < self.count and self.first + self.count <= ENTRIES_MAX, name + ": malformed")
        sealed, cipher = s.values[0x4002], s.values[0x4003]
        need(len(sealed) == 112 and suite_hash(o.suite, sealed + cipher) == digest, name + ": hash of what is sealed")
        may = {**{w: v[0] for w, v in log.writers.items()}, **log.past_agents}
        self.signer = check_signatures(o, s, may, 1)[0]
        if secret:
            self.open(o, crypto.seal_open(o.suite, secret, "audit", [o.repo, uid], sealed, name), cipher)

    def open(self, o, key, cipher):
        name = o.name
        ad = bytes([10, o.suite]) + o.repo + self.uid
        frame = crypto.aead_open(o.suite, key, bytes(12), ad, cipher, name)
        size = zstd_frame(frame, name)
        need(0 < size <= RAW_MAX, name + ": size")
        s = Sections(decompress(frame, size, name), {1, 2, 3}, {1, 2, 3}, name + ": inside")
        self.log = s.values[1]
        need(len(self.log) == 32 and len(s.values[2]) <= 4096, name + ": inside")
        self.head = checkpoint(s.values[2], self.log, name)
        need(self.head[0] >= self.first + self.count, name + ": its checkpoint does not cover it")
        c = s.cursor(3)
        for _ in range(self.count):
            line, record, signature = c.take(LINE), c.blob(), c.blob()
            m = ENTRY.fullmatch(line)
            need(m and len(record) <= 1 << 20 and len(signature) <= 1024, name + ": entry")
            hashes = [sha256(record).hex().encode(), sha256(signature).hex().encode()]
            need(not record and not signature or hashes == [m[1], m[2]], name + ": not the entry's record")
            self.entries.append((line, record, signature))
        c.end()
