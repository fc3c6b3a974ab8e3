# SPDX-License-Identifier: BSD-2-Clause
"""docs/format/keys.md: key bundles, key files, slots, group keys."""
import ctypes
import ctypes.util

from . import container, crypto
from .codec import Cursor, Sections, need

WRITER, LISTER, READER, KEEPER, ATTESTER, ADMIN = range(1, 7)
ALL = {1, 2, 3, 7}
HOLDS = {WRITER: ALL | {4, 5, 6}, LISTER: ALL | {8}, READER: ALL | {8, 9}, KEEPER: ALL | {4, 8}, ATTESTER: ALL | {4, 8, 9},
         ADMIN: ALL | {4, 8, 9}}


class Bundle:
    def __init__(self, data, suite, repo):
        s = Sections(data, set(range(1, 10)), {1}, "key bundle")
        self.suite, self.repo, self.sections = suite, repo, s
        c = s.cursor(1)
        self.role, self.key_id, self.epoch = c.u8(), c.uid(), c.u32()
        c.end()
        need(self.role in HOLDS, "key bundle: role %d" % self.role)
        need(set(s.values) == HOLDS[self.role], "key bundle: not the sections of its role")
        self.roots = root_keys(s.cursor(2))
        c = s.cursor(3)
        self.head = (c.u64(), c.id())
        c.end()
        self.seed, self.x25519 = self.secret(4), self.secret(5)
        self.recipients = self.pair(s.cursor(7))
        self.metadata, self.data = self.secret(8), self.secret(9)
        self.group = None
        if s.has(6):
            c = s.cursor(6)
            self.group = (c.uid(), c.id())
            c.end()
        self.check()

    def secret(self, tag):
        if not self.sections.has(tag):
            return None
        c = self.sections.cursor(tag)
        value = c.take(32)
        c.end()
        return value

    @staticmethod
    def pair(c):
        value = (c.take(32), c.take(32))
        c.end()
        return value

    def check(self):
        for secret, public in zip((self.metadata, self.data), self.recipients):
            need(secret is None or crypto.x25519_public(secret) == public, "key bundle: secret and public key do not fit")
        if self.role == WRITER:
            signer = crypto.signer_id(self.suite, crypto.ed25519_public(self.seed))
            need(signer == self.key_id, "key bundle: not the writer's id")


def root_keys(c):
    count = c.u8()
    need(1 <= count <= 16, c.what + ": number of root keys")
    keys = c.row(count, lambda: c.take(32))
    c.end()
    return keys


def key_file(path):
    with open(path, "rb") as f:
        o = container.decode(f.read(), "keyfile")
    need(o.type == container.KEYFILE, "key file: wrong type")
    s = Sections(o.body, {1}, {1}, "key file")
    return Bundle(s.values[1], o.suite, o.repo)


class Slot:
    """With the passphrase also the bundle, where a libsodium is installed that computes Argon2id."""

    LOCKS = {1: "passphrase", 2: "key file", 3: "X25519", 4: "shares"}

    def __init__(self, o, uid):
        self.object = o
        s = Sections(o.body, {1, 2, 3, 4, 0x4001}, {1, 2, 4, 0x4001}, "slot")
        self.sections = s
        kind_and_uid(s.cursor(1), 1, uid)
        c = s.cursor(2)
        self.role, self.lock, self.key_id, self.epoch = c.u8(), c.u8(), c.uid(), c.u32()
        c.end()
        need(self.lock in self.LOCKS, "slot: lock %d" % self.lock, "TOONEW")
        if self.lock == 1:
            c = s.cursor(3)
            need(c.u8() == 1, "slot: derivation is not known", "TOONEW")
            self.kib, self.passes, self.salt = c.u32(), c.u32(), c.take(16)
            c.end()
            need(self.kib >= 65536 and self.passes >= 4, "slot: weak parameters")
            need(self.kib <= 1048576 and self.passes <= 64, "slot: parameters beyond the limits", "UNSUPPORTED")

    def open(self, passphrase):
        key = argon2id(passphrase, self.salt, self.kib, self.passes)
        if key is None:
            return None
        o = self.object
        context = [o.repo, self.sections.before(4)]
        return Bundle(crypto.wrap_open(o.suite, key, "slot", context, self.sections.values[4], "slot"), o.suite, o.repo)


def argon2id(passphrase, salt, kib, passes):
    """None without libsodium: Argon2id in plain Python would take hours."""
    path = ctypes.util.find_library("sodium")
    if not path:
        return None
    lib, out = ctypes.CDLL(path), ctypes.create_string_buffer(32)
    failed = lib.crypto_pwhash(out, ctypes.c_ulonglong(32), passphrase, ctypes.c_ulonglong(len(passphrase)), salt,
                               ctypes.c_ulonglong(passes), ctypes.c_size_t(kib * 1024), ctypes.c_int(2))
    return None if failed else out.raw


def kind_and_uid(c, kind, uid):
    need(c.u8() == kind and c.uid() == uid, c.what + ": wrong kind or uid")
    c.end()


class Group:
    """Keys of a group, as far as the bundle opens them."""

    def __init__(self, o, uid, bundle):
        self.suite, self.uid = o.suite, uid
        s = Sections(o.body, {1, 2, 3, 4, 5, 0x4001}, {1, 2, 3, 4, 5, 0x4001}, "group")
        self.sections = s
        kind_and_uid(s.cursor(1), 2, uid)
        c = s.cursor(2)
        self.group, epoch = c.take(16), c.take(4)
        c.end()
        self.epoch = int.from_bytes(epoch, "little")
        c = s.cursor(5)
        self.members = c.row(c.var(), lambda: (c.uid(), c.take(32 + 80)))
        c.end()
        context = [o.repo, self.group, epoch]
        pair = crypto.seal_open(o.suite, bundle.metadata, "group metadata", context, s.values[3], "group: metadata seal")
        need(len(pair) == 64, "group: length of the metadata seal")
        self.index, self.metadata_id = pair[:32], pair[32:]
        self.content_id = None
        if bundle.data:
            secret = crypto.seal_open(o.suite, bundle.data, "group data", context, s.values[4], "group: data seal")
            self.set_secret(secret)

    def set_secret(self, secret):
        need(len(secret) == 32, "group: length of the secret")
        need(crypto.derive(self.suite, secret, "index") == self.index, "group: index key")
        need(crypto.derive(self.suite, secret, "metadata id") == self.metadata_id, "group: metadata-id key")
        self.content_id = crypto.derive(self.suite, secret, "content id")

    def node_id(self, domain, data):
        key = self.content_id if domain == 0 else self.metadata_id
        return crypto.keyed_hash(self.suite, key, domain, data)
