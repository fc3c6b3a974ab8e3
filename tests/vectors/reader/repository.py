# SPDX-License-Identifier: BSD-2-Clause
"""docs/format/names.md and what joins the pages: opens a whole repository and verifies all that the key can see."""
import os
import re

from . import admin, audit, container, keys, session as sess, tree
from .codec import Refused, need
from .pack import Pack, Run
from .session import DATA, METADATA

UID = r"([0-9a-f]{32})"
TRY = r"(0|[1-9][0-9]*)"
NAMES = {"admin": r"admin/([0-9]{10})\." + TRY, "slot": r"keys/slot\." + UID, "group": r"keys/group\." + UID,
         "session": "sessions/" + UID, "mark": r"sessions/mark\.([0-9]{10})\." + TRY, "pack": "packs/" + UID,
         "run": "index/" + UID, "commit": r"commits/" + UID + r"\." + TRY,
         "audit": "audit/" + UID}
TYPES = {"admin": container.ADMIN, "slot": container.KEYS, "group": container.KEYS, "session": container.SESSION,
         "mark": container.MARK, "pack": container.PACK, "run": container.RUN, "commit": container.COMMIT,
         "audit": container.AUDIT}
COPIED = ("admin", "slot", "group", "session", "mark")


class Repository:
    def __init__(self, path, bundle):
        self.path, self.bundle = path, bundle
        self.damage, self.ignored = [], []
        self.names = self.list_names()
        self.repo = admin.Repo(self.read_repo())
        self.read_log()
        self.groups = {g.group: g for g in self.key_objects("group", 2)}
        self.slots = list(self.key_objects("slot", 1))
        self.session_keys = {}
        self.sessions = dict(self.load("session", lambda o, uid: sess.Session(o, uid, self.log)))
        self.marks = list(self.read_marks())
        self.commits = dict(self.read_commits())
        self.audits = dict(self.load("audit", lambda o, uid: audit.Audit(o, uid, self.log, self.bundle.metadata)))
        self.read_runs_and_packs()
        self.check_chains()
        self.cache, self.metadata_at = {}, {}
        self.find_chunks()
        self.snapshots = [(c, self.body(c)) for c in self.in_order() if c.kind == sess.SNAPSHOT and self.listed(c)]

    # --- objects

    def list_names(self):
        found = {kind: {} for kind in NAMES}
        for folder, _, files in os.walk(self.path):
            for file in files:
                name = os.path.relpath(os.path.join(folder, file), self.path)
                plain = name[:-5] if name.endswith(".copy") else name
                for kind, pattern in NAMES.items():
                    m = re.fullmatch(pattern, plain)
                    if m and (plain == name or kind in COPIED):
                        found[kind][plain] = m.groups()
        return found

    def read_one(self, file, name):
        """None when no such file is there."""
        try:
            with open(os.path.join(self.path, file), "rb") as f:
                data = f.read()
        except FileNotFoundError:
            return None
        try:
            o = container.decode(data, name)
        except Refused as refused:
            raise Refused(refused.code, "%s: %s" % (file, refused.what)) from None
        self.damage += ["%s: %s" % (file, d) for d in o.damage]
        return o

    def read(self, kind, name):
        """The object, else its copy; None for an object of another repository."""
        error, o = None, None
        try:
            o = self.read_one(name, name)
        except Refused as refused:
            need(refused.code == "CORRUPT", refused.what, refused.code)
            error = refused
        if kind in COPIED:
            try:
                copy = self.read_one(name + ".copy", name)
                if o is None and copy:
                    self.damage.append(name + ": its copy counts")
                if copy is None:
                    self.damage.append(name + ": its copy is missing")
                o = o or copy
            except Refused as refused:
                need(refused.code == "CORRUPT", refused.what, refused.code)
                self.damage.append(str(refused))
        if o is None and error:
            raise error
        if o.repo != self.repo.repo:
            self.ignored.append(name + ": of another repository")
            return None
        need(o.type == TYPES[kind], name + ": wrong type")
        return o

    def read_repo(self):
        o = None
        try:
            o = self.read_one("repo", "repo")
        except Refused as refused:
            need(refused.code == "CORRUPT", refused.what, refused.code)
            self.damage.append(str(refused))
        need(o is None or o.repo == self.bundle.repo, "the key is of another repository", "AUTH")
        copy_name = "admin/repo." + self.bundle.repo.hex()
        copy = self.read_one(copy_name, "repo")
        if o is None:
            need(copy and self.names["commit"], "no repository here", "NOTFOUND")
            self.damage.append("repo: its copy counts")
            o = copy
        need(copy, copy_name + ": missing")
        need(o.type == container.REPO, "repo: wrong type")
        return o

    def load(self, kind, make):
        for name, groups in sorted(self.names[kind].items()):
            o = self.read(kind, name)
            if o:
                uid = bytes.fromhex(groups[0])
                yield uid, make(o, uid)

    # --- the admin log and keys

    def read_log(self):
        self.log = admin.Log(self.repo)
        by_n = {}
        for name, (n, number) in self.names["admin"].items():
            by_n.setdefault(int(n), []).append((int(number), name))
        n = 0
        while n in by_n:
            there = [o for o in (self.read("admin", name) for _, name in sorted(by_n.pop(n))) if o]
            entries = [admin.Entry(o, n) for o in there]
            need(entries, "admin/%010d: of another repository" % n)
            self.log.lines.append("admin %d %s" % (n, self.choose(entries, by_n).hash.hex()))
            self.log.apply(self.choose(entries, by_n))
            n += 1
        need(not by_n, "a gap in the admin log")
        need(self.log.hashes, "no admin log")
        n, head = self.bundle.head
        need(self.repo.roots == self.bundle.roots, "the key has other root keys")
        need(n < len(self.log.hashes) and self.log.hashes[n] == head, "the log lacks the head that the key knows")

    def choose(self, entries, by_n):
        """Of several the one that a later object names, else the lowest try."""
        if len(entries) == 1:
            return entries[0]
        if entries[0].n == 0:
            named = {self.repo.entry0}
        else:
            later = [self.read("admin", name) for _, name in by_n.get(entries[0].n + 1, [])]
            named = {admin.Entry(o, entries[0].n + 1).previous for o in later if o}
        return next((e for e in entries if e.hash in named), entries[0])

    def key_objects(self, kind, number):
        """Those that the log names; each must be there."""
        make = {"group": lambda o, uid: keys.Group(o, uid, self.bundle), "slot": keys.Slot}[kind]
        for uid, (kind_number, named) in self.log.keys.items():
            if kind_number != number:
                continue
            name = "keys/%s.%s" % (kind, uid.hex())
            need(name in self.names[kind], name + ": missing")
            o = self.read(kind, name)
            need(o and o.hash() == named, name + ": not the object that the log names")
            made = make(o, uid)
            admin.check_signatures(o, made.sections, self.log.signers)
            made.hash = named
            yield made

    def session_key(self, session, role):
        secret = self.bundle.metadata if role == METADATA else self.bundle.data
        if secret is None:
            return None
        if (session.uid, role) not in self.session_keys:
            self.session_keys[session.uid, role] = session.key(role, secret)
        return self.session_keys[session.uid, role]

    # --- commits, marks

    def read_marks(self):
        for name, (number, _) in sorted(self.names["mark"].items()):
            o = self.read("mark", name)
            if o:
                yield sess.Mark(o, int(number), self.log)

    def read_commits(self):
        """By id. Of the tries of one session the lowest counts."""
        taken = set()
        for name, (uid, _) in sorted(self.names["commit"].items(), key=lambda i: (i[1][0], int(i[1][1]))):
            o = self.read("commit", name)
            if o is None or uid in taken:
                continue
            taken.add(uid)
            need(bytes.fromhex(uid) in self.sessions, name + ": its session is missing")
            commit = sess.Commit(o, self.sessions[bytes.fromhex(uid)], self.log)
            yield commit.id, commit

    def check_chains(self):
        for c in self.commits.values():
            numbers = []
            for p in c.parents:
                if p not in self.commits:
                    need(p in self.log.tombstones or p in self.log.losses, c.object.name + ": a parent is missing")
                    continue
                need(self.commits[p].session.writer == c.session.writer, c.object.name + ": a parent of another writer")
                numbers.append(self.commits[p].number)
            if c.kind <= sess.NO_SNAPSHOT and len(numbers) == len(c.parents):
                need(c.number == max(numbers, default=0) + 1, c.object.name + ": number")

    def in_order(self):
        return sorted(self.commits.values(), key=lambda c: (c.session.writer, c.number, c.id))

    def listed(self, commit):
        """Under no tombstone, and of a writer that is not cut off, or an ancestor of the cut."""
        cut = self.log.cuts.get(commit.session.writer)
        valid, todo = set(), [cut]
        while todo:
            c = self.commits.get(todo.pop())
            if c and c.id not in valid:
                valid.add(c.id)
                todo.extend(c.parents)
        return commit.id not in self.log.tombstones and (cut is None or commit.id in valid)

    def heads(self):
        named = {p for c in self.commits.values() for p in c.parents}
        return [c.id for c in self.in_order() if c.kind <= sess.NO_SNAPSHOT and c.id not in named]

    # --- runs and packs

    def load_needed(self, kind, make, needed):
        """What is wrong with objects that are not needed, as those of sessions without a commit, is nobody's loss."""
        found, all_names = {}, self.names[kind]
        for name, groups in sorted(all_names.items()):
            self.names[kind] = {name: groups}
            try:
                found.update(self.load(kind, make))
            except Refused as refused:
                if bytes.fromhex(groups[0]) in needed:
                    raise
                self.ignored.append(str(refused))
        return found

    def read_runs_and_packs(self):
        needed = {uid for c in self.commits.values() for uid, _ in c.runs}
        self.runs = self.load_needed("run", self.read_run, needed)
        for c in self.commits.values():
            for uid, named in c.runs:
                need(uid in self.runs, c.object.name + ": run %s is missing" % uid.hex())
                need(self.runs[uid].object.hash() == named, c.object.name + ": another run than it names")
        wanted = {p[0] for uid in needed for p in self.runs[uid].packs}
        self.packs = self.load_needed("pack", lambda o, uid: Pack(o, uid, self.sessions, self.session_key), wanted)
        self.runs = {u: r for u, r in self.runs.items() if u in needed or all(p[0] in self.packs for p in r.packs)}
        for run in self.runs.values():
            for uid, size, named in run.packs:
                need(uid in self.packs, run.object.name + ": pack %s is missing" % uid.hex())
                o = self.packs[uid].object
                need(len(o.sums) // 8 * container.BLOCK == size and o.hash() == named,
                     run.object.name + ": another pack than it names")

    def read_run(self, o, uid):
        run = Run(o, uid, self.sessions, self.log)
        run.read(self.groups[run.group].index)
        return run

    def find_chunks(self):
        """Recomputes the id of every chunk of every pack, and compares packs with runs."""
        claimed = {}
        for run in self.runs.values():
            for chunk, place in run.entries:
                claimed.setdefault((self.packs[run.packs[place][0]].session.group, chunk), set()).add(run.packs[place][0])
        held = {(p.session.group, chunk, p.uid) for p in self.packs.values() for chunk, _ in p.members()}
        for (group, chunk), packs in claimed.items():
            need(DATA not in self.roles() or all((group, chunk, p) in held for p in packs), "a run claims too much")
        for pack in self.packs.values():
            for role in pack.frames:
                for chunk, data in pack.chunks(role):
                    domain = 0 if role == DATA else data[0]
                    need(role == DATA or domain in (1, 2, 3), pack.name + ": not a node")
                    group = self.groups[pack.session.group]
                    need(group.node_id(domain, data) == chunk, "%s: chunk %s: wrong id" % (pack.name, chunk.hex()))
                    if pack.uid in claimed.get((group.group, chunk), ()):
                        self.cache[group.group, role, chunk] = data

    def roles(self):
        return (METADATA, DATA) if self.bundle.data else (METADATA,)

    # --- snapshots

    def body(self, commit):
        return sess.Body(commit.body(self.session_key(commit.session, METADATA)), commit.object.name)

    def fetcher(self, commit, role=METADATA):
        def fetch(chunk):
            data = self.cache.get((commit.session.group, role, chunk))
            need(data is not None, "%s: chunk %s is missing" % (commit.object.name, chunk.hex()))
            return data
        return fetch

    def walk(self, commit, body):
        """(path, entry), folders before what is in them."""
        def down(path, entry):
            for e in tree.walk(self.fetcher(commit), tree.ENTRIES, entry.tree, path.decode("utf-8", "replace")):
                below = path + b"/" + e.name if path else e.name
                yield below, e
                yield from down(below, e)
        need(body.root.type == tree.DIR, commit.object.name + ": the root is no folder")
        yield from down(b"", body.root)

    def content(self, commit, entry, path):
        """(extents, generator of the data in them, in order)."""
        extents, chunks = tree.layout(entry, self.fetcher(commit), path.decode("utf-8", "replace"))
        fetch = self.fetcher(commit, DATA)

        def data():
            for chunk, length in chunks:
                piece = fetch(chunk)
                need(len(piece) == length, path.decode("utf-8", "replace") + ": length of a chunk")
                yield piece
        return extents, data()


