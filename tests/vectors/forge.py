# SPDX-License-Identifier: BSD-2-Clause
"""Makes objects of a compatibility repository anew with its keys, so that only what a case is about is wrong with them."""
import os

import check_crypto
import make_object
import purecrypto
from make_object import le
from reader import codec, container, crypto, keys
from reader.pack import DATA, METADATA, PAGE, ROOT, TABLE, byte
from reader.repository import Repository

PADDED = (container.COMMIT, container.RUN, container.PACK)


def var(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def section(tag, value):
    return le(tag, 2) + le(len(value), 4) + value


def join(sections):
    return b"".join(section(tag, value) for tag, value in sections)


def split(body):
    out, c = [], codec.Cursor(body, "body")
    while c.left():
        tag, length = c.u16(), c.u32()
        out.append((tag, c.take(length)))
    return out


def pack_object(kind, suite, repo, name, body, version=1, n=None):
    """A container; what the arguments say stands in its header."""
    size = container.HEADER + len(body)
    n = n or (make_object.blocks_padded(size) if kind in PADDED else make_object.blocks_for(size))
    head = container.MAGIC + bytes([kind, version, suite, 0]) + le(n, 4) + le(len(body), 8) + repo
    head = (head + bytes([len(name)]) + name.encode()).ljust(container.HEADER, b"\0")
    return make_object.protect(head + body, n, name.encode())


class Seal:
    """Whoever may sign."""

    def __init__(self, suite, seed):
        self.seed, self.public = seed, crypto.ed25519_public(seed)
        self.id = crypto.signer_id(suite, self.public)

    def sign(self, message):
        return purecrypto.ed25519_sign(self.seed, check_crypto.sign_message("object", message))


class Forge:
    """A copy of a repository in memory: files by name. Changes to objects carry over to what names their hashes."""

    def __init__(self, folder):
        self.folder, self.files = folder, {}
        repo = os.path.join(folder, "repo")
        for where, _, names in os.walk(repo):
            for n in names:
                path = os.path.join(where, n)
                with open(path, "rb") as f:
                    self.files[os.path.relpath(path, repo)] = f.read()
        with open(os.path.join(folder, "reader.key"), "rb") as f:
            self.key = f.read()
        bundle = keys.key_file(os.path.join(folder, "reader.key"))
        self.base = Repository(repo, bundle)
        self.suite, self.repo, self.bundle = bundle.suite, bundle.repo, bundle
        self.writer = Seal(self.suite, keys.key_file(os.path.join(folder, "writer.key")).seed)
        self.root = Seal(self.suite, self.open_slot().seed)
        self.head = self.base.in_order()[-1]
        self.session = self.head.session
        self.run = self.base.runs[self.head.runs[0][0]]
        self.pack = self.base.packs[self.run.packs[0][0]]
        self.group = self.base.groups[self.session.group]

    def open_slot(self):
        with open(os.path.join(self.folder, "passphrase"), "rb") as f:
            passphrase = f.read().split(b"\n")[0]
        bundle = self.base.slots[0].open(passphrase)
        if bundle is None:
            raise SystemExit("without libsodium the slot does not open")
        return bundle

    def fresh(self):
        """Another one with the same base."""
        other = object.__new__(Forge)
        other.__dict__.update(self.__dict__, files=dict(self.files))
        return other

    # --- objects of sections

    def get(self, name):
        return container.decode(self.files[name], name)

    def sections(self, name):
        return split(self.get(name).body)

    def put(self, name, data):
        """Under both of its names, if it has two."""
        self.files[name] = data
        copy = "admin/repo." + self.repo.hex() if name == "repo" else name + ".copy"
        if name == "repo" or name.split("/")[0] in ("admin", "keys", "sessions"):
            self.files[copy] = data

    def remake(self, name, sections, signers=None, **header):
        """signers: who signs it anew; None: the section of signatures stays as it is."""
        o = self.get(name) if name in self.files else None
        head = {"kind": o and o.type, "suite": self.suite, "repo": self.repo, "version": 1}
        head.update(header)
        if signers is not None:
            sections = self.signed(head, sections, signers)
        self.put(name, pack_object(head["kind"], head["suite"], head["repo"], header.get("name", name), join(sections),
                                   head["version"]))

    def signed(self, head, sections, signers):
        covered = [s for s in sections if not s[0] & codec.UNCOVERED]
        message = bytes([head["kind"], head["version"], head["suite"]]) + head["repo"] + join(covered)
        pairs = sorted((s.id, s.sign(message)) for s in signers)
        value = bytes([len(pairs)]) + b"".join(a + b for a, b in pairs)
        rest = [s for s in sections if s[0] & codec.UNCOVERED and s[0] != 0x4001]
        return covered + [(0x4001, value)] + rest

    def change(self, name, tag, value, signers=None, **header):
        """One section gets another value: bytes, or a function of the old one."""
        new = [(t, (value(v) if callable(value) else value) if t == tag else v) for t, v in self.sections(name)]
        self.remake(name, new, signers, **header)

    # --- what names a changed object

    def session_name(self):
        return "sessions/" + self.session.uid.hex()

    def commit_name(self):
        return self.head.object.name

    def commit(self, tag, value, signers=None):
        self.change(self.commit_name(), tag, value, [self.writer] if signers is None else signers)

    def follow_session(self):
        """The commit names the changed session."""
        o = self.get(self.session_name())
        covered = join([s for s in split(o.body) if not s[0] & codec.UNCOVERED])
        session_hash = container.suite_hash(self.suite, o.stream[8:11] + o.repo + covered)
        self.commit(1, lambda v: v[:-32] + session_hash)

    def follow_run(self):
        named = self.get(self.run.object.name).hash()

        def edit(v):
            at = v.index(self.run.uid) + 16
            return v[:at] + named + v[at + 32:]
        self.commit(3, edit)

    def follow_pack(self):
        named = self.get(self.pack.name).hash()
        self.pages(lambda pages: [p.replace(self.pack.object.hash(), named) for p in pages])

    # --- admin log

    def append(self, items, signers, previous=None, n=None, raw=None, clock=bytes(5)):
        """The next entry."""
        n = len(self.base.log.hashes) if n is None else n
        first = le(n, 8) + (previous or self.base.log.hashes[-1]) + le(1700000000, 8) + clock
        name = "admin/%010d.0" % n
        self.remake(name, [(1, first), (2, join(items) if raw is None else raw)], signers, kind=container.ADMIN)

    # --- runs

    def run_key(self):
        return crypto.derive(self.suite, self.group.index, "run", self.run.uid)

    def pages(self, edit, signer=None):
        """The plain pages of the run of the last commit, encrypted and signed anew; the commit follows."""
        key, signer = self.run_key(), signer or self.writer
        plain = [self.run.page(key, i) for i in range(len(self.run.pages) // PAGE)]
        self.raw_pages(b"".join(self.seal_page(key, i, p, signer) for i, p in enumerate(edit(plain))), signer)

    def raw_pages(self, value, signer=None, hash_too=True):
        name, signer = self.run.object.name, signer or self.writer
        sections = dict(self.sections(name))
        sections[0x4002] = value
        sections[1] = sections[1][:32] + signer.id + sections[1][48:]
        if hash_too:
            sections[1] = sections[1][:-32] + container.suite_hash(self.suite, value)
        self.remake(name, sorted(sections.items()), [signer])
        self.follow_run()

    def seal_page(self, key, i, plain, signer):
        nonce = byte(1) + bytes(3) + le(i, 8)
        ad = byte(6) + byte(self.suite) + self.repo + signer.id + self.run.uid
        return purecrypto.aead_seal(self.suite, key, nonce, ad, plain)

    # --- packs

    def pack_parts(self):
        """Role to [plain root, plain table]; what stands elsewhere stays as it is."""
        out, p = {}, self.pack
        for role, at in ((DATA, 192), (METADATA, 272)):
            root = p.open(role, ROOT, 0, p.writer, p.object.stream[at:at + 80])
            offset, length = p.tables[role]
            out[role] = [bytearray(root), bytearray(p.open(role, TABLE, 0, p.writer, p.at(offset, length)))]
        return out

    def sealed(self, role, space, counter, plain):
        p, nonce = self.pack, byte(space) + bytes(3) + le(counter, 8)
        ad = byte(5) + byte(self.suite) + self.repo + p.writer + p.uid + byte(role) + nonce[:1] + nonce[4:]
        return purecrypto.aead_seal(self.suite, p.keys[role], nonce, ad, bytes(plain))

    def repack(self, edit=None, stream_edit=None):
        """edit(parts): the plain roots and tables are changed in place. stream_edit(stream): bytes of the pack. All follows."""
        p, parts = self.pack, self.pack_parts()
        stream = bytearray(p.object.stream)
        if edit:
            edit(parts)
            for role, at in ((DATA, 192), (METADATA, 272)):
                root, table = parts[role]
                stream[at:at + 80] = self.sealed(role, ROOT, 0, root)
                sealed, offset = self.sealed(role, TABLE, 0, table), p.tables[role][0]
                stream[offset:offset + len(sealed)] = sealed
        if stream_edit:
            stream_edit(stream)
        self.files[p.name] = make_object.protect(bytes(stream), len(p.object.sums) // 8, p.name.encode())
        self.follow_pack()
