#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A second reader of the repository format, written from docs/format/ alone.

read_repo.py REPO KEYFILE [--passphrase FILE] [--extract DIR] [--tree ID]

Verifies everything that the key (of a lister or more) can see: every block, id, hash and signature; then prints a listing.
--passphrase FILE: opens the slots too (needs libsodium). --extract DIR: writes regular files to DIR/<first 8 digits of the
snapshot's id>/. --tree ID: only the lines of that snapshot's entries, as tests/compat/scan.py prints them of a folder.

Exit 0; 4 when something had to be mended; 1 with "refused: NAME: what" otherwise. Slow, and holds all chunks in memory: for
small repositories.
"""
import argparse
import os
import sys

sys.dont_write_bytecode = True
from reader import keys, listing, tree  # noqa: E402
from reader.codec import Refused, need  # noqa: E402
from reader.repository import Repository  # noqa: E402


def tree_lines(repo, commit, body, full=False):
    entries = list(repo.walk(commit, body))
    first = {}
    for path, e in entries:
        if e.hardlink:
            first[e.hardlink] = min(path, first.get(e.hardlink, path))
    for path, e in sorted(entries, key=lambda p: p[0]):
        digest, extents = None, []
        if e.type == tree.REG and repo.bundle.data:
            extents, pieces = repo.content(commit, e, path)
            digest = listing.content_hash(e.size, extents, pieces)
        alone = e.hardlink and sum(o.hardlink == e.hardlink for _, o in entries) == 1
        yield listing.line(tree.TYPES[e.type], e.mode, e.size, e.mtime, digest, None if alone else first.get(e.hardlink),
                           e.xattrs, path, e.link)
        if full:
            yield "    owner %d:%d %s:%s birth %s flags %x/%x chunks %s extents %s" % (
                e.uid, e.gid, listing.quote(e.user or b""), listing.quote(e.group or b""),
                "%d.%09d" % e.btime if e.btime else "-", e.inode_flags, e.flags,
                "list" if e.chunk_list else len(e.chunks), ",".join("%d+%d" % x for x in extents) or "-")


def extract(repo, commit, body, target):
    for path, e in repo.walk(commit, body):
        to = os.path.join(os.fsencode(target), path)
        if e.type == tree.DIR:
            os.makedirs(to)
        if e.type != tree.REG:
            continue
        extents, pieces = repo.content(commit, e, path)
        with open(to, "xb") as f:
            data = b"".join(pieces)
            for offset, length in extents:
                f.seek(offset)
                f.write(data[:length])
                data = data[length:]
            f.truncate(e.size)


def show_keys(repo, passphrase):
    for g in repo.groups.values():
        yield "group %s epoch %d members %d object %s" % (g.group.hex(), g.epoch, len(g.members), g.hash.hex())
    for s in repo.slots:
        opened = ""
        if passphrase is not None:
            bundle = s.open(passphrase)
            opened = " (not opened: no libsodium)" if bundle is None else " opened"
            need(bundle is None or (bundle.roots, bundle.key_id) == (repo.repo.roots, s.key_id), "slot: another key")
        yield "slot role %d lock %d key %s epoch %d%s" % (s.role, s.lock, s.key_id.hex(), s.epoch, opened)


def show_objects(repo):
    for s in sorted(repo.sessions.values(), key=lambda s: s.uid):
        yield "session %s writer %s epoch %d base %s" % (s.uid.hex(), s.writer.hex(), s.epoch, s.base.hex())
    for m in repo.marks:
        yield "mark %d kind %d packs %d" % (m.number, m.kind, len(m.packs))
    for uid, r in sorted(repo.runs.items()):
        yield "run %s packs %d entries %d hash %s" % (uid.hex(), len(r.packs), len(r.entries), r.object.hash().hex())
    for uid, p in sorted(repo.packs.items()):
        yield "pack %s session %s hash %s" % (uid.hex(), p.session.uid.hex(), p.object.hash().hex())
        for role, rows in sorted(p.frames.items()):
            for f in rows:
                yield "  role %d frame %d+%d raw %d method %d members %d" % (role, f.offset, f.stored, f.raw, f.method, f.count)
    for c in repo.in_order():
        yield "commit %s kind %d number %d session %s parents %s" % (
            c.id.hex(), c.kind, c.number, c.session.uid.hex(), ",".join(p.hex() for p in c.parents) or "-")
    for _, a in sorted(repo.audits.items()):
        yield "audit %s signer %s log %s entries %d+%d records %d" % (
            a.uid.hex(), a.signer.hex(), a.log.hex() if a.log else "-", a.first, a.count, sum(bool(e[1]) for e in a.entries))
    for h in repo.heads():
        yield "head " + h.hex()


def show_snapshot(commit, body):
    yield "snapshot %s" % commit.id.hex()
    yield "  start %d.%09d end %d.%09d host %s tool %s" % (*body.start[:2], *body.end[:2], listing.quote(body.host),
                                                           listing.quote(body.tool))
    yield "  paths %s tags %s complete %d errors %d" % (",".join(map(listing.quote, body.paths)),
                                                        ",".join(map(listing.quote, body.tags)) or "-", body.complete,
                                                        body.errors_all)
    yield "  counts %s source %s" % (",".join(map(str, body.counts)), body.source.hex())


def show(repo, passphrase):
    r = repo.repo
    yield "repository %s suite %d profile %d pack size 2^%d" % (r.repo.hex(), r.suite, r.profile, r.pack_log)
    yield from repo.log.lines
    yield from show_keys(repo, passphrase)
    yield from show_objects(repo)
    for commit, body in repo.snapshots:
        yield from show_snapshot(commit, body)
        yield from tree_lines(repo, commit, body, True)
    yield from ("ignored " + i for i in repo.ignored)
    yield from ("damage " + d for d in repo.damage)


def run(options):
    repo = Repository(options.repo, keys.key_file(options.keyfile))
    passphrase = None
    if options.passphrase:
        with open(options.passphrase, "rb") as f:
            passphrase = f.read().split(b"\n")[0]
    lines = list(show(repo, passphrase))
    if options.tree:
        chosen = [(c, b) for c, b in repo.snapshots if c.id.hex().startswith(options.tree)]
        need(len(chosen) == 1, "no such snapshot", "NOTFOUND")
        lines = list(tree_lines(repo, *chosen[0]))
    print("\n".join(lines))
    for commit, body in repo.snapshots if options.extract else []:
        extract(repo, commit, body, os.path.join(options.extract, commit.id.hex()[:8]))
    return 4 if repo.damage else 0


def main():
    p = argparse.ArgumentParser()
    p.add_argument("repo")
    p.add_argument("keyfile")
    p.add_argument("--passphrase")
    p.add_argument("--extract")
    p.add_argument("--tree")
    try:
        return run(p.parse_args())
    except Refused as refused:
        print("refused: %s" % refused, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
