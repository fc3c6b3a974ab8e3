# SPDX-License-Identifier: BSD-2-Clause
"""docs/format/pack.md and run.md: packs with both roles, index runs."""
import ctypes
import ctypes.util
import shutil
import subprocess

from . import crypto
from .admin import check_signatures
from .codec import Cursor, Sections, need
from .container import suite_hash
from .session import DATA, METADATA, byte

FRAME, TABLE, ROOT = 1, 2, 3
AS_IS, ZSTD, PAD = 0, 1, 2
RAW_MAX = 16 << 20
FIRST = 352


# --- zstd


def zstd_frame(data, what):
    """The stated content size of the one frame that data must be (RFC 8878)."""
    c = Cursor(data, what + ": zstd")
    need(c.u32() == 0xFD2FB528, what + ": not zstd")
    flags = c.u8()
    single, size_flag = flags & 0x20, flags >> 6
    c.take(0 if single else 1)
    c.take((0, 1, 2, 4)[flags & 3])
    need(single or size_flag, what + ": zstd: no content size")
    size = c.uint((1, 2, 4, 8)[size_flag]) + (256 if size_flag == 1 else 0)
    last = 0
    while not last:
        head = c.uint(3)
        last = head & 1
        c.take(1 if head >> 1 & 3 == 1 else head >> 3)
    c.take(4 if flags & 4 else 0)
    c.end()
    return size


def decompress(data, raw, what):
    need(zstd_frame(data, what) == raw, what + ": zstd: content size")
    if shutil.which("zstd"):
        done = subprocess.run(["zstd", "-dcq"], input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        need(done.returncode == 0, what + ": zstd")
        plain = done.stdout
    else:
        lib, out = ctypes.CDLL(ctypes.util.find_library("zstd")), ctypes.create_string_buffer(max(raw, 1))
        lib.ZSTD_decompress.restype = ctypes.c_size_t
        n = lib.ZSTD_decompress(out, ctypes.c_size_t(raw), data, ctypes.c_size_t(len(data)))
        need(n == raw, what + ": zstd")
        plain = out.raw[:raw]
    need(len(plain) == raw, what + ": raw length")
    return plain


# --- packs


class Frame:
    def __init__(self, c):
        self.offset, self.stored, self.raw = c.u32(), c.u32(), c.u32()
        self.method, self.writer, self.count = c.u8(), c.u16(), c.u32()
        self.members = []


class Pack:
    """keys: the session's keys by role; content is decrypted when it is asked for."""

    def __init__(self, o, uid, sessions, keys):
        self.object, self.uid, self.name = o, uid, o.name
        c = Cursor(o.stream, o.name)
        c.take(128)
        self.session, self.writer = None, None
        stated, session, self.writer = c.uid(), c.uid(), c.uid()
        c.zeros(16)
        need(stated == uid, o.name + ": wrong uid")
        need(session in sessions, o.name + ": its session is missing")
        self.session = sessions[session]
        need(self.session.writer == self.writer, o.name + ": not its session's writer")
        roots = {DATA: c.take(80), METADATA: c.take(80)}
        labels = {METADATA: "pack metadata", DATA: "pack data"}
        self.frames, self.tables, self.keys = {}, {}, {}
        for role in (METADATA, DATA):
            if keys(self.session, role):
                self.keys[role] = crypto.derive(o.suite, keys(self.session, role), labels[role], uid)
                self.frames[role] = self.read_table(role, roots[role])
        if DATA in self.frames:
            self.check_rest()

    def open(self, role, space, counter, writer, sealed):
        nonce = byte(space) + bytes(3) + counter.to_bytes(8, "little")
        o = self.object
        ad = byte(5) + byte(o.suite) + o.repo + writer + self.uid + byte(role) + nonce[:1] + nonce[4:]
        what = "%s: role %d, space %d, %d" % (self.name, role, space, counter)
        return crypto.aead_open(o.suite, self.keys[role], nonce, ad, sealed, what)

    def at(self, offset, length):
        need(FIRST <= offset <= len(self.object.stream) and length <= len(self.object.stream) - offset,
             self.name + ": beyond the data blocks")
        return self.object.stream[offset:offset + length]

    def read_table(self, role, sealed):
        what = "%s: table of role %d" % (self.name, role)
        c = Cursor(self.open(role, ROOT, 0, self.writer, sealed), what)
        offset, length, frames, members = c.u32(), c.u32(), c.u32(), c.u32()
        c.zeros(48)
        c.end()
        if not length:
            need(not offset and not frames and not members, what + ": a root without table is zero")
            return []
        self.tables[role] = (offset, length)
        c = Cursor(self.open(role, TABLE, 0, self.writer, self.at(offset, length)), what)
        self.writers = c.row(c.u16(), c.uid, "any")
        need(c.u32() == frames and frames <= c.left(), what + ": number of frames")
        rows = [Frame(c) for _ in range(frames)]
        need(sum(f.count for f in rows) == members, what + ": number of members")
        for i, f in enumerate(rows):
            need(f.count <= c.left(), what + ": cut short")
            f.members = [(c.id(), c.u32()) for _ in range(f.count)]
            self.check_frame(role, rows, i, what)
        c.end()
        return rows

    def check_frame(self, role, rows, i, what):
        f = rows[i]
        f.owner = self.writers[f.writer] if f.writer < len(self.writers) else None
        need(f.owner, what + ": place of a writer")
        need(i == 0 or rows[i - 1].offset + rows[i - 1].stored <= f.offset, what + ": frames overlap or do not ascend")
        self.at(f.offset, f.stored)
        need(f.stored >= 17 and f.raw <= RAW_MAX, what + ": length of a frame")
        need(f.method in (AS_IS, ZSTD, PAD), "%s: method %d" % (what, f.method))
        need(f.method == ZSTD or f.raw == f.stored - 16, what + ": raw length")
        if f.method == PAD:
            need(role == DATA and i == len(rows) - 1 and not f.members, what + ": a pad in a wrong place")
            return
        need(f.members, what + ": a frame without members")
        need(sum(length for _, length in f.members) == f.raw, what + ": lengths of members")

    def check_rest(self):
        """Frames, tables and pad lie without gap; what is left is zero."""
        spans = sorted([(f.offset, f.stored) for rows in self.frames.values() for f in rows] + list(self.tables.values()))
        at = FIRST
        if METADATA in self.frames:
            for offset, length in spans:
                need(offset == at, self.name + ": a gap or an overlap")
                at += length
        at = max([at] + [offset + length for offset, length in spans])
        padded = self.frames[DATA] and self.frames[DATA][-1].method == PAD
        need(not padded or at == len(self.object.stream), self.name + ": a pad that does not reach the end")
        need(not any(self.object.stream[at:]), self.name + ": bytes behind the last frame")

    def raw(self, role, i):
        f = self.frames[role][i]
        plain = self.open(role, FRAME, i, f.owner, self.at(f.offset, f.stored))
        what = "%s: frame %d" % (self.name, i)
        if f.method == ZSTD:
            return decompress(plain, f.raw, what)
        need(f.method != PAD or not any(plain), what + ": a pad that is not zero")
        return plain

    def chunks(self, role):
        """(id, bytes) of each member; pads are verified on the way."""
        for i, f in enumerate(self.frames[role]):
            plain, at = self.raw(role, i), 0
            for chunk, length in f.members:
                yield chunk, plain[at:at + length]
                at += length

    def members(self):
        return [m for rows in self.frames.values() for f in rows for m in f.members]


# --- runs

PAGE = 4096


class Run:
    def __init__(self, o, uid, sessions, log):
        self.object, self.uid = o, uid
        s = Sections(o.body, {1, 2, 0x4001, 0x4002}, {1, 2, 0x4001, 0x4002}, o.name)
        c = s.cursor(1)
        stated, session, self.signer, self.group, pages_hash = c.uid(), c.uid(), c.uid(), c.uid(), c.id()
        c.end()
        need(stated == uid, o.name + ": wrong uid")
        need(session in sessions, o.name + ": its session is missing")
        self.session, self.pages = sessions[session], s.values[0x4002]
        need(self.group == self.session.group, o.name + ": not its session's group")
        need(check_signatures(o, s, log.all_signers(), 1) == [self.signer], o.name + ": not signed by the stated signer")
        need(suite_hash(o.suite, self.pages) == pages_hash, o.name + ": hash of the pages")
        c = s.cursor(2)
        self.supersedes = c.row(c.u16(), c.id)
        c.end()
        self.packs, self.entries = [], []

    def read(self, index_key):
        name = self.object.name
        need(self.pages and len(self.pages) % PAGE == 0, name + ": length of the pages")
        key = crypto.derive(self.object.suite, index_key, "run", self.uid)
        plain = [self.page(key, i) for i in range(len(self.pages) // PAGE)]
        c = Cursor(plain[0], name)
        packs, pack_pages, entries, entry_pages = c.u32(), c.u32(), c.u64(), c.u32()
        c.zeros(c.left())
        need(pack_pages == -(-packs // 78) and entry_pages == -(-entries // 113), name + ": number of pages")
        need(1 + pack_pages + entry_pages <= len(plain), name + ": more pages than there are")
        first = 1 + pack_pages
        self.packs = list(self.items(plain[1:first], packs, 78, lambda c: (c.uid(), c.u32(), c.id())))
        self.entries = list(self.items(plain[first:first + entry_pages], entries, 113, lambda c: (c.id(), c.u32())))
        need(not any(map(any, plain[first + entry_pages:])), name + ": padding that is not zero")
        uids = [p[0] for p in self.packs]
        need(all(a < b for a, b in zip(uids, uids[1:])), name + ": packs do not ascend")
        need(all(a < b for a, b in zip(self.entries, self.entries[1:])), name + ": entries do not ascend")
        need(all(place < packs for _, place in self.entries), name + ": place of a pack")

    def page(self, key, i):
        o = self.object
        nonce = byte(1) + bytes(3) + i.to_bytes(8, "little")
        ad = byte(6) + byte(o.suite) + o.repo + self.signer + self.uid
        return crypto.aead_open(o.suite, key, nonce, ad, self.pages[i * PAGE:(i + 1) * PAGE], "%s: page %d" % (o.name, i))

    def items(self, pages, count, per_page, take):
        for page in pages:
            c = Cursor(page, self.object.name)
            for _ in range(min(count, per_page)):
                yield take(c)
            count -= min(count, per_page)
            c.zeros(c.left())
