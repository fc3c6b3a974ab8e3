# SPDX-License-Identifier: BSD-2-Clause
"""Cases of failing vectors: repo, the admin log, keys. See make_failing.py."""
from failing_objects import AUTH, CORRUPT, IGNORABLE, OK, TOONEW, case, insert
from forge import Seal, join, pack_object, split, var
from make_object import flip, le
from reader import container

# --- repo


def features(f, at):
    f.change("repo", 1, lambda v: flip(v, at), [f.root])


@case(TOONEW, "an incompatible feature")
def repo_incompatible(f):
    features(f, 18)


@case(OK, "a compatible feature")
def repo_compatible(f):
    features(f, 2)


@case(OK, "a read-only feature: who does not know it may read")
def repo_read_only(f):
    features(f, 10)


@case(OK, "a chunker that is not known: no matter to a reader")
def repo_chunker(f):
    f.change("repo", 1, lambda v: v[:-2] + b"\4" + v[-1:], [f.root])


@case(CORRUPT, "a size of packs below 2^16")
def repo_pack_size(f):
    f.change("repo", 1, lambda v: v[:-1] + b"\x0f", [f.root])


@case(CORRUPT, "repo signed by its root key and a stranger")
def repo_by_stranger(f):
    f.remake("repo", f.sections("repo"), [f.root, Seal(f.suite, b"\1" * 32)])


@case(TOONEW, "format version 3")
def repo_version(f):
    f.change("repo", 1, lambda v: flip(v, 0, 2), [f.root])


@case(TOONEW, "a critical section that is not known in repo")
def repo_critical(f):
    f.remake("repo", insert(f.sections("repo"), 4, b"new"), [f.root])


@case(CORRUPT, "repo signed by the writer")
def repo_by_writer(f):
    f.remake("repo", f.sections("repo"), [f.writer])


@case(CORRUPT, "repo names another admin entry 0")
def repo_entry(f):
    f.change("repo", 3, b"\1" * 32, [f.root])


@case(CORRUPT, "repo with the root key of a stranger, who signed it")
def repo_swapped(f):
    stranger = Seal(f.suite, b"\1" * 32)
    f.change("repo", 2, b"\1" + stranger.public, [stranger])


# --- the admin log

SIGNERS, RECIPIENTS, WRITER, CUT, AGENT, AGENT_END = range(1, 7)
POLICY, HOLD, TOMBSTONE, LOSS = 0x0A, 0x0B, 0x0D, 0x11


@case(OK, "one more entry")
def admin_policy(f):
    f.append([(POLICY, bytes(32) + b"\0")], [f.root])


@case(TOONEW, "an item that is not known")
def admin_item(f):
    f.append([(0x13, b"new")], [f.root])


@case(OK, "an ignorable item")
def admin_item_ignorable(f):
    f.append([(POLICY, bytes(32) + b"\0"), (IGNORABLE | 0x14, b"new")], [f.root])


@case(OK, "a key of evidence")
def admin_evidence(f):
    f.append([(IGNORABLE | 0x13, bytes(32) + b"\0")], [f.root])


@case(CORRUPT, "a key of evidence that is too short")
def admin_evidence_short(f):
    f.append([(IGNORABLE | 0x13, bytes(31) + b"\0")], [f.root])


@case(CORRUPT, "items out of order")
def admin_item_order(f):
    f.append([(LOSS, b"\1" + bytes(32) + b"\0"), (POLICY, bytes(32) + b"\0")], [f.root])


@case(CORRUPT, "an item one byte longer")
def admin_item_long(f):
    f.append([(POLICY, bytes(32) + b"\0\0")], [f.root])


@case(CORRUPT, "an item that ends beyond the items")
def admin_item_beyond(f):
    f.append([], [f.root], raw=le(POLICY, 2) + le(40, 4) + bytes(32))


@case(CORRUPT, "an entry of the writer, who may make none")
def admin_by_writer(f):
    f.append([(POLICY, bytes(32) + b"\0")], [f.writer])


@case(CORRUPT, "an entry by a root key and a stranger")
def admin_by_stranger(f):
    f.append([(POLICY, bytes(32) + b"\0")], [f.root, Seal(f.suite, b"\1" * 32)])


@case(OK, "a hold of all, which names no commit")
def admin_hold_all(f):
    f.append([(HOLD, bytes(16) + b"\3\0\0")], [f.root])


@case(OK, "a hold of one commit")
def admin_hold(f):
    f.append([(HOLD, bytes(16) + b"\1\1" + f.head.id + b"\0")], [f.root])


@case(CORRUPT, "a tombstone of no commit")
def admin_tombstone_empty(f):
    f.append([(TOMBSTONE, b"\1\0" + bytes(32) + le(30, 4) + b"\0")], [f.root])


@case(CORRUPT, "commits out of order in a tombstone")
def admin_tombstone_order(f):
    f.append([(TOMBSTONE, b"\1\2" + b"\2" * 32 + b"\1" * 32 + bytes(32) + le(30, 4) + b"\0")], [f.root])


@case(CORRUPT, "a sealed reason above 65536 bytes")
def admin_blob_long(f):
    f.append([(POLICY, bytes(32) + var(65537) + bytes(65537))], [f.root])


@case(CORRUPT, "a writer that the log has already")
def admin_writer_twice(f):
    verify, x25519, group, _ = f.base.log.writers[f.writer.id]
    f.append([(WRITER, f.writer.id + verify + x25519 + group + b"\0")], [f.root])


@case(CORRUPT, "the end of an agent who is none")
def admin_agent_end(f):
    f.append([(AGENT_END, bytes(16))], [f.root])


@case(CORRUPT, "recipients of an epoch that is not the next")
def admin_recipients(f):
    f.append([(RECIPIENTS, le(3, 4) + bytes(64))], [f.root])


@case(CORRUPT, "a threshold above the number of signers")
def admin_threshold(f):
    f.append([(SIGNERS, b"\1" + f.root.public + b"\6" + b"\1\1\2\1\1\1")], [f.root])


@case(CORRUPT, "the writer is cut off before its first commit, by an entry of a keeper who may not")
def admin_cut_by_keeper(f):
    keeper = Seal(f.suite, b"\1" * 32)
    f.append([(AGENT, b"\4" + keeper.public + b"\0")], [f.root])
    previous, n = f.get("admin/%010d.0" % len(f.base.log.hashes)).hash(), len(f.base.log.hashes) + 1
    f.append([(CUT, f.writer.id + bytes(32))], [keeper], previous, n)


@case(OK, "a run signed by an attester, who was ended later")
def admin_agent_ended(f):
    attester = Seal(f.suite, b"\1" * 32)
    f.append([(AGENT, b"\5" + attester.public + b"\0")], [f.root])
    previous, n = f.get("admin/%010d.0" % len(f.base.log.hashes)).hash(), len(f.base.log.hashes) + 1
    f.append([(AGENT_END, attester.id)], [f.root], previous, n)
    f.pages(lambda p: p, attester)


@case(OK, "all of the writer is cut off", snapshots=0)
def admin_cut(f):
    f.append([(CUT, f.writer.id + bytes(32))], [f.root])


@case(OK, "the writer is cut off at its first commit", snapshots=1)
def admin_cut_at(f):
    f.append([(CUT, f.writer.id + f.base.in_order()[0].id)], [f.root])


@case(CORRUPT, "an entry without items, by the writer")
def admin_empty(f):
    f.append([], [f.writer])


@case(CORRUPT, "a clock with 10^9 nanoseconds")
def admin_clock(f):
    f.append([(POLICY, bytes(32) + b"\0")], [f.root], clock=le(10**9, 4) + b"\0")


@case(CORRUPT, "an entry that follows another")
def admin_chain(f):
    f.append([(POLICY, bytes(32) + b"\0")], [f.root], previous=bytes(32))


@case(CORRUPT, "the entries from the one on that the key file knows are missing: rolled back")
def admin_rolled_back(f):
    for n in range(f.bundle.head[0], len(f.base.log.hashes)):
        del f.files["admin/%010d.0" % n], f.files["admin/%010d.0.copy" % n]


@case(OK, "a tombstone of the newest snapshot", snapshots=1)
def admin_tombstone(f):
    f.append([(TOMBSTONE, b"\1\1" + f.head.id + bytes(32) + le(30, 4) + b"\0")], [f.root])


@case(OK, "the first commit is gone, and a loss item says so; its runs serve the second", snapshots=1)
def admin_loss(f):
    first = f.base.in_order()[0]
    del f.files[first.object.name]
    f.append([(LOSS, b"\1" + first.id + b"\0")], [f.root])


# --- keys


def group_name(f):
    return next(n for n in f.files if n.startswith("keys/group.") and not n.endswith(".copy"))


def slot_name(f):
    return next(n for n in f.files if n.startswith("keys/slot.") and not n.endswith(".copy"))


@case(CORRUPT, "a group object that the log does not name, though a root key signed it")
def group_swapped(f):
    f.remake(group_name(f), insert(f.sections(group_name(f)), IGNORABLE | 6, b""), [f.root])


@case(CORRUPT, "a slot that the log does not name")
def slot_swapped(f):
    f.remake(slot_name(f), insert(f.sections(slot_name(f)), IGNORABLE | 5, b""), [f.root])


def key_file(f, edit):
    o = container.decode(f.key, "keyfile")
    bundle = join(edit(split(split(o.body)[0][1])))
    f.key = pack_object(container.KEYFILE, f.suite, f.repo, "keyfile", join([(1, bundle)]))


@case(OK, "an ignorable section in the key file")
def key_ignorable(f):
    key_file(f, lambda s: s + [(IGNORABLE | 10, b"new")])


@case(TOONEW, "a critical section in the key file that is not known")
def key_critical(f):
    key_file(f, lambda s: s + [(10, b"new")])


@case(CORRUPT, "a reader's key file with a seed to sign")
def key_of_two_roles(f):
    key_file(f, lambda s: s[:3] + [(4, bytes(32))] + s[3:])


@case(CORRUPT, "role 7")
def key_role(f):
    key_file(f, lambda s: [(1, b"\7" + s[0][1][1:])] + s[1:])


@case(CORRUPT, "another root key in the key file")
def key_roots(f):
    key_file(f, lambda s: s[:1] + [(2, b"\1" + bytes(32))] + s[2:])


@case(CORRUPT, "an admin head in the key file that the log does not have")
def key_head(f):
    key_file(f, lambda s: s[:2] + [(3, le(1, 8) + bytes(32))] + s[3:])


@case(AUTH, "a key file of another repository")
def key_repository(f):
    old, f.repo = f.repo, b"\x11" * 16
    key_file(f, lambda s: s)
    f.repo = old
