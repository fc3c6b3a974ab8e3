# SPDX-License-Identifier: BSD-2-Clause
"""docs/format/session.md: sessions, commits and their bodies, marks."""
from . import crypto, tree
from .admin import check_signatures, signed_message
from .codec import Refused, Sections, need
from .container import suite_hash

METADATA, DATA = 1, 2
SNAPSHOT, NO_SNAPSHOT, ABANDONED, EVICTED = 1, 2, 3, 4


def byte(n):
    return bytes([n])


class Session:
    def __init__(self, o, uid, log):
        self.object, self.suite, self.repo = o, o.suite, o.repo
        s = Sections(o.body, {1, 0x4001, 0x4002, 0x4003}, {1, 0x4001, 0x4002, 0x4003}, o.name)
        c = s.cursor(1)
        self.uid, self.writer, self.group, self.epoch, self.base = c.uid(), c.uid(), c.uid(), c.u32(), c.id()
        self.commitments = {METADATA: c.id(), DATA: c.id()}
        c.end()
        need(self.uid == uid, o.name + ": wrong uid")
        need(self.writer in log.writers, o.name + ": the log knows no such writer")
        need(self.group == log.writers[self.writer][2], o.name + ": not the writer's group")
        need(self.epoch in log.recipients, o.name + ": the log knows no such epoch")
        check_signatures(o, s, {self.writer: log.writers[self.writer][0]}, 1)
        self.hash = suite_hash(o.suite, signed_message(o, s))
        self.seals = {METADATA: s.values[0x4002], DATA: s.values[0x4003]}

    def key(self, role, secret):
        context = [self.repo, self.uid, self.writer, byte(role), self.epoch.to_bytes(4, "little"), byte(self.suite)]
        try:
            key = crypto.seal_open(self.suite, secret, "session", context, self.seals[role], "seal")
        except Refused as refused:
            # Whoever holds the recipient's secret opens every session of its epoch.
            raise Refused("CORRUPT", "%s: %s" % (self.object.name, refused)) from None
        need(len(key) == 32, self.object.name + ": length of a session key")
        commitment = crypto.derive(self.suite, key, "session commitment", self.uid, byte(role))
        need(commitment == self.commitments[role], self.object.name + ": commitment")
        return key


class Commit:
    def __init__(self, o, session, log):
        self.object, self.session, self.id, name = o, session, o.hash(), o.name
        known = {1, 2, 3, 4, 0x8005, 0x4001, 0x4002}
        s = Sections(o.body, known, {1, 2, 0x4001}, name)
        c = s.cursor(1)
        self.kind, uid, self.signer, self.number, session_hash = c.u8(), c.uid(), c.uid(), c.u64(), c.id()
        c.end()
        need(uid == session.uid and session_hash == session.hash, name + ": of another session")
        need(1 <= self.kind <= 4, "%s: kind %d" % (name, self.kind))
        need(check_signatures(o, s, self.signers(log), 1) == [self.signer], name + ": not signed by the stated signer")
        c = s.cursor(2)
        self.parents = c.row(c.u8(), c.id)
        c.end()
        self.runs, self.body_uid, self.sections = [], None, s
        if self.kind in (ABANDONED, EVICTED):
            need(set(s.values) == {1, 2, 0x4001} and not self.parents, name + ": sections that its kind has not")
            return
        own = known if self.kind == SNAPSHOT else known - {4, 0x4002}
        need(set(s.values) | {0x8005} == own and len(s.values.get(0x8005, bytes(32))) == 32, name + ": not the sections of its kind")
        c = s.cursor(3)
        self.runs = c.row(c.u16(), lambda: (c.uid(), c.id()), "any")
        need(all(a[0] < b[0] for a, b in zip(self.runs, self.runs[1:])), c.what + ": not in ascending order")
        c.end()
        if self.kind == NO_SNAPSHOT:
            return
        c = s.cursor(4)
        self.body_uid, body_hash = c.uid(), c.id()
        c.end()
        need(suite_hash(o.suite, s.values[0x4002]) == body_hash, name + ": hash of the body")

    def signers(self, log):
        if self.kind != EVICTED:
            return {self.session.writer: log.writers[self.session.writer][0]}
        return log.managers()

    def body(self, metadata_key):
        o = self.object
        key = crypto.derive(o.suite, metadata_key, "commit body", self.body_uid)
        ad = byte(7) + byte(o.suite) + o.repo + self.session.uid + self.body_uid
        return crypto.aead_open(o.suite, key, bytes(12), ad, self.sections.values[0x4002], o.name + ": body")


def text(c):
    data = c.blob()
    need(len(data) <= 65536, c.what + ": too long")
    return data


class Body:
    """The snapshot."""

    def __init__(self, data, what):
        s = Sections(data, set(range(1, 13)), set(range(1, 13)), what + ": body")
        c = s.cursor(1)
        self.start, self.end = self.time(c), self.time(c)
        self.duration = c.u64()
        c.end()
        self.host, self.tool = s.values[2], s.values[5]
        self.paths, self.tags = self.blobs(s.cursor(3)), self.blobs(s.cursor(4))
        c = s.cursor(6)
        self.counts = c.row(c.var(), c.u64, "any")
        c.end()
        c = s.cursor(7)
        self.complete = c.flag()
        c.end()
        self.root = tree.Entry(s.values[8], what + ": root")
        self.errors_all, self.errors = self.error_list(s.cursor(9))
        c = s.cursor(10)
        self.admin_head = (c.u64(), c.id())
        self.heads_seen = c.row(c.var(), c.id)
        c.end()
        c = s.cursor(11)
        self.policy = c.id()
        c.end()
        c = s.cursor(12)
        self.source = c.id()
        c.end()

    @staticmethod
    def time(c):
        t = (c.i64(), c.u32(), c.flag())
        need(t[1] < 10**9, c.what + ": nanoseconds")
        return t

    @staticmethod
    def blobs(c):
        out = c.row(c.var(), lambda: text(c), "any")
        c.end()
        return out

    @staticmethod
    def error_list(c):
        total, listed = c.u64(), c.var()
        out = c.row(listed, lambda: (c.u8(), text(c), text(c)), "any")
        c.end()
        need(total >= listed, c.what + ": more errors listed than there are")
        return total, out


class Mark:
    def __init__(self, o, number, log):
        s = Sections(o.body, {1, 2, 0x4001}, {1, 2, 0x4001}, o.name)
        c = s.cursor(1)
        self.number, self.kind, self.head = c.u64(), c.u8(), (c.u64(), c.id())
        c.end()
        need(self.number == number and self.kind in (1, 2), o.name + ": number or kind")
        c = s.cursor(2)
        self.packs = c.row(c.var(), c.uid)
        c.end()
        check_signatures(o, s, log.managers(), 1)
