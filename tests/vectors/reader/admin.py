# SPDX-License-Identifier: BSD-2-Clause
"""docs/format/admin.md: repo, signatures, the admin log and its state."""
from . import crypto
from .codec import IGNORABLE, Cursor, Sections, need
from .keys import root_keys

SIGNERS, KEYS, POLICY, FORGET, HOLD, HOLD_END = range(6)
KEEPER, ATTESTER = 4, 5


def signed_message(o, sections):
    return o.stream[8:11] + o.repo + sections.covered


def signatures(sections, most=16):
    """(signer, signature), ascending."""
    c = sections.cursor(0x4001)
    count = c.u8()
    need(1 <= count <= most, c.what + ": number of signatures")
    pairs = [(c.uid(), c.take(64)) for _ in range(count)]
    need(all(a[0] < b[0] for a, b in zip(pairs, pairs[1:])), c.what + ": not in ascending order")
    c.end()
    return pairs


def check_signatures(o, sections, keys, most=16):
    """keys: who may sign, by id. The ids of those who did; all that stand there must verify."""
    message = signed_message(o, sections)
    for signer, signature in signatures(sections, most):
        need(signer in keys, "%s: signed by somebody who may not" % o.name)
        need(crypto.signature_good(keys[signer], "object", message, signature), "%s: wrong signature" % o.name)
    return [signer for signer, _ in signatures(sections, most)]


def ids_of(suite, keys):
    return {crypto.signer_id(suite, k): k for k in keys}


class Repo:
    def __init__(self, o):
        self.suite, self.repo = o.suite, o.repo
        s = Sections(o.body, {1, 2, 3, 0x4001}, {1, 2, 3, 0x4001}, "repo")
        c = s.cursor(1)
        self.version, self.compatible, self.read_only, self.incompatible = c.u16(), c.u64(), c.u64(), c.u64()
        self.created, self.profile, self.pack_log = c.i64(), c.u8(), c.u8()
        c.end()
        need(self.version == 1, "repo: format version %d" % self.version, "TOONEW")
        need(self.incompatible == 0, "repo: unknown incompatible features", "TOONEW")
        need(16 <= self.pack_log <= 26, "repo: pack size")
        self.roots = root_keys(s.cursor(2))
        c = s.cursor(3)
        self.entry0 = c.id()
        c.end()
        keys = ids_of(o.suite, self.roots)
        need(check_signatures(o, s, keys) == sorted(keys), "repo: not signed by every root key")


class Entry:
    def __init__(self, o, n):
        self.object, self.hash = o, o.hash()
        s = Sections(o.body, {1, 2, 0x4001}, {1, 2, 0x4001}, o.name)
        self.sections = s
        c = s.cursor(1)
        self.n, self.previous, self.seconds, self.nanoseconds, self.synchronized = c.u64(), c.id(), c.i64(), c.u32(), c.flag()
        c.end()
        need(self.n == n, o.name + ": wrong number")
        need(self.nanoseconds < 10**9, o.name + ": nanoseconds")
        self.items = list(items(s.cursor(2), o.name))
        need(self.items, o.name + ": no items")


def items(c, what):
    last = 0
    while c.left():
        tag, length = c.u16(), c.u32()
        value = c.take(length)
        need(tag and tag & 0x7FFF >= last, what + ": items out of order")
        last = tag & 0x7FFF
        if tag in ITEMS:
            yield tag, Cursor(value, "%s: item %04x" % (what, tag))
        else:
            need(tag & IGNORABLE, "%s: item %04x is not known" % (what, tag), "TOONEW")


def commits(c, some=True):
    listed = c.row(c.var(), c.id)
    need(bool(listed) == some, c.what + ": number of commits")
    return listed


class Log:
    """The state after the entries that were applied."""

    def __init__(self, repo):
        self.repo, self.suite = repo, repo.suite
        self.hashes, self.lines = [], []
        self.signers, self.thresholds = ids_of(repo.suite, repo.roots), None
        self.recipients, self.writers, self.cuts, self.agents = {}, {}, {}, {}
        self.past_agents, self.keys, self.gone, self.tombstones, self.final_lists, self.losses = {}, {}, set(), set(), {}, set()

    def apply(self, entry):
        name = entry.object.name
        need(entry.previous == (self.hashes[-1] if self.hashes else bytes(32)), name + ": the chain is broken")
        if not self.hashes:
            need(entry.hash == self.repo.entry0, name + ": not the one that repo names")
        may = dict(self.signers)
        may.update({uid: key for uid, (_, key) in self.agents.items()})
        signers = check_signatures(entry.object, entry.sections, may)
        for tag, c in entry.items:
            need(not self.hashes or self.allowed(tag, c, signers), c.what + ": not by who may")
        if not self.hashes:
            need(set(signers) == set(self.signers), name + ": not signed by all root keys")
        for tag, c in entry.items:
            line = ITEMS[tag][0](self, c)
            c.end()
            self.lines.append("  item %04x %s" % (tag, line))
        if not self.hashes:
            need(self.thresholds and self.recipients, name + ": without signers or recipients")
            need(set(self.signers.values()) == set(self.repo.roots), name + ": other root keys than repo's")
        self.hashes.append(entry.hash)

    def all_signers(self):
        """Writers too."""
        return {**{uid: w[0] for uid, w in self.writers.items()}, **self.managers()}

    def managers(self):
        """Root keys and agents, ended ones too: what they signed stays."""
        return {**self.past_agents, **self.signers}

    def allowed(self, tag, c, signers):
        roots = [s for s in signers if s in self.signers]
        if len(roots) >= self.thresholds[ITEMS[tag][1]]:
            return True
        roles = [self.agents[s][0] for s in signers if s in self.agents]
        by_policy = tag == 0x0D and c.data[:1] == b"\2"
        return bool(roles) and (tag in (0x0B, 0x0F, 0x10) or by_policy and KEEPER in roles)

    @staticmethod
    def blob(c):
        data = c.blob()
        need(len(data) <= 65536, c.what + ": too long")
        return data

    # --- items: each takes its value and returns what is shown of it

    def signers_item(self, c):
        count = c.u8()
        need(1 <= count <= 16, c.what + ": number of signers")
        keys = c.row(count, lambda: c.take(32))
        classes = c.u8()
        need(classes == 6, c.what + ": number of classes", "TOONEW" if classes > 6 else "CORRUPT")
        self.thresholds = [c.u8() for _ in range(classes)]
        need(all(1 <= t <= count for t in self.thresholds), c.what + ": threshold")
        self.signers = ids_of(self.suite, keys)
        return "signers %s thresholds %s" % (",".join(s.hex() for s in sorted(self.signers)), self.thresholds)

    def recipients_item(self, c):
        epoch = c.u32()
        need(epoch == len(self.recipients) + 1, c.what + ": epoch")
        self.recipients[epoch] = (c.take(32), c.take(32))
        return "recipients %d %s %s" % (epoch, self.recipients[epoch][0].hex(), self.recipients[epoch][1].hex())

    def writer_item(self, c):
        writer, verify, x25519, group = c.uid(), c.take(32), c.take(32), c.uid()
        need(writer == crypto.signer_id(self.suite, verify), c.what + ": id and key do not fit")
        need(writer not in self.writers, c.what + ": a writer twice")
        self.writers[writer] = (verify, x25519, group, self.blob(c))
        return "writer %s group %s" % (writer.hex(), group.hex())

    def cut_item(self, c):
        writer = c.uid()
        need(writer in self.writers, c.what + ": no such writer")
        self.cuts[writer] = c.id()
        return "cut %s at %s" % (writer.hex(), self.cuts[writer].hex())

    def agent_item(self, c):
        role, key = c.u8(), c.take(32)
        need(role in (KEEPER, ATTESTER), c.what + ": role %d" % role)
        self.blob(c)
        self.agents[crypto.signer_id(self.suite, key)] = (role, key)
        self.past_agents[crypto.signer_id(self.suite, key)] = key
        return "agent %d %s" % (role, crypto.signer_id(self.suite, key).hex())

    def agent_end_item(self, c):
        agent = c.uid()
        need(self.agents.pop(agent, None), c.what + ": no such agent")
        return "agent end " + agent.hex()

    def key_item(self, c):
        kind, uid = c.u8(), c.uid()
        need(kind in (1, 2, 3), c.what + ": kind %d" % kind)
        self.keys[uid] = (kind, c.id())
        return "key object %d %s %s" % (kind, uid.hex(), self.keys[uid][1].hex())

    def issued_item(self, c):
        role, key_id = c.u8(), c.uid()
        self.blob(c)
        return "issued %d %s" % (role, key_id.hex())

    def key_end_item(self, c):
        uid = c.uid()
        need(self.keys.pop(uid, None), c.what + ": no such key object")
        return "key object end " + uid.hex()

    def policy_item(self, c):
        digest = c.id()
        self.blob(c)
        return "policy " + digest.hex()

    def hold_item(self, c):
        uid, what = c.uid(), c.u8()
        held = commits(c, what != 3)
        self.blob(c)
        return "hold %s %d %d" % (uid.hex(), what, len(held))

    def hold_end_item(self, c):
        uid = c.uid()
        self.blob(c)
        return "hold end " + uid.hex()

    def tombstone_item(self, c):
        by = c.u8()
        need(by in (1, 2), c.what + ": by whom")
        listed = commits(c)
        c.id(), c.u32(), self.blob(c)
        self.tombstones.update(listed)
        return "tombstone %d %s" % (by, ",".join(x.hex() for x in listed))

    def undelete_item(self, c):
        listed = commits(c)
        self.tombstones.difference_update(listed)
        return "undelete " + ",".join(x.hex() for x in listed)

    def final_item(self, c):
        number, mark = c.u64(), c.id()
        self.final_lists[number] = c.row(c.var(), c.uid)
        return "final list %d %s %d" % (number, mark.hex(), len(self.final_lists[number]))

    def final_end_item(self, c):
        number = c.u64()
        self.final_lists.pop(number, None)
        return "final list end %d" % number

    def loss_item(self, c):
        lost = commits(c)
        self.blob(c)
        self.losses.update(lost)
        return "loss " + ",".join(x.hex() for x in lost)

    def rollback_item(self, c):
        n, known, found = c.u64(), c.id(), c.id()
        return "rollback accepted %d %s %s" % (n, known.hex(), found.hex())

    def evidence_item(self, c):
        key = c.take(32)
        self.blob(c)
        return "evidence key " + key.hex()


ITEMS = {0x01: (Log.signers_item, SIGNERS), 0x02: (Log.recipients_item, KEYS), 0x03: (Log.writer_item, KEYS),
         0x04: (Log.cut_item, KEYS), 0x05: (Log.agent_item, KEYS), 0x06: (Log.agent_end_item, KEYS),
         0x07: (Log.key_item, KEYS), 0x08: (Log.issued_item, KEYS), 0x09: (Log.key_end_item, KEYS),
         0x0A: (Log.policy_item, POLICY), 0x0B: (Log.hold_item, HOLD), 0x0C: (Log.hold_end_item, HOLD_END),
         0x0D: (Log.tombstone_item, FORGET), 0x0E: (Log.undelete_item, FORGET), 0x0F: (Log.final_item, FORGET),
         0x10: (Log.final_end_item, FORGET), 0x11: (Log.loss_item, FORGET), 0x12: (Log.rollback_item, SIGNERS),
         0x8013: (Log.evidence_item, KEYS)}
